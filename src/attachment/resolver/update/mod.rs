//! Looking again at what has changed, and at what depends on it.

mod ancestors;
mod assembled;
pub(super) mod routes;
mod statuses;
mod usage;

use super::{
    depends::{Dependency, Dependent},
    pending::PendingStatuses,
    state::{Dirty, Resolver},
};
use crate::{
    attachment::{
        Controllers, RouteId, RouteKind, Snapshot, SnapshotObject, Status,
        assembly::mesh,
        backend::{
            self, BackendKey,
            policy::{self, winners},
        },
        effective::Effective,
        gateway::{
            self, ClassState, GatewayState, assigned,
            references::{self, Role},
        },
        objects::object::{class_reference, gateway_reference},
        resolution::Changes,
        route::Allowed,
    },
    meta::NamespacedName,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

impl Resolver {
    /// Resolves what has changed since the last time.
    pub fn update(&mut self) -> Changes {
        let dirty = std::mem::take(&mut self.dirty);
        Update::new(self, dirty, true).run()
    }

    /// The same for whoever asks for the result alone: of the many objects that are new nothing is noted.
    pub(in crate::attachment::resolver) fn update_untold(&mut self) {
        let dirty = std::mem::take(&mut self.dirty);
        Update::new(self, dirty, false).run();
    }

    /// Resolves what has changed since the last time, and tells what is in force, for whoever writes no statuses: what
    /// [`update`](Self::update) says of them is not kept.
    pub fn effective(&mut self) -> &Effective {
        self.update_untold();
        &self.resolution().effective
    }
}

impl<O: Into<SnapshotObject>> Extend<O> for Resolver {
    /// Puts objects in their places, each as by [`insert`](Self::insert).
    fn extend<I: IntoIterator<Item = O>>(&mut self, objects: I) {
        for object in objects {
            self.insert(object);
        }
    }
}

/// One round of looking again: each step marks what the next ones have to do.
struct Update<'a> {
    resolver: &'a mut Resolver,
    dirty: Dirty,
    /// What selectors of listeners say of namespaces.
    allowed: Allowed,
    /// Routes to look at; some of them several times.
    routes: Vec<RouteId>,
    /// Gateways that are not what they were.
    changed_gateways: BTreeSet<NamespacedName>,
    /// Routes that were looked at.
    examined: Vec<RouteId>,
    /// Gateways to put together from all their routes.
    rebuild: BTreeSet<NamespacedName>,
    /// Listeners to put together from all their routes, because of conflicts.
    refill: BTreeSet<(NamespacedName, usize)>,
    services: BTreeSet<BackendKey>,
    gateway_statuses: BTreeSet<NamespacedName>,
    /// Gateways in whose status only the numbers of attached routes may have changed.
    recounted: BTreeSet<NamespacedName>,
    /// Routes whose status may have changed; some of them several times.
    route_statuses: Vec<RouteId>,
    /// Whether somebody wants to know what has changed.
    told: bool,
    changes: Changes,
}

impl<'a> Update<'a> {
    fn new(resolver: &'a mut Resolver, mut dirty: Dirty, told: bool) -> Self {
        let routes = std::mem::take(&mut dirty.routes);
        Self {
            allowed: Allowed::default(),
            routes: routes.into_iter().collect(),
            resolver,
            changed_gateways: BTreeSet::new(),
            examined: Vec::new(),
            rebuild: BTreeSet::new(),
            refill: BTreeSet::new(),
            services: BTreeSet::new(),
            gateway_statuses: std::mem::take(&mut dirty.reported),
            recounted: BTreeSet::new(),
            route_statuses: Vec::new(),
            told,
            changes: Changes::default(),
            dirty,
        }
    }

    fn run(mut self) -> Changes {
        self.spread();
        self.grants();
        self.classes();
        self.gateways();
        self.backends();
        self.routes();
        self.assemble();
        self.mesh();
        // Which route lost against which is decided now, and with it who uses which backend.
        self.usage();
        self.ancestors();
        self.routes();
        self.assemble();
        self.write_gateway_statuses();
        self.write_route_statuses();
        self.write_policy_statuses();
        self.resolver
            .tell_of_new(std::mem::take(&mut self.dirty.anew), &mut self.changes);
        self.changes
    }

    /// Marks what all objects of a namespace, of a target or of a kind are concerned by. Once a round: each object that
    /// comes would otherwise cost as much as there are of them.
    fn spread(&mut self) {
        let resolver = &*self.resolver;
        let (snapshot, dirty) = (&resolver.snapshot, &mut self.dirty);
        for namespace in std::mem::take(&mut dirty.namespaces) {
            macro_rules! mark {
                ($($routes:ident => $kind:ident),+) => {$(
                    let routes = Snapshot::in_namespace(snapshot.$routes(), &namespace);
                    let ids = routes.map(|(place, _)| RouteId::new(RouteKind::$kind, place.clone()));
                    self.routes.extend(ids);
                )+};
            }
            mark!(http_routes => Http, grpc_routes => Grpc, tls_routes => Tls, tcp_routes => Tcp, udp_routes => Udp);
        }
        if std::mem::take(&mut dirty.every_class) {
            let classes = snapshot.gateway_classes().keys();
            dirty.classes.extend(classes.cloned());
        }
        for target in std::mem::take(&mut dirty.targets) {
            dirty
                .policies
                .extend(resolver.depends.policies_for(&target));
        }
    }

