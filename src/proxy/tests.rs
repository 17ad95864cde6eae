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
    backend::DrawError,
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
use std::time::Duration;

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
        .map(|(index, ready)| BackendAddress::new(format!("10.0.0.{index}"), *ready))
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
    mirroring(list, Vec::new())
}

/// Filters as they are written, with where the mirrors among them lead.
fn mirroring(list: serde_json::Value, mirrors: Vec<EffectiveMirror>) -> EffectiveFilters {
    let list: Vec<HttpRouteFilter> = serde_json::from_value(list).unwrap();
    let compiled = Filters::compile_http(&list).unwrap();
    assert_eq!(compiled.mirrors().len(), mirrors.len());
    EffectiveFilters { compiled, mirrors }
}

/// A mirror as it is written.
fn mirror_filter() -> serde_json::Value {
    json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "any", "port": 80}}})
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
        name: None,
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

/// What becomes of a request in one attempt.
enum Decision {
    Forward(Box<Forward>),
    Answer(Box<LocalAnswer>),
}

struct Forward {
    exchange: Exchange,
    attempt: Attempt,
}

impl Forward {
    fn mirrors(&self) -> impl Iterator<Item = (&str, &request::Parts)> {
        copies(&self.attempt.mirrors)
    }
}

fn copies(mirrors: &[Mirrored]) -> impl Iterator<Item = (&str, &request::Parts)> {
    let mirrors = mirrors.iter();
    mirrors.map(|copy| (copy.backend.reference().name.as_str(), &copy.request))
}

/// Takes a request through an exchange. It is then as it is forwarded.
fn decide(table: &Table, parts: &mut request::Parts, draw: &mut dyn FnMut(u64) -> u64) -> Decision {
    let mut exchange = match table.begin(parts.clone(), CONNECTION) {
        Begun::Answer(answer) => return Decision::Answer(Box::new(answer)),
        Begun::Exchange(exchange) => exchange,
    };
    match exchange.attempt(&mut Draws(draw), Duration::ZERO) {
        Attempted::Answer(answer) => Decision::Answer(Box::new(answer)),
        Attempted::Attempt(attempt) => {
            *parts = exchange.head().clone();
            Decision::Forward(Box::new(Forward { exchange, attempt }))
        }
    }
}

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
            match decide(table, &mut parts, &mut |_| number.take().unwrap_or(0)) {
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
    let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
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
        .respond(&forward.attempt, &mut response)
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

#[test]
fn a_request_whose_host_is_invalid_is_answered_with_400_and_matches_nothing() {
    let table = table(none(), vec![backend("a", 1, &[true])]);
    for (host, content_type) in [("a b", "text/plain"), ("a:x", "application/grpc")] {
        let mut parts = ask("/cart");
        parts.headers.insert("host", host.parse().unwrap());
        parts
            .headers
            .insert("content-type", content_type.parse().unwrap());
        let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("forwarded")
        };
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.target.is_none() && answer.headers.is_empty());
    }
}

#[test]
fn a_mirror_that_leads_nowhere_concerns_nobody_else() {
    let lead = vec![
        mirror(missing("gone", 1)),
        mirror(backend("copy", 1, &[true])),
    ];
    let mirrors = mirroring(json!([mirror_filter(), mirror_filter()]), lead);
    let table = table(mirrors, vec![backend("a", 1, &[true])]);
    let mut parts = ask("/cart");
    let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
        panic!("answered")
    };
    let names: Vec<_> = forward.mirrors().map(|(name, _)| name).collect();
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
        let mirrors = mirroring(json!([mirror_filter()]), vec![share]);
        let table = table(mirrors, vec![backend("a", 1, &[true])]);
        let mut copies = 0;
        for turn in 0..1_000 {
            let mut parts = ask("/cart");
            let mut draw = |below: u64| turn % below;
            let Decision::Forward(forward) = decide(&table, &mut parts, &mut draw) else {
                panic!("answered")
            };
            copies += forward.attempt.mirrors.len();
        }
        assert_eq!(copies, wanted, "{shown:?}");
    }
}

