//! The entries that share a hostname and a path match, indexed by what tells them apart.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderName;

use super::hashing::{Hashing, Key};
use super::matches::ValueMatch;
use super::query;
use super::ranked::Ranked;
use super::request::{Prepared, RequestView};
use super::stored::Stored;
use super::trie::Trie;

/// Lists up to this length are searched one by one.
const SHORT: usize = 8;
/// Indexes inside indexes: each level may search two branches, so their number is bounded.
const LEVELS: u32 = 4;

pub(super) enum Candidates<T> {
    None,
    One(Arc<Stored<T>>),
    List(Arc<List<T>>),
    Index(Arc<Index<T>>),
}

/// Entries in order of precedence. Of those with the same tests only the first can ever win; the others wait
/// in its group.
pub(super) struct List<T> {
    heads: Ranked<T>,
    groups: Trie<Ranked<T>>,
    /// The number of groups at which an index is worth another try.
    next_try: usize,
}

/// Entries by the value that they ask for at one place of the request.
pub(super) struct Index<T> {
    on: Part,
    values: Trie<Bucket<T>>,
    /// Entries that do not ask for an exact value there.
    rest: Candidates<T>,
}

struct Bucket<T> {
    value: Key,
    entries: Candidates<T>,
}

/// A part of a request that can tell entries apart.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Part {
    Method,
    Header(HeaderName),
    Query(Arc<str>),
}

impl<T> Clone for Candidates<T> {
    fn clone(&self) -> Self {
        match self {
            Self::None => Self::None,
            Self::One(entry) => Self::One(entry.clone()),
            Self::List(list) => Self::List(list.clone()),
            Self::Index(index) => Self::Index(index.clone()),
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

impl<T> Clone for Index<T> {
    fn clone(&self) -> Self {
        Self {
            on: self.on.clone(),
            values: self.values.clone(),
            rest: self.rest.clone(),
        }
    }
}

impl<T> Clone for Bucket<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            entries: self.entries.clone(),
        }
    }
}

/// The one that takes precedence.
#[inline]
pub(super) fn better<'t, T>(
    a: Option<&'t Stored<T>>,
    b: Option<&'t Stored<T>>,
) -> Option<&'t Stored<T>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.precedence() < a.precedence() {
            b
        } else {
            a
        }),
        (a, None) => a,
        (None, b) => b,
    }
}

impl<T> Candidates<T> {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The first entry in order of precedence whose open tests the request passes, `verified` of them being
    /// known to hold.
    #[inline]
    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
        verified: u32,
    ) -> Option<&'t Stored<T>> {
        match self {
            Self::None => None,
            Self::One(entry) => entry.fits(request, verified).then_some(entry),
            Self::List(list) => list
                .heads
                .iter()
                .find(|entry| entry.fits(request, verified))
                .map(|entry| &**entry),
            Self::Index(index) => index.find(request, hashing, verified),
        }
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        match self {
            Self::None => {}
            Self::One(entry) => visit(entry),
            Self::List(list) => list
                .groups
                .for_each(&mut |group| group.iter().for_each(&mut *visit)),
            Self::Index(index) => {
                index
                    .values
                    .for_each(&mut |bucket| bucket.entries.for_each(&mut *visit));
                index.rest.for_each(visit);
            }
        }
    }

    pub(super) fn insert(&mut self, entry: Arc<Stored<T>>, hashing: &Hashing) {
        self.insert_at(entry, hashing, 0);
    }

    fn insert_at(&mut self, entry: Arc<Stored<T>>, hashing: &Hashing, level: u32) {
        match self {
            Self::None => *self = Self::One(entry),
            Self::One(first) => {
                let mut list = List {
                    heads: Ranked::default(),
                    groups: Trie::default(),
                    next_try: SHORT + 1,
                };
                list.insert(first.clone());
                list.insert(entry);
                *self = Self::List(Arc::new(list));
            }
            Self::List(list) => {
                let list = Arc::make_mut(list);
                list.insert(entry);
                if list.heads.len() >= list.next_try && level < LEVELS {
                    match list.index(hashing, level) {
                        Some(index) => *self = Self::Index(Arc::new(index)),
                        None => list.next_try = list.heads.len().saturating_mul(2),
                    }
                }
            }
            Self::Index(index) => Arc::make_mut(index).insert(entry, hashing, level),
        }
    }

    /// Drops this very entry.
    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let emptied = match self {
            Self::None => return,
            Self::One(only) => Arc::ptr_eq(only, entry),
            Self::List(list) => Arc::make_mut(list).remove(entry),
            Self::Index(index) => Arc::make_mut(index).remove(entry, hashing),
        };
        if emptied {
            *self = Self::None;
        }
    }
}

