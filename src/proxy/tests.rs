//! The pipeline's answers, a test a sentence of the specification.

use super::*;
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{
            AttachedRoute, BackendAddress, BackendEndpoints, BackendProblem, EffectiveBackend,
            EffectiveFilters, EffectiveHostname, EffectiveListener, EffectiveMirror, EndpointList,
            GrpcRouteRules, GrpcRule, HttpRouteRules, HttpRule, RuleProblem, Timeouts,
        },
    },
    filters::Filters,
    meta::{NamespacedName, ObjectRef},
    routing,
    v1::{
        Fraction, GrpcHeaderMatch, GrpcRouteMatch, HeaderMatchType, HttpRouteFilter,
        HttpRouteMatch, ProtocolType,
    },
};
use http::{Request, StatusCode, request};
use serde_json::json;
use std::sync::Arc;

fn reference(name: &str) -> ObjectRef {
    ObjectRef {
        group: String::new(),
        kind: "Service".into(),
        namespace: "shop".into(),
        name: name.into(),
    }
}

fn backend(name: &str, weight: u32, ready: &[bool]) -> EffectiveBackend {
    let endpoints = ready
        .iter()
        .enumerate()
        .map(|(index, ready)| BackendAddress {
            address: format!("10.0.0.{index}"),
            ready: *ready,
            target_ref: None,
        })
        .collect();
    EffectiveBackend {
        reference: reference(name),
        port: Some(80),
        weight,
        filters: EffectiveFilters::default(),
        target: Ok(Arc::new(BackendEndpoints {
            endpoints: EndpointList::at_port(8080, endpoints),
            app_protocol: None,
            tls: None,
        })),
        session_persistence: None,
    }
}

fn mirror(backend: EffectiveBackend) -> EffectiveMirror {
    EffectiveMirror {
        backend,
        share: Fraction {
            numerator: 100,
            denominator: None,
        },
    }
}

fn missing(name: &str, weight: u32) -> EffectiveBackend {
    let problem = BackendProblem::NotFound {
        reference: reference(name),
        left_out: false,
    };
    EffectiveBackend {
        target: Err(problem),
        ..backend(name, weight, &[])
    }
}

/// Filters as they are written, without the mirrors among them.
fn filters(list: serde_json::Value) -> EffectiveFilters {
    let list: Vec<HttpRouteFilter> = serde_json::from_value(list).unwrap();
    EffectiveFilters {
        compiled: Filters::compile_http(&list).unwrap(),
        mirrors: Vec::new(),
    }
}

fn none() -> EffectiveFilters {
    EffectiveFilters::default()
}

/// A filter that sets a header of the request, one that sets it in the response.
fn set(name: &str, value: &str) -> [serde_json::Value; 2] {
    let set = json!({"set": [{"name": name, "value": value}]});
    [
        json!({"type": "RequestHeaderModifier", "requestHeaderModifier": set}),
        json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": set}),
    ]
}

fn attached<R>(route: R) -> AttachedRoute<R> {
    AttachedRoute {
        route: Arc::new(route),
        hostnames: Arc::new([EffectiveHostname::default()]),
    }
}

fn route(filters: EffectiveFilters, backends: Vec<EffectiveBackend>) -> HttpRouteRules {
    let rule = HttpRule {
        index: 0,
        matches: vec![HttpRouteMatch {
            path: Some(crate::v1::HttpPathMatch {
                value: Some("/cart".into()),
                ..Default::default()
            }),
            ..Default::default()
        }],
        filters,
        backends,
        timeouts: Timeouts::default(),
        session_persistence: None,
        problem: None,
    };
    HttpRouteRules {
        reference: NamespacedName::new("shop", "cart"),
        age: crate::meta::Age::UNKNOWN,
        hostnames: Vec::new(),
        rules: vec![rule],
        patterns: crate::meta::RoutePatterns::default(),
    }
}

fn table(filters: EffectiveFilters, backends: Vec<EffectiveBackend>) -> Table {
    table_of(route(filters, backends))
}

