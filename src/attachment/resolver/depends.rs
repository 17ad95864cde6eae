//! What depends on what: for a change of one object, the objects that have to be looked at again.

use crate::{
    attachment::{
        Snapshot,
        backend::{
            BackendKey,
            policy::{Policy, PolicyId, PolicyKind, references::Referred},
        },
        gateway::references::{self, Role},
        map::Map,
        objects::{
            route_id::{RouteId, RouteKind},
            slice::{import_of, service_of},
        },
        route,
    },
    meta::{GROUP, NamespacedName, ObjectRef},
    v1::ParentReference,
};
use std::collections::{BTreeSet, hash_map::Entry};

/// Something that others depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dependency {
    /// An object, and whether it is there.
    Object(ObjectRef),
    /// The ReferenceGrants of a namespace.
    Grants(String),
    /// A Service or ServiceImport as the parent of mesh routes.
    Parent(BackendKey),
    /// A backend as the target of policies.
    Target(BackendKey),
    /// A backend as the owner of EndpointSlices.
    Slices(BackendKey),
}

/// Something that depends on others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Dependent {
    Class(NamespacedName),
    Gateway(NamespacedName),
    Route(RouteId),
    Policy(PolicyId),
    Slice(NamespacedName),
}

/// All dependencies, to be asked from the other end.
#[derive(Clone, Debug, Default)]
pub(super) struct Depends {
    by_key: Map<Dependency, Dependents>,
}

/// What depends on one thing. Mostly that is a single object, for which a set would be many times too large.
#[derive(Clone, Debug)]
enum Dependents {
    One(Dependent),
    Several(BTreeSet<Dependent>),
}

impl Dependents {
    fn iter(&self) -> impl Iterator<Item = &Dependent> {
        let (one, several) = match self {
            Self::One(one) => (Some(one), None),
            Self::Several(several) => (None, Some(several)),
        };
        one.into_iter().chain(several.into_iter().flatten())
    }

    fn insert(&mut self, dependent: &Dependent) {
        match self {
            Self::One(one) if one == dependent => {}
            Self::One(one) => {
                *self = Self::Several(BTreeSet::from([one.clone(), dependent.clone()]));
            }
            Self::Several(several) => _ = several.insert(dependent.clone()),
        }
    }

    /// Takes one out. Whether none is left.
    fn remove(&mut self, dependent: &Dependent) -> bool {
        match self {
            Self::One(one) => one == dependent,
            Self::Several(several) => {
                several.remove(dependent);
                several.is_empty()
            }
        }
    }
}

/// An object and what it depends on.
pub(super) type Edges = (Dependent, Vec<Dependency>);

impl Depends {
    /// What depends on something.
    pub(super) fn on(&self, key: &Dependency) -> impl Iterator<Item = &Dependent> {
        let dependents = self.by_key.get(key).into_iter().flat_map(Dependents::iter);
        #[cfg(test)]
        let dependents = dependents.inspect(|_| LOOKED_AT.add(1));
        dependents
    }

    /// All that something depends on.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Dependency> {
        self.by_key.keys()
    }

    /// The routes that depend on something.
    pub(super) fn routes_on(&self, key: &Dependency) -> impl Iterator<Item = &RouteId> {
        self.on(key).filter_map(|dependent| match dependent {
            Dependent::Route(id) => Some(id),
            _ => None,
        })
    }

    /// The policies whose target something is.
    pub(super) fn policies_for(&self, key: &BackendKey) -> BTreeSet<PolicyId> {
        self.on(&Dependency::Target(key.clone()))
            .filter_map(|dependent| match dependent {
                Dependent::Policy(id) => Some(id.clone()),
                _ => None,
            })
            .collect()
    }

    /// The EndpointSlices of a backend.
    pub(super) fn slices_of(&self, key: &BackendKey) -> BTreeSet<NamespacedName> {
        self.on(&Dependency::Slices(key.clone()))
            .filter_map(|dependent| match dependent {
                Dependent::Slice(name) => Some(name.clone()),
                _ => None,
            })
            .collect()
    }

    pub(super) fn add(&mut self, (dependent, keys): Edges) {
        for key in keys {
            match self.by_key.entry(key) {
                Entry::Occupied(mut present) => present.get_mut().insert(&dependent),
                Entry::Vacant(place) => {
                    place.insert(Dependents::One(dependent.clone()));
                }
            }
        }
    }

    pub(super) fn remove(&mut self, (dependent, keys): &Edges) {
        for key in keys {
            if let Some(dependents) = self.by_key.get_mut(key)
                && dependents.remove(dependent)
            {
                self.by_key.remove(key);
            }
        }
    }
}

