//! A regular expression: what it says, and what it is compiled to.

use super::{
    PatternError, PatternLimits,
    automaton::{self, End, Engine},
    size,
};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

/// A regular expression in the syntax of the [`regex`] crate, which matches only a whole path, header value
/// or query parameter value, case-sensitively.
///
/// The specification leaves the dialect of `RegularExpression` to the implementation. This one has no
/// backreferences and no look-around, and in exchange its time is linear in the text, whatever the pattern
/// and the text are. Validation, attachment and routing all ask this type what a regular expression is.
///
/// A new pattern is parsed and measured ([`size`](Self::size)), which takes microseconds. It is compiled when it is
/// first needed, or by [`compile`](Self::compile); a [`Router`](crate::routing::Router) compiles the patterns of its
/// entries when they are added.
///
/// Most patterns become one transition table, of at most ten times their size and 512 KiB, and are searched without
/// working memory. The others (large counted repetitions, Unicode word boundaries) are slower and draw working memory
/// from a pool, which allocates when more threads use the pattern at once than ever before.
///
/// Cloning shares the compiled form. Equality is that of the source text.
#[derive(Clone)]
pub struct Pattern {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    source: Box<str>,
    pub(super) size: usize,
    /// Every text that matches begins with this, ends with that, and is at least so long: cheap refusals.
    pub(super) prefix: Box<[u8]>,
    pub(super) suffix: Box<[u8]>,
    pub(super) min_len: usize,
    engine: OnceLock<Engine>,
}

