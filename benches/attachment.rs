//! What resolving costs by the number of objects, and what a change costs beside resolving anew.
//!
//! `cargo bench --bench attachment` (a part: `cargo bench --bench attachment -- change`). Each iteration
//! asserts its outcome. Sizes double where it is to be seen that the cost is linear: twice the routes may take
//! 2.2 times the time.
//!
//! - `resolve`: every object of a cluster is new. Each route has a Service with an EndpointSlice, every second
//!   one a backend in another namespace with a ReferenceGrant; listeners let namespaces in by a selector.
//! - `corner`: shapes in which something could be compared with everything else.
//! - `relist`: a list of what has not changed, which is to take no more than 10 ms at 10 000 routes before it is freed.
//! - `change`: one object of a cluster that is resolved already, by what the change touches.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes,
    reason = "the objects are a module of their own"
)]

#[path = "workloads/cluster.rs"]
mod cluster;

use cluster::*;
use divan::Bencher;
use gwapi::{
    attachment::{Relisted, Resolver, Snapshot, SnapshotObject, Status, StatusWrite},
    kube_core::DeserializeGuard,
    v1::{GrpcBackendRef, GrpcRoute, GrpcRouteRule, GrpcRouteSpec, HttpRoute, ParentReference},
    v1beta1::ReferenceGrant,
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use std::fmt;

fn main() {
    divan::main();
}

/// A number of routes and of Gateways.
#[derive(Clone, Copy)]
struct Size(usize, usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} routes, {} Gateways", self.0, self.1)
    }
}

const SIZES: [Size; 11] = [
    Size(100, 1),
    Size(100, 10),
    Size(100, 100),
    Size(1000, 1),
    Size(1000, 10),
    Size(1000, 100),
    Size(5000, 1),
    Size(5000, 100),
    Size(10_000, 1),
    Size(10_000, 10),
    Size(10_000, 100),
];

/// The object of a write, with the status.
fn written(snapshot: &Snapshot, write: &StatusWrite) -> SnapshotObject {
    let place = &write.reference.namespaced_name();
    match &write.status {
        Status::GatewayClass(status) => {
            let mut class = snapshot.gateway_classes()[place].as_ref().clone();
            class.status = Some(status.clone());
            class.into()
        }
        Status::Gateway(status) => {
            let mut gateway = snapshot.gateways()[place].as_ref().clone();
            gateway.status = Some(status.clone());
            gateway.into()
        }
        Status::Route(status) => {
            let mut route = snapshot.http_routes()[place].as_ref().clone();
            route.status = Some(status.clone());
            route.into()
        }
        _ => panic!("there are no policies"),
    }
}

const DOUBLING: [usize; 3] = [2500, 5000, 10_000];

#[divan::bench(args = SIZES, max_time = 2, sample_size = 1)]
fn resolve_all(bencher: Bencher<'_, '_>, size: Size) {
    cluster(size.0, size.1).resolve(bencher);
}

#[divan::bench_group(max_time = 2, sample_size = 1)]
mod corner {
    use super::*;

    fn sixty_four_listeners() -> SnapshotObject {
        let listeners = (0..64)
            .map(|at| {
                let hostname = Some(format!("*.zone-{at}.example.com"));
                listener(&format!("zone-{at}"), 80, "HTTP", hostname)
            })
            .collect();
        gateway("front", listeners)
    }

    fn at_one_gateway(
        routes: usize,
        section: impl Fn(usize) -> Option<String>,
        hostnames: impl Fn(usize) -> Vec<String>,
        counted: usize,
    ) -> World {
        let mut objects = vec![class(), sixty_four_listeners(), namespace("apps", true)];
        objects.extend(service("apps", "app"));
        objects.extend((0..routes).map(|at| {
            http_route(
                "apps",
                &format!("app-{at}"),
                parent("front", section(at).as_deref()),
                hostnames(at),
                vec![backend(None, "app")],
            )
            .into()
        }));
        World { objects, counted }
    }

    pub(super) fn one_listener_each(routes: usize) -> World {
        let host = |at: usize| vec![format!("app-{at}.zone-{}.example.com", at % 64)];
        at_one_gateway(routes, |at| Some(format!("zone-{}", at % 64)), host, routes)
    }

    /// Routes that name one of 64 listeners.
    #[divan::bench(args = DOUBLING)]
    fn routes_at_one_of_64_listeners(bencher: Bencher<'_, '_>, routes: usize) {
        one_listener_each(routes).resolve(bencher);
    }

