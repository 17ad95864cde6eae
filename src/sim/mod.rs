//! The request pipeline driven in memory: no packets, a clock that stands until it is moved, no DNS.
//!
//! A [`Simulator`] holds an effective configuration and answers [`Request`]s as a data plane would that
//! follows the specification to the letter, and says why: which Service or listener was asked, which rule
//! won, what beat the others, what the filters changed, which backend was drawn.
//!
//! What the configuration does not say is assumed: backends answer at once with 200 unless the request says
//! otherwise ([`BackendBehaviour`]), and TLS sessions come about.

mod answer;
mod answering;
mod assumed;
mod backends;
mod behaviour;
#[cfg(feature = "sessions")]
mod client;
mod destination;
mod head;
mod idle;
mod moment;
mod random;
mod request;
mod session;
mod simulator;
mod split;
#[cfg(test)]
mod tests;
mod told;
mod visit;
#[cfg(feature = "world")]
pub mod world;

pub use answer::{
    Answer, AnswerTimeouts, AnswerTls, BackendName, EndpointName, Forwarded, ListenerName, Loser,
    Mirror, Outcome, Refusal, Response, RouteMatch,
};
pub use answering::http::GROUPS_NOT_FILLED_IN;
#[cfg(feature = "lint")]
pub(crate) use assumed::not_certified;
pub use backends::Backends;
pub use behaviour::{BackendBehaviour, EndpointTls};
#[cfg(feature = "sessions")]
pub use client::{ClientMemory, CookieFileError, CookieJar, RefusedCookie};
#[cfg(feature = "lint")]
pub(crate) use destination::listener_host;
pub(crate) use destination::{Unheard, service_called, speaks, understands, unheard};
pub(crate) use head::named_host;
pub(crate) use idle::{found as idle_listeners, found_elsewhere, not_serving};
pub use request::{Client, ClientError, Protocol, Request, RequestError};
pub use session::{SessionAnswer, SessionStanding};
pub use simulator::Simulator;
pub use split::{Repeated, Sent, Split, SplitRow};
pub use visit::{SimulatedStep, Visit, VisitTraffic};
