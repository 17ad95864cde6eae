//! GatewayClass: a kind of Gateway that users can ask for.

use crate::{
    meta::{self, Condition, constraint, resource, was, when},
    v1::SupportedFeature,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The finalizer that keeps a GatewayClass while Gateways use it.
pub const GATEWAYS_EXIST_FINALIZER: &str = "gateway-exists-finalizer.gateway.networking.k8s.io";

resource! {
    /// A class of Gateways that users can ask for, and the controller that makes them.
    Cluster GatewayClass = "GatewayClass", GatewayClassList = "GatewayClassList", "gatewayclasses", "v1";
    spec: GatewayClassSpec;
    status: GatewayClassStatus
}

/// What a GatewayClass offers (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayClassSpec {
    /// The controller that manages Gateways of this class: a domain and a path. It cannot be changed.
    #[schemars(with = "constraint::ControllerName")]
    pub controller_name: String,
    /// A line for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Description>")]
    pub description: Option<String>,
    /// An object with parameters for the controller, valid for all Gateways of the class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters_ref: Option<ParametersReference>,
}

/// Names an object with parameters of a GatewayClass; cluster-wide without a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParametersReference {
    /// The API group; empty for the core group.
    #[schemars(with = "constraint::Group")]
    pub group: String,
    /// The kind.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
    /// The name.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
    /// The namespace: needed for a namespaced kind, out of place for a cluster-wide one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Namespace>")]
    pub namespace: Option<String>,
}

impl ParametersReference {
    /// The object; without a namespace where none is given.
    #[must_use]
    pub fn resolve(&self) -> meta::ObjectRef {
        meta::ObjectRef {
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone().unwrap_or_default(),
            name: self.name.clone(),
        }
    }
}

/// The observed state of a GatewayClass (`status`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("default" = {
    "conditions": [{
        "type": "Accepted",
        "status": "Unknown",
        "message": "Waiting for controller",
        "reason": "Pending",
        "lastTransitionTime": "1970-01-01T00:00:00Z",
    }],
}, "x-gwapi-was" = was! { "..1.1": { "default": {
    "conditions": [{
        "type": "Accepted",
        "status": "Unknown",
        "message": "Waiting for controller",
        "reason": "Waiting",
        "lastTransitionTime": "1970-01-01T00:00:00Z",
    }],
} } }))]
pub struct GatewayClassStatus {
    /// What the controller found; types and reasons in
    /// [`condition::gateway_class`](crate::meta::condition::gateway_class).
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::Condition>",
        length(max = 8),
        extend(
            "x-kubernetes-list-type" = "map",
            "x-kubernetes-list-map-keys" = ["type"],
            "default" = super::status::undecided(&["Accepted"]),
        )
    )]
    pub conditions: Vec<Condition>,
    /// The features that the class supports, in ascending order of their names.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 64),
        extend(
            "x-kubernetes-list-type" = "map",
            "x-kubernetes-list-map-keys" = ["name"],
            "x-gwapi-when" = when!("E.. S1.4"),
            "x-gwapi-was" = was! { "..1.1": {
                "x-kubernetes-list-type": "set",
                "x-kubernetes-list-map-keys": null,
            } },
        )
    )]
    pub supported_features: Vec<SupportedFeature>,
}
