//! `status` says of an object all that `validate` says of it, and `validate` warns of what `status` rejects.

use crate::support::{found, gwapi, route, two_listeners};
use gwapi::meta::condition::is_negative;
use serde_json::Value;
use std::collections::BTreeSet;

/// Rules of which `status` may have no warning, since a condition of the object says what they say.
const SAID_BY_CONDITIONS: &[&str] = &[
    "AllowedRoutes/kinds-supported",
    "BackendReference/backend-exists",
    "BackendReference/backend-usable",
    "BackendReference/port-exists",
    "CACertificateReference/certificate-exists",
    "CACertificateReference/certificate-usable",
    "GatewayClass/release-known",
    "Gateway/class-accepted",
    "GatewayAddress/usable",
    "Listener/protocol-supported",
    "Listener/valid",
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
    "RouteNamespaces/selector-needed",
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

/// The sets of objects that attachment is tested with, and sets of routes that are rejected for one cause and have others.
fn inputs() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/attachment");
    let mut inputs = vec![
        ("certificates".to_owned(), certificates()),
        ("connections".to_owned(), connections()),
        ("rejected for another cause".to_owned(), rejected()),
        ("nobody's route".to_owned(), nobodys()),
        ("policies".to_owned(), policies()),
        ("values of one object".to_owned(), values()),
    ];
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
    inputs
}

/// Two listeners of one hostname that no certificate is for: of two findings in the same words each stands for its field.
fn certificates() -> String {
    let listener = |name: &str, port: u16| {
        format!(
            "{{ name: {name}, port: {port}, protocol: HTTPS, hostname: others.invalid, tls: {{ certificateRefs: [{{ name: cert }}] }} }}"
        )
    };
    let (certificate, key) = (
        include_str!("../../../tests/fixtures/certificates/p256.crt"),
        include_str!("../../../tests/fixtures/certificates/p256.key"),
    );
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{ name: cert, namespace: edge }}\ntype: kubernetes.io/tls\n\
         stringData: {{ tls.crt: {certificate:?}, tls.key: {key:?} }}\n"
    );
    two_listeners(&listener("one", 443), &listener("two", 444), &secret)
}

/// What `status` says of an object: the messages of its conditions that are not good, warnings and help.
fn said(status: &Value, object: &Value) -> String {
    let mut texts = Vec::new();
    let items = status["items"].as_array().unwrap();
    for item in items.iter().filter(|item| key(item) == of(object)) {
        let conditions = bad_conditions(item).into_iter();
        texts.extend(conditions.map(|(_, message)| message));
    }
    for list in ["warnings", "help"] {
        let list = status[list].as_array().unwrap().iter();
        let of_object = list.filter(|one| of(one) == of(object));
        texts.extend(of_object.map(|one| one["message"].as_str().unwrap().to_owned()));
    }
    texts.join("\n")
}

/// Whether a text says what a message does: in its words, or by all that it names.
fn says(text: &str, message: &str) -> bool {
    // `validate` lists what is there as well, which the help of `status` does.
    let message = message
        .split_once("; it has ")
        .map_or(message, |(begin, _)| begin);
    let named: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    text.contains(message) || !named.is_empty() && named.iter().all(|name| text.contains(name))
}

/// "Nothing is silent": what `validate` warns of in an object that it accepts is a warning of `status`, or a condition says it: the same,
/// and not another thing that is wrong with the object. All kinds of routes are among the objects.
#[test]
fn status_shows_each_finding_of_an_object_that_validate_accepts() {
    let (mut shown, mut kinds) = (0, BTreeSet::new());
    for (name, objects) in inputs() {
        let found = found(&objects);
        let status = json(&["status", "-f", "-", "-o", "json"], &objects);
        let findings = found.as_array().unwrap();
        let refused: BTreeSet<_> = findings
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
                of(one) == of(object)
                    && one["path"] == finding["path"]
                    && one["message"].as_str().unwrap().contains(message)
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
            let said = said(&status, object);
            let by_condition = SAID_BY_CONDITIONS.contains(&rule) && says(&said, message)
                || is_dropped && said.contains("Dropped Rule: ");
            assert!(by_condition, "{name}: {finding}\nsaid: {said}");
        }
    }
    assert!(shown > 10, "{shown}");
    for kind in ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
}

