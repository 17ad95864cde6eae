//! The hashes of a table.

use crate::same::same;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

/// One seeded hash function. Seeds are drawn at random for each process and each table.
#[derive(Clone, Default)]
pub(in crate::routing) struct Hashing {
    state: RandomState,
}

const BLOCK: usize = 64;

impl Hashing {
    pub(in crate::routing) fn state(&self) -> &RandomState {
        &self.state
    }

    #[inline(always)]
    pub(in crate::routing) fn hash(&self, bytes: &[u8]) -> u64 {
        #[cfg(test)]
        super::work::note(|work| work.hashes += 1);
        let mut hasher = self.state.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    /// Hashes a value in blocks, so that one which comes byte by byte gets the same hash.
    #[inline(always)]
    pub(in crate::routing) fn hash_value(&self, bytes: &[u8]) -> u64 {
        if bytes.len() <= 16 {
            return self.hash(bytes);
        }
        self.hash_long_value(bytes)
    }

    #[inline(never)]
    fn hash_long_value(&self, bytes: &[u8]) -> u64 {
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
    pub(in crate::routing) fn hash_stream(&self, mut bytes: impl Iterator<Item = u8>) -> u64 {
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

/// Which lengths occur among the keys of an index: most look-ups of what is not there end here. A length stays when its
/// last key is removed, which costs an unnecessary look-up and nothing else.
#[derive(Clone, Copy, Default)]
pub(in crate::routing) struct Lengths {
    /// Bit n: some key has length n. Bit 63: some key is 63 bytes long or longer.
    bits: u64,
    max: u32,
}

/// The first length without a bit of its own.
const LONG: usize = 63;

impl Lengths {
    pub(in crate::routing) fn add(&mut self, len: usize) {
        self.bits |= 1 << len.min(LONG);
        self.max = self.max.max(u32::try_from(len).unwrap_or(u32::MAX));
    }

    #[inline(always)]
    pub(in crate::routing) fn may_have(&self, len: usize) -> bool {
        self.bits & (1 << len.min(LONG)) != 0
    }

    #[inline]
    pub(in crate::routing) fn max(&self) -> usize {
        usize::try_from(self.max).unwrap_or(usize::MAX)
    }

    /// The lengths at which `path` or the whole elements at its front may be a key, the longest first.
    #[inline(always)]
    pub(in crate::routing) fn longest_first<'p>(&self, path: &'p [u8]) -> LongestFirst<'p> {
        let (mut bits, mut long) = (self.bits, 0);
        if path.len() < LONG {
            bits &= (2 << path.len()) - 1;
        } else if bits >> LONG != 0 {
            long = self.max().min(path.len());
        }
        LongestFirst {
            path,
            bits: bits & !(1 << LONG),
            long,
        }
    }
}

/// See [`Lengths::longest_first`].
pub(in crate::routing) struct LongestFirst<'p> {
    path: &'p [u8],
    /// Those left of the lengths with a bit of their own.
    bits: u64,
    /// The next of those without one, while it is as long as that.
    long: usize,
}

impl Iterator for LongestFirst<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        loop {
            let len = if self.long >= LONG {
                self.long -= 1;
                self.long + 1
            } else {
                let bit = self.bits.checked_ilog2()?;
                self.bits ^= 1 << bit;
                usize::try_from(bit).unwrap_or_default()
            };
            if ends_element(self.path, len) {
                return Some(len);
            }
        }
    }
}

/// Whether this many bytes of a path are whole elements.
#[inline(always)]
fn ends_element(path: &[u8], len: usize) -> bool {
    path.get(len).is_none_or(|byte| *byte == b'/')
}

/// A short key kept in place, a longer one on the heap.
#[derive(Clone)]
pub(in crate::routing) enum Key {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

const SHORT: usize = 30;

impl Key {
    pub(in crate::routing) fn new(key: &[u8]) -> Self {
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
    pub(in crate::routing) fn is(&self, text: &[u8]) -> bool {
        same(self.as_bytes(), text)
    }

    #[inline(always)]
    pub(in crate::routing) fn as_bytes(&self) -> &[u8] {
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
    fn a_length_that_no_key_has_is_not_looked_up() {
        let mut lengths = Lengths::default();
        lengths.add(5);
        let looked_up = |lengths: &Lengths| (0..100).filter(|len| lengths.may_have(*len)).count();
        assert_eq!(looked_up(&lengths), 1);
        lengths.add(70);
        assert_eq!(
            looked_up(&lengths),
            1 + 37,
            "long lengths are not told apart"
        );
    }

    #[test]
    fn lengths_are_tried_from_the_longest_and_only_where_an_element_ends() {
        let mut lengths = Lengths::default();
        let long = format!("/a/{}/b/{}", "x".repeat(80), "y".repeat(80));
        for len in [2, 3, 83, 85, 100, 166] {
            lengths.add(len);
        }
        let tried = |path: &str| {
            let lengths = lengths.longest_first(path.as_bytes());
            lengths.collect::<Vec<_>>()
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
    }
}
