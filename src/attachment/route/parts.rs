//! Reading a route of any kind.

use crate::{
    attachment::{RouteId, RouteKind, Snapshot},
    meta::Hostname,
    schema::Path,
    v1::{
        BackendRef, BackendReference, GrpcRouteFilter, HttpRouteFilter, LocalObjectReference,
        ParentReference,
    },
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The parts of a route of any kind that are needed to know what it depends on.
pub(in crate::attachment) struct RouteParts<'a> {
    pub(in crate::attachment) metadata: &'a ObjectMeta,
    pub(in crate::attachment) parents: &'a [ParentReference],
    pub(in crate::attachment) hostnames: &'a [String],
}

impl RouteParts<'_> {
    /// The hostnames of the route, but for those that are none.
    pub(in crate::attachment) fn readable_hostnames(&self) -> Vec<Hostname> {
        let hostnames = self.hostnames.iter();
        hostnames.filter_map(|text| text.parse().ok()).collect()
    }
}

/// The common parts of a route; nothing if it is not there.
pub(in crate::attachment) fn parts<'a>(
    snapshot: &'a Snapshot,
    id: &RouteId,
) -> Option<RouteParts<'a>> {
    macro_rules! parts {
        ($routes:ident $(, $hostnames:ident)?) => {{
            let route = snapshot.$routes().get(&id.name)?;
            RouteParts {
                metadata: &route.metadata,
                parents: &route.spec.parent_refs,
                hostnames: { let names: &[String] = &[]; $( let _ = names; let names = &route.spec.$hostnames[..]; )? names },
            }
        }};
    }
    Some(match id.kind {
        RouteKind::Http => parts!(http_routes, hostnames),
        RouteKind::Grpc => {
            let route = snapshot.grpc_routes().get(&id.name)?;
            let spec = route.spec.as_ref();
            RouteParts {
                metadata: &route.metadata,
                parents: spec.map(|s| s.parent_refs.as_slice()).unwrap_or_default(),
                hostnames: spec.map(|s| s.hostnames.as_slice()).unwrap_or_default(),
            }
        }
        RouteKind::Tls => parts!(tls_routes, hostnames),
        RouteKind::Tcp => parts!(tcp_routes),
        RouteKind::Udp => parts!(udp_routes),
    })
}

