//! What lint takes for granted, and what comes of it.

use super::near::{Met, NearLimits};
use crate::{routing, validation::Report};
use std::collections::BTreeMap;

/// What [`lint`](super::lint()) takes for granted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LintOptions {
    /// Whether references are followed. Not for a lone object, of whose neighbours nothing is known.
    pub references: bool,
    /// How a data plane would decide what the specification leaves open.
    pub routing: routing::RouterOptions,
    /// How far to look for what a reference that fails was nearly meant to name.
    pub near: NearLimits,
    /// How many matches are looked at for what no request reaches, at all listeners and Services together and once for
    /// each hostname; and once more as many for redirects in circles. 500 000 by default: a table that does not fit into
    /// the rest is passed over, and [`Linted::met`] says how many were.
    pub max_matches: usize,
    /// How many Namespaces selectors of listeners are compared with, in all, each selector once with every one. 1 000 000 by
    /// default: a selector for which the rest is too little is passed over, and [`Linted::met`] says how many were.
    pub max_namespaces: usize,
}

impl Default for LintOptions {
    fn default() -> Self {
        Self {
            references: true,
            routing: routing::RouterOptions::default(),
            near: NearLimits::default(),
            max_matches: 500_000,
            max_namespaces: 1_000_000,
        }
    }
}

/// What there is to say of a set of objects.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Linted<K> {
    /// A report for each object of which there is anything to say.
    pub reports: BTreeMap<K, Report>,
    /// The bounds of [`LintOptions`] that were met: findings may lack their help, or be missing.
    pub met: Vec<Met>,
}
