//! What several rules ask of values.

use crate::schema::{Defaulted, Elements};
use std::cmp::Ordering;

/// Whether exactly one element has a property, as CEL's `exists_one`.
pub(super) fn exactly_one(
    list: Elements<'_>,
    mut property: impl FnMut(Defaulted<'_>) -> bool,
) -> bool {
    list.iter().filter(|element| property(*element)).count() == 1
}

/// A name whose case does not matter, such as that of a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded<'a>(pub(super) &'a str);

impl Folded<'_> {
    fn letters(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Folded<'_> {}

impl PartialOrd for Folded<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Folded<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.letters().cmp(other.letters())
    }
}
