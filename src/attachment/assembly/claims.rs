//! Which mesh routes want which ports of a Service, and which of them govern these (GEP-1426).

use super::{
    contest::{RoutePlace, RoutePlaces},
    table_patterns::TablePatterns,
};
use crate::{
    attachment::{LostPort, PortWinner, RouteId, RouteKind, WonBy, map::Map},
    meta::{Age, PatternLimits, RoutePatterns},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Which routes want a port, by their namespace: routes of one namespace are for the same clients.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Claims {
    by_namespace: Map<String, OfNamespace>,
    /// By the same namespaces, what their routes' regular expressions take.
    patterns: Map<String, TablePatterns>,
}

/// The ports that a route wants.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) enum Wanted {
    /// All that the Service has. There may be many, and many routes that want them all.
    Every,
    These(BTreeSet<u16>),
}

impl Wanted {
    /// What is wanted here and not there. All ports are not divided.
    pub(super) fn without(&self, others: &Self) -> Self {
        match (self, others) {
            (Self::Every, Self::Every) => Self::These(BTreeSet::new()),
            (Self::These(ports), Self::These(others)) => Self::These(ports - others),
            _ => self.clone(),
        }
    }
}

/// The routes of one namespace.
#[derive(Clone, Debug, Default)]
struct OfNamespace {
    /// Those that want all ports.
    every: OnPort,
    /// Those that name the port.
    by_port: BTreeMap<u16, OnPort>,
}

/// The routes of one namespace that want a port.
#[derive(Clone, Debug, Default)]
struct OnPort {
    /// The routes of each kind, in the order of [`ORDER`]. Of the kinds whose rules have no matches one route leaves nothing to the
    /// others. Hostnames of TLSRoutes mean nothing in a mesh (GEP-1294, "`hostnames` field").
    places: [RoutePlaces; ORDER.len()],
    udp: RoutePlaces,
}

/// Who governs a port.
#[derive(Clone, Debug, Default, PartialEq)]
struct Governing {
    /// The kind, by its place in [`ORDER`].
    kind: Option<usize>,
    /// The first route of that kind.
    winner: Option<Arc<RoutePlace>>,
    /// Whether routes of other kinds want the port, too.
    is_contested: bool,
    /// The TLSRoute, TCPRoute and UDPRoute that leave nothing to others of their kind.
    first: [Option<Arc<RoutePlace>>; 3],
}

impl Governing {
    /// Who governs a port that these and others want.
    fn with(&self, others: &Self) -> Self {
        let [tls, tcp, udp] = &self.first;
        let [other_tls, other_tcp, other_udp] = &others.first;
        let first = |one: &Option<Arc<RoutePlace>>, other: &Option<Arc<RoutePlace>>| {
            one.iter().chain(other).min().cloned()
        };
        let kind = self.kind.into_iter().chain(others.kind).min();
        let winners = [self, others].into_iter().filter(|one| one.kind == kind);
        let differ = self.kind.is_some() && others.kind.is_some() && self.kind != others.kind;
        Self {
            kind,
            winner: winners.filter_map(|one| one.winner.clone()).min(),
            is_contested: self.is_contested || others.is_contested || differ,
            first: [
                first(tls, other_tls),
                first(tcp, other_tcp),
                first(udp, other_udp),
            ],
        }
    }

    /// Whether other routes are judged otherwise than with the routes that governed the port before. If the port had no route
    /// before or has none now, no other route's verdict changes.
    fn moves(&self, before: &Self) -> bool {
        fn differs<T: PartialEq>(before: Option<&T>, after: Option<&T>) -> bool {
            before.is_some() && after.is_some() && before != after
        }
        let mut firsts = before.first.iter().zip(&self.first);
        differs(before.kind.as_ref(), self.kind.as_ref())
            || self.is_contested && differs(before.winner.as_ref(), self.winner.as_ref())
            || firsts.any(|(before, after)| differs(before.as_ref(), after.as_ref()))
    }

