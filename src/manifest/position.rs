//! Where objects and fields stand in a stream.

use super::options::Over;
use serde_json::Value;
use std::fmt;

/// A line and a column, both counted from 1; columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The position after this text, which begins here.
    pub(super) fn after(mut self, text: &[u8]) -> Self {
        for byte in text {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.column = 1;
                }
                // The bytes that go on with a character.
                0x80..=0xBF => {}
                _ => self.column += 1,
            }
        }
        self
    }
}

impl fmt::Display for Position {
    /// `12:5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Where an object stands in its stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The document (or JSON value), from 0. Documents without content are not counted.
    pub document: usize,
    /// The index in the list that holds the object, from 0, where a list holds it.
    pub item: Option<usize>,
    /// Where it begins.
    pub position: Position,
}

impl fmt::Display for Place {
    /// `document 3, item 2, line 12, column 5`, documents and items counted from 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document {}, ", self.document + 1)?;
        if let Some(item) = self.item {
            write!(f, "item {}, ", item + 1)?;
        }
        write!(
            f,
            "line {}, column {}",
            self.position.line, self.position.column
        )
    }
}

/// A key that one object gives twice. The last value counts, as for an API server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplicate {
    /// The field path, as in `spec.rules[0].name`.
    pub path: String,
    /// Where the key was given again.
    pub position: Position,
    /// Where the key was given first.
    pub first: Position,
}

/// Where each field of an object stands, found by field path.
#[derive(Clone, Debug, Default)]
pub struct Positions {
    pub(super) root: Mark,
}

/// The position of one value, and of what it holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Mark {
    /// Where its key begins; for the members of objects only.
    pub(super) key: Option<Position>,
    /// Where it begins.
    pub(super) value: Position,
    /// What it holds.
    pub(super) inner: Inner,
}

/// What a value holds.
#[derive(Clone, Debug, Default)]
pub(super) enum Inner {
    /// Nothing: a scalar.
    #[default]
    Scalar,
    /// The members of an object, in the order of their keys. A list, since maps of a member or two are many, and a tree
    /// of one takes room for eleven.
    Object(Vec<(Box<str>, Mark)>),
    /// The items of a list.
    List(Vec<Mark>),
}

impl Mark {
    /// The place to show: the value where it stands on its key's line, else the key.
    fn shown(&self) -> Position {
        match self.key {
            Some(key) if key.line != self.value.line => key,
            _ => self.value,
        }
    }

    /// The longest step along `path` that this value has, and what remains of the path.
    fn step<'m, 'p>(&'m self, path: &'p str) -> Option<(&'m Self, &'p str)> {
        match &self.inner {
            Inner::Scalar => None,
            Inner::List(items) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                Some((items.get(index.parse::<usize>().ok()?)?, rest))
            }
            Inner::Object(members) => {
                // A key may hold dots and brackets itself (annotations), so the longest one that fits counts.
                let ends = |rest: &'p str| {
                    matches!(rest.chars().next(), None | Some('.' | '[')).then_some(rest)
                };
                match path.strip_prefix('[') {
                    Some(inside) => longest(members, inside.trim_start_matches('"'), |rest| {
                        ends(rest.trim_start_matches('"').strip_prefix(']')?)
                    }),
                    None => longest(members, path.strip_prefix('.').unwrap_or(path), ends),
                }
            }
        }
    }
}

/// The member with the longest key with which a text begins, of those for which `ends` takes what remains, and
/// what that then leaves.
fn longest<'m, 'p>(
    members: &'m [(Box<str>, Mark)],
    text: &'p str,
    ends: impl Fn(&'p str) -> Option<&'p str>,
) -> Option<(&'m Mark, &'p str)> {
    // Keys of which each begins with the one before are rare, and hostile input could have thousands.
    const TRIES: usize = 64;
    let mut sought = text;
    for _ in 0..TRIES {
        // Whatever lies between a beginning of the text and the text begins with it too.
        let after = members.partition_point(|(key, _)| &**key <= sought);
        let (key, mark) = members.get(after.checked_sub(1)?)?;
        let common = if sought.starts_with(&**key) {
            if let Some(rest) = text.get(key.len()..).and_then(&ends) {
                return Some((mark, rest));
            }
            key.char_indices().next_back()?.0
        } else {
            let same = |((_, a), b): &((usize, char), char)| a == b;
            let mut pairs = sought.char_indices().zip(key.chars());
            pairs.find(|pair| !same(pair)).map_or(0, |((at, _), _)| at)
        };
        sought = text.get(..common)?;
    }
    None
}

impl Positions {
    /// The position of a field such as `spec.rules[0].matches[0].path.value`; keys with dots may stand as
    /// they are or in brackets (`metadata.annotations[example.com/owner]`). The empty path is the object.
    ///
    /// The value's position where it begins on the line of its key, else that of the key.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Position> {
        match self.walk(path) {
            (mark, "") => Some(mark.shown()),
            _ => None,
        }
    }

    /// The position of a field, or of the nearest field around it that is there: for what is missing.
    #[must_use]
    pub fn nearest(&self, path: &str) -> Position {
        self.walk(path).0.shown()
    }

    /// The position of a field's key; of an item itself in a list.
    #[must_use]
    pub fn key(&self, path: &str) -> Option<Position> {
        match self.walk(path) {
            (mark, "") => Some(mark.key.unwrap_or(mark.value)),
            _ => None,
        }
    }

    /// The position where a field's value begins, whether or not it is on the line of its key; of an alias, that of the
    /// alias.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<Position> {
        match self.walk(path) {
            (mark, "") => Some(mark.value),
            _ => None,
        }
    }

    fn walk<'p>(&self, path: &'p str) -> (&Mark, &'p str) {
        let (mut mark, mut rest) = (&self.root, path);
        while !rest.is_empty() {
            match mark.step(rest) {
                Some(next) => (mark, rest) = next,
                None => break,
            }
        }
        (mark, rest)
    }
}

