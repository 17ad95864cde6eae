//! The law: reading an object and writing it again changes nothing, except that explicit nulls, empty
//! optional lists and fields that the types do not know come back absent; and that where an API server takes a null
//! for the empty text or object (a label, an item of a list, in core kinds and in `metadata`), that is what comes back. There
//! the standard types also write every member that they require, such as `metadata`: empty where it is absent. A whole number
//! that was written with a fraction of zero (`80.0`) comes back without it, where the type is an integer.
//!
//! Shared with the fuzz target `read_manifest`.
#![allow(dead_code, reason = "the fuzz target uses a part")]

use gwapi::{
    manifest::{self, Object, ReadOptions},
    meta::{self, Channel},
    schema,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Times are written in whole seconds UTC, whatever the zone and fraction in which they were read.
const TIMES: [&str; 3] = [
    "lastTransitionTime",
    "creationTimestamp",
    "deletionTimestamp",
];

/// Members that the standard Kubernetes types fill in where a required one is missing: those of
/// conditions and of label selectors, and nothing of the Gateway API's own.
const FILLED_IN: [&str; 7] = [
    "lastTransitionTime",
    "message",
    "reason",
    "status",
    "type",
    "key",
    "operator",
];

/// What is decoded must come back as it was; says whether the value could be decoded.
pub(crate) fn holds(input: &Value) -> Result<bool, String> {
    let Ok(object) = manifest::decode(input) else {
        return Ok(false);
    };
    let output = serde_json::to_value(&object).map_err(|e| e.to_string())?;
    let text = |key: &str| input[key].as_str().unwrap_or_default();
    let group = text("apiVersion").split('/').next().unwrap_or_default();
    let own = [meta::GROUP, meta::EXPERIMENTS_GROUP].contains(&group);
    // Of the Gateway API the schema says what is unknown; of core kinds only the decoder can.
    let unknown: BTreeSet<String> = match schema::find(text("apiVersion"), text("kind")) {
        Some(kind) => {
            let unknown = schema::fields_of_no_release(input, kind);
            unknown.iter().map(|f| f.path().to_owned()).collect()
        }
        None => manifest::unread_fields(input).into_iter().collect(),
    };
    compare(input, &output, "", &unknown, !own)?;
    // What has been written once is written the same ever after.
    let again = manifest::decode(&output).map_err(|e| format!("not read again: {e}"))?;
    if again != object && !matches!(object, Object::Other(_)) {
        return Err("read again, the object is another".to_owned());
    }
    Ok(true)
}

/// Nothing may differ at all, not even a null.
pub(crate) fn holds_exactly(input: &Value) {
    let object = manifest::decode(input).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(&serde_json::to_value(&object).unwrap(), input);
}

fn compare(
    input: &Value,
    output: &Value,
    path: &str,
    unknown: &BTreeSet<String>,
    core: bool,
) -> Result<(), String> {
    let empty_for_null = core || path == "metadata" || path.starts_with("metadata.");
    match (input, output) {
        (Value::Object(input), Value::Object(output)) => {
            for (key, value) in input {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                match output.get(key) {
                    Some(written) if TIMES.contains(&key.as_str()) && written.is_string() => {}
                    Some(written) => compare(value, written, &below, unknown, core)?,
                    None if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => {}
                    None if unknown.iter().any(|u| same_path(u, &below)) => {}
                    None => return Err(format!("{below}: {value} was lost")),
                }
            }
            for (key, value) in output {
                let standard = path.contains("conditions[") || path.contains("matchExpressions[");
                let filled_in = standard && FILLED_IN.contains(&key.as_str());
                let required = empty_for_null && is_empty(value);
                if !input.contains_key(key) && !filled_in && !required {
                    return Err(format!("{path}: {key}: {value} was added"));
                }
            }
            Ok(())
        }
        (Value::Array(input), Value::Array(output)) if input.len() == output.len() => {
            for (index, (input, output)) in input.iter().zip(output).enumerate() {
                let at = format!("{path}[{index}]");
                compare(input, output, &at, unknown, core)?;
            }
            Ok(())
        }
        (Value::Null, _) if path.contains("conditions[") || path.contains("matchExpressions[") => {
            Ok(())
        }
        (Value::Null, _) if empty_for_null && is_empty(output) => Ok(()),
        _ if input == output => Ok(()),
        (Value::Number(given), Value::Number(written))
            if given.is_f64()
                && written.as_i64().is_some()
                && given.as_f64() == written.as_f64() =>
        {
            Ok(())
        }
        _ => Err(format!("{path}: {input} became {output}")),
    }
}

/// Whether a value is what stands for null: nothing, or an object that holds nothing else.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().all(is_empty),
        Value::Array(items) => items.is_empty(),
        other => *other == "" || *other == 0,
    }
}

/// Paths may have a key in brackets or after a dot.
fn same_path(one: &str, other: &str) -> bool {
    let plain = |path: &str| path.replace(['[', ']', '"', '.'], "/").replace("//", "/");
    plain(one).trim_matches('/') == plain(other).trim_matches('/')
}

/// Reads bytes, decodes what can be, and checks that every place lies inside the text.
pub(crate) fn readable(bytes: &[u8]) {
    let lines = 1 + bytes.iter().filter(|b| **b == b'\n').count();
    let read = manifest::read(bytes, &ReadOptions::default());
    for error in &read.errors {
        assert!(error.line() <= lines + 1, "{error}");
        assert!(!error.message().is_empty());
    }
    for entry in &read.entries {
        assert!(entry.place.position.line <= lines);
        let _ = entry.strict(Channel::Standard);
        match entry.decode() {
            Ok(_) => {
                let held = holds(&entry.value);
                assert!(held.is_ok(), "{held:?}");
            }
            Err(error) => assert!((1..=lines).contains(&error.line()), "{error}"),
        }
    }
}
