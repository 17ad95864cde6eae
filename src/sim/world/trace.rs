//! What happened in a world.

use crate::{
    meta::ObjectRef,
    proxy::Failure,
    sim::{Outcome, SessionStanding, SimulatedStep, Visit, VisitTraffic},
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
    /// The client began with TLS.
    Hello {
        /// The server name that it sent.
        server_name: Option<String>,
    },
    /// A listener of a Gateway took what the client sent.
    Accepted {
        /// The Gateway.
        gateway: ObjectRef,
        /// The name of the listener.
        listener: String,
    },
    /// A Service was asked.
    Asked {
        /// The Service.
        service: ObjectRef,
        /// Its port.
        port: u16,
    },
    /// A rule of a route took what the client sent.
    Matched {
        /// The route.
        route: ObjectRef,
        /// The place of the rule.
        rule: usize,
        /// The place of the match; none where rules have no matches.
        match_index: Option<usize>,
    },
    /// An endpoint was chosen.
    Chosen {
        /// The backend.
        backend: ObjectRef,
        /// The address of the endpoint.
        endpoint: Option<String>,
        /// Whether nothing was chosen, since it is that of the client's session.
        by_session: bool,
    },
    /// A request, a connection or a datagram reached an endpoint of a backend, or did not.
    Reached {
        /// The backend.
        backend: ObjectRef,
        /// The address of the endpoint.
        endpoint: Option<String>,
        /// The status of the response, none for what is no request, or why the endpoint did not answer.
        reply: Result<Option<StatusCode>, Failure>,
    },
    /// A copy of a request reached a mirror, or did not.
    Copied {
        /// The backend.
        backend: ObjectRef,
        /// The address of its endpoint.
        endpoint: Option<String>,
        /// The status of the response, which is thrown away, or why there is none.
        reply: Result<StatusCode, Failure>,
    },
    /// The data plane answered by itself.
    Answered {
        /// The status code.
        status: StatusCode,
        /// Why, for those who operate the system.
        why: String,
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

impl Event {
    /// What came to an endpoint, and what came of it.
    pub(super) fn of_visit(visit: &Visit<'_>, reply: Result<StatusCode, Failure>) -> Self {
        let backend = visit.backend.clone();
        let endpoint = visit.address().map(str::to_owned);
        if let VisitTraffic::Copy(_) = visit.traffic {
            return Self::Copied {
                backend,
                endpoint,
                reply,
            };
        }
        Self::Reached {
            backend,
            endpoint,
            reply: reply.map(|status| visit.request().map(|_| status)),
        }
    }

    /// What the data plane did.
    pub(super) fn of_step(step: &SimulatedStep<'_>) -> Option<Self> {
        Some(match *step {
            SimulatedStep::Hello { server_name } => Self::Hello {
                server_name: server_name.map(str::to_owned),
            },
            SimulatedStep::Listener(listener) => Self::Accepted {
                gateway: listener.gateway.clone(),
                listener: listener.name.clone(),
            },
            SimulatedStep::Service { service, port } => Self::Asked {
                service: service.clone(),
                port,
            },
            SimulatedStep::Rule { rule, match_index } => Self::Matched {
                route: rule.route().reference(),
                rule: rule.index(),
                match_index,
            },
            SimulatedStep::Chosen(visit) => Self::Chosen {
                backend: visit.backend.clone(),
                endpoint: visit.address().map(str::to_owned),
                by_session: visit.by_session,
            },
            SimulatedStep::Answered { status, why } => Self::Answered {
                status,
                why: why.to_string(),
            },
        })
    }
}

/// A backend, and where its endpoint is.
fn place(f: &mut fmt::Formatter<'_>, backend: &ObjectRef, endpoint: Option<&str>) -> fmt::Result {
    match endpoint {
        Some(endpoint) => write!(f, "{backend} at {endpoint}"),
        None => write!(f, "{backend}"),
    }
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
            Self::Hello {
                server_name: Some(name),
            } => write!(f, "the client begins with TLS for `{name}`"),
            Self::Hello { server_name: None } => {
                f.write_str("the client begins with TLS and sends no server name")
            }
            Self::Accepted { gateway, listener } => {
                write!(f, "listener `{listener}` of {gateway} takes it")
            }
            Self::Asked { service, port } => write!(f, "{service} is asked at port {port}"),
            Self::Matched {
                route,
                rule,
                match_index,
            } => {
                write!(f, "{route}, rule {rule}")?;
                if let Some(index) = match_index {
                    write!(f, ", match {index}")?;
                }
                f.write_str(" takes it")
            }
            Self::Chosen {
                backend,
                endpoint,
                by_session,
            } => {
                place(f, backend, endpoint.as_deref())?;
                f.write_str(match by_session {
                    true => " is that of the client's session",
                    false => " is chosen",
                })
            }
            Self::Reached {
                backend,
                endpoint,
                reply,
            } => {
                place(f, backend, endpoint.as_deref())?;
                match reply {
                    Ok(Some(status)) => write!(f, " answers {}", status.as_u16()),
                    Ok(None) => f.write_str(" takes it"),
                    Err(failure) => write!(f, " {failure}"),
                }
            }
            Self::Copied {
                backend,
                endpoint,
                reply,
            } => {
                f.write_str("mirror ")?;
                place(f, backend, endpoint.as_deref())?;
                match reply {
                    Ok(_) => f.write_str(" gets a copy"),
                    Err(failure) => write!(f, " {failure}"),
                }
            }
            Self::Answered { status, why } => {
                write!(f, "the data plane answers {}: {why}", status.as_u16())
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
