//! `status` says of an object all that `validate` says of it.

use crate::support::{found, gwapi};
use serde_json::Value;
use std::collections::BTreeSet;

/// Rules of which `status` has no warning, since a condition of the object says what they say. Where one of these warns, the
/// object has a condition that is not good, or there is a `help` or `ignored` with it.
const SAID_BY_CONDITIONS: &[&str] = &[
    "AllowedRoutes/kinds-supported",
    "BackendReference/backend-exists",
    "BackendReference/backend-usable",
    "BackendReference/port-exists",
    "CACertificateReference/certificate-exists",
    "CACertificateReference/certificate-usable",
    "Gateway/class-accepted",
    "GatewayAddress/usable",
    "Listener/protocol-supported",
    "Listeners/no-conflict",
    "LocalObjectReference/filter-supported",
    "ParametersReference/parameters-exist",
    "ParentReference/accepted",
    "ParentReference/kind-is-parent",
    "ParentReference/listener-exists",
    "ParentReference/parent-exists",
    "PolicyTargetReference/in-force",
    "PolicyTargetReference/target-exists",
    "PolicyTargetReference/used",
    "Reference/granted",
    "Reference/group-has-kind",
    "Route/has-parent",
    "Route/hostnames-meet-listener",
    "RouteRules/rule-applies",
    "SecretObjectReference/certificate-exists",
    "SecretObjectReference/certificate-usable",
    // Validation's own, of a rule or listener that a condition calls invalid.
    "GRPCRouteRule/filters-can-be-applied",
    "HTTPRouteRule/filters-can-be-applied",
    "Listener/tls-needed",
    "RegularExpression/compiles",
    "RouteNamespaces/selector-valid",
];

/// Rules that `status` leaves to `validate`, each with the reason.
const LEFT_TO_VALIDATE: &[(&str, &str)] = &[
    ("version/deprecated", "the object works as it is"),
    (
        "Object/given-once",
        "`ignored` has the object that is given first",
    ),
];

fn json(arguments: &[&str], objects: &str) -> Value {
    let output = gwapi(arguments, objects);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// "Nothing is silent": what `validate` warns of in an object that it accepts is a warning of `status`, or a condition says it. All
/// kinds of routes are among the objects.
#[test]
fn status_shows_each_finding_of_an_object_that_validate_accepts() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/attachment");
    let connections = connections();
    let mut inputs = vec![("connections".to_owned(), connections)];
    let base = std::fs::read_to_string(format!("{folder}/base.yaml")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        // The objects of the base are in every set.
        let text = match path.ends_with("base.yaml") {
            true => text,
            false => format!("{text}\n---\n{base}"),
        };
        inputs.push((path.display().to_string(), text));
    }
    let (mut shown, mut kinds) = (0, BTreeSet::new());
    for (name, objects) in inputs {
        let found = found(&objects);
        let status = json(&["status", "-f", "-", "-o", "json"], &objects);
        let bad: BTreeSet<(&str, &str)> = status["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| !is_good(item))
            .map(key)
            .collect();
        let findings = found.as_array().unwrap();
        let refused: BTreeSet<(&str, &str)> = findings
            .iter()
            .filter(|finding| finding["severity"] == "error")
            .map(|finding| of(&finding["object"]))
            .collect();
        for finding in findings {
            let object = &finding["object"];
            let rule = finding["rule"].as_str().unwrap();
            let left = LEFT_TO_VALIDATE.iter().any(|(left, _)| *left == rule);
            if left || refused.contains(&of(object)) {
                continue;
            }
            // Where the two word it alike but for the end, `status` says no less.
            let message = finding["message"].as_str().unwrap();
            let told = |one: &Value| {
                of(one) == of(object) && one["message"].as_str().unwrap().contains(message)
            };
            let warnings = status["warnings"].as_array().unwrap();
            if warnings.iter().any(told) {
                shown += 1;
                kinds.insert(of(object).0.to_owned());
                continue;
            }
            // Further rules of a route without matches are dropped, which `PartiallyInvalid` says.
            let without_matches = ["TLSRoute", "TCPRoute", "UDPRoute"].contains(&of(object).0);
            let is_dropped = without_matches && rule == "RouteRules/no-dead-match";
            let by_condition = SAID_BY_CONDITIONS.contains(&rule) || is_dropped;
            let of_object = |list: &str| {
                let list = status[list].as_array().unwrap();
                list.iter().any(|one| of(one) == of(object))
            };
            let is_said = bad.contains(&of(object)) || of_object("help") || of_object("warnings");
            assert!(by_condition && is_said, "{name}: {finding}\n{status:#}");
        }
    }
    assert!(shown > 10, "{shown}");
    for kind in ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
}

fn of(object: &Value) -> (&str, &str) {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    (text("kind"), text("name"))
}

fn key(item: &Value) -> (&str, &str) {
    (
        item["kind"].as_str().unwrap(),
        item["metadata"]["name"].as_str().unwrap(),
    )
}

/// Whether all conditions of an object say that all is well.
fn is_good(item: &Value) -> bool {
    match item {
        Value::Object(fields) if fields.contains_key("lastTransitionTime") => {
            let negative = ["Conflicted", "PartiallyInvalid", "ListenersNotValid"];
            let kind = fields["type"].as_str().unwrap();
            fields["status"]
                == if negative.contains(&kind) {
                    "False"
                } else {
                    "True"
                }
        }
        Value::Object(fields) => fields.values().all(is_good),
        Value::Array(items) => items.iter().all(is_good),
        _ => true,
    }
}

/// Routes of every kind whose one backend has no endpoint that is ready, and one that names a hostname which nobody serves.
fn connections() -> String {
    let mut objects = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: edge }
spec:
  gatewayClassName: any
  listeners:
    - { name: http, port: 80, protocol: HTTP }
    - { name: tcp, port: 6000, protocol: TCP }
    - { name: udp, port: 6001, protocol: UDP }
    - { name: tls, port: 443, protocol: TLS, hostname: '*.example', tls: { mode: Passthrough } }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: edge }
