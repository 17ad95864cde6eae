//! The JSON type of a value in words, and what to write where it is not the one that a field has.

use crate::schema::ValueType;
use serde_json::Value;

/// The JSON type of a value, in a sentence.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// That a value has another type than it must have, and what would be right.
pub(super) fn type_wording(value: &Value, expected: ValueType) -> (String, String) {
    let article = match expected {
        ValueType::Object => "an object",
        ValueType::Array => "a list",
        ValueType::String => "a string",
        ValueType::Integer => "an integer",
        ValueType::Boolean => "true or false",
    };
    let help = match (expected, value) {
        (ValueType::String, Value::Number(_)) => format!("put it in quotes: \"{value}\""),
        // What was written is not known here.
        (ValueType::String, Value::Bool(true)) => {
            "quote the value as it is written: without quotes YAML reads `y`, `yes`, `on` and `true` all as true".to_owned()
        }
        (ValueType::String, Value::Bool(false)) => {
            "quote the value as it is written: without quotes YAML reads `n`, `no`, `off` and `false` all as false".to_owned()
        }
        (ValueType::Integer, Value::String(text)) if text.parse::<i64>().is_ok() => {
            format!("write it without quotes: {text}")
        }
        (ValueType::Array, _) => format!("write {article}, each entry with a `-`"),
        _ => format!("write {article}"),
    };
    let found = match value {
        Value::Bool(value) => format!("the boolean `{value}`"),
        value => type_of(value).to_owned(),
    };
    (format!("expected {article}, found {found}"), help)
}

/// What to write in place of a value that who could not read it says has another type than it must have.
pub(super) fn readable(said: &str) -> Option<String> {
    let found = said.strip_prefix("expected a string, found the ")?;
    let (_, found) = found.split_once('`')?;
    let (found, _) = found.split_once('`')?;
    let value: Value = serde_json::from_str(found).ok()?;
    let is_plain = matches!(value, Value::Bool(_) | Value::Number(_));
    is_plain.then(|| type_wording(&value, ValueType::String).1)
}