impl Pattern {
    /// Reads a pattern of at most [`PatternLimits::PATTERN`] bytes.
    ///
    /// # Errors
    /// When the text is not a regular expression, or is larger than the limit.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        Self::with_size_limit(source, PatternLimits::PATTERN)
    }

    /// Reads a pattern of at most this [`size`](Self::size), in bytes.
    ///
    /// # Errors
    /// When the text is not a regular expression, or is larger than the limit.
    pub fn with_size_limit(source: &str, limit: usize) -> Result<Self, PatternError> {
        let hir = automaton::parse(source).map_err(|error| PatternError::syntax(source, &error))?;
        let size = size::of(&hir);
        if size > limit {
            return Err(PatternError::too_large(source, size, limit));
        }
        let inner = Inner {
            source: source.into(),
            size,
            prefix: automaton::literal(&hir, End::Front).0.into(),
            suffix: automaton::literal(&hir, End::Back).0.into(),
            min_len: hir.properties().minimum_len().unwrap_or(0),
            engine: OnceLock::new(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The text of the pattern.
    pub fn as_str(&self) -> &str {
        &self.inner.source
    }

    /// The texts between which it chooses as a whole: `/a` and `/b.*` of `/a|/b.*`; itself where it is no choice.
    pub(crate) fn branches(&self) -> Vec<&str> {
        automaton::branches(self.as_str())
    }

    /// About how many bytes the compiled program takes, estimated from the parsed text: it grows with counted
    /// repetitions and with large classes, so that `[0-9]` takes some 500 bytes, `\d` 2 KB and `\w{100}` 2 MB.
    pub fn size(&self) -> usize {
        self.inner.size
    }

    /// Whether another pattern shares what this one is compiled to: it is a clone, or comes from the same
    /// [`PatternStore`](super::PatternStore).
    pub fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Compiles the pattern now, if it has not been. The first search does so otherwise, and allocates.
    pub fn compile(&self) {
        self.engine();
    }

    /// Whether it has been compiled.
    pub(crate) fn is_compiled(&self) -> bool {
        self.inner.engine.get().is_some()
    }

    /// Whether the whole of `text` matches.
    #[inline]
    pub fn is_match(&self, text: &[u8]) -> bool {
        let inner = &*self.inner;
        if text.len() < inner.min_len
            || !text.starts_with(&inner.prefix)
            || !text.ends_with(&inner.suffix)
        {
            return false;
        }
        self.engine().is_match(text)
    }

    /// As [`is_match`](Self::is_match), for a text that comes byte by byte: a decoded query value, the lines of a
    /// header.
    pub(crate) fn is_match_bytes(&self, text: impl Iterator<Item = u8>) -> bool {
        self.engine().is_match_bytes(text)
    }

    #[inline]
    pub(super) fn engine(&self) -> &Engine {
        match self.inner.engine.get() {
            Some(engine) => engine,
            None => self.compile_now(),
        }
    }

    #[cold]
    #[inline(never)]
    fn compile_now(&self) -> &Engine {
        let inner = &*self.inner;
        inner
            .engine
            .get_or_init(|| Engine::new(&inner.source, inner.size))
    }

    /// Whether it becomes a transition table.
    pub(crate) fn has_table(&self) -> bool {
        matches!(self.engine(), Engine::Table { .. })
    }

    /// What every matching text begins with.
    pub(crate) fn prefix(&self) -> &[u8] {
        &self.inner.prefix
    }

    /// What every matching text ends with.
    pub(crate) fn suffix(&self) -> &[u8] {
        &self.inner.suffix
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.as_str())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let pattern = Pattern::new(pattern).unwrap();
        let whole = pattern.is_match(text.as_bytes());
        assert_eq!(
            whole,
            pattern.is_match_bytes(text.bytes()),
            "{pattern} on {text}"
        );
        whole
    }

    #[test]
    fn a_pattern_matches_the_whole_text_or_not_at_all() {
        assert!(matches("/a/[0-9]+", "/a/12"));
        assert!(!matches("/a/[0-9]+", "/a/12x"));
        assert!(!matches("/a/[0-9]+", "x/a/12"));
        assert!(
            matches("a|ab", "ab"),
            "an earlier alternative does not hide a longer one"
        );
        assert!(matches("^/x$", "/x"));
        assert!(matches("(?i)/FOO", "/foo"));
        assert!(!matches("/FOO", "/foo"));
        assert!(matches("(?x) a b # remark", "ab"));
        assert!(matches(".*", ""));
    }

    #[test]
    fn a_pattern_is_divided_by_a_choice_outside_brackets_alone() {
        for (source, branches) in [
            ("/a|/b.*", &["/a", "/b.*"][..]),
            ("/a|/b|", &["/a", "/b", ""]),
            ("(/a|/b).*", &["(/a|/b).*"]),
            (r"/a\|/b", &[r"/a\|/b"]),
            ("/[|]", &["/[|]"]),
        ] {
            assert_eq!(Pattern::new(source).unwrap().branches(), branches);
        }
    }

    #[test]
    fn a_pattern_too_large_for_a_table_still_matches_the_same_texts() {
        let pattern = r"/\w{1,30}/(a|b)*c[ab]{14}";
        assert!(!Pattern::new(pattern).unwrap().has_table());
        assert!(matches(pattern, &format!("/é_x9/abac{}", "ab".repeat(7))));
        assert!(!matches(pattern, &format!("/é_x9/abac{}", "ab".repeat(8))));
        assert!(!matches(pattern, &"/é_x9/abac".repeat(300)));
        assert!(matches(r"(?s).*\w{30}", &"x".repeat(3000)));
    }

    #[test]
    fn no_byte_of_a_long_text_is_lost_wherever_it_stands() {
        let pattern = r"x*y\w{1,30}";
        assert!(!Pattern::new(pattern).unwrap().has_table());
        for before in [0, 1, 1022, 1023, 1024, 1025, 3000] {
            let front = "x".repeat(before);
            assert!(
                matches(pattern, &format!("{front}y{}", "z".repeat(30))),
                "{before}"
            );
            assert!(
                !matches(pattern, &format!("{front}y{}", "z".repeat(31))),
                "{before}"
            );
            assert!(
                !matches(pattern, &format!("{front}z{}", "z".repeat(30))),
                "{before}"
            );
        }
    }

    #[test]
    fn a_table_stays_in_proportion_to_its_pattern() {
        // 2^13 states that no small text tells apart.
        assert!(!Pattern::new("(a|b)*a[ab]{12}").unwrap().has_table());
        for source in [
            r"/v\d+/\w+/\w+",
            "/users/[0-9]+/posts",
            "[^/]+",
            r"\pL+",
            ".*",
            "(?i)/straße/.*",
        ] {
            assert!(Pattern::new(source).unwrap().has_table(), "{source}");
        }
    }

    #[test]
    fn one_pattern_is_compiled_once_however_often_it_is_cloned() {
        let pattern = Pattern::new("/a/.*").unwrap();
        let clone = pattern.clone();
        assert!(
            pattern.inner.engine.get().is_none(),
            "not before it is needed"
        );
        clone.compile();
        assert!(pattern.inner.engine.get().is_some());
        assert!(pattern.is_match(b"/a/b"));
    }

    #[test]
    fn literal_ends_are_what_every_matching_text_has() {
        for (source, prefix, suffix) in [
            ("/a/b", "/a/b", "/a/b"),
            ("/a/[0-9]+/c", "/a/", "/c"),
            ("^/a(/b)+x?$", "/a/b", ""),
            ("/a|/bc", "", ""),
            (".*", "", ""),
        ] {
            let pattern = Pattern::new(source).unwrap();
            assert_eq!(
                std::str::from_utf8(pattern.prefix()).unwrap(),
                prefix,
                "{source}"
            );
            assert_eq!(
                std::str::from_utf8(pattern.suffix()).unwrap(),
                suffix,
                "{source}"
            );
        }
    }
}
