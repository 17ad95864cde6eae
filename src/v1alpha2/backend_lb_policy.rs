//! BackendLBPolicy: how requests are spread over a backend's endpoints (GEP-1619).

use crate::{
    meta::resource,
    v1::{LocalPolicyTargetReference, PolicyStatus, SessionPersistence},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Configures session persistence for whole backends, whichever route leads to them.
    Namespaced BackendLbPolicy = "BackendLBPolicy", BackendLbPolicyList = "BackendLBPolicyList", "backendlbpolicies", "v1alpha2";
    spec: BackendLbPolicySpec;
    status: PolicyStatus
}

/// What a BackendLBPolicy asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendLbPolicySpec {
    /// Whether the requests of one client session go to the same endpoint; a route's own setting wins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_persistence: Option<SessionPersistence>,
    /// The backends for which the policy is: Services of its own namespace, or what else is supported.
    #[schemars(
        length(min = 1, max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["group", "kind", "name"])
    )]
    pub target_refs: Vec<LocalPolicyTargetReference>,
}
