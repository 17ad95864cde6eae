//! The entries that share a hostname and a path match, by what else they ask for: method, headers, query parameters.

mod below;
mod by_name;
mod by_part;
pub(super) mod candidates;
pub(super) mod depth;
mod divide;
pub(super) mod entries;
mod list;
mod part;
mod ranked;
