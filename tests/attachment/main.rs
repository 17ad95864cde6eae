//! Statuses and the configuration in force.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod addresses;
mod changes;
mod controller;
mod expressions;
mod extensions;
mod features;
mod fixtures;
mod full_lists;
mod grants;
mod incremental;
mod isolation;
mod merging;
mod programmed;
mod references;
mod relisted;
mod replaced;
#[path = "../support/server.rs"]
mod server;
mod settling;
mod tables;
mod watched;
mod world;
mod writes;
