//! A persistent map by hash: copies share what they do not change.
//!
//! A tree of 64 branches a level, by the high bits of the hash, with small open-addressed tables as leaves. A
//! look-up touches one cold line of a leaf and the value. A change copies one leaf and the branches above it, a
//! few hundred words among 100 000 keys.
//!
//! Keys come from the configuration; a client can only probe. Hashes are seeded at random per process, so
//! that whoever writes routes cannot aim for collisions either.

use std::sync::Arc;

const BRANCH_BITS: u32 = 6;
const BRANCHES: u64 = 1 << BRANCH_BITS;
/// Below this shift no bits are left to branch on: leaves then grow as they must.
const LAST_SHIFT: u32 = 64 - 9 * BRANCH_BITS;
const LEAF_MAX: u32 = 64;

pub(super) struct Trie<V> {
    root: Node<V>,
    len: usize,
}

enum Node<V> {
    Branch(Arc<[Node<V>]>),
    /// A power of two of slots, at most half of them used; or none.
    Leaf {
        used: u32,
        slots: Arc<[Slot<V>]>,
    },
}

struct Slot<V> {
    hash: u64,
    value: Option<Arc<V>>,
}

impl<V> Clone for Trie<V> {
    fn clone(&self) -> Self {
        Self {
            root: self.root.clone(),
            len: self.len,
        }
    }
}

impl<V> Clone for Node<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Branch(nodes) => Self::Branch(nodes.clone()),
            Self::Leaf { used, slots } => Self::Leaf {
                used: *used,
                slots: slots.clone(),
            },
        }
    }
}

impl<V> Clone for Slot<V> {
    fn clone(&self) -> Self {
        Self {
            hash: self.hash,
            value: self.value.clone(),
        }
    }
}

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self {
            root: Node::empty(),
            len: 0,
        }
    }
}

impl<V> Trie<V> {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn get(&self, hash: u64, is: impl Fn(&V) -> bool) -> Option<&V> {
        let mut node = &self.root;
        let mut shift = 64 - BRANCH_BITS;
        loop {
            match node {
                Node::Branch(nodes) => {
                    node = nodes.get(branch(hash, shift))?;
                    shift = shift.saturating_sub(BRANCH_BITS);
                }
                Node::Leaf { slots, .. } => {
                    let mask = slots.len().wrapping_sub(1);
                    let mut at = start(hash) & mask;
                    loop {
                        let slot = slots.get(at)?;
                        let value = slot.value.as_ref()?;
                        if slot.hash == hash && is(value) {
                            return Some(value);
                        }
                        at = (at + 1) & mask;
                    }
                }
            }
        }
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut impl FnMut(&'t V)) {
        self.root.for_each(visit);
    }
}

impl<V: Clone> Trie<V> {
    /// Changes the value of a key, made by `new` if there is none.
    pub(super) fn upsert<U>(
        &mut self,
        hash: u64,
        is: impl Fn(&V) -> bool,
        new: impl FnOnce() -> V,
        edit: impl FnOnce(&mut V) -> U,
    ) -> Option<U> {
        let (slots, at) = match self.slot(hash, &is) {
            Some(at) => (self.leaf(hash)?, at),
            None => {
                self.root.insert(64 - BRANCH_BITS, hash, Arc::new(new()));
                self.len += 1;
                let at = self.slot(hash, &is)?;
                (self.leaf(hash)?, at)
            }
        };
        slots
            .get_mut(at)?
            .value
            .as_mut()
            .map(|value| edit(Arc::make_mut(value)))
    }

    /// Changes the value of a key that is there, and drops it if `edit` answers false.
    pub(super) fn edit(
        &mut self,
        hash: u64,
        is: impl Fn(&V) -> bool,
        edit: impl FnOnce(&mut V) -> bool,
    ) {
        let Some(at) = self.slot(hash, &is) else {
            return;
        };
        let Some(slots) = self.leaf(hash) else { return };
        let Some(value) = slots.get_mut(at).and_then(|slot| slot.value.as_mut()) else {
            return;
        };
        if !edit(Arc::make_mut(value)) {
            self.root.remove(64 - BRANCH_BITS, hash, at);
            self.len = self.len.saturating_sub(1);
        }
    }

    /// The index of a key in its leaf.
    fn slot(&self, hash: u64, is: &impl Fn(&V) -> bool) -> Option<usize> {
        let mut node = &self.root;
        let mut shift = 64 - BRANCH_BITS;
        loop {
            match node {
                Node::Branch(nodes) => {
                    node = nodes.get(branch(hash, shift))?;
                    shift = shift.saturating_sub(BRANCH_BITS);
                }
                Node::Leaf { slots, .. } => {
                    let mask = slots.len().wrapping_sub(1);
                    let mut at = start(hash) & mask;
                    loop {
                        let slot = slots.get(at)?;
                        let value = slot.value.as_ref()?;
                        if slot.hash == hash && is(value) {
                            return Some(at);
                        }
                        at = (at + 1) & mask;
                    }
                }
            }
        }
    }

    /// The leaf of a hash, as a copy of our own.
    fn leaf(&mut self, hash: u64) -> Option<&mut [Slot<V>]> {
        let mut node = &mut self.root;
        let mut shift = 64 - BRANCH_BITS;
        loop {
            match node {
                Node::Branch(nodes) => {
                    node = Arc::make_mut(nodes).get_mut(branch(hash, shift))?;
                    shift = shift.saturating_sub(BRANCH_BITS);
                }
                Node::Leaf { slots, .. } => return Some(Arc::make_mut(slots)),
            }
        }
    }
}

#[inline]
fn branch(hash: u64, shift: u32) -> usize {
    usize::try_from((hash >> shift) % BRANCHES).unwrap_or_default()
}

/// Where the search in a leaf begins: the low bits, whatever the width of an address.
#[inline]
fn start(hash: u64) -> usize {
    usize::try_from(hash & 0xffff_ffff).unwrap_or_default()
}

impl<V> Node<V> {
    fn empty() -> Self {
        Self::Leaf {
            used: 0,
            slots: Arc::from([]),
        }
    }

