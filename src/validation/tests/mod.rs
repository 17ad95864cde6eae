use super::*;
use crate::{meta::Release, rules::Severity};
use serde_json::json;

mod releases;

fn paths(report: &Report) -> Vec<(&str, &str)> {
    report.errors().map(|f| (f.rule(), f.path())).collect()
}

fn route(spec: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "a"}, "spec": spec,
    })
}

fn standard(object: &Value) -> Report {
    validate_value(object, &ValidationOptions::new(Channel::Standard))
}

#[test]
fn an_object_has_all_its_findings_at_once() {
    let report = standard(&route(&json!({
        "hostnames": ["UPPER", 5],
        "parentRefs": [{"name": ""}, {"name": ""}],
        "rules": [{
            "timeouts": {},
            "matches": [{"path": {"type": "Exact", "value": "a//b"}, "method": "get"}],
            "backendRefs": [{"name": "x"}],
        }],
    })));
    assert_eq!(
        paths(&report),
        [
            ("schema/unknown-field", "spec.rules[0].timeouts"),
            ("schema/pattern", "spec.hostnames[0]"),
            ("schema/type", "spec.hostnames[1]"),
            ("schema/min-length", "spec.parentRefs[0].name"),
            ("schema/min-length", "spec.parentRefs[1].name"),
            (
                "ParentReference/sections-distinct-for-same-parent",
                "spec.parentRefs"
            ),
            (
                "BackendReference/service-has-port",
                "spec.rules[0].backendRefs[0]"
            ),
            ("schema/enum", "spec.rules[0].matches[0].method"),
            ("HTTPPathMatch/absolute", "spec.rules[0].matches[0].path"),
            (
                "HTTPPathMatch/no-empty-segment",
                "spec.rules[0].matches[0].path"
            ),
        ]
    );
}

#[test]
fn a_version_that_is_not_served_is_refused_with_those_that_are() {
    let mut object = json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "GRPCRoute",
        "metadata": {"name": "a"}, "spec": {},
    });
    let report = standard(&object);
    assert_eq!(paths(&report), [("version/not-served", "apiVersion")]);
    assert_eq!(
        report.findings()[0].help(),
        Some(
            "write `apiVersion: gateway.networking.k8s.io/v1` (`gateway.networking.k8s.io/v1alpha2`: it is in the experimental channel, and gone from it since v1.2.0)"
        )
    );
    let report = validate_value(&object, &ValidationOptions::new(Channel::Experimental));
    assert!(report.is_accepted());
    assert_eq!(report.findings()[0].rule(), "version/deprecated");
    object["kind"] = json!("TCPRoute");
    assert_eq!(standard(&object).findings()[0].rule(), "kind/not-served");
    object["kind"] = json!("HTTPRout");
    assert_eq!(
        standard(&object).findings()[0].help(),
        Some("did you mean `HTTPRoute`?")
    );
    object["apiVersion"] = json!("v1");
    assert!(standard(&object).is_empty(), "not of the Gateway API");
}

#[test]
fn status_is_judged_only_when_asked_for_but_its_unknown_fields_always() {
    let mut object = route(&json!({}));
    object["status"] = json!({"parents": "none", "oops": 1});
    assert_eq!(
        paths(&standard(&object)),
        [("schema/unknown-field", "status.oops")]
    );
    let with_status = ValidationOptions {
        with_status: true,
        ..ValidationOptions::new(Channel::Standard)
    };
    assert_eq!(
        paths(&validate_value(&object, &with_status)),
        [
            ("schema/unknown-field", "status.oops"),
            ("schema/type", "status.parents")
        ]
    );
}

#[test]
fn the_controller_of_a_class_cannot_be_changed() {
    let class = |controller: &str| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
            "metadata": {"name": "a"}, "spec": {"controllerName": controller},
        })
    };
    let options = ValidationOptions::default();
    let old = class("example.com/a");
    assert!(validate_update(&class("example.com/a"), &old, &options).is_empty());
    assert_eq!(
        paths(&validate_update(&class("example.com/b"), &old, &options)),
        [(
            "GatewayClass/controller-name-immutable",
            "spec.controllerName"
        )]
    );
}

