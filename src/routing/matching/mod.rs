//! What entries ask of a request, and which of them takes precedence.

pub(super) mod covers;
pub(super) mod matches;
pub(super) mod precedence;
pub(super) mod rank;
