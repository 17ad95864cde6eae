//! Query parameters, decoded while they are compared: nothing is copied.

use std::sync::Arc;

use crate::same::same;

/// A (decoded) name of a parameter.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::routing) struct Name {
    text: Arc<str>,
    /// Whether it can be sent as it is. A name with one of the characters that have a meaning in a query can only be
    /// sent encoded.
    plain: bool,
}

impl Name {
    pub(in crate::routing) fn new(text: Arc<str>) -> Self {
        let plain = is_plain_name(&text);
        Self { text, plain }
    }

    pub(in crate::routing) fn as_str(&self) -> &str {
        &self.text
    }

    /// The raw value of the first parameter of this name. A parameter without `=` has an empty value.
    #[inline(always)]
    pub(in crate::routing) fn first<'q>(&self, query: &'q str) -> Option<Raw<'q>> {
        let (query, name) = (query.as_bytes(), self.text.as_bytes());
        if !self.plain {
            return first_encoded(query, name).map(Raw::new);
        }
        first_of(query, name, || true)
    }
}

/// As [`Name::first`], for a name that is asked for once.
pub(in crate::routing) fn first<'q>(query: &'q [u8], name: &str) -> Option<Raw<'q>> {
    first_of(query, name.as_bytes(), || is_plain_name(name))
}

fn is_plain_name(name: &str) -> bool {
    !name.contains(['=', '&', '%', '+'])
}

/// The name or the value of a parameter as it was sent.
#[derive(Clone, Copy)]
pub(in crate::routing) struct Raw<'q> {
    pub(in crate::routing) value: &'q [u8],
    /// Whether decoding changes nothing.
    pub(in crate::routing) plain: bool,
}

#[inline(always)]
fn first_of<'q>(query: &'q [u8], name: &[u8], is_plain: impl Fn() -> bool) -> Option<Raw<'q>> {
    let mut rest = query;
    loop {
        // Here a parameter begins.
        if let Some((key, after)) = rest.split_at_checked(name.len())
            && same(key, name)
            && is_plain()
        {
            match after {
                [b'=', value @ ..] => return Some(raw_value(value, query)),
                [] | [b'&', ..] if !key.is_empty() => {
                    return Some(Raw {
                        value: &[],
                        plain: true,
                    });
                }
                _ => {}
            }
        }
        match stop(rest, query)? {
            (at, b'&') => rest = rest.get(at + 1..)?,
            _ => return first_encoded(rest, name).map(Raw::new),
        }
    }
}

/// The value at the front of `rest`, which is the end of a query.
#[inline(always)]
fn raw_value<'q>(rest: &'q [u8], query: &'q [u8]) -> Raw<'q> {
    let end = match stop(rest, query) {
        None => rest.len(),
        Some((at, b'&')) => at,
        Some(_) => return Raw::new(to_end_of_parameter(rest)),
    };
    Raw {
        value: rest.get(..end).unwrap_or_default(),
        plain: true,
    }
}

// Cold path. Returns a two-word value so that the caller does not need a stack slot.

#[inline(never)]
fn to_end_of_parameter(rest: &[u8]) -> &[u8] {
    rest.split(|byte| *byte == b'&').next().unwrap_or_default()
}

/// Where `rest`, the end of a query, has the first byte that ends or encodes something, and that byte.
#[inline(always)]
fn stop(rest: &[u8], query: &[u8]) -> Option<(usize, u8)> {
    // A word at a time: parameters are too short for a vectorised search to pay, and their lengths so different that
    // the exit of a loop over bytes is mispredicted.
    let mut left = rest;
    while let Some((word, after)) = left.split_first_chunk() {
        if let Some((at, byte)) = stop_in_word(u64::from_le_bytes(*word)) {
            return Some((rest.len() - left.len() + at, byte));
        }
        left = after;
    }
    let word = match query.last_chunk() {
        _ if left.is_empty() => return None,
        // Fewer than eight bytes are left: the last word of the query, without what comes before them.
        Some(last) => u64::from_le_bytes(*last) >> ((8 - left.len()) * 8),
        None => left
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    let (at, byte) = stop_in_word(word)?;
    Some((rest.len() - left.len() + at, byte))
}

#[inline(always)]
fn stop_in_word(word: u64) -> Option<(usize, u8)> {
    let marks = marks(word, b'&') | marks(word, b'%') | marks(word, b'+');
    if marks == 0 {
        return None;
    }
    let at = marks.trailing_zeros() / 8;
    let [byte, ..] = (word >> (at * 8)).to_le_bytes();
    Some((usize::try_from(at).unwrap_or_default(), byte))
}

/// A search of eight bytes at once (SWAR): bit 7 of each byte of a word that is this byte. Bytes above the first match
/// may be false positives; only the lowest set bit is reliable.
#[inline(always)]
fn marks(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    let zero_where_equal = word ^ (ONES * u64::from(byte));
    zero_where_equal.wrapping_sub(ONES) & !zero_where_equal & (ONES * 0x80)
}

/// As [`first_of`], where something is encoded.
#[inline(never)]
fn first_encoded<'q>(query: &'q [u8], name: &[u8]) -> Option<&'q [u8]> {
    let pairs = query
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty());
    let (_, value) = pairs.map(parts).find(|(key, _)| equals(key, name))?;
    Some(value)
}

