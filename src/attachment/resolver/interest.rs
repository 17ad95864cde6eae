//! Which objects are of interest, and to whom.

use super::{
    depends::{self, Dependency, Dependent},
    state::Resolver,
};
use crate::{
    attachment::{
        RouteId, RouteKind, Snapshot,
        backend::{
            BackendKey,
            policy::{Policy, PolicyId},
        },
        objects::{
            object::gateway_reference,
            slice::{import_of, service_of},
        },
    },
    meta::{GROUP, NamespacedName, ObjectRef},
};
use std::collections::BTreeSet;

impl Resolver {
    /// Whether something that is ours refers to an object, there or not: a class of ours to its parameters, a Gateway of ours to
    /// its Secrets, ConfigMaps and class, a route with a parent of ours to its backends and parents, a policy to its authorities if
    /// a target of it is needed. As of the last [`update`](Self::update).
    ///
    /// For objects that a controller reads one by one, or keeps no more of than it must: mostly Secrets and ConfigMaps.
    /// EndpointSlices are needed where their Service is ([`service_of`](crate::attachment::service_of)).
    #[must_use]
    pub fn needs(&self, reference: &ObjectRef) -> bool {
        let ours = |key: &Dependency| self.depends.on(key).any(|one| self.is_ours(one));
        ours(&Dependency::Object(reference.clone()))
            || BackendKey::of(reference).is_some_and(|key| ours(&Dependency::Parent(key)))
    }

    /// The objects of a kind that something of ours refers to, there or not ([`needs`](Self::needs)).
    ///
    /// ```
    /// use gwapi::attachment::{Options, Resolver};
    /// use k8s_openapi::api::core::v1::Secret;
    ///
    /// let resolver = Resolver::new(Options::new("example.com/controller"));
    /// assert!(resolver.needed::<Secret>().is_empty());
    /// ```
    #[must_use]
    pub fn needed<K: k8s_openapi::Resource>(&self) -> BTreeSet<NamespacedName> {
        let is_of_kind =
            |reference: &ObjectRef| reference.group == K::GROUP && reference.kind == K::KIND;
        let named = self.depends.keys().filter_map(|key| match key {
            Dependency::Object(reference) => Some(reference.clone()),
            Dependency::Parent(key) => Some(key.reference()),
            Dependency::Grants(_) | Dependency::Target(_) | Dependency::Slices(_) => None,
        });
        let needed = named.filter(|reference| is_of_kind(reference) && self.needs(reference));
        needed
            .map(|reference| reference.namespaced_name())
            .collect()
    }

    /// Whether something that an object refers to is there, and in the object's own namespace.
    pub(crate) fn has_neighbor(&self, object: &ObjectRef) -> bool {
        depends::has_neighbor(&self.snapshot, object)
    }

    /// The objects that depend on this one themselves: those that refer to it or, for endpoints and policies, to what it is for; for a
    /// ReferenceGrant those whose references it may allow, for a Namespace its routes. As of the last
    /// [`update`](Self::update), ours or not, whether the object is there or not.
    ///
    /// One step alone: what depends on these is not among them, such as the Gateway whose number of attached routes a Namespace or a
    /// route changes, or another route that gets its place. What a change really changes is in
    /// [`Changes`](crate::attachment::Changes).
    #[must_use]
    pub fn dependents(&self, reference: &ObjectRef) -> BTreeSet<ObjectRef> {
        let mut found = BTreeSet::new();
        let mut add = |key: &Dependency| {
            let dependents = self.depends.on(key).filter_map(reference_to);
            found.extend(dependents);
        };
        add(&Dependency::Object(reference.clone()));
        if let Some(key) = BackendKey::of(reference) {
            add(&Dependency::Parent(key.clone()));
            add(&Dependency::Target(key));
        }
        let place = reference.namespaced_name();
        match (reference.group.as_str(), reference.kind.as_str()) {
            (GROUP, "ReferenceGrant") => add(&Dependency::Grants(place.namespace)),
            (GROUP, "BackendTLSPolicy" | "BackendLBPolicy") => {
                for key in self.targets_of(reference) {
                    add(&Dependency::Object(key.reference()));
                    add(&Dependency::Target(key));
                }
                found.remove(reference);
            }
            ("discovery.k8s.io", "EndpointSlice") => {
                let slice = self.snapshot.endpoint_slices().get(&place);
                let service = slice.and_then(|slice| service_of(slice));
                let import = slice.and_then(|slice| import_of(slice));
                let service = service.map(BackendKey::service);
                let import = import.map(|name| BackendKey { import: true, name });
                found.extend(service.into_iter().chain(import).map(|key| key.reference()));
            }
            ("", "Endpoints") => {
                found.insert(BackendKey::service(place).reference());
            }
            ("", "Namespace") => {
                for kind in RouteKind::ALL {
                    let routes = self.routes_in(kind, &place.name);
                    found.extend(routes);
                }
            }
            _ => {}
        }
        found
    }