/// Reasons of conditions that follow from another condition of the set, of which `validate` warns there, or that say no more than what the
/// object asks for.
const FOLLOWS: &[&str] = &["Pending", "ListenersNotValid", "ConfigurationChanged"];

/// The other direction: what `status` rejects for what is in the input, `validate` warns of, in the same object.
#[test]
fn validate_warns_of_each_object_that_status_rejects() {
    let mut rejected = 0;
    for (name, objects) in inputs() {
        let found = found(&objects);
        let findings = found.as_array().unwrap();
        let status = json(&["status", "-f", "-", "-o", "json"], &objects);
        for item in status["items"].as_array().unwrap() {
            let warned: Vec<&Value> = findings
                .iter()
                .filter(|finding| of(&finding["object"]) == key(item))
                .collect();
            for (reason, message) in bad_conditions(item) {
                if !FOLLOWS.contains(&&*reason) {
                    rejected += 1;
                    assert!(!warned.is_empty(), "{name}: {:?}: {message}", key(item));
                }
            }
        }
    }
    assert!(rejected > 100, "{rejected}");
}

/// What an object says itself is wrong whatever others there are: `validate` warns of it where the object is alone.
#[test]
fn what_follows_from_one_object_is_told_of_one_that_is_alone() {
    // What is missing may be elsewhere.
    let of_others = |message: &str| {
        let missing = [
            "does not exist",
            "no ReferenceGrant",
            "is not in the set",
            "none of the authorities",
        ];
        missing.iter().any(|missing| message.contains(missing))
    };
    let mut rejected = BTreeSet::new();
    for (name, objects) in inputs() {
        for object in objects.split("\n---") {
            let is_crd = object.contains("kind: CustomResourceDefinition");
            if is_crd || !object.contains("gateway.networking") {
                continue;
            }
            let status = json(&["status", "-f", "-", "-o", "json"], object);
            let bad = status["items"].as_array().unwrap().iter();
            let bad = bad.flat_map(bad_conditions);
            let bad = bad.filter(|(reason, _)| !FOLLOWS.contains(&&**reason));
            let bad: Vec<_> = bad.filter(|(_, message)| !of_others(message)).collect();
            let is_said = || !found(object).as_array().unwrap().is_empty();
            assert!(bad.is_empty() || is_said(), "{name}: {bad:?}\n{object}");
            rejected.extend(bad.into_iter().map(|(reason, _)| reason));
        }
    }
    for reason in [
        "Invalid",
        "HostnameConflict",
        "ProtocolConflict",
        "UnsupportedProtocol",
        "InvalidRouteKinds",
        "UnsupportedAddress",
        "InvalidParameters",
    ] {
        assert!(rejected.contains(reason), "{reason}: {rejected:?}");
    }
}

/// Routes that their parents reject for another cause than their rules, which are wrong as well.
fn rejected() -> String {
    let rule = "{ matches: [{ path: { type: RegularExpression, value: '/(' } }], \
                filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: Connection, value: x }] } }], \
                backendRefs: [{ name: nowhere, port: 80 }, { name: web, port: 9 }] }";
    let route = |name: &str, parent: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: {name}, namespace: edge }}\n\
             spec: {{ {parent} rules: [{rule}] }}\n"
        )
    };
    let gateway = two_listeners(
        "{ name: one, port: 80, protocol: HTTP }",
        "{ name: two, port: 81, protocol: HTTP, allowedRoutes: { kinds: [{ kind: GRPCRoute }] } }",
        "",
    );
    gateway
        + &route(
            "no-section",
            "parentRefs: [{ name: front, sectionName: oen }],",
        )
        + &route(
            "not-allowed",
            "parentRefs: [{ name: front, sectionName: two }],",
        )
}