    fn for_each<'t>(&'t self, visit: &mut impl FnMut(&'t V)) {
        match self {
            Self::Branch(nodes) => nodes.iter().for_each(|node| node.for_each(visit)),
            Self::Leaf { slots, .. } => {
                slots
                    .iter()
                    .filter_map(|slot| slot.value.as_deref())
                    .for_each(visit);
            }
        }
    }

    /// Adds a key that is not there.
    fn insert(&mut self, shift: u32, hash: u64, value: Arc<V>) {
        match self {
            Self::Branch(nodes) => {
                if let Some(node) = Arc::make_mut(nodes).get_mut(branch(hash, shift)) {
                    node.insert(shift.saturating_sub(BRANCH_BITS), hash, value);
                }
            }
            Self::Leaf { used, slots } if *used >= LEAF_MAX && shift >= LAST_SHIFT => {
                let mut nodes: Vec<Self> = (0..BRANCHES).map(|_| Self::empty()).collect();
                let below = shift.saturating_sub(BRANCH_BITS);
                for slot in slots.iter() {
                    if let (Some(value), Some(node)) =
                        (&slot.value, nodes.get_mut(branch(slot.hash, shift)))
                    {
                        node.insert(below, slot.hash, value.clone());
                    }
                }
                if let Some(node) = nodes.get_mut(branch(hash, shift)) {
                    node.insert(below, hash, value);
                }
                *self = Self::Branch(Arc::from(nodes));
            }
            Self::Leaf { used, slots } => {
                *used += 1;
                let needed = usize::try_from(*used)
                    .unwrap_or(usize::MAX)
                    .saturating_mul(2);
                if needed > slots.len() {
                    let old = std::mem::replace(slots, Arc::from([]));
                    *slots = table(
                        needed.next_power_of_two(),
                        old.iter().filter_map(Slot::taken),
                    );
                }
                place(Arc::make_mut(slots), hash, value);
            }
        }
    }

    /// Drops the key in slot `at` of the leaf of this hash.
    fn remove(&mut self, shift: u32, hash: u64, at: usize) {
        match self {
            Self::Branch(nodes) => {
                if let Some(node) = Arc::make_mut(nodes).get_mut(branch(hash, shift)) {
                    node.remove(shift.saturating_sub(BRANCH_BITS), hash, at);
                }
            }
            Self::Leaf { used, slots } => {
                *used = used.saturating_sub(1);
                let others = slots.iter().enumerate().filter(|(index, _)| *index != at);
                let size = if *used == 0 { 0 } else { slots.len() };
                *slots = table(size, others.filter_map(|(_, slot)| slot.taken()));
            }
        }
    }
}

impl<V> Slot<V> {
    fn taken(&self) -> Option<(u64, Arc<V>)> {
        self.value.clone().map(|value| (self.hash, value))
    }
}

fn table<V>(size: usize, values: impl Iterator<Item = (u64, Arc<V>)>) -> Arc<[Slot<V>]> {
    let mut slots: Vec<Slot<V>> = Vec::with_capacity(size);
    slots.resize_with(size, || Slot {
        hash: 0,
        value: None,
    });
    for (hash, value) in values {
        place(&mut slots, hash, value);
    }
    Arc::from(slots)
}

/// Puts a value in the first free slot. There is one: leaves are at most half full.
fn place<V>(slots: &mut [Slot<V>], hash: u64, value: Arc<V>) {
    let mask = slots.len().wrapping_sub(1);
    let mut at = start(hash) & mask;
    while let Some(slot) = slots.get_mut(at) {
        if slot.value.is_none() {
            *slot = Slot {
                hash,
                value: Some(value),
            };
            return;
        }
        at = (at + 1) & mask;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Pair = (u64, u32);

    fn contents(trie: &Trie<Pair>) -> BTreeMap<u64, u32> {
        let mut all = BTreeMap::new();
        trie.for_each(&mut |(key, value)| assert!(all.insert(*key, *value).is_none()));
        all
    }

    proptest! {
        #[test]
        fn a_trie_holds_what_a_map_holds_and_its_copies_stay_as_they_were(
            steps in prop::collection::vec((0_u64..400, any::<bool>(), any::<u32>()), 0..900),
            spread in prop::sample::select(vec![1_u64, 0x9e37_79b9_7f4a_7c15, 1 << 58, 0]),
        ) {
            let mut trie: Trie<Pair> = Trie::default();
            let mut model = BTreeMap::new();
            let mut kept = Vec::new();
            for (step, (key, insert, value)) in steps.into_iter().enumerate() {
                let hash = key.wrapping_mul(spread);
                if insert {
                    trie.upsert(hash, |pair| pair.0 == key, || (key, 0), |pair| pair.1 = value).unwrap();
                    model.insert(key, value);
                } else {
                    trie.edit(hash, |pair| pair.0 == key, |_| false);
                    model.remove(&key);
                }
                prop_assert_eq!(trie.get(hash, |pair| pair.0 == key).map(|pair| pair.1), model.get(&key).copied());
                if step % 100 == 0 {
                    kept.push((trie.clone(), model.clone()));
                }
            }
            prop_assert_eq!(contents(&trie), model.clone());
            prop_assert_eq!(trie.is_empty(), model.is_empty());
            for (trie, model) in kept {
                prop_assert_eq!(contents(&trie), model);
            }
        }
    }
}
