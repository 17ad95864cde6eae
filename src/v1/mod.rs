//! Version `v1`: [`GatewayClass`], [`Gateway`], [`HttpRoute`] and [`GrpcRoute`], and the types that the
//! other versions share with it.
//!
//! # Building objects
//!
//! Every struct of the API is built the same way: name the fields that matter and end with
//! `..Default::default()`. Do so even where all fields are named, and a field that a later release adds
//! will not break your code.
//!
//! ```
//! use gwapi::v1::{
//!     HttpBackendRef, HttpPathMatch, HttpRoute, HttpRouteMatch, HttpRouteRule, HttpRouteSpec,
//!     ParentReference, PathMatchType,
//! };
//!
//! let route = HttpRoute::new(
//!     "cart",
//!     HttpRouteSpec {
//!         parent_refs: vec![ParentReference { name: "shop".into(), ..Default::default() }],
//!         hostnames: vec!["shop.example.com".into()],
//!         rules: Some(vec![HttpRouteRule {
//!             matches: vec![HttpRouteMatch {
//!                 path: Some(HttpPathMatch {
//!                     r#type: Some(PathMatchType::PathPrefix),
//!                     value: Some("/cart".into()),
//!                     ..Default::default()
//!                 }),
//!                 ..Default::default()
//!             }],
//!             backend_refs: vec![HttpBackendRef {
//!                 name: "cart".into(),
//!                 port: Some(8080),
//!                 ..Default::default()
//!             }],
//!             ..Default::default()
//!         }]),
//!         ..Default::default()
//!     },
//! );
//! assert_eq!(route.spec.rules()[0].backend_refs[0].weight(), 1);
//! ```
//!
//! # Reading and defaults
//!
//! A field that a client may leave out is an `Option`, a `Vec` or a map in an `Option`: nothing is filled
//! in by reading, and writing gives back what was read. The value that an API default implies is behind a
//! method of the field's name: `backend.weight` is what was written, `backend.weight()` what is in effect.
//!
//! # Later releases
//!
//! Enumerations keep values that this release does not name, unions keep members that it does not know,
//! and unknown fields are passed over, so a newer API server never breaks a client of this version.

mod backend;
mod gateway;
mod gateway_class;
mod gateway_status;
mod grpc_route;
mod http_filter;
mod http_match;
mod http_route;
mod listener;
mod reference;
mod route;
mod session_persistence;

pub use backend::{
    BackendObjectReference, BackendRef, BackendReference, GrpcBackendRef, HttpBackendRef,
};
pub use gateway::{
    AddressType, Gateway, GatewayAddress, GatewayInfrastructure, GatewayList, GatewaySpec,
    LocalParametersReference,
};
pub use gateway_class::{
    GATEWAYS_EXIST_FINALIZER, GatewayClass, GatewayClassList, GatewayClassSpec, GatewayClassStatus,
    ParametersReference,
};
pub use gateway_status::{GatewayStatus, GatewayStatusAddress, ListenerStatus};
pub use grpc_route::{
    GrpcHeaderMatch, GrpcMethodMatch, GrpcMethodMatchType, GrpcRoute, GrpcRouteFilter,
    GrpcRouteList, GrpcRouteMatch, GrpcRouteRule, GrpcRouteSpec,
};
pub use http_filter::{
    HttpHeader, HttpHeaderFilter, HttpPathModifier, HttpRequestMirrorFilter,
    HttpRequestRedirectFilter, HttpRouteFilter, HttpUrlRewriteFilter, RedirectScheme,
};
pub use http_match::{
    HeaderMatchType, HttpHeaderMatch, HttpMethod, HttpPathMatch, HttpQueryParamMatch,
    HttpRouteMatch, PathMatchType, QueryParamMatchType,
};
pub use http_route::{HttpRoute, HttpRouteList, HttpRouteRule, HttpRouteSpec, HttpRouteTimeouts};
pub use listener::{
    AllowedRoutes, FromNamespaces, FrontendTlsValidation, GatewayTlsConfig, Listener, ProtocolType,
    RouteGroupKind, RouteNamespaces, TlsModeType,
};
pub use reference::{
    LocalObjectReference, ObjectReference, ParentReference, SecretObjectReference,
};
pub use route::{RouteParentStatus, RouteStatus};
pub use session_persistence::{
    CookieConfig, CookieLifetimeType, SessionPersistence, SessionPersistenceType,
};

/// The status of a GRPCRoute: that of every route.
pub type GrpcRouteStatus = RouteStatus;
/// The status of an HTTPRoute: that of every route.
pub type HttpRouteStatus = RouteStatus;
