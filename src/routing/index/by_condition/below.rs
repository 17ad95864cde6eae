//! The entries below one name.

use std::sync::Arc;

use super::by_part::PartIndex;
use super::depth::Depth;
use super::entries::{Change, Entries};
use super::part::RequestPart;
use crate::routing::index::hashed::hashing::Hashing;
use crate::routing::index::hashed::key::HashedKey;
use crate::routing::index::hit::Hit;
use crate::routing::index::prepared::Prepared;
use crate::routing::index::stored::Stored;
use crate::routing::request::lines::{have_value, line_has_value};
use crate::routing::request::query::Raw;
use crate::routing::request::view::RequestView;
use crate::same::same;

/// The entries below one name of a header or a query parameter.
#[derive(Clone)]
pub(in crate::routing::index) enum Below<E> {
    /// Those of the only value that is asked for, an exact one, as it is of most names. They are here and not in an index,
    /// so that a look-up reads one place of memory instead of three.
    Lone {
        value: HashedKey,
        entries: E,
    },
    Index(Arc<PartIndex<E>>),
}

impl<E: Entries> Below<E> {
    /// No entries yet, the first of which will ask for this value.
    pub(super) fn new(part: &RequestPart, value: Option<&[u8]>) -> Self {
        match value {
            Some(value) => Self::Lone {
                value: HashedKey::new(value),
                entries: E::default(),
            },
            None => Self::Index(Arc::new(PartIndex::new(part.clone()))),
        }
    }

    /// See [`Entries::load`], of the entries that ask for this value; without one, of those that ask for none.
    pub(super) fn load(&self, asked: Option<&[u8]>, hashing: &Hashing) -> usize {
        match self {
            Self::Lone { value, entries } if asked.is_some_and(|asked| value.is(asked)) => {
                entries.load()
            }
            Self::Lone { .. } => 0,
            Self::Index(index) => index.load(asked, hashing),
        }
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<E::Payload>>)) {
        match self {
            Self::Lone { entries, .. } => entries.for_each(visit),
            Self::Index(index) => index.for_each(visit),
        }
    }
}

impl<E: Entries> Below<E> {
    /// The entry that takes precedence, of those below the name of a header as it was sent.
    #[inline(always)]
    pub(super) fn find_by_header<'t, R: RequestView>(
        &'t self,
        name: &str,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        let (value, entries) = match self {
            Self::Index(index) => return index.find(request, hashing),
            Self::Lone { value, entries } => (value.as_bytes(), entries),
        };
        let sent = || request.request.header_named(name);
        let mut lines = sent();
        let line = lines.next()?;
        let fits = match lines.next() {
            // The canonical form, which the value has, is the shortest one.
            None => {
                same(line, value) || line.len() > value.len() && line_has_value(line, name, value)
            }
            Some(_) => have_value(sent(), name, value, request.repeated_header),
        };
        if !fits {
            return None;
        }
        entries.find(request, hashing)
    }

    /// The entry that takes precedence, for the value of the query parameter.
    #[inline(always)]
    pub(super) fn find_by_raw<'t, R: RequestView>(
        &'t self,
        raw: Raw<'_>,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        match self {
            Self::Index(index) => index.find_by_raw(Some(raw), request, hashing),
            Self::Lone { value, entries } if raw.equals(value.as_bytes()) => {
                entries.find(request, hashing)
            }
            Self::Lone { .. } => None,
        }
    }
}

impl<E: Change> Below<E> {
    /// Adds an entry that asks for this value there; without one, for none that is exact.
    pub(super) fn insert(
        &mut self,
        asked: Option<&[u8]>,
        part: &RequestPart,
        entry: &Arc<Stored<E::Payload>>,
        hashing: &Hashing,
        depth: Depth<'_>,
    ) {
        match self {
            Self::Lone { value, entries } if asked.is_some_and(|asked| value.is(asked)) => {
                entries.insert(entry, hashing, depth.below());
            }
            Self::Lone { entries, .. } => {
                let mut index = PartIndex::new(part.clone());
                entries.for_each(&mut |earlier| index.insert(earlier, hashing, depth));
                index.insert(entry, hashing, depth);
                *self = Self::Index(Arc::new(index));
            }
            Self::Index(index) => Arc::make_mut(index).insert(entry, hashing, depth),
        }
    }

    /// Removes an entry; true if none is left.
    pub(super) fn remove(&mut self, entry: &Arc<Stored<E::Payload>>, hashing: &Hashing) -> bool {
        match self {
            Self::Lone { entries, .. } => {
                entries.remove(entry, hashing);
                entries.is_empty()
            }
            Self::Index(index) => Arc::make_mut(index).remove(entry, hashing),
        }
    }
}
