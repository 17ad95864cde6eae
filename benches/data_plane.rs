//! What deciding costs beside the routing table alone, and what a change of the configuration costs a data plane.
//!
//! `cargo bench --bench data_plane` (a part: `cargo bench --bench data_plane -- change`). Each iteration asserts its outcome.
//!
//! - `decide`: `find` is the routing table alone, over the same table in the same run. The others take a request from its
//!   head to the endpoint: one backend, two by weight, three header filters beside the same headers set by hand, a redirect,
//!   one of 64 listeners.
//! - `endpoints`: the same among 10 and 1 000 endpoints.
//! - `simulate`: requests through `sim::Simulator`, to two Services by weight, that send back what they get.
//! - `change`: one object among 10 000 routes of one Gateway and one Service, from the event to the tables: what `Resolver`
//!   does, what `DataPlane::next` does, and the next request. `one_route_resolved` and `one_route_in_tables` are the first two of
//!   these by themselves.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::allow_attributes,
    reason = "the objects are a module of their own"
)]

#[path = "workloads/cluster.rs"]
mod cluster;

use cluster::*;
use divan::{AllocProfiler, Bencher, black_box, counter::ItemsCount};
use gwapi::{
    attachment::{Options, Resolver, Snapshot, SnapshotObject},
    manifest,
    proxy::{Accepted, Attempted, Begun, DataPlane, Draws, HttpSession, Target},
    routing::{Router, RouterOptions},
    sim::{BackendBehaviour, Request as Simulated, Simulator},
};
use http::{HeaderValue, Request, request::Parts};
use serde_json::{Value, json};
use std::{cell::RefCell, time::Duration};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn plane(objects: &[Value]) -> DataPlane {
    let objects = objects.iter();
    let snapshot: Snapshot = objects
        .map(|object| manifest::decode(object).unwrap())
        .collect();
    let mut resolver = Resolver::with_snapshot(snapshot, Options::for_manifests());
    resolver.update();
    DataPlane::new(
        resolver.resolution().effective.clone(),
        RouterOptions::default(),
    )
}

fn session(plane: &DataPlane) -> HttpSession {
    match plane.binds().next().unwrap().accept() {
        Accepted::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

fn head(host: &str, path: &str) -> Parts {
    let request = Request::get(path).header("host", host);
    request.body(()).unwrap().into_parts().0
}

/// A Gateway with so many listeners, a Service with so many endpoints, and the routes of `decide`.
fn objects(listeners: usize, endpoints: usize) -> Vec<Value> {
    let listener = |n: usize| json!({"name": format!("l{n}"), "port": 80, "protocol": "HTTP", "hostname": format!("*.zone-{n}.example.com")});
    let listeners: Vec<Value> = match listeners {
        1 => vec![json!({"name": "web", "port": 80, "protocol": "HTTP"})],
        many => (0..many).map(listener).collect(),
    };
    let addresses: Vec<Value> = (0..endpoints)
        .map(|n| json!({"addresses": [format!("10.1.{}.{}", n / 250, n % 250)]}))
        .collect();
    let set = |name: &str| json!({"name": name, "value": "v"});
    let header = json!([{"type": "RequestHeaderModifier",
        "requestHeaderModifier": {"set": [set("x-one"), set("x-two"), set("x-three")]}}]);
    let redirect = json!([{"type": "RequestRedirect",
        "requestRedirect": {"scheme": "https", "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}}}]);
    let backend = |weight: u32| json!({"name": "app", "port": 80, "weight": weight});
    let rule = |path: &str, filters: &Value, backends: Value| json!({"matches": [{"path": {"value": path}}], "filters": filters, "backendRefs": backends});
    vec![
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "shop"},
            "spec": {"gatewayClassName": "any", "listeners": listeners}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "app", "namespace": "shop"},
            "spec": {"ports": [{"port": 80}]}}),
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "app", "namespace": "shop", "labels": {"kubernetes.io/service-name": "app"}},
            "ports": [{"port": 8080}], "endpoints": addresses}),
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"parentRefs": [{"name": "edge"}], "rules": [
            rule("/plain", &json!([]), json!([backend(1)])),
            rule("/split", &json!([]), json!([backend(9), backend(1)])),
            rule("/headers", &header, json!([backend(1)])),
            rule("/redirect", &redirect, json!([])),
        ]}}),
    ]
}

