//! Sets of objects that are made up.

use gwapi::{
    attachment::{
        InstalledCrd, MULTICLUSTER_GROUP, ServiceImport, ServiceImportPort, ServiceImportSpec,
        SnapshotObject,
    },
    v1::{
        AllowedRoutes, BackendRef, FromNamespaces, FrontendTlsValidation, Gateway, GatewayAddress,
        GatewayClass, GatewayClassSpec, GatewayInfrastructure, GatewaySpec, GatewayTlsConfig,
        GrpcBackendRef, GrpcRoute, GrpcRouteRule, GrpcRouteSpec, HttpBackendRef,
        HttpRequestMirrorFilter, HttpRoute, HttpRouteFilter, HttpRouteRule, HttpRouteSpec,
        Listener, LocalObjectReference, LocalParametersReference, ParametersReference,
        ParentReference, ProtocolType, RouteNamespaces, SecretObjectReference, SessionPersistence,
    },
    v1alpha2::{
        BackendLbPolicy, BackendLbPolicySpec, LocalPolicyTargetReference,
        LocalPolicyTargetReferenceWithSectionName, TcpRoute, TcpRouteRule, TcpRouteSpec, TlsRoute,
        TlsRouteRule, TlsRouteSpec, UdpRoute, UdpRouteRule, UdpRouteSpec,
        WellKnownCaCertificatesType,
    },
    v1alpha3::{BackendTlsPolicy, BackendTlsPolicySpec, BackendTlsPolicyValidation},
    v1beta1::{ReferenceGrant, ReferenceGrantFrom, ReferenceGrantSpec, ReferenceGrantTo},
};
use k8s_openapi::{
    ByteString,
    api::{
        core::v1::{
            ConfigMap, EndpointAddress, EndpointPort as CorePort, EndpointSubset, Endpoints,
            Namespace, Secret, Service, ServicePort, ServiceSpec,
        },
        discovery::v1::{Endpoint, EndpointPort, EndpointSlice},
    },
    apimachinery::pkg::apis::meta::v1::{
        LabelSelector, LabelSelectorRequirement, ObjectMeta, Time,
    },
    jiff::Timestamp,
};
use proptest::{prelude::*, sample::select};
use std::collections::BTreeMap;

/// The controller that the tests act as.
pub(crate) const CONTROLLER: &str = "example.com/ours";

pub(crate) const CERTIFICATE: &str = include_str!("../fixtures/certificates/short.crt");
pub(crate) const KEY: &str = include_str!("../fixtures/certificates/short.key");
const OTHER_KEY: &str = include_str!("../fixtures/certificates/rsa.key");
const MALFORMED: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";

pub(crate) fn metadata(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        generation: Some(1),
        ..Default::default()
    }
}

pub(crate) fn class(name: &str, controller: &str) -> GatewayClass {
    GatewayClass {
        metadata: metadata("", name),
        spec: GatewayClassSpec {
            controller_name: controller.to_owned(),
            ..Default::default()
        },
        ..Default::default()
    }
}

pub(crate) fn gateway(namespace: &str, name: &str, listeners: Vec<Listener>) -> Gateway {
    Gateway {
        metadata: metadata(namespace, name),
        spec: GatewaySpec {
            gateway_class_name: "ours".to_owned(),
            listeners,
            ..Default::default()
        },
        ..Default::default()
    }
}

