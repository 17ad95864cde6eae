//! XBackend: `spec.port.port` and `status.parents` in v1.6, `spec.port.number` and `status.ancestors` since v1.7.0.

use super::fields::{Remarks, has_only, rename};
use crate::schema::{Path, Schema};
use serde_json::{Map, Value};

pub(super) fn port(
    port: &mut Map<String, Value>,
    schema: &Schema,
    at: &Path<'_>,
    found: &mut Remarks,
) {
    either_way(port, schema, ("port", "number"), at, found);
}

pub(super) fn status(
    status: &mut Map<String, Value>,
    schema: &Schema,
    at: &Path<'_>,
    found: &mut Remarks,
) {
    either_way(status, schema, ("parents", "ancestors"), at, found);
    for list in ["parents", "ancestors"] {
        let Some(items) = schema
            .properties
            .get(list)
            .and_then(|list| list.items.as_ref())
        else {
            continue;
        };
        let entries = status.get_mut(list).and_then(Value::as_array_mut);
        let at = at.field(list);
        for (index, entry) in entries.into_iter().flatten().enumerate() {
            if let Some(entry) = entry.as_object_mut() {
                let at = at.index(index);
                either_way(entry, items, ("parentRef", "ancestorRef"), &at, found);
            }
        }
    }
}

/// Gives a member the one of its two names that the schema has.
fn either_way(
    fields: &mut Map<String, Value>,
    schema: &Schema,
    (old, new): (&str, &str),
    at: &Path<'_>,
    found: &mut Remarks,
) {
    if has_only(schema, new, old) {
        rename(fields, (old, new), at, found);
    } else if has_only(schema, old, new) {
        rename(fields, (new, old), at, found);
    }
}
