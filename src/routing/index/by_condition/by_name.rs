//! Entries by the names that they ask for. A look-up goes through the names that the request carries, and not through
//! those that the table knows.

use std::sync::Arc;

use super::below::Below;
use super::depth::Depth;
use super::entries::{Change, Entries};
use super::part::{Named, RequestPart};
use crate::routing::index::hashed::hashing::Hashing;
use crate::routing::index::hashed::table::{HashTable, Keyed};
use crate::routing::index::hashed::texts::TextMap;
use crate::routing::index::hit::{Hit, better};
use crate::routing::index::parameters::parameters;
use crate::routing::index::prepared::Prepared;
use crate::routing::index::stored::Stored;
use crate::routing::request::query::DecodedBytes;
use crate::routing::request::view::RequestView;

/// Entries by one header or query parameter that each of them asks for, whatever its name.
///
/// Of the several that an entry asks for, it stands below the one that the fewest others stand below: of `env: prod`,
/// which many have, and `user: 7`, which only one has, below the latter.
#[derive(Clone)]
pub(in crate::routing::index) struct NameIndex<E> {
    /// By names of headers, in lower case.
    headers: TextMap<Below<E>>,
    /// By names of query parameters, decoded.
    query: TextMap<Below<E>>,
    /// Entries that ask for no name that would tell them apart.
    rest: E,
    /// Below which of its names an entry stands: the same for all with the same tests.
    places: HashTable<TestsPlace>,
    /// Names by which the way to here was chosen: all entries ask for the same there.
    settled: Arc<[RequestPart]>,
    len: usize,
}

#[derive(Clone, Copy)]
struct TestsPlace {
    /// A hash of the tests. Should two sets of tests have the same one, they have one place, which is as good.
    tests: u64,
    /// Which of the names.
    at: usize,
    /// How many entries have these tests.
    count: usize,
}

impl Keyed for TestsPlace {
    fn hash(&self, _: &Hashing) -> u64 {
        self.tests
    }
}

impl<E: Entries> NameIndex<E> {
    /// No entries, at this position.
    pub(super) fn new(depth: Depth<'_>) -> Self {
        Self {
            headers: TextMap::default(),
            query: TextMap::default(),
            rest: E::default(),
            places: HashTable::default(),
            settled: depth.settled().cloned().collect(),
            len: 0,
        }
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Of the entries that a name of the request leads to, and those that ask for none, the one that takes precedence.
    #[inline(never)]
    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        let mut found = self.rest.find_open(request, hashing);
        if !self.headers.is_empty() {
            found = better(found, self.find_by_headers(request, hashing));
        }
        if let Some(query) = request.query
            && !self.query.is_empty()
        {
            found = better(found, self.find_by_query(query, request, hashing));
        }
        found
    }

    fn find_by_headers<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        let mut found = None;
        let mut before: Option<&Below<E>> = None;
        for name in request.request.header_names() {
            let Some(below) = self.header(name.as_bytes(), hashing) else {
                continue;
            };
            // Lines of one name mostly follow each other; one look is enough for all of them.
            if !before.is_some_and(|before| std::ptr::eq(before, below)) {
                found = better(found, below.find_by_header(name, request, hashing));
            }
            before = Some(below);
        }
        found
    }

    /// The entries that ask for a header of this name, which may have capitals.
    fn header(&self, name: &[u8], hashing: &Hashing) -> Option<&Below<E>> {
        #[cfg(test)]
        crate::routing::index::work::note(|work| work.names += 1);
        if !name.iter().any(u8::is_ascii_uppercase) {
            return self.headers.get(name, hashing);
        }
        let lower = || name.iter().map(u8::to_ascii_lowercase);
        let hash = || hashing.hash_stream(lower());
        self.headers
            .get_where(hash, |text| text.eq_ignore_ascii_case(name))
    }

    fn find_by_query<'t, R: RequestView>(
        &'t self,
        query: &str,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, E::Payload>> {
        let mut found = None;
        for parameter in parameters(query.as_bytes()) {
            #[cfg(test)]
            crate::routing::index::work::note(|work| work.names += 1);
            let raw = parameter.name;
            let below = if raw.plain {
                self.query.get(raw.value, hashing)
            } else {
                let hash = || hashing.hash_stream(DecodedBytes::new(raw.value));
                self.query.get_where(hash, |text| raw.equals(text))
            };
            if let Some(below) = below
                && request.is_first(&parameter)
            {
                let value = parameter.value();
                found = better(found, below.find_by_raw(value, request, hashing));
            }
        }
        found
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<E::Payload>>)) {
        self.headers
            .for_each(&mut |below| below.for_each(&mut *visit));
        self.query
            .for_each(&mut |below| below.for_each(&mut *visit));
        self.rest.for_each(visit);
    }

    /// The names that may tell an entry from others here.
    fn names<'e>(&self, entry: &'e Stored<E::Payload>) -> impl Iterator<Item = Named<'e>> {
        let open = |named: &Named<'_>| !self.settled.iter().any(|part| named.is(part));
        Named::of(entry).filter(open)
    }

    /// Below which of its names a new entry had best stand.
    fn choose(&self, entry: &Stored<E::Payload>, hashing: &Hashing) -> Option<usize> {
        let load = |named: Named<'_>| match named {
            Named::Header(header) => {
                let below = self.headers.get(header.name.as_str().as_bytes(), hashing);
                below.map_or(0, |below| below.load(named.value(), hashing))
            }
            Named::Query(parameter) => {
                let below = self.query.get(parameter.name.as_bytes(), hashing);
                below.map_or(0, |below| below.load(named.value(), hashing))
            }
        };
        let names = self.names(entry).enumerate();
        // Where an exact value and a pattern are as good, the exact value: it needs no test any more.
        let best = names.min_by_key(|(_, named)| (load(*named), named.value().is_none()));
        Some(best?.0)
    }
}

