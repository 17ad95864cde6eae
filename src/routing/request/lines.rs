//! The lines of a header that a request repeats, as one value.

use crate::routing::options::RepeatedHeader;

/// What may stand between the lines of a header in the one value that they are.
pub(in crate::routing) fn separators(name: &str) -> &'static [&'static [u8]] {
    if name.eq_ignore_ascii_case("cookie") {
        &[b"; "]
    } else {
        &[b",", b", "]
    }
}

/// The bytes of all lines of a header, with this between them. Nothing is copied.
pub(in crate::routing) fn joined<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    separator: &'static [u8],
) -> impl Iterator<Item = u8> {
    lines.enumerate().flat_map(move |(at, line)| {
        let before = if at == 0 { &[][..] } else { separator };
        before.iter().chain(line).copied()
    })
}

/// Whether the lines of a header of this name have this value.
pub(in crate::routing) fn have_value<'a, L: Iterator<Item = &'a [u8]>>(
    lines: impl Fn() -> L,
    name: &str,
    value: &[u8],
    repeated: RepeatedHeader,
) -> bool {
    match repeated {
        RepeatedHeader::AnyLine => lines().any(|line| line == value),
        RepeatedHeader::Combined => separators(name)
            .iter()
            .any(|separator| joined(lines(), separator).eq(value.iter().copied())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::{RequestView, View};
    use super::*;

    #[test]
    fn lines_are_joined_in_their_order() {
        let view = View {
            headers: &[("x-a", b"a"), ("x-b", b"no"), ("X-A", b""), ("x-a", b"c d")],
            ..View::default()
        };
        let joined = |separator| joined(view.header_named("x-a"), separator).collect();
        let values = separators("x-a")
            .iter()
            .map(|separator| String::from_utf8(joined(separator)).unwrap());
        assert_eq!(values.collect::<Vec<_>>(), ["a,,c d", "a, , c d"]);
        assert_eq!(separators("Cookie"), [b"; "]);
    }
}
