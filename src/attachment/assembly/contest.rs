//! HTTPRoutes and GRPCRoutes at one listener: which of them hold the hostnames that both want (GRPCRoute
//! `spec.hostnames`).

use crate::{
    attachment::{
        effective::EffectiveHostname,
        objects::route_id::{RouteId, RouteKind},
    },
    meta::{Age, Hostname, Seniority},
};
use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

/// The place of a route in the order in which hostnames are given to routes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    seniority: Seniority,
    kind: RouteKind,
}

/// The routes of a listener that takes both kinds. A route is out if an older one of the other kind, which is
/// not out itself, holds a hostname that has hosts in common with one of its own.
///
/// After a change only those are judged again for which something has changed.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Contest {
    routes: HashMap<RouteId, Contender>,
    http: Side,
    grpc: Side,
}

#[derive(Clone, Debug)]
struct Contender {
    place: Arc<Place>,
    hostnames: Arc<[EffectiveHostname]>,
    holds: bool,
}

/// The routes of one kind.
#[derive(Clone, Debug, Default)]
struct Side {
    wanted: Index,
    /// By those that are not out.
    held: Index,
}

impl Contest {
    /// Puts a route in the place of the one with its name, or takes it out. Returns the routes that are out
    /// now and were not, or are no longer.
    pub(in crate::attachment) fn change(
        &mut self,
        id: &RouteId,
        new: Option<(Age, &Arc<[EffectiveHostname]>)>,
    ) -> BTreeSet<RouteId> {
        let new = new.map(|(age, hostnames)| Contender {
            place: Arc::new(Place {
                seniority: Seniority::new(age, id.name.clone()),
                kind: id.kind,
            }),
            hostnames: hostnames.clone(),
            holds: false,
        });
        if let (Some(new), Some(old)) = (&new, self.routes.get(id))
            && (&new.place, &new.hostnames) == (&old.place, &old.hostnames)
        {
            return BTreeSet::new();
        }
        let before = self.is_out(id);
        let mut waiting = BTreeSet::new();
        if let Some(old) = self.routes.remove(id) {
            let (own, other) = self.sides(id.kind);
            own.wanted.remove(&old);
            if old.holds {
                own.held.remove(&old);
                waiting = other.wanted.younger(&old);
            }
        }
        if let Some(new) = new {
            let (own, _) = self.sides(id.kind);
            own.wanted.add(&new);
            waiting.insert(new.place.clone());
            self.routes.insert(id.clone(), new);
        }
        let mut changed = self.settle(waiting);
        // Nobody had judged the new route before: what counts is the one in whose place it is.
        if before == self.is_out(id) {
            changed.remove(id);
        } else {
            changed.insert(id.clone());
        }
        changed
    }

    /// Judges the routes that wait, and those to which that makes a difference. Each depends on older ones
    /// alone, so that going from old to young it is judged once for each that waits.
    fn settle(&mut self, mut waiting: BTreeSet<Arc<Place>>) -> BTreeSet<RouteId> {
        let mut changed = BTreeSet::new();
        while let Some(place) = waiting.pop_first() {
            let id = RouteId::new(place.kind, place.seniority.name.clone());
            let Some(mut route) = self.routes.remove(&id) else {
                continue;
            };
            let (own, other) = self.sides(id.kind);
            let holds = !other.held.has_older(&route);
            if holds != route.holds {
                route.holds = holds;
                if holds {
                    own.held.add(&route);
                } else {
                    own.held.remove(&route);
                }
                waiting.extend(other.wanted.younger(&route));
                changed.insert(id.clone());
            }
            self.routes.insert(id, route);
        }
        changed
    }

