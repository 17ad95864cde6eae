//! Regular expressions that fit a whole text, alone or several together: compiled once, bounded in size,
//! searched without allocation.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind, meta};
use regex_syntax::hir::{Hir, HirKind, Look};

/// A regular expression in the syntax of the [`regex`] crate, which fits only a whole path, header value
/// or query parameter value, case-sensitively.
///
/// The specification leaves the dialect of `RegularExpression` to the implementation. This one has no
/// backreferences and no look-around, and in exchange its time is linear in the text, whatever the pattern
/// and the text are.
///
/// Most patterns become one transition table of at most 512 KiB and are searched without working memory. The
/// others (large counted repetitions, Unicode word boundaries) are slower and draw working memory from a pool,
/// which allocates when more threads use the pattern at once than ever before.
///
/// Cloning shares the compiled form. Equality is that of the source text.
#[derive(Clone)]
pub struct Pattern {
    inner: Arc<Inner>,
}

struct Inner {
    source: Box<str>,
    /// Every text that fits begins with this, ends with that, and is at least so long: cheap refusals.
    prefix: Box<[u8]>,
    suffix: Box<[u8]>,
    min_len: usize,
    engine: Engine,
}

enum Engine {
    /// A complete automaton: one table step a byte, no working memory.
    Table {
        dfa: Box<dense::DFA<Vec<u32>>>,
        start: StateID,
    },
    /// Patterns whose table would be too large. Its working memory comes from a pool, which may grow when
    /// more threads use this pattern at once than before.
    General(Box<meta::Regex>),
}

impl Pattern {
    /// The memory that the compiled program of a pattern may take unless told otherwise: 1 MiB.
    pub const SIZE_LIMIT: usize = 1 << 20;
    /// The largest transition table that is built for a pattern; beyond, a slower engine takes its place.
    const TABLE_LIMIT: usize = 512 << 10;

