//! The choice of what divides the entries of a list that has become long.

use std::collections::HashMap;
use std::sync::Arc;

use super::depth::Depth;
use super::part::{Named, RequestPart};
use super::ranked::Ranked;
use crate::routing::index::stored::Stored;

/// What divides the entries of a list.
pub(super) enum Divider {
    Part(RequestPart),
    Names,
    Patterns,
}

/// What divides the entries best: of one part of the request, of all names that they ask for, and of the patterns of
/// their paths, that which leaves the fewest entries together; `None` if that is more than half of them.
pub(super) fn divider<T>(heads: &Ranked<T>, depth: Depth<'_>) -> Option<Divider> {
    let all = heads.len();
    let sharing = SameCount::of(heads.iter(), depth);
    let mut by_part = sharing.by_part(all, depth);
    let by_method = together_by_method(heads);
    if by_method.is_some_and(|n| by_part.as_ref().is_none_or(|(fewest, _)| n < *fewest)) {
        by_part = by_method.map(|together| (together, RequestPart::Method));
    }
    let by_names = sharing.by_names(heads.iter());
    let by_pattern = together_by_pattern(heads);
    // A look-up by one part costs less than one by everything that the request carries.
    let by_part = by_part.filter(|(n, _)| by_names.is_none_or(|by_names| *n <= 2 * by_names));
    let options = [
        by_part.map(|(together, part)| (together, Divider::Part(part))),
        by_names.map(|together| (together, Divider::Names)),
        by_pattern.map(|together| (together, Divider::Patterns)),
    ];
    let enough = options.into_iter().flatten();
    let enough = enough.filter(|(together, _)| *together <= all / 2);
    let mut best: Option<(usize, Divider)> = None;
    for (together, divider) in enough {
        let after_a_part = matches!(
            (&best, &divider),
            (Some((_, Divider::Part(_))), Divider::Names)
        );
        if !after_a_part && best.as_ref().is_none_or(|(fewest, _)| together < *fewest) {
            best = Some((together, divider));
        }
    }
    Some(best?.1)
}

/// How many entries stay together if the method tells them apart: those with the commonest one, and those without.
fn together_by_method<T>(heads: &Ranked<T>) -> Option<usize> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for method in heads.iter().filter_map(|head| head.method()) {
        *counts.entry(method).or_default() += 1;
    }
    let largest = counts.values().max()?;
    Some(heads.len() - counts.values().sum::<usize>() + largest)
}

/// How many entries share the commonest pattern. Where one entry has a pattern, all in its place have one.
fn together_by_pattern<T>(heads: &Ranked<T>) -> Option<usize> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for head in heads.iter() {
        let pattern = head.path_pattern()?;
        *counts.entry(pattern.as_str()).or_default() += 1;
    }
    counts.into_values().max()
}

/// How many entries ask for the same: what an index would leave together.
struct SameCount<'e> {
    /// By part, then by value; `None` for a pattern.
    parts: HashMap<RequestPart, HashMap<Option<&'e [u8]>, usize>>,
}

impl<'e> SameCount<'e> {
    /// Counts what entries ask for, but for what all entries at this position ask for.
    fn of<T: 'e>(entries: impl Iterator<Item = &'e Arc<Stored<T>>>, depth: Depth<'_>) -> Self {
        let mut parts: HashMap<RequestPart, HashMap<_, usize>> = HashMap::new();
        for named in entries.flat_map(|entry| Named::of(entry)) {
            let values = parts.entry(named.part()).or_default();
            *values.entry(named.value()).or_default() += 1;
        }
        for part in depth.settled() {
            parts.remove(part);
        }
        Self { parts }
    }

    /// The header or parameter that divides this many entries best, and how many stay together: those with the
    /// commonest value, and those that ask for none.
    fn by_part(&self, all: usize, depth: Depth<'_>) -> Option<(usize, RequestPart)> {
        if !depth.may_choose_a_name() {
            return None;
        }
        let together = |values: &HashMap<Option<&[u8]>, usize>| {
            let exact = || values.iter().filter(|(value, _)| value.is_some());
            let largest = exact().map(|(_, count)| *count).max()?;
            Some(all - exact().map(|(_, count)| *count).sum::<usize>() + largest)
        };
        let parts = self.parts.iter();
        let counted = parts.filter_map(|(part, values)| Some((together(values)?, part)));
        let (together, part) = counted.min_by_key(|(together, _)| *together)?;
        Some((together, part.clone()))
    }

    /// How many entries stay together where each stands below the one of its names that the fewest before it stand
    /// below: the most that one name is chosen by, and those that have no name. `None` if none has.
    fn by_names<T: 'e>(&self, entries: impl Iterator<Item = &'e Arc<Stored<T>>>) -> Option<usize> {
        let (mut largest, mut nameless) = (None, 0);
        let mut chosen: HashMap<(RequestPart, Option<&[u8]>), usize> = HashMap::new();
        for entry in entries {
            let open = Named::of(entry).map(|named| (named.part(), named.value()));
            let open = open.filter(|(part, _)| self.parts.contains_key(part));
            let loads = open.map(|name| (chosen.get(&name).copied().unwrap_or_default(), name));
            match loads.min_by_key(|(load, (_, value))| (*load, value.is_none())) {
                Some((load, name)) => {
                    chosen.insert(name, load + 1);
                    largest = largest.max(Some(load + 1));
                }
                None => nameless += 1,
            }
        }
        Some(largest? + nameless)
    }
}
