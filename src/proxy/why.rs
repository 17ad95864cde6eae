//! Why a data plane answers a request by itself.

use super::{BadHost, Failure, ListenerKey};
use crate::certificate::ClientCertificateError;
use crate::{
    attachment::effective::{BackendProblem, NO_BACKEND, NO_WEIGHT, RuleProblem},
    backend::{DrawError, WeightedChoiceError},
    filters::ApplyError,
    meta::{NoEndpoints, ObjectRef},
};
use http::{HeaderValue, StatusCode};
use std::{fmt, sync::Arc, time::Duration};

/// Why a data plane answers a request by itself.
///
/// A value to compare and to count by. [`Display`](fmt::Display) makes a sentence of it for those who operate the system; it
/// names objects of the cluster, so that no client may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The request names no host as HTTP demands (RFC 9112, section 3.2).
    Host(BadHost),
    /// The request asks for a tunnel (`CONNECT`; RFC 9110, section 9.3.6), which a proxy makes that its client has chosen, and a
    /// Gateway or a Service is none.
    Tunnel,
    /// No rule matches the request.
    NoRule,
    /// The rule is not in force as it was written.
    Rule(Arc<RuleProblem>),
    /// The weights of the rule are none.
    Weights(WeightedChoiceError),
    /// The rule has no backend.
    NoBackend,
    /// All weights of the rule are 0.
    NoWeight,
    /// The backend is not valid.
    Backend(Arc<BackendProblem>),
    /// The backend has no endpoint that is ready.
    NoEndpoint(Arc<ObjectRef>),
    /// A filter cannot be applied to the request.
    Filter(ApplyError),
    /// A filter cannot be applied to the response.
    Response(ApplyError),
    /// A filter redirects the client.
    Redirect {
        /// Whether the filter is one of a single backend, and not of the rule.
        of_backend: bool,
        /// Where the client is sent.
        location: HeaderValue,
    },
    /// No listener of the port is for the server name, or the client sends none.
    NoServerName,
    /// The host belongs to another listener of the port, which the client has to reach by a connection of its own.
    Misdirected(Arc<ListenerKey>),
    /// The host belongs to a listener that demands certificates of its clients and that is not in force.
    Withheld(Arc<ListenerKey>),
    /// The connection was made in an earlier configuration. In that of today its listener is gone, speaks otherwise, serves
    /// other hosts, or demands something else of clients in TLS.
    Drained,
    /// The listener demands a certificate of its clients, and the client has none.
    NoClientCertificate,
    /// The certificate of the client is not valid.
    ClientCertificate(Arc<ClientCertificateError>),
    /// An attempt at an endpoint came to nothing.
    Failed {
        /// How.
        failure: Failure,
        /// The backend.
        backend: Arc<ObjectRef>,
    },
    /// A limit of the rule is over.
    Timeout {
        /// The limit.
        limit: Duration,
    },
    /// A draw is not below what it was to be below.
    Draw(DrawError),
}

impl Why {
    /// The status code for it over HTTP, as the specification of an HTTPRoute has it: 500 for what is wrong with a rule or
    /// its backends. A redirect has its own. `no_endpoints` is what the rule answers where no endpoint is ready.
    pub(in crate::proxy) fn status(&self, no_endpoints: Option<NoEndpoints>) -> StatusCode {
        match self {
            Self::Host(_) => StatusCode::BAD_REQUEST,
            Self::Tunnel => StatusCode::NOT_IMPLEMENTED,
            Self::NoRule => StatusCode::NOT_FOUND,
            Self::NoEndpoint(_) => match no_endpoints {
                Some(NoEndpoints::ServiceUnavailable) => StatusCode::SERVICE_UNAVAILABLE,
                Some(NoEndpoints::InternalServerError) | None => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Failed {
                failure: Failure::Connect,
                ..
            } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed {
                failure: Failure::Timeout,
                ..
            }
            | Self::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Failed { .. } | Self::Response(_) => StatusCode::BAD_GATEWAY,
            Self::NoServerName | Self::Misdirected(_) | Self::Withheld(_) | Self::Drained => {
                StatusCode::MISDIRECTED_REQUEST
            }
            Self::NoClientCertificate => StatusCode::FORBIDDEN,
            Self::ClientCertificate(_) => StatusCode::FORBIDDEN,
            Self::Filter(error) => error.status(),
            Self::Rule(_)
            | Self::Weights(_)
            | Self::NoBackend
            | Self::NoWeight
            | Self::Backend(_)
            | Self::Draw(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Redirect { .. } => StatusCode::FOUND,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(error) => error.fmt(f),
            Self::Tunnel => {
                f.write_str("`CONNECT` asks for a tunnel, and the data plane makes none")
            }
            Self::NoRule => f.write_str("no rule matches the request"),
            Self::Rule(problem) => problem.fmt(f),
            Self::Weights(error) => error.fmt(f),
            Self::NoBackend => f.write_str(NO_BACKEND),
            Self::NoWeight => f.write_str(NO_WEIGHT),
            Self::Backend(problem) => problem.fmt(f),
            Self::NoEndpoint(backend) => {
                write!(f, "{backend} has no endpoint that is ready at the port")
            }
            Self::Filter(error) => error.fmt(f),
            Self::Response(error) => write!(f, "the response cannot be changed: {error}"),
            Self::Redirect {
                of_backend,
                location,
            } => {
                let who = if *of_backend {
                    "filter of the backend"
                } else {
                    "rule"
                };
                let location = String::from_utf8_lossy(location.as_bytes());
                write!(f, "the {who} redirects to {location}")
            }
            Self::NoServerName => {
                f.write_str("no listener of the port is for the server name of the client")
            }
            Self::Misdirected(listener) => write!(
                f,
                "the host belongs to {listener}, and the connection was made to another listener"
            ),
            Self::Withheld(listener) => write!(
                f,
                "the host belongs to {listener}, which demands certificates of its clients and is not in force"
            ),
            Self::Drained => f.write_str(
                "the connection was made before its listener was changed or removed, and ends with it",
            ),
            Self::NoClientCertificate => {
                f.write_str("the listener demands a certificate of its clients, and there is none")
            }
            Self::ClientCertificate(error) => error.fmt(f),
            Self::Failed { failure, backend } => write!(f, "{backend} {failure}"),
            Self::Timeout { limit } => write!(f, "there is no response within {limit:?}"),
            Self::Draw(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Why {}

impl From<DrawError> for Why {
    fn from(error: DrawError) -> Self {
        Self::Draw(error)
    }
}

impl From<ApplyError> for Why {
    fn from(error: ApplyError) -> Self {
        Self::Filter(error)
    }
}
