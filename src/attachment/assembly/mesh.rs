//! Services put together with the mesh routes that have them as parents (GEP-1426).

use crate::{
    attachment::{
        RouteId, RouteKind,
        backend::BackendState,
        effective::{
            ClientScope, ConnectionRouteRules, EffectiveService, EffectiveServicePort, RouteRules,
            ServiceRoute,
        },
        route::{ParentTarget, RouteState, rules::Rules},
    },
    meta::{NamespacedName, Seniority},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// A Service put together, and the routes that are out because routes of a kind that goes before theirs
/// govern every port which they ask for.
pub(in crate::attachment) struct Assembled {
    pub(in crate::attachment) effective: EffectiveService,
    pub(in crate::attachment) rejected: BTreeSet<RouteId>,
    pub(in crate::attachment) claims: Claims,
}

/// How many routes of each kind want a port, by their namespace: routes of one namespace are for the same
/// clients.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Claims {
    by_namespace: HashMap<String, BTreeMap<u16, [u32; KINDS]>>,
}

/// How many kinds of routes get in each other's way.
const KINDS: usize = 4;

impl Claims {
    /// Notes that a route wants ports, or no longer does. Whether another kind governs one of them now.
    fn note(&mut self, id: &RouteId, ports: &BTreeSet<u16>, comes: bool) -> bool {
        let Some(order) = order(id.kind) else {
            return false;
        };
        let mut moved = false;
        let own = self
            .by_namespace
            .entry(id.name.namespace.clone())
            .or_default();
        for port in ports {
            let counts = own.entry(*port).or_default();
            let before = first(counts);
            if let Some(count) = counts.get_mut(order) {
                *count = if comes {
                    count.saturating_add(1)
                } else {
                    count.saturating_sub(1)
                };
            }
            let after = first(counts);
            if after.is_none() {
                own.remove(port);
            }
            // If the port had no route before or has none now, no other route's verdict changes.
            moved |= before.is_some() && after.is_some() && before != after;
        }
        if own.is_empty() {
            self.by_namespace.remove(&id.name.namespace);
        }
        moved
    }

    /// Of the ports that a route wants, those that its kind governs.
    fn held(&self, id: &RouteId, wanted: &BTreeSet<u16>) -> BTreeSet<u16> {
        let Some(order) = order(id.kind) else {
            return wanted.clone();
        };
        let own = self.by_namespace.get(&id.name.namespace);
        let governs = |port: &&u16| {
            let counts = own.and_then(|own| own.get(port));
            counts.and_then(first) == Some(order)
        };
        wanted.iter().filter(governs).copied().collect()
    }
}

/// The first kind of which there is a route.
fn first(counts: &[u32; KINDS]) -> Option<usize> {
    counts.iter().position(|count| *count > 0)
}

/// The order in which kinds of routes go before others at one port; UDP has ports of its own.
fn order(kind: RouteKind) -> Option<usize> {
    match kind {
        RouteKind::Grpc => Some(0),
        RouteKind::Http => Some(1),
        RouteKind::Tls => Some(2),
        RouteKind::Tcp => Some(3),
        RouteKind::Udp => None,
    }
}

/// What a route asks of a Service: ports, `None` for all of them.
fn asked(route: &RouteState, service: &NamespacedName) -> BTreeSet<Option<u16>> {
    route
        .parents
        .iter()
        .filter(|parent| parent.accepted.holds())
        .filter_map(|parent| match &parent.target {
            ParentTarget::Service { name, port } if name == service => Some(*port),
            _ => None,
        })
        .collect()
}

/// The ports that are asked for, one by one.
fn wanted(asked: &BTreeSet<Option<u16>>, service: &EffectiveService) -> BTreeSet<u16> {
    if asked.contains(&None) {
        service.ports.iter().map(|port| port.port).collect()
    } else {
        asked.iter().flatten().copied().collect()
    }
}

/// Puts a Service together.
pub(in crate::attachment) fn service<'a>(
    name: &NamespacedName,
    state: &BackendState,
    routes: impl Iterator<Item = (&'a RouteId, &'a RouteState)>,
) -> Assembled {
    let mut effective = EffectiveService {
        name: name.clone(),
        cluster_ips: state.cluster_ips.clone(),
        ports: state
            .ports
            .iter()
            .map(|port| EffectiveServicePort {
                name: port.name.clone(),
                port: port.port,
                protocol: port.protocol.clone(),
                target: port.target(false),
            })
            .collect(),
        http: Vec::new(),
        grpc: Vec::new(),
        tls_routes: Vec::new(),
        tcp: Vec::new(),
        udp: Vec::new(),
    };
    let mut claims = Claims::default();
    let mut members: Vec<(&RouteId, &RouteState, BTreeSet<Option<u16>>)> = Vec::new();
    for (id, route) in routes {
        let asked = asked(route, name);
        if !asked.is_empty() {
            claims.note(id, &wanted(&asked, &effective), true);
            members.push((id, route, asked));
        }
    }
    members.sort_by_key(|(id, route, _)| (Seniority::new(route.age, &id.name), id.kind));
    let mut rejected = BTreeSet::new();
    for (id, route, asked) in &members {
        if !put(&mut effective, &claims, id, route, asked) {
            rejected.insert((*id).clone());
        }
    }
    Assembled {
        effective,
        rejected,
        claims,
    }
}