#[test]
fn filters_of_a_backend_change_what_is_forwarded_to_it_and_not_what_the_rule_mirrors() {
    let with_mirror = |[request, response]: [serde_json::Value; 2], name| {
        mirroring(
            json!([request, response, mirror_filter()]),
            vec![mirror(backend(name, 1, &[true, true]))],
        )
    };
    let mut canary = backend("canary", 1, &[true]);
    canary.filters = with_mirror(set("x-stage", "canary"), "by-backend");
    let rule = with_mirror(set("x-rule", "yes"), "by-rule");
    let table = table(rule, vec![canary]);
    let mut parts = ask("/cart");
    let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
        panic!("answered")
    };
    let has =
        |parts: &request::Parts| ["x-rule", "x-stage"].map(|name| parts.headers.contains_key(name));
    let copies: Vec<_> = forward
        .mirrors()
        .map(|(name, copy)| (name, has(copy)))
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
        let decision = decide(&table, &mut parts, &mut |n| {
            asked.push(n);
            draws.next().unwrap()
        });
        let Decision::Forward(forward) = decision else {
            panic!("answered")
        };
        seen.push(forward.attempt.endpoint.get().unwrap().address.to_owned());
        assert_eq!(asked, [1, 2]);
    }
    assert_eq!(seen, ["10.0.0.1", "10.0.0.3"]);
}

#[test]
fn nothing_is_drawn_where_there_is_no_choice() {
    let table = table(none(), vec![backend("a", 1, &[false, true])]);
    let mut asked = Vec::new();
    let mut parts = ask("/cart");
    let decision = decide(&table, &mut parts, &mut |n| {
        asked.push(n);
        0
    });
    assert!(matches!(decision, Decision::Forward(_)));
    assert_eq!(asked, [1], "the draw over the weights alone");
}

/// A table of an HTTPRoute for `/cart`, without a backend that exists, and perhaps of a GRPCRoute for `shop.Cart`, likewise.
fn table_with(grpc: bool) -> Table {
    let mut table = table(none(), vec![missing("finance", 1)]);
    if grpc {
        let method = crate::v1::GrpcMethodMatch {
            service: Some("shop.Cart".into()),
            ..Default::default()
        };
        table.insert_grpc(&attached(GrpcRouteRules {
            reference: NamespacedName::new("shop", "calls"),
            age: crate::meta::Age::UNKNOWN,
            hostnames: Vec::new(),
            rules: vec![GrpcRule {
                index: 0,
                name: None,
                matches: vec![GrpcRouteMatch {
                    method: Some(method),
                    ..Default::default()
                }],
                filters: none(),
                backends: vec![missing("finance", 1)],
                session_persistence: None,
                problem: None,
            }],
            patterns: crate::meta::RoutePatterns::default(),
        }));
    }
    table
}

/// GRPCRoute `backendRefs`: `UNAVAILABLE`; HTTPRoute `backendRefs`: 500; HTTPRoute `matches`: 404. The form of an error is
/// gRPC's for a call that a GRPCRoute takes, and for one that nobody takes where a GRPCRoute is attached.
#[test]
fn an_error_has_the_form_of_grpc_for_calls_where_a_grpc_route_has_a_say() {
    for (grpc, path, content_type, status, code) in [
        (false, "/other", "application/grpc+proto", 404, None),
        (false, "/cart", "application/grpc", 500, None),
        (true, "/other", "application/grpc", 200, Some("12")),
        (true, "/cart", "application/grpc", 500, None),
        (true, "/shop.Cart/Add", "Application/GRPC", 200, Some("14")),
        (true, "/other", "application/json", 404, None),
        (true, "/shop.Cart/Add", "application/json", 503, None),
        (true, "/shop.Cart/Add", "application/grpc-web", 503, None),
        (true, "/other", "application/grpc-web", 404, None),
    ] {
        let table = table_with(grpc);
        let mut parts = ask(path);
        parts
            .headers
            .insert("content-type", content_type.parse().unwrap());
        let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("forwarded")
        };
        let got = answer.headers.get("grpc-status");
        let got = got.map(|code| code.to_str().unwrap());
        assert_eq!(
            (answer.status.as_u16(), got),
            (status, code),
            "{grpc} {path} {content_type}"
        );
        assert_eq!(answer.grpc.is_some(), code.is_some());
        // What operators read names the backend; no client does.
        let named = format!("{:?}", answer.headers);
        assert!(!named.contains("finance"), "{named}");
    }
}

