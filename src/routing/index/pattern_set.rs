//! Values by the pattern of a path, where no literal text tells them apart: many patterns are asked at once.

use std::sync::Arc;

use super::hashed::hashing::Hashing;
use super::hashed::table::{HashTable, Keyed};
use super::screen::Screen;
use crate::meta::Pattern;

/// Patterns of a chunk: as many as a word has bits.
const CHUNK: usize = 64;
/// The fewest patterns for which a screen is made.
const FEW: usize = 8;
/// The number of screens that may become too large in a set before no more are made.
const FAILURES: usize = 4;

/// Patterns in chunks, each with a screen: one automaton that tells which of its patterns match a text.
///
/// A screen is rebuilt whenever there are as many patterns outside it as in it. So a table of N patterns builds few of
/// them, and until then the patterns outside are tried one by one.
pub(super) struct PatternSet<V> {
    chunks: Vec<Arc<Chunk<V>>>,
    places: HashTable<PatternPlace>,
    /// Patterns that have a value.
    live: usize,
    /// How many screens became too large.
    failures: usize,
}

#[derive(Clone)]
struct Chunk<V> {
    slots: Vec<PatternSlot<V>>,
    /// Knows the first patterns, as many as it has.
    screen: Option<Arc<Screen>>,
    /// Patterns that are tried one by one: those that have no table of their own, and all of them once too many
    /// screens have become too large.
    single: bool,
    /// Whether the last screen became too large: other patterns go elsewhere.
    closed: bool,
}

#[derive(Clone)]
struct PatternSlot<V> {
    pattern: Pattern,
    /// Nothing once the value is gone; the pattern keeps its place.
    value: Option<V>,
}

/// Where a pattern is.
#[derive(Clone)]
struct PatternPlace {
    pattern: Pattern,
    chunk: usize,
    slot: usize,
}

impl Keyed for PatternPlace {
    fn hash(&self, hashing: &Hashing) -> u64 {
        hashing.hash(self.pattern.as_str().as_bytes())
    }
}

impl<V> Clone for PatternSet<V> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            places: self.places.clone(),
            live: self.live,
            failures: self.failures,
        }
    }
}

impl<V> Default for PatternSet<V> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            places: HashTable::default(),
            live: 0,
            failures: 0,
        }
    }
}

impl<V> PatternSet<V> {
    pub(super) fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How many patterns have a value.
    pub(super) fn len(&self) -> usize {
        self.live
    }

    /// Visits the value of each pattern that matches a path.
    #[inline]
    pub(super) fn for_each_fitting<'t>(&'t self, path: &[u8], mut visit: impl FnMut(&'t V)) {
        for chunk in &self.chunks {
            let (known, mut fitting) = match &chunk.screen {
                Some(screen) => (screen.len(), screen.fits(path)),
                None => (0, 0),
            };
            while fitting != 0 {
                let at = usize::try_from(fitting.trailing_zeros()).unwrap_or_default();
                if let Some(value) = chunk.slots.get(at).and_then(|slot| slot.value.as_ref()) {
                    visit(value);
                }
                fitting &= fitting - 1;
            }
            for slot in chunk.slots.get(known..).unwrap_or_default() {
                if let Some(value) = &slot.value {
                    #[cfg(test)]
                    super::work::note(|work| work.patterns += 1);
                    if slot.pattern.is_match(path) {
                        visit(value);
                    }
                }
            }
        }
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut impl FnMut(&'t V)) {
        let slots = self.chunks.iter().flat_map(|chunk| &chunk.slots);
        slots.filter_map(|slot| slot.value.as_ref()).for_each(visit);
    }
}

impl<V: Clone> PatternSet<V> {
    /// Changes the value of a pattern, made first if it is not there.
    pub(super) fn upsert(
        &mut self,
        pattern: &Pattern,
        hashing: &Hashing,
        new: impl FnOnce() -> V,
        change: impl FnOnce(&mut V),
    ) {
        if let Some(slot) = self.slot(pattern, hashing) {
            let was_empty = slot.value.is_none();
            change(slot.value.get_or_insert_with(new));
            self.live += usize::from(was_empty);
            return;
        }
        let mut value = new();
        change(&mut value);
        self.add(pattern.clone(), value, hashing);
    }

