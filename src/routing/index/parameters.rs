//! The parameters of a query one after the other, and an index of them for a look-up that asks for many.

use std::cell::{Cell, OnceCell};

use super::hashed::hashing::Hashing;
use crate::routing::request::query::{self, DecodedBytes, Raw};

/// A parameter of a query.
#[derive(Clone, Copy)]
pub(in crate::routing) struct Parameter<'q> {
    /// Where it begins and ends in the query.
    at: usize,
    end: usize,
    pub(in crate::routing) name: Raw<'q>,
    value: &'q [u8],
}

impl<'q> Parameter<'q> {
    fn new(query: &'q [u8], at: usize, end: usize) -> Self {
        let (name, value) = query::parts(query.get(at..end).unwrap_or_default());
        let name = Raw::new(name);
        Self {
            at,
            end,
            name,
            value,
        }
    }

    pub(in crate::routing) fn value(&self) -> Raw<'q> {
        Raw::new(self.value)
    }

    fn hash(&self, hashing: &Hashing) -> u64 {
        if self.name.plain {
            hashing.hash_value(self.name.value)
        } else {
            hashing.hash_stream(DecodedBytes::new(self.name.value))
        }
    }
}

/// The parameters of a query in their order.
pub(in crate::routing) fn parameters(query: &[u8]) -> impl Iterator<Item = Parameter<'_>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        loop {
            let at = next;
            let rest = query.get(at..).filter(|rest| !rest.is_empty())?;
            let len = memchr::memchr(b'&', rest).unwrap_or(rest.len());
            next = at + len + 1;
            if len > 0 {
                return Some(Parameter::new(query, at, at + len));
            }
        }
    })
}

/// Whether no parameter before this one has its name.
pub(in crate::routing) fn is_first(query: &[u8], parameter: &Parameter<'_>) -> bool {
    let before = query.get(..parameter.at).unwrap_or_default();
    parameters(before).all(|earlier| !earlier.name.means(&parameter.name))
}

/// A query that takes long to search. After a few searches in one look-up it gets an index, so that the time of a look-up
/// is in proportion to the query, and not to the query times the parameters that are asked for.
pub(in crate::routing) struct LongQuery<'q> {
    query: &'q [u8],
    hashing: &'q Hashing,
    searches: Cell<usize>,
    index: OnceCell<ParameterIndex>,
}

impl<'q> LongQuery<'q> {
    /// The shortest query for which this is worth the stack that it takes, in bytes.
    pub(in crate::routing) const LEAST: usize = 128;
    /// How often a query is searched before it gets an index.
    pub(super) const SEARCHES: usize = 4;

    pub(in crate::routing) fn new(query: &'q str, hashing: &'q Hashing) -> Self {
        Self {
            query: query.as_bytes(),
            hashing,
            searches: Cell::new(0),
            index: OnceCell::new(),
        }
    }

    /// The raw value of the first parameter of this name.
    #[inline(never)]
    pub(in crate::routing) fn first(&self, name: &str) -> Option<Raw<'q>> {
        let searches = self.searches.get();
        if searches < Self::SEARCHES {
            self.searches.set(searches + 1);
            #[cfg(test)]
            super::work::note(|work| work.searches += 1);
            return query::first(self.query, name);
        }
        let hash = self.hashing.hash_value(name.as_bytes());
        let is = |sent: &Parameter<'q>| sent.name.equals(name.as_bytes());
        let slot = self.index().find(self.query, hash, is)?;
        Some(Raw {
            value: slot.parameter(self.query).value,
            plain: slot.plain,
        })
    }

    /// Whether no parameter before this one has its name.
    pub(in crate::routing) fn is_first(&self, parameter: &Parameter<'q>) -> bool {
        let hash = parameter.hash(self.hashing);
        let is = |sent: &Parameter<'q>| sent.name.means(&parameter.name);
        let found = self.index().find(self.query, hash, is);
        found.is_none_or(|slot| slot.parameter(self.query).at == parameter.at)
    }

    fn index(&self) -> &ParameterIndex {
        self.index
            .get_or_init(|| ParameterIndex::of(self.query, self.hashing))
    }
}

/// Where the first parameter of each name is, in a hash table with open addressing that is at most half full.
#[expect(
    clippy::large_enum_variant,
    reason = "on the stack: a look-up does not allocate for any query that is not very long"
)]
enum ParameterIndex {
    Small([ParameterSlot; ParameterIndex::SMALL]),
    Large(Box<[ParameterSlot]>),
}

