//! JSON with positions: one value.
//!
//! `serde_json` reads the scalars; this walks the structure, since it alone knows where things stand.

use super::{
    Position,
    position::{Syntax, Tree},
    reader::{Items, Members, Reader},
};
use serde_json::{Number, Value};
use std::ops::Range;

/// What is known of where reading is.
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    /// How far `position` has been counted.
    counted: usize,
    position: Position,
    /// What is taken for null without being looked at.
    passed_over: Range<usize>,
}

impl<'a> Scanner<'a> {
    /// Reads from this offset on, which stands at this position.
    pub(super) fn new(bytes: &'a [u8], at: usize, position: Position) -> Self {
        Self {
            bytes,
            at,
            counted: at,
            position,
            passed_over: 0..0,
        }
    }

    /// The same, taking what stands there for null.
    pub(super) fn passing_over(self, passed_over: Range<usize>) -> Self {
        Self {
            passed_over,
            ..self
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The present position. Counted on from the last one asked for, so that all together is linear.
    pub(super) fn here(&mut self) -> Position {
        let passed = self.bytes.get(self.counted..self.at).unwrap_or_default();
        self.position = self.position.after(passed);
        self.counted = self.counted.max(self.at);
        self.position
    }

    fn fail<T>(&mut self, message: impl Into<String>) -> Result<T, Syntax> {
        Err(Syntax::new(self.here(), message))
    }

    pub(super) fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads one value.
    pub(super) fn value(&mut self, reader: &mut Reader, depth: usize) -> Result<Tree, Syntax> {
        self.skip_whitespace();
        let start = self.here();
        if self.at == self.passed_over.start && !self.passed_over.is_empty() {
            self.at = self.passed_over.end;
            return Ok(Tree::scalar(Value::Null, start));
        }
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

/// The first escape in a text that JSON has and YAML 1.1 does not: where it is, and what is wrong with it.
pub(super) fn escape_unknown_to_yaml(text: &[u8]) -> Option<(usize, &'static str)> {
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'\\', text.get(from..)?) {
        let escape = text.get(from + at..)?;
        let is_half = escape.starts_with(b"\\ud") || escape.starts_with(b"\\uD");
        let is_half = is_half
            && escape
                .get(3)
                .is_some_and(|byte| b"89abcdefABCDEF".contains(byte));
        let what = match escape.get(1) {
            Some(b'/') => "no escape `\\/`: write `/`",
            _ if is_half => "no halves of characters (`\\ud83d\\ude00`): write the character",
            _ => {
                from += at + 2;
                continue;
            }
        };
        return Some((from + at, what));
    }
    None
}
