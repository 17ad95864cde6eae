//! YAML with positions: one document.
//!
//! A stream is cut into documents first, at the lines that YAML reserves for it (`---` and `...`), and
//! each is parsed alone: a broken document then ends where the next one begins.

mod item;
mod remedy;
mod scalar;

use super::{
    Position,
    json::escape_unknown_to_yaml,
    list::is_list_kind,
    position::{Inner, Mark, Syntax, Tree},
    reader::{Items, Members, Reader},
};
use granit_parser::{
    ErrorKind, Event, Marker, Parser, ScalarStyle, Span, StrInput, StructureStyle, Tag,
};
pub(super) use item::{Item, List};
use scalar::Tagged;
use serde_json::{Map, Value};
use std::{borrow::Cow, cell::Cell, collections::HashMap};

/// Reads one document, which begins at this position; null where it has no content. Also says where its content begins.
pub(super) fn read(
    document: &[u8],
    start: Position,
    reader: &mut Reader,
) -> (Position, Result<Tree, Syntax>) {
    let text = match check(document, start) {
        Ok(text) => text,
        Err(error) => return (start, Err(error)),
    };
    let mut spaced = Spaced::new(text);
    loop {
        let mut content = start;
        let mut document = Document::new(&spaced, start, reader);
        let tree = document.read(&mut content);
        let alias = document.unknown_alias.filter(|_| tree.is_err());
        if !alias.is_some_and(|at| spaced.set_apart(at)) {
            return (content, tree);
        }
        reader.begin();
    }
}

const TAB: &str = "a tab stands in the indentation: write spaces";

/// A text in which a space stands between an alias that is a key and its colon: `*name : value`. YAML 1.2 takes the colon of
/// `*name: value` for a part of the name, and the tools around an API server do not.
struct Spaced<'a> {
    original: &'a str,
    text: Cow<'a, str>,
    /// Where there is a space more, in the order of the text.
    spaces: Vec<usize>,
}

impl<'a> Spaced<'a> {
    /// For each space the document is parsed anew.
    const MOST: usize = 64;

    fn new(original: &'a str) -> Self {
        Self {
            original,
            text: Cow::Borrowed(original),
            spaces: Vec::new(),
        }
    }

    /// Sets the colon apart of an alias of no anchor, which begins at this offset; says whether it is a key.
    fn set_apart(&mut self, at: usize) -> bool {
        let alias = self.text.get(at..).and_then(|rest| rest.strip_prefix('*'));
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let Some(rest) = alias.map(|alias| alias.trim_start_matches(is_of_name)) else {
            return false;
        };
        let is_key = rest
            .strip_prefix(':')
            .is_some_and(|value| value.is_empty() || value.starts_with([' ', '\t', '\r', '\n']));
        let colon = self.text.len() - rest.len();
        if !is_key || self.spaces.len() >= Self::MOST {
            return false;
        }
        self.text.to_mut().insert(colon, ' ');
        self.spaces.push(colon);
        true
    }

    /// The offset in the original text of one in this text.
    fn original(&self, offset: usize) -> usize {
        offset - self.spaces.partition_point(|space| *space < offset)
    }
}

/// Finds the items of a list without building them. Nothing where the document is no list, or one whose items do not
/// stand for themselves: they share anchors, or are no mappings. Such a one is read as a whole.
///
/// Keys that are given twice outside of the items are with the reader.
pub(super) fn list(document: &[u8], start: Position, reader: &mut Reader) -> Option<List> {
    let has = |word: &str| memchr::memmem::find(document, word.as_bytes()).is_some();
    if !(has("items") && has("List")) {
        return None;
    }
    let text = Spaced::new(check(document, start).ok()?);
    let room = reader.alias_room;
    let list = Document::new(&text, start, reader).list_outline();
    let list = list.ok().flatten();
    if list.is_none() {
        // What is no such list is read as a whole, and counted then.
        reader.alias_room = room;
    }
    list
}

/// Finds what no YAML document may hold, before its parser does.
fn check(document: &[u8], start: Position) -> Result<&str, Syntax> {
    let position_of = |offset: usize| start.after(document.get(..offset).unwrap_or_default());
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
/// Cutting does not parse: tools around an API server begin a document at every line that begins with `---`, and YAML reserves
/// the line `...`.
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
            if content && is_separator(line) {
                break;
            }
            end += line.len();
            lines += 1;
            if is_end(line) {
                break;
            }
            content |= is_content(line);
        }
        let (document, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        self.line += lines;
        Some((first_line, document))
    }
}

/// Whether a line begins a document for the tools around an API server: `---`, whatever follows on it. [`documents`] cuts
/// before these lines. What may follow is a comment; a document with anything else on the line is refused.
///
/// ```
/// use gwapi::manifest::is_separator;
///
/// assert!(is_separator(b"---") && is_separator(b"--- # next") && is_separator(b"---#next"));
/// assert!(!is_separator(b" ---") && !is_separator(b"..."));
/// ```
#[must_use]
pub fn is_separator(line: &[u8]) -> bool {
    line.starts_with(b"---")
}

