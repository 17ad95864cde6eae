//! Services put together with the mesh routes that have them as parents (GEP-1426).

use super::{
    contest::{Place, Places},
    table_patterns::TablePatterns,
};
use crate::{
    attachment::{
        LostPort, PortWinner, RouteId, RouteKind, WonBy,
        backend::{BackendKey, BackendState},
        effective::{
            BackendProblem, ClientScope, ConnectionRouteRules, EffectiveService,
            EffectiveServicePort, RouteRules, ServiceRoute,
        },
        map::Map,
        route::{ParentTarget, RouteState, rules::Rules},
    },
    meta::{Age, PatternLimits, RoutePatterns, Seniority},
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

/// Which routes want a port, by their namespace: routes of one namespace are for the same clients.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Claims {
    by_namespace: Map<String, BTreeMap<u16, OnPort>>,
    /// By the same namespaces, what their routes' regular expressions take.
    patterns: Map<String, TablePatterns>,
}

/// The routes of one namespace that want a port.
#[derive(Clone, Debug, Default)]
struct OnPort {
    /// How many of each kind, in the order in which kinds go before others.
    counts: [u32; KINDS],
    /// The routes of the kinds whose rules have no matches: one leaves nothing to the others. Hostnames of TLSRoutes mean
    /// nothing in a mesh (GEP-1294, "`hostnames` field").
    tls: Places,
    tcp: Places,
    udp: Places,
}

/// How many kinds of routes exclude each other.
const KINDS: usize = 4;

impl OnPort {
    /// The kind that governs the port, and the routes that leave nothing to others of their kind.
    fn governing(&self) -> (Option<usize>, [Option<&Arc<Place>>; 3]) {
        let kind = self.counts.iter().position(|count| *count > 0);
        let first = [&self.tls, &self.tcp, &self.udp].map(|places| places.first());
        (kind, first)
    }

    fn is_empty(&self) -> bool {
        self.governing() == (None, [None; 3])
    }
}

impl Claims {
    /// Notes that a route wants ports, or no longer does. Whether that changes what others govern.
    fn note(&mut self, id: &RouteId, age: Age, ports: &BTreeSet<u16>, comes: bool) -> bool {
        let mut moved = false;
        let own = self
            .by_namespace
            .entry(id.name.namespace.clone())
            .or_default();
        for port in ports {
            let on_port = own.entry(*port).or_default();
            let (kind, first) = on_port.governing();
            let before = (kind, first.map(Option::<&_>::cloned));
            if let Some(count) = order(id.kind).and_then(|order| on_port.counts.get_mut(order)) {
                *count = if comes {
                    count.saturating_add(1)
                } else {
                    count.saturating_sub(1)
                };
            }
            let places = match id.kind {
                RouteKind::Tls => Some(&mut on_port.tls),
                RouteKind::Tcp => Some(&mut on_port.tcp),
                RouteKind::Udp => Some(&mut on_port.udp),
                _ => None,
            };
            if let Some(places) = places {
                let place = Place::of(id, age);
                _ = if comes {
                    places.insert(place)
                } else {
                    places.remove(&place)
                };
            }
            let after = on_port.governing();
            // If the port had no route before or has none now, no other route's verdict changes.
            fn differs<T: PartialEq>(before: Option<T>, after: Option<T>) -> bool {
                before.is_some() && after.is_some() && before != after
            }
            moved |= differs(before.0, after.0);
            for (before, after) in before.1.iter().zip(after.1) {
                moved |= differs(before.as_ref(), after);
            }
            if on_port.is_empty() {
                own.remove(port);
            }
        }
        if own.is_empty() {
            self.by_namespace.remove(&id.name.namespace);
        }
        moved
    }

    /// Notes what the regular expressions of a route take. Whether all routes of its namespace are to be judged again.
    fn change_patterns(
        &mut self,
        id: &RouteId,
        patterns: Option<&RoutePatterns>,
        limits: &PatternLimits,
    ) -> bool {
        let namespace = &id.name.namespace;
        match (self.patterns.get_mut(namespace), patterns) {
            (Some(table), _) => table.change(id, patterns, limits),
            (None, Some(_)) => {
                let table = self.patterns.entry(namespace.clone()).or_default();
                table.change(id, patterns, limits)
            }
            (None, None) => false,
        }
    }

