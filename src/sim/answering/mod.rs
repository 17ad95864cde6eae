//! What answers a request: found once, then drawn as often as one likes.

pub(super) mod asked;
pub(super) mod end;
pub(super) mod http;
pub(super) mod stream;