/// What follows on a line of `---` that is no comment: nobody reads such a document.
pub(super) fn after_separator(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"---")?.trim_ascii();
    (!rest.is_empty() && !rest.starts_with(b"#")).then_some(rest)
}

/// Whether a line is `...`, whatever follows on it.
pub(super) fn is_end(line: &[u8]) -> bool {
    line.strip_prefix(b"...")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'\t' | b'\r' | b'\n')))
}

/// Whether a line is more than a directive or a comment. Those belong to the document that follows them.
pub(super) fn is_content(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    !(text.is_empty() || text.starts_with(b"#") || line.starts_with(b"%"))
}

struct Document<'a, 'r> {
    parser: Parser<'a, StrInput<'a>>,
    reader: &'r mut Reader,
    text: &'a Spaced<'a>,
    /// Where the document begins.
    start: Position,
    /// An offset with its position, where lines are counted here: for YAML a carriage return by itself ends a line, and for
    /// all that shows lines to people it does not; and the text may have spaces that the original has not.
    counted: Option<Cell<(usize, Position)>>,
    anchors: HashMap<usize, Anchored>,
    /// Where an alias begins that has no anchor, which ends the document.
    unknown_alias: Option<usize>,
    /// How many lists and objects in brackets are open.
    flow: usize,
    /// Whether the text has a tab anywhere.
    has_tabs: bool,
    /// Whether it has an escape anywhere that JSON has and YAML 1.1 does not.
    has_json_escapes: bool,
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

impl<'a, 'r> Document<'a, 'r> {
    fn new(text: &'a Spaced<'a>, start: Position, reader: &'r mut Reader) -> Self {
        // The parser's own bound is there for its sake. It looks ahead, and ours is to be met first.
        let nesting = reader.limits().max_depth.saturating_add(1_024);
        let mut options = granit_parser::options! {
            flow_nesting_limit: nesting,
            block_nesting_limit: nesting,
        };
        options.set_emit_comments(false);
        let bytes = text.original.as_bytes();
        reader.make_alias_room(bytes.len());
        let by_itself =
            memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'));
        Self {
            parser: Parser::new_from_str_with_options(&text.text, options),
            reader,
            text,
            start,
            counted: (by_itself || !text.spaces.is_empty()).then(|| Cell::new((0, start))),
            anchors: HashMap::new(),
            unknown_alias: None,
            flow: 0,
            has_tabs: memchr::memchr(b'\t', bytes).is_some(),
            has_json_escapes: escape_unknown_to_yaml(bytes).is_some(),
        }
    }