fn table_of(route: HttpRouteRules) -> Table {
    let listener = EffectiveListener {
        name: "http".into(),
        port: 80,
        protocol: ProtocolType::Http,
        hostname: None,
        yields_to: Vec::new(),
        tls: None,
        http: vec![attached(route)],
        grpc: Vec::new(),
        tls_routes: Vec::new(),
        tcp: Vec::new(),
        udp: Vec::new(),
    };
    Table::for_listener(&listener, routing::RouterOptions::default())
}

const CONNECTION: Connection = Connection {
    scheme: Scheme::Http,
    port: 80,
};

fn ask(path: &str) -> request::Parts {
    Request::get(path)
        .header("host", "shop.example")
        .body(())
        .unwrap()
        .into_parts()
        .0
}

/// The status that each draw over the weights leads to; 200 stands for a backend.
fn statuses(table: &Table, total: u64) -> Vec<u16> {
    (0..total)
        .map(|number| {
            let mut number = Some(number);
            let mut parts = ask("/cart");
            match table.decide(&mut parts, CONNECTION, &mut |_| number.take().unwrap_or(0)) {
                Decision::Forward(_) => 200,
                Decision::Answer(answer) => answer.status.as_u16(),
            }
        })
        .collect()
}

#[test]
fn an_invalid_backend_answers_500_for_exactly_its_share() {
    let table = table(none(), vec![backend("a", 3, &[true]), missing("b", 1)]);
    assert_eq!(statuses(&table, 4), [200, 200, 200, 500]);
}

#[test]
fn a_backend_without_ready_endpoints_answers_503_for_its_share() {
    let table = table(
        none(),
        vec![backend("a", 1, &[true]), backend("b", 1, &[false])],
    );
    assert_eq!(statuses(&table, 2), [200, 503]);
}

#[test]
fn a_rule_without_backends_or_with_all_weights_zero_answers_500() {
    assert_eq!(statuses(&table(none(), vec![]), 1), [500]);
    assert_eq!(
        statuses(&table(none(), vec![backend("a", 0, &[true])]), 1),
        [500]
    );
}

#[test]
fn a_request_that_no_rule_matches_is_answered_with_404() {
    let table = table(none(), vec![backend("a", 1, &[true])]);
    let mut parts = ask("/other");
    let Decision::Answer(answer) = table.decide(&mut parts, CONNECTION, &mut |_| 0) else {
        panic!("forwarded")
    };
    assert_eq!(
        (answer.status, answer.target.is_none()),
        (StatusCode::NOT_FOUND, true)
    );
}

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
    let Decision::Forward(forward) = table.decide(&mut parts, CONNECTION, &mut |_| 0) else {
        panic!("answered")
    };
    assert_eq!(parts.headers["x-level"], "backend");
    assert_eq!(parts.headers["host"], "inner.example");
    assert_eq!(parts.uri, "/v2/items?n=1");
    // On the way back the rule's filters are the last.
    let (mut response, ()) = http::Response::new(()).into_parts();
    forward.respond(&mut response).unwrap();
    assert_eq!(response.headers["x-level"], "rule");
}

#[test]
fn a_redirect_answers_and_no_backend_is_asked() {
    let redirect = json!({"type": "RequestRedirect", "requestRedirect": {
        "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/basket"}}});
    let [_, response] = set("x-by", "rule");
    let table = table(filters(json!([redirect, response])), vec![]);
    let mut parts = ask("/cart/items?n=1");
    let Decision::Answer(answer) = table.decide(&mut parts, CONNECTION, &mut |_| 0) else {
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
    let Decision::Answer(answer) = table.decide(&mut parts, CONNECTION, &mut |_| 0) else {
        panic!("forwarded")
    };
    assert_eq!(answer.headers["location"], "http://o.example/cart");
    assert_eq!(answer.headers["x-level"], "rule");
    assert_eq!(
        answer.why,
        "the filter of the backend redirects to http://o.example/cart"
    );
}

#[test]
fn a_request_whose_host_is_invalid_is_answered_with_400_and_matches_nothing() {
    let table = table(none(), vec![backend("a", 1, &[true])]);
    for (host, content_type) in [("a b", "text/plain"), ("a:x", "application/grpc")] {
        let mut parts = ask("/cart");
        parts.headers.insert("host", host.parse().unwrap());
        parts
            .headers
            .insert("content-type", content_type.parse().unwrap());
        let Decision::Answer(answer) = table.decide(&mut parts, CONNECTION, &mut |_| 0) else {
            panic!("forwarded")
        };
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.target.is_none() && answer.headers.is_empty());
    }
}

