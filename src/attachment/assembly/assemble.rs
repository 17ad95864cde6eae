//! Gateways put together with the routes that attach to them.

use super::{
    connections::Connections,
    contest::{Arrival, Changed, Contest},
    table_patterns::TablePatterns,
};
use crate::{
    attachment::{
        HttpGrpcConflict, Options, RouteConflict, RouteId, RouteKind,
        effective::{
            AttachedRoute, ConnectionRouteRules, EffectiveGateway, EffectiveHostname,
            EffectiveListener, EffectiveTls, RouteList, RouteRules,
        },
        gateway::GatewayState,
        route::{RouteState, rules::Rules},
        standing::Exclusion,
    },
    meta::{Hostname, NamespacedName, RoutePatterns, Seniority, is_narrower},
};
use std::{collections::BTreeMap, sync::Arc};

/// What is counted at a listener, and which routes it rejects for the sake of others.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Tally {
    pub(in crate::attachment) counted: u32,
    http: u32,
    grpc: u32,
    /// Where both kinds are here, and exclude each other by the options.
    contest: Option<Contest>,
    connections: Connections,
    patterns: TablePatterns,
}

/// What a change of one route means for the others at a listener.
pub(in crate::attachment) enum Effect {
    /// For these another route decides now, or none.
    Changed(Changed),
    /// A contest between HTTPRoutes and GRPCRoutes has begun or is over, or the limit of the table is exceeded: all are
    /// judged anew.
    Anew,
}

impl Tally {
    /// Updates the tally: a route that the listener accepts has come, changed or gone; these are its `rules`. `everything` is
    /// the hostname of the listener.
    pub(in crate::attachment) fn change(
        &mut self,
        id: &RouteId,
        was_there: bool,
        new: Option<Arrival<'_>>,
        patterns: Option<&RoutePatterns>,
        everything: Option<&Hostname>,
        options: &Options,
    ) -> Effect {
        if !matches!(id.kind, RouteKind::Http | RouteKind::Grpc) {
            let rank = options.hostname_rank;
            let new = new.map(|new| (new.age, new.hostnames));
            return Effect::Changed(self.connections.change(id, new, everything, rank));
        }
        let patterns = patterns.filter(|_| new.is_some());
        if self.patterns.change(id, patterns, &options.patterns) {
            return Effect::Anew;
        }
        let before = self.mixed();
        if was_there {
            self.count(id.kind, false);
        }
        if new.is_some() {
            self.count(id.kind, true);
        }
        match (before, self.mixed(), &mut self.contest) {
            _ if options.http_grpc_conflict != HttpGrpcConflict::OldestWins => {
                Effect::Changed(Changed::new())
            }
            (false, false, _) => Effect::Changed(Changed::new()),
            (true, true, Some(contest)) => Effect::Changed(contest.change(id, new)),
            _ => Effect::Anew,
        }
    }

    fn count(&mut self, kind: RouteKind, comes: bool) {
        let count = match kind {
            RouteKind::Http => &mut self.http,
            RouteKind::Grpc => &mut self.grpc,
            _ => return,
        };
        *count = if comes {
            count.saturating_add(1)
        } else {
            count.saturating_sub(1)
        };
    }

    /// Whether HTTPRoutes and GRPCRoutes are here, so that they may exclude each other.
    fn mixed(&self) -> bool {
        self.http > 0 && self.grpc > 0
    }

