//! What must hold of a whole set of objects: statuses, lint and the answers to requests tell one story.
#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod law;
mod requests;
mod sessions;
mod world;

#[path = "../support/random.rs"]
#[allow(dead_code, reason = "this program needs a part of it")]
mod random;

#[path = "../support/session_law.rs"]
mod session_law;
