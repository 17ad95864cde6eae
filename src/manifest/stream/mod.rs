//! Reading a stream object by object: of what has been read, only the present document is kept.

mod items;
mod json;
mod state;
#[cfg(test)]
mod tests;
#[cfg(all(test, feature = "yaml"))]
mod tests_of_kubectl;
#[cfg(feature = "yaml")]
mod yaml;

pub use state::ObjectStream;

use super::{Format, RawObject, ReadError, position::Syntax};
use state::StreamState;
use std::io::Read;

impl<R: Read> Iterator for ObjectStream<R> {
    type Item = Result<RawObject, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(next) = self.pending.pop_front() {
                return Some(self.counted(next));
            }
            match std::mem::replace(&mut self.state, StreamState::Over) {
                StreamState::Over => return None,
                StreamState::Start => self.start(),
                StreamState::Between { after_json } => self.document(after_json),
                StreamState::InList(list) => self.item(list),
            }
        }
    }
}

impl<R: Read> ObjectStream<R> {
    fn start(&mut self) {
        if self.feed.has(0, &[0xFF, 0xFE]) || self.feed.has(0, &[0xFE, 0xFF]) {
            let message = "the stream is UTF-16, expected UTF-8";
            return self.fail(ReadError::stream(message.to_owned()));
        }
        self.state = StreamState::Between { after_json: false };
    }

    /// Reads the next document, or the beginning of it.
    fn document(&mut self, mut after_json: bool) {
        let may_be_yaml = self.options.format != Format::Json;
        let indent = loop {
            let indent = self.skip_blank_lines();
            if indent == 0 && self.skip_marker(may_be_yaml) {
                after_json = false;
            } else if may_be_yaml
                && (after_json || self.after_end)
                && self.feed.get(indent) == Some(b'#')
            {
                self.skip_line();
            } else {
                break indent;
            }
        };
        let next = self.feed.get(indent);
        #[cfg(feature = "yaml")]
        if self.after_end && !after_json && next.is_some() {
            return self.beyond_end();
        }
        let json = match self.options.format {
            Format::Json => true,
            Format::Yaml => false,
            Format::Auto => after_json || matches!(next, Some(b'{' | b'[') | None),
        };
        if json {
            self.feed.consume(indent);
            if self.ends(0) {
                return;
            }
            return self.json(after_json);
        }
        #[cfg(feature = "yaml")]
        self.yaml();
        #[cfg(not(feature = "yaml"))]
        self.fail(ReadError::stream(
            "the stream is not JSON, and reading YAML needs the feature `yaml`".to_owned(),
        ));
    }

    /// Passes over white space up to the first line that has more, and says by how much that line is indented.
    fn skip_blank_lines(&mut self) -> usize {
        const STEP: usize = 64 << 10;
        let (mut at, mut line) = (0, 0);
        loop {
            match self.feed.get(at) {
                Some(b'\n') => {
                    at += 1;
                    line = at;
                }
                Some(b' ' | b'\t' | b'\r') => at += 1,
                _ => break,
            }
            if line > STEP {
                self.feed.consume(line);
                (at, line) = (at - line, 0);
            }
        }
        self.feed.consume(line);
        at - line
    }

    /// Passes over a line of `---` and nothing else, or over a byte order mark; says whether there was one.
    fn skip_marker(&mut self, may_be_yaml: bool) -> bool {
        const LONGEST: usize = 4_096;
        if self.feed.has(0, b"\xEF\xBB\xBF") {
            if std::mem::take(&mut self.opened) {
                let start = self.feed.position();
                let what = "a byte order mark stands behind the first line of `---`, where `kubectl` takes it for a part of the first \
                            key: remove it";
                let error = ReadError::syntax(self.place(start), Syntax::new(start, what));
                self.pending.push_back(Err(error));
            }
            // A reader that finds no JSON at the beginning takes all for YAML.
            self.begins_yaml("byte order mark");
            self.feed.consume_unseen(3);
            return true;
        }
        if !self.feed.has(0, b"---") {
            return false;
        }
        let Some(end) = self.feed.line_end(0, LONGEST) else {
            return false;
        };
        let rest = self.feed.first(end).get(3..).unwrap_or_default();
        let text = rest.trim_ascii();
        // To the tools around an API server a line of `---` ends a document if lines stand before it. With none before it, the line is
        // the first one of its document, and YAML takes `---#` for a text.
        let line = self.feed.position().line;
        let is_first = !self.as_yaml || self.ended_before == Some(line);
        let is_text = rest.starts_with(b"#") && is_first;
        let comment = may_be_yaml && text.starts_with(b"#") && !is_text;
        let marker = text.is_empty() || comment;
        if marker {
            self.opened = is_first;
            self.ended_before = (!is_first).then_some(line + 1);
            self.begins_yaml("`---`");
            self.feed.consume(end);
            self.after_end = false;
        }
        marker
    }

    /// Notes that from here on the stream is read as YAML. A reader that has found several JSON values takes all for JSON.
    fn begins_yaml(&mut self, what: &str) {
        if self.options.format == Format::Auto && self.json_values > 1 && !self.as_yaml {
            let start = self.feed.position();
            let what = format!(
                "`kubectl` reads a stream that begins with several JSON values as JSON alone, which has no {what}: write `---` \
                 between all of them, or nothing between any"
            );
            let error = ReadError::syntax(self.place(start), Syntax::new(start, what));
            self.pending.push_back(Err(error));
        }
        self.as_yaml = true;
    }

    fn skip_line(&mut self) {
        const STEP: usize = 64 << 10;
        loop {
            let end = self.feed.line_end(0, STEP);
            self.feed.consume(end.unwrap_or(self.feed.bytes().len()));
            if end.is_some() {
                return;
            }
        }
    }
}
