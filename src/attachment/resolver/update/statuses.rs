//! Writing the statuses that may have changed.

use super::Update;
use crate::{
    attachment::{
        AtListener, Attachment, LostPort, Resolver, RouteId, Standing, Status,
        backend::policy::{ancestors, results},
        finding::Finding,
        objects::object::gateway_reference,
        resolver::depends::Key,
        route::{self, AtOne, Fit, ParentState, ParentTarget, RouteState},
        standing::Exclusion,
        status::keep_within,
    },
    meta::{AttachedRoutes, NamespacedName, ObjectRef, condition},
    v1::{RouteParentStatus, RouteStatus},
};
use std::collections::BTreeSet;

impl Update<'_> {
    pub(super) fn write_gateway_statuses(&mut self) {
        let counts_accepted =
            self.resolver.options.behaviour.attached_routes == AttachedRoutes::Accepted;
        if counts_accepted {
            // A route may have become another one's loser, or its winner.
            let routes = self.route_statuses.iter();
            let states = routes.filter_map(|id| self.resolver.routes.get(id));
            self.gateway_statuses
                .extend(states.flat_map(RouteState::gateways).cloned());
        }
        for name in std::mem::take(&mut self.gateway_statuses) {
            let resolver = &*self.resolver;
            let status = resolver.gateways.get(&name).map(|state| {
                let attached: Vec<u32> = if counts_accepted {
                    self.accepted_routes(&name, state.listeners.len())
                } else {
                    let tallies = resolver.tallies.get(&name).into_iter().flatten();
                    tallies.map(|tally| tally.counted).collect()
                };
                let without_room = resolver.without_room.get(&name);
                Status::Gateway(state.status(&attached, without_room.into_iter().flatten()))
            });
            self.set_status(gateway_reference(&name), status);
        }
    }

    /// How many routes that a Gateway accepts each of its listeners selects.
    fn accepted_routes(&self, gateway: &NamespacedName, listeners: usize) -> Vec<u32> {
        let mut counts = vec![0_u32; listeners];
        let key = Key::Object(gateway_reference(gateway));
        for id in self.resolver.depends.routes_on(&key) {
            let Some(route) = self.resolver.routes.get(id) else {
                continue;
            };
            let accepted = |parent: &ParentState| self.at_parent(id, parent).accepted.holds();
            for index in route.counted_at(gateway, accepted) {
                if let Some(count) = counts.get_mut(index) {
                    *count = count.saturating_add(1);
                }
            }
        }
        counts
    }

    pub(super) fn write_route_statuses(&mut self) {
        for id in std::mem::take(&mut self.route_statuses) {
            let said = self
                .resolver
                .routes
                .get(&id)
                .map(|state| self.route_status(&id, state));
            let reference = id.reference();
            match said {
                Some((status, attachments)) => {
                    let attachments_map = &mut self.resolver.resolution.attachments;
                    attachments_map.insert(id, attachments);
                    self.set_status(reference, Some(Status::Route(status)));
                }
                None => {
                    self.resolver.resolution.attachments.remove(&id);
                    self.set_status(reference, None);
                }
            }
        }
    }

    /// The status of a route, and the same for people.
    fn route_status(&self, id: &RouteId, state: &RouteState) -> (RouteStatus, Vec<Attachment>) {
        let mut status = RouteStatus::default();
        let mut attachments = Vec::new();
        for parent in &state.parents {
            let AtParent {
                accepted,
                listeners,
                lost_ports,
            } = self.at_parent(id, parent);
            attachments.push(Attachment {
                parent: parent.reference.clone(),
                attached: accepted.holds(),
                ours: parent.controller.is_some(),
                why: accepted.message.clone(),
                listeners,
                lost_ports,
            });
            let Some(controller) = &parent.controller else {
                continue;
            };
            let built = match &parent.target {
                ParentTarget::Service { .. } => state.at_services(),
                ParentTarget::Gateway {
                    name, listeners, ..
                } => state.at_listener(name, self.resolver.only_passes_through(name, listeners)),
                ParentTarget::Nothing => &state.built,
            };
            let mut conditions = vec![
                accepted.condition(condition::route::ACCEPTED, state.generation),
                built
                    .resolved
                    .condition(condition::route::RESOLVED_REFS, state.generation),
            ];
            if let (true, Some(partially)) = (accepted.holds(), &built.partially_invalid) {
                conditions.push(
                    partially.condition(condition::route::PARTIALLY_INVALID, state.generation),
                );
            }
            if status.parent(&parent.reference, controller).is_none() {
                status.parents.push(RouteParentStatus {
                    parent_ref: parent.reference.clone(),
                    controller_name: controller.clone(),
                    conditions,
                });
            }
        }
        (status, attachments)
    }

    /// The condition `Accepted` of a route at a parent, conflicts with other routes included, and how the route
    /// stands at each listener.
    pub(super) fn at_parent(&self, id: &RouteId, parent: &ParentState) -> AtParent {
        let resolver = &*self.resolver;
        match &parent.target {
            ParentTarget::Gateway {
                name,
                listeners,
                refused,
            } => {
                let tallies = resolver
                    .tallies
                    .get(name)
                    .filter(|_| parent.accepted.holds());
                let excluded = |index: usize| tallies?.get(index)?.excluded(id);
                let stands = |listener: &AtOne| AtListener {
                    name: listener.name.clone(),
                    standing: standing(&parent.accepted, listener, excluded(listener.index)),
                };
                let standings: Vec<AtListener> = listeners.iter().map(stands).collect();
                let some_excluded = standings.iter().any(|at| at.standing.excluded().is_some());
                let accepted = match resolver.gateways.get(name) {
                    Some(gateway) if some_excluded => {
                        route::accepted(id, gateway, listeners, refused, excluded)
                    }
                    _ => parent.accepted.clone(),
                };
                AtParent {
                    accepted,
                    listeners: standings,
                    lost_ports: Vec::new(),
                }
            }
            ParentTarget::Service { key, port } if parent.accepted.holds() => {
                let lost = resolver.mesh_lost.get(key).and_then(|lost| lost.get(id));
                let lost_ports: Vec<LostPort> = lost
                    .into_iter()
                    .flat_map(|lost| lost.iter())
                    .filter(|lost| port.is_none_or(|port| port == lost.port))
                    .cloned()
                    .collect();
                let asked = match (port, resolver.backends.get(key)) {
                    (None, Some(service)) => {
                        let ports = service.ports.iter().map(|port| port.port);
                        ports.collect::<BTreeSet<u16>>().len()
                    }
                    _ => 1,
                };
                AtParent {
                    accepted: route::governs(&parent.accepted, &lost_ports, asked),
                    listeners: Vec::new(),
                    lost_ports,
                }
            }
            ParentTarget::Service { .. } | ParentTarget::Nothing => AtParent {
                accepted: parent.accepted.clone(),
                listeners: Vec::new(),
                lost_ports: Vec::new(),
            },
        }
    }

    pub(super) fn write_policy_statuses(&mut self) {
        for id in std::mem::take(&mut self.dirty.policies) {
            let resolver = &mut *self.resolver;
            let reference = id.reference();
            let state = resolver.policies.get(&id);
            let status = state.map(|state| {
                Status::Policy(ancestors::status(
                    &id,
                    &resolver.snapshot,
                    &state.results,
                    &state.ancestors,
                ))
            });
            let described = state.map(|state| results::describe(&state.results));
            let of_resolution = &mut resolver.resolution.policies;
            match described {
                Some(described) => _ = of_resolution.insert(reference.clone(), described),
                None => _ = of_resolution.remove(&reference),
            }
            self.set_status(reference, status);
        }
    }

    pub(super) fn set_status(&mut self, reference: ObjectRef, mut status: Option<Status>) {
        status.as_mut().map(keep_within);
        let statuses = &mut self.resolver.resolution.statuses;
        if statuses.get(&reference) == status.as_ref() {
            return;
        }
        match status {
            Some(status) => _ = statuses.insert(reference.clone(), status),
            None => _ = statuses.remove(&reference),
        }
        self.changes.statuses.insert(reference);
    }
}

