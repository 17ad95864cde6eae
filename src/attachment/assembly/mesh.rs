//! Services put together with the mesh routes that have them as parents (GEP-1426).

use super::{
    claims::{Claims, Judge, Wanted},
    table_patterns::TablePatterns,
};
use crate::{
    attachment::{
        LostPort, RouteId, RouteKind,
        backend::{BackendKey, BackendState},
        effective::{
            BackendProblem, ClientScope, ConnectionRouteRules, EffectiveService,
            EffectiveServicePort, RouteList, RouteRules, ServiceRoute,
        },
        map::Map,
        route::{ParentTarget, RouteState, rules::Rules},
    },
    meta::{Age, PatternLimits, Seniority},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A Service put together, and what its routes do not govern of it.
pub(in crate::attachment) struct AssembledService {
    pub(in crate::attachment) effective: EffectiveService,
    pub(in crate::attachment) lost: Lost,
    pub(in crate::attachment) claims: Claims,
}

/// By route, the ports that it asks for and that others govern.
pub(in crate::attachment) type Lost = BTreeMap<RouteId, Arc<[LostPort]>>;

/// What a route asks of a Service: ports, `None` for all of them.
fn asked(route: &RouteState, service: &BackendKey) -> BTreeSet<Option<u16>> {
    route
        .parents
        .iter()
        .filter(|parent| parent.has_place())
        .filter_map(|parent| match &parent.target {
            ParentTarget::Service { key, port } if key == service => Some(*port),
            _ => None,
        })
        .collect()
}

/// The same without what is asked for twice.
fn wanted(asked: &BTreeSet<Option<u16>>) -> Wanted {
    if asked.contains(&None) {
        Wanted::Every
    } else {
        Wanted::These(asked.iter().flatten().copied().collect())
    }
}

/// The ports of a Service, each once.
fn ports_of(service: &EffectiveService) -> BTreeSet<u16> {
    service.ports.iter().map(|port| port.port).collect()
}

/// Puts a Service or ServiceImport together.
pub(in crate::attachment) fn service<'a>(
    key: &BackendKey,
    state: &BackendState,
    routes: impl Iterator<Item = (&'a RouteId, &'a RouteState)>,
    limits: &PatternLimits,
) -> AssembledService {
    let mut effective = EffectiveService {
        name: key.name.clone(),
        import: key.import,
        cluster_ips: state.cluster_ips.clone(),
        ports: state
            .ports
            .iter()
            .map(|port| EffectiveServicePort {
                name: port.name.clone(),
                port: port.port,
                protocol: port.protocol.clone(),
                target: if state.external_name {
                    // Its clients resolve a name outside of the cluster, and no mesh sees where they connect to.
                    Err(BackendProblem::ExternalName {
                        reference: key.reference(),
                    })
                } else {
                    port.target(false)
                },
                endpoints: port.endpoints.clone(),
            })
            .collect(),
        http: RouteList::default(),
        grpc: RouteList::default(),
        tls_routes: RouteList::default(),
        tcp: RouteList::default(),
        udp: RouteList::default(),
    };
    let mut claims = Claims::default();
    let mut members: Vec<(&RouteId, &RouteState, BTreeSet<Option<u16>>)> = Vec::new();
    for (id, route) in routes {
        let asked = asked(route, key);
        if !asked.is_empty() {
            claims.add(id, route.age, &wanted(&asked));
            members.push((id, route, asked));
        }
    }
    members.sort_by_key(|(id, route, _)| (Seniority::new(route.age, &id.name), id.kind));
    let mut by_namespace: Map<&str, Vec<_>> = Map::default();
    for (id, route, _) in &members {
        if let Some(patterns) = &route.at_services().patterns {
            let of_namespace = by_namespace.entry(&id.name.namespace).or_default();
            of_namespace.push((*id, patterns));
        }
    }
    for (namespace, routes) in by_namespace {
        let judged = TablePatterns::judge(routes.into_iter(), limits);
        claims.set_patterns(namespace, judged);
    }
    let mut lost = Lost::new();
    let mut judge = Judge::new(&claims, ports_of(&effective));
    for (id, route, asked) in &members {
        let ports = put(&mut effective, &mut judge, id, route, asked);
        if !ports.is_empty() {
            lost.insert((*id).clone(), ports);
        }
    }
    AssembledService {
        effective,
        lost,
        claims,
    }
}

/// Replaces the endpoints of a Service of which nothing else has changed.
pub(in crate::attachment) fn move_endpoints(service: &mut EffectiveService, state: &BackendState) {
    for (port, moved) in service.ports.iter_mut().zip(&state.ports) {
        port.endpoints = moved.endpoints.clone();
    }
}

/// A Service that is put together already.
pub(in crate::attachment) struct PresentService<'a> {
    pub(in crate::attachment) key: &'a BackendKey,
    pub(in crate::attachment) effective: &'a mut Arc<EffectiveService>,
    pub(in crate::attachment) lost: &'a mut Lost,
    pub(in crate::attachment) claims: &'a mut Claims,
}