    /// Compiles a pattern of at most [`Pattern::SIZE_LIMIT`].
    ///
    /// # Errors
    /// When the text is no regular expression, or its program would be larger than the limit.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        Self::with_size_limit(source, Self::SIZE_LIMIT)
    }

    /// Compiles a pattern whose program may take `limit` bytes.
    ///
    /// # Errors
    /// When the text is no regular expression, or its program would be larger than the limit.
    pub fn with_size_limit(source: &str, limit: usize) -> Result<Self, PatternError> {
        let error = |reason: String| PatternError {
            text: source.to_owned(),
            reason,
        };
        let hir = parse(source).map_err(|e| error(last_line(&e.to_string())))?;
        let nfa = compiler(limit)
            .build_from_hir(&hir)
            .map_err(|_| error(format!("larger than {limit} bytes when compiled")))?;
        let engine = match table(&nfa, Self::TABLE_LIMIT, Self::TABLE_LIMIT * 8) {
            Some((dfa, start)) => Engine::Table { dfa, start },
            None => {
                let whole = Hir::concat(vec![
                    Hir::look(Look::Start),
                    hir.clone(),
                    Hir::look(Look::End),
                ]);
                // The engines with a fixed amount of working memory, which never give up.
                let config = meta::Config::new()
                    .utf8_empty(false)
                    .hybrid(false)
                    .dfa(false)
                    .nfa_size_limit(Some(limit.saturating_mul(2)));
                let regex = meta::Builder::new()
                    .configure(config)
                    .build_from_hir(&whole);
                Engine::General(Box::new(
                    regex.map_err(|e| error(last_line(&e.to_string())))?,
                ))
            }
        };
        let inner = Inner {
            source: source.into(),
            prefix: literal(&hir, End::Front).0.into(),
            suffix: literal(&hir, End::Back).0.into(),
            min_len: hir.properties().minimum_len().unwrap_or(0),
            engine,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The text of the pattern.
    pub fn as_str(&self) -> &str {
        &self.inner.source
    }

    /// Whether the whole of `text` fits.
    #[inline]
    pub fn is_match(&self, text: &[u8]) -> bool {
        let inner = &*self.inner;
        if text.len() < inner.min_len
            || !text.starts_with(&inner.prefix)
            || !text.ends_with(&inner.suffix)
        {
            return false;
        }
        match &inner.engine {
            Engine::Table { dfa, start } => run(dfa, *start, text.iter().copied()),
            Engine::General(regex) => regex.is_match(text),
        }
    }

    /// As [`is_match`](Self::is_match), for a text that comes byte by byte (a decoded query value).
    pub(in crate::routing) fn is_match_bytes(&self, text: impl Iterator<Item = u8>) -> bool {
        match &self.inner.engine {
            Engine::Table { dfa, start } => run(dfa, *start, text),
            Engine::General(regex) => {
                let mut buffer = [0_u8; 1024];
                let mut len = 0;
                let mut text = text;
                for (to, byte) in buffer.iter_mut().zip(text.by_ref()) {
                    *to = byte;
                    len += 1;
                }
                match text.next() {
                    None => regex.is_match(buffer.get(..len).unwrap_or_default()),
                    // The one case that needs the heap: an oversized pattern on an oversized value.
                    Some(byte) => {
                        let mut long = buffer.to_vec();
                        long.push(byte);
                        long.extend(text);
                        regex.is_match(long.as_slice())
                    }
                }
            }
        }
    }

    /// Whether it became a transition table.
    pub(in crate::routing) fn has_table(&self) -> bool {
        matches!(self.inner.engine, Engine::Table { .. })
    }

    /// What every fitting text begins with.
    pub(in crate::routing) fn prefix(&self) -> &[u8] {
        &self.inner.prefix
    }

    /// What every fitting text ends with.
    pub(in crate::routing) fn suffix(&self) -> &[u8] {
        &self.inner.suffix
    }
}

#[inline]
fn run(dfa: &dense::DFA<Vec<u32>>, start: StateID, text: impl Iterator<Item = u8>) -> bool {
    let mut state = start;
    for byte in text {
        state = dfa.next_state(state, byte);
        if dfa.is_special_state(state) && dfa.is_dead_state(state) {
            return false;
        }
    }
    dfa.is_match_state(dfa.next_eoi_state(state))
}

/// One transition table for several patterns, at most 64.
pub(in crate::routing) struct Screen {
    dfa: Box<dense::DFA<Vec<u32>>>,
    start: StateID,
}

impl Screen {
    /// The largest table that is built for several patterns, in bytes a pattern. Their states multiply where each
    /// may begin anywhere: this bounds the time in which that is found out, too.
    const TABLE_LIMIT: usize = 8 << 10;

    /// A table for these patterns, unless it becomes too large.
    pub(in crate::routing) fn new<'p>(patterns: impl Iterator<Item = &'p Pattern>) -> Option<Self> {
        let parsed: Result<Vec<Hir>, _> = patterns.map(|pattern| parse(pattern.as_str())).collect();
        let parsed = parsed.ok()?;
        let nfa = compiler(Pattern::SIZE_LIMIT)
            .build_many_from_hir(&parsed)
            .ok()?;
        let limit = Self::TABLE_LIMIT * parsed.len();
        let (dfa, start) = table(&nfa, limit, limit * 2)?;
        Some(Self { dfa, start })
    }

    /// How many patterns it has.
    pub(in crate::routing) fn len(&self) -> usize {
        self.dfa.pattern_len()
    }

    /// The patterns that the whole of `text` fits, one bit each.
    pub(in crate::routing) fn fits(&self, text: &[u8]) -> u64 {
        let mut state = self.start;
        for byte in text {
            state = self.dfa.next_state(state, *byte);
            if self.dfa.is_special_state(state) && self.dfa.is_dead_state(state) {
                return 0;
            }
        }
        let end = self.dfa.next_eoi_state(state);
        if !self.dfa.is_match_state(end) {
            return 0;
        }
        let bit = |at| 1_u64.checked_shl(self.dfa.match_pattern(end, at).as_u32());
        (0..self.dfa.match_len(end)).fold(0, |bits, at| bits | bit(at).unwrap_or_default())
    }
}

fn parse(source: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    let config = syntax::Config::new().utf8(false);
    syntax::parse_with(source, &config).map_err(Box::new)
}

fn compiler(limit: usize) -> thompson::Compiler {
    let config = thompson::Config::new()
        .utf8(false)
        .nfa_size_limit(Some(limit))
        .which_captures(thompson::WhichCaptures::None);
    let mut compiler = thompson::Compiler::new();
    compiler.configure(config);
    compiler
}

