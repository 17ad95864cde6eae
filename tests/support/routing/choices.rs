//! Where the generators get their decisions from.

/// Where decisions come from: a generator of random numbers, or the bytes of a fuzzer.
pub trait Choices {
    /// A number below `n`; 0 when there is nothing left to choose from.
    fn below(&mut self, n: usize) -> usize;

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    fn of<'a, V: ?Sized>(&mut self, all: &[&'a V]) -> &'a V {
        all[self.below(all.len())]
    }
}

/// SplitMix64.
pub struct Random(pub u64);

impl Choices for Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// The bytes of a fuzzer, one a choice, or two for a large one.
pub struct Bytes<'a>(pub &'a [u8]);

impl Choices for Bytes<'_> {
    fn below(&mut self, n: usize) -> usize {
        let mut number = 0;
        for _ in 0..if n > 256 { 2 } else { 1 } {
            let Some((first, rest)) = self.0.split_first() else {
                return 0;
            };
            self.0 = rest;
            number = number << 8 | usize::from(*first);
        }
        number % n
    }
}
