//! Looking again at what has changed, and at what depends on it.

use super::{Dirty, Resolver};
use crate::{
    attachment::{
        Attachment, RouteId, Snapshot, Status, addresses,
        assemble::{self, Edit, Member},
        backend::{self, BackendKey},
        depends::{Dependent, Key, class_reference, gateway_reference},
        effective::EffectiveHostname,
        finding::Finding,
        gateway::{self, ClassState, GatewayState},
        mesh,
        policy::{self, PolicyId},
        resolution::Changes,
        route::{self, ParentTarget, RouteState, World},
        rules::Rules,
    },
    meta::{NamespacedName, ObjectReference, condition},
    v1::{RouteParentStatus, RouteStatus},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// One round of looking again: each step marks what the next ones have to do.
pub(super) struct Update<'a> {
    resolver: &'a mut Resolver,
    dirty: Dirty,
    /// Gateways to put together from all their routes.
    rebuild: BTreeSet<NamespacedName>,
    /// Listeners to put together from all their routes, because of conflicts.
    refill: BTreeSet<(NamespacedName, usize)>,
    services: BTreeSet<NamespacedName>,
    gateway_statuses: BTreeSet<NamespacedName>,
    route_statuses: BTreeSet<RouteId>,
    changes: Changes,
}

impl<'a> Update<'a> {
    pub(super) fn new(resolver: &'a mut Resolver, dirty: Dirty) -> Self {
        Self {
            resolver,
            dirty,
            rebuild: BTreeSet::new(),
            refill: BTreeSet::new(),
            services: BTreeSet::new(),
            gateway_statuses: BTreeSet::new(),
            route_statuses: BTreeSet::new(),
            changes: Changes::default(),
        }
    }

    pub(super) fn run(mut self) -> Changes {
        self.grants();
        self.classes();
        self.gateways();
        self.backends();
        self.routes();
        self.assemble();
        self.mesh();
        self.write_gateway_statuses();
        self.write_route_statuses();
        self.write_policy_statuses();
        self.changes
    }

    fn grants(&mut self) {
        for namespace in std::mem::take(&mut self.dirty.grants) {
            let resolver = &mut *self.resolver;
            resolver.grants.refresh(&resolver.snapshot, &namespace);
            for dependent in resolver.depends.on(&Key::Grants(namespace)) {
                match dependent {
                    Dependent::Gateway(name) => _ = self.dirty.gateways.insert(name.clone()),
                    Dependent::Route(id) => _ = self.dirty.routes.insert(id.clone()),
                    _ => {}
                }
            }
        }
    }

    fn classes(&mut self) {
        for name in std::mem::take(&mut self.dirty.classes) {
            let resolver = &mut *self.resolver;
            let new = resolver
                .snapshot
                .gateway_classes()
                .get(&name)
                .and_then(|class| {
                    gateway::examine_class(class, &resolver.snapshot, &resolver.options)
                });
            let reference = class_reference(&name.name);
            let status = new
                .as_ref()
                .map(|class| Status::GatewayClass(class.status(&resolver.options)));
            match new {
                Some(class) => _ = resolver.classes.insert(name, class),
                None => _ = resolver.classes.remove(&name),
            }
            for dependent in resolver.depends.on(&Key::Object(reference.clone())) {
                if let Dependent::Gateway(name) = dependent {
                    self.dirty.gateways.insert(name.clone());
                }
            }
            self.set_status(reference, status);
        }
    }

    fn gateways(&mut self) {
        let names = std::mem::take(&mut self.dirty.gateways);
        if names.is_empty() {
            return;
        }
        for name in names {
            let new = self.examine_gateway(&name);
            let resolver = &mut *self.resolver;
            let same = new.is_some() && resolver.gateways.get(&name) == new.as_ref();
            match new {
                Some(gateway) => _ = resolver.gateways.insert(name.clone(), gateway),
                None => _ = resolver.gateways.remove(&name),
            }
            if same {
                continue;
            }
            let key = Key::Object(gateway_reference(&name));
            self.dirty
                .routes
                .extend(resolver.depends.routes_on(&key).cloned());
            self.rebuild.insert(name);
        }
        let resolver = &mut *self.resolver;
        let assigned = addresses::assign(
            resolver.gateways.values(),
            &resolver.snapshot,
            &resolver.options.addresses,
        );
        let before = std::mem::replace(&mut resolver.assigned, assigned);
        for name in resolver.gateways.keys() {
            if before.get(name) != resolver.assigned.get(name) {
                self.rebuild.insert(name.clone());
            }
        }
    }

