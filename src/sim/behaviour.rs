//! What a backend answers, and what it does in TLS.

use crate::{certificate::CertificateChain, meta::Duration};
use http::{HeaderMap, StatusCode};

/// What a backend answers, and when.
#[derive(Clone, Debug)]
pub struct BackendBehaviour {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// How long it takes. Nobody waits: it is compared with the rule's timeouts.
    pub delay: Duration,
    /// What it does in TLS, before it gets a request, where a BackendTLSPolicy asks for TLS. Read where it is that of a
    /// [request](crate::sim::Request::backend); Services with a behaviour of their own are in [`Request::backend_tls`](crate::sim::Request::backend_tls).
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
