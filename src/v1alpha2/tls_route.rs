//! TLSRoute: which TLS connections go where, by SNI.

use crate::{
    meta::{constraint, resource},
    v1::{BackendRef, ParentReference, RouteStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Hands TLS connections to weighted backends by their SNI, without a look inside.
    Namespaced TlsRoute = "TLSRoute", TlsRouteList = "TLSRouteList", "tlsroutes", "v1alpha2";
    spec: TlsRouteSpec;
    status: RouteStatus
}

/// What a TLSRoute asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TlsRouteSpec {
    /// The SNI names that the route takes; all that the listener serves unless set.
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
    /// The rules, at least one.
    #[schemars(length(min = 1, max = 16))]
    pub rules: Vec<TlsRouteRule>,
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
    #[schemars(length(min = 1, max = 16))]
    pub backend_refs: Vec<BackendRef>,
}
