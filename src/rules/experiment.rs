//! Rules for the kinds that are experiments: XBackend, XBackendTrafficPolicy and XTelemetryPolicy.

use super::{Check, Rule, go_duration};
use crate::{meta::when, schema::Defaulted};

/// A member that must be set for one value of another field, and only then.
macro_rules! belongs {
    ($id:literal, $place:literal, $member:literal, $field:literal, $value:literal, $when:literal) => {
        Rule {
            id: $id,
            places: &[$place],
            when: when!($when),
            cel: Some(concat!(
                "has(self.",
                $member,
                ") == (self.",
                $field,
                " == '",
                $value,
                "')"
            )),
            message: concat!(
                "`",
                $member,
                "` must be set if `",
                $field,
                "` is ",
                $value,
                ", and only then"
            ),
            help: concat!("set `", $member, "` with `", $field, ": ", $value, "` only"),
            check: Check::Value(|value| {
                value
                    .text($field)
                    .is_none_or(|own| value.has($member) == (own == $value))
            }),
            ..Rule::BASE
        }
    };
}

/// A member that may be set for one value of another field only.
macro_rules! only_with {
    ($id:literal, $place:literal, $member:literal, $field:literal, $value:literal, $when:literal) => {
        Rule {
            id: $id,
            places: &[$place],
            when: when!($when),
            cel: Some(concat!(
                "!has(self.",
                $member,
                ") || self.",
                $field,
                " == '",
                $value,
                "'"
            )),
            message: concat!("`", $member, "` is for `", $field, ": ", $value, "` only"),
            help: concat!(
                "remove `",
                $member,
                "`, or set `",
                $field,
                ": ",
                $value,
                "`"
            ),
            check: Check::Value(|value| {
                !value.has($member) || value.text($field).is_none_or(|own| own == $value)
            }),
            ..Rule::BASE
        }
    };
}

/// A protocol that needs TLS.
macro_rules! needs_tls {
    ($id:literal, $protocol:literal) => {
        Rule {
            id: $id,
            places: &["BackendSpec"],
            when: when!("E1.7"),
            cel: Some(concat!(
                "!has(self.protocol) || self.protocol != '",
                $protocol,
                "' || has(self.tls) && self.tls.mode != 'None'"
            )),
            message: concat!("the protocol ", $protocol, " needs TLS"),
            help: "set `tls`, with a `mode` other than None",
            check: Check::Value(|backend| {
                backend.text("protocol") != Some($protocol) || tls_mode(backend) != Some("None")
            }),
            ..Rule::BASE
        }
    };
}

