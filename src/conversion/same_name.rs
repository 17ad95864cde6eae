//! Objects that a conversion makes one: of kinds of which one has replaced the other, or of versions of one kind.

use super::value;
use crate::meta::{ObjectRef, kept_name};
use serde_json::Value;
use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
};

/// What an object is called before a conversion and after it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConvertedName {
    /// The API version of the object as it was.
    pub api_version: String,
    /// The object as it was.
    pub from: ObjectRef,
    /// The object that it becomes; itself where it is not converted.
    pub to: ObjectRef,
}

impl ConvertedName {
    /// The names of an object before and after a conversion.
    #[must_use]
    pub fn of(before: &Value, after: &Value) -> Self {
        let api_version = before.get("apiVersion").and_then(Value::as_str);
        Self {
            api_version: api_version.map(kept_name).unwrap_or_default(),
            from: value::identify(before),
            to: value::identify(after),
        }
    }

    /// Whether two objects were two kinds of object before: a server had both of them.
    #[must_use]
    pub fn was_another_than(&self, other: &Self) -> bool {
        self.from != other.from
    }
}

/// The object as it was, with its version: ``XListenerSet shop/web of `gateway.networking.x-k8s.io/v1alpha1` ``.
impl fmt::Display for ConvertedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of `{}`", self.from, self.api_version)
    }
}

/// The names of converted objects, by which those are found that a server would take for one. Each has something with it of
/// the caller's: where it stands, say.
///
/// ```
/// use gwapi::conversion::{ConvertedName, ConvertedNames};
/// use serde_json::json;
///
/// let named = |kind: &str, api_version: &str| {
///     json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "web", "namespace": "shop" } })
/// };
/// let old = named("XListenerSet", "gateway.networking.x-k8s.io/v1alpha1");
/// let new = named("ListenerSet", "gateway.networking.k8s.io/v1");
/// let mut names = ConvertedNames::default();
/// assert_eq!(names.add(ConvertedName::of(&new, &new), "a.yaml"), None);
/// let (first, file) = names.add(ConvertedName::of(&old, &new), "b.yaml").unwrap();
/// assert_eq!((first.from.kind.as_str(), *file), ("ListenerSet", "a.yaml"));
/// ```
#[derive(Clone, Debug)]
pub struct ConvertedNames<P> {
    first: HashMap<ObjectRef, (ConvertedName, P)>,
}

impl<P> Default for ConvertedNames<P> {
    fn default() -> Self {
        let first = HashMap::new();
        Self { first }
    }
}

impl<P> ConvertedNames<P> {
    /// Notes an object. The first one that becomes the same object, if there is one that was of another kind or version: which
    /// of the two is applied last replaces the other. An object without a name is no other one.
    pub fn add(&mut self, name: ConvertedName, place: P) -> Option<&(ConvertedName, P)> {
        if name.to.name.is_empty() {
            return None;
        }
        match self.first.entry(name.to.clone()) {
            Entry::Vacant(entry) => {
                entry.insert((name, place));
                None
            }
            Entry::Occupied(entry) => {
                let first = &*entry.into_mut();
                let is_same_type =
                    first.0.api_version == name.api_version && first.0.from.kind == name.from.kind;
                (!is_same_type).then_some(first)
            }
        }
    }
}
