//! Path patterns, found by the literal text that they begin and end with.

use std::sync::Arc;

use crate::routing::index::by_condition::candidates::Candidates;
use crate::routing::index::by_condition::depth::Depth;
use crate::routing::index::by_condition::entries::{Change, Entries};
use crate::routing::index::hashed::hashing::{HashProgress, Hashing};
use crate::routing::index::hashed::texts::TextMap;
use crate::routing::index::hit::{Hit, better};
use crate::routing::index::prepared::Prepared;
use crate::routing::index::stored::Stored;
use crate::routing::matching::matches::{Match, PathMatch};
use crate::routing::request::view::RequestView;

/// Patterns by the whole elements with which every matching path begins, and among those by the whole elements with
/// which it ends; `/users/[0-9]+/posts` is below `/users` and there below `/posts`. Several patterns in one
/// place are asked together, as a [`PatternSet`](crate::routing::index::pattern_set::PatternSet).
pub(super) struct PatternTable<T> {
    prefixes: TextMap<Suffixes<T>>,
    /// Patterns that may begin with anything.
    free: Suffixes<T>,
}

struct Suffixes<T> {
    suffixes: TextMap<Candidates<T>, true>,
    free: Candidates<T>,
}

impl<T: Clone> Clone for PatternTable<T> {
    fn clone(&self) -> Self {
        Self {
            prefixes: self.prefixes.clone(),
            free: self.free.clone(),
        }
    }
}

impl<T: Clone> Clone for Suffixes<T> {
    fn clone(&self) -> Self {
        Self {
            suffixes: self.suffixes.clone(),
            free: self.free.clone(),
        }
    }
}

impl<T> Default for PatternTable<T> {
    fn default() -> Self {
        Self {
            prefixes: TextMap::default(),
            free: Suffixes::default(),
        }
    }
}

impl<T> Default for Suffixes<T> {
    fn default() -> Self {
        Self {
            suffixes: TextMap::default(),
            free: Candidates::None,
        }
    }
}

impl<T> PatternTable<T> {
    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let path = request.path.as_bytes();
        let mut found = self.free.find(path, request, hashing);
        // Every length counts: a pattern with a short front may rank before one with a long front.
        let mut progress = HashProgress::default();
        for len in self.prefixes.lengths().longest_first(path) {
            if len < path.len()
                && let Some(below) = self.prefixes.front(path, len, hashing, &mut progress)
            {
                found = better(found, below.find(path, request, hashing));
            }
        }
        found
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.prefixes
            .for_each(&mut |below| below.for_each(&mut *visit));
        self.free.for_each(visit);
    }
}

impl<T: Clone> PatternTable<T> {
    pub(super) fn insert(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let (prefix, suffix) = ends(entry);
        if prefix.is_empty() {
            return self.free.insert(suffix, entry, hashing);
        }
        self.prefixes
            .upsert(prefix, hashing, Suffixes::default, |below| {
                below.insert(suffix, entry, hashing);
            });
    }

    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let (prefix, suffix) = ends(entry);
        if prefix.is_empty() {
            return self.free.remove(suffix, entry, hashing);
        }
        self.prefixes.edit(prefix, hashing, |below| {
            below.remove(suffix, entry, hashing);
            !(below.free.is_empty() && below.suffixes.is_empty())
        });
    }
}

impl<T> Suffixes<T> {
    fn find<'t, R: RequestView>(
        &'t self,
        path: &[u8],
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let mut found = self.free.find(request, hashing);
        if self.suffixes.is_empty() {
            return found;
        }
        let mut progress = HashProgress::default();
        for len in self.suffixes.lengths().shortest_back(path) {
            if let Some(entries) = self.suffixes.back(path, len, hashing, &mut progress) {
                found = better(found, entries.find(request, hashing));
            }
        }
        found
    }

    fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.suffixes.for_each_entry(&mut *visit);
        self.free.for_each(visit);
    }
}

impl<T: Clone> Suffixes<T> {
    fn insert(&mut self, suffix: &[u8], entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let depth = Depth::default();
        if suffix.is_empty() {
            return self.free.insert(entry, hashing, depth);
        }
        self.suffixes.insert(suffix, entry, hashing, depth);
    }

    fn remove(&mut self, suffix: &[u8], entry: &Arc<Stored<T>>, hashing: &Hashing) {
        if suffix.is_empty() {
            return self.free.remove(entry, hashing);
        }
        self.suffixes.remove(suffix, entry, hashing);
    }
}

/// The literal text at both ends of an entry's pattern, cut to whole elements: up to the last slash of the
/// front, from the first slash of the back.
fn ends<T>(entry: &Stored<T>) -> (&[u8], &[u8]) {
    let Match::Http(http) = &entry.matching else {
        return (&[], &[]);
    };
    let PathMatch::RegularExpression(pattern) = &http.path else {
        return (&[], &[]);
    };
    let (front, back) = (pattern.prefix(), pattern.suffix());
    let prefix = memchr::memrchr(b'/', front).and_then(|end| front.get(..end));
    let suffix = memchr::memchr(b'/', back).and_then(|start| back.get(start..));
    (prefix.unwrap_or_default(), suffix.unwrap_or_default())
}
