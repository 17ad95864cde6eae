//! A document in YAML.

use super::state::{ItemsLeft, ObjectStream, StreamState};
use crate::manifest::{Format, Position, ReadError, position::Syntax, yaml};
use std::io::Read;

impl<R: Read> ObjectStream<R> {
    /// Reads the YAML document with which the window begins.
    pub(super) fn yaml(&mut self) {
        let start = self.feed.position();
        self.reader.begin();
        let length = self.yaml_length();
        if length.is_some_and(|length| self.ends(length)) {
            return;
        }
        self.state = StreamState::Between { after_json: false };
        let Some(length) = length else {
            self.too_long();
            return self.skip_to_marker();
        };
        if self.is_refused(length) {
            return self.feed.consume(length);
        }
        self.note_separator_at_end(length);
        let text = self.feed.first(length);
        if !self.options.whole_lists
            && let Some(list) = yaml::list(text, start, &mut self.reader)
        {
            let place = self.place(list.start);
            let items = ItemsLeft::Yaml(list.items.into_iter());
            return self.begin_list(place, length, &list.around, items);
        }
        self.reader.begin();
        let (content, read) = yaml::read(text, start, &mut self.reader);
        self.deliver(content, read);
        self.feed.consume(length);
    }

    /// Tells of what YAML allows before or around a document and no tool around an API server reads: the document is then
    /// left out. Directives are told, and what follows on them is read.
    fn is_refused(&mut self, length: usize) -> bool {
        let start = self.feed.position();
        let text = self.feed.first(length);
        let mut line = text.split_inclusive(|byte| *byte == b'\n');
        let first = line.next().unwrap_or_default();
        self.as_yaml = true;
        self.after_end |= line.next_back().is_some_and(yaml::is_end) || yaml::is_end(first);
        if let Some(rest) = first.strip_prefix(b"---") {
            let what = match yaml::after_separator(first) {
                Some(_) => {
                    "a document begins on the line of `---`, where `kubectl` takes comments alone: begin it on the next line"
                }
                None if rest.starts_with(b"#") => {
                    "a space is missing between `---` and the comment: `kubectl` does not take the line for a separator at the beginning of a stream and directly after another separator"
                }
                None => return false,
            };
            let column = start.column + 3 + rest.len() - rest.trim_ascii_start().len();
            self.deliver(start, Err(Syntax::new(Position { column, ..start }, what)));
            return true;
        }
        let mut contents = text
            .split_inclusive(|byte| *byte == b'\n')
            .filter(|line| yaml::is_content(line));
        if contents.next().is_some_and(yaml::is_end) {
            let what =
                "a line of `...` ends a document that `kubectl` does not find: remove the line";
            self.deliver(start, Err(Syntax::new(start, what)));
            return true;
        }
        let before = text
            .split_inclusive(|byte| *byte == b'\n')
            .take_while(|line| !yaml::is_content(line));
        let mut at = 0;
        let directive = before
            .map(|line| {
                at += line.len();
                (at - line.len(), line)
            })
            .find(|(_, line)| line.starts_with(b"%"));
        // Between the first line of `---` and the next there is an empty document, in which nobody looks at a directive.
        if let Some((at, _)) = directive.filter(|_| !self.opened) {
            let position = start.after(text.get(..at).unwrap_or_default());
            let what =
                "a YAML directive stands here, which `kubectl` does not read: remove the line";
            let error = ReadError::syntax(self.place(position), Syntax::new(position, what));
            self.pending.push_back(Err(error));
        }
        false
    }

    /// Notes whether a document that begins with comments ends with the line of `---` that ends it for `kubectl`.
    fn note_separator_at_end(&mut self, length: usize) {
        let text = self.feed.first(length);
        let mut lines = text.split_inclusive(|byte| *byte == b'\n');
        if lines.next_back().is_some_and(yaml::is_separator) && lines.next().is_some() {
            let start = self.feed.position();
            self.ended_before = Some(start.after(text).line);
        }
    }

    /// Names what stands after a line of `...`, and passes over it, as tools around an API server do up to the next line of `---`.
    pub(super) fn beyond_end(&mut self) {
        let start = self.feed.position();
        let length = self.yaml_length();
        if length.is_some_and(|length| self.ends(length)) {
            return;
        }
        self.state = StreamState::Between { after_json: false };
        let Some(length) = length else {
            self.too_long();
            return self.skip_to_marker();
        };
        let text = self.feed.first(length);
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        if lines
            .clone()
            .any(|line| yaml::is_content(line) && !yaml::is_end(line))
        {
            let what = "`kubectl` passes over what stands between `...` and the next line of `---`: write `---` in its place";
            self.deliver(start, Err(Syntax::new(start, what)));
        }
        self.feed.consume(length);
    }

    /// How long the document is with which the window begins; nothing where it is too long.
    pub(super) fn yaml_length(&mut self) -> Option<usize> {
        let most = self.options.limits.max_document_bytes;
        // After a line of `...`, the next line of `---` begins another document, whatever stands before it.
        let (mut at, mut content) = (0, self.after_end);
        loop {
            let end = self.feed.line_end(at, most.saturating_sub(at))?;
            let line = self.feed.first(end).get(at..).unwrap_or_default();
            // YAML takes `---#` for a text, and so it is none of a document's lines where it separates.
            let cuts = yaml::is_separator(line) && (content || line.starts_with(b"---#"));
            if line.is_empty() || cuts && at > 0 {
                return Some(at);
            }
            at = end;
            if at > most {
                return None;
            }
            if yaml::is_end(line) {
                return Some(at);
            }
            content |= yaml::is_content(line);
        }
    }

    /// Passes over lines up to one that begins a document.
    pub(super) fn skip_to_marker(&mut self) {
        const STEP: usize = 64 << 10;
        let mut at_line = true;
        // The line of the marker with which the document begins is none that ends it.
        let mut first = true;
        loop {
            let marker = yaml::is_separator;
            self.feed.get(3);
            let line = self.feed.first(4.min(self.feed.bytes().len()));
            if line.is_empty() || at_line && !first && marker(line) {
                return;
            }
            first = false;
            let end = self.feed.line_end(0, STEP);
            at_line = end.is_some();
            self.feed.consume(end.unwrap_or(self.feed.bytes().len()));
        }
    }

    /// Reads what is no JSON as YAML, of which a flow mapping begins like JSON: all up to the next line of `---`. Says
    /// whether it is YAML; if not, nothing is delivered. A value that follows on JSON is none.
    pub(super) fn is_yaml(
        &mut self,
        after_json: bool,
        start: Position,
        error: Option<&Syntax>,
    ) -> bool {
        let not_json = error.is_some_and(|error| error.limit.is_none());
        if !not_json || after_json || self.options.format != Format::Auto {
            return false;
        }
        let Some(length) = self.yaml_length() else {
            self.too_long();
            self.skip_to_marker();
            self.state = StreamState::Between { after_json: false };
            return true;
        };
        if self.is_cut(length) {
            return false;
        }
        self.reader.begin();
        let (content, read) = yaml::read(self.feed.first(length), start, &mut self.reader);
        // Of what is neither, JSON's error is told; but YAML that meets a bound is YAML.
        let is_yaml = match &read {
            Ok(_) => true,
            Err(error) => error.limit.is_some(),
        };
        if is_yaml {
            self.deliver(content, read);
            self.feed.consume(length);
            self.state = StreamState::Between { after_json: false };
        } else {
            self.reader.begin();
        }
        is_yaml
    }
}
