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

impl GatewayClass {
    /// Whether the class has the finalizer [`GATEWAYS_EXIST_FINALIZER`].
    #[must_use]
    pub fn is_kept_for_gateways(&self) -> bool {
        let finalizers = self.metadata.finalizers.iter().flatten();
        finalizers
            .into_iter()
            .any(|name| name == GATEWAYS_EXIST_FINALIZER)
    }

    /// Adds the finalizer [`GATEWAYS_EXIST_FINALIZER`] if some Gateway uses the class, and takes it away if none does
    /// (GatewayClass: "should add the finalizer on all associated classes"); other finalizers stay. None is added while the
    /// class is being deleted, since an API server refuses that.
    ///
    /// Returns whether anything changed, which is to say whether a write is needed.
    pub fn keep_for_gateways(&mut self, is_used: bool) -> bool {
        match (is_used, self.is_kept_for_gateways()) {
            (true, false) if self.metadata.deletion_timestamp.is_none() => {
                let finalizers = self.metadata.finalizers.get_or_insert_default();
                finalizers.push(GATEWAYS_EXIST_FINALIZER.to_owned());
                true
            }
            (false, true) => {
                if let Some(finalizers) = &mut self.metadata.finalizers {
                    finalizers.retain(|name| name != GATEWAYS_EXIST_FINALIZER);
                }
                true
            }
            _ => false,
        }
    }
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
    /// What the controller found: conditions of the [types that GatewayClasses have](crate::meta::condition::gateway_class).
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Kind as _;
    use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};

    /// GatewayClass: the finalizer "ensures that a GatewayClass associated with a Gateway is not deleted while in use".
    #[test]
    fn a_class_is_kept_while_gateways_use_it() {
        let mut class = GatewayClass::new("example", GatewayClassSpec::default());
        assert!(!class.keep_for_gateways(false));
        assert!(class.keep_for_gateways(true));
        assert!(class.is_kept_for_gateways());
        assert!(!class.keep_for_gateways(true));
        let finalizers = class.metadata.finalizers.get_or_insert_default();
        finalizers.insert(0, "example.com/own".to_owned());
        assert!(class.keep_for_gateways(false));
        assert_eq!(class.metadata.finalizers.unwrap(), ["example.com/own"]);
    }

    #[test]
    fn a_class_that_is_being_deleted_gets_no_finalizer_and_may_lose_it() {
        let mut class = GatewayClass::new("example", GatewayClassSpec::default());
        class.keep_for_gateways(true);
        assert!(!class.is_being_deleted());
        class.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
        assert!(class.is_being_deleted());
        assert!(class.keep_for_gateways(false));
        assert!(!class.keep_for_gateways(true));
        assert!(!class.is_kept_for_gateways());
    }
}