/// What an object of the snapshot depends on; nothing where it depends on nothing or is not there.
pub(super) fn of(snapshot: &Snapshot, reference: &ObjectRef) -> Option<Edges> {
    let place = || reference.namespaced_name();
    match (reference.group.as_str(), reference.kind.as_str()) {
        (GROUP, "GatewayClass") => class(snapshot, place()),
        (GROUP, "Gateway") => gateway(snapshot, place()),
        (GROUP, "BackendTLSPolicy") => policy(snapshot, PolicyKind::Tls, place()),
        (GROUP, "BackendLBPolicy") => policy(snapshot, PolicyKind::Lb, place()),
        ("discovery.k8s.io", "EndpointSlice") => slice(snapshot, place()),
        (GROUP, kind) => RouteKind::from_kind(kind)
            .and_then(|kind| route_keys(snapshot, RouteId::new(kind, place()))),
        _ => None,
    }
}

/// Whether something that an object depends on is there, and in the object's own namespace.
pub(super) fn has_neighbor(snapshot: &Snapshot, object: &ObjectRef) -> bool {
    let keys = of(snapshot, object).map(|(_, keys)| keys);
    let mut keys = keys.into_iter().flatten();
    keys.any(|key| {
        let to = match key {
            Dependency::Object(to) => to,
            Dependency::Parent(key) | Dependency::Target(key) | Dependency::Slices(key) => {
                key.reference()
            }
            Dependency::Grants(_) => return false,
        };
        to.namespace == object.namespace && snapshot.contains(&to)
    })
}

fn class(snapshot: &Snapshot, place: NamespacedName) -> Option<Edges> {
    let class = snapshot.gateway_classes().get(&place)?;
    let reference = class.spec.parameters_ref.as_ref()?;
    let key = Dependency::Object(reference.resolve());
    Some((Dependent::Class(place), vec![key]))
}

fn gateway(snapshot: &Snapshot, place: NamespacedName) -> Option<Edges> {
    let gateway = snapshot.gateways().get(&place)?;
    let mut keys = Vec::new();
    references::visit(gateway, |_, role, reference| {
        if role != Role::Class && reference.namespace != place.namespace {
            keys.push(Dependency::Grants(reference.namespace.clone()));
        }
        keys.push(Dependency::Object(reference));
    });
    Some((Dependent::Gateway(place), keys))
}

fn route_keys(snapshot: &Snapshot, id: RouteId) -> Option<Edges> {
    let parts = route::parts(snapshot, &id)?;
    let own = &id.name.namespace;
    let mut keys: Vec<Dependency> = parts
        .parents
        .iter()
        .filter_map(|parent: &ParentReference| {
            let parent = parent.resolve(own);
            match BackendKey::of(&parent) {
                Some(key) => Some(Dependency::Parent(key)),
                None => (parent.group == GROUP && parent.kind == "Gateway")
                    .then_some(Dependency::Object(parent)),
            }
        })
        .collect();
    route::visit_backends(snapshot, &id, |_, backend| {
        let reference = backend.resolve(own);
        if reference.namespace != *own {
            keys.push(Dependency::Grants(reference.namespace.clone()));
        }
        keys.push(Dependency::Object(reference));
    });
    route::visit_extensions(snapshot, &id, |_, reference| {
        keys.push(Dependency::Object(reference.resolve(own)));
    });
    Some((Dependent::Route(id), keys))
}

fn policy(snapshot: &Snapshot, kind: PolicyKind, place: NamespacedName) -> Option<Edges> {
    let id = PolicyId { kind, name: place };
    let policy = Policy::get(snapshot, &id)?;
    let mut keys = Vec::new();
    policy.visit_references(|_, referred| match referred {
        Referred::Target(_, target) => {
            keys.extend(BackendKey::of(&target.reference).map(Dependency::Target));
        }
        Referred::Authority(reference) => keys.push(Dependency::Object(reference.clone())),
    });
    Some((Dependent::Policy(id), keys))
}

fn slice(snapshot: &Snapshot, place: NamespacedName) -> Option<Edges> {
    let slice = snapshot.endpoint_slices().get(&place)?;
    let service = service_of(slice).map(|name| (false, name));
    let owners = service.into_iter();
    let owners = owners.chain(import_of(slice).map(|name| (true, name)));
    let keys = owners.map(|(import, name)| Dependency::Slices(BackendKey { import, name }));
    Some((Dependent::Slice(place), keys.collect()))
}

#[cfg(test)]
crate::counter::counter!(
    /// How many dependents are looked at.
    pub(super) LOOKED_AT
);
