//! Entries by the names that they ask for. A look-up goes through the names that the request carries, and not through
//! those that the table knows.

use std::collections::HashMap;
use std::sync::Arc;

use super::by_part::Index;
use super::candidates::{Candidates, Depth, Hit, better};
use super::hashing::Hashing;
use super::parameters::parameters;
use super::part::{Named, Part};
use super::prepared::Prepared;
use super::stored::Stored;
use super::table::{Keyed, Table};
use super::texts::Texts;
use crate::routing::request::query::Decoded;
use crate::routing::request::view::RequestView;

/// Entries by one header or query parameter that each of them asks for, whatever its name.
///
/// Of the several that an entry asks for, it stands below the one that the fewest others stand below: of `env: prod`,
/// which many have, and `user: 7`, which only one has, below the latter.
pub(super) struct Names<T> {
    /// By names of headers, in lower case.
    headers: Texts<Index<T>>,
    /// By names of query parameters, decoded.
    query: Texts<Index<T>>,
    /// Entries that ask for no name that would tell them apart.
    rest: Candidates<T>,
    /// Below which of its names an entry stands: the same for all with the same tests.
    places: Table<Place>,
    /// Names by which the way to here was chosen: all entries ask for the same there.
    settled: Arc<[Part]>,
    len: usize,
}

#[derive(Clone, Copy)]
struct Place {
    /// A hash of the tests. Should two sets of tests have the same one, they have one place, which is as good.
    tests: u64,
    /// Which of the names.
    at: usize,
    /// How many entries have these tests.
    count: usize,
}

impl Keyed for Place {
    fn hash(&self, _: &Hashing) -> u64 {
        self.tests
    }
}

impl<T: Clone> Clone for Names<T> {
    fn clone(&self) -> Self {
        Self {
            headers: self.headers.clone(),
            query: self.query.clone(),
            rest: self.rest.clone(),
            places: self.places.clone(),
            settled: self.settled.clone(),
            len: self.len,
        }
    }
}

impl<T> Names<T> {
    /// No entries, at this position.
    pub(super) fn new(depth: Depth<'_>) -> Self {
        Self {
            headers: Texts::default(),
            query: Texts::default(),
            rest: Candidates::None,
            places: Table::default(),
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
    ) -> Option<Hit<'t, T>> {
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
    ) -> Option<Hit<'t, T>> {
        let mut found = None;
        let mut before: Option<&Index<T>> = None;
        for name in request.request.header_names() {
            let Some(index) = self.header(name.as_bytes(), hashing) else {
                continue;
            };
            // Lines of one name mostly follow each other; one look is enough for all of them.
            if !before.is_some_and(|before| std::ptr::eq(before, index)) {
                found = better(found, index.find(request, hashing));
            }
            before = Some(index);
        }
        found
    }

    /// The entries that ask for a header of this name, which may have capitals.
    fn header(&self, name: &[u8], hashing: &Hashing) -> Option<&Index<T>> {
        #[cfg(test)]
        super::work::note(|work| work.names += 1);
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
    ) -> Option<Hit<'t, T>> {
        let mut found = None;
        for parameter in parameters(query.as_bytes()) {
            #[cfg(test)]
            super::work::note(|work| work.names += 1);
            let raw = parameter.name;
            let index = if raw.plain {
                self.query.get(raw.value, hashing)
            } else {
                let hash = || hashing.hash_stream(Decoded::new(raw.value));
                self.query.get_where(hash, |text| raw.equals(text))
            };
            if let Some(index) = index
                && request.is_first(&parameter)
            {
                let value = Some(parameter.value());
                found = better(found, index.find_by_raw(value, request, hashing));
            }
        }
        found
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.headers
            .for_each(&mut |index| index.for_each(&mut *visit));
        self.query
            .for_each(&mut |index| index.for_each(&mut *visit));
        self.rest.for_each(visit);
    }

    /// The names that may tell an entry from others here.
    fn names<'e>(&self, entry: &'e Stored<T>) -> impl Iterator<Item = Named<'e>> {
        let open = |named: &Named<'_>| !self.settled.iter().any(|part| named.is(part));
        Named::of(entry).filter(open)
    }

    /// Below which of its names a new entry had best stand.
    fn choose(&self, entry: &Stored<T>, hashing: &Hashing) -> Option<usize> {
        let load = |named: Named<'_>| {
            let index = match named {
                Named::Header(header) => self.headers.get(header.name.as_str().as_bytes(), hashing),
                Named::Query(parameter) => self.query.get(parameter.name.as_bytes(), hashing),
            };
            index.map_or(0, |index| index.load(named.value(), hashing))
        };
        let names = self.names(entry).enumerate();
        // Where an exact value and a pattern are as good, the exact value: it needs no test any more.
        let best = names.min_by_key(|(_, named)| (load(*named), named.value().is_none()));
        Some(best?.0)
    }
}