    /// Of the ports that a route wants, those that it does not get.
    fn lost(&self, id: &RouteId, age: Age, wanted: &BTreeSet<u16>) -> Vec<LostPort> {
        let patterns = self.patterns.get(&id.name.namespace);
        if let Some(full) = patterns.and_then(|patterns| patterns.full(id)) {
            let to = PortWinner::TableFull(full);
            let lost = |port: &u16| LostPort {
                port: *port,
                to: to.clone(),
            };
            return wanted.iter().map(lost).collect();
        }
        let own = self.by_namespace.get(&id.name.namespace);
        let lost = |port: &u16| {
            let on_port = own?.get(port)?;
            let (kind, [tls, tcp, udp]) = on_port.governing();
            if let (Some(own), Some(first)) = (order(id.kind), kind)
                && own != first
            {
                return Some(LostPort {
                    port: *port,
                    to: PortWinner::Kind(kind_of(first)),
                });
            }
            let first = match id.kind {
                RouteKind::Tls => tls?,
                RouteKind::Tcp => tcp?,
                RouteKind::Udp => udp?,
                _ => return None,
            };
            let place = Place::of(id, age);
            (*first != place).then(|| LostPort {
                port: *port,
                to: PortWinner::Route {
                    route: first.id(),
                    loser: id.clone(),
                    won_by: WonBy::seniority(&first.seniority, &place.seniority),
                },
            })
        };
        wanted.iter().filter_map(lost).collect()
    }
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

/// The kind at a place of that order.
fn kind_of(order: usize) -> RouteKind {
    match order {
        0 => RouteKind::Grpc,
        1 => RouteKind::Http,
        2 => RouteKind::Tls,
        _ => RouteKind::Tcp,
    }
}

/// What a route asks of a Service: ports, `None` for all of them.
fn asked(route: &RouteState, service: &BackendKey) -> BTreeSet<Option<u16>> {
    route
        .parents
        .iter()
        .filter(|parent| parent.accepted.holds())
        .filter_map(|parent| match &parent.target {
            ParentTarget::Service { key, port } if key == service => Some(*port),
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
        http: Vec::new(),
        grpc: Vec::new(),
        tls_routes: Vec::new(),
        tcp: Vec::new(),
        udp: Vec::new(),
    };
    let mut claims = Claims::default();
    let mut members: Vec<(&RouteId, &RouteState, BTreeSet<Option<u16>>)> = Vec::new();
    for (id, route) in routes {
        let asked = asked(route, key);
        if !asked.is_empty() {
            claims.note(id, route.age, &wanted(&asked, &effective), true);
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
        claims.patterns.insert(namespace.to_owned(), judged);
    }
    let mut lost = Lost::new();
    for (id, route, asked) in &members {
        let ports = put(&mut effective, &claims, id, route, asked);
        if !ports.is_empty() {
            lost.insert((*id).clone(), ports.into());
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
pub(in crate::attachment) struct Present<'a> {
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
    present: Present<'_>,
    id: &RouteId,
    old: Option<&RouteState>,
    new: Option<&RouteState>,
    limits: &PatternLimits,
) -> Edited {
    let Present {
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
    let (left, taken) = (wanted(&before, effective), wanted(&after, effective));
    let both: BTreeSet<u16> = if same_age {
        &left & &taken
    } else {
        BTreeSet::new()
    };
    let gone = claims.note(id, age(old), &(&left - &both), false);
    let come = claims.note(id, age(new), &(&taken - &both), true);
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
        let ports = put(effective, claims, id, new, &after);
        if !ports.is_empty() {
            lost.insert(id.clone(), ports.into());
        }
    }
    Edited::Changed
}

/// Puts a route in its place in the order of age and name. Returns the ports that it asks for and that others
/// govern.
fn put(
    service: &mut EffectiveService,
    claims: &Claims,
    id: &RouteId,
    route: &RouteState,
    asked: &BTreeSet<Option<u16>>,
) -> Vec<LostPort> {
    let wanted = wanted(asked, service);
    let lost = claims.lost(id, route.age, &wanted);
    let held: BTreeSet<u16> = wanted
        .iter()
        .filter(|port| lost.binary_search_by_key(port, |lost| &lost.port).is_err())
        .copied()
        .collect();
    if held.is_empty() && !wanted.is_empty() {
        return lost;
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
    lost
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
