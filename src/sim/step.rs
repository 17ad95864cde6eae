//! What a data plane does before and between the visits of endpoints.

use super::{ListenerName, Visit};
use crate::{
    meta::ObjectRef,
    proxy::{CompiledRule, Why},
};
use http::StatusCode;

/// What a data plane does before and between the visits of endpoints, in the order in which it is done.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SimulatedStep<'s> {
    /// The client begins with TLS.
    Hello {
        /// The server name that it sends (SNI).
        server_name: Option<&'s str>,
    },
    /// A listener of a Gateway takes what comes.
    Listener(&'s ListenerName),
    /// A Service is asked.
    Service {
        /// The Service.
        service: &'s ObjectRef,
        /// Its port.
        port: u16,
    },
    /// A rule of a route takes what comes.
    Rule {
        /// The rule.
        rule: &'s CompiledRule,
        /// The match; none where rules have no matches.
        match_index: Option<usize>,
    },
    /// An endpoint is chosen, or is that of the client's session.
    Chosen(&'s Visit<'s>),
    /// The data plane answers by itself.
    Answered {
        /// The status code.
        status: StatusCode,
        /// Why.
        why: &'s Why,
    },
}