    /// Whom a route loses a port to, if to anyone.
    fn over(&self, id: &RouteId, age: Age) -> Option<PortWinner> {
        if let (Some(own), Some(first)) = (order(id.kind), self.kind)
            && own != first
        {
            return Some(PortWinner::Kind {
                kind: ORDER.get(first).copied()?,
                first: self.winner.as_ref()?.id(),
            });
        }
        let [tls, tcp, udp] = &self.first;
        let first = match id.kind {
            RouteKind::Tls => tls.as_ref()?,
            RouteKind::Tcp => tcp.as_ref()?,
            RouteKind::Udp => udp.as_ref()?,
            _ => return None,
        };
        let place = RoutePlace::of(id, age);
        (*first != place).then(|| PortWinner::Route {
            route: first.id(),
            loser: id.clone(),
            won_by: WonBy::seniority(&first.seniority, &place.seniority),
        })
    }
}

impl OnPort {
    fn governing(&self) -> Governing {
        let wanting = || {
            let places = self.places.iter().enumerate();
            places.filter(|(_, places)| !places.is_empty())
        };
        let (kind, winner) = match wanting().next() {
            Some((kind, places)) => (Some(kind), places.first().cloned()),
            None => (None, None),
        };
        let [_, _, tls, tcp] = &self.places;
        Governing {
            kind,
            winner,
            is_contested: wanting().nth(1).is_some(),
            first: [tls, tcp, &self.udp].map(|places| places.first().cloned()),
        }
    }

    fn is_empty(&self) -> bool {
        self.governing() == Governing::default()
    }

    fn change(&mut self, id: &RouteId, age: Age, comes: bool) {
        let places = match order(id.kind) {
            Some(order) => self.places.get_mut(order),
            None => Some(&mut self.udp),
        };
        let Some(places) = places else { return };
        let place = RoutePlace::of(id, age);
        _ = if comes {
            places.insert(place)
        } else {
            places.remove(&place)
        };
    }
}

