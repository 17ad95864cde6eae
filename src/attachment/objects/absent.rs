//! Objects that others refer to and that are not there.

use crate::meta::ObjectRef;
use std::fmt;

/// That an object is not there; shown as a sentence for people.
pub(in crate::attachment) struct Absent<'a> {
    reference: &'a ObjectRef,
    /// Whether it was given, and an API server would refuse it.
    left_out: bool,
}

impl<'a> Absent<'a> {
    pub(in crate::attachment) fn new(reference: &'a ObjectRef, left_out: bool) -> Self {
        Self {
            reference,
            left_out,
        }
    }
}

impl fmt::Display for Absent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reference = self.reference;
        if self.left_out {
            write!(f, "{reference} was given, but is left out")
        } else {
            write!(f, "{reference} does not exist")
        }
    }
}