    fn grants(&mut self) {
        for namespace in std::mem::take(&mut self.dirty.grants) {
            let resolver = &mut *self.resolver;
            resolver.grants.refresh(&resolver.snapshot, &namespace);
            for dependent in resolver.depends.on(&Dependency::Grants(namespace)) {
                match dependent {
                    Dependent::Gateway(name) => _ = self.dirty.gateways.insert(name.clone()),
                    Dependent::Route(id) => self.routes.push(id.clone()),
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
            let controller = |class: &ClassState| class.controller.clone();
            let now = new.as_ref().map(controller);
            let before = match new {
                Some(class) => resolver.classes.insert(name, class),
                None => resolver.classes.remove(&name),
            };
            if resolver.options.controllers == Controllers::Any
                && before.as_ref().map(controller) != now
            {
                // Whose entries are ours has changed, and with it the room for them.
                resolver.pending = PendingStatuses::All;
                self.dirty.policies.extend(policy::all(&resolver.snapshot));
            }
            for dependent in resolver.depends.on(&Dependency::Object(reference.clone())) {
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
        // What each Gateway was that may have changed.
        let mut before: BTreeMap<NamespacedName, Option<GatewayState>> = BTreeMap::new();
        for name in names {
            let resolver = &mut *self.resolver;
            if let Some(gateway) = resolver.snapshot.gateways().get(&name) {
                references::visit(gateway, |_, role, reference| {
                    if matches!(role, Role::Certificate(_) | Role::Client) {
                        let certificates = &mut resolver.certificates;
                        certificates.prepare(&reference, &resolver.snapshot);
                    }
                });
            }
            let new = self.examine_gateway(&name);
            let resolver = &mut *self.resolver;
            let old = resolver.gateways.remove(&name);
            if let Some(new) = new {
                resolver.gateways.insert(name.clone(), new);
            }
            before.insert(name, old);
        }
        let resolver = &mut *self.resolver;
        let mut assigned = assigned::assign(
            resolver.gateways.values(),
            &resolver.snapshot,
            &resolver.options.addresses,
            &resolver.addresses,
            &resolver.last_addresses,
        );
        for (name, gateway) in &mut resolver.gateways {
            let addresses = assigned.remove(name).unwrap_or_default();
            if gateway.addresses == addresses {
                continue;
            }
            if !before.contains_key(name) {
                before.insert(name.clone(), Some(gateway.clone()));
            }
            gateway.bind(addresses);
        }
        let gateways = resolver.gateways.values();
        assigned::remember(gateways, &mut resolver.last_addresses);
        for (name, old) in before {
            self.gateway_changed(name, old.as_ref());
        }
    }

    /// Marks what depends on a Gateway, if it is not what it was.
    fn gateway_changed(&mut self, name: NamespacedName, old: Option<&GatewayState>) {
        let resolver = &mut *self.resolver;
        let new = resolver.gateways.get(&name);
        if new.is_some() && old == new {
            return;
        }
        let same_to_routes = match (old, new) {
            (Some(old), Some(new)) => old.is_same_to_routes(new),
            _ => false,
        };
        if !same_to_routes {
            let key = Dependency::Object(gateway_reference(&name));
            self.routes
                .extend(resolver.depends.routes_on(&key).cloned());
        }
        let idle = new.map(GatewayState::idle);
        let idle = idle.filter(|idle| !idle.is_empty()).map(Arc::from);
        let of_effective = &mut resolver.resolution.effective.idle;
        if of_effective.get(&name) != idle.as_ref() {
            let before = of_effective.get(&name);
            let before = before.map_or(&[][..], |idle| idle);
            self.changes
                .add_idle(&name, before, idle.as_deref().unwrap_or_default());
            match idle {
                Some(idle) => _ = of_effective.insert(name.clone(), idle),
                None => _ = of_effective.remove(&name),
            }
            self.changes.gateways.insert(name.clone());
        }
        self.changed_gateways.insert(name.clone());
        self.rebuild.insert(name);
    }

    fn examine_gateway(&self, name: &NamespacedName) -> Option<GatewayState> {
        #[cfg(test)]
        GATEWAYS_EXAMINED.add(1);
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
                assumed = ClassState::assumed(class_name, &resolver.snapshot, &resolver.options);
                &assumed
            }
        };
        Some(gateway::examine(
            gateway,
            class,
            &resolver.snapshot,
            &resolver.grants,
            &resolver.certificates,
            &resolver.options,
        ))
    }

    fn backends(&mut self) {
        for key in std::mem::take(&mut self.dirty.backends) {
            let resolver = &mut *self.resolver;
            let policies = winners::for_backend(
                &key,
                &resolver.depends.policies_for(&key),
                &resolver.snapshot,
                &resolver.options,
            );
            let new = backend::examine(
                &key,
                &resolver.depends.slices_of(&key),
                policies,
                &resolver.snapshot,
                &resolver.options,
            );
            // Of one that is not there, whether it is left out may be new.
            if new.is_some() && resolver.backends.get(&key) == new.as_ref() {
                continue;
            }
            if let (Some(old), Some(state)) = (resolver.backends.get_mut(&key), &new)
                && old.is_same_to_routes(state)
            {
                let effective = resolver.resolution.effective.services_mut(key.import);
                if let Some(service) = effective.get_mut(&key.name) {
                    mesh::move_endpoints(Arc::make_mut(service), state);
                    self.changes.services_mut(key.import).insert(key.name);
                }
                old.clone_from(state);
                continue;
            }
            self.dirty
                .policies
                .extend(resolver.depends.policies_for(&key));
            let users = Dependency::Object(key.reference());
            self.routes
                .extend(resolver.depends.routes_on(&users).cloned());
            let parents = Dependency::Parent(key.clone());
            self.routes
                .extend(resolver.depends.routes_on(&parents).cloned());
            self.services.insert(key.clone());
            match new {
                Some(state) => _ = resolver.backends.insert(key, state),
                None => _ = resolver.backends.remove(&key),
            }
        }
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How many Gateways are looked at again.
    pub(super) GATEWAYS_EXAMINED
);
