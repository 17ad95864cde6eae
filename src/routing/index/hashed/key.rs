//! The key that a value is found by.

use crate::same::same;

/// A short key kept in place, a longer one on the heap.
#[derive(Clone)]
pub(in crate::routing) enum HashedKey {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

const SHORT: usize = 30;

impl HashedKey {
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
    use super::HashedKey;

    #[test]
    fn a_key_is_the_text_that_it_was_made_of_however_long() {
        for len in [0, 1, 7, 29, 30, 31, 200] {
            let text: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            let key = HashedKey::new(&text);
            assert_eq!(key.as_bytes(), text);
            assert!(key.is(&text));
            assert!(!key.is(&[&text[..], b"x"].concat()));
        }
    }
}
