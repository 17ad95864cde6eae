//! One transition table for several patterns.

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::Hir;

use crate::meta::{
    Pattern,
    pattern::automaton::{compiler, parse, table},
};

/// One transition table for several patterns, at most 64.
pub(in crate::routing) struct Screen {
    dfa: Box<dense::DFA<Vec<u32>>>,
    start: StateID,
}

impl Screen {
    /// The largest table that is built for several patterns, in bytes a pattern. Their states multiply where each
    /// may begin anywhere: this bounds the time in which that is found out, too.
    const TABLE_LIMIT: usize = 8 << 10;
    /// The largest program of several patterns, in bytes.
    const PROGRAM_LIMIT: usize = 1 << 20;

    /// A table for these patterns, unless it becomes too large.
    pub(in crate::routing) fn new<'p>(patterns: impl Iterator<Item = &'p Pattern>) -> Option<Self> {
        let parsed: Result<Vec<Hir>, _> = patterns.map(|pattern| parse(pattern.as_str())).collect();
        let parsed = parsed.ok()?;
        let nfa = compiler(Some(Self::PROGRAM_LIMIT))
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

    /// The patterns that the whole of `text` matches, one bit each.
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
