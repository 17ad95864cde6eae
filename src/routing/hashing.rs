//! The hashes of a table.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

/// One seeded hash function. Seeds are drawn at random for each process and each table.
#[derive(Clone, Default)]
pub(super) struct Hashing {
    state: RandomState,
}

const BLOCK: usize = 64;

impl Hashing {
    pub(super) fn state(&self) -> &RandomState {
        &self.state
    }

    #[inline(always)]
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.state.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    /// Hashes a value in blocks, so that one which comes byte by byte gets the same hash.
    #[inline(always)]
    pub(super) fn hash_value(&self, bytes: &[u8]) -> u64 {
        if bytes.len() <= BLOCK {
            return self.hash(bytes);
        }
        let mut hasher = self.state.build_hasher();
        for block in bytes.chunks(BLOCK) {
            hasher.write(block);
        }
        hasher.finish()
    }

    /// As [`hash_value`](Self::hash_value), for what comes byte by byte.
    pub(super) fn hash_stream(&self, mut bytes: impl Iterator<Item = u8>) -> u64 {
        let mut hasher = self.state.build_hasher();
        let mut block = [0_u8; BLOCK];
        let mut first = true;
        loop {
            let mut len = 0;
            for to in &mut block {
                let Some(byte) = bytes.next() else { break };
                *to = byte;
                len += 1;
            }
            if len > 0 || first {
                hasher.write(block.get(..len).unwrap_or_default());
            }
            if len < BLOCK {
                return hasher.finish();
            }
            first = false;
        }
    }
}

/// Which lengths occur among the keys of an index: most look-ups of what is not there end here. Never forgets a
/// length, which costs a look-up and nothing else.
#[derive(Clone, Copy, Default)]
pub(super) struct Lengths {
    /// A bit for each length; the highest stands for itself and all beyond.
    bits: u64,
    max: u32,
}

/// The first length without a bit of its own.
const LONG: usize = 63;

impl Lengths {
    pub(super) fn add(&mut self, len: usize) {
        self.bits |= 1 << len.min(LONG);
        self.max = self.max.max(u32::try_from(len).unwrap_or(u32::MAX));
    }

    #[inline(always)]
    pub(super) fn may_have(&self, len: usize) -> bool {
        self.bits & (1 << len.min(LONG)) != 0
    }

    #[inline]
    pub(super) fn max(&self) -> usize {
        usize::try_from(self.max).unwrap_or(usize::MAX)
    }

    /// What `find` makes of a length at which `path` or the whole elements at its front may be a key, the longest
    /// first, until it finds something.
    #[inline(always)]
    pub(super) fn longest_first<U>(
        &self,
        path: &[u8],
        mut find: impl FnMut(usize) -> Option<U>,
    ) -> Option<U> {
        let ends_element = |len: usize| path.get(len).is_none_or(|byte| *byte == b'/');
        let mut bits = self.bits;
        if path.len() < LONG {
            bits &= (2 << path.len()) - 1;
        } else if bits >> LONG != 0 {
            let longest = self.max().min(path.len());
            let found = (LONG..=longest)
                .rev()
                .find_map(|len| if ends_element(len) { find(len) } else { None });
            if found.is_some() {
                return found;
            }
        }
        bits &= !(1 << LONG);
        while let Some(bit) = bits.checked_ilog2() {
            bits ^= 1 << bit;
            let len = usize::try_from(bit).unwrap_or_default();
            if ends_element(len)
                && let Some(found) = find(len)
            {
                return Some(found);
            }
        }
        None
    }
}

/// Whether two texts are the same. Most are shorter than what makes a call worth its while: their first and last
/// words are compared, which overlap.
#[inline(always)]
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    fn ends<const N: usize>(a: &[u8], b: &[u8]) -> bool {
        a.first_chunk::<N>() == b.first_chunk::<N>() && a.last_chunk::<N>() == b.last_chunk::<N>()
    }
    a.len() == b.len()
        && match a.len() {
            0..4 => a.iter().zip(b).all(|(a, b)| a == b),
            4..8 => ends::<4>(a, b),
            8..16 => ends::<8>(a, b),
            16..=32 => ends::<16>(a, b),
            _ => a == b,
        }
}

/// A short key kept in place, a longer one on the heap.
#[derive(Clone)]
pub(super) enum Key {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

const SHORT: usize = 30;

impl Key {
    pub(super) fn new(key: &[u8]) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..key.len()), u8::try_from(key.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(key);
                Self::Short { len, bytes }
            }
            _ => Self::Long(key.into()),
        }
    }

    #[inline(always)]
    pub(super) fn is(&self, text: &[u8]) -> bool {
        same(self.as_bytes(), text)
    }

    #[inline(always)]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_hash_however_it_comes() {
        let hashing = Hashing::default();
        for len in [0, 1, 30, 31, 63, 64, 65, 128, 200] {
            let value: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            assert_eq!(
                hashing.hash_value(&value),
                hashing.hash_stream(value.iter().copied()),
                "{len}"
            );
            assert_eq!(Key::new(&value).as_bytes(), value);
        }
    }
    #[test]
    fn texts_are_the_same_if_every_byte_is() {
        for len in 0..80 {
            let text: Vec<u8> = (0..len).collect();
            assert!(same(&text, &text.clone()));
            for at in 0..text.len() {
                let mut other = text.clone();
                other[at] ^= 0x80;
                assert!(!same(&text, &other), "{len} {at}");
            }
            let mut longer = text.clone();
            longer.push(0);
            assert!(!same(&text, &longer) && !same(&longer, &text));
        }
    }

    #[test]
    fn lengths_are_tried_from_the_longest_and_only_where_an_element_ends() {
        let mut lengths = Lengths::default();
        let long = format!("/a/{}/b/{}", "x".repeat(80), "y".repeat(80));
        for len in [2, 3, 83, 85, 100, 166] {
            lengths.add(len);
        }
        let tried = |path: &str| {
            let mut tried = Vec::new();
            let found = lengths.longest_first(path.as_bytes(), |len| {
                tried.push(len);
                None::<()>
            });
            assert_eq!(found, None);
            tried
        };
        assert_eq!(tried(&long), [166, 85, 83, 2]);
        assert_eq!(tried("/a"), [2]);
        assert_eq!(tried("/a/"), [3, 2]);
        assert_eq!(tried("/ab"), [3]);
        assert!(tried("").is_empty());
        assert_eq!(tried(&"/".repeat(62)), [3, 2]);
        assert_eq!(
            tried(&"/".repeat(64)),
            [64, 63, 3, 2],
            "long lengths are not told apart"
        );
        assert_eq!(
            lengths.longest_first(long.as_bytes(), |len| (len < 85).then_some(len)),
            Some(83)
        );
    }
}