/// Routes of which nobody writes a status.
fn nobodys() -> String {
    let nowhere = rejected().replace("name: front, sectionName: oen", "name: nowhere");
    nowhere.replace("parentRefs: [{ name: front, sectionName: two }],", "")
}

/// Policies of which more than one thing is wrong, and whose targets are misspelt.
fn policies() -> String {
    let policy = |name: &str, target: &str, roots: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {{ name: {name}, namespace: edge }}\n\
             spec: {{ targetRefs: [{target}], validation: {{ hostname: a.example, {roots} }} }}\n"
        )
    };
    let system = "wellKnownCACertificates: System";
    let none = "caCertificateRefs: [{ group: '', kind: ConfigMap, name: nowhere }]";
    let all = [
        policy("group", "{ group: core, kind: Service, name: web }", system),
        policy(
            "gateway",
            "{ group: gateway.networking.k8s.io, kind: Gateway, name: front }",
            none,
        ),
        policy("kind", "{ group: '', kind: service, name: web }", none),
        policy("gone", "{ group: '', kind: Service, name: gone }", none),
    ];
    two_listeners(
        "{ name: one, port: 80, protocol: HTTP }",
        "{ name: two, port: 81, protocol: HTTP }",
        &route("HTTPRoute", "v1", "site", "parentRefs: [{ name: front }]"),
    ) + &all.concat()
}

/// What no API server refuses in one Gateway or GatewayClass, and is rejected.
fn values() -> String {
    "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: edge }
spec:
  gatewayClassName: any
  addresses: [{ type: NamedAddress, value: a }]
  listeners:
    - { name: a, port: 80, protocol: HTTP }
    - { name: b, port: 80, protocol: TCP }
    - { name: c, port: 81, protocol: HTPP }
    - { name: d, port: 82, protocol: HTTP, allowedRoutes: { kinds: [{ kind: TCPRoute }] } }
    - { name: e, port: 84, protocol: HTTPS, hostname: a.example, tls: { certificateRefs: [{ name: a }] } }
    - { name: f, port: 84, protocol: TLS, hostname: a.example, tls: { mode: Passthrough } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: address, namespace: edge }
spec:
  gatewayClassName: any
  listeners: [{ name: e, port: 83, protocol: HTTP, hostname: 192.0.2.7 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: clients, namespace: edge }
spec:
  gatewayClassName: any
  tls: { frontend: { default: {}, perPort: [{ port: 445, tls: { validation: { caCertificateRefs: [{ group: core, kind: ConfigMap, name: a }] } } }] } }
  listeners: [{ name: e, port: 83, protocol: HTTP }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: any }
spec: { controllerName: example.com/c, parametersRef: { group: apps, kind: Deployment, name: a } }
"
    .to_owned()
}

/// The kind, name and namespace of an object; one without a namespace is in `default`.
fn of(object: &Value) -> (&str, &str, &str) {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let namespace = match (text("kind"), text("namespace")) {
        ("GatewayClass", _) => "",
        (_, "") => "default",
        (_, namespace) => namespace,
    };
    (text("kind"), text("name"), namespace)
}

fn key(item: &Value) -> (&str, &str, &str) {
    let (_, name, namespace) = of(&item["metadata"]);
    let kind = item["kind"].as_str().unwrap();
    let namespace = if kind == "GatewayClass" {
        ""
    } else {
        namespace
    };
    (kind, name, namespace)
}

/// The conditions of an object that are not good, each with its reason and message.
fn bad_conditions(item: &Value) -> Vec<(String, String)> {
    match item {
        Value::Object(fields) if fields.contains_key("lastTransitionTime") => {
            let text = |field: &str| fields[field].as_str().unwrap().to_owned();
            let good = match is_negative(&text("type")) {
                true => "False",
                false => "True",
            };
            match fields["status"] == good {
                true => Vec::new(),
                false => vec![(text("reason"), text("message"))],
            }
        }
        Value::Object(fields) => fields.values().flat_map(bad_conditions).collect(),
        Value::Array(items) => items.iter().flat_map(bad_conditions).collect(),
        _ => Vec::new(),
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
