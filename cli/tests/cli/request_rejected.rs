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
