//! The walk over an object with its schema: structural checks, and the rules of each node.

use super::{
    Finding,
    condition::{self, choices, has_format},
    plan::Plan,
    report::{Findings, shown, type_of},
};
use crate::{
    rules::Check,
    schema::{ListType, Path, Schema, ValueType},
};
use serde_json::{Number, Value};
use std::collections::HashSet;

/// Checks an object, defaults applied, against its schema and the rules; `old` is what it replaces.
pub(super) fn check(
    object: &Value,
    old: Option<&Value>,
    schema: &Schema,
    plan: &Plan,
    findings: &mut Findings,
) {
    let mut walk = Walk { plan, findings };
    walk.value(object, old, schema, &Path::ROOT);
}

struct Walk<'a> {
    plan: &'a Plan,
    findings: &'a mut Findings,
}

impl Walk<'_> {
    fn error(&mut self, rule: &'static str, at: &Path<'_>, message: String, help: String) {
        self.findings
            .push(Finding::error(rule, at.to_string(), message).with_help(help));
    }

    fn value(&mut self, value: &Value, old: Option<&Value>, schema: &Schema, at: &Path<'_>) {
        if self.findings.is_full() {
            return;
        }
        if let Some(expected) = schema.value_type
            && !has_type(value, expected)
        {
            let article = match expected {
                ValueType::Object => "an object",
                ValueType::Array => "a list",
                ValueType::String => "a text",
                ValueType::Integer => "an integer",
                ValueType::Boolean => "true or false",
            };
            let help = match (expected, value) {
                (ValueType::String, Value::Number(_) | Value::Bool(_)) => {
                    format!("put it in quotes: \"{value}\"")
                }
                (ValueType::Integer, Value::String(text)) if text.parse::<i64>().is_ok() => {
                    format!("write it without quotes: {text}")
                }
                (ValueType::Array, _) => format!("write {article}, each entry with a `-`"),
                _ => format!("write {article}"),
            };
            let found = type_of(value);
            self.error(
                "schema/type",
                at,
                format!("expected {article}, found {found}"),
                help,
            );
            return;
        }
        if !schema.enumeration.is_empty() && !schema.enumeration.iter().any(|v| same(v, value)) {
            let choices = choices(&schema.enumeration);
            let message = format!("{} is not one of the allowed values", shown(value));
            let near = value.as_str().and_then(|text| {
                crate::schema::nearest_name(
                    text,
                    schema.enumeration.iter().filter_map(Value::as_str),
                )
            });
            let help = match near {
                Some(near) => format!("did you mean `{near}`? Allowed: {choices}"),
                None => format!("allowed: {choices}"),
            };
            self.error("schema/enum", at, message, help);
        }
        match value {
            Value::String(text) => self.text(text, schema, at),
            Value::Number(number) => self.number(number, schema, at),
            Value::Array(elements) => self.list(elements, old, schema, at),
            Value::Object(_) => self.object(value, old, schema, at),
            Value::Null | Value::Bool(_) => {}
        }
        self.conditions(value, schema, at);
        self.rules(value, old, schema, at);
    }

    fn text(&mut self, text: &str, schema: &Schema, at: &Path<'_>) {
        if schema.min_length.is_some() || schema.max_length.is_some() {
            let length = text.chars().count() as u64;
            if let Some(least) = schema.min_length.filter(|least| length < *least) {
                let message = if length == 0 {
                    "must not be empty".to_owned()
                } else {
                    format!("has {length} characters, and needs at least {least}")
                };
                let help = "write a value, or leave the field out".to_owned();
                self.error("schema/min-length", at, message, help);
            }
            if let Some(most) = schema.max_length.filter(|most| length > *most) {
                let message = format!("has {length} characters, and may have at most {most}");
                self.error(
                    "schema/max-length",
                    at,
                    message,
                    format!("shorten it to {most} characters"),
                );
            }
        }
        if let Some(pattern) = schema.pattern.as_ref().filter(|p| !p.is_match(text)) {
            let message = format!(
                "{} does not have the form that is asked for",
                shown(&text.into())
            );
            let help = match form(pattern.as_str()) {
                Some(form) => format!("write {form}"),
                None => format!("it must match `{}`", pattern.as_str()),
            };
            self.error("schema/pattern", at, message, help);
        }
        if let Some(format) = &schema.format
            && !has_format(&text.into(), format)
        {
            let message = format!("{} is not of the form {format}", shown(&text.into()));
            let help = "write a time such as `2024-05-01T12:00:00Z`".to_owned();
            self.error("schema/format", at, message, help);
        }
    }

    fn number(&mut self, number: &Number, schema: &Schema, at: &Path<'_>) {
        let (mut low, mut high) = (schema.minimum, schema.maximum);
        if schema.format.as_deref() == Some("int32") {
            low = low.or(Some(i64::from(i32::MIN)));
            high = high.or(Some(i64::from(i32::MAX)));
        }
        let below = low.is_some_and(|low| less(number, low));
        let above = high.is_some_and(|high| greater(number, high));
        if below || above {
            let help = match (low, high) {
                (Some(low), Some(high)) => format!("write a number from {low} to {high}"),
                (Some(low), None) => format!("write a number of at least {low}"),
                (_, Some(high)) => format!("write a number of at most {high}"),
                (None, None) => String::new(),
            };
            let rule = if below {
                "schema/minimum"
            } else {
                "schema/maximum"
            };
            let message = format!("{number} is too {}", if below { "small" } else { "large" });
            self.error(rule, at, message, help);
        }
    }

    fn list(&mut self, elements: &[Value], old: Option<&Value>, schema: &Schema, at: &Path<'_>) {
        let length = elements.len() as u64;
        if let Some(least) = schema.min_items.filter(|least| length < *least) {
            let message = format!("has {length} entries, and needs at least {least}");
            self.error("schema/min-items", at, message, "add an entry".to_owned());
        }
        if let Some(most) = schema.max_items.filter(|most| length > *most) {
            let message = format!("has {length} entries, and may have at most {most}");
            self.error(
                "schema/max-items",
                at,
                message,
                format!("keep {most} entries, or split the object"),
            );
        }
        if let Some(items) = &schema.items {
            for (index, element) in elements.iter().enumerate() {
                let old = old.and_then(|old| counterpart(element, old, schema));
                self.value(element, old, items, &at.index(index));
            }
        }
        self.distinct(elements, schema, at);
    }

    /// Reports each entry of a set or map that repeats an earlier one.
    fn distinct(&mut self, elements: &[Value], schema: &Schema, at: &Path<'_>) {
        let identity: &dyn Fn(&Value) -> Option<String> = match &schema.list_type {
            Some(ListType::Set) => &|element| Some(element.to_string()),
            Some(ListType::Map(keys)) => &|element| {
                let fields = element.as_object()?;
                Some(
                    keys.iter()
                        .fold(String::new(), |identity, key| match fields.get(key) {
                            Some(value) => format!("{identity}{value},"),
                            None => identity + ",",
                        }),
                )
            },
            Some(ListType::Atomic) | None => return,
        };
        if elements.len() < 2 {
            return;
        }
        let mut seen = HashSet::new();
        for (index, element) in elements.iter().enumerate() {
            let Some(identity) = identity(element) else {
                continue;
            };
            if seen.insert(identity) {
                continue;
            }
            let (message, help) = match &schema.list_type {
                Some(ListType::Map(keys)) => {
                    let named: Vec<_> = keys
                        .iter()
                        .filter_map(|key| Some(format!("`{key}` {}", shown(element.get(key)?))))
                        .collect();
                    (
                        format!("an earlier entry has the same {}", named.join(", ")),
                        format!("entries must differ in `{}`", keys.join("`, `")),
                    )
                }
                _ => (
                    format!("{} stands in the list twice", shown(element)),
                    "remove one of the two".to_owned(),
                ),
            };
            self.error("schema/duplicate", &at.index(index), message, help);
        }
    }

    fn object(&mut self, value: &Value, old: Option<&Value>, schema: &Schema, at: &Path<'_>) {
        let Some(fields) = value.as_object() else {
            return;
        };
        if let Some(most) = schema
            .max_properties
            .filter(|most| fields.len() as u64 > *most)
        {
            let message = format!("has {} entries, and may have at most {most}", fields.len());
            self.error(
                "schema/max-properties",
                at,
                message,
                format!("keep {most} entries"),
            );
        }
        for name in schema
            .required
            .iter()
            .filter(|name| !fields.contains_key(*name))
        {
            let help = match schema
                .properties
                .get(name)
                .and_then(|p| p.description.as_deref())
            {
                Some(description) => format!("set `{name}`: {}", first_sentence(description)),
                None => format!("set `{name}`"),
            };
            self.error(
                "schema/required",
                &at.field(name),
                format!("`{name}` is missing"),
                help,
            );
        }
        for (name, field) in fields {
            let below = schema
                .properties
                .get(name)
                .or(schema.additional_properties.as_deref());
            if let Some(below) = below {
                let old = old.and_then(|old| old.get(name));
                self.value(field, old, below, &at.field(name));
            }
        }
    }

    fn conditions(&mut self, value: &Value, schema: &Schema, at: &Path<'_>) {
        if schema.one_of.is_empty() {
            return;
        }
        let holding = schema
            .one_of
            .iter()
            .filter(|one| condition::failures(value, one, at).is_empty())
            .count();
        if holding == 0 {
            for failure in condition::nearest(value, &schema.one_of, at) {
                self.findings.push(
                    Finding::error(
                        "schema/one-of",
                        failure.path,
                        format!("must {}", failure.demand),
                    )
                    .with_help("write such a value, or change `type`".to_owned()),
                );
            }
        } else if holding > 1 {
            let message = "fits several forms of which only one may fit".to_owned();
            self.error(
                "schema/one-of",
                at,
                message,
                "write one of the forms".to_owned(),
            );
        }
    }

    fn rules(&mut self, value: &Value, old: Option<&Value>, schema: &Schema, at: &Path<'_>) {
        // Rules look at pairs of entries. A server does not run them on a list that is too long either.
        let length = value.as_array().map_or(0, Vec::len) as u64;
        if schema.max_items.is_some_and(|most| length > most) {
            return;
        }
        for rule in self.plan.rules(schema.id()) {
            let holds = match rule.check {
                Check::Value(holds) => holds(value),
                Check::Set => true,
                Check::Update(holds) => old.is_none_or(|old| holds(value, old)),
                Check::Each(check) => {
                    let findings = &mut *self.findings;
                    check(value, at, &mut |at, message| {
                        findings.push(Finding::of(rule, at.to_string()).with_message(message));
                    });
                    true
                }
            };
            if !holds {
                self.findings.push(Finding::of(rule, at.to_string()));
            }
        }
    }
}

