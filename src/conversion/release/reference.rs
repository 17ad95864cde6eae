//! References to kinds that another kind has replaced, and to those that a release does not have.

use crate::{
    meta::{Channel, GROUP, Release},
    schema::{self, KINDS, KindVersion, Path},
};
use serde_json::{Map, Value};

/// A kind that the release does not have, and the one in its place.
type Replaced = (&'static KindVersion, &'static KindVersion);

/// Lets references of an object lead to the kinds that the release has: what named an XListenerSet names a ListenerSet.
pub(super) fn follow(object: &mut Value, (release, channel): (Release, Channel)) {
    let has = |kind: &str| schema::versions_of(kind, release, channel).next();
    let replaced: Vec<Replaced> = KINDS
        .iter()
        .filter(|kind| has(kind.kind).is_none())
        .filter_map(|kind| Some((kind, has(schema::counterpart(kind.kind)?)?.0)))
        .collect();
    if replaced.is_empty() {
        return;
    }
    if let Some(spec) = object.get_mut("spec") {
        walk(spec, false, &replaced);
    }
}

fn walk(value: &mut Value, is_parent: bool, replaced: &[Replaced]) {
    match value {
        Value::Object(fields) => {
            follow_one(fields, is_parent, replaced);
            for (name, value) in fields {
                walk(value, name == "parentRefs", replaced);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                walk(element, is_parent, replaced);
            }
        }
        _ => {}
    }
}

/// A reference by group and kind. That of a route to a parent may leave out the group.
fn follow_one(fields: &mut Map<String, Value>, is_parent: bool, replaced: &[Replaced]) {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let (kind, group) = (text("kind"), text("group"));
    let group = group.or(is_parent.then_some(GROUP));
    let found = replaced
        .iter()
        .find(|(old, _)| kind == Some(old.kind) && group == Some(old.group));
    if let Some((_, new)) = found {
        fields.insert("group".to_owned(), new.group.into());
        fields.insert("kind".to_owned(), new.kind.into());
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
