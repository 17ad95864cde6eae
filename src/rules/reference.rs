//! Rules for references: to parents and to backends.

use super::{Check, Rule, value::exactly_one};
use crate::{
    meta::{EXPERIMENTS_GROUP, when},
    schema::Defaulted,
};
use serde_json::Value;

/// Every list of parentRefs.
const PARENT_REFS: &[&str] = &[
    "HttpRouteSpec.parentRefs",
    "GrpcRouteSpec.parentRefs",
    "TcpRouteSpec.parentRefs",
    "TlsRouteSpec.parentRefs",
    "UdpRouteSpec.parentRefs",
    "TcpRouteSpecV1Alpha2.parentRefs",
    "TlsRouteSpecV1Alpha2.parentRefs",
    "UdpRouteSpecV1Alpha2.parentRefs",
];

macro_rules! same_parent {
    () => {
        "a.group == b.group && a.kind == b.kind && a.name == b.name && (has(a.__namespace__) ? a.__namespace__ : '') == (has(b.__namespace__) ? b.__namespace__ : '')"
    };
}
macro_rules! section {
    ($of:literal) => {
        concat!("(has(", $of, ".sectionName) ? ", $of, ".sectionName : '')")
    };
}
macro_rules! port {
    ($of:literal) => {
        concat!("(has(", $of, ".port) ? ", $of, ".port : 0)")
    };
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "ParentReference/sections-named-for-same-parent",
        places: PARENT_REFS,
        when: when!("S.."),
        cel: Some(concat!(
            "self.all(a, self.all(b, !(",
            same_parent!(),
            ") || (",
            section!("a"),
            " == '') == (",
            section!("b"),
            " == '')))"
        )),
        message: "of several references to one parent, either all or none must name a section",
        help: "set `sectionName` on each of them, or keep one reference to the whole parent",
        check: Check::Value(|refs| {
            pairwise(refs, |a, b| {
                !same_parent(a, b) || section(a).is_empty() == section(b).is_empty()
            })
        }),
        ..Rule::BASE
    },
    Rule {
        id: "ParentReference/sections-distinct-for-same-parent",
        places: PARENT_REFS,
        when: when!("S.."),
        cel: Some(concat!(
            "self.all(a, self.exists_one(b, ",
            same_parent!(),
            " && ",
            section!("a"),
            " == ",
            section!("b"),
            "))"
        )),
        message: "several references to one parent must name different sections",
        help: "remove the repeated reference, or give each its own `sectionName`",
        check: Check::Value(|refs| {
            each_once(refs, |a, b| same_parent(a, b) && section(a) == section(b))
        }),
        ..Rule::BASE
    },
    Rule {
        id: "ParentReference/sections-or-ports-named-for-same-parent",
        places: PARENT_REFS,
        when: when!("E.."),
        cel: Some(concat!(
            "self.all(a, self.all(b, !(",
            same_parent!(),
            ") || (",
            section!("a"),
            " == '') == (",
            section!("b"),
            " == '') && (",
            port!("a"),
            " == 0) == (",
            port!("b"),
            " == 0)))"
        )),
        message: "of several references to one parent, either all or none must name a section, and either all or none a port",
        help: "set the same ones of `sectionName` and `port` on each of them, or keep one reference to the whole parent",
        check: Check::Value(|refs| {
            ports_are_whole(refs)
                && pairwise(refs, |a, b| {
                    !same_parent(a, b)
                        || section(a).is_empty() == section(b).is_empty()
                            && (port(a) == 0) == (port(b) == 0)
                })
        }),
        ..Rule::BASE
    },
    Rule {
        id: "ParentReference/sections-or-ports-distinct-for-same-parent",
        places: PARENT_REFS,
        when: when!("E.."),
        cel: Some(concat!(
            "self.all(a, self.exists_one(b, ",
            same_parent!(),
            " && ",
            section!("a"),
            " == ",
            section!("b"),
            " && ",
            port!("a"),
            " == ",
            port!("b"),
            "))"
        )),
        message: "several references to one parent must differ in section or port",
        help: "remove the repeated reference, or give each its own `sectionName` or `port`",
        check: Check::Value(|refs| {
            ports_are_whole(refs)
                && each_once(refs, |a, b| {
                    same_parent(a, b) && section(a) == section(b) && port(a) == port(b)
                })
        }),
        ..Rule::BASE
    },
    Rule {
        id: "BackendReference/service-has-port",
        places: &[
            "BackendObjectReference",
            "BackendRef",
            "HttpBackendRef",
            "GrpcBackendRef",
        ],
        cel: Some("self.group != '' || self.kind != 'Service' || has(self.port)"),
        message: "a reference to a Service must name its port",
        help: "set `port` to one of the Service's own ports, not that of its pods",
        check: Check::Value(|backend| {
            backend.plain("port").is_some_and(|port| !port.is_f64())
                || backend.text("group") != Some("")
                || backend.text("kind") != Some("Service")
        }),
        ..Rule::BASE
    },
    Rule {
        id: "BackendReference/experimental-backend-without-port",
        places: &[
            "BackendObjectReference",
            "BackendRef",
            "HttpBackendRef",
            "GrpcBackendRef",
        ],
        when: when!("E1.7"),
        cel: Some(
            "self.group != 'gateway.networking.x-k8s.io' || self.kind != 'XBackend' || !has(self.port)",
        ),
        message: "a reference to an XBackend must name no port",
        help: "remove `port`: the XBackend has one of its own",
        check: Check::Value(|backend| {
            backend.text("group") != Some(EXPERIMENTS_GROUP)
                || backend.text("kind") != Some("XBackend")
                || !backend.has("port")
        }),
        ..Rule::BASE
    },
];

pub(super) fn section(parent: Defaulted<'_>) -> &str {
    parent.text("sectionName").unwrap_or_default()
}

fn port(parent: Defaulted<'_>) -> i64 {
    parent
        .plain("port")
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// Whether no port is written with a fraction: a server's rules cannot read `80.0`, and refuse it.
fn ports_are_whole(parents: Defaulted<'_>) -> bool {
    !parents
        .elements()
        .iter()
        .any(|parent| parent.plain("port").is_some_and(Value::is_f64))
}

fn same_parent(a: Defaulted<'_>, b: Defaulted<'_>) -> bool {
    let same = |field| a.plain(field) == b.plain(field);
    same("group")
        && same("kind")
        && same("name")
        && a.text("namespace").unwrap_or_default() == b.text("namespace").unwrap_or_default()
}

/// Whether any two elements are in a symmetric relation.
pub(super) fn pairwise(
    list: Defaulted<'_>,
    related: impl Fn(Defaulted<'_>, Defaulted<'_>) -> bool,
) -> bool {
    let list = list.elements();
    list.iter()
        .enumerate()
        .all(|(index, a)| list.iter().skip(index + 1).all(|b| related(a, b)))
}

/// Whether each element is related to itself alone, by a relation that every element has to itself.
pub(super) fn each_once(
    list: Defaulted<'_>,
    related: impl Fn(Defaulted<'_>, Defaulted<'_>) -> bool,
) -> bool {
    let list = list.elements();
    // A reference without a name is reported by the schema, and equals no other.
    list.len() < 2
        || list
            .iter()
            .filter(|a| a.has("name"))
            .all(|a| exactly_one(list, |b| related(a, b)))
}
