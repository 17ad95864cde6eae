//! Whole stories in a world.

mod backend_tls;
mod traffic;

use super::*;
use crate::{
    manifest,
    sim::{Client, Refusal, SessionStanding, simulator::UPDATES},
};
use http::StatusCode;
use serde_json::{Value, json};

/// Puts objects in their places.
fn apply(world: &mut World, objects: impl IntoIterator<Item = Value>) {
    for object in objects {
        world.apply(manifest::decode(&object).unwrap());
    }
}

fn gateway(listeners: Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "shop"},
        "spec": {"gatewayClassName": "any", "listeners": listeners, "addresses": [{"value": "192.0.2.1"}]},
    })
}

fn service(name: &str, address: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"clusterIP": address, "ports": [
            {"name": "http", "port": 80}, {"name": "other", "port": 5000}, {"name": "dns", "port": 53, "protocol": "UDP"}]},
    })
}

fn endpoints(name: &str, addresses: &[&str]) -> Value {
    let endpoints: Vec<Value> = addresses
        .iter()
        .map(|one| json!({"addresses": [one]}))
        .collect();
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"name": "http", "port": 8080}], "endpoints": endpoints,
    })
}

fn route(kind: &str, spec: Value) -> Value {
    let version = match kind {
        "HTTPRoute" | "GRPCRoute" => "v1",
        _ => "v1alpha2",
    };
    json!({
        "apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": kind,
        "metadata": {"name": kind.to_lowercase(), "namespace": "shop"}, "spec": spec,
    })
}

/// A Gateway on port 80, `old` and `new`, and a route that keeps sessions and has these weights.
fn canary(world: &mut World, weights: [u32; 2]) {
    let [old, new] = weights;
    let rule = json!({
        "sessionPersistence": {"sessionName": "SID", "absoluteTimeout": "1h"},
        "timeouts": {"request": "2s"},
        "backendRefs": [{"name": "old", "port": 80, "weight": old}, {"name": "new", "port": 80, "weight": new}],
    });
    apply(
        world,
        [
            gateway(json!([{"name": "http", "port": 80, "protocol": "HTTP"}])),
            service("old", "10.0.0.1"),
            service("new", "10.0.0.2"),
            endpoints("old", &["10.1.0.1", "10.1.0.2"]),
            endpoints("new", &["10.1.0.3"]),
            route(
                "HTTPRoute",
                json!({"parentRefs": [{"name": "edge"}], "rules": [rule]}),
            ),
        ],
    );
}

fn story(seed: u64) -> String {
    let mut world = World::new(seed);
    canary(&mut world, [1, 1]);
    let mut calls = 0;
    world.set_backend("shop", "old", move |_| {
        calls += 1;
        match calls {
            3 => Err(Failure::Connect),
            _ => Ok(BackendBehaviour {
                delay: "5ms".parse().unwrap(),
                ..BackendBehaviour::default()
            }),
        }
    });
    let mut clients = ["ann", "ben"].map(WorldClient::outside);
    for _ in 0..4 {
        for client in &mut clients {
            world.get(client, "http://shop.example/").unwrap();
        }
        world.advance(Duration::from_secs(20 * 60));
    }
    canary(&mut world, [0, 1]);
    world.get(&mut clients[0], "http://shop.example/").unwrap();
    world.trace_text()
}