    /// Changes the value of a pattern that is there; it is removed unless `change` says to keep it.
    pub(super) fn edit(
        &mut self,
        pattern: &Pattern,
        hashing: &Hashing,
        change: impl FnOnce(&mut V) -> bool,
    ) {
        if let Some(slot) = self.slot(pattern, hashing)
            && let Some(value) = &mut slot.value
            && !change(value)
        {
            slot.value = None;
            self.live -= 1;
            self.tidy(hashing);
        }
    }

    /// Adds a pattern that is not there.
    fn add(&mut self, pattern: Pattern, value: V, hashing: &Hashing) {
        let single = !pattern.has_table() || self.failures >= FAILURES;
        let at = match self.chunks.iter().rposition(|chunk| chunk.takes(single)) {
            Some(at) => at,
            None => {
                self.chunks.push(Arc::new(Chunk::new(single)));
                self.chunks.len() - 1
            }
        };
        let Some(chunk) = self.chunks.get_mut(at).map(Arc::make_mut) else {
            return;
        };
        let place = PatternPlace {
            pattern: pattern.clone(),
            chunk: at,
            slot: chunk.slots.len(),
        };
        chunk.add(PatternSlot {
            pattern,
            value: Some(value),
        });
        self.failures += usize::from(chunk.closed);
        let (hash, new) = (place.hash(hashing), || place);
        self.places.upsert(hash, hashing, |_| false, new, |_| ());
        self.live += 1;
    }

    /// What there is for a pattern, for a change.
    fn slot(&mut self, pattern: &Pattern, hashing: &Hashing) -> Option<&mut PatternSlot<V>> {
        let hash = || hashing.hash(pattern.as_str().as_bytes());
        let place = self.places.get(hash, |place| place.pattern == *pattern)?;
        let chunk = self.chunks.get_mut(place.chunk).map(Arc::make_mut)?;
        chunk.slots.get_mut(place.slot)
    }

    /// Rebuilds the set if most of its patterns have no value any more.
    fn tidy(&mut self, hashing: &Hashing) {
        let all: usize = self.chunks.iter().map(|chunk| chunk.slots.len()).sum();
        if all <= 2 * self.live + CHUNK {
            return;
        }
        for chunk in std::mem::take(self).chunks {
            for slot in Arc::unwrap_or_clone(chunk).slots {
                if let Some(value) = slot.value {
                    self.add(slot.pattern, value, hashing);
                }
            }
        }
    }
}

impl<V> Chunk<V> {
    fn new(single: bool) -> Self {
        Self {
            slots: Vec::new(),
            screen: None,
            single,
            closed: false,
        }
    }

    fn takes(&self, single: bool) -> bool {
        self.single == single && !self.closed && self.slots.len() < CHUNK
    }

