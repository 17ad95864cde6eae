//! What a request passes by because it is not in force, and what is wrong with the route that takes it.

use crate::support::{SOUND, gwapi};
use serde_json::Value;

/// A route for `/admin` with this parent, and with what else its rule has.
fn admin(parent: &str, more: &str) -> String {
    format!(
        "{SOUND}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{ name: admin, namespace: shop }}
spec:
  parentRefs: [{parent}]
  rules: [{{ matches: [{{ path: {{ value: /admin }} }}], {more} backendRefs: [{{ name: cart, port: 80 }}] }}]
"
    )
}

/// The exit code, the answer and the text.
fn ask(set: &str, url: &str) -> (Option<i32>, Value, String) {
    let json = gwapi(&["request", "-f", "-", "-o", "json", url], set);
    let text = gwapi(&["request", "-f", "-", url], set);
    assert_eq!(json.status.code(), text.status.code());
    let answer = serde_json::from_slice(&json.stdout).unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    (json.status.code(), answer, text)
}

/// HTTPRoute `spec.rules[].filters[].type`: a filter must not be skipped.
#[test]
fn a_route_whose_filters_are_invalid_answers_its_requests_with_an_error() {
    for filter in [
        "{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: TE, value: trailers }] } }",
        "{ type: CORS, cors: { allowOrigins: ['*'] } }",
    ] {
        let set = admin("{ name: front }", &format!("filters: [{filter}],"));
        let (code, answer, _) = ask(&set, "http://x/admin");
        assert_eq!(code, Some(1));
        assert_eq!(
            (&answer["status"], &answer["route"]["name"]),
            (&500.into(), &"admin".into())
        );
        assert!(!answer["help"].as_array().unwrap().is_empty(), "{answer}");
        let (_, answer, _) = ask(&set, "http://x/else");
        assert_eq!(
            (&answer["status"], &answer["route"]["name"]),
            (&200.into(), &"cart".into())
        );
    }
}

#[test]
fn a_rejected_route_that_would_take_the_request_is_named_and_makes_the_exit_code_1() {
    for parent in ["{ name: front, sectionName: htp }", "{ name: fornt }"] {
        let set = admin(parent, "");
        let (code, answer, text) = ask(&set, "http://x/admin");
        assert_eq!((code, &answer["status"]), (Some(1), &200.into()), "{text}");
        let fate = match parent.contains("fornt") {
            true => "has no effect",
            false => "is rejected",
        };
        let named = format!("HTTPRoute shop/admin {fate} and would take the request: ");
        assert!(text.contains(&named), "{text}");
        assert!(text.contains(
            "exit code 1: the request was forwarded, but there is something to correct: see help"
        ));
        let ignored = answer["ignored"].as_array().unwrap();
        assert_eq!(ignored.len(), 1, "{answer}");
        assert_eq!(
            (&ignored[0]["name"], &ignored[0]["reason"]),
            (&"admin".into(), &"Rejected".into())
        );
        assert!(text.contains(ignored[0]["message"].as_str().unwrap()));
        assert!(!answer["help"].as_array().unwrap().is_empty());
        let (code, answer, text) = ask(&set, "http://x/else");
        assert_eq!(code, Some(0), "{text}");
        assert!(answer["ignored"].as_array().unwrap().is_empty());
    }
}

#[test]
fn a_condition_of_the_route_that_takes_the_request_makes_the_exit_code_1() {
    let gone = "---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: part, namespace: shop }
spec:
  parentRefs: [{ name: front }]
  hostnames: [part.example]
  rules:
    - { backendRefs: [{ name: cart, port: 80 }] }
    - { matches: [{ path: { value: /gone } }], backendRefs: [{ name: gone, port: 80 }] }
";
    let (code, answer, text) = ask(&format!("{SOUND}{gone}"), "http://part.example/");
    assert_eq!((code, &answer["status"]), (Some(1), &200.into()), "{text}");
    assert!(text.contains(
        "HTTPRoute shop/part: ResolvedRefs False (BackendNotFound): Service shop/gone does not exist"
    ));
    assert!(
        text.contains("but there is something to correct: see help"),
        "{text}"
    );
    let (code, ..) = ask(&format!("{SOUND}{gone}"), "http://else.example/");
    assert_eq!(code, Some(0));
}

