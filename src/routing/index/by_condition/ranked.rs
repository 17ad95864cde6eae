//! A persistent list in order of precedence.

use std::sync::Arc;

use crate::routing::index::hashed::hashing::Hashing;
use crate::routing::index::hashed::table::Keyed;
use crate::routing::index::stored::Stored;

const CHUNK: usize = 256;

/// Entries in order of precedence, in chunks: a change copies one chunk and the list of chunks.
pub(super) struct Ranked<T> {
    chunks: Vec<Arc<Vec<Arc<Stored<T>>>>>,
    len: usize,
}

impl<T> Clone for Ranked<T> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            len: self.len,
        }
    }
}

/// As a group of entries with the same tests.
impl<T> Keyed for Ranked<T> {
    fn hash(&self, hashing: &Hashing) -> u64 {
        self.first().map_or(0, |entry| entry.identity(hashing))
    }
}

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<T> Ranked<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn first(&self) -> Option<&Arc<Stored<T>>> {
        self.chunks.first().and_then(|chunk| chunk.first())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Stored<T>>> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// Adds an entry, after those of equal rank.
    pub(super) fn insert(&mut self, entry: Arc<Stored<T>>) {
        let after = |other: &Arc<Stored<T>>| other.precedence() <= entry.precedence();
        // The last chunk that begins at or before the entry.
        let at = self
            .chunks
            .partition_point(|chunk| chunk.first().is_some_and(after))
            .saturating_sub(1);
        self.len += 1;
        let Some(chunk) = self.chunks.get_mut(at) else {
            self.chunks.push(Arc::new(vec![entry]));
            return;
        };
        if chunk.len() < 2 * CHUNK {
            let chunk = Arc::make_mut(chunk);
            let place = chunk.partition_point(after);
            chunk.insert(place, entry);
            return;
        }
        let mut front = (**chunk).clone();
        let place = front.partition_point(after);
        front.insert(place, entry);
        let back = front.split_off(CHUNK);
        *chunk = Arc::new(front);
        self.chunks.insert(at + 1, Arc::new(back));
    }

    /// Removes an entry, which is told from equal ones by its address.
    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>) {
        let rank = entry.precedence();
        // The first chunk that does not end before the entry.
        let from = self
            .chunks
            .partition_point(|chunk| chunk.last().is_some_and(|last| last.precedence() < rank));
        for at in from..self.chunks.len() {
            let Some(chunk) = self.chunks.get_mut(at) else {
                return;
            };
            if chunk.first().is_none_or(|first| first.precedence() > rank) {
                return;
            }
            if let Some(place) = chunk.iter().position(|other| Arc::ptr_eq(other, entry)) {
                if chunk.len() == 1 {
                    self.chunks.remove(at);
                } else {
                    Arc::make_mut(chunk).remove(place);
                }
                self.len -= 1;
                return;
            }
        }
    }
}