/// A GRPCRoute that goes takes the form of its errors with it.
#[test]
fn the_form_of_an_error_follows_the_routes_that_are_attached_now() {
    let mut table = table_with(true);
    assert!(table.has_grpc_routes());
    let calls = RouteId {
        kind: RouteKind::Grpc,
        name: NamespacedName::new("shop", "calls"),
    };
    assert!(table.remove(&calls) && !table.has_grpc_routes());
    assert!(!table.remove(&calls) && !table.has_grpc_routes());
}

#[test]
fn the_form_of_an_error_follows_the_request_as_it_came() {
    let modifier = |change: serde_json::Value| json!([{"type": "RequestHeaderModifier", "requestHeaderModifier": change}]);
    let to_grpc = modifier(json!({"set": [{"name": "content-type", "value": "application/grpc"}]}));
    let from_grpc = modifier(json!({"remove": ["content-type"]}));
    // The rule's filters have been applied when the backend's own cannot be.
    for (change, came, calls) in [
        (to_grpc, "application/json", false),
        (from_grpc, "application/grpc", true),
    ] {
        let list: Vec<crate::v1::GrpcRouteFilter> = serde_json::from_value(change).unwrap();
        let mut table = table_with(true);
        table.insert_grpc(&attached(GrpcRouteRules {
            reference: NamespacedName::new("shop", "calls"),
            age: crate::meta::Age::UNKNOWN,
            hostnames: Vec::new(),
            rules: vec![GrpcRule {
                index: 0,
                name: None,
                matches: vec![GrpcRouteMatch::default()],
                filters: EffectiveFilters {
                    compiled: Filters::compile_grpc(&list).unwrap(),
                    mirrors: Vec::new(),
                },
                backends: vec![EffectiveBackend {
                    filters: filters(json!([{"type": "URLRewrite", "urlRewrite": {
                        "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/x"}}}])),
                    ..backend("a", 1, &[true])
                }],
                session_persistence: None,
                problem: None,
            }],
            patterns: crate::meta::RoutePatterns::default(),
        }));
        let mut parts = ask("/shop.Cart/Add");
        parts.headers.insert("content-type", came.parse().unwrap());
        let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("forwarded")
        };
        assert!(matches!(answer.why, Why::Filter(_)), "{}", answer.why);
        assert_eq!(answer.grpc.is_some(), calls);
    }
}

/// RFC 9110, section 7.6.1: what describes the connection is not forwarded; matches see it all the same.
#[test]
fn headers_of_the_connection_are_there_for_matches_and_gone_before_filters() {
    let [set_kept, _] = set("x-kept", "by the rule");
    let mut rules = route(filters(json!([set_kept])), vec![backend("a", 1, &[true])]);
    rules.rules[0].matches[0].headers = serde_json::from_value(
        json!([{"name": "upgrade", "value": "websocket"}, {"name": "x-dropped", "value": "1"}]),
    )
    .unwrap();
    let table = table_of(rules);
    let asked = || {
        let mut parts = ask("/cart");
        for (name, value) in [
            ("connection", "Upgrade, X-Kept"),
            ("connection", "x-dropped"),
            ("upgrade", "websocket"),
            ("x-kept", "by the client"),
            ("x-dropped", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers, deflate"),
        ] {
            parts.headers.append(name, value.parse().unwrap());
        }
        parts
    };
    let mut parts = asked();
    let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
        panic!("answered")
    };
    assert_eq!(forward.attempt.protocol, BackendProtocol::WebSocket);
    assert_eq!(forward.attempt.upgrade.as_ref().unwrap(), "websocket");
    let mut left: Vec<_> = parts
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    left.sort();
    assert_eq!(
        left,
        ["host: shop.example", "te: trailers", "x-kept: by the rule"]
    );

    // RFC 9110, section 7.8: a server ignores an Upgrade of HTTP/1.0, and RFC 9113, section 8.6: HTTP/2 has none.
    for version in [http::Version::HTTP_10, http::Version::HTTP_2] {
        let mut parts = asked();
        parts.version = version;
        let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("answered")
        };
        assert_eq!(forward.attempt.upgrade, None);
        assert_eq!(forward.attempt.protocol, BackendProtocol::Http1);
    }
}

