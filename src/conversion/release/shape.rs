//! A walk over an object along the schema that a release has of it, to what may be in a form of another release.

use super::{backend, gateway, session, supported_feature};
use crate::{
    conversion::{ConversionProblem, ConversionProblemKind as Problem},
    schema::{Path, Schema},
};
use serde_json::{Map, Value};

/// What came up on the way.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What cannot be brought into the release's form.
    pub(super) problems: Vec<ConversionProblem>,
    /// What is good to know.
    pub(super) notes: Vec<Note>,
}

/// Something that is good to know of a field.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) path: String,
    pub(super) rule: &'static str,
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

impl Found {
    pub(super) fn problem(&mut self, path: impl ToString, problem: Problem) {
        self.problems
            .push(ConversionProblem::new(path.to_string(), problem));
    }
}

/// Brings what the schema describes into the form that it asks for. What is in that form already is left alone.
pub(super) fn reshape(object: &mut Value, schema: &Schema, found: &mut Found) {
    node(object, schema, &Path::ROOT, found);
}

fn node(value: &mut Value, schema: &Schema, at: &Path<'_>, found: &mut Found) {
    match value {
        Value::Object(fields) => {
            match schema.type_name() {
                Some("SessionPersistence") => session::reshape(fields, schema, at, found),
                Some("GatewaySpec") => gateway::reshape(fields, schema, at, found),
                Some("BackendPort") => backend::port(fields, schema),
                Some("BackendStatus") => backend::status(fields, schema),
                Some("GatewayClassStatus") => supported_feature::reshape(fields, schema),
                _ => {}
            }
            for (name, value) in fields {
                if let Some(property) = schema.properties.get(name) {
                    node(value, property, &at.field(name), found);
                }
            }
        }
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                for (index, element) in elements.iter_mut().enumerate() {
                    node(element, items, &at.index(index), found);
                }
            }
        }
        _ => {}
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

/// Renames a member, unless the new name is in use.
pub(super) fn rename(fields: &mut Map<String, Value>, old: &str, new: &str) {
    if set(fields, new).is_none()
        && let Some(value) = take(fields, old)
    {
        fields.insert(new.to_owned(), value);
    }
}
