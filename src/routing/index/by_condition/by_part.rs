//! Entries by the value that they ask for at one part of the request.

use std::sync::Arc;

use http::HeaderName;

use super::depth::Depth;
use super::entries::{Change, Entries};
use super::part::RequestPart;
use crate::routing::index::hashed::hashing::Hashing;
use crate::routing::index::hashed::texts::TextMap;
use crate::routing::index::hit::{Hit, better};
use crate::routing::index::prepared::Prepared;
use crate::routing::index::stored::Stored;
use crate::routing::options::RepeatedHeader;
use crate::routing::request::lines::{canonical, is_canonical};
use crate::routing::request::query;
use crate::routing::request::view::RequestView;

/// Entries by the value that they ask for at one part of the request.
#[derive(Clone)]
pub(in crate::routing::index) struct PartIndex<E> {
    on: RequestPart,
    values: TextMap<E>,
    /// Entries that do not ask for an exact value there.
    rest: E,
    len: usize,
}

impl<E: Entries> PartIndex<E> {
    /// An index without entries.
    pub(super) fn new(on: RequestPart) -> Self {
        Self {
            on,
            values: TextMap::default(),
            rest: E::default(),
            len: 0,
        }
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// See [`E::load`], of the entries that ask for this value; without one, of those that ask for none.
    pub(super) fn load(&self, value: Option<&[u8]>, hashing: &Hashing) -> usize {
        match value {
            Some(value) => self.values.get(value, hashing).map_or(0, E::load),
            None => self.rest.load(),
        }
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<E::Payload>>)) {
        self.values.for_each_entry(&mut *visit);
        self.rest.for_each(visit);
    }

    #[inline(always)]
    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        match &self.on {
            RequestPart::Header(name) => self.find_by_header(name, request, hashing),
            RequestPart::Query(name) => self.find_by_parameter(name, request, hashing),
            RequestPart::Method => self.find_by_value(request.method.as_bytes(), request, hashing),
        }
    }

    // Separate functions that are not inlined, so that each gets its own register allocation (measured).

    #[inline(never)]
    fn find_by_header<'t, R: RequestView>(
        &'t self,
        name: &HeaderName,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        let mut value = None;
        for line in request.request.header(name) {
            if value.is_some() {
                return self.find_by_lines(name, request, hashing);
            }
            value = Some(line);
        }
        let found = match value {
            Some(value) => match self.of_value(value, request, hashing) {
                None if !is_canonical(value, name.as_str()) => {
                    return self.find_by_lines(name, request, hashing);
                }
                found => found,
            },
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
    ) -> Option<Hit<'t, E::Payload>> {
        if let Some(long) = request.long_query {
            return self.find_by_raw(long.first(name.as_str()), request, hashing);
        }
        #[cfg(test)]
        crate::routing::index::work::note(|work| work.searches += 1);
        let found = match request.query.and_then(|query| name.first(query)) {
            Some(raw) if raw.plain => self.of_value(raw.value, request, hashing),
            Some(raw) => return self.find_encoded(raw, request, hashing),
            None => None,
        };
        self.or_rest(found, request, hashing)
    }

    /// As [`find_by_parameter`](Self::find_by_parameter), for a value that has been found.
    #[inline(never)]
    pub(super) fn find_by_raw<'t, R: RequestView>(
        &'t self,
        raw: Option<query::Raw<'_>>,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        let found = match raw {
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
    ) -> Option<Hit<'t, E::Payload>> {
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
    ) -> Option<Hit<'t, E::Payload>> {
        self.values.at(value, hashing)?.find(request, hashing)
    }

    /// Of what there is for the request's value and what asks for none, the one that takes precedence.
    #[inline(always)]
    fn or_rest<'t, R: RequestView>(
        &'t self,
        found: Option<Hit<'t, E::Payload>>,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        if self.rest.is_empty() {
            return found;
        }
        better(found, self.rest.find_open(request, hashing))
    }

    /// As [`find_by_header`](Self::find_by_header), for a header of several lines, or of one that is not in canonical form.
    #[inline(never)]
    fn find_by_lines<'t, R: RequestView>(
        &'t self,
        name: &HeaderName,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        let found = match request.repeated_header {
            RepeatedHeader::AnyLine => {
                let lines = request.request.header(name);
                lines.fold(None, |found, line| {
                    let value = || canonical(std::iter::once(line), name.as_str());
                    better(found, self.of_stream(value, request, hashing))
                })
            }
            RepeatedHeader::Combined => {
                let value = || canonical(request.request.header(name), name.as_str());
                self.of_stream(value, request, hashing)
            }
        };
        self.or_rest(found, request, hashing)
    }

    /// As [`of_value`](Self::of_value), for a value that comes byte by byte.
    fn of_stream<'t, R: RequestView, V: Iterator<Item = u8>>(
        &'t self,
        value: impl Fn() -> V,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        let hash = || hashing.hash_stream(value());
        let is = |text: &[u8]| value().eq(text.iter().copied());
        self.values.get_where(hash, is)?.find(request, hashing)
    }

    /// As [`find_by_parameter`](Self::find_by_parameter), for a value that is encoded.
    #[inline(never)]
    fn find_encoded<'t, R: RequestView>(
        &'t self,
        raw: query::Raw<'_>,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        let hash = || hashing.hash_stream(query::DecodedBytes::new(raw.value));
        let entries = self.values.get_where(hash, |text| raw.equals(text));
        let found = entries.and_then(|entries| entries.find(request, hashing));
        self.or_rest(found, request, hashing)
    }
}

impl<E: Change> PartIndex<E> {
    pub(super) fn insert(
        &mut self,
        entry: &Arc<Stored<E::Payload>>,
        hashing: &Hashing,
        depth: Depth<'_>,
    ) {
        self.len += 1;
        let Some(value) = self.on.value(entry) else {
            return self.rest.insert(entry, hashing, depth.beside());
        };
        let above = depth.by(&self.on);
        let depth = depth.below().led_by(&above);
        self.values.insert(value, entry, hashing, depth);
    }

    /// Removes an entry; true if none is left.
    pub(super) fn remove(&mut self, entry: &Arc<Stored<E::Payload>>, hashing: &Hashing) -> bool {
        self.len = self.len.saturating_sub(1);
        match self.on.value(entry) {
            None => self.rest.remove(entry, hashing),
            Some(value) => self.values.remove(value, entry, hashing),
        }
        self.rest.is_empty() && self.values.is_empty()
    }
}
