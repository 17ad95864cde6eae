//! References across namespaces, of each kind and in both directions: a grant that fits in all parts but one
//! is no grant.

use crate::world;
use gwapi::{
    attachment::{
        MULTICLUSTER_GROUP, Options, Resolution, ServiceImport, ServiceImportPort,
        ServiceImportSpec, Snapshot, SnapshotObject, effective::EffectiveFilters, resolve,
    },
    meta::{GROUP, NamespacedName},
    v1::{
        BackendObjectReference, BackendRef, FrontendTlsValidation, GrpcBackendRef, GrpcRoute,
        GrpcRouteFilter, GrpcRouteRule, GrpcRouteSpec, HttpBackendRef, HttpRequestMirrorFilter,
        HttpRoute, HttpRouteFilter, HttpRouteRule, HttpRouteSpec, Listener, ListenerTlsConfig,
        ObjectReference, SecretObjectReference,
    },
    v1alpha2::{
        TcpRoute, TcpRouteRule, TcpRouteSpec, TlsRoute, TlsRouteRule, TlsRouteSpec, UdpRoute,
        UdpRouteRule, UdpRouteSpec,
    },
};
use k8s_openapi::api::core::v1::{ConfigMap, Service};

/// A kind of reference: who refers to what.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reference {
    Http,
    /// A ServiceImport.
    Import,
    Mirror,
    /// A mirror of one backend's requests.
    BackendMirror,
    Grpc,
    GrpcMirror,
    Tls,
    Tcp,
    Udp,
    Certificate,
    Authority,
}

const ALL: [Reference; 11] = [
    Reference::Http,
    Reference::Import,
    Reference::Mirror,
    Reference::BackendMirror,
    Reference::Grpc,
    Reference::GrpcMirror,
    Reference::Tls,
    Reference::Tcp,
    Reference::Udp,
    Reference::Certificate,
    Reference::Authority,
];