/// A Gateway that takes routes of every namespace at port 80 and those of its own at port 82, and a route of another namespace.
const ELSEWHERE: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw, namespace: a }
spec:
  gatewayClassName: any
  listeners:
    - { name: good, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
    - { name: same, port: 82, protocol: HTTP }
    - { name: host, port: 83, protocol: HTTP, hostname: other.test, allowedRoutes: { namespaces: { from: All } } }
---
apiVersion: v1
kind: Service
metadata: { name: s, namespace: zz }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: r, namespace: zz }
spec: { parentRefs: [{ name: gw, namespace: a }], hostnames: [x.test], rules: [{ backendRefs: [{ name: s, port: 80 }] }] }
";

/// ParentReference `sectionName`: a reference without one attaches a route wherever it can be. That it is accepted at one listener does
/// not hide why another one rejects it.
#[test]
fn a_route_that_is_accepted_elsewhere_is_told_why_it_is_rejected_where_it_is_asked() {
    let (code, answer, text) = ask(ELSEWHERE, "http://x.test:82/");
    assert_eq!((code, &answer["status"]), (Some(1), &404.into()), "{text}");
    let why = "HTTPRoute zz/r is rejected by Gateway a/gw: listener `same` takes routes from namespace `a` only, and the route is in `zz`";
    let help = "HTTPRoute zz/r: to take the route, listener `same` needs `allowedRoutes.namespaces` with `from: All`";
    assert!(text.contains(why) && text.contains(help), "{text}");
    let (code, _, text) = ask(ELSEWHERE, "http://x.test:80/");
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("rejected"), "{text}");
    // Another route takes the request: nothing need be wrong.
    let own = "---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: own, namespace: a }
spec: { parentRefs: [{ name: gw, sectionName: same }], rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { port: 80 } }] }] }
";
    let (code, answer, text) = ask(&format!("{ELSEWHERE}{own}"), "http://x.test:82/");
    assert_eq!((code, &answer["status"]), (Some(0), &302.into()), "{text}");
    let why = "HTTPRoute zz/r is rejected by Gateway a/gw here and would take the request: listener `same` takes routes from";
    assert!(text.contains(why), "{text}");
    let status = gwapi(&["status", "-f", "-"], ELSEWHERE);
    let text = String::from_utf8(status.stdout).unwrap();
    let line = "rejected at: same (takes routes from namespace `a` only, and the route is in `zz`); host (serves `other.test`, with which";
    assert!(text.contains(line), "{text}");
    assert_eq!(status.status.code(), Some(0), "{text}");
}

/// TLS that is passed on is for TLSRoutes: no client gets an answer of an HTTPRoute there.
#[test]
fn a_url_that_nobody_answers_is_not_suggested() {
    let set = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw, namespace: a }
spec: { gatewayClassName: any, listeners: [{ name: t, port: 443, protocol: TLS, tls: { mode: Passthrough } }] }
---
apiVersion: v1
kind: Service
metadata: { name: s, namespace: a }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: r, namespace: a }
spec: { parentRefs: [{ name: gw }], hostnames: [x.test], rules: [{ backendRefs: [{ name: s, port: 80 }] }] }
";
    for url in [
        "http://x.test/",
        "http://x.test:443/",
        "https://x.test:8443/",
    ] {
        let (_, _, text) = ask(set, url);
        assert!(!text.contains("ask https://"), "{url}: {text}");
        let add = "listener with `protocol: HTTP` or `protocol: HTTPS`";
        assert!(text.contains(add), "{url}: {text}");
    }
}

/// RFC 9110, section 7.2: what is no host belongs to no listener.
#[test]
fn a_host_that_cannot_be_read_is_the_one_cause() {
    let set = SOUND.replace(
        "port: 80, protocol",
        "hostname: shop.example.com, port: 80, protocol",
    );
    let host = "Host: shop.example.com:99999";
    let asked = ["request", "-f", "-", "-H", host, "http://shop.example.com/"];
    let text = String::from_utf8(gwapi(&asked, &set).stdout).unwrap();
    assert!(text.contains("answered with 400"), "{text}");
    assert!(!text.contains("no listener of"), "{text}");
}

#[test]
fn a_policy_is_named_once_in_what_it_needs() {
    let policy = "---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: p4 }
spec: { targetRefs: [{ group: '', kind: Service, name: cart }], validation: { hostname: x.example, wellKnownCACertificates: System } }
";
    let (_, _, text) = ask(&format!("{SOUND}{policy}"), "http://x/");
    let help = "BackendTLSPolicy default/p4: names no namespace";
    assert!(text.contains(help), "{text}");
}
