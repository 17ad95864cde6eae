//! The objects whose status may have to be written.

use crate::meta::ObjectRef;
use std::collections::BTreeSet;

/// The objects whose status may have to be written.
#[derive(Clone, Debug, Default)]
pub(super) enum PendingStatuses {
    /// All that are there: nobody has asked yet what is due, or everything may be different. Nothing is kept of them, so that
    /// whoever never asks does not pay for the answer.
    #[default]
    All,
    These(BTreeSet<ObjectRef>),
}

impl PendingStatuses {
    pub(super) fn add(&mut self, reference: &ObjectRef) {
        if let Self::These(pending) = self
            && !pending.contains(reference)
        {
            pending.insert(reference.clone());
        }
    }
}
