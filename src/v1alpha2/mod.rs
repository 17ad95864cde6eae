//! Version `v1alpha2`: [`TcpRoute`], [`TlsRoute`] and [`UdpRoute`] before `v1`; [`BackendLbPolicy`] of releases v1.1.0 to
//! v1.2.1; the deprecated [`GrpcRoute`] and [`ReferenceGrant`]; and [`BackendTlsPolicy`] as release v1.0.0 had it.
//!
//! What the version merely repeats is the same type as in [`v1`](crate::v1).

mod backend_lb_policy;
mod backend_tls_policy;
mod repeated;
mod tcp_route;
mod tls_route;
mod udp_route;

pub use crate::v1::*;
pub use backend_lb_policy::{BackendLbPolicy, BackendLbPolicyList, BackendLbPolicySpec};
pub use backend_tls_policy::{
    BackendTlsPolicy, BackendTlsPolicyConfig, BackendTlsPolicyList, BackendTlsPolicySpec,
    PolicyTargetReferenceWithSectionName,
};
pub use repeated::{GrpcRoute, GrpcRouteList, ReferenceGrant, ReferenceGrantList};
pub use tcp_route::{TcpRoute, TcpRouteList, TcpRouteSpec};
pub use tls_route::{TlsRoute, TlsRouteList, TlsRouteSpec};
pub use udp_route::{UdpRoute, UdpRouteList, UdpRouteSpec};
