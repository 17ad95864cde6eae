//! Where a JSON value ends, and what a list says of itself: found without building anything.

use super::feed::Feed;
use std::{io::Read, ops::Range};

/// A JSON value as it stands at the beginning of a window.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// The offset at which it ends.
    pub(super) length: usize,
    /// Where the values of the members stand that make a list, of an object with each key once and plainly written.
    pub(super) list: Option<ListOutline>,
}

/// The members of a list, at offsets in the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ListOutline {
    pub(super) kind: Option<Range<usize>>,
    pub(super) api_version: Option<Range<usize>>,
    pub(super) items: Option<Range<usize>>,
}

/// Walks over the value that begins at an offset in the window, and looks at no more than `most` bytes.
///
/// Names, numbers, escapes and the encoding are not judged: whoever builds the value finds what is wrong with them.
/// Of two readers this is the more lenient one, so that the other never reads beyond its end.
///
/// # Errors
///
/// The offset of what cannot stand there, of where it nests deeper than `most_depth`, or of its end where that is not among
/// the bytes that may be looked at.
pub(super) fn walk<R: Read>(
    feed: &mut Feed<R>,
    from: usize,
    most_depth: usize,
    most: usize,
) -> Result<Outline, usize> {
    let mut walk = Walk {
        feed,
        at: from,
        most,
        open: Vec::new(),
        key: 0..0,
        begin: 0,
        list: Some(ListOutline::default()),
    };
    walk.value(most_depth)?;
    Ok(Outline {
        length: walk.at,
        list: walk.list.filter(|list| list.items.is_some()),
    })
}

struct Walk<'f, R> {
    feed: &'f mut Feed<R>,
    at: usize,
    most: usize,
    /// The brackets that are open.
    open: Vec<u8>,
    /// The key of the present member of the outermost object, with its quotes, and where its value begins.
    key: Range<usize>,
    begin: usize,
    list: Option<ListOutline>,
}

impl<R: Read> Walk<'_, R> {
    fn peek(&mut self) -> Option<u8> {
        if self.at >= self.most {
            return None;
        }
        self.feed.get(self.at)
    }

    fn skip_whitespace(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                other => return other,
            }
        }
    }

    fn value(&mut self, most_depth: usize) -> Result<(), usize> {
        loop {
            match self.skip_whitespace() {
                Some(bracket @ (b'{' | b'[')) => {
                    if self.open.len() >= most_depth {
                        return Err(self.at);
                    }
                    self.at += 1;
                    if self.skip_whitespace() == Some(closing(bracket)) {
                        self.at += 1;
                    } else {
                        self.open.push(bracket);
                        if bracket == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => self.text()?,
                Some(byte) if is_word(byte) => {
                    while self.peek().is_some_and(is_word) {
                        self.at += 1;
                    }
                }
                _ => return Err(self.at),
            }
            if !self.after_value()? {
                return Ok(());
            }
        }
    }

    /// Goes on to the next value; says whether there is one.
    fn after_value(&mut self) -> Result<bool, usize> {
        loop {
            let Some(bracket) = self.open.last().copied() else {
                return Ok(false);
            };
            if self.open.as_slice() == b"{" {
                self.member();
            }
            match self.skip_whitespace() {
                Some(b',') => {
                    self.at += 1;
                    if bracket == b'{' {
                        self.key()?;
                    }
                    return Ok(true);
                }
                Some(byte) if byte == closing(bracket) => {
                    self.at += 1;
                    self.open.pop();
                }
                _ => return Err(self.at),
            }
        }
    }

    /// Walks over a key and its colon.
    fn key(&mut self) -> Result<(), usize> {
        if self.skip_whitespace() != Some(b'"') {
            return Err(self.at);
        }
        let begin = self.at;
        self.text()?;
        let key = begin..self.at;
        if self.skip_whitespace() != Some(b':') {
            return Err(self.at);
        }
        self.at += 1;
        if self.open.as_slice() == b"{" {
            self.skip_whitespace();
            self.key = key;
            self.begin = self.at;
        }
        Ok(())
    }

    /// Notes a member of the outermost object, whose value has just ended.
    fn member(&mut self) {
        let value = self.begin..self.at;
        let key = self.feed.bytes().get(self.key.clone()).unwrap_or_default();
        let Some(list) = &mut self.list else {
            return;
        };
        let slot = match key {
            b"\"kind\"" => &mut list.kind,
            b"\"apiVersion\"" => &mut list.api_version,
            b"\"items\"" => &mut list.items,
            key if key.contains(&b'\\') => {
                self.list = None;
                return;
            }
            _ => return,
        };
        if slot.replace(value).is_some() {
            self.list = None;
        }
    }

    fn text(&mut self) -> Result<(), usize> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.at += 2,
                Some(0..=0x1F) | None => return Err(self.at),
                Some(_) => self.at += 1,
            }
        }
    }
}

fn closing(bracket: u8) -> u8 {
    if bracket == b'{' { b'}' } else { b']' }
}

/// What numbers and words are made of.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(text: &str) -> Result<Outline, usize> {
        walk(&mut Feed::new(text.as_bytes(), 1 << 20), 0, 5, 1 << 20)
    }

    #[test]
    fn a_value_ends_where_its_brackets_close() {
        for value in [
            "{}",
            "[]",
            "1.5e3",
            "null",
            "\"\\\"]\"",
            "[[], {\"a\": [1, \"}\"]}]",
            "{ \"a\" : yes }",
            "[[[[[]]]]]",
        ] {
            let outline = walked(&format!("{value} {{}}"));
            assert_eq!(outline.map(|o| o.length), Ok(value.len()), "{value}");
        }
    }

    #[test]
    fn what_cannot_stand_there_is_found_where_it_stands() {
        for (text, at) in [
            ("", 0),
            ("}", 0),
            ("{", 1),
            ("{1: 2}", 1),
            ("{\"a\" 1}", 5),
            ("{\"a\": }", 6),
            ("[1 2]", 3),
            ("[1,]", 3),
            ("{\"a\": 1,}", 8),
            ("\"a\nb\"", 2),
            ("[1}", 2),
            ("\"\\", 3),
            ("[[[[[[", 5),
        ] {
            assert_eq!(walked(text), Err(at), "{text}");
        }
    }

    #[test]
    fn the_members_of_a_list_are_found_in_any_order() {
        let text = r#"{"items": [{"kind": "A"}], "x": {"kind": "B"}, "kind": "List"}"#;
        let list = walked(text).unwrap().list.unwrap();
        assert_eq!(text.get(list.items.unwrap()), Some(r#"[{"kind": "A"}]"#));
        assert_eq!(text.get(list.kind.unwrap()), Some(r#""List""#));
        assert_eq!(list.api_version, None);
        for irregular in [
            r#"{"items": [], "items": []}"#,
            r#"{"items": [], "kind": "A", "kind": "List"}"#,
            r#"{"items": [], "k\u0069nd": "List"}"#,
            r#"{"kind": "List"}"#,
            r#"[{"items": []}]"#,
        ] {
            assert_eq!(walked(irregular).unwrap().list, None, "{irregular}");
        }
    }
}
