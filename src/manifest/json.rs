//! JSON with positions: values one after the other.
//!
//! `serde_json` reads the scalars; this walks the structure, since it alone knows where things stand.

use super::{
    Position,
    entry::Manifest,
    position::Tree,
    reader::{Items, Members, Reader, Syntax},
};
use serde_json::{Number, Value};

/// Reads all values. After an error, reading goes on at the next line that begins with a value.
pub(super) fn read(bytes: &[u8], reader: &mut Reader, manifest: &mut Manifest) {
    let mut scanner = Scanner {
        bytes,
        at: 0,
        counted: 0,
        position: Position { line: 1, column: 1 },
    };
    loop {
        scanner.skip_to_value();
        if scanner.at >= bytes.len() {
            return;
        }
        let (begin, start) = (scanner.at, scanner.here());
        let value = scanner.value(reader, 1);
        let failed = value.is_err();
        let moved = scanner.at > begin;
        if !reader.end_document(start, value, manifest) {
            return;
        }
        if failed {
            scanner.resynchronise(moved);
        }
    }
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How far `position` has been counted.
    counted: usize,
    position: Position,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The present position. Counted on from the last one asked for, so that all together is linear.
    fn here(&mut self) -> Position {
        for byte in self.bytes.get(self.counted..self.at).unwrap_or_default() {
            match byte {
                b'\n' => {
                    self.position.line += 1;
                    self.position.column = 1;
                }
                0x80..=0xBF => {}
                _ => self.position.column += 1,
            }
        }
        self.counted = self.counted.max(self.at);
        self.position
    }

    fn fail<T>(&mut self, message: impl Into<String>) -> Result<T, Syntax> {
        Err(Syntax::new(self.here(), message))
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    /// Passes over white space and lines of `---` between values.
    fn skip_to_value(&mut self) {
        loop {
            self.skip_whitespace();
            let line_begins = self.at == 0 || self.bytes.get(self.at - 1) == Some(&b'\n');
            let separator = self.rest().starts_with(b"---")
                && matches!(self.rest().get(3), None | Some(b'\n' | b'\r'));
            if !(line_begins && separator) {
                return;
            }
            self.at += 3;
        }
    }

    /// Goes on to the next line that begins with a value or a separator: the present one, where the value
    /// before it lacks its end.
    fn resynchronise(&mut self, moved: bool) {
        if moved && self.bytes.get(self.at - 1) == Some(&b'\n') && self.begins_value() {
            return;
        }
        while let Some(end) = self.rest().iter().position(|b| *b == b'\n') {
            self.at += end + 1;
            if self.begins_value() {
                return;
            }
        }
        self.at = self.bytes.len();
    }

    fn begins_value(&self) -> bool {
        self.rest().starts_with(b"---") || matches!(self.peek(), Some(b'{' | b'['))
    }

    fn value(&mut self, reader: &mut Reader, depth: usize) -> Result<Tree, Syntax> {
        self.skip_whitespace();
        let start = self.here();
        match self.peek() {
            Some(b'{') => {
                reader.count(0, depth, start)?;
                self.object(reader, depth, start)
            }
            Some(b'[') => {
                reader.count(0, depth, start)?;
                self.list(reader, depth, start)
            }
            Some(b'"') => {
                let text = self.string()?;
                reader.count(text.len(), 0, start)?;
                Ok(Tree::scalar(Value::String(text), start))
            }
            Some(b'-' | b'0'..=b'9') => {
                reader.count(0, 0, start)?;
                let number = self.number()?;
                Ok(Tree::scalar(Value::Number(number), start))
            }
            Some(b'a'..=b'z') => {
                reader.count(0, 0, start)?;
                self.word().map(|value| Tree::scalar(value, start))
            }
            _ => self.unexpected("a value"),
        }
    }

    fn object(
        &mut self,
        reader: &mut Reader,
        depth: usize,
        start: Position,
    ) -> Result<Tree, Syntax> {
        let mut members = Members::default();
        self.at += 1;
        self.skip_whitespace();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(members.finish(start));
        }
        loop {
            self.skip_whitespace();
            if self.peek() != Some(b'"') {
                return self.unexpected("a key in double quotes");
            }
            let at = self.here();
            let key = self.string()?;
            reader.count(key.len(), 0, at)?;
            self.skip_whitespace();
            if self.peek() != Some(b':') {
                return self.unexpected("`:` after the key");
            }
            self.at += 1;
            let length = reader.push_key(&key);
            let member = self.value(reader, depth + 1)?;
            reader.pop(length);
            members.insert(reader, key, at, member);
            self.skip_whitespace();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(members.finish(start));
                }
                _ => return self.unexpected("`,` or `}` after a member"),
            }
        }
    }

    fn list(&mut self, reader: &mut Reader, depth: usize, start: Position) -> Result<Tree, Syntax> {
        let mut items = Items::default();
        self.at += 1;
        self.skip_whitespace();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items.finish(start));
        }
        loop {
            let length = reader.push_index(items.len());
            let item = self.value(reader, depth + 1)?;
            reader.pop(length);
            items.push(item);
            self.skip_whitespace();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(items.finish(start));
                }
                _ => return self.unexpected("`,` or `]` after an item"),
            }
        }
    }

    fn string(&mut self) -> Result<String, Syntax> {
        let start = self.at;
        let mut end = start + 1;
        loop {
            match self.bytes.get(end) {
                None => return self.fail("the text that begins here has no closing quote"),
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(0) => {
                    self.at = end;
                    return self.fail("a NUL character stands here");
                }
                Some(0..=0x1F) => {
                    self.at = end;
                    return self.fail(
                        "a line end or control character in a text must be written as an escape",
                    );
                }
                Some(_) => end += 1,
            }
        }
        let token = self.bytes.get(start..=end).unwrap_or_default();
        if let Err(error) = std::str::from_utf8(token) {
            self.at += error.valid_up_to();
            return self.fail("a byte stands here that is not UTF-8");
        }
        match serde_json::from_slice(token) {
            Ok(text) => {
                self.at = end + 1;
                Ok(text)
            }
            Err(_) => self.fail("the text that begins here has an escape that JSON does not know"),
        }
    }

    fn number(&mut self) -> Result<Number, Syntax> {
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|b| !matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        match serde_json::from_slice(rest.get(..length).unwrap_or_default()) {
            Ok(number) => {
                self.at += length;
                Ok(number)
            }
            Err(error) if error.is_syntax() && error.to_string().contains("out of range") => {
                self.fail("the number is out of range")
            }
            Err(_) => self.fail("this is not a number as JSON writes it"),
        }
    }

    fn word(&mut self) -> Result<Value, Syntax> {
        let rest = self.rest();
        for (word, value) in [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
        ] {
            let ends = !rest.get(word.len()).is_some_and(u8::is_ascii_alphanumeric);
            if rest.starts_with(word.as_bytes()) && ends {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.unexpected("a value")
    }

    fn unexpected<T>(&mut self, expected: &str) -> Result<T, Syntax> {
        // A character at most: the bytes may be anything.
        let next = self.rest().get(..4.min(self.rest().len())).unwrap_or(&[]);
        let shown = String::from_utf8_lossy(next).chars().next();
        self.fail(match shown {
            None => format!("expected {expected}, found the end"),
            Some('\0') => format!("expected {expected}, found a NUL character"),
            Some(char::REPLACEMENT_CHARACTER) => {
                format!("expected {expected}, found a byte that is not UTF-8")
            }
            Some(found) => format!("expected {expected}, found `{}`", found.escape_debug()),
        })
    }
}