impl<T> List<T> {
    fn insert(&mut self, entry: Arc<Stored<T>>) {
        let changed = self.groups.upsert(
            entry.identity(),
            |group| group.first().is_some_and(|first| first.same_tests(&entry)),
            || {
                let mut group = Ranked::default();
                group.insert(entry.clone());
                group
            },
            |group| {
                let before = group.first().cloned();
                let new = before
                    .as_ref()
                    .is_some_and(|first| Arc::ptr_eq(first, &entry));
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

    /// Drops an entry; true if none is left.
    fn remove(&mut self, entry: &Arc<Stored<T>>) -> bool {
        let mut changed = None;
        self.groups.edit(
            entry.identity(),
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

    /// The same entries by the part of the request that leaves fewest together, if that is worth it.
    fn index(&self, hashing: &Hashing, level: u32) -> Option<Index<T>> {
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
                    count(Part::Query(parameter.name.clone()), value.as_bytes());
                }
            }
        }
        let all = self.heads.len();
        let together = |values: &HashMap<&[u8], usize>| {
            let rest = all - values.values().sum::<usize>();
            rest + values.values().max().copied().unwrap_or_default()
        };
        let (part, values) = parts.iter().min_by_key(|(_, values)| together(values))?;
        if together(values) > all / 2 {
            return None;
        }
        let mut index = Index {
            on: part.clone(),
            values: Trie::default(),
            rest: Candidates::None,
        };
        self.groups.for_each(&mut |group| {
            group
                .iter()
                .for_each(|entry| index.insert(entry.clone(), hashing, level));
        });
        Some(index)
    }
}

impl<T> Index<T> {
    #[inline]
    fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
        verified: u32,
    ) -> Option<&'t Stored<T>> {
        let mut found = None;
        match &self.on {
            Part::Method => {
                let value = request.method.as_bytes();
                found = self.bucket(
                    hashing.hash_value(value),
                    |key| key == value,
                    request,
                    hashing,
                    verified,
                );
            }
            Part::Header(name) => {
                for value in request.request.header(name) {
                    let hash = hashing.hash_value(value);
                    found = better(
                        found,
                        self.bucket(hash, |key| key == value, request, hashing, verified),
                    );
                }
            }
            Part::Query(name) => {
                if let Some(raw) = request.query.and_then(|query| query::first(query, name)) {
                    found = if query::is_plain(raw) {
                        self.bucket(
                            hashing.hash_value(raw),
                            |key| key == raw,
                            request,
                            hashing,
                            verified,
                        )
                    } else {
                        let hash = hashing.hash_stream(query::Decoded::new(raw));
                        self.bucket(
                            hash,
                            |key| query::equals(raw, key),
                            request,
                            hashing,
                            verified,
                        )
                    };
                }
            }
        }
        better(found, self.rest.find(request, hashing, verified))
    }

    #[inline]
    fn bucket<'t, R: RequestView>(
        &'t self,
        hash: u64,
        is: impl Fn(&[u8]) -> bool,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
        verified: u32,
    ) -> Option<&'t Stored<T>> {
        let bucket = self
            .values
            .get(hash, |bucket| is(bucket.value.as_bytes()))?;
        bucket.entries.find(request, hashing, verified + 1)
    }

    fn insert(&mut self, entry: Arc<Stored<T>>, hashing: &Hashing, level: u32) {
        let Some(value) = self.on.value(&entry).map(Key::new) else {
            self.rest.insert_at(entry, hashing, level + 1);
            return;
        };
        self.values.upsert(
            hashing.hash_value(value.as_bytes()),
            |bucket| bucket.value.as_bytes() == value.as_bytes(),
            || Bucket {
                value: value.clone(),
                entries: Candidates::None,
            },
            |bucket| bucket.entries.insert_at(entry, hashing, level + 1),
        );
    }

    /// Drops an entry; true if none is left.
    fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) -> bool {
        match self.on.value(entry) {
            None => self.rest.remove(entry, hashing),
            Some(value) => self.values.edit(
                hashing.hash_value(value),
                |bucket| bucket.value.as_bytes() == value,
                |bucket| {
                    bucket.entries.remove(entry, hashing);
                    !bucket.entries.is_empty()
                },
            ),
        }
        self.rest.is_empty() && self.values.is_empty()
    }
}

impl Part {
    /// The value that an entry asks for at this part, if it is an exact one.
    fn value<'e, T>(&self, entry: &'e Stored<T>) -> Option<&'e [u8]> {
        let value = match self {
            Self::Method => return entry.method().map(str::as_bytes),
            Self::Header(name) => {
                &entry
                    .headers()
                    .iter()
                    .find(|header| header.name == *name)?
                    .value
            }
            Self::Query(name) => {
                &entry
                    .query()
                    .iter()
                    .find(|parameter| parameter.name == *name)?
                    .value
            }
        };
        match value {
            ValueMatch::Exact(value) => Some(value.as_bytes()),
            ValueMatch::RegularExpression(_) => None,
        }
    }
}