    /// Routes that name the Gateway and have a host in common with one of its 64 listeners.
    #[divan::bench(args = DOUBLING)]
    fn routes_at_64_listeners(bencher: Bencher<'_, '_>, routes: usize) {
        let host = |at: usize| vec![format!("app-{at}.zone-{}.example.com", at % 64)];
        at_one_gateway(routes, |_| None, host, 64 * routes).resolve(bencher);
    }

    /// Routes without hostnames, which hold at each of 64 listeners.
    #[divan::bench(args = DOUBLING)]
    fn routes_in_force_at_64_listeners(bencher: Bencher<'_, '_>, routes: usize) {
        at_one_gateway(routes, |_| None, |_| Vec::new(), 64 * routes).resolve(bencher);
    }

    pub(super) fn namespaces(count: usize) -> World {
        let mut objects = vec![
            class(),
            gateway("front", vec![listener("http", 80, "HTTP", None)]),
        ];
        for at in 0..count {
            let name = format!("team-{at}");
            objects.push(namespace(&name, at.is_multiple_of(2)));
            objects.extend(service(&name, "app"));
            let host = vec![format!("app-{at}.example.com")];
            let parent = parent("front", None);
            let backends = vec![backend(None, "app")];
            objects.push(http_route(&name, "app", parent, host, backends).into());
        }
        World {
            objects,
            counted: count / 2,
        }
    }

    /// Namespaces with a route each, half of which the selector of a listener lets in.
    #[divan::bench(args = DOUBLING)]
    fn namespaces_with_a_selector(bencher: Bencher<'_, '_>, count: usize) {
        namespaces(count).resolve(bencher);
    }

