//! GRPCRoute: which gRPC calls go where.

use super::{
    BackendReference, GatewayDefaultScope, HeaderMatchType, HttpHeaderFilter,
    HttpRequestMirrorFilter, LocalObjectReference, ParentReference, RouteStatus,
    SessionPersistence, backend::backend_reference,
};
use crate::meta::{PortNumber, constraint, open_enum, resource, union, was, when};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Routes gRPC calls: by host, service, method and headers to weighted backends, with filters.
    Namespaced GrpcRoute = "GRPCRoute", GrpcRouteList = "GRPCRouteList", "grpcroutes", "v1";
    spec: optional, required "1.4" GrpcRouteSpec;
    status: RouteStatus
}

/// What a GRPCRoute asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrpcRouteSpec {
    /// The hosts whose calls the route takes; all that the listener serves unless set.
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
    /// What to do with which calls.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16))]
    pub rules: Vec<GrpcRouteRule>,
    /// Whether the route attaches to Gateways that it does not name (GEP-3793); to none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.4")))]
    pub use_default_gateways: Option<GatewayDefaultScope>,
}

/// Calls that match, the filters that they pass and the backends that they reach (`spec.rules[]`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrpcRouteRule {
    /// Where calls go, in proportion to the weights. Without a backend they fail with `UNAVAILABLE`.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16))]
    pub backend_refs: Vec<GrpcBackendRef>,
    /// What is done to calls and answers.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16))]
    pub filters: Vec<GrpcRouteFilter>,
    /// The matches: the rule applies to a call that matches any of them. Unless set, it applies to every call.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 64), extend("x-gwapi-was" = was! { "..1.2": { "maxItems": 8 } }))]
    pub matches: Vec<GrpcRouteMatch>,
    /// The name of the rule, unique within the route (GEP-995).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::SectionName>", extend("x-gwapi-when" = when!("E1.2 S1.4")))]
    pub name: Option<String>,
    /// Whether the calls of one client session go to the same endpoint (GEP-1619).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.1")))]
    pub session_persistence: Option<SessionPersistence>,
}

/// Conditions that a call must all meet (`spec.rules[].matches[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrpcRouteMatch {
    /// Headers that must all match. Of entries with the same name, case aside, only the first counts.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub headers: Vec<GrpcHeaderMatch>,
    /// Service and method; any unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<GrpcMethodMatch>,
}

/// Which service and method a call must name (`matches[].method`); at least one of them is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrpcMethodMatch {
    /// The method; any unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Path>")]
    pub method: Option<String>,
    /// The service with its package, as in `shop.v1.Cart`; any unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Path>")]
    pub service: Option<String>,
    /// How service and method are compared; exactly unless set.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Exact"))]
    pub r#type: Option<GrpcMethodMatchType>,
}

impl GrpcMethodMatch {
    /// How service and method are compared: exactly by default.
    #[must_use]
    pub fn match_type(&self) -> GrpcMethodMatchType {
        self.r#type.clone().unwrap_or(GrpcMethodMatchType::Exact)
    }
}

open_enum! {
    /// How service and method of a call are compared.
    pub enum GrpcMethodMatchType, schema = closed {
        /// The whole text, case and all.
        Exact = "Exact",
        /// A regular expression, its dialect up to the implementation.
        RegularExpression = "RegularExpression",
    }
}

/// A header that must match (`matches[].headers[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrpcHeaderMatch {
    /// The name of the header, case-insensitive.
    #[schemars(with = "constraint::HeaderName")]
    pub name: String,
    /// How the value is compared; exactly unless set.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Exact"))]
    pub r#type: Option<HeaderMatchType>,
    /// What the value is compared with.
    #[schemars(with = "constraint::HeaderValue")]
    pub value: String,
}

impl GrpcHeaderMatch {
    /// How the value is compared: exactly by default.
    #[must_use]
    pub fn match_type(&self) -> HeaderMatchType {
        self.r#type.clone().unwrap_or(HeaderMatchType::Exact)
    }
}

union! {
    /// What is done to a call or its answer on the way (`filters[]` of a rule or a backend).
    pub enum GrpcRouteFilter {
        /// Changes the headers of the answer.
        ResponseHeaderModifier(HttpHeaderFilter) = "ResponseHeaderModifier", "responseHeaderModifier";
        /// Changes the headers of the call.
        RequestHeaderModifier(HttpHeaderFilter) = "RequestHeaderModifier", "requestHeaderModifier";
        /// Sends a copy of the call to a further backend, whose answer is dropped.
        RequestMirror(HttpRequestMirrorFilter) = "RequestMirror", "requestMirror";
        /// A filter of the implementation's own, in an object of the route's namespace.
        ExtensionRef(LocalObjectReference) = "ExtensionRef", "extensionRef";
    }
}

backend_reference! {
    /// Names a backend of a GRPCRoute rule, its share of the requests and the filters for them alone
    /// (GRPCRoute `spec.rules[].backendRefs[]`).
    pub struct GrpcBackendRef {
        /// Filters for the requests to this backend, applied after the rule's own.
        #[serde(default, deserialize_with = "crate::meta::wire::list", skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 16))]
        pub filters: Vec<GrpcRouteFilter>,
        [shared]
        /// The share of requests, in proportion to the sum of all weights of the rule; 1 unless set.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<constraint::Weight>", extend("default" = 1))]
        pub weight: Option<i32>,
    }
    weight: |this| this.weight.unwrap_or(1)
}
