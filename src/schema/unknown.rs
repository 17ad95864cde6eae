//! Fields that a channel does not have.

use super::{KindVersion, Path, Schema, find, object_meta};
use crate::meta::{Channel, Release};
use serde_json::{Map, Value};

/// A field that the schema does not have. A server drops it, or refuses it when asked to be strict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    path: String,
    name: String,
    nearest: Option<String>,
    experimental: bool,
}

impl UnknownField {
    /// The path to the field, its name at the end: `spec.rules[0].match`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The field's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The known field at this place whose name is nearest, if one is near enough to be meant.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }

    /// Whether the experimental channel has the field.
    #[must_use]
    pub fn is_experimental(&self) -> bool {
        self.experimental
    }
}

/// How many unknown fields of one object are named: hostile input could have millions.
pub const MOST_UNKNOWN: usize = 1_000;

/// The fields of a Gateway API object that the channel of the current release does not have, in the
/// order of the object, at most [`MOST_UNKNOWN`]. Empty for kinds of which the crate knows nothing.
#[must_use]
pub fn unknown_fields(object: &Value, channel: Channel) -> Vec<UnknownField> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let Some(kind) = find(text("apiVersion"), text("kind")) else {
        return Vec::new();
    };
    let schema = match kind.installation(Release::default(), channel) {
        Some(installation) => installation.schema(),
        // Not of this channel at all: what it has elsewhere is all that can be said.
        None => match kind.widest() {
            Some(schema) => schema,
            None => return Vec::new(),
        },
    };
    unknown_fields_of(object, kind, schema)
}

/// The fields of an object that this schema of its kind does not have, in the order of the object, at most
/// [`MOST_UNKNOWN`].
#[must_use]
pub fn unknown_fields_of(object: &Value, kind: &KindVersion, schema: &Schema) -> Vec<UnknownField> {
    let mut found = Vec::new();
    let Some(fields) = object.as_object() else {
        return found;
    };
    let wide = kind.widest();
    let root = Path::ROOT;
    for (name, value) in fields {
        let at = root.field(name);
        if name == "metadata" {
            walk(value, object_meta(), None, &at, &mut found);
        } else {
            let parent = Parent {
                fields,
                schema,
                wide,
            };
            field(name, value, parent, &root, &mut found);
        }
    }
    found
}

fn walk(
    value: &Value,
    schema: &Schema,
    wide: Option<&Schema>,
    at: &Path<'_>,
    found: &mut Vec<UnknownField>,
) {
    match value {
        Value::Object(fields) => {
            let parent = Parent {
                fields,
                schema,
                wide,
            };
            for (name, value) in fields {
                field(name, value, parent, at, found);
            }
        }
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                let wide = wide.and_then(|wide| wide.items.as_deref());
                for (index, element) in elements.iter().enumerate() {
                    walk(element, items, wide, &at.index(index), found);
                }
            }
        }
        _ => {}
    }
}

/// An object with its fields, and what its schema has.
#[derive(Clone, Copy)]
struct Parent<'a> {
    fields: &'a Map<String, Value>,
    schema: &'a Schema,
    /// All that any channel has.
    wide: Option<&'a Schema>,
}

impl Parent<'_> {
    /// The known field that is most likely meant by an unknown one: one of nearly the same name, or else that which
    /// belongs to the object's `type` (`replacePrefixMatch` with `type: ReplacePrefixMatch`), if it is missing.
    fn meant(&self, name: &str) -> Option<&str> {
        let known = || self.schema.properties.keys().map(String::as_str);
        nearest_name(name, known()).or_else(|| {
            let kind = self.fields.get("type")?.as_str()?;
            let mut missing = known().filter(|known| !self.fields.contains_key(*known));
            missing.find(|known| known.eq_ignore_ascii_case(kind))
        })
    }
}

