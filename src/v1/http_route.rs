//! HTTPRoute: which HTTP requests go where.

use super::{
    HttpBackendRef, HttpRouteFilter, HttpRouteMatch, ParentReference, RouteStatus,
    SessionPersistence,
};
use crate::meta::{constraint, resource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Routes HTTP requests: by host, path, headers, query and method to weighted backends, with filters.
    Namespaced HttpRoute = "HTTPRoute", HttpRouteList = "HTTPRouteList", "httproutes", "v1";
    spec: HttpRouteSpec;
    status: RouteStatus
}

/// What an HTTPRoute asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteSpec {
    /// The hosts whose requests the route takes; all that the listener serves unless set.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<constraint::Hostname>", length(max = 16))]
    pub hostnames: Vec<String>,
    /// The parents to which the route wants to attach.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 32))]
    pub parent_refs: Vec<ParentReference>,
    /// What to do with which requests; unless set, one rule that matches everything and has no backend.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 16),
        extend("default" = [{ "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }] }])
    )]
    pub rules: Vec<HttpRouteRule>,
}

/// Requests that match, the filters that they pass and the backends that they reach (`spec.rules[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteRule {
    /// Where requests go, in proportion to the weights. Without a backend, and without a redirect that
    /// answers in its place, requests are answered with 500.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16))]
    pub backend_refs: Vec<HttpBackendRef>,
    /// What is done to requests and responses.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16))]
    pub filters: Vec<HttpRouteFilter>,
    /// The matches: a request that fits one of them falls under the rule. Every request unless set.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 8),
        extend("default" = [{ "path": { "type": "PathPrefix", "value": "/" } }])
    )]
    pub matches: Vec<HttpRouteMatch>,
    /// Whether the requests of one client session go to the same endpoint (GEP-1619).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-experimental" = "v1.1.0"))]
    pub session_persistence: Option<SessionPersistence>,
    /// How long a request may take (GEP-1742).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-experimental" = "v1.1.0"))]
    pub timeouts: Option<HttpRouteTimeouts>,
}

/// How long a request may take (`spec.rules[].timeouts`, GEP-1742). Zero means no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteTimeouts {
    /// The limit for one attempt at a backend, at most that of the request; a GEP-2257 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>")]
    pub backend_request: Option<String>,
    /// The limit for the whole answer to the client, retries included; a GEP-2257 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>")]
    pub request: Option<String>,
}