/// The complete automaton, if it stays small. All matches are kept (not leftmost-first), so that being in
/// a match state at the end of the text means that the whole text fits. `work` bounds the memory in which it is made, and
/// so the time.
fn table(
    nfa: &thompson::NFA,
    limit: usize,
    work: usize,
) -> Option<(Box<dense::DFA<Vec<u32>>>, StateID)> {
    let config = dense::Config::new()
        .start_kind(StartKind::Anchored)
        .match_kind(MatchKind::All)
        .accelerate(false)
        .dfa_size_limit(Some(limit))
        .determinize_size_limit(Some(work));
    let dfa = dense::Builder::new()
        .configure(config)
        .build_from_nfa(nfa)
        .ok()?;
    let start = dfa
        .start_state(&start::Config::new().anchored(Anchored::Yes))
        .ok()?;
    Some((Box::new(dfa), start))
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Front,
    Back,
}

/// The literal text at one end of everything that fits `hir`, and whether `hir` is nothing but that text.
fn literal(hir: &Hir, end: End) -> (Vec<u8>, bool) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => (Vec::new(), true),
        HirKind::Literal(text) => (text.0.to_vec(), true),
        HirKind::Class(_) | HirKind::Alternation(_) => (Vec::new(), false),
        HirKind::Capture(capture) => literal(&capture.sub, end),
        HirKind::Repetition(repetition) if repetition.min == 0 => (Vec::new(), false),
        HirKind::Repetition(repetition) => (literal(&repetition.sub, end).0, false),
        HirKind::Concat(parts) => {
            let mut found = Vec::new();
            let parts: Box<dyn Iterator<Item = &Hir>> = match end {
                End::Front => Box::new(parts.iter()),
                End::Back => Box::new(parts.iter().rev()),
            };
            for part in parts {
                let (text, whole) = literal(part, end);
                match end {
                    End::Front => found.extend(text),
                    End::Back => found.splice(0..0, text).for_each(drop),
                }
                if !whole {
                    return (found, false);
                }
            }
            (found, true)
        }
    }
}

/// The sentence at the end of a parser's message, which draws the pattern above it.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message);
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
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

/// Why a text is no [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("regular expression `{text}`: {reason}")]
pub struct PatternError {
    text: String,
    reason: String,
}

impl PatternError {
    /// The text that was refused.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with it.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
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
    fn a_pattern_fits_the_whole_text_or_not_at_all() {
        assert!(fits("/a/[0-9]+", "/a/12"));
        assert!(!fits("/a/[0-9]+", "/a/12x"));
        assert!(!fits("/a/[0-9]+", "x/a/12"));
        assert!(
            fits("a|ab", "ab"),
            "an earlier alternative does not hide a longer one"
        );
        assert!(fits("^/x$", "/x"));
        assert!(fits("(?i)/FOO", "/foo"));
        assert!(!fits("/FOO", "/foo"));
        assert!(fits("(?x) a b # remark", "ab"));
        assert!(fits(".*", ""));
    }

    #[test]
    fn a_pattern_too_large_for_a_table_still_fits_the_same_texts() {
        let pattern = r"/\w{1,40}/(a|b)*c[ab]{14}";
        assert!(matches!(
            Pattern::new(pattern).unwrap().inner.engine,
            Engine::General(_)
        ));
        assert!(fits(pattern, &format!("/é_x9/abac{}", "ab".repeat(7))));
        assert!(!fits(pattern, &format!("/é_x9/abac{}", "ab".repeat(8))));
        assert!(!fits(pattern, &"/é_x9/abac".repeat(300)));
        assert!(fits(r"(?s).*\w{30}", &"x".repeat(3000)));
    }

    #[test]
    fn a_pattern_larger_than_its_limit_is_refused_with_the_limit() {
        let error = Pattern::new(r"(\w{100}){100}").unwrap_err();
        assert_eq!(error.reason(), "larger than 1048576 bytes when compiled");
        let error = Pattern::new("(a").unwrap_err();
        assert_eq!(error.to_string(), "regular expression `(a`: unclosed group");
    }

    #[test]
    fn literal_ends_are_what_every_fitting_text_has() {
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
