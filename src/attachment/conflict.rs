//! Conflicts: between listeners of a Gateway, and between HTTPRoutes and GRPCRoutes at a listener.

use super::{
    effective::EffectiveHostname, finding::Finding, kind::RouteId, listener::ListenerState,
};
use crate::{
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

/// The hostnames that routes of one kind hold at a listener, asked whether others intersect with them.
#[derive(Default)]
struct Held {
    everything: bool,
    any: bool,
    exact: HashSet<String>,
    /// Suffixes of wildcards, dot included.
    wildcards: HashSet<String>,
    /// Every suffix under which a held hostname lies.
    above: HashSet<String>,
}

/// The suffixes of a name that a wildcard could have, dot included: `.b.c` and `.c` of `a.b.c`.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.')
        .filter_map(|(at, _)| name.get(at..))
        .filter(|suffix| suffix.len() < name.len())
}

impl Held {
    fn add(&mut self, hostname: Option<&Hostname>) {
        self.any = true;
        let Some(hostname) = hostname else {
            self.everything = true;
            return;
        };
        match hostname.wildcard_suffix() {
            Some(suffix) => {
                self.wildcards.insert(suffix.to_owned());
                self.above.insert(suffix.to_owned());
            }
            None => {
                self.exact.insert(hostname.as_str().to_owned());
            }
        }
        let name = hostname.wildcard_suffix().unwrap_or(hostname.as_str());
        self.above.extend(suffixes(name).map(str::to_owned));
    }

    fn intersects(&self, hostname: Option<&Hostname>) -> bool {
        let Some(hostname) = hostname else {
            return self.any;
        };
        if self.everything {
            return true;
        }
        match hostname.wildcard_suffix() {
            Some(suffix) => {
                self.above.contains(suffix) || suffixes(suffix).any(|s| self.wildcards.contains(s))
            }
            None => {
                let name = hostname.as_str();
                self.exact.contains(name) || suffixes(name).any(|s| self.wildcards.contains(s))
            }
        }
    }
}

/// Goes through the HTTPRoutes and GRPCRoutes of a listener, oldest first, and names those that want a
/// hostname which an older route of the other kind holds (GRPCRoute `spec.hostnames`).
pub(super) fn between_http_and_grpc<'a>(
    routes: impl Iterator<Item = (&'a RouteId, bool, &'a [EffectiveHostname])>,
) -> Vec<RouteId> {
    let (mut http, mut grpc) = (Held::default(), Held::default());
    let mut rejected = Vec::new();
    for (route, is_grpc, hostnames) in routes {
        let (own, other) = if is_grpc {
            (&mut grpc, &http)
        } else {
            (&mut http, &grpc)
        };
        if hostnames
            .iter()
            .any(|h| other.intersects(h.hostname.as_ref()))
        {
            rejected.push(route.clone());
        } else {
            for hostname in hostnames {
                own.add(hostname.hostname.as_ref());
            }
        }
    }
    rejected
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hostnames() -> impl Strategy<Value = Option<Hostname>> {
        proptest::option::weighted(
            0.9,
            ("(\\*\\.)?", prop::collection::vec("[ab]", 1..4))
                .prop_map(|(star, labels)| format!("{star}{}", labels.join(".")).parse().unwrap()),
        )
    }

    proptest! {
        /// The index of held hostnames says what comparing each of them would say.
        #[test]
        fn held_hostnames_intersect_as_each_of_them_does(
            held in prop::collection::vec(hostnames(), 0..5),
            asked in hostnames(),
        ) {
            let mut index = Held::default();
            for hostname in &held {
                index.add(hostname.as_ref());
            }
            let each = held.iter().any(|h| match (h, &asked) {
                (Some(a), Some(b)) => a.intersection(b).is_some(),
                _ => true,
            });
            prop_assert_eq!(index.intersects(asked.as_ref()), each);
        }
    }
}
