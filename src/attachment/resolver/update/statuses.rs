//! Writing the statuses that may have changed.

use super::Update;
use crate::{
    attachment::{
        AtListener, Attachment, LostPort, Resolver, RouteId, Standing, Status,
        assembly::assemble::Tally,
        backend::{
            BackendKey,
            policy_status::{ancestors, results},
        },
        condition_body::{ConditionBody, join},
        gateway,
        objects::object::gateway_reference,
        route::{self, AtOne, Fit, ParentState, ParentTarget, RouteState},
        standing::{Exclusion, lost_at},
        status::keep_within,
    },
    meta::{AttachedRoutes, NamespacedName, ObjectRef, condition},
    v1::{RouteParentStatus, RouteStatus},
};
use std::{borrow::Cow, collections::BTreeSet};

impl Update<'_> {
    pub(super) fn write_gateway_statuses(&mut self) {
        if self.counts_accepted() {
            self.count_accepted();
        }
        for name in std::mem::take(&mut self.recounted) {
            if !self.gateway_statuses.contains(&name) && !self.recount(&name) {
                self.gateway_statuses.insert(name);
            }
        }
        let has_routability = self.resolver.options.has_routability();
        for name in std::mem::take(&mut self.gateway_statuses) {
            let resolver = &*self.resolver;
            let status = resolver.gateways.get(&name).map(|state| {
                let attached = self.attached_routes(&name, state.listeners.len());
                let without_room = resolver.without_room.get(&name);
                let without_room = without_room.into_iter().flatten();
                let reported = resolver.reports.body(&name, resolver.options.programmed);
                let of_listener = |listener: &str| resolver.reports.of_listener(&name, listener);
                let mut status = state.status(&attached, without_room, reported, of_listener);
                if !has_routability {
                    let addresses = status.addresses.iter_mut();
                    addresses.for_each(|address| address.routability = None);
                }
                Status::Gateway(status)
            });
            self.set_status(gateway_reference(&name), status);
        }
    }

    /// Whether a listener's number of attached routes counts accepted ones alone.
    fn counts_accepted(&self) -> bool {
        self.resolver.options.behaviour.attached_routes == AttachedRoutes::Accepted
    }

    /// Puts the numbers of attached routes into the status of a Gateway as it is. False if it has none.
    fn recount(&mut self, name: &NamespacedName) -> bool {
        let listeners = self.resolver.gateways.get(name);
        let listeners = listeners.map_or(0, |state| state.listeners.len());
        let attached = self.attached_routes(name, listeners);
        let reference = gateway_reference(name);
        let status = self.resolver.resolution.statuses.get_mut(&reference);
        let Some(Status::Gateway(status)) = status else {
            return false;
        };
        let mut changed = false;
        for (listener, count) in status.listeners.iter_mut().zip(attached) {
            let count = gateway::attached_routes(count);
            changed |= listener.attached_routes != count;
            listener.attached_routes = count;
        }
        if changed {
            self.status_changed(&reference);
        }
        true
    }

    /// The number of attached routes of each listener of a Gateway.
    fn attached_routes(&self, gateway: &NamespacedName, listeners: usize) -> Vec<u32> {
        if self.counts_accepted() {
            let counted = self.resolver.attached.get(gateway);
            let mut counted = counted.cloned().unwrap_or_default();
            counted.resize(listeners, 0);
            return counted;
        }
        let tallies = self.resolver.tallies.get(gateway).into_iter().flatten();
        tallies.map(|tally| tally.counted).collect()
    }

    /// Counts the routes again that may have become accepted, or no longer are: by themselves, or as the winner or loser of
    /// another one.
    fn count_accepted(&mut self) {
        let mut ids: Vec<&RouteId> = self.route_statuses.iter().collect();
        ids.sort();
        ids.dedup();
        let counted = ids.into_iter().map(|id| (id.clone(), self.attached_at(id)));
        let counted: Vec<_> = counted.collect();
        for (id, now) in counted {
            #[cfg(test)]
            COUNTED.add(1);
            let resolver = &mut *self.resolver;
            let before = resolver.attached_by.remove(&id).unwrap_or_default();
            if before != now {
                for (gateway, index) in &before {
                    let count = resolver.attached.get_mut(gateway);
                    if let Some(count) = count.and_then(|counts| counts.get_mut(*index)) {
                        *count = count.saturating_sub(1);
                    }
                }
                for (gateway, _) in &before {
                    let counts = resolver.attached.get(gateway);
                    if counts.is_some_and(|counts| counts.iter().all(|count| *count == 0)) {
                        resolver.attached.remove(gateway);
                    }
                }
                for (gateway, index) in &now {
                    let counts = resolver.attached.entry(gateway.clone()).or_default();
                    if counts.len() <= *index {
                        counts.resize(index + 1, 0);
                    }
                    if let Some(count) = counts.get_mut(*index) {
                        *count = count.saturating_add(1);
                    }
                }
                let gateways = before.into_iter().chain(now.iter().cloned());
                self.recounted.extend(gateways.map(|(gateway, _)| gateway));
            }
            if !now.is_empty() {
                resolver.attached_by.insert(id, now);
            }
        }
    }

    /// The listeners that select a route by a parent which accepts it.
    fn attached_at(&self, id: &RouteId) -> Vec<(NamespacedName, usize)> {
        let Some(route) = self.resolver.routes.get(id) else {
            return Vec::new();
        };
        let accepted = |parent: &ParentState| self.accepted(id, parent).holds();
        let gateways: BTreeSet<&NamespacedName> = route.gateways().collect();
        let of_each = gateways.into_iter().flat_map(|gateway| {
            let listeners = route.counted_at(gateway, accepted).into_iter();
            listeners.map(|index| (gateway.clone(), index))
        });
        of_each.collect()
    }

    pub(super) fn write_route_statuses(&mut self) {
        let mut ids = std::mem::take(&mut self.route_statuses);
        ids.sort();
        ids.dedup();
        for id in ids {
            let said = self
                .resolver
                .routes
                .get(&id)
                .map(|state| self.route_status(&id, state));
            let reference = id.reference();
            match said {
                Some((status, attachments)) => {
                    let present = self.resolver.resolution.attachments.get(&id);
                    if present != Some(&attachments) {
                        self.route_changed(&id);
                        let of_resolution = &mut self.resolver.resolution.attachments;
                        of_resolution.insert(id, attachments);
                    }
                    self.set_status(reference, Some(Status::Route(status)));
                }
                None => {
                    let of_resolution = &mut self.resolver.resolution.attachments;
                    if of_resolution.remove(&id).is_some() {
                        self.route_changed(&id);
                    }
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
            let accepted = self.accepted(id, parent);
            let listeners = match &parent.target {
                ParentTarget::Gateway {
                    name, listeners, ..
                } => {
                    let here = self.at_gateway(id, parent, name);
                    let stands = |listener: &AtOne| AtListener {
                        name: listener.name.clone(),
                        standing: here.standing(listener),
                    };
                    listeners.iter().map(stands).collect()
                }
                ParentTarget::Service { .. } | ParentTarget::Nothing => Vec::new(),
            };
            attachments.push(Attachment {
                parent: parent.reference.clone(),
                attached: accepted.holds(),
                ours: parent.controller.is_some(),
                why: accepted.message.clone(),
                listeners,
                lost_ports: self.lost_ports(id, parent),
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

    /// The condition `Accepted` of a route at a parent, conflicts with other routes included, and which of its rules forward
    /// nothing.
    pub(super) fn accepted<'p>(
        &self,
        id: &RouteId,
        parent: &'p ParentState,
    ) -> Cow<'p, ConditionBody> {
        let accepted = self.accepted_beside_others(id, parent);
        let state = self.resolver.routes.get(id);
        let remark = state.and_then(|state| state.built.remark.as_deref());
        match remark.filter(|_| accepted.holds()) {
            Some(remark) => {
                let mut accepted = accepted.into_owned();
                accepted.message = format!("{}; {remark}", accepted.message);
                Cow::Owned(accepted)
            }
            None => accepted,
        }
    }

    fn accepted_beside_others<'p>(
        &self,
        id: &RouteId,
        parent: &'p ParentState,
    ) -> Cow<'p, ConditionBody> {
        let resolver = &*self.resolver;
        if parent.fails {
            return self.failing(id, parent);
        }
        match &parent.target {
            ParentTarget::Gateway {
                name,
                listeners,
                refused,
            } => {
                let here = self.at_gateway(id, parent, name);
                match resolver.gateways.get(name) {
                    Some(gateway) if listeners.iter().any(|one| here.excludes(one)) => {
                        let excluded = |index| here.excluded(index);
                        Cow::Owned(route::accepted(id, gateway, listeners, refused, excluded))
                    }
                    _ => Cow::Borrowed(&parent.accepted),
                }
            }
            ParentTarget::Service { key, port } => {
                let asked = || self.ports_asked(key, *port);
                route::governs(&parent.accepted, &self.lost_ports(id, parent), asked)
            }
            ParentTarget::Nothing => Cow::Borrowed(&parent.accepted),
        }
    }

    /// How many ports of a Service a route asks for.
    fn ports_asked(&self, key: &BackendKey, port: Option<u16>) -> usize {
        match (port, self.resolver.backends.get(key)) {
            (None, Some(service)) => {
                let ports = service.ports.iter().map(|port| port.port);
                ports.collect::<BTreeSet<u16>>().len()
            }
            _ => 1,
        }
    }

    /// The condition `Accepted` of a route that is rejected for its rules alone: it says, too, where other routes get its requests,
    /// since to correct the rules is not enough there.
    fn failing<'p>(&self, id: &RouteId, parent: &'p ParentState) -> Cow<'p, ConditionBody> {
        let (lost, answers) = match &parent.target {
            ParentTarget::Gateway {
                name, listeners, ..
            } => {
                let here = self.at_gateway(id, parent, name);
                let standings = listeners.iter().map(|one| (&*one.name, here.standing(one)));
                let standings: Vec<_> = standings.collect();
                let lost = standings.iter();
                let lost = lost.filter_map(|(name, standing)| Some((*name, standing.exclusion()?)));
                let answers = standings
                    .iter()
                    .any(|(_, standing)| standing.is_in_tables());
                (join(&lost_at(lost)), answers)
            }
            ParentTarget::Service { key, port } => {
                let lost = self.lost_ports(id, parent);
                let all = route::lost_all(&lost, || self.ports_asked(key, *port));
                (route::lost_ports(&lost), !all)
            }
            ParentTarget::Nothing => return Cow::Borrowed(&parent.accepted),
        };
        if lost.is_empty() {
            return Cow::Borrowed(&parent.accepted);
        }
        let wrong = match self.resolver.routes.get(id).filter(|_| !answers) {
            Some(state) => {
                let built = match &parent.target {
                    ParentTarget::Service { .. } => state.at_services(),
                    _ => &state.built,
                };
                built.invalid_and_excluded(id, &self.resolver.snapshot)
            }
            None => parent.accepted.message.clone(),
        };
        Cow::Owned(ConditionBody {
            message: format!("{wrong}; rejected at {lost}"),
            ..parent.accepted.clone()
        })
    }

    /// How a route stands at the listeners of a Gateway that is its parent.
    pub(super) fn at_gateway<'u>(
        &'u self,
        id: &'u RouteId,
        parent: &'u ParentState,
        gateway: &NamespacedName,
    ) -> AtGateway<'u> {
        AtGateway {
            id,
            parent,
            tallies: self.resolver.tallies.get(gateway).map(Vec::as_slice),
        }
    }

    /// The ports that a route asks of a Service, its parent, and does not get.
    fn lost_ports(&self, id: &RouteId, parent: &ParentState) -> Vec<LostPort> {
        let ParentTarget::Service { key, port } = &parent.target else {
            return Vec::new();
        };
        let lost = self.resolver.mesh_lost.get(key);
        let lost = lost.filter(|_| parent.has_place());
        lost.and_then(|lost| lost.get(id))
            .into_iter()
            .flat_map(|lost| lost.iter())
            .filter(|lost| port.is_none() || lost.port.is_none() || lost.port == *port)
            .cloned()
            .collect()
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
        match (status, statuses.get_mut(&reference)) {
            (None, None) => return,
            (Some(status), Some(present)) if status == *present => return,
            (Some(status), Some(present)) => *present = status,
            (Some(status), None) => {
                self.status_changed(&reference);
                self.resolver.resolution.statuses.insert(reference, status);
                return;
            }
            (None, Some(_)) => _ = statuses.remove(&reference),
        }
        self.status_changed(&reference);
    }

    /// Notes that an object ought to have another status.
    fn status_changed(&mut self, reference: &ObjectRef) {
        self.resolver.maybe_pending(reference);
        if self.told {
            self.changes.statuses.insert(reference.clone());
        }
    }

    /// Notes that a route does something else than before, or is attached elsewhere.
    pub(super) fn route_changed(&mut self, id: &RouteId) {
        if self.told {
            self.changes.routes.insert(id.clone());
        }
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How often it is counted at which listeners a route is attached.
    pub(in crate::attachment) COUNTED
);

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

