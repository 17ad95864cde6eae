//! Objects that others refer to and that are not there.

use crate::meta::ObjectRef;
use std::fmt;

/// That an object is not there; shown as a sentence for people.
pub(crate) struct Absent<'a> {
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

impl Absent<'_> {
    /// The same of an object that a set of manifests leaves out, and that a cluster may have.
    pub(crate) fn of_set(&self) -> String {
        let ObjectRef { kind, .. } = self.reference;
        if self.left_out {
            self.to_string()
        } else {
            format!(
                "{kind} `{}` is not in the set",
                self.reference.namespaced_name()
            )
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
