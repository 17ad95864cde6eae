//! Candidates by a text: a path, a prefix, a value, a service.

use std::sync::Arc;

use super::candidates::{Candidates, Site};
use super::hashing::{Hashing, Key, Lengths};
use super::stored::Stored;
use super::table::{Keyed, Table};

/// Candidates by a text that the request must have.
pub(super) struct Texts<T> {
    table: Table<Held<T>>,
    lengths: Lengths,
}

struct Held<T> {
    text: Key,
    entries: Candidates<T>,
}

impl<T> Clone for Texts<T> {
    fn clone(&self) -> Self {
        Self {
            table: self.table.clone(),
            lengths: self.lengths,
        }
    }
}

impl<T: Clone> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self {
            text: self.text.clone(),
            entries: self.entries.clone(),
        }
    }
}

impl<T: Clone> Keyed for Held<T> {
    fn hash(&self, hashing: &Hashing) -> u64 {
        hashing.hash_value(self.text.as_bytes())
    }
}

impl<T> Default for Texts<T> {
    fn default() -> Self {
        Self {
            table: Table::default(),
            lengths: Lengths::default(),
        }
    }
}

impl<T> Texts<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(super) fn lengths(&self) -> &Lengths {
        &self.lengths
    }

    /// The candidates of a text.
    #[inline(always)]
    pub(super) fn get(&self, text: &[u8], hashing: &Hashing) -> Option<&Candidates<T>> {
        if !self.lengths.may_have(text.len()) {
            return None;
        }
        self.at(text, hashing)
    }

    /// As [`get`](Self::get), for a text that most probably is there.
    #[inline(always)]
    pub(super) fn at(&self, text: &[u8], hashing: &Hashing) -> Option<&Candidates<T>> {
        let held = self
            .table
            .get(|| hashing.hash_value(text), |held| held.text.is(text))?;
        Some(&held.entries)
    }

    /// The candidates of the text that `is` knows.
    pub(super) fn get_where(
        &self,
        hash: impl FnOnce() -> u64,
        is: impl Fn(&[u8]) -> bool,
    ) -> Option<&Candidates<T>> {
        let is = |held: &Held<T>| is(held.text.as_bytes());
        Some(&self.table.get(hash, is)?.entries)
    }

    /// The text of a table that has no other, and its candidates.
    #[inline(always)]
    pub(super) fn lone(&self) -> Option<(&[u8], &Candidates<T>)> {
        let held = self.table.lone()?;
        Some((held.text.as_bytes(), &held.entries))
    }

    /// The candidates of as many bytes of a path, one of [`lengths`](Self::lengths).
    #[inline(always)]
    pub(super) fn front(
        &self,
        path: &[u8],
        len: usize,
        hashing: &Hashing,
    ) -> Option<&Candidates<T>> {
        self.at(path.get(..len)?, hashing)
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.table
            .for_each(&mut |held| held.entries.for_each(&mut *visit));
    }
}

impl<T: Clone> Texts<T> {
    pub(super) fn insert(
        &mut self,
        text: &[u8],
        entry: &Arc<Stored<T>>,
        hashing: &Hashing,
        site: Site,
    ) {
        self.lengths.add(text.len());
        self.table.upsert(
            hashing.hash_value(text),
            hashing,
            |held| held.text.is(text),
            || Held {
                text: Key::new(text),
                entries: Candidates::None,
            },
            |held| held.entries.insert(entry, hashing, site),
        );
    }

    /// Drops this very entry.
    pub(super) fn remove(&mut self, text: &[u8], entry: &Arc<Stored<T>>, hashing: &Hashing) {
        self.table.edit(
            hashing.hash_value(text),
            hashing,
            |held| held.text.is(text),
            |held| {
                held.entries.remove(entry, hashing);
                !held.entries.is_empty()
            },
        );
    }
}
