//! A document that is a JSON value.

use super::state::{ItemsLeft, ObjectStream, StreamState};
use crate::manifest::{
    Format, Position,
    json::{Scanner, escape_unknown_to_yaml},
    list,
    outline::{self, ListOutline},
    position::Syntax,
};
use std::{io::Read, ops::Range};

impl<R: Read> ObjectStream<R> {
    /// Reads the JSON value with which the window begins.
    pub(super) fn json(&mut self, after_json: bool) {
        let limits = self.options.limits;
        let start = self.feed.position();
        self.reader.begin();
        self.state = StreamState::Between { after_json: true };
        match outline::walk(
            &mut self.feed,
            0,
            limits.max_depth,
            limits.max_document_bytes,
        ) {
            Ok(found) if found.length > limits.max_document_bytes => {
                self.too_long();
                self.feed.consume(found.length);
            }
            Ok(found) => {
                if let Some(error) = self.unread_as_yaml(start, found.length) {
                    self.deliver(start, Err(error));
                    return self.feed.consume(found.length);
                }
                self.json_values += 1;
                if let Some(list) = found.list.filter(|_| !self.options.whole_lists)
                    && self.json_list(start, found.length, &list)
                {
                    return;
                }
                let text = self.feed.first(found.length);
                let read = Scanner::new(text, 0, start).value(&mut self.reader, 1);
                if !self.is_yaml(after_json, start, read.as_ref().err()) {
                    self.deliver(start, read);
                    self.feed.consume(found.length);
                }
            }
            Err(at) if at >= limits.max_document_bytes => {
                self.too_long();
                self.resynchronise(at);
            }
            Err(at) => {
                // Some more, so that an error can show the character.
                self.feed.get(at + 3);
                if at >= self.feed.bytes().len() && self.ends(at) {
                    return;
                }
                let text = self.feed.first(self.feed.bytes().len().min(at + 4));
                let mut scanner = Scanner::new(text, 0, start);
                let read = scanner
                    .value(&mut self.reader, 1)
                    .and_then(|_| Err(Syntax::new(scanner.here(), "the value does not end here")));
                let failed_at = scanner.at;
                if !self.is_yaml(after_json, start, read.as_ref().err()) {
                    self.deliver(start, read);
                    self.resynchronise(failed_at);
                }
            }
        }
    }

    /// What is wrong with a JSON value for a reader of YAML, where that is what reads it: YAML 1.1 has not all of the escapes.
    fn unread_as_yaml(&self, start: Position, length: usize) -> Option<Syntax> {
        if !self.as_yaml || self.options.format != Format::Auto {
            return None;
        }
        let text = self.feed.first(length);
        let (at, what) = escape_unknown_to_yaml(text)?;
        let what = format!(
            "`kubectl` reads what follows on `---`, or on a byte order mark, as YAML 1.1, which has {what}"
        );
        Some(Syntax::new(start.after(text.get(..at)?), what))
    }

    /// Goes on to the next line that begins with a JSON value or a separator: the present one, where the value before it
    /// lacks its end.
    fn resynchronise(&mut self, failed_at: usize) {
        const STEP: usize = 64 << 10;
        let mut line = failed_at;
        if failed_at > 0 && self.feed.first(failed_at).ends_with(b"\n") && self.begins_value(line) {
            self.feed.consume(line);
            return;
        }
        loop {
            match self.feed.line_end(line, STEP) {
                None => {
                    // A long line is not kept.
                    self.feed.consume(self.feed.bytes().len());
                    line = 0;
                }
                Some(end) => {
                    self.feed.consume(end);
                    line = 0;
                    if self.begins_value(0) || self.feed.get(0).is_none() {
                        return;
                    }
                }
            }
        }
    }

    fn begins_value(&mut self, at: usize) -> bool {
        matches!(self.feed.get(at), Some(b'{' | b'[')) || self.feed.has(at, b"---")
    }

    /// Begins to read a list item by item; says whether it is one.
    fn json_list(&mut self, start: Position, length: usize, list: &ListOutline) -> bool {
        let text = self.feed.first(length);
        let said = |range: &Option<Range<usize>>| -> Option<String> {
            serde_json::from_slice(text.get(range.clone()?)?).ok()
        };
        let Some(items) = list.items.clone() else {
            return false;
        };
        let is_list = said(&list.kind).is_some_and(|kind| list::is_list_kind(&kind));
        if !is_list || text.get(items.start) != Some(&b'[') {
            return false;
        }
        // Everything but the items, for what is wrong with it.
        let around = Scanner::new(text, 0, start)
            .passing_over(items.clone())
            .value(&mut self.reader, 1);
        let at = items.start + 1;
        let position = start.after(text.get(..at).unwrap_or_default());
        let place = self.place(start);
        match around {
            Ok(around) => {
                let left = ItemsLeft::Json { at, position };
                self.begin_list(place, length, &around.value, left);
                true
            }
            Err(_) => {
                self.reader.begin();
                false
            }
        }
    }

    #[cfg(not(feature = "yaml"))]
    fn is_yaml(&mut self, _: bool, _: Position, _: Option<&Syntax>) -> bool {
        false
    }
}
