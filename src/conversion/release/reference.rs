//! References to kinds that another kind has replaced.

use crate::{
    meta::{Channel, GROUP, Release},
    schema::{self, KINDS, KindVersion},
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
