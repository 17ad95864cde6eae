//! Rules for GatewayClass and Gateway, its listeners apart.

use super::{Check, Rule, value::exactly_one};
use crate::{
    meta::{constraint::HOSTNAME_PATTERN, is_dns_subdomain, when},
    schema::Defaulted,
};
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "GatewayClass/controller-name-immutable",
        places: &["GatewayClassSpec.controllerName", "MeshSpec.controllerName"],
        cel: Some("oldSelf == self"),
        message: "the controller of a GatewayClass or a mesh cannot be changed",
        help: "create another object for the other controller",
        check: Check::Update(|new, old| new.value() == old.value()),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayAddresses/value-set",
        places: &["GatewaySpec.addresses"],
        // The rules of this release ask for a value that its schema lets be left out, and fail without it.
        when: when!("1.3..1.3"),
        cel: Some("self.all(a, !(a.type in ['IPAddress', 'Hostname']) || has(a.value))"),
        message: "an address of type IPAddress or Hostname must have a value",
        help: "set `value`, or leave out the address: the controller then chooses one",
        check: Check::Value(|addresses| {
            addresses.elements().iter().all(|a| {
                !matches!(a.text("type"), Some("IPAddress" | "Hostname")) || a.has("value")
            })
        }),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayAddress/hostname-value-set",
        places: &["GatewaySpecAddress"],
        // A server names the address, too: the rule on its characters fails without a value in this release.
        when: when!("1.3..1.3"),
        cel: Some("self.type != 'Hostname' || has(self.value)"),
        message: "an address of type Hostname must have a value",
        help: "set `value`, or leave out the address: the controller then chooses one",
        check: Check::Value(|address| {
            address.text("type") != Some("Hostname") || address.has("value")
        }),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayAddresses/ip-addresses-distinct",
        places: &["GatewaySpec.addresses"],
        cel: Some(
            "self.all(a, a.type != 'IPAddress' || !has(a.value) || self.exists_one(b, b.type == 'IPAddress' && has(b.value) && b.value == a.value))",
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
            "self.all(a, a.type != 'Hostname' || !has(a.value) || self.exists_one(b, b.type == 'Hostname' && has(b.value) && b.value == a.value))",
        ),
        message: "a hostname may be asked for once",
        help: "remove the repeated address",
        check: Check::Value(|addresses| addresses_distinct(addresses, "Hostname")),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayAddress/hostname-characters",
        places: &["GatewaySpecAddress", "GatewayStatusAddress"],
        cel: Some(
            r"self.type != 'Hostname' || !has(self.value) || self.value.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
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
    Rule {
        id: "GatewayAddress/routability-form",
        places: &[
            "GatewaySpecAddress.routability",
            "GatewayStatusAddress.routability",
        ],
        cel: Some(
            r"self == '' || self == 'Cluster' || self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/[^\n]+$') && !self.matches('^([^/]*[.])?k8s[.]io/')",
        ),
        message: "routability must be empty, Cluster, or a value of the implementation's own behind a domain",
        help: "write Cluster, or a domain and a path: `example.com/intranet`; `k8s.io` and what is below it is reserved",
        check: Check::Value(|routability| {
            routability.value().as_str().is_none_or(|text| {
                matches!(text, "" | "Cluster")
                    || text.split_once('/').is_some_and(|(domain, path)| {
                        is_dns_subdomain(domain)
                            && domain != "k8s.io"
                            && !domain.ends_with(".k8s.io")
                            && !path.is_empty()
                            && !path.contains('\n')
                    })
            })
        }),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayInfrastructure/keys-well-formed",
        places: &[
            "GatewayInfrastructure.annotations",
            "GatewayInfrastructure.labels",
        ],
        when: when!("1.2"),
        cel: Some(
            r"self.all(key, key.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$'))",
        ),
        message: "a key must be a name of at most 63 characters, a domain and `/` before it allowed",
        help: "write keys as Kubernetes wants those of labels: `example.com/team`",
        check: Check::Value(|map| keys(map).all(|key| KEY.is_match(key))),
        ..Rule::BASE
    },
    Rule {
        id: "GatewayInfrastructure/key-domains-short",
        places: &[
            "GatewayInfrastructure.annotations",
            "GatewayInfrastructure.labels",
        ],
        when: when!("1.2"),
        cel: Some("self.all(key, key.matches('^[^/]{0,252}(/|$)'))"),
        message: "the domain of a key must be shorter than 253 characters",
        help: "use a shorter domain",
        check: Check::Value(|map| {
            keys(map).all(|key| key.split('/').next().unwrap_or_default().chars().count() < 253)
        }),
        ..Rule::BASE
    },
    Rule {
        id: "FrontendTLSConfig/ports-distinct",
        places: &["FrontendTlsConfig.perPort"],
        cel: Some("self.all(a, self.exists_one(b, a.port == b.port))"),
        message: "a port may have one entry",
        help: "merge the entries of the port",
        check: Check::Value(|entries| {
            let entries = entries.elements();
            let mut with_port = entries.iter().filter(|a| a.has("port"));
            with_port.all(|a| {
                // A server's rules cannot read `80.0`, and refuse it.
                !a.plain("port").is_some_and(Value::is_f64)
                    && exactly_one(entries, |b| a.plain("port") == b.plain("port"))
            })
        }),
        ..Rule::BASE
    },
    Rule {
        id: "FrontendTLSValidation/trust-bundles-without-namespace",
        places: &["FrontendTlsValidation.caCertificateRefs"],
        when: when!("E1.7"),
        cel: Some(
            "self.all(r, r.group != 'certificates.k8s.io' || r.kind != 'ClusterTrustBundle' || !has(r.namespace))",
        ),
        message: "a ClusterTrustBundle has no namespace",
        help: "remove `namespace`: the kind is cluster-wide",
        check: Check::Value(|refs| {
            refs.elements().iter().all(|r| {
                r.text("group") != Some("certificates.k8s.io")
                    || r.text("kind") != Some("ClusterTrustBundle")
                    || !r.has("namespace")
            })
        }),
        ..Rule::BASE
    },
];

/// The keys of a map, without those whose value a server drops.
fn keys(map: Defaulted<'_>) -> impl Iterator<Item = &str> {
    let entries = map.value().as_object().into_iter().flatten();
    entries
        .filter(|(_, value)| !value.is_null())
        .map(|(key, _)| key.as_str())
}

#[expect(
    clippy::unwrap_used,
    reason = "a constant expression, compiled by the tests"
)]
static KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$",
    )
    .unwrap()
});

#[expect(
    clippy::unwrap_used,
    reason = "a constant expression, compiled by the tests"
)]
pub(super) static HOSTNAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(HOSTNAME_PATTERN).unwrap());

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
