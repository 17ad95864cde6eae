//! Listeners that take no traffic.

use crate::{meta::Hostname, v1::ProtocolType};

/// A listener that takes no traffic, and why.
///
/// It serves nothing. It is here so that a request which finds nobody can be told whom it would have found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdleListener {
    /// The name of the listener, unique within the Gateway.
    pub name: String,
    /// The port, where it is one.
    pub port: Option<u16>,
    /// What it would speak.
    pub protocol: ProtocolType,
    /// The hosts that it would serve; all of them without one.
    pub hostname: Option<Hostname>,
    /// Whether it demands certificates of its clients. A data plane answers none of its hosts by another listener then:
    /// that one would let everyone in.
    pub asks_clients: bool,
    /// The condition that stands in the way, of the listener or of its Gateway, as in
    /// `Conflicted True (HostnameConflict): listener ...`.
    pub why: String,
}