pub(super) const RULES: &[Rule] = &[
    belongs!(
        "XBackend/external-hostname-fits-type",
        "BackendSpec",
        "externalHostname",
        "type",
        "ExternalHostname",
        ".."
    ),
    belongs!(
        "XBackend/endpoint-selector-fits-type",
        "BackendSpec",
        "endpointSelector",
        "type",
        "EndpointSelector",
        "E1.7"
    ),
    only_with!(
        "XBackend/session-for-endpoints",
        "BackendSpec",
        "sessionPersistence",
        "type",
        "EndpointSelector",
        "E1.7"
    ),
    needs_tls!("XBackend/http2-needs-tls", "HTTP2"),
    needs_tls!("XBackend/wss-needs-tls", "WSS"),
    Rule {
        id: "XBackend/h2c-without-tls",
        places: &["BackendSpec"],
        when: when!("E1.7"),
        cel: Some(
            "!has(self.protocol) || self.protocol != 'H2C' || !has(self.tls) || self.tls.mode == 'None'",
        ),
        message: "the protocol H2C is cleartext",
        help: "remove `tls`, or set `protocol: HTTP2`",
        check: Check::Value(|backend| {
            backend.text("protocol") != Some("H2C")
                || tls_mode(backend).is_none_or(|mode| mode == "None")
        }),
        ..Rule::BASE
    },
    Rule {
        id: "XBackend/hostname-outside-of-cluster",
        places: &["ExternalHostnameBackend.hostname"],
        cel: Some("!self.endsWith('.cluster.local')"),
        message: "an external hostname must not be one of the cluster's own",
        help: "name the Service itself as the backend",
        check: Check::Value(|hostname| {
            let text = hostname.value().as_str();
            text.is_none_or(|text| !text.ends_with(".cluster.local"))
        }),
        ..Rule::BASE
    },
    // A DNS label was meant. The rule of the CRDs compares the absence of errors with null, which it never is, so that servers
    // refuse every name. What counts is what they do.
    Rule {
        id: "XBackend/port-name-form",
        places: &["BackendPort.name"],
        cel: Some("self == ''"),
        message: "API servers refuse every name of a port",
        help: "remove `name`",
        check: Check::Value(|name| name.value().as_str().is_none_or(str::is_empty)),
        ..Rule::BASE
    },
    Rule {
        id: "XBackend/label-keys-well-formed",
        places: &["EndpointSelectorBackend.matchLabels"],
        cel: Some(
            "self.all(key, key.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$') && key.matches('^[^/]{0,253}(/|$)'))",
        ),
        message: "a key must be one that a label can have",
        help: "write a name of at most 63 characters, a domain and `/` before it allowed",
        check: Check::Value(|labels| {
            let keys = labels.value().as_object().into_iter().flatten();
            keys.filter(|(_, value)| !value.is_null())
                .all(|(key, _)| crate::meta::is_label_key(key))
        }),
        ..Rule::BASE
    },
    belongs!(
        "BackendTLS/client-certificate-fits-mode",
        "BackendTls",
        "clientCertificateRef",
        "mode",
        "ClientAndServer",
        ".."
    ),
    Rule {
        id: "BackendTLS/validation-fits-mode",
        places: &["BackendTls"],
        when: when!("E1.7"),
        cel: Some("has(self.validation) == (self.mode != 'None')"),
        message: "`validation` must be set unless `mode` is None, and only then",
        help: "set `validation`, or `mode: None`",
        check: Check::Value(|tls| {
            tls.text("mode")
                .is_none_or(|mode| tls.has("validation") == (mode != "None"))
        }),
        ..Rule::BASE
    },
    Rule {
        id: "BudgetDetails/interval-bounds",
        places: &["BudgetDetails.interval"],
        cel: Some("duration(self) >= duration('1s') && duration(self) <= duration('1h')"),
        message: "the interval of a budget must be from one second to one hour",
        help: "write a duration from `1s` to `1h`",
        check: Check::Value(|interval| within(interval, SECOND)),
        ..Rule::BASE
    },
    Rule {
        id: "RequestRate/interval-bounds",
        places: &["RequestRate.interval"],
        cel: Some("duration(self) != duration('0s') && duration(self) <= duration('1h')"),
        message: "the interval of a rate must be more than nothing, and at most one hour",
        help: "write a duration up to `1h`",
        check: Check::Value(|interval| within(interval, 1)),
        ..Rule::BASE
    },
    Rule {
        id: "XTelemetryPolicy/has-tracing",
        places: &["TelemetryPolicySpec"],
        cel: Some("has(self.tracing)"),
        message: "`tracing` must be set",
        help: "say how requests are traced",
        check: Check::Value(|spec| spec.has("tracing")),
        ..Rule::BASE
    },
    belongs!(
        "TracingConfig/provider-fits-mode",
        "TracingConfig",
        "provider",
        "mode",
        "Enabled",
        ".."
    ),
    only_with!(
        "TracingConfig/sampling-rate-if-enabled",
        "TracingConfig",
        "samplingRate",
        "mode",
        "Enabled",
        ".."
    ),
    only_with!(
        "TracingConfig/parent-sampling-if-enabled",
        "TracingConfig",
        "parentBasedSampling",
        "mode",
        "Enabled",
        ".."
    ),
    only_with!(
        "TracingConfig/service-name-if-enabled",
        "TracingConfig",
        "serviceName",
        "mode",
        "Enabled",
        ".."
    ),
    only_with!(
        "TracingConfig/span-name-if-enabled",
        "TracingConfig",
        "spanName",
        "mode",
        "Enabled",
        ".."
    ),
    only_with!(
        "TracingConfig/attributes-if-enabled",
        "TracingConfig",
        "attributes",
        "mode",
        "Enabled",
        ".."
    ),
    only_with!(
        "ParentBasedSampling/sampling-rate-if-enabled",
        "ParentBasedSampling",
        "samplingRate",
        "mode",
        "Enabled",
        ".."
    ),
    belongs!(
        "TracingAttribute/header-name-fits-source",
        "Attribute",
        "headerName",
        "sourceType",
        "Header",
        ".."
    ),
    belongs!(
        "TracingAttribute/literal-fits-source",
        "Attribute",
        "literalValue",
        "sourceType",
        "Literal",
        ".."
    ),
    belongs!(
        "TracingAttribute/attribute-key-fits-source",
        "Attribute",
        "attributeKey",
        "sourceType",
        "Attribute",
        ".."
    ),
];

const SECOND: i128 = 1_000_000_000;

/// Whether a duration is from `least` nanoseconds to one hour.
fn within(interval: Defaulted<'_>, least: i128) -> bool {
    interval.value().as_str().is_none_or(|text| {
        go_duration::parse(text).is_some_and(|time| least <= time && time <= 3_600 * SECOND)
    })
}

/// The mode of a backend's TLS; `None` itself where there is no TLS.
fn tls_mode(backend: Defaulted<'_>) -> Option<&str> {
    match backend.get("tls") {
        Some(tls) => tls.text("mode"),
        None => Some("None"),
    }
}
