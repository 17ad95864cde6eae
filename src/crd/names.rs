//! What a CRD says of a kind beside its schema: short name, policy label, printer columns.

use crate::meta::{When, when};

/// The facts of one kind.
#[derive(Debug)]
pub(super) struct KindFacts {
    kind: &'static str,
    pub(super) short_name: Option<&'static str>,
    /// The kind of policy, for the label that marks policies (GEP-713), and the releases that have the label.
    pub(super) policy: Option<(&'static str, When)>,
    pub(super) columns: &'static [Column],
}

/// One column of `kubectl get`.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) path: &'static str,
    /// Shown with `-o wide` only.
    pub(super) wide: bool,
}

const fn text(name: &'static str, path: &'static str) -> Column {
    Column {
        name,
        kind: "string",
        path,
        wide: false,
    }
}

const AGE: Column = Column {
    name: "Age",
    kind: "date",
    path: ".metadata.creationTimestamp",
    wide: false,
};

const ACCEPTED: Column = text(
    "Accepted",
    r#".status.conditions[?(@.type=="Accepted")].status"#,
);
const PROGRAMMED: Column = text(
    "Programmed",
    r#".status.conditions[?(@.type=="Programmed")].status"#,
);

const AGE_ALONE: &[Column] = &[AGE];
const LISTENER_SET: &[Column] = &[ACCEPTED, PROGRAMMED, AGE];
const HOSTNAMES: &[Column] = &[text("Hostnames", ".spec.hostnames"), AGE];

const fn named(
    kind: &'static str,
    short_name: Option<&'static str>,
    columns: &'static [Column],
) -> KindFacts {
    KindFacts {
        kind,
        short_name,
        policy: None,
        columns,
    }
}

const FACTS: &[KindFacts] = &[
    KindFacts {
        policy: Some(("Direct", when!("1.2"))),
        ..named("BackendLBPolicy", Some("blbpolicy"), AGE_ALONE)
    },
    KindFacts {
        policy: Some(("Direct", When::ALWAYS)),
        ..named("BackendTLSPolicy", Some("btlspolicy"), AGE_ALONE)
    },
    named(
        "GatewayClass",
        Some("gc"),
        &[
            text("Controller", ".spec.controllerName"),
            ACCEPTED,
            AGE,
            Column {
                wide: true,
                ..text("Description", ".spec.description")
            },
        ],
    ),
    named(
        "Gateway",
        Some("gtw"),
        &[
            text("Class", ".spec.gatewayClassName"),
            text("Address", ".status.addresses[*].value"),
            PROGRAMMED,
            AGE,
        ],
    ),
    named("GRPCRoute", None, HOSTNAMES),
    named("HTTPRoute", None, HOSTNAMES),
    named("ListenerSet", Some("lset"), LISTENER_SET),
    named("ReferenceGrant", Some("refgrant"), AGE_ALONE),
    named("TCPRoute", None, AGE_ALONE),
    named("TLSRoute", None, AGE_ALONE),
    named("UDPRoute", None, AGE_ALONE),
    named("XBackend", Some("xbackend"), AGE_ALONE),
    KindFacts {
        policy: Some(("Direct", When::ALWAYS)),
        ..named("XBackendTrafficPolicy", Some("xbtrafficpolicy"), AGE_ALONE)
    },
    named("XListenerSet", Some("lset"), LISTENER_SET),
    named("XMesh", Some("mesh"), &[ACCEPTED, AGE]),
    KindFacts {
        policy: Some(("Direct", When::ALWAYS)),
        ..named("XTelemetryPolicy", Some("xtelemetrypolicy"), AGE_ALONE)
    },
];

/// The facts of a kind.
pub(super) fn facts(kind: &str) -> Option<&'static KindFacts> {
    FACTS.iter().find(|facts| facts.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_facts() {
        for version in crate::schema::KINDS {
            assert!(facts(version.kind).is_some(), "{}", version.kind);
        }
    }
}
