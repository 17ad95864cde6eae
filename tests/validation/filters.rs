//! A filter that cannot be applied is reported by validation, whatever release judges it.

use gwapi::{
    filters::RuleFilters,
    meta::{Channel, Release},
    rules::Severity,
    v1::HttpRouteRule,
    validation::{self, ValidationOptions},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Filters of all types, most of them wrong in one field.
fn filters() -> Vec<Value> {
    let mut filters = Vec::new();
    let long = "x".repeat(257);
    let names = [
        ":path",
        "",
        "a b",
        "Host",
        "TE",
        "Content-Length",
        "x",
        &long,
    ];
    let modifiers = [
        ("RequestHeaderModifier", "requestHeaderModifier"),
        ("ResponseHeaderModifier", "responseHeaderModifier"),
    ];
    for (kind, member) in modifiers {
        for name in names {
            for list in ["set", "add"] {
                filters.push(json!({"type": kind, member: {list: [{"name": name, "value": "v"}]}}));
            }
            filters.push(json!({"type": kind, member: {"remove": [name]}}));
        }
        for value in ["a\nb", "", "x.example:99999"] {
            let entries = json!([{"name": "host", "value": value}]);
            filters.push(json!({"type": kind, member: {"set": entries}}));
        }
        filters.push(json!({"type": kind}));
    }
    for hostname in ["a.example", "1.2.3.4", "*.a.example", "A.example", "a_b"] {
        filters.push(json!({"type": "RequestRedirect", "requestRedirect": {"hostname": hostname}}));
        filters.push(json!({"type": "URLRewrite", "urlRewrite": {"hostname": hostname}}));
    }
    for redirect in [
        json!({"scheme": "ftp"}),
        json!({"port": 0}),
        json!({"port": 65536}),
        json!({"statusCode": 307}),
        json!({"statusCode": 300}),
    ] {
        filters.push(json!({"type": "RequestRedirect", "requestRedirect": redirect}));
    }
    for path in [
        json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/b"}),
        json!({"type": "ReplaceFullPath", "replaceFullPath": "/b"}),
        json!({"type": "ReplaceFullPath", "replacePrefixMatch": "/b"}),
        json!({"type": "Other"}),
    ] {
        filters.push(json!({"type": "RequestRedirect", "requestRedirect": {"path": path}}));
        filters.push(json!({"type": "URLRewrite", "urlRewrite": {"path": path}}));
    }
    filters.push(json!({"type": "URLRewrite", "urlRewrite": {}, "requestRedirect": {}}));
    filters.push(json!({"type": "Other"}));
    filters
}

/// Rules with one filter, at the rule or at a backend, and with two at one place or at both.
fn rules() -> Vec<Value> {
    let filters = filters();
    let rule = |own: Vec<&Value>, backend: Vec<&Value>| {
        let redirects = own.iter().any(|filter| filter["type"] == "RequestRedirect");
        let backends = match redirects && backend.is_empty() {
            true => json!([]),
            false => json!([{"name": "a", "port": 80, "filters": backend}]),
        };
        json!({
            "matches": [{"path": {"type": "PathPrefix", "value": "/a"}}],
            "filters": own, "backendRefs": backends,
        })
    };
    let mut rules = Vec::new();
    for (index, one) in filters.iter().enumerate() {
        rules.push(rule(vec![one], vec![]));
        rules.push(rule(vec![], vec![one]));
        for other in filters.iter().skip(index % 19).step_by(19) {
            rules.push(rule(vec![one, other], vec![]));
            rules.push(rule(vec![one], vec![other]));
        }
    }
    rules
}

/// "A filter that cannot be applied is reported": an API server refuses the rule, or a warning names the field.
#[test]
fn a_filter_that_cannot_be_applied_is_reported_by_whatever_release() {
    let rules = rules();
    for release in [
        Release::V1_0_0,
        Release::V1_1_0,
        Release::V1_5_0,
        Release::V1_7_0,
    ] {
        for channel in Channel::ALL {
            let options = ValidationOptions {
                release,
                channel,
                ..ValidationOptions::default()
            };
            let (mut refused, mut warned) = (0, 0);
            for rule in &rules {
                let Ok(read) = HttpRouteRule::deserialize(rule) else {
                    continue;
                };
                let Err(errors) = RuleFilters::compile_http(&read) else {
                    continue;
                };
                let route = json!({
                    "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                    "metadata": {"name": "r"}, "spec": {"rules": [rule]},
                });
                let report = validation::validate_value(&route, &options);
                if report.errors().next().is_some() {
                    refused += 1;
                    continue;
                }
                for error in errors {
                    let path = format!("spec.rules[0].{}", error.path());
                    let is_told = report.findings().iter().any(|finding| {
                        finding.severity() == Severity::Warning && finding.path() == path
                    });
                    assert!(is_told, "{release} {channel:?} {rule}: {error}: {report:?}");
                    warned += 1;
                }
            }
            assert!(refused > 200 && warned > 100, "{refused} {warned}");
        }
    }
}
