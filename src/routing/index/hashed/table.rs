//! A persistent hash table: copies share what they do not change.
//!
//! A tree of two levels with small leaves. In a leaf the values lie side by side, so that a look-up among 100 000 keys
//! touches one place that no cache has yet, and an index of a few bytes a value says where. A change copies one leaf,
//! its group of leaves and the list of groups: some hundred words.
//!
//! Keys come from the configuration; a client can only probe. Hashes are seeded at random, so that whoever
//! writes routes cannot aim for collisions either.

use std::sync::Arc;

use super::hashing::Hashing;

/// Leaves up to this size are searched value by value, without a hash.
const TINY: usize = 4;
/// The mean number of values in a leaf at which the number of leaves doubles.
const LEAF: usize = 48;
/// Leaves of a group, a power of two.
const GROUP: usize = 64;

/// A value that knows the key it is found by.
pub(in crate::routing) trait Keyed: Clone {
    /// The hash of its key.
    fn hash(&self, hashing: &Hashing) -> u64;
}

pub(in crate::routing) struct HashTable<V> {
    leaves: Leaves<V>,
    len: usize,
}

enum Leaves<V> {
    One(Leaf<V>),
    /// A power of two of leaves by the highest bits of the hash, in groups.
    Many {
        groups: Arc<[Arc<[Leaf<V>]>]>,
        count: usize,
    },
}

struct Leaf<V> {
    /// Values without gaps, then room for more.
    values: Arc<[Option<V>]>,
    used: usize,
    /// Where the values are, by their hashes; nothing in a tiny leaf.
    index: Arc<[Bucket]>,
}

/// Four slots of a leaf's index. A slot has a tag, which is eight bits of a hash, and the index of the value among the
/// values of the leaf. Slot 0 is the newest. See [`Leaf::find`].
///
/// ```text
/// bit 63       56       48       40       32       24       16        8        0
///     ┌────────┬────────┬────────┬────────┬────────┬────────┬────────┬────────┐
///     │ value 3│ value 2│ value 1│ value 0│  tag 3 │  tag 2 │  tag 1 │  tag 0 │
///     └────────┴────────┴────────┴────────┴────────┴────────┴────────┴────────┘
/// ```
type Bucket = u64;

/// A bucket of free places. No value is where they say.
const FREE: Bucket = Bucket::MAX;
const MOST_PLACES: usize = 0xff;

impl<V> Clone for HashTable<V> {
    fn clone(&self) -> Self {
        let leaves = match &self.leaves {
            Leaves::One(leaf) => Leaves::One(leaf.clone()),
            Leaves::Many { groups, count } => Leaves::Many {
                groups: groups.clone(),
                count: *count,
            },
        };
        Self {
            leaves,
            len: self.len,
        }
    }
}

impl<V> Clone for Leaf<V> {
    fn clone(&self) -> Self {
        Self {
            values: self.values.clone(),
            used: self.used,
            index: self.index.clone(),
        }
    }
}

impl<V> Default for HashTable<V> {
    fn default() -> Self {
        Self {
            leaves: Leaves::One(Leaf::default()),
            len: 0,
        }
    }
}

impl<V> Default for Leaf<V> {
    fn default() -> Self {
        Self {
            values: Arc::default(),
            used: 0,
            index: Arc::default(),
        }
    }
}

impl<V> HashTable<V> {
    pub(in crate::routing) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value that `is` knows. Its hash is only asked for where there are many.
    #[inline(always)]
    pub(in crate::routing) fn get(
        &self,
        hash: impl FnOnce() -> u64,
        is: impl Fn(&V) -> bool,
    ) -> Option<&V> {
        if let Leaves::One(leaf) = &self.leaves
            && leaf.index.is_empty()
        {
            return leaf.search(&is).map(|(_, value)| value);
        }
        let hash = hash();
        let leaf = match &self.leaves {
            Leaves::One(leaf) => leaf,
            Leaves::Many { groups, count } => {
                let at = branch(hash, *count);
                groups.get(at / GROUP)?.get(at % GROUP)?
            }
        };
        Some(leaf.find(hash, &is)?.1)
    }

