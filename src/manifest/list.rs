//! Taking lists apart: each item is an object of its own.

use super::{
    Duplicate, Place, Positions, RawObject, ReadError,
    error::Identity,
    position::{Inner, Mark, Tree},
};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// Type names longer than this are not handed down to the items of a list: no kind has such a name, and
/// hostile input could multiply it.
const MAX_INHERITED: usize = 512;

/// What has been read and not yet been taken.
pub(super) type Pending = VecDeque<Result<RawObject, ReadError>>;

/// What the items of a list inherit.
#[derive(Clone, Debug, Default)]
pub(super) struct Inherited {
    api_version: String,
    /// Empty where the items say their kind themselves.
    kind: String,
}

impl Inherited {
    /// From the object that is a list.
    pub(super) fn of(list: &Value) -> Self {
        let identity = Identity::of(list);
        Self {
            kind: item_kind(&identity.kind).to_owned(),
            api_version: identity.api_version,
        }
    }
}

/// The objects of a list, of the lists in it too, each as an object of its own; a value that is no list alone.
#[must_use]
pub fn into_objects(value: Value) -> Vec<Value> {
    let mut objects = Vec::new();
    // In order: what is to be taken next stands last.
    let mut rest = vec![value];
    while let Some(mut value) = rest.pop() {
        if !is_list(&value) {
            objects.push(value);
            continue;
        }
        let inherited = Inherited::of(&value);
        if let Some(Value::Array(items)) = value.get_mut("items").map(Value::take) {
            rest.extend(items.into_iter().rev().map(|mut item| {
                inherit(&mut item, &inherited);
                item
            }));
        }
    }
    objects
}

/// Delivers a document: one entry, or an entry for each item of a list unless lists are wanted whole.
pub(super) fn deliver(
    pending: &mut Pending,
    place: Place,
    tree: Tree,
    duplicates: Vec<Duplicate>,
    whole_lists: bool,
) {
    if whole_lists && tree.value.is_object() {
        pending.push_back(Ok(entry(place, tree, duplicates)));
        return;
    }
    deliver_at(pending, place, tree, duplicates);
}

/// Delivers an item of a list.
pub(super) fn deliver_item(
    pending: &mut Pending,
    place: Place,
    mut item: Tree,
    duplicates: Vec<Duplicate>,
    inherited: &Inherited,
) {
    inherit(&mut item.value, inherited);
    deliver_at(pending, place, item, duplicates);
}

fn entry(place: Place, tree: Tree, duplicates: Vec<Duplicate>) -> RawObject {
    RawObject {
        value: tree.value,
        place,
        positions: Positions { root: tree.mark },
        duplicates,
    }
}

fn deliver_at(pending: &mut Pending, place: Place, tree: Tree, duplicates: Vec<Duplicate>) {
    match tree.value {
        Value::Object(_) if is_list(&tree.value) => unpack(pending, place, tree, duplicates),
        Value::Object(_) => pending.push_back(Ok(entry(place, tree, duplicates))),
        other => {
            let found = match other {
                Value::Null => "null",
                Value::Array(_) => "a list",
                _ => "a scalar",
            };
            let message = format!("expected an object with `apiVersion` and `kind`, found {found}");
            pending.push_back(Err(ReadError::no_object(place, message)));
        }
    }
}

/// `List` and the typed lists: a kind that ends so, with `items`.
fn is_list(value: &Value) -> bool {
    let kind = value.get("kind").and_then(Value::as_str);
    let items = matches!(value.get("items"), Some(Value::Array(_) | Value::Null));
    match kind {
        Some("List") => items || value.get("items").is_none(),
        Some(kind) => is_list_kind(kind) && items,
        None => false,
    }
}

/// Whether a kind is that of a list, if the object has `items`.
pub(super) fn is_list_kind(kind: &str) -> bool {
    kind.ends_with("List")
}

/// The kind of a typed list's items; empty for a `List`, whose items say theirs.
fn item_kind(list: &str) -> &str {
    list.strip_suffix("List").unwrap_or_default()
}

/// Tells of keys that a list gives twice, outside of its items.
pub(super) fn tell_duplicates(
    pending: &mut Pending,
    place: Place,
    list: &Value,
    duplicates: Vec<Duplicate>,
) {
    let identity = Identity::of(list);
    for duplicate in duplicates {
        pending.push_back(Err(ReadError::object(
            place,
            duplicate.position,
            identity.clone(),
            duplicate.path,
            format!("the key is given twice, first at {}", duplicate.first),
        )));
    }
}

fn unpack(pending: &mut Pending, place: Place, mut list: Tree, duplicates: Vec<Duplicate>) {
    let (own, mut of_items) = split(duplicates);
    tell_duplicates(pending, place, &list.value, own);
    let inherited = Inherited::of(&list.value);
    let items = list.value.get_mut("items").map(Value::take);
    let Some(Value::Array(items)) = items else {
        return;
    };
    let marks = match list.mark.inner {
        Inner::Object(members) => members
            .into_iter()
            .find_map(|(key, mark)| (&*key == "items").then_some(mark.inner)),
        _ => None,
    };
    let mut marks = match marks {
        Some(Inner::List(marks)) => marks,
        _ => Vec::new(),
    }
    .into_iter();
    for (index, value) in items.into_iter().enumerate() {
        let mark = marks.next().unwrap_or(Mark {
            value: place.position,
            ..Mark::default()
        });
        let item = Tree { value, mark };
        let place = Place {
            item: Some(index),
            position: item.mark.value,
            ..place
        };
        let duplicates = of_items.remove(&index).unwrap_or_default();
        deliver_item(pending, place, item, duplicates, &inherited);
    }
}

/// Gives an item of a typed list the type that its list implies.
fn inherit(item: &mut Value, Inherited { api_version, kind }: &Inherited) {
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
