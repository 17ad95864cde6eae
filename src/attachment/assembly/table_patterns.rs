//! Which routes find a place in a table whose regular expressions may take no more than a limit.

use crate::{
    attachment::RouteId,
    meta::{PatternLimits, RoutePatterns, TableBudget, TableFull},
};
use std::collections::BTreeMap;

/// The routes of one table that have regular expressions.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct TablePatterns {
    /// The size of each route's own expressions, in bytes.
    sizes: BTreeMap<RouteId, usize>,
    /// The sum of these: no less than what the table takes, since an expression of several routes counts for each.
    total: usize,
    full: BTreeMap<RouteId, TableFull>,
}

impl TablePatterns {
    /// Judges all routes of a table that have regular expressions, which are in order of seniority.
    pub(in crate::attachment) fn judge<'a>(
        routes: impl Iterator<Item = (&'a RouteId, &'a RoutePatterns)>,
        limits: &PatternLimits,
    ) -> Self {
        let mut judged = Self::default();
        let mut budget = TableBudget::new(limits);
        for (id, patterns) in routes {
            judged.note(id, Some(patterns));
            if let Err(full) = budget.take(patterns) {
                judged.full.insert(id.clone(), full);
            }
        }
        judged
    }

    /// Notes that a route has come, changed or gone. True if that may change the verdict on some route: all are to be
    /// judged again.
    pub(in crate::attachment) fn change(
        &mut self,
        id: &RouteId,
        new: Option<&RoutePatterns>,
        limits: &PatternLimits,
    ) -> bool {
        let before = self.total;
        self.note(id, new);
        before > limits.table || self.total > limits.table
    }

    fn note(&mut self, id: &RouteId, new: Option<&RoutePatterns>) {
        let size = new.map(RoutePatterns::size).filter(|size| *size > 0);
        let before = match size {
            Some(size) => self.sizes.insert(id.clone(), size),
            None => self.sizes.remove(id),
        };
        self.total = self
            .total
            .saturating_sub(before.unwrap_or_default())
            .saturating_add(size.unwrap_or_default());
    }

    /// Why there is no place for a route, if there is none.
    pub(in crate::attachment) fn full(&self, id: &RouteId) -> Option<TableFull> {
        self.full.get(id).copied()
    }

    /// The routes for which there is no place.
    pub(in crate::attachment) fn rejected(&self) -> impl Iterator<Item = (&RouteId, &TableFull)> {
        self.full.iter()
    }
}
