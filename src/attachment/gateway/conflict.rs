//! Conflicts between the listeners of a Gateway (Gateway `spec.listeners`).
//!
//! A connection or request must belong to exactly one listener. Two listeners of one port conflict unless
//! protocol or hostname say which of them that is. This follows from port, protocol and hostname alone, whether
//! or not the listeners are valid otherwise, and all listeners that conflict are rejected.
//!
//! | on one port | HTTP | HTTPS or TLS | TCP | UDP | any other |
//! | --- | --- | --- | --- | --- | --- |
//! | **HTTP** | if the hostname is the same | yes | yes | no | yes |
//! | **HTTPS or TLS** | yes | if the hostname is the same | yes | no | yes |
//! | **TCP** | yes | yes | yes | no | yes |
//! | **UDP** | no | no | no | yes | yes |
//! | **any other** | yes | yes | yes | yes | yes |
//!
//! `HostnameConflict` is the reason where the hostname decides, else `ProtocolConflict`.

use crate::{
    attachment::condition_body::ConditionBody,
    meta::{Hostname, condition::listener::reason},
    v1::{Listener, ProtocolType},
};
use std::collections::{BTreeMap, HashMap};

/// How many listeners a message names; the others are counted. A port can have any number of listeners, and
/// each of them names the others.
const NAMED: usize = 8;

/// The condition `Conflicted` of each listener, in the order of the spec.
pub(super) fn between_listeners(listeners: &[Listener]) -> Vec<ConditionBody> {
    let mut ports: BTreeMap<i32, Port> = BTreeMap::new();
    for (index, listener) in listeners.iter().enumerate() {
        let port = ports.entry(listener.port).or_default();
        let family = Family::of(&listener.protocol);
        port.families.entry(family).or_default().push(index);
        if let Some(hostname) = hostname(family, listener) {
            port.hostnames
                .entry((family, hostname))
                .or_default()
                .push(index);
        }
    }
    let conflict = |(index, listener): (usize, &Listener)| {
        ports
            .get(&listener.port)
            .and_then(|port| port.conflict(listeners, index, listener))
            .unwrap_or_else(none)
    };
    listeners.iter().enumerate().map(conflict).collect()
}

/// The condition `Conflicted` of a listener that has its port and hostname for itself.
pub(super) fn none() -> ConditionBody {
    ConditionBody::new(
        false,
        reason::NO_CONFLICTS,
        "no other listener conflicts with this one",
    )
}

/// The listeners of one port, by their places in the spec.
#[derive(Default)]
struct Port {
    families: BTreeMap<Family, Vec<usize>>,
    hostnames: HashMap<(Family, String), Vec<usize>>,
}

/// The hostname of a listener, if listeners of its protocol are told apart by hostname: normalized where it is one, empty
/// for every host.
fn hostname(family: Family, listener: &Listener) -> Option<String> {
    let by_hostname = family.beside(family) == Sharing::ByHostname;
    let text = listener.hostname.as_deref().unwrap_or_default();
    by_hostname.then(|| {
        text.parse::<Hostname>().map_or_else(
            |_| text.to_ascii_lowercase(),
            |name| name.as_str().to_owned(),
        )
    })
}

impl Port {
    fn conflict(
        &self,
        all: &[Listener],
        index: usize,
        listener: &Listener,
    ) -> Option<ConditionBody> {
        let own = Family::of(&listener.protocol);
        let port = listener.port;
        let (mut texts, mut others_of_hostname) = (Vec::new(), 0);
        for (family, members) in &self.families {
            let Sharing::Never(why) = own.beside(*family) else {
                continue;
            };
            if let Some((others, _)) = others(all, members, index) {
                texts.push(format!("port {port} is also used by {others}: {why}"));
            }
        }
        let conflict = if texts.is_empty() {
            reason::HOSTNAME_CONFLICT
        } else {
            reason::PROTOCOL_CONFLICT
        };
        if let Some(hostname) = hostname(own, listener)
            && let Some(members) = self.hostnames.get(&(own, hostname.clone()))
            && let Some((others, count)) = others(all, members, index)
        {
            let hostname = if hostname.is_empty() {
                "without a hostname".to_owned()
            } else {
                format!("with hostname `{hostname}`")
            };
            texts.push(format!("port {port} {hostname} is also used by {others}"));
            others_of_hostname = count;
        }
        let rejected = match (conflict, others_of_hostname) {
            _ if texts.is_empty() => return None,
            (reason::PROTOCOL_CONFLICT, _) => self.rejected(port),
            (_, 1) => "both listeners are rejected".to_owned(),
            _ => "all of these listeners are rejected".to_owned(),
        };
        let text = format!("{}; {rejected}", texts.join("; "));
        Some(ConditionBody::new(true, conflict, text))
    }

