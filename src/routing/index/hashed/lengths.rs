//! Which lengths the keys of an index have, and where in a path such a key may end.

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

    /// Whether a key of a length without a bit of its own may be at the front of `path`.
    #[inline(always)]
    pub(in crate::routing) fn may_be_long(&self, path: &[u8]) -> bool {
        path.len() >= LONG && self.bits >> LONG != 0
    }

    /// Those of [`longest_first`](Self::longest_first) that have a bit of their own.
    #[inline(always)]
    pub(in crate::routing) fn short_longest_first<'p>(&self, path: &'p [u8]) -> ShortFirst<'p> {
        let mut bits = self.bits & !(1 << LONG);
        if path.len() < LONG {
            bits &= (2 << path.len()) - 1;
        }
        ShortFirst { path, bits }
    }

    /// The lengths at which `path` or the whole elements at its front may be a key, the longest first.
    pub(in crate::routing) fn longest_first<'p>(
        &self,
        path: &'p [u8],
    ) -> impl Iterator<Item = usize> + use<'p> {
        let mut long = LongFirst {
            path,
            spans: self.spans,
            next: 0,
        };
        if self.may_be_long(path) {
            long.next = self.max().min(path.len());
        }
        long.chain(self.short_longest_first(path))
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

/// See [`Lengths::short_longest_first`].
pub(in crate::routing) struct ShortFirst<'p> {
    path: &'p [u8],
    /// Those left.
    bits: u64,
}

impl Iterator for ShortFirst<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
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

/// Those of [`Lengths::longest_first`] that have no bit of their own.
struct LongFirst<'p> {
    path: &'p [u8],
    /// See [`Lengths::spans`].
    spans: u64,
    /// The next one, while it is so long.
    next: usize,
}

impl Iterator for LongFirst<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.next >= LONG {
            let (len, span) = (self.next, span(self.next));
            if self.spans & (1 << span) == 0 {
                self.next = shortest(span).saturating_sub(1);
                continue;
            }
            self.next -= 1;
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

#[cfg(test)]
mod tests {
    use super::*;

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
