//! HTTPRoutes and GRPCRoutes at one listener: which of them is accepted where both want the same hosts
//! (GRPCRoute `spec.hostnames`).

use crate::{
    attachment::{
        RouteConflict, RouteId, RouteKind, WonBy, effective::EffectiveHostname, map::Map,
    },
    meta::{Age, Hostname, Seniority},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

/// The place of a route in the order in which routes are accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::attachment) struct RoutePlace {
    pub(in crate::attachment) seniority: Seniority,
    pub(in crate::attachment) kind: RouteKind,
}

impl RoutePlace {
    pub(in crate::attachment) fn of(id: &RouteId, age: Age) -> Arc<Self> {
        Arc::new(Self {
            seniority: Seniority::new(age, id.name.clone()),
            kind: id.kind,
        })
    }

    pub(in crate::attachment) fn id(&self) -> RouteId {
        RouteId::new(self.kind, self.seniority.name.clone())
    }
}

/// The routes of a listener that takes both kinds. A route is rejected if an older one of the other kind, which
/// is not rejected itself, has a hostname that has hosts in common with one of its own. One that is rejected for its rules
/// rejects no other: of two routes exactly one is to be accepted.
///
/// After a change only those are judged again for which something has changed.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Contest {
    routes: Map<RouteId, Contender>,
    http: Side,
    grpc: Side,
}

/// A route that comes to a listener.
#[derive(Clone, Copy, Debug)]
pub(in crate::attachment) struct Arrival<'a> {
    pub(in crate::attachment) age: Age,
    pub(in crate::attachment) hostnames: &'a Arc<[EffectiveHostname]>,
    /// The route is rejected for its rules: it excludes no other one.
    pub(in crate::attachment) fails: bool,
}

#[derive(Clone, Debug)]
struct Contender {
    place: Arc<RoutePlace>,
    hostnames: Arc<[EffectiveHostname]>,
    /// See [`Arrival::fails`].
    fails: bool,
    verdict: Contested,
}

