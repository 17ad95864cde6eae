//! Query parameters, decoded while they are compared: nothing is copied.

use super::hashing::same;

/// The raw value of the first parameter of this (decoded) name. A parameter without `=` has an empty value.
#[inline(always)]
pub(super) fn first<'q>(query: &'q str, name: &str) -> Option<Raw<'q>> {
    let (query, name) = (query.as_bytes(), name.as_bytes());
    let (mut start, mut at) = (0, 0);
    // A word at a time: parameters are too short for a vectorised search to pay, and their lengths too different for a
    // processor to foresee the end of a loop.
    while let Some(rest) = query.get(at..).filter(|rest| !rest.is_empty()) {
        let word = first_word(rest);
        if marks(word, b'%') | marks(word, b'+') != 0 {
            return first_encoded(query.get(start..)?, name);
        }
        let mut ends = marks(word, b'&');
        while ends != 0 {
            let end = at + usize::try_from(ends.trailing_zeros() / 8).unwrap_or_default();
            if let Some(value) = value(query.get(start..end)?, name) {
                return Some(Raw { value, plain: true });
            }
            start = end + 1;
            ends &= ends - 1;
        }
        at += 8;
    }
    let value = value(query.get(start..)?, name)?;
    Some(Raw { value, plain: true })
}

/// The value of a parameter as it was sent.
#[derive(Clone, Copy)]
pub(super) struct Raw<'q> {
    pub(super) value: &'q [u8],
    /// Whether decoding changes nothing.
    pub(super) plain: bool,
}

/// What a parameter without encoded characters says, if it has this name. A name with `=` can only be sent encoded.
#[inline(always)]
fn value<'q>(pair: &'q [u8], name: &[u8]) -> Option<&'q [u8]> {
    let (key, value) = pair.split_at_checked(name.len())?;
    let named = || same(key, name) && !key.chunks(8).any(|part| marks(first_word(part), b'=') != 0);
    match value {
        [b'=', value @ ..] if named() => Some(value),
        [] if !pair.is_empty() && named() => Some(value),
        _ => None,
    }
}

/// As [`first`], where something is encoded.
fn first_encoded<'q>(query: &'q [u8], name: &[u8]) -> Option<Raw<'q>> {
    let pairs = query
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty());
    let (_, value) = pairs
        .map(|pair| {
            let end = pair.iter().position(|byte| *byte == b'=');
            match end.and_then(|end| pair.split_at_checked(end)) {
                Some((key, value)) => (key, value.split_first().map_or(value, |(_, value)| value)),
                None => (pair, &[][..]),
            }
        })
        .find(|(key, _)| equals(key, name))?;
    Some(Raw {
        value,
        plain: is_plain(value),
    })
}

/// The highest bit of each byte of a word that is this byte.
#[inline(always)]
fn marks(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const LOW: u64 = ONES * 0x7f;
    let zero_where_equal = word ^ (ONES * u64::from(byte));
    !(((zero_where_equal & LOW) + LOW) | zero_where_equal | LOW)
}

/// The first eight bytes, zeros where there are fewer.
#[inline(always)]
fn first_word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let shift = (bytes.len() - 4) * 8;
        return u64::from(u32::from_le_bytes(*first))
            | u64::from(u32::from_le_bytes(*last)) << shift;
    }
    bytes
        .iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Whether a raw name means `text`.
fn equals(raw: &[u8], text: &[u8]) -> bool {
    if is_plain(raw) {
        raw == text
    } else {
        Decoded::new(raw).eq(text.iter().copied())
    }
}

fn is_plain(raw: &[u8]) -> bool {
    !raw.iter().any(|byte| matches!(byte, b'%' | b'+'))
}

impl Raw<'_> {
    /// Whether the value means `text`.
    #[inline]
    pub(super) fn equals(&self, text: &[u8]) -> bool {
        match self.plain {
            true => same(self.value, text),
            false => Decoded::new(self.value).eq(text.iter().copied()),
        }
    }
}

/// The bytes that a raw name or value means, as in `application/x-www-form-urlencoded`: `+` is a space, `%41`
/// is `A`, and a `%` without two hexadecimal digits stands for itself.
pub(super) struct Decoded<'q> {
    rest: &'q [u8],
}

impl<'q> Decoded<'q> {
    pub(super) fn new(raw: &'q [u8]) -> Self {
        Self { rest: raw }
    }
}

impl Iterator for Decoded<'_> {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        match (byte, rest) {
            (b'+', _) => Some(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    self.rest = after;
                    Some(high << 4 | low)
                }
                _ => Some(b'%'),
            },
            _ => Some(*byte),
        }
    }
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_word_are_marked_exactly() {
        for len in 0..12 {
            let text: Vec<u8> = (0..len).map(|at| [b'&', b'\'', 0x80][at % 3]).collect();
            let marked = marks(first_word(&text), b'&');
            for at in 0..8 {
                let expected = text.get(at) == Some(&b'&');
                assert_eq!(marked >> (at * 8 + 7) & 1 == 1, expected, "{len} {at}");
            }
            assert_eq!(marked & (u64::MAX / 0xff * 0x7f), 0);
        }
    }

    #[test]
    fn a_parameter_is_decoded_as_forms_are_and_the_first_of_a_name_counts() {
        let value = |query, name| {
            first(query, name).map(|raw| {
                let decoded = Decoded::new(raw.value).collect::<Vec<_>>();
                assert!(raw.equals(&decoded));
                assert!(!raw.plain || raw.value == decoded);
                decoded
            })
        };
        let is = |query, name, expected: &str| {
            assert_eq!(
                value(query, name).as_deref(),
                Some(expected.as_bytes()),
                "{query}"
            );
        };
        is("a=1&a=2", "a", "1");
        is("b=2&%61=1", "a", "1");
        is("a+b=c%20d+e", "a b", "c d e");
        is("a=%zz%4", "a", "%zz%4");
        is("a", "a", "");
        is("&&a==b=", "a", "=b=");
        is("a=%E2%82%ac", "a", "€");
        is("=x", "", "x");
        is("a=b=c&a%3Db=1", "a=b", "1");
        assert!(first("=*", "=*").is_none(), "a name ends at the first `=`");
        assert!(first("longname=1=2", "longname=1").is_none());
        assert_eq!(value("", ""), None);
        assert_eq!(value("A=1", "a"), None);
        assert_eq!(value("ab=1", "a"), None);
        assert!(!equals(b"a+b", b"a+b"));
    }
}