    fn add(&mut self, slot: PatternSlot<V>) {
        self.slots.push(slot);
        let known = self.screen.as_ref().map_or(0, |screen| screen.len());
        if self.single || self.slots.len() - known < known.max(FEW) {
            return;
        }
        match Screen::new(self.slots.iter().map(|slot| &slot.pattern)) {
            Some(screen) => self.screen = Some(Arc::new(screen)),
            None => self.closed = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{
        Entry, HeaderMatch, HttpMatch, Oracle, PathMatch, Rank, Router, RouterOptions, ValueMatch,
        View,
    };
    use proptest::prelude::*;

    type Route = (String, Vec<Entry<usize>>);

    /// Patterns of one place (below `/a`), in two classes: tame ones, of which a path matches several, and wild ones,
    /// whose table together is large or which have none.
    fn route(at: usize, wild: bool) -> Route {
        let letter = char::from(b'a' + u8::try_from(at % 26).unwrap());
        let source = match (wild, at % 4) {
            (false, 0) => format!("/a/[a-z]{{1,{}}}", at % 31 + 1),
            (false, 1) => format!("/a/[0-9a-{letter}]+"),
            (false, 2) => format!("/a/{letter}[0-9]*(/{at})?"),
            (false, _) => format!("/a/[{letter}-z0-9]{{{},9}}", at % 5),
            (true, 0) => format!("/a/.*{at}.*"),
            (true, 1) => format!("/a/.*(x|y){{{}}}", at % 11),
            (true, 2) => format!(r"/a/\w{{1,40}}/(a|b)*c[ab]{{14}}{at}"),
            (true, _) => format!("/a/.*a.{{{}}}", at % 12),
        };
        let mut matching =
            HttpMatch::path(PathMatch::RegularExpression(Pattern::new(&source).unwrap()));
        if at % 4 == 3 {
            matching.headers.push(HeaderMatch {
                name: http::HeaderName::from_static("x-a"),
                value: ValueMatch::exact(&format!("{}", at % 3)),
            });
        }
        let name = format!("n/r{at}");
        let entry = Entry::new(matching, Rank::new(name.clone(), 0, 0), at);
        (name, vec![entry])
    }

    fn agree(router: &Router<usize>, routes: &[Route], asked: &[(String, Option<String>)]) {
        let entries = routes.iter().flat_map(|(_, entries)| entries.clone());
        let oracle = Oracle::new(RouterOptions::default(), entries);
        for (path, header) in asked {
            let lines: Vec<_> = header
                .iter()
                .map(|value| ("x-a", value.as_bytes()))
                .collect();
            let view = View {
                method: "GET",
                host: b"a.example.com",
                path,
                query: None,
                headers: &lines,
            };
            assert_eq!(router.find(&view), oracle.find(&view), "{path} {header:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn many_patterns_in_one_place_find_what_the_oracle_finds(
            mut numbers in prop::collection::vec(0_usize..400, 1..200),
            wild in prop::sample::select(vec![1_usize, 7, 1_000]),
            gone in prop::collection::vec(any::<prop::sample::Index>(), 0..150),
            asked in prop::collection::vec(("/a/[a-z0-9]{0,5}(/[0-9])?", prop::option::of("[0-3]")), 40),
        ) {
            // All, some or none of them.
            let route = |at: usize| route(at, at % wild == wild - 1);
            numbers.sort_unstable();
            numbers.dedup();
            let mut routes: Vec<Route> = numbers.into_iter().map(route).collect();
            let mut router = Router::from_routes(RouterOptions::default(), routes.clone());
            agree(&router, &routes, &asked);
            let mut removed = Vec::new();
            for index in gone {
                if !routes.is_empty() {
                    let route = routes.swap_remove(index.index(routes.len()));
                    prop_assert!(router.remove(&route.0));
                    removed.push(route);
                }
            }
            agree(&router, &routes, &asked);
            for (name, entries) in removed {
                router.insert(&name, entries.clone());
                routes.push((name, entries));
            }
            for at in 400..440 {
                let (name, entries) = route(at);
                router.insert(&name, entries.clone());
                routes.push((name, entries));
            }
            agree(&router, &routes, &asked);
            while let Some((name, _)) = routes.pop() {
                prop_assert!(router.remove(&name));
                if routes.len() < 3 {
                    agree(&router, &routes, &asked);
                }
            }
        }
    }

    /// The work, not the time: most patterns are tried by a screen, a few one by one.
    #[test]
    fn no_more_patterns_are_asked_one_by_one_than_a_screen_knows() {
        let hashing = Hashing::default();
        let mut set = PatternSet::<usize>::default();
        for at in 0..200 {
            let pattern = Pattern::new(&format!("/a/[0-9]+/{at}/.*")).unwrap();
            set.upsert(&pattern, &hashing, || at, |_| ());
            for chunk in &set.chunks {
                let known = chunk.screen.as_ref().map_or(0, |screen| screen.len());
                assert!(chunk.slots.len() - known < known.max(FEW), "{at}: {known}");
            }
        }
        let mut found = Vec::new();
        set.for_each_fitting(b"/a/1/77/x", |at| found.push(*at));
        assert_eq!((found, set.chunks.len()), (vec![77], 4));
    }

    #[test]
    fn a_screen_says_of_each_pattern_whether_it_fits() {
        let patterns: Vec<Pattern> = (0..64)
            .map(|at| match at % 3 {
                0 => format!("/[0-9]+/{at}/x"),
                1 => format!("/a{at}[^/]*"),
                _ => format!("(?i)/x{at}?"),
            })
            .map(|source| Pattern::new(&source).unwrap())
            .collect();
        let screen = Screen::new(patterns.iter()).unwrap();
        for text in [
            "", "/", "/a13b", "/33", "/7/3/x", "/31/33/x", "/a1é", "/X2", "/x59", "/1\n",
        ] {
            for (at, pattern) in patterns.iter().enumerate() {
                assert_eq!(
                    screen.fits(text.as_bytes()) >> at & 1 == 1,
                    pattern.is_match(text.as_bytes()),
                    "{pattern} on {text}"
                );
            }
        }
    }
}
