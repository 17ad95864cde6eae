//! The entries that share a hostname and a path match, indexed by what tells them apart.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderName;

use super::hashing::Hashing;
use super::part::Part;
use super::pattern_set::PatternSet;
use super::ranked::Ranked;
use super::stored::Stored;
use super::table::Table;
use super::texts::Texts;
use crate::routing::matching::matches::ValueMatch;
use crate::routing::options::RepeatedHeader;
use crate::routing::request::lines::{joined, separators};
use crate::routing::request::query;
use crate::routing::request::view::{Prepared, RequestView};

/// Lists up to this length are searched one by one.
const SHORT: usize = 8;
/// Indexes inside indexes: each level may search two branches, so their number is bounded.
const LEVELS: u8 = 4;

pub(super) enum Candidates<T> {
    None,
    /// A single entry whose conditions were all checked on the way down, with the payload that a look-up returns, so that
    /// the entry itself is not read.
    Sure {
        payload: T,
        entry: Arc<Stored<T>>,
    },
    /// A single entry with conditions that are not checked yet.
    One(Arc<Stored<T>>),
    List(Arc<List<T>>),
    Index(Arc<Index<T>>),
    Patterns(Arc<PatternSet<Candidates<T>>>),
}

/// Entries in order of precedence. Of those with the same tests only the first can ever win; the others wait
/// in its group.
pub(super) struct List<T> {
    heads: Ranked<T>,
    groups: Table<Ranked<T>>,
    /// Do not try to build an index again before there are this many distinct entries.
    next_try: usize,
}

/// Entries by the value that they ask for at one part of the request.
pub(super) struct Index<T> {
    on: Part,
    values: Texts<Candidates<T>>,
    /// Entries that do not ask for an exact value there.
    rest: Candidates<T>,
}

/// A position in the nested indexes: the nesting level, and the number of conditions already checked on the way down.
#[derive(Clone, Copy, Default)]
pub(super) struct Depth {
    level: u8,
    verified: u32,
}

impl Depth {
    /// One level further down, where one more condition has been checked.
    pub(super) fn below(self) -> Self {
        Self {
            level: self.level + 1,
            verified: self.verified + 1,
        }
    }
}

/// What a look-up found: an entry, and its payload wherever it lies.
pub(in crate::routing) struct Hit<'t, T> {
    pub(in crate::routing) payload: &'t T,
    pub(in crate::routing) entry: &'t Arc<Stored<T>>,
}

impl<T: Clone> Clone for Candidates<T> {
    fn clone(&self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Sure { payload, entry } => Self::Sure {
                payload: payload.clone(),
                entry: entry.clone(),
            },
            Self::One(entry) => Self::One(entry.clone()),
            Self::List(list) => Self::List(list.clone()),
            Self::Index(index) => Self::Index(index.clone()),
            Self::Patterns(set) => Self::Patterns(set.clone()),
        }
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self {
            heads: self.heads.clone(),
            groups: self.groups.clone(),
            next_try: self.next_try,
        }
    }
}

impl<T: Clone> Clone for Index<T> {
    fn clone(&self) -> Self {
        Self {
            on: self.on.clone(),
            values: self.values.clone(),
            rest: self.rest.clone(),
        }
    }
}

impl<T> Clone for Hit<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Hit<'_, T> {}

impl<'t, T> From<&'t Arc<Stored<T>>> for Hit<'t, T> {
    fn from(entry: &'t Arc<Stored<T>>) -> Self {
        Self {
            payload: &entry.payload,
            entry,
        }
    }
}

/// The one that takes precedence.
#[inline(always)]
pub(in crate::routing) fn better<'t, T>(
    a: Option<Hit<'t, T>>,
    b: Option<Hit<'t, T>>,
) -> Option<Hit<'t, T>> {
    match (a, b) {
        (None, b) => b,
        (a, None) => a,
        (Some(a), Some(b)) => Some(first_of_two(a, b)),
    }
}

#[inline(never)]
fn first_of_two<'t, T>(a: Hit<'t, T>, b: Hit<'t, T>) -> Hit<'t, T> {
    if b.entry.precedence() < a.entry.precedence() {
        b
    } else {
        a
    }
}

