//! What resolving costs by the number of objects, and what a change costs beside resolving anew.
//!
//! `cargo bench --bench attachment` (a part: `cargo bench --bench attachment -- change`). Each iteration
//! asserts its outcome. Sizes double where it is to be seen that the cost is linear: twice the routes may take
//! 2.2 times the time.
//!
//! - `resolve`: every object of a cluster is new. Each route has a Service with an EndpointSlice, every second
//!   one a backend in another namespace with a ReferenceGrant; listeners let namespaces in by a selector.
//! - `corner`: shapes in which something could be compared with everything else.
//! - `change`: one object of a cluster that is resolved already, by what the change touches.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark")]

use divan::Bencher;
use gwapi::{
    attachment::{
        Changes, Options, Resolution, Resolver, Snapshot, SnapshotObject, Status, resolve,
    },
    meta::GROUP,
    v1::{
        AllowedRoutes, FromNamespaces, Gateway, GatewayClass, GatewayClassSpec, GatewaySpec,
        GrpcBackendRef, GrpcRoute, GrpcRouteRule, GrpcRouteSpec, HttpBackendRef, HttpRoute,
        HttpRouteRule, HttpRouteSpec, Listener, ListenerTlsConfig, ParentReference,
        RouteNamespaces, SecretObjectReference,
    },
    v1beta1::{ReferenceGrant, ReferenceGrantFrom, ReferenceGrantSpec, ReferenceGrantTo},
};
use k8s_openapi::{
    ByteString,
    api::{
        core::v1::{Namespace, Secret, Service, ServicePort, ServiceSpec},
        discovery::v1::{Endpoint, EndpointPort, EndpointSlice},
    },
    apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
};
use std::{collections::BTreeMap, fmt};

const CONTROLLER: &str = "example.com/controller";

fn main() {
    divan::main();
}

fn metadata(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        generation: Some(1),
        ..Default::default()
    }
}

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn class() -> SnapshotObject {
    GatewayClass {
        metadata: metadata("", "ours"),
        spec: GatewayClassSpec {
            controller_name: CONTROLLER.to_owned(),
            ..Default::default()
        },
        ..Default::default()
    }
    .into()
}

fn gateway(name: &str, listeners: Vec<Listener>) -> SnapshotObject {
    Gateway {
        metadata: metadata("infra", name),
        spec: GatewaySpec {
            gateway_class_name: "ours".to_owned(),
            listeners,
            ..Default::default()
        },
        ..Default::default()
    }
    .into()
}