    /// Who is rejected at a port where protocols conflict: all listeners of these protocols.
    fn rejected(&self, port: i32) -> String {
        let conflict = |family: Family, members: &[usize]| {
            let mut families = self.families.keys();
            families.any(|other| {
                (*other != family || members.len() > 1)
                    && matches!(family.beside(*other), Sharing::Never(_))
            })
        };
        let of_families = self.families.iter();
        let (of_protocol, beside): (Vec<_>, Vec<_>) =
            of_families.partition(|(family, members)| conflict(**family, members));
        let rejected: usize = of_protocol.iter().map(|(_, members)| members.len()).sum();
        match rejected {
            2 => "both listeners are rejected".to_owned(),
            _ if beside.is_empty() => format!("all listeners of port {port} are rejected"),
            _ => format!("all listeners of port {port} that conflict are rejected"),
        }
    }
}

/// The first of these listeners but one by name and protocol, for people, and how many there are.
fn others(all: &[Listener], members: &[usize], own: usize) -> Option<(String, usize)> {
    let others = || members.iter().filter(|index| **index != own);
    let count = members.len() - usize::from(members.binary_search(&own).is_ok());
    let named: Vec<String> = others()
        .take(NAMED)
        .filter_map(|index| all.get(*index))
        .map(|listener| format!("`{}` ({})", listener.name, listener.protocol))
        .collect();
    let mut text = match count {
        0 => return None,
        1 => "listener ".to_owned(),
        _ => "listeners ".to_owned(),
    };
    text.push_str(&named.join(", "));
    if let Some(more) = count.checked_sub(NAMED).filter(|more| *more > 0) {
        text.push_str(&format!(" and {more} more"));
    }
    Some((text, count))
}

/// Protocols whose listeners are told apart from others by the same means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Family {
    /// HTTP: by the Host header.
    Http,
    /// HTTPS and TLS: by SNI.
    Tls,
    /// TCP: by nothing.
    Tcp,
    /// UDP: by nothing, but its ports are other ones than those of the rest.
    Udp,
    /// A protocol that is not known.
    Other,
}

/// Whether two listeners share a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    Always,
    ByHostname,
    /// They do not, and why.
    Never(&'static str),
}

impl Family {
    pub(crate) fn of(protocol: &ProtocolType) -> Self {
        match protocol {
            ProtocolType::Http => Self::Http,
            ProtocolType::Https | ProtocolType::Tls => Self::Tls,
            ProtocolType::Tcp => Self::Tcp,
            ProtocolType::Udp => Self::Udp,
            _ => Self::Other,
        }
    }

    /// Whether no listener of the one and none of the other can be at one port.
    pub(crate) fn excludes(self, other: Self) -> bool {
        matches!(self.beside(other), Sharing::Never(_))
    }