#[derive(Clone, Copy, Default)]
struct ParameterSlot {
    /// Where the parameter begins, and where it ends: not before 1, so that 0 stands for no parameter.
    at: u32,
    end: u32,
    /// Whether its value is what was sent.
    plain: bool,
}

impl ParameterSlot {
    fn parameter<'q>(&self, query: &'q [u8]) -> Parameter<'q> {
        let number = |n: u32| usize::try_from(n).unwrap_or_default();
        Parameter::new(query, number(self.at), number(self.end))
    }
}

impl ParameterIndex {
    /// For as many parameters as half of this, nothing is allocated.
    const SMALL: usize = 2048;

    fn of(query: &[u8], hashing: &Hashing) -> Self {
        #[cfg(test)]
        super::work::note(|work| work.searches += 1);
        let most = memchr::memchr_iter(b'&', query).count() + 1;
        let mut index = if most <= Self::SMALL / 2 {
            Self::Small([ParameterSlot::default(); Self::SMALL])
        } else {
            Self::Large(vec![ParameterSlot::default(); most.saturating_mul(2)].into())
        };
        for parameter in parameters(query) {
            index.insert(query, &parameter, hashing);
        }
        index
    }

    fn slots(&self) -> &[ParameterSlot] {
        match self {
            Self::Small(slots) => slots,
            Self::Large(slots) => slots,
        }
    }

    /// Notes a parameter, unless there is an earlier one of its name.
    fn insert(&mut self, query: &[u8], parameter: &Parameter<'_>, hashing: &Hashing) {
        let hash = parameter.hash(hashing);
        let is = |sent: &Parameter<'_>| sent.name.means(&parameter.name);
        let (place, found) = self.probe(query, hash, is);
        if found.is_some() {
            return;
        }
        let (Ok(at), Ok(end)) = (u32::try_from(parameter.at), u32::try_from(parameter.end)) else {
            return;
        };
        let slots = match self {
            Self::Small(slots) => &mut slots[..],
            Self::Large(slots) => slots,
        };
        if let Some(slot) = slots.get_mut(place) {
            *slot = ParameterSlot {
                at,
                end,
                plain: parameter.value().plain,
            };
        }
    }

    fn find<'q>(
        &self,
        query: &'q [u8],
        hash: u64,
        is: impl Fn(&Parameter<'q>) -> bool,
    ) -> Option<&ParameterSlot> {
        self.probe(query, hash, is).1
    }

    /// The slot of the parameter that `is` knows, or the one where it would be.
    fn probe<'q>(
        &self,
        query: &'q [u8],
        hash: u64,
        is: impl Fn(&Parameter<'q>) -> bool,
    ) -> (usize, Option<&ParameterSlot>) {
        let slots = self.slots();
        let size = slots.len();
        let mut at = usize::try_from(hash >> 32).unwrap_or_default() % size;
        loop {
            match slots.get(at) {
                Some(slot) if slot.end > 0 => {
                    if is(&slot.parameter(query)) {
                        return (at, Some(slot));
                    }
                }
                _ => return (at, None),
            }
            at = if at + 1 == size { 0 } else { at + 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// A query with an index says of each name what a search says, however the names are written and repeated.
        #[test]
        fn an_index_finds_what_a_search_finds(
            query in "(([ab+=]|%6[12]|%zz){0,3}&?){0,60}",
            long in any::<bool>(),
        ) {
            let hashing = Hashing::default();
            let query = if long { format!("{}{query}", "x=%20&".repeat(1500)) } else { query };
            let indexed = LongQuery::new(&query, &hashing);
            indexed.searches.set(LongQuery::SEARCHES);
            for name in ["", "a", "b", "aa", "a b", "+", "%zz", "x", "ab", "none"] {
                let found = indexed.first(name).map(|raw| (raw.value, raw.plain));
                let searched = query::first(query.as_bytes(), name);
                prop_assert_eq!(found, searched.map(|raw| (raw.value, raw.plain)), "{}", name);
            }
            for parameter in parameters(query.as_bytes()).step_by(if long { 97 } else { 1 }) {
                let first = is_first(query.as_bytes(), &parameter);
                prop_assert_eq!(indexed.is_first(&parameter), first);
            }
        }
    }
}