/// A listener for routes of the namespaces that are labelled `routes: allowed`.
fn listener(name: &str, port: i32, protocol: &str, hostname: Option<String>) -> Listener {
    Listener {
        name: name.to_owned(),
        port,
        protocol: protocol.into(),
        hostname,
        allowed_routes: Some(AllowedRoutes {
            namespaces: Some(RouteNamespaces {
                from: Some(FromNamespaces::Selector),
                selector: Some(LabelSelector {
                    match_labels: Some(labels([("routes", "allowed")])),
                    ..Default::default()
                }),
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn namespace(name: &str, allowed: bool) -> SnapshotObject {
    Namespace {
        metadata: ObjectMeta {
            labels: Some(labels([(
                "routes",
                if allowed { "allowed" } else { "elsewhere" },
            )])),
            ..metadata("", name)
        },
        ..Default::default()
    }
    .into()
}

fn certificate() -> SnapshotObject {
    let data = [
        (
            "tls.crt",
            include_str!("../tests/fixtures/certificates/p256.crt"),
        ),
        (
            "tls.key",
            include_str!("../tests/fixtures/certificates/p256.key"),
        ),
    ];
    Secret {
        metadata: metadata("certificates", "all"),
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(
            data.map(|(key, value)| (key.to_owned(), ByteString(value.as_bytes().to_vec())))
                .into(),
        ),
        ..Default::default()
    }
    .into()
}

fn grant(namespace: &str, from: (&str, &str), to: &str) -> SnapshotObject {
    ReferenceGrant {
        metadata: metadata(namespace, &format!("from-{}", from.1)),
        spec: Some(ReferenceGrantSpec {
            from: vec![ReferenceGrantFrom {
                group: GROUP.to_owned(),
                kind: from.0.to_owned(),
                namespace: from.1.to_owned(),
            }],
            to: vec![ReferenceGrantTo {
                kind: to.to_owned(),
                ..Default::default()
            }],
        }),
    }
    .into()
}

fn service(namespace: &str, name: &str) -> [SnapshotObject; 2] {
    let service = Service {
        metadata: metadata(namespace, name),
        spec: Some(ServiceSpec {
            cluster_ip: Some("10.0.0.1".to_owned()),
            ports: Some(vec![ServicePort {
                name: Some("http".to_owned()),
                port: 80,
                ..Default::default()
            }]),
            ..Default::default()
        }),
        ..Default::default()
    };
    [service.into(), slice(namespace, name, true)]
}

fn slice(namespace: &str, name: &str, ready: bool) -> SnapshotObject {
    let endpoint = |last: u8| Endpoint {
        addresses: vec![format!("10.1.0.{last}")],
        conditions: Some(k8s_openapi::api::discovery::v1::EndpointConditions {
            ready: Some(ready),
            ..Default::default()
        }),
        ..Default::default()
    };
    EndpointSlice {
        address_type: "IPv4".into(),
        metadata: ObjectMeta {
            labels: Some(labels([("kubernetes.io/service-name", name)])),
            ..metadata(namespace, &format!("{name}-1"))
        },
        ports: Some(vec![EndpointPort {
            name: Some("http".into()),
            port: Some(8000),
            ..Default::default()
        }]),
        endpoints: vec![endpoint(1), endpoint(2)],
    }
    .into()
}

fn parent(gateway: &str, section: Option<&str>) -> ParentReference {
    ParentReference {
        namespace: Some("infra".to_owned()),
        name: gateway.to_owned(),
        section_name: section.map(str::to_owned),
        ..Default::default()
    }
}

fn backend(namespace: Option<&str>, name: &str) -> HttpBackendRef {
    HttpBackendRef {
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
        port: Some(80),
        ..Default::default()
    }
}

fn http_route(
    namespace: &str,
    name: &str,
    parent: ParentReference,
    hostnames: Vec<String>,
    backends: Vec<HttpBackendRef>,
) -> HttpRoute {
    HttpRoute {
        metadata: metadata(namespace, name),
        spec: HttpRouteSpec {
            parent_refs: vec![parent],
            hostnames,
            rules: Some(vec![HttpRouteRule {
                backend_refs: backends,
                ..Default::default()
            }]),
            ..Default::default()
        },
        ..Default::default()
    }
}

/// A set of objects and how many routes its Gateways count in all, over their listeners.
struct World {
    objects: Vec<SnapshotObject>,
    counted: usize,
}

impl World {
    fn snapshot(&self) -> Snapshot {
        self.objects.iter().cloned().collect()
    }

    fn resolver(&self) -> Resolver {
        let options = Options::new(CONTROLLER);
        let mut resolver = Resolver::with_snapshot(self.snapshot(), options);
        resolver.update();
        self.check(resolver.resolution());
        resolver
    }

    fn check(&self, resolution: &Resolution) {
        let gateways = resolution
            .statuses
            .values()
            .filter_map(|status| match status {
                Status::Gateway(gateway) => Some(gateway),
                _ => None,
            });
        let counted: i32 = gateways
            .flat_map(|gateway| &gateway.listeners)
            .map(|listener| listener.attached_routes)
            .sum();
        assert_eq!(usize::try_from(counted), Ok(self.counted));
        for attachment in resolution.attachments.values().flatten() {
            assert!(attachment.ours);
        }
    }

    /// Times resolving all of it.
    fn resolve(&self, bencher: Bencher<'_, '_>) {
        let snapshot = self.snapshot();
        let options = Options::new(CONTROLLER);
        bencher.bench_local(|| {
            let resolution = resolve(&snapshot, &options);
            self.check(&resolution);
            resolution
        });
    }

    /// Times putting in one object after the other, over and over; `statuses` change each time, and
    /// Gateways or Services `in_force`.
    fn change(
        &self,
        bencher: Bencher<'_, '_>,
        objects: &[SnapshotObject],
        statuses: usize,
        in_force: usize,
    ) {
        let mut resolver = self.resolver();
        let mut put = |object: &SnapshotObject| {
            resolver.insert(object.clone());
            resolver.update()
        };
        objects.iter().for_each(|object| _ = put(object));
        let mut rounds = objects.iter().cycle();
        bencher.bench_local(|| {
            let object = rounds.next().expect("there are objects");
            let changes: Changes = put(object);
            assert_eq!(changes.statuses.len(), statuses);
            assert_eq!(changes.gateways.len() + changes.services.len(), in_force);
            changes
        });
    }
}

fn team(at: usize) -> String {
    format!("team-{}", at / 10)
}

/// The route of a cluster, for a host of this domain.
fn cluster_route(at: usize, gateways: usize, domain: &str) -> HttpRoute {
    let name = format!("app-{at}");
    let mut backends = vec![backend(None, &name)];
    if at.is_multiple_of(2) {
        backends.push(backend(Some(&format!("shared-{}", at % 10)), "common"));
    }
    http_route(
        &team(at),
        &name,
        parent(&format!("front-{}", at % gateways), None),
        vec![format!("app-{at}.{domain}")],
        backends,
    )
}

/// So many routes, ten a namespace, over so many Gateways with a listener for HTTP and one for HTTPS.
fn cluster(routes: usize, gateways: usize) -> World {
    let mut objects = vec![
        class(),
        certificate(),
        grant("certificates", ("Gateway", "infra"), "Secret"),
    ];
    for at in 0..gateways {
        let https = Listener {
            tls: Some(ListenerTlsConfig {
                certificate_refs: vec![SecretObjectReference {
                    namespace: Some("certificates".to_owned()),
                    name: "all".to_owned(),
                    ..Default::default()
                }],
                ..Default::default()
            }),
            ..listener("https", 443, "HTTPS", None)
        };
        let listeners = vec![listener("http", 80, "HTTP", None), https];
        objects.push(gateway(&format!("front-{at}"), listeners));
    }
    for at in 0..10 {
        objects.extend(service(&format!("shared-{at}"), "common"));
    }
    for at in 0..routes {
        let team = team(at);
        if at.is_multiple_of(10) {
            objects.push(namespace(&team, true));
        }
        if at.is_multiple_of(2) {
            let shared = format!("shared-{}", at % 10);
            objects.push(grant(&shared, ("HTTPRoute", &team), "Service"));
        }
        objects.extend(service(&team, &format!("app-{at}")));
        objects.push(cluster_route(at, gateways, "example.com").into());
    }
    World {
        objects,
        counted: 2 * routes,
    }
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
        // The Service itself, and the Gateway of the route.
        cluster(routes, 1).change(bencher, &objects, 0, 2);
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
