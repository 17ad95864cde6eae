//! Objects of one name that cannot be one object, since nobody knows in which namespaces they are: a repository holds several
//! applications, each in a folder of its own.

use crate::input::Entry;
use gwapi::{lint::Member, meta::GroupVersionKind};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    path::{Component, Path},
    sync::LazyLock,
};

/// By what an object is told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Group, kind and name.
    pub(super) name: u64,
    /// Nothing where it is not known.
    pub(super) namespace: Option<u64>,
    pub(super) content: u64,
}

/// Nobody can make two texts of one digest who does not know the keys.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Identity {
    pub(super) fn of(entry: &Entry, member: &Member) -> Self {
        // A namespace that is a placeholder is none of which anything is known, and is told from those of other placeholders.
        let is_placed = entry.is_placed || !entry.namespace().is_empty();
        Self::new(&entry.value, is_placed, member.digest())
    }

    pub(super) fn new(object: &Value, is_placed: bool, content: u64) -> Self {
        let text = |pointer: &str| {
            let text = object.pointer(pointer).and_then(Value::as_str);
            text.unwrap_or_default()
        };
        let kind = text("/kind");
        let group = GroupVersionKind::from_api_version(text("/apiVersion"), kind).group;
        let name = (group.as_str(), kind, text("/metadata/name"));
        Self {
            name: KEYS.hash_one(name),
            namespace: is_placed.then(|| KEYS.hash_one(text("/metadata/namespace"))),
            content,
        }
    }

    fn is_unplaced(self) -> bool {
        self.namespace.is_none()
    }

    /// Whether it may be one of those in the namespace in which all others are that name none.
    fn concerns_default(self) -> bool {
        let default = KEYS.hash_one("default");
        self.namespace.is_none_or(|namespace| namespace == default)
    }
}

/// An object, and the way to its file.
#[derive(Clone, Debug)]
pub(super) struct Located<'f> {
    pub(super) path: Vec<&'f str>,
    pub(super) index: usize,
    pub(super) identity: Identity,
}

impl<'f> Located<'f> {
    /// The object with this place among all.
    pub(super) fn new(file: &'f str, index: usize, identity: Identity) -> Self {
        let parts = Path::new(file).components().filter_map(|part| match part {
            Component::CurDir => None,
            part => part.as_os_str().to_str(),
        });
        Self {
            path: parts.collect(),
            index,
            identity,
        }
    }
}

/// The objects that have to be in namespaces of their own, each group of them in one: of those whose namespace is not known and
/// that cannot all be in `default`, since two of one name differ there. What is in one folder stays together as long as it can.
pub(super) fn apart(objects: &[Located<'_>]) -> Vec<Vec<usize>> {
    let concerned: Vec<&Located<'_>> = objects
        .iter()
        .filter(|object| object.identity.concerns_default())
        .collect();
    let mut groups = Vec::new();
    // Most sets can be in one namespace.
    let mut content = HashMap::new();
    let differs = |object: &&Located<'_>| {
        let own = object.identity.content;
        *content.entry(object.identity.name).or_insert(own) != own
    };
    let is_any = concerned.iter().any(|object| object.identity.is_unplaced());
    if is_any && concerned.iter().any(differs) {
        sort_out(&concerned, 0, &mut groups);
    }
    groups
}

/// Puts what cannot be in `default` into groups; what comes back can be there with the rest of what is in the folders above.
fn sort_out<'l>(
    objects: &[&'l Located<'l>],
    depth: usize,
    groups: &mut Vec<Vec<usize>>,
) -> Vec<&'l Located<'l>> {
    let mut children: BTreeMap<Option<&str>, Vec<&'l Located<'l>>> = BTreeMap::new();
    for object in objects {
        let child = object.path.get(depth).copied();
        children.entry(child).or_default().push(object);
    }
    if children.keys().all(Option::is_none) {
        return in_file(objects, groups);
    }
    let split = colliding(&children);
    let mut together = Vec::new();
    for (child, objects) in &children {
        let rest = sort_out(objects, depth + 1, groups);
        match split.contains(child) {
            true => add_group(&rest, groups),
            false => together.extend(rest),
        }
    }
    together
}

fn add_group(objects: &[&Located<'_>], groups: &mut Vec<Vec<usize>>) {
    let unplaced = objects
        .iter()
        .filter(|object| object.identity.is_unplaced());
    let group: Vec<usize> = unplaced.map(|object| object.index).collect();
    if !group.is_empty() {
        groups.push(group);
    }
}

/// The files and folders of a folder with an object whose namespace is not known, where another of them gives one of the same name
/// with other content.
fn colliding<'c>(
    children: &BTreeMap<Option<&'c str>, Vec<&Located<'_>>>,
) -> BTreeSet<Option<&'c str>> {
    let mut holders: HashMap<u64, Vec<(Option<&str>, Identity)>> = HashMap::new();
    for (child, objects) in children {
        for object in objects {
            let holders = holders.entry(object.identity.name).or_default();
            holders.push((*child, object.identity));
        }
    }
    let mut split = BTreeSet::new();
    for holders in holders.values() {
        let Some((child, first)) = holders.first() else {
            continue;
        };
        let is_one_file = holders.iter().all(|(other, _)| other == child);
        let is_one_object = || holders.iter().all(|(_, one)| one.content == first.content);
        if is_one_file || is_one_object() {
            continue;
        }
        let unplaced = holders.iter().filter(|(_, one)| one.is_unplaced());
        split.extend(unplaced.map(|(child, _)| *child));
    }
    split
}