impl<E: Change> NameIndex<E> {
    pub(super) fn insert(
        &mut self,
        entry: &Arc<Stored<E::Payload>>,
        hashing: &Hashing,
        depth: Depth<'_>,
    ) {
        self.len += 1;
        let Some(named) = self.take_place(entry, hashing) else {
            return self.rest.insert(entry, hashing, depth.beside());
        };
        let part = named.part();
        let above = depth.by(&part);
        let depth = depth.led_by(&above);
        let value = named.value();
        match named {
            Named::Header(header) => {
                let name = header.name.as_str().as_bytes();
                let new = || Below::new(&part, value);
                self.headers.upsert(name, hashing, new, |below| {
                    below.insert(value, &part, entry, hashing, depth);
                });
            }
            Named::Query(parameter) => {
                let name = parameter.name.as_bytes();
                let new = || Below::new(&part, value);
                self.query.upsert(name, hashing, new, |below| {
                    below.insert(value, &part, entry, hashing, depth);
                });
            }
        }
    }

    /// The name below which an entry that comes is to stand, if any.
    fn take_place<'e>(
        &mut self,
        entry: &'e Stored<E::Payload>,
        hashing: &Hashing,
    ) -> Option<Named<'e>> {
        self.names(entry).next()?;
        let tests = entry.identity(hashing);
        let known = self.places.get(|| tests, |place| place.tests == tests);
        let at = match known {
            Some(place) => place.at,
            None => self.choose(entry, hashing)?,
        };
        self.places.upsert(
            tests,
            hashing,
            |place| place.tests == tests,
            || TestsPlace {
                tests,
                at,
                count: 0,
            },
            |place| place.count += 1,
        );
        self.names(entry).nth(at)
    }

    /// The name below which an entry that goes has stood, if any.
    fn leave_place<'e>(
        &mut self,
        entry: &'e Stored<E::Payload>,
        hashing: &Hashing,
    ) -> Option<Named<'e>> {
        self.names(entry).next()?;
        let tests = entry.identity(hashing);
        let mut at = None;
        self.places.edit(
            tests,
            hashing,
            |place| place.tests == tests,
            |place| {
                at = Some(place.at);
                place.count = place.count.saturating_sub(1);
                place.count > 0
            },
        );
        self.names(entry).nth(at?)
    }

    /// Removes an entry; true if none is left.
    pub(super) fn remove(&mut self, entry: &Arc<Stored<E::Payload>>, hashing: &Hashing) -> bool {
        self.len = self.len.saturating_sub(1);
        match self.leave_place(entry, hashing) {
            Some(Named::Header(header)) => {
                let name = header.name.as_str().as_bytes();
                self.headers
                    .edit(name, hashing, |below| !below.remove(entry, hashing));
            }
            Some(Named::Query(parameter)) => {
                let name = parameter.name.as_bytes();
                self.query
                    .edit(name, hashing, |below| !below.remove(entry, hashing));
            }
            None => self.rest.remove(entry, hashing),
        }
        self.rest.is_empty() && self.headers.is_empty() && self.query.is_empty()
    }
}
