//! Cross-origin requests of browsers (GEP-1767).

use crate::meta::{constraint, open_enum, was};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What pages of other origins may do (`cors`): it is said to browsers, which keep to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpCorsFilter {
    /// Whether requests may carry credentials: cookies, client certificates, `Authorization`. Not unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-was" = was! { "..1.3": { "enum": [true] } }))]
    pub allow_credentials: Option<bool>,
    /// The headers that requests may have beside those that are always allowed; `*` for any.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::HeaderName>",
        length(max = 64),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub allow_headers: Vec<String>,
    /// The methods that requests may have beside those that are always allowed; `*` for any.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 9), extend("x-kubernetes-list-type" = "set"))]
    pub allow_methods: Vec<HttpMethodWithWildcard>,
    /// The origins whose pages may send requests, as in `https://shop.example.com`; `*` for any.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::CorsOrigin>",
        length(max = 64),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub allow_origins: Vec<String>,
    /// The headers of answers that pages may read beside those that they always may; `*` for any.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        with = "Vec<constraint::HeaderName>",
        length(max = 64),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub expose_headers: Vec<String>,
    /// For how many seconds a browser may keep the answer to a preflight request; 5 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::MaxAge>", extend("default" = 5))]
    pub max_age: Option<i32>,
}

impl HttpCorsFilter {
    /// Whether requests may carry credentials: not unless set.
    #[must_use]
    pub fn allow_credentials(&self) -> bool {
        self.allow_credentials.unwrap_or(false)
    }

    /// For how many seconds a browser may keep the answer to a preflight request: 5 unless set.
    #[must_use]
    pub fn max_age(&self) -> i32 {
        self.max_age.unwrap_or(5)
    }
}

open_enum! {
    /// An HTTP method, or all of them.
    pub enum HttpMethodWithWildcard, schema = closed {
        /// GET
        Get = "GET",
        /// HEAD
        Head = "HEAD",
        /// POST
        Post = "POST",
        /// PUT
        Put = "PUT",
        /// DELETE
        Delete = "DELETE",
        /// CONNECT
        Connect = "CONNECT",
        /// OPTIONS
        Options = "OPTIONS",
        /// TRACE
        Trace = "TRACE",
        /// PATCH
        Patch = "PATCH",
        /// Every method.
        Any = "*",
    }
}
