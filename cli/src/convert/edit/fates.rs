//! What becomes of the members of an object.

use super::{
    moves::Moves,
    original::{Member, within},
};
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

/// What becomes of each member of the object at a path, and which are added: a member that is not there any more has another name
/// where the conversion says so.
pub(super) fn fates<'v>(
    (path, members): (&str, &[Member<'_>]),
    old: &Map<String, Value>,
    new: &'v Map<String, Value>,
    moves: Moves<'_>,
) -> (Vec<Fate<'v>>, Vec<(&'v String, &'v Value)>) {
    let mut added: Vec<_> = new
        .iter()
        .filter(|(name, _)| !old.contains_key(*name))
        .collect();
    let here = moves.destination(path);
    let fates = members.iter().map(|member| {
        let Some(value) = old.get(member.name) else {
            return Fate::Goes;
        };
        if let Some(new) = new.get(member.name) {
            return Fate::Stays(new);
        }
        let from = within(path, member.name);
        let found = added.iter().enumerate().find_map(|(index, (name, new))| {
            let to = within(&here, name);
            let fate = if moves.of(&from) == Some(&to) {
                Fate::Renamed(name, new)
            } else if let Some([item]) = new.as_array().map(Vec::as_slice)
                && moves.of(&from) == Some(&first(&to))
            {
                Fate::Wrapped(name, item)
            } else if let Some([_]) = value.as_array().map(Vec::as_slice)
                && moves.of(&first(&from)) == Some(&to)
            {
                Fate::Unwrapped(name, new)
            } else {
                return None;
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

/// The path of the first item of a list.
fn first(list: &str) -> String {
    format!("{list}[0]")
}
