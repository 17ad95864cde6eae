//! Rules for listeners, of Gateways and of ListenerSets.

use super::{Check, Rule, value::exactly_one};
use crate::{
    meta::when,
    schema::{Defaulted, Elements},
};
use serde_json::Value;

/// The listeners of Gateways and of ListenerSets.
const LISTENERS: &[&str] = &["GatewaySpec.listeners", "ListenerSetSpec.listeners"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "Listeners/no-tls-without-encryption",
        places: LISTENERS,
        cel: Some("self.all(l, !(l.protocol in ['HTTP', 'TCP', 'UDP'] && has(l.tls)))"),
        message: "a listener for HTTP, TCP or UDP must have no `tls`",
        help: "remove `tls`, or set `protocol` to HTTPS or TLS",
        check: Check::Value(|listeners| {
            listeners.elements().iter().all(|l| {
                !matches!(l.text("protocol"), Some("HTTP" | "TCP" | "UDP")) || !l.has("tls")
            })
        }),
        which: Some(|listeners| {
            let cleartext = |l: Defaulted<'_>| {
                matches!(l.text("protocol"), Some("HTTP" | "TCP" | "UDP")) && l.has("tls")
            };
            named(listeners, cleartext)
        }),
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/https-terminates-tls",
        places: LISTENERS,
        when: when!("1.1"),
        cel: Some("self.all(l, l.protocol != 'HTTPS' || !has(l.tls) || l.tls.mode == 'Terminate')"),
        message: "a listener for HTTPS must end TLS itself",
        help: "set `tls.mode` to Terminate, or `protocol` to TLS to pass it through",
        check: Check::Value(|listeners| {
            listeners.elements().iter().all(|l| {
                l.text("protocol") != Some("HTTPS")
                    || l.get("tls")
                        .and_then(|tls| tls.text("mode"))
                        .is_none_or(|mode| mode == "Terminate")
            })
        }),
        which: Some(|listeners| {
            let passes = |l: Defaulted<'_>| {
                let tls = l.get("tls");
                let mode = tls.and_then(|tls| tls.text("mode"));
                l.text("protocol") == Some("HTTPS") && mode.is_some_and(|mode| mode != "Terminate")
            };
            named(listeners, passes)
        }),
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/no-hostname-for-tcp-and-udp",
        places: LISTENERS,
        cel: Some(
            "self.all(l, !(l.protocol in ['TCP', 'UDP']) || !has(l.hostname) || l.hostname == '')",
        ),
        message: "a listener for TCP or UDP must have no hostname",
        help: "remove `hostname`: these protocols do not carry one",
        check: Check::Value(|listeners| {
            listeners.elements().iter().all(|l| {
                !matches!(l.text("protocol"), Some("TCP" | "UDP"))
                    || l.text("hostname").is_none_or(str::is_empty)
            })
        }),
        which: Some(|listeners| {
            let has_hostname = |l: Defaulted<'_>| {
                matches!(l.text("protocol"), Some("TCP" | "UDP"))
                    && l.text("hostname").is_some_and(|h| !h.is_empty())
            };
            named(listeners, has_hostname)
        }),
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/names-distinct",
        places: LISTENERS,
        cel: Some("self.all(a, self.exists_one(b, a.name == b.name))"),
        message: "listeners of a Gateway must have different names",
        help: "give each listener a name of its own",
        check: Check::Value(|listeners| {
            distinct(listeners.elements(), |a, b| {
                a.plain("name") == b.plain("name")
            })
        }),
        which: Some(|listeners| {
            let repeated = |l: Defaulted<'_>| {
                !exactly_one(listeners.elements(), |other| {
                    l.plain("name") == other.plain("name")
                })
            };
            let mut names = named(listeners, repeated);
            names.dedup();
            names
        }),
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/port-protocol-hostname-distinct",
        places: LISTENERS,
        cel: Some(
            "self.all(a, !has(a.port) || self.exists_one(b, has(b.port) && a.port == b.port && a.protocol == b.protocol && has(a.hostname) == has(b.hostname) && (!has(a.hostname) || a.hostname == b.hostname)))",
        ),
        message: "listeners of a Gateway must differ in port, protocol or hostname",
        help: "merge these listeners, or let them differ in port, protocol or hostname",
        check: Check::Value(|listeners| {
            // A server's rules cannot read `80.0`, and refuse it.
            let whole = |l: Defaulted<'_>| !l.plain("port").is_some_and(Value::is_f64);
            listeners.elements().iter().all(whole) && distinct(listeners.elements(), is_same_place)
        }),
        which: Some(|listeners| {
            let repeated = |l: Defaulted<'_>| {
                !exactly_one(listeners.elements(), |other| is_same_place(l, other))
            };
            named(listeners, repeated)
        }),
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/tls-for-encryption",
        places: LISTENERS,
        when: when!("..1.0"),
        cel: Some("self.all(l, !(l.protocol in ['HTTPS', 'TLS']) || has(l.tls))"),
        message: "a listener for HTTPS or TLS must have `tls`",
        help: "set `tls`, with a certificate",
        check: Check::Value(|listeners| {
            listeners
                .elements()
                .iter()
                .all(|l| !matches!(l.text("protocol"), Some("HTTPS" | "TLS")) || l.has("tls"))
        }),
        which: Some(|listeners| {
            let encrypted = |l: Defaulted<'_>| {
                matches!(l.text("protocol"), Some("HTTPS" | "TLS")) && !l.has("tls")
            };
            named(listeners, encrypted)
        }),
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/tls-has-mode",
        places: LISTENERS,
        when: when!("1.5"),
        cel: Some(
            "self.all(l, l.protocol != 'TLS' || has(l.tls) && has(l.tls.mode) && l.tls.mode != '')",
        ),
        message: "a listener for TLS must say what becomes of it",
        help: "set `tls.mode` to Terminate or Passthrough",
        check: Check::Value(|listeners| {
            let has_mode = |l: Defaulted<'_>| {
                let tls = l.get("tls");
                tls.is_some_and(|tls| tls.text("mode").is_some_and(|mode| !mode.is_empty()))
            };
            listeners
                .elements()
                .iter()
                .all(|l| l.text("protocol") != Some("TLS") || has_mode(l))
        }),
        which: Some(|listeners| {
            let without = |l: Defaulted<'_>| l.text("protocol") == Some("TLS") && !l.has("tls");
            named(listeners, without)
        }),
        ..Rule::BASE
    },
    Rule {
        id: "Listener/filters-for-http",
        places: &["Listener"],
        when: when!("E1.7"),
        cel: Some("!has(self.filters) || self.protocol in ['HTTP', 'HTTPS']"),
        message: "a listener for another protocol than HTTP or HTTPS must have no filters",
        help: "remove `filters`",
        check: Check::Value(|l| {
            !l.has("filters") || matches!(l.text("protocol"), None | Some("HTTP" | "HTTPS"))
        }),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayTLSConfig/terminate-has-certificate",
        places: &["ListenerTlsConfig"],
        when: when!("..1.0"),
        cel: Some(
            "self.mode != 'Terminate' || has(self.certificateRefs) && size(self.certificateRefs) > 0",
        ),
        message: "a listener that ends TLS needs a certificate",
        help: "name a Secret in `certificateRefs`",
        check: Check::Value(|tls| {
            tls.text("mode") != Some("Terminate") || !tls.list("certificateRefs").is_empty()
        }),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayTLSConfig/terminate-needs-certificate",
        places: &["ListenerTlsConfig"],
        when: when!("1.1"),
        cel: Some(
            "self.mode != 'Terminate' || has(self.certificateRefs) && size(self.certificateRefs) > 0 || has(self.options) && size(self.options) > 0",
        ),
        message: "a listener that ends TLS needs a certificate, or options from which one follows",
        help: "name a Secret in `certificateRefs`",
        check: Check::Value(|tls| {
            tls.text("mode") != Some("Terminate")
                || !tls.list("certificateRefs").is_empty()
                || tls
                    .get("options")
                    .is_some_and(|options| options.entries() > 0)
        }),
        ..Rule::BASE
    },
];

/// How many listeners a message names.
const NAMED: usize = 8;

/// The listeners for which something holds, by their names.
fn named(listeners: Defaulted<'_>, holds: impl Fn(Defaulted<'_>) -> bool) -> Vec<String> {
    let elements = listeners.elements();
    let meant = elements.iter().filter(|listener| holds(*listener));
    let name = |listener: Defaulted<'_>| Some(format!("listener `{}`", listener.text("name")?));
    meant.filter_map(name).take(NAMED).collect()
}

fn is_same_place(one: Defaulted<'_>, other: Defaulted<'_>) -> bool {
    ["port", "protocol", "hostname"]
        .into_iter()
        .all(|field| one.plain(field) == other.plain(field))
}

/// Whether no two listeners are the same. One that lacks a required field is reported by the schema.
fn distinct(listeners: Elements<'_>, same: impl Fn(Defaulted<'_>, Defaulted<'_>) -> bool) -> bool {
    let whole = |l: &Defaulted<'_>| l.has("name") && l.has("port") && l.has("protocol");
    listeners
        .iter()
        .filter(whole)
        .all(|a| exactly_one(listeners, |b| same(a, b)))
}
