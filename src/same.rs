//! Equality of short texts.

/// Whether two texts are the same. Most keys are under 32 bytes, where calling memcmp costs more than comparing.
/// Compares the first and the last word; the two loads may overlap.
#[inline(always)]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    fn ends<const N: usize>(a: &[u8], b: &[u8]) -> bool {
        a.first_chunk::<N>() == b.first_chunk::<N>() && a.last_chunk::<N>() == b.last_chunk::<N>()
    }
    a.len() == b.len()
        && if a.len() >= 8 {
            match a.len() {
                ..=16 => ends::<8>(a, b),
                17..=32 => ends::<16>(a, b),
                _ => a == b,
            }
        } else if a.len() >= 4 {
            ends::<4>(a, b)
        } else {
            a.iter().zip(b).all(|(a, b)| a == b)
        }
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn texts_of_every_length_are_the_same_with_the_same_bytes_only() {
        for length in 0..70 {
            let text: Vec<u8> = (0..length).collect();
            assert!(same(&text, &text.clone()));
            assert!(!same(&text, &[&text[..], b"x"].concat()));
            for index in 0..text.len() {
                let mut other = text.clone();
                other[index] ^= 0x40;
                assert!(!same(&text, &other), "{length} {index}");
            }
        }
    }
}