/// What a change of one route has done to a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::attachment) enum Edited {
    /// Nothing that shows.
    Unchanged,
    Changed,
    /// Other routes govern a port now: the Service has to be put together anew.
    Anew,
}

/// Puts a changed route in the place of what it was.
pub(in crate::attachment) fn edit(
    present: PresentService<'_>,
    id: &RouteId,
    old: Option<&RouteState>,
    new: Option<&RouteState>,
    limits: &PatternLimits,
) -> Edited {
    let PresentService {
        key,
        effective,
        lost,
        claims,
    } = present;
    let asked =
        |route: Option<&RouteState>| route.map(|route| asked(route, key)).unwrap_or_default();
    let (before, after) = (asked(old), asked(new));
    let rules = |route: Option<&RouteState>| route.map(|route| route.at_services().rules.clone());
    let age = |route: Option<&RouteState>| route.map_or(Age::UNKNOWN, |route| route.age);
    let same_age = age(old) == age(new);
    if before == after && (before.is_empty() || (same_age && rules(old) == rules(new))) {
        return Edited::Unchanged;
    }
    let (mut left, mut taken) = (wanted(&before), wanted(&after));
    if same_age {
        (left, taken) = (left.without(&taken), taken.without(&left));
    }
    let gone = claims.note(id, age(old), &left, false);
    let come = claims.note(id, age(new), &taken, true);
    let rules = new.filter(|_| !after.is_empty());
    let rules = rules.and_then(|route| route.at_services().patterns.as_ref());
    let full = claims.change_patterns(id, rules, limits);
    if gone || come || full {
        return Edited::Anew;
    }
    lost.remove(id);
    let effective = Arc::make_mut(effective);
    if let Some(old) = old {
        take_out(effective, id.kind, old);
    }
    if let (Some(new), false) = (new, after.is_empty()) {
        let mut judge = Judge::new(claims, ports_of(effective));
        let ports = put(effective, &mut judge, id, new, &after);
        if !ports.is_empty() {
            lost.insert(id.clone(), ports);
        }
    }
    Edited::Changed
}

/// The ports that are not lost.
fn won(ports: &BTreeSet<u16>, lost: &[LostPort]) -> Vec<Option<u16>> {
    let is_lost = |port| lost.binary_search_by_key(&Some(port), |lost| lost.port);
    let won = ports.iter().filter(|port| is_lost(**port).is_err());
    won.map(|port| Some(*port)).collect()
}

/// Puts a route in its place in the order of age and name. Returns the ports that it asks for and that others
/// govern.
fn put(
    service: &mut EffectiveService,
    judge: &mut Judge<'_>,
    id: &RouteId,
    route: &RouteState,
    asked: &BTreeSet<Option<u16>>,
) -> Arc<[LostPort]> {
    let wanted = wanted(asked);
    let lost = judge.lost(id, route.age, &wanted);
    let ports: Vec<Option<u16>> = match &wanted {
        Wanted::Every if lost.is_empty() => vec![None],
        _ if lost.iter().any(|lost| lost.port.is_none()) => return lost,
        Wanted::Every => won(judge.ports(), &lost),
        Wanted::These(ports) => won(ports, &lost),
    };
    if ports.is_empty() {
        return lost;
    }
    let clients = if id.name.namespace == service.name.namespace {
        ClientScope::Everyone
    } else {
        ClientScope::Namespace(id.name.namespace.clone())
    };
    match &route.at_services().rules {
        Rules::Http(rules) => insert(&mut service.http, rules, &ports, &clients),
        Rules::Grpc(rules) => insert(&mut service.grpc, rules, &ports, &clients),
        Rules::Connection(rules) => {
            insert(connections(service, id.kind), rules, &ports, &clients);
        }
    }
    lost
}

fn take_out(service: &mut EffectiveService, kind: RouteKind, route: &RouteState) {
    match &route.at_services().rules {
        Rules::Http(rules) => service.http.remove(rules.seniority()),
        Rules::Grpc(rules) => service.grpc.remove(rules.seniority()),
        Rules::Connection(rules) => connections(service, kind).remove(rules.seniority()),
    }
}

fn connections(
    service: &mut EffectiveService,
    kind: RouteKind,
) -> &mut RouteList<ServiceRoute<ConnectionRouteRules>> {
    match kind {
        RouteKind::Tcp => &mut service.tcp,
        RouteKind::Udp => &mut service.udp,
        _ => &mut service.tls_routes,
    }
}

fn insert<R: RouteRules + Clone>(
    routes: &mut RouteList<ServiceRoute<R>>,
    rules: &Arc<R>,
    ports: &[Option<u16>],
    clients: &ClientScope,
) {
    let new = ports.iter().map(|port| ServiceRoute {
        route: rules.clone(),
        port: *port,
        clients: clients.clone(),
    });
    routes.insert(new);
}
