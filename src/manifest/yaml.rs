//! YAML with positions: one document after the other.
//!
//! The stream is cut into documents first, at the lines that YAML reserves for it (`---` and `...`), and
//! each is parsed alone: a broken document then ends where the next one begins.

use super::{
    Position,
    entry::Manifest,
    position::{Inner, Mark, Tree},
    reader::{Items, Members, Reader, Syntax},
    yaml_scalar::{self, Tagged},
};
use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// Reads all documents.
pub(super) fn read(bytes: &[u8], reader: &mut Reader, manifest: &mut Manifest) {
    for (line, document) in Documents::of(bytes) {
        let start = Position { line, column: 1 };
        let (start, tree) = match check(document, start) {
            Ok(text) => parse(text, line, reader),
            Err(error) => (start, Err(error)),
        };
        if !reader.end_document(start, tree, manifest) {
            return;
        }
    }
}

/// Finds what no YAML document may hold, before its parser does.
fn check(document: &[u8], start: Position) -> Result<&str, Syntax> {
    let position_of = |offset: usize| {
        let before = document.get(..offset).unwrap_or_default();
        let line_start = before
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        Position {
            line: start.line + before.iter().filter(|b| **b == b'\n').count(),
            column: 1 + String::from_utf8_lossy(before.get(line_start..).unwrap_or_default())
                .chars()
                .count(),
        }
    };
    if let Some(offset) = document.iter().position(|b| *b == 0) {
        return Err(Syntax::new(
            position_of(offset),
            "a NUL character stands here",
        ));
    }
    std::str::from_utf8(document).map_err(|error| {
        Syntax::new(
            position_of(error.valid_up_to()),
            "a byte stands here that is not UTF-8",
        )
    })
}

/// Cuts a YAML stream into its documents, each with the number of its first line. Together they are the
/// stream, byte for byte: markers, directives and comments stay with the document that they precede.
///
/// Cutting does not parse: YAML reserves the lines `---` and `...` wherever they stand.
pub fn documents(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    Documents::of(bytes)
}

/// Cuts a stream into documents, each with the number of its first line.
struct Documents<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Documents<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            line: 1,
        }
    }
}

impl<'a> Iterator for Documents<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let first_line = self.line;
        let (mut end, mut lines, mut content) = (0, 0, false);
        for line in self.rest.split_inclusive(|b| *b == b'\n') {
            if content && is_marker(line, b"---") {
                break;
            }
            end += line.len();
            lines += 1;
            if is_marker(line, b"...") {
                break;
            }
            // Directives and comments belong to the document that follows them.
            let text = line.trim_ascii();
            content |= !(text.is_empty() || text.starts_with(b"#") || line.starts_with(b"%"));
        }
        let (document, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        self.line += lines;
        Some((first_line, document))
    }
}

fn is_marker(line: &[u8], marker: &[u8]) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'\t' | b'\r' | b'\n')))
}

/// Parses one document; null where it has no content. Also says where the content begins.
fn parse(text: &str, line: usize, reader: &mut Reader) -> (Position, Result<Tree, Syntax>) {
    let mut start = Position { line, column: 1 };
    // The parser's own bound is there for its sake; ours is reported first.
    let nesting = reader.limits().max_depth.saturating_add(8);
    let mut options = granit_parser::options! {
        flow_nesting_limit: nesting,
        block_nesting_limit: nesting,
    };
    options.set_emit_comments(false);
    let mut document = Document {
        parser: Parser::new_from_str_with_options(text, options),
        reader,
        lines_before: line - 1,
        anchors: HashMap::new(),
    };
    let tree = document.read(&mut start);
    (start, tree)
}

struct Document<'a, 'r> {
    parser: Parser<'a, StrInput<'a>>,
    reader: &'r mut Reader,
    lines_before: usize,
    anchors: HashMap<usize, Anchored>,
}

/// A node with an anchor, and what a copy of it costs.
struct Anchored {
    tree: Tree,
    values: usize,
    text: usize,
    height: usize,
}

/// The counts before an anchored node was read.
type Counts = (usize, usize);

