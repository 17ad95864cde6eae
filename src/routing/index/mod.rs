//! The compiled table of one hostname: where the entries are that may answer a request.

mod by_condition;
pub(super) mod by_path;
#[cfg(test)]
mod cost;
pub(super) mod hashed;
pub(super) mod hit;
pub(super) mod parameters;
mod pattern_set;
pub(super) mod prepared;
mod screen;
pub(super) mod stored;
#[cfg(test)]
mod work;
