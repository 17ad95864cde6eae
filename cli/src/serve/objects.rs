//! The objects that `gwapi serve` has been given: its resolver has those that an API server would take, the others are named.

use super::reply::Errored;
use crate::{
    given::{AroundAnswer, Foreign, InExperimental, NotInForce, Unimplemented, beyond_told},
    statused::Warning,
};
use gwapi::{
    attachment::{
        Resolver,
        admit::{self, Ignored, Judged},
    },
    lint::{
        self,
        near::{Around, Near},
    },
    manifest,
    meta::{Channel, ObjectRef, Release},
    routing::RouterOptions,
    sim::{Answer, Request},
    validation::Finding,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What has been given so far, by name.
#[derive(Default)]
pub(super) struct Objects {
    /// The objects as they were applied last, whether or not they are in force.
    given: BTreeMap<ObjectRef, Value>,
    /// The `apiVersion` in which each object in force was given, so that its status is written in the same.
    versions: BTreeMap<ObjectRef, String>,
    ignored: BTreeMap<ObjectRef, Ignored>,
    experimental: BTreeMap<ObjectRef, Vec<InExperimental>>,
    not_implemented: BTreeMap<ObjectRef, Vec<Unimplemented>>,
    /// What validation warns of in the objects that are in force.
    warnings: BTreeMap<ObjectRef, Vec<Finding>>,
    /// The objects that have no part in the Gateway API.
    foreign: BTreeSet<ObjectRef>,
}

/// What became of the objects of one `apply`.
#[derive(Default)]
pub(super) struct Applied {
    /// The objects that are in force.
    pub(super) in_force: BTreeSet<ObjectRef>,
    /// The objects that could not be read.
    pub(super) errors: Vec<Errored>,
    /// The other objects that are left out.
    pub(super) ignored: Vec<NotInForce>,
    /// What of the objects that are in force is not implemented.
    pub(super) not_implemented: Vec<Unimplemented>,
    /// What validation warns of in the objects that are in force.
    pub(super) warnings: Vec<Warning>,
}

impl Objects {
    /// Puts an object in force, as far as an API server with these CRDs takes it. One that it refuses leaves what
    /// was in force before.
    pub(super) fn apply(
        &mut self,
        value: Value,
        (release, channel): (Release, Channel),
        resolver: &mut Resolver,
        applied: &mut Applied,
    ) {
        let judged = admit::judge(&value, release, channel);
        let (object, experimental, unimplemented, status, warnings) = match judged {
            Judged::Ignored(ignored) => {
                let shown = self.ignore(&ignored);
                match manifest::decode(&value) {
                    Err(error) => applied.errors.push(Errored::new(&error, shown)),
                    Ok(_) => applied.ignored.push(shown),
                }
                resolver.leave_out(&ignored.reference());
                self.given.insert(ignored.object, value);
                return;
            }
            Judged::Foreign(object) => {
                self.foreign.insert(object.reference());
                (object, Vec::new(), Vec::new(), None, Vec::new())
            }
            Judged::Admitted {
                object,
                experimental,
                not_implemented,
                status,
                warnings,
            } => (object, experimental, not_implemented, status, warnings),
        };
        let reference = object.reference();
        let version = value.get("apiVersion").and_then(Value::as_str);
        self.versions
            .insert(reference.clone(), version.unwrap_or_default().to_owned());
        self.ignored.remove(&reference);
        self.experimental.remove(&reference);
        self.not_implemented.remove(&reference);
        if let Some(status) = status {
            applied.ignored.push(self.ignore(&status));
        }
        if !experimental.is_empty() {
            let parts = experimental.iter().map(InExperimental::of).collect();
            self.experimental.insert(reference.clone(), parts);
        }
        if !unimplemented.is_empty() {
            let parts: Vec<_> = unimplemented.iter().map(Unimplemented::of).collect();
            applied.not_implemented.extend(parts.iter().cloned());
            self.not_implemented.insert(reference.clone(), parts);
        }
        let without_condition = warnings
            .iter()
            .filter(|one| lint::is_without_condition(one));
        let warned = without_condition.map(|one| Warning::of(&reference, one));
        applied.warnings.extend(warned);
        self.warnings.remove(&reference);
        if !warnings.is_empty() {
            self.warnings.insert(reference.clone(), warnings);
        }
        self.given.insert(reference.clone(), value);
        applied.in_force.insert(reference);
        resolver.insert(object);
    }

    /// Notes an object that is left out. What names no object cannot be replaced or deleted, and is not kept.
    fn ignore(&mut self, ignored: &Ignored) -> NotInForce {
        let shown = NotInForce::of_object(ignored);
        if !ignored.object.name.is_empty() {
            self.ignored.insert(ignored.object.clone(), ignored.clone());
        }
        shown
    }

    /// Takes an object out.
    pub(super) fn delete(&mut self, reference: &ObjectRef, resolver: &mut Resolver) {
        resolver.remove(reference);
        self.given.remove(reference);
        self.versions.remove(reference);
        if let Some(ignored) = self.ignored.remove(reference) {
            let meant = ignored.reference();
            if resolver.snapshot().is_left_out(&meant) {
                resolver.remove(&meant);
            }
        }
        self.experimental.remove(reference);
        self.not_implemented.remove(reference);
        self.warnings.remove(reference);
        self.foreign.remove(reference);
    }

    /// Judges every object anew, by other CRDs.
    pub(super) fn rejudge(&mut self, crds: (Release, Channel), resolver: &mut Resolver) {
        let mut applied = Applied::default();
        for (reference, value) in std::mem::take(self).given {
            resolver.remove(&reference);
            self.apply(value, crds, resolver, &mut applied);
        }
    }

    /// The `apiVersion` in which an object was given.
    pub(super) fn version(&self, reference: &ObjectRef) -> &str {
        self.versions.get(reference).map_or("", String::as_str)
    }

    /// What else there is to say of a request that went another way than to a backend.
    pub(super) fn around(
        &self,
        (resolver, routing): (&Resolver, RouterOptions),
        request: &Request,
        answer: &Answer,
    ) -> Around {
        let left_out = self.left_out();
        let near = Near::new(resolver, &left_out).with_routing(routing);
        near.request(request, answer)
    }

    /// The objects that are left out.
    pub(super) fn left_out(&self) -> Vec<Ignored> {
        self.ignored.values().cloned().collect()
    }

    /// What validation warns of in the objects that are in force.
    pub(super) fn warnings(&self) -> &BTreeMap<ObjectRef, Vec<Finding>> {
        &self.warnings
    }

    /// Everything that is left out, for a reply.
    pub(super) fn ignored(&self) -> Vec<NotInForce> {
        self.ignored.values().map(NotInForce::of_object).collect()
    }

    /// What is said of all objects beside an answer: so many elements of each list at most.
    pub(super) fn beside(&self, release: Release, most: usize) -> AroundAnswer {
        let ignored = self.ignored.values().take(most);
        let experimental = self.experimental.values().flatten();
        let not_implemented = self.not_implemented.values().flatten();
        AroundAnswer {
            incomplete: false,
            ignored: ignored.map(NotInForce::in_short).collect(),
            ignored_more: beyond_told(self.ignored.len(), most),
            experimental: experimental.clone().take(most).cloned().collect(),
            experimental_more: beyond_told(experimental.count(), most),
            not_implemented: not_implemented.clone().take(most).cloned().collect(),
            not_implemented_more: beyond_told(not_implemented.count(), most),
            losers_more: None,
            present: Vec::new(),
            foreign: Foreign::count(self.foreign.iter().map(ObjectRef::group_kind)),
            foreign_more: None,
            release: release.as_str(),
            release_choice: None,
        }
    }
}
