//! Sets of objects that are made up.

mod backends;
mod routes;

pub(crate) use backends::tls_policy;
pub(crate) use routes::few_expressions;

use backends::{lb_policies, services, slices, tls_policies};
use gwapi::{
    attachment::{
        InstalledCrd, MULTICLUSTER_GROUP, ServiceImport, ServiceImportPort, ServiceImportSpec,
        SnapshotObject,
    },
    v1::{
        AllowedRoutes, FromNamespaces, FrontendTlsConfig, FrontendTlsValidation, Gateway,
        GatewayBackendTls, GatewayClass, GatewayClassSpec, GatewayInfrastructure, GatewaySpec,
        GatewaySpecAddress, GatewayTlsConfig, HttpBackendRef, Listener, ListenerTlsConfig,
        LocalParametersReference, ParametersReference, ParentReference, ProtocolType,
        RouteNamespaces, SecretObjectReference, TlsConfig,
    },
    v1beta1::{ReferenceGrant, ReferenceGrantFrom, ReferenceGrantSpec, ReferenceGrantTo},
};
use k8s_openapi::{
    ByteString,
    api::core::v1::{
        ConfigMap, EndpointAddress, EndpointPort as CorePort, EndpointSubset, Endpoints, Namespace,
        Secret, Service, ServicePort, ServiceSpec,
    },
    apimachinery::pkg::apis::meta::v1::{
        LabelSelector, LabelSelectorRequirement, ObjectMeta, Time,
    },
    jiff::Timestamp,
};
use proptest::{prelude::*, sample::select};
use routes::{grpc_routes, http_routes, tcp_routes, tls_routes, udp_routes};
use std::collections::BTreeMap;

/// The controller that the tests act as.
pub(crate) const CONTROLLER: &str = "example.com/ours";

pub(crate) const CERTIFICATE: &str = include_str!("../../fixtures/certificates/short.crt");
pub(crate) const KEY: &str = include_str!("../../fixtures/certificates/short.key");
const OTHER_KEY: &str = include_str!("../../fixtures/certificates/rsa.key");
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
    listener.tls = Some(ListenerTlsConfig {
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
                let tls = matches!(protocol, "HTTPS" | "TLS").then(|| ListenerTlsConfig {
                    mode: (protocol == "TLS" && through).then(|| "Passthrough".into()),
                    certificate_refs: secrets
                        .iter()
                        .map(|(namespace, name)| SecretObjectReference {
                            namespace: namespace.map(str::to_owned),
                            name: (*name).to_owned(),
                            ..Default::default()
                        })
                        .collect(),
                    frontend_validation: authority
                        .map(|(namespace, name)| authority_of(namespace, name)),
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

/// That clients must show a certificate of an authority in a ConfigMap.
fn authority_of(namespace: Option<&str>, name: &str) -> FrontendTlsValidation {
    FrontendTlsValidation {
        ca_certificate_refs: vec![gwapi::v1::ObjectReference {
            kind: "ConfigMap".into(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    }
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
        prop::option::weighted(0.2, (prop::option::of(namespaces()), names())),
        prop::option::weighted(0.2, (prop::option::of(namespaces()), names())),
    )
        .prop_map(
            |(metadata, mut listeners, class, parameters, address, client, authority)| {
                if let [first, second] = listeners.as_mut_slice() {
                    first.name = "one".into();
                    second.name = "two".into();
                }
                Gateway {
                    metadata,
                    spec: GatewaySpec {
                        tls: Some(GatewayTlsConfig {
                            backend: client.map(|(namespace, name)| GatewayBackendTls {
                                client_certificate_ref: Some(SecretObjectReference {
                                    namespace: namespace.map(str::to_owned),
                                    name: name.to_owned(),
                                    ..Default::default()
                                }),
                            }),
                            frontend: authority.map(|(namespace, name)| FrontendTlsConfig {
                                default: TlsConfig {
                                    validation: Some(authority_of(namespace, name)),
                                },
                                ..Default::default()
                            }),
                        }),
                        addresses: address
                            .map(|value| GatewaySpecAddress {
                                value: Some(value.to_owned()),
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
                        ..Default::default()
                    },
                    ..Default::default()
                }
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
        channel: None,
        ..Default::default()
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
