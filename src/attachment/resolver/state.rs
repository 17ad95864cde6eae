//! The objects, what was found out about them, and what has to be looked at again.

use super::{
    depends::{self, Dependency, Dependent, Depends, Edges},
    pending::PendingStatuses,
};
use crate::attachment::{
    Options, Resolution, RouteId, RouteKind, Snapshot, SnapshotObject,
    assembly::{assemble::Tally, claims::Claims, mesh::Lost},
    backend::{
        BackendKey, BackendState,
        policy::{self, PolicyId, PolicyKind},
        policy_status::{ancestors::Ancestors, results::TargetResult},
        usage::BackendUsage,
    },
    gateway::{
        ClassState, GatewayState,
        assigned::{GivenAddresses, LastAddresses},
    },
    map::Map,
    objects::{certificates::Certificates, grants::Grants, installed::EXTENSIONS_GROUP, object},
    reports::Reports,
    route::{Allowed, RouteContext, RouteState},
};
use crate::{
    meta::{GROUP, NamespacedName, ObjectRef, PatternStore},
    v1::GatewayStatusAddress,
};
use k8s_openapi::jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Keeps a [`Resolution`] up to date: after a change of one object only what depends on it is looked at
/// again. At any time the result is what [`resolve`](super::resolve) yields for all the objects at once; but a Gateway with a `uid`
/// keeps the address of a pool that it has been given, also while its status does not name it.
///
/// ```
/// use gwapi::attachment::{Options, Resolver};
/// use gwapi::v1::{GatewayClass, GatewayClassSpec};
///
/// let mut resolver = Resolver::new(Options::new("example.com/controller"));
/// resolver.insert(GatewayClass::new("example", GatewayClassSpec {
///     controller_name: "example.com/controller".into(),
///     ..Default::default()
/// }));
/// let changes = resolver.update();
/// assert_eq!(changes.statuses.len(), 1);
/// assert!(resolver.update().is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct Resolver {
    pub(super) options: Options,
    pub(super) snapshot: Snapshot,
    pub(super) grants: Grants,
    pub(super) depends: Depends,
    pub(super) classes: BTreeMap<NamespacedName, ClassState>,
    pub(super) gateways: BTreeMap<NamespacedName, GatewayState>,
    pub(super) backends: Map<BackendKey, BackendState>,
    pub(super) routes: Map<RouteId, RouteState>,
    /// The regular expressions of routes, each compiled once.
    pub(super) patterns: PatternStore,
    pub(super) tallies: Map<NamespacedName, Vec<Tally>>,
    /// Where only accepted routes count as attached: how many each listener of a Gateway selects.
    pub(super) attached: Map<NamespacedName, Vec<u32>>,
    /// And what each route adds to it.
    pub(super) attached_by: Map<RouteId, Vec<(NamespacedName, usize)>>,
    pub(super) certificates: Certificates,
    pub(super) usage: BackendUsage,
    /// Which ports of a Service its routes ask for and do not govern.
    pub(super) mesh_lost: Map<BackendKey, Lost>,
    /// Which routes want which ports of a Service.
    pub(super) mesh_claims: Map<BackendKey, Claims>,
    pub(super) policies: Map<PolicyId, PolicyState>,
    /// By Gateway, the policies whose status has no room for it.
    pub(super) without_room: Map<NamespacedName, BTreeSet<ObjectRef>>,
    /// The addresses of Gateways that come from outside.
    pub(super) addresses: GivenAddresses,
    /// What Gateways have been given of the pool.
    pub(super) last_addresses: LastAddresses,
    /// What the data plane says of Gateways.
    pub(super) reports: Reports,
    pub(super) resolution: Resolution,
    /// Objects whose status may have to be written.
    pub(super) pending: PendingStatuses,
    /// Objects of which a server has taken a write, so that they come again, and the version that was written to.
    pub(super) awaited: BTreeMap<ObjectRef, String>,
    /// The kinds of which there has been a list, by group and name.
    pub(super) listed: BTreeSet<(&'static str, &'static str)>,
    pub(super) dirty: Dirty,
}

/// A policy and what was found out about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PolicyState {
    pub(super) results: Vec<TargetResult>,
    /// The Gateways for which its status speaks.
    pub(super) ancestors: Ancestors,
}

impl PolicyState {
    /// The Gateways for which its status has no room.
    pub(super) fn without_room(&self) -> &BTreeSet<NamespacedName> {
        &self.ancestors.without_room
    }
}

/// What has to be looked at again.
#[derive(Clone, Debug, Default)]
pub(super) struct Dirty {
    pub(super) grants: BTreeSet<String>,
    /// Namespaces whose labels may have changed.
    pub(super) namespaces: BTreeSet<String>,
    pub(super) classes: BTreeSet<NamespacedName>,
    /// Whether all classes are, since CRDs have changed.
    pub(super) every_class: bool,
    pub(super) gateways: BTreeSet<NamespacedName>,
    /// Gateways that have gone, be it that another one has come in their place since.
    pub(super) anew: BTreeSet<NamespacedName>,
    /// Gateways of which only what the data plane says of them is new.
    pub(super) reported: BTreeSet<NamespacedName>,
    pub(super) backends: BTreeSet<BackendKey>,
    pub(super) routes: BTreeSet<RouteId>,
    pub(super) policies: BTreeSet<PolicyId>,
    /// What policies have come to or gone from, or have changed at: all policies for it compete anew.
    pub(super) targets: BTreeSet<BackendKey>,
}

