//! Looking into JSON values without minding what is missing.

use serde_json::Value;

/// The text of a field.
pub(super) fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str()
}

/// Whether a field is there.
pub(super) fn has(value: &Value, field: &str) -> bool {
    value.get(field).is_some()
}

/// The elements of a list; none for anything else.
pub(super) fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The elements of a field that is a list.
pub(super) fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).map_or(&[], elements)
}

/// Whether exactly one element has a property, as CEL's `exists_one`.
pub(super) fn exactly_one(list: &[Value], mut property: impl FnMut(&Value) -> bool) -> bool {
    list.iter().filter(|element| property(element)).count() == 1
}
