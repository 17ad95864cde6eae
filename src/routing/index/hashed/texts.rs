//! Values by a text: a path, a prefix, a header value, a service.

use super::hashing::{HashProgress, Hashing};
use super::key::HashedKey;
use super::lengths::Lengths;
use super::table::{HashTable, Keyed};

/// Values by a text that the request must have; `BACK` where it is looked for at the back of a longer one, so that its
/// hash is [`Hashing::hash_back`].
pub(in crate::routing::index) struct TextMap<V, const BACK: bool = false> {
    table: HashTable<Held<V, BACK>>,
    lengths: Lengths,
}

#[derive(Clone)]
struct Held<V, const BACK: bool> {
    text: HashedKey,
    value: V,
}

impl<V, const BACK: bool> Clone for TextMap<V, BACK> {
    fn clone(&self) -> Self {
        Self {
            table: self.table.clone(),
            lengths: self.lengths,
        }
    }
}

impl<V: Clone, const BACK: bool> Keyed for Held<V, BACK> {
    fn hash(&self, hashing: &Hashing) -> u64 {
        hash::<BACK>(self.text.as_bytes(), hashing)
    }
}

#[inline]
fn hash<const BACK: bool>(text: &[u8], hashing: &Hashing) -> u64 {
    if BACK {
        hashing.hash_back(text, text.len(), &mut HashProgress::default())
    } else {
        hashing.hash_value(text)
    }
}

impl<V, const BACK: bool> Default for TextMap<V, BACK> {
    fn default() -> Self {
        Self {
            table: HashTable::default(),
            lengths: Lengths::default(),
        }
    }
}

impl<V, const BACK: bool> TextMap<V, BACK> {
    pub(in crate::routing::index) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(in crate::routing::index) fn lengths(&self) -> &Lengths {
        &self.lengths
    }

    pub(in crate::routing::index) fn for_each<'t>(&'t self, visit: &mut impl FnMut(&'t V)) {
        self.table.for_each(&mut |held| visit(&held.value));
    }
}

impl<V> TextMap<V, true> {
    /// The value of as many bytes at the back of a path, one of [`lengths`](Self::lengths).
    pub(in crate::routing::index) fn back(
        &self,
        path: &[u8],
        len: usize,
        hashing: &Hashing,
        progress: &mut HashProgress,
    ) -> Option<&V> {
        let text = path.get(path.len().checked_sub(len)?..)?;
        let hash = || hashing.hash_back(path, len, progress);
        Some(&self.table.get(hash, |held| held.text.is(text))?.value)
    }
}

impl<V> TextMap<V> {
    /// The value of a text.
    #[inline(always)]
    pub(in crate::routing::index) fn get(&self, text: &[u8], hashing: &Hashing) -> Option<&V> {
        if !self.lengths.may_have(text.len()) {
            return None;
        }
        self.at(text, hashing)
    }

    /// As [`get`](Self::get), for a text that most probably is there.
    #[inline(always)]
    pub(in crate::routing::index) fn at(&self, text: &[u8], hashing: &Hashing) -> Option<&V> {
        let held = self
            .table
            .get(|| hashing.hash_value(text), |held| held.text.is(text))?;
        Some(&held.value)
    }

    /// The value of the text that `is` knows.
    pub(in crate::routing::index) fn get_where(
        &self,
        hash: impl FnOnce() -> u64,
        is: impl Fn(&[u8]) -> bool,
    ) -> Option<&V> {
        let is = |held: &Held<V, false>| is(held.text.as_bytes());
        Some(&self.table.get(hash, is)?.value)
    }

    /// The text of a table that has no other, and its value.
    #[inline(always)]
    pub(in crate::routing::index) fn lone(&self) -> Option<(&[u8], &V)> {
        let held = self.table.lone()?;
        Some((held.text.as_bytes(), &held.value))
    }

    /// The value of as many bytes at the front of a path, one of [`lengths`](Self::lengths).
    #[inline(always)]
    pub(in crate::routing::index) fn front(
        &self,
        path: &[u8],
        len: usize,
        hashing: &Hashing,
        progress: &mut HashProgress,
    ) -> Option<&V> {
        let text = path.get(..len)?;
        let hash = || hashing.hash_front(path, len, progress);
        Some(&self.table.get(hash, |held| held.text.is(text))?.value)
    }
}

impl<V: Clone, const BACK: bool> TextMap<V, BACK> {
    /// Changes the value of a text, made first if it is not there.
    pub(in crate::routing::index) fn upsert(
        &mut self,
        text: &[u8],
        hashing: &Hashing,
        new: impl FnOnce() -> V,
        change: impl FnOnce(&mut V),
    ) {
        self.lengths.add(text.len());
        self.table.upsert(
            hash::<BACK>(text, hashing),
            hashing,
            |held| held.text.is(text),
            || Held {
                text: HashedKey::new(text),
                value: new(),
            },
            |held| change(&mut held.value),
        );
    }

    /// Changes the value of a text that is there; it is removed unless `change` says to keep it.
    pub(in crate::routing::index) fn edit(
        &mut self,
        text: &[u8],
        hashing: &Hashing,
        change: impl FnOnce(&mut V) -> bool,
    ) {
        self.table.edit(
            hash::<BACK>(text, hashing),
            hashing,
            |held| held.text.is(text),
            |held| change(&mut held.value),
        );
    }
}
