//! TLSRoutes, TCPRoutes and UDPRoutes at one listener: which of them get no connection, since others take all.
//!
//! Their rules have no matches, and the specification says no more of several routes at one listener. What it
//! says of HTTPRoute decides here too: the older route goes first, then the first by `namespace/name`.
//!
//! * Of several TCPRoutes the first one takes every connection, of UDPRoutes every datagram.
//! * A TLSRoute takes the connections for each of its hostnames for which it is the first. The one whose own
//!   hostname is more specific goes before, as among HTTPRoutes (or else, by [`HostnameRank`], the older one).
//! * At a listener that takes TLSRoutes and TCPRoutes, TLSRoutes go first: a TCPRoute takes what no SNI of theirs
//!   matches. Nothing is left where a TLSRoute takes every host of the listener.

use super::contest::{Changed, RoutePlace, RoutePlaces};
use crate::{
    attachment::{
        RouteConflict, RouteId, RouteKind, WonBy, effective::EffectiveHostname, map::Map,
    },
    meta::{Age, Hostname, HostnameRank, Specificity},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The routes of a listener that take whole connections or datagrams.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Connections {
    routes: Map<RouteId, ConnectionContender>,
    tcp: RoutePlaces,
    udp: RoutePlaces,
    /// The TLSRoutes of each hostname, the one that takes its connections first.
    tls: Map<Option<Hostname>, BTreeSet<Turn>>,
    rejected: BTreeMap<RouteId, Arc<RouteConflict>>,
}

#[derive(Clone, Debug)]
struct ConnectionContender {
    place: Arc<RoutePlace>,
    hostnames: Arc<[EffectiveHostname]>,
}

impl ConnectionContender {
    /// That another route takes what this one asks for.
    fn conflict(
        &self,
        winner: &RoutePlace,
        hostname: Option<&Hostname>,
        won_by: WonBy,
    ) -> RouteConflict {
        RouteConflict {
            winner: winner.id(),
            loser: self.place.id(),
            winner_hostname: hostname.cloned(),
            hostname: hostname.cloned(),
            won_by,
            others: Vec::new(),
        }
    }

    /// That another TLSRoute takes the connections for a hostname of this one.
    fn conflict_for(
        &self,
        hostname: &EffectiveHostname,
        winner: &Turn,
        rank: HostnameRank,
    ) -> RouteConflict {
        let own = turn(hostname, &self.place, rank);
        let won_by = match winner.0 == own.0 {
            true => self.lost_by_age(&winner.1),
            false => WonBy::Hostname,
        };
        self.conflict(&winner.1, hostname.hostname.as_ref(), won_by)
    }

    fn lost_by_age(&self, winner: &RoutePlace) -> WonBy {
        WonBy::seniority(&winner.seniority, &self.place.seniority)
    }
}

/// The place of a TLSRoute among those of one hostname at the listener: the more specific own hostname first.
type Turn = (Reverse<Option<Specificity>>, Arc<RoutePlace>);

fn turn(hostname: &EffectiveHostname, place: &Arc<RoutePlace>, rank: HostnameRank) -> Turn {
    let own = hostname.own.as_ref();
    // All of one hostname at the listener tie where that is what ranks.
    let own = own.filter(|_| rank == HostnameRank::Own);
    let specificity = own.map(Hostname::specificity);
    (Reverse(specificity), place.clone())
}

impl Connections {
    /// Puts a route in the place of the one with its name, or takes it out. `everything` is the hostname of the
    /// listener. Returns the routes that are rejected now and were not, or are no longer, or are so because of
    /// another route.
    pub(in crate::attachment) fn change(
        &mut self,
        id: &RouteId,
        new: Option<(Age, &Arc<[EffectiveHostname]>)>,
        everything: Option<&Hostname>,
        rank: HostnameRank,
    ) -> Changed {
        let mut concerned = BTreeSet::from([id.clone()]);
        let before = self.all_tcp(everything);
        if let Some(old) = self.routes.remove(id) {
            self.list(&old, rank, false, &mut concerned);
        }
        if let Some((age, hostnames)) = new {
            let new = ConnectionContender {
                place: RoutePlace::of(id, age),
                hostnames: hostnames.clone(),
            };
            self.list(&new, rank, true, &mut concerned);
            self.routes.insert(id.clone(), new);
        }
        if before != self.all_tcp(everything) {
            concerned.extend(self.tcp.iter().map(|place| place.id()));
        }
        let mut changed = Changed::new();
        for id in concerned {
            let conflict = self.judge(&id, everything, rank).map(Arc::new);
            let before = match &conflict {
                Some(conflict) => self.rejected.insert(id.clone(), conflict.clone()),
                None => self.rejected.remove(&id),
            };
            if before != conflict {
                changed.insert(id, before.is_some());
            }
        }
        changed
    }

    /// The TLSRoute and the TCPRoute that leave nothing to (other) TCPRoutes.
    fn all_tcp(&self, everything: Option<&Hostname>) -> [Option<Arc<RoutePlace>>; 2] {
        [
            self.first_tls(everything).map(|(_, place)| place.clone()),
            self.tcp.first().cloned(),
        ]
    }

    fn first_tls(&self, hostname: Option<&Hostname>) -> Option<&Turn> {
        self.tls.get(&hostname.cloned())?.first()
    }

    /// Notes a route where it stands for its kind, or takes it out there, and names those for which the first
    /// one is another now. That the TCPRoutes have another first one is for the caller to see.
    fn list(
        &mut self,
        route: &ConnectionContender,
        rank: HostnameRank,
        comes: bool,
        concerned: &mut BTreeSet<RouteId>,
    ) {
        fn put<T: Ord>(places: &mut BTreeSet<T>, place: T, comes: bool) {
            if comes {
                places.insert(place);
            } else {
                places.remove(&place);
            }
        }
        match route.place.kind {
            RouteKind::Tcp => put(&mut self.tcp, route.place.clone(), comes),
            RouteKind::Udp => {
                let first = self.udp.first().cloned();
                put(&mut self.udp, route.place.clone(), comes);
                if first != self.udp.first().cloned() {
                    concerned.extend(self.udp.iter().map(|place| place.id()));
                }
            }
            RouteKind::Tls => {
                for hostname in route.hostnames.iter() {
                    let turns = self.tls.entry(hostname.hostname.clone()).or_default();
                    let first = turns.first().cloned();
                    put(turns, turn(hostname, &route.place, rank), comes);
                    if first != turns.first().cloned() {
                        concerned.extend(turns.iter().map(|(_, place)| place.id()));
                    }
                    if turns.is_empty() {
                        self.tls.remove(&hostname.hostname);
                    }
                }
            }
            RouteKind::Http | RouteKind::Grpc => {}
        }
    }

    /// Why a route gets no connection, if it gets none.
    fn judge(
        &self,
        id: &RouteId,
        everything: Option<&Hostname>,
        rank: HostnameRank,
    ) -> Option<RouteConflict> {
        let route = self.routes.get(id)?;
        let first = |places: &RoutePlaces| {
            let winner = places.first().filter(|first| **first != route.place)?;
            Some(route.conflict(winner, everything, route.lost_by_age(winner)))
        };
        match id.kind {
            RouteKind::Tcp => match self.first_tls(everything) {
                Some((_, winner)) => Some(route.conflict(winner, everything, WonBy::Sni)),
                None => first(&self.tcp),
            },
            RouteKind::Udp => first(&self.udp),
            RouteKind::Tls => {
                let mut against: Option<RouteConflict> = None;
                for hostname in route.hostnames.iter() {
                    let winner = self.loses(route, hostname)?;
                    if let Some(first) = &mut against {
                        let winner = winner.1.id();
                        let is_known = first.winners().any(|known| *known == winner);
                        if !is_known && first.others.len() + 1 < RouteConflict::MOST_WINNERS {
                            first.others.push(winner);
                        }
                    } else {
                        against = Some(route.conflict_for(hostname, winner, rank));
                    }
                }
                against
            }
            RouteKind::Http | RouteKind::Grpc => None,
        }
    }

    /// Which other TLSRoute takes the connections for a hostname of one, if another does.
    fn loses(&self, route: &ConnectionContender, hostname: &EffectiveHostname) -> Option<&Turn> {
        let first = self.first_tls(hostname.hostname.as_ref());
        first.filter(|first| first.1 != route.place)
    }

    /// The hostnames of a TLSRoute whose connections others take, each once.
    pub(in crate::attachment) fn lost_hostnames(
        &self,
        id: &RouteId,
        rank: HostnameRank,
    ) -> Vec<RouteConflict> {
        let Some(route) = self.routes.get(id).filter(|_| id.kind == RouteKind::Tls) else {
            return Vec::new();
        };
        let mut seen = BTreeSet::new();
        let hostnames = route.hostnames.iter();
        let lost = hostnames.filter_map(|hostname| {
            let winner = self.loses(route, hostname)?;
            seen.insert(&hostname.hostname)
                .then(|| route.conflict_for(hostname, winner, rank))
        });
        lost.collect()
    }

    /// Why a route that is here is rejected, if it is.
    pub(in crate::attachment) fn conflict(&self, id: &RouteId) -> Option<&Arc<RouteConflict>> {
        self.rejected.get(id)
    }

    /// The routes that are rejected.
    pub(in crate::attachment) fn rejected(
        &self,
    ) -> impl Iterator<Item = (&RouteId, &Arc<RouteConflict>)> {
        self.rejected.iter()
    }

    /// The hostnames of a route that is here.
    pub(in crate::attachment) fn hostnames(
        &self,
        id: &RouteId,
    ) -> Option<&Arc<[EffectiveHostname]>> {
        self.routes.get(id).map(|route| &route.hostnames)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::{NamespacedName, Seniority};
    use proptest::{prelude::*, sample::select};

    type Wanted = (Age, Arc<[EffectiveHostname]>);

    const NAMES: [&str; 4] = ["a.b.c", "*.b.c", "*.c", "x.b.c"];

    /// Hostnames of a route at a listener, as attachment finds them.
    fn hostnames(
        listener: Option<&'static str>,
    ) -> impl Strategy<Value = Arc<[EffectiveHostname]>> {
        let listener: Option<Hostname> = listener.map(|name| name.parse().unwrap());
        prop::collection::vec(select(&NAMES[..]), 0..3).prop_map(move |names| {
            let common = |name: &&str| {
                let own: Hostname = name.parse().unwrap();
                let hostname = match &listener {
                    Some(listener) => listener.intersection(&own)?.clone(),
                    None => own.clone(),
                };
                Some(EffectiveHostname {
                    hostname: Some(hostname),
                    own: Some(own),
                })
            };
            let found: Vec<EffectiveHostname> = names.iter().filter_map(common).collect();
            if found.is_empty() {
                let every = EffectiveHostname {
                    hostname: listener.clone(),
                    own: None,
                };
                return Arc::from([every]);
            }
            found.into()
        })
    }

    fn ids() -> impl Strategy<Value = RouteId> {
        let kinds = [
            RouteKind::Tls,
            RouteKind::Tls,
            RouteKind::Tcp,
            RouteKind::Udp,
        ];
        ("[a-c]", select(kinds.to_vec()))
            .prop_map(|(name, kind)| RouteId::new(kind, NamespacedName::new("n", name)))
    }

    fn first<'r>(routes: impl Iterator<Item = (&'r RouteId, &'r Wanted)>) -> Option<&'r RouteId> {
        routes
            .min_by_key(|(id, (age, _))| Seniority::new(*age, id.name.clone()))
            .map(|(id, _)| id)
    }

    /// Which routes get something, asked by trying: each SNI that makes a difference, one connection beside, and
    /// one datagram.
    fn reached(
        routes: &BTreeMap<RouteId, Wanted>,
        listener: Option<&Hostname>,
        rank: HostnameRank,
    ) -> BTreeSet<RouteId> {
        let of = |kind: RouteKind| routes.iter().filter(move |(id, _)| id.kind == kind);
        let mut reached = BTreeSet::new();
        let mut left = false;
        for sni in ["a.b.c", "x.b.c", "y.b.c", "y.c", "other"] {
            if listener.is_some_and(|listener| !listener.matches(sni)) {
                continue;
            }
            // The most specific hostname at the listener, then the most specific own one if that ranks, then the older.
            let specificity = |name: Option<&Hostname>| {
                name.map_or((0, 0), |name| {
                    (if name.is_wildcard() { 1 } else { 2 }, name.as_str().len())
                })
            };
            let fits = of(RouteKind::Tls).flat_map(|(id, (age, hostnames))| {
                hostnames
                    .iter()
                    .filter(|h| h.hostname.as_ref().is_none_or(|name| name.matches(sni)))
                    .map(move |h| {
                        let seniority = Seniority::new(*age, id.name.clone());
                        let key = (
                            specificity(h.hostname.as_ref()),
                            specificity(h.own.as_ref().filter(|_| rank == HostnameRank::Own)),
                        );
                        ((Reverse(key), seniority), id)
                    })
            });
            match fits.min_by(|one, other| one.0.cmp(&other.0)) {
                Some((_, id)) => _ = reached.insert(id.clone()),
                None => left = true,
            }
        }
        reached.extend(first(of(RouteKind::Tcp)).filter(|_| left).cloned());
        reached.extend(first(of(RouteKind::Udp)).cloned());
        reached
    }

    proptest! {
        /// After every change those are rejected that get no connection and no datagram, and the change names
        /// exactly those for which the verdict is another.
        #[test]
        fn a_change_leaves_those_rejected_that_get_nothing_and_names_who_is_concerned(
            rank in select(vec![HostnameRank::Own, HostnameRank::Effective]),
            (listener, changes) in select(vec![None, Some("*.c"), Some("*.b.c"), Some("a.b.c")])
                .prop_flat_map(|listener| {
                    let wanted = (prop::option::of(0_i64..3), hostnames(listener));
                    let change = (ids(), prop::option::weighted(0.8, wanted));
                    (Just(listener), prop::collection::vec(change, 1..20))
                }),
        ) {
            let listener: Option<Hostname> = listener.map(|name| name.parse().unwrap());
            let mut connections = Connections::default();
            let mut routes: BTreeMap<RouteId, Wanted> = BTreeMap::new();
            let mut before = BTreeMap::new();
            for (id, new) in changes {
                let every: Arc<[EffectiveHostname]> = Arc::from([EffectiveHostname {
                    hostname: listener.clone(),
                    own: None,
                }]);
                let new = new.map(|(second, hostnames)| {
                    let hostnames = if id.kind == RouteKind::Tls { hostnames } else { every };
                    (second.map_or(Age::UNKNOWN, Age::at_second), hostnames)
                });
                let changed = connections.change(
                    &id,
                    new.as_ref().map(|(age, hostnames)| (*age, hostnames)),
                    listener.as_ref(),
                    rank,
                );
                match new {
                    Some(new) => _ = routes.insert(id, new),
                    None => _ = routes.remove(&id),
                }
                let after: BTreeMap<RouteId, RouteConflict> = connections
                    .rejected()
                    .map(|(id, conflict)| (id.clone(), (**conflict).clone()))
                    .collect();
                let rejected: BTreeSet<RouteId> = after.keys().cloned().collect();
                let reached = reached(&routes, listener.as_ref(), rank);
                let all: BTreeSet<RouteId> = routes.keys().cloned().collect();
                prop_assert_eq!(&rejected, &(&all - &reached));
                for conflict in after.values() {
                    prop_assert!(conflict.winners().all(|id| reached.contains(id)), "{:?}", conflict);
                    let all: BTreeSet<&RouteId> = conflict.winners().collect();
                    prop_assert_eq!(all.len(), conflict.others.len() + 1);
                }
                let concerned: Changed = before
                    .keys()
                    .chain(after.keys())
                    .filter(|id| before.get(id) != after.get(id))
                    .map(|id| (id.clone(), before.contains_key(id)))
                    .collect();
                prop_assert_eq!(changed, concerned);
                before = after;
            }
        }
    }
}
