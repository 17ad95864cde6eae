//! What a server checks of `metadata` on creation.

use super::{
    Finding,
    condition::is_date_time,
    report::{Findings, shown},
    structure::Fields,
    types,
};
use crate::{
    meta::{is_label_key, is_label_value},
    schema::{self, KindVersion, Path, Schema, ValueType, object_meta},
};
use regex::Regex;
use serde_json::{Map, Value};
use std::{collections::HashSet, sync::LazyLock};

/// The greatest size of all annotations together, in bytes.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

#[expect(
    clippy::unwrap_used,
    reason = "a constant expression, compiled by the tests"
)]
fn regex(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

static SUBDOMAIN: LazyLock<Regex> =
    LazyLock::new(|| regex(crate::meta::constraint::SUBDOMAIN_PATTERN));
static LABEL: LazyLock<Regex> = LazyLock::new(|| regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"));

pub(super) fn check(object: &Value, kind: &KindVersion, findings: &mut Findings) -> Fields {
    let root = Path::ROOT;
    let at = root.field("metadata");
    let nothing = Map::new();
    let metadata = match object.get("metadata") {
        None | Some(Value::Null) => &nothing,
        Some(Value::Object(metadata)) => metadata,
        // Its type is the schema's affair.
        Some(_) => return Fields::Declared,
    };
    let declared = types(metadata, object_meta(), &at, findings);
    let mut error = |rule, field: &str, message: String, help: &str| {
        let path = format!("metadata.{field}");
        findings.push(Finding::error(rule, path, message).with_help(help.to_owned()));
    };
    let text = |field: &str| {
        schema::field(metadata, field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };

    let name = text("name");
    let generated = text("generateName");
    if name.is_empty() && generated.is_empty() {
        if metadata
            .get("name")
            .is_none_or(|n| n.is_null() || n.is_string())
        {
            error(
                "metadata/name",
                "name",
                "`name` is missing".to_owned(),
                "give the object a name",
            );
        }
    } else if !name.is_empty() && !is_subdomain(name) {
        let message = format!("{} is not a name", shown(&name.into()));
        error("metadata/name", "name", message, NAME_HELP);
    } else if name.is_empty() && !is_subdomain(&made_of(generated)) {
        let message = format!(
            "a server makes no valid name of {}",
            shown(&generated.into())
        );
        error("metadata/name", "name", message, NAME_HELP);
    }
    // What a server appends may follow a `-`.
    if !generated.is_empty() && !is_subdomain(&masked(generated)) {
        let message = format!(
            "{} is not the beginning of a name",
            shown(&generated.into())
        );
        error("metadata/name", "generateName", message, NAME_HELP);
    }

    let namespace = text("namespace");
    if !namespace.is_empty()
        && kind.namespaced
        && (namespace.len() > 63 || !LABEL.is_match(namespace))
    {
        let message = format!(
            "{} is not the name of a namespace",
            shown(&namespace.into())
        );
        let help = "write lower-case letters, digits and `-`, at most 63 characters";
        error("metadata/namespace", "namespace", message, help);
    }

    let entries = |field: &str| schema::field(metadata, field).and_then(Value::as_object);
    for (key, value) in entries("labels").into_iter().flatten() {
        if !is_label_key(key) {
            error(
                "metadata/labels",
                "labels",
                format!("{} is not a label", shown(&key.as_str().into())),
                KEY_HELP,
            );
        }
        if let Some(value) = value.as_str()
            && !is_label_value(value)
        {
            let message = format!(
                "{} is not a value for the label `{key}`",
                shown(&value.into())
            );
            let help = "write at most 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends";
            error("metadata/labels", "labels", message, help);
        }
    }
    let mut size = 0;
    for (key, value) in entries("annotations").into_iter().flatten() {
        size += key.len() + value.as_str().map_or(0, str::len);
        if !is_label_key(&key.to_lowercase()) {
            let message = format!("{} is not an annotation", shown(&key.as_str().into()));
            error("metadata/annotations", "annotations", message, KEY_HELP);
        }
    }
    if size > ANNOTATIONS_LIMIT {
        let message =
            format!("annotations have {size} bytes, and may have at most {ANNOTATIONS_LIMIT}");
        error(
            "metadata/annotations",
            "annotations",
            message,
            "shorten them",
        );
    }
    let list = |field: &str| {
        schema::field(metadata, field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    // A null in a list of texts is the empty text, and one in a list of objects the empty object.
    for finalizer in list("finalizers").filter(|f| f.is_null() || f.is_string()) {
        if !is_label_key(finalizer.as_str().unwrap_or_default()) {
            let message = format!("{} is not a finalizer", shown(finalizer));
            error("metadata/finalizers", "finalizers", message, KEY_HELP);
        }
    }
    let collects = |name: &str| list("finalizers").any(|f| f.as_str() == Some(name));
    if collects("orphan") && collects("foregroundDeletion") {
        error(
            "metadata/finalizers",
            "finalizers",
            "`orphan` and `foregroundDeletion` exclude each other".to_owned(),
            "keep one of them",
        );
    }
    let mut controllers = 0;
    let mut owners = HashSet::new();
    for owner in list("ownerReferences").filter(|owner| owner.is_null() || owner.is_object()) {
        let text = |field: &str| owner.get(field).and_then(Value::as_str).unwrap_or_default();
        for field in ["apiVersion", "kind", "name", "uid"] {
            let message = match (field, text(field)) {
                (_, "") => format!("`{field}` of an owner is missing"),
                ("apiVersion", given) if !names_version(given) => {
                    format!("{} names no version", shown(&given.into()))
                }
                _ => continue,
            };
            // A server leaves the index out here.
            error(
                "metadata/owner-references",
                &format!("ownerReferences.{field}"),
                message,
                "name the owner in full",
            );
        }
        if (text("apiVersion"), text("kind")) == ("v1", "Event") {
            error(
                "metadata/owner-references",
                "ownerReferences",
                "an Event cannot be an owner".to_owned(),
                "name another owner",
            );
        }
        // A server drops owners that are given twice before it counts.
        let controls = owner.get("controller") == Some(&Value::Bool(true));
        controllers += usize::from(controls && owners.insert(owner.to_string()));
    }
    if controllers > 1 {
        let message = format!("{controllers} owners are marked as the controller");
        error(
            "metadata/owner-references",
            "ownerReferences",
            message,
            "mark one",
        );
    }
    if !namespace.is_empty() && !kind.namespaced {
        let message = format!(
            "a {} lives in no namespace: a server passes over it",
            kind.kind
        );
        findings.push(
            Finding::warning(
                "metadata/namespace",
                "metadata.namespace".to_owned(),
                message,
            )
            .with_help("remove `namespace`".to_owned()),
        );
    }
    declared
}

const NAME_HELP: &str = "write lower-case letters, digits, `-` and `.`, at most 253 characters, a letter or digit at both ends";
const KEY_HELP: &str = "write a name of at most 63 letters, digits, `-`, `_` and `.`, with a DNS name and `/` in front if need be";

/// Checks the types of fields as a server does when it reads metadata: null counts as absent everywhere.
fn types(
    fields: &Map<String, Value>,
    schema: &Schema,
    at: &Path<'_>,
    findings: &mut Findings,
) -> Fields {
    let mut declared = Fields::Declared;
    for (name, value) in fields {
        declared = declared.and(
            match (
                schema::field(&schema.properties, name),
                &schema.additional_properties,
            ) {
                (Some(below), _) => has_type(value, below, &at.field(name), findings),
                (None, Some(below)) => has_type(value, below, &at.key(name), findings),
                (None, None) if schema.properties.is_empty() => Fields::Declared,
                (None, None) => Fields::Unknown,
            },
        );
    }
    declared
}

fn has_type(value: &Value, schema: &Schema, at: &Path<'_>, findings: &mut Findings) -> Fields {
    if findings.is_full() {
        return Fields::Unknown;
    }
    let fits = match schema.value_type {
        _ if value.is_null() => return Fields::Declared,
        Some(ValueType::Object) => value.is_object(),
        Some(ValueType::Array) => value.is_array(),
        Some(ValueType::String) => value.as_str().is_some_and(|text| {
            schema.format.as_deref() != Some("date-time") || is_date_time(text)
        }),
        Some(ValueType::Integer) => value.is_i64() || value.is_u64(),
        Some(ValueType::Boolean) => value.is_boolean(),
        None => true,
    };
    if !fits {
        let (message, help) = match (schema.value_type, schema.format.is_some()) {
            (Some(expected), false) => types::type_wording(value, expected),
            _ => (
                format!("expected a time, found {}", shown(value)),
                "write a time such as `2024-05-01T12:00:00Z`".to_owned(),
            ),
        };
        let finding = Finding::error("metadata/type", at.to_string(), message);
        findings.push(finding.with_help(help));
        return Fields::Declared;
    }
    match (value, &schema.items) {
        (Value::Object(fields), _) => types(fields, schema, at, findings),
        (Value::Array(elements), Some(items)) => {
            let elements = elements.iter().enumerate();
            elements.fold(Fields::Declared, |declared, (index, element)| {
                declared.and(has_type(element, items, &at.index(index), findings))
            })
        }
        _ => Fields::Declared,
    }
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && SUBDOMAIN.is_match(text)
}

/// A name as a server makes it of `generateName`: at most 58 bytes of it, and five characters of its own.
fn made_of(generated: &str) -> String {
    let mut end = generated.len().min(58);
    while !generated.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}xxxxx", generated.get(..end).unwrap_or_default())
}

/// The text with a trailing `-` replaced, since more follows it.
fn masked(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(front) if !front.is_empty() => format!("{front}a"),
        _ => text.to_owned(),
    }
}

/// Whether an `apiVersion` is `VERSION` or `GROUP/VERSION` with a version that is not empty.
fn names_version(api_version: &str) -> bool {
    let version = match api_version.split_once('/') {
        Some((_, version)) => version,
        None => api_version,
    };
    !version.is_empty() && !version.contains('/')
}
