//! What a regular expression is compiled to, and how a text is searched with it.

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind, meta};
use regex_syntax::ast;
use regex_syntax::hir::{Hir, HirKind, Look};

/// A transition table and the state in which a search begins.
pub(crate) type Transitions = (Box<dense::DFA<Vec<u32>>>, StateID);

/// The largest transition table that is built for a pattern, in bytes; beyond that, a slower engine is used.
const TABLE_LIMIT: usize = 512 << 10;
/// The largest table in proportion to the size of the pattern. Most tables are smaller than their pattern; one of a
/// large class such as `\w` takes nine times its size.
const TABLE_FACTOR: usize = 10;
/// The memory in which a table is made, and so the time, in proportion to the largest table.
const WORK_FACTOR: usize = 8;

pub(super) enum Engine {
    /// A complete automaton: one table step a byte, no working memory.
    Table {
        dfa: Box<dense::DFA<Vec<u32>>>,
        start: StateID,
    },
    /// Patterns whose table would be too large. Its working memory comes from a pool, which may grow when
    /// more threads use this pattern at once than before.
    General(Box<meta::Regex>),
    /// A pattern that does not compile although it was parsed and its size is within limits. None is known: the only
    /// limits that are left are those of integers.
    Nothing,
}

impl Engine {
    /// Compiles a text that was parsed before, whose size is this.
    pub(super) fn new(source: &str, size: usize) -> Self {
        let Ok(hir) = parse(source) else {
            return Self::Nothing;
        };
        // No limit: the expression has been measured.
        let Ok(nfa) = compiler(None).build_from_hir(&hir) else {
            return Self::Nothing;
        };
        // What every small pattern needs: the classes of bytes, and a few states.
        let limit = TABLE_LIMIT.min(size.saturating_mul(TABLE_FACTOR));
        if let Some((dfa, start)) = table(&nfa, limit, limit.saturating_mul(WORK_FACTOR)) {
            return Self::Table { dfa, start };
        }
        let whole = Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]);
        // The engines whose working memory does not grow, and which never give up.
        let config = meta::Config::new()
            .utf8_empty(false)
            .hybrid(false)
            .dfa(false)
            .which_captures(thompson::WhichCaptures::None)
            .nfa_size_limit(None);
        let regex = meta::Builder::new()
            .configure(config)
            .build_from_hir(&whole);
        regex.map_or(Self::Nothing, |regex| Self::General(Box::new(regex)))
    }

    #[inline]
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        match self {
            Self::Table { dfa, start } => run(dfa, *start, text.iter().copied()),
            Self::General(regex) => regex.is_match(text),
            Self::Nothing => false,
        }
    }

    pub(super) fn is_match_bytes(&self, mut text: impl Iterator<Item = u8>) -> bool {
        match self {
            Self::Table { dfa, start } => run(dfa, *start, text),
            Self::General(regex) => {
                let mut buffer = [0_u8; 1024];
                let mut len = 0;
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
            Self::Nothing => false,
        }
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

pub(crate) fn parse(source: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    let config = syntax::Config::new().utf8(false);
    syntax::parse_with(source, &config).map_err(Box::new)
}

/// The texts between which an expression chooses as a whole; itself where it is no choice.
pub(super) fn branches(source: &str) -> Vec<&str> {
    let read = ast::parse::Parser::new().parse(source);
    match &read {
        Ok(ast::Ast::Alternation(choice)) => {
            let spans = choice.asts.iter().map(ast::Ast::span);
            let texts = spans.filter_map(|span| source.get(span.start.offset..span.end.offset));
            texts.collect()
        }
        _ => vec![source],
    }
}

/// A compiler of programs of at most this many bytes.
pub(crate) fn compiler(limit: Option<usize>) -> thompson::Compiler {
    let config = thompson::Config::new()
        .utf8(false)
        .nfa_size_limit(limit)
        .which_captures(thompson::WhichCaptures::None);
    let mut compiler = thompson::Compiler::new();
    compiler.configure(config);
    compiler
}

/// The complete automaton, if it stays small. All matches are kept (not leftmost-first), so that being in
/// a match state at the end of the text means that the whole text matches. `work` bounds the memory in which it is
/// made, and so the time.
pub(crate) fn table(nfa: &thompson::NFA, limit: usize, work: usize) -> Option<Transitions> {
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
pub(super) enum End {
    Front,
    Back,
}

/// The literal text at one end of everything that matches `hir`, and whether `hir` is nothing but that text.
pub(super) fn literal(hir: &Hir, end: End) -> (Vec<u8>, bool) {
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
