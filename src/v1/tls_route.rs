//! TLSRoute: which TLS connections go where, by SNI.

use super::{BackendRef, GatewayDefaultScope, ParentReference, RouteStatus};
use crate::meta::{constraint, resource, was, when};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Hands TLS connections to weighted backends by their SNI.
    Namespaced TlsRoute = "TLSRoute", TlsRouteList = "TLSRouteList", "tlsroutes", "v1";
    spec: TlsRouteSpec;
    status: RouteStatus
}

/// What a TLSRoute asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TlsRouteSpec {
    /// The SNI names that the route takes; at least one.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::Hostname>",
        length(min = 1, max = 1024),
        extend(
            "x-gwapi-required" = when!(".."),
            "x-gwapi-was" = was! { "..1.5": { "maxItems": 16 } },
        )
    )]
    pub hostnames: Vec<String>,
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
    pub rules: Vec<TlsRouteRule>,
    /// Whether the route attaches to Gateways that it does not name (GEP-3793); to none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.4")))]
    pub use_default_gateways: Option<GatewayDefaultScope>,
}

/// Where connections go (`spec.rules[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TlsRouteRule {
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
    #[schemars(with = "Option<constraint::SectionName>", extend("x-gwapi-when" = when!("E1.2 S1.5")))]
    pub name: Option<String>,
}