impl OfNamespace {
    fn change(&mut self, id: &RouteId, age: Age, wanted: &Wanted, comes: bool) {
        let ports = match wanted {
            Wanted::Every => return self.every.change(id, age, comes),
            Wanted::These(ports) => ports,
        };
        for port in ports {
            let on_port = self.by_port.entry(*port).or_default();
            on_port.change(id, age, comes);
            if on_port.is_empty() {
                self.by_port.remove(port);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.every.is_empty() && self.by_port.is_empty()
    }

    /// Who governs a port; of those that no route names, for nothing.
    fn governing(&self, port: Option<u16>) -> Governing {
        let every = self.every.governing();
        match port.and_then(|port| self.by_port.get(&port)) {
            Some(on_port) => every.with(&on_port.governing()),
            None => every,
        }
    }

    /// Who governs each port that a route wants and that routes name, and all others.
    fn governing_each(&self, wanted: &Wanted) -> Vec<(Option<u16>, Governing)> {
        let of = |port: Option<u16>| (port, self.governing(port));
        match wanted {
            Wanted::Every => {
                let named = self.by_port.keys().copied().map(Some);
                named.chain([None]).map(of).collect()
            }
            Wanted::These(ports) => ports.iter().copied().map(Some).map(of).collect(),
        }
    }
}

impl Claims {
    /// Notes that a route wants ports.
    pub(super) fn add(&mut self, id: &RouteId, age: Age, wanted: &Wanted) {
        let namespace = id.name.namespace.clone();
        let own = self.by_namespace.entry(namespace).or_default();
        own.change(id, age, wanted, true);
    }

    /// Notes that a route wants ports, or no longer does. Whether that changes what others govern.
    pub(super) fn note(&mut self, id: &RouteId, age: Age, wanted: &Wanted, comes: bool) -> bool {
        let namespace = &id.name.namespace;
        let own = self.by_namespace.entry(namespace.clone()).or_default();
        let before = own.governing_each(wanted);
        own.change(id, age, wanted, comes);
        let mut before = before.iter();
        let moved = before.any(|(port, before)| own.governing(*port).moves(before));
        if own.is_empty() {
            self.by_namespace.remove(namespace);
        }
        moved
    }

    /// What the regular expressions of the routes of a namespace take.
    pub(super) fn set_patterns(&mut self, namespace: &str, patterns: TablePatterns) {
        self.patterns.insert(namespace.to_owned(), patterns);
    }

    /// Notes what the regular expressions of a route take. Whether all routes of its namespace are to be judged again.
    pub(super) fn change_patterns(
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
}

/// Says which routes lose which ports of a Service.
pub(super) struct Judge<'a> {
    claims: &'a Claims,
    ports: BTreeSet<u16>,
    /// Of those that want all ports, by namespace: an HTTPRoute or a GRPCRoute loses to a kind, and so do all others of its
    /// kind, at the same ports.
    by_kind: Map<(&'a str, RouteKind), Arc<[LostPort]>>,
}

/// Of so many ports each is named with who governs it. A route that loses all of more than that has one entry.
const MOST_NAMED: usize = 8;

impl<'a> Judge<'a> {
    pub(super) fn new(claims: &'a Claims, ports: BTreeSet<u16>) -> Self {
        Self {
            claims,
            ports,
            by_kind: Map::default(),
        }
    }

    /// The ports of the Service.
    pub(super) fn ports(&self) -> &BTreeSet<u16> {
        &self.ports
    }

    /// Of the ports that a route wants, those that it does not get, in order.
    pub(super) fn lost(&mut self, id: &RouteId, age: Age, wanted: &Wanted) -> Arc<[LostPort]> {
        let namespace = id.name.namespace.as_str();
        let patterns = self.claims.patterns.get(namespace);
        if let Some(full) = patterns.and_then(|patterns| patterns.full(id)) {
            let to = PortWinner::TableFull(full);
            let lost = |port: Option<u16>| LostPort {
                port,
                to: to.clone(),
            };
            return match wanted {
                Wanted::Every if self.ports.len() > MOST_NAMED => [lost(None)].into(),
                Wanted::Every => self.ports.iter().copied().map(Some).map(lost).collect(),
                Wanted::These(ports) => ports.iter().copied().map(Some).map(lost).collect(),
            };
        }
        let Some((namespace, own)) = self.claims.by_namespace.get_key_value(namespace) else {
            return [].into();
        };
        if *wanted == Wanted::Every && matches!(id.kind, RouteKind::Http | RouteKind::Grpc) {
            let key = (namespace.as_str(), id.kind);
            if let Some(lost) = self.by_kind.get(&key) {
                return lost.clone();
            }
            let lost: Arc<[LostPort]> = lost(own, &self.ports, id, age, wanted).into();
            self.by_kind.insert(key, lost.clone());
            return lost;
        }
        lost(own, &self.ports, id, age, wanted).into()
    }
}

fn lost(
    own: &OfNamespace,
    ports: &BTreeSet<u16>,
    id: &RouteId,
    age: Age,
    wanted: &Wanted,
) -> Vec<LostPort> {
    let at = |port: Option<u16>| {
        #[cfg(test)]
        PORTS_JUDGED.add(1);
        let to = own.governing(port).over(id, age)?;
        Some(LostPort { port, to })
    };
    let each = |ports: &BTreeSet<u16>| ports.iter().copied().map(Some).filter_map(at).collect();
    match wanted {
        Wanted::These(ports) => each(ports),
        Wanted::Every if ports.len() <= MOST_NAMED => each(ports),
        // Whoever goes before it at ports that no route names does so at the others, too.
        Wanted::Every => match at(None) {
            Some(lost) => vec![lost],
            None => {
                let named = own.by_port.keys().copied();
                named.map(Some).filter_map(at).collect()
            }
        },
    }
}

/// The kinds of routes that exclude each other at one port, those that go before others first; UDP has ports of its own.
const ORDER: [RouteKind; 4] = [
    RouteKind::Grpc,
    RouteKind::Http,
    RouteKind::Tls,
    RouteKind::Tcp,
];

/// The place of a kind in that order.
pub(crate) fn order(kind: RouteKind) -> Option<usize> {
    ORDER.iter().position(|one| *one == kind)
}

#[cfg(test)]
crate::counter::counter!(
    /// How often it is asked who governs a port.
    pub(crate) PORTS_JUDGED
);
