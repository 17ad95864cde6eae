//! The routing engine from outside: precedence, agreement with the oracle, updates, explanations.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "../support/mod.rs"]
mod support;

mod case;
mod differential;
mod explain;
mod fixtures;
mod headers;
mod precedence;
mod precedence_grpc;
mod requests;
