//! UDPRoute: which UDP datagrams go where.

use crate::{
    meta::resource,
    v1::{BackendRef, ParentReference, RouteStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Hands UDP datagrams of a listener to weighted backends.
    Namespaced UdpRoute = "UDPRoute", UdpRouteList = "UDPRouteList", "udproutes", "v1alpha2";
    spec: UdpRouteSpec;
    status: RouteStatus
}

/// What a UDPRoute asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UdpRouteSpec {
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
    pub rules: Vec<UdpRouteRule>,
}

/// Where datagrams go (`spec.rules[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UdpRouteRule {
    /// The backends, in proportion to their weights; at least one. For a bad one its share is dropped.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(min = 1, max = 16))]
    pub backend_refs: Vec<BackendRef>,
}
