//! Putting Gateways, listeners and Services together from all their routes.

use super::Update;
use crate::{
    attachment::{
        RouteId,
        assembly::{
            assemble::{self, AcceptedMember, Tally},
            mesh::{self, Lost},
        },
        objects::object::gateway_reference,
        resolver::depends::Dependency,
    },
    meta::NamespacedName,
};
use std::{collections::BTreeMap, sync::Arc};

impl Update<'_> {
    /// Puts Gateways and listeners together from all their routes.
    pub(super) fn assemble(&mut self) {
        for name in std::mem::take(&mut self.rebuild) {
            self.refill.retain(|(gateway, _)| *gateway != name);
            self.rebuild_gateway(&name);
            self.gateway_statuses.insert(name);
        }
        for (name, index) in std::mem::take(&mut self.refill) {
            self.refill_listener(&name, index);
        }
    }

    fn rebuild_gateway(&mut self, name: &NamespacedName) {
        let resolver = &mut *self.resolver;
        let before = resolver.tallies.remove(name).unwrap_or_default();
        let rejected = |tallies: &[Tally]| -> Vec<RouteId> {
            let tallies = tallies.iter().map(Tally::rejected);
            tallies.flat_map(BTreeMap::into_keys).collect()
        };
        self.route_statuses.extend(rejected(&before));
        let effective = match resolver.gateways.get(name) {
            None => None,
            Some(state) => {
                let key = Dependency::Object(gateway_reference(name));
                let routes = resolver
                    .depends
                    .routes_on(&key)
                    .filter_map(|id| resolver.routes.get_key_value(id));
                let assembled = assemble::gateway(state, routes, &resolver.options);
                self.route_statuses.extend(rejected(&assembled.tallies));
                resolver.tallies.insert(name.clone(), assembled.tallies);
                assembled.effective
            }
        };
        let gateways = &mut resolver.resolution.effective.gateways;
        let both = gateways.get(name).zip(effective.as_ref());
        if !both.is_some_and(|(before, after)| before.is_same_but_for_routes(after)) {
            // The data plane does not know yet what it is asked for now, whatever it has said before.
            resolver.reports.forget(name);
        }
        let same = gateways.get(name).map(AsRef::as_ref) == effective.as_ref();
        if same {
            return;
        }
        let before = gateways.get(name).map(AsRef::as_ref);
        self.changes.gateway(name, before, effective.as_ref());
        match effective {
            Some(effective) => _ = gateways.insert(name.clone(), Arc::new(effective)),
            None => _ = gateways.remove(name),
        }
    }

    fn refill_listener(&mut self, name: &NamespacedName, index: usize) {
        let resolver = &mut *self.resolver;
        let key = Dependency::Object(gateway_reference(name));
        let routes = resolver
            .depends
            .routes_on(&key)
            .filter_map(|id| resolver.routes.get_key_value(id));
        let members: Vec<AcceptedMember<'_>> = assemble::in_order(routes)
            .into_iter()
            .filter_map(|(id, route)| {
                let accepted = route.placed_at(name);
                let (_, hostnames) = accepted.into_iter().find(|(at, _)| *at == index)?;
                Some(AcceptedMember::new(id, route, name, hostnames))
            })
            .collect();
        let listener = resolver
            .gateways
            .get(name)
            .and_then(|state| state.listeners.get(index));
        let tally = resolver
            .tallies
            .get_mut(name)
            .and_then(|tallies| tallies.get_mut(index));
        let (Some(listener), Some(tally)) = (listener, tally) else {
            return;
        };
        let before = tally.rejected();
        tally.judge(&members, listener.hostname.as_ref(), &resolver.options);
        let after = tally.rejected();
        let concerned = before.keys().chain(after.keys());
        self.route_statuses.extend(
            concerned
                .filter(|id| before.get(*id) != after.get(*id))
                .cloned(),
        );
        if let Some(effective) = resolver.resolution.effective.gateways.get_mut(name)
            && let Some(at) = effective
                .listeners
                .iter()
                .position(|l| *l.name == *listener.name)
            && let Some(effective) = Arc::make_mut(effective).listeners.get_mut(at)
        {
            assemble::fill(Arc::make_mut(effective), name, tally, &members);
            self.changes.gateways.insert(name.clone());
            self.changes.add_listeners(name, [&*listener.name]);
        }
    }

    pub(super) fn mesh(&mut self) {
        for key in std::mem::take(&mut self.services) {
            let resolver = &mut *self.resolver;
            let parent = Dependency::Parent(key.clone());
            let assembled = resolver.backends.get(&key).map(|state| {
                let routes = resolver
                    .depends
                    .routes_on(&parent)
                    .filter_map(|id| resolver.routes.get_key_value(id));
                mesh::service(&key, state, routes, &resolver.options.patterns)
            });
            let (effective, lost) = match assembled {
                Some(assembled) => {
                    resolver.mesh_claims.insert(key.clone(), assembled.claims);
                    (Some(assembled.effective), assembled.lost)
                }
                None => {
                    resolver.mesh_claims.remove(&key);
                    (None, Lost::new())
                }
            };
            let before = resolver.mesh_lost.remove(&key).unwrap_or_default();
            // Whether a route governs anything at all depends on the ports of the Service, too.
            let concerned = before.keys().chain(lost.keys());
            self.route_statuses.extend(concerned.cloned());
            if !lost.is_empty() {
                resolver.mesh_lost.insert(key.clone(), lost);
            }
            let services = resolver.resolution.effective.services_mut(key.import);
            let name = key.name;
            if services.get(&name).map(AsRef::as_ref) == effective.as_ref() {
                continue;
            }
            match effective {
                Some(effective) => _ = services.insert(name.clone(), Arc::new(effective)),
                None => _ = services.remove(&name),
            }
            self.changes.services_mut(key.import).insert(name);
        }
    }
}
