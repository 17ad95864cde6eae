//! Gateways put together with the routes that attach to them.

use super::contest::Contest;
use crate::{
    attachment::{
        HttpGrpcConflict, RouteId, RouteKind,
        effective::{
            AttachedRoute, ConnectionRouteRules, EffectiveGateway, EffectiveHostname,
            EffectiveListener, RouteRules,
        },
        gateway::GatewayState,
        route::{RouteState, rules::Rules},
    },
    meta::{Hostname, NamespacedName, Seniority},
    v1::{GatewayStatusAddress, ProtocolType},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// What is counted at a listener, and who is out because of a conflict.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Tally {
    pub(in crate::attachment) counted: u32,
    http: u32,
    grpc: u32,
    pub(in crate::attachment) rejected: BTreeSet<RouteId>,
    /// Where both kinds are here, and are in each other's way by the options.
    pub(in crate::attachment) contest: Option<Contest>,
}

impl Tally {
    /// Notes that a route has come or gone as one that attaches.
    fn attach(&mut self, kind: RouteKind, come: bool) {
        let count = match kind {
            RouteKind::Http => &mut self.http,
            RouteKind::Grpc => &mut self.grpc,
            _ => return,
        };
        *count = if come {
            count.saturating_add(1)
        } else {
            count.saturating_sub(1)
        };
    }