/// Decides on a request, to its end.
fn decide(session: &HttpSession, head: Parts, draw: u64) -> Attempted {
    match session.begin(head, None).begun {
        Begun::Exchange(mut exchange) => {
            exchange.attempt(&mut Draws(&mut |below| draw % below), Duration::ZERO)
        }
        Begun::Answer(answer) => panic!("{}", answer.why),
    }
}

mod decide {
    use super::*;

    /// The routing table alone. The head is moved in, and its drop counts, as in the others.
    #[divan::bench]
    fn find(bencher: Bencher<'_, '_>) {
        let plane = plane(&objects(1, 10));
        let effective = plane.effective();
        let gateway = effective.gateways.values().next().unwrap();
        let table = gwapi::proxy::Table::for_listener(
            &gateway.name,
            gateway.listeners.first().unwrap(),
            &gwapi::proxy::Endpoints::default(),
            RouterOptions::default(),
        );
        let router: &Router<Target> = table.router();
        bencher
            .with_inputs(|| head("shop.example.com", "/plain/items"))
            .bench_local_values(|head| assert!(router.find(black_box(&head)).is_some()));
    }

    /// The routing table alone of one of 64 listeners.
    #[divan::bench]
    fn find_at_one_of_64_listeners(bencher: Bencher<'_, '_>) {
        let plane = plane(&objects(64, 10));
        let gateway = plane.effective().gateways.values().next().unwrap();
        let table = gwapi::proxy::Table::for_listener(
            &gateway.name,
            gateway.listeners.get(40).unwrap(),
            &gwapi::proxy::Endpoints::default(),
            RouterOptions::default(),
        );
        let router = table.router();
        bencher
            .with_inputs(|| head("a.zone-40.example.com", "/plain/items"))
            .bench_local_values(|head| assert!(router.find(black_box(&head)).is_some()));
    }

    fn forwarded(bencher: Bencher<'_, '_>, listeners: usize, host: &str, path: &str) {
        let session = session(&plane(&objects(listeners, 10)));
        let mut draw = 0;
        decide(&session, head(host, path), draw);
        bencher
            .with_inputs(|| head(host, path))
            .bench_local_values(|head| {
                draw += 7;
                let attempted = decide(&session, black_box(head), draw);
                assert!(matches!(attempted, Attempted::Attempt(_)));
            });
    }

    #[divan::bench]
    fn plain(bencher: Bencher<'_, '_>) {
        forwarded(bencher, 1, "shop.example.com", "/plain/items");
    }

    #[divan::bench]
    fn weighted(bencher: Bencher<'_, '_>) {
        forwarded(bencher, 1, "shop.example.com", "/split/items");
    }

    #[divan::bench]
    fn plain_at_one_of_64_listeners(bencher: Bencher<'_, '_>) {
        forwarded(bencher, 64, "a.zone-40.example.com", "/plain/items");
    }

    #[divan::bench]
    fn three_headers(bencher: Bencher<'_, '_>) {
        forwarded(bencher, 1, "shop.example.com", "/headers/items");
    }

    /// What `three_headers` does beside `plain`, by hand.
    #[divan::bench]
    fn three_headers_by_hand(bencher: Bencher<'_, '_>) {
        bencher
            .with_inputs(|| head("shop.example.com", "/headers/items"))
            .bench_local_values(|mut head| {
                for name in ["x-one", "x-two", "x-three"] {
                    head.headers.insert(name, HeaderValue::from_static("v"));
                }
                assert_eq!(head.headers.len(), 4);
            });
    }

