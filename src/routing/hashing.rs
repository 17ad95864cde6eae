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

    #[inline]
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.state.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    /// Hashes a value in blocks, so that one which comes byte by byte gets the same hash.
    #[inline]
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

/// Which lengths occur among the keys of an index, modulo 64: most look-ups of what is not there end here.
/// Never forgets a length, which costs a look-up and nothing else.
#[derive(Clone, Copy, Default)]
pub(super) struct Lengths {
    bits: u64,
    max: usize,
}

impl Lengths {
    pub(super) fn add(&mut self, len: usize) {
        self.bits |= 1 << (len % 64);
        self.max = self.max.max(len);
    }

    #[inline]
    pub(super) fn may_have(&self, len: usize) -> bool {
        self.bits & (1 << (len % 64)) != 0
    }

    #[inline]
    pub(super) fn max(&self) -> usize {
        self.max
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.bits == 0
    }
}

/// A short key kept in place, a longer one on the heap.
#[derive(Clone)]
pub(super) enum Key {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

const SHORT: usize = 38;

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

    #[inline]
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
        for len in [0, 1, 38, 39, 63, 64, 65, 128, 200] {
            let value: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            assert_eq!(
                hashing.hash_value(&value),
                hashing.hash_stream(value.iter().copied()),
                "{len}"
            );
            assert_eq!(Key::new(&value).as_bytes(), value);
        }
    }
}