    /// Whether both kinds are here, so that they may be in each other's way.
    fn mixed(&self) -> bool {
        self.http > 0 && self.grpc > 0
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

/// What a listener needs after an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::attachment) enum Need {
    /// The edit alone.
    Nothing,
    /// To judge who holds which hostname.
    Contest,
    /// To be put together anew: a contest has begun or is over.
    Refill,
}

/// Counts an edit.
pub(in crate::attachment) fn count(
    tally: &mut Tally,
    edit: &Edit<'_>,
    options: HttpGrpcConflict,
) -> Need {
    if !matches!(edit.id.kind, RouteKind::Http | RouteKind::Grpc) {
        return Need::Nothing;
    }
    let before = tally.mixed();
    if edit.old.is_some() {
        tally.attach(edit.id.kind, false);
    }
    if edit.new.is_some() {
        tally.attach(edit.id.kind, true);
    }
    match (before, tally.mixed()) {
        _ if options != HttpGrpcConflict::OldestWins => Need::Nothing,
        (false, false) => Need::Nothing,
        (true, true) if tally.contest.is_some() => Need::Contest,
        _ => {
            tally.contest = None;
            Need::Refill
        }
    }
}

/// Carries out an edit.
pub(in crate::attachment) fn apply(listener: &mut EffectiveListener, edit: &Edit<'_>) {
    if let Some(old) = edit.old {
        match old {
            Rules::Http(rules) => take_out(&mut listener.http, rules.as_ref()),
            Rules::Grpc(rules) => take_out(&mut listener.grpc, rules.as_ref()),
            Rules::Connection(rules) => {
                take_out(connections(listener, edit.id.kind), rules.as_ref());
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
) -> &mut Vec<AttachedRoute<ConnectionRouteRules>> {
    match kind {
        RouteKind::Tcp => &mut listener.tcp,
        RouteKind::Udp => &mut listener.udp,
        _ => &mut listener.tls_routes,
    }
}

fn take_out<R: RouteRules>(routes: &mut Vec<AttachedRoute<R>>, old: &R) {
    if let Ok(at) = routes.binary_search_by(|r| r.route.seniority().cmp(&old.seniority())) {
        routes.remove(at);
    }
}

fn put_in<R: RouteRules>(
    routes: &mut Vec<AttachedRoute<R>>,
    rules: &Arc<R>,
    hostnames: &Arc<[EffectiveHostname]>,
) {
    let route = AttachedRoute {
        route: rules.clone(),
        hostnames: hostnames.clone(),
    };
    match routes.binary_search_by(|r| r.route.seniority().cmp(&rules.seniority())) {
        Ok(at) => {
            if let Some(place) = routes.get_mut(at) {
                *place = route;
            }
        }
        Err(at) => routes.insert(at, route),
    }
}

/// A Gateway put together from all routes that attach to it.
pub(in crate::attachment) struct Assembled {
    pub(in crate::attachment) effective: Option<EffectiveGateway>,
    pub(in crate::attachment) tallies: Vec<Tally>,
}

/// Puts a Gateway together.
pub(in crate::attachment) fn gateway<'a>(
    state: &GatewayState,
    assigned: Option<&GatewayStatusAddress>,
    routes: impl Iterator<Item = (&'a RouteId, &'a RouteState)>,
    options: HttpGrpcConflict,
) -> Assembled {
    let mut tallies = vec![Tally::default(); state.listeners.len()];
    let mut members: HashMap<usize, Vec<Member<'a>>> = HashMap::new();
    for (id, route) in routes {
        for index in route.counted_at(&state.name) {
            if let Some(tally) = tallies.get_mut(index) {
                tally.counted += 1;
            }
        }
        for (index, hostnames) in route.attached_to(&state.name) {
            members.entry(index).or_default().push(Member {
                id,
                route,
                hostnames,
            });
        }
    }
    let mut listeners = Vec::new();
    for (index, listener) in state.listeners.iter().enumerate() {
        if !(listener.in_force() && state.accepted.holds()) {
            continue;
        }
        let Some(mut bare) = bare(state, index) else {
            continue;
        };
        let members = members.remove(&index).unwrap_or_default();
        if let Some(tally) = tallies.get_mut(index) {
            fill(&mut bare, &state.name, tally, members, options);
        }
        listeners.push(Arc::new(bare));
    }
    Assembled {
        effective: state.accepted.holds().then(|| EffectiveGateway {
            name: state.name.clone(),
            class: state.class.clone(),
            addresses: state.addresses(assigned),
            listeners,
        }),
        tallies,
    }
}

/// A route that wants to be at a listener.
pub(in crate::attachment) struct Member<'a> {
    pub(in crate::attachment) id: &'a RouteId,
    pub(in crate::attachment) route: &'a RouteState,
    pub(in crate::attachment) hostnames: Arc<[EffectiveHostname]>,
}

/// Fills the lists of a listener, and leaves out what loses a conflict.
pub(in crate::attachment) fn fill(
    listener: &mut EffectiveListener,
    gateway: &NamespacedName,
    tally: &mut Tally,
    mut members: Vec<Member<'_>>,
    options: HttpGrpcConflict,
) {
    members.sort_by_key(|m| (Seniority::new(m.route.age, &m.id.name), m.id.kind));
    tally.http = 0;
    tally.grpc = 0;
    for member in &members {
        tally.attach(member.id.kind, true);
    }
    tally.rejected.clear();
    tally.contest = None;
    if options == HttpGrpcConflict::OldestWins && tally.mixed() {
        let mut contest = Contest::default();
        for member in &members {
            if matches!(member.id.kind, RouteKind::Http | RouteKind::Grpc) {
                let new = Some((member.route.age, &member.hostnames));
                tally.rejected.extend(contest.change(member.id, new));
            }
        }
        tally.contest = Some(contest);
    }
    listener.http.clear();
    listener.grpc.clear();
    listener.tls_routes.clear();
    listener.tcp.clear();
    listener.udp.clear();
    for Member {
        id,
        route,
        hostnames,
    } in members
    {
        if tally.rejected.contains(id) {
            continue;
        }
        // In order of rank already.
        match &route.at_gateway(gateway).rules {
            Rules::Http(rules) => listener.http.push(AttachedRoute {
                route: rules.clone(),
                hostnames,
            }),
            Rules::Grpc(rules) => listener.grpc.push(AttachedRoute {
                route: rules.clone(),
                hostnames,
            }),
            Rules::Connection(rules) => connections(listener, id.kind).push(AttachedRoute {
                route: rules.clone(),
                hostnames,
            }),
        }
    }
}

/// A listener without routes.
fn bare(state: &GatewayState, index: usize) -> Option<EffectiveListener> {
    let listener = state.listeners.get(index)?;
    let own = listener.hostname.as_ref();
    let udp = |protocol: &ProtocolType| *protocol == ProtocolType::Udp;
    let yields_to: Vec<Hostname> = state
        .listeners
        .iter()
        .filter(|other| {
            other.in_force()
                && other.name != listener.name
                && other.port == listener.port
                && udp(&other.protocol) == udp(&listener.protocol)
        })
        .filter_map(|other| other.hostname.as_ref())
        .filter(|other| own.is_none_or(|own| own != *other && own.covers(other)))
        .cloned()
        .collect();
    Some(EffectiveListener {
        name: listener.name.clone(),
        port: listener.port?,
        protocol: listener.protocol.clone(),
        hostname: listener.hostname.clone(),
        yields_to,
        tls: listener.tls.clone(),
        http: Vec::new(),
        grpc: Vec::new(),
        tls_routes: Vec::new(),
        tcp: Vec::new(),
        udp: Vec::new(),
    })
}
