//! What the forms of all fields share: what comes up on the way, and members of an object that are set.

use crate::{
    conversion::{ConversionProblem, ConversionProblemKind as Problem, moves::Moves},
    schema::{Path, Schema},
};
use serde_json::{Map, Value};

/// What came up on the way.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// What cannot be brought into the release's form.
    pub(super) problems: Vec<ConversionProblem>,
    /// What is good to know.
    pub(super) notes: Vec<Note>,
    /// What stands elsewhere afterwards.
    pub(super) moves: Moves,
}

/// Something that is good to know of a field.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) path: String,
    pub(super) rule: &'static str,
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

impl Remarks {
    pub(super) fn problem(&mut self, path: impl ToString, problem: Problem) {
        self.problems
            .push(ConversionProblem::new(path.to_string(), problem));
    }
}

/// Whether the release has the first form of something, and not the second.
pub(super) fn has_only(schema: &Schema, first: &str, second: &str) -> bool {
    schema.properties.contains_key(first) && !schema.properties.contains_key(second)
}

/// Takes a member that is set: null counts as absent, and stays.
pub(super) fn take(fields: &mut Map<String, Value>, name: &str) -> Option<Value> {
    if fields.get(name)?.is_null() {
        return None;
    }
    fields.remove(name)
}

/// A member that is set.
pub(super) fn set<'v>(fields: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    fields.get(name).filter(|value| !value.is_null())
}

/// Renames a member of the object at a path, unless the new name is in use.
pub(super) fn rename(
    fields: &mut Map<String, Value>,
    (old, new): (&str, &str),
    at: &Path<'_>,
    found: &mut Remarks,
) {
    if set(fields, new).is_none()
        && let Some(value) = take(fields, old)
    {
        fields.insert(new.to_owned(), value);
        found.moves.add(at.field(old), at.field(new));
    }
}
