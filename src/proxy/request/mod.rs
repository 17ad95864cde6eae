//! A request that a rule takes: filters, backend, endpoint and session, up to the response that the client gets.

pub(super) mod answer;
pub(super) mod attempt;
pub(super) mod choose;
mod course;
pub(super) mod exchange;
pub(super) mod filtering;
pub(super) mod outgoing;
pub(super) mod protocol;
pub(super) mod session;
