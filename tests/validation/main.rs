//! Validation from outside: the fixtures, CEL against the native rules, hostile input.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

#[path = "../support/mod.rs"]
mod support;

mod cel;
mod filters;
mod fixtures;
mod hostile;
mod marks;
mod releases;
mod upgrade_law;
