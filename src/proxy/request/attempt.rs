//! One attempt to have a request answered, and the copies of a request.

use super::{choose::ChosenEndpoint, protocol::EndpointProtocol};
use crate::{attachment::effective::EffectiveBackendTls, filters::tokens, proxy::Backend};
use http::{HeaderValue, request};
use std::{sync::Arc, time::Duration};

/// One attempt to have a request answered by an endpoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The backend.
    pub backend: Arc<Backend>,
    /// The place of the backend among those of the rule.
    pub backend_index: usize,
    /// The endpoint.
    pub endpoint: ChosenEndpoint,
    /// Whether it is the endpoint of the session that the request belongs to: nothing was chosen.
    pub by_session: bool,
    /// What is spoken to the endpoint.
    pub protocol: EndpointProtocol,
    /// The protocols to which the client asks to switch its connection, such as `websocket`, for the `Upgrade` header of the
    /// request to the endpoint, which `Connection` has to name (RFC 9110, section 7.8). The request itself has neither
    /// header any more.
    pub upgrade: Option<HeaderValue>,
    /// How long the endpoint may take for its whole response; no limit without one (HTTPRoute
    /// `spec.rules[].timeouts`).
    pub limit: Option<Duration>,
}

impl Attempt {
    /// Whether the request asks to switch to these protocols: a server must not switch to any other (RFC 9110, section 7.8). Nobody
    /// switches to more than a few, and of longer lists no more is compared.
    pub(super) fn asks_for(&self, protocols: &HeaderValue) -> bool {
        const MOST: usize = 8;
        let asked = self.upgrade.as_ref();
        let asked = asked.map(HeaderValue::as_bytes).unwrap_or_default();
        let mut switched = tokens(protocols.as_bytes());
        let is_asked = |to: &[u8]| {
            let mut asked = tokens(asked).take(MOST);
            asked.any(|asked| asked.eq_ignore_ascii_case(to))
        };
        let mut count = 0;
        let all = switched.by_ref().take(MOST).all(|to| {
            count += 1;
            is_asked(to)
        });
        all && count > 0 && switched.next().is_none()
    }

    /// TLS to the endpoint, if a BackendTLSPolicy asks for it.
    #[must_use]
    pub fn tls(&self) -> Option<&Arc<EffectiveBackendTls>> {
        self.endpoint.port().tls.as_ref()
    }
}

/// A copy of a request that goes to an endpoint of another backend, whose answer is thrown away.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Mirrored {
    /// The backend.
    pub backend: Arc<Backend>,
    /// The endpoint, one however many the backend has.
    pub endpoint: ChosenEndpoint,
    /// What is spoken to the endpoint.
    pub protocol: EndpointProtocol,
    /// The request as it is at the place of the mirror among the filters of its level. Filters of a backend change what is
    /// forwarded to that backend alone (HTTPRoute `spec.rules[].backendRefs[].filters`), so a mirror of the rule does not
    /// see them.
    pub request: request::Parts,
}
