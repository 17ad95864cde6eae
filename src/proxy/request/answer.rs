//! What the data plane answers by itself.

use super::attempt::Mirrored;
use crate::{
    attachment::RouteKind,
    proxy::{Backend, GrpcStatus, Target, Why},
};
use http::{HeaderMap, StatusCode};
use std::{fmt, sync::Arc};

/// An answer of the data plane itself: a redirect or an error.
///
/// It is an [`Error`](std::error::Error), so that whoever drives an exchange can pass it on with `?`. As a text it says
/// [why](Self::why), which is for those who operate the system; what the client gets is the [response](Self::response).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LocalAnswer {
    /// The rule and match; none where no rule matched.
    pub target: Option<Target>,
    /// The backend whose share of requests fails, where that is why.
    pub failed: Option<Arc<Backend>>,
    /// The backend whose own filter redirects, where that is why.
    pub redirecting: Option<Arc<Backend>>,
    /// The status code.
    pub status: StatusCode,
    /// The status in the form of gRPC, where that is what the client gets.
    pub grpc: Option<GrpcStatus>,
    /// The headers.
    pub headers: HeaderMap,
    /// Copies of a request that is redirected. An error is answered without any.
    pub mirrors: Vec<Mirrored>,
    /// Why. No client gets to see it.
    pub why: Why,
}

/// What decides on the form of an error: the request as it came, and the routes at the listener or Service port.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Asker {
    /// The request is a gRPC call.
    pub(in crate::proxy) calls: bool,
    /// A GRPCRoute is attached.
    pub(in crate::proxy) grpc_routes: bool,
}

impl Asker {
    /// An error.
    ///
    /// Its form is gRPC's only for a call, and only where a GRPCRoute has a say: one whose rule took the call ("`UNAVAILABLE`
    /// statuses MUST be returned", GRPCRoute `spec.rules[].backendRefs`), or, if no rule did, one that is attached to the
    /// listener or Service port. To all others the specification of the HTTPRoute applies, which demands 404 and 500 whatever
    /// the content of the request is. What is no call and is taken by a GRPCRoute gets 503, which is `UNAVAILABLE` in HTTP
    /// (gRPC, "HTTP to gRPC Status Code Mapping").
    pub(in crate::proxy) fn error(self, target: Option<&Target>, why: Why) -> LocalAnswer {
        let by_grpc = target.map(|target| target.rule().route().kind == RouteKind::Grpc);
        let grpc = match by_grpc {
            _ if !self.calls => None,
            Some(true) => Some(GrpcStatus::Unavailable),
            None if self.grpc_routes => Some(GrpcStatus::Unimplemented),
            Some(false) | None => None,
        };
        let no_endpoints = target.and_then(|target| target.rule().no_endpoints());
        let status = match (grpc, why.status(no_endpoints)) {
            (Some(_), _) => StatusCode::OK,
            (None, StatusCode::INTERNAL_SERVER_ERROR) if by_grpc == Some(true) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            (None, status) => status,
        };
        LocalAnswer {
            target: target.cloned(),
            failed: None,
            redirecting: None,
            status,
            grpc,
            headers: grpc.map(GrpcStatus::headers).unwrap_or_default(),
            mirrors: Vec::new(),
            why,
        }
    }
}

impl fmt::Display for LocalAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl std::error::Error for LocalAnswer {}

impl LocalAnswer {
    /// An answer in the form of HTTP for everyone, since it concerns HTTP itself, before it matters what is spoken over it: a
    /// request that names no host as HTTP demands, or that belongs to another connection.
    pub(in crate::proxy) fn of_http(why: Why) -> Self {
        Self {
            target: None,
            failed: None,
            redirecting: None,
            status: why.status(None),
            grpc: None,
            headers: HeaderMap::new(),
            mirrors: Vec::new(),
            why,
        }
    }
}