impl<T> Candidates<T> {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The first entry in order of precedence whose open tests the request passes.
    ///
    /// Inlined on purpose: this is the hot path. Rare cases call functions that are not inlined.
    #[inline(always)]
    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        match self {
            Self::Sure { payload, entry } => Some(Hit { payload, entry }),
            Self::Index(index) => index.find(request, hashing),
            _ => self.find_open(request, hashing),
        }
    }

    #[inline(never)]
    pub(super) fn find_open<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        match self {
            Self::None => None,
            Self::Sure { payload, entry } => Some(Hit { payload, entry }),
            Self::One(entry) => entry.fits(request).then(|| Hit::from(entry)),
            Self::List(list) => list
                .heads
                .iter()
                .find(|entry| entry.fits(request))
                .map(Hit::from),
            Self::Index(index) => index.find(request, hashing),
            Self::Patterns(set) => find_by_pattern(set, request, hashing),
        }
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        match self {
            Self::None => {}
            Self::Sure { entry, .. } | Self::One(entry) => visit(entry),
            Self::List(list) => list
                .groups
                .for_each(&mut |group| group.iter().for_each(&mut *visit)),
            Self::Index(index) => {
                index.values.for_each_entry(&mut *visit);
                index.rest.for_each(visit);
            }
            Self::Patterns(set) => set.for_each(&mut |entries| entries.for_each(&mut *visit)),
        }
    }
}

impl<T: Clone> Candidates<T> {
    pub(super) fn insert(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing, depth: Depth) {
        match self {
            Self::None if entry.tests() == depth.verified => {
                *self = Self::Sure {
                    payload: entry.payload.clone(),
                    entry: entry.clone(),
                }
            }
            Self::None => *self = Self::One(entry.clone()),
            Self::Sure { entry: first, .. } | Self::One(first) => {
                let mut list = List::new();
                list.insert(first, hashing);
                list.insert(entry, hashing);
                *self = Self::List(Arc::new(list));
            }
            Self::List(list) => {
                let list = Arc::make_mut(list);
                list.insert(entry, hashing);
                if list.heads.len() >= list.next_try && depth.level < LEVELS {
                    match list.index(hashing, depth) {
                        Some(indexed) => *self = indexed,
                        None => list.next_try = list.heads.len().saturating_mul(2),
                    }
                }
            }
            Self::Index(index) => Arc::make_mut(index).insert(entry, hashing, depth),
            Self::Patterns(set) => {
                if let Some(pattern) = entry.path_pattern() {
                    Arc::make_mut(set).upsert(
                        pattern,
                        hashing,
                        || Self::None,
                        |entries| entries.insert(entry, hashing, depth.below()),
                    );
                }
            }
        }
    }

    /// Removes an entry, which is told from equal ones by its address.
    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let emptied = match self {
            Self::None => return,
            Self::Sure { entry: lone, .. } | Self::One(lone) => Arc::ptr_eq(lone, entry),
            Self::List(list) => Arc::make_mut(list).remove(entry, hashing),
            Self::Index(index) => Arc::make_mut(index).remove(entry, hashing),
            Self::Patterns(set) => match entry.path_pattern() {
                Some(pattern) => {
                    let set = Arc::make_mut(set);
                    set.edit(pattern, hashing, |entries| {
                        entries.remove(entry, hashing);
                        !entries.is_empty()
                    });
                    set.is_empty()
                }
                None => return,
            },
        };
        if emptied {
            *self = Self::None;
        }
    }
}

/// Of the entries whose pattern matches the path, the one that takes precedence.
#[inline(never)]
fn find_by_pattern<'t, T, R: RequestView>(
    set: &'t PatternSet<Candidates<T>>,
    request: &Prepared<'_, R>,
    hashing: &Hashing,
) -> Option<Hit<'t, T>> {
    let mut found = None;
    set.for_each_fitting(request.path.as_bytes(), |entries| {
        found = better(found, entries.find_open(request, hashing));
    });
    found
}

impl<T> Texts<Candidates<T>> {
    pub(super) fn for_each_entry<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.for_each(&mut |entries| entries.for_each(&mut *visit));
    }
}

impl<T: Clone> Texts<Candidates<T>> {
    /// Adds an entry that asks for this text.
    pub(super) fn insert(
        &mut self,
        text: &[u8],
        entry: &Arc<Stored<T>>,
        hashing: &Hashing,
        depth: Depth,
    ) {
        self.upsert(
            text,
            hashing,
            || Candidates::None,
            |entries| entries.insert(entry, hashing, depth),
        );
    }

