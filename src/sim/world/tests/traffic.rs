//! All traffic that reaches a backend: its closure is asked, and the trace has every step.

use super::*;
use crate::sim::VisitTraffic;
use std::sync::{Arc, Mutex};

/// A Service without EndpointSlices, so that each of its ports counts as having an endpoint.
const BARE: &str = "bare";

/// A Gateway whose requests go to `web`, with a copy for `copy`; Services that no route governs; and a TCPRoute and a UDPRoute
/// of the Service `front` that lead to `bare`.
fn all_kinds() -> World {
    let mut world = World::new(1);
    let own = world.self_signed(&["a.example"]).unwrap();
    world.apply(own.secret("shop", "certificate"));
    let front =
        |port: u16| json!([{"group": "", "kind": "Service", "name": "front", "port": port}]);
    let to = |port: u16| json!([{"backendRefs": [{"name": BARE, "port": port}]}]);
    let copies = json!([{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy", "port": 80}}}]);
    apply(
        &mut world,
        [
            gateway(json!([
                {"name": "http", "port": 80, "protocol": "HTTP"},
                {"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "a.example",
                    "tls": {"certificateRefs": [{"name": "certificate"}]}},
                {"name": "others", "port": 443, "protocol": "HTTPS", "hostname": "*.example",
                    "tls": {"certificateRefs": [{"name": "certificate"}]}},
            ])),
            service("web", "10.0.0.1"),
            service("copy", "10.0.0.2"),
            service("front", "10.0.0.3"),
            service(BARE, "10.0.0.4"),
            service("plain", "10.0.0.5"),
            endpoints("web", &["10.1.0.1"]),
            endpoints("copy", &["10.1.0.2"]),
            endpoints("plain", &["10.1.0.5"]),
            route(
                "HTTPRoute",
                json!({"parentRefs": [{"name": "edge"}],
                "rules": [{"filters": copies, "backendRefs": [{"name": "web", "port": 80}]}]}),
            ),
            route(
                "TCPRoute",
                json!({"parentRefs": front(5000), "rules": to(5000)}),
            ),
            route(
                "UDPRoute",
                json!({"parentRefs": front(53), "rules": to(53)}),
            ),
        ],
    );
    world
}

/// Makes all backends do this, and notes what they get.
fn noting(
    world: &mut World,
    does: impl Fn() -> Reply + Clone + Send + 'static,
) -> Arc<Mutex<Vec<String>>> {
    let noted = Arc::new(Mutex::new(Vec::new()));
    for name in ["web", "copy", "front", BARE, "plain"] {
        let (does, noted) = (does.clone(), noted.clone());
        world.set_backend("shop", name, move |visit| {
            let kind = match visit.traffic {
                VisitTraffic::Request(_) => "request",
                VisitTraffic::Sealed(_) => "sealed request",
                VisitTraffic::Copy(_) => "copy",
                VisitTraffic::Connection => "connection",
                VisitTraffic::Datagram => "datagram",
            };
            let path = visit.request().map(|head| head.uri.path().to_owned());
            let got = format!(
                "{}: {kind} {}",
                visit.backend.name,
                path.unwrap_or_default()
            );
            noted.lock().unwrap().push(got.trim_end().to_owned());
            does()
        });
    }
    noted
}

/// The client, the URL, and what the backends get.
const EVERY: [(bool, &str, &[&str]); 9] = [
    (
        false,
        "http://a.example/x",
        &["web: request /x", "copy: copy /x"],
    ),
    (true, "http://plain/x", &["plain: request /x"]),
    (true, "https://plain:80/x", &["plain: sealed request /x"]),
    (true, "http://10.1.0.5:8080/x", &["plain: request /x"]),
    (true, "tcp://bare:5000", &["bare: connection"]),
    (true, "tls://bare:5000", &["bare: connection"]),
    (true, "udp://bare:53", &["bare: datagram"]),
    (true, "tcp://front:5000", &["bare: connection"]),
    (true, "udp://front:53", &["bare: datagram"]),
];

fn client(inside: bool) -> WorldClient {
    match inside {
        true => WorldClient::pod("ann", "shop").unwrap(),
        false => WorldClient::outside("ann"),
    }
}

/// What a closure did is no assumption, and what the data plane does not look at is not simulated either way.
#[test]
fn only_what_no_closure_decided_is_assumed() {
    for (inside, url, got) in EVERY {
        let said = |told: &[&str]| {
            let mut world = all_kinds();
            for name in told {
                world.set_backend("shop", name, |_| Ok(BackendBehaviour::default()));
            }
            let answer = world.get(&mut client(inside), url).unwrap();
            assert_eq!(answer.outcome, Outcome::Forwarded, "{url}");
            answer.not_simulated.join("; ")
        };
        let reached = got[0].split(':').next().unwrap();
        let (nobody, all) = (said(&[]), said(&[reached, "copy"]));
        assert!(nobody.contains("the backend "), "{url}: {nobody}");
        assert_eq!(nobody.contains("mirrors take"), got.len() > 1, "{url}");
        assert!(!all.contains("the backend "), "{url}: {all}");
        assert!(!all.contains("mirrors take"), "{url}: {all}");
        let over_connection = "what is spoken over ";
        let looked_at = !url.starts_with("tcp") && !url.starts_with("tls");
        assert_eq!(all.contains(over_connection), !looked_at, "{url}: {all}");
    }
}

#[test]
fn backends_are_asked_for_all_traffic_that_reaches_them_and_their_delays_count() {
    for (inside, url, wanted) in EVERY {
        let mut world = all_kinds();
        let got = noting(&mut world, || {
            Ok(BackendBehaviour {
                status: StatusCode::IM_A_TEAPOT,
                headers: [(http::header::SERVER, "tea".parse().unwrap())]
                    .into_iter()
                    .collect(),
                delay: "3s".parse().unwrap(),
                ..BackendBehaviour::default()
            })
        });
        let begun = world.now();
        let answer = world.get(&mut client(inside), url).unwrap();
        assert_eq!(*got.lock().unwrap(), wanted, "{url}");
        assert_eq!(answer.outcome, Outcome::Forwarded, "{url}");
        // Nobody waits for a mirror.
        assert_eq!(world.now(), begun + Duration::from_secs(3), "{url}");
        let is_http = url.starts_with("http");
        assert_eq!(answer.status, is_http.then_some(418), "{url}");
        let response = answer.response.as_ref();
        assert_eq!(response.is_some(), is_http, "{url}");
        assert!(response.is_none_or(|response| response.headers["server"] == "tea"));
        // What is sent many times reaches them as well.
        let mut request = Request::get(url).unwrap();
        request.client = inside.then(|| "shop".parse().unwrap());
        let repeated = world.simulator.repeated(&request).unwrap();
        let mut visits = 0;
        let sent = repeated.send(&mut |_| 0, &mut |_: &Visit<'_>| {
            visits += 1;
            Ok(BackendBehaviour {
                status: StatusCode::IM_A_TEAPOT,
                ..BackendBehaviour::default()
            })
        });
        assert_eq!(visits, wanted.len(), "{url}");
        assert_eq!(
            sent.status.map(|status| status.as_u16()),
            answer.status,
            "{url}"
        );
    }
}

#[test]
fn traffic_of_every_kind_can_fail_at_its_backend() {
    for (inside, url, wanted) in EVERY {
        for failure in [Failure::Connect, Failure::Reset] {
            let mut world = all_kinds();
            let why = failure.clone();
            let got = noting(&mut world, move || Err(why.clone()));
            let answer = world.get(&mut client(inside), url).unwrap();
            let sent = !failure.is_before_sending();
            // A mirror gets nothing of what is not sent.
            let reached = if sent { wanted.len() } else { 1 };
            assert_eq!(*got.lock().unwrap(), wanted[..reached], "{url} {failure}");
            let ended = (answer.outcome, answer.status, answer.refusal);
            let expected = match (inside, url.starts_with("udp"), sent) {
                (false, _, false) => (Outcome::Answered, Some(503), None),
                (false, _, true) => (Outcome::Answered, Some(502), None),
                (true, false, _) => (Outcome::Refused, None, Some(Refusal::Closed)),
                (true, true, _) => (Outcome::Refused, None, Some(Refusal::Dropped)),
            };
            assert_eq!(ended, expected, "{url} {failure}: {:#?}", answer.why);
            let said = format!(" {failure}");
            assert!(
                answer.why.iter().any(|why| why.ends_with(&said)),
                "{url}: {:#?}",
                answer.why
            );
            // The copy of what was sent went out, whatever the mirror made of it.
            assert_eq!(answer.mirrors.len(), reached - 1, "{url} {failure}");
        }
    }
}

/// What happened since the last time, without the times.
fn told(world: &mut World) -> Vec<String> {
    let steps = world.take_trace();
    steps.iter().map(|step| step.event.to_string()).collect()
}

#[test]
fn the_trace_has_every_step_from_the_hello_to_the_endpoint() {
    let mut world = all_kinds();
    told(&mut world);
    for (inside, url, steps) in [
        (
            false,
            "https://a.example/",
            &[
                "ann sends GET https://a.example/",
                "the client begins with TLS for `a.example`",
                "listener `https` of Gateway shop/edge takes it",
                "HTTPRoute shop/httproute, rule 0, match 0 takes it",
                "Service shop/web at 10.1.0.1 is chosen",
                "Service shop/web at 10.1.0.1 answers 200",
                "mirror Service shop/copy at 10.1.0.2 gets a copy",
                "ann gets the response of the backend, 200",
            ][..],
        ),
        (
            true,
            "http://plain/",
            &[
                "ann sends GET http://plain/",
                "Service shop/plain is asked at port 80",
                "Service shop/plain at 10.1.0.5 is chosen",
                "Service shop/plain at 10.1.0.5 answers 200",
                "ann gets the response of the backend, 200",
            ],
        ),
        (
            true,
            "http://10.1.0.5:8080/",
            &[
                "ann sends GET http://10.1.0.5:8080/",
                "Service shop/plain at 10.1.0.5 is chosen",
                "Service shop/plain at 10.1.0.5 answers 200",
                "ann gets the response of the backend, 200",
            ],
        ),
        (
            true,
            "tcp://front:5000",
            &[
                "ann sends GET tcp://front:5000/",
                "Service shop/front is asked at port 5000",
                "TCPRoute shop/tcproute, rule 0 takes it",
                "Service shop/bare at 10.0.0.4 is chosen",
                "Service shop/bare at 10.0.0.4 takes it",
                "ann gets the response of the backend",
            ],
        ),
    ] {
        world.get(&mut client(inside), url).unwrap();
        assert_eq!(told(&mut world), steps, "{url}");
    }
    // Gateway `spec.listeners[].hostname`: the host belongs to another listener than the server name.
    let mut stray = client(false);
    stray.sni = Some("a.example".to_owned());
    world.get(&mut stray, "https://b.example/").unwrap();
    let steps = told(&mut world);
    let (last, steps) = steps.split_last().unwrap();
    assert_eq!(
        steps,
        [
            "ann sends GET https://b.example/",
            "the client begins with TLS for `a.example`",
            "listener `https` of Gateway shop/edge takes it",
            "the data plane answers 421: the host belongs to listener `others` of Gateway shop/edge, and the connection was made to another listener",
        ]
    );
    assert!(
        last.starts_with("ann gets an answer of the data plane, 421"),
        "{last}"
    );
}

#[test]
fn the_trace_tells_what_sessions_and_failed_attempts_decide() {
    let mut world = World::new(1);
    canary(&mut world, [1, 0]);
    let mut ann = client(false);
    world.get(&mut ann, "http://a.example/").unwrap();
    told(&mut world);
    let mut calls = 0;
    world.set_backend("shop", "old", move |_| {
        calls += 1;
        match calls {
            1 => Err(Failure::Connect),
            _ => Ok(BackendBehaviour::default()),
        }
    });
    world.get(&mut ann, "http://a.example/").unwrap();
    let steps = told(&mut world);
    let of_session = "is that of the client's session";
    let at = |index: usize| {
        steps[index]
            .rsplit(" at ")
            .next()
            .unwrap()
            .split_once(' ')
            .unwrap()
    };
    assert_eq!(steps.len(), 8, "{steps:#?}");
    assert_eq!(at(3).1, of_session);
    assert_eq!(at(4), (at(3).0, "cannot be connected to"));
    assert_eq!(at(5).1, "is chosen");
    assert_ne!(at(5).0, at(3).0);
    assert_eq!(at(6), (at(5).0, "answers 200"));
}
