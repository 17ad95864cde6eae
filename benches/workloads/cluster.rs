//! Objects of a cluster by which attachment is measured, and the measuring of a set of them.

use divan::Bencher;
use gwapi::{
    attachment::{
        Changes, Options, Resolution, Resolver, Snapshot, SnapshotObject, Status, resolve,
    },
    meta::GROUP,
    v1::{
        AllowedRoutes, FromNamespaces, Gateway, GatewayClass, GatewayClassSpec, GatewaySpec,
        HttpBackendRef, HttpRoute, HttpRouteRule, HttpRouteSpec, Listener, ListenerTlsConfig,
        ParentReference, RouteNamespaces, SecretObjectReference,
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
use std::collections::BTreeMap;

const CONTROLLER: &str = "example.com/controller";

pub fn metadata(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        generation: Some(1),
        ..Default::default()
    }
}

pub fn labels<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

pub fn class() -> SnapshotObject {
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

pub fn gateway(name: &str, listeners: Vec<Listener>) -> SnapshotObject {
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
pub fn listener(name: &str, port: i32, protocol: &str, hostname: Option<String>) -> Listener {
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

pub fn namespace(name: &str, allowed: bool) -> SnapshotObject {
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

pub fn certificate() -> SnapshotObject {
    let data = [
        (
            "tls.crt",
            include_str!("../../tests/fixtures/certificates/p256.crt"),
        ),
        (
            "tls.key",
            include_str!("../../tests/fixtures/certificates/p256.key"),
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

pub fn grant(namespace: &str, from: (&str, &str), to: &str) -> SnapshotObject {
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

pub fn service(namespace: &str, name: &str) -> [SnapshotObject; 2] {
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

pub fn slice(namespace: &str, name: &str, ready: bool) -> SnapshotObject {
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

pub fn parent(gateway: &str, section: Option<&str>) -> ParentReference {
    ParentReference {
        namespace: Some("infra".to_owned()),
        name: gateway.to_owned(),
        section_name: section.map(str::to_owned),
        ..Default::default()
    }
}

pub fn backend(namespace: Option<&str>, name: &str) -> HttpBackendRef {
    HttpBackendRef {
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
        port: Some(80),
        ..Default::default()
    }
}

pub fn http_route(
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
pub struct World {
    pub objects: Vec<SnapshotObject>,
    pub counted: usize,
}

impl World {
    pub fn snapshot(&self) -> Snapshot {
        self.objects.iter().cloned().collect()
    }

    pub fn resolver(&self) -> Resolver {
        let options = Options::for_simulator(CONTROLLER);
        let mut resolver = Resolver::with_snapshot(self.snapshot(), options);
        resolver.update();
        self.check(resolver.resolution());
        resolver
    }

    pub fn check(&self, resolution: &Resolution) {
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
    pub fn resolve(&self, bencher: Bencher<'_, '_>) {
        let snapshot = self.snapshot();
        let options = Options::for_simulator(CONTROLLER);
        bencher.bench_local(|| {
            let resolution = resolve(&snapshot, &options);
            self.check(&resolution);
            resolution
        });
    }

    /// Times putting in one object after the other, over and over; `statuses` change each time, and
    /// Gateways or Services `in_force`.
    pub fn change(
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

pub fn team(at: usize) -> String {
    format!("team-{}", at / 10)
}

/// The route of a cluster, for a host of this domain.
pub fn cluster_route(at: usize, gateways: usize, domain: &str) -> HttpRoute {
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
pub fn cluster(routes: usize, gateways: usize) -> World {
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
