//! What to read and how much of it.

/// The notation of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// JSON where the first character is `{` or `[`, else YAML. A YAML flow mapping is recognised too.
    #[default]
    Auto,
    /// JSON values one after the other, on one line or many; lines of `---` between them are passed over.
    Json,
    /// YAML documents. Needs the feature `yaml`.
    Yaml,
}

/// How [`read`](super::read) reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The notation; found out by default.
    pub format: Format,
    /// Bounds on what hostile input can cost.
    pub limits: Limits,
    /// Whether a list is an entry of its own, in place of one entry for each of its items.
    pub whole_lists: bool,
    /// Whether the text is a part of a stream that begins before it: then tools around an API server have begun to read it as YAML, in which
    /// JSON has fewer escapes and `---#comment` is a separator.
    pub is_part: bool,
}

impl ReadOptions {
    /// These options, with each list as one entry.
    #[must_use]
    pub fn with_whole_lists(mut self) -> Self {
        self.whole_lists = true;
        self
    }

    /// These options for a text before which the stream has begun, or not.
    #[must_use]
    pub fn with_part(mut self, is_part: bool) -> Self {
        self.is_part = is_part;
        self
    }

    /// These options with this notation.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// These options with these bounds.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// Bounds on what a stream may cost to read.
///
/// What is beyond a bound is an error that names it ([`ReadError::limit_name`](super::ReadError::limit_name)). A bound
/// of an object leaves out that object or document, and what follows is read; after a bound of the stream nothing more
/// of the stream is.
///
/// The command `gwapi` has two other defaults, since it reads object by object: 1 GiB for the length of a stream, and five
/// million values for a list that `gwapi convert` reads as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The length of the stream in bytes; 128 MiB by default. Reading a stream object by object
    /// ([`stream`](super::stream)) takes no more memory for a longer one.
    pub max_bytes: usize,
    /// The length of one document in bytes, a list with all its items; 128 MiB by default.
    pub max_document_bytes: usize,
    /// How many objects the stream may hold; two million by default.
    pub max_objects: usize,
    /// How deep objects and lists may nest; 128 by default, and [`MOST_DEPTH`](Self::MOST_DEPTH) at most.
    pub max_depth: usize,
    /// How many values (objects, lists, scalars) one object may hold: a document, or an item of a list. Half a
    /// million by default, for which some 200 MB are needed at worst.
    pub max_values: usize,
    /// How many bytes YAML aliases of one document may expand to, 32 a value and the length of its text; 8 MiB by
    /// default. All documents of a stream together may expand to this much and
    /// [`ALIAS_BYTES_PER_BYTE`](Self::ALIAS_BYTES_PER_BYTE) bytes for each byte of the stream.
    pub max_alias_bytes: usize,
    /// How many errors are told; a thousand by default. Reading the stream stops after that many. Also how many keys
    /// that are given twice are noted of one object.
    pub max_errors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 128 << 20,
            max_document_bytes: 128 << 20,
            max_objects: 2_000_000,
            max_depth: 128,
            max_values: 500_000,
            max_alias_bytes: 8 << 20,
            max_errors: 1_000,
        }
    }
}

impl Limits {
    /// The greatest depth that can be allowed: each level takes room on the stack, which has an end.
    pub const MOST_DEPTH: usize = 1_000;

    /// How many bytes the aliases of a stream may expand to for each byte of it, beyond
    /// [`max_alias_bytes`](Self::max_alias_bytes).
    pub const ALIAS_BYTES_PER_BYTE: usize = 64;

    /// The names of the bounds, as [`Limits::set`] takes them.
    pub const NAMES: [&'static str; 7] = [
        "max_bytes",
        "max_document_bytes",
        "max_objects",
        "max_depth",
        "max_values",
        "max_alias_bytes",
        "max_errors",
    ];

    /// Sets a bound by its name. Says whether there is such a bound.
    pub fn set(&mut self, name: &str, limit: usize) -> bool {
        let bound = match name {
            "max_bytes" => &mut self.max_bytes,
            "max_document_bytes" => &mut self.max_document_bytes,
            "max_objects" => &mut self.max_objects,
            "max_depth" => &mut self.max_depth,
            "max_values" => &mut self.max_values,
            "max_alias_bytes" => &mut self.max_alias_bytes,
            "max_errors" => &mut self.max_errors,
            _ => return false,
        };
        *bound = limit;
        true
    }
}

/// A bound that was met.
#[derive(Debug)]
pub(super) struct Over {
    pub(super) limit: &'static str,
    pub(super) message: String,
}

impl Over {
    /// What is too much, as in `the stream has 12 bytes, more than`.
    pub(super) fn new(what: &str, name: &'static str, limit: usize) -> Self {
        Self {
            limit: name,
            message: format!("{what} the limit of {limit} (`{name}`)"),
        }
    }
}
