//! What is wrong with the structure of a value, and what would be right, in words.

use super::{
    Finding,
    condition::{Unmet, choices},
    report::{TOO_LONG, shown},
    types::type_wording,
};
use crate::schema::{Defaulted, ListType, Path, Schema, TextPattern, ValueType, nearest_name};
use serde_json::{Number, Value};

fn error(rule: &'static str, at: &Path<'_>, message: String, help: impl Into<String>) -> Finding {
    Finding::error(rule, at.to_string(), message).with_help(help.into())
}

#[cold]
pub(super) fn wrong_type(value: &Value, expected: ValueType, at: &Path<'_>) -> Finding {
    let (message, help) = type_wording(value, expected);
    error("schema/type", at, message, help)
}

#[cold]
pub(super) fn not_allowed(value: &Value, schema: &Schema, at: &Path<'_>) -> Finding {
    let allowed = &schema.enumeration;
    let choices = choices(allowed);
    let message = format!("{} is not one of the allowed values", shown(value));
    // Of a value that some release allows, its releases are told.
    let text = value
        .as_str()
        .filter(|text| schema.when_allowed(text).is_none());
    let near = text.and_then(|text| nearest_name(text, allowed.iter().filter_map(Value::as_str)));
    let near_elsewhere = text.and_then(|text| {
        let near = nearest_name(text, schema.values_of_some_releases())?;
        Some((near, schema.when_allowed(near)?))
    });
    let help = match (near, near_elsewhere) {
        (Some(near), _) => format!("did you mean `{near}`? Allowed: {choices}"),
        (None, Some((near, when))) => format!(
            "did you mean `{near}`? (it is allowed {}) Allowed: {choices}",
            when.in_words()
        ),
        (None, None) => format!("allowed: {choices}"),
    };
    error("schema/enum", at, message, help)
}

#[cold]
pub(super) fn too_short(length: u64, least: u64, at: &Path<'_>) -> Finding {
    let message = if length == 0 {
        "must not be empty".to_owned()
    } else {
        format!("has {}, and needs at least {least}", characters(length))
    };
    let help = "write a value, or leave the field out";
    error("schema/min-length", at, message, help)
}

#[cold]
pub(super) fn too_long(length: u64, most: u64, at: &Path<'_>) -> Finding {
    let message = format!("has {}, and may have at most {most}", characters(length));
    let help = format!("shorten it to {}", characters(most));
    error("schema/max-length", at, message, help)
}

#[cold]
pub(super) fn wrong_form(text: &str, pattern: &TextPattern, at: &Path<'_>) -> Finding {
    let message = format!(
        "{} does not have the form that is asked for",
        shown(&text.into())
    );
    let lower = text.to_ascii_lowercase();
    let help = match form(pattern.as_str(), at) {
        Some(_) if pattern.is_match(&lower) => {
            format!("write it in lower case: {}", shown(&lower.into()))
        }
        Some(form) => format!("write {form}"),
        None => format!("it must match `{}`", pattern.as_str()),
    };
    error("schema/pattern", at, message, help)
}

#[cold]
pub(super) fn wrong_format(text: &str, format: &str, at: &Path<'_>) -> Finding {
    let message = format!("{} is not of the form {format}", shown(&text.into()));
    let help = "write a time such as `2024-05-01T12:00:00Z`";
    error("schema/format", at, message, help)
}

#[cold]
pub(super) fn out_of_range(
    number: &Number,
    below: bool,
    range: (Option<i64>, Option<i64>),
    at: &Path<'_>,
) -> Finding {
    let help = match range {
        (Some(low), Some(high)) => format!("write a number from {low} to {high}"),
        (Some(low), None) => format!("write a number of at least {low}"),
        (_, Some(high)) => format!("write a number of at most {high}"),
        (None, None) => String::new(),
    };
    let (rule, what) = if below {
        ("schema/minimum", "small")
    } else {
        ("schema/maximum", "large")
    };
    error(rule, at, format!("{number} is too {what}"), help)
}

fn entries(count: u64) -> String {
    counted(count, "entry", "entries")
}

