//! Version `v1alpha2`: [`TcpRoute`], [`TlsRoute`], [`UdpRoute`] and [`BackendLbPolicy`]; the deprecated
//! [`GrpcRoute`] and [`ReferenceGrant`]; and [`BackendTlsPolicy`] as release v1.0.0 had it.
//!
//! What the version merely repeats is the same type as in [`v1`](crate::v1) and
//! [`v1beta1`](crate::v1beta1).

mod backend_lb_policy;
mod backend_tls_policy;
mod policy;
mod repeated;
mod tcp_route;
mod tls_route;
mod udp_route;

pub use crate::v1::*;
pub use crate::v1beta1::{ReferenceGrantFrom, ReferenceGrantSpec, ReferenceGrantTo};
pub use backend_lb_policy::{BackendLbPolicy, BackendLbPolicyList, BackendLbPolicySpec};
pub use backend_tls_policy::{
    BackendTlsPolicy, BackendTlsPolicyConfig, BackendTlsPolicyList, BackendTlsPolicySpec,
    PolicyTargetReferenceWithSectionName, WellKnownCaCertificatesType,
};
pub use policy::{
    LocalPolicyTargetReference, LocalPolicyTargetReferenceWithSectionName, MAX_ANCESTORS,
    NamespacedPolicyTargetReference, POLICY_LABEL, PolicyAncestorStatus, PolicyStatus,
};
pub use repeated::{GrpcRoute, GrpcRouteList, ReferenceGrant, ReferenceGrantList};
pub use tcp_route::{TcpRoute, TcpRouteList, TcpRouteRule, TcpRouteSpec};
pub use tls_route::{TlsRoute, TlsRouteList, TlsRouteRule, TlsRouteSpec};
pub use udp_route::{UdpRoute, UdpRouteList, UdpRouteRule, UdpRouteSpec};

/// The status of a TCPRoute: that of every route.
pub type TcpRouteStatus = crate::v1::RouteStatus;
/// The status of a TLSRoute: that of every route.
pub type TlsRouteStatus = crate::v1::RouteStatus;
/// The status of a UDPRoute: that of every route.
pub type UdpRouteStatus = crate::v1::RouteStatus;
