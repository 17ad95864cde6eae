//! Whether a pattern takes all that another one does, or all paths below some prefix: asked of the transition tables.

use std::collections::HashSet;

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;

use super::{Pattern, automaton::Engine};

/// How many states, or pairs of states, are looked at before the answer is that nothing is known.
const MOST_STATES: usize = 512;

type Dfa = dense::DFA<Vec<u32>>;

/// The texts for which a pattern is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TakenTexts {
    /// Whatever there is: a query is decoded.
    All,
    /// Whatever begins with a slash.
    Rooted,
    /// Paths, which begin with a slash.
    Paths,
    /// What can stand in a path behind its first slash.
    PartsOfPaths,
    /// The same without a slash: the name of a service.
    Segments,
    /// Values of headers.
    HeaderValues,
}

impl TakenTexts {
    fn begins_with(self) -> Option<u8> {
        matches!(self, Self::Rooted | Self::Paths).then_some(b'/')
    }

    fn may_have(self, byte: u8) -> bool {
        match self {
            Self::All | Self::Rooted => true,
            Self::Paths | Self::PartsOfPaths => is_of_paths(byte),
            Self::Segments => is_of_paths(byte) && byte != b'/',
            // RFC 9110, section 5.5.
            Self::HeaderValues => byte == b'\t' || byte >= b' ' && byte != 0x7f,
        }
    }
}

impl Pattern {
    fn table(&self) -> Option<(&Dfa, StateID)> {
        match self.engine() {
            Engine::Table { dfa, start } => Some((dfa, *start)),
            _ => None,
        }
    }

    /// Whether none of these texts matches. `false` where it is not known.
    pub(crate) fn takes_none_of(&self, texts: TakenTexts) -> bool {
        self.table().is_some_and(|(dfa, start)| {
            let first = texts.begins_with();
            let start = first.map_or(start, |byte| dfa.next_state(start, byte));
            !may_end(dfa, start, |byte| texts.may_have(byte))
        })
    }

    /// Whether no way to ask for a host matches: in letters of any case, with a dot at its end or a port, or without. `false` where
    /// it is not known.
    pub(crate) fn takes_no_host(&self, host: &str) -> bool {
        let table = self.table();
        table.is_some_and(|(dfa, start)| ends_no_host(dfa, HashSet::from([start]), host))
    }

    /// The same of every host below a domain.
    pub(crate) fn takes_no_host_below(&self, domain: &str) -> bool {
        self.table().is_some_and(|(dfa, start)| {
            let begun = after_some(dfa, start, |byte| byte.is_ascii_graphic() && byte != b'/');
            ends_no_host(dfa, begun, &format!(".{domain}"))
        })
    }

    /// Whether this pattern can take every path of this prefix, by what is known without a search. The prefix comes
    /// without a slash at its end.
    pub(crate) fn may_take_below(&self, prefix: &str) -> bool {
        let shortest = if prefix.is_empty() { "/" } else { prefix };
        let inner = &*self.inner;
        inner.suffix.is_empty()
            && inner.min_len <= shortest.len()
            && shortest.as_bytes().starts_with(&inner.prefix)
    }

    /// Whether the pattern is certain to take this path and every path below it; every path at all for an empty
    /// prefix. The prefix comes without a slash at its end.
    pub(crate) fn takes_below(&self, prefix: &str) -> bool {
        if !self.may_take_below(prefix) {
            return false;
        }
        let Some((dfa, start)) = self.table() else {
            return false;
        };
        let whole = prefix
            .bytes()
            .fold(start, |state, byte| dfa.next_state(state, byte));
        (prefix.is_empty() || is_end(dfa, whole))
            && takes_everything(dfa, dfa.next_state(whole, b'/'))
    }

    /// Whether the pattern is certain to take this path at most, and no other.
    pub(crate) fn takes_only(&self, path: &str) -> bool {
        self.goes_on(path)
            .is_some_and(|mut bytes| bytes.next().is_none())
    }

    /// Whether the pattern is certain to take this path at most, and paths below it. The path comes without a slash at
    /// its end.
    pub(crate) fn stays_below(&self, path: &str) -> bool {
        self.goes_on(path)
            .is_some_and(|mut bytes| bytes.all(|byte| byte == b'/'))
    }

    /// The bytes that can follow a path in what the pattern takes; nothing where it may take what does not begin with
    /// the path, or where nothing is known.
    fn goes_on(&self, path: &str) -> Option<impl Iterator<Item = u8>> {
        self.inner
            .prefix
            .starts_with(path.as_bytes())
            .then_some(())?;
        let (dfa, start) = self.table()?;
        let whole = path
            .bytes()
            .fold(start, |state, byte| dfa.next_state(state, byte));
        let lives = move |byte: &u8| may_end(dfa, dfa.next_state(whole, *byte), is_of_paths);
        Some(bytes_of_paths().filter(lives))
    }

    /// Whether this pattern can take every path that another does, by what is known without a search.
    pub(crate) fn may_take_all_of(&self, other: &Self) -> bool {
        let (mine, theirs) = (&*self.inner, &*other.inner);
        mine.min_len <= theirs.min_len
            && theirs.prefix.starts_with(&mine.prefix)
            && theirs.suffix.ends_with(&mine.suffix)
    }

