//! What follows from an object that an API server refuses: its own error says what is wrong, and is told once.

use crate::input::{Problem, Problems, Severity};
use gwapi::{
    meta::{GroupVersionKind, ObjectRef},
    rules::set as rules,
};
use std::collections::{BTreeSet, HashSet};

/// The objects with errors, and the fields that these are about.
pub(super) struct Refused {
    objects: BTreeSet<String>,
    fields: HashSet<(String, usize, usize, String)>,
}

/// What is said of an object that was given and that an API server refuses.
pub(super) const LEFT_OUT: &str = " was given, but is left out";

impl Refused {
    /// Of the errors that are said.
    pub(super) fn of(problems: &Problems) -> Self {
        let errors = problems.kept.iter();
        let errors = errors.filter(|problem| problem.severity == Severity::Error);
        let mut refused = Self {
            objects: BTreeSet::new(),
            fields: HashSet::new(),
        };
        for error in errors {
            let named = &error.object;
            let of = |namespace: &str| {
                let object = ObjectRef {
                    group: GroupVersionKind::from_api_version(&named.api_version, &named.kind)
                        .group,
                    kind: named.kind.clone(),
                    namespace: namespace.to_owned(),
                    name: named.name.clone(),
                };
                object.to_string()
            };
            refused.objects.insert(of(&named.namespace));
            if named.namespace.is_empty() {
                refused.objects.insert(of("default"));
            }
            refused.fields.insert(field(error));
        }
        refused
    }

    /// Whether the errors say what a problem says: that an object is left out which has one, or that a listener is invalid for a
    /// field with one.
    pub(super) fn tells(&self, problem: &Problem) -> bool {
        let of_object = problem.message.split_once(LEFT_OUT);
        of_object.is_some_and(|(object, _)| self.objects.contains(object))
            || problem.rule == rules::LISTENER_VALID.id && self.fields.contains(&field(problem))
    }
}

/// Where a problem is, and the field.
fn field(problem: &Problem) -> (String, usize, usize, String) {
    let (file, path) = (problem.file.clone(), problem.path.clone());
    (file, problem.line, problem.column, path)
}