pub(crate) fn listener(name: &str, port: i32, protocol: ProtocolType) -> Listener {
    Listener {
        name: name.to_owned(),
        port,
        protocol,
        allowed_routes: Some(AllowedRoutes {
            namespaces: Some(RouteNamespaces {
                from: Some(FromNamespaces::All),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A Gateway with one listener, for HTTPS with the certificate of a Secret.
pub(crate) fn tls_gateway(namespace: &str, name: &str, secret: &str) -> Gateway {
    let mut listener = listener("https", 443, ProtocolType::Https);
    listener.tls = Some(GatewayTlsConfig {
        certificate_refs: vec![SecretObjectReference {
            name: secret.to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    });
    gateway(namespace, name, vec![listener])
}

pub(crate) fn secret(namespace: &str, name: &str) -> Secret {
    let data = [("tls.crt", CERTIFICATE), ("tls.key", KEY)]
        .map(|(key, value)| (key.to_owned(), ByteString(value.as_bytes().to_vec())));
    Secret {
        metadata: metadata(namespace, name),
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(data.into()),
        ..Default::default()
    }
}

pub(crate) fn service(namespace: &str, name: &str, port: i32) -> Service {
    Service {
        metadata: metadata(namespace, name),
        spec: Some(ServiceSpec {
            cluster_ip: Some("10.0.0.1".to_owned()),
            ports: Some(vec![ServicePort {
                name: Some("main".to_owned()),
                port,
                ..Default::default()
            }]),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(crate) fn parent(namespace: &str, name: &str) -> ParentReference {
    ParentReference {
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
        ..Default::default()
    }
}

pub(crate) fn http_backend(namespace: Option<&str>, name: &str, port: i32) -> HttpBackendRef {
    HttpBackendRef {
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
        port: Some(port),
        ..Default::default()
    }
}

/// From kind and namespace, to kind and name.
pub(crate) fn grant(
    namespace: &str,
    name: &str,
    from: (&str, &str, &str),
    to: (&str, &str, Option<&str>),
) -> ReferenceGrant {
    ReferenceGrant {
        metadata: metadata(namespace, name),
        spec: Some(ReferenceGrantSpec {
            from: vec![ReferenceGrantFrom {
                group: from.0.to_owned(),
                kind: from.1.to_owned(),
                namespace: from.2.to_owned(),
            }],
            to: vec![ReferenceGrantTo {
                group: to.0.to_owned(),
                kind: to.1.to_owned(),
                name: to.2.map(str::to_owned),
            }],
        }),
    }
}

fn namespaces() -> impl Strategy<Value = &'static str> {
    select(&["a", "b"][..])
}

fn names() -> impl Strategy<Value = &'static str> {
    select(&["x", "y"][..])
}

fn hostnames() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![
        2 => Just(None),
        1 => Just(Some("a.example.com")),
        1 => Just(Some("*.example.com")),
        1 => Just(Some("b.example.com")),
    ]
}

fn metas() -> impl Strategy<Value = ObjectMeta> {
    (namespaces(), names(), prop::option::of(0_i64..3), 1_i64..3).prop_map(
        |(namespace, name, created, generation)| ObjectMeta {
            creation_timestamp: created.map(|s| Time(Timestamp::from_second(s).unwrap())),
            generation: Some(generation),
            ..metadata(namespace, name)
        },
    )
}

/// Selectors for the label `on`, of which some cannot be applied.
fn selectors() -> impl Strategy<Value = Option<LabelSelector>> {
    let operator = select(&["In", "Exists", "DoesNotExist", "NotIn", "odd"][..]);
    let by_expression = (operator, any::<bool>()).prop_map(|(operator, values)| LabelSelector {
        match_expressions: Some(vec![LabelSelectorRequirement {
            key: "on".into(),
            operator: operator.into(),
            values: values.then(|| vec!["yes".into()]),
        }]),
        ..Default::default()
    });
    prop_oneof![
        1 => Just(None),
        4 => Just(Some(LabelSelector {
            match_labels: Some(BTreeMap::from([("on".into(), "yes".into())])),
            ..Default::default()
        })),
        2 => by_expression.prop_map(Some),
    ]
}

fn listeners() -> impl Strategy<Value = Listener> {
    (
        select(&["one", "two"][..]),
        select(&[80, 81][..]),
        select(
            &[
                "HTTP", "HTTP", "HTTP", "HTTPS", "TCP", "TLS", "TLS", "UDP", "odd",
            ][..],
        ),
        hostnames(),
        (
            select(&["All", "All", "Same", "Selector", "Selector"][..]),
            selectors(),
        ),
        any::<bool>(),
        prop::collection::vec((prop::option::of(namespaces()), names()), 0..3),
        prop::option::weighted(0.3, (prop::option::of(namespaces()), names())),
    )
        .prop_map(
            |(name, port, protocol, hostname, (from, selector), through, secrets, authority)| {
                let tls = matches!(protocol, "HTTPS" | "TLS").then(|| GatewayTlsConfig {
                    mode: (protocol == "TLS" && through).then(|| "Passthrough".into()),
                    certificate_refs: secrets
                        .iter()
                        .map(|(namespace, name)| SecretObjectReference {
                            namespace: namespace.map(str::to_owned),
                            name: (*name).to_owned(),
                            ..Default::default()
                        })
                        .collect(),
                    frontend_validation: authority.map(|(namespace, name)| FrontendTlsValidation {
                        ca_certificate_refs: vec![gwapi::v1::ObjectReference {
                            kind: "ConfigMap".into(),
                            namespace: namespace.map(str::to_owned),
                            name: name.to_owned(),
                            ..Default::default()
                        }],
                    }),
                    ..Default::default()
                });
                Listener {
                    hostname: hostname
                        .filter(|_| !matches!(protocol, "TCP" | "UDP"))
                        .map(str::to_owned),
                    tls,
                    allowed_routes: Some(AllowedRoutes {
                        namespaces: Some(RouteNamespaces {
                            from: Some(from.into()),
                            selector: selector.filter(|_| from == "Selector"),
                        }),
                        ..Default::default()
                    }),
                    ..listener(name, port, protocol.into())
                }
            },
        )
}

fn parents() -> impl Strategy<Value = ParentReference> {
    (
        prop::option::of(namespaces()),
        names(),
        prop::option::weighted(0.3, select(&["one", "two"][..])),
        prop::option::weighted(0.2, select(&[80, 81][..])),
        prop::option::weighted(
            0.3,
            select(
                &[
                    ("", "Service"),
                    ("", "Service"),
                    (MULTICLUSTER_GROUP, "ServiceImport"),
                ][..],
            ),
        ),
    )
        .prop_map(|(namespace, name, section, port, mesh)| ParentReference {
            group: mesh.map(|(group, _)| group.to_owned()),
            kind: mesh.map(|(_, kind)| kind.to_owned()),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            section_name: section.filter(|_| mesh.is_none()).map(str::to_owned),
            port,
        })
}

/// Namespace, name and port of a backend.
fn backends() -> impl Strategy<Value = (Option<&'static str>, &'static str, i32)> {
    (
        prop::option::of(namespaces()),
        names(),
        select(&[80, 80, 81][..]),
    )
}

fn http_routes() -> impl Strategy<Value = HttpRoute> {
    let rule = (prop::collection::vec(backends(), 0..3), 0..8).prop_map(|(backends, odd)| {
        let mut rule = HttpRouteRule {
            backend_refs: backends
                .iter()
                .map(|(namespace, name, port)| http_backend(*namespace, name, *port))
                .collect(),
            ..Default::default()
        };
        if let (2 | 3, Some(backend)) = (odd, rule.backend_refs.first_mut()) {
            backend.group = Some(MULTICLUSTER_GROUP.to_owned());
            backend.kind = Some("ServiceImport".to_owned());
        }
        if odd == 0 {
            rule.filters = vec![HttpRouteFilter::Unrecognized(serde_json::Map::new())];
        } else if odd == 1 {
            rule.filters = vec![HttpRouteFilter::RequestMirror(HttpRequestMirrorFilter {
                backend_ref: gwapi::v1::BackendObjectReference {
                    namespace: Some("b".into()),
                    name: "x".into(),
                    port: Some(80),
                    ..Default::default()
                },
            })];
        }
        rule
    });
    (
        metas(),
        prop::collection::vec(parents(), 0..3),
        prop::option::of(hostnames()),
        prop::collection::vec(rule, 0..3),
    )
        .prop_map(|(metadata, parents, hostname, rules)| HttpRoute {
            metadata,
            spec: HttpRouteSpec {
                parent_refs: parents,
                hostnames: hostname.flatten().into_iter().map(str::to_owned).collect(),
                rules: Some(rules),
            },
            ..Default::default()
        })
}

fn grpc_routes() -> impl Strategy<Value = GrpcRoute> {
    (
        metas(),
        prop::collection::vec(parents(), 1..3),
        hostnames(),
        backends(),
    )
        .prop_map(
            |(metadata, parents, hostname, (namespace, name, port))| GrpcRoute {
                metadata,
                spec: Some(GrpcRouteSpec {
                    parent_refs: parents,
                    hostnames: hostname.into_iter().map(str::to_owned).collect(),
                    rules: vec![GrpcRouteRule {
                        backend_refs: vec![GrpcBackendRef {
                            namespace: namespace.map(str::to_owned),
                            name: name.to_owned(),
                            port: Some(port),
                            ..Default::default()
                        }],
                        ..Default::default()
                    }],
                }),
                ..Default::default()
            },
        )
}

fn tls_routes() -> impl Strategy<Value = TlsRoute> {
    (
        metas(),
        prop::collection::vec(parents(), 1..3),
        hostnames(),
        backends(),
    )
        .prop_map(
            |(metadata, parents, hostname, (namespace, name, port))| TlsRoute {
                metadata,
                spec: TlsRouteSpec {
                    parent_refs: parents,
                    hostnames: hostname.into_iter().map(str::to_owned).collect(),
                    rules: vec![TlsRouteRule {
                        backend_refs: vec![BackendRef {
                            namespace: namespace.map(str::to_owned),
                            name: name.to_owned(),
                            port: Some(port),
                            ..Default::default()
                        }],
                    }],
                },
                ..Default::default()
            },
        )
}

fn tcp_routes() -> impl Strategy<Value = TcpRoute> {
    (metas(), prop::collection::vec(parents(), 1..3), backends()).prop_map(
        |(metadata, parents, (namespace, name, port))| TcpRoute {
            metadata,
            spec: TcpRouteSpec {
                parent_refs: parents,
                rules: vec![TcpRouteRule {
                    backend_refs: vec![BackendRef {
                        namespace: namespace.map(str::to_owned),
                        name: name.to_owned(),
                        port: Some(port),
                        ..Default::default()
                    }],
                }],
            },
            ..Default::default()
        },
    )
}

fn udp_routes() -> impl Strategy<Value = UdpRoute> {
    (
        metas(),
        prop::collection::vec(parents(), 1..3),
        prop::collection::vec(backends(), 1..3),
    )
        .prop_map(|(metadata, parents, backends)| UdpRoute {
            metadata,
            spec: UdpRouteSpec {
                parent_refs: parents,
                rules: backends
                    .into_iter()
                    .map(|(namespace, name, port)| UdpRouteRule {
                        backend_refs: vec![BackendRef {
                            namespace: namespace.map(str::to_owned),
                            name: name.to_owned(),
                            port: Some(port),
                            ..Default::default()
                        }],
                    })
                    .collect(),
            },
            ..Default::default()
        })
}

pub(crate) fn grants() -> impl Strategy<Value = ReferenceGrant> {
    (
        namespaces(),
        names(),
        select(
            &[
                "HTTPRoute",
                "HTTPRoute",
                "GRPCRoute",
                "TLSRoute",
                "TCPRoute",
                "Gateway",
            ][..],
        ),
        namespaces(),
        select(
            &[
                ("", "Service"),
                ("", "Service"),
                ("", "Secret"),
                ("", "ConfigMap"),
                (MULTICLUSTER_GROUP, "ServiceImport"),
            ][..],
        ),
        prop::option::of(names()),
    )
        .prop_map(|(namespace, name, kind, from, (group, to), only)| {
            grant(
                namespace,
                name,
                (gwapi::meta::GROUP, kind, from),
                (group, to, only),
            )
        })
}

fn slices() -> impl Strategy<Value = EndpointSlice> {
    let labels = select(
        &[
            "kubernetes.io/service-name",
            "multicluster.kubernetes.io/service-name",
        ][..],
    );
    (namespaces(), names(), labels, names(), any::<bool>()).prop_map(
        |(namespace, name, label, of, ready)| EndpointSlice {
            address_type: "IPv4".into(),
            metadata: ObjectMeta {
                labels: Some(BTreeMap::from([(label.to_owned(), of.to_owned())])),
                ..metadata(namespace, name)
            },
            ports: Some(vec![EndpointPort {
                name: Some("main".into()),
                port: Some(8000),
                ..Default::default()
            }]),
            endpoints: vec![Endpoint {
                addresses: vec![format!("10.1.0.{}", name.len())],
                conditions: Some(k8s_openapi::api::discovery::v1::EndpointConditions {
                    ready: Some(ready),
                    ..Default::default()
                }),
                ..Default::default()
            }],
        },
    )
}

/// A policy for a Service that trusts the authorities of the system.
pub(crate) fn tls_policy(namespace: &str, name: &str, target: &str) -> BackendTlsPolicy {
    BackendTlsPolicy {
        metadata: metadata(namespace, name),
        spec: BackendTlsPolicySpec {
            target_refs: vec![LocalPolicyTargetReferenceWithSectionName {
                kind: "Service".into(),
                name: target.into(),
                ..Default::default()
            }],
            validation: BackendTlsPolicyValidation {
                well_known_ca_certificates: Some(WellKnownCaCertificatesType::System),
                hostname: "backend.example".into(),
                ..Default::default()
            },
        },
        ..Default::default()
    }
}

fn tls_policies() -> impl Strategy<Value = BackendTlsPolicy> {
    let target = (names(), prop::option::of(select(&["main", "other"][..])));
    let targets = prop::collection::vec(target, 1..3);
    (metas(), targets, 0..4, names()).prop_map(|(metadata, targets, trust, authority)| {
        BackendTlsPolicy {
            metadata,
            spec: BackendTlsPolicySpec {
                target_refs: targets
                    .into_iter()
                    .map(
                        |(name, section)| LocalPolicyTargetReferenceWithSectionName {
                            kind: "Service".into(),
                            name: name.into(),
                            section_name: section.map(str::to_owned),
                            ..Default::default()
                        },
                    )
                    .collect(),
                validation: BackendTlsPolicyValidation {
                    well_known_ca_certificates: (trust < 2)
                        .then_some(WellKnownCaCertificatesType::System),
                    ca_certificate_refs: (trust == 2)
                        .then(|| LocalObjectReference {
                            kind: "ConfigMap".into(),
                            name: authority.into(),
                            ..Default::default()
                        })
                        .into_iter()
                        .collect(),
                    hostname: "backend.example".into(),
                },
            },
            ..Default::default()
        }
    })
}

fn lb_policies() -> impl Strategy<Value = BackendLbPolicy> {
    (metas(), names()).prop_map(|(metadata, target)| BackendLbPolicy {
        spec: BackendLbPolicySpec {
            target_refs: vec![LocalPolicyTargetReference {
                kind: "Service".into(),
                name: target.into(),
                ..Default::default()
            }],
            session_persistence: Some(SessionPersistence {
                session_name: metadata.name.clone(),
                ..Default::default()
            }),
        },
        metadata,
        ..Default::default()
    })
}

/// The name of a ConfigMap with parameters, now and then.
fn parameters() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::weighted(0.2, names())
}

fn gateways() -> impl Strategy<Value = Gateway> {
    (
        metas(),
        prop::collection::vec(listeners(), 1..3),
        select(&["ours", "ours", "ours", "theirs"][..]),
        parameters(),
        prop::option::weighted(0.3, select(&["192.0.2.1", "192.0.2.2", "2001:DB8::1"][..])),
    )
        .prop_map(|(metadata, mut listeners, class, parameters, address)| {
            if let [first, second] = listeners.as_mut_slice() {
                first.name = "one".into();
                second.name = "two".into();
            }
            Gateway {
                metadata,
                spec: GatewaySpec {
                    addresses: address
                        .map(|value| GatewayAddress {
                            value: value.to_owned(),
                            ..Default::default()
                        })
                        .into_iter()
                        .collect(),
                    gateway_class_name: class.to_owned(),
                    listeners,
                    infrastructure: parameters.map(|name| GatewayInfrastructure {
                        parameters_ref: Some(LocalParametersReference {
                            kind: "ConfigMap".into(),
                            name: name.into(),
                            ..Default::default()
                        }),
                        ..Default::default()
                    }),
                },
                ..Default::default()
            }
        })
}

/// A Service with one port or two, of which one may be for datagrams.
fn services() -> impl Strategy<Value = Service> {
    let second = prop::option::of(select(&["TCP", "UDP"][..]));
    (namespaces(), names(), select(&[80, 81][..]), second).prop_map(
        |(namespace, name, port, second)| {
            let mut service = service(namespace, name, port);
            let ports = service.spec.as_mut().and_then(|spec| spec.ports.as_mut());
            if let (Some(ports), Some(protocol)) = (ports, second) {
                ports.push(ServicePort {
                    name: Some("second".to_owned()),
                    port: 81,
                    protocol: Some(protocol.to_owned()),
                    ..Default::default()
                });
            }
            service
        },
    )
}

fn crds() -> impl Strategy<Value = InstalledCrd> {
    let version = select(&[Some("v1.1.0"), Some("v9.0.0"), None][..]);
    let kind = select(&["gateways", "httproutes"][..]);
    (kind, version).prop_map(|(kind, version)| InstalledCrd {
        name: format!("{kind}.{}", gwapi::meta::GROUP),
        group: gwapi::meta::GROUP.to_owned(),
        bundle_version: version.map(str::to_owned),
    })
}

/// An object of any kind, out of so few names that objects meet.
pub(crate) fn objects() -> impl Strategy<Value = SnapshotObject> {
    prop_oneof![
        4 => gateways().prop_map(SnapshotObject::from),
        8 => http_routes().prop_map(SnapshotObject::from),
        4 => grpc_routes().prop_map(SnapshotObject::from),
        2 => tcp_routes().prop_map(SnapshotObject::from),
        1 => udp_routes().prop_map(SnapshotObject::from),
        1 => crds().prop_map(SnapshotObject::from),
        4 => grants().prop_map(SnapshotObject::from),
        4 => services().prop_map(SnapshotObject::from),
        2 => slices().prop_map(SnapshotObject::from),
        2 => (namespaces(), names(), 0..6).prop_map(|(namespace, name, odd)| {
            let mut secret = secret(namespace, name);
            let data = secret.data.as_mut().unwrap();
            let mut put = |key: &str, text: &str| {
                data.insert(key.to_owned(), ByteString(text.as_bytes().to_vec()));
            };
            match odd {
                0 => secret.type_ = None,
                1 => put("tls.key", OTHER_KEY),
                2 => put("tls.crt", MALFORMED),
                _ => {}
            }
            secret.into()
        }),
        2 => (namespaces(), any::<bool>()).prop_map(|(name, on)| Namespace {
            metadata: ObjectMeta {
                labels: on.then(|| BTreeMap::from([("on".into(), "yes".into())])),
                ..metadata("", name)
            },
            ..Default::default()
        }.into()),
        4 => tls_policies().prop_map(SnapshotObject::from),
        2 => lb_policies().prop_map(SnapshotObject::from),
        1 => (select(&[CONTROLLER, CONTROLLER, "example.com/theirs"][..]), parameters()).prop_map(
            |(controller, parameters)| {
                let mut class = class("ours", controller);
                class.spec.parameters_ref = parameters.map(|name| ParametersReference {
                    kind: "ConfigMap".into(),
                    namespace: Some("a".into()),
                    name: name.into(),
                    ..Default::default()
                });
                class.into()
            },
        ),
        2 => tls_routes().prop_map(SnapshotObject::from),
        1 => udp_routes().prop_map(SnapshotObject::from),
        2 => (namespaces(), names(), 0..4).prop_map(|(namespace, name, odd)| ConfigMap {
            metadata: metadata(namespace, name),
            data: (odd != 0).then(|| {
                let text = if odd == 1 { MALFORMED } else { CERTIFICATE };
                BTreeMap::from([("ca.crt".into(), text.into())])
            }),
            ..Default::default()
        }.into()),
        2 => (namespaces(), names(), select(&[80, 81][..]), 0..4).prop_map(|(namespace, name, port, odd)| {
            ServiceImport {
                metadata: metadata(namespace, name),
                spec: ServiceImportSpec {
                    ips: (odd > 0).then(|| "10.42.0.1".to_owned()).into_iter().collect(),
                    type_: (odd == 0).then(|| "Headless".to_owned()),
                    ports: vec![ServiceImportPort {
                        name: Some("main".into()),
                        port,
                        ..Default::default()
                    }],
                },
            }
            .into()
        }),
        1 => (namespaces(), names(), any::<bool>()).prop_map(|(namespace, name, ready)| {
            let address = vec![EndpointAddress {
                ip: "10.2.0.1".into(),
                ..Default::default()
            }];
            Endpoints {
                metadata: metadata(namespace, name),
                subsets: Some(vec![EndpointSubset {
                    addresses: ready.then(|| address.clone()),
                    not_ready_addresses: (!ready).then_some(address),
                    ports: Some(vec![CorePort {
                        name: Some("main".into()),
                        port: 9000,
                        ..Default::default()
                    }]),
                }]),
            }
            .into()
        }),
    ]
}
