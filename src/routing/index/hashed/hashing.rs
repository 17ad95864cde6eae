//! The hashes of a table.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

/// One seeded hash function. Seeds are drawn at random for each process and each table.
///
/// A text of more than a block is hashed block by block, and the state after each block can be made from the one before
/// and from the one after. So the hashes of all fronts of a text take time in proportion to the text, in whatever
/// order they are asked for one after the other.
#[derive(Clone)]
pub(in crate::routing) struct Hashing {
    state: RandomState,
    /// An odd number, and what it has to be multiplied by to give 1.
    factor: u64,
    inverse: u64,
}

const BLOCK: usize = 64;

impl Default for Hashing {
    fn default() -> Self {
        let state = RandomState::default();
        let factor = state.hash_one(BLOCK) | 1;
        // Newton's method: each step doubles the number of bits that are right, three in the beginning.
        let step = |x: u64, _| x.wrapping_mul(2_u64.wrapping_sub(factor.wrapping_mul(x)));
        let inverse = (0..5).fold(factor, step);
        Self {
            state,
            factor,
            inverse,
        }
    }
}

/// Where the hashing of a text stands: after so many blocks of it.
#[derive(Clone, Copy, Default)]
pub(in crate::routing) struct HashProgress {
    blocks: usize,
    state: u64,
}

impl Hashing {
    pub(in crate::routing) fn state(&self) -> &RandomState {
        &self.state
    }

    #[inline(always)]
    pub(in crate::routing) fn hash(&self, bytes: &[u8]) -> u64 {
        #[cfg(test)]
        crate::routing::index::work::note(|work| {
            work.hashes += 1;
            work.bytes += bytes.len();
        });
        let mut hasher = self.state.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    /// Hashes a value. One that comes byte by byte gets the same hash.
    #[inline(always)]
    pub(in crate::routing) fn hash_value(&self, bytes: &[u8]) -> u64 {
        if bytes.len() <= 16 {
            return self.hash(bytes);
        }
        self.hash_long_value(bytes)
    }

    #[inline(never)]
    fn hash_long_value(&self, bytes: &[u8]) -> u64 {
        self.hash_long_front(bytes, bytes.len(), &mut HashProgress::default())
    }

    /// The hash of as many bytes at the front of a text. With the progress that the last front has made, it takes only
    /// as long as the two differ.
    #[inline(always)]
    pub(in crate::routing) fn hash_front(
        &self,
        text: &[u8],
        len: usize,
        progress: &mut HashProgress,
    ) -> u64 {
        if len <= 16 {
            return self.hash(text.get(..len).unwrap_or_default());
        }
        self.hash_long_front(text, len, progress)
    }

    #[inline(never)]
    fn hash_long_front(&self, text: &[u8], len: usize, progress: &mut HashProgress) -> u64 {
        if len <= BLOCK {
            return self.hash(text.get(..len).unwrap_or_default());
        }
        let block = |at: usize| {
            let bytes = text.get(at * BLOCK..at * BLOCK + BLOCK);
            self.hash(bytes.unwrap_or_default())
        };
        let blocks = len / BLOCK;
        while progress.blocks < blocks {
            progress.state = self.after(progress.state, block(progress.blocks));
            progress.blocks += 1;
        }
        while progress.blocks > blocks {
            progress.blocks -= 1;
            let before = progress.state.wrapping_mul(self.inverse);
            progress.state = before.wrapping_sub(block(progress.blocks));
        }
        let rest = text.get(blocks * BLOCK..len).unwrap_or_default();
        self.end(progress.state, rest)
    }

    /// The hash of as many bytes at the back of a text, which is another than that of the same bytes at a front. Backs
    /// must be asked for from the shortest to the longest.
    pub(in crate::routing) fn hash_back(
        &self,
        text: &[u8],
        len: usize,
        progress: &mut HashProgress,
    ) -> u64 {
        let back = |len: usize| {
            text.get(text.len().saturating_sub(len)..)
                .unwrap_or_default()
        };
        if len <= BLOCK {
            return self.hash(back(len));
        }
        let blocks = len / BLOCK;
        while progress.blocks < blocks {
            progress.blocks += 1;
            let block = back(progress.blocks * BLOCK).get(..BLOCK);
            let hash = self.hash(block.unwrap_or_default());
            progress.state = self.after(progress.state, hash);
        }
        let rest = back(len).get(..len - blocks * BLOCK);
        self.end(progress.state, rest.unwrap_or_default())
    }

    #[inline]
    fn after(&self, state: u64, block: u64) -> u64 {
        state.wrapping_add(block).wrapping_mul(self.factor)
    }

    #[inline]
    fn end(&self, state: u64, rest: &[u8]) -> u64 {
        #[cfg(test)]
        crate::routing::index::work::note(|work| {
            work.hashes += 1;
            work.bytes += rest.len();
        });
        let mut hasher = self.state.build_hasher();
        hasher.write_u64(state);
        hasher.write(rest);
        hasher.finish()
    }

    /// As [`hash_value`](Self::hash_value), for what comes byte by byte.
    pub(in crate::routing) fn hash_stream(&self, mut bytes: impl Iterator<Item = u8>) -> u64 {
        let mut block = [0_u8; BLOCK];
        let (mut state, mut first) = (0, true);
        let mut next = bytes.next();
        loop {
            let mut len = 0;
            for to in &mut block {
                let Some(byte) = next else { break };
                *to = byte;
                len += 1;
                next = bytes.next();
            }
            let read = block.get(..len).unwrap_or_default();
            if next.is_none() && first {
                return self.hash(read);
            }
            if len < BLOCK {
                return self.end(state, read);
            }
            state = self.after(state, self.hash(read));
            first = false;
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
        }
    }

    #[test]
    fn a_front_and_a_back_have_one_hash_however_far_the_hashing_has_come() {
        let hashing = Hashing::default();
        let text: Vec<u8> = (0..400).map(|at| (at % 251) as u8).collect();
        let mut progress = HashProgress::default();
        let (down, up) = ((0..400).rev(), 0..400);
        for len in down.chain(up) {
            let front = hashing.hash_front(&text, len, &mut progress);
            assert_eq!(front, hashing.hash_value(&text[..len]), "{len}");
        }
        let mut progress = HashProgress::default();
        for len in 0..400 {
            let back = hashing.hash_back(&text, len, &mut progress);
            let alone = &text[text.len() - len..];
            let own = hashing.hash_back(alone, len, &mut HashProgress::default());
            assert_eq!(back, own, "{len}");
        }
    }
}