#[test]
fn metadata_is_checked_as_on_creation() {
    let with = |metadata: Value| {
        let mut object = route(&json!({}));
        object["metadata"] = metadata;
        let report = standard(&object);
        report
            .errors()
            .map(|f| f.path().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(with(json!({})), ["metadata.name"]);
    assert_eq!(with(json!({"name": "A"})), ["metadata.name"]);
    assert_eq!(with(json!({"name": 5})), ["metadata.name"]);
    assert_eq!(with(json!({"generateName": "a-"})), [] as [&str; 0]);
    // A server judges the name that it makes, too.
    for name in [json!({}), json!({"name": ""})] {
        let mut metadata = name;
        metadata["generateName"] = "_".into();
        assert_eq!(with(metadata), ["metadata.name", "metadata.generateName"]);
    }
    assert_eq!(
        with(json!({"name": "a", "generateName": "_"})),
        ["metadata.generateName"]
    );
    assert_eq!(
        with(json!({"name": "a", "namespace": "a.b"})),
        ["metadata.namespace"]
    );
    assert_eq!(
        with(json!({"name": "a", "labels": {"a/b/c": "d", "e": "-"}})),
        ["metadata.labels"; 2]
    );
    assert_eq!(
        with(json!({"name": "a", "annotations": {"a": 1}})),
        ["metadata.annotations[a]"]
    );
    assert_eq!(
        with(json!({"name": "a", "creationTimestamp": null, "labels": null})),
        [] as [&str; 0]
    );
    assert_eq!(
        with(json!({"name": "a", "creationTimestamp": "now"})),
        ["metadata.creationTimestamp"]
    );
    assert_eq!(with(json!([])), ["metadata"]);
}

#[test]
fn names_and_annotations_are_measured_to_the_last_byte() {
    let refused = |metadata: Value| {
        let mut object = route(&json!({}));
        object["metadata"] = metadata;
        standard(&object).errors().count()
    };
    for (namespace, errors) in [("n".repeat(63), 0), ("n".repeat(64), 1)] {
        assert_eq!(
            refused(json!({"name": "a", "namespace": namespace})),
            errors
        );
    }
    for (size, errors) in [(256 * 1024 - 1, 0), (256 * 1024, 1)] {
        let annotations = json!({"a": "x".repeat(size)});
        assert_eq!(
            refused(json!({"name": "a", "annotations": annotations})),
            errors
        );
    }
}

#[test]
fn a_whole_number_with_a_fraction_of_zero_is_an_integer_within_the_bounds_of_json() {
    let errors = |weight: Value| {
        let backend = json!({"name": "a", "port": 80, "weight": weight});
        let report = standard(&route(&json!({"rules": [{"backendRefs": [backend]}]})));
        let rules = report.errors().map(|finding| finding.rule().to_owned());
        rules.collect::<Vec<_>>()
    };
    assert_eq!(errors(json!(80.0)), [] as [&str; 0]);
    assert_eq!(errors(json!(80.5)), ["schema/type"]);
    assert_eq!(errors(json!(1e300)), ["schema/type"]);
}

#[test]
fn a_port_with_a_fraction_is_none_for_the_rules_that_tell_ports_apart() {
    let errors = |port: Value| {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "a", "namespace": "b"},
            "spec": {
                "gatewayClassName": "c",
                "listeners": [{"name": "a", "port": 80, "protocol": "HTTP"}],
                "tls": {"frontend": {"default": {}, "perPort": [{"port": 443, "tls": {}}, {"port": port, "tls": {}}]}},
            },
        });
        let options = ValidationOptions::of(Release::V1_7_0, Channel::Standard);
        let report = validate_value(&object, &options);
        let rules = report.errors().map(|finding| finding.rule().to_owned());
        rules.collect::<Vec<_>>()
    };
    assert_eq!(errors(json!(8443)), [] as [&str; 0]);
    assert_eq!(errors(json!(8443.0)), ["FrontendTLSConfig/ports-distinct"]);
}

#[test]
fn an_address_of_type_ip_address_is_one() {
    let gateway = |addresses: Value| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "a"},
            "spec": {
                "gatewayClassName": "c", "addresses": addresses,
                "listeners": [{"name": "a", "port": 80, "protocol": "HTTP"}],
            },
        })
    };
    assert!(
        standard(&gateway(
            json!([{"value": "::1"}, {"type": "Hostname", "value": "a"}])
        ))
        .is_empty()
    );
    assert_eq!(
        paths(&standard(&gateway(json!([{"value": "a"}])))),
        [("schema/one-of", "spec.addresses[0].value")]
    );
}

fn warnings(object: &Value) -> Vec<(&'static str, String)> {
    standard(object)
        .findings()
        .iter()
        .map(|f| (f.rule(), f.path().to_owned()))
        .collect()
}

