//! Filters of an HTTPRoute: what is done to requests and responses on their way.

use super::{HttpCorsFilter, HttpExternalAuthFilter};
use crate::{
    meta::{PortNumber, constraint, open_enum, union, when},
    v1::{BackendObjectReference, LocalObjectReference},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

union! {
    /// What is done to a request or a response on its way (`filters[]` of a rule or a backend).
    pub enum HttpRouteFilter {
        /// Changes the headers of the request.
        RequestHeaderModifier(HttpHeaderFilter) = "RequestHeaderModifier", "requestHeaderModifier";
        /// Changes the headers of the response.
        ResponseHeaderModifier(HttpHeaderFilter) = "ResponseHeaderModifier", "responseHeaderModifier";
        /// Sends a copy of the request to a further backend, whose answer is dropped.
        RequestMirror(HttpRequestMirrorFilter) = "RequestMirror", "requestMirror";
        /// Answers with a redirect; the request reaches no backend.
        RequestRedirect(HttpRequestRedirectFilter) = "RequestRedirect", "requestRedirect";
        /// Changes host or path of the request before it is sent on.
        UrlRewrite(HttpUrlRewriteFilter) = "URLRewrite", "urlRewrite";
        /// Answers what browsers ask before they send requests from pages of other origins (GEP-1767).
        Cors(HttpCorsFilter) = "CORS", "cors" when "E1.3 S1.5";
        /// Asks a further server whether the request may pass (GEP-1494).
        ExternalAuth(HttpExternalAuthFilter) = "ExternalAuth", "externalAuth" when "E1.4";
        /// A filter of the implementation's own, in an object of the route's namespace.
        ExtensionRef(LocalObjectReference) = "ExtensionRef", "extensionRef";
    }
}

/// Changes to headers: `set`, then `add`, then `remove`. A name may stand once in all of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpHeaderFilter {
    /// Headers that get this value beside those that are there.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub add: Vec<HttpHeader>,
    /// Names of headers that are removed, case-insensitive.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "set"))]
    pub remove: Vec<String>,
    /// Headers that get this value in place of any that are there.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub set: Vec<HttpHeader>,
}

/// A header with its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpHeader {
    /// The name, case-insensitive. Of entries with the same name only the first counts.
    #[schemars(with = "constraint::HeaderName")]
    pub name: String,
    /// The value.
    #[schemars(with = "constraint::HttpHeaderValue")]
    pub value: String,
}

/// A copy of the request for a further backend (`requestMirror`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRequestMirrorFilter {
    /// The backend that gets the copy. A bad reference drops the mirror and not the request.
    pub backend_ref: BackendObjectReference,
    /// Which part of the requests is copied (GEP-3171); all unless this or `percent` is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.2 S1.3")))]
    pub fraction: Option<Fraction>,
    /// How many of a hundred requests are copied (GEP-3171); all unless this or `fraction` is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Percent>", extend("x-gwapi-when" = when!("E1.2 S1.3")))]
    pub percent: Option<i32>,
}

impl HttpRequestMirrorFilter {
    /// The part of the requests that is copied, whichever way it is written: all unless set.
    #[must_use]
    pub fn share(&self) -> Fraction {
        match (self.fraction, self.percent) {
            (Some(fraction), _) => fraction,
            (None, percent) => Fraction {
                numerator: percent.unwrap_or(100),
                denominator: None,
            },
        }
    }
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fraction {
    /// Into how many parts the whole is divided; 100 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Denominator>", extend("default" = 100))]
    pub denominator: Option<i32>,
    /// How many of these parts; not more than there are.
    #[schemars(with = "constraint::Numerator")]
    pub numerator: i32,
}

impl Fraction {
    /// Into how many parts the whole is divided: 100 unless set.
    #[must_use]
    pub fn denominator(&self) -> i32 {
        self.denominator.unwrap_or(100)
    }
}

/// An answer that sends the client elsewhere (`requestRedirect`). What is not set stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRequestRedirectFilter {
    /// The host of the new location; that of the request unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::PreciseHostname>")]
    pub hostname: Option<String>,
    /// The path of the new location; that of the request unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<HttpPathModifier>,
    /// The port of the new location. Unless set: the well-known port of `scheme` if that is set, else
    /// the listener's. The well-known port of the scheme is left out of the location.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Port>")]
    pub port: Option<PortNumber>,
    /// The scheme of the new location; that of the request unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<RedirectScheme>,
    /// The status code of the answer; 302 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::RedirectStatusCode>", extend("default" = 302))]
    pub status_code: Option<i32>,
}

impl HttpRequestRedirectFilter {
    /// The status code in effect: 302 unless set.
    #[must_use]
    pub fn status_code(&self) -> i32 {
        self.status_code.unwrap_or(302)
    }
}

open_enum! {
    /// The scheme of a redirect's location.
    pub enum RedirectScheme, schema = closed {
        /// Cleartext HTTP.
        Http = "http",
        /// HTTP over TLS.
        Https = "https",
    }
}

union! {
    /// What becomes of a path in a redirect or a rewrite.
    pub enum HttpPathModifier {
        /// The whole path becomes this one.
        ReplaceFullPath(String as constraint::Path) = "ReplaceFullPath", "replaceFullPath";
        /// The prefix that the rule matched becomes this one. Needs a match of type `PathPrefix`.
        ReplacePrefixMatch(String as constraint::Path) = "ReplacePrefixMatch", "replacePrefixMatch";
    }
}

/// Changes of host or path before a request is sent on (`urlRewrite`). What is not set stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpUrlRewriteFilter {
    /// The new host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::PreciseHostname>")]
    pub hostname: Option<String>,
    /// The new path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<HttpPathModifier>,
}
