//! Reading a route of any kind.

use crate::{
    attachment::{RouteId, RouteKind, Snapshot},
    v1::{BackendReference, GrpcRouteFilter, HttpRouteFilter, ParentReference},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The parts of a route of any kind that are needed to know what it depends on.
pub(in crate::attachment) struct Parts<'a> {
    pub(in crate::attachment) metadata: &'a ObjectMeta,
    pub(in crate::attachment) parents: &'a [ParentReference],
    pub(in crate::attachment) hostnames: &'a [String],
}

/// The common parts of a route; nothing if it is not there.
pub(in crate::attachment) fn parts<'a>(snapshot: &'a Snapshot, id: &RouteId) -> Option<Parts<'a>> {
    macro_rules! parts {
        ($routes:ident $(, $hostnames:ident)?) => {{
            let route = snapshot.$routes().get(&id.name)?;
            Parts {
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
            Parts {
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

/// Calls `visit` with every reference to a backend or a mirror that a route has.
pub(in crate::attachment) fn visit_backends(
    snapshot: &Snapshot,
    id: &RouteId,
    mut visit: impl FnMut(&dyn BackendReference),
) {
    match id.kind {
        RouteKind::Http => {
            let Some(route) = snapshot.http_routes().get(&id.name) else {
                return;
            };
            for rule in &route.spec.rules {
                let filters = rule.filters.iter();
                for filter in filters.chain(rule.backend_refs.iter().flat_map(|b| b.filters.iter()))
                {
                    if let HttpRouteFilter::RequestMirror(mirror) = filter {
                        visit(&mirror.backend_ref);
                    }
                }
                rule.backend_refs.iter().for_each(|b| visit(b));
            }
        }
        RouteKind::Grpc => {
            let spec = snapshot
                .grpc_routes()
                .get(&id.name)
                .and_then(|route| route.spec.as_ref());
            for rule in spec.iter().flat_map(|spec| &spec.rules) {
                let filters = rule.filters.iter();
                for filter in filters.chain(rule.backend_refs.iter().flat_map(|b| b.filters.iter()))
                {
                    if let GrpcRouteFilter::RequestMirror(mirror) = filter {
                        visit(&mirror.backend_ref);
                    }
                }
                rule.backend_refs.iter().for_each(|b| visit(b));
            }
        }
        RouteKind::Tls => {
            let route = snapshot.tls_routes().get(&id.name);
            let rules = route.iter().flat_map(|r| &r.spec.rules);
            rules.flat_map(|r| &r.backend_refs).for_each(|b| visit(b));
        }
        RouteKind::Tcp => {
            let route = snapshot.tcp_routes().get(&id.name);
            let rules = route.iter().flat_map(|r| &r.spec.rules);
            rules.flat_map(|r| &r.backend_refs).for_each(|b| visit(b));
        }
        RouteKind::Udp => {
            let route = snapshot.udp_routes().get(&id.name);
            let rules = route.iter().flat_map(|r| &r.spec.rules);
            rules.flat_map(|r| &r.backend_refs).for_each(|b| visit(b));
        }
    }
}
