//! The routing engine from outside: precedence, agreement with the oracle, updates, explanations.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes,
    reason = "the support module is shared"
)]

#[path = "../support/routing/mod.rs"]
mod cases;

#[path = "../support/routing/build.rs"]
mod build;

mod differential;
mod explain;
mod precedence;
mod precedence_grpc;
mod requests;
