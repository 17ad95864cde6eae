//! Routes that are made up.

use super::{hostnames, http_backend, metas, names, namespaces};
use gwapi::{
    attachment::MULTICLUSTER_GROUP,
    meta::{Pattern, PatternLimits},
    v1::{
        BackendRef, GrpcBackendRef, GrpcMethodMatch, GrpcMethodMatchType, GrpcRoute,
        GrpcRouteMatch, GrpcRouteRule, GrpcRouteSpec, HeaderMatchType, HttpHeaderMatch,
        HttpRequestMirrorFilter, HttpRoute, HttpRouteFilter, HttpRouteMatch, HttpRouteRule,
        HttpRouteSpec, ParentReference,
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

/// Regular expressions of one size each. Of [`few_expressions`] a table takes three.
fn expressions() -> impl Strategy<Value = Vec<&'static str>> {
    let some = prop::collection::vec(select(&["a.*", "b.*", "c.*", "d.*", "("][..]), 1..4);
    prop_oneof![2 => Just(Vec::new()), 1 => some]
}

/// Limits within which a table takes few regular expressions of the generated routes.
pub(crate) fn few_expressions() -> PatternLimits {
    PatternLimits {
        table: 3 * Pattern::new("a.*").unwrap().size(),
        ..PatternLimits::default()
    }
}

pub(super) fn http_routes() -> impl Strategy<Value = HttpRoute> {
    let backends = prop::collection::vec(backends(), 0..3);
    let rule = (backends, 0..8, expressions()).prop_map(|(backends, odd, texts)| {
        let matching = |text: &str| HttpRouteMatch {
            headers: vec![HttpHeaderMatch {
                name: "x-a".to_owned(),
                r#type: Some(HeaderMatchType::RegularExpression),
                value: text.to_owned(),
            }],
            ..Default::default()
        };
        let mut rule = HttpRouteRule {
            matches: texts.into_iter().map(matching).collect(),
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
                ..Default::default()
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
                ..Default::default()
            },
            ..Default::default()
        })
}

pub(super) fn grpc_routes() -> impl Strategy<Value = GrpcRoute> {
    let call = |text: &str| GrpcRouteMatch {
        method: Some(GrpcMethodMatch {
            r#type: Some(GrpcMethodMatchType::RegularExpression),
            service: Some(text.to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    (
        metas(),
        prop::collection::vec(parents(), 1..3),
        hostnames(),
        backends(),
        expressions(),
    )
        .prop_map(
            move |(metadata, parents, hostname, (namespace, name, port), texts)| GrpcRoute {
                metadata,
                spec: Some(GrpcRouteSpec {
                    parent_refs: parents,
                    hostnames: hostname.into_iter().map(str::to_owned).collect(),
                    rules: vec![GrpcRouteRule {
                        matches: texts.into_iter().map(call).collect(),
                        backend_refs: vec![GrpcBackendRef {
                            namespace: namespace.map(str::to_owned),
                            name: name.to_owned(),
                            port: Some(port),
                            ..Default::default()
                        }],
                        ..Default::default()
                    }],
                    ..Default::default()
                }),
                ..Default::default()
            },
        )
}

/// A reference to a port of a Service.
fn backend(namespace: Option<&str>, name: &str, port: i32) -> BackendRef {
    BackendRef {
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
        port: Some(port),
        ..Default::default()
    }
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
                        backend_refs: vec![backend(namespace, name, port)],
                        ..Default::default()
                    }],
                    ..Default::default()
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
                    backend_refs: vec![backend(namespace, name, port)],
                    ..Default::default()
                }],
                ..Default::default()
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
                        backend_refs: vec![backend(namespace, name, port)],
                        ..Default::default()
                    })
                    .collect(),
                ..Default::default()
            },
            ..Default::default()
        })
}
