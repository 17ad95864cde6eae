//! Route sets and requests out of a stream of choices, and the laws that every one of them must keep. Shared by
//! the tests, the long differential run and the fuzz targets.
#![allow(
    dead_code,
    unused_imports,
    reason = "each of those who share it uses its own part"
)]

pub mod build;
mod choices;
mod crowd;
mod json;
mod laws;
mod requests;
mod routes;

use std::sync::Arc;

use gwapi::routing::Entry;

pub use choices::{Bytes, Choices, Random};
pub use json::to_json;
pub use laws::{agree, check, oracle};
pub use requests::{Request, request};
pub use routes::{Style, options};

/// The payload says which match was found: route, rule, match.
pub type Payload = (usize, u32, u32);

/// A route: its key and its entries.
pub type Route = (Arc<str>, Vec<Entry<Payload>>);
