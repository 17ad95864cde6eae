//! Sharing out the room in the statuses of policies, and what follows for routes where there is none.

use super::Update;
use crate::{
    attachment::{
        RouteId,
        backend::{
            policy::{Policy, PolicyId},
            policy_status::{
                ancestors::Ancestors,
                results,
                traffic::{ResultInputs, Traffics},
            },
        },
        resolver::{depends::Dependency, state::PolicyState},
    },
    meta::{NamespacedName, ObjectRef},
};
use std::collections::BTreeSet;

impl Update<'_> {
    /// Looks again at policies, and marks the routes at Gateways for which a policy has room now or no longer has.
    /// Looking at these again only changes their `ResolvedRefs`, never which backends they use, so that one
    /// pass is enough.
    pub(super) fn ancestors(&mut self) {
        let mut moved = RoomChanges::default();
        for (id, new) in self.look_at_policies() {
            let resolver = &mut *self.resolver;
            let old = match new {
                Some(state) => resolver.policies.insert(id.clone(), state),
                None => resolver.policies.remove(&id),
            };
            let none = BTreeSet::new();
            let before = old.as_ref().map_or(&none, PolicyState::without_room);
            let after = resolver.policies.get(&id);
            let after = after.map_or(&none, PolicyState::without_room);
            if before == after {
                continue;
            }
            let reference = id.reference();
            for gateway in before.difference(after) {
                if let Some(policies) = resolver.without_room.get_mut(gateway) {
                    policies.remove(&reference);
                    if policies.is_empty() {
                        resolver.without_room.remove(gateway);
                    }
                }
            }
            for gateway in after.difference(before) {
                let policies = resolver.without_room.entry(gateway.clone()).or_default();
                policies.insert(reference.clone());
            }
            moved
                .gateways
                .extend(before.symmetric_difference(after).cloned());
            let of_resolution = &mut resolver.resolution.without_room;
            if after.is_empty() {
                of_resolution.remove(&reference);
            } else {
                of_resolution.insert(reference, after.clone());
            }
            let targets = Policy::get(&resolver.snapshot, &id).map(Policy::targets);
            let targets = targets.into_iter().flatten();
            moved.targets.extend(targets.map(|target| target.reference));
        }
        self.mark_routes(&moved);
        self.gateway_statuses.extend(moved.gateways);
    }

    /// What there is to say now of the policies that are to be looked at again.
    fn look_at_policies(&self) -> Vec<(PolicyId, Option<PolicyState>)> {
        let resolver = &*self.resolver;
        let mut traffics = Traffics::new(ResultInputs {
            snapshot: &resolver.snapshot,
            options: &resolver.options,
            backends: &resolver.backends,
            usage: &resolver.usage,
            gateways: &resolver.gateways,
        });
        let own = |controller: &str| resolver.owns(controller);
        let mut look_at = |id: &PolicyId| {
            let results = results::results(id, &mut traffics)?;
            let (snapshot, gateways) = (&resolver.snapshot, &resolver.gateways);
            let ancestors = Ancestors::of(id, snapshot, &results, gateways, own)?;
            Some(PolicyState { results, ancestors })
        };
        let policies = self.dirty.policies.iter();
        policies.map(|id| (id.clone(), look_at(id))).collect()
    }

    /// Marks the routes of Gateways that refer to targets.
    fn mark_routes(&mut self, RoomChanges { gateways, targets }: &RoomChanges) {
        let resolver = &*self.resolver;
        for target in targets {
            let users = Dependency::Object(target.clone());
            let concerned = |id: &&RouteId| {
                let state = resolver.routes.get(*id);
                state.is_some_and(|state| state.gateways().any(|name| gateways.contains(name)))
            };
            let routes = resolver.depends.routes_on(&users).filter(concerned);
            self.routes.extend(routes.cloned());
        }
    }
}

/// Gateways for which policies have room now or no longer have, and the targets of those policies.
#[derive(Default)]
struct RoomChanges {
    gateways: BTreeSet<NamespacedName>,
    targets: BTreeSet<ObjectRef>,
}
