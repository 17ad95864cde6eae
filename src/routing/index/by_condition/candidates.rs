//! The entries that share a hostname and a path match, indexed by what tells them apart.

use std::sync::Arc;

use super::by_name::NameIndex;
use super::by_part::PartIndex;
use super::depth::Depth;
use super::divide::Divider;
use super::entries::{Change, Entries};
use super::list::EntryList;
use crate::routing::index::hashed::hashing::Hashing;
use crate::routing::index::hit::{Hit, better};
use crate::routing::index::pattern_set::PatternSet;
use crate::routing::index::prepared::Prepared;
use crate::routing::index::stored::Stored;
use crate::routing::request::view::RequestView;

#[derive(Default)]
pub(in crate::routing::index) enum Candidates<T> {
    #[default]
    None,
    /// A single entry whose conditions were all checked on the way down, with the payload that a look-up returns, so that
    /// the entry itself is not read.
    Sure {
        payload: T,
        entry: Arc<Stored<T>>,
    },
    /// A single entry with conditions that are not checked yet.
    One(Arc<Stored<T>>),
    List(Arc<EntryList<T>>),
    Index(Arc<PartIndex<Self>>),
    Names(Arc<NameIndex<Self>>),
    Patterns(Arc<PatternSet<Self>>),
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
            Self::Names(names) => Self::Names(names.clone()),
            Self::Patterns(set) => Self::Patterns(set.clone()),
        }
    }
}

impl<T> Entries for Candidates<T> {
    type Payload = T;

    #[inline]
    fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    #[inline(always)]
    fn find<'t, R: RequestView>(
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
    fn find_open<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        match self {
            Self::None => None,
            Self::Sure { payload, entry } => Some(Hit { payload, entry }),
            Self::One(entry) => entry.fits(request).then(|| Hit::from(entry)),
            Self::List(list) => list.find(request),
            Self::Index(index) => index.find(request, hashing),
            Self::Names(names) => names.find(request, hashing),
            Self::Patterns(set) => find_by_pattern(set, request, hashing),
        }
    }

    fn load(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Sure { .. } | Self::One(_) => 1,
            Self::List(list) => list.len(),
            Self::Index(index) => index.len(),
            Self::Names(names) => names.len(),
            Self::Patterns(set) => set.len(),
        }
    }

    fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        match self {
            Self::None => {}
            Self::Sure { entry, .. } | Self::One(entry) => visit(entry),
            Self::List(list) => list.for_each(visit),
            Self::Index(index) => index.for_each(visit),
            Self::Names(names) => names.for_each(visit),
            Self::Patterns(set) => set.for_each(&mut |entries| entries.for_each(&mut *visit)),
        }
    }
}

impl<T: Clone> Change for Candidates<T> {
    fn insert(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing, depth: Depth<'_>) {
        match self {
            Self::None if entry.tests() == depth.verified => {
                *self = Self::Sure {
                    payload: entry.payload.clone(),
                    entry: entry.clone(),
                }
            }
            Self::None => *self = Self::One(entry.clone()),
            Self::Sure { entry: first, .. } | Self::One(first) => {
                let mut list = EntryList::new();
                list.insert(first, hashing);
                list.insert(entry, hashing);
                *self = Self::List(Arc::new(list));
            }
            Self::List(list) => {
                let list = Arc::make_mut(list);
                list.insert(entry, hashing);
                if let Some(divider) = list.divider(depth) {
                    let mut divided = Self::divided_by(divider, depth);
                    list.for_each(&mut |entry| divided.insert(entry, hashing, depth));
                    *self = divided;
                }
            }
            Self::Index(index) => Arc::make_mut(index).insert(entry, hashing, depth),
            Self::Names(names) => Arc::make_mut(names).insert(entry, hashing, depth),
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

    fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let emptied = match self {
            Self::None => return,
            Self::Sure { entry: lone, .. } | Self::One(lone) => Arc::ptr_eq(lone, entry),
            Self::List(list) => Arc::make_mut(list).remove(entry, hashing),
            Self::Index(index) => Arc::make_mut(index).remove(entry, hashing),
            Self::Names(names) => Arc::make_mut(names).remove(entry, hashing),
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

impl<T> Candidates<T> {
    /// No entries yet, to be told apart by this.
    fn divided_by(divider: Divider, depth: Depth<'_>) -> Self {
        match divider {
            Divider::Part(part) => Self::Index(Arc::new(PartIndex::new(part))),
            Divider::Names => Self::Names(Arc::new(NameIndex::new(depth))),
            Divider::Patterns => Self::Patterns(Arc::default()),
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