#[test]
fn the_same_seed_makes_the_same_trace_and_another_seed_another_one() {
    assert_eq!(story(7), story(7));
    let stories: std::collections::BTreeSet<_> = (0..8).map(story).collect();
    assert!(stories.len() > 4, "{stories:?}");
    let told = story(7);
    for line in [
        "2024-05-09T12:00:00Z Gateway shop/edge is applied\n",
        "2024-05-09T12:00:00Z ann sends GET http://shop.example/\n",
        "ann gets the response of the backend, 200, with a new session\n",
        "ann gets the response of the backend, 200, in its session\n",
        " 1200s pass\n",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
}

#[test]
fn an_endpoint_that_cannot_be_connected_to_is_passed_over_and_time_passes_as_backends_take_it() {
    let mut world = World::new(1);
    canary(&mut world, [1, 0]);
    world.set_backend("shop", "old", |visit| {
        let address = visit.address().unwrap().to_owned();
        match address.as_str() {
            "10.1.0.1" => Err(Failure::Connect),
            _ => Ok(BackendBehaviour {
                status: StatusCode::ACCEPTED,
                delay: "1s".parse().unwrap(),
                ..BackendBehaviour::default()
            }),
        }
    });
    let begun = world.now();
    let mut failed = 0;
    for _ in 0..10 {
        let answer = world
            .get(&mut WorldClient::outside("any"), "http://a.example/")
            .unwrap();
        assert_eq!(
            (answer.outcome, answer.status),
            (Outcome::Forwarded, Some(202))
        );
        assert_eq!(answer.endpoint.unwrap().address, "10.1.0.2");
        let said =
            "endpoint 10.1.0.1 of Service shop/old cannot be connected to: another attempt is made";
        failed += usize::from(answer.why.iter().any(|why| why == said));
    }
    assert!((1..10).contains(&failed), "{failed}");
    assert_eq!(world.now(), begun + Duration::from_secs(10));
    for (failure, status) in [
        (Failure::Connect, 503),
        (Failure::Reset, 502),
        (Failure::Tls, 502),
    ] {
        world.set_backend("shop", "old", move |_| Err(failure.clone()));
        let answer = world
            .get(&mut WorldClient::outside("any"), "http://a.example/")
            .unwrap();
        assert_eq!(
            (answer.outcome, answer.status),
            (Outcome::Answered, Some(status))
        );
    }
    // A limit that is over: the client gets its answer then, and not when the backend is done.
    let before = world.now();
    world.set_backend("shop", "old", |_| {
        Ok(BackendBehaviour {
            delay: "5s".parse().unwrap(),
            ..BackendBehaviour::default()
        })
    });
    let answer = world
        .get(&mut WorldClient::outside("any"), "http://a.example/")
        .unwrap();
    assert_eq!(answer.status, Some(504));
    assert_eq!(world.now(), before + Duration::from_secs(2));
    // A backend that never answers takes as long.
    world.set_backend("shop", "old", |_| Err(Failure::Timeout));
    let answer = world
        .get(&mut WorldClient::outside("any"), "http://a.example/")
        .unwrap();
    assert_eq!(answer.status, Some(504));
    assert_eq!(world.now(), before + Duration::from_secs(4));
}

/// A cookie ends for the client when its session ends for the data plane: both count from the time of the request.
#[test]
fn a_client_does_not_send_the_cookie_of_a_session_that_has_ended_though_its_backend_was_slow() {
    let mut world = World::new(1);
    canary(&mut world, [1, 0]);
    let spec = json!({"parentRefs": [{"name": "edge"}], "rules": [{
        "sessionPersistence": {
            "sessionName": "SID", "absoluteTimeout": "1h", "cookieConfig": {"lifetimeType": "Permanent"},
        },
        "backendRefs": [{"name": "old", "port": 80}],
    }]});
    apply(&mut world, [route("HTTPRoute", spec)]);
    let delay = |delay: &'static str| {
        move |_: &Visit<'_>| {
            Ok(BackendBehaviour {
                delay: delay.parse().unwrap(),
                ..BackendBehaviour::default()
            })
        }
    };
    let mut client = WorldClient::outside("ann");
    let mut ask = |world: &mut World| {
        let answer = world.get(&mut client, "http://shop.example/").unwrap();
        let session = answer.session.unwrap();
        (session.state, session.refused)
    };
    world.set_backend("shop", "old", delay("10s"));
    assert_eq!(ask(&mut world), (SessionStanding::New, None));
    world.set_backend("shop", "old", delay("0s"));
    world.advance(Duration::from_secs(3600 - 11));
    assert_eq!(ask(&mut world), (SessionStanding::Established, None));
    world.advance(Duration::from_secs(1));
    assert_eq!(ask(&mut world), (SessionStanding::New, None));
}

/// A session of a backend that is drained goes on, through changes of the objects, and ends with its endpoint.
/// Time by which nothing ends leaves the data plane as it is, and so does an object that no traffic meets.
#[test]
fn the_data_plane_is_told_of_changes_that_concern_traffic_and_of_no_others() {
    let mut world = World::new(1);
    canary(&mut world, [1, 0]);
    world.set_backend("shop", "old", |_| {
        Ok(BackendBehaviour {
            delay: "1s".parse().unwrap(),
            ..BackendBehaviour::default()
        })
    });
    let mut client = WorldClient::outside("ann");
    let mut updates = |world: &mut World| {
        UPDATES.take();
        world.get(&mut client, "http://shop.example/").unwrap();
        UPDATES.take()
    };
    assert_eq!(updates(&mut world), 1);
    assert_eq!(updates(&mut world), 0);
    world.advance(Duration::from_secs(60));
    let class = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
        "metadata": {"name": "other"}, "spec": {"controllerName": "example.com/other"},
    });
    apply(&mut world, [class]);
    assert_eq!(updates(&mut world), 0);
    canary(&mut world, [0, 1]);
    assert_eq!(updates(&mut world), 1);
}

