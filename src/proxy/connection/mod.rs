//! What a client connects to, a port of a Gateway or of a Service, and what its connection is: HTTP or a stream of bytes.

pub(super) mod accept;
pub(super) mod bind;
pub(super) mod handshake;
pub(super) mod http_session;
pub(super) mod in_force;
pub(super) mod mesh;
pub(super) mod stream;
pub(super) mod way;