    /// Removes an entry, which is told from equal ones by its address.
    pub(super) fn remove(&mut self, text: &[u8], entry: &Arc<Stored<T>>, hashing: &Hashing) {
        self.edit(text, hashing, |entries| {
            entries.remove(entry, hashing);
            !entries.is_empty()
        });
    }
}

impl<T> List<T> {
    fn new() -> Self {
        Self {
            heads: Ranked::default(),
            groups: Table::default(),
            next_try: SHORT + 1,
        }
    }

    fn insert(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let changed = self.groups.upsert(
            entry.identity(hashing),
            hashing,
            |group| group.first().is_some_and(|first| first.same_tests(entry)),
            || {
                let mut group = Ranked::default();
                group.insert(entry.clone());
                group
            },
            |group| {
                let before = group.first().cloned();
                let new = before
                    .as_ref()
                    .is_some_and(|first| Arc::ptr_eq(first, entry));
                if !new {
                    group.insert(entry.clone());
                }
                (before.filter(|_| !new), group.first().cloned())
            },
        );
        if let Some((before, after)) = changed {
            self.replace_head(before, after);
        }
    }

    /// Removes an entry; true if none is left.
    fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) -> bool {
        let mut changed = None;
        self.groups.edit(
            entry.identity(hashing),
            hashing,
            |group| group.first().is_some_and(|first| first.same_tests(entry)),
            |group| {
                let before = group.first().cloned();
                group.remove(entry);
                changed = Some((before, group.first().cloned()));
                group.len() > 0
            },
        );
        if let Some((before, after)) = changed {
            self.replace_head(before, after);
        }
        self.heads.len() == 0
    }

    fn replace_head(&mut self, before: Option<Arc<Stored<T>>>, after: Option<Arc<Stored<T>>>) {
        if let (Some(before), Some(after)) = (&before, &after)
            && Arc::ptr_eq(before, after)
        {
            return;
        }
        if let Some(before) = before {
            self.heads.remove(&before);
        }
        if let Some(after) = after {
            self.heads.insert(after);
        }
    }
}

impl<T: Clone> List<T> {
    /// The same entries, indexed by the part of the request that divides them best, or by the patterns of their paths;
    /// `None` if neither divides them enough.
    fn index(&self, hashing: &Hashing, depth: Depth) -> Option<Candidates<T>> {
        let mut parts: HashMap<Part, HashMap<&[u8], usize>> = HashMap::new();
        for head in self.heads.iter() {
            let mut count =
                |part, value| *parts.entry(part).or_default().entry(value).or_default() += 1;
            if let Some(method) = head.method() {
                count(Part::Method, method.as_bytes());
            }
            for header in head.headers() {
                if let ValueMatch::Exact(value) = &header.value {
                    count(Part::Header(header.name.clone()), value.as_bytes());
                }
            }
            for parameter in head.query() {
                if let ValueMatch::Exact(value) = &parameter.value {
                    let name = query::Name::new(parameter.name.clone());
                    count(Part::Query(name), value.as_bytes());
                }
            }
        }
        let all = self.heads.len();
        let together = |values: &HashMap<&[u8], usize>| {
            let rest = all - values.values().sum::<usize>();
            rest + values.values().max().copied().unwrap_or_default()
        };
        let by_part = parts
            .iter()
            .map(|(part, values)| (together(values), part))
            .min_by_key(|(together, _)| *together);
        let by_pattern = self.together_by_pattern();
        let fewest = by_part.map(|(together, _)| together).into_iter();
        if fewest.chain(by_pattern).min()? > all / 2 {
            return None;
        }
        let mut indexed = match (by_part, by_pattern) {
            (Some((by_part, part)), by_pattern) if by_pattern.is_none_or(|n| by_part <= n) => {
                Candidates::Index(Arc::new(Index {
                    on: part.clone(),
                    values: Texts::default(),
                    rest: Candidates::None,
                }))
            }
            _ => Candidates::Patterns(Arc::default()),
        };
        self.groups.for_each(&mut |group| {
            group
                .iter()
                .for_each(|entry| indexed.insert(entry, hashing, depth));
        });
        Some(indexed)
    }

