//! The rank of entries whose matches are equally specific.

use std::sync::Arc;
use std::time::SystemTime;

use crate::meta::Age;

/// The rank of entries whose matches are equally specific: the older route comes first, then the first by
/// `namespace/name` (together they are [`Seniority`](crate::meta::Seniority)), then the earlier rule, then the
/// earlier match. The smaller one wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// When the route was created.
    pub age: Age,
    /// The route as `namespace/name`.
    pub route: Arc<str>,
    /// The index of the rule in its route.
    pub rule: u32,
    /// The index of the match in its rule.
    pub index: u32,
}

impl Rank {
    /// The rank of a match of a route whose age is unknown.
    pub fn new(route: impl Into<Arc<str>>, rule: u32, index: u32) -> Self {
        Self {
            age: Age::UNKNOWN,
            route: route.into(),
            rule,
            index,
        }
    }

    /// The rank with the route's time of creation.
    #[must_use]
    pub fn created(mut self, at: SystemTime) -> Self {
        self.age = Age::since(at);
        self
    }
}
