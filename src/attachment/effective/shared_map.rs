//! Maps whose copies share what they have in common.

use super::chunks::{Chunks, ChunksIter, PlaceInChunks};
use std::{fmt, sync::Arc};

/// A map in the order of its keys, that costs nothing to clone: what a change of one entry does not touch is shared with the map
/// from before. So whoever holds both finds what has changed without a look at the other entries.
///
/// ```
/// use gwapi::attachment::effective::SharedMap;
///
/// let mut ports: SharedMap<&str, u16> = [("https", 443), ("http", 80)].into_iter().collect();
/// let before = ports.clone();
/// ports.insert("http", 8080);
/// assert_eq!(before.get(&"http"), Some(&80));
/// assert_eq!(ports.iter().collect::<Vec<_>>(), [(&"http", &8080), (&"https", &443)]);
/// ```
pub struct SharedMap<K, V> {
    /// Keys of their own allocation, so that a copy of a chunk copies no text.
    entries: Chunks<(Arc<K>, V)>,
}

/// The entry of a key in two maps: what it was, and what it is.
pub(crate) struct ChangedEntry<'m, K, V> {
    pub(crate) key: &'m K,
    pub(crate) before: Option<&'m V>,
    pub(crate) after: Option<&'m V>,
}

impl<K, V> SharedMap<K, V> {
    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries, in the order of their keys.
    pub fn iter(&self) -> SharedMapIter<'_, K, V> {
        SharedMapIter {
            entries: self.entries.iter(),
        }
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.entries.iter().map(|(key, _)| &**key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.entries.iter().map(|(_, value)| value)
    }
}

impl<K: Ord, V> SharedMap<K, V> {
    /// Where a key is, or has its place.
    fn position(&self, key: &K) -> (PlaceInChunks, bool) {
        let at = self.entries.partition_point(|(other, _)| **other < *key);
        let there = self
            .entries
            .get(at)
            .is_some_and(|(other, _)| **other == *key);
        (at, there)
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// The entry of a key.
    #[must_use]
    pub fn get_key_value(&self, key: &K) -> Option<(&K, &V)> {
        let (at, there) = self.position(key);
        let (key, value) = self.entries.get(at).filter(|_| there)?;
        Some((key, value))
    }

    /// Whether there is an entry of a key.
    #[must_use]
    pub fn contains_key(&self, key: &K) -> bool {
        self.position(key).1
    }

    /// The entries from a key on, in order.
    pub(crate) fn starting_at<'m>(
        &'m self,
        key: &K,
    ) -> impl Iterator<Item = (&'m K, &'m V)> + use<'m, K, V> {
        let (mut at, _) = self.position(key);
        std::iter::from_fn(move || {
            let (key, value) = self.entries.at_or_after(&mut at)?;
            at.1 += 1;
            Some((&**key, value))
        })
    }

    /// Where this map differs from an earlier one. `same` tells whether two values are the same.
    pub(crate) fn changes<'m>(
        &'m self,
        before: &'m Self,
        same: impl Fn(&V, &V) -> bool,
    ) -> impl Iterator<Item = ChangedEntry<'m, K, V>> {
        let mut cursors = self.entries.changes(&before.entries);
        std::iter::from_fn(move || {
            let order = |one: &(Arc<K>, V), other: &(Arc<K>, V)| one.0.cmp(&other.0);
            let found = cursors.next(order, |one, other| same(&one.1, &other.1))?;
            let (key, _) = found.after.or(found.before)?;
            Some(ChangedEntry {
                key: &**key,
                before: found.before.map(|(_, value)| value),
                after: found.after.map(|(_, value)| value),
            })
        })
    }
}

