//! What all policies have in common (GEP-713).

use super::ParentReference;
use crate::meta::{Condition, constraint, when};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The label on a CRD that says it is a policy, and of which kind: `Direct` or `Inherited`.
pub const POLICY_LABEL: &str = "gateway.networking.k8s.io/policy";

/// The most ancestors that a policy's status can have.
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

    /// The entry of a controller for an ancestor, made where it is missing. No other entry is touched: with
    /// [`MAX_ANCESTORS`] there already there is none, and the policy cannot be in force for this one.
    pub fn ancestor_mut(
        &mut self,
        ancestor: &ParentReference,
        controller: &str,
    ) -> Option<&mut PolicyAncestorStatus> {
        let index = self.ancestors.iter().position(|entry| {
            entry.controller_name == controller && entry.ancestor_ref == *ancestor
        });
        if index.is_none() && self.ancestors.len() < MAX_ANCESTORS {
            self.ancestors.push(PolicyAncestorStatus {
                ancestor_ref: ancestor.clone(),
                controller_name: controller.to_owned(),
                ..Default::default()
            });
            return self.ancestors.last_mut();
        }
        self.ancestors.get_mut(index?)
    }
}

/// What one controller says of a policy at one ancestor: the object through which its effect is felt,
/// a Gateway mostly (`status.ancestors[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyAncestorStatus {
    /// The ancestor.
    pub ancestor_ref: ParentReference,
    /// What the controller found: conditions of the [types that policies have](crate::meta::condition::policy).
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::Condition>",
        length(min = 1, max = 8),
        extend(
            "x-kubernetes-list-type" = "map",
            "x-kubernetes-list-map-keys" = ["type"],
            "x-gwapi-required" = when!("1.4"),
        )
    )]
    pub conditions: Vec<Condition>,
    /// The controller that wrote this entry: a domain and a path.
    #[schemars(with = "constraint::ControllerName")]
    pub controller_name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(name: &str) -> ParentReference {
        ParentReference {
            name: name.to_owned(),
            ..Default::default()
        }
    }

    #[test]
    fn a_controller_gets_its_own_entry_and_none_where_the_status_is_full() {
        let mut status = PolicyStatus::default();
        for number in 0..MAX_ANCESTORS {
            let ancestor = gateway(&number.to_string());
            status.ancestor_mut(&ancestor, "a.example/a").unwrap();
        }
        let before = status.clone();
        assert!(status.ancestor_mut(&gateway("0"), "b.example/b").is_none());
        assert_eq!(status, before);
        let own = status.ancestor_mut(&gateway("3"), "a.example/a").unwrap();
        assert_eq!(own.ancestor_ref, gateway("3"));
        assert_eq!(status.ancestors.len(), MAX_ANCESTORS);
    }
}