    /// The value of a table that has no other.
    #[inline(always)]
    pub(in crate::routing) fn lone(&self) -> Option<&V> {
        match &self.leaves {
            Leaves::One(leaf) if self.len == 1 => leaf.values.first()?.as_ref(),
            _ => None,
        }
    }

    pub(in crate::routing) fn for_each<'t>(&'t self, visit: &mut impl FnMut(&'t V)) {
        match &self.leaves {
            Leaves::One(leaf) => leaf.values().for_each(visit),
            Leaves::Many { groups, .. } => groups
                .iter()
                .flat_map(|group| group.iter())
                .flat_map(Leaf::values)
                .for_each(visit),
        }
    }
}

impl<V: Keyed> HashTable<V> {
    /// Changes the value that `is` knows and that has this hash, made by `new` if there is none.
    pub(in crate::routing) fn upsert<U>(
        &mut self,
        hash: u64,
        hashing: &Hashing,
        is: impl Fn(&V) -> bool,
        new: impl FnOnce() -> V,
        edit: impl FnOnce(&mut V) -> U,
    ) -> Option<U> {
        self.make_room(hashing);
        let leaf = self.leaf(hash)?;
        let (at, added) = match leaf.find(hash, &is) {
            Some((at, _)) => (at, 0),
            None => (leaf.insert(hash, new(), hashing), 1),
        };
        let result = leaf.value(at).map(edit);
        self.len += added;
        result
    }

    /// Changes a value that is there, and drops it if `edit` answers false.
    pub(in crate::routing) fn edit(
        &mut self,
        hash: u64,
        hashing: &Hashing,
        is: impl Fn(&V) -> bool,
        edit: impl FnOnce(&mut V) -> bool,
    ) {
        let Some(leaf) = self.leaf(hash) else { return };
        let Some((at, _)) = leaf.find(hash, &is) else {
            return;
        };
        if leaf.value(at).is_some_and(|value| !edit(value)) {
            leaf.remove(at, hashing);
            self.len = self.len.saturating_sub(1);
        }
    }

    /// The leaf of a hash, what leads to it a copy of our own.
    fn leaf(&mut self, hash: u64) -> Option<&mut Leaf<V>> {
        match &mut self.leaves {
            Leaves::One(leaf) => Some(leaf),
            Leaves::Many { groups, count } => {
                let at = branch(hash, *count);
                let group = Arc::make_mut(groups).get_mut(at / GROUP)?;
                Arc::make_mut(group).get_mut(at % GROUP)
            }
        }
    }

    /// Doubles the number of leaves when they are full.
    fn make_room(&mut self, hashing: &Hashing) {
        let count = match &self.leaves {
            Leaves::One(_) => 1,
            Leaves::Many { count, .. } => *count,
        };
        if self.len < count.saturating_mul(LEAF) {
            return;
        }
        let twice = count * 2;
        let mut halves = Vec::with_capacity(twice);
        let mut split = |leaf: &mut Leaf<V>| {
            let (mut low, mut high) = (Vec::with_capacity(LEAF), Vec::with_capacity(LEAF));
            for value in leaf.take() {
                match branch(value.hash(hashing), twice) % 2 {
                    0 => low.push(value),
                    _ => high.push(value),
                }
            }
            halves.extend([Leaf::of(low, hashing), Leaf::of(high, hashing)]);
        };
        match &mut self.leaves {
            Leaves::One(leaf) => split(leaf),
            Leaves::Many { groups, .. } => {
                for group in Arc::make_mut(groups) {
                    Arc::make_mut(group).iter_mut().for_each(&mut split);
                }
            }
        }
        self.leaves = Leaves::Many {
            groups: halves.chunks(GROUP).map(Arc::from).collect(),
            count: twice,
        };
    }
}

/// Which of a power of two of leaves: the highest bits.
#[inline]
fn branch(hash: u64, leaves: usize) -> usize {
    scale(hash >> 32, leaves)
}

