//! Rules for GatewayClass and Gateway.

use super::{Check, Rule, value::exactly_one};
use crate::{
    meta::constraint::HOSTNAME_PATTERN,
    schema::{Defaulted, Elements},
};
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "GatewayClass/controller-name-immutable",
        places: &["GatewayClassSpec.controllerName"],
        cel: Some("oldSelf == self"),
        message: "the controller of a GatewayClass cannot be changed",
        help: "create another GatewayClass for the other controller",
        check: Check::Update(|new, old| new.value() == old.value()),
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/no-tls-without-encryption",
        places: &["GatewaySpec.listeners"],
        cel: Some("self.all(l, !(l.protocol in ['HTTP', 'TCP', 'UDP'] && has(l.tls)))"),
        message: "a listener for HTTP, TCP or UDP must have no `tls`",
        help: "remove `tls`, or set `protocol` to HTTPS or TLS",
        check: Check::Value(|listeners| {
            listeners.elements().iter().all(|l| {
                !matches!(l.text("protocol"), Some("HTTP" | "TCP" | "UDP")) || !l.has("tls")
            })
        }),
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/https-terminates-tls",
        places: &["GatewaySpec.listeners"],
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
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/no-hostname-for-tcp-and-udp",
        places: &["GatewaySpec.listeners"],
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
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/names-distinct",
        places: &["GatewaySpec.listeners"],
        cel: Some("self.all(a, self.exists_one(b, a.name == b.name))"),
        message: "listeners of a Gateway must have different names",
        help: "give each listener a name of its own",
        check: Check::Value(|listeners| {
            distinct(listeners.elements(), |a, b| {
                a.plain("name") == b.plain("name")
            })
        }),
        ..Rule::BASE
    },
    Rule {
        id: "Listeners/port-protocol-hostname-distinct",
        places: &["GatewaySpec.listeners"],
        cel: Some(
            "self.all(a, self.exists_one(b, a.port == b.port && a.protocol == b.protocol && has(a.hostname) == has(b.hostname) && (!has(a.hostname) || a.hostname == b.hostname)))",
        ),
        message: "listeners of a Gateway must differ in port, protocol or hostname",
        help: "merge the listeners, or change one of the three",
        check: Check::Value(|listeners| {
            // A server's rules cannot read `80.0`, and refuse it.
            let whole = |l: Defaulted<'_>| !l.plain("port").is_some_and(Value::is_f64);
            listeners.elements().iter().all(whole)
                && distinct(listeners.elements(), |a, b| {
                    ["port", "protocol", "hostname"]
                        .into_iter()
                        .all(|field| a.plain(field) == b.plain(field))
                })
        }),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayTLSConfig/terminate-needs-certificate",
        places: &["GatewayTlsConfig"],
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
    Rule {
        id: "GatewayAddresses/ip-addresses-distinct",
        places: &["GatewaySpec.addresses"],
        cel: Some(
            "self.all(a, a.type != 'IPAddress' || self.exists_one(b, b.type == 'IPAddress' && b.value == a.value))",
        ),
        message: "an IP address may be asked for once",
        help: "remove the repeated address",
        check: Check::Value(|addresses| addresses_distinct(addresses, "IPAddress")),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayAddresses/hostnames-distinct",
        places: &["GatewaySpec.addresses"],
        cel: Some(
            "self.all(a, a.type != 'Hostname' || self.exists_one(b, b.type == 'Hostname' && b.value == a.value))",
        ),
        message: "a hostname may be asked for once",
        help: "remove the repeated address",
        check: Check::Value(|addresses| addresses_distinct(addresses, "Hostname")),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayAddress/hostname-characters",
        places: &["GatewayAddress", "GatewayStatusAddress"],
        cel: Some(
            r"self.type != 'Hostname' || self.value.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
        ),
        message: "an address of type Hostname must be a DNS name in lower case",
        help: "write letters, digits, `-` and `.`: `gw.example.com`",
        check: Check::Value(|address| {
            address.text("type") != Some("Hostname")
                || address
                    .text("value")
                    .is_none_or(|value| HOSTNAME.is_match(value))
        }),
        ..Rule::BASE
    },
];

#[expect(
    clippy::unwrap_used,
    reason = "a constant expression, compiled by the tests"
)]
static HOSTNAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(HOSTNAME_PATTERN).unwrap());

/// Whether no two listeners are the same. One that lacks a required field is reported by the schema.
fn distinct(listeners: Elements<'_>, same: impl Fn(Defaulted<'_>, Defaulted<'_>) -> bool) -> bool {
    let whole = |l: &Defaulted<'_>| l.has("name") && l.has("port") && l.has("protocol");
    listeners
        .iter()
        .filter(whole)
        .all(|a| exactly_one(listeners, |b| same(a, b)))
}

fn addresses_distinct(addresses: Defaulted<'_>, kind: &str) -> bool {
    let addresses = addresses.elements();
    addresses
        .iter()
        .filter(|a| a.text("type") == Some(kind) && a.has("value"))
        .all(|a| {
            exactly_one(addresses, |b| {
                b.text("type") == Some(kind) && b.plain("value") == a.plain("value")
            })
        })
}
