//! Errors of the data plane's own, and their form.

use super::*;

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
            rules: vec![GrpcRule {
                matches: vec![GrpcRouteMatch {
                    method: Some(method),
                    ..Default::default()
                }],
                backends: vec![missing("finance", 1)],
                ..Default::default()
            }],
            ..Default::default()
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
            rules: vec![GrpcRule {
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
                ..Default::default()
            }],
            ..Default::default()
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