#[test]
fn a_mirror_that_leads_nowhere_concerns_nobody_else() {
    let mirrors = EffectiveFilters {
        mirrors: vec![
            mirror(missing("gone", 1)),
            mirror(backend("copy", 1, &[true])),
        ],
        ..none()
    };
    let table = table(mirrors, vec![backend("a", 1, &[true])]);
    let mut parts = ask("/cart");
    let Decision::Forward(forward) = table.decide(&mut parts, CONNECTION, &mut |_| 0) else {
        panic!("answered")
    };
    let names: Vec<_> = forward
        .mirrors
        .iter()
        .map(|copy| copy.backend.reference.name.as_str())
        .collect();
    assert_eq!(names, ["copy"]);
}

/// HTTPRoute `requestMirror.percent`, `fraction` (GEP-3171): a share of the requests is copied, and each request or not.
#[test]
fn a_mirror_with_a_share_gets_that_share_of_the_requests() {
    let of = |numerator, denominator| EffectiveMirror {
        share: Fraction {
            numerator,
            denominator,
        },
        ..mirror(backend("copy", 1, &[true]))
    };
    for (share, wanted) in [
        (of(100, None), 1_000),
        (of(25, None), 250),
        (of(0, None), 0),
        (of(1, Some(8)), 125),
        (of(3, Some(3)), 1_000),
    ] {
        let shown = share.share;
        let mirrors = EffectiveFilters {
            mirrors: vec![share],
            ..none()
        };
        let table = table(mirrors, vec![backend("a", 1, &[true])]);
        let mut copies = 0;
        for turn in 0..1_000 {
            let mut parts = ask("/cart");
            let mut draw = |below: u64| turn % below;
            let Decision::Forward(forward) = table.decide(&mut parts, CONNECTION, &mut draw) else {
                panic!("answered")
            };
            copies += forward.mirrors.len();
        }
        assert_eq!(copies, wanted, "{shown:?}");
    }
}

#[test]
fn filters_of_a_backend_change_what_is_forwarded_to_it_and_not_what_the_rule_mirrors() {
    let with_mirror = |headers: [serde_json::Value; 2], name| EffectiveFilters {
        mirrors: vec![mirror(backend(name, 1, &[true, true]))],
        ..filters(json!(headers))
    };
    let mut canary = backend("canary", 1, &[true]);
    canary.filters = with_mirror(set("x-stage", "canary"), "by-backend");
    let rule = with_mirror(set("x-rule", "yes"), "by-rule");
    let table = table(rule, vec![canary]);
    let mut parts = ask("/cart");
    let Decision::Forward(forward) = table.decide(&mut parts, CONNECTION, &mut |_| 0) else {
        panic!("answered")
    };
    let has =
        |parts: &request::Parts| ["x-rule", "x-stage"].map(|name| parts.headers.contains_key(name));
    let copies: Vec<_> = forward
        .mirrors
        .iter()
        .map(|copy| (copy.backend.reference.name.as_str(), has(&copy.request)))
        .collect();
    assert_eq!(
        copies,
        [("by-rule", [true, false]), ("by-backend", [true, true])]
    );
    assert_eq!(has(&parts), [true, true]);
}

#[test]
fn only_endpoints_that_are_ready_are_drawn() {
    let table = table(none(), vec![backend("a", 1, &[false, true, false, true])]);
    let mut seen = Vec::new();
    for second in 0..2 {
        let mut draws = [0, second].into_iter();
        let mut asked = Vec::new();
        let mut parts = ask("/cart");
        let decision = table.decide(&mut parts, CONNECTION, &mut |n| {
            asked.push(n);
            draws.next().unwrap()
        });
        let Decision::Forward(forward) = decision else {
            panic!("answered")
        };
        seen.push(forward.endpoint.address);
        assert_eq!(asked, [1, 2]);
    }
    assert_eq!(seen, ["10.0.0.1", "10.0.0.3"]);
}