    /// How many entries share the commonest pattern. Where one entry has a pattern, all in its place have one.
    fn together_by_pattern(&self) -> Option<usize> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for head in self.heads.iter() {
            let pattern = head.path_pattern()?;
            *counts.entry(pattern.as_str()).or_default() += 1;
        }
        counts.into_values().max()
    }
}

impl<T> Index<T> {
    #[inline(always)]
    fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        match &self.on {
            Part::Header(name) => self.find_by_header(name, request, hashing),
            Part::Query(name) => self.find_by_parameter(name, request, hashing),
            Part::Method => self.find_by_value(request.method.as_bytes(), request, hashing),
        }
    }

    // Separate functions that are not inlined, so that each gets its own register allocation (measured).

    #[inline(never)]
    fn find_by_header<'t, R: RequestView>(
        &'t self,
        name: &HeaderName,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let mut value = None;
        for line in request.request.header(name) {
            if value.is_some() {
                return self.find_by_lines(name, request, hashing);
            }
            value = Some(line);
        }
        let found = match value {
            Some(value) => self.of_value(value, request, hashing),
            None => None,
        };
        self.or_rest(found, request, hashing)
    }

    #[inline(never)]
    fn find_by_parameter<'t, R: RequestView>(
        &'t self,
        name: &query::Name,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let found = match request.query.and_then(|query| name.first(query)) {
            Some(raw) if raw.plain => self.of_value(raw.value, request, hashing),
            Some(raw) => return self.find_encoded(raw, request, hashing),
            None => None,
        };
        self.or_rest(found, request, hashing)
    }

    #[inline(never)]
    fn find_by_value<'t, R: RequestView>(
        &'t self,
        value: &[u8],
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let found = self.of_value(value, request, hashing);
        self.or_rest(found, request, hashing)
    }

    /// What there is for this value.
    #[inline(always)]
    fn of_value<'t, R: RequestView>(
        &'t self,
        value: &[u8],
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        self.values.at(value, hashing)?.find(request, hashing)
    }

    /// Of what there is for the request's value and what asks for none, the one that takes precedence.
    #[inline(always)]
    fn or_rest<'t, R: RequestView>(
        &'t self,
        found: Option<Hit<'t, T>>,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        match &self.rest {
            Candidates::None => found,
            rest => better(found, rest.find_open(request, hashing)),
        }
    }

    /// As [`find_by_header`](Self::find_by_header), for a header of several lines.
    #[inline(never)]
    fn find_by_lines<'t, R: RequestView>(
        &'t self,
        name: &HeaderName,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let found = match request.repeated_header {
            RepeatedHeader::AnyLine => {
                let lines = request.request.header(name);
                lines.fold(None, |found, line| {
                    better(found, self.of_value(line, request, hashing))
                })
            }
            RepeatedHeader::Combined => {
                let values = separators(name).iter();
                values.fold(None, |found, separator| {
                    let value = || joined(request.request, name, separator);
                    let hash = || hashing.hash_stream(value());
                    let is = |text: &[u8]| value().eq(text.iter().copied());
                    let entries = self.values.get_where(hash, is);
                    better(found, entries.and_then(|e| e.find(request, hashing)))
                })
            }
        };
        self.or_rest(found, request, hashing)
    }

    /// As [`find_by_parameter`](Self::find_by_parameter), for a value that is encoded.
    #[inline(never)]
    fn find_encoded<'t, R: RequestView>(
        &'t self,
        raw: query::Raw<'_>,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let hash = || hashing.hash_stream(query::Decoded::new(raw.value));
        let entries = self.values.get_where(hash, |text| raw.equals(text));
        let found = entries.and_then(|entries| entries.find(request, hashing));
        self.or_rest(found, request, hashing)
    }
}

impl<T: Clone> Index<T> {
    fn insert(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing, depth: Depth) {
        match self.on.value(entry) {
            None => {
                let level = depth.level + 1;
                self.rest.insert(entry, hashing, Depth { level, ..depth });
            }
            Some(value) => {
                self.values.insert(value, entry, hashing, depth.below());
            }
        }
    }

    /// Removes an entry; true if none is left.
    fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) -> bool {
        match self.on.value(entry) {
            None => self.rest.remove(entry, hashing),
            Some(value) => self.values.remove(value, entry, hashing),
        }
        self.rest.is_empty() && self.values.is_empty()
    }
}
