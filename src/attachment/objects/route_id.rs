//! The kinds of routes.

use crate::{
    meta::{FeatureName, NamespacedName, ObjectRef},
    v1::{ProtocolType, TlsModeType},
};
use std::fmt;

/// A kind of route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the kind of its name")]
pub enum RouteKind {
    Http,
    Grpc,
    Tls,
    Tcp,
    Udp,
}

impl RouteKind {
    /// Every kind of route.
    pub const ALL: [Self; 5] = [Self::Http, Self::Grpc, Self::Tls, Self::Tcp, Self::Udp];

    /// The kind as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTPRoute",
            Self::Grpc => "GRPCRoute",
            Self::Tls => "TLSRoute",
            Self::Tcp => "TCPRoute",
            Self::Udp => "UDPRoute",
        }
    }

    /// The kind that the API writes like this.
    #[must_use]
    pub fn from_kind(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == kind)
    }

    /// The feature that stands for the kind; TCPRoute has none in v1.1.0.
    pub(in crate::attachment) fn feature(self) -> Option<FeatureName> {
        match self {
            Self::Http => Some(FeatureName::HttpRoute),
            Self::Grpc => Some(FeatureName::GrpcRoute),
            Self::Tls => Some(FeatureName::TlsRoute),
            Self::Tcp => None,
            Self::Udp => Some(FeatureName::UdpRoute),
        }
    }

    /// The kinds that a listener of this protocol and TLS mode supports.
    pub(crate) fn of_protocol(
        protocol: &ProtocolType,
        mode: Option<&TlsModeType>,
    ) -> &'static [Self] {
        match (protocol, mode) {
            (ProtocolType::Http | ProtocolType::Https, _) => &[Self::Http, Self::Grpc],
            (ProtocolType::Tls, Some(TlsModeType::Passthrough)) => &[Self::Tls],
            (ProtocolType::Tls, _) => &[Self::Tls, Self::Tcp],
            (ProtocolType::Tcp, _) => &[Self::Tcp],
            (ProtocolType::Udp, _) => &[Self::Udp],
            _ => &[],
        }
    }
}

impl fmt::Display for RouteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A route: its kind and its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId {
    /// The kind.
    pub kind: RouteKind,
    /// The place.
    pub name: NamespacedName,
}

impl RouteId {
    /// A route of this kind at this place.
    #[must_use]
    pub fn new(kind: RouteKind, name: NamespacedName) -> Self {
        Self { kind, name }
    }

    /// The reference with its group.
    #[must_use]
    pub fn reference(&self) -> ObjectRef {
        ObjectRef::gateway_api(self.kind.as_str(), &self.name)
    }
}

impl fmt::Display for RouteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}
