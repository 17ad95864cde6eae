//! The objects that `gwapi serve` has been given: its resolver has those that an API server would take, the others are named.

use super::reply::Errored;
use crate::given::{InExperimental, NotInForce};
use gwapi::{
    attachment::{
        Resolver,
        admit::{self, Ignored, Judged},
    },
    lint::near::{Around, Near},
    manifest,
    meta::{Channel, ObjectReference},
    sim::{Answer, Outcome, Request},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What has been given so far, by name.
#[derive(Default)]
pub(super) struct Objects {
    /// The objects as they were applied last, whether or not they are in force.
    given: BTreeMap<ObjectReference, Value>,
    /// The `apiVersion` in which each object in force was given, so that its status is written in the same.
    versions: BTreeMap<ObjectReference, String>,
    ignored: BTreeMap<ObjectReference, Ignored>,
    experimental: BTreeMap<ObjectReference, Vec<InExperimental>>,
}

/// What became of the objects of one `apply`.
#[derive(Default)]
pub(super) struct Applied {
    /// The objects that are in force.
    pub(super) in_force: BTreeSet<ObjectReference>,
    /// The objects that could not be read.
    pub(super) errors: Vec<Errored>,
    /// The objects that are left out.
    pub(super) ignored: Vec<NotInForce>,
}

impl Objects {
    /// Puts an object in force, as far as an API server of this channel takes it. One that it refuses leaves what
    /// was in force before.
    pub(super) fn apply(
        &mut self,
        value: Value,
        channel: Channel,
        resolver: &mut Resolver,
        applied: &mut Applied,
    ) {
        let (object, experimental, status) = match admit::judge(&value, channel) {
            Judged::Ignored(ignored) => {
                applied.errors.extend(
                    manifest::decode(&value)
                        .err()
                        .map(|error| Errored::new(&error)),
                );
                applied.ignored.push(self.ignore(&ignored));
                resolver.leave_out(&ignored.reference());
                self.given.insert(ignored.object, value);
                return;
            }
            Judged::Foreign(object) => (object, Vec::new(), None),
            Judged::Admitted {
                object,
                experimental,
                status,
                ..
            } => (object, experimental, status),
        };
        let reference = object.reference();
        let version = value.get("apiVersion").and_then(Value::as_str);
        self.versions
            .insert(reference.clone(), version.unwrap_or_default().to_owned());
        self.ignored.remove(&reference);
        self.experimental.remove(&reference);
        if let Some(status) = status {
            applied.ignored.push(self.ignore(&status));
        }
        if !experimental.is_empty() {
            let parts = experimental.iter().map(InExperimental::of).collect();
            self.experimental.insert(reference.clone(), parts);
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
    pub(super) fn delete(&mut self, reference: &ObjectReference, resolver: &mut Resolver) {
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
    }

    /// Judges every object anew, by another channel.
    pub(super) fn rejudge(&mut self, channel: Channel, resolver: &mut Resolver) {
        let mut applied = Applied::default();
        for (reference, value) in std::mem::take(self).given {
            resolver.remove(&reference);
            self.apply(value, channel, resolver, &mut applied);
        }
    }

    /// The `apiVersion` in which an object was given.
    pub(super) fn version(&self, reference: &ObjectReference) -> &str {
        self.versions.get(reference).map_or("", String::as_str)
    }

    /// What else there is to say of a request that went another way than to a backend.
    pub(super) fn around(&self, resolver: &Resolver, request: &Request, answer: &Answer) -> Around {
        if answer.outcome == Outcome::Forwarded && self.ignored.is_empty() {
            return Around::default();
        }
        let ignored: Vec<Ignored> = self.ignored.values().cloned().collect();
        Near::new(resolver, &ignored).request(request, answer)
    }

    /// Everything that is left out.
    pub(super) fn ignored(&self) -> Vec<NotInForce> {
        self.ignored.values().map(NotInForce::of_object).collect()
    }

    /// What only the experimental channel has.
    pub(super) fn experimental(&self) -> Vec<InExperimental> {
        self.experimental.values().flatten().cloned().collect()
    }
}