/// Why a document cannot be read.
#[derive(Debug)]
pub(super) struct Syntax {
    pub(super) position: Position,
    pub(super) message: String,
    /// The bound that was met, if that is why.
    pub(super) limit: Option<&'static str>,
}

impl Syntax {
    pub(super) fn new(position: Position, message: impl Into<String>) -> Self {
        Self {
            position,
            message: message.into(),
            limit: None,
        }
    }

    pub(super) fn over(position: Position, over: Over) -> Self {
        Self {
            position,
            message: over.message,
            limit: Some(over.limit),
        }
    }
}

/// A value with the positions of all that it holds.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) value: Value,
    pub(super) mark: Mark,
}

impl Tree {
    /// A scalar.
    pub(super) fn scalar(value: Value, position: Position) -> Self {
        Self {
            value,
            mark: Mark {
                key: None,
                value: position,
                inner: Inner::Scalar,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize, key_line: usize, inner: Inner) -> Mark {
        Mark {
            key: Some(Position {
                line: key_line,
                column: 1,
            }),
            value: Position { line, column },
            inner,
        }
    }

    fn positions() -> Positions {
        let owner = at(3, 20, 3, Inner::Scalar);
        let annotations = at(
            3,
            5,
            2,
            Inner::Object(vec![
                ("example.com".into(), at(9, 9, 9, Inner::Scalar)),
                ("example.com/own.er[0]".into(), owner),
            ]),
        );
        let list = at(5, 3, 4, Inner::List(vec![at(5, 5, 5, Inner::Scalar)]));
        Positions {
            root: at(
                1,
                1,
                1,
                Inner::Object(vec![
                    ("annotations".into(), annotations),
                    ("list".into(), list),
                ]),
            ),
        }
    }

    #[test]
    fn a_key_with_dots_is_found_as_it_is_and_in_brackets() {
        for path in [
            "annotations.example.com/own.er[0]",
            "annotations[example.com/own.er[0]]",
            "annotations[\"example.com/own.er[0]\"]",
        ] {
            let found = positions().find(path).map(|p| (p.line, p.column));
            assert_eq!(found, Some((3, 20)), "{path}");
        }
    }

    #[test]
    fn the_longest_key_is_found_among_many_that_are_like_it() {
        let keys = [
            "", "a", "a.", "a.b", "a-b", "a.b/c", "a.b/ca", "a.b/d", "ä.b", "b[0]", "b",
        ];
        let mut members: Vec<_> = keys
            .iter()
            .zip(1..)
            .map(|(key, line)| ((*key).into(), at(line, 1, line, Inner::Scalar)))
            .collect();
        members.sort_by(|(a, _): &(Box<str>, Mark), (b, _)| a.cmp(b));
        let positions = Positions {
            root: at(99, 1, 99, Inner::Object(members)),
        };
        for (path, key) in [
            ("a", "a"),
            ("a.b", "a.b"),
            ("a.b/c", "a.b/c"),
            ("a.b/c.x", "a.b/c"),
            ("a.b/cb", "a"),
            ("a.b/b", "a"),
            ("a.c", "a"),
            ("a.z", "a"),
            ("a-b[7]", "a-b"),
            ("[a.b/ca]", "a.b/ca"),
            ("[\"ä.b\"]", "ä.b"),
            ("b[0]", "b[0]"),
            ("b[1]", "b"),
        ] {
            let line = 1 + keys.iter().position(|k| *k == key).unwrap();
            assert_eq!(positions.nearest(path).line, line, "{path}");
        }
        assert_eq!(positions.nearest("zzz").line, 99);
        assert_eq!(positions.nearest("ab").line, 99);
    }

    #[test]
    fn a_missing_field_is_shown_at_the_nearest_one_around_it() {
        let positions = positions();
        assert_eq!(positions.find("list[0].name"), None);
        assert_eq!(positions.nearest("list[0].name").line, 5);
        assert_eq!(positions.nearest("list[7]").line, 4);
        assert_eq!(positions.nearest("[[[.").line, 1);
        assert_eq!(positions.find("").map(|p| p.line), Some(1));
    }

    #[test]
    fn a_value_below_its_key_is_shown_at_the_key() {
        assert_eq!(positions().find("annotations").map(|p| p.line), Some(2));
        assert_eq!(positions().value("annotations").map(|p| p.line), Some(3));
        assert_eq!(positions().value("nothing"), None);
    }
}
