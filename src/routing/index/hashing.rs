//! The hashes of a table.

use crate::same::same;
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
pub(in crate::routing) struct Progress {
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
        super::work::note(|work| {
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
        self.hash_long_front(bytes, bytes.len(), &mut Progress::default())
    }

    /// The hash of as many bytes at the front of a text. With the progress that the last front has made, it takes only
    /// as long as the two differ.
    #[inline(always)]
    pub(in crate::routing) fn hash_front(
        &self,
        text: &[u8],
        len: usize,
        progress: &mut Progress,
    ) -> u64 {
        if len <= 16 {
            return self.hash(text.get(..len).unwrap_or_default());
        }
        self.hash_long_front(text, len, progress)
    }

    #[inline(never)]
    fn hash_long_front(&self, text: &[u8], len: usize, progress: &mut Progress) -> u64 {
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
        progress: &mut Progress,
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
        super::work::note(|work| {
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

/// Which lengths occur among the keys of an index: most look-ups of what is not there end here. A length stays when its
/// last key is removed, which costs an unnecessary look-up and nothing else.
#[derive(Clone, Copy, Default)]
pub(in crate::routing) struct Lengths {
    /// Bit n: some key has length n. Bit 63: some key is 63 bytes long or longer.
    bits: u64,
    /// For those: bit n, some key has a length of this [`span`].
    spans: u64,
    max: u32,
}

/// The first length without a bit of its own.
const LONG: usize = 63;
/// Of the lengths that have no bit of their own, those from 2ⁿ to 2ⁿ⁺¹ are divided into eight spans. So of the places
/// where a key could end, an eighth of its length is tried for it, however long it is.
#[inline]
fn span(len: usize) -> u32 {
    let octave = len.checked_ilog2().unwrap_or_default().max(5);
    let eighth = len >> (octave - 3) & 7;
    ((octave - 5) * 8 + u32::try_from(eighth).unwrap_or_default()).min(63)
}

/// The shortest length of a span.
#[inline]
fn shortest(span: u32) -> usize {
    let eighths = usize::try_from(8 + span % 8).unwrap_or_default();
    eighths << (span / 8 + 2)
}

impl Lengths {
    pub(in crate::routing) fn add(&mut self, len: usize) {
        self.bits |= 1 << len.min(LONG);
        if len >= LONG {
            self.spans |= 1 << span(len);
        }
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
            spans: self.spans,
            long,
        }
    }

    /// The lengths at which the whole elements at the back of `path`, each with the slash before it, may be a key, the
    /// shortest first.
    pub(in crate::routing) fn shortest_back<'p>(
        &self,
        path: &'p [u8],
    ) -> impl Iterator<Item = usize> + use<'p> {
        let lengths = *self;
        let mut bits = self.bits & !(1 << LONG);
        let short = std::iter::from_fn(move || {
            let len = bits.trailing_zeros();
            bits &= bits.checked_sub(1)?;
            usize::try_from(len).ok()
        });
        let begins = |len: &usize| {
            let at = path.len().checked_sub(*len);
            at.is_some_and(|at| path.get(at) == Some(&b'/'))
        };
        // Where a back without a bit of its own may begin, from the last place to the first.
        let first = path.len().saturating_sub(self.max());
        let end = (path.len() + 1).saturating_sub(LONG);
        let long = memchr::memrchr_iter(b'/', path.get(first..end).unwrap_or_default())
            .map(move |at| path.len() - first - at)
            .filter(move |len| lengths.spans & (1 << span(*len)) != 0);
        short.filter(begins).chain(long)
    }
}

/// See [`Lengths::longest_first`].
pub(in crate::routing) struct LongestFirst<'p> {
    path: &'p [u8],
    /// Those left of the lengths with a bit of their own.
    bits: u64,
    /// For the others, see [`Lengths::spans`].
    spans: u64,
    /// The next of those without one, while it is as long as that.
    long: usize,
}

impl Iterator for LongestFirst<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.long >= LONG
            && let Some(len) = self.next_long()
        {
            return Some(len);
        }
        loop {
            let bit = self.bits.checked_ilog2()?;
            self.bits ^= 1 << bit;
            let len = usize::try_from(bit).unwrap_or_default();
            if ends_element(self.path, len) {
                return Some(len);
            }
        }
    }
}

impl LongestFirst<'_> {
    /// The next of the lengths without a bit of their own.
    #[inline(never)]
    fn next_long(&mut self) -> Option<usize> {
        while self.long >= LONG {
            let (len, span) = (self.long, span(self.long));
            if self.spans & (1 << span) == 0 {
                self.long = shortest(span).saturating_sub(1);
                continue;
            }
            self.long -= 1;
            if ends_element(self.path, len) {
                return Some(len);
            }
        }
        None
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
    fn a_front_and_a_back_have_one_hash_however_far_the_hashing_has_come() {
        let hashing = Hashing::default();
        let text: Vec<u8> = (0..400).map(|at| (at % 251) as u8).collect();
        let mut progress = Progress::default();
        let (down, up) = ((0..400).rev(), 0..400);
        for len in down.chain(up) {
            let front = hashing.hash_front(&text, len, &mut progress);
            assert_eq!(front, hashing.hash_value(&text[..len]), "{len}");
        }
        let mut progress = Progress::default();
        for len in 0..400 {
            let back = hashing.hash_back(&text, len, &mut progress);
            let alone = &text[text.len() - len..];
            let own = hashing.hash_back(alone, len, &mut Progress::default());
            assert_eq!(back, own, "{len}");
        }
    }

    #[test]
    fn a_span_has_the_lengths_from_its_shortest_to_the_next_one() {
        for len in 60..10_000 {
            let span = span(len);
            assert!(shortest(span) <= len, "{len}");
            assert!(span == 63 || len < shortest(span + 1), "{len}");
        }
    }

    #[test]
    fn the_elements_at_the_back_of_a_path_are_tried_from_the_shortest() {
        let mut lengths = Lengths::default();
        for len in [2, 3, 62, 63, 70, 130] {
            lengths.add(len);
        }
        let tried = |path: &str| lengths.shortest_back(path.as_bytes()).collect::<Vec<_>>();
        assert_eq!(tried("/a/b"), [2]);
        assert_eq!(tried("/ab"), [3]);
        assert!(tried("").is_empty());
        let long = format!(
            "/{}/{}/{}/b",
            "x".repeat(10),
            "y".repeat(36),
            "z".repeat(90)
        );
        assert_eq!(tried(&long), [2, 130]);
        let slashes = "/".repeat(200);
        let mut all = vec![2, 3, 62];
        all.extend((63..72).chain(128..131));
        assert_eq!(tried(&slashes), all);
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
        assert_eq!(tried(&"/".repeat(64)), [3, 2]);
        assert_eq!(
            tried(&"/".repeat(81)),
            [81, 80, 3, 2],
            "some long lengths are not told apart"
        );
    }
}
