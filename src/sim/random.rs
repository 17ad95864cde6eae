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

    /// Two numbers, as bytes.
    pub(super) fn sixteen_bytes(&mut self) -> [u8; 16] {
        let both = u128::from(self.next()) << 64 | u128::from(self.next());
        both.to_le_bytes()
    }

    /// A number below this one, 0 if that is 0: the high part of a product, whose bias is below `below` / 2⁶⁴.
    #[cfg(feature = "world")]
    pub(super) fn below(&mut self, below: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(below);
        u64::try_from(product >> 64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of SplitMix64 for the seed 0. Session keys and traces follow from them.
    #[test]
    fn a_seed_always_makes_the_same_numbers() {
        let mut random = Random::new(0);
        let numbers = [(); 2].map(|()| random.next());
        assert_eq!(numbers, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
        let bytes = random.sixteen_bytes();
        let both = 0x06c4_5d18_8009_454f_u128 << 64 | 0xf88b_b8a8_724c_81ec;
        assert_eq!(bytes, both.to_le_bytes());
    }
}
