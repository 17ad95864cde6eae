//! What is read of a message of HTTP before anything is decided: the host that it names, and whether it is a call of gRPC.

pub(super) mod grpc;
pub(super) mod host;
pub(super) mod scheme;