impl Reference {
    fn referring_kind(self) -> &'static str {
        match self {
            Self::Http | Self::Import | Self::Mirror | Self::BackendMirror => "HTTPRoute",
            Self::Grpc | Self::GrpcMirror => "GRPCRoute",
            Self::Tls => "TLSRoute",
            Self::Tcp => "TCPRoute",
            Self::Udp => "UDPRoute",
            Self::Certificate | Self::Authority => "Gateway",
        }
    }

    fn to_kind(self) -> &'static str {
        match self {
            Self::Certificate => "Secret",
            Self::Authority => "ConfigMap",
            Self::Import => "ServiceImport",
            _ => "Service",
        }
    }

    fn to_group(self) -> &'static str {
        match self {
            Self::Import => MULTICLUSTER_GROUP,
            _ => "",
        }
    }

    /// The objects that refer from one namespace into the other.
    fn objects(self, from: &str, to: &str) -> Vec<SnapshotObject> {
        let backend = || {
            vec![BackendRef {
                namespace: Some(to.into()),
                name: "target".into(),
                port: Some(80),
                ..Default::default()
            }]
        };
        let parent_refs = vec![world::parent(from, "front")];
        let metadata = world::metadata(from, "route");
        let mut listener = world::listener("only", 80, "HTTP".into());
        let route: Option<SnapshotObject> = match self {
            Self::Http | Self::Import | Self::Mirror | Self::BackendMirror => {
                let mut reference = world::http_backend(Some(to), "target", 80);
                if self == Self::Import {
                    reference.group = Some(MULTICLUSTER_GROUP.to_owned());
                    reference.kind = Some("ServiceImport".to_owned());
                }
                let mirror = HttpRouteFilter::RequestMirror(HttpRequestMirrorFilter {
                    backend_ref: BackendObjectReference {
                        namespace: Some(to.into()),
                        name: "target".into(),
                        port: Some(80),
                        ..Default::default()
                    },
                    ..Default::default()
                });
                let rule = match self {
                    Self::Mirror => HttpRouteRule {
                        filters: vec![mirror],
                        ..Default::default()
                    },
                    Self::BackendMirror => HttpRouteRule {
                        backend_refs: vec![HttpBackendRef {
                            filters: vec![mirror],
                            ..world::http_backend(None, "target", 80)
                        }],
                        ..Default::default()
                    },
                    _ => HttpRouteRule {
                        backend_refs: vec![reference],
                        ..Default::default()
                    },
                };
                let spec = HttpRouteSpec {
                    parent_refs,
                    rules: Some(vec![rule]),
                    ..Default::default()
                };
                Some(
                    HttpRoute {
                        metadata,
                        spec,
                        ..Default::default()
                    }
                    .into(),
                )
            }
            Self::Grpc | Self::GrpcMirror => {
                let mut rule = GrpcRouteRule::default();
                if self == Self::Grpc {
                    rule.backend_refs = vec![GrpcBackendRef {
                        namespace: Some(to.into()),
                        name: "target".into(),
                        port: Some(80),
                        ..Default::default()
                    }];
                } else {
                    rule.filters = vec![GrpcRouteFilter::RequestMirror(HttpRequestMirrorFilter {
                        backend_ref: BackendObjectReference {
                            namespace: Some(to.into()),
                            name: "target".into(),
                            port: Some(80),
                            ..Default::default()
                        },
                        ..Default::default()
                    })];
                }
                let spec = Some(GrpcRouteSpec {
                    parent_refs,
                    rules: vec![rule],
                    ..Default::default()
                });
                Some(
                    GrpcRoute {
                        metadata,
                        spec,
                        ..Default::default()
                    }
                    .into(),
                )
            }
            Self::Tls => {
                listener = tls(
                    listener,
                    "TLS",
                    ListenerTlsConfig {
                        mode: Some("Passthrough".into()),
                        ..Default::default()
                    },
                );
                let spec = TlsRouteSpec {
                    parent_refs,
                    rules: vec![TlsRouteRule {
                        backend_refs: backend(),
                        ..Default::default()
                    }],
                    ..Default::default()
                };
                Some(
                    TlsRoute {
                        metadata,
                        spec,
                        ..Default::default()
                    }
                    .into(),
                )
            }
            Self::Tcp => {
                listener.protocol = "TCP".into();
                let spec = TcpRouteSpec {
                    parent_refs,
                    rules: vec![TcpRouteRule {
                        backend_refs: backend(),
                        ..Default::default()
                    }],
                    ..Default::default()
                };
                Some(
                    TcpRoute {
                        metadata,
                        spec,
                        ..Default::default()
                    }
                    .into(),
                )
            }
            Self::Udp => {
                listener.protocol = "UDP".into();
                let spec = UdpRouteSpec {
                    parent_refs,
                    rules: vec![UdpRouteRule {
                        backend_refs: backend(),
                        ..Default::default()
                    }],
                    ..Default::default()
                };
                Some(
                    UdpRoute {
                        metadata,
                        spec,
                        ..Default::default()
                    }
                    .into(),
                )
            }
            Self::Certificate => {
                listener = tls(
                    listener,
                    "HTTPS",
                    ListenerTlsConfig {
                        certificate_refs: vec![certificate(Some(to), "target")],
                        ..Default::default()
                    },
                );
                None
            }
            Self::Authority => {
                listener = tls(
                    listener,
                    "HTTPS",
                    ListenerTlsConfig {
                        certificate_refs: vec![certificate(None, "own")],
                        frontend_validation: Some(FrontendTlsValidation {
                            ca_certificate_refs: vec![ObjectReference {
                                kind: "ConfigMap".into(),
                                namespace: Some(to.into()),
                                name: "target".into(),
                                ..Default::default()
                            }],
                            ..Default::default()
                        }),
                        ..Default::default()
                    },
                );
                None
            }
        };
        let gateway = world::gateway(from, "front", vec![listener]);
        route.into_iter().chain([gateway.into()]).collect()
    }

    /// Whether the target is reached.
    fn reaches(self, resolution: &Resolution, from: &str) -> bool {
        let place = NamespacedName::new(from, "front");
        let Some(gateway) = resolution.effective.gateways.get(&place) else {
            return false;
        };
        let Some(listener) = gateway.listeners.first() else {
            return false;
        };
        match self {
            Self::Certificate => listener.tls.as_ref().unwrap().certificates.len() == 1,
            Self::Authority => {
                let validation = listener.tls.as_ref().unwrap().client_validation.as_ref();
                validation.unwrap().authorities.bundles().len() == 1
            }
            Self::Http | Self::Import => listener.http.first().unwrap().route.rules[0].backends[0]
                .target
                .is_ok(),
            Self::Mirror => mirrored(&listener.http.first().unwrap().route.rules[0].filters),
            Self::BackendMirror => {
                mirrored(&listener.http.first().unwrap().route.rules[0].backends[0].filters)
            }
            Self::GrpcMirror => mirrored(&listener.grpc.first().unwrap().route.rules[0].filters),
            Self::Grpc => listener.grpc.first().unwrap().route.rules[0].backends[0]
                .target
                .is_ok(),
            Self::Tls => listener.tls_routes.first().unwrap().route.rules[0].backends[0]
                .target
                .is_ok(),
            // A route of these kinds is not accepted where it reaches no backend.
            Self::Tcp | Self::Udp => {
                let routes = listener.tcp.iter().chain(&listener.udp);
                let reached: Vec<bool> = routes
                    .map(|attached| attached.route.rules[0].backends[0].target.is_ok())
                    .collect();
                assert!(matches!(reached.as_slice(), [] | [true]), "{reached:?}");
                !reached.is_empty()
            }
        }
    }
}

