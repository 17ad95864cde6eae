//! Requests over HTTP/1.1 and HTTP/2 in cleartext.

use crate::{
    backends,
    clients::{Client, switched},
    world::{Backends, World, call, effective, get, script},
};
use gwapi::sim::{Protocol, Request};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

async fn world() -> World {
    let yaml = include_str!("../fixtures/requests.yaml");
    let endpoints = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    World::with(effective(yaml, &[]), &endpoints).await
}

/// The same request over HTTP/1.1 and HTTP/2.
fn both_versions(request: &Request) -> [Request; 2] {
    [Protocol::Http1, Protocol::Http2].map(|protocol| Request {
        protocol,
        ..request.clone()
    })
}

#[tokio::test]
async fn matches_weights_redirects_and_rewrites_are_those_of_the_simulator() {
    let mut world = world().await;
    for (path, status) in [
        ("/exact", 200),
        ("/exact/below", 404),
        ("/header", 404),
        ("/header?q=x", 200),
        ("/split", 200),
        ("/redirect/x?y=1", 301),
        ("/rewrite", 200),
        ("/rewrite/x?y=1", 200),
        ("/http2", 200),
        ("/http2/x?y=1", 200),
        ("/missing", 500),
    ] {
        for mut asked in both_versions(&get(&format!("http://a.example.com{path}"))) {
            asked
                .headers
                .insert("version", HeaderValue::from_static("2"));
            let answered = world.same(&asked, None).await;
            assert_eq!(answered.status, status, "{asked:?}");
        }
    }
    for asked in both_versions(&get("http://other.example.com/exact")) {
        assert_eq!(world.same(&asked, None).await.status, 404);
    }
    // 5 of 9 falls to the second backend.
    let split = world.same(&get("http://a.example.com/split"), None).await;
    assert_eq!(split.content, "10.0.0.2");
}

/// The values of all lines of a header.
fn values<'h>(headers: &'h HeaderMap, name: &str) -> Vec<&'h str> {
    let lines = headers.get_all(name).iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

#[tokio::test]
async fn filters_change_requests_and_responses() {
    let mut world = world().await;
    for mut asked in both_versions(&get("http://a.example.com/filters")) {
        for (name, value) in [("x-set", "old"), ("x-add", "old"), ("x-gone", "old")] {
            asked.headers.insert(name, HeaderValue::from_static(value));
            asked
                .backend
                .headers
                .insert(name, HeaderValue::from_static(value));
        }
        let answered = world.same(&asked, None).await;
        assert_eq!(answered.headers["server"], "gwapi");
        assert_eq!(values(&answered.headers, "x-add"), ["old", "a"]);
        assert_eq!(values(&answered.headers, "x-gone"), [""; 0]);
        let got = &world.reached[0].head.headers;
        assert_eq!(values(got, "x-set"), ["s"]);
        assert_eq!(values(got, "x-add"), ["old", "a", "of-backend"]);
        assert_eq!(values(got, "x-gone"), [""; 0]);
    }
}

/// RFC 9110, section 7.6.1: what `Connection` names goes no further.
#[tokio::test]
async fn headers_of_the_connection_go_no_further() {
    let mut world = world().await;
    let mut asked = get("http://a.example.com/exact");
    let headers = &mut asked.headers;
    headers.insert("connection", HeaderValue::from_static("x-mine"));
    headers.insert("x-mine", HeaderValue::from_static("1"));
    headers.insert("keep-alive", HeaderValue::from_static("timeout=5"));
    assert_eq!(world.same(&asked, None).await.status, 200);
    let got = &world.reached[0].head.headers;
    assert_eq!(values(got, "x-mine"), [""; 0]);
    assert_eq!(values(got, "keep-alive"), [""; 0]);
    assert!(!values(got, "connection").contains(&"x-mine"), "{got:?}");
}

/// RFC 9112, sections 3.2 and 3.2.2.
#[tokio::test]
async fn the_host_is_that_of_the_target_and_there_is_one() {
    let mut world = world().await;
    let mut absolute = get("http://a.example.com/exact");
    absolute.absolute_form = true;
    let other = HeaderValue::from_static("other.example.com");
    absolute.headers.insert("host", other.clone());
    assert_eq!(world.same(&absolute, None).await.status, 200);
    let mut two = get("http://a.example.com/exact");
    two.headers.append("host", "a.example.com".parse().unwrap());
    two.headers.append("host", other);
    assert_eq!(world.same(&two, None).await.status, 400);
}

#[tokio::test]
async fn mirrors_get_copies_with_the_content() {
    let mut world = world().await;
    for (path, endpoints) in [
        ("/mirror/x?y=1", &["10.0.0.1", "10.0.0.2"][..]),
        ("/mirror-redirect", &["10.0.0.2"]),
    ] {
        for mut asked in both_versions(&get(&format!("http://a.example.com{path}"))) {
            asked.method = Method::POST;
            world.same_with(&asked, None, "what was sent").await;
            let reached = world.reached.iter().map(|got| got.endpoint);
            assert_eq!(reached.collect::<Vec<_>>(), endpoints, "{path}");
            // The filter after the mirror changes nothing of the copy.
            let copy = &world.reached.last().unwrap().head.headers;
            assert_eq!(values(copy, "x-set"), [""; 0], "{path}");
        }
    }
}

