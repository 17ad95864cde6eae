//! Filters of rules and backends, and redirects.

use super::*;

#[test]
fn a_filter_that_is_not_supported_is_never_skipped() {
    let (kind, why) = ("ExtensionRef".to_owned(), "unknown".to_owned());
    let own = EffectiveBackend {
        target: Err(BackendProblem::UnsupportedFilter {
            kind: kind.clone(),
            why: why.clone(),
        }),
        ..backend("b", 1, &[true])
    };
    let backend_level = table(none(), vec![backend("a", 1, &[true]), own]);
    assert_eq!(statuses(&backend_level, 2), [200, 500]);
    let invalid = RuleProblem::Invalid {
        reason: "UnsupportedValue",
        why: why.clone(),
    };
    for problem in [RuleProblem::UnsupportedFilter { kind, why }, invalid] {
        let mut rules = route(none(), vec![backend("a", 1, &[true])]);
        rules.rules[0].problem = Some(problem);
        assert_eq!(statuses(&table_of(rules), 1), [500]);
    }
}

#[test]
fn filters_of_the_backend_come_after_those_of_the_rule() {
    let own = EffectiveBackend {
        filters: filters(json!(set("x-level", "backend"))),
        ..backend("a", 1, &[true])
    };
    let [request, response] = set("X-Level", "rule");
    let rewrite = json!({"type": "URLRewrite", "urlRewrite": {
        "hostname": "inner.example",
        "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"},
    }});
    let table = table(filters(json!([request, response, rewrite])), vec![own]);
    let mut parts = ask("/cart/items?n=1");
    let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
        panic!("answered")
    };
    assert_eq!(parts.headers["x-level"], "backend");
    assert_eq!(parts.headers["host"], "inner.example");
    assert_eq!(parts.uri, "/v2/items?n=1");
    // On the way back the rule's filters are the last.
    let (mut response, ()) = http::Response::new(()).into_parts();
    forward
        .exchange
        .respond(&forward.attempt, &mut response, None)
        .unwrap();
    assert_eq!(response.headers["x-level"], "rule");
}

#[test]
fn a_redirect_answers_and_no_backend_is_asked() {
    let redirect = json!({"type": "RequestRedirect", "requestRedirect": {
        "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/basket"}}});
    let [_, response] = set("x-by", "rule");
    let table = table(filters(json!([redirect, response])), vec![]);
    let mut parts = ask("/cart/items?n=1");
    let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
        panic!("forwarded")
    };
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(
        answer.headers["location"],
        "http://shop.example/basket/items?n=1"
    );
    // HTTPRoute `responseHeaderModifier`: the redirect is the response that the client gets.
    assert_eq!(answer.headers["x-by"], "rule");
}

/// HTTPRoute `responseHeaderModifier` of a rule: it changes what the client gets, also where a backend's own filter redirects.
#[test]
fn a_redirect_of_a_backend_gets_the_response_filters_of_its_rule() {
    let redirect = json!({"type": "RequestRedirect", "requestRedirect": {"hostname": "o.example"}});
    let [_, of_rule] = set("x-level", "rule");
    let [_, of_backend] = set("x-level", "backend");
    let own = EffectiveBackend {
        filters: filters(json!([redirect, of_backend])),
        ..backend("a", 1, &[true])
    };
    let table = table(filters(json!([of_rule])), vec![own]);
    let mut parts = ask("/cart");
    let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
        panic!("forwarded")
    };
    assert_eq!(answer.headers["location"], "http://o.example/cart");
    assert_eq!(answer.headers["x-level"], "rule");
    assert_eq!(
        answer.why.to_string(),
        "the filter of the backend redirects to http://o.example/cart"
    );
}

/// A redirect sees the request as it is at its place: `Host` that was set before is the host of the location.
#[test]
fn a_redirect_sees_the_request_as_it_is_at_its_place() {
    let redirect = json!({"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}});
    let [set_host, _] = set("Host", "new.example");
    for (list, location) in [
        (json!([set_host, redirect]), "https://new.example/cart"),
        (json!([redirect, set_host]), "https://shop.example/cart"),
    ] {
        let table = table(filters(list), vec![]);
        let mut parts = ask("/cart");
        let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("forwarded")
        };
        assert_eq!(answer.headers["location"], location);
    }
}

/// Nothing is left out without a word: a response that cannot have what a filter sets is none.
#[test]
fn a_response_that_cannot_hold_what_a_filter_sets_is_answered_with_502() {
    let [_, more] = set("x-more", "by the rule");
    let table = table(filters(json!([more])), vec![backend("a", 1, &[true])]);
    let Decision::Forward(forward) = decide(&table, &mut ask("/cart"), &mut |_| 0) else {
        panic!("answered")
    };
    let (mut response, ()) = http::Response::new(()).into_parts();
    for number in 0.. {
        let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
        let value = http::HeaderValue::from_static("v");
        if response.headers.try_insert(name, value).is_err() {
            break;
        }
    }
    let responded = forward
        .exchange
        .respond(&forward.attempt, &mut response, None);
    let answer = responded.unwrap_err();
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(matches!(answer.why, Why::Response(_)), "{answer}");
    assert!(answer.failed.is_some());
}
