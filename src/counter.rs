//! Counts of work, for tests: what costs more than it should gives the right result all the same.

use std::{cell::Cell, thread::LocalKey};

/// How often something was done in this thread.
pub(crate) struct Counter(&'static LocalKey<Cell<usize>>);

impl Counter {
    pub(crate) const fn new(count: &'static LocalKey<Cell<usize>>) -> Self {
        Self(count)
    }

    pub(crate) fn add(&self, more: usize) {
        self.0.set(self.0.get() + more);
    }

    /// The count since this was last called.
    pub(crate) fn take(&self) -> usize {
        self.0.take()
    }
}

/// Declares a [`Counter`] by its name.
macro_rules! counter {
    ($(#[doc = $doc:literal])+ $visible:vis $name:ident) => {
        $(#[doc = $doc])+
        $visible static $name: $crate::counter::Counter = {
            thread_local! {
                static COUNT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
            }
            $crate::counter::Counter::new(&COUNT)
        };
    };
}

pub(crate) use counter;
