//! What the JSON and the YAML reader share: building values with positions, within bounds.

use super::{
    Duplicate, Limits, Position, ReadError, ReadOptions,
    entry::Manifest,
    position::{Inner, Mark, Tree},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Field paths are kept up to this length where hostile input makes them longer.
const MAX_PATH: usize = 4096;

/// Why a document cannot be read further.
#[derive(Debug)]
pub(super) struct Syntax {
    pub(super) position: Position,
    pub(super) message: String,
    /// Whether a bound of the whole stream is reached, so that nothing more can be read.
    pub(super) last: bool,
}

impl Syntax {
    pub(super) fn new(position: Position, message: impl Into<String>) -> Self {
        Self {
            position,
            message: message.into(),
            last: false,
        }
    }
}

/// Counts what has been read, and knows where in the document reading is.
#[derive(Debug)]
pub(super) struct Reader {
    limits: Limits,
    /// Values so far, in the whole stream.
    pub(super) values: usize,
    /// Bytes of text so far, in the whole stream.
    pub(super) text: usize,
    #[cfg(feature = "yaml")]
    aliased: usize,
    path: String,
    duplicates: Vec<Duplicate>,
    document: usize,
    whole_lists: bool,
}

impl Reader {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Self {
            limits: options.limits,
            whole_lists: options.whole_lists,
            values: 0,
            text: 0,
            #[cfg(feature = "yaml")]
            aliased: 0,
            path: String::new(),
            duplicates: Vec::new(),
            document: 0,
        }
    }

    #[cfg(feature = "yaml")]
    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Counts one value of this length of text at this depth.
    pub(super) fn count(
        &mut self,
        text: usize,
        depth: usize,
        position: Position,
    ) -> Result<(), Syntax> {
        self.text += text;
        self.add_values(1, position)?;
        if depth > self.limits.max_depth {
            return Err(Syntax::new(
                position,
                format!(
                    "objects and lists nest deeper than the limit of {}",
                    self.limits.max_depth
                ),
            ));
        }
        Ok(())
    }

    fn add_values(&mut self, count: usize, position: Position) -> Result<(), Syntax> {
        self.values = self.values.saturating_add(count);
        if self.values > self.limits.max_values {
            return Err(Syntax {
                position,
                message: format!(
                    "the stream holds more values than the limit of {}",
                    self.limits.max_values
                ),
                last: true,
            });
        }
        Ok(())
    }

    /// Counts a copy of so many values and so many bytes of text, made for an anchor or its alias.
    #[cfg(feature = "yaml")]
    pub(super) fn count_copy(
        &mut self,
        values: usize,
        text: usize,
        position: Position,
    ) -> Result<(), Syntax> {
        const PER_VALUE: usize = 32;
        self.add_values(values, position)?;
        self.text = self.text.saturating_add(text);
        self.aliased = self
            .aliased
            .saturating_add(text)
            .saturating_add(values.saturating_mul(PER_VALUE));
        if self.aliased > self.limits.max_alias_bytes {
            return Err(Syntax::new(
                position,
                format!(
                    "anchors and aliases expand to more than the limit of {} bytes",
                    self.limits.max_alias_bytes
                ),
            ));
        }
        Ok(())
    }

    /// Adds a key to the path; returns the length to go back to.
    pub(super) fn push_key(&mut self, key: &str) -> usize {
        let length = self.path.len();
        if length < MAX_PATH {
            if key.contains(['.', '[']) && length > 0 {
                self.path.extend(["[", key, "]"]);
            } else {
                self.path.extend([if length > 0 { "." } else { "" }, key]);
            }
        }
        length
    }

    /// Adds an index to the path; returns the length to go back to.
    pub(super) fn push_index(&mut self, index: usize) -> usize {
        let length = self.path.len();
        if length < MAX_PATH {
            self.path.push('[');
            self.path.push_str(&index.to_string());
            self.path.push(']');
        }
        length
    }

    /// Goes back to a path of this length.
    pub(super) fn pop(&mut self, length: usize) {
        self.path.truncate(length);
    }

    fn duplicate(&mut self, key: &str, position: Position, first: Position) {
        if self.duplicates.len() >= self.limits.max_errors {
            return;
        }
        let length = self.push_key(key);
        let mut path = self.path.clone();
        self.pop(length);
        if let Some((end, _)) = path.char_indices().nth(MAX_PATH) {
            path.truncate(end);
        }
        self.duplicates.push(Duplicate {
            path,
            position,
            first,
        });
    }

    /// Ends a document: hands what was read, or the error, to the manifest. Returns whether to read on.
    pub(super) fn end_document(
        &mut self,
        start: Position,
        read: Result<Tree, Syntax>,
        manifest: &mut Manifest,
    ) -> bool {
        self.path.clear();
        let duplicates = std::mem::take(&mut self.duplicates);
        let document = self.document;
        let mut last = false;
        match read {
            Ok(tree) if tree.value.is_null() => return true,
            Ok(tree) => {
                super::list::deliver(manifest, document, tree, duplicates, self.whole_lists);
            }
            Err(error) => {
                last = error.last;
                manifest.errors.push(ReadError::syntax(
                    document,
                    start,
                    error.position,
                    error.message,
                ));
            }
        }
        self.document += 1;
        if manifest.errors.len() >= self.limits.max_errors && !last {
            manifest.errors.push(ReadError::stream(format!(
                "too many errors: reading stopped after {}",
                manifest.errors.len()
            )));
            last = true;
        }
        !last
    }
}

/// Gathers the members of an object; of a key given twice the last value counts.
#[derive(Debug, Default)]
pub(super) struct Members {
    values: Map<String, Value>,
    marks: BTreeMap<String, Mark>,
}

impl Members {
    /// Adds a member, and notes where its key was given before.
    pub(super) fn insert(&mut self, reader: &mut Reader, key: String, at: Position, member: Tree) {
        let mark = Mark {
            key: Some(at),
            ..member.mark
        };
        if let Some(before) = self.marks.insert(key.clone(), mark) {
            reader.duplicate(&key, at, before.key.unwrap_or(before.value));
        }
        self.values.insert(key, member.value);
    }

    /// Adds the members of a merged object that are not there yet.
    #[cfg(feature = "yaml")]
    pub(super) fn merge(&mut self, values: Map<String, Value>, marks: BTreeMap<String, Mark>) {
        for (key, value) in values {
            self.values.entry(key).or_insert(value);
        }
        for (key, mark) in marks {
            self.marks.entry(key).or_insert(mark);
        }
    }

    /// The object.
    pub(super) fn finish(self, position: Position) -> Tree {
        Tree {
            value: Value::Object(self.values),
            mark: Mark {
                key: None,
                value: position,
                inner: Inner::Object(self.marks),
            },
        }
    }
}

/// Gathers the items of a list.
#[derive(Debug, Default)]
pub(super) struct Items {
    values: Vec<Value>,
    marks: Vec<Mark>,
}

impl Items {
    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Adds an item.
    pub(super) fn push(&mut self, item: Tree) {
        self.values.push(item.value);
        self.marks.push(item.mark);
    }

    /// The list.
    pub(super) fn finish(self, position: Position) -> Tree {
        Tree {
            value: Value::Array(self.values),
            mark: Mark {
                key: None,
                value: position,
                inner: Inner::List(self.marks),
            },
        }
    }
}
