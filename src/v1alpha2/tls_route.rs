//! TLSRoute as `v1alpha2` has it: several rules, and hostnames that may be left out.

use crate::{
    meta::{constraint, resource, was, when},
    v1::{self, GatewayDefaultScope, ParentReference, RouteStatus, TlsRouteRule},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Hands TLS connections to weighted backends by their SNI.
    Namespaced TlsRoute = "TLSRoute", TlsRouteList = "TLSRouteList", "tlsroutes", "v1alpha2";
    spec: TlsRouteSpec;
    status: RouteStatus
}

/// What a TLSRoute of `v1alpha2` asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TlsRouteSpecV1Alpha2")]
pub struct TlsRouteSpec {
    /// The SNI names that the route takes; all that the listener serves unless set.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::Hostname>",
        length(max = 1024),
        extend("x-gwapi-was" = was! { "..1.5": { "maxItems": 16 } })
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
    /// The rules, at least one.
    #[schemars(length(min = 1, max = 16))]
    pub rules: Vec<TlsRouteRule>,
    /// Whether the route attaches to Gateways that it does not name (GEP-3793); to none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.4")))]
    pub use_default_gateways: Option<GatewayDefaultScope>,
}

impl From<TlsRoute> for v1::TlsRoute {
    /// In the form of `v1`, whatever its rules are: `v1` asks for exactly one, and for hostnames.
    fn from(old: TlsRoute) -> Self {
        Self {
            metadata: old.metadata,
            spec: v1::TlsRouteSpec {
                hostnames: old.spec.hostnames,
                parent_refs: old.spec.parent_refs,
                rules: old.spec.rules,
                use_default_gateways: old.spec.use_default_gateways,
            },
            status: old.status,
        }
    }
}
