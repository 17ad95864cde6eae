//! How optional lists are read.

use serde::{Deserialize, Deserializer};

/// Reads a list that a client may leave out. An explicit `null` counts as absent, as it does for the
/// API's own Go types.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<Vec<T>>::deserialize(deserializer).map(Option::unwrap_or_default)
}