/// A number below `size` out of 32 bits, in proportion.
#[inline]
fn scale(bits: u64, size: usize) -> usize {
    // Sizes are far below 2^32: what is left after the shift fits.
    ((bits * size as u64) >> 32) as usize
}

/// Where the search in an index begins.
#[inline]
fn start(hash: u64, size: usize) -> usize {
    scale(hash & 0xffff_ffff, size)
}

/// Bits of the hash that neither the leaf nor the bucket depends on.
#[inline]
fn tag(hash: u64) -> u64 {
    hash >> 32 & 0xff
}

/// A search of four tags at once (SWAR): bit 7 of each byte of the lower half that is this tag. Bytes above the first
/// match may be false positives; only the lowest set bit is reliable.
#[inline(always)]
fn tagged(bucket: Bucket, tag: u64) -> u32 {
    const ONES: u32 = u32::MAX / 0xff;
    // The truncation is intended: only the low 32 bits are used.
    let zero_where_equal = bucket as u32 ^ (ONES * tag as u32);
    zero_where_equal.wrapping_sub(ONES) & !zero_where_equal & (ONES << 7)
}

/// Where the value is that the lowest of these marks stands for.
#[inline(always)]
fn first_place(bucket: Bucket, tagged: u32) -> usize {
    (bucket >> (tagged.trailing_zeros() + 25) & 0xff) as usize
}

/// Whether a place of a bucket is free: the one that is taken last.
#[inline(always)]
fn has_room(bucket: Bucket) -> bool {
    bucket >> 56 == FREE >> 56
}

impl<V> Leaf<V> {
    fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter().filter_map(Option::as_ref)
    }

    /// The value that `is` knows, and where it is, in a leaf without an index.
    #[inline(always)]
    fn search(&self, is: &impl Fn(&V) -> bool) -> Option<(usize, &V)> {
        for (at, value) in self.values.iter().enumerate() {
            if let Some(value) = value
                && is(value)
            {
                return Some((at, value));
            }
        }
        None
    }

    /// The value that `is` knows, and where it is.
    #[inline(always)]
    fn find(&self, hash: u64, is: &impl Fn(&V) -> bool) -> Option<(usize, &V)> {
        let size = self.index.len();
        if size == 0 {
            return self.search(is);
        }
        // All four slots of a bucket at once: a branch for each would be mispredicted.
        let mut bucket = *self.index.get(start(hash, size))?;
        let mut places = tagged(bucket, tag(hash));
        let mut further = 0;
        loop {
            if places == 0 {
                // An index is at most half full, so that the search ends.
                if has_room(bucket) {
                    return None;
                }
                further += 1;
                bucket = self.further_bucket(hash, further)?;
                places = tagged(bucket, tag(hash));
                continue;
            }
            let at = first_place(bucket, places);
            if let Some(Some(value)) = self.values.get(at)
                && is(value)
            {
                return Some((at, value));
            }
            places &= places - 1;
        }
    }

    /// The bucket that is this many after the one where a search begins. Cold: most searches end in the first.
    #[inline(never)]
    fn further_bucket(&self, hash: u64, further: usize) -> Option<Bucket> {
        let size = self.index.len();
        let at = (start(hash, size) + further) % size;
        self.index.get(at).copied()
    }
}

impl<V: Keyed> Leaf<V> {
    fn of(values: Vec<V>, hashing: &Hashing) -> Self {
        let used = values.len();
        let mut slots: Vec<_> = values.into_iter().map(Some).collect();
        slots.resize_with(room(used), || None);
        let mut leaf = Self {
            values: slots.into(),
            used,
            index: Arc::default(),
        };
        // A leaf that an index cannot count (its hashes must be the same) is searched like a tiny one.
        if leaf.values.len() > TINY && leaf.values.len() < MOST_PLACES {
            let mut index = vec![FREE; leaf.values.len() / 2];
            for (at, value) in leaf.values().enumerate() {
                place(&mut index, value.hash(hashing), at);
            }
            leaf.index = index.into();
        }
        leaf
    }

    fn value(&mut self, at: usize) -> Option<&mut V> {
        Arc::make_mut(&mut self.values).get_mut(at)?.as_mut()
    }