#[test]
fn what_no_server_can_check_is_a_warning() {
    let object = route(&json!({
        "hostnames": ["192.0.2.1"],
        "rules": [
            {
                "matches": [
                    {"path": {"type": "RegularExpression", "value": "(a"}},
                    {"path": {"value": "/a"}, "headers": [{"name": "A", "value": "1"}, {"name": "a", "value": "2"}]},
                    {"path": {"value": "/a/"}, "headers": [{"name": "a", "value": "1"}]},
                ],
                "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {
                    "set": [{"name": "X", "value": "1"}], "remove": ["x"],
                }}],
                "backendRefs": [{"name": "s", "port": 80, "weight": 0}],
            },
            {},
            {"matches": [{"method": "GET"}], "filters": [{"type": "RequestRedirect", "requestRedirect": {}}]},
        ],
    }));
    let report = standard(&object);
    assert!(report.is_accepted(), "{:?}", report.findings());
    assert_eq!(
        warnings(&object)
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>(),
        std::collections::BTreeSet::from([
            ("Hostname/not-an-address", "spec.hostnames[0]".to_owned()),
            (
                "RouteRule/weights-not-all-zero",
                "spec.rules[0].backendRefs".to_owned()
            ),
            (
                "HTTPHeaderFilter/one-action-a-header",
                "spec.rules[0].filters[0].requestHeaderModifier.remove[0]".to_owned()
            ),
            (
                "HeaderMatches/names-differ-in-more-than-case",
                "spec.rules[0].matches[1].headers[1]".to_owned()
            ),
            ("HTTPRouteRule/has-answer", "spec.rules[1]".to_owned()),
            (
                "HTTPRequestRedirectFilter/leads-elsewhere",
                "spec.rules[2].filters[0].requestRedirect".to_owned()
            ),
            (
                "RegularExpression/compiles",
                "spec.rules[0].matches[0].path.value".to_owned()
            ),
        ])
    );
}

#[test]
fn regular_expressions_that_grow_without_bound_are_refused_in_bounded_time() {
    let bomb = |n: usize| json!({"path": {"type": "RegularExpression", "value": format!("(a{{{n}}}){{1000}}{{1000}}")}});
    let rules: Vec<_> = (0..16)
        .map(|r| json!({"matches": (0..8).map(|m| bomb(100 + r * 8 + m)).collect::<Vec<_>>()}))
        .collect();
    let start = std::time::Instant::now();
    let report = standard(&route(&json!({"rules": rules})));
    let bombs = report
        .findings()
        .iter()
        .filter(|f| f.rule() == "RegularExpression/compiles")
        .count();
    assert_eq!(bombs, 128);
    assert!(
        start.elapsed() < std::time::Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_report_keeps_so_many_findings_of_each_severity_and_says_that_there_were_more() {
    let report = standard(&route(&json!({"hostnames": vec![5; 1_000_000]})));
    assert_eq!(report.errors().count(), MOST_FINDINGS + 1);
    let last = report.findings().last().unwrap();
    assert_eq!(
        (last.rule(), last.severity()),
        ("object/too-many-findings", Severity::Error)
    );

    // Too many warnings refuse nothing.
    let names = |letters: [char; 2]| -> Vec<_> {
        (0..16)
            .map(|n| json!({"name": format!("{}{n}", letters[n % 2]), "value": "x"}))
            .collect()
    };
    let modifier = json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {
        "set": names(['A', 'b']), "add": names(['a', 'B']),
    }});
    let backend = json!({"name": "a", "port": 80, "filters": [modifier]});
    let rule = json!({"backendRefs": vec![backend; 16]});
    let report = standard(&route(&json!({"rules": vec![rule; 16]})));
    assert!(report.is_accepted(), "{:?}", report.errors().next());
    assert_eq!(report.findings().len(), MOST_FINDINGS + 1);
}

