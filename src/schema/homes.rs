//! Where in an object a field belongs that stands in another place of it.

use super::{KINDS, KindVersion, Path, Schema, ValueType, object_meta, places, spelling::is_slip};
use crate::meta::{Channel, Release, When};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{LazyLock, OnceLock},
};

/// A part of an object that has a field which stands in another part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldHome {
    /// The field, where its name there is a little different.
    pub name: Option<String>,
    /// The path of the part, with `[]` for each element of a list: `spec.rules[]`. Empty for the object itself.
    pub path: String,
    /// The releases that have the field there.
    pub when: When,
}

/// Those of each kind, made when they are first asked for.
static ALL: LazyLock<Box<[OnceLock<Homes>]>> =
    LazyLock::new(|| KINDS.iter().map(|_| OnceLock::new()).collect());

/// Every field of a kind that people write, by name: the parts of the object that have it.
#[derive(Debug)]
struct Homes {
    by_name: BTreeMap<String, Vec<Home>>,
}

/// Parts of the metadata that servers and controllers write.
const OF_SERVER: [&str; 2] = ["managedFields", "ownerReferences"];

#[derive(Debug)]
struct Home {
    /// The names of the fields down to the part.
    steps: Vec<String>,
    path: String,
    when: When,
    value_type: Option<ValueType>,
}

impl Homes {
    /// Those of a kind, if it is one of ours.
    fn of(kind: &'static KindVersion) -> Option<&'static Self> {
        let index = KINDS.iter().position(|known| std::ptr::eq(known, kind))?;
        let homes = ALL.get(index)?;
        Some(homes.get_or_init(|| Self::found(kind)))
    }

    fn found(kind: &'static KindVersion) -> Self {
        let mut homes = Self {
            by_name: BTreeMap::new(),
        };
        let when = kind.history.when_served();
        homes.add(kind.every(), when, &mut Vec::new(), "");
        let mut metadata = vec!["metadata".to_owned()];
        homes.add(object_meta(), when, &mut metadata, "metadata");
        homes
    }

    fn add(&mut self, part: &Schema, when: When, steps: &mut Vec<String>, path: &str) {
        for (name, field) in &part.properties {
            let when = when.and(field.when());
            // What a server writes is nobody's to move.
            if when.is_nowhere() || steps.is_empty() && name == "status" {
                continue;
            }
            self.by_name.entry(name.clone()).or_default().push(Home {
                steps: steps.clone(),
                path: path.to_owned(),
                when,
                value_type: field.value_type,
            });
            // Nobody writes what is in there.
            if path == "metadata" && OF_SERVER.contains(&name.as_str()) {
                continue;
            }
            let mut below = field;
            let mut within = match path {
                "" => name.clone(),
                _ => format!("{path}.{name}"),
            };
            while let Some(items) = below.items.as_deref() {
                below = items;
                within.push_str("[]");
            }
            steps.push(name.clone());
            self.add(below, when, steps, &within);
            steps.pop();
        }
    }
}

/// The parts of an object that have a field of this name for such a value, the nearest first; or those around it that have one of
/// nearly this name, where that is nearer. Nothing of a status.
pub(super) fn of(kind: &'static KindVersion, at: &Path<'_>, value: &Value) -> Vec<FieldHome> {
    let names = at.names();
    let Some((name, part)) = names.split_last() else {
        return Vec::new();
    };
    if part.first() == Some(&"status") {
        return Vec::new();
    }
    let homes = Homes::of(kind).and_then(|homes| homes.by_name.get(*name));
    let mut found: Vec<(usize, &Home)> = homes
        .into_iter()
        .flatten()
        .filter(|home| home.steps != *part && fits(value, home.value_type))
        .map(|home| (distance(&home.steps, part), home))
        .collect();
    found.sort_by_key(|(distance, home)| (*distance, home.path.as_str()));
    let nearest = found.first().map(|(distance, _)| *distance);
    if let Some(around) = around(kind, name, part, nearest.unwrap_or(usize::MAX)) {
        return vec![around];
    }
    let home = |(_, home): (usize, &Home)| FieldHome {
        name: None,
        path: home.path.clone(),
        when: home.when,
    };
    found.into_iter().map(home).collect()
}

/// The parts for people, the first of them: those in which the release and channel have the field; or, where there are none, all of
/// them, and the releases that have it in the first.
pub(super) fn in_words(
    name: &str,
    homes: &[FieldHome],
    (release, channel): (Release, Channel),
) -> Option<(String, Option<When>)> {
    const MOST: usize = 3;
    let is_there = |home: &&FieldHome| home.when.contains(release, channel);
    let mut meant: Vec<&FieldHome> = homes.iter().filter(is_there).collect();
    let lacking = meant.is_empty();
    if lacking {
        meant.extend(homes);
    }
    let first = *meant.first()?;
    let part = |home: &FieldHome| match home.path.as_str() {
        "" => "the object itself".to_owned(),
        path => format!("`{path}`"),
    };
    let mut text = match &first.name {
        Some(near) => format!("did you mean `{near}`? It belongs to {}", part(first)),
        None => format!("`{name}` belongs to {}", part(first)),
    };
    for (index, home) in meant.iter().enumerate().skip(1).take(MOST - 1) {
        let is_last = index + 1 == meant.len();
        text.push_str(if is_last { " or " } else { ", " });
        text.push_str(&part(home));
    }
    match meant.len().checked_sub(MOST) {
        None | Some(0) => {}
        Some(1) => text.push_str(" or one other part"),
        Some(more) => {
            let _ = write!(text, " or {more} other parts");
        }
    }
    Some((text, lacking.then_some(first.when)))
}

/// How many steps up and down lead from one part to another.
fn distance(from: &[String], to: &[&str]) -> usize {
    let same = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    from.len() + to.len() - 2 * same
}

/// A part around this one, less than so many steps up, that has a field of nearly this name.
fn around(kind: &'static KindVersion, name: &str, part: &[&str], most: usize) -> Option<FieldHome> {
    let served = kind.history.when_served();
    // The object itself and what is directly in it are the same in all kinds.
    let ways = (1..part.len()).rev().take(most.saturating_sub(1));
    ways.filter_map(|length| part.get(..length))
        .find_map(|way| {
            let (schema, path) = places::part(kind.every(), way)?;
            let when = |field: &Schema| {
                let when = served
                    .and(places::when(kind.every(), way)?)
                    .and(field.when());
                (!when.is_nowhere()).then_some(when)
            };
            let mut fields = schema.properties.iter();
            let (near, when) = fields.find_map(|(near, field)| {
                is_slip(name, near).then(|| Some((near, when(field)?)))?
            })?;
            Some(FieldHome {
                name: (near.as_str() != name).then(|| near.clone()),
                path,
                when,
            })
        })
}

/// Whether a field of a type may hold a value.
fn fits(value: &Value, value_type: Option<ValueType>) -> bool {
    match (value, value_type) {
        (Value::Null, _) | (_, None) => true,
        (Value::Object(_), Some(of)) => of == ValueType::Object,
        (Value::Array(_), Some(of)) => of == ValueType::Array,
        (_, Some(of)) => !matches!(of, ValueType::Object | ValueType::Array),
    }
}
