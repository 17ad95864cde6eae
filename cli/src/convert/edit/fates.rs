//! What becomes of the members of an object.

use super::original::Member;
use serde_json::{Map, Value};

/// What becomes of a member.
pub(super) enum Fate<'v> {
    /// It stays, perhaps with another value.
    Stays(&'v Value),
    /// It has another name, and perhaps another value.
    Renamed(&'v str, &'v Value),
    /// Its value is the one item of a list under another name.
    Wrapped(&'v str, &'v Value),
    /// The one item of its list is the value of another name.
    Unwrapped(&'v str, &'v Value),
    /// It goes.
    Goes,
}

/// What becomes of each member, and which are added.
pub(super) fn fates<'v>(
    members: &[Member<'_>],
    old: &Map<String, Value>,
    new: &'v Map<String, Value>,
) -> (Vec<Fate<'v>>, Vec<(&'v String, &'v Value)>) {
    let mut added: Vec<_> = new
        .iter()
        .filter(|(name, _)| !old.contains_key(*name))
        .collect();
    let fates = members.iter().map(|member| {
        let Some(value) = old.get(member.name) else {
            return Fate::Goes;
        };
        if let Some(new) = new.get(member.name) {
            return Fate::Stays(new);
        }
        let one = |list: &'v Value| match list.as_array().map(Vec::as_slice) {
            Some([item]) => Some(item),
            _ => None,
        };
        let found = added.iter().enumerate().find_map(|(index, (name, new))| {
            let fate = if holds(new, value) {
                return None;
            } else if is_like(value, new) {
                Fate::Renamed(name, new)
            } else if let Some(item) = one(new).filter(|item| is_like(value, item)) {
                Fate::Wrapped(name, item)
            } else {
                match value.as_array().map(Vec::as_slice) {
                    Some([item]) if is_like(item, new) => Fate::Unwrapped(name, new),
                    _ => return None,
                }
            };
            Some((index, fate))
        });
        match found {
            Some((index, fate)) => {
                added.remove(index);
                fate
            }
            None => Fate::Goes,
        }
    });
    (fates.collect(), added)
}

/// Whether a value has another one, which is more than a text or a number, as a member somewhere in it.
fn holds(value: &Value, part: &Value) -> bool {
    let is_it = |member: &Value| member == part || holds(member, part);
    match (value, part) {
        (Value::Object(members), Value::Object(_) | Value::Array(_)) => members.values().any(is_it),
        (Value::Array(items), Value::Object(_) | Value::Array(_)) => {
            items.iter().any(|item| holds(item, part))
        }
        _ => false,
    }
}

/// Whether a value is another one, perhaps changed in a part.
fn is_like(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            old == new || old.iter().any(|(name, value)| new.get(name) == Some(value))
        }
        _ => old == new,
    }
}
