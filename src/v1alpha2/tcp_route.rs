//! TCPRoute as `v1alpha2` has it: several rules.

use crate::{
    meta::{resource, when},
    v1::{self, GatewayDefaultScope, ParentReference, RouteStatus, TcpRouteRule},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Hands TCP connections of a listener to weighted backends.
    Namespaced TcpRoute = "TCPRoute", TcpRouteList = "TCPRouteList", "tcproutes", "v1alpha2";
    spec: TcpRouteSpec;
    status: RouteStatus
}

/// What a TCPRoute of `v1alpha2` asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TcpRouteSpecV1Alpha2")]
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
    /// Whether the route attaches to Gateways that it does not name (GEP-3793); to none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.4")))]
    pub use_default_gateways: Option<GatewayDefaultScope>,
}

impl From<TcpRoute> for v1::TcpRoute {
    /// In the form of `v1`, whatever its rules are: `v1` asks for exactly one.
    fn from(old: TcpRoute) -> Self {
        Self {
            metadata: old.metadata,
            spec: v1::TcpRouteSpec {
                parent_refs: old.spec.parent_refs,
                rules: old.spec.rules,
                use_default_gateways: old.spec.use_default_gateways,
            },
            status: old.status,
        }
    }
}