    /// Judges all routes that the listener accepts, older ones first. A route for which the table has no place excludes no
    /// other one.
    pub(in crate::attachment) fn judge(
        &mut self,
        members: &[AcceptedMember<'_>],
        everything: Option<&Hostname>,
        options: &Options,
    ) {
        let patterns = members.iter();
        let patterns = patterns.filter_map(|member| Some((member.id, member.patterns?)));
        *self = Self {
            counted: self.counted,
            patterns: TablePatterns::judge(patterns, &options.patterns),
            ..Self::default()
        };
        for member in members {
            if self.patterns.full(member.id).is_none() {
                self.count(member.id.kind, true);
            }
        }
        if options.http_grpc_conflict == HttpGrpcConflict::OldestWins && self.mixed() {
            self.contest = Some(Contest::default());
        }
        for member in members {
            if self.patterns.full(member.id).is_some() {
                continue;
            }
            let age = member.route.age;
            match (member.id.kind, &mut self.contest) {
                (RouteKind::Http | RouteKind::Grpc, None) => {}
                (RouteKind::Http | RouteKind::Grpc, Some(contest)) => {
                    let new = Arrival {
                        age,
                        hostnames: member.hostnames,
                        fails: member.route.fails(),
                    };
                    contest.change(member.id, Some(new));
                }
                _ => {
                    let rank = options.hostname_rank;
                    let new = Some((age, member.hostnames));
                    self.connections.change(member.id, new, everything, rank);
                }
            }
        }
    }

    /// Why the listener rejects a route for the sake of others, if it does.
    pub(in crate::attachment) fn excluded(&self, id: &RouteId) -> Option<Exclusion> {
        if let Some(full) = self.patterns.full(id) {
            return Some(Exclusion::TableFull(full));
        }
        let conflict = match &self.contest {
            Some(contest) if matches!(id.kind, RouteKind::Http | RouteKind::Grpc) => {
                contest.conflict(id)
            }
            _ => self.connections.conflict(id),
        };
        Some(Exclusion::Conflict(conflict?.clone()))
    }

    /// The hostnames of a TLSRoute whose connections other routes take.
    pub(in crate::attachment) fn lost_hostnames(
        &self,
        id: &RouteId,
        options: &Options,
    ) -> Vec<RouteConflict> {
        self.connections.lost_hostnames(id, options.hostname_rank)
    }

    /// The routes that the listener rejects for the sake of others.
    pub(in crate::attachment) fn rejected(&self) -> BTreeMap<RouteId, Exclusion> {
        let conflicts = self.contest.iter().flat_map(Contest::rejected);
        let conflicts = conflicts.chain(self.connections.rejected());
        let conflicts =
            conflicts.map(|(id, conflict)| (id.clone(), Exclusion::Conflict(conflict.clone())));
        let full = self.patterns.rejected();
        let full = full.map(|(id, full)| (id.clone(), Exclusion::TableFull(*full)));
        conflicts.chain(full).collect()
    }

    /// The hostnames for which the listener accepts a route, if the tally had to look at them.
    pub(in crate::attachment) fn hostnames(
        &self,
        id: &RouteId,
    ) -> Option<&Arc<[EffectiveHostname]>> {
        match &self.contest {
            Some(contest) if matches!(id.kind, RouteKind::Http | RouteKind::Grpc) => {
                contest.hostnames(id)
            }
            _ => self.connections.hostnames(id),
        }
    }
}

/// What a change of one route does to a listener.
pub(in crate::attachment) struct Edit<'a> {
    pub(in crate::attachment) id: &'a RouteId,
    /// What was attached before: only its rank counts.
    pub(in crate::attachment) old: Option<&'a Rules>,
    /// What is attached now.
    pub(in crate::attachment) new: Option<(&'a Rules, &'a Arc<[EffectiveHostname]>)>,
}

/// Carries out an edit.
pub(in crate::attachment) fn apply(listener: &mut EffectiveListener, edit: &Edit<'_>) {
    if let Some(old) = edit.old {
        match old {
            Rules::Http(rules) => listener.http.remove(rules.seniority()),
            Rules::Grpc(rules) => listener.grpc.remove(rules.seniority()),
            Rules::Connection(rules) => {
                connections(listener, edit.id.kind).remove(rules.seniority());
            }
        }
    }
    if let Some((new, hostnames)) = edit.new {
        match new {
            Rules::Http(rules) => put_in(&mut listener.http, rules, hostnames),
            Rules::Grpc(rules) => put_in(&mut listener.grpc, rules, hostnames),
            Rules::Connection(rules) => {
                put_in(connections(listener, edit.id.kind), rules, hostnames);
            }
        }
    }
}

fn connections(
    listener: &mut EffectiveListener,
    kind: RouteKind,
) -> &mut RouteList<AttachedRoute<ConnectionRouteRules>> {
    match kind {
        RouteKind::Tcp => &mut listener.tcp,
        RouteKind::Udp => &mut listener.udp,
        _ => &mut listener.tls_routes,
    }
}

fn put_in<R: RouteRules + Clone>(
    routes: &mut RouteList<AttachedRoute<R>>,
    rules: &Arc<R>,
    hostnames: &Arc<[EffectiveHostname]>,
) {
    routes.replace(AttachedRoute {
        route: rules.clone(),
        hostnames: hostnames.clone(),
    });
}

/// A Gateway put together from all routes that attach to it.
pub(in crate::attachment) struct AssembledGateway {
    pub(in crate::attachment) effective: Option<EffectiveGateway>,
    pub(in crate::attachment) tallies: Vec<Tally>,
}

/// Puts a Gateway together.
pub(in crate::attachment) fn gateway<'a>(
    state: &GatewayState,
    routes: impl Iterator<Item = (&'a RouteId, &'a RouteState)>,
    options: &Options,
) -> AssembledGateway {
    let mut tallies = vec![Tally::default(); state.listeners.len()];
    let mut members: Vec<Vec<AcceptedMember<'a>>> =
        state.listeners.iter().map(|_| Vec::new()).collect();
    for (id, route) in in_order(routes) {
        for index in route.counted_at(&state.name, |_| true) {
            if let Some(tally) = tallies.get_mut(index) {
                tally.counted += 1;
            }
        }
        for (index, hostnames) in route.placed_at(&state.name) {
            if let Some(members) = members.get_mut(index) {
                members.push(AcceptedMember::new(id, route, &state.name, hostnames));
            }
        }
    }
    let mut listeners = Vec::new();
    let places = state.listeners.iter().zip(&mut tallies).zip(members);
    for (index, ((listener, tally), members)) in places.enumerate() {
        tally.judge(&members, listener.hostname.as_ref(), options);
        if !(listener.in_force() && state.serves()) {
            continue;
        }
        let Some(mut bare) = bare(state, index) else {
            continue;
        };
        fill(&mut bare, &state.name, tally, &members);
        listeners.push(Arc::new(bare));
    }
    AssembledGateway {
        effective: state.serves().then(|| EffectiveGateway {
            name: state.name.clone(),
            uid: state.uid.clone(),
            class: state.class.clone(),
            addresses: state.addresses.bound.clone(),
            addresses_reported: state.addresses.reported,
            client_certificate: state.client_certificate(),
            listeners,
        }),
        tallies,
    }
}