/// The same within a file, which is for one namespace as far as it can be: of several objects of one name, each but the last is
/// looked at by itself.
fn in_file<'l>(objects: &[&'l Located<'l>], groups: &mut Vec<Vec<usize>>) -> Vec<&'l Located<'l>> {
    let mut content: HashMap<(u64, bool), u64> = HashMap::new();
    let mut together = Vec::new();
    for object in objects.iter().rev() {
        let Identity {
            name, content: own, ..
        } = object.identity;
        let is_unplaced = object.identity.is_unplaced();
        let last = *content.entry((name, is_unplaced)).or_insert(own);
        match last == own || !is_unplaced {
            true => together.push(*object),
            false => add_group(&[object], groups),
        }
    }
    together.reverse();
    let is_in_default = |object: &&&Located<'_>| {
        let Identity {
            name, content: own, ..
        } = object.identity;
        let there = content.get(&(name, false));
        object.identity.is_unplaced() && there.is_some_and(|there| *there != own)
    };
    if together.iter().any(|object| is_in_default(&object)) {
        add_group(&together, groups);
        together.retain(|object| !object.identity.is_unplaced());
    }
    together
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The groups of these objects: each a file, its namespace (`?` where it is not known), and its name with what it holds.
    fn groups(objects: &[(&str, &str, &str)]) -> Vec<Vec<usize>> {
        let located = objects
            .iter()
            .enumerate()
            .map(|(index, (file, namespace, text))| {
                let (name, content) = text.split_once('=').unwrap();
                let mut object = json!({
                    "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                });
                let is_placed = *namespace != "?";
                if is_placed {
                    object["metadata"]["namespace"] = json!(namespace);
                }
                Located::new(
                    file,
                    index,
                    Identity::new(&object, is_placed, content.parse().unwrap()),
                )
            });
        let mut groups = apart(&located.collect::<Vec<_>>());
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        groups
    }

    #[test]
    fn what_can_be_in_one_namespace_stays_together() {
        let none: Vec<Vec<usize>> = Vec::new();
        for objects in [
            &[("a/x.yaml", "?", "web=1"), ("b/x.yaml", "?", "cart=1")][..],
            &[("a/x.yaml", "?", "web=1"), ("b/x.yaml", "?", "web=1")],
            &[("a/x.yaml", "shop", "web=1"), ("b/x.yaml", "till", "web=2")],
            &[("x.yaml", "?", "web=1"), ("x.yaml", "default", "cart=2")],
            &[("x.yaml", "?", "web=1"), ("y.yaml", "shop", "web=2")],
        ] {
            assert_eq!(groups(objects), none, "{objects:?}");
        }
    }

    #[test]
    fn folders_that_cannot_be_in_one_namespace_are_apart_and_others_stay() {
        for (objects, wanted) in [
            (
                &[
                    ("./gw.yaml", "?", "gw=1"),
                    ("./a/x.yaml", "?", "web=1"),
                    ("./a/more/y.yaml", "?", "cart=1"),
                    ("./b/x.yaml", "?", "web=2"),
                    ("./c/x.yaml", "?", "till=1"),
                ][..],
                vec![vec![1, 2], vec![3]],
            ),
            // The innermost folder that can be in one.
            (
                &[
                    ("apps/a/dev/x.yaml", "?", "web=1"),
                    ("apps/a/prod/x.yaml", "?", "web=2"),
                    ("apps/a/x.yaml", "?", "api=1"),
                    ("apps/b/x.yaml", "?", "api=1"),
                ],
                vec![vec![0], vec![1]],
            ),
            // What is in `default` stays there.
            (
                &[
                    ("x.yaml", "default", "web=1"),
                    ("x.yaml", "?", "cart=1"),
                    ("y.yaml", "?", "web=2"),
                ],
                vec![vec![2]],
            ),
            // In one file, too.
            (
                &[
                    ("x.yaml", "?", "web=1"),
                    ("x.yaml", "?", "cart=1"),
                    ("x.yaml", "?", "web=2"),
                ],
                vec![vec![0]],
            ),
            (
                &[
                    ("x.yaml", "?", "web=1"),
                    ("x.yaml", "default", "web=2"),
                    ("x.yaml", "?", "cart=2"),
                ],
                vec![vec![0, 2]],
            ),
        ] {
            assert_eq!(groups(objects), wanted, "{objects:?}");
        }
    }
}