impl Contender {
    /// Whether the route leaves no place for younger ones of the other kind.
    fn excludes(&self) -> bool {
        self.verdict == Contested::Accepted && !self.fails
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Contested {
    Waiting,
    Accepted,
    Rejected(Arc<RouteConflict>),
}

/// The routes whose verdict a change has changed, and whether they were rejected before.
pub(in crate::attachment) type Changed = BTreeMap<RouteId, bool>;

/// The routes of one kind.
#[derive(Clone, Debug, Default)]
struct Side {
    all: HostnameIndex,
    accepted: HostnameIndex,
}

impl Contest {
    /// Puts a route in the place of the one with its name, or takes it out. Returns the routes that are rejected
    /// now and were not, or are no longer, or are so because of another route.
    pub(in crate::attachment) fn change(
        &mut self,
        id: &RouteId,
        new: Option<Arrival<'_>>,
    ) -> Changed {
        let new = new.map(|new| Contender {
            place: RoutePlace::of(id, new.age),
            hostnames: new.hostnames.clone(),
            fails: new.fails,
            verdict: Contested::Waiting,
        });
        if let (Some(new), Some(old)) = (&new, self.routes.get(id))
            && (&new.place, &new.hostnames, new.fails) == (&old.place, &old.hostnames, old.fails)
        {
            return Changed::new();
        }
        let before = self.conflict(id).cloned();
        let mut waiting = BTreeSet::new();
        if let Some(old) = self.routes.remove(id) {
            let (own, other) = self.sides(id.kind);
            own.all.remove(&old);
            if old.excludes() {
                own.accepted.remove(&old);
                waiting = other.all.younger(&old);
            }
        }
        if let Some(new) = new {
            let (own, _) = self.sides(id.kind);
            own.all.add(&new);
            waiting.insert(new.place.clone());
            self.routes.insert(id.clone(), new);
        }
        let mut changed = self.settle(waiting);
        // The route itself has changed only if the verdict differs from that of the route that it replaces.
        if before.as_ref() == self.conflict(id) {
            changed.remove(id);
        } else {
            changed.insert(id.clone(), before.is_some());
        }
        changed
    }

    /// Judges the routes that wait, and those to which that makes a difference. Each depends on older ones
    /// alone, so that going from old to young it is judged once for each that waits.
    fn settle(&mut self, mut waiting: BTreeSet<Arc<RoutePlace>>) -> Changed {
        let mut changed = Changed::new();
        while let Some(place) = waiting.pop_first() {
            let id = place.id();
            let Some(mut route) = self.routes.remove(&id) else {
                continue;
            };
            let verdict = self.judge(&route);
            let was = route.excludes();
            let before = std::mem::replace(&mut route.verdict, verdict);
            if before != route.verdict {
                let (own, other) = self.sides(id.kind);
                let is = route.excludes();
                if is && !was {
                    own.accepted.add(&route);
                } else if was && !is {
                    own.accepted.remove(&route);
                }
                if is != was {
                    waiting.extend(other.all.younger(&route));
                }
                changed.insert(id.clone(), matches!(before, Contested::Rejected(_)));
            }
            self.routes.insert(id, route);
        }
        changed
    }

    /// Whether a route, which is taken out for the moment, is accepted beside the others.
    fn judge(&mut self, route: &Contender) -> Contested {
        let (_, other) = self.sides(route.place.kind);
        let Some((rival, own)) = other.accepted.oldest_before(route) else {
            return Contested::Accepted;
        };
        let all = other.accepted.before(route, RouteConflict::MOST_WINNERS);
        let winner = rival.id();
        let own = own.hostname.clone();
        let hostnames = self.routes.get(&winner).map(|winner| &winner.hostnames);
        let meets = hostnames.into_iter().flat_map(|h| h.iter()).find(|theirs| {
            match (&theirs.hostname, &own) {
                (Some(theirs), Some(own)) => theirs.intersection(own).is_some(),
                _ => true,
            }
        });
        let others = all.iter().map(|place| place.id());
        let others = others.filter(|other| *other != winner).collect();
        Contested::Rejected(Arc::new(RouteConflict {
            others,
            winner_hostname: meets.and_then(|theirs| theirs.hostname.clone()),
            hostname: own,
            won_by: WonBy::seniority(&rival.seniority, &route.place.seniority),
            winner,
            loser: route.place.id(),
        }))
    }

    /// Why a route that is here is rejected, if it is.
    pub(in crate::attachment) fn conflict(&self, id: &RouteId) -> Option<&Arc<RouteConflict>> {
        match &self.routes.get(id)?.verdict {
            Contested::Rejected(conflict) => Some(conflict),
            _ => None,
        }
    }

    /// The routes that are rejected.
    pub(in crate::attachment) fn rejected(
        &self,
    ) -> impl Iterator<Item = (&RouteId, &Arc<RouteConflict>)> {
        self.routes
            .iter()
            .filter_map(|(id, route)| match &route.verdict {
                Contested::Rejected(conflict) => Some((id, conflict)),
                _ => None,
            })
    }

    /// The hostnames of a route that is here.
    pub(in crate::attachment) fn hostnames(
        &self,
        id: &RouteId,
    ) -> Option<&Arc<[EffectiveHostname]>> {
        self.routes.get(id).map(|route| &route.hostnames)
    }

    /// The side of a kind, and the other one.
    fn sides(&mut self, kind: RouteKind) -> (&mut Side, &mut Side) {
        if kind == RouteKind::Grpc {
            (&mut self.grpc, &mut self.http)
        } else {
            (&mut self.http, &mut self.grpc)
        }
    }
}

/// Routes by their hostnames, asked for those that have hosts in common with others.
#[derive(Clone, Debug, Default)]
struct HostnameIndex {
    all: RoutePlaces,
    /// Without a hostname.
    everything: RoutePlaces,
    exact: Map<String, RoutePlaces>,
    /// By the suffixes of wildcards, dot included.
    wildcards: Map<String, RoutePlaces>,
    /// By every suffix under which one of the hostnames lies.
    above: Map<String, RoutePlaces>,
}

pub(in crate::attachment) type RoutePlaces = BTreeSet<Arc<RoutePlace>>;

/// The suffixes of a name that a wildcard could have, dot included: `.b.c` and `.c` of `a.b.c`.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.')
        .filter_map(|(at, _)| name.get(at..))
        .filter(|suffix| suffix.len() < name.len())
}

impl HostnameIndex {
    fn add(&mut self, route: &Contender) {
        let put = |places: &mut RoutePlaces| _ = places.insert(route.place.clone());
        put(&mut self.all);
        for hostname in route.hostnames.iter() {
            self.visit(hostname.hostname.as_ref(), |map, key| {
                put(map.entry(key.to_owned()).or_default());
            });
            if hostname.hostname.is_none() {
                put(&mut self.everything);
            }
        }
    }

