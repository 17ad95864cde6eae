//! Reading a stream object by object: of what has been read, only the present document is kept.

#[cfg(feature = "yaml")]
use super::yaml;
use super::{
    Format, Limits, Place, Position, RawObject, ReadError, ReadOptions,
    feed::{End, Feed},
    json::Scanner,
    list::{self, Inherited, Pending},
    options::Over,
    outline::{self, ListOutline},
    position::{Syntax, Tree},
    reader::Reader,
};
use std::{io::Read, ops::Range};

/// The objects of a stream, one after the other; made by [`stream`](super::stream).
///
/// Each is an [`RawObject`], or a [`ReadError`] for what cannot be read. Memory follows the longest document: its text, and
/// one object with its positions (an item, where the document is a list). The exception are lists in YAML whose items
/// share anchors, which are read as a whole.
#[derive(Debug)]
pub struct Stream<R> {
    feed: Feed<R>,
    reader: Reader,
    options: ReadOptions,
    state: State,
    /// What the present document has delivered and nobody has taken.
    pending: Pending,
    /// The number of the next document.
    document: usize,
    objects: usize,
    errors: usize,
}

#[derive(Debug)]
enum State {
    /// Before the first byte.
    Start,
    /// Before a document. After a JSON value without a line of `---`, only a JSON value may follow.
    Between { after_json: bool },
    /// In a list, the document with which the window begins.
    InList(InList),
    /// Nothing more is read.
    Over,
}

/// Where in a list reading is.
#[derive(Debug)]
struct InList {
    place: Place,
    /// How long its document is.
    length: usize,
    inherited: Inherited,
    /// The index of the next item.
    index: usize,
    items: ItemsLeft,
}

#[derive(Debug)]
enum ItemsLeft {
    /// JSON: the offset and position of the next item.
    Json { at: usize, position: Position },
    #[cfg(feature = "yaml")]
    Yaml(std::vec::IntoIter<yaml::Item>),
}

impl<R: Read> Iterator for Stream<R> {
    type Item = Result<RawObject, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(next) = self.pending.pop_front() {
                return Some(self.counted(next));
            }
            match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return None,
                State::Start => self.start(),
                State::Between { after_json } => self.document(after_json),
                State::InList(list) => self.item(list),
            }
        }
    }
}

impl<R: Read> Stream<R> {
    pub(super) fn new(from: R, options: &ReadOptions) -> Self {
        let mut options = *options;
        let depth = &mut options.limits.max_depth;
        *depth = Limits::MOST_DEPTH.min(*depth);
        Self {
            feed: Feed::new(from, options.limits.max_bytes),
            reader: Reader::new(options.limits),
            options,
            state: State::Start,
            pending: Pending::new(),
            document: 0,
            objects: 0,
            errors: 0,
        }
    }

    /// Counts what is given away, and ends the stream where that is too much.
    fn counted(&mut self, next: Result<RawObject, ReadError>) -> Result<RawObject, ReadError> {
        let limits = self.options.limits;
        match &next {
            Ok(_) if self.objects >= limits.max_objects => {
                self.close();
                let what = "the stream holds more objects than";
                Err(ReadError::limit(Over::new(
                    what,
                    "max_objects",
                    limits.max_objects,
                )))
            }
            Ok(_) => {
                self.objects += 1;
                next
            }
            Err(_) if self.errors >= limits.max_errors => {
                self.close();
                let what = "too many errors: nothing is read after";
                Err(ReadError::limit(Over::new(
                    what,
                    "max_errors",
                    limits.max_errors,
                )))
            }
            Err(_) => {
                self.errors += 1;
                next
            }
        }
    }

    fn close(&mut self) {
        self.state = State::Over;
        self.pending.clear();
    }

    /// Ends the stream with an error of the whole.
    fn fail(&mut self, error: ReadError) {
        self.state = State::Over;
        self.pending.push_back(Err(error));
    }

    fn start(&mut self) {
        if self.feed.has(0, &[0xFF, 0xFE]) || self.feed.has(0, &[0xFE, 0xFF]) {
            let message = "the stream is UTF-16, expected UTF-8";
            return self.fail(ReadError::stream(message.to_owned()));
        }
        self.state = State::Between { after_json: false };
    }

    /// Whether a document that is so long is not all there.
    #[cfg(feature = "yaml")]
    fn is_cut(&self, document: usize) -> bool {
        let whole = matches!(self.feed.end(), None | Some(End::Whole));
        document >= self.feed.bytes().len() && !whole
    }

    /// Ends the stream where it does; says whether it has. The last document of a stream that is too long, or cannot be
    /// read further, is not whole, and is left out.
    fn ends(&mut self, document: usize) -> bool {
        if document < self.feed.bytes().len() {
            return false;
        }
        match self.feed.end() {
            None => false,
            Some(End::Whole) => document == 0,
            Some(End::TooLong) => {
                let what = "the stream has more bytes than";
                let over = Over::new(what, "max_bytes", self.feed.most());
                self.fail(ReadError::limit(over));
                true
            }
            Some(End::Failed(error)) => {
                let message = format!("the stream cannot be read further: {error}");
                self.fail(ReadError::stream(message));
                true
            }
        }
    }