    /// Whether this pattern is certain to take every path that another does.
    pub(crate) fn takes_all_of(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        // Ends that are not literal are not known, so that this alone shows nothing.
        let (Some((mine, my_start)), Some((theirs, their_start))) = (self.table(), other.table())
        else {
            return false;
        };
        let mut seen = HashSet::new();
        let mut next = vec![(my_start, their_start)];
        while let Some((my_state, their_state)) = next.pop() {
            if theirs.is_dead_state(their_state) || !seen.insert((my_state, their_state)) {
                continue;
            }
            if seen.len() > MOST_STATES || (is_end(theirs, their_state) && !is_end(mine, my_state))
            {
                return false;
            }
            next.extend(bytes_of_paths().map(|byte| {
                (
                    mine.next_state(my_state, byte),
                    theirs.next_state(their_state, byte),
                )
            }));
        }
        true
    }
}

/// Whether a text that leads to this state matches.
fn is_end(dfa: &Dfa, state: StateID) -> bool {
    dfa.is_match_state(dfa.next_eoi_state(state))
}

/// Whether some text of these bytes may match from this state on, the empty one included. A state that is dead
/// says so itself, but for those that remember that the text matched before its last byte.
fn may_end(dfa: &Dfa, state: StateID, may_have: impl Fn(u8) -> bool) -> bool {
    let mut seen = HashSet::new();
    let mut next = vec![state];
    while let Some(state) = next.pop() {
        if dfa.is_dead_state(state) || !seen.insert(state) {
            continue;
        }
        if seen.len() > MOST_STATES || is_end(dfa, state) {
            return true;
        }
        let bytes = (u8::MIN..=u8::MAX).filter(|byte| may_have(*byte));
        next.extend(bytes.map(|byte| dfa.next_state(state, byte)));
    }
    false
}

/// The states after one or more of these bytes, as many as are looked at and one.
fn after_some(dfa: &Dfa, start: StateID, may_have: impl Fn(u8) -> bool) -> HashSet<StateID> {
    let mut seen = HashSet::new();
    let mut next = vec![start];
    while let Some(state) = next.pop() {
        let bytes = (u8::MIN..=u8::MAX).filter(|byte| may_have(*byte));
        for after in bytes.map(|byte| dfa.next_state(state, byte)) {
            if !dfa.is_dead_state(after) && seen.insert(after) {
                next.push(after);
            }
        }
        if seen.len() > MOST_STATES {
            break;
        }
    }
    seen
}

