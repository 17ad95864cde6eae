//! Why a data plane answers a request by itself.

use super::{DrawError, host::BadHost};
use crate::{
    attachment::effective::{BackendProblem, RuleProblem},
    backend::WeightedChoiceError,
    filters::ApplyError,
    meta::ObjectRef,
};
use http::{HeaderValue, StatusCode};
use std::{fmt, sync::Arc};

/// Why a data plane answers a request by itself.
///
/// A value to compare and to count by. [`Display`](fmt::Display) makes a sentence of it for those who operate the system; it
/// names objects of the cluster, so that no client may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The request names no host as HTTP demands (RFC 9112, section 3.2).
    Host(BadHost),
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
    /// A filter redirects the client.
    Redirect {
        /// Whether the filter is one of a single backend, and not of the rule.
        of_backend: bool,
        /// Where the client is sent.
        location: HeaderValue,
    },
    /// A draw is not below what it was to be below.
    Draw(DrawError),
}

impl Why {
    /// The status code for it over HTTP, as the specification of an HTTPRoute has it: 500 for what is wrong with a rule or
    /// its backends, 503 where no endpoint is ready. A redirect has its own.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Host(_) => StatusCode::BAD_REQUEST,
            Self::NoRule => StatusCode::NOT_FOUND,
            Self::NoEndpoint(_) => StatusCode::SERVICE_UNAVAILABLE,
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
            Self::NoRule => f.write_str("no rule matches the request"),
            Self::Rule(problem) => problem.fmt(f),
            Self::Weights(error) => error.fmt(f),
            Self::NoBackend => f.write_str("the rule has no backend"),
            Self::NoWeight => f.write_str("all weights of the rule are 0"),
            Self::Backend(problem) => problem.fmt(f),
            Self::NoEndpoint(backend) => write!(f, "{backend} has no endpoint that is ready"),
            Self::Filter(error) => error.fmt(f),
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
            Self::Draw(error) => error.fmt(f),
        }
    }
}

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
