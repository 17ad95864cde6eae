//! Counts the work of a look-up, for tests: answers do not show what an index saves.

use std::cell::Cell;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::routing) struct Work {
    /// Entries whose tests were made.
    pub(in crate::routing) entries: usize,
    /// Patterns that were tried one by one.
    pub(in crate::routing) patterns: usize,
    /// Texts that were hashed, or blocks of them.
    pub(in crate::routing) hashes: usize,
    /// Bytes that were hashed.
    pub(in crate::routing) bytes: usize,
    /// Names of the request that were looked up.
    pub(in crate::routing) names: usize,
    /// Times that a query was searched for a parameter.
    pub(in crate::routing) searches: usize,
}

thread_local! {
    static DONE: Cell<Work> = const {
        Cell::new(Work {
            entries: 0,
            patterns: 0,
            hashes: 0,
            bytes: 0,
            names: 0,
            searches: 0,
        })
    };
}

/// Notes work of this thread.
pub(in crate::routing) fn note(add: impl FnOnce(&mut Work)) {
    DONE.with(|done| {
        let mut work = done.get();
        add(&mut work);
        done.set(work);
    });
}

/// The work that this thread does in `run`.
pub(in crate::routing) fn of<R>(run: impl FnOnce() -> R) -> (R, Work) {
    DONE.with(Cell::take);
    let result = run();
    (result, DONE.with(Cell::take))
}
