//! Entries that nothing tells apart yet, in order of precedence, and the choice of what will.

use std::collections::HashMap;
use std::sync::Arc;

use super::by_name::{Names, Sharing};
use super::by_part::Index;
use super::candidates::{Candidates, Depth, Hit};
use super::hashing::Hashing;
use super::part::Part;
use super::prepared::Prepared;
use super::ranked::Ranked;
use super::stored::Stored;
use super::table::Table;
use crate::routing::request::view::RequestView;

/// Entries in order of precedence. Of those with the same tests only the first can ever win; the others wait
/// in its group.
pub(super) struct List<T> {
    heads: Ranked<T>,
    groups: Table<Ranked<T>>,
    /// Do not try to build an index again before there are this many distinct entries.
    next_try: usize,
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self {
            heads: self.heads.clone(),
            groups: self.groups.clone(),
            next_try: self.next_try,
        }
    }
}

/// Lists up to this length are searched one by one.
const SHORT: usize = 8;

impl<T> List<T> {
    pub(super) fn new() -> Self {
        Self {
            heads: Ranked::default(),
            groups: Table::default(),
            next_try: SHORT + 1,
        }
    }

    /// The number of entries with different tests.
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    /// The first entry whose open tests the request passes.
    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
    ) -> Option<Hit<'t, T>> {
        let mut heads = self.heads.iter();
        heads.find(|entry| entry.fits(request)).map(Hit::from)
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.groups
            .for_each(&mut |group| group.iter().for_each(&mut *visit));
    }

    pub(super) fn insert(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let changed = self.groups.upsert(
            entry.identity(hashing),
            hashing,
            |group| group.first().is_some_and(|first| first.same_tests(entry)),
            || {
                let mut group = Ranked::default();
                group.insert(entry.clone());
                group
            },
            |group| {
                let before = group.first().cloned();
                let new = before
                    .as_ref()
                    .is_some_and(|first| Arc::ptr_eq(first, entry));
                if !new {
                    group.insert(entry.clone());
                }
                (before.filter(|_| !new), group.first().cloned())
            },
        );
        if let Some((before, after)) = changed {
            self.replace_head(before, after);
        }
    }

    /// Removes an entry; true if none is left.
    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) -> bool {
        let mut changed = None;
        self.groups.edit(
            entry.identity(hashing),
            hashing,
            |group| group.first().is_some_and(|first| first.same_tests(entry)),
            |group| {
                let before = group.first().cloned();
                group.remove(entry);
                changed = Some((before, group.first().cloned()));
                group.len() > 0
            },
        );
        if let Some((before, after)) = changed {
            self.replace_head(before, after);
        }
        self.heads.len() == 0
    }

    fn replace_head(&mut self, before: Option<Arc<Stored<T>>>, after: Option<Arc<Stored<T>>>) {
        if let (Some(before), Some(after)) = (&before, &after)
            && Arc::ptr_eq(before, after)
        {
            return;
        }
        if let Some(before) = before {
            self.heads.remove(&before);
        }
        if let Some(after) = after {
            self.heads.insert(after);
        }
    }
}

/// What divides the entries of a list.
enum Divider {
    Part(Part),
    Names,
    Patterns,
}

impl<T: Clone> List<T> {
    /// The same entries, indexed by what divides them best, if the list has become long. If nothing divides them
    /// enough, it is not tried again before there are twice as many.
    pub(super) fn divided(&mut self, hashing: &Hashing, depth: Depth<'_>) -> Option<Candidates<T>> {
        if self.len() < self.next_try || !depth.may_divide() {
            return None;
        }
        let mut divided = match self.divider(depth) {
            Some(Divider::Part(part)) => Candidates::Index(Arc::new(Index::new(part))),
            Some(Divider::Names) => Candidates::Names(Arc::new(Names::new(depth))),
            Some(Divider::Patterns) => Candidates::Patterns(Arc::default()),
            None => {
                self.next_try = self.len().saturating_mul(2);
                return None;
            }
        };
        self.groups.for_each(&mut |group| {
            group
                .iter()
                .for_each(|entry| divided.insert(entry, hashing, depth));
        });
        Some(divided)
    }

    /// What divides the entries best: of one part of the request, of all names that they ask for, and of the patterns of
    /// their paths, that which leaves the fewest entries together; `None` if that is more than half of them.
    fn divider(&self, depth: Depth<'_>) -> Option<Divider> {
        let all = self.len();
        let sharing = Sharing::of(self.heads.iter(), depth);
        let mut by_part = sharing.by_part(all, depth);
        let by_method = self.together_by_method(all);
        if by_method.is_some_and(|n| by_part.as_ref().is_none_or(|(fewest, _)| n < *fewest)) {
            by_part = by_method.map(|together| (together, Part::Method));
        }
        let by_names = sharing.by_names(self.heads.iter());
        let by_pattern = self.together_by_pattern();
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
    fn together_by_method(&self, all: usize) -> Option<usize> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for method in self.heads.iter().filter_map(|head| head.method()) {
            *counts.entry(method).or_default() += 1;
        }
        let largest = counts.values().max()?;
        Some(all - counts.values().sum::<usize>() + largest)
    }

    /// How many entries share the commonest pattern. Where one entry has a pattern, all in its place have one.
    fn together_by_pattern(&self) -> Option<usize> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for head in self.heads.iter() {
            let pattern = head.path_pattern()?;
            *counts.entry(pattern.as_str()).or_default() += 1;
        }
        counts.into_values().max()
    }
}
