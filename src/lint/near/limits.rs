//! How far to look for near misses.

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
    /// How many objects are looked at for one reference or request; 1 000 by default. Of ReferenceGrants it is the entries
    /// of `from`, each with each of `to`, that count.
    pub max_candidates: usize,
    /// How many listeners are asked whether they would take a request; 64 by default.
    pub max_listeners: usize,
    /// How many routes that are left out are tried for one request; 8 by default. Each is put among the others and the request
    /// is answered again, which takes as long as the set is large.
    pub max_tried: usize,
}

impl Default for NearLimits {
    fn default() -> Self {
        Self {
            max_objects: 50_000,
            max_candidates: 1_000,
            max_listeners: 64,
            max_tried: 8,
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
    /// How many references, requests, selectors, matches, regular expressions, or tables of listeners and Services were not
    /// looked at to the end.
    pub cut_short: usize,
}

impl Met {
    /// Whether the bound is one of [`NearLimits`], so that hints may be missing and no findings.
    #[must_use]
    pub fn concerns_hints(&self) -> bool {
        matches!(
            self.bound,
            "max_objects" | "max_candidates" | "max_listeners" | "max_tried"
        )
    }
}
