//! The proxy over real sockets, beside the simulator: the same objects and requests, compared field by field.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod backends;
mod certificates;
mod clients;
mod conformance;
mod drain;
mod fixtures;
mod mesh;
mod mirrors;
mod ports;
mod reload;
mod requests;
mod sessions;
mod streams;
mod tls;
mod ways;
mod world;
