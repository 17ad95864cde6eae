//! References to kinds that another kind has replaced, and to those that a release does not have.

use crate::{
    meta::{Channel, GROUP, Release},
    schema::{self, KINDS, KindVersion, Path},
};
use serde_json::Value;

/// A kind that the release does not have, and the one in its place.
type Replaced = (&'static KindVersion, &'static KindVersion);

/// Lets references of an object lead to the kinds that the release has: what named an XListenerSet names a ListenerSet.
pub(in crate::conversion) fn follow(object: &mut Value, place: (Release, Channel)) {
    for reference in replaced(object, place) {
        let found = object.pointer_mut(&reference.pointer);
        if let Some(fields) = found.and_then(Value::as_object_mut) {
            fields.insert("group".to_owned(), reference.new.group.into());
            fields.insert("kind".to_owned(), reference.new.kind.into());
        }
    }
}

/// A reference to a kind of the Gateway API that a release and channel do not have, and that another one has replaced there.
#[derive(Debug)]
pub(in crate::conversion) struct ReplacedKind {
    /// The path of the field that names the kind.
    pub(in crate::conversion) path: String,
    pub(in crate::conversion) old: &'static KindVersion,
    pub(in crate::conversion) new: &'static KindVersion,
    /// The JSON pointer of the reference.
    pointer: String,
}

/// The references of an object that [`follow`] changes, in the order of the object.
pub(in crate::conversion) fn replaced(
    object: &Value,
    (release, channel): (Release, Channel),
) -> Vec<ReplacedKind> {
    let has = |kind: &str| schema::versions_of(kind, release, channel).next();
    let kinds: Vec<Replaced> = KINDS
        .iter()
        .filter(|kind| has(kind.kind).is_none())
        .filter_map(|kind| Some((kind, has(schema::counterpart(kind.kind)?)?.0)))
        .collect();
    let mut found = Vec::new();
    if let Some(spec) = object.get("spec").filter(|_| !kinds.is_empty()) {
        let at = Path::ROOT;
        let at = at.field("spec");
        find_replaced(spec, false, &kinds, (&at, "/spec"), &mut found);
    }
    found
}

fn find_replaced(
    value: &Value,
    is_parent: bool,
    kinds: &[Replaced],
    (at, pointer): (&Path<'_>, &str),
    found: &mut Vec<ReplacedKind>,
) {
    match value {
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str);
            // The reference of a route to a parent may leave out the group.
            let group = text("group").or(is_parent.then_some(GROUP));
            let is_named =
                |(old, _): &&Replaced| text("kind") == Some(old.kind) && group == Some(old.group);
            if let Some((old, new)) = kinds.iter().find(is_named) {
                found.push(ReplacedKind {
                    path: at.field("kind").to_string(),
                    old,
                    new,
                    pointer: pointer.to_owned(),
                });
            }
            for (name, value) in fields {
                let step = name.replace('~', "~0").replace('/', "~1");
                let (at, pointer) = (at.field(name), format!("{pointer}/{step}"));
                find_replaced(value, name == "parentRefs", kinds, (&at, &pointer), found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                let (at, pointer) = (at.index(index), format!("{pointer}/{index}"));
                find_replaced(element, is_parent, kinds, (&at, &pointer), found);
            }
        }
        _ => {}
    }
}

/// A reference to a kind of the Gateway API that a release and channel do not have.
#[derive(Debug)]
pub(in crate::conversion) struct AbsentKind {
    /// The path of the field that names the kind.
    pub(in crate::conversion) path: String,
    pub(in crate::conversion) kind: &'static str,
}

/// The references of an object to kinds of the Gateway API that a release and channel do not have, in the order of the object.
pub(in crate::conversion) fn absent(
    object: &Value,
    (release, channel): (Release, Channel),
) -> Vec<AbsentKind> {
    let has = |kind: &KindVersion| {
        schema::versions_of(kind.kind, release, channel)
            .any(|(_, installation)| installation.served)
    };
    let kinds: Vec<_> = KINDS.iter().filter(|kind| !has(kind)).collect();
    let mut found = Vec::new();
    if let Some(spec) = object.get("spec").filter(|_| !kinds.is_empty()) {
        find_absent(spec, false, &kinds, &Path::ROOT.field("spec"), &mut found);
    }
    found
}

fn find_absent(
    value: &Value,
    in_own_group: bool,
    kinds: &[&'static KindVersion],
    at: &Path<'_>,
    found: &mut Vec<AbsentKind>,
) {
    match value {
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str);
            let group = text("group").or(in_own_group.then_some(GROUP));
            let named = |known: &&&KindVersion| {
                text("kind") == Some(known.kind) && group == Some(known.group)
            };
            if let Some(kind) = kinds.iter().find(named) {
                found.push(AbsentKind {
                    path: at.field("kind").to_string(),
                    kind: kind.kind,
                });
            }
            for (name, value) in fields {
                // Of these the group is that of the Gateway API where none is named.
                let own = matches!(name.as_str(), "parentRefs" | "parentRef" | "kinds");
                find_absent(value, own, kinds, &at.field(name), found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                find_absent(element, in_own_group, kinds, &at.index(index), found);
            }
        }
        _ => {}
    }
}
