//! What a CRD says of a kind beside its schema: short name, policy label, printer columns.

/// The facts of one kind.
#[derive(Debug)]
pub(super) struct Facts {
    kind: &'static str,
    pub(super) short_name: Option<&'static str>,
    /// The kind of policy, for the label that marks policies (GEP-713).
    pub(super) policy: Option<&'static str>,
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

const AGE_ALONE: &[Column] = &[AGE];
const HOSTNAMES: &[Column] = &[text("Hostnames", ".spec.hostnames"), AGE];

const fn named(
    kind: &'static str,
    short_name: Option<&'static str>,
    columns: &'static [Column],
) -> Facts {
    Facts {
        kind,
        short_name,
        policy: None,
        columns,
    }
}

const FACTS: &[Facts] = &[
    named("BackendLBPolicy", Some("blbpolicy"), AGE_ALONE),
    Facts {
        policy: Some("Direct"),
        ..named("BackendTLSPolicy", Some("btlspolicy"), AGE_ALONE)
    },
    named(
        "GatewayClass",
        Some("gc"),
        &[
            text("Controller", ".spec.controllerName"),
            text(
                "Accepted",
                r#".status.conditions[?(@.type=="Accepted")].status"#,
            ),
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
            text(
                "Programmed",
                r#".status.conditions[?(@.type=="Programmed")].status"#,
            ),
            AGE,
        ],
    ),
    named("GRPCRoute", None, HOSTNAMES),
    named("HTTPRoute", None, HOSTNAMES),
    named("ReferenceGrant", Some("refgrant"), AGE_ALONE),
    named("TCPRoute", None, AGE_ALONE),
    named("TLSRoute", None, AGE_ALONE),
    named("UDPRoute", None, AGE_ALONE),
];

/// The facts of a kind.
pub(super) fn facts(kind: &str) -> Option<&'static Facts> {
    FACTS.iter().find(|facts| facts.kind == kind)
}