    /// Reads all but the items; nothing where this is no list whose items stand for themselves.
    fn list_outline(&mut self) -> Result<Option<List>, Syntax> {
        let (mut around, mut items) = (Map::new(), None);
        let start = loop {
            match self.next()? {
                Some((Event::MappingStart(_, 0, _), at)) => break at,
                Some((event, _)) if event.is_node() => return Ok(None),
                Some(_) => {}
                None => return Ok(None),
            }
        };
        loop {
            let (event, at) = self.inside(start)?;
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, _, 0, None) if text != "<<" => text.into_owned(),
                _ => return Ok(None),
            };
            if around.contains_key(&key) {
                return Ok(None);
            }
            let (event, value_at) = self.inside(at)?;
            if key == "items"
                && let Event::SequenceStart(style, 0, _) = &event
            {
                items = self.items(value_at, *style == StructureStyle::Flow)?;
                if items.is_none() {
                    return Ok(None);
                }
                around.insert(key, Value::Null);
            } else if event.is_node() {
                let length = self.reader.push_key(&key);
                let member = self.node(event, value_at, 2)?;
                self.reader.pop(length);
                around.insert(key, member.value);
            } else {
                return Ok(None);
            }
        }
        while let Some((event, _)) = self.next()? {
            if event.is_node() {
                return Ok(None);
            }
        }
        let is_list = around
            .get("kind")
            .and_then(Value::as_str)
            .is_some_and(is_list_kind);
        let alone = is_list && self.anchors.is_empty();
        Ok(items.filter(|_| alone).map(|items| List {
            start,
            around: Value::Object(around),
            items,
        }))
    }

    /// Finds the items up to the end of the list; nothing where one is no mapping, has to do with an anchor, or stands in
    /// brackets without braces of its own (`[a: 1]`), and so is no document.
    fn items(&mut self, start: Position, in_brackets: bool) -> Result<Option<Vec<Item>>, Syntax> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next_span(start)?;
            match event {
                Event::SequenceEnd => return Ok(Some(items)),
                Event::MappingStart(_, 0, _) => {}
                _ => return Ok(None),
            }
            let (Some(begin), at) = (span.start.byte_offset(), self.position(&span)) else {
                return Ok(None);
            };
            let indent = match in_brackets {
                true if self.text.text.as_bytes().get(begin) != Some(&b'{') => return Ok(None),
                true => 0,
                false => span.start.col(),
            };
            let mut depth = 1_usize;
            while depth > 0 {
                let (event, span) = self.next_span(at)?;
                match event {
                    Event::MappingStart(_, 0, _) | Event::SequenceStart(_, 0, _) => depth += 1,
                    Event::Scalar(_, _, 0, _) => {}
                    Event::MappingEnd | Event::SequenceEnd => {
                        depth -= 1;
                        if depth == 0 {
                            let Some(end) = span.end.byte_offset() else {
                                return Ok(None);
                            };
                            items.push(Item {
                                begin,
                                end,
                                start: at,
                                indent,
                            });
                        }
                    }
                    _ => return Ok(None),
                }
            }
        }
    }

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
        let next = self.next_with_span()?;
        Ok(next.map(|(event, span)| (event, self.position(&span))))
    }

    fn next_with_span(&mut self) -> Result<Option<(Event<'a>, Span)>, Syntax> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => match self.unread(&event, &span) {
                Some(what) => Err(Syntax::new(self.position(&span), what)),
                None => Ok(Some((event, span))),
            },
            Some(Err(error)) => {
                // A key without a colon is what an alias is that takes its colon for a part of the name.
                if matches!(
                    error.kind(),
                    ErrorKind::UnknownAnchor | ErrorKind::SimpleKeyExpected
                ) {
                    self.unknown_alias = error.marker().byte_offset();
                }
                let what = match error.kind() {
                    ErrorKind::TabInBlockIndentation => TAB.to_owned(),
                    kind => remedy::message(kind, &error.info()),
                };
                Err(Syntax::new(self.position_of(error.marker()), what))
            }
        }
    }

    /// What YAML 1.2 allows of this event, and the tools around an API server, which read YAML 1.1, do not.
    fn unread(&mut self, event: &Event<'a>, span: &Span) -> Option<String> {
        let is_block = self.flow == 0;
        match event {
            Event::MappingStart(style, ..) | Event::SequenceStart(style, ..) => {
                let is_flow = !is_block || *style == StructureStyle::Flow;
                self.flow += usize::from(is_flow);
            }
            Event::MappingEnd | Event::SequenceEnd => self.flow = self.flow.saturating_sub(1),
            _ => {}
        }
        let (text, from) = (self.text.text.as_bytes(), span.start.byte_offset()?);
        if let Event::Scalar(_, ScalarStyle::DoubleQuoted, ..) = event
            && self.has_json_escapes
            && let quoted = text.get(from..span.end.byte_offset()?)?
            && let Some((_, what)) = escape_unknown_to_yaml(quoted)
        {
            return Some(format!("YAML 1.1, which `kubectl` reads, has {what}"));
        }
        let is_there = match event {
            Event::Scalar(text, style, ..) => *style != ScalarStyle::Plain || !text.is_empty(),
            event => event.is_node(),
        };
        if self.has_tabs && is_block && is_there {
            let before = text.get(..from)?;
            let line = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
            let before = before.get(line..)?;
            let is_indentation = before.iter().all(|byte| b" \t-?".contains(byte));
            if is_indentation && before.contains(&b'\t') {
                return Some(TAB.to_owned());
            }
        }
        None
    }

    fn position(&self, span: &Span) -> Position {
        self.position_of(&span.start)
    }

    fn position_of(&self, marker: &Marker) -> Position {
        if let (Some(counted), Some(offset)) = (&self.counted, marker.byte_offset()) {
            let offset = self.text.original(offset);
            let (mut at, mut position) = counted.get();
            if offset < at {
                (at, position) = (0, self.start);
            }
            let between = self
                .text
                .original
                .as_bytes()
                .get(at..offset)
                .unwrap_or_default();
            position = position.after(between);
            counted.set((offset, position));
            return position;
        }
        let before = match marker.line() {
            1 => self.start.column,
            _ => 1,
        };
        Position {
            line: self.start.line - 1 + marker.line(),
            column: before + marker.col(),
        }
    }

    /// The next event inside a collection.
    fn inside(&mut self, at: Position) -> Result<(Event<'a>, Position), Syntax> {
        let (event, span) = self.next_span(at)?;
        Ok((event, self.position(&span)))
    }

    /// The next event inside a collection, with all of its place.
    fn next_span(&mut self, at: Position) -> Result<(Event<'a>, Span), Syntax> {
        self.next_with_span()?
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
                    let key = scalar::key(key.value).map_err(|message| Syntax::new(at, message))?;
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
type Merged = (Map<String, Value>, Vec<(Box<str>, Mark)>);

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
    scalar::resolve(text, tagged)
}
