//! Sharing out the room in the statuses of policies, and what follows for routes where there is none.

use super::Update;
use crate::{
    attachment::{
        RouteId,
        backend::{
            policy::{Policy, PolicyId},
            policy_status::{
                ancestors::Ancestors,
                results::{self, World},
            },
        },
        resolver::{depends::Key, state::PolicyState},
    },
    meta::NamespacedName,
};
use std::collections::BTreeSet;

impl Update<'_> {
    /// Looks again at policies, and marks the routes at Gateways for which a policy has room now or no longer has.
    /// Looking at these again only changes their `ResolvedRefs`, never which backends they use, so that one
    /// pass is enough.
    pub(super) fn ancestors(&mut self) {
        for id in self.dirty.policies.clone() {
            let new = self.policy(&id);
            let resolver = &mut *self.resolver;
            let without = |state: Option<&PolicyState>| {
                let of = state.map(|state| state.ancestors.without_room.clone());
                of.unwrap_or_default()
            };
            let after = without(new.as_ref());
            let old = match new {
                Some(state) => resolver.policies.insert(id.clone(), state),
                None => resolver.policies.remove(&id),
            };
            let before = without(old.as_ref());
            if before == after {
                continue;
            }
            let reference = id.reference();
            for gateway in before.difference(&after) {
                if let Some(policies) = resolver.without_room.get_mut(gateway) {
                    policies.remove(&reference);
                    if policies.is_empty() {
                        resolver.without_room.remove(gateway);
                    }
                }
            }
            for gateway in after.difference(&before) {
                let policies = resolver.without_room.entry(gateway.clone()).or_default();
                policies.insert(reference.clone());
            }
            self.gateway_statuses
                .extend(before.symmetric_difference(&after).cloned());
            let of_resolution = &mut resolver.resolution.without_room;
            if after.is_empty() {
                of_resolution.remove(&reference);
            } else {
                of_resolution.insert(reference, after.clone());
            }
            let changed: BTreeSet<&NamespacedName> = before.symmetric_difference(&after).collect();
            self.mark_routes_at(&id, &changed);
        }
    }

    fn policy(&self, id: &PolicyId) -> Option<PolicyState> {
        let resolver = &*self.resolver;
        let world = World {
            snapshot: &resolver.snapshot,
            options: &resolver.options,
            backends: &resolver.backends,
            usage: &resolver.usage,
        };
        let results = results::results(id, world)?;
        let names: BTreeSet<&NamespacedName> =
            results.iter().flat_map(|result| &result.gateways).collect();
        let gateways = names
            .into_iter()
            .filter_map(|name| resolver.gateways.get(name));
        let own = |controller: &str| resolver.owns(controller);
        let ancestors = Ancestors::of(id, &resolver.snapshot, gateways, own)?;
        Some(PolicyState { results, ancestors })
    }

    /// Marks the routes of these Gateways that refer to a target of a policy.
    fn mark_routes_at(&mut self, id: &PolicyId, gateways: &BTreeSet<&NamespacedName>) {
        let resolver = &*self.resolver;
        let targets = Policy::get(&resolver.snapshot, id).map(Policy::targets);
        for target in targets.into_iter().flatten() {
            let users = Key::Object(target.reference);
            let concerned = |id: &&RouteId| {
                let state = resolver.routes.get(*id);
                state.is_some_and(|state| state.gateways().any(|name| gateways.contains(name)))
            };
            let routes = resolver.depends.routes_on(&users).filter(concerned);
            self.routes.extend(routes.cloned());
        }
    }
}