/// Calls `visit` with every reference to a backend or a mirror that a route has, and with its field.
pub(in crate::attachment) fn visit_backends(
    snapshot: &Snapshot,
    id: &RouteId,
    mut visit: impl FnMut(&Path<'_>, &dyn BackendReference),
) {
    let root = Path::ROOT;
    let spec = root.field("spec");
    let rules = spec.field("rules");
    match id.kind {
        RouteKind::Http => {
            let Some(route) = snapshot.http_routes().get(&id.name) else {
                return;
            };
            for (index, rule) in route.spec.rules.iter().flatten().enumerate() {
                let at = rules.index(index);
                http_mirrors(&rule.filters, &at, &mut visit);
                let refs = at.field("backendRefs");
                for (index, backend) in rule.backend_refs.iter().enumerate() {
                    let at = refs.index(index);
                    visit(&at, backend);
                    http_mirrors(&backend.filters, &at, &mut visit);
                }
            }
        }
        RouteKind::Grpc => {
            let route = snapshot.grpc_routes().get(&id.name);
            let spec = route.and_then(|route| route.spec.as_ref());
            for (index, rule) in spec.iter().flat_map(|spec| &spec.rules).enumerate() {
                let at = rules.index(index);
                grpc_mirrors(&rule.filters, &at, &mut visit);
                let refs = at.field("backendRefs");
                for (index, backend) in rule.backend_refs.iter().enumerate() {
                    let at = refs.index(index);
                    visit(&at, backend);
                    grpc_mirrors(&backend.filters, &at, &mut visit);
                }
            }
        }
        RouteKind::Tls => {
            let route = snapshot.tls_routes().get(&id.name);
            let all = route.iter().flat_map(|route| &route.spec.rules);
            of_connections(all.map(|rule| rule.backend_refs.as_slice()), &rules, visit);
        }
        RouteKind::Tcp => {
            let route = snapshot.tcp_routes().get(&id.name);
            let all = route.iter().flat_map(|route| &route.spec.rules);
            of_connections(all.map(|rule| rule.backend_refs.as_slice()), &rules, visit);
        }
        RouteKind::Udp => {
            let route = snapshot.udp_routes().get(&id.name);
            let all = route.iter().flat_map(|route| &route.spec.rules);
            of_connections(all.map(|rule| rule.backend_refs.as_slice()), &rules, visit);
        }
    }
}

/// Calls `visit` with every filter of an implementation's own that a route refers to, and with its field.
pub(in crate::attachment) fn visit_extensions(
    snapshot: &Snapshot,
    id: &RouteId,
    mut visit: impl FnMut(&Path<'_>, &LocalObjectReference),
) {
    let root = Path::ROOT;
    let spec = root.field("spec");
    let rules = spec.field("rules");
    macro_rules! visit {
        ($rules:expr, $filter:ident) => {
            for (index, rule) in $rules.enumerate() {
                let at = rules.index(index);
                let refs = at.field("backendRefs");
                let mut of_list = |filters: &[$filter], holder: &Path<'_>| {
                    let at = holder.field("filters");
                    for (index, filter) in filters.iter().enumerate() {
                        if let $filter::ExtensionRef(reference) = filter {
                            visit(&at.index(index).field("extensionRef"), reference);
                        }
                    }
                };
                of_list(&rule.filters, &at);
                for (index, backend) in rule.backend_refs.iter().enumerate() {
                    of_list(&backend.filters, &refs.index(index));
                }
            }
        };
    }
    match id.kind {
        RouteKind::Http => {
            let route = snapshot.http_routes().get(&id.name);
            let all = route.and_then(|route| route.spec.rules.as_ref());
            visit!(all.into_iter().flatten(), HttpRouteFilter);
        }
        RouteKind::Grpc => {
            let route = snapshot.grpc_routes().get(&id.name);
            let spec = route.and_then(|route| route.spec.as_ref());
            visit!(spec.iter().flat_map(|spec| &spec.rules), GrpcRouteFilter);
        }
        RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => {}
    }
}

fn http_mirrors(
    filters: &[HttpRouteFilter],
    holder: &Path<'_>,
    visit: &mut impl FnMut(&Path<'_>, &dyn BackendReference),
) {
    let at = holder.field("filters");
    for (index, filter) in filters.iter().enumerate() {
        if let HttpRouteFilter::RequestMirror(mirror) = filter {
            let at = at.index(index);
            let at = at.field("requestMirror");
            visit(&at.field("backendRef"), &mirror.backend_ref);
        }
    }
}

fn grpc_mirrors(
    filters: &[GrpcRouteFilter],
    holder: &Path<'_>,
    visit: &mut impl FnMut(&Path<'_>, &dyn BackendReference),
) {
    let at = holder.field("filters");
    for (index, filter) in filters.iter().enumerate() {
        if let GrpcRouteFilter::RequestMirror(mirror) = filter {
            let at = at.index(index);
            let at = at.field("requestMirror");
            visit(&at.field("backendRef"), &mirror.backend_ref);
        }
    }
}

fn of_connections<'r>(
    all: impl Iterator<Item = &'r [BackendRef]>,
    rules: &Path<'_>,
    mut visit: impl FnMut(&Path<'_>, &dyn BackendReference),
) {
    for (index, backends) in all.enumerate() {
        let at = rules.index(index);
        let refs = at.field("backendRefs");
        for (index, backend) in backends.iter().enumerate() {
            visit(&refs.index(index), backend);
        }
    }
}
