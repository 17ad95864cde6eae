//! Numbers that follow from a seed.

/// SplitMix64: small, and the same everywhere.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below this one, 0 if that is 0: the high part of a product, whose bias is below `below` / 2⁶⁴.
    pub(super) fn below(&mut self, below: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(below);
        u64::try_from(product >> 64).unwrap_or_default()
    }
}
