//! Why an attempt came to nothing.

use std::fmt;

/// Why an attempt came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The endpoint cannot be connected to. Nothing of the request was sent.
    Connect,
    /// TLS to the endpoint does not come about: it cannot prove who it is, or wants something of the data plane that that
    /// does not have. Nothing of the request was sent.
    Tls,
    /// The connection ended before the response began.
    Reset,
    /// What the endpoint sent is no response.
    Malformed,
    /// The [limit](crate::proxy::Attempt::limit) of the attempt is over.
    Timeout,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "cannot be connected to",
            Self::Tls => "cannot be reached over TLS",
            Self::Reset => "ended the connection before it sent a response",
            Self::Malformed => "sent something that is not a response",
            Self::Timeout => "took too long",
        })
    }
}
