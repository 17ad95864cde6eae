//! What answers a request: found once, then drawn as often as one likes.

pub(super) mod asked;
pub(super) mod end;
pub(super) mod http;
mod sent;
pub(super) mod stream;