#[test]
fn sessions_live_through_changes_of_objects_and_move_when_their_endpoint_is_gone() {
    let mut world = World::new(1);
    canary(&mut world, [1, 0]);
    let mut client = WorldClient::outside("ann");
    let ask = |world: &mut World, client: &mut WorldClient| {
        let answer = world.get(client, "http://shop.example/").unwrap();
        let state = answer.session.as_ref().unwrap().state;
        (answer.endpoint.unwrap().address, state)
    };
    let (first, state) = ask(&mut world, &mut client);
    assert_eq!(state, SessionStanding::New);
    canary(&mut world, [0, 1]);
    assert_eq!(
        ask(&mut world, &mut client),
        (first, SessionStanding::Established)
    );
    apply(&mut world, [endpoints("old", &["10.1.0.9"])]);
    let moved = ask(&mut world, &mut client);
    assert_eq!(moved, ("10.1.0.3".to_owned(), SessionStanding::Moved));
    world.advance(Duration::from_secs(3600));
    assert_eq!(ask(&mut world, &mut client).1, SessionStanding::New);
}

#[test]
fn certificates_are_made_on_the_fly_and_end_by_the_clock_of_the_world() {
    let mut world = World::new(3);
    let (ours, theirs) = (
        world.authority("ours").unwrap(),
        world.authority("theirs").unwrap(),
    );
    let server = ours
        .issue(&["a.example", "*.b.example"], Usage::Server)
        .unwrap();
    let hour = world.now() + Duration::from_secs(3600);
    let shown = |certificate: IssuedCertificate| Some(certificate.shown().unwrap());
    let of_client = [
        ("none", None, false),
        (
            "good",
            shown(ours.issue(&["ann"], Usage::Client).unwrap()),
            true,
        ),
        (
            "short",
            shown(ours.issue_until(&["ben"], Usage::Client, hour).unwrap()),
            true,
        ),
        (
            "server",
            shown(ours.issue(&["cat"], Usage::Server).unwrap()),
            false,
        ),
        (
            "other",
            shown(theirs.issue(&["dan"], Usage::Client).unwrap()),
            false,
        ),
    ];
    world.apply(server.secret("shop", "certificate"));
    world.apply(ours.config_map("shop", "authority"));
    apply(
        &mut world,
        [
            gateway(json!([
                {
                    "name": "https", "port": 443, "protocol": "HTTPS",
                    "tls": {
                        "certificateRefs": [{"name": "certificate"}],
                        "frontendValidation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "authority"}]},
                    },
                },
                {
                    "name": "open", "port": 444, "protocol": "HTTPS",
                    "tls": {"certificateRefs": [{"name": "certificate"}]},
                },
            ])),
            service("web", "10.0.0.1"),
            route(
                "HTTPRoute",
                json!({"parentRefs": [{"name": "edge"}],
                "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}),
            ),
        ],
    );
    let ask_at = |world: &mut World, url: &str, certificates| {
        let mut client = WorldClient::at(
            "client",
            ClientPlace::AtAddress("192.0.2.1".parse().unwrap()),
        );
        client.certificates = certificates;
        world.get(&mut client, url).unwrap()
    };
    let ask = |world: &mut World, certificates| ask_at(world, "https://a.example/", certificates);
    for (name, certificates, enters) in &of_client {
        let answer = ask(&mut world, certificates.clone());
        let refused = (!enters).then_some(Refusal::TlsHandshake);
        assert_eq!(answer.refusal, refused, "{name}: {:#?}", answer.why);
        assert_eq!(answer.status, enters.then_some(200), "{name}");
    }
    let [good, short] = [1, 2].map(|at| of_client[at].1.clone());
    // To the second in which a certificate ends it is valid.
    world.advance(Duration::from_secs(3600));
    assert_eq!(ask(&mut world, short.clone()).status, Some(200));
    world.advance(Duration::from_secs(1));
    let answer = ask(&mut world, short);
    assert_eq!(
        answer.refusal,
        Some(Refusal::TlsHandshake),
        "{:#?}",
        answer.why
    );
    assert_eq!(ask(&mut world, good).status, Some(200));
    // The certificate of the listeners ends after ten years: they serve nobody any more, whatever a client shows.
    let open = "https://a.example:444/";
    assert_eq!(ask_at(&mut world, open, None).status, Some(200));
    world.advance(Duration::from_secs(10 * 365 * 24 * 3600));
    let answer = ask_at(&mut world, open, None);
    assert_eq!((answer.outcome, answer.status), (Outcome::Refused, None));
    let why = answer.why.join("; ");
    let expired = "`tls.crt`: the certificate expired at 2034-05-07T12:00:00Z";
    assert!(why.contains(expired), "{why}");
    // The same seed makes the same certificates.
    let again = World::new(3).authority("ours").unwrap();
    assert_eq!(again.certificate(), ours.certificate());
    assert_ne!(
        World::new(4).authority("ours").unwrap().certificate(),
        ours.certificate()
    );
}

#[test]
fn a_name_that_no_certificate_can_bear_is_named_with_the_reason() {
    let world = World::new(1);
    let authority = world.authority("ours").unwrap();
    let fault = authority
        .issue(&["a.example", "ä.example"], Usage::Server)
        .unwrap_err();
    assert_eq!(fault.names(), ["a.example", "ä.example"]);
    let why = std::error::Error::source(&fault).unwrap().to_string();
    assert!(!why.is_empty());
    assert_eq!(
        fault.to_string(),
        format!("no certificate can be made for `a.example`, `ä.example`: {why}")
    );
}

#[test]
fn pods_reach_services_by_name_and_address_in_each_protocol() {
    let mut world = World::new(1);
    let mesh = |port: u16| json!([{"group": "", "kind": "Service", "name": "web", "port": port}]);
    let to = |port: u16| json!([{"backendRefs": [{"name": "canary", "port": port}]}]);
    apply(
        &mut world,
        [
            service("web", "10.0.0.1"),
            service("canary", "10.0.0.2"),
            route(
                "HTTPRoute",
                json!({"parentRefs": mesh(80), "rules": to(80)}),
            ),
            route(
                "TCPRoute",
                json!({"parentRefs": mesh(5000), "rules": to(5000)}),
            ),
            route("UDPRoute", json!({"parentRefs": mesh(53), "rules": to(53)})),
        ],
    );
    let mut pod = WorldClient::pod("pod", "shop/app=cart").unwrap();
    assert_eq!(
        pod.place,
        ClientPlace::Pod("shop/app=cart".parse::<Client>().unwrap())
    );
    // The last column: what is spoken to the backend, where that is HTTP.
    for (url, speaks, port, protocol) in [
        ("http://web/", Speaks::Http1, 80, Some("http/1.1")),
        (
            "http://web.shop.svc.cluster.local/",
            Speaks::Http2,
            80,
            Some("http/1.1"),
        ),
        ("http://10.0.0.1/", Speaks::Http1, 80, Some("http/1.1")),
        ("http://web/pkg.Cart/Add", Speaks::Grpc, 80, Some("h2c")),
        (
            "http://web/socket",
            Speaks::WebSocket,
            80,
            Some("websocket"),
        ),
        ("tcp://web:5000", Speaks::Http1, 5000, None),
        ("tls://web:5000", Speaks::Http1, 5000, None),
        ("udp://web:53", Speaks::Http1, 53, None),
    ] {
        pod.speaks = speaks;
        let answer = world.get(&mut pod, url).unwrap();
        assert_eq!(
            answer.outcome,
            Outcome::Forwarded,
            "{url}: {:#?}",
            answer.why
        );
        let backend = answer.backend.unwrap();
        assert_eq!(
            (backend.reference.name.as_str(), backend.port),
            ("canary", Some(port)),
            "{url}"
        );
        let spoken = answer.forwarded.map(|sent| sent.protocol);
        assert_eq!(spoken, protocol, "{url}");
    }
    let gone = ObjectRef {
        group: String::new(),
        kind: "Service".into(),
        namespace: "shop".into(),
        name: "canary".into(),
    };
    world.delete(&gone);
    pod.speaks = Speaks::Http1;
    assert_eq!(
        world.get(&mut pod, "http://web/").unwrap().status,
        Some(500)
    );
    assert!(
        world
            .trace_text()
            .contains("Service shop/canary is deleted\n")
    );
}
