//! What deciding costs beside the routing table alone, and what a change of the configuration costs a data plane.
//!
//! `cargo bench --bench data_plane` (a part: `cargo bench --bench data_plane -- change`). Each iteration asserts its outcome.
//!
//! - `decide`: `find` is the routing table alone, over the same table in the same run. The others take a request from its
//!   head to the endpoint: one backend, two by weight, three header filters beside the same headers set by hand, a redirect,
//!   one of 64 listeners.
//! - `endpoints`: the same among 10 and 1 000 endpoints.
//! - `change`: one object among 10 000 routes of one Gateway and one Service, from the event to the tables: what `Resolver`
//!   does, what `DataPlane::next` does, and the next request.
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
use divan::{AllocProfiler, Bencher, black_box};
use gwapi::{
    attachment::{Options, Resolver, Snapshot, SnapshotObject},
    manifest,
    proxy::{Accepted, Attempted, Begun, DataPlane, Draws, HttpSession, Target},
    routing::{Router, RouterOptions},
};
use http::{HeaderValue, Request, request::Parts};
use serde_json::{Value, json};
use std::time::Duration;

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

    /// The routing table alone. The head is moved in and dropped, as in the others.
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
            .bench_local_values(|head| {
                assert!(router.find(black_box(&head)).is_some());
                head
            });
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
                attempted
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
                head
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
                attempted
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
            attempted
        });
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
