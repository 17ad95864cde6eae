//! What lint takes for granted, and what comes of it.

use super::{
    budget::MAX_MATCHES,
    near::{Met, NearLimits},
    walk::MAX_HOPS,
};
use crate::{routing, validation::Report};
use std::collections::BTreeMap;

/// What [`lint`](super::lint()) takes for granted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LintOptions {
    /// Whether references are followed to objects that are not there. Not for a lone object, of whose neighbours nothing is known:
    /// what is wrong with it whatever they are is found all the same.
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
    /// With how many others each match is compared for one that takes all that it does; 1 024 by default. A match that has more of
    /// them is not looked at to the end, nor one with a longer path (in bytes), or with more conditions than a sixteenth of it.
    /// [`Linted::met`] says how many there are.
    pub max_compared: usize,
    /// How many regular expressions for paths are compared with other paths, in all; 4 000 by default. One comparison takes up to
    /// 0.1 ms, so that all of them take no longer than reading and compiling the expressions does.
    pub max_compared_patterns: usize,
    /// How often a client is redirected before nothing more is said of where that leads; 10 by default. Browsers give up
    /// after about 20.
    pub max_hops: usize,
}

impl Default for LintOptions {
    fn default() -> Self {
        Self {
            references: true,
            routing: routing::RouterOptions::default(),
            near: NearLimits::default(),
            max_matches: MAX_MATCHES,
            max_namespaces: 1_000_000,
            max_compared: 1_024,
            max_compared_patterns: 4_000,
            max_hops: MAX_HOPS,
        }
    }
}

/// What there is to say of a set of objects.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Linted<K> {
    /// A report for each object of which there is anything to say.
    pub reports: BTreeMap<K, Report>,
    /// The bounds of [`LintOptions`], or of [`PatternLimits::table`](crate::meta::PatternLimits::table), that were met: findings
    /// may lack their help, or be missing.
    pub met: Vec<Met>,
}