    #[divan::bench]
    fn redirect(bencher: Bencher<'_, '_>) {
        let session = session(&plane(&objects(1, 10)));
        bencher
            .with_inputs(|| head("shop.example.com", "/redirect/items"))
            .bench_local_values(|head| {
                let attempted = decide(&session, black_box(head), 0);
                assert!(matches!(attempted, Attempted::Answer(_)));
            });
    }
}

#[divan::bench(args = [10, 1_000])]
fn endpoints(bencher: Bencher<'_, '_>, count: usize) {
    let session = session(&plane(&objects(1, count)));
    let mut draw = 0;
    decide(&session, head("shop.example.com", "/plain"), draw);
    bencher
        .with_inputs(|| head("shop.example.com", "/plain/items"))
        .bench_local_values(|head| {
            draw += 7;
            let attempted = decide(&session, black_box(head), draw);
            assert!(matches!(attempted, Attempted::Attempt(_)));
        });
}

mod simulate {
    use super::*;
    use gwapi::sim::Visit;

    /// Nine of ten requests go to one Service, the others to its canary; each sends back the headers that it got.
    #[divan::bench]
    fn echo_and_canary(bencher: Bencher<'_, '_>) {
        let mut objects = objects(1, 10);
        objects.push(
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "canary", "namespace": "shop"},
            "spec": {"ports": [{"port": 80}]}}),
        );
        objects.push(
            json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": "canary", "namespace": "shop"},
            "spec": {"parentRefs": [{"name": "edge"}], "rules": [{
                "matches": [{"path": {"value": "/canary"}}],
                "backendRefs": [{"name": "app", "port": 80, "weight": 9}, {"name": "canary", "port": 80, "weight": 1}]}]}}),
        );
        let effective = (**plane(&objects).effective()).clone();
        let simulator = Simulator::new(effective, RouterOptions::default());
        let request = Simulated::get("http://shop.example.com/canary/items").expect("a URL");
        let repeated = simulator.repeated(&request).expect("a Gateway");
        let mut echo = |visit: &Visit<'_>| {
            let head = visit.request().expect("a request");
            Ok(BackendBehaviour {
                headers: head.headers.clone(),
                ..BackendBehaviour::default()
            })
        };
        let (mut draw, mut sent, mut canary) = (0_u64, 0_u64, 0_u64);
        bencher.counter(ItemsCount::new(1_u64)).bench_local(|| {
            draw += 1;
            let answer = repeated.send(&mut |below| draw % below, &mut echo);
            assert_eq!(answer.headers.len(), 1);
            sent += 1;
            let backend = answer.backend.expect("a backend");
            canary += u64::from(backend.reference().name == "canary");
        });
        assert!(canary.abs_diff(sent / 10) <= 1);
    }
}

#[divan::bench_group(max_time = 3, sample_size = 1)]
mod change {
    use super::*;

    const ROUTES: [usize; 3] = [100, 1_000, 10_000];

    fn route(at: usize, host: &str) -> SnapshotObject {
        http_route(
            "apps",
            &format!("app-{at}"),
            parent("front", None),
            vec![format!("app-{at}.{host}")],
            vec![backend(None, "app")],
        )
        .into()
    }

    /// Routes with a host each, all with the same Service.
    fn world(routes: usize) -> Resolver {
        let mut objects = vec![
            class(),
            gateway("front", vec![listener("web", 80, "HTTP", None)]),
            namespace("apps", true),
        ];
        objects.extend(service("apps", "app"));
        objects.extend((0..routes).map(|at| route(at, "example.com")));
        World {
            objects,
            counted: routes,
        }
        .resolver()
    }

