//! XBackendTrafficPolicy: sessions and retries of a backend (GEP-1619, GEP-3388).

use crate::{
    meta::{constraint, resource},
    v1::{LocalPolicyTargetReference, PolicyStatus, SessionPersistence},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Configures session persistence and a budget of retries for whole backends, whichever route leads to them.
    Namespaced experiment XBackendTrafficPolicy = "XBackendTrafficPolicy", XBackendTrafficPolicyList = "XBackendTrafficPolicyList", "xbackendtrafficpolicies", "v1alpha1";
    spec: BackendTrafficPolicySpec;
    status: PolicyStatus
}

/// What an XBackendTrafficPolicy asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendTrafficPolicySpec {
    /// How many requests may be sent again (GEP-3388).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_constraint: Option<RetryConstraint>,
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

/// How many requests may be sent again (`spec.retryConstraint`, GEP-3388).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetryConstraint {
    /// The part of the requests; a fifth of those of ten seconds unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = { "interval": "10s", "percent": 20 }))]
    pub budget: Option<BudgetDetails>,
    /// The rate that is allowed whatever the budget says; ten a second unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = { "count": 10, "interval": "1s" }))]
    pub min_retry_rate: Option<RequestRate>,
}

/// A part of the requests of a time (`spec.retryConstraint.budget`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BudgetDetails {
    /// The time, from `1s` to `1h`; `10s` unless set. A GEP-2257 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>", extend("default" = "10s"))]
    pub interval: Option<String>,
    /// How many of a hundred requests; 20 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::BudgetPercent>", extend("default" = 20))]
    pub percent: Option<i64>,
}

/// A number of requests in a time (`spec.retryConstraint.minRetryRate`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestRate {
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::RequestCount>")]
    pub count: Option<i64>,
    /// In which time, at most `1h`; a GEP-2257 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>")]
    pub interval: Option<String>,
}