    /// Whether a Gateway names a GatewayClass. What refers to it otherwise, as to its parameters, does not use it.
    pub(super) fn has_gateways(&self, class: &ObjectRef) -> bool {
        let key = Dependency::Object(class.clone());
        let mut dependents = self.depends.on(&key);
        dependents.any(|one| matches!(one, Dependent::Gateway(_)))
    }

    /// The routes of a kind in a namespace.
    fn routes_in(&self, kind: RouteKind, namespace: &str) -> Vec<ObjectRef> {
        macro_rules! of {
            ($routes:ident) => {
                Snapshot::in_namespace(self.snapshot.$routes(), namespace)
                    .map(|(place, _)| RouteId::new(kind, place.clone()).reference())
                    .collect()
            };
        }
        match kind {
            RouteKind::Http => of!(http_routes),
            RouteKind::Grpc => of!(grpc_routes),
            RouteKind::Tls => of!(tls_routes),
            RouteKind::Tcp => of!(tcp_routes),
            RouteKind::Udp => of!(udp_routes),
        }
    }

    /// The backends that a policy is for.
    fn targets_of(&self, policy: &ObjectRef) -> Vec<BackendKey> {
        let id = PolicyId::of(policy);
        let policy = id.and_then(|id| Policy::get(&self.snapshot, &id));
        let targets = policy.map(Policy::targets).into_iter().flatten();
        targets
            .filter_map(|target| BackendKey::of(&target.reference))
            .collect()
    }

    fn is_ours(&self, dependent: &Dependent) -> bool {
        match dependent {
            Dependent::Class(name) => self.classes.contains_key(name),
            Dependent::Gateway(name) => self.gateways.contains_key(name),
            Dependent::Route(id) => self.is_our_route(id),
            Dependent::Policy(id) => {
                let targets = self.targets_of(&id.reference()).into_iter();
                let mut targets = targets.map(|key| Dependency::Object(key.reference()));
                targets.any(|key| {
                    let mut routes = self.depends.routes_on(&key);
                    routes.any(|id| self.is_our_route(id))
                })
            }
            Dependent::Slice(_) => false,
        }
    }

    /// Whether a parent of a route is ours.
    fn is_our_route(&self, id: &RouteId) -> bool {
        let parents = self.routes.get(id).map(|state| state.parents.as_slice());
        let mut parents = parents.unwrap_or_default().iter();
        parents.any(|parent| parent.controller.is_some())
    }
}

/// The object that depends on others. A slice does so only as far as it belongs to a backend.
fn reference_to(dependent: &Dependent) -> Option<ObjectRef> {
    Some(match dependent {
        Dependent::Class(name) => ObjectRef::gateway_api("GatewayClass", name),
        Dependent::Gateway(name) => gateway_reference(name),
        Dependent::Route(id) => id.reference(),
        Dependent::Policy(id) => id.reference(),
        Dependent::Slice(_) => return None,
    })
}
