//! Routes that are made up.

use super::{hostnames, http_backend, metas, names, namespaces};
use gwapi::{
    attachment::MULTICLUSTER_GROUP,
    v1::{
        BackendRef, GrpcBackendRef, GrpcRoute, GrpcRouteRule, GrpcRouteSpec,
        HttpRequestMirrorFilter, HttpRoute, HttpRouteFilter, HttpRouteRule, HttpRouteSpec,
        ParentReference,
    },
    v1alpha2::{
        TcpRoute, TcpRouteRule, TcpRouteSpec, TlsRoute, TlsRouteRule, TlsRouteSpec, UdpRoute,
        UdpRouteRule, UdpRouteSpec,
    },
};
use proptest::{prelude::*, sample::select};

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

pub(super) fn http_routes() -> impl Strategy<Value = HttpRoute> {
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

pub(super) fn grpc_routes() -> impl Strategy<Value = GrpcRoute> {
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

pub(super) fn tls_routes() -> impl Strategy<Value = TlsRoute> {
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

pub(super) fn tcp_routes() -> impl Strategy<Value = TcpRoute> {
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

pub(super) fn udp_routes() -> impl Strategy<Value = UdpRoute> {
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
