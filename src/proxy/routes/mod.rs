//! The routes of a listener, or of a port of a Service, compiled: entries, rules, backends and their endpoints.

pub(super) mod attached;
pub(super) mod endpoints;
pub(super) mod rule;
pub(super) mod table;