/// The response has headers of its own connection. With 101 the backend says to which protocol it has switched.
#[test]
fn headers_of_the_backends_connection_are_not_passed_to_the_client() {
    let [_, kept] = set("x-kept", "by the rule");
    let table = table(filters(json!([kept])), vec![backend("a", 1, &[true])]);
    for (asked, status, switched) in [
        (true, 200, None),
        (true, 101, Some("websocket")),
        (false, 101, None),
    ] {
        let mut parts = ask("/cart");
        if asked {
            let headers = [("connection", "upgrade"), ("upgrade", "websocket")];
            for (name, value) in headers {
                parts.headers.insert(name, value.parse().unwrap());
            }
        }
        let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("answered")
        };
        let (mut response, ()) = http::Response::new(()).into_parts();
        response.status = StatusCode::from_u16(status).unwrap();
        for (name, value) in [
            ("connection", "x-kept, upgrade"),
            ("upgrade", "websocket"),
            ("transfer-encoding", "chunked"),
            ("x-kept", "by the backend"),
        ] {
            response.headers.append(name, value.parse().unwrap());
        }
        let got = forward
            .exchange
            .respond(&forward.attempt, &mut response)
            .unwrap();
        assert_eq!(got.as_ref().map(|value| value.to_str().unwrap()), switched);
        assert_eq!(response.headers.len(), 1, "{:?}", response.headers);
        assert_eq!(response.headers["x-kept"], "by the rule");
    }
}

/// RFC 9112, section 3.2.2.
#[test]
fn the_target_in_absolute_form_overrides_the_host_header_for_matches_and_backends() {
    let mut rules = route(none(), vec![backend("a", 1, &[true])]);
    rules.rules[0].matches[0].headers =
        serde_json::from_value(json!([{"name": "host", "value": "shop.example"}])).unwrap();
    let table = table_of(rules);
    let mut matched = ask("http://shop.example/cart");
    matched
        .headers
        .insert("host", "other.example".parse().unwrap());
    let decision = decide(&table, &mut matched, &mut |_| 0);
    assert!(matches!(decision, Decision::Forward(_)));
    assert_eq!(matched.headers["host"], "shop.example");
    let mut missed = ask("http://other.example/cart");
    let decision = decide(&table, &mut missed, &mut |_| 0);
    assert!(matches!(decision, Decision::Answer(answer) if answer.why == Why::NoRule));
}

/// HTTPRoute `requestMirror`, and `filters`: "implementations SHOULD implement filters in the order they are specified".
#[test]
fn a_mirror_gets_the_request_as_it_is_at_its_place() {
    let to = |name: &str| mirror(backend(name, 1, &[true]));
    let [set_header, _] = set("x-by", "rule");
    let rewrite = json!({"type": "URLRewrite", "urlRewrite": {
        "path": {"type": "ReplaceFullPath", "replaceFullPath": "/new"}}});
    let list = json!([
        mirror_filter(),
        set_header,
        mirror_filter(),
        rewrite,
        mirror_filter()
    ]);
    let by_rule = mirroring(list, vec![to("first"), to("second"), to("third")]);
    let [set_own, _] = set("x-by", "backend");
    let own = EffectiveBackend {
        filters: mirroring(
            json!([mirror_filter(), set_own, mirror_filter()]),
            vec![to("fourth"), to("fifth")],
        ),
        ..backend("a", 1, &[true])
    };
    let table = table(by_rule, vec![own]);
    let mut parts = ask("/cart");
    let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
        panic!("answered")
    };
    let copies: Vec<_> = forward
        .mirrors()
        .map(|(name, copy)| {
            let by = copy.headers.get("x-by");
            (name, by.map(|by| by.to_str().unwrap()), copy.uri.path())
        })
        .collect();
    assert_eq!(
        copies,
        [
            ("first", None, "/cart"),
            ("second", Some("rule"), "/cart"),
            ("third", Some("rule"), "/new"),
            ("fourth", Some("rule"), "/new"),
            ("fifth", Some("backend"), "/new"),
        ]
    );
}

