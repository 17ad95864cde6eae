//! What is read of a request: host, path, query.

pub(super) mod call;
pub(super) mod headers;
pub(super) mod host;
pub(super) mod lines;
pub(super) mod path;
pub(super) mod query;
pub(super) mod view;