fn has_type(value: &Value, expected: ValueType) -> bool {
    match expected {
        ValueType::Object => value.is_object(),
        ValueType::Array => value.is_array(),
        ValueType::String => value.is_string(),
        ValueType::Boolean => value.is_boolean(),
        // A whole number may be written with a fraction of zero, within the bounds of JSON.
        ValueType::Integer => match value.as_f64() {
            Some(float) if value.is_f64() => {
                float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_991.0
            }
            Some(_) => true,
            None => false,
        },
    }
}

fn less(number: &Number, bound: i64) -> bool {
    #[expect(
        clippy::cast_precision_loss,
        reason = "bounds of the API are far below 2^53"
    )]
    match (number.as_i64(), number.as_f64()) {
        (Some(number), _) => number < bound,
        (None, Some(float)) => float < bound as f64,
        (None, None) => false,
    }
}

fn greater(number: &Number, bound: i64) -> bool {
    #[expect(
        clippy::cast_precision_loss,
        reason = "bounds of the API are far below 2^53"
    )]
    match (number.as_i64(), number.as_f64()) {
        (Some(number), _) => number > bound,
        (None, Some(float)) => float > bound as f64,
        (None, None) => false,
    }
}

/// Whether two values are the same; `1` and `1.0` are.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || a.as_f64().is_some_and(|a| Some(a) == b.as_f64())
        }
        _ => a == b,
    }
}

fn same_keys(a: &Value, b: &Value, keys: &[String]) -> bool {
    keys.iter().all(|key| match (a.get(key), b.get(key)) {
        (Some(a), Some(b)) => same(a, b),
        (a, b) => a.is_none() && b.is_none(),
    })
}

/// The entry of the old list that an entry of the new one replaces: told by its keys, if it has any.
fn counterpart<'a>(element: &Value, old: &'a Value, schema: &Schema) -> Option<&'a Value> {
    let Some(ListType::Map(keys)) = &schema.list_type else {
        return None;
    };
    old.as_array()?.iter().find(|e| same_keys(e, element, keys))
}

/// What a pattern of the API means, for people.
fn form(pattern: &str) -> Option<&'static str> {
    use crate::meta::constraint::{
        DURATION_PATTERN, HEADER_NAME_PATTERN, HOSTNAME_PATTERN, SUBDOMAIN_PATTERN,
    };
    match pattern {
        HOSTNAME_PATTERN => {
            Some("a DNS name in lower case, with `*.` in front if need be: `shop.example.com`")
        }
        SUBDOMAIN_PATTERN => Some("a DNS name in lower case: `shop.example.com`"),
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
