//! What a snapshot holds: objects, and what is read off them alone.

pub(super) mod absent;
pub(super) mod certificates;
mod config_maps;
pub(super) mod forms;
pub(super) mod grants;
pub(super) mod installed;
pub(super) mod object;
pub(super) mod route_id;
pub(super) mod rule_label;
mod secrets;
pub(super) mod slice;
pub(super) mod stored;

pub(super) mod snapshot;

#[cfg(test)]
pub(super) use config_maps::BUNDLES_READ;
