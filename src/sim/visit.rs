//! Traffic at an endpoint of a backend, and what a data plane does before and between such visits.

use super::ListenerName;
use crate::{
    attachment::effective::{EffectiveBackendTls, Endpoint},
    meta::ObjectRef,
    proxy::{Attempt, CompiledRule, Connected, Mirrored, Why},
};
use http::{StatusCode, request};
use std::time::Duration;

/// Traffic at an endpoint of a backend.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Visit<'v> {
    /// The backend, mostly a Service.
    pub backend: &'v ObjectRef,
    /// The endpoint; none if a chooser named one that is not there.
    pub endpoint: Option<Endpoint<'v>>,
    /// What comes.
    pub traffic: VisitTraffic<'v>,
    /// The TLS with which the data plane begins, where a BackendTLSPolicy asks for it.
    pub tls: Option<&'v EffectiveBackendTls>,
    /// Whether it is the endpoint of the session that the request belongs to: nothing was chosen.
    pub by_session: bool,
    /// How long the backend may take; no limit without one (HTTPRoute `spec.rules[].timeouts`).
    pub limit: Option<Duration>,
}

/// What comes to an endpoint.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum VisitTraffic<'v> {
    /// A request.
    Request(&'v request::Parts),
    /// A request inside the TLS of the client, which ends at the endpoint.
    Sealed(&'v request::Parts),
    /// A copy of a request, for a mirror: what is answered is thrown away.
    Copy(&'v request::Parts),
    /// A connection of which no more is known.
    Connection,
    /// A datagram.
    Datagram,
}

impl<'v> Visit<'v> {
    /// The request, or its copy; none where what comes is none.
    #[must_use]
    pub fn request(&self) -> Option<&'v request::Parts> {
        match self.traffic {
            VisitTraffic::Request(head) | VisitTraffic::Sealed(head) | VisitTraffic::Copy(head) => {
                Some(head)
            }
            VisitTraffic::Connection | VisitTraffic::Datagram => None,
        }
    }

    /// The address of the endpoint.
    #[must_use]
    pub fn address(&self) -> Option<&'v str> {
        self.endpoint.map(|endpoint| endpoint.address)
    }

    /// Whether what comes is a request that an endpoint which speaks TLS alone cannot read.
    pub(super) fn is_cleartext(&self) -> bool {
        match self.traffic {
            VisitTraffic::Request(_) | VisitTraffic::Copy(_) => self.tls.is_none(),
            VisitTraffic::Sealed(_) | VisitTraffic::Connection | VisitTraffic::Datagram => false,
        }
    }

    /// A request in an attempt.
    pub(super) fn of_attempt(attempt: &'v Attempt, head: &'v request::Parts) -> Self {
        Self {
            backend: attempt.backend.reference(),
            endpoint: attempt.endpoint.get(),
            traffic: VisitTraffic::Request(head),
            tls: attempt.tls().map(|tls| &**tls),
            by_session: attempt.by_session,
            limit: attempt.limit,
        }
    }

    /// A copy of a request.
    pub(super) fn of_copy(copy: &'v Mirrored) -> Self {
        Self {
            backend: copy.backend.reference(),
            endpoint: copy.endpoint.get(),
            traffic: VisitTraffic::Copy(&copy.request),
            tls: copy.endpoint.port().tls.as_deref(),
            by_session: false,
            limit: None,
        }
    }

    /// What is passed on as it is.
    pub(super) fn of_stream(connected: &'v Connected, traffic: VisitTraffic<'v>) -> Self {
        Self {
            backend: connected.backend.reference(),
            endpoint: connected.endpoint.get(),
            traffic,
            tls: connected.tls().map(|tls| &**tls),
            by_session: false,
            limit: None,
        }
    }

    /// What comes to an endpoint by the endpoint's own address.
    pub(super) fn at_address(
        backend: &'v ObjectRef,
        endpoint: Endpoint<'v>,
        traffic: VisitTraffic<'v>,
    ) -> Self {
        Self {
            backend,
            endpoint: Some(endpoint),
            traffic,
            tls: None,
            by_session: false,
            limit: None,
        }
    }
}

/// What a data plane does before and between the visits of endpoints, in the order in which it is done.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SimulatedStep<'s> {
    /// The client begins with TLS.
    Hello {
        /// The server name that it sends (SNI).
        server_name: Option<&'s str>,
    },
    /// A listener of a Gateway takes what comes.
    Listener(&'s ListenerName),
    /// A Service is asked.
    Service {
        /// The Service.
        service: &'s ObjectRef,
        /// Its port.
        port: u16,
    },
    /// A rule of a route takes what comes.
    Rule {
        /// The rule.
        rule: &'s CompiledRule,
        /// The match; none where rules have no matches.
        match_index: Option<usize>,
    },
    /// An endpoint is chosen, or is that of the client's session.
    Chosen(&'s Visit<'s>),
    /// The data plane answers by itself.
    Answered {
        /// The status code.
        status: StatusCode,
        /// Why.
        why: &'s Why,
    },
}
