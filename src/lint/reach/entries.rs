//! The entries of a listener or a Service, as its table has them, each with the route that it stands for.

use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{
            AttachedRoute, ClientScope, EffectiveHostname, EffectiveService, GrpcRouteRules,
            HttpRouteRules, RouteList, ServiceRoute,
        },
    },
    meta::NamespacedName,
    proxy::{grpc_entries, http_entries},
    routing::Entry,
};
use std::collections::HashSet;

/// Where a match stands: its rule in the route, and its place in the rule.
pub(super) type MatchPlace = (usize, usize);

/// What a route has at a place where hosts do not matter.
pub(in crate::lint) const EVERY_HOST: &[EffectiveHostname] = &[EffectiveHostname {
    hostname: None,
    own: None,
}];

/// A route's match in a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct MatchInTable<'a> {
    pub(super) kind: RouteKind,
    pub(super) route: &'a NamespacedName,
    pub(super) place: MatchPlace,
}

impl MatchInTable<'_> {
    pub(super) fn id(&self) -> RouteId {
        RouteId::new(self.kind, self.route.clone())
    }
}

pub(super) fn parts<R>(
    routes: &RouteList<AttachedRoute<R>>,
) -> impl Iterator<Item = (&R, &[EffectiveHostname])> {
    routes
        .iter()
        .map(|attached| (&*attached.route, &*attached.hostnames))
}

/// Port and clients of each route of a Service that has a route, each pair once.
pub(super) fn scopes(service: &EffectiveService) -> Vec<(Option<u16>, &ClientScope)> {
    fn of<R>(
        routes: &RouteList<ServiceRoute<R>>,
    ) -> impl Iterator<Item = (Option<u16>, &ClientScope)> {
        routes.iter().map(|route| (route.port, &route.clients))
    }
    let all = of(&service.http)
        .chain(of(&service.grpc))
        .chain(of(&service.tls_routes))
        .chain(of(&service.tcp))
        .chain(of(&service.udp));
    let mut seen = HashSet::new();
    all.filter(|scope| seen.insert(*scope)).collect()
}

/// Whether every request of these clients to this port, or to every port, is under the route as well.
pub(super) fn is_seen<R>(
    route: &ServiceRoute<R>,
    (port, clients): (Option<u16>, &ClientScope),
) -> bool {
    (route.port.is_none() || route.port == port) && route.clients == *clients
}

pub(super) fn seen<'a, R>(
    routes: &'a RouteList<ServiceRoute<R>>,
    scope: (Option<u16>, &'a ClientScope),
) -> impl Iterator<Item = (&'a R, &'a [EffectiveHostname])> {
    routes
        .iter()
        .filter(move |route| is_seen(route, scope))
        .map(|route| (&*route.route, EVERY_HOST))
}

pub(super) fn http_targets<'a>(
    routes: impl Iterator<Item = (&'a HttpRouteRules, &'a [EffectiveHostname])>,
) -> Vec<Entry<MatchInTable<'a>>> {
    let made = routes.flat_map(|(rules, hostnames)| {
        let (entries, _) = http_entries(rules, hostnames, |rule| {
            let index = rule.index;
            move |at, _: &_| MatchInTable {
                kind: RouteKind::Http,
                route: &rules.reference,
                place: (index, at),
            }
        });
        entries
    });
    made.collect()
}

pub(super) fn grpc_targets<'a>(
    routes: impl Iterator<Item = (&'a GrpcRouteRules, &'a [EffectiveHostname])>,
) -> Vec<Entry<MatchInTable<'a>>> {
    let made = routes.flat_map(|(rules, hostnames)| {
        let (entries, _) = grpc_entries(rules, hostnames, |rule| {
            let index = rule.index;
            move |at, _: &_| MatchInTable {
                kind: RouteKind::Grpc,
                route: &rules.reference,
                place: (index, at),
            }
        });
        entries
    });
    made.collect()
}