    fn examine_gateway(&self, name: &NamespacedName) -> Option<GatewayState> {
        let resolver = &*self.resolver;
        let gateway = resolver.snapshot.gateways().get(name)?;
        let class_name = &gateway.spec.gateway_class_name;
        let place = NamespacedName::new("", class_name);
        let assumed;
        let class = match resolver.classes.get(&place) {
            Some(class) => class,
            None => {
                let there = resolver.snapshot.gateway_classes().contains_key(&place);
                if there || !resolver.options.assume.classes {
                    return None;
                }
                assumed = ClassState::assumed(class_name, &resolver.options);
                &assumed
            }
        };
        Some(gateway::examine(
            gateway,
            class,
            &resolver.snapshot,
            &resolver.grants,
            &resolver.options,
        ))
    }

    fn backends(&mut self) {
        for key in std::mem::take(&mut self.dirty.backends) {
            let resolver = &mut *self.resolver;
            let policies = policy::for_backend(
                &key,
                &resolver.depends.policies_for(&key),
                &resolver.snapshot,
            );
            let new = backend::examine(
                &key,
                &resolver.depends.slices_of(&key),
                policies,
                &resolver.snapshot,
                &resolver.options,
            );
            if resolver.backends.get(&key) == new.as_ref() {
                continue;
            }
            self.dirty
                .policies
                .extend(resolver.depends.policies_for(&key));
            let users = Key::Object(key.reference());
            self.dirty
                .routes
                .extend(resolver.depends.routes_on(&users).cloned());
            if !key.import {
                let parents = Key::Parent(key.name.clone());
                self.dirty
                    .routes
                    .extend(resolver.depends.routes_on(&parents).cloned());
                self.services.insert(key.name.clone());
            }
            match new {
                Some(state) => _ = resolver.backends.insert(key, state),
                None => _ = resolver.backends.remove(&key),
            }
        }
    }

    fn routes(&mut self) {
        for id in std::mem::take(&mut self.dirty.routes) {
            let resolver = &mut *self.resolver;
            let world = World {
                options: &resolver.options,
                snapshot: &resolver.snapshot,
                grants: &resolver.grants,
                gateways: &resolver.gateways,
                backends: &resolver.backends,
            };
            let new = if id.kind.supported(&resolver.options) {
                route::examine(&id, world)
            } else {
                None
            };
            let old = resolver.routes.remove(&id);
            if old.is_some() && old == new {
                // The same as before, and no Gateway or Service needs to know.
                resolver.routes.extend(new.map(|state| (id, state)));
                continue;
            }
            self.propagate(&id, old.as_ref(), new.as_ref());
            self.route_statuses.insert(id.clone());
            self.resolver.routes.extend(new.map(|state| (id, state)));
        }
    }

    /// Hands a change of a route on to its Gateways and Services and to the policies of its backends.
    fn propagate(&mut self, id: &RouteId, old: Option<&RouteState>, new: Option<&RouteState>) {
        let states = || [old, new].into_iter().flatten();
        let gateways: BTreeSet<&NamespacedName> = states().flat_map(RouteState::gateways).collect();
        for gateway in gateways {
            self.edit_gateway(gateway, id, old, new);
        }
        for state in states() {
            for parent in &state.parents {
                if let ParentTarget::Service { name, .. } = &parent.target {
                    self.services.insert(name.clone());
                }
            }
        }
        let before = usage(old);
        let after = usage(new);
        for (key, gateway) in before.difference(&after) {
            self.use_backend(key, gateway, false);
        }
        for (key, gateway) in after.difference(&before) {
            self.use_backend(key, gateway, true);
        }
    }

