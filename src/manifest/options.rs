//! What to read and how much of it.

use super::ReadError;

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
}

impl ReadOptions {
    /// These options, with each list as one entry.
    #[must_use]
    pub fn with_whole_lists(mut self) -> Self {
        self.whole_lists = true;
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

    /// Passes over a byte order mark, and settles the notation.
    pub(super) fn start<'a>(&self, bytes: &'a [u8]) -> Result<(&'a [u8], Format), ReadError> {
        if bytes.len() > self.limits.max_bytes {
            return Err(ReadError::stream(format!(
                "the stream has {} bytes, more than the limit of {}",
                bytes.len(),
                self.limits.max_bytes
            )));
        }
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(ReadError::stream(
                "the stream is UTF-16, expected UTF-8".to_owned(),
            ));
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
        let begins_like_json = matches!(first, Some(b'{' | b'[') | None);
        let format = match self.format {
            Format::Auto if begins_like_json => Format::Auto,
            Format::Auto => Format::Yaml,
            chosen => chosen,
        };
        if format == Format::Yaml && !cfg!(feature = "yaml") {
            return Err(ReadError::stream(
                "the stream is not JSON, and reading YAML needs the feature `yaml`".to_owned(),
            ));
        }
        Ok((bytes, format))
    }
}

/// Bounds on what a stream may cost to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The length of the stream in bytes; 128 MiB by default.
    pub max_bytes: usize,
    /// How deep objects and lists may nest; 128 by default.
    pub max_depth: usize,
    /// How many values (objects, lists, scalars) the stream may hold; five million by default.
    pub max_values: usize,
    /// How many bytes YAML aliases may expand to, 32 a value and the length of its text; 16 MiB by default.
    pub max_alias_bytes: usize,
    /// How many errors are kept; a thousand by default. Reading stops after that many.
    pub max_errors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 128 << 20,
            max_depth: 128,
            max_values: 5_000_000,
            max_alias_bytes: 16 << 20,
            max_errors: 1_000,
        }
    }
}
