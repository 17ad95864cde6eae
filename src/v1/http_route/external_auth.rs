//! Requests that a further server has to allow (GEP-1494).

use crate::{
    meta::{constraint, open_enum, was},
    v1::BackendObjectReference,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whom to ask whether a request may pass, and what to tell them (`externalAuth`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpExternalAuthFilter {
    /// The server that is asked.
    pub backend_ref: BackendObjectReference,
    /// Whether the server gets the body of the request, and how much of it; none unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_body: Option<ForwardBodyConfig>,
    /// What is special to the protocol GRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcAuthConfig>,
    /// What is special to the protocol HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpAuthConfig>,
    /// The protocol that the server speaks.
    pub protocol: HttpRouteExternalAuthProtocol,
}

open_enum! {
    /// How a server is asked whether a request may pass.
    pub enum HttpRouteExternalAuthProtocol, schema = closed {
        /// By an HTTP request: 200 allows, every other status refuses.
        Http = "HTTP",
        /// By a gRPC call of Envoy's protocol `ext_authz`.
        Grpc = "GRPC",
    }
}

/// What a server that speaks gRPC is told of a request (`externalAuth.grpc`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrpcAuthConfig {
    /// The headers of the request that the server gets; all unless set.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 64),
        extend(
            "x-kubernetes-list-type" = "set",
            "x-gwapi-was" = was! { "..1.4": { "maxItems": null } },
        )
    )]
    pub allowed_headers: Vec<String>,
}

/// What a server that speaks HTTP is told of a request, and what of its answer is passed on (`externalAuth.http`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpAuthConfig {
    /// The headers of the request that the server gets beside host, method, path, `Content-Length` and `Authorization`.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 64),
        extend(
            "x-kubernetes-list-type" = "set",
            "x-gwapi-was" = was! { "..1.4": { "maxItems": null } },
        )
    )]
    pub allowed_headers: Vec<String>,
    /// The headers of the server's answer that the backend gets; all but the host unless set.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 64),
        extend(
            "x-kubernetes-list-type" = "set",
            "x-gwapi-was" = was! { "..1.4": { "maxItems": null } },
        )
    )]
    pub allowed_response_headers: Vec<String>,
    /// What is put before the path of the request; nothing unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::PathPrefix>")]
    pub path: Option<String>,
}

/// How much of the body of a request a server gets that is asked about it (`externalAuth.forwardBody`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForwardBodyConfig {
    /// The most bytes; 0, and so nothing, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::BodySize>")]
    pub max_size: Option<i64>,
}
