//! Conflicts between the listeners of a Gateway.

use super::listener::ListenerState;
use crate::{
    attachment::finding::Finding,
    meta::{Hostname, condition::listener::reason},
    v1::ProtocolType,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Finds listeners that are not distinct. All of those that are in each other's way are out; none of them
/// is picked as the winner (Gateway `spec.listeners`).
pub(super) fn between_listeners(listeners: &mut [ListenerState]) {
    // UDP has ports of its own.
    let mut ports: BTreeMap<(u16, bool), Vec<usize>> = BTreeMap::new();
    for (index, listener) in listeners.iter().enumerate() {
        if let (Some(port), true) = (listener.port, listener.accepted.holds()) {
            let udp = listener.protocol == ProtocolType::Udp;
            ports.entry((port, udp)).or_default().push(index);
        }
    }
    let mut found: Vec<(usize, Finding)> = Vec::new();
    for ((port, _), members) in ports {
        let of = |index: &usize| listeners.get(*index);
        let families: HashSet<Family> = members
            .iter()
            .filter_map(of)
            .map(|l| Family::of(&l.protocol))
            .collect();
        let mut names: HashMap<Option<&Hostname>, Vec<&str>> = HashMap::new();
        for listener in members.iter().filter_map(of) {
            let sharers = names.entry(listener.hostname.as_ref()).or_default();
            sharers.push(&listener.name);
        }
        for index in &members {
            let Some(listener) = of(index) else { continue };
            let others = |all: &[&str]| {
                let others: Vec<&str> = all
                    .iter()
                    .copied()
                    .filter(|n| *n != listener.name)
                    .collect();
                others.join("`, `")
            };
            let own_hostname = names
                .get(&listener.hostname.as_ref())
                .map(Vec::as_slice)
                .unwrap_or_default();
            let finding = if families.len() > 1 {
                let all: Vec<&str> = members
                    .iter()
                    .filter_map(of)
                    .filter(|l| Family::of(&l.protocol) != Family::of(&listener.protocol))
                    .map(|l| l.name.as_str())
                    .collect();
                Some(Finding::new(
                    true,
                    reason::PROTOCOL_CONFLICT,
                    format!(
                        "port {port} cannot be shared by protocol {} and the protocols of listener `{}`",
                        listener.protocol,
                        others(&all)
                    ),
                ))
            } else if own_hostname.len() < 2 {
                None
            } else if families.contains(&Family::Stream) {
                Some(Finding::new(
                    true,
                    reason::PROTOCOL_CONFLICT,
                    format!(
                        "port {port} is also that of listener `{}`, and protocol {} has no hostname to tell them apart",
                        others(own_hostname),
                        listener.protocol
                    ),
                ))
            } else {
                let host = listener
                    .hostname
                    .as_ref()
                    .map_or("no hostname".to_owned(), |h| format!("hostname `{h}`"));
                Some(Finding::new(
                    true,
                    reason::HOSTNAME_CONFLICT,
                    format!(
                        "listener `{}` has port {port} and {host} too",
                        others(own_hostname)
                    ),
                ))
            };
            found.extend(finding.map(|finding| (*index, finding)));
        }
    }
    for (index, finding) in found {
        if let Some(listener) = listeners.get_mut(index) {
            listener.conflicted = finding;
        }
    }
}

/// Protocols that can share a port.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Family {
    /// HTTP: told apart by the Host header.
    Clear,
    /// HTTPS and TLS: told apart by SNI.
    Sni,
    /// TCP and UDP: not told apart.
    Stream,
}

impl Family {
    fn of(protocol: &ProtocolType) -> Self {
        match protocol {
            ProtocolType::Http => Self::Clear,
            ProtocolType::Https | ProtocolType::Tls => Self::Sni,
            _ => Self::Stream,
        }
    }
}
