//! A document in YAML.

use super::state::{ItemsLeft, ObjectStream, StreamState};
use crate::manifest::{Format, Position, position::Syntax, yaml};
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

    /// How long the document is with which the window begins; nothing where it is too long.
    pub(super) fn yaml_length(&mut self) -> Option<usize> {
        let most = self.options.limits.max_document_bytes;
        let (mut at, mut content) = (0, false);
        loop {
            let end = self.feed.line_end(at, most.saturating_sub(at))?;
            let line = self.feed.first(end).get(at..).unwrap_or_default();
            if line.is_empty() || content && yaml::is_marker(line, b"---") {
                return Some(at);
            }
            at = end;
            if at > most {
                return None;
            }
            if yaml::is_marker(line, b"...") {
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
            let marker = |bytes: &[u8]| yaml::is_marker(bytes, b"---");
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
