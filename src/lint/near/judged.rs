//! What validation says of a route that was looked at.

use crate::{attachment::RouteId, validation::Finding};
use std::collections::BTreeSet;

/// What validation says of a route.
#[derive(Debug)]
pub(super) struct JudgedRoute {
    pub(super) route: RouteId,
    pub(super) findings: Vec<Finding>,
    /// The rules that it says are invalid.
    pub(super) rules: BTreeSet<usize>,
}
