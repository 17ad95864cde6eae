//! What the JSON and the YAML reader share: building values with positions, within bounds.

use super::{
    Duplicate, Limits, Position,
    options::Over,
    position::{Inner, Mark, Syntax, Tree},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Field paths are kept up to this length where hostile input makes them longer.
const MAX_PATH: usize = 4096;

/// Counts what has been read, and knows where in the document reading is.
#[derive(Debug)]
pub(super) struct Reader {
    limits: Limits,
    /// Values so far, of the present object.
    pub(super) values: usize,
    /// Bytes of text so far, of the present object.
    pub(super) text: usize,
    /// What anchors and aliases of the present document have cost.
    #[cfg(feature = "yaml")]
    aliased: usize,
    /// What they may still cost in the whole stream, as far as it has been read.
    #[cfg(feature = "yaml")]
    pub(super) alias_room: usize,
    path: String,
    duplicates: Vec<Duplicate>,
}

impl Reader {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            values: 0,
            text: 0,
            #[cfg(feature = "yaml")]
            aliased: 0,
            #[cfg(feature = "yaml")]
            alias_room: limits.max_alias_bytes,
            path: String::new(),
            duplicates: Vec::new(),
        }
    }

    /// Begins to count anew: for a document, or an item of a list.
    pub(super) fn begin(&mut self) {
        self.values = 0;
        self.text = 0;
        #[cfg(feature = "yaml")]
        {
            self.aliased = 0;
        }
        self.path.clear();
        self.duplicates.clear();
    }

    /// The keys that were given twice since the beginning.
    pub(super) fn take_duplicates(&mut self) -> Vec<Duplicate> {
        std::mem::take(&mut self.duplicates)
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
            let what = "objects and lists nest deeper than";
            let over = Over::new(what, "max_depth", self.limits.max_depth);
            return Err(Syntax::over(position, over));
        }
        Ok(())
    }

    fn add_values(&mut self, count: usize, position: Position) -> Result<(), Syntax> {
        self.values = self.values.saturating_add(count);
        if self.values > self.limits.max_values {
            let what = "the object holds more values than";
            let over = Over::new(what, "max_values", self.limits.max_values);
            return Err(Syntax::over(position, over));
        }
        Ok(())
    }

    /// Lets anchors and aliases of the stream cost more by as much as a text of this length, which is now read, allows.
    #[cfg(feature = "yaml")]
    pub(super) fn make_alias_room(&mut self, length: usize) {
        let more = length.saturating_mul(Limits::ALIAS_BYTES_PER_BYTE);
        self.alias_room = self.alias_room.saturating_add(more);
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
        let cost = text.saturating_add(values.saturating_mul(PER_VALUE));
        self.aliased = self.aliased.saturating_add(cost);
        let room = self.alias_room.checked_sub(cost);
        self.alias_room = room.unwrap_or_default();
        let what = if self.aliased > self.limits.max_alias_bytes {
            "anchors and aliases expand to more than".to_owned()
        } else if room.is_none() {
            format!(
                "all anchors and aliases up to here expand to more than {} bytes for each byte read and",
                Limits::ALIAS_BYTES_PER_BYTE
            )
        } else {
            return Ok(());
        };
        let over = Over::new(&what, "max_alias_bytes", self.limits.max_alias_bytes);
        Err(Syntax::over(position, over))
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
    pub(super) fn merge(&mut self, values: Map<String, Value>, marks: Vec<(Box<str>, Mark)>) {
        for (key, value) in values {
            self.values.entry(key).or_insert(value);
        }
        for (key, mark) in marks {
            self.marks.entry(key.into_string()).or_insert(mark);
        }
    }

    /// The object.
    pub(super) fn finish(self, position: Position) -> Tree {
        let marks = self.marks.into_iter();
        let marks = marks.map(|(key, mark)| (key.into_boxed_str(), mark));
        Tree {
            value: Value::Object(self.values),
            mark: Mark {
                key: None,
                value: position,
                inner: Inner::Object(marks.collect()),
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
