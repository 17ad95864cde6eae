//! Taking lists apart: each item is an object of its own.

use super::{
    Duplicate, Entry, Place, Positions, ReadError,
    entry::Manifest,
    error::Identity,
    position::{Inner, Mark, Tree},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Type names longer than this are not handed down to the items of a list: no kind has such a name, and
/// hostile input could multiply it.
const MAX_INHERITED: usize = 512;

/// Hands a document to the manifest: one entry, or an entry for each item of a list
/// unless lists are wanted whole.
pub(super) fn deliver(
    manifest: &mut Manifest,
    document: usize,
    tree: Tree,
    duplicates: Vec<Duplicate>,
    whole_lists: bool,
) {
    let place = Place {
        document,
        item: None,
        position: tree.mark.value,
    };
    if whole_lists && tree.value.is_object() {
        manifest.entries.push(Entry {
            value: tree.value,
            place,
            positions: Positions { root: tree.mark },
            duplicates,
        });
        return;
    }
    deliver_at(manifest, place, tree, duplicates);
}

fn deliver_at(manifest: &mut Manifest, place: Place, tree: Tree, duplicates: Vec<Duplicate>) {
    match tree.value {
        Value::Object(_) if is_list(&tree.value) => unpack(manifest, place, tree, duplicates),
        Value::Object(_) => manifest.entries.push(Entry {
            value: tree.value,
            place,
            positions: Positions { root: tree.mark },
            duplicates,
        }),
        other => {
            let found = match other {
                Value::Null => "null",
                Value::Array(_) => "a list",
                _ => "a scalar",
            };
            manifest.errors.push(ReadError::object(
                place,
                place.position,
                Identity::default(),
                String::new(),
                format!("expected an object with `apiVersion` and `kind`, found {found}"),
            ));
        }
    }
}

/// `List` and the typed lists: a kind that ends so, with `items`.
fn is_list(value: &Value) -> bool {
    let kind = value.get("kind").and_then(Value::as_str);
    let items = matches!(value.get("items"), Some(Value::Array(_) | Value::Null));
    match kind {
        Some("List") => items || value.get("items").is_none(),
        Some(kind) => kind.ends_with("List") && items,
        None => false,
    }
}

fn unpack(manifest: &mut Manifest, place: Place, mut list: Tree, duplicates: Vec<Duplicate>) {
    let identity = Identity::of(&list.value);
    let (own, mut of_items) = split(duplicates);
    for duplicate in own {
        manifest.errors.push(ReadError::object(
            place,
            duplicate.position,
            identity.clone(),
            duplicate.path,
            format!("the key is given twice, first at {}", duplicate.first),
        ));
    }
    let items = list.value.get_mut("items").map(Value::take);
    let Some(Value::Array(items)) = items else {
        return;
    };
    let marks = match list.mark.inner {
        Inner::Object(mut members) => members.remove("items").map(|mark| mark.inner),
        _ => None,
    };
    let mut marks = match marks {
        Some(Inner::List(marks)) => marks,
        _ => Vec::new(),
    }
    .into_iter();
    let item_kind = identity.kind.strip_suffix("List").unwrap_or_default();
    for (index, value) in items.into_iter().enumerate() {
        let mark = marks.next().unwrap_or(Mark {
            value: place.position,
            ..Mark::default()
        });
        let mut item = Tree { value, mark };
        inherit(&mut item.value, &identity.api_version, item_kind);
        let place = Place {
            item: Some(index),
            position: item.mark.value,
            ..place
        };
        let duplicates = of_items.remove(&index).unwrap_or_default();
        deliver_at(manifest, place, item, duplicates);
    }
}

/// Gives an item of a typed list the type that its list implies.
fn inherit(item: &mut Value, api_version: &str, kind: &str) {
    let Value::Object(members) = item else {
        return;
    };
    if kind.is_empty() || kind.len() > MAX_INHERITED || api_version.len() > MAX_INHERITED {
        return;
    }
    for (field, text) in [("apiVersion", api_version), ("kind", kind)] {
        let absent = matches!(members.get(field), None | Some(Value::Null));
        if absent && !text.is_empty() {
            members.insert(field.to_owned(), Value::String(text.to_owned()));
        }
    }
}

/// Parts the duplicate keys of a list from those of its items, whose paths then begin at the item.
fn split(duplicates: Vec<Duplicate>) -> (Vec<Duplicate>, BTreeMap<usize, Vec<Duplicate>>) {
    let mut own = Vec::new();
    let mut items: BTreeMap<usize, Vec<Duplicate>> = BTreeMap::new();
    for mut duplicate in duplicates {
        let inside = duplicate
            .path
            .strip_prefix("items[")
            .and_then(|rest| rest.split_once(']'))
            .and_then(|(index, rest)| Some((index.parse::<usize>().ok()?, rest)))
            .filter(|(_, rest)| !rest.is_empty())
            .map(|(index, rest)| (index, rest.strip_prefix('.').unwrap_or(rest).to_owned()));
        match inside {
            Some((index, rest)) => {
                duplicate.path = rest;
                items.entry(index).or_default().push(duplicate);
            }
            None => own.push(duplicate),
        }
    }
    (own, items)
}
