//! UDPRoute: which UDP datagrams go where.

use super::{BackendRef, GatewayDefaultScope, ParentReference, RouteStatus};
use crate::meta::{constraint, resource, when};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Hands UDP datagrams of a listener to weighted backends.
    Namespaced UdpRoute = "UDPRoute", UdpRouteList = "UDPRouteList", "udproutes", "v1";
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
    /// The rule: exactly one.
    #[schemars(length(min = 1, max = 1))]
    pub rules: Vec<UdpRouteRule>,
    /// Whether the route attaches to Gateways that it does not name (GEP-3793); to none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.4")))]
    pub use_default_gateways: Option<GatewayDefaultScope>,
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
    #[schemars(length(min = 1, max = 16), extend("x-gwapi-required" = when!("1.4")))]
    pub backend_refs: Vec<BackendRef>,
    /// The name of the rule, unique within the route (GEP-995).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::SectionName>", extend("x-gwapi-when" = when!("E1.2 S1.6")))]
    pub name: Option<String>,
}
