//! The compiled table of one hostname: where the entries are that may answer a request.

pub(super) mod candidates;
#[cfg(test)]
mod cost;
mod grpc;
pub(super) mod hashing;
mod part;
pub(super) mod paths;
mod pattern_set;
mod patterns;
mod ranked;
mod screen;
pub(super) mod stored;
pub(super) mod table;
mod texts;
#[cfg(test)]
mod work;