    fn remove(&mut self, route: &Contender) {
        self.all.remove(&route.place);
        self.everything.remove(&route.place);
        for hostname in route.hostnames.iter() {
            self.visit(hostname.hostname.as_ref(), |map, key| {
                if let Some(places) = map.get_mut(key) {
                    places.remove(&route.place);
                    if places.is_empty() {
                        map.remove(key);
                    }
                }
            });
        }
    }

    /// Visits the maps in which a hostname stands, and its keys there.
    fn visit(
        &mut self,
        hostname: Option<&Hostname>,
        mut visit: impl FnMut(&mut Map<String, RoutePlaces>, &str),
    ) {
        let Some(hostname) = hostname else { return };
        let name = match hostname.wildcard_suffix() {
            Some(suffix) => {
                visit(&mut self.wildcards, suffix);
                visit(&mut self.above, suffix);
                suffix
            }
            None => {
                visit(&mut self.exact, hostname.as_str());
                hostname.as_str()
            }
        };
        for suffix in suffixes(name) {
            visit(&mut self.above, suffix);
        }
    }

    /// The sets of routes that have hosts in common with a hostname.
    fn sets<'a>(&'a self, hostname: Option<&'a Hostname>) -> Vec<&'a RoutePlaces> {
        let Some(hostname) = hostname else {
            return vec![&self.all];
        };
        let (name, same) = match hostname.wildcard_suffix() {
            Some(suffix) => (suffix, self.above.get(suffix)),
            None => (hostname.as_str(), self.exact.get(hostname.as_str())),
        };
        let wildcards = suffixes(name).filter_map(|suffix| self.wildcards.get(suffix));
        let sets = same.into_iter().chain(wildcards);
        sets.chain([&self.everything]).collect()
    }

    /// The oldest of the routes that are older than this one and have hosts in common with it, so many of them at most.
    fn before(&self, route: &Contender, most: usize) -> RoutePlaces {
        let hostnames = route.hostnames.iter();
        let sets = hostnames.flat_map(|own| self.sets(own.hostname.as_ref()));
        let places = sets.flat_map(|places| {
            let older = places.range(..route.place.clone());
            older.take(most).cloned()
        });
        let all: RoutePlaces = places.collect();
        all.into_iter().take(most).collect()
    }

    /// The oldest of the routes that are older than this one and have hosts in common with it, and the first of
    /// its hostnames for which that is so.
    fn oldest_before<'r>(
        &self,
        route: &'r Contender,
    ) -> Option<(Arc<RoutePlace>, &'r EffectiveHostname)> {
        route
            .hostnames
            .iter()
            .flat_map(|own| {
                let sets = self.sets(own.hostname.as_ref()).into_iter();
                sets.filter_map(|places| places.first())
                    .map(move |place| (place, own))
            })
            .filter(|(place, _)| **place < route.place)
            .min_by(|one, other| one.0.cmp(other.0))
            .map(|(place, own)| (place.clone(), own))
    }