impl<'a> Document<'a, '_> {
    fn read(&mut self, start: &mut Position) -> Result<Tree, Syntax> {
        let mut tree = None;
        while let Some((event, at)) = self.next()? {
            match event {
                Event::StreamEnd => break,
                event if event.is_node() => {
                    if tree.is_some() {
                        return Err(Syntax::new(
                            at,
                            "a second document begins here without a line of `---` before it",
                        ));
                    }
                    *start = at;
                    tree = Some(self.node(event, at, 1)?);
                }
                _ => {}
            }
        }
        Ok(tree.unwrap_or_else(|| Tree::scalar(Value::Null, *start)))
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Position)>, Syntax> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, self.position(&span)))),
            Some(Err(error)) => Err(Syntax::new(
                Position {
                    line: self.lines_before + error.marker().line(),
                    column: error.marker().col() + 1,
                },
                format!("not YAML: {}", error.info()),
            )),
        }
    }

    fn position(&self, span: &Span) -> Position {
        Position {
            line: self.lines_before + span.start.line(),
            column: span.start.col() + 1,
        }
    }

    /// The next event inside a collection.
    fn inside(&mut self, at: Position) -> Result<(Event<'a>, Position), Syntax> {
        self.next()?
            .ok_or_else(|| Syntax::new(at, "the document ends inside an object or a list"))
    }

    fn node(&mut self, event: Event<'a>, at: Position, depth: usize) -> Result<Tree, Syntax> {
        let before = (self.reader.values, self.reader.text);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.reader.count(text.len(), 0, at)?;
                let value = scalar(&text, style, tag.as_deref())
                    .map_err(|message| Syntax::new(at, message))?;
                let tree = Tree::scalar(value, at);
                self.anchor(anchor, &tree, before, at)?;
                Ok(tree)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.reader.count(0, depth, at)?;
                let tree = self.list(at, depth)?;
                self.anchor(anchor, &tree, before, at)?;
                Ok(tree)
            }
            Event::MappingStart(_, anchor, _) => {
                self.reader.count(0, depth, at)?;
                let tree = self.object(at, depth)?;
                self.anchor(anchor, &tree, before, at)?;
                Ok(tree)
            }
            Event::Alias(id) => self.alias(id, at, depth),
            _ => Err(Syntax::new(at, "expected a value")),
        }
    }

    fn list(&mut self, start: Position, depth: usize) -> Result<Tree, Syntax> {
        let mut items = Items::default();
        loop {
            let (event, at) = self.inside(start)?;
            match event {
                Event::SequenceEnd => return Ok(items.finish(start)),
                event if event.is_node() => {
                    let length = self.reader.push_index(items.len());
                    let item = self.node(event, at, depth + 1)?;
                    self.reader.pop(length);
                    items.push(item);
                }
                _ => {}
            }
        }
    }

    fn object(&mut self, start: Position, depth: usize) -> Result<Tree, Syntax> {
        let mut members = Members::default();
        let mut merged = Vec::new();
        loop {
            let (event, at) = self.inside(start)?;
            match event {
                Event::MappingEnd => break,
                event if event.is_node() => {
                    let is_merge = matches!(
                        &event,
                        Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<"
                    );
                    let key = self.node(event, at, depth + 1)?;
                    let key =
                        yaml_scalar::key(key.value).map_err(|message| Syntax::new(at, message))?;
                    let (event, value_at) = self.inside(start)?;
                    let length = self.reader.push_key(&key);
                    let member = self.node(event, value_at, depth + 1)?;
                    self.reader.pop(length);
                    if is_merge {
                        gather(member, value_at, &mut merged)?;
                    } else {
                        members.insert(self.reader, key, at, member);
                    }
                }
                _ => {}
            }
        }
        // What the object says itself wins over what it merges, and earlier merges over later ones.
        for (values, marks) in merged {
            members.merge(values, marks);
        }
        Ok(members.finish(start))
    }

    fn anchor(
        &mut self,
        anchor: usize,
        tree: &Tree,
        before: Counts,
        at: Position,
    ) -> Result<(), Syntax> {
        if anchor == 0 {
            return Ok(());
        }
        let values = self.reader.values - before.0;
        let text = self.reader.text - before.1;
        self.reader.count_copy(values, text, at)?;
        self.anchors.insert(
            anchor,
            Anchored {
                tree: tree.clone(),
                values,
                text,
                height: height(&tree.value),
            },
        );
        Ok(())
    }

    fn alias(&mut self, id: usize, at: Position, depth: usize) -> Result<Tree, Syntax> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(Syntax::new(at, "an alias stands inside its own anchor"));
        };
        self.reader.count(0, depth + anchored.height, at)?;
        self.reader.count_copy(anchored.values, anchored.text, at)?;
        let mut tree = anchored.tree.clone();
        tree.mark.value = at;
        Ok(tree)
    }
}

/// How deep the objects and lists of a value nest; 0 for a scalar.
fn height(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(height).max().unwrap_or(0),
        _ => 0,
    }
}

/// The members of one object, and where they stand.
type Merged = (Map<String, Value>, BTreeMap<String, Mark>);

/// Gathers what a merge key brings: the members of one object, or of each object of a list.
fn gather(tree: Tree, at: Position, merged: &mut Vec<Merged>) -> Result<(), Syntax> {
    match (tree.value, tree.mark.inner) {
        (Value::Object(values), Inner::Object(marks)) => merged.push((values, marks)),
        (Value::Array(values), Inner::List(marks)) => {
            for (value, mark) in values.into_iter().zip(marks) {
                match (value, mark.inner) {
                    (Value::Object(values), Inner::Object(marks)) => merged.push((values, marks)),
                    _ => return Err(not_mergeable(at)),
                }
            }
        }
        _ => return Err(not_mergeable(at)),
    }
    Ok(())
}

fn not_mergeable(at: Position) -> Syntax {
    Syntax::new(at, "expected an object, or a list of objects, to merge")
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let tagged = match tag {
        None if style == ScalarStyle::Plain => Tagged::Nothing,
        None => Tagged::Text,
        Some(tag) => match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
            Some("null") => Tagged::Null,
            Some("bool") => Tagged::Boolean,
            Some("int") => Tagged::Integer,
            Some("float") => Tagged::Float,
            Some("binary") => Tagged::Binary,
            // Every other tag, those of applications among them, leaves text as it is.
            _ => Tagged::Text,
        },
    };
    yaml_scalar::resolve(text, tagged)
}