/// A route that a listener accepts, as far as no other route excludes it.
pub(in crate::attachment) struct AcceptedMember<'a> {
    pub(in crate::attachment) id: &'a RouteId,
    pub(in crate::attachment) route: &'a RouteState,
    pub(in crate::attachment) hostnames: &'a Arc<[EffectiveHostname]>,
    /// The regular expressions of its matches.
    patterns: Option<&'a RoutePatterns>,
}

impl<'a> AcceptedMember<'a> {
    pub(in crate::attachment) fn new(
        id: &'a RouteId,
        route: &'a RouteState,
        gateway: &NamespacedName,
        hostnames: &'a Arc<[EffectiveHostname]>,
    ) -> Self {
        // Routes that have regular expressions have the same ones where TLS is passed through.
        let patterns = route.at_listener(gateway, false).patterns.as_ref();
        Self {
            id,
            route,
            hostnames,
            patterns,
        }
    }
}

/// Puts routes in order of age and name.
pub(in crate::attachment) fn in_order<'a>(
    routes: impl Iterator<Item = (&'a RouteId, &'a RouteState)>,
) -> Vec<(&'a RouteId, &'a RouteState)> {
    let mut routes: Vec<_> = routes.collect();
    routes.sort_by_key(|(id, route)| (Seniority::new(route.age, &id.name), id.kind));
    routes
}

/// Fills the lists of a listener with routes that are in order, and leaves out those that it rejects for the
/// sake of others.
pub(in crate::attachment) fn fill(
    listener: &mut EffectiveListener,
    gateway: &NamespacedName,
    tally: &Tally,
    members: &[AcceptedMember<'_>],
) {
    let passes_through = listener
        .tls
        .as_ref()
        .is_some_and(EffectiveTls::passes_through);
    let mut http = Vec::with_capacity(tally.http as usize);
    let mut grpc = Vec::with_capacity(tally.grpc as usize);
    let (mut tls_routes, mut tcp, mut udp) = (Vec::new(), Vec::new(), Vec::new());
    for AcceptedMember {
        id,
        route,
        hostnames,
        ..
    } in members
    {
        let hostnames = Arc::clone(hostnames);
        if tally.excluded(id).is_some() {
            continue;
        }
        match &route.at_listener(gateway, passes_through).rules {
            Rules::Http(rules) => http.push(AttachedRoute {
                route: rules.clone(),
                hostnames,
            }),
            Rules::Grpc(rules) => grpc.push(AttachedRoute {
                route: rules.clone(),
                hostnames,
            }),
            Rules::Connection(rules) => {
                let routes = match id.kind {
                    RouteKind::Tcp => &mut tcp,
                    RouteKind::Udp => &mut udp,
                    _ => &mut tls_routes,
                };
                routes.push(AttachedRoute {
                    route: rules.clone(),
                    hostnames,
                });
            }
        }
    }
    listener.http = http.into_iter().collect();
    listener.grpc = grpc.into_iter().collect();
    listener.tls_routes = tls_routes.into_iter().collect();
    listener.tcp = tcp.into_iter().collect();
    listener.udp = udp.into_iter().collect();
}

/// A listener without routes.
fn bare(state: &GatewayState, index: usize) -> Option<EffectiveListener> {
    let listener = state.listeners.get(index)?;
    let own = listener.hostname.as_ref();
    let yields_to: Vec<Hostname> = state
        .listeners
        .iter()
        .filter(|other| {
            other.in_force()
                && other.name != listener.name
                && other.port == listener.port
                && other.protocol.transport() == listener.protocol.transport()
        })
        .filter_map(|other| other.hostname.as_ref())
        .filter(|other| is_narrower(Some(other), own))
        .cloned()
        .collect();
    Some(EffectiveListener {
        name: listener.name.to_string(),
        port: listener.port?,
        protocol: listener.protocol.clone(),
        hostname: listener.hostname.clone(),
        yields_to,
        tls: listener.tls.clone(),
        http: RouteList::default(),
        grpc: RouteList::default(),
        tls_routes: RouteList::default(),
        tcp: RouteList::default(),
        udp: RouteList::default(),
    })
}
