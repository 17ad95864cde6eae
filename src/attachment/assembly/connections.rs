//! TLSRoutes, TCPRoutes and UDPRoutes at one listener: which of them get no connection, since others take all.
//!
//! Their rules have no matches, and the specification says no more of several routes at one listener. What it
//! says of HTTPRoute decides here too: the older route goes first, then the first by `namespace/name`.
//!
//! * Of several TCPRoutes the first one takes every connection, of UDPRoutes every datagram.
//! * A TLSRoute takes the connections for each of its hostnames for which it is the first. The one whose own
//!   hostname is more specific goes before, as among HTTPRoutes.
//! * At a listener that takes TLSRoutes and TCPRoutes, TLSRoutes go first: a TCPRoute takes what no SNI of theirs
//!   fits. Nothing is left where a TLSRoute takes every host of the listener.

use super::contest::{Changed, Place, Places};
use crate::{
    attachment::{RouteConflict, RouteId, RouteKind, WonBy, effective::EffectiveHostname},
    meta::{Age, Hostname, Specificity},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// The routes of a listener that take whole connections or datagrams.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Connections {
    routes: HashMap<RouteId, Contender>,
    tcp: Places,
    udp: Places,
    /// The TLSRoutes of each hostname, the one that takes its connections first.
    tls: HashMap<Option<Hostname>, BTreeSet<Turn>>,
    rejected: BTreeMap<RouteId, Arc<RouteConflict>>,
}

#[derive(Clone, Debug)]
struct Contender {
    place: Arc<Place>,
    hostnames: Arc<[EffectiveHostname]>,
}

/// The place of a TLSRoute among those of one hostname at the listener: the more specific own hostname first.
type Turn = (Reverse<Option<Specificity>>, Arc<Place>);

fn turn(hostname: &EffectiveHostname, place: &Arc<Place>) -> Turn {
    let specificity = hostname.own.as_ref().map(Hostname::specificity);
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
    ) -> Changed {
        let mut concerned = BTreeSet::from([id.clone()]);
        let before = self.all_tcp(everything);
        if let Some(old) = self.routes.remove(id) {
            self.list(&old, false, &mut concerned);
        }
        if let Some((age, hostnames)) = new {
            let new = Contender {
                place: Place::of(id, age),
                hostnames: hostnames.clone(),
            };
            self.list(&new, true, &mut concerned);
            self.routes.insert(id.clone(), new);
        }
        if before != self.all_tcp(everything) {
            concerned.extend(self.tcp.iter().map(|place| place.id()));
        }
        let mut changed = Changed::new();
        for id in concerned {
            let conflict = self.judge(&id, everything).map(Arc::new);
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
    fn all_tcp(&self, everything: Option<&Hostname>) -> [Option<Arc<Place>>; 2] {
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
    fn list(&mut self, route: &Contender, comes: bool, concerned: &mut BTreeSet<RouteId>) {
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
                    put(turns, turn(hostname, &route.place), comes);
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
    fn judge(&self, id: &RouteId, everything: Option<&Hostname>) -> Option<RouteConflict> {
        let route = self.routes.get(id)?;
        let conflict = |winner: &Place, hostname: Option<Hostname>, won_by| RouteConflict {
            winner: winner.id(),
            winner_hostname: hostname.clone(),
            hostname,
            won_by,
        };
        let seniority =
            |winner: &Place| WonBy::seniority(&winner.seniority, &route.place.seniority);
        let first = |places: &Places| {
            let winner = places.first().filter(|first| **first != route.place)?;
            Some(conflict(winner, everything.cloned(), seniority(winner)))
        };
        match id.kind {
            RouteKind::Tcp => match self.first_tls(everything) {
                Some((_, winner)) => Some(conflict(winner, everything.cloned(), WonBy::Sni)),
                None => first(&self.tcp),
            },
            RouteKind::Udp => first(&self.udp),
            RouteKind::Tls => {
                let mut against = None;
                for hostname in route.hostnames.iter() {
                    let own = turn(hostname, &route.place);
                    let winner = self.first_tls(hostname.hostname.as_ref())?;
                    if winner.1 == route.place {
                        return None;
                    }
                    if against.is_none() {
                        let won_by = if winner.0 == own.0 {
                            seniority(&winner.1)
                        } else {
                            WonBy::Hostname
                        };
                        against = Some(conflict(&winner.1, hostname.hostname.clone(), won_by));
                    }
                }
                against
            }
            RouteKind::Http | RouteKind::Grpc => None,
        }
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