    /// Counts that a route of a Gateway uses a backend, or no longer does.
    fn use_backend(&mut self, key: &BackendKey, gateway: &NamespacedName, begins: bool) {
        let resolver = &mut *self.resolver;
        let users = resolver.usage.entry(key.clone()).or_default();
        let count = users.entry(gateway.clone()).or_default();
        *count = if begins {
            count.saturating_add(1)
        } else {
            count.saturating_sub(1)
        };
        let edge = *count == 0 || (begins && *count == 1);
        if *count == 0 {
            users.remove(gateway);
        }
        if users.is_empty() {
            resolver.usage.remove(key);
        }
        if edge {
            self.dirty
                .policies
                .extend(resolver.depends.policies_for(key));
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
        let counted =
            |state: Option<&RouteState>| state.map(|s| s.counted_at(gateway)).unwrap_or_default();
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
            self.gateway_statuses.insert(gateway.clone());
        }
        let attached =
            |state: Option<&RouteState>| state.map(|s| s.attached_to(gateway)).unwrap_or_default();
        let (before, after) = (attached(old), attached(new));
        let rules = |state: Option<&'_ RouteState>| state.map(|s| s.built.rules.clone());
        let (old_rules, new_rules): (Option<Rules>, Option<Rules>) = (rules(old), rules(new));
        let indexes: BTreeSet<usize> = before.keys().chain(after.keys()).copied().collect();
        for index in indexes {
            let edit = Edit {
                id,
                old: before
                    .contains_key(&index)
                    .then_some(old_rules.as_ref())
                    .flatten(),
                new: after
                    .get(&index)
                    .and_then(|hostnames| Some((new_rules.as_ref()?, hostnames))),
            };
            let Some(tally) = tallies.get_mut(index) else {
                continue;
            };
            if assemble::count(tally, &edit, resolver.options.http_grpc_conflict) {
                self.refill.insert((gateway.clone(), index));
                continue;
            }
            if unchanged(&edit, before.get(&index)) {
                continue;
            }
            let listener = state.listeners.get(index).map(|l| l.name.as_str());
            if let Some(effective) = resolver.resolution.effective.gateways.get_mut(gateway)
                && let Some(listener) = Arc::make_mut(effective)
                    .listeners
                    .iter_mut()
                    .find(|l| Some(l.name.as_str()) == listener)
            {
                assemble::apply(Arc::make_mut(listener), &edit);
                self.changes.gateways.insert(gateway.clone());
            }
        }
    }

    /// Puts Gateways and listeners together from all their routes.
    fn assemble(&mut self) {
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
        let mut rejected: BTreeSet<RouteId> = before.into_iter().flat_map(|t| t.rejected).collect();
        let effective = match resolver.gateways.get(name) {
            None => None,
            Some(state) => {
                let key = Key::Object(gateway_reference(name));
                let routes = resolver
                    .depends
                    .routes_on(&key)
                    .filter_map(|id| resolver.routes.get_key_value(id));
                let assembled = assemble::gateway(
                    state,
                    resolver.assigned.get(name),
                    routes,
                    resolver.options.http_grpc_conflict,
                );
                rejected.extend(
                    assembled
                        .tallies
                        .iter()
                        .flat_map(|t| t.rejected.iter().cloned()),
                );
                resolver.tallies.insert(name.clone(), assembled.tallies);
                assembled.effective
            }
        };
        self.route_statuses.extend(rejected);
        let gateways = &mut resolver.resolution.effective.gateways;
        let same = gateways.get(name).map(AsRef::as_ref) == effective.as_ref();
        if same {
            return;
        }
        self.changes.gateways.insert(name.clone());
        match effective {
            Some(effective) => _ = gateways.insert(name.clone(), Arc::new(effective)),
            None => _ = gateways.remove(name),
        }
    }