spec: { ports: [{ name: t, port: 80 }, { name: u, port: 53, protocol: UDP }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, namespace: edge, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
endpoints: [{ addresses: [10.9.0.1], conditions: { ready: false } }]
ports: [{ name: t, port: 8080 }, { name: u, port: 53, protocol: UDP }]
"
    .to_owned();
    for (kind, version, listener, port, hostnames) in [
        ("HTTPRoute", "v1", "http", 80, "hostnames: [a.example],"),
        ("GRPCRoute", "v1", "http", 80, "hostnames: [b.example],"),
        (
            "TLSRoute",
            "v1alpha2",
            "tls",
            80,
            "hostnames: [a.example, b.other],",
        ),
        ("TCPRoute", "v1alpha2", "tcp", 80, ""),
        ("UDPRoute", "v1alpha2", "udp", 53, ""),
    ] {
        objects.push_str(&format!(
            "---\napiVersion: gateway.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{ name: r, namespace: edge }}\n\
             spec: {{ parentRefs: [{{ name: front, sectionName: {listener} }}], {hostnames} \
             rules: [{{ backendRefs: [{{ name: web, port: {port} }}] }}] }}\n"
        ));
    }
    objects
}

/// A hostname that a listener serves to which the route is not attached: that is what is wrong, and not that nobody serves it.
#[test]
fn a_hostname_of_another_listener_asks_for_that_listener() {
    let objects = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: edge }
spec:
  gatewayClassName: any
  listeners:
    - { name: one, port: 80, protocol: HTTP, hostname: a.example }
    - { name: raw, port: 82, protocol: TCP }
    - { name: two, port: 81, protocol: HTTP }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: r, namespace: edge }
spec:
  parentRefs: [{ name: front, sectionName: one }]
  hostnames: [a.example, b.other]
  rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { hostname: c.example } }] }]
";
    let status = json(&["status", "-f", "-", "-o", "json"], objects);
    let warning = &status["warnings"][0];
    assert_eq!(
        warning["message"],
        "no listener that accepts the route serves `b.other`: no request for it reaches the route"
    );
    assert_eq!(
        warning["help"],
        "attach the route to listener `two` of Gateway edge/front, too"
    );
}
