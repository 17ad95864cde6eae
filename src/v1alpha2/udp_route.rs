//! UDPRoute as `v1alpha2` has it: several rules.

use crate::{
    meta::{resource, when},
    v1::{self, GatewayDefaultScope, ParentReference, RouteStatus, UdpRouteRule},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Hands UDP datagrams of a listener to weighted backends.
    Namespaced UdpRoute = "UDPRoute", UdpRouteList = "UDPRouteList", "udproutes", "v1alpha2";
    spec: UdpRouteSpec;
    status: RouteStatus
}

/// What a UDPRoute of `v1alpha2` asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UdpRouteSpecV1Alpha2")]
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
    /// Whether the route attaches to Gateways that it does not name (GEP-3793); to none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.4")))]
    pub use_default_gateways: Option<GatewayDefaultScope>,
}

impl From<UdpRoute> for v1::UdpRoute {
    /// In the form of `v1`, whatever its rules are: `v1` asks for exactly one.
    fn from(old: UdpRoute) -> Self {
        Self {
            metadata: old.metadata,
            spec: v1::UdpRouteSpec {
                parent_refs: old.spec.parent_refs,
                rules: old.spec.rules,
                use_default_gateways: old.spec.use_default_gateways,
            },
            status: old.status,
        }
    }
}