    /// Adds a value that is not there, and tells where it is.
    fn insert(&mut self, hash: u64, value: V, hashing: &Hashing) -> usize {
        let at = self.used;
        match Arc::make_mut(&mut self.values).get_mut(at) {
            Some(slot) => {
                *slot = Some(value);
                self.used += 1;
                if !self.index.is_empty() {
                    place(Arc::make_mut(&mut self.index), hash, at);
                }
            }
            None => {
                let mut values = Vec::with_capacity(room(at + 1));
                values.extend(self.take());
                values.push(value);
                *self = Self::of(values, hashing);
            }
        }
        at
    }

    fn remove(&mut self, at: usize, hashing: &Hashing) {
        if let Some(slot) = Arc::make_mut(&mut self.values).get_mut(at) {
            *slot = None;
        }
        let values = self.take().collect();
        *self = Self::of(values, hashing);
    }

    /// The values, which are copied only if another table shares them.
    fn take(&mut self) -> impl Iterator<Item = V> + use<V> {
        let mut values = std::mem::take(&mut self.values);
        let taken: Vec<V> = Arc::make_mut(&mut values)
            .iter_mut()
            .filter_map(Option::take)
            .collect();
        taken.into_iter()
    }
}

/// The room for this many values: a tiny leaf has none to spare, another some for the next.
fn room(used: usize) -> usize {
    match used {
        0..=TINY => used,
        _ => (used + used / 4).next_multiple_of(4),
    }
}

/// Notes where a value is, in the first bucket with room. There is one: an index is at most half full.
fn place(index: &mut [Bucket], hash: u64, at: usize) {
    let size = index.len();
    let mut probe = start(hash, size);
    while let Some(bucket) = index.get_mut(probe) {
        if has_room(*bucket) {
            let (tags, places) = (*bucket & 0xff_ffff, *bucket >> 32 & 0xff_ffff);
            *bucket = tags << 8 | tag(hash) | (places << 8 | at as Bucket) << 32;
            return;
        }
        probe = if probe + 1 == size { 0 } else { probe + 1 };
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// A hash, which is the key, and a value.
    #[derive(Debug, Clone, PartialEq)]
    struct Pair(u64, u64, u32);

    impl Keyed for Pair {
        fn hash(&self, _: &Hashing) -> u64 {
            self.0
        }
    }

    fn contents(table: &HashTable<Pair>) -> BTreeMap<u64, u32> {
        let mut all = BTreeMap::new();
        table.for_each(&mut |Pair(_, key, value)| assert!(all.insert(*key, *value).is_none()));
        all
    }

    proptest! {
        #[test]
        fn a_table_holds_what_a_map_holds_and_its_copies_stay_as_they_were(
            steps in prop::collection::vec((0_u64..700, any::<bool>(), any::<u32>()), 0..1800),
            spread in prop::sample::select(vec![1_u64, 0x9e37_79b9_7f4a_7c15, 1 << 54, 0]),
        ) {
            let hashing = Hashing::default();
            let mut table: HashTable<Pair> = HashTable::default();
            let mut model = BTreeMap::new();
            let mut kept = Vec::new();
            for (step, (key, insert, value)) in steps.into_iter().enumerate() {
                let hash = key.wrapping_mul(spread);
                if insert {
                    let new = || Pair(hash, key, 0);
                    table.upsert(hash, &hashing, |pair| pair.1 == key, new, |pair| pair.2 = value).unwrap();
                    model.insert(key, value);
                } else {
                    table.edit(hash, &hashing, |pair| pair.1 == key, |_| false);
                    model.remove(&key);
                }
                prop_assert_eq!(table.get(|| hash, |pair| pair.1 == key).map(|pair| pair.2), model.get(&key).copied());
                if step % 100 == 0 {
                    kept.push((table.clone(), model.clone()));
                }
            }
            prop_assert_eq!(contents(&table), model.clone());
            prop_assert_eq!(table.is_empty(), model.is_empty());
            for (table, model) in kept {
                prop_assert_eq!(contents(&table), model);
            }
        }
    }
}