    /// Whether a route is here and out.
    pub(in crate::attachment) fn is_out(&self, id: &RouteId) -> bool {
        self.routes.get(id).is_some_and(|route| !route.holds)
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
struct Index {
    all: Places,
    /// Without a hostname.
    everything: Places,
    exact: HashMap<String, Places>,
    /// By the suffixes of wildcards, dot included.
    wildcards: HashMap<String, Places>,
    /// By every suffix under which one of the hostnames lies.
    above: HashMap<String, Places>,
}

type Places = BTreeSet<Arc<Place>>;

/// The suffixes of a name that a wildcard could have, dot included: `.b.c` and `.c` of `a.b.c`.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.')
        .filter_map(|(at, _)| name.get(at..))
        .filter(|suffix| suffix.len() < name.len())
}

impl Index {
    fn add(&mut self, route: &Contender) {
        let put = |places: &mut Places| _ = places.insert(route.place.clone());
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
        mut visit: impl FnMut(&mut HashMap<String, Places>, &str),
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
    fn sets<'a>(&'a self, hostname: Option<&'a Hostname>) -> Vec<&'a Places> {
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

    /// Whether one of the routes is older and has hosts in common with this one.
    fn has_older(&self, route: &Contender) -> bool {
        let older = |places: &&Places| places.first().is_some_and(|first| *first < route.place);
        route
            .hostnames
            .iter()
            .any(|hostname| self.sets(hostname.hostname.as_ref()).iter().any(older))
    }

    /// The routes that are younger and have hosts in common with this one.
    fn younger(&self, route: &Contender) -> Places {
        let after = (Bound::Excluded(&*route.place), Bound::Unbounded);
        route
            .hostnames
            .iter()
            .flat_map(|hostname| self.sets(hostname.hostname.as_ref()))
            .flat_map(|places| places.range::<Place, _>(after))
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

    type Wanted = (Age, Arc<[EffectiveHostname]>);

    fn meet(one: &[EffectiveHostname], other: &[EffectiveHostname]) -> bool {
        one.iter()
            .flat_map(|a| other.iter().map(move |b| (&a.hostname, &b.hostname)))
            .any(|pair| match pair {
                (Some(a), Some(b)) => a.intersection(b).is_some(),
                _ => true,
            })
    }

    /// The definition: one after the other, each compared with all that hold something.
    fn out(routes: &HashMap<RouteId, Wanted>) -> BTreeSet<RouteId> {
        let mut order: Vec<(&RouteId, &Wanted)> = routes.iter().collect();
        order.sort_by_key(|(id, (age, _))| (*age, id.name.to_string(), id.kind));
        let mut holders: Vec<(&RouteId, &Wanted)> = Vec::new();
        let mut out = BTreeSet::new();
        for (id, wanted) in order {
            let lost = |(other, held): &(&RouteId, &Wanted)| {
                other.kind != id.kind && meet(&held.1, &wanted.1)
            };
            if holders.iter().any(lost) {
                out.insert(id.clone());
            } else {
                holders.push((id, wanted));
            }
        }
        out
    }

    proptest! {
        /// After every change those are out that the definition says, and the change names exactly those
        /// for which that is new.
        #[test]
        fn a_change_leaves_what_the_definition_says_and_names_who_is_concerned(
            changes in prop::collection::vec(
                (ids(), prop::option::weighted(0.8, (prop::option::of(0_i64..3), hostnames()))),
                1..30,
            ),
        ) {
            let mut contest = Contest::default();
            let mut routes: HashMap<RouteId, Wanted> = HashMap::new();
            let mut before = BTreeSet::new();
            for (id, new) in changes {
                let new = new.map(|(second, hostnames)| {
                    (second.map(|s| Timestamp::from_second(s).unwrap()).into(), hostnames)
                });
                let changed = contest.change(&id, new.as_ref().map(|(t, h)| (*t, h)));
                match new {
                    Some(new) => _ = routes.insert(id, new),
                    None => _ = routes.remove(&id),
                }
                let after = out(&routes);
                let found: BTreeSet<RouteId> =
                    contest.routes.keys().filter(|id| contest.is_out(id)).cloned().collect();
                prop_assert_eq!(&found, &after);
                let concerned: BTreeSet<RouteId> =
                    before.symmetric_difference(&after).cloned().collect();
                prop_assert_eq!(changed, concerned);
                before = after;
            }
        }
    }
}
