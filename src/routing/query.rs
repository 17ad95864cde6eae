//! Query parameters, decoded while they are compared: nothing is copied.

/// The raw value of the first parameter of this (decoded) name. A parameter without `=` has an empty value.
pub(super) fn first<'q>(query: &'q str, name: &str) -> Option<&'q [u8]> {
    let mut rest = query.as_bytes();
    loop {
        let (pair, after) = match memchr::memchr(b'&', rest) {
            Some(at) => {
                let (pair, after) = rest.split_at_checked(at)?;
                (pair, after.split_first().map(|(_, after)| after))
            }
            None => (rest, None),
        };
        let (key, value) = match memchr::memchr(b'=', pair).and_then(|at| pair.split_at_checked(at))
        {
            Some((key, value)) => (key, value.split_first().map_or(&[][..], |(_, value)| value)),
            None => (pair, &[][..]),
        };
        if !pair.is_empty() && equals(key, name.as_bytes()) {
            return Some(value);
        }
        rest = after?;
    }
}

/// Whether a raw name or value means `text`.
#[inline]
pub(super) fn equals(raw: &[u8], text: &[u8]) -> bool {
    if is_plain(raw) {
        raw == text
    } else {
        Decoded::new(raw).eq(text.iter().copied())
    }
}

/// Whether decoding changes nothing.
#[inline]
pub(super) fn is_plain(raw: &[u8]) -> bool {
    let mut special = false;
    for byte in raw {
        special |= matches!(byte, b'%' | b'+');
    }
    !special
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
    fn a_parameter_is_decoded_as_forms_are_and_the_first_of_a_name_counts() {
        let value =
            |query, name| first(query, name).map(|raw| Decoded::new(raw).collect::<Vec<_>>());
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
        assert_eq!(value("", ""), None);
        assert_eq!(value("A=1", "a"), None);
        assert_eq!(value("ab=1", "a"), None);
        assert!(!equals(b"a+b", b"a+b"));
    }
}