    /// The routes that are younger and have hosts in common with this one.
    fn younger(&self, route: &Contender) -> RoutePlaces {
        let after = (Bound::Excluded(&*route.place), Bound::Unbounded);
        route
            .hostnames
            .iter()
            .flat_map(|hostname| self.sets(hostname.hostname.as_ref()))
            .flat_map(|places| places.range::<RoutePlace, _>(after))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::NamespacedName;
    use k8s_openapi::jiff::Timestamp;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn hostnames() -> impl Strategy<Value = Arc<[EffectiveHostname]>> {
        let hostname = proptest::option::weighted(
            0.9,
            ("(\\*\\.)?", prop::collection::vec("[ab]", 1..4))
                .prop_map(|(star, labels)| format!("{star}{}", labels.join(".")).parse().unwrap()),
        );
        let hostname = hostname.prop_map(|hostname| EffectiveHostname {
            hostname,
            own: None,
        });
        prop::collection::vec(hostname, 1..3).prop_map(Arc::from)
    }

    fn ids() -> impl Strategy<Value = RouteId> {
        ("a(-[ab])?", "[a-c]", any::<bool>()).prop_map(|(namespace, name, grpc)| {
            let kind = if grpc {
                RouteKind::Grpc
            } else {
                RouteKind::Http
            };
            RouteId::new(kind, NamespacedName::new(namespace, name))
        })
    }

    /// Age, hostnames, and whether the route is rejected for its rules.
    type Wanted = (Age, Arc<[EffectiveHostname]>, bool);

    /// The first pair of hostnames that have hosts in common.
    fn meet(
        one: &[EffectiveHostname],
        other: &[EffectiveHostname],
    ) -> Option<(Option<Hostname>, Option<Hostname>)> {
        one.iter()
            .flat_map(|a| other.iter().map(move |b| (&a.hostname, &b.hostname)))
            .find(|pair| match pair {
                (Some(a), Some(b)) => a.intersection(b).is_some(),
                _ => true,
            })
            .map(|(a, b)| (a.clone(), b.clone()))
    }

    /// The definition: one after the other, each compared with all that are accepted. One that is rejected for its rules
    /// is compared, and never accepted.
    fn rejected(routes: &HashMap<RouteId, Wanted>) -> BTreeMap<RouteId, RouteConflict> {
        let mut order: Vec<(&RouteId, &Wanted)> = routes.iter().collect();
        order.sort_by_key(|(id, (age, ..))| (*age, id.name.to_string(), id.kind));
        let mut accepted: Vec<(&RouteId, &Wanted)> = Vec::new();
        let mut rejected = BTreeMap::new();
        for (id, wanted) in order {
            let mut lost = accepted.iter().filter(|(other, theirs)| {
                other.kind != id.kind && meet(&theirs.1, &wanted.1).is_some()
            });
            match lost.next() {
                Some((winner, theirs)) => {
                    let (hostname, winner_hostname) = meet(&wanted.1, &theirs.1).unwrap();
                    let place = |id: &RouteId, age| Seniority::new(age, id.name.clone());
                    let conflict = RouteConflict {
                        winner: (*winner).clone(),
                        loser: id.clone(),
                        winner_hostname,
                        hostname,
                        won_by: WonBy::seniority(&place(winner, theirs.0), &place(id, wanted.0)),
                        others: lost.take(3).map(|(other, _)| (*other).clone()).collect(),
                    };
                    rejected.insert(id.clone(), conflict);
                }
                None if wanted.2 => {}
                None => accepted.push((id, wanted)),
            }
        }
        rejected
    }

    proptest! {
        /// After every change those are rejected that the definition says, in favour of whom it says, and the
        /// change names exactly those for which that is new.
        #[test]
        fn a_change_leaves_what_the_definition_says_and_names_who_is_concerned(
            changes in prop::collection::vec(
                (ids(), prop::option::weighted(0.8, (
                    prop::option::of(0_i64..3), hostnames(), prop::bool::weighted(0.3),
                ))),
                1..30,
            ),
        ) {
            let mut contest = Contest::default();
            let mut routes: HashMap<RouteId, Wanted> = HashMap::new();
            let mut before = BTreeMap::new();
            for (id, new) in changes {
                let new = new.map(|(second, hostnames, fails)| {
                    let age = second.map(|s| Timestamp::from_second(s).unwrap()).into();
                    (age, hostnames, fails)
                });
                let changed = contest.change(&id, new.as_ref().map(|(age, hostnames, fails)| {
                    Arrival { age: *age, hostnames, fails: *fails }
                }));
                match new {
                    Some(new) => _ = routes.insert(id, new),
                    None => _ = routes.remove(&id),
                }
                let after = rejected(&routes);
                let found: BTreeMap<RouteId, RouteConflict> = contest
                    .rejected()
                    .map(|(id, conflict)| (id.clone(), (**conflict).clone()))
                    .collect();
                prop_assert_eq!(&found, &after);
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
