//! TCPRoute: which TCP connections go where.

use super::{BackendRef, GatewayDefaultScope, ParentReference, RouteStatus};
use crate::meta::{constraint, resource, when};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Hands TCP connections of a listener to weighted backends.
    Namespaced TcpRoute = "TCPRoute", TcpRouteList = "TCPRouteList", "tcproutes", "v1";
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
    /// The rule: exactly one.
    #[schemars(length(min = 1, max = 1))]
    pub rules: Vec<TcpRouteRule>,
    /// Whether the route attaches to Gateways that it does not name (GEP-3793); to none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.4")))]
    pub use_default_gateways: Option<GatewayDefaultScope>,
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
    #[schemars(length(min = 1, max = 16), extend("x-gwapi-required" = when!("1.4")))]
    pub backend_refs: Vec<BackendRef>,
    /// The name of the rule, unique within the route (GEP-995).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::SectionName>", extend("x-gwapi-when" = when!("E1.2 S1.6")))]
    pub name: Option<String>,
}
