//! Why an attempt came to nothing.

use crate::certificate::ServerCertificateError;
use http::StatusCode;
use std::{fmt, sync::Arc};

/// Why an attempt came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The endpoint cannot be connected to. Nothing of the request was sent.
    Connect,
    /// TLS to the endpoint does not come about: it does not speak TLS, or wants something of the data plane that that does not
    /// have. Nothing of the request was sent.
    Tls,
    /// The endpoint cannot prove who it is ([`verify`](crate::attachment::effective::EffectiveBackendTls::verify)). Nothing of
    /// the request was sent.
    Certificate(Arc<ServerCertificateError>),
    /// The connection ended before the response began.
    Reset,
    /// What the endpoint sent is no response.
    Malformed,
    /// The endpoint sent this status as its answer, which is none: an interim one (RFC 9110, section 15.2), or 101 where the
    /// request did not ask for the protocol to which the endpoint switches (section 7.8).
    NoAnswer(StatusCode),
    /// The [limit](crate::proxy::Attempt::limit) of the attempt is over.
    Timeout,
}

impl Failure {
    /// Whether nothing of the request was sent, so that another endpoint can get it without harm.
    #[must_use]
    pub fn is_before_sending(&self) -> bool {
        match self {
            Self::Connect | Self::Tls | Self::Certificate(_) => true,
            Self::Reset | Self::Malformed | Self::NoAnswer(_) | Self::Timeout => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "cannot be connected to",
            Self::Tls => "cannot be reached over TLS",
            Self::Certificate(error) => return write!(f, "cannot prove who it is: {error}"),
            Self::Reset => "ended the connection before it sent a response",
            Self::Malformed => "sent something that is not a response",
            Self::NoAnswer(StatusCode::SWITCHING_PROTOCOLS) => {
                "answered 101 without switching to a protocol that the request asked for"
            }
            Self::NoAnswer(status) => {
                let status = status.as_u16();
                return write!(f, "sent the interim status {status} as its answer");
            }
            Self::Timeout => "took too long",
        })
    }
}