impl<T: Clone> Names<T> {
    pub(super) fn insert(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing, depth: Depth<'_>) {
        self.len += 1;
        let Some(named) = self.take_place(entry, hashing) else {
            return self.rest.insert(entry, hashing, depth.beside());
        };
        let part = named.part();
        let above = depth.by(&part);
        let depth = depth.led_by(&above);
        let new = || Index::new(part.clone());
        let insert = |index: &mut Index<T>| index.insert(entry, hashing, depth);
        match named {
            Named::Header(header) => {
                let name = header.name.as_str().as_bytes();
                self.headers.upsert(name, hashing, new, insert);
            }
            Named::Query(parameter) => {
                let name = parameter.name.as_bytes();
                self.query.upsert(name, hashing, new, insert);
            }
        }
    }

    /// The name below which an entry that comes is to stand, if any.
    fn take_place<'e>(&mut self, entry: &'e Stored<T>, hashing: &Hashing) -> Option<Named<'e>> {
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
            || Place {
                tests,
                at,
                count: 0,
            },
            |place| place.count += 1,
        );
        self.names(entry).nth(at)
    }

    /// The name below which an entry that goes has stood, if any.
    fn leave_place<'e>(&mut self, entry: &'e Stored<T>, hashing: &Hashing) -> Option<Named<'e>> {
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
    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) -> bool {
        self.len = self.len.saturating_sub(1);
        let remove = |index: &mut Index<T>| !index.remove(entry, hashing);
        match self.leave_place(entry, hashing) {
            Some(Named::Header(header)) => {
                let name = header.name.as_str().as_bytes();
                self.headers.edit(name, hashing, remove);
            }
            Some(Named::Query(parameter)) => {
                self.query.edit(parameter.name.as_bytes(), hashing, remove);
            }
            None => self.rest.remove(entry, hashing),
        }
        self.rest.is_empty() && self.headers.is_empty() && self.query.is_empty()
    }
}

/// How many entries ask for the same: what an index would leave together.
pub(super) struct Sharing<'e> {
    /// By part, then by value; `None` for a pattern.
    parts: HashMap<Part, HashMap<Option<&'e [u8]>, usize>>,
}

impl<'e> Sharing<'e> {
    /// Counts what entries ask for, but for what all entries at this position ask for.
    pub(super) fn of<T: 'e>(
        entries: impl Iterator<Item = &'e Arc<Stored<T>>>,
        depth: Depth<'_>,
    ) -> Self {
        let mut parts: HashMap<Part, HashMap<_, usize>> = HashMap::new();
        for named in entries.flat_map(|entry| Named::of(entry)) {
            let values = parts.entry(named.part()).or_default();
            *values.entry(named.value()).or_default() += 1;
        }
        for part in depth.settled() {
            parts.remove(part);
        }
        Self { parts }
    }

    /// The header or parameter that divides this many entries best, and how many stay together: those with the
    /// commonest value, and those that ask for none.
    pub(super) fn by_part(&self, all: usize, depth: Depth<'_>) -> Option<(usize, Part)> {
        if !depth.may_choose_a_name() {
            return None;
        }
        let together = |values: &HashMap<Option<&[u8]>, usize>| {
            let exact = || values.iter().filter(|(value, _)| value.is_some());
            let largest = exact().map(|(_, count)| *count).max()?;
            Some(all - exact().map(|(_, count)| *count).sum::<usize>() + largest)
        };
        let parts = self.parts.iter();
        let counted = parts.filter_map(|(part, values)| Some((together(values)?, part)));
        let (together, part) = counted.min_by_key(|(together, _)| *together)?;
        Some((together, part.clone()))
    }

    /// How many entries stay together where each stands below the one of its names that the fewest before it stand
    /// below: the most that one name is chosen by, and those that have no name. `None` if none has.
    pub(super) fn by_names<T: 'e>(
        &self,
        entries: impl Iterator<Item = &'e Arc<Stored<T>>>,
    ) -> Option<usize> {
        let (mut largest, mut nameless) = (None, 0);
        let mut chosen: HashMap<(Part, Option<&[u8]>), usize> = HashMap::new();
        for entry in entries {
            let open = Named::of(entry).map(|named| (named.part(), named.value()));
            let open = open.filter(|(part, _)| self.parts.contains_key(part));
            let loads = open.map(|name| (chosen.get(&name).copied().unwrap_or_default(), name));
            match loads.min_by_key(|(load, (_, value))| (*load, value.is_none())) {
                Some((load, name)) => {
                    chosen.insert(name, load + 1);
                    largest = largest.max(Some(load + 1));
                }
                None => nameless += 1,
            }
        }
        Some(largest? + nameless)
    }
}
