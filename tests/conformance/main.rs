//! The conformance kit: whom it passes, and which faults it finds.
#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests say what went wrong by panicking"
)]

mod drawing;
mod faults;
mod found;
mod plain;
mod profiles;
mod report_forms;
mod reports;
mod scenarios;
mod slow;
mod spellings;
mod upstream;