    /// Reads the next document, or the beginning of it.
    fn document(&mut self, mut after_json: bool) {
        let may_be_yaml = self.options.format != Format::Json;
        let indent = loop {
            let indent = self.skip_blank_lines();
            if indent == 0 && self.skip_marker(may_be_yaml) {
                after_json = false;
            } else if may_be_yaml && after_json && self.feed.get(indent) == Some(b'#') {
                self.skip_line();
            } else {
                break indent;
            }
        };
        let next = self.feed.get(indent);
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
        let comment = may_be_yaml && text.starts_with(b"#") && rest.first() != Some(&b'#');
        let marker = text.is_empty() || comment;
        if marker {
            self.feed.consume(end);
        }
        marker
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

    fn place(&self, position: Position) -> Place {
        Place {
            document: self.document,
            item: None,
            position,
        }
    }

    /// Delivers a document that was read as a whole.
    fn deliver(&mut self, start: Position, read: Result<Tree, Syntax>) {
        let duplicates = self.reader.take_duplicates();
        match read {
            // Nothing but comments.
            Ok(tree) if tree.value.is_null() => return,
            Ok(tree) => {
                let place = self.place(tree.mark.value);
                let whole_lists = self.options.whole_lists;
                list::deliver(&mut self.pending, place, tree, duplicates, whole_lists);
            }
            Err(error) => {
                let error = ReadError::syntax(self.place(start), error);
                self.pending.push_back(Err(error));
            }
        }
        self.document += 1;
    }

    /// Leaves out a document that is too long.
    fn too_long(&mut self) {
        let limit = self.options.limits.max_document_bytes;
        let over = Over::new(
            "the document has more bytes than",
            "max_document_bytes",
            limit,
        );
        let start = self.feed.position();
        self.deliver(start, Err(Syntax::over(start, over)));
    }

    /// Reads the JSON value with which the window begins.
    fn json(&mut self, after_json: bool) {
        let limits = self.options.limits;
        let start = self.feed.position();
        self.reader.begin();
        self.state = State::Between { after_json: true };
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

    /// Reads what is no JSON as YAML, of which a flow mapping begins like JSON: all up to the next line of `---`. Says
    /// whether it is YAML; if not, nothing is delivered. A value that follows on JSON is none.
    #[cfg(feature = "yaml")]
    fn is_yaml(&mut self, after_json: bool, start: Position, error: Option<&Syntax>) -> bool {
        let not_json = error.is_some_and(|error| error.limit.is_none());
        if !not_json || after_json || self.options.format != Format::Auto {
            return false;
        }
        let Some(length) = self.yaml_length() else {
            self.too_long();
            self.skip_to_marker();
            self.state = State::Between { after_json: false };
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
            self.state = State::Between { after_json: false };
        } else {
            self.reader.begin();
        }
        is_yaml
    }

    #[cfg(not(feature = "yaml"))]
    fn is_yaml(&mut self, _: bool, _: Position, _: Option<&Syntax>) -> bool {
        false
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

    fn begin_list(
        &mut self,
        place: Place,
        length: usize,
        around: &serde_json::Value,
        items: ItemsLeft,
    ) {
        let duplicates = self.reader.take_duplicates();
        list::tell_duplicates(&mut self.pending, place, around, duplicates);
        self.document += 1;
        self.state = State::InList(InList {
            place,
            length,
            inherited: Inherited::of(around),
            index: 0,
            items,
        });
    }

    /// Reads the next item of a list.
    fn item(&mut self, mut list: InList) {
        self.reader.begin();
        let (start, read) = match &mut list.items {
            ItemsLeft::Json { at, position } => {
                let text = self.feed.first(list.length);
                let mut scanner = Scanner::new(text, *at, *position);
                scanner.skip_whitespace();
                if scanner.peek() == Some(b',') {
                    scanner.at += 1;
                    scanner.skip_whitespace();
                }
                if scanner.peek().is_none_or(|byte| byte == b']') {
                    return self.end_list(list.length);
                }
                let (begin, start) = (scanner.at, scanner.here());
                let read = scanner.value(&mut self.reader, 2);
                if read.is_ok() {
                    (*at, *position) = (scanner.at, scanner.here());
                } else {
                    // The whole list has been walked over, so that this finds the end of the item.
                    let limits = self.options.limits;
                    let walked =
                        outline::walk(&mut self.feed, begin, limits.max_depth, list.length);
                    let end = walked.map_or(list.length, |found| found.length);
                    let item = self.feed.first(end).get(begin..).unwrap_or_default();
                    (*at, *position) = (end, start.after(item));
                }
                (start, read)
            }
            #[cfg(feature = "yaml")]
            ItemsLeft::Yaml(items) => {
                let Some(item) = items.next() else {
                    return self.end_list(list.length);
                };
                let (document, start) = item.document(self.feed.first(list.length));
                yaml::read(&document, start, &mut self.reader)
            }
        };
        let duplicates = self.reader.take_duplicates();
        let mut place = Place {
            item: Some(list.index),
            position: start,
            ..list.place
        };
        list.index += 1;
        match read {
            Ok(tree) => {
                place.position = tree.mark.value;
                let inherited = &list.inherited;
                list::deliver_item(&mut self.pending, place, tree, duplicates, inherited);
            }
            Err(error) => {
                let error = ReadError::syntax(place, error);
                self.pending.push_back(Err(error));
            }
        }
        self.state = State::InList(list);
    }

    fn end_list(&mut self, length: usize) {
        self.feed.consume(length);
        self.state = State::Between { after_json: true };
    }
}

#[cfg(feature = "yaml")]
impl<R: Read> Stream<R> {
    /// Reads the YAML document with which the window begins.
    fn yaml(&mut self) {
        let start = self.feed.position();
        self.reader.begin();
        let length = self.yaml_length();
        if length.is_some_and(|length| self.ends(length)) {
            return;
        }
        self.state = State::Between { after_json: false };
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
    fn yaml_length(&mut self) -> Option<usize> {
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
    fn skip_to_marker(&mut self) {
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
}

#[cfg(test)]
mod tests;