impl Resolver {
    /// A resolver without objects.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            snapshot: Snapshot::default(),
            grants: Grants::default(),
            depends: Depends::default(),
            classes: BTreeMap::new(),
            gateways: BTreeMap::new(),
            backends: Map::default(),
            routes: Map::default(),
            patterns: PatternStore::default(),
            tallies: Map::default(),
            attached: Map::default(),
            attached_by: Map::default(),
            certificates: Certificates::default(),
            usage: BackendUsage::default(),
            mesh_lost: Map::default(),
            mesh_claims: Map::default(),
            policies: Map::default(),
            without_room: Map::default(),
            addresses: GivenAddresses::default(),
            last_addresses: LastAddresses::default(),
            reports: Reports::default(),
            resolution: Resolution::default(),
            pending: PendingStatuses::All,
            awaited: BTreeMap::new(),
            listed: BTreeSet::new(),
            dirty: Dirty::default(),
        }
    }

    /// A resolver with these objects, nothing of which is resolved before [`update`](Self::update).
    #[must_use]
    pub fn with_snapshot(snapshot: Snapshot, options: Options) -> Self {
        let mut resolver = Self::new(options);
        let references = snapshot.references();
        resolver.snapshot = snapshot;
        for reference in references {
            if let Some(edges) = depends::of(&resolver.snapshot, &reference) {
                resolver.depends.add(edges);
            }
            resolver.mark_own(&reference);
        }
        resolver
    }

    /// The objects.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The result as of the last [`update`](Self::update).
    #[must_use]
    pub fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// The same objects at another time, by which certificates are judged ([`Options::now`]). Takes effect with
    /// the next [`update`](Self::update), which looks again at whatever has certificates.
    pub fn set_now(&mut self, now: Timestamp) {
        self.options.now = Some(now);
        let gateways = self.snapshot.gateways().keys();
        self.dirty.gateways.extend(gateways.cloned());
        let tls = |id: &PolicyId| id.kind == PolicyKind::Tls;
        let policies: Vec<PolicyId> = policy::all(&self.snapshot).filter(tls).collect();
        for id in policies {
            self.mark_policy(id);
        }
    }

    /// Gives a Gateway the addresses at which it is reached, as a load balancer or whatever else assigns them says. They
    /// override those of the pool ([`Options::addresses`]); none at all takes back what was given. Takes effect with the next
    /// [`update`](Self::update).
    ///
    /// A Gateway need not be there yet. When it is [removed](Self::remove), its addresses are forgotten.
    pub fn set_addresses(
        &mut self,
        gateway: &NamespacedName,
        addresses: impl IntoIterator<Item = GatewayStatusAddress>,
    ) {
        let addresses: Vec<GatewayStatusAddress> = addresses.into_iter().collect();
        let before = match addresses.is_empty() {
            true => self.addresses.remove(gateway),
            false => self.addresses.insert(gateway.clone(), addresses),
        };
        if before.as_ref() != self.addresses.get(gateway) {
            self.dirty.gateways.insert(gateway.clone());
        }
    }

    /// Puts an object in its place. Takes effect with the next [`update`](Self::update).
    ///
    /// One with another `uid` than the one that is there is another object, as if that had been [removed](Self::remove) before.
    pub fn insert(&mut self, object: impl Into<SnapshotObject>) {
        let object = object.into();
        let reference = object.reference();
        if self.is_another_gateway(&object) {
            self.forget_outside(&reference);
        }
        let before = depends::of(&self.snapshot, &reference);
        self.snapshot.insert(object);
        self.changed(&reference, before);
    }

    /// Notes that an object was given which is not there, since an API server would refuse it: whoever refers to it
    /// is told so. Takes effect with the next [`update`](Self::update).
    pub fn leave_out(&mut self, reference: &ObjectRef) {
        if !self.snapshot.contains(reference) && !self.snapshot.is_left_out(reference) {
            self.snapshot.leave_out(reference.clone());
            self.changed(reference, None);
        }
    }

    /// Takes an object out, if it is there. Takes effect with the next [`update`](Self::update).
    pub fn remove(&mut self, reference: &ObjectRef) {
        let before = depends::of(&self.snapshot, reference);
        let was_left_out = self.snapshot.is_left_out(reference);
        if self.snapshot.remove(reference).is_some() || was_left_out {
            self.forget_outside(reference);
            self.changed(reference, before);
        }
    }

    /// Whether a Gateway is not the one that is there under its name, but a later one.
    fn is_another_gateway(&self, given: &SnapshotObject) -> bool {
        let SnapshotObject::Gateway(gateway) = given else {
            return false;
        };
        let present = self
            .snapshot
            .gateways()
            .get(&object::place(&gateway.metadata));
        let present = present.and_then(|present| present.metadata.uid.as_ref());
        let uids = present.zip(gateway.metadata.uid.as_ref());
        uids.is_some_and(|(one, other)| one != other)
    }

    /// Forgets what others than the API server have said of an object that has gone.
    fn forget_outside(&mut self, reference: &ObjectRef) {
        if reference.group == GROUP && reference.kind == "Gateway" {
            let gateway = reference.namespaced_name();
            self.addresses.remove(&gateway);
            self.last_addresses.remove(&gateway);
            self.reports.forget(&gateway);
            // One that looks the same is not looked at again by itself.
            self.dirty.reported.insert(gateway.clone());
            self.dirty.anew.insert(gateway);
        }
    }

    /// Notes that an object has come, changed or gone.
    fn changed(&mut self, reference: &ObjectRef, before: Option<Edges>) {
        self.maybe_pending(reference);
        let after = depends::of(&self.snapshot, reference);
        for edges in [&before, &after].into_iter().flatten() {
            self.mark_edges(edges);
        }
        if before != after {
            if let Some(before) = &before {
                self.depends.remove(before);
            }
            if let Some(after) = after {
                self.depends.add(after);
            }
        }
        self.mark_own(reference);
        let dependents: Vec<Dependent> = self
            .depends
            .on(&Dependency::Object(reference.clone()))
            .cloned()
            .collect();
        for dependent in dependents {
            match dependent {
                Dependent::Class(name) => _ = self.dirty.classes.insert(name),
                Dependent::Gateway(name) => _ = self.dirty.gateways.insert(name),
                // What an implementation says of a kind of its own is not known before it is asked again.
                Dependent::Route(id) if is_own_kind(reference) => {
                    self.dirty.routes.insert(id);
                }
                // Routes are marked once it is known whether their parent or backend has really changed.
                Dependent::Route(_) | Dependent::Slice(_) => {}
                Dependent::Policy(id) => self.mark_policy(id),
            }
        }
    }

    /// Marks what an object is part of: a slice of a backend, a policy of its target.
    fn mark_edges(&mut self, (dependent, keys): &Edges) {
        for key in keys {
            match (dependent, key) {
                (Dependent::Slice(_), Dependency::Slices(backend)) => {
                    self.dirty.backends.insert(backend.clone());
                }
                (Dependent::Policy(_), Dependency::Target(backend)) => {
                    self.dirty.backends.insert(backend.clone());
                    self.dirty.targets.insert(backend.clone());
                }
                _ => {}
            }
        }
    }

    /// Marks a policy whose references have changed, and the backends that it is for.
    fn mark_policy(&mut self, id: PolicyId) {
        if let Some(edges) = depends::of(&self.snapshot, &id.reference()) {
            self.mark_edges(&edges);
        }
        self.dirty.policies.insert(id);
    }

    /// Marks the object itself.
    fn mark_own(&mut self, reference: &ObjectRef) {
        let place = reference.namespaced_name();
        match (reference.group.as_str(), reference.kind.as_str()) {
            (GROUP, "GatewayClass") => _ = self.dirty.classes.insert(place),
            (GROUP, "Gateway") => _ = self.dirty.gateways.insert(place),
            (GROUP, "ReferenceGrant") => _ = self.dirty.grants.insert(place.namespace),
            (GROUP, "BackendTLSPolicy" | "BackendLBPolicy") => {
                self.dirty.policies.extend(PolicyId::of(reference));
            }
            ("", "Secret") => self.certificates.forget(&place),
            ("", "Namespace") => _ = self.dirty.namespaces.insert(place.name),
            (EXTENSIONS_GROUP, "CustomResourceDefinition") => self.dirty.every_class = true,
            ("", "Endpoints") => {
                self.dirty.backends.insert(BackendKey::service(place));
            }
            (GROUP, kind) => {
                if let Some(kind) = RouteKind::from_kind(kind) {
                    self.dirty.routes.insert(RouteId::new(kind, place));
                }
            }
            _ => {
                if let Some(key) = BackendKey::of(reference) {
                    self.dirty.backends.insert(key);
                }
            }
        }
    }

    /// What a route is looked at with; `allowed` remembers what selectors of listeners say.
    pub(super) fn route_context<'a>(&'a self, allowed: &'a Allowed) -> RouteContext<'a> {
        RouteContext {
            options: &self.options,
            snapshot: &self.snapshot,
            grants: &self.grants,
            gateways: &self.gateways,
            backends: &self.backends,
            patterns: &self.patterns,
            without_room: &self.without_room,
            allowed,
        }
    }
}

/// Whether a route that refers to an object does so as to one of an implementation's own kind: neither to a parent nor to a backend
/// of the API.
fn is_own_kind(reference: &ObjectRef) -> bool {
    reference.group != GROUP && BackendKey::of(reference).is_none()
}
