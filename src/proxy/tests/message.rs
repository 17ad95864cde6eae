//! What is HTTP's own in a message: the headers of the connection, and the host.

use super::*;

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
    assert_eq!(forward.attempt.protocol, EndpointProtocol::WebSocket);
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
        assert_eq!(forward.attempt.protocol, EndpointProtocol::Http1);
    }
}

/// The response has headers of its own connection. With 101 the backend says to which protocol it has switched; see
/// `what_is_no_answer_is_not_passed_on` for one that it was not asked for.
#[test]
fn headers_of_the_backends_connection_are_not_passed_to_the_client() {
    let [_, kept] = set("x-kept", "by the rule");
    let table = table(filters(json!([kept])), vec![backend("a", 1, &[true])]);
    for (asked, status, switched) in [(true, 200, None), (true, 101, Some("websocket"))] {
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
            .respond(&forward.attempt, &mut response, None)
            .unwrap()
            .switched;
        assert_eq!(got.as_ref().map(|value| value.to_str().unwrap()), switched);
        assert_eq!(response.headers.len(), 1, "{:?}", response.headers);
        assert_eq!(response.headers["x-kept"], "by the rule");
    }
}

/// RFC 9110, section 7.8: a server must not switch to a protocol that the request does not ask for. Passed on, its 101 would open a
/// tunnel that no rule allows. Section 15.2: other responses of the class are interim ones.
#[test]
fn what_is_no_answer_is_not_passed_on() {
    let table = table(none(), vec![backend("a", 1, &[true])]);
    for (asked, status, switches, expected) in [
        (Some("websocket"), 101, Some("websocket"), Ok(true)),
        (Some("websocket"), 101, Some("WebSocket"), Ok(true)),
        (Some("chat/2, websocket"), 101, Some("websocket"), Ok(true)),
        (Some("chat/2, websocket"), 101, Some("chat/2"), Ok(true)),
        (Some("websocket"), 101, Some("chat"), Err(101)),
        (Some("websocket"), 101, Some("websocket, chat"), Err(101)),
        (Some("chat/2"), 101, Some("chat/1"), Err(101)),
        (Some("websocket"), 101, None, Err(101)),
        (None, 101, Some("websocket"), Err(101)),
        (None, 101, None, Err(101)),
        (None, 100, None, Err(100)),
        (Some("websocket"), 103, Some("websocket"), Err(103)),
        (Some("websocket"), 200, Some("websocket"), Ok(false)),
    ] {
        let mut parts = ask("/cart");
        if let Some(asked) = asked {
            let headers = [("connection", "upgrade"), ("upgrade", asked)];
            for (name, value) in headers {
                parts.headers.insert(name, value.parse().unwrap());
            }
        }
        let Decision::Forward(forward) = decide(&table, &mut parts, &mut |_| 0) else {
            panic!("answered")
        };
        let (mut response, ()) = http::Response::new(()).into_parts();
        response.status = StatusCode::from_u16(status).unwrap();
        if let Some(switches) = switches {
            let headers = [("connection", "upgrade"), ("upgrade", switches)];
            for (name, value) in headers {
                response.headers.insert(name, value.parse().unwrap());
            }
        }
        let responded = forward
            .exchange
            .respond(&forward.attempt, &mut response, None);
        let found = match responded {
            Ok(responded) => Ok(responded.switched.is_some()),
            Err(answer) => {
                assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
                match answer.why {
                    Why::Failed {
                        failure: Failure::NoAnswer(status),
                        ..
                    } => Err(status.as_u16()),
                    why => panic!("{why:?}"),
                }
            }
        };
        assert_eq!(found, expected, "{asked:?} {status} {switches:?}");
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

/// RFC 9110, section 9.3.6: a tunnel is for a proxy that the client has chosen. A rule that names the method takes none either.
#[test]
fn no_tunnel_is_made() {
    let mut rules = route(none(), vec![backend("a", 1, &[true])]);
    rules.rules[0].matches =
        serde_json::from_value(json!([{"method": "CONNECT"}, {"method": "GET"}])).unwrap();
    let table = table_of(rules);
    for (target, version) in [
        ("shop.example:443", http::Version::HTTP_11),
        ("shop.example:443", http::Version::HTTP_2),
        ("/cart", http::Version::HTTP_11),
    ] {
        let asked = |method| {
            let request = http::Request::builder().method(method).uri(target);
            let request = request.version(version).header("host", "shop.example:443");
            let mut parts = request.body(()).unwrap().into_parts().0;
            match decide(&table, &mut parts, &mut |_| 0) {
                Decision::Forward(_) => Ok(()),
                Decision::Answer(answer) => Err((answer.status.as_u16(), answer.why)),
            }
        };
        assert_eq!(asked("CONNECT"), Err((501, Why::Tunnel)), "{target}");
        assert_eq!(asked("GET"), Ok(()), "{target}");
    }
}
