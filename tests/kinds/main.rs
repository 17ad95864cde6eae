//! Every kind in every version: what is read is written back, and nothing that is read can do harm.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

#[path = "../support/convert_law.rs"]
mod convert_law;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/whole_way.rs"]
mod whole_way;

mod convert;
mod corpus;
mod fixtures;
mod house;
mod kube;
mod law;
mod marks;
mod mutants;
mod streams;
mod tolerance;
mod upstream;