    /// Puts in one object after the other, over and over, and asks by the table that follows.
    fn change(
        bencher: Bencher<'_, '_>,
        routes: usize,
        objects: &[SnapshotObject],
        asked: fn(usize, usize) -> String,
    ) {
        let mut resolver = world(routes);
        let mut plane = DataPlane::new(
            resolver.resolution().effective.clone(),
            RouterOptions::default(),
        );
        let host = format!("app-{}.example.com", routes / 3);
        decide(&session(&plane), head(&host, "/"), 0);
        let mut round = 0;
        bencher.bench_local(|| {
            let object = objects
                .get(round % objects.len())
                .expect("there are objects");
            resolver.insert(object.clone());
            let changes = resolver.update();
            assert!(!changes.is_empty());
            plane = plane.next(resolver.resolution().effective.clone()).0;
            let host = asked(routes, round % objects.len());
            let attempted = decide(&session(&plane), head(&host, "/"), 0);
            assert!(matches!(attempted, Attempted::Attempt(_)));
            round += 1;
        });
    }

    /// An endpoint of the Service that all routes have in common comes or goes.
    #[divan::bench(args = ROUTES)]
    fn endpoint_of_all_routes(bencher: Bencher<'_, '_>, routes: usize) {
        let at = |address: &str| -> SnapshotObject {
            let slice = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                "metadata": {"name": "app", "namespace": "apps", "labels": {"kubernetes.io/service-name": "app"}},
                "ports": [{"name": "http", "port": 8080}],
                "endpoints": [{"addresses": ["10.1.0.1"]}, {"addresses": [address]}]});
            manifest::decode(&slice).expect("a slice").into()
        };
        let objects = ["10.1.0.2", "10.1.0.3"].map(at);
        change(bencher, routes, &objects, |routes, _| {
            format!("app-{}.example.com", routes / 3)
        });
    }

    /// What [`one_route`] costs until the configuration in force is another.
    #[divan::bench(args = ROUTES)]
    fn one_route_resolved(bencher: Bencher<'_, '_>, routes: usize) {
        let mut round = 0;
        let objects = ["example.org", "example.com"].map(|host| route(routes / 2, host));
        let resolver = RefCell::new(world(routes));
        // Whoever serves by the configuration holds it.
        let mut held = resolver.borrow().resolution().effective.clone();
        bencher
            .with_inputs(|| {
                held = resolver.borrow().resolution().effective.clone();
                black_box(&held);
                round += 1;
                objects.get((round + 1) % 2).expect("there are two").clone()
            })
            .bench_local_values(|object| {
                let mut resolver = resolver.borrow_mut();
                resolver.insert(object);
                resolver.update()
            });
    }

    /// What [`one_route`] costs from there until the tables are those of that configuration.
    #[divan::bench(args = ROUTES)]
    fn one_route_in_tables(bencher: Bencher<'_, '_>, routes: usize) {
        let mut round = 0;
        let objects = ["example.org", "example.com"].map(|host| route(routes / 2, host));
        let resolver = RefCell::new(world(routes));
        let effective = || resolver.borrow().resolution().effective.clone();
        let mut plane = DataPlane::new(effective(), RouterOptions::default());
        let host = format!("app-{}.example.com", routes / 3);
        decide(&session(&plane), head(&host, "/"), 0);
        bencher
            .with_inputs(|| {
                round += 1;
                let mut resolver = resolver.borrow_mut();
                resolver.insert(objects.get((round + 1) % 2).expect("there are two").clone());
                assert!(!resolver.update().is_empty());
            })
            .bench_local_values(|()| {
                let (next, diff) = plane.next(effective());
                plane = next;
                assert!(diff.is_empty());
            });
    }

    /// The hostname of one route.
    #[divan::bench(args = ROUTES)]
    fn one_route(bencher: Bencher<'_, '_>, routes: usize) {
        let objects = ["example.org", "example.com"].map(|host| route(routes / 2, host));
        change(bencher, routes, &objects, |routes, round| {
            let domain = if round == 0 { "org" } else { "com" };
            format!("app-{}.example.{domain}", routes / 2)
        });
    }
}
