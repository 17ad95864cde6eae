//! What a release has and is not implemented is named, object by object and field by field; and `status` and `request` say
//! by which release they judged.

use crate::support::{gwapi, newest, with_newest};
use serde_json::Value;

const GATEWAY: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec: { gatewayClassName: c, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { clusterIP: 10.0.0.1, ports: [{ port: 80 }] }
";

fn route(parent: &str, rule: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
         metadata: {{ name: r, namespace: shop }}\nspec: {{ parentRefs: [{parent}], rules: [{rule}] }}\n"
    )
}

const TO_CART: &str = "backendRefs: [{ name: cart, port: 80 }]";

fn run(arguments: &[&str], text: &str) -> (Option<i32>, String) {
    let output = gwapi(arguments, text.as_bytes());
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn json(arguments: &[&str], text: &str) -> (Option<i32>, Value) {
    let (code, text) = run(&[arguments, &["-o", "json"]].concat(), text);
    (code, serde_json::from_str(&text).unwrap())
}

const STATUS: [&str; 3] = ["status", "-f", "-"];
const REQUEST: [&str; 4] = ["request", "-f", "-", "http://a.example/"];

/// The places that are named as not implemented.
fn named(answer: &Value) -> Vec<String> {
    let parts = answer["notImplemented"].as_array().unwrap();
    let one = |part: &Value| {
        let text = |key: &str| part[key].as_str().unwrap().to_owned();
        assert!(text("message").starts_with("not implemented: "));
        let place = format!("{} {}", text("kind"), text("name"));
        format!("{place} {}", text("path")).trim_end().to_owned()
    };
    parts.iter().map(one).collect()
}

#[test]
fn a_field_that_is_not_implemented_is_named_and_the_exit_code_says_so() {
    let sound = format!(
        "{GATEWAY}{}",
        route("{ name: front }", &format!("{{ {TO_CART} }}"))
    );
    let retry = format!("{{ retry: {{ attempts: 2 }}, {TO_CART} }}");
    let retry = format!("{GATEWAY}{}", route("{ name: front }", &retry));
    for arguments in [&STATUS[..], &REQUEST[..]] {
        let (code, answer) = json(arguments, &sound);
        assert_eq!((code, named(&answer)), (Some(0), vec![]), "{answer}");
        let (code, answer) = json(arguments, &retry);
        assert_eq!(code, Some(1), "{answer}");
        assert_eq!(named(&answer), ["HTTPRoute r spec.rules[0].retry"]);
        assert_eq!(answer["ignored"], serde_json::json!([]));
        let (code, text) = run(arguments, &retry);
        assert_eq!(code, Some(1), "{text}");
        assert!(
            text.contains("HTTPRoute shop/r: spec.rules[0].retry: no request is sent again"),
            "{text}"
        );
    }
}

#[test]
fn an_object_of_a_kind_that_is_not_implemented_is_named_and_so_is_who_refers_to_it() {
    let set = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: ListenerSet\n\
               metadata: { name: more, namespace: shop }\n\
               spec: { parentRef: { name: front }, listeners: [{ name: extra, port: 81, protocol: HTTP }] }\n";
    let other = "---\napiVersion: gateway.networking.x-k8s.io/v1alpha1\nkind: XMesh\n\
                 metadata: { name: mesh }\nspec: { controllerName: a.example/b }\n";
    let rule = format!("{{ {TO_CART} }}");
    let route = route("{ kind: ListenerSet, name: more }", &rule);
    let objects = format!("{GATEWAY}{set}{other}{route}");
    let (code, list) = json(&STATUS, &objects);
    assert_eq!(code, Some(1));
    assert_eq!(
        named(&list),
        [
            "ListenerSet more",
            "XMesh mesh",
            "HTTPRoute r spec.parentRefs[0]"
        ]
    );
    let (_, text) = run(&STATUS, &objects);
    for said in [
        "gwapi does not implement ListenerSet.gateway.networking.k8s.io as a parent; your implementation may accept the route",
        "help: nothing is wrong with `spec.parentRefs[0]`",
        "ListenerSet shop/more: none of its listeners is served",
        "3 parts not implemented",
        &with_newest("judged by the experimental channel of NEWEST, the newest release"),
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    // A request to a port of the set finds no listener, and is told why.
    let (code, answer) = json(&["request", "-f", "-", "http://a.example:81/"], &objects);
    assert_eq!(code, Some(1), "{answer}");
    assert_eq!(named(&answer)[0], "ListenerSet more");
}

/// Filters must not be skipped: CORS and ExternalAuth are not implemented, and requests that they are for get 500.
#[test]
fn a_request_for_which_a_filter_is_not_implemented_is_answered_with_500() {
    for filter in [
        "{ type: CORS, cors: { allowOrigins: ['https://a.example'] } }",
        "{ type: ExternalAuth, externalAuth: { protocol: GRPC, grpc: {}, backendRef: { name: cart, port: 80 } } }",
    ] {
        let rules = format!(
            "{{ filters: [{filter}], {TO_CART} }}, {{ matches: [{{ path: {{ value: /open }} }}], {TO_CART} }}"
        );
        let objects = format!("{GATEWAY}{}", route("{ name: front }", &rules));
        let (code, answer) = json(&REQUEST, &objects);
        assert_eq!(code, Some(1), "{answer}");
        assert_eq!(answer["status"], 500, "{answer}");
        assert_eq!(named(&answer).len(), 1, "{answer}");
        let why = answer["why"].to_string();
        assert!(why.contains("is not implemented"), "{why}");
    }
}

#[test]
fn the_release_decides_what_is_left_out_and_how_statuses_look() {
    let rule = format!("{{ retry: {{ attempts: 2 }}, {TO_CART} }}");
    let class = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: c }\n\
                 spec: { controllerName: a.example/b }\n";
    let objects = format!("{GATEWAY}{class}{}", route("{ name: front }", &rule));
    let (code, old) = json(&[&STATUS[..], &["--release", "v1.1.0"]].concat(), &objects);
    assert_eq!(code, Some(1));
    assert_eq!(old["release"], "v1.1.0");
    assert_eq!(old["releaseChoice"], "v1.1.0, as `--release` says");
    assert_eq!(old["ignored"][0]["kind"], "HTTPRoute", "{old}");
    assert_eq!(named(&old), Vec::<String>::new());
    assert_eq!(old["items"][0]["kind"], "GatewayClass");
    assert!(old["items"][0]["status"]["supportedFeatures"][0].is_string());
    let (_, new) = json(&STATUS, &objects);
    assert_eq!(new["release"], newest());
    assert_eq!(
        new["releaseChoice"],
        with_newest("NEWEST, the newest release")
    );
    assert_eq!(new["ignored"], serde_json::json!([]));
    assert!(new["items"][0]["status"]["supportedFeatures"][0]["name"].is_string());
    // Unless it is named, the release is that of the CRDs.
    let crd = "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
               metadata: { name: a, annotations: { gateway.networking.k8s.io/bundle-version: v1.1.0 } }\n\
               spec: { group: gateway.networking.k8s.io }\n";
    let (_, installed) = json(&STATUS, &format!("{objects}{crd}"));
    assert_eq!(
        installed["releaseChoice"],
        "v1.1.0, whose CRDs are in the input"
    );
    assert_eq!(installed["ignored"][0]["kind"], "HTTPRoute");
}

/// GEP-3171, and BackendTLSPolicy `subjectAltNames`: what a request is told of them.
#[test]
fn a_share_of_a_mirror_and_names_of_a_certificate_are_told() {
    let rule = format!(
        "{{ filters: [{{ type: RequestMirror, requestMirror: {{ percent: 10, backendRef: {{ name: cart, port: 80 }} }} }}], {TO_CART} }}"
    );
    let policy = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\n\
                  metadata: { name: p, namespace: shop }\n\
                  spec: { targetRefs: [{ group: '', kind: Service, name: cart }], validation: { hostname: a.example, \
                  wellKnownCACertificates: System, subjectAltNames: [{ type: URI, uri: 'spiffe://a/b' }] } }\n";
    let objects = format!("{GATEWAY}{}{policy}", route("{ name: front }", &rule));
    let (code, answer) = json(&REQUEST, &objects);
    assert_eq!(code, Some(0), "{answer}");
    let why = answer["why"].to_string();
    for said in [
        "the mirror Service shop/cart gets a copy of 10 of 100 requests",
        "the backend's certificate must be for `spiffe://a/b`, with `a.example` as SNI",
    ] {
        assert!(why.contains(said), "{why}");
    }
}

/// `parentRefs`, `backendRefs`: a reference to a kind that is not implemented is named though the object itself is not in the input.
#[test]
fn a_reference_to_a_kind_that_is_not_implemented_is_named_without_its_object() {
    let rule = format!("{{ {TO_CART} }}");
    let x = "group: gateway.networking.x-k8s.io";
    let to_backend = format!("{{ backendRefs: [{{ {x}, kind: XBackend, name: b }}] }}");
    for (parent, rule, path) in [
        (
            "{ kind: ListenerSet, name: more }".to_owned(),
            &rule,
            "spec.parentRefs[0]",
        ),
        (
            format!("{{ {x}, kind: XMesh, name: m }}"),
            &rule,
            "spec.parentRefs[0]",
        ),
        (
            "{ name: front }".to_owned(),
            &to_backend,
            "spec.rules[0].backendRefs[0]",
        ),
    ] {
        let objects = format!("{GATEWAY}{}", route(&parent, rule));
        for arguments in [&STATUS[..], &REQUEST[..]] {
            let (code, answer) = json(arguments, &objects);
            assert_eq!(code, Some(1), "{answer}");
            assert_eq!(named(&answer), [format!("HTTPRoute r {path}")], "{answer}");
            let (_, text) = run(arguments, &objects);
            assert!(
                text.contains(&format!("HTTPRoute shop/r: {path}: ")),
                "{text}"
            );
        }
    }
}

/// GatewaySpecAddress `value` of v1.4.0: without one an address of the type is assigned, or else the Gateway is not programmed
/// (`AddressNotAssigned`).
#[test]
fn an_address_without_value_is_assigned_or_said_to_be_not() {
    for (kind, status, reason, address) in [
        ("IPAddress", "True", "Programmed", Some("198.18.0.1")),
        ("Hostname", "False", "AddressNotAssigned", None),
    ] {
        let objects = GATEWAY.replace(
            "gatewayClassName: c,",
            &format!("gatewayClassName: c, addresses: [{{ type: {kind} }}],"),
        );
        let (_, answer) = json(&STATUS, &objects);
        let items = answer["items"].as_array().unwrap();
        let gateway = items.iter().find(|item| item["kind"] == "Gateway").unwrap();
        let conditions = gateway["status"]["conditions"].as_array().unwrap();
        let programmed = conditions
            .iter()
            .find(|one| one["type"] == "Programmed")
            .unwrap();
        assert_eq!(programmed["status"], status, "{programmed}");
        assert_eq!(programmed["reason"], reason, "{programmed}");
        let given = gateway["status"]["addresses"]
            .pointer("/0/value")
            .and_then(Value::as_str);
        assert_eq!(given, address, "{gateway}");
    }
}

/// Gateway `spec.listeners[].tls.options`, BackendTLSPolicy `spec.options`: keys and values are up to the implementation.
#[test]
fn options_of_an_implementation_are_named_and_what_stands_on_them_is_assumed() {
    let sound = || route("{ name: front }", &format!("{{ {TO_CART} }}"));
    let listener = "{ name: http, port: 80, protocol: HTTP }";
    let with_options = |refs: &str| {
        let tls = format!(
            "{{ name: tls, port: 443, protocol: HTTPS, tls: {{ {refs} options: {{ example.com/cert: mine }} }} }}"
        );
        GATEWAY.replace(listener, &tls) + &sound()
    };
    let set = with_options("");
    let (code, answer) = json(&STATUS, &set);
    assert_eq!(code, Some(1));
    assert_eq!(
        named(&answer),
        ["Gateway front spec.listeners[0].tls.options"]
    );
    let (code, text) = run(&["request", "-f", "-", "https://a.example/"], &set);
    assert_eq!(code, Some(1), "{text}");
    let assumed = "the listener names no certificate: an implementation shows one that it has by `tls.options`";
    assert!(
        text.contains(assumed) && text.contains("tls.options"),
        "{text}"
    );
    let policy = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: { name: p, namespace: shop }\n\
                  spec: { targetRefs: [{ group: '', kind: Service, name: cart }], options: { example.com/a: b }, \
                  validation: { hostname: cart.example, wellKnownCACertificates: System } }\n";
    let set = GATEWAY.to_owned() + &sound() + policy;
    let (code, answer) = json(&STATUS, &set);
    assert_eq!(code, Some(1));
    assert_eq!(named(&answer), ["BackendTLSPolicy p spec.options"]);
}
