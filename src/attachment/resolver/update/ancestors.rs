//! Sharing out the room in the statuses of policies, and what follows for routes where there is none.

use super::Update;
use crate::{
    attachment::{
        RouteId,
        backend::{
            BackendKey,
            policy::{Policy, PolicyId, ancestors::Ancestors},
        },
        gateway::GatewayState,
        resolver::depends::Key,
    },
    meta::NamespacedName,
};
use std::collections::{BTreeMap, BTreeSet};

impl Update<'_> {
    /// Looks again at the ancestors of policies, and marks the routes at Gateways for which a policy has
    /// room now or no longer has. These look again at their references alone, so nothing here changes with
    /// them.
    pub(super) fn ancestors(&mut self) {
        for id in self.dirty.policies.clone() {
            let new = self.ancestors_of(&id);
            let resolver = &mut *self.resolver;
            let old = match new.clone() {
                Some(ancestors) => resolver.ancestors.insert(id.clone(), ancestors),
                None => resolver.ancestors.remove(&id),
            };
            let without = |ancestors: Option<Ancestors>| {
                ancestors.map(|a| a.without_room).unwrap_or_default()
            };
            let (before, after) = (without(old), without(new));
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

    fn ancestors_of(&self, id: &PolicyId) -> Option<Ancestors> {
        let resolver = &*self.resolver;
        let policy = Policy::get(&resolver.snapshot, id)?;
        let gateways: BTreeMap<&NamespacedName, &GatewayState> = policy
            .targets()
            .iter()
            .filter_map(|target| BackendKey::of(&target.reference))
            .filter_map(|key| resolver.usage.get(&key))
            .flat_map(BTreeMap::keys)
            .filter_map(|name| Some((name, resolver.gateways.get(name)?)))
            .collect();
        let own = |controller: &str| resolver.owns(controller);
        Ancestors::of(id, &resolver.snapshot, gateways.into_values(), own)
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
            self.dirty.routes.extend(routes.cloned());
        }
    }
}