    fn refill_listener(&mut self, name: &NamespacedName, index: usize) {
        let resolver = &mut *self.resolver;
        let key = Key::Object(gateway_reference(name));
        let members: Vec<Member<'_>> = resolver
            .depends
            .routes_on(&key)
            .filter_map(|id| {
                let (id, route) = resolver.routes.get_key_value(id)?;
                let hostnames = route.attached_to(name).remove(&index)?;
                Some(Member {
                    id,
                    route,
                    hostnames,
                })
            })
            .collect();
        let listener_name = resolver
            .gateways
            .get(name)
            .and_then(|state| state.listeners.get(index))
            .map(|listener| listener.name.as_str());
        let tally = resolver
            .tallies
            .get_mut(name)
            .and_then(|tallies| tallies.get_mut(index));
        let effective = resolver.resolution.effective.gateways.get_mut(name);
        let (Some(tally), Some(effective)) = (tally, effective) else {
            return;
        };
        let before = std::mem::take(&mut tally.rejected);
        if let Some(listener) = Arc::make_mut(effective)
            .listeners
            .iter_mut()
            .find(|l| Some(l.name.as_str()) == listener_name)
        {
            assemble::fill(
                Arc::make_mut(listener),
                tally,
                members,
                resolver.options.http_grpc_conflict,
            );
            self.changes.gateways.insert(name.clone());
        }
        self.route_statuses
            .extend(before.symmetric_difference(&tally.rejected).cloned());
    }

    fn mesh(&mut self) {
        for name in std::mem::take(&mut self.services) {
            let resolver = &mut *self.resolver;
            let key = Key::Parent(name.clone());
            let assembled = resolver
                .backends
                .get(&BackendKey::service(name.clone()))
                .map(|state| {
                    let routes = resolver
                        .depends
                        .routes_on(&key)
                        .filter_map(|id| resolver.routes.get_key_value(id));
                    mesh::service(&name, state, routes)
                });
            let (effective, rejected) = match assembled {
                Some(assembled) => (Some(assembled.effective), assembled.rejected),
                None => (None, BTreeSet::new()),
            };
            let before = resolver.mesh_rejected.remove(&name).unwrap_or_default();
            self.route_statuses
                .extend(before.symmetric_difference(&rejected).cloned());
            if !rejected.is_empty() {
                resolver.mesh_rejected.insert(name.clone(), rejected);
            }
            let services = &mut resolver.resolution.effective.services;
            if services.get(&name).map(AsRef::as_ref) == effective.as_ref() {
                continue;
            }
            match effective {
                Some(effective) => _ = services.insert(name.clone(), Arc::new(effective)),
                None => _ = services.remove(&name),
            }
            self.changes.services.insert(name);
        }
    }

    fn write_gateway_statuses(&mut self) {
        for name in std::mem::take(&mut self.gateway_statuses) {
            let resolver = &*self.resolver;
            let status = resolver.gateways.get(&name).map(|state| {
                let attached: Vec<u32> = resolver
                    .tallies
                    .get(&name)
                    .into_iter()
                    .flatten()
                    .map(|tally| tally.counted)
                    .collect();
                Status::Gateway(state.status(resolver.assigned.get(&name), &attached))
            });
            self.set_status(gateway_reference(&name), status);
        }
    }

