//! What happened in a world.

use crate::{
    meta::ObjectRef,
    proxy::Failure,
    sim::{Outcome, SessionStanding},
};
use http::{Method, StatusCode, Uri};
use k8s_openapi::jiff::Timestamp;
use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// One step of a world, shown as a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceStep {
    /// When it was.
    pub at: SystemTime,
    /// What it was.
    pub event: Event,
}

/// What can happen in a world.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An object was put in its place.
    Applied(ObjectRef),
    /// An object was taken away.
    Deleted(ObjectRef),
    /// Time passed.
    Passed(Duration),
    /// A client sent a request.
    Sent {
        /// The client.
        client: String,
        /// The method.
        method: Method,
        /// What it asked for.
        url: Uri,
    },
    /// A request reached an endpoint of a backend.
    Reached {
        /// The backend.
        backend: ObjectRef,
        /// The address of the endpoint.
        endpoint: Option<String>,
        /// The status of the response, or why there is none.
        reply: Result<StatusCode, Failure>,
    },
    /// A mirror got a copy of the request.
    Copied {
        /// The backend.
        backend: ObjectRef,
        /// The address of its endpoint.
        endpoint: String,
    },
    /// A client got its answer.
    Got {
        /// The client.
        client: String,
        /// How the request ended.
        outcome: Outcome,
        /// The status code; none where no HTTP was spoken.
        status: Option<u16>,
        /// How it stands with the client's session, where the rule keeps sessions.
        session: Option<SessionStanding>,
        /// For a request that reached no backend, the way that it took and why it ended; else what the client did not take of
        /// the answer.
        why: Vec<String>,
    },
}

impl fmt::Display for TraceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::try_from(self.at) {
            Ok(at) => write!(f, "{at} {}", self.event),
            Err(_) => self.event.fmt(f),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Applied(object) => write!(f, "{object} is applied"),
            Self::Deleted(object) => write!(f, "{object} is deleted"),
            Self::Passed(time) => write!(f, "{time:?} pass"),
            Self::Sent {
                client,
                method,
                url,
            } => write!(f, "{client} sends {method} {url}"),
            Self::Reached {
                backend,
                endpoint,
                reply,
            } => {
                write!(f, "{backend}")?;
                if let Some(endpoint) = endpoint {
                    write!(f, " at {endpoint}")?;
                }
                match reply {
                    Ok(status) => write!(f, " answers {}", status.as_u16()),
                    Err(failure) => write!(f, " {failure}"),
                }
            }
            Self::Copied { backend, endpoint } => {
                write!(f, "{backend} at {endpoint} gets a copy")
            }
            Self::Got {
                client,
                outcome,
                status,
                session,
                why,
            } => {
                let ended = match outcome {
                    Outcome::Forwarded => "gets the response of the backend",
                    Outcome::Redirected => "is redirected",
                    Outcome::Answered => "gets an answer of the data plane",
                    Outcome::Refused => "is refused",
                };
                write!(f, "{client} {ended}")?;
                if let Some(status) = status {
                    write!(f, ", {status}")?;
                }
                match session {
                    Some(SessionStanding::New) => f.write_str(", with a new session")?,
                    Some(SessionStanding::Established) => f.write_str(", in its session")?,
                    Some(SessionStanding::Moved) => f.write_str(", in a session that moved")?,
                    _ => {}
                }
                match why.is_empty() {
                    true => Ok(()),
                    false => write!(f, ": {}", why.join("; ")),
                }
            }
        }
    }
}