/// HTTPRoute `spec.rules[].timeouts`, and what is answered for a backend that cannot be reached.
#[tokio::test]
async fn slow_backends_are_given_up_and_those_that_are_down_are_not_waited_for() {
    let mut world = world().await;
    let mut slow = get("http://a.example.com/slow");
    slow.backend.delay = "300ms".parse().unwrap();
    assert_eq!(world.same(&slow, None).await.status, 504);
    slow.backend.delay = "1ms".parse().unwrap();
    assert_eq!(world.same(&slow, None).await.status, 200);

    for asked in both_versions(&get("http://a.example.com/down")) {
        assert_eq!(world.same(&asked, None).await.status, 503);
        assert!(world.reached.is_empty());
    }
    // Another endpoint of the same backend is tried.
    for asked in both_versions(&get("http://a.example.com/half")) {
        assert_eq!(world.same(&asked, None).await.content, "10.0.0.2");
    }
    // A call is told in its own form.
    let answered = world
        .same(&call("http://calls.example.com/shop.Down/Any"), None)
        .await;
    assert_eq!(answered.headers["grpc-status"], "14");
}

/// HTTPRoute `requestMirror`: the copy goes along with the request that is sent, to whichever endpoint that is, and a request that
/// goes nowhere has none.
#[tokio::test]
async fn mirrors_get_a_copy_of_what_is_sent_however_many_endpoints_are_down() {
    let mut world = world().await;
    for (path, endpoints) in [
        ("half-mirror", &["10.0.0.2", "10.0.0.3"][..]),
        ("down-mirror", &[]),
    ] {
        for mut asked in both_versions(&get(&format!("http://a.example.com/{path}"))) {
            asked.method = Method::POST;
            world.same_with(&asked, None, "what was sent").await;
            let reached = world.reached.iter().map(|got| got.endpoint);
            assert_eq!(reached.collect::<Vec<_>>(), endpoints, "{path}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert!(world.is_quiet(), "{path}");
        }
    }
}

/// gRPC ends a call with trailers, over cleartext and through HTTPRoutes alike ("gRPC over HTTP2", Responses).
#[tokio::test]
async fn trailers_of_a_call_come_through() {
    let world = world().await;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("5"));
    trailers.insert("grpc-message", HeaderValue::from_static("no such cart"));
    world.trail(trailers.clone());
    for url in [
        "http://calls.example.com/shop.Cart/Add",
        "http://a.example.com/exact",
    ] {
        let asked = call(url);
        world.behave(&asked);
        let mut client = Client::connect(&asked, world.address(&asked), None)
            .await
            .unwrap();
        let response = client.send(&asked, "").await.unwrap();
        assert!(!response.headers().contains_key("grpc-status"), "{url}");
        let content = response.into_body().collect().await.unwrap();
        assert_eq!(content.trailers(), Some(&trailers), "{url}");
    }
}

/// An endpoint leaves at the moment in which a request is sent over its connection, and the request was not read: it goes over
/// another connection, and there is none. That is an error, and no response of nobody.
#[tokio::test]
async fn a_request_that_no_connection_takes_any_more_is_answered_with_an_error() {
    let endpoint = backends::Leaving::new("10.0.1.4", 2);
    let found = Backends::from([("10.0.1.4", endpoint.address)]);
    let yaml = include_str!("../fixtures/requests.yaml");
    let world = World::new(effective(yaml, &[]), found, script()).await;
    let asked = get("http://a.example.com/leaving");
    let mut client = TcpStream::connect(world.address(&asked)).await.unwrap();
    let request = b"GET /leaving HTTP/1.1\r\nhost: a.example.com\r\n\r\n";
    // The endpoint takes one connection, so the second request shows that it is kept.
    for _ in 0..2 {
        client.write_all(request).await.unwrap();
        let answered = answered(&mut client).await;
        assert!(answered.starts_with("HTTP/1.1 200 "), "{answered}");
        assert!(answered.ends_with("10.0.1.4"), "{answered}");
        // The proxy has the connection back when it has seen the end of the response.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The proxy hears of both at once: of the request first, and then of the end of the connection.
    client.write_all(request).await.unwrap();
    endpoint.leave();
    let answered = answered(&mut client).await;
    assert!(answered.starts_with("HTTP/1.1 503 "), "{answered}");
}

/// A response with the little content that comes with its head.
async fn answered(client: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, content)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.parse().unwrap())
            });
            if content.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let count = timeout(Duration::from_secs(5), client.read_buf(&mut read));
        assert_ne!(count.await.unwrap().unwrap(), 0, "ended after {text:?}");
    }
}

/// GRPCRoute `spec.rules[].backendRefs`: "`UNAVAILABLE` statuses MUST be returned".
#[tokio::test]
async fn calls_reach_their_service_and_errors_have_their_form() {
    let mut world = world().await;
    for (method, status) in [
        ("shop.Cart/Add", None),
        ("shop.Cart/Remove", Some("12")),
        ("shop.Gone/Any", Some("14")),
    ] {
        let asked = call(&format!("http://calls.example.com/{method}"));
        let answered = world.same(&asked, None).await;
        assert_eq!(answered.status, 200);
        let got = answered.headers.get("grpc-status");
        assert_eq!(
            got.map(|status| status.to_str().unwrap()),
            status,
            "{method}"
        );
    }
}

/// RFC 6455: the connection is switched from end to end.
#[tokio::test]
async fn a_websocket_goes_through_in_both_directions() {
    let mut world = world().await;
    let mut asked = get("http://a.example.com/exact");
    asked.protocol = Protocol::WebSocket;
    asked.backend.status = StatusCode::SWITCHING_PROTOCOLS;
    world.behave(&asked);
    let said = world.simulated(&asked);
    let mut client = Client::connect(&asked, world.address(&asked), None)
        .await
        .unwrap();
    let response = client.send(&asked, "").await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(said.status, Some(101));
    assert_eq!(response.headers()["upgrade"], "websocket");
    world.same_got(&said, "", "a WebSocket").await;
    let mut socket = switched(response).await;
    socket.write_all(b"there").await.unwrap();
    let mut back = [0; 5];
    socket.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"there");
}
