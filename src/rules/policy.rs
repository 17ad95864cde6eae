//! Rules for policies.

use super::{
    Check, Rule,
    reference::{each_once, pairwise, section},
};
use crate::{meta::when, schema::Defaulted};

macro_rules! same_target {
    () => {
        "a.group == b.group && a.kind == b.kind && a.name == b.name"
    };
}
macro_rules! section {
    ($of:literal) => {
        concat!("(has(", $of, ".sectionName) ? ", $of, ".sectionName : '')")
    };
}

macro_rules! authorities {
    ($place:literal, $refs:literal, $known:literal, $when:literal, $both:literal, $none:literal) => {
        [
            Rule {
                id: $both,
                places: &[$place],
                when: when!($when),
                cel: Some(concat!(
                    "!has(self.",
                    $known,
                    ") || self.",
                    $known,
                    " == '' || !has(self.",
                    $refs,
                    ") || size(self.",
                    $refs,
                    ") == 0"
                )),
                message: concat!("`", $refs, "` and `", $known, "` exclude each other"),
                help: "keep one of the two",
                check: Check::Value(|v| !is_set(v, $known) || v.list($refs).is_empty()),
                ..Rule::BASE
            },
            Rule {
                id: $none,
                places: &[$place],
                when: when!($when),
                cel: Some(concat!(
                    "has(self.",
                    $known,
                    ") && self.",
                    $known,
                    " != '' || has(self.",
                    $refs,
                    ") && size(self.",
                    $refs,
                    ") > 0"
                )),
                message: concat!("one of `", $refs, "` and `", $known, "` must be set"),
                help: concat!(
                    "name a ConfigMap with `ca.crt` in `",
                    $refs,
                    "`, or set `",
                    $known,
                    ": System`"
                ),
                check: Check::Value(|v| is_set(v, $known) || !v.list($refs).is_empty()),
                ..Rule::BASE
            },
        ]
    };
}

/// Whether a field has a text that is not empty.
fn is_set(value: Defaulted<'_>, field: &str) -> bool {
    value.has(field) && value.text(field) != Some("")
}

const V1ALPHA3: [Rule; 2] = authorities!(
    "BackendTlsPolicyValidation",
    "caCertificateRefs",
    "wellKnownCACertificates",
    "E..1.6 S..",
    "BackendTLSPolicyValidation/one-source-of-authorities",
    "BackendTLSPolicyValidation/some-source-of-authorities"
);
const V1ALPHA2: [Rule; 2] = authorities!(
    "BackendTlsPolicyConfig",
    "caCertRefs",
    "wellKnownCACerts",
    "..",
    "BackendTLSPolicyConfig/one-source-of-authorities",
    "BackendTLSPolicyConfig/some-source-of-authorities"
);

const OTHERS: [Rule; 5] = [
    Rule {
        id: "BackendTLSPolicyValidation/exactly-one-source-of-authorities",
        places: &["BackendTlsPolicyValidation"],
        when: when!("E1.7"),
        cel: Some("has(self.caCertificateRefs) != has(self.wellKnownCACertificates)"),
        message: "exactly one of `caCertificateRefs` and `wellKnownCACertificates` must be set",
        help: "name a ConfigMap with `ca.crt` in `caCertificateRefs`, or set `wellKnownCACertificates: System`",
        check: Check::Value(|v| v.has("caCertificateRefs") != v.has("wellKnownCACertificates")),
        ..Rule::BASE
    },
    Rule {
        id: "BackendTLSPolicyTargets/sections-named-for-same-target",
        places: &["BackendTlsPolicySpec.targetRefs"],
        when: when!("E1.3 S1.4"),
        cel: Some(concat!(
            "self.all(a, self.all(b, !(",
            same_target!(),
            ") || (",
            section!("a"),
            " == '') == (",
            section!("b"),
            " == '')))"
        )),
        message: "of several references to one target, either all or none must name a section",
        help: "set `sectionName` on each of them, or keep one reference to the whole target",
        check: Check::Value(|refs| {
            pairwise(refs, |a, b| {
                !same_target(a, b) || section(a).is_empty() == section(b).is_empty()
            })
        }),
        ..Rule::BASE
    },
    Rule {
        id: "BackendTLSPolicyTargets/sections-distinct-for-same-target",
        places: &["BackendTlsPolicySpec.targetRefs"],
        when: when!("E1.3 S1.4"),
        cel: Some(concat!(
            "self.all(a, self.exists_one(b, ",
            same_target!(),
            " && ",
            section!("a"),
            " == ",
            section!("b"),
            "))"
        )),
        message: "several references to one target must name different sections",
        help: "remove the repeated reference, or give each its own `sectionName`",
        check: Check::Value(|refs| {
            each_once(refs, |a, b| same_target(a, b) && section(a) == section(b))
        }),
        ..Rule::BASE
    },
    Rule {
        id: "SubjectAltName/hostname-fits-type",
        places: &["SubjectAltName"],
        cel: Some("(has(self.hostname) && self.hostname != '') == (self.type == 'Hostname')"),
        message: "`hostname` must be set if `type` is Hostname, and only then",
        help: "set `hostname` with `type: Hostname`, and `uri` with `type: URI`",
        check: Check::Value(|name| alternative_fits(name, "hostname", "Hostname")),
        ..Rule::BASE
    },
    Rule {
        id: "SubjectAltName/uri-fits-type",
        places: &["SubjectAltName"],
        cel: Some("(has(self.uri) && self.uri != '') == (self.type == 'URI')"),
        message: "`uri` must be set if `type` is URI, and only then",
        help: "set `hostname` with `type: Hostname`, and `uri` with `type: URI`",
        check: Check::Value(|name| alternative_fits(name, "uri", "URI")),
        ..Rule::BASE
    },
];

fn alternative_fits(name: Defaulted<'_>, member: &str, kind: &str) -> bool {
    let is_set = name.text(member).is_some_and(|text| !text.is_empty());
    name.text("type").is_none_or(|own| is_set == (own == kind))
}

fn same_target(a: Defaulted<'_>, b: Defaulted<'_>) -> bool {
    let same = |field| a.plain(field) == b.plain(field);
    same("group") && same("kind") && same("name")
}

pub(super) const RULES: &[Rule] = {
    let [both, none] = V1ALPHA3;
    let [old_both, old_none] = V1ALPHA2;
    let [one, sections, distinct, hostname, uri] = OTHERS;
    &[
        both, none, old_both, old_none, one, sections, distinct, hostname, uri,
    ]
};
