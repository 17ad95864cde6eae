//! HTTPRoute.

mod backend;
mod cors;
mod external_auth;
mod filter;
mod matches;
mod route;

pub use backend::HttpBackendRef;
pub use cors::{HttpCorsFilter, HttpMethodWithWildcard};
pub use external_auth::{
    ForwardBodyConfig, GrpcAuthConfig, HttpAuthConfig, HttpExternalAuthFilter,
    HttpRouteExternalAuthProtocol,
};
pub use filter::{
    Fraction, HttpHeader, HttpHeaderFilter, HttpPathModifier, HttpRequestMirrorFilter,
    HttpRequestRedirectFilter, HttpRouteFilter, HttpUrlRewriteFilter, RedirectScheme,
};
pub use matches::{
    HeaderMatchType, HttpHeaderMatch, HttpMethod, HttpPathMatch, HttpQueryParamMatch,
    HttpRouteMatch, PathMatchType, QueryParamMatchType,
};
pub use route::{
    HttpRoute, HttpRouteList, HttpRouteRetry, HttpRouteRule, HttpRouteSpec, HttpRouteTimeouts,
};
