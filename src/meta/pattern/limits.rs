//! How large regular expressions may be.

/// How large regular expressions may be when compiled, in bytes (see [`Pattern::size`](super::Pattern::size)).
///
/// One route may hold 4 224 of them, and a few characters such as `\w{50}` take a megabyte and milliseconds to
/// compile: without limits one small object takes gigabytes. What exceeds a limit is named by validation and by the
/// route's status alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternLimits {
    /// For one regular expression; [`PATTERN`](Self::PATTERN) by default.
    pub pattern: usize,
    /// For all distinct ones of one route together; [`ROUTE`](Self::ROUTE) by default. They are counted in the order
    /// in which they stand in the route: headers, method, path and query parameters of each match. One that
    /// exceeds the limit is rejected, and a smaller one after it may be accepted.
    pub route: usize,
    /// For all distinct ones of one routing table together; [`TABLE`](Self::TABLE) by default. Routes are counted in order
    /// of seniority, and one that exceeds the limit is rejected there: see [`TableBudget`](super::TableBudget).
    pub table: usize,
}

impl PatternLimits {
    /// 1 MiB: enough for `\w{50}` or `[0-9A-Za-z_]{11000}`.
    pub const PATTERN: usize = 1 << 20;
    /// 8 MiB: enough for 4 224 patterns such as `/users/[0-9]+/orders/[^/]+`, or for 200 with two `\w+` each. Compiling
    /// as much takes about half a second, and 100 MB at most.
    pub const ROUTE: usize = 8 << 20;
    /// 32 MiB: four routes at the limit of a route, or some 20 000 patterns such as `/users/[0-9]+/orders/[^/]+`.
    pub const TABLE: usize = 32 << 20;
}

impl Default for PatternLimits {
    fn default() -> Self {
        Self {
            pattern: Self::PATTERN,
            route: Self::ROUTE,
            table: Self::TABLE,
        }
    }
}
