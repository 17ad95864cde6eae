//! Entries by the pattern of their path, where no literal text tells them apart: many patterns are asked at
//! once.

use std::sync::Arc;

use super::candidates::{Candidates, Hit, Site, better};
use super::hashing::Hashing;
use super::pattern::{Pattern, Screen};
use super::request::{Prepared, RequestView};
use super::stored::Stored;
use super::table::{Keyed, Table};

/// Patterns of a chunk: as many as a word has bits.
const CHUNK: usize = 64;
/// The fewest patterns for which a screen is made.
const FEW: usize = 8;
/// The number of screens that may become too large in a set before no more are made.
const FAILURES: usize = 4;

/// Patterns in chunks, each with a screen: one automaton that says of all its patterns which of them fit.
///
/// A screen is made anew whenever the patterns that it does not know are as many as those that it does. So a
/// table of N patterns makes few of them, and in the meantime the others are asked one by one.
pub(super) struct PatternSet<T> {
    chunks: Vec<Arc<Chunk<T>>>,
    places: Table<Place>,
    /// Patterns that have entries.
    live: usize,
    /// How many screens became too large.
    failures: usize,
    site: Site,
}

struct Chunk<T> {
    slots: Vec<Slot<T>>,
    /// Knows the first patterns, as many as it has.
    screen: Option<Arc<Screen>>,
    /// For patterns that are asked one by one: those that have no table of their own, and all once too many
    /// screens have become too large.
    single: bool,
    /// Whether the last screen became too large: other patterns go elsewhere.
    closed: bool,
}

struct Slot<T> {
    pattern: Pattern,
    /// Nothing once the last entry is gone; the pattern keeps its place.
    entries: Candidates<T>,
}

/// Where a pattern is.
#[derive(Clone)]
struct Place {
    pattern: Pattern,
    chunk: usize,
    slot: usize,
}

impl Keyed for Place {
    fn hash(&self, hashing: &Hashing) -> u64 {
        hashing.hash(self.pattern.as_str().as_bytes())
    }
}

impl<T> Clone for PatternSet<T> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            places: self.places.clone(),
            live: self.live,
            failures: self.failures,
            site: self.site,
        }
    }
}

impl<T: Clone> Clone for Chunk<T> {
    fn clone(&self) -> Self {
        Self {
            slots: self.slots.clone(),
            screen: self.screen.clone(),
            single: self.single,
            closed: self.closed,
        }
    }
}

impl<T: Clone> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self {
            pattern: self.pattern.clone(),
            entries: self.entries.clone(),
        }
    }
}

impl<T> PatternSet<T> {
    /// A set whose entries have these tests behind them, that of their pattern not counted.
    pub(super) fn new(site: Site) -> Self {
        Self {
            chunks: Vec::new(),
            places: Table::default(),
            live: 0,
            failures: 0,
            site,
        }
    }

    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let path = request.path.as_bytes();
        let mut found = None;
        for chunk in &self.chunks {
            let (known, mut fitting) = match &chunk.screen {
                Some(screen) => (screen.len(), screen.fits(path)),
                None => (0, 0),
            };
            while fitting != 0 {
                let at = usize::try_from(fitting.trailing_zeros()).unwrap_or_default();
                if let Some(slot) = chunk.slots.get(at) {
                    found = better(found, slot.entries.find_open(request, hashing));
                }
                fitting &= fitting - 1;
            }
            for slot in chunk.slots.get(known..).unwrap_or_default() {
                if !slot.entries.is_empty() && slot.pattern.is_match(path) {
                    found = better(found, slot.entries.find_open(request, hashing));
                }
            }
        }
        found
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        for chunk in &self.chunks {
            for slot in &chunk.slots {
                slot.entries.for_each(&mut *visit);
            }
        }
    }
}

impl<T: Clone> PatternSet<T> {
    /// Adds an entry whose path is asked for by this pattern.
    pub(super) fn insert(&mut self, pattern: &Pattern, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let site = self.site.below();
        if let Some(slot) = self.slot(pattern, hashing) {
            let was_empty = slot.entries.is_empty();
            slot.entries.insert(entry, hashing, site);
            self.live += usize::from(was_empty);
            return;
        }
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
        let mut entries = Candidates::None;
        entries.insert(entry, hashing, site);
        let place = Place {
            pattern: pattern.clone(),
            chunk: at,
            slot: chunk.slots.len(),
        };
        chunk.add(Slot {
            pattern: pattern.clone(),
            entries,
        });
        self.failures += usize::from(chunk.closed);
        let (hash, new) = (place.hash(hashing), || place);
        self.places.upsert(hash, hashing, |_| false, new, |_| ());
        self.live += 1;
    }

    /// Drops this very entry; true if none is left.
    pub(super) fn remove(
        &mut self,
        pattern: &Pattern,
        entry: &Arc<Stored<T>>,
        hashing: &Hashing,
    ) -> bool {
        if let Some(slot) = self.slot(pattern, hashing)
            && !slot.entries.is_empty()
        {
            slot.entries.remove(entry, hashing);
            if slot.entries.is_empty() {
                self.live -= 1;
                self.tidy(hashing);
            }
        }
        self.live == 0
    }

    /// What there is for a pattern, for a change.
    fn slot(&mut self, pattern: &Pattern, hashing: &Hashing) -> Option<&mut Slot<T>> {
        let hash = || hashing.hash(pattern.as_str().as_bytes());
        let place = self.places.get(hash, |place| place.pattern == *pattern)?;
        let chunk = self.chunks.get_mut(place.chunk).map(Arc::make_mut)?;
        chunk.slots.get_mut(place.slot)
    }

    /// Makes the set anew if most of its patterns have no entries any more.
    fn tidy(&mut self, hashing: &Hashing) {
        let all: usize = self.chunks.iter().map(|chunk| chunk.slots.len()).sum();
        if all <= 2 * self.live + CHUNK {
            return;
        }
        let mut fresh = Self::new(self.site);
        self.for_each(&mut |entry| {
            if let Some(pattern) = entry.path_pattern() {
                fresh.insert(pattern, entry, hashing);
            }
        });
        *self = fresh;
    }
}

impl<T> Chunk<T> {
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

    fn add(&mut self, slot: Slot<T>) {
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
    use super::super::{
        Entry, HeaderMatch, HttpMatch, Options, Oracle, PathMatch, Rank, Router, ValueMatch, View,
    };
    use super::*;
    use proptest::prelude::*;

    type Route = (String, Vec<Entry<usize>>);

    /// Patterns of one place (below `/a`), in two classes: tame ones, of which a path fits several, and wild ones,
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
        let oracle = Oracle::new(Options::default(), entries);
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
            let mut router = Router::from_routes(Options::default(), routes.clone());
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
