//! The rows of the bench.

mod library;
mod serve;
mod verbs;

use crate::measure::Cost;
use std::time::Duration;

/// A row: its name, the cost at so many times its size (nothing where it cannot be run here), and the most that it may
/// take at four times its size, in seconds and megabytes.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) run: Box<dyn Fn(usize) -> Option<Cost>>,
    pub(crate) most: (u64, u64),
    /// Where the API lets nothing be larger than four times the size: the most that it may take then. How it grows does not
    /// matter.
    pub(crate) largest: Option<Duration>,
}

impl Row {
    fn with_largest(self, largest: Duration) -> Self {
        Self {
            largest: Some(largest),
            ..self
        }
    }
}

fn row(
    name: impl Into<String>,
    most: (u64, u64),
    run: impl Fn(usize) -> Option<Cost> + 'static,
) -> Row {
    Row {
        name: name.into(),
        run: Box::new(run),
        most,
        largest: None,
    }
}

/// All rows.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = library::library();
    rows.extend(verbs::verbs());
    rows.extend(serve::served());
    rows
}
