//! Requests that go through routes which do not look at them.

use super::*;
use crate::{certificate::CertificateChain, sim::EndpointTls};
use http::StatusCode;

fn certificate() -> EndpointTls {
    let chain = include_str!("../../../tests/fixtures/certificates/p256.crt");
    EndpointTls::Shows(CertificateChain::read(chain.as_bytes()).unwrap())
}

/// A route of connections to the Service `web`, with this parent.
fn to_web(kind: &str, parent: Value) -> Value {
    let mut route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": kind,
        "metadata": {"name": "bytes", "namespace": "shop"},
        "spec": {"parentRefs": [parent], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
    });
    if kind == "TLSRoute" {
        route["spec"]["hostnames"] = json!(["web.shop"]);
    }
    route
}

/// A pod of `shop` that asks the Service `web`.
fn by_pod(url: &str) -> Request {
    let mut request = get(url);
    request.client = Some("shop".parse().unwrap());
    request
}

/// What the backend answers is what the client gets, whichever way the request goes; nobody counts the time.
#[test]
fn a_request_through_a_stream_gets_the_answer_of_the_backend() {
    let parent = || json!({"group": "", "kind": "Service", "name": "web"});
    let passthrough = || {
        gateway(
            json!([{"name": "tls", "port": 443, "protocol": "TLS", "tls": {"mode": "Passthrough"}}]),
        )
    };
    let edge = || json!({"name": "edge"});
    for (objects, asked, scheme) in [
        (vec![], by_pod("http://web.shop/a?b=1"), "http"),
        (
            vec![to_web("TCPRoute", parent())],
            by_pod("http://web.shop/a?b=1"),
            "http",
        ),
        (
            vec![to_web("TLSRoute", parent())],
            by_pod("https://web.shop:80/a?b=1"),
            "https",
        ),
        (
            vec![passthrough(), to_web("TLSRoute", edge())],
            get("https://web.shop/a?b=1"),
            "https",
        ),
    ] {
        let mut objects = objects;
        objects.push(service("web", 80));
        let mut asked = asked;
        if objects.iter().any(|object| object["kind"] == "Gateway") {
            asked.gateway = Some(NamespacedName::new("shop", "edge"));
        }
        asked.backend.status = StatusCode::SERVICE_UNAVAILABLE;
        asked
            .backend
            .headers
            .insert("x-by", HeaderValue::from_static("web"));
        asked.backend.delay = "5s".parse().unwrap();
        let answer = ask(&objects, &asked);
        assert_eq!(
            (answer.outcome, answer.status),
            (Outcome::Forwarded, Some(503)),
            "{answer:#?}"
        );
        let response = answer.response.as_ref().unwrap();
        assert_eq!(
            (response.status, &response.headers["x-by"]),
            (503, &HeaderValue::from_static("web"))
        );
        let sent = answer.forwarded.as_ref().unwrap();
        assert_eq!(
            (sent.scheme, &*sent.path),
            (scheme, "/a?b=1"),
            "{answer:#?}"
        );
        let assumed = answer
            .not_simulated
            .iter()
            .any(|said| said == "the backend answers 503 after 5s");
        assert!(assumed, "{:#?}", answer.not_simulated);
        let split = simulator(&objects).split(&asked, 10, &mut |_| 0);
        let split = format!("{split:?}");
        assert!(split.contains("503"), "{split}");
    }
}

/// A backend that speaks TLS alone does not answer a request in cleartext, through a route of connections either, and one that
/// speaks none does not answer TLS of a client that nobody ends.
#[test]
fn both_ends_of_a_stream_have_to_speak_the_same() {
    let parent = json!({"group": "", "kind": "Service", "name": "web"});
    let objects = |kind: Option<&str>| {
        let mut objects = vec![service("web", 80)];
        objects.extend(kind.map(|kind| to_web(kind, parent.clone())));
        objects
    };
    let web = NamespacedName::new("shop", "web");
    for kind in [None, Some("TCPRoute")] {
        let mut asked = by_pod("http://web.shop/");
        asked.backend_tls.insert(web.clone(), certificate());
        let answer = ask(&objects(kind), &asked);
        assert_ne!(answer.outcome, Outcome::Forwarded, "{answer:#?}");
        let why = answer.why.join("\n");
        assert!(
            why.contains("sent something that is not a response"),
            "{why}"
        );

        let mut asked = by_pod("https://web.shop:80/");
        assert_eq!(ask(&objects(kind), &asked).status, Some(200), "{kind:?}");
        // It is said of backends that a policy asks for TLS: all others speak cleartext.
        asked.backend.tls = certificate();
        let answer = ask(&objects(kind), &asked);
        assert_eq!(
            (answer.outcome, answer.status),
            (Outcome::Refused, None),
            "{answer:#?}"
        );
        let why = answer.why.join("\n");
        assert!(why.contains("cannot be reached over TLS"), "{why}");
        // Named, it speaks TLS.
        asked.backend_tls.insert(web.clone(), certificate());
        assert_eq!(ask(&objects(kind), &asked).status, Some(200), "{kind:?}");
    }
}

/// A tunnel is refused whatever rules there are, so that none of them has lost against another.
#[test]
fn a_request_for_a_tunnel_is_compared_with_nothing() {
    let objects = [
        http_gateway(),
        service("web", 80),
        route(json!({"rules": [
            {"matches": [{"method": "CONNECT"}], "backendRefs": [{"name": "web", "port": 80}]},
            {"backendRefs": [{"name": "web", "port": 80}]},
        ]})),
    ];
    let mut asked = get("http://shop.example/");
    asked.method = http::Method::CONNECT;
    let answer = ask(&objects, &asked);
    assert_eq!(
        (answer.status, answer.losers.len()),
        (Some(501), 0),
        "{:#?}",
        answer.why
    );
    // One of a backend is an answer like any other.
    let mut asked = get("http://shop.example/");
    asked.backend.status = StatusCode::NOT_IMPLEMENTED;
    let answer = ask(&objects, &asked);
    assert_eq!(
        (answer.status, answer.losers.len()),
        (Some(501), 1),
        "{:#?}",
        answer.why
    );
}