/// The name and the value of a parameter, raw. One without an equals sign has an empty value.
pub(in crate::routing) fn parts(pair: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'=', pair).and_then(|end| pair.split_at_checked(end)) {
        Some((name, value)) => (name, value.get(1..).unwrap_or_default()),
        None => (pair, &[]),
    }
}

/// Whether a raw name means `text`.
fn equals(raw: &[u8], text: &[u8]) -> bool {
    if is_plain(raw) {
        raw == text
    } else {
        DecodedBytes::new(raw).eq(text.iter().copied())
    }
}

#[inline(never)]
fn is_plain(raw: &[u8]) -> bool {
    !raw.iter().any(|byte| matches!(byte, b'%' | b'+'))
}

impl<'q> Raw<'q> {
    #[inline]
    pub(in crate::routing) fn new(value: &'q [u8]) -> Self {
        Self {
            value,
            plain: is_plain(value),
        }
    }

    /// Whether it means the same as another.
    pub(in crate::routing) fn means(&self, other: &Raw<'_>) -> bool {
        match (self.plain, other.plain) {
            (true, true) => same(self.value, other.value),
            _ => DecodedBytes::new(self.value).eq(DecodedBytes::new(other.value)),
        }
    }

    /// Whether it means `text`.
    #[inline]
    pub(in crate::routing) fn equals(&self, text: &[u8]) -> bool {
        match self.plain {
            true => same(self.value, text),
            false => DecodedBytes::new(self.value).eq(text.iter().copied()),
        }
    }
}

/// The bytes that a raw name or value means, as in `application/x-www-form-urlencoded`: `+` is a space, `%41`
/// is `A`, and a `%` without two hexadecimal digits stands for itself.
pub(in crate::routing) struct DecodedBytes<'q> {
    rest: &'q [u8],
}

impl<'q> DecodedBytes<'q> {
    pub(in crate::routing) fn new(raw: &'q [u8]) -> Self {
        Self { rest: raw }
    }
}

impl Iterator for DecodedBytes<'_> {
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
pub(in crate::routing) fn hex(digit: u8) -> Option<u8> {
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
    fn the_first_byte_with_a_meaning_is_found_wherever_it_is() {
        for len in 0..30 {
            for from in 0..=len {
                for (at, byte) in (from..len).flat_map(|at| [(at, b'&'), (at, b'%'), (at, b'+')]) {
                    let mut query: Vec<u8> =
                        (0..len).map(|at| [b'\'', b'$', 0, 0xa6][at % 4]).collect();
                    assert_eq!(stop(&query[from..], &query), None);
                    query[at] = byte;
                    query[at + 1..].fill(b'&');
                    assert_eq!(stop(&query[from..], &query), Some((at - from, byte)));
                }
            }
        }
    }

    #[test]
    fn a_parameter_is_decoded_as_forms_are_and_the_first_of_a_name_counts() {
        let value = |query: &str, name: &str| {
            let found = first(query.as_bytes(), name);
            let kept = Name::new(name.into()).first(query);
            assert_eq!(kept.map(|raw| raw.value), found.map(|raw| raw.value));
            found.map(|raw| {
                let decoded = DecodedBytes::new(raw.value).collect::<Vec<_>>();
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
        is("a&b=1&a%26b=2", "a&b", "2");
        is("a+b=1&a%2bb=2&a%2Bb=3", "a+b", "2");
        is("a%41b=1&a%2541b=2", "a%41b", "2");
        is("tenant=1&x=%20&tenant=2", "x", " ");
        is("x=1+1&x=2", "x", "1 1");
        is("ab&abc=1&ab=2", "ab", "");
        assert!(first(b"=*", "=*").is_none(), "a name ends at the first `=`");
        assert!(first(b"longname=1=2", "longname=1").is_none());
        assert_eq!(value("", ""), None);
        assert_eq!(value("A=1", "a"), None);
        assert_eq!(value("ab=1", "a"), None);
        assert!(!equals(b"a+b", b"a+b"));
    }
}