fn field(
    name: &str,
    value: &Value,
    parent: Parent<'_>,
    at: &Path<'_>,
    found: &mut Vec<UnknownField>,
) {
    if found.len() >= MOST_UNKNOWN {
        return;
    }
    let Parent { schema, wide, .. } = parent;
    let at = at.field(name);
    let wide_field = || wide.and_then(|wide| wide.properties.get(name));
    if let Some(property) = schema.properties.get(name) {
        if value.is_object() || value.is_array() {
            walk(value, property, wide_field(), &at, found);
        }
    } else if let Some(values) = &schema.additional_properties {
        walk(value, values, None, &at, found);
    } else if !schema.properties.is_empty() {
        found.push(UnknownField {
            path: at.to_string(),
            name: name.to_owned(),
            nearest: parent.meant(name).map(str::to_owned),
            experimental: wide_field().is_some(),
        });
    }
}

/// Of the known names, the one that a misspelt name most likely means; none if none is near.
///
/// Near is a distance of at most a third of the name's length (insertions, deletions, changes and swaps
/// of neighbours, the case of letters counting little).
pub fn nearest_name<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Names in the API are short; a long one is no misspelling, and the distance is quadratic.
    if name.len() > 64 {
        return None;
    }
    let lower = name.to_lowercase();
    known
        .map(|candidate| {
            let folded = strsim::osa_distance(&lower, &candidate.to_lowercase());
            (
                folded * 2 + usize::from(candidate != name),
                folded,
                candidate,
            )
        })
        .filter(|(_, folded, candidate)| {
            *folded <= candidate.len().max(name.len()).div_ceil(3).min(4)
        })
        .min()
        .map(|(_, _, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn route(spec: &Value) -> Value {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": "a", "label": {}, "labels": {"a": "b"}}, "spec": spec, "sepc": {},
        })
    }

    #[test]
    fn unknown_fields_are_found_wherever_they_are() {
        let object = route(&json!({"rules": [{}, {"matches": [{"Path": {}, "zzz": 1}]}]}));
        let found: Vec<_> = unknown_fields(&object, Channel::Standard)
            .into_iter()
            .map(|u| (u.path, u.nearest))
            .collect();
        let near = |name: &str| Some(name.to_owned());
        assert!(found.contains(&("metadata.label".into(), near("labels"))));
        assert!(found.contains(&("sepc".into(), near("spec"))));
        assert!(found.contains(&("spec.rules[1].matches[0].Path".into(), near("path"))));
        assert!(found.contains(&("spec.rules[1].matches[0].zzz".into(), None)));
        assert_eq!(found.len(), 4);
    }

    /// HTTPPathModifier: "replacePrefixMatch specifies the value with which to replace the prefix match".
    #[test]
    fn in_place_of_the_missing_member_of_a_type_that_member_is_meant() {
        let path = |path: Value| {
            let spec = json!({"rules": [{"filters": [
                {"type": "RequestRedirect", "requestRedirect": {"path": path}}
            ]}]});
            let found = unknown_fields(&route(&spec), Channel::Standard);
            found
                .into_iter()
                .find(|u| u.name == "substitution")
                .unwrap()
                .nearest
        };
        let there =
            json!({"type": "ReplacePrefixMatch", "substitution": "/a", "replacePrefixMatch": "/b"});
        assert_eq!(path(there), None);
        let missing = json!({"type": "ReplacePrefixMatch", "substitution": "/a"});
        assert_eq!(path(missing).as_deref(), Some("replacePrefixMatch"));
    }

    #[test]
    fn a_field_of_the_experimental_channel_is_unknown_to_the_standard_one() {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "spec": {"rules": [{"timeouts": {"request": "1s"}}]},
        });
        let found = unknown_fields(&object, Channel::Standard);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path(), "spec.rules[0].timeouts");
        assert!(found[0].is_experimental());
        assert!(unknown_fields(&object, Channel::Experimental).is_empty());
    }

    #[test]
    fn of_countless_unknown_fields_the_first_are_named() {
        let spec: serde_json::Map<_, _> = (0..5_000).map(|n| (format!("x{n}"), json!(1))).collect();
        let found = unknown_fields(&route(&spec.into()), Channel::Standard);
        assert_eq!(found.len(), MOST_UNKNOWN);
    }
}
