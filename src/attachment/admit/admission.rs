//! Objects put in force one after the other.

use super::{
    ignored::Ignored,
    judge::{Experimental, Judged, judge},
    named::api_version,
};
use crate::{
    attachment::{NotImplemented, Snapshot},
    meta::{Channel, GroupKind, ObjectRef, Release, kept_name},
    rules::set::GIVEN_ONCE,
    validation::Finding,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
};

/// How many kinds that have nothing to do with the Gateway API are told apart; input could name millions.
const MOST_FOREIGN_KINDS: usize = 1_000;

/// What a list of objects comes to on an API server.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Admitted {
    /// The objects that the server has. It knows of those that are left out.
    pub snapshot: Snapshot,
    /// The `apiVersion` in which each of them was given.
    pub versions: BTreeMap<ObjectRef, String>,
    /// What is left out, in the order in which it was given.
    pub ignored: Vec<Ignored>,
    /// How many objects are left out beside those, of which no more is known: [`Admission::with_most_ignored`].
    pub ignored_more: usize,
    /// What of the objects that the server has the standard channel does not have, in the same order. Empty where they were
    /// judged by that channel.
    pub experimental: Vec<Experimental>,
    /// What of the objects that the server has attachment does not implement, in the same order.
    pub not_implemented: Vec<NotImplemented>,
    /// What [`validation`](crate::validation) warns of in the objects that the server has, and that some are given twice.
    pub warnings: BTreeMap<ObjectRef, Vec<Finding>>,
    /// How many objects have nothing to do with the Gateway API.
    pub foreign: usize,
    /// How many there are of each of their kinds; of very many kinds the first ones.
    pub foreign_kinds: BTreeMap<GroupKind, usize>,
}

/// What an API server makes of one object, and what else of it matters once others of its name come after it. The
/// object itself need not be kept.
#[derive(Clone, Debug)]
pub struct Judgement {
    judged: Judged,
    api_version: String,
    /// By which the same object is known when it is given again.
    digest: u64,
}

impl Judgement {
    /// Judges one object as an API server with the CRDs of this release and channel does when it is applied.
    #[must_use]
    pub fn of(value: &Value, release: Release, channel: Channel) -> Self {
        Self::new(value, judge(value, release, channel))
    }

    /// One object of which it is known what an API server makes of it.
    pub(crate) fn new(value: &Value, judged: Judged) -> Self {
        // Nobody can make two objects of one digest who does not know the keys.
        static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self {
            judged,
            api_version: kept_name(api_version(value)),
            digest: KEYS.hash_one(value),
        }
    }

    /// The verdict.
    #[must_use]
    pub fn judged(&self) -> &Judged {
        &self.judged
    }

    /// What tells the content of the object from that of any other.
    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }
}

/// That an object is given again as it is: it is in force, and one of the two says nothing.
pub(crate) fn given_twice() -> Finding {
    Finding::of(&GIVEN_ONCE, String::new())
        .with_message("the object is given twice with the same content".to_owned())
        .with_help("remove one of the two".to_owned())
}

/// Puts objects in force as an API server does when they are applied one after the other.
///
/// ```
/// use gwapi::{attachment::admit::{Admission, Judgement}, meta::{Channel, Release}};
/// use serde_json::json;
///
/// let mut admission = Admission::default();
/// for name in ["front", "front", "back"] {
///     let object = json!({
///         "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": name},
///         "spec": {"controllerName": "example.com/a"},
///     });
///     admission.add(Judgement::of(&object, Release::V1_1_0, Channel::Standard));
/// }
/// assert_eq!(admission.finish().snapshot.gateway_classes().len(), 2);
/// ```
#[derive(Debug)]
pub struct Admission {
    admitted: Admitted,
    /// How many objects have been added.
    count: usize,
    /// Of each object in force, its place and digest.
    in_force: HashMap<ObjectRef, (usize, u64)>,
    experimental: BTreeMap<usize, Vec<Experimental>>,
    not_implemented: BTreeMap<usize, Vec<NotImplemented>>,
    most_ignored: usize,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            admitted: Admitted::default(),
            count: 0,
            in_force: HashMap::new(),
            experimental: BTreeMap::new(),
            not_implemented: BTreeMap::new(),
            most_ignored: usize::MAX,
        }
    }
}

impl Admission {
    /// Keeps so many objects that are left out, the first ones; of the others only their number
    /// ([`Admitted::ignored_more`]). Unless this is called, all are kept.
    #[must_use]
    pub fn with_most_ignored(mut self, most: usize) -> Self {
        self.most_ignored = most;
        self
    }

    /// Adds the next object.
    pub fn add(&mut self, judgement: Judgement) {
        let index = self.count;
        self.count += 1;
        let object = match judgement.judged {
            Judged::Ignored(ignored) => {
                self.ignore(Ignored { index, ..ignored });
                return;
            }
            Judged::Foreign(object) => {
                self.admitted.foreign += 1;
                let kind = object.reference().group_kind();
                let kinds = &mut self.admitted.foreign_kinds;
                if kinds.len() < MOST_FOREIGN_KINDS || kinds.contains_key(&kind) {
                    *kinds.entry(kind).or_default() += 1;
                }
                self.admitted.snapshot.insert(object);
                return;
            }
            Judged::Admitted {
                object,
                experimental,
                not_implemented,
                status,
                warnings,
            } => {
                let reference = object.reference();
                self.admitted.warnings.remove(&reference);
                if !warnings.is_empty() {
                    self.admitted.warnings.insert(reference, warnings);
                }
                if let Some(ignored) = status {
                    self.ignore(Ignored { index, ..ignored });
                }
                if !experimental.is_empty() {
                    self.experimental.insert(index, experimental);
                }
                if !not_implemented.is_empty() {
                    self.not_implemented.insert(index, not_implemented);
                }
                object
            }
        };
        let reference = object.reference();
        let versions = &mut self.admitted.versions;
        let old_version = versions.insert(reference.clone(), judgement.api_version);
        let placed = (index, judgement.digest);
        let replaced = self.admitted.snapshot.insert(object);
        if let Some((before, digest)) = self.in_force.insert(reference.clone(), placed) {
            self.experimental.remove(&before);
            self.not_implemented.remove(&before);
            if digest == judgement.digest {
                // It is in force as it was given first.
                let warnings = self.admitted.warnings.entry(reference).or_default();
                warnings.push(given_twice());
            } else {
                let old_version = old_version.unwrap_or_default();
                let ignored = Ignored::replaced(before, reference, &old_version, index, replaced);
                self.ignore(ignored);
            }
        }
    }

    /// Counts objects that are left out, of which no more is known.
    pub fn add_ignored(&mut self, count: usize) {
        self.count += count;
        self.admitted.ignored_more += count;
    }

    fn ignore(&mut self, ignored: Ignored) {
        if self.admitted.ignored.len() < self.most_ignored {
            self.admitted.ignored.push(ignored);
        } else {
            self.admitted.ignored_more += 1;
        }
    }

    /// What the objects come to.
    #[must_use]
    pub fn finish(self) -> Admitted {
        let mut admitted = self.admitted;
        admitted.ignored.sort_by_key(|ignored| ignored.index);
        for ignored in &admitted.ignored {
            admitted.snapshot.leave_out(ignored.reference());
        }
        admitted.experimental = self.experimental.into_values().flatten().collect();
        admitted.not_implemented = self.not_implemented.into_values().flatten().collect();
        admitted
    }
}
