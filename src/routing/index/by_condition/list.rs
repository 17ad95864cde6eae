//! Entries that nothing tells apart yet, in order of precedence.

use std::sync::Arc;

use super::depth::Depth;
use super::divide::{self, Divider};
use super::ranked::Ranked;
use crate::routing::index::hashed::hashing::Hashing;
use crate::routing::index::hashed::table::HashTable;
use crate::routing::index::hit::Hit;
use crate::routing::index::prepared::Prepared;
use crate::routing::index::stored::Stored;
use crate::routing::request::view::RequestView;

/// Entries in order of precedence. Of those with the same tests only the first can ever win; the others wait
/// in its group.
pub(in crate::routing::index) struct EntryList<T> {
    heads: Ranked<T>,
    groups: HashTable<Ranked<T>>,
    /// Do not try to build an index again before there are this many distinct entries.
    next_try: usize,
}

impl<T> Clone for EntryList<T> {
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

impl<T> EntryList<T> {
    pub(super) fn new() -> Self {
        Self {
            heads: Ranked::default(),
            groups: HashTable::default(),
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

    /// What divides the entries best, if the list has become long. If nothing divides them enough, it is not tried again
    /// before there are twice as many.
    pub(super) fn divider(&mut self, depth: Depth<'_>) -> Option<Divider> {
        if self.len() < self.next_try || !depth.may_divide() {
            return None;
        }
        let divider = divide::divider(&self.heads, depth);
        if divider.is_none() {
            self.next_try = self.len().saturating_mul(2);
        }
        divider
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
