//! Requests over HTTP/1.1 and HTTP/2 in cleartext.

use crate::{
    backends,
    clients::{Client, switched},
    world::{Backends, World, call, effective, get, script},
};
use gwapi::sim::{Protocol, Request};
use http::{HeaderValue, Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn world() -> World {
    let (script, got) = script();
    let mut found = Backends::new();
    for endpoint in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
        found.insert(
            endpoint,
            backends::http(endpoint, script.clone(), None).await,
        );
    }
    let yaml = include_str!("../fixtures/requests.yaml");
    World::new(effective(yaml, &[]), found, (script, got)).await
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
        assert!(!answered.headers.contains_key("x-gone"));
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
    world.same(&asked, None).await;
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
    for path in ["/mirror/x?y=1", "/mirror-redirect"] {
        for mut asked in both_versions(&get(&format!("http://a.example.com{path}"))) {
            asked.method = Method::POST;
            world.same_with(&asked, None, "what was sent").await;
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

    // The simulator's endpoints are never down.
    let ask = async |world: &World, path: &str| {
        let asked = get(&format!("http://a.example.com{path}"));
        let mut client = Client::connect(&asked, world.address(&asked), None).await?;
        client
            .send(&asked, "")
            .await
            .map(|response| response.status())
    };
    let down = ask(&world, "/down").await;
    assert_eq!(down, Some(StatusCode::SERVICE_UNAVAILABLE));
    // Another endpoint of the same backend is tried.
    assert_eq!(ask(&world, "/half").await, Some(StatusCode::OK));
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