/// A route at a Gateway, other routes included.
pub(super) struct AtGateway<'u> {
    id: &'u RouteId,
    /// What the Gateway says of the route as a whole, without regard to others.
    parent: &'u ParentState,
    tallies: Option<&'u [Tally]>,
}

impl AtGateway<'_> {
    /// Why other routes leave no place for this one at a listener.
    fn excluded(&self, index: usize) -> Option<Exclusion> {
        let tallies = self.tallies.filter(|_| self.parent.has_place())?;
        tallies.get(index)?.excluded(self.id)
    }

    /// Whether other routes leave no place for this one at a listener that would accept it.
    fn excludes(&self, listener: &AtOne) -> bool {
        matches!(listener.fit, Fit::Accepted { .. }) && self.excluded(listener.index).is_some()
    }

    pub(super) fn standing(&self, listener: &AtOne) -> Standing {
        match &listener.fit {
            Fit::Rejected { reason, .. } => Standing::Rejected { reason },
            Fit::Accepted {
                hostnames,
                in_force,
            } => {
                if let Some(excluded) = self.excluded(listener.index) {
                    return excluded.standing();
                }
                let accepted = &self.parent.accepted;
                let reason = accepted.reason;
                let hostnames = hostnames.clone();
                match (accepted.holds(), *in_force) {
                    (true, true) => Standing::InForce { hostnames },
                    (true, false) => Standing::Idle { hostnames },
                    (false, true) if self.parent.fails => Standing::Failing { reason, hostnames },
                    (false, _) => Standing::Rejected { reason },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attachment::{Options, Snapshot},
        manifest,
        meta::Release,
    };
    use serde_json::json;

    /// Where only accepted routes count as attached, a route that changes is all that is counted again.
    #[test]
    fn a_route_that_changes_is_counted_and_no_other() {
        let gateway = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "shop"},
            "spec": {"gatewayClassName": "any", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]}});
        let route = |at: usize, parent: &str| {
            json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": format!("r{at}"), "namespace": "shop"},
            "spec": {"parentRefs": [{"name": parent}], "hostnames": [format!("h{at}.example")]}})
        };
        let objects = (0..200).map(|at| route(at, "edge")).chain([gateway]);
        let snapshot: Snapshot = objects
            .map(|object| manifest::decode(&object).unwrap())
            .collect();
        let options = Options::for_manifests().with_release(Release::V1_7_0);
        let mut resolver = Resolver::with_snapshot(snapshot, options);
        resolver.update();
        let attached = |resolver: &Resolver| {
            let statuses = resolver.resolution.statuses.values();
            let of_gateway = statuses.filter_map(|status| match status {
                Status::Gateway(status) => Some(status.listeners[0].attached_routes),
                _ => None,
            });
            of_gateway.sum::<i32>()
        };
        assert_eq!(attached(&resolver), 200);
        COUNTED.take();
        for (parent, expected) in [("other", 199), ("edge", 200)] {
            resolver.insert(manifest::decode(&route(7, parent)).unwrap());
            resolver.update();
            assert_eq!(attached(&resolver), expected);
            assert_eq!(COUNTED.take(), 1);
        }
    }
}
