//! Backends of routes: what they are, who uses them, and the policies that are for them.

mod found;
mod key;
pub(super) mod policy;
pub(super) mod policy_status;
mod service;
pub(super) mod usage;

pub(super) use key::BackendKey;
#[cfg(test)]
pub(crate) use service::PORTS_LOOKED_AT;
pub(super) use service::{BackendState, Carrier, PortState, examine, port};
