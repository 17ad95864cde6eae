//! What backends do with the requests that they get.

use super::moment::Moment;
use crate::{
    attachment::effective::EffectiveBackendTls,
    certificate::CertificateChain,
    meta::Duration,
    proxy::{Attempt, Backend, ChosenEndpoint, Failure},
};
use http::{HeaderMap, StatusCode, request};

/// What backends do with the requests that they get; a closure is one, of which it is not known what it does in TLS.
pub trait Backends {
    /// What the endpoint of an attempt does with this request.
    ///
    /// # Errors
    ///
    /// Why there is no response: then the data plane tries another endpoint, or answers by itself.
    fn reply(
        &mut self,
        attempt: &Attempt,
        request: &request::Parts,
    ) -> Result<BackendBehaviour, Failure>;

    /// What an endpoint of a backend does in TLS.
    fn tls(&mut self, _backend: &Backend, _endpoint: &ChosenEndpoint) -> EndpointTls {
        EndpointTls::Assumed
    }

    /// Hears that the endpoint of an attempt got no request, since TLS did not come about as it was to.
    fn not_reached(&mut self, _attempt: &Attempt, _failure: &Failure) {}
}

/// What a backend answers, and when.
#[derive(Clone, Debug)]
pub struct BackendBehaviour {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// How long it takes. Nobody waits: it is compared with the rule's timeouts.
    pub delay: Duration,
    /// What it does in TLS, before it gets a request.
    pub tls: EndpointTls,
}

impl Default for BackendBehaviour {
    fn default() -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            delay: Duration::ZERO,
            tls: EndpointTls::Assumed,
        }
    }
}

/// What an endpoint does in TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EndpointTls {
    /// It is assumed that it does what the data plane expects of it.
    #[default]
    Assumed,
    /// It speaks no TLS.
    Cleartext,
    /// It speaks TLS alone, and shows these certificates.
    Shows(CertificateChain),
}

impl EndpointTls {
    /// Whether TLS comes about, if the data plane begins with it as a policy asks. Returns whether anything was verified.
    pub(super) fn handshake(
        &self,
        asked: &EffectiveBackendTls,
        moment: &Moment,
    ) -> Result<bool, Failure> {
        match self {
            Self::Assumed => Ok(false),
            Self::Cleartext => Err(Failure::Tls),
            Self::Shows(chain) => asked
                .verify(chain, &moment.system, moment.timestamp())
                .map(|()| true)
                .map_err(|error| Failure::Certificate(error.into())),
        }
    }

    /// Whether an endpoint takes a request as it comes, over TLS if a policy asks for it. Returns whether anything was verified.
    pub(super) fn takes_request(
        &self,
        asked: Option<&EffectiveBackendTls>,
        moment: &Moment,
    ) -> Result<bool, Failure> {
        match (asked, self) {
            (Some(asked), _) => self.handshake(asked, moment),
            // What it sends is an alert of TLS.
            (None, Self::Shows(_)) => Err(Failure::Malformed),
            (None, Self::Assumed | Self::Cleartext) => Ok(false),
        }
    }
}

impl<F> Backends for F
where
    F: FnMut(&Attempt, &request::Parts) -> Result<BackendBehaviour, Failure>,
{
    fn reply(
        &mut self,
        attempt: &Attempt,
        request: &request::Parts,
    ) -> Result<BackendBehaviour, Failure> {
        self(attempt, request)
    }
}

/// Backends that all do the same.
pub(super) struct AllAlike<'b>(pub(super) &'b BackendBehaviour);

impl Backends for AllAlike<'_> {
    fn reply(&mut self, _: &Attempt, _: &request::Parts) -> Result<BackendBehaviour, Failure> {
        Ok(self.0.clone())
    }

    fn tls(&mut self, _: &Backend, _: &ChosenEndpoint) -> EndpointTls {
        self.0.tls.clone()
    }
}
