//! Looking again at routes, and handing on what has changed.

use super::Update;
use crate::{
    attachment::{
        RouteId, RouteKind,
        assembly::{
            assemble::{self, Edit, Effect},
            contest::Arrival,
            mesh,
        },
        backend::BackendKey,
        effective::EffectiveHostname,
        route::{self, RouteState},
    },
    meta::{Age, NamespacedName},
};
use std::{collections::BTreeSet, sync::Arc};

impl Update<'_> {
    pub(super) fn routes(&mut self) {
        let mut ids = std::mem::take(&mut self.routes);
        ids.sort();
        ids.dedup();
        for id in ids {
            #[cfg(test)]
            ROUTES_EXAMINED.add(1);
            let resolver = &mut *self.resolver;
            let context = resolver.route_context(&self.allowed);
            let new = if resolver.options.takes(id.kind) {
                route::examine(&id, context)
            } else {
                None
            };
            let old = resolver.routes.remove(&id);
            self.examined.push(id.clone());
            if old.is_some() && old == new {
                // The same as before, and no Gateway or Service needs to know. What its status says may still
                // depend on which listeners pass TLS through.
                if !self.changed_gateways.is_empty() && id.kind == RouteKind::Tls {
                    self.route_statuses.push(id.clone());
                }
                self.resolver.routes.extend(new.map(|state| (id, state)));
                continue;
            }
            if let (Some(old), Some(new)) = (&old, &new)
                && !old.has_same_rules(new)
            {
                self.route_changed(&id);
            }
            self.propagate(&id, old.as_ref(), new.as_ref());
            self.route_statuses.push(id.clone());
            self.resolver.routes.extend(new.map(|state| (id, state)));
        }
    }

    /// Passes a change of a route on to its Gateways and Services.
    fn propagate(&mut self, id: &RouteId, old: Option<&RouteState>, new: Option<&RouteState>) {
        let states = || [old, new].into_iter().flatten();
        let gateways: BTreeSet<&NamespacedName> = states().flat_map(RouteState::gateways).collect();
        for gateway in gateways {
            self.edit_gateway(gateway, id, old, new);
        }
        let services: BTreeSet<&BackendKey> = states().flat_map(RouteState::services).collect();
        for service in services {
            self.edit_service(service, id, old, new);
        }
    }

    /// Edits a Service in place, unless it is put together anew anyway.
    fn edit_service(
        &mut self,
        key: &BackendKey,
        id: &RouteId,
        old: Option<&RouteState>,
        new: Option<&RouteState>,
    ) {
        if self.services.contains(key) {
            return;
        }
        let resolver = &mut *self.resolver;
        let services = resolver.resolution.effective.services_mut(key.import);
        let (Some(effective), Some(claims)) = (
            services.get_mut(&key.name),
            resolver.mesh_claims.get_mut(key),
        ) else {
            self.services.insert(key.clone());
            return;
        };
        let lost = resolver.mesh_lost.entry(key.clone()).or_default();
        let present = mesh::PresentService {
            key,
            effective,
            lost,
            claims,
        };
        let edited = mesh::edit(present, id, old, new, &resolver.options.patterns);
        if lost.is_empty() {
            resolver.mesh_lost.remove(key);
        }
        match edited {
            mesh::Edited::Unchanged => {}
            mesh::Edited::Changed => {
                let changed = self.changes.services_mut(key.import);
                changed.insert(key.name.clone());
            }
            mesh::Edited::Anew => _ = self.services.insert(key.clone()),
        }
    }

    /// Edits a Gateway in place, unless it is put together anew anyway.
    fn edit_gateway(
        &mut self,
        gateway: &NamespacedName,
        id: &RouteId,
        old: Option<&RouteState>,
        new: Option<&RouteState>,
    ) {
        if self.rebuild.contains(gateway) {
            return;
        }
        let resolver = &mut *self.resolver;
        let (Some(state), Some(tallies)) = (
            resolver.gateways.get(gateway),
            resolver.tallies.get_mut(gateway),
        ) else {
            self.rebuild.insert(gateway.clone());
            return;
        };
        let counted = |state: Option<&RouteState>| {
            state
                .map(|s| s.counted_at(gateway, |_| true))
                .unwrap_or_default()
        };
        let (before, after) = (counted(old), counted(new));
        if before != after {
            for index in before {
                if let Some(tally) = tallies.get_mut(index) {
                    tally.counted = tally.counted.saturating_sub(1);
                }
            }
            for index in after {
                if let Some(tally) = tallies.get_mut(index) {
                    tally.counted = tally.counted.saturating_add(1);
                }
            }
            self.recounted.insert(gateway.clone());
        }
        let before = old.map(|state| state.placed_at(gateway));
        let after = new.map(|state| state.placed_at(gateway));
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let age = new.map_or(Age::UNKNOWN, |state| state.age);
        let fails = new.is_some_and(RouteState::fails);
        let indexes = before.iter().chain(&after).map(|(index, _)| *index);
        let indexes: BTreeSet<usize> = indexes.collect();
        for index in indexes {
            let (before, after) = (at(&before, index), at(&after, index));
            let (Some(tally), Some(listener)) =
                (tallies.get_mut(index), state.listeners.get(index))
            else {
                continue;
            };
            let passes_through = listener.passes_through();
            let old_built = old.map(|state| state.at_listener(gateway, passes_through));
            let new_built = new.map(|state| state.at_listener(gateway, passes_through));
            let old_rules = old_built.map(|built| &built.rules);
            let new_rules = new_built.map(|built| &built.rules);
            let patterns = new_built.and_then(|built| built.patterns.as_ref());
            let was_rejected = tally.excluded(id).is_some();
            let effect = tally.change(
                id,
                before.is_some(),
                after.map(|hostnames| Arrival {
                    age,
                    hostnames,
                    fails,
                }),
                patterns,
                listener.hostname.as_ref(),
                &resolver.options,
            );
            let mut others = match effect {
                Effect::Changed(others) => others,
                Effect::Anew => {
                    self.refill.insert((gateway.clone(), index));
                    continue;
                }
            };
            others.remove(id);
            self.route_statuses.extend(others.keys().cloned());
            // Those that are rejected in favour of another route now stay out.
            others.retain(|other, was_rejected| *was_rejected != tally.excluded(other).is_some());
            let edit = Edit {
                id,
                old: old_rules.filter(|_| before.is_some() && !was_rejected),
                new: after
                    .filter(|_| tally.excluded(id).is_none())
                    .and_then(|hostnames| Some((new_rules?, hostnames))),
            };
            let nothing = edit.old.is_none() && edit.new.is_none();
            if others.is_empty() && (nothing || unchanged(&edit, before)) {
                continue;
            }
            let Some(effective) = resolver.resolution.effective.gateways.get_mut(gateway) else {
                continue;
            };
            let found = effective
                .listeners
                .iter()
                .position(|l| *l.name == *listener.name);
            let Some(listener) =
                found.and_then(|at| Arc::make_mut(effective).listeners.get_mut(at))
            else {
                continue;
            };
            let listener = Arc::make_mut(listener);
            assemble::apply(listener, &edit);
            for (other, was_rejected) in &others {
                let rules = resolver
                    .routes
                    .get(other)
                    .map(|s| &s.at_listener(gateway, passes_through).rules);
                let accepted = rules.zip(tally.hostnames(other));
                let edit = Edit {
                    id: other,
                    old: rules.filter(|_| !was_rejected),
                    new: accepted.filter(|_| *was_rejected),
                };
                assemble::apply(listener, &edit);
            }
            self.changes.gateways.insert(gateway.clone());
            self.changes.add_listeners(gateway, [&*listener.name]);
        }
    }
}

/// The hostnames at one of the listeners that accept a route, if it is one of them; they are in order.
fn at<'r>(
    accepted: &[(usize, &'r Arc<[EffectiveHostname]>)],
    index: usize,
) -> Option<&'r Arc<[EffectiveHostname]>> {
    let found = accepted.binary_search_by_key(&index, |(index, _)| *index);
    accepted.get(found.ok()?).map(|(_, hostnames)| *hostnames)
}

/// Whether the edit is a no-op.
fn unchanged(edit: &Edit<'_>, before: Option<&Arc<[EffectiveHostname]>>) -> bool {
    match (edit.old, edit.new, before) {
        (Some(old), Some((new, hostnames)), Some(before)) => old == new && before == hostnames,
        _ => false,
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How many routes are looked at again.
    pub(in crate::attachment::resolver) ROUTES_EXAMINED
);