    fn write_route_statuses(&mut self) {
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
            let accepted = self.at_parent(id, parent);
            attachments.push(Attachment {
                parent: parent.reference.clone(),
                attached: accepted.holds(),
                ours: parent.controller.is_some(),
                why: accepted.message.clone(),
            });
            let Some(controller) = &parent.controller else {
                continue;
            };
            let built = match parent.target {
                ParentTarget::Service { .. } => state.at_services(),
                _ => &state.built,
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

    /// The condition `Accepted` of a route at a parent, conflicts with other routes included.
    fn at_parent(&self, id: &RouteId, parent: &route::ParentState) -> Finding {
        let resolver = &*self.resolver;
        if !parent.accepted.holds() {
            return parent.accepted.clone();
        }
        let lost = match &parent.target {
            ParentTarget::Gateway { name, attached, .. } => {
                let tallies = resolver.tallies.get(name);
                let rejected = |(index, _): &(usize, Arc<[EffectiveHostname]>)| {
                    tallies
                        .and_then(|tallies| tallies.get(*index))
                        .is_some_and(|tally| tally.rejected.contains(id))
                };
                let all = !attached.is_empty() && attached.iter().all(rejected);
                all.then(|| {
                    "an older route, HTTPRoute or GRPCRoute, holds the same hostname".to_owned()
                })
            }
            ParentTarget::Service { name, .. } => resolver
                .mesh_rejected
                .get(name)
                .is_some_and(|rejected| rejected.contains(id))
                .then(|| {
                    format!(
                        "routes of a kind that goes before {} govern Service {name}",
                        id.kind
                    )
                }),
            ParentTarget::Nothing => None,
        };
        match lost {
            Some(text) => Finding::new(false, mesh::CONFLICTED, text),
            None => parent.accepted.clone(),
        }
    }

    fn write_policy_statuses(&mut self) {
        for id in std::mem::take(&mut self.dirty.policies) {
            let status = self.policy_status(&id).map(Status::Policy);
            self.set_status(id.reference(), status);
        }
    }

    fn policy_status(&self, id: &PolicyId) -> Option<crate::v1alpha2::PolicyStatus> {
        let resolver = &*self.resolver;
        let rivals = |key: &BackendKey| resolver.depends.policies_for(key);
        let finding = policy::accept(id, &resolver.snapshot, rivals)?;
        let policy = policy::Policy::get(&resolver.snapshot, id)?;
        let gateways: BTreeMap<NamespacedName, String> = policy
            .targets()
            .iter()
            .filter_map(|target| BackendKey::of(&target.reference))
            .filter_map(|key| resolver.usage.get(&key))
            .flat_map(BTreeMap::keys)
            .filter_map(|name| {
                let gateway = resolver.gateways.get(name)?;
                Some((name.clone(), gateway.controller.clone()))
            })
            .collect();
        Some(policy::status(
            id,
            &resolver.snapshot,
            &finding,
            gateways.into_iter(),
            &resolver.options.mesh_controller,
        ))
    }

    fn set_status(&mut self, reference: ObjectReference, status: Option<Status>) {
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

/// Whether an edit would put in what is there.
fn unchanged(edit: &Edit<'_>, before: Option<&Arc<[EffectiveHostname]>>) -> bool {
    match (edit.old, edit.new, before) {
        (Some(old), Some((new, hostnames)), Some(before)) => old == new && before == hostnames,
        _ => false,
    }
}

/// Which backends a route uses on behalf of which Gateways.
fn usage(state: Option<&RouteState>) -> BTreeSet<(BackendKey, NamespacedName)> {
    let Some(state) = state else {
        return BTreeSet::new();
    };
    let accepted = state.parents.iter().filter(|p| p.accepted.holds());
    accepted
        .filter_map(|parent| match &parent.target {
            ParentTarget::Gateway { name, .. } => Some(name),
            _ => None,
        })
        .flat_map(|gateway| {
            let uses = state.built.uses.iter();
            uses.map(|key| (key.clone(), gateway.clone()))
        })
        .collect()
}

impl Snapshot {
    /// The references of all objects that can change anything.
    pub(in crate::attachment) fn references(&self) -> Vec<ObjectReference> {
        let mut references = Vec::new();
        macro_rules! add {
            ($($field:ident: $group:expr, $kind:literal;)+) => {$(
                references.extend(self.$field().keys().map(|place| ObjectReference {
                    group: $group.to_owned(),
                    kind: $kind.to_owned(),
                    namespace: place.namespace.clone(),
                    name: place.name.clone(),
                }));
            )+};
        }
        add! {
            gateway_classes: crate::meta::GROUP, "GatewayClass";
            gateways: crate::meta::GROUP, "Gateway";
            http_routes: crate::meta::GROUP, "HTTPRoute";
            grpc_routes: crate::meta::GROUP, "GRPCRoute";
            tls_routes: crate::meta::GROUP, "TLSRoute";
            tcp_routes: crate::meta::GROUP, "TCPRoute";
            udp_routes: crate::meta::GROUP, "UDPRoute";
            reference_grants: crate::meta::GROUP, "ReferenceGrant";
            backend_tls_policies: crate::meta::GROUP, "BackendTLSPolicy";
            backend_lb_policies: crate::meta::GROUP, "BackendLBPolicy";
            services: "", "Service";
            endpoint_slices: "discovery.k8s.io", "EndpointSlice";
            service_imports: crate::attachment::MULTICLUSTER_GROUP, "ServiceImport";
        }
        references
    }
}