fn characters(count: u64) -> String {
    counted(count, "character", "characters")
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cold]
pub(super) fn too_few(length: u64, least: u64, at: &Path<'_>) -> Finding {
    let message = format!("has {}, and needs at least {least}", entries(length));
    error("schema/min-items", at, message, "add an entry")
}

#[cold]
pub(super) fn too_many(length: u64, most: u64, at: &Path<'_>) -> Finding {
    let message = format!("has {}, and may have at most {most}", entries(length));
    let help = format!("keep {}, or split the object", entries(most));
    error(TOO_LONG, at, message, help)
}

#[cold]
pub(super) fn too_many_keys(length: u64, most: u64, at: &Path<'_>) -> Finding {
    let message = format!("has {}, and may have at most {most}", entries(length));
    let help = format!("keep {}", entries(most));
    error("schema/max-properties", at, message, help)
}

#[cold]
pub(super) fn too_few_keys(length: u64, least: u64, schema: &Schema, at: &Path<'_>) -> Finding {
    let message = format!("has {}, and needs at least {least}", entries(length));
    let names: Vec<_> = schema.properties.keys().map(String::as_str).collect();
    let help = if names.is_empty() {
        "add an entry".to_owned()
    } else {
        format!("set `{}`", names.join("` or `"))
    };
    error("schema/min-properties", at, message, help)
}

#[cold]
pub(super) fn repeated(element: Defaulted<'_>, list_type: &ListType, at: &Path<'_>) -> Finding {
    let (message, help) = match list_type {
        ListType::Map(keys) => {
            let named: Vec<_> = keys
                .iter()
                .filter_map(|key| Some(format!("`{key}` {}", shown(element.plain(key)?))))
                .collect();
            (
                format!("an earlier entry has the same {}", named.join(", ")),
                format!("entries must differ in `{}`", keys.join("`, `")),
            )
        }
        ListType::Set | ListType::Atomic => (
            format!("{} stands in the list twice", shown(element.value())),
            "remove one of the two".to_owned(),
        ),
    };
    error("schema/duplicate", at, message, help)
}

/// A required field of the object at this path.
#[cold]
pub(super) fn missing(name: &str, schema: &Schema, at: &Path<'_>) -> Finding {
    let help = match schema.description.as_deref() {
        Some(description) if name != "spec" => {
            format!("add `{name}`: {}", first_sentence(description))
        }
        _ => format!("add `{name}`"),
    };
    let message = format!("`{name}` is missing");
    error("schema/required", &at.field(name), message, help)
}

#[cold]
pub(super) fn fits_no_form(failure: Unmet) -> Finding {
    let message = format!("must {}", failure.demand);
    Finding::error("schema/one-of", failure.path, message)
        .with_help("write such a value, or change `type`".to_owned())
}

#[cold]
pub(super) fn fits_several_forms(at: &Path<'_>) -> Finding {
    let message = "fits several forms of which only one may fit".to_owned();
    error("schema/one-of", at, message, "write one of the forms")
}

/// What a pattern of the API means in a field, for people.
fn form(pattern: &str, at: &Path<'_>) -> Option<&'static str> {
    use crate::meta::constraint::{
        DURATION_PATTERN, HEADER_NAME_PATTERN, HOSTNAME_PATTERN, SUBDOMAIN_PATTERN,
    };
    match pattern {
        HOSTNAME_PATTERN => {
            Some("a DNS name in lower case, with `*.` in front if need be: `shop.example.com`")
        }
        SUBDOMAIN_PATTERN if at.names().last() == Some(&"hostname") => {
            Some("a DNS name in lower case: `shop.example.com`")
        }
        // Listeners, ports and rules are called by what has the form of a DNS name.
        SUBDOMAIN_PATTERN => Some("a name of lower-case letters, digits, `-` and `.`: `http`"),
        HEADER_NAME_PATTERN => Some("the letters, digits and signs of an HTTP header name"),
        DURATION_PATTERN => Some("a duration of at most four units: `1h30m`, `500ms`"),
        _ => None,
    }
}

fn first_sentence(text: &str) -> &str {
    let end = text
        .find(". ")
        .or_else(|| text.find('\n'))
        .unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim_end_matches('.')
}