    /// How listeners of two families share a port.
    pub(crate) fn beside(self, other: Self) -> Sharing {
        match (self, other) {
            (Self::Other, _) | (_, Self::Other) => {
                Sharing::Never("a listener of an unknown protocol shares its port with no other")
            }
            (Self::Udp, Self::Udp) => {
                Sharing::Never("nothing tells the datagrams of one UDP listener from another's")
            }
            (Self::Udp, _) | (_, Self::Udp) => Sharing::Always,
            (Self::Tcp, _) | (_, Self::Tcp) => {
                Sharing::Never("a TCP listener takes every connection of its port")
            }
            (Self::Http, Self::Http) | (Self::Tls, Self::Tls) => Sharing::ByHostname,
            (Self::Http, Self::Tls) | (Self::Tls, Self::Http) => {
                Sharing::Never("a port takes either cleartext HTTP or TLS")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(name: &str, port: i32, protocol: &str, hostname: Option<&str>) -> Listener {
        Listener {
            name: name.to_owned(),
            port,
            protocol: protocol.into(),
            hostname: hostname.map(str::to_owned),
            ..Default::default()
        }
    }

    /// The reasons of two listeners on one port.
    fn pair(one: (&str, Option<&str>), other: (&str, Option<&str>)) -> [&'static str; 2] {
        let listeners = [
            listener("one", 443, one.0, one.1),
            listener("other", 443, other.0, other.1),
        ];
        let [one, other] = between_listeners(&listeners).try_into().unwrap();
        assert_eq!(one.holds(), other.holds());
        [one.reason, other.reason]
    }

    /// "Each Listener in a set of Listeners MUST be distinct": each pair of protocols, with hostnames that
    /// differ and with the same one (Gateway `spec.listeners`).
    #[test]
    fn each_pair_of_protocols_shares_a_port_or_not_as_the_table_says() {
        const PROTOCOLS: [&str; 6] = ["HTTP", "HTTPS", "TLS", "TCP", "UDP", "example.com/odd"];
        // A row for each protocol: n never in conflict, h if the hostname is the same, y always.
        const TABLE: [&str; 6] = ["hyyyny", "yhhyny", "yhhyny", "yyyyny", "nnnnyy", "yyyyyy"];
        for (one, row) in PROTOCOLS.iter().zip(TABLE) {
            for (other, conflict) in PROTOCOLS.iter().zip(row.chars()) {
                let (different, same) = match conflict {
                    'n' => (reason::NO_CONFLICTS, reason::NO_CONFLICTS),
                    'h' => (reason::NO_CONFLICTS, reason::HOSTNAME_CONFLICT),
                    _ => (reason::PROTOCOL_CONFLICT, reason::PROTOCOL_CONFLICT),
                };
                let at = format!("{one} and {other}");
                let found = pair((one, Some("a.example")), (other, Some("*.example")));
                assert_eq!(found, [different; 2], "{at}, different hostnames");
                let found = pair((one, Some("a.example")), (other, None));
                assert_eq!(found, [different; 2], "{at}, one without a hostname");
                let found = pair((one, Some("a.example")), (other, Some("A.Example")));
                assert_eq!(found, [same; 2], "{at}, same hostname");
                let found = pair((one, None), (other, Some("")));
                assert_eq!(found, [same; 2], "{at}, no hostname");
            }
        }
    }

    #[test]
    fn other_ports_are_no_conflict() {
        let listeners = [
            listener("a", 80, "TCP", None),
            listener("b", 81, "TCP", None),
        ];
        assert!(between_listeners(&listeners).iter().all(|f| !f.holds()));
    }

    /// "That Condition SHOULD clearly indicate which Listeners are conflicted."
    #[test]
    fn a_message_names_the_others_and_says_that_all_are_rejected() {
        let listeners = [
            listener("a", 80, "HTTP", Some("foo.example")),
            listener("b", 80, "HTTP", Some("foo.example")),
            listener("c", 90, "HTTP", None),
            listener("d", 90, "HTTP", None),
            listener("e", 90, "HTTPS", None),
        ];
        let texts: Vec<String> = between_listeners(&listeners)
            .into_iter()
            .map(|finding| finding.message)
            .collect();
        assert_eq!(
            texts[0],
            "port 80 with hostname `foo.example` is also used by listener `b` (HTTP); both listeners are rejected"
        );
        assert_eq!(
            texts[2],
            "port 90 is also used by listener `e` (HTTPS): a port takes either cleartext HTTP or TLS; \
             port 90 without a hostname is also used by listener `d` (HTTP); all listeners of port 90 are rejected"
        );
        assert_eq!(
            texts[4],
            "port 90 is also used by listeners `c` (HTTP), `d` (HTTP): a port takes either cleartext HTTP or TLS; \
             all listeners of port 90 are rejected"
        );
    }

    /// A listener that conflicts with one other is not the only one that is rejected because of it; a UDP listener is
    /// not rejected at all.
    #[test]
    fn a_message_says_of_all_listeners_that_are_rejected_how_many_they_are() {
        let mut listeners = vec![
            listener("a", 80, "HTTP", Some("a.example")),
            listener("b", 80, "HTTP", Some("b.example")),
            listener("c", 80, "TLS", Some("c.example")),
        ];
        let ends = |listeners: &[Listener], text: &str| {
            let found = between_listeners(listeners);
            let conflicts = found.iter().filter(|finding| finding.holds());
            let all = conflicts.clone().count();
            (
                all,
                conflicts
                    .filter(|finding| finding.message.ends_with(text))
                    .count(),
            )
        };
        let whole = "; all listeners of port 80 are rejected";
        assert_eq!(ends(&listeners, whole), (3, 3));
        listeners.push(listener("d", 80, "UDP", None));
        let some = "; all listeners of port 80 that conflict are rejected";
        assert_eq!(ends(&listeners, some), (3, 3));
        listeners.remove(0);
        assert_eq!(ends(&listeners, "; both listeners are rejected"), (2, 2));
    }

    /// Text grows with the number of listeners, not with its square.
    #[test]
    fn a_message_names_eight_listeners_and_counts_the_rest() {
        let crowd = |count: usize| -> usize {
            let listeners: Vec<Listener> = (0..count)
                .map(|n| {
                    let protocol = ["HTTP", "TCP", "TLS", "odd"][n % 4];
                    listener(&format!("listener-{n:05}"), 80, protocol, None)
                })
                .collect();
            let found = between_listeners(&listeners);
            assert!(found[0].message.contains(" and "), "{}", found[0].message);
            found.iter().map(|finding| finding.message.len()).sum()
        };
        let (one, two) = (crowd(1_000), crowd(2_000));
        assert!(two < one * 9 / 4, "{one} {two}");
    }
}