impl Resolver {
    /// Whether some of these listeners of a Gateway pass TLS through, and whether some do not.
    pub(in crate::attachment::resolver) fn listeners_by_tls(
        &self,
        gateway: &NamespacedName,
        indexes: impl Iterator<Item = usize>,
    ) -> (bool, bool) {
        let state = self.gateways.get(gateway);
        let mut found = (false, false);
        for listener in indexes.filter_map(|index| state?.listeners.get(index)) {
            if listener.passes_through() {
                found.0 = true;
            } else {
                found.1 = true;
            }
        }
        found
    }

    /// Whether the listeners of a Gateway that accept a route all pass TLS through.
    pub(in crate::attachment::resolver) fn only_passes_through(
        &self,
        gateway: &NamespacedName,
        listeners: &[AtOne],
    ) -> bool {
        let accepted = |listener: &&AtOne| matches!(listener.fit, Fit::Accepted { .. });
        let indexes = listeners.iter().filter(accepted).map(|one| one.index);
        let (through, ended) = self.listeners_by_tls(gateway, indexes);
        through && !ended
    }
}

/// How a route stands at a parent, other routes included.
pub(super) struct AtParent {
    /// The condition `Accepted`.
    pub(super) accepted: Finding,
    pub(super) listeners: Vec<AtListener>,
    pub(super) lost_ports: Vec<LostPort>,
}

/// How a route stands at a listener, where `accepted` is what the Gateway says of it as a whole.
fn standing(accepted: &Finding, listener: &AtOne, excluded: Option<Exclusion>) -> Standing {
    match (&listener.fit, excluded) {
        (Fit::Rejected { reason, .. }, _) => Standing::Rejected { reason },
        _ if !accepted.holds() => Standing::Rejected {
            reason: accepted.reason,
        },
        (_, Some(excluded)) => excluded.standing(),
        (
            Fit::Accepted {
                hostnames,
                in_force,
            },
            None,
        ) => {
            let hostnames = hostnames.clone();
            if *in_force {
                Standing::InForce { hostnames }
            } else {
                Standing::Idle { hostnames }
            }
        }
    }
}
