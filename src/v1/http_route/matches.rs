//! Matches of an HTTPRoute: path, headers, query parameters, method.

use crate::meta::{constraint, open_enum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Conditions that a request must all meet (`spec.rules[].matches[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteMatch {
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
    pub headers: Vec<HttpHeaderMatch>,
    /// The method; any unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<HttpMethod>,
    /// The path; any unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = { "type": "PathPrefix", "value": "/" }))]
    pub path: Option<HttpPathMatch>,
    /// Query parameters that must all match. Of entries with the same name only the first counts.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub query_params: Vec<HttpQueryParamMatch>,
}

impl HttpRouteMatch {
    /// How the path is compared: by prefix by default.
    #[must_use]
    pub fn path_type(&self) -> PathMatchType {
        self.path
            .as_ref()
            .map_or(PathMatchType::PathPrefix, HttpPathMatch::path_type)
    }

    /// What the path is compared with: `/` by default.
    #[must_use]
    pub fn path_value(&self) -> &str {
        self.path.as_ref().map_or("/", HttpPathMatch::path_value)
    }
}

/// How a path must look (`matches[].path`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpPathMatch {
    /// How it is compared; by prefix unless set.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "PathPrefix"))]
    pub r#type: Option<PathMatchType>,
    /// What it is compared with; `/` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Path>", extend("default" = "/"))]
    pub value: Option<String>,
}

impl HttpPathMatch {
    /// How the path is compared: by prefix by default.
    #[must_use]
    pub fn path_type(&self) -> PathMatchType {
        self.r#type.clone().unwrap_or(PathMatchType::PathPrefix)
    }

    /// What the path is compared with: `/` by default.
    #[must_use]
    pub fn path_value(&self) -> &str {
        self.value.as_deref().unwrap_or("/")
    }
}

open_enum! {
    /// How a path is compared.
    pub enum PathMatchType, schema = closed {
        /// The whole path, case and all.
        Exact = "Exact",
        /// Whole elements from the left: `/abc` covers `/abc`, `/abc/` and `/abc/def`, not `/abcd`.
        PathPrefix = "PathPrefix",
        /// A regular expression, its dialect up to the implementation.
        RegularExpression = "RegularExpression",
    }
}

/// A header that must match (`matches[].headers[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpHeaderMatch {
    /// The name of the header, case-insensitive.
    #[schemars(with = "constraint::HeaderName")]
    pub name: String,
    /// How the value is compared; exactly unless set.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Exact"))]
    pub r#type: Option<HeaderMatchType>,
    /// What the value is compared with.
    #[schemars(with = "constraint::HttpHeaderValue")]
    pub value: String,
}

impl HttpHeaderMatch {
    /// How the value is compared: exactly by default.
    #[must_use]
    pub fn match_type(&self) -> HeaderMatchType {
        self.r#type.clone().unwrap_or(HeaderMatchType::Exact)
    }
}

open_enum! {
    /// How a header's value is compared.
    pub enum HeaderMatchType, schema = closed {
        /// The whole value, case and all.
        Exact = "Exact",
        /// A regular expression, its dialect up to the implementation.
        RegularExpression = "RegularExpression",
    }
}

/// A query parameter that must match (`matches[].queryParams[]`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpQueryParamMatch {
    /// The name of the parameter, case and all.
    #[schemars(with = "constraint::HeaderName")]
    pub name: String,
    /// How the value is compared; exactly unless set.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Exact"))]
    pub r#type: Option<QueryParamMatchType>,
    /// What the value is compared with.
    #[schemars(with = "constraint::QueryParamValue")]
    pub value: String,
}

impl HttpQueryParamMatch {
    /// How the value is compared: exactly by default.
    #[must_use]
    pub fn match_type(&self) -> QueryParamMatchType {
        self.r#type.clone().unwrap_or(QueryParamMatchType::Exact)
    }
}

open_enum! {
    /// How a query parameter's value is compared.
    pub enum QueryParamMatchType, schema = closed {
        /// The whole value, case and all.
        Exact = "Exact",
        /// A regular expression, its dialect up to the implementation.
        RegularExpression = "RegularExpression",
    }
}

open_enum! {
    /// An HTTP method that a match can ask for.
    pub enum HttpMethod, schema = closed {
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
    }
}
