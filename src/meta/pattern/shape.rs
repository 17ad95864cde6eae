//! What can be read off a regular expression without a text to try it on.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::{Pattern, automaton::parse};

/// A pattern that is a literal text and, after it, whatever comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Takes every text that begins with this, such as `/item/.*`.
    Anything(Vec<u8>),
    /// Takes this text, and every text that begins with it and a slash, such as `/item(/.*)?`.
    Below(Vec<u8>),
}

impl Pattern {
    /// Whether the pattern takes every text that begins with some literal; nothing where it cannot be told.
    pub(crate) fn shape(&self) -> Option<Shape> {
        shape(&parse(self.as_str()).ok()?)
    }

    /// Whether no text that begins with this byte matches. `false` where it cannot be told.
    pub(crate) fn never_begins_with(&self, byte: u8) -> bool {
        parse(self.as_str()).is_ok_and(|hir| first_bytes(&hir).excludes(byte))
    }
}

fn shape(hir: &Hir) -> Option<Shape> {
    let mut parts = Vec::new();
    flatten(hir, &mut parts);
    // The whole text has to match anyway, so anchors at its ends change nothing.
    while let Some(HirKind::Look(Look::End)) = parts.last().map(|part| part.kind()) {
        parts.pop();
    }
    let (last, front) = parts.split_last()?;
    let mut literal = Vec::new();
    for (index, part) in front.iter().enumerate() {
        match part.kind() {
            HirKind::Look(Look::Start) if index == 0 => {}
            HirKind::Literal(text) => literal.extend_from_slice(&text.0),
            _ => return None,
        }
    }
    if takes_anything(last) {
        return Some(Shape::Anything(literal));
    }
    // An optional end: `/item(/.*)?`.
    let HirKind::Repetition(repetition) = last.kind() else {
        return None;
    };
    if (repetition.min, repetition.max) != (0, Some(1)) {
        return None;
    }
    match shape(&repetition.sub)? {
        Shape::Anything(end) if end == b"/" => Some(Shape::Below(literal)),
        _ => None,
    }
}

/// The parts of a concatenation, groups taken apart.
fn flatten<'h>(hir: &'h Hir, parts: &mut Vec<&'h Hir>) {
    match hir.kind() {
        HirKind::Concat(inner) => inner.iter().for_each(|part| flatten(part, parts)),
        HirKind::Capture(capture) => flatten(&capture.sub, parts),
        HirKind::Empty => {}
        _ => parts.push(hir),
    }
}

/// Whether this takes every text that can stand in a path, the empty one included: `.*`.
fn takes_anything(hir: &Hir) -> bool {
    let HirKind::Repetition(repetition) = hir.kind() else {
        return false;
    };
    (repetition.min, repetition.max) == (0, None) && takes_any_one(&repetition.sub)
}

/// Whether this takes every character that can stand in a path: `.`.
fn takes_any_one(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => takes_any_one(&capture.sub),
        HirKind::Class(Class::Unicode(class)) => class
            .ranges()
            .iter()
            .any(|range| range.start() <= '!' && range.end() == char::MAX),
        HirKind::Class(Class::Bytes(class)) => class
            .ranges()
            .iter()
            .any(|range| range.start() <= b'!' && range.end() == u8::MAX),
        _ => false,
    }
}

/// The bytes with which a matching text may begin.
struct FirstBytes {
    bytes: [bool; 256],
    /// Whether the expression can be passed without taking a byte.
    empty: bool,
}

impl FirstBytes {
    fn excludes(&self, byte: u8) -> bool {
        !self.empty && self.bytes.get(usize::from(byte)) == Some(&false)
    }

    fn nothing(empty: bool) -> Self {
        Self {
            bytes: [false; 256],
            empty,
        }
    }

    fn add(&mut self, from: u8, to: u8) {
        let range = usize::from(from)..=usize::from(to);
        if let Some(bytes) = self.bytes.get_mut(range) {
            bytes.fill(true);
        }
    }

    fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.bytes.iter_mut().zip(other.bytes) {
            *mine |= theirs;
        }
    }
}

fn first_bytes(hir: &Hir) -> FirstBytes {
    let mut first = FirstBytes::nothing(false);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => first.empty = true,
        HirKind::Literal(text) => match text.0.first() {
            Some(byte) => first.add(*byte, *byte),
            None => first.empty = true,
        },
        HirKind::Class(Class::Unicode(class)) => {
            for range in class.ranges() {
                let lead = |c: char| c.encode_utf8(&mut [0; 4]).bytes().next().unwrap_or(u8::MAX);
                first.add(lead(range.start()), lead(range.end()));
            }
        }
        HirKind::Class(Class::Bytes(class)) => {
            for range in class.ranges() {
                first.add(range.start(), range.end());
            }
        }
        HirKind::Repetition(repetition) => {
            first = first_bytes(&repetition.sub);
            first.empty |= repetition.min == 0;
        }
        HirKind::Capture(capture) => return first_bytes(&capture.sub),
        HirKind::Concat(parts) => {
            first.empty = true;
            for part in parts {
                let next = first_bytes(part);
                first.join(&next);
                first.empty = next.empty;
                if !next.empty {
                    break;
                }
            }
        }
        HirKind::Alternation(parts) => {
            for part in parts {
                let next = first_bytes(part);
                first.join(&next);
                first.empty |= next.empty;
            }
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> Option<Shape> {
        Pattern::new(source).unwrap().shape()
    }

    #[test]
    fn a_literal_and_whatever_comes_after_it_are_told_from_other_patterns() {
        let anything = |text: &str| Some(Shape::Anything(text.into()));
        for (source, shape) in [
            ("/.*", anything("/")),
            ("(?i)/(.*)", anything("/")),
            ("^/item/.*$", anything("/item/")),
            ("/(item)(.*)", anything("/item")),
            (".*", anything("")),
            ("(?s).*", anything("")),
            ("(?-u:[!-\\xff]*)", anything("")),
            ("/item(/.*)?", Some(Shape::Below(b"/item".to_vec()))),
            ("/item(?:/(.*))?$", Some(Shape::Below(b"/item".to_vec()))),
            ("/.+", None),
            ("/[0-9]*", None),
            ("/[^x]*", None),
            ("(?i)/item.*", None),
            ("/item(.*)?x", None),
            ("/a|/.*", None),
            ("/a$.*", None),
            ("/item(/.*){0,2}", None),
            ("/item", None),
        ] {
            assert_eq!(of(source), shape, "{source}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_begin_with_a_slash_is_known() {
        let never = |source| Pattern::new(source).unwrap().never_begins_with(b'/');
        for source in [
            "item", "^item", "(a|b)c", "[a-z]+/", "a?b", "(?i)x", "(^)[0-9]",
        ] {
            assert!(never(source), "{source}");
        }
        for source in [
            "/item", ".*", "a?/", "(a|/b)", "", "[^a]x", "a*", "\\W", "(a?)(b*)",
        ] {
            assert!(!never(source), "{source}");
        }
    }
}
