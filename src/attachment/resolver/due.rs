//! Which statuses have to be written now.

use super::{pending::PendingStatuses, state::Resolver};
use crate::{
    attachment::{
        Controllers, Next, RouteId, RouteKind, Snapshot, Status, StatusWrite,
        backend::policy::PolicyId,
        status::{self, Written},
    },
    meta::{GROUP, NamespacedName, ObjectRef},
    schema::KindVersion,
    v1::RouteStatus,
    v1alpha2::PolicyStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use std::collections::BTreeSet;

impl Resolver {
    /// The statuses that have to be written now: those of objects that are there, and whose status is not the one that they ought to
    /// have as of the last [`update`](Self::update). Each is the whole next status, in which what other controllers wrote is as
    /// it was. `now` is the `lastTransitionTime` of what changes.
    ///
    /// A write is due until the object comes back with it ([`insert`](Self::insert)), be it from a watch or in the server's answer:
    /// one that was refused (409) or got lost is due again, as is a status that somebody has wiped or overwritten. So
    /// nothing has to be remembered, and after a restart only what differs is written. What is wanted of an object that has come or
    /// changed since the last update is not known: it is not written before the next one. The cost follows the number of objects that
    /// have changed or wait for their write, not of those that are there.
    ///
    /// ```
    /// use gwapi::attachment::{Options, Resolver, Status};
    /// use gwapi::v1::{GatewayClass, GatewayClassSpec};
    /// use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
    ///
    /// let mut class = GatewayClass::new("example", GatewayClassSpec {
    ///     controller_name: "example.com/controller".into(),
    ///     ..Default::default()
    /// });
    /// class.metadata.resource_version = Some("7".into());
    /// let mut resolver = Resolver::new(Options::new("example.com/controller"));
    /// resolver.insert(class.clone());
    /// resolver.update();
    ///
    /// let now = Time(Timestamp::UNIX_EPOCH);
    /// let due = resolver.due(&now);
    /// assert_eq!(due[0].merge_patch()["metadata"]["resourceVersion"], "7");
    /// // The server has refused it: it is due again, until the object comes with it.
    /// assert_eq!(resolver.due(&now), due);
    /// let Status::GatewayClass(status) = &due[0].status else { unreachable!() };
    /// class.status = Some(status.clone());
    /// resolver.insert(class);
    /// assert!(resolver.due(&now).is_empty());
    /// ```
    pub fn due(&mut self, now: &Time) -> Vec<StatusWrite> {
        let mut pending = match std::mem::take(&mut self.pending) {
            PendingStatuses::All => self.all_with_status(),
            PendingStatuses::These(pending) => pending,
        };
        let mut due = Vec::new();
        let snapshot = &self.snapshot;
        self.awaited
            .retain(|reference, version| has_version(snapshot, reference, version));
        pending.retain(|reference| {
            // What has to be written is known after the next update.
            if self.is_outdated(reference) {
                return true;
            }
            match self.write(reference, now) {
                Some(_) if self.awaited.contains_key(reference) => true,
                Some(write) => {
                    due.push(write);
                    true
                }
                None => false,
            }
        });
        self.pending = PendingStatuses::These(pending);
        due
    }

    /// The write that an object needs, if it needs one.
    fn write(&self, reference: &ObjectRef, now: &Time) -> Option<StatusWrite> {
        #[cfg(test)]
        WRITES_LOOKED_AT.add(1);
        let place = &reference.namespaced_name();
        let metadata = self
            .snapshot
            .metadata(&reference.group, &reference.kind, place)?;
        let wanted = self.wanted(reference)?;
        let present = status::present(&self.snapshot, reference);
        let next = self.next(present.as_ref(), &wanted, now);
        if !next.write {
            return None;
        }
        let version = self.version_of(reference)?;
        let written = Written {
            reference,
            uid: metadata.uid.as_ref(),
            resource_version: metadata.resource_version.as_ref(),
            present,
            wanted: &wanted,
            next: next.status,
            omitted: next.omitted,
        };
        Some(StatusWrite::new(written, version))
    }

    /// The version of its kind under which an object is written.
    pub(super) fn version_of(&self, reference: &ObjectRef) -> Option<&'static KindVersion> {
        let crds = (self.options.release, self.options.channel);
        status::version_of(reference, crds, |plural| {
            let name = format!("{plural}.{}", reference.group);
            let installed = self.snapshot.installed_crds();
            let crd = installed.get(&NamespacedName::new("", name));
            crd.map(AsRef::as_ref)
        })
    }

    /// Notes that a server has taken a write that was due ([`due`](Self::due), [`due_finalizers`](Self::due_finalizers)), and
    /// what it answered. Nothing more is due at the object until it comes with another version than the one that was written to:
    /// until then any write would be refused, since the server has a later one.
    ///
    /// For controllers that leave it to the watch to bring what they have written. A controller that
    /// [inserts](Self::insert) the objects of the answers need not tell, but its watch may still bring older versions of them.
    pub fn note_written(
        &mut self,
        reference: &ObjectRef,
        resource_version: Option<&str>,
        answer: &ObjectMeta,
    ) {
        if let Some(before) = resource_version
            && answer.resource_version.as_deref() != Some(before)
        {
            self.awaited.insert(reference.clone(), before.to_owned());
        }
    }

    /// Whether a server has taken a write to the version of an object that is there, so that a later one is to come.
    pub(super) fn is_awaited(&self, reference: &ObjectRef) -> bool {
        let version = self.awaited.get(reference);
        version.is_some_and(|version| has_version(&self.snapshot, reference, version))
    }

    /// The whole status that an object ought to have next, and whether it has to be written. Nothing for
    /// objects whose status is not ours, and for those that have come or changed since the last [`update`](Self::update).
    #[must_use]
    pub fn next_status(&self, reference: &ObjectRef, now: &Time) -> Option<Next<Status>> {
        let wanted = self.wanted(reference)?;
        let present = status::present(&self.snapshot, reference);
        Some(self.next(present.as_ref(), &wanted, now))
    }

    fn next(&self, present: Option<&Status>, wanted: &Status, now: &Time) -> Next<Status> {
        let own = |controller: &str| self.owns(controller);
        status::next(present, wanted, own, now)
    }

    /// The status that an object ought to have, as far as it is ours to write and known. That of a route or policy that is none of
    /// ours has no entry: those that we have written to it before go.
    fn wanted(&self, reference: &ObjectRef) -> Option<Status> {
        if self.is_outdated(reference) {
            return None;
        }
        if let Some(wanted) = self.resolution.statuses.get(reference) {
            return Some(wanted.clone());
        }
        if reference.group != GROUP || !self.snapshot.contains(reference) {
            return None;
        }
        match reference.kind.as_str() {
            "BackendTLSPolicy" | "BackendLBPolicy" => Some(Status::Policy(PolicyStatus::default())),
            kind => {
                RouteKind::from_kind(kind)?;
                Some(Status::Route(RouteStatus::default()))
            }
        }
    }

    /// Whether what was found out about an object is about what it was, be it about an earlier object of its name: it is to be looked
    /// at again with the next update.
    pub(super) fn is_outdated(&self, reference: &ObjectRef) -> bool {
        let dirty = &self.dirty;
        let place = || reference.namespaced_name();
        match reference.kind.as_str() {
            _ if reference.group != GROUP => false,
            "GatewayClass" => dirty.every_class || dirty.classes.contains(&place()),
            "Gateway" => {
                let name = place();
                dirty.gateways.contains(&name) || dirty.anew.contains(&name)
            }
            kind => match RouteKind::from_kind(kind) {
                Some(kind) => dirty.routes.contains(&RouteId::new(kind, place())),
                None => PolicyId::of(reference).is_some_and(|id| dirty.policies.contains(&id)),
            },
        }
    }

    /// Whether status entries under this controller name are ours.
    #[must_use]
    pub fn owns(&self, controller: &str) -> bool {
        controller == self.options.mesh_controller
            || match &self.options.controllers {
                Controllers::Named(names) => names.contains(controller),
                Controllers::Any => self.classes.values().any(|c| c.controller == controller),
            }
    }

    /// Every object whose kind has a status that is ours.
    fn all_with_status(&self) -> BTreeSet<ObjectRef> {
        let of_kind = |kind| {
            let places = self.snapshot.places(GROUP, kind);
            places.map(move |place| ObjectRef::gateway_api(kind, place))
        };
        KINDS.into_iter().flat_map(of_kind).collect()
    }

    /// Notes that the status of an object may have to be written, if its kind has one that is ours.
    pub(super) fn maybe_pending(&mut self, reference: &ObjectRef) {
        if reference.group == GROUP && KINDS.contains(&reference.kind.as_str()) {
            self.pending.add(reference);
        }
    }
}

/// Whether an object is there in this version.
fn has_version(snapshot: &Snapshot, reference: &ObjectRef, version: &str) -> bool {
    let place = reference.namespaced_name();
    let metadata = snapshot.metadata(&reference.group, &reference.kind, &place);
    metadata.is_some_and(|metadata| metadata.resource_version.as_deref() == Some(version))
}

/// The kinds whose statuses are written.
const KINDS: [&str; 9] = [
    "GatewayClass",
    "Gateway",
    "HTTPRoute",
    "GRPCRoute",
    "TLSRoute",
    "TCPRoute",
    "UDPRoute",
    "BackendTLSPolicy",
    "BackendLBPolicy",
];

#[cfg(test)]
crate::counter::counter!(
    /// How many statuses are looked at for whether they have to be written.
    pub(super) WRITES_LOOKED_AT
);
