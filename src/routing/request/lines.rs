//! The value of a header: a list of parts between commas, in one line or in several.
//!
//! Two values are equal if their parts are: the lines `a` and `b`, the line `a,b` and the line `a, b` are one value. What a rule
//! asks for is brought to its canonical form when it is compiled, the parts with a comma between them. What a request sends
//! is compared and hashed in that form without being copied.

use std::borrow::Cow;
use std::iter;

use crate::meta::Pattern;
use crate::routing::options::RepeatedHeader;

/// What may stand between the parts of a value for which a regular expression is asked. The first makes the canonical form.
/// The lines of `Cookie` are no list, and are joined as RFC 9113 says (section 8.2.3).
fn separators(name: &str) -> &'static [&'static [u8]] {
    if is_cookie(name) {
        &[b"; "]
    } else {
        &[b",", b", "]
    }
}

fn is_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("cookie")
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A part without the optional white space around it (RFC 9110, section 5.6.3).
fn trimmed(mut part: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = part
        && is_space(*first)
    {
        part = rest;
    }
    while let [rest @ .., last] = part
        && is_space(*last)
    {
        part = rest;
    }
    part
}

/// What a line consists of: what stands between its commas, or all of it for `Cookie`.
fn parts(line: &[u8], is_cookie: bool) -> impl Iterator<Item = &[u8]> {
    let parts = line.split(move |byte| *byte == b',' && !is_cookie);
    parts.map(move |part| if is_cookie { part } else { trimmed(part) })
}

/// The parts of all lines, with this between them. Nothing is copied.
fn joined<'a, L: Iterator<Item = &'a [u8]>>(
    lines: L,
    name: &str,
    separator: &'static [u8],
) -> impl Iterator<Item = u8> + use<'a, L> {
    let is_cookie = is_cookie(name);
    let parts = lines.flat_map(move |line| parts(line, is_cookie));
    parts.enumerate().flat_map(move |(at, part)| {
        let before = if at == 0 { &[][..] } else { separator };
        before.iter().chain(part).copied()
    })
}

/// The canonical form of the value that the lines of a header of this name have.
pub(in crate::routing) fn canonical<'a, L: Iterator<Item = &'a [u8]>>(
    lines: L,
    name: &str,
) -> impl Iterator<Item = u8> + use<'a, L> {
    let separator = separators(name).first().copied().unwrap_or_default();
    joined(lines, name, separator)
}

/// The canonical form of a value that a rule asks for.
pub(in crate::routing) fn canonical_text<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    if is_canonical(value.as_bytes(), name) {
        return Cow::Borrowed(value);
    }
    let bytes = canonical(iter::once(value.as_bytes()), name).collect();
    // White space and commas are whole characters: what is left between them is text, as the value was.
    String::from_utf8(bytes).map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Whether the one line of a header is in canonical form.
#[inline(never)]
pub(in crate::routing) fn is_canonical(line: &[u8], name: &str) -> bool {
    let ends = [line.first(), line.last()].into_iter().flatten();
    if ends.copied().any(is_space) {
        return is_cookie(name);
    }
    let mut commas = memchr::memchr_iter(b',', line);
    let spaced = |at: usize| {
        let beside = |at: Option<usize>| line.get(at?).copied().filter(|byte| is_space(*byte));
        beside(at.checked_sub(1))
            .or(beside(at.checked_add(1)))
            .is_some()
    };
    !commas.any(spaced) || is_cookie(name)
}

/// Whether the lines of a header of this name have a value, which is in canonical form.
pub(in crate::routing) fn have_value<'a, L: Iterator<Item = &'a [u8]>>(
    mut lines: L,
    name: &str,
    value: &[u8],
    repeated: RepeatedHeader,
) -> bool {
    let is = |form: &mut dyn Iterator<Item = u8>| form.eq(value.iter().copied());
    match repeated {
        RepeatedHeader::AnyLine => lines.any(|line| is(&mut canonical(iter::once(line), name))),
        RepeatedHeader::Combined => is(&mut canonical(lines, name)),
    }
}