#[test]
fn nothing_is_drawn_where_there_is_no_choice() {
    let table = table(none(), vec![backend("a", 1, &[false, true])]);
    let mut asked = Vec::new();
    let mut parts = ask("/cart");
    let decision = table.decide(&mut parts, CONNECTION, &mut |n| {
        asked.push(n);
        0
    });
    assert!(matches!(decision, Decision::Forward(_)));
    assert_eq!(asked, [1], "the draw over the weights alone");
}

#[test]
fn a_grpc_client_gets_errors_in_the_form_of_grpc() {
    let table = table(none(), vec![missing("a", 1)]);
    for (path, code) in [("/other", "12"), ("/cart", "14")] {
        let mut parts = ask(path);
        parts
            .headers
            .insert("content-type", "application/grpc+proto".parse().unwrap());
        let Decision::Answer(answer) = table.decide(&mut parts, CONNECTION, &mut |_| 0) else {
            panic!("forwarded")
        };
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["grpc-status"], code);
    }
}

#[test]
fn routes_of_both_kinds_come_and_go_by_themselves() {
    let mut table = table(none(), vec![backend("a", 1, &[true])]);
    let before = table.clone();
    let bad = GrpcRouteMatch {
        headers: vec![GrpcHeaderMatch {
            name: "x-env".into(),
            value: "(".into(),
            r#type: Some(HeaderMatchType::RegularExpression),
        }],
        ..Default::default()
    };
    let rule = GrpcRule {
        index: 0,
        matches: vec![GrpcRouteMatch::default(), bad],
        filters: none(),
        backends: vec![backend("b", 1, &[true])],
        session_persistence: None,
        problem: None,
    };
    // A GRPCRoute of the HTTPRoute's name is another route.
    let mut calls = GrpcRouteRules {
        reference: NamespacedName::new("shop", "cart"),
        age: crate::meta::Age::UNKNOWN,
        hostnames: Vec::new(),
        rules: vec![rule],
        patterns: crate::meta::RoutePatterns::default(),
    };
    table.insert_grpc(&attached(calls.clone()));
    let find = |table: &Table, path| {
        let target = table.router().find(&ask(path));
        target.map(|target| target.rule().route().kind)
    };
    assert_eq!(find(&table, "/shop.v1.Cart/Add"), Some(RouteKind::Grpc));
    assert_eq!(find(&table, "/cart"), Some(RouteKind::Http));
    let [(kind, problem)] = table.problems() else {
        panic!("{:?}", table.problems());
    };
    assert_eq!((*kind, problem.place()), (RouteKind::Grpc, (0, 1)));

    let name = |kind| RouteId {
        kind,
        name: NamespacedName::new("shop", "cart"),
    };
    table.insert_http(&attached(route(none(), vec![])));
    assert_eq!(table.problems().len(), 1, "they are the other route's");
    let with_problem = table.clone();
    calls.rules[0].matches.pop();
    table.insert_grpc(&attached(calls));
    assert!(table.problems().is_empty(), "those of the earlier form go");
    table = with_problem;
    assert!(table.remove(&name(RouteKind::Grpc)));
    assert!(!table.remove(&name(RouteKind::Grpc)));
    assert!(table.problems().is_empty());
    assert_eq!(find(&table, "/shop.v1.Cart/Add"), None);
    assert!(table.remove(&name(RouteKind::Http)) && table.is_empty());
    assert_eq!(find(&before, "/cart"), Some(RouteKind::Http));
}

/// "gRPC over HTTP2", Requests: `Content-Type` is `application/grpc`, perhaps with a format. Media types have no case (RFC
/// 9110, section 8.3.1).
#[test]
fn what_is_grpc_is_told_by_the_content_type() {
    let is = |value: &str| {
        let mut headers = http::HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, value.parse().unwrap());
        is_grpc(&headers)
    };
    for value in [
        "application/grpc",
        "Application/GRPC",
        "application/grpc+proto",
        "application/grpc;charset=utf-8",
        "application/grpc ; a=b",
    ] {
        assert!(is(value), "{value}");
    }
    for value in [
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpcx",
        "application/grp",
        "text/plain",
        "",
    ] {
        assert!(!is(value), "{value}");
    }
    assert!(!is_grpc(&http::HeaderMap::new()));
}
