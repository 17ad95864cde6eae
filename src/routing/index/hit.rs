//! What a look-up found, and which of two findings takes precedence.

use std::sync::Arc;

use super::stored::Stored;

/// What a look-up found: an entry, and its payload wherever it lies.
pub(in crate::routing) struct Hit<'t, T> {
    pub(in crate::routing) payload: &'t T,
    pub(in crate::routing) entry: &'t Arc<Stored<T>>,
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
