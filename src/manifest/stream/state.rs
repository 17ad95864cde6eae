//! Where the reading of a stream is, what it delivers, and how it ends.

#[cfg(feature = "yaml")]
use crate::manifest::yaml;
use crate::manifest::{
    Limits, Place, Position, RawObject, ReadError, ReadOptions,
    feed::{EndOfFeed, Feed},
    list::{self, Inherited, Pending},
    options::Over,
    position::{Syntax, Tree},
    reader::Reader,
};
use std::{fmt, io::Read};

/// The objects of a stream, one after the other; made by [`stream`](crate::manifest::stream).
///
/// Each is an [`RawObject`], or a [`ReadError`] for what cannot be read. Memory follows the longest document: its text, and
/// one object with its positions (an item, where the document is a list). The exception are lists in YAML whose items
/// share anchors, which are read as a whole.
///
/// `Debug` shows how far it is, and nothing of what it reads: that may be a Secret.
pub struct ObjectStream<R> {
    pub(super) feed: Feed<R>,
    pub(super) reader: Reader,
    pub(super) options: ReadOptions,
    pub(super) state: StreamState,
    /// What the present document has delivered and nobody has taken.
    pub(super) pending: Pending,
    /// The number of the next document.
    pub(super) document: usize,
    pub(super) objects: usize,
    pub(super) errors: usize,
    /// Whether a line of `...` has ended the document before, and none of `---` came after it.
    pub(super) after_end: bool,
    /// Whether the tools around an API server have begun to read the stream as YAML, and so read what is JSON: after the first document
    /// that is none, and after a line of `---`.
    pub(super) as_yaml: bool,
    /// Whether the last line of `---` had no line before it, at the beginning or directly after another one: it is a part of the
    /// document to them.
    pub(super) opened: bool,
    /// The line before which a line of `---` has ended a document.
    pub(super) ended_before: Option<usize>,
    /// How many JSON values there were before that.
    pub(super) json_values: usize,
}

impl<R> fmt::Debug for ObjectStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectStream")
            .field("document", &self.document)
            .field("objects", &self.objects)
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) enum StreamState {
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
pub(super) struct InList {
    pub(super) place: Place,
    /// How long its document is.
    pub(super) length: usize,
    pub(super) inherited: Inherited,
    /// The index of the next item.
    pub(super) index: usize,
    pub(super) items: ItemsLeft,
}

#[derive(Debug)]
pub(super) enum ItemsLeft {
    /// JSON: the offset and position of the next item.
    Json { at: usize, position: Position },
    #[cfg(feature = "yaml")]
    Yaml(std::vec::IntoIter<yaml::Item>),
}

impl<R: Read> ObjectStream<R> {
    pub(in crate::manifest) fn new(from: R, options: &ReadOptions) -> Self {
        let mut options = *options;
        let depth = &mut options.limits.max_depth;
        *depth = Limits::MOST_DEPTH.min(*depth);
        Self {
            feed: Feed::new(from, options.limits.max_bytes),
            reader: Reader::new(options.limits),
            options,
            state: StreamState::Start,
            pending: Pending::new(),
            document: 0,
            objects: 0,
            errors: 0,
            after_end: false,
            as_yaml: options.is_part,
            opened: false,
            ended_before: None,
            json_values: 0,
        }
    }

    /// Counts what is given away, and ends the stream where that is too much.
    pub(super) fn counted(
        &mut self,
        next: Result<RawObject, ReadError>,
    ) -> Result<RawObject, ReadError> {
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

    pub(super) fn close(&mut self) {
        self.state = StreamState::Over;
        self.pending.clear();
    }

    /// Ends the stream with an error of the whole.
    pub(super) fn fail(&mut self, error: ReadError) {
        self.state = StreamState::Over;
        self.pending.push_back(Err(error));
    }

    /// Whether a document that is so long is not all there.
    #[cfg(feature = "yaml")]
    pub(super) fn is_cut(&self, document: usize) -> bool {
        let whole = matches!(self.feed.end(), None | Some(EndOfFeed::Whole));
        document >= self.feed.bytes().len() && !whole
    }

    /// Ends the stream where it does; says whether it has. The last document of a stream that is too long, or cannot be
    /// read further, is not whole, and is left out.
    pub(super) fn ends(&mut self, document: usize) -> bool {
        if document < self.feed.bytes().len() {
            return false;
        }
        match self.feed.end() {
            None => false,
            Some(EndOfFeed::Whole) => document == 0,
            Some(EndOfFeed::TooLong) => {
                let what = "the stream has more bytes than";
                let over = Over::new(what, "max_bytes", self.feed.most());
                self.fail(ReadError::limit(over));
                true
            }
            Some(EndOfFeed::Failed(error)) => {
                let message = format!("the stream cannot be read further: {error}");
                self.fail(ReadError::stream(message));
                true
            }
        }
    }

    pub(super) fn place(&self, position: Position) -> Place {
        Place {
            document: self.document,
            item: None,
            position,
        }
    }

    /// Delivers a document that was read as a whole.
    pub(super) fn deliver(&mut self, start: Position, read: Result<Tree, Syntax>) {
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
    pub(super) fn too_long(&mut self) {
        let limit = self.options.limits.max_document_bytes;
        let over = Over::new(
            "the document has more bytes than",
            "max_document_bytes",
            limit,
        );
        let start = self.feed.position();
        self.deliver(start, Err(Syntax::over(start, over)));
    }
}
