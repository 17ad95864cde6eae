//! Backends of routes: what they are, and the policies that are for them.

mod found;
mod key;
pub(super) mod policy;
mod service;

pub(super) use key::BackendKey;
#[cfg(test)]
pub(crate) use service::ports_looked_at;
pub(super) use service::{BackendState, Carrier, examine, port};
