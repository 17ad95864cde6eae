//! Sets of objects that are made up.

/// The controller that the tests act as.
pub(crate) const CONTROLLER: &str = "example.com/ours";