/// Whether the target of the one filter, a mirror, is reached.
fn mirrored(filters: &EffectiveFilters) -> bool {
    match filters.mirrors.as_slice() {
        [mirror] => mirror.backend.target.is_ok(),
        other => panic!("{other:?}"),
    }
}

fn tls(listener: Listener, protocol: &str, tls: ListenerTlsConfig) -> Listener {
    Listener {
        protocol: protocol.into(),
        tls: Some(tls),
        ..listener
    }
}

fn certificate(namespace: Option<&str>, name: &str) -> SecretObjectReference {
    SecretObjectReference {
        namespace: namespace.map(str::to_owned),
        name: name.into(),
        ..Default::default()
    }
}

/// The targets of every kind, in one namespace.
fn targets(namespace: &str, udp: bool) -> Vec<SnapshotObject> {
    let mut service: Service = world::service(namespace, "target", 80);
    if udp {
        let ports = service.spec.as_mut().unwrap().ports.as_mut().unwrap();
        ports[0].protocol = Some("UDP".into());
    }
    let roots = ConfigMap {
        metadata: world::metadata(namespace, "target"),
        data: Some(std::collections::BTreeMap::from([(
            "ca.crt".to_owned(),
            world::CERTIFICATE.to_owned(),
        )])),
        ..Default::default()
    };
    let import = ServiceImport {
        metadata: world::metadata(namespace, "target"),
        spec: ServiceImportSpec {
            ports: vec![ServiceImportPort {
                port: 80,
                ..Default::default()
            }],
            ..Default::default()
        },
    };
    vec![
        import.into(),
        service.into(),
        world::secret(namespace, "target").into(),
        world::secret(namespace, "own").into(),
        roots.into(),
    ]
}

#[test]
fn a_reference_to_another_namespace_holds_with_a_fitting_grant_alone() {
    for reference in ALL {
        for (from, to) in [("a", "b"), ("b", "a")] {
            let (from_kind, to_kind) = (reference.referring_kind(), reference.to_kind());
            let fits = (GROUP, from_kind, from);
            let group = reference.to_group();
            let target = (group, to_kind, Some("target"));
            let other_from = if from_kind == "Gateway" {
                "HTTPRoute"
            } else {
                "Gateway"
            };
            let other_to = if to_kind == "Service" {
                "Secret"
            } else {
                "Service"
            };
            // What the grant is called, where it stands, what it says, and whether it fits.
            let grants = [
                ("by name", to, fits, target, true),
                ("every name", to, fits, (group, to_kind, None), true),
                ("empty name", to, fits, (group, to_kind, Some("")), true),
                ("beside the referrer", from, fits, target, false),
                ("in a third namespace", "c", fits, target, false),
                (
                    "from another kind",
                    to,
                    (GROUP, other_from, from),
                    target,
                    false,
                ),
                (
                    "from another group",
                    to,
                    ("example.com", from_kind, from),
                    target,
                    false,
                ),
                (
                    "from the core group",
                    to,
                    ("", from_kind, from),
                    target,
                    false,
                ),
                (
                    "from the target's namespace",
                    to,
                    (GROUP, from_kind, to),
                    target,
                    false,
                ),
                (
                    "from a third namespace",
                    to,
                    (GROUP, from_kind, "c"),
                    target,
                    false,
                ),
                (
                    "to another kind",
                    to,
                    fits,
                    (group, other_to, Some("target")),
                    false,
                ),
                (
                    "to another group",
                    to,
                    fits,
                    ("example.com", to_kind, Some("target")),
                    false,
                ),
                (
                    "to another name",
                    to,
                    fits,
                    (group, to_kind, Some("targets")),
                    false,
                ),
            ];
            let mut base: Vec<SnapshotObject> =
                vec![world::class("ours", world::CONTROLLER).into()];
            for namespace in ["a", "b"] {
                base.extend(targets(namespace, reference == Reference::Udp));
            }
            base.extend(reference.objects(from, to));
            let outcome = |objects: &[SnapshotObject]| {
                let snapshot: Snapshot = objects.iter().cloned().collect();
                let resolution = resolve(&snapshot, &Options::for_simulator(world::CONTROLLER));
                reference.reaches(&resolution, from)
            };
            assert!(
                !outcome(&base),
                "{reference:?} from {from}: without a grant"
            );
            let mut almost = base.clone();
            for (name, namespace, from_part, to_part, reached) in grants {
                let grant = world::grant(
                    namespace,
                    &name.replace([' ', '\''], "-"),
                    from_part,
                    to_part,
                );
                let mut objects = base.clone();
                objects.push(grant.clone().into());
                assert_eq!(
                    outcome(&objects),
                    reached,
                    "{reference:?} from {from}: {name}"
                );
                if !reached {
                    almost.push(grant.into());
                }
            }
            assert!(
                !outcome(&almost),
                "{reference:?} from {from}: all that almost fit"
            );
        }
    }
}
