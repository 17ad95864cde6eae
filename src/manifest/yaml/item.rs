//! A list that is read item by item, each as a document of its own.

use crate::manifest::Position;
use serde_json::Value;

/// A list, to be read item by item.
#[derive(Debug)]
pub(in crate::manifest) struct List {
    /// Where it begins.
    pub(in crate::manifest) start: Position,
    /// It without its items.
    pub(in crate::manifest) around: Value,
    /// Its items.
    pub(in crate::manifest) items: Vec<Item>,
}

/// Where an item of a list stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::manifest) struct Item {
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) start: Position,
    /// How far it stands in where its indentation means something: behind a dash, not in brackets.
    pub(super) indent: usize,
}

impl Item {
    /// The item as a document of its own, and where that begins. Behind a dash it keeps its indentation, which its next lines
    /// share. In brackets it has none: there all items may stand in one line, and what is before each would be read again for
    /// each.
    pub(in crate::manifest) fn document(&self, list: &[u8]) -> (Vec<u8>, Position) {
        let mut document = vec![b' '; self.indent];
        document.extend_from_slice(list.get(self.begin..self.end).unwrap_or_default());
        let start = Position {
            line: self.start.line,
            column: self.start.column.saturating_sub(self.indent).max(1),
        };
        (document, start)
    }
}