/// A Service that is put together already.
pub(in crate::attachment) struct Present<'a> {
    pub(in crate::attachment) effective: &'a mut Arc<EffectiveService>,
    pub(in crate::attachment) rejected: &'a mut BTreeSet<RouteId>,
    pub(in crate::attachment) claims: &'a mut Claims,
}

/// What a change of one route has done to a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::attachment) enum Edited {
    /// Nothing that shows.
    Unchanged,
    Changed,
    /// Another kind of route governs a port now: the Service has to be put together anew.
    Anew,
}

/// Puts a changed route in the place of what it was.
pub(in crate::attachment) fn edit(
    present: Present<'_>,
    id: &RouteId,
    old: Option<&RouteState>,
    new: Option<&RouteState>,
) -> Edited {
    let Present {
        effective,
        rejected,
        claims,
    } = present;
    let asked = |route: Option<&RouteState>| {
        route
            .map(|route| asked(route, &effective.name))
            .unwrap_or_default()
    };
    let (before, after) = (asked(old), asked(new));
    let rules = |route: Option<&RouteState>| route.map(|route| route.at_services().rules.clone());
    if before == after && (before.is_empty() || rules(old) == rules(new)) {
        return Edited::Unchanged;
    }
    let (left, taken) = (wanted(&before, effective), wanted(&after, effective));
    let gone = claims.note(id, &(&left - &taken), false);
    let come = claims.note(id, &(&taken - &left), true);
    if gone || come {
        return Edited::Anew;
    }
    let was_out = rejected.remove(id);
    let effective = Arc::make_mut(effective);
    if let (Some(old), false) = (old, was_out) {
        take_out(effective, id.kind, old);
    }
    if let (Some(new), false) = (new, after.is_empty())
        && !put(effective, claims, id, new, &after)
    {
        rejected.insert(id.clone());
    }
    Edited::Changed
}

/// Puts a route in its place in the order of age and name. Whether its kind governs any of the ports that it
/// asks for.
fn put(
    service: &mut EffectiveService,
    claims: &Claims,
    id: &RouteId,
    route: &RouteState,
    asked: &BTreeSet<Option<u16>>,
) -> bool {
    let wanted = wanted(asked, service);
    let held = claims.held(id, &wanted);
    if held.is_empty() && !wanted.is_empty() {
        return false;
    }
    let clients = if id.name.namespace == service.name.namespace {
        ClientScope::Everyone
    } else {
        ClientScope::Namespace(id.name.namespace.clone())
    };
    let ports: Vec<Option<u16>> = if asked.contains(&None) && held == wanted {
        vec![None]
    } else {
        held.into_iter().map(Some).collect()
    };
    match &route.at_services().rules {
        Rules::Http(rules) => insert(&mut service.http, rules, &ports, &clients),
        Rules::Grpc(rules) => insert(&mut service.grpc, rules, &ports, &clients),
        Rules::Connection(rules) => {
            insert(connections(service, id.kind), rules, &ports, &clients);
        }
    }
    true
}

fn take_out(service: &mut EffectiveService, kind: RouteKind, route: &RouteState) {
    match &route.at_services().rules {
        Rules::Http(rules) => remove(&mut service.http, rules.as_ref()),
        Rules::Grpc(rules) => remove(&mut service.grpc, rules.as_ref()),
        Rules::Connection(rules) => remove(connections(service, kind), rules.as_ref()),
    }
}

fn connections(
    service: &mut EffectiveService,
    kind: RouteKind,
) -> &mut Vec<ServiceRoute<ConnectionRouteRules>> {
    match kind {
        RouteKind::Tcp => &mut service.tcp,
        RouteKind::Udp => &mut service.udp,
        _ => &mut service.tls_routes,
    }
}

fn insert<R: RouteRules>(
    routes: &mut Vec<ServiceRoute<R>>,
    rules: &Arc<R>,
    ports: &[Option<u16>],
    clients: &ClientScope,
) {
    let at = routes.partition_point(|r| r.route.seniority() <= rules.seniority());
    let new = ports.iter().map(|port| ServiceRoute {
        route: rules.clone(),
        port: *port,
        clients: clients.clone(),
    });
    routes.splice(at..at, new);
}

fn remove<R: RouteRules>(routes: &mut Vec<ServiceRoute<R>>, old: &R) {
    let from = routes.partition_point(|r| r.route.seniority() < old.seniority());
    let to = routes.partition_point(|r| r.route.seniority() <= old.seniority());
    routes.drain(from..to);
}
