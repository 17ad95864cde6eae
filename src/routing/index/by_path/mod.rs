//! The entries of one hostname by what they ask of the path.

mod grpc;
pub(in crate::routing) mod paths;
mod patterns;
