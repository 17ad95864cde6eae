//! TCPRoute: which TCP connections go where.

use crate::{
    meta::resource,
    v1::{BackendRef, ParentReference, RouteStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Hands TCP connections of a listener to weighted backends.
    Namespaced TcpRoute = "TCPRoute", TcpRouteList = "TCPRouteList", "tcproutes", "v1alpha2";
    spec: TcpRouteSpec;
    status: RouteStatus
}

/// What a TCPRoute asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TcpRouteSpec {
    /// The parents to which the route wants to attach.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 32))]
    pub parent_refs: Vec<ParentReference>,
    /// The rules, at least one.
    #[schemars(length(min = 1, max = 16))]
    pub rules: Vec<TcpRouteRule>,
}

/// Where connections go (`spec.rules[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TcpRouteRule {
    /// The backends, in proportion to their weights; at least one. For a bad one its share is refused.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(min = 1, max = 16))]
    pub backend_refs: Vec<BackendRef>,
}
