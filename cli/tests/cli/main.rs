//! The command as people and programs meet it.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod about_nothing;
mod announcement;
mod assume_present;
mod bounds;
mod causes;
mod choices;
mod common_mistakes;
mod conformance;
mod convert;
mod docs;
mod failing;
mod gitops;
mod help;
mod hidden;
mod ignored;
mod input;
mod lost_in_part;
mod near_hosts;
mod near_paths;
mod no_objects;
mod not_implemented;
mod nothing_silent;
mod one_story;
mod pipelines;
mod placeholders;
mod release;
mod reports;
mod request;
mod request_rejected;
mod request_sessions;
mod request_tls;
mod rules;
mod serve;
mod serve_law;
mod status;
mod status_effect;
mod status_json;
mod status_law;
mod support;
mod texts;
mod unplaced;
mod upgrade_check;
mod validate;