/// A redirect ends no other filter: mirrors of its level, and of the rule around a backend, get their copies.
#[test]
fn mirrors_get_copies_of_a_request_that_is_redirected() {
    let redirect = json!({"type": "RequestRedirect", "requestRedirect": {"hostname": "o.example"}});
    let [set_header, _] = set("x-by", "rule");
    let to = |name: &str| mirror(backend(name, 1, &[true]));
    let both_sides = || {
        mirroring(
            json!([mirror_filter(), redirect, set_header, mirror_filter()]),
            vec![to("before"), to("after")],
        )
    };
    let by_rule = || mirroring(json!([mirror_filter()]), vec![to("of-rule")]);
    let own = EffectiveBackend {
        filters: both_sides(),
        ..backend("a", 1, &[true])
    };
    for (table, wanted) in [
        (table(both_sides(), vec![]), &["before", "after"][..]),
        (table(by_rule(), vec![own]), &["of-rule", "before", "after"]),
    ] {
        let mut parts = ask("/cart");
        let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("forwarded")
        };
        let names: Vec<_> = copies(&answer.mirrors).map(|(name, _)| name).collect();
        assert_eq!(names, wanted);
        let last = answer.mirrors.last().unwrap();
        assert_eq!(last.request.headers["x-by"], "rule");
        assert_eq!(answer.headers["location"], "http://o.example/cart");
    }
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

#[test]
fn an_error_sends_no_copies() {
    let mirrors = || {
        mirroring(
            json!([mirror_filter()]),
            vec![mirror(backend("copy", 1, &[true]))],
        )
    };
    for backends in [
        vec![],
        vec![missing("a", 1)],
        vec![backend("a", 1, &[false])],
        vec![backend("a", 0, &[true])],
    ] {
        let table = table(mirrors(), backends);
        let mut parts = ask("/cart");
        let Decision::Answer(answer) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("forwarded")
        };
        assert!(answer.mirrors.is_empty(), "{}", answer.why);
    }
}

#[test]
fn a_draw_that_is_not_below_what_was_asked_is_an_error_of_its_own() {
    let two = || backend("a", 3, &[true, true]);
    let half = EffectiveMirror {
        share: Fraction {
            numerator: 1,
            denominator: Some(2),
        },
        ..mirror(two())
    };
    let mirrors = mirroring(json!([mirror_filter()]), vec![half]);
    let table = table(mirrors, vec![two()]);
    // The draws over the weights, the endpoints, the share of the mirror and its endpoints.
    let fine = [2, 1, 0, 1];
    for bad in 0..=fine.len() {
        let mut draws = fine;
        let below = [3, 2, 2, 2];
        if let Some(draw) = draws.get_mut(bad) {
            *draw = below[bad];
        }
        let mut draws = draws.into_iter();
        let mut parts = ask("/cart");
        match decide(&table, &mut parts, &mut |_| draws.next().unwrap()) {
            Decision::Forward(_) => assert_eq!(bad, fine.len()),
            Decision::Answer(answer) => {
                let Why::Draw(error) = answer.why else {
                    panic!("{}", answer.why)
                };
                let (draw, total) = (below[bad], below[bad]);
                assert_eq!(error, DrawError::OutOfRange { draw, total });
                assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
            }
        }
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
        name: None,
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
