//! The compiled table of one hostname: where the entries are that may answer a request.

mod by_name;
mod by_part;
pub(super) mod candidates;
#[cfg(test)]
mod cost;
mod grpc;
pub(super) mod hashing;
mod list;
pub(super) mod parameters;
mod part;
pub(super) mod paths;
mod pattern_set;
mod patterns;
pub(super) mod prepared;
mod ranked;
mod screen;
pub(super) mod stored;
pub(super) mod table;
mod texts;
#[cfg(test)]
mod work;
