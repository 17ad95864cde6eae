//! The lines of a header that a request repeats, as one value.

use http::HeaderName;
use http::header::COOKIE;

use super::view::RequestView;

/// What may stand between the lines of a header in the one value that they are.
pub(in crate::routing) fn separators(name: &HeaderName) -> &'static [&'static [u8]] {
    if *name == COOKIE {
        &[b"; "]
    } else {
        &[b",", b", "]
    }
}

/// The bytes of all lines of a header, with this between them. Nothing is copied.
pub(in crate::routing) fn joined<'a, R: RequestView>(
    request: &'a R,
    name: &'a HeaderName,
    separator: &'static [u8],
) -> impl Iterator<Item = u8> + use<'a, R> {
    let lines = request.header(name).enumerate();
    lines.flat_map(move |(at, line)| {
        let before = if at == 0 { &[][..] } else { separator };
        before.iter().chain(line).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::super::view::View;
    use super::*;

    #[test]
    fn lines_are_joined_in_their_order() {
        let view = View {
            headers: &[("x-a", b"a"), ("x-b", b"no"), ("X-A", b""), ("x-a", b"c d")],
            ..View::default()
        };
        let name = HeaderName::from_static("x-a");
        let values = separators(&name)
            .iter()
            .map(|separator| String::from_utf8(joined(&view, &name, separator).collect()).unwrap());
        assert_eq!(values.collect::<Vec<_>>(), ["a,,c d", "a, , c d"]);
        assert_eq!(separators(&COOKIE), [b"; "]);
    }
}