/// The path of a rule on a list of listeners does not say which of them is meant: the message does.
#[test]
fn a_rule_on_listeners_names_those_that_break_it() {
    let message = |listeners: Value| {
        let report = standard(&json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "gw"},
            "spec": {"gatewayClassName": "c", "listeners": listeners},
        }));
        let mut errors = report.errors();
        let of_list = errors.find(|finding| finding.rule().starts_with("Listeners/"));
        of_list.unwrap().message().to_owned()
    };
    let good = json!({"name": "good", "port": 1, "protocol": "HTTP"});
    for (bad, wanted) in [
        (
            json!({"name": "bad", "port": 2, "protocol": "HTTP", "tls": {"certificateRefs": [{"name": "c"}]}}),
            "a listener for HTTP, TCP or UDP must have no `tls`: listener `bad`",
        ),
        (
            json!({"name": "bad", "port": 2, "protocol": "HTTPS", "tls": {"mode": "Passthrough"}}),
            "a listener for HTTPS must end TLS itself: listener `bad`",
        ),
        (
            json!({"name": "bad", "port": 2, "protocol": "TCP", "hostname": "a.b"}),
            "a listener for TCP or UDP must have no hostname: listener `bad`",
        ),
        (
            json!({"name": "good", "port": 2, "protocol": "HTTP"}),
            "listeners of a Gateway must have different names: listener `good`",
        ),
        (
            json!({"name": "same", "port": 1, "protocol": "HTTP"}),
            "listeners of a Gateway must differ in port, protocol or hostname: listener `good`, listener `same`",
        ),
    ] {
        assert_eq!(message(json!([good, bad])), wanted);
    }
}

/// A text that YAML has read as a boolean may have been written in several ways: only its author knows which.
#[test]
fn a_text_that_was_read_as_a_boolean_is_to_be_quoted_as_it_was_written() {
    let help = |value: Value| {
        let report = standard(&route(&json!({"hostnames": [value]})));
        report.findings()[0].help().unwrap().to_owned()
    };
    for (value, written) in [(true, "`y`, `yes`, `on`"), (false, "`n`, `no`, `off`")] {
        let help = help(json!(value));
        assert!(
            help.starts_with("quote the value as it is written: ") && help.contains(written),
            "{help}"
        );
    }
    assert_eq!(help(json!(8)), "put it in quotes: \"8\"");
    // In `metadata` the words are the same, and those of an object that cannot be read.
    let mut object = route(&json!({"hostnames": [false]}));
    object["metadata"]["annotations"] = json!({"a": false});
    let report = standard(&object);
    let findings = report.findings().iter();
    let mut said: Vec<_> = findings
        .map(|finding| (finding.path(), finding.message(), finding.help()))
        .collect();
    said.sort_unstable();
    let wanted = "expected a string, found the boolean `false`";
    let quoted = help(json!(false));
    assert_eq!(
        said[..2],
        [
            ("metadata.annotations[a]", wanted, Some(quoted.as_str())),
            ("spec.hostnames[0]", wanted, Some(quoted.as_str())),
        ]
    );
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"clusterIP": false}});
    let unreadable = crate::manifest::decode(&service).unwrap_err();
    assert_eq!(unreadable.message(), wanted);
}

#[test]
fn expressions_are_judged_by_the_limits_of_the_options() {
    let route = route(&json!({"rules": [{
        "matches": [{"path": {"type": "RegularExpression", "value": "/[a-z]{50}"}}],
        "backendRefs": [{"name": "x", "port": 80}],
    }]}));
    let mut options = ValidationOptions::new(Channel::Standard);
    let warned = |options: &ValidationOptions| {
        let report = validate_value(&route, options);
        let mut findings = report.findings().iter();
        findings.any(|finding| finding.rule() == "RegularExpression/compiles")
    };
    assert!(!warned(&options));
    options.patterns.pattern = 1_000;
    assert!(warned(&options));
}

/// What a field is for decides what is to be written there, although two have one pattern.
#[test]
fn a_name_that_is_not_of_its_form_has_the_help_of_its_field() {
    let help = |route_spec: &Value| {
        let report = standard(&route(route_spec));
        let findings = report.findings().iter();
        let wrong = findings.filter(|finding| finding.rule() == "schema/pattern");
        let helps = wrong.map(|finding| finding.help().unwrap_or_default().to_owned());
        helps.collect::<Vec<String>>()
    };
    let section = |name: &str| help(&json!({"parentRefs": [{"name": "a", "sectionName": name}]}));
    assert_eq!(section("HTTP"), ["write it in lower case: `http`"]);
    assert_eq!(
        section("my_http"),
        ["write a name of lower-case letters, digits, `-` and `.`: `http`"]
    );
    let redirect = |host: &str| {
        let redirect = json!({"type": "RequestRedirect", "requestRedirect": {"hostname": host}});
        help(&json!({"rules": [{"filters": [redirect]}]}))
    };
    assert_eq!(
        redirect("Shop.example"),
        ["write it in lower case: `shop.example`"]
    );
    assert_eq!(
        redirect("a_b"),
        ["write a DNS name in lower case: `shop.example.com`"]
    );
}
