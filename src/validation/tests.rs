use super::*;
use serde_json::json;

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
    validate_value(object, &Options::new(Channel::Standard))
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
        Some("served: gateway.networking.k8s.io/v1")
    );
    let report = validate_value(&object, &Options::new(Channel::Experimental));
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
    let with_status = Options {
        with_status: true,
        ..Options::new(Channel::Standard)
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
    let options = Options::default();
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
fn an_address_of_type_ip_address_is_one() {
    let gateway = |addresses: Value| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "a"},
            "spec": {
                "gatewayClassName": "c", "addresses": addresses,
                "listeners": [{"name": "a", "port": 80.0, "protocol": "HTTP"}],
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
