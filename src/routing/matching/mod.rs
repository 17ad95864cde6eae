//! What a request must match, and which of several matching entries takes precedence.

pub(super) mod covers;
pub(super) mod matches;
pub(super) mod precedence;
pub(super) mod rank;
