//! How far to look for near misses.

/// How many objects are looked at for one that is nearly meant, and how many are named at most.
pub(super) const MOST_LOOKED_AT: usize = 1_000;

/// How many of a kind are named.
pub(super) const MOST_NAMED: usize = 8;

/// Bounds on what looking for near misses may cost. What is beyond them is not looked at: the last ones of very many
/// references that fail have no hint. [`Near::met`](super::Near::met) says which bound was met, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NearLimits {
    /// How many objects are looked at in all; 50 000 by default. A set may have as many references that fail as it has
    /// objects.
    pub max_objects: usize,
    /// How many listeners are asked whether they would take a request; 64 by default.
    pub max_listeners: usize,
}

impl Default for NearLimits {
    fn default() -> Self {
        Self {
            max_objects: 50_000,
            max_listeners: 64,
        }
    }
}

/// A bound that was met: hints or findings may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Met {
    /// The bound, as the field of [`NearLimits`] or [`LintOptions`](crate::lint::LintOptions) is called.
    pub bound: &'static str,
    /// What the bound allows.
    pub most: usize,
    /// How many references, requests, selectors, or tables of listeners and Services were not looked at to the end.
    pub cut_short: usize,
}
