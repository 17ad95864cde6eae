//! Names of the parts of a data plane: to find them, to count by, to compare over changes.

use crate::meta::{NamespacedName, Transport};
use std::fmt;

/// A port of a Gateway: what a data plane listens on, at the Gateway's addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BindKey {
    /// The Gateway.
    pub gateway: NamespacedName,
    /// What carries the traffic: TCP and UDP share no port.
    pub transport: Transport,
    /// The port.
    pub port: u16,
}

/// A listener of a Gateway.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerKey {
    /// The Gateway.
    pub gateway: NamespacedName,
    /// The name of the listener.
    pub name: String,
}

impl fmt::Display for ListenerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listener `{}` of Gateway {}", self.name, self.gateway)
    }
}

/// A Service or ServiceImport that clients of a mesh ask.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceKey {
    /// Its namespace and name.
    pub name: NamespacedName,
    /// Whether it is a ServiceImport.
    pub import: bool,
}