/// Whether no text ends a match that goes on from one of these states with the rest of a host, a dot or a port behind it.
fn ends_no_host(dfa: &Dfa, mut states: HashSet<StateID>, rest: &str) -> bool {
    for byte in rest.bytes() {
        if states.len() > MOST_STATES {
            return false;
        }
        let cases = [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        let next = states
            .iter()
            .flat_map(|state| cases.map(|byte| dfa.next_state(*state, byte)));
        states = next.filter(|state| !dfa.is_dead_state(*state)).collect();
    }
    let of_port = |byte: u8| matches!(byte, b'.' | b':' | b'0'..=b'9');
    states.len() <= MOST_STATES && !states.into_iter().any(|state| may_end(dfa, state, of_port))
}

/// Whether every text of the bytes of paths matches from this state on, the empty one included.
fn takes_everything(dfa: &Dfa, state: StateID) -> bool {
    let mut seen = HashSet::new();
    let mut next = vec![state];
    while let Some(state) = next.pop() {
        if !seen.insert(state) {
            continue;
        }
        if seen.len() > MOST_STATES || !is_end(dfa, state) {
            return false;
        }
        next.extend(bytes_of_paths().map(|byte| dfa.next_state(state, byte)));
    }
    true
}

/// The bytes that can stand in a path (RFC 3986 §3.3 has some fewer).
fn bytes_of_paths() -> impl Iterator<Item = u8> {
    (b'!'..=b'~').filter(|byte| is_of_paths(*byte))
}

/// Whether a byte can stand in a path.
fn is_of_paths(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(source: &str) -> Pattern {
        Pattern::new(source).unwrap()
    }

    #[test]
    fn patterns_that_take_all_of_a_prefix_are_known() {
        for (source, prefix) in [
            ("/.*", ""),
            (".*", ""),
            ("(?i)/(.*)", ""),
            ("/[^?#]*", ""),
            ("/item/.*|/item", "/item"),
            ("/item(/.*)?", "/item"),
            ("/item.*", "/item"),
            ("(?i)/ITEM.*", "/item/x"),
            ("/(a|b)(/.*)?", "/b/c"),
        ] {
            assert!(pattern(source).takes_below(prefix), "{source} {prefix}");
        }
        for (source, prefix) in [
            ("/.+", ""),
            ("/item/.*", "/item"),
            ("/item(/.*)?", "/items"),
            ("/item(/.*)?", ""),
            ("/[a-z]*", ""),
            ("/item.*x", "/item"),
            ("/item", "/item"),
            ("/item/[0-9]*", "/item"),
        ] {
            assert!(!pattern(source).takes_below(prefix), "{source} {prefix}");
        }
    }

    #[test]
    fn patterns_that_take_nothing_but_a_path_and_what_is_below_are_known() {
        for (source, path, only, below) in [
            ("^/item$", "/item", true, true),
            ("/item/[0-9]+", "/item", false, true),
            ("/item(/.*)?", "/item", false, true),
            ("/item.*", "/item", false, false),
            ("/item|/other", "/item", false, false),
            ("/it", "/item", false, false),
            ("/item", "", false, true),
        ] {
            assert_eq!(pattern(source).takes_only(path), only, "{source} {path}");
            assert_eq!(pattern(source).stays_below(path), below, "{source} {path}");
        }
    }

    #[test]
    fn patterns_that_take_all_of_another_are_known() {
        for (wide, narrow) in [
            ("/.*", "/item/[0-9]+"),
            ("(?i)/A.*", "/a/.*"),
            ("/[a-z]+", "/[a-f]{2,3}"),
            ("/(a|b|c)", "/(a|c)"),
            ("/a(/.*)?", "/a/(x|y)"),
            ("[^x]*", "/[0-9]"),
            ("/a", "/a"),
        ] {
            assert!(
                pattern(wide).may_take_all_of(&pattern(narrow)),
                "{wide} {narrow}"
            );
            assert!(
                pattern(wide).takes_all_of(&pattern(narrow)),
                "{wide} {narrow}"
            );
        }
        for (a, b) in [
            ("/item/[0-9]+", "/.*"),
            ("/a/.*", "(?i)/A.*"),
            ("/[a-f]{2,3}", "/[a-z]+"),
            ("/a", "/a?"),
            ("/[^x]*", "/.*"),
        ] {
            assert!(!pattern(a).takes_all_of(&pattern(b)), "{a} {b}");
        }
    }

    #[test]
    fn a_pattern_that_takes_none_of_the_texts_of_a_place_is_known() {
        use TakenTexts::{All, HeaderValues, PartsOfPaths, Paths, Rooted, Segments};
        let none = |source, texts| pattern(source).takes_none_of(texts);
        for source in [
            "item", "^item", "(a|b)c", "[a-z]+/", "a?b", "(?i)x", "(^)[0-9]", "a*",
        ] {
            assert!(none(source, Paths) && none(source, Rooted), "{source}");
            assert!(!none(source, All), "{source}");
        }
        for source in ["/item", ".*", "a?/", "(a|/b)", "[^a]x", "\\W", "(a?)(/*)"] {
            assert!(!none(source, Paths), "{source}");
        }
        // They begin with a slash, and have what no path has.
        for source in ["/a b", "/a[?]b=c", "/ü", "/a#b", "/\\x00"] {
            assert!(none(source, Paths), "{source}");
            assert!(!none(source, Rooted), "{source}");
            assert!(none(source, Segments), "{source}");
        }
        // No text at all.
        for source in ["/a$b", "a^b", r"a[^\x00-\x{10FFFF}]"] {
            for texts in [All, Rooted, Paths, PartsOfPaths, Segments, HeaderValues] {
                assert!(none(source, texts), "{source} {texts:?}");
            }
        }
        assert!(none("a/b", Segments) && !none("a/b", PartsOfPaths));
        assert!(!none("a(/b)?", Segments));
        assert!(none(r"\n", HeaderValues) && none(r"a\x7f", HeaderValues));
        for source in [r"\s", "ü", "a, b", "^$", r"[\n\t]"] {
            assert!(!none(source, HeaderValues), "{source}");
        }
    }

    #[test]
    fn a_pattern_that_takes_no_way_to_ask_for_a_host_is_known() {
        for source in [
            "a.b",
            "A[.]B",
            "a.*",
            r"a\.b(:[0-9]+)?",
            "a.b:80",
            "a.b[.]",
            ".*",
        ] {
            assert!(!pattern(source).takes_no_host("a.b"), "{source}");
        }
        for source in ["b.b", "a.b.c", "[0-9]+", "a.b/.*", ""] {
            assert!(pattern(source).takes_no_host("a.b"), "{source}");
        }
        for source in [
            "x.a.b",
            r"[^.]+\.A\.b(:80)?",
            ".*",
            "x.y.a.b[.]",
            ".+b",
            "(?i).*A[.]B",
        ] {
            assert!(!pattern(source).takes_no_host_below("a.b"), "{source}");
        }
        for source in ["a.b", "x.b", "[.]a[.]b", "[0-9]+", r"a\.b\.c", ".*/.*", ""] {
            assert!(pattern(source).takes_no_host_below("a.b"), "{source}");
        }
    }

    /// The work is bounded whatever the patterns are.
    #[test]
    fn what_would_take_too_long_is_not_known() {
        let (many, all) = (pattern("/[ab]{600}"), pattern("/[a-c]{600}"));
        assert!(!all.takes_all_of(&many));
        assert!(pattern("/[a-c]{60}").takes_all_of(&pattern("/[ab]{60}")));
    }
}
