//! Path patterns, found by the literal text that they begin and end with.

use std::sync::Arc;

use super::candidates::{Candidates, better};
use super::hashing::{Hashing, Key, Lengths};
use super::matches::{Match, PathMatch};
use super::request::{Prepared, RequestView};
use super::stored::Stored;
use super::trie::Trie;

/// Patterns by the whole elements that every path which fits begins with, among those by the whole elements
/// that it ends with; `/users/[0-9]+/posts` is below `/users` and there below `/posts`. Patterns without
/// literal elements at either end are tried one by one.
pub(super) struct PatternTable<T> {
    prefixes: Trie<(Key, Suffixes<T>)>,
    prefix_lengths: Lengths,
    /// Patterns that may begin with anything.
    free: Suffixes<T>,
}

struct Suffixes<T> {
    suffixes: Trie<(Key, Candidates<T>)>,
    suffix_lengths: Lengths,
    free: Candidates<T>,
}

impl<T> Clone for PatternTable<T> {
    fn clone(&self) -> Self {
        Self {
            prefixes: self.prefixes.clone(),
            prefix_lengths: self.prefix_lengths,
            free: self.free.clone(),
        }
    }
}

impl<T> Clone for Suffixes<T> {
    fn clone(&self) -> Self {
        Self {
            suffixes: self.suffixes.clone(),
            suffix_lengths: self.suffix_lengths,
            free: self.free.clone(),
        }
    }
}

impl<T> Default for PatternTable<T> {
    fn default() -> Self {
        Self {
            prefixes: Trie::default(),
            prefix_lengths: Lengths::default(),
            free: Suffixes::default(),
        }
    }
}

impl<T> Default for Suffixes<T> {
    fn default() -> Self {
        Self {
            suffixes: Trie::default(),
            suffix_lengths: Lengths::default(),
            free: Candidates::None,
        }
    }
}

impl<T> PatternTable<T> {
    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<&'t Stored<T>> {
        let path = request.path.as_bytes();
        let mut found = self.free.find(path, request, hashing);
        if self.prefix_lengths.is_empty() {
            return found;
        }
        let longest = self.prefix_lengths.max().saturating_add(1);
        let mut rest = path.get(..longest).unwrap_or(path);
        while let Some(end) = memchr::memrchr(b'/', rest) {
            rest = path.get(..end).unwrap_or_default();
            if end > 0
                && self.prefix_lengths.may_have(end)
                && let Some((_, below)) = self
                    .prefixes
                    .get(hashing.hash(rest), |(key, _)| key.as_bytes() == rest)
            {
                found = better(found, below.find(path, request, hashing));
            }
        }
        found
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.prefixes
            .for_each(&mut |(_, below)| below.for_each(&mut *visit));
        self.free.for_each(visit);
    }

    pub(super) fn insert(&mut self, entry: Arc<Stored<T>>, hashing: &Hashing) {
        let (prefix, suffix) = ends(&entry);
        if prefix.is_empty() {
            return self.free.insert(suffix, entry.clone(), hashing);
        }
        self.prefix_lengths.add(prefix.len());
        self.prefixes.upsert(
            hashing.hash(prefix),
            |(key, _)| key.as_bytes() == prefix,
            || (Key::new(prefix), Suffixes::default()),
            |(_, below)| below.insert(suffix, entry.clone(), hashing),
        );
    }

    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let (prefix, suffix) = ends(entry);
        if prefix.is_empty() {
            return self.free.remove(suffix, entry, hashing);
        }
        self.prefixes.edit(
            hashing.hash(prefix),
            |(key, _)| key.as_bytes() == prefix,
            |(_, below)| {
                below.remove(suffix, entry, hashing);
                !(below.free.is_empty() && below.suffixes.is_empty())
            },
        );
    }
}

impl<T> Suffixes<T> {
    fn find<'t, R: RequestView>(
        &'t self,
        path: &[u8],
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<&'t Stored<T>> {
        let mut found = self.free.find(request, hashing, 0);
        if self.suffix_lengths.is_empty() {
            return found;
        }
        let from = path.len().saturating_sub(self.suffix_lengths.max());
        for at in memchr::memchr_iter(b'/', path.get(from..).unwrap_or_default()) {
            let rest = path.get(from + at..).unwrap_or_default();
            if self.suffix_lengths.may_have(rest.len())
                && let Some((_, entries)) = self
                    .suffixes
                    .get(hashing.hash(rest), |(key, _)| key.as_bytes() == rest)
            {
                found = better(found, entries.find(request, hashing, 0));
            }
        }
        found
    }

    fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.suffixes
            .for_each(&mut |(_, entries)| entries.for_each(&mut *visit));
        self.free.for_each(visit);
    }

    fn insert(&mut self, suffix: &[u8], entry: Arc<Stored<T>>, hashing: &Hashing) {
        if suffix.is_empty() {
            return self.free.insert(entry, hashing);
        }
        self.suffix_lengths.add(suffix.len());
        self.suffixes.upsert(
            hashing.hash(suffix),
            |(key, _)| key.as_bytes() == suffix,
            || (Key::new(suffix), Candidates::None),
            |(_, entries)| entries.insert(entry, hashing),
        );
    }

    fn remove(&mut self, suffix: &[u8], entry: &Arc<Stored<T>>, hashing: &Hashing) {
        if suffix.is_empty() {
            return self.free.remove(entry, hashing);
        }
        self.suffixes.edit(
            hashing.hash(suffix),
            |(key, _)| key.as_bytes() == suffix,
            |(_, entries)| {
                entries.remove(entry, hashing);
                !entries.is_empty()
            },
        );
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
