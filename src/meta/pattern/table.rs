//! The regular expressions of one routing table, within a limit.

use std::collections::HashSet;

use super::{Pattern, PatternLimits, RoutePatterns, error::bytes};

/// Divides among routes what the regular expressions of one routing table may take
/// ([`PatternLimits::table`]): a listener's, or that of a Service for the clients of one namespace.
///
/// Routes are asked in order of seniority. One that exceeds what the older ones leave is rejected as a whole, and a smaller one
/// after it may be accepted. An expression that several routes have counts once.
#[derive(Clone, Debug)]
pub struct TableBudget {
    limit: usize,
    used: usize,
    counted: HashSet<Pattern>,
}

impl TableBudget {
    /// A table without routes.
    #[must_use]
    pub fn new(limits: &PatternLimits) -> Self {
        Self {
            limit: limits.table,
            used: 0,
            counted: HashSet::new(),
        }
    }

    /// Takes the accepted expressions of the next route.
    ///
    /// # Errors
    /// When they exceed what is left. Nothing is taken then.
    pub fn take(&mut self, route: &RoutePatterns) -> Result<(), TableFull> {
        let new = || route.accepted().filter(|p| !self.counted.contains(*p));
        let size = new().map(Pattern::size).fold(0, usize::saturating_add);
        let left = self.limit.saturating_sub(self.used);
        if size > left {
            let limit = self.limit;
            return Err(TableFull { size, left, limit });
        }
        let new: Vec<Pattern> = new().cloned().collect();
        self.counted.extend(new);
        self.used += size;
        Ok(())
    }
}

/// The regular expressions of a route exceed what older routes leave of the limit of a table. Shown as a part of a sentence
/// about the route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the regular expressions of the route take about {} when compiled, and older routes leave {} of the {} that one routing table may take (`PatternLimits::table`, which `--max-table-patterns` of the command raises)",
    bytes(*size),
    bytes(*left),
    bytes(*limit)
)]
pub struct TableFull {
    size: usize,
    left: usize,
    limit: usize,
}

impl TableFull {
    /// The size of those expressions of the route that no older route has, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// What older routes leave, in bytes.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left
    }

    /// [`PatternLimits::table`].
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::PatternStore;

    #[test]
    fn a_table_takes_routes_until_it_is_full_and_counts_an_expression_once() {
        let route = |texts: &[&str]| {
            let (limits, store) = (PatternLimits::default(), PatternStore::default());
            RoutePatterns::of(texts.iter().copied(), &limits, &store)
        };
        let one = Pattern::new("a.*").unwrap().size();
        let limits = PatternLimits {
            table: 3 * one,
            ..PatternLimits::default()
        };
        let mut budget = TableBudget::new(&limits);
        assert_eq!(budget.take(&route(&["a.*", "b.*"])), Ok(()));
        let full = budget.take(&route(&["b.*", "c.*", "d.*"])).unwrap_err();
        assert_eq!(
            (full.size(), full.left(), full.limit()),
            (2 * one, one, 3 * one)
        );
        assert_eq!(budget.take(&route(&["b.*", "d.*", "("])), Ok(()));
        assert_eq!(budget.take(&route(&["a.*", "b.*", "d.*"])), Ok(()));
        assert!(budget.take(&route(&["e.*"])).is_err());
        assert_eq!(budget.take(&RoutePatterns::default()), Ok(()));
    }
}
