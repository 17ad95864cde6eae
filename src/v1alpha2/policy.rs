//! What all policies have in common (GEP-713).

use crate::{
    meta::{Condition, constraint},
    v1::ParentReference,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The label on a CRD that says it is a policy, and of which kind: `Direct` or `Inherited`.
pub const POLICY_LABEL: &str = "gateway.networking.k8s.io/policy";

/// How many ancestors a policy's status can hold.
pub const MAX_ANCESTORS: usize = 16;

/// Names the object in the policy's own namespace for which the policy is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalPolicyTargetReference {
    /// The API group; empty for the core group.
    #[schemars(with = "constraint::Group")]
    pub group: String,
    /// The kind.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
    /// The name.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
}

/// Names the object, possibly of another namespace, for which a policy is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespacedPolicyTargetReference {
    /// The API group; empty for the core group.
    #[schemars(with = "constraint::Group")]
    pub group: String,
    /// The kind.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
    /// The name.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
    /// The namespace; the policy's own unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Namespace>")]
    pub namespace: Option<String>,
}

/// Names the object in the policy's own namespace, or one section of it, for which the policy is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalPolicyTargetReferenceWithSectionName {
    /// The API group; empty for the core group.
    #[schemars(with = "constraint::Group")]
    pub group: String,
    /// The kind.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
    /// The name.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
    /// The section: a Gateway's listener, a Service's port name; all of the object unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::SectionName>")]
    pub section_name: Option<String>,
}

/// The observed state of a policy: one entry an ancestor and controller (`status`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyStatus {
    /// What each controller says of the policy at each ancestor, at most [`MAX_ANCESTORS`]. Controllers
    /// write their own entries only.
    #[schemars(length(max = 16))]
    pub ancestors: Vec<PolicyAncestorStatus>,
}

impl PolicyStatus {
    /// The entry that a controller wrote for an ancestor.
    #[must_use]
    pub fn ancestor(
        &self,
        ancestor: &ParentReference,
        controller: &str,
    ) -> Option<&PolicyAncestorStatus> {
        self.ancestors
            .iter()
            .find(|entry| entry.controller_name == controller && entry.ancestor_ref == *ancestor)
    }
}

/// What one controller says of a policy at one ancestor: the object through which its effect is felt,
/// a Gateway mostly (`status.ancestors[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyAncestorStatus {
    /// The ancestor.
    pub ancestor_ref: ParentReference,
    /// The controller that wrote this entry: a domain and a path.
    #[schemars(with = "constraint::ControllerName")]
    pub controller_name: String,
    /// What the controller found; types and reasons in
    /// [`condition::policy`](crate::meta::condition::policy).
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::Condition>",
        length(min = 1, max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
}