/// As [`have_value`], for the only line of a header, which is not the value as it stands.
#[inline(never)]
pub(in crate::routing) fn line_has_value(line: &[u8], name: &str, value: &[u8]) -> bool {
    have_value(iter::once(line), name, value, RepeatedHeader::Combined)
}

/// Whether a regular expression matches a value of the lines of a header of this name: as it was sent, if it is one line, or its
/// parts with `,` or `, ` between them.
#[inline(never)]
pub(in crate::routing) fn match_pattern<'a, L: Iterator<Item = &'a [u8]>>(
    lines: impl Fn() -> L,
    name: &str,
    pattern: &Pattern,
    repeated: RepeatedHeader,
) -> bool {
    match repeated {
        RepeatedHeader::AnyLine => lines().any(|line| line_matches(line, name, pattern)),
        RepeatedHeader::Combined => {
            let mut all = lines();
            match (all.next(), all.next()) {
                (Some(only), None) => line_matches(only, name, pattern),
                _ => parts_match(lines, name, pattern),
            }
        }
    }
}

/// As [`match_pattern`], for the only line of a header.
#[inline]
pub(in crate::routing) fn line_matches(line: &[u8], name: &str, pattern: &Pattern) -> bool {
    if pattern.is_match(line) {
        return true;
    }
    let is_sent_form = memchr::memchr(b',', line).is_none() && is_canonical(line, name);
    !is_sent_form && parts_match(|| iter::once(line), name, pattern)
}

/// Whether a regular expression matches the parts of lines, joined in one of the ways in which they may be.
#[inline(never)]
fn parts_match<'a, L: Iterator<Item = &'a [u8]>>(
    lines: impl Fn() -> L,
    name: &str,
    pattern: &Pattern,
) -> bool {
    let mut separators = separators(name).iter();
    separators.any(|separator| pattern.is_match_bytes(joined(lines(), name, separator)))
}

/// Whether a regular expression matches a value however it is sent.
pub(in crate::routing) fn takes_value(pattern: &Pattern, name: &str, value: &str) -> bool {
    parts_match(|| iter::once(value.as_bytes()), name, pattern)
}

#[cfg(test)]
mod tests {
    use super::super::view::{RequestView, View};
    use super::*;

    fn text(bytes: impl Iterator<Item = u8>) -> String {
        String::from_utf8(bytes.collect()).unwrap()
    }

    #[test]
    fn the_parts_of_all_lines_are_one_list_in_their_order() {
        let view = View {
            headers: &[
                ("x-a", b"a"),
                ("x-b", b"no"),
                ("X-A", b""),
                ("x-a", b"c d ,\te,,f "),
            ],
            ..View::default()
        };
        let lines = || view.header_named("x-a");
        assert_eq!(text(canonical(lines(), "x-a")), "a,,c d,e,,f");
        assert_eq!(text(joined(lines(), "x-a", b", ")), "a, , c d, e, , f");
        assert_eq!(text(canonical(lines(), "Cookie")), "a; ; c d ,\te,,f ");
    }

    #[test]
    fn a_value_has_one_canonical_form() {
        for (value, form) in [
            ("", ""),
            ("a", "a"),
            ("a b", "a b"),
            (" a\t", "a"),
            ("a,b", "a,b"),
            ("a, b", "a,b"),
            ("a \t,\t b", "a,b"),
            ("a,,b,", "a,,b,"),
            (" , ", ","),
            (" ", ""),
            ("ä, ö", "ä,ö"),
        ] {
            assert_eq!(canonical_text("x", value), form, "{value:?}");
            assert_eq!(
                is_canonical(value.as_bytes(), "x"),
                value == form,
                "{value:?}"
            );
            assert_eq!(canonical_text("x", form), form);
            assert_eq!(text(canonical(iter::once(value.as_bytes()), "x")), form);
            assert_eq!(canonical_text("cookie", value), value);
        }
    }
}