    fn grpc_route(at: usize) -> GrpcRoute {
        GrpcRoute {
            metadata: metadata("apps", &format!("app-{at}")),
            spec: Some(GrpcRouteSpec {
                parent_refs: vec![parent("front", None)],
                hostnames: vec![format!("app-{at}.example.com")],
                rules: vec![GrpcRouteRule {
                    backend_refs: vec![GrpcBackendRef {
                        name: "app".to_owned(),
                        port: Some(80),
                        ..Default::default()
                    }],
                    ..Default::default()
                }],
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    /// HTTPRoutes and GRPCRoutes in turn at one listener, none of them with the hostname of another.
    pub(super) fn mixed(routes: usize, domain: &str) -> World {
        let mut objects = vec![
            class(),
            gateway("front", vec![listener("http", 80, "HTTP", None)]),
            namespace("apps", true),
        ];
        objects.extend(service("apps", "app"));
        for at in 0..routes {
            objects.push(if at.is_multiple_of(2) {
                mixed_route(at, domain).into()
            } else {
                grpc_route(at).into()
            });
        }
        World {
            objects,
            counted: routes,
        }
    }

    pub(super) fn mixed_route(at: usize, domain: &str) -> HttpRoute {
        http_route(
            "apps",
            &format!("app-{at}"),
            parent("front", None),
            vec![format!("app-{at}.{domain}")],
            vec![backend(None, "app")],
        )
    }

    /// HTTPRoutes and GRPCRoutes at one listener, whose hostnames must not meet.
    #[divan::bench(args = DOUBLING)]
    fn http_and_grpc_at_one_listener(bencher: Bencher<'_, '_>, routes: usize) {
        mixed(routes, "example.com").resolve(bencher);
    }

    pub(super) fn mesh_route(at: usize, path: &str) -> HttpRoute {
        let parent = ParentReference {
            group: Some(String::new()),
            kind: Some("Service".to_owned()),
            namespace: Some("apps".to_owned()),
            name: "app".to_owned(),
            ..Default::default()
        };
        let mut route = http_route(
            &format!("team-{at}"),
            "app",
            parent,
            Vec::new(),
            vec![backend(Some("apps"), "app")],
        );
        if let Some(rule) = route.spec.rules.iter_mut().flatten().next() {
            rule.matches = vec![gwapi::v1::HttpRouteMatch {
                path: Some(gwapi::v1::HttpPathMatch {
                    value: Some(path.to_owned()),
                    ..Default::default()
                }),
                ..Default::default()
            }];
        }
        route
    }

    pub(super) fn mesh(routes: usize) -> World {
        let mut objects = vec![class()];
        objects.extend(service("apps", "app"));
        objects.extend((0..routes).map(|at| mesh_route(at, "/").into()));
        World {
            objects,
            counted: 0,
        }
    }

    /// Consumer routes of as many namespaces at one Service.
    #[divan::bench(args = DOUBLING)]
    fn mesh_routes_at_one_service(bencher: Bencher<'_, '_>, routes: usize) {
        mesh(routes).resolve(bencher);
    }
}

/// A list of routes that have not changed since the last one, as a watch delivers it after it was interrupted: with the status that was
/// written, labels, and what the server notes of each.
#[divan::bench_group(max_time = 2)]
mod relist {
    use super::*;

    const ROUTES: [usize; 2] = [1000, 10_000];

    /// The routes in the order in which a server lists them, and a resolver that has them.
    fn listed(routes: usize) -> (Vec<HttpRoute>, Resolver) {
        let mut resolver = cluster(routes, 1).resolver();
        for write in resolver.due(&Time(Timestamp::UNIX_EPOCH)) {
            resolver.insert(written(resolver.snapshot(), &write));
        }
        let place = |route: &HttpRoute| {
            let metadata = &route.metadata;
            (metadata.namespace.clone(), metadata.name.clone())
        };
        let present = resolver.snapshot().http_routes().values();
        let mut listed: Vec<HttpRoute> = present.map(|route| (**route).clone()).collect();
        listed.sort_by_key(place);
        for (at, route) in listed.iter_mut().enumerate() {
            let status = route.status.as_ref();
            assert!(status.is_some_and(|status| !status.parents.is_empty()));
            route.metadata.uid = Some(format!("6f1c0e52-9d3b-4a7e-8c21-{at:012x}"));
            route.metadata.resource_version = Some(format!("{}", 48_213_907 + at));
            route.metadata.labels = Some(labels([
                ("app.kubernetes.io/name", "app"),
                ("app.kubernetes.io/managed-by", "pipeline"),
            ]));
        }
        resolver.replace_listed(&listed);
        resolver.update();
        (listed, resolver)
    }

    fn guarded(listed: &[HttpRoute]) -> Vec<DeserializeGuard<HttpRoute>> {
        let listed = listed.iter().cloned();
        listed.map(|route| DeserializeGuard(Ok(route))).collect()
    }

    fn relist(
        resolver: &mut Resolver,
        list: Vec<DeserializeGuard<HttpRoute>>,
    ) -> Relisted<HttpRoute> {
        let routes = list.len();
        let relisted = resolver.replace_watched(list);
        assert!(resolver.update().is_empty());
        assert_eq!(
            (relisted.invalid.len(), relisted.unchanged.len()),
            (0, routes)
        );
        assert_eq!(resolver.snapshot().http_routes().len(), routes);
        relisted
    }

    /// What a loop waits for that lets another thread free the list: a result is dropped when the time has been taken.
    #[divan::bench(args = ROUTES)]
    fn of_unchanged_routes(bencher: Bencher<'_, '_>, routes: usize) {
        let (listed, mut resolver) = listed(routes);
        let list = || guarded(&listed);
        bencher
            .with_inputs(list)
            .bench_local_values(|list| relist(&mut resolver, list));
    }

    /// What it takes in all.
    #[divan::bench(args = ROUTES)]
    fn of_unchanged_routes_freed(bencher: Bencher<'_, '_>, routes: usize) {
        let (listed, mut resolver) = listed(routes);
        let list = || guarded(&listed);
        bencher
            .with_inputs(list)
            .bench_local_values(|list| drop(relist(&mut resolver, list)));
    }
}

/// One object of a cluster changes. To be held against `resolve_all` of the same size.
#[divan::bench_group(max_time = 1)]
mod change {
    use super::*;

    const SIZES: [Size; 7] = [
        Size(100, 1),
        Size(1000, 1),
        Size(10_000, 1),
        Size(1000, 10),
        Size(10_000, 10),
        Size(1000, 100),
        Size(10_000, 100),
    ];
    const ROUTES: [usize; 3] = [100, 1000, 10_000];

    /// A route changes the host for which it is attached.
    #[divan::bench(args = SIZES)]
    fn hostname_of_a_route(bencher: Bencher<'_, '_>, Size(routes, gateways): Size) {
        let domains = ["example.org", "example.com"];
        let objects = domains.map(|domain| cluster_route(routes / 2, gateways, domain).into());
        cluster(routes, gateways).change(bencher, &objects, 1, 1);
    }

    /// The same while a data plane holds the Gateways as they were: of the listeners in which something changes it
    /// keeps the old list of routes.
    #[divan::bench(args = ROUTES)]
    fn hostname_of_a_route_in_use(bencher: Bencher<'_, '_>, routes: usize) {
        let domains = ["example.org", "example.com"];
        let objects: [SnapshotObject; 2] =
            domains.map(|domain| cluster_route(routes / 2, 1, domain).into());
        let mut resolver = cluster(routes, 1).resolver();
        let mut rounds = objects.iter().cycle();
        let mut held = resolver.resolution().effective.gateways.clone();
        bencher.bench_local(|| {
            resolver.insert(rounds.next().expect("there are objects").clone());
            let changes = resolver.update();
            assert_eq!((changes.statuses.len(), changes.gateways.len()), (1, 1));
            std::mem::replace(&mut held, resolver.resolution().effective.gateways.clone())
        });
    }

    /// A route moves from one listener of a Gateway with 64 to another: its own status and the numbers of
    /// the Gateway change.
    #[divan::bench(args = ROUTES)]
    fn listener_of_a_route(bencher: Bencher<'_, '_>, routes: usize) {
        let objects = ["zone-7", "zone-8"].map(|zone| {
            http_route(
                "apps",
                "app-50",
                parent("front", Some(zone)),
                Vec::new(),
                vec![backend(None, "app")],
            )
            .into()
        });
        corner::one_listener_each(routes).change(bencher, &objects, 2, 1);
    }

    /// The endpoints of a Service that one route has as backend become ready or not.
    #[divan::bench(args = ROUTES)]
    fn endpoints_of_a_route(bencher: Bencher<'_, '_>, routes: usize) {
        let objects = [false, true].map(|ready| slice(&team(50), "app-50", ready));
        // The Service alone: rules do not know its endpoints.
        cluster(routes, 1).change(bencher, &objects, 0, 1);
    }

    /// The same of a Service that every tenth route has as a backend.
    #[divan::bench(args = ROUTES)]
    fn endpoints_of_a_shared_service(bencher: Bencher<'_, '_>, routes: usize) {
        let objects = [false, true].map(|ready| slice("shared-0", "common", ready));
        cluster(routes, 1).change(bencher, &objects, 0, 1);
    }

    /// What is due after one status of as many was wiped, and after it is back.
    #[divan::bench(args = ROUTES)]
    fn status_that_was_wiped(bencher: Bencher<'_, '_>, routes: usize) {
        let mut resolver = cluster(routes, 1).resolver();
        let now = Time(Timestamp::UNIX_EPOCH);
        for write in resolver.due(&now) {
            let object = written(resolver.snapshot(), &write);
            resolver.insert(object);
        }
        resolver.update();
        assert_eq!(resolver.due(&now).len(), 0);
        let wiped = cluster_route(routes / 2, 1, "example.com");
        bencher.bench_local(|| {
            resolver.insert(wiped.clone());
            assert!(resolver.update().is_empty());
            let due = resolver.due(&now);
            assert_eq!(due.len(), 1);
            for write in &due {
                let object = written(resolver.snapshot(), write);
                resolver.insert(object);
            }
            assert_eq!(resolver.due(&now).len(), 0);
        });
    }

    /// The labels of one namespace among as many no longer fit the selector of a listener, or do again.
    #[divan::bench(args = ROUTES)]
    fn labels_of_a_namespace(bencher: Bencher<'_, '_>, count: usize) {
        let objects = [false, true].map(|allowed| namespace("team-50", allowed));
        corner::namespaces(count).change(bencher, &objects, 2, 1);
    }

    /// A grant is given for another kind than the one route that needs it, or for that kind again.
    #[divan::bench(args = ROUTES)]
    fn grant_of_a_namespace(bencher: Bencher<'_, '_>, routes: usize) {
        let mut world = cluster(routes, 1);
        world.objects.extend(service("lone", "app"));
        let alone = vec![backend(Some("lone"), "app")];
        let route = http_route(
            &team(50),
            "app-50",
            parent("front-0", None),
            Vec::new(),
            alone,
        );
        world.objects.push(route.into());
        let objects = ["TCPRoute", "HTTPRoute"].map(|kind| {
            let SnapshotObject::ReferenceGrant(grant) = grant("lone", (kind, &team(50)), "Service")
            else {
                panic!("it is a grant")
            };
            ReferenceGrant {
                metadata: metadata("lone", "only"),
                spec: grant.spec.clone(),
            }
            .into()
        });
        world.change(bencher, &objects, 1, 1);
    }

    /// A route changes its host beside GRPCRoutes, with which it must have no host in common.
    #[divan::bench(args = ROUTES)]
    fn hostname_beside_grpc(bencher: Bencher<'_, '_>, routes: usize) {
        let domains = ["example.org", "example.com"];
        let objects = domains.map(|domain| corner::mixed_route(50, domain).into());
        corner::mixed(routes, "example.com").change(bencher, &objects, 1, 1);
    }

    /// A consumer route changes its path at a Service that as many others have as parent.
    #[divan::bench(args = ROUTES)]
    fn path_in_a_mesh(bencher: Bencher<'_, '_>, routes: usize) {
        let objects = ["/a", "/b"].map(|path| corner::mesh_route(50, path).into());
        corner::mesh(routes).change(bencher, &objects, 0, 1);
    }
}
