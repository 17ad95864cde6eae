//! What a snapshot holds: objects, and what is read off them alone.

pub(super) mod grants;
pub(super) mod object;
pub(super) mod route_id;
pub(super) mod selector;
pub(super) mod snapshot;