impl<K: Ord, V: Clone> SharedMap<K, V> {
    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let (at, there) = self.position(key);
        let entry = there.then(|| self.entries.get_mut(at)).flatten();
        entry.map(|(_, value)| value)
    }

    /// The values, to be changed, in the order of their keys. This copies whatever is shared.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    /// Puts an entry in. Returns the value that it replaces.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (at, there) = self.position(&key);
        match self.entries.get_mut(at).filter(|_| there) {
            Some((_, present)) => Some(std::mem::replace(present, value)),
            None => {
                self.entries.insert(at, (Arc::new(key), value));
                None
            }
        }
    }

    /// Takes an entry out. Returns its value.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (at, there) = self.position(key);
        let removed = there.then(|| self.entries.remove(at)).flatten();
        removed.map(|(_, value)| value)
    }

    /// Keeps the entries for which `keep` is true.
    pub fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        let kept = self.entries.iter().filter(|(key, value)| keep(key, value));
        self.entries = Chunks::of_ordered(kept.cloned().collect());
    }
}

impl<K, V> Clone for SharedMap<K, V> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
        }
    }
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        Self {
            entries: Chunks::default(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SharedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SharedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

/// Of two entries of one key the later one counts.
impl<K: Ord, V: Clone> FromIterator<(K, V)> for SharedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries: std::collections::BTreeMap<K, V> = entries.into_iter().collect();
        let entries = entries
            .into_iter()
            .map(|(key, value)| (Arc::new(key), value));
        Self {
            entries: Chunks::of_ordered(entries.collect()),
        }
    }
}

impl<'m, K, V> IntoIterator for &'m SharedMap<K, V> {
    type Item = (&'m K, &'m V);
    type IntoIter = SharedMapIter<'m, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The entries of a [`SharedMap`], in the order of their keys.
pub struct SharedMapIter<'m, K, V> {
    entries: ChunksIter<'m, (Arc<K>, V)>,
}

impl<K, V> Clone for SharedMapIter<'_, K, V> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
        }
    }
}

impl<'m, K, V> Iterator for SharedMapIter<'m, K, V> {
    type Item = (&'m K, &'m V);

    fn next(&mut self) -> Option<Self::Item> {
        self.entries.next().map(|(key, value)| (&**key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl<K, V> ExactSizeIterator for SharedMapIter<'_, K, V> {}

impl<K, V> fmt::Debug for SharedMapIter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMapIter")
            .field("len", &self.entries.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// It is a `BTreeMap` in all that it does.
        #[test]
        fn a_shared_map_is_a_sorted_map(
            first in prop::collection::btree_map(0_u16..300, 0_u8..3, 0..200),
            steps in prop::collection::vec((0_u16..300, prop::option::of(0_u8..3)), 0..200),
            from in 0_u16..310,
        ) {
            let mut expected: BTreeMap<u16, u8> = first.clone();
            let mut map: SharedMap<u16, u8> = first.clone().into_iter().collect();
            let before = map.clone();
            for (key, value) in steps {
                let (one, other) = match value {
                    Some(value) => (map.insert(key, value), expected.insert(key, value)),
                    None => (map.remove(&key), expected.remove(&key)),
                };
                prop_assert_eq!(one, other);
                prop_assert_eq!(map.get(&key), expected.get(&key));
                prop_assert_eq!(map.contains_key(&key), expected.contains_key(&key));
            }
            prop_assert!(map.iter().eq(&expected) && map.keys().eq(expected.keys()) && map.values().eq(expected.values()));
            prop_assert!(map.starting_at(&from).eq(expected.range(from..)));
            prop_assert!(before.iter().eq(&first));
            let mut keys: Vec<u16> = first.keys().chain(expected.keys()).copied().collect();
            keys.sort_unstable();
            keys.dedup();
            let differ: Vec<u16> = keys.into_iter().filter(|key| first.get(key) != expected.get(key)).collect();
            let found = map.changes(&before, |one, other| one == other);
            prop_assert_eq!(found.map(|changed| *changed.key).collect::<Vec<_>>(), differ);
            map.values_mut().for_each(|value| *value += 1);
            map.retain(|key, _| key % 2 == 0);
            expected.values_mut().for_each(|value| *value += 1);
            expected.retain(|key, _| key % 2 == 0);
            prop_assert!(map.iter().eq(&expected) && map.len() == expected.len());
        }
    }
}
