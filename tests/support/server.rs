//! What an API server does with what it is sent, for servers in memory: merge patches, and fields that a schema does not have.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "shared by tests"
)]

use gwapi::schema::Schema;
use serde_json::{Value, json};

/// Applies a JSON merge patch (RFC 7386).
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in members {
        match value {
            Value::Null => _ = target.as_object_mut().unwrap().remove(key),
            value => merge(&mut target[key], value),
        }
    }
}

/// Takes out of a value what a schema does not have.
pub(crate) fn prune(value: &mut Value, schema: &Schema) {
    match value {
        Value::Array(items) => {
            let of_items = schema.items.as_deref();
            items
                .iter_mut()
                .for_each(|item| prune(item, of_items.unwrap()));
        }
        Value::Object(members) if !schema.properties.is_empty() => {
            let is_root = schema.properties.contains_key("spec");
            members.retain(|key, _| {
                schema.properties.contains_key(key)
                    || (is_root && matches!(key.as_str(), "apiVersion" | "kind" | "metadata"))
            });
            for (key, value) in members {
                if !(is_root && key == "metadata") {
                    schema
                        .properties
                        .get(key)
                        .into_iter()
                        .for_each(|schema| prune(value, schema));
                }
            }
        }
        _ => {}
    }
}

/// Server-side apply over what another field manager has as well: maps and lists with keys take what comes, and nothing goes.
pub(crate) fn co_own(present: &mut Value, applied: &Value) {
    match applied {
        Value::Object(members) => {
            for (name, member) in members {
                let key = match name.as_str() {
                    "conditions" => "/type",
                    "listeners" => "/name",
                    "supportedFeatures" => "",
                    _ => {
                        co_own(&mut present[name.as_str()], member);
                        continue;
                    }
                };
                let list = &mut present[name.as_str()];
                if list.is_null() {
                    *list = json!([]);
                }
                for item in member.as_array().unwrap() {
                    let list = list.as_array_mut().unwrap();
                    match list
                        .iter()
                        .position(|one| one.pointer(key) == item.pointer(key))
                    {
                        Some(at) => co_own(&mut list[at], item),
                        None => list.push(item.clone()),
                    }
                }
            }
        }
        other => *present = other.clone(),
    }
}
