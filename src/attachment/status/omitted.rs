//! What of a wanted status is not written.

use crate::v1::{GatewayStatusAddress, ParentReference};

/// What of a wanted status is not written, for want of room or since a server would refuse the status with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Omitted {
    /// The whole entry for a parent of a route, or for an ancestor of a policy.
    Entry(ParentReference),
    /// An address of a Gateway: one of too many, or one that the schema of the kind does not allow.
    Address(GatewayStatusAddress),
    /// Some conditions of a list.
    Conditions {
        /// Whose conditions they are.
        at: StatusPart,
        /// Their types, in their order.
        types: Vec<String>,
    },
}

/// A part of a status that has conditions of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusPart {
    /// The object as a whole: a GatewayClass or a Gateway.
    Object,
    /// A listener of a Gateway, by its name.
    Listener(String),
    /// The entry for a parent of a route, or for an ancestor of a policy.
    Entry(ParentReference),
}
