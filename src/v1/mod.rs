//! Version `v1`: [`GatewayClass`], [`Gateway`], [`ListenerSet`], [`HttpRoute`], [`GrpcRoute`], [`TlsRoute`], [`TcpRoute`],
//! [`UdpRoute`], [`ReferenceGrant`] and [`BackendTlsPolicy`], and the types that the other versions share with it.
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
//! # Releases
//!
//! A struct has the fields of all known releases, those that have ended among them. Which release has which is said in its
//! schema ([`schema`](crate::schema)). Enumerations keep values that no known release names, unions keep members that none has,
//! and unknown fields are passed over, so a newer API server never breaks a client of this version.

mod backend;
mod backend_tls_policy;
mod gateway;
mod grpc_route;
mod http_route;
mod policy;
mod reference;
mod reference_grant;
mod route;
mod session_persistence;
mod supported_feature;
mod tcp_route;
mod tls_route;
mod udp_route;

pub use backend::{BackendObjectReference, BackendRef, BackendReference};
pub use backend_tls_policy::{
    BackendTlsPolicy, BackendTlsPolicyList, BackendTlsPolicySpec, BackendTlsPolicyValidation,
    SubjectAltName, SubjectAltNameType, WellKnownCaCertificatesType,
};
pub(crate) use gateway::undecided;
pub use gateway::{
    AddressRoutability, AddressType, AllowedListeners, AllowedRoutes, FromNamespaces,
    FrontendTlsConfig, FrontendTlsValidation, FrontendValidationModeType, GATEWAYS_EXIST_FINALIZER,
    Gateway, GatewayBackendTls, GatewayClass, GatewayClassList, GatewayClassSpec,
    GatewayClassStatus, GatewayInfrastructure, GatewayList, GatewaySpec, GatewaySpecAddress,
    GatewayStatus, GatewayStatusAddress, GatewayTlsConfig, Listener, ListenerEntry,
    ListenerEntryStatus, ListenerFilter, ListenerFilters, ListenerNamespaces, ListenerSet,
    ListenerSetList, ListenerSetSpec, ListenerSetStatus, ListenerStatus, ListenerTlsConfig,
    LocalParametersReference, ParametersReference, ParentGatewayReference, ProtocolType,
    RouteGroupKind, RouteNamespaces, TlsConfig, TlsModeType, TlsPortConfig,
};
pub use grpc_route::{
    GrpcBackendRef, GrpcHeaderMatch, GrpcMethodMatch, GrpcMethodMatchType, GrpcRoute,
    GrpcRouteFilter, GrpcRouteList, GrpcRouteMatch, GrpcRouteRule, GrpcRouteSpec,
};
pub use http_route::{
    ForwardBodyConfig, Fraction, GrpcAuthConfig, HeaderMatchType, HttpAuthConfig, HttpBackendRef,
    HttpCorsFilter, HttpExternalAuthFilter, HttpHeader, HttpHeaderFilter, HttpHeaderMatch,
    HttpMethod, HttpMethodWithWildcard, HttpPathMatch, HttpPathModifier, HttpQueryParamMatch,
    HttpRequestMirrorFilter, HttpRequestRedirectFilter, HttpRoute, HttpRouteExternalAuthProtocol,
    HttpRouteFilter, HttpRouteList, HttpRouteMatch, HttpRouteRetry, HttpRouteRule, HttpRouteSpec,
    HttpRouteTimeouts, HttpUrlRewriteFilter, PathMatchType, QueryParamMatchType, RedirectScheme,
};
pub use policy::{
    LocalPolicyTargetReference, LocalPolicyTargetReferenceWithSectionName, MAX_ANCESTORS,
    NamespacedPolicyTargetReference, POLICY_LABEL, PolicyAncestorStatus, PolicyStatus,
};
pub use reference::{
    LocalObjectReference, ObjectReference, ParentReference, SecretObjectReference,
};
pub use reference_grant::{
    ReferenceGrant, ReferenceGrantFrom, ReferenceGrantList, ReferenceGrantSpec, ReferenceGrantTo,
};
pub use route::{GatewayDefaultScope, RouteParentStatus, RouteStatus};
pub use session_persistence::{
    CookieConfig, CookieLifetimeType, HeaderConfig, SessionPersistence, SessionPersistenceType,
};
pub use supported_feature::SupportedFeature;
pub use tcp_route::{TcpRoute, TcpRouteList, TcpRouteRule, TcpRouteSpec};
pub use tls_route::{TlsRoute, TlsRouteList, TlsRouteRule, TlsRouteSpec};
pub use udp_route::{UdpRoute, UdpRouteList, UdpRouteRule, UdpRouteSpec};

/// The status of a GRPCRoute: that of every route.
pub type GrpcRouteStatus = RouteStatus;
/// The status of an HTTPRoute: that of every route.
pub type HttpRouteStatus = RouteStatus;
/// The status of a TCPRoute: that of every route.
pub type TcpRouteStatus = RouteStatus;
/// The status of a TLSRoute: that of every route.
pub type TlsRouteStatus = RouteStatus;
/// The status of a UDPRoute: that of every route.
pub type UdpRouteStatus = RouteStatus;
