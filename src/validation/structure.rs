//! The walk over an object along its plan: fields that are declared, structural checks, and the rules of
//! each node, all in one pass that copies nothing.
//!
//! Defaults count as if they stood in the object, as a server fills them in before it judges. An object
//! without faults is what the walk is quick at: what there is to say of one with faults is put into words
//! by [`wording`].

use super::{
    Finding,
    condition::{self, has_format},
    plan::{Node, Seen},
    report::Findings,
    wording,
};
use crate::{
    meta::{PatternLimits, When},
    rules::{Check, Rule},
    schema::{Defaulted, ListType, Path, Schema, ValueType},
};
use serde_json::{Map, Number, Value};
use std::collections::HashSet;

/// Whether every field of an object is declared.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    Declared,
    /// Some field is not, or the object has too many faults to tell.
    Unknown,
}

impl Fields {
    pub(super) fn and(self, other: Self) -> Self {
        match self {
            Self::Declared => other,
            Self::Unknown => self,
        }
    }
}

/// Checks a value against what is asked of it, its regular expressions by these limits; `old` is what it replaces.
pub(super) fn check(
    value: &Value,
    old: Option<&Value>,
    node: &Node,
    at: &Path<'_>,
    patterns: &PatternLimits,
    findings: &mut Findings,
) -> Fields {
    let mut walk = Walk {
        patterns,
        findings,
        fields: Fields::Declared,
    };
    walk.value(value, old, node, at);
    walk.fields
}

/// Whether every field in a value that is not judged is declared.
fn fields(value: &Value, node: &Node) -> Fields {
    let declared = match value {
        Value::Object(fields) => fields.iter().all(|(name, value)| {
            let below = match node.field(name, 0) {
                Some((_, field)) => Some(field),
                None => node.values.as_deref(),
            };
            match below {
                Some(below) => self::fields(value, below) == Fields::Declared,
                None => !node.has_fields() && node.may_have_fields(),
            }
        }),
        Value::Array(elements) => node.items.as_deref().is_none_or(|items| {
            elements
                .iter()
                .all(|element| self::fields(element, items) == Fields::Declared)
        }),
        _ => true,
    };
    match declared {
        true => Fields::Declared,
        false => Fields::Unknown,
    }
}

/// Up to how many entries of a set or map are compared with each other.
const FEW: usize = 8;

/// Whether two entries of a set are equal, or two entries of a map have the same keys.
fn is_same_entry(list_type: &ListType, a: Defaulted<'_>, b: Defaulted<'_>) -> bool {
    match list_type {
        ListType::Map(keys) => {
            a.value().is_object()
                && b.value().is_object()
                && keys.iter().all(|key| a.plain(key) == b.plain(key))
        }
        ListType::Set | ListType::Atomic => a.value() == b.value(),
    }
}

struct Walk<'a> {
    patterns: &'a PatternLimits,
    findings: &'a mut Findings,
    fields: Fields,
}

impl Walk<'_> {
    /// Adds a finding about what a schema asks of a value.
    #[cold]
    fn report(&mut self, finding: Finding, schema: &Schema) {
        self.report_if(finding, schema.varies());
    }

    fn report_if(&mut self, finding: Finding, varies: bool) {
        match varies {
            true => self.findings.push_varied(finding),
            false => self.findings.push(finding),
        }
    }

    fn value(&mut self, value: &Value, old: Option<&Value>, node: &Node, at: &Path<'_>) {
        if !node.judged {
            self.fields = self.fields.and(fields(value, node));
            return;
        }
        if self.findings.is_full() {
            self.fields = Fields::Unknown;
            return;
        }
        if let Some(expected) = node.value_type
            && !has_type(value, expected)
        {
            self.report(wording::wrong_type(value, expected, at), node.schema);
            if value.is_object() {
                // A server knows none of its fields, and names them, too.
                self.fields = Fields::Unknown;
            }
            return;
        }
        if node.has_choices {
            let choices = &node.schema.enumeration;
            if !choices.iter().any(|choice| same(choice, value)) {
                let finding = wording::not_allowed(value, node.schema, at);
                self.report(finding, node.schema);
            }
        }
        match value {
            Value::String(text) => self.text(text, node, at),
            Value::Number(number) => self.number(number, node.schema, at),
            Value::Array(elements) => self.list(elements, old, node, at),
            Value::Object(fields) => self.object(fields, old, node, at),
            Value::Null | Value::Bool(_) => {}
        }
        if node.has_forms {
            self.forms(Defaulted::new(value, node.schema), node.schema, at);
        }
        if !node.rules.is_empty() {
            self.rules(value, old, node, at);
        }
    }

    fn text(&mut self, text: &str, node: &Node, at: &Path<'_>) {
        // A text has at most as many characters as bytes, and at least a quarter of them: mostly the bytes
        // alone tell.
        let bytes = text.len() as u64;
        if bytes.div_ceil(4) < node.least || bytes > node.most {
            let length = text.chars().count() as u64;
            if length < node.least {
                self.report(wording::too_short(length, node.least, at), node.schema);
            }
            if length > node.most {
                self.report(wording::too_long(length, node.most, at), node.schema);
            }
        }
        if let Some(pattern) = node.pattern
            && !pattern.is_match(text)
        {
            self.report(wording::wrong_form(text, pattern, at), node.schema);
        }
        if node.has_format
            && let Some(format) = &node.schema.format
            && !has_format(text, format)
        {
            self.report(wording::wrong_format(text, format, at), node.schema);
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
            let finding = wording::out_of_range(number, below, (low, high), at);
            self.report(finding, schema);
        }
    }

    fn list(&mut self, elements: &[Value], old: Option<&Value>, node: &Node, at: &Path<'_>) {
        let length = elements.len() as u64;
        if length < node.least {
            self.report(wording::too_few(length, node.least, at), node.schema);
        }
        if length > node.most {
            self.report(wording::too_many(length, node.most, at), node.schema);
        }
        if let Some(items) = &node.items {
            for (index, element) in elements.iter().enumerate() {
                let element = match element {
                    Value::Null => items.schema.default.as_ref().unwrap_or(element),
                    _ => element,
                };
                let old = old.and_then(|old| counterpart(element, old, node.schema));
                self.value(element, old, items, &at.index(index));
            }
        }
        if elements.len() > 1 {
            self.distinct(elements, node.schema, at);
        }
    }

    /// Reports each entry of a set or map that repeats an earlier one.
    fn distinct(&mut self, elements: &[Value], schema: &Schema, at: &Path<'_>) {
        let (Some(list_type @ (ListType::Set | ListType::Map(_))), Some(items)) =
            (&schema.list_type, &schema.items)
        else {
            return;
        };
        let mut repeats = |index: usize| {
            if let Some(element) = elements.get(index) {
                let element = Defaulted::new(element, items);
                let finding = wording::repeated(element, list_type, &at.index(index));
                self.report(finding, schema);
            }
        };
        let entries = elements
            .iter()
            .enumerate()
            .map(|(index, element)| (index, Defaulted::new(element, items)));
        // A few are compared with each other, which keeps nothing.
        if elements.len() <= FEW {
            for (index, element) in entries.clone() {
                let mut earlier = entries.clone().take(index);
                if earlier.any(|(_, earlier)| is_same_entry(list_type, earlier, element)) {
                    repeats(index);
                }
            }
            return;
        }
        let identity = |element: Defaulted<'_>| match list_type {
            ListType::Map(keys) if element.value().is_object() => {
                let add = |identity, key: &String| match element.plain(key) {
                    Some(value) => format!("{identity}{value},"),
                    None => identity + ",",
                };
                Some(keys.iter().fold(String::new(), add))
            }
            ListType::Map(_) => None,
            ListType::Set | ListType::Atomic => Some(element.value().to_string()),
        };
        let mut seen = HashSet::new();
        for (index, element) in entries {
            if identity(element).is_some_and(|identity| !seen.insert(identity)) {
                repeats(index);
            }
        }
    }

    fn object(
        &mut self,
        fields: &Map<String, Value>,
        old: Option<&Value>,
        node: &Node,
        at: &Path<'_>,
    ) {
        let mut seen = Seen::default();
        let mut next = 0;
        let mut count = 0;
        for (name, value) in fields {
            let (value, below) = match (node.field(name, next), value) {
                // As good as absent.
                (Some(_), Value::Null) => continue,
                (Some((index, field)), _) => {
                    seen.add(index);
                    next = index + 1;
                    (value, field)
                }
                (None, _) => match (&node.values, value) {
                    (Some(values), Value::Null) => match &values.schema.default {
                        Some(default) => (default, &**values),
                        None => continue,
                    },
                    (Some(values), _) => (value, &**values),
                    (None, _) => {
                        if node.has_fields() {
                            self.fields = Fields::Unknown;
                        }
                        continue;
                    }
                },
            };
            count += 1;
            let at = at.field(name);
            match value {
                Value::String(text) if below.is_plain_text => self.text(text, below, &at),
                _ => self.value(value, old.and_then(|old| old.get(name)), below, &at),
            }
        }
        let absent = node.awaited.without(seen);
        if absent != Seen::default() {
            for (index, (name, field)) in node.fields().enumerate() {
                if absent.has(index) {
                    self.absent(name, field, node.schema, at);
                }
            }
        }
        if count > node.most {
            self.report(wording::too_many_keys(count, node.most, at), node.schema);
        }
        if count < node.least {
            // What a server fills in is there, too.
            let is_filled_in = |(index, (_, field)): &(usize, (&str, &Node))| {
                !seen.has(*index) && field.schema.default.is_some()
            };
            let filled_in = node.fields().enumerate().filter(is_filled_in).count() as u64;
            if count + filled_in < node.least {
                let finding = wording::too_few_keys(count + filled_in, node.least, node.schema, at);
                self.report(finding, node.schema);
            }
        }
    }

    /// Judges the default that stands in for an absent field, or reports that the field is missing.
    fn absent(&mut self, name: &str, field: &Node, parent: &Schema, at: &Path<'_>) {
        match field.compound_default() {
            Some(default) => self.value(default, None, field, &at.field(name)),
            None => {
                let varies = field.schema.varies() || parent.varies();
                self.report_if(wording::missing(name, field.schema, at), varies);
            }
        }
    }

    fn forms(&mut self, value: Defaulted<'_>, schema: &Schema, at: &Path<'_>) {
        let holding = schema
            .one_of
            .iter()
            .filter(|one| condition::failures(value, one, at).is_empty())
            .count();
        if holding == 0 {
            for failure in condition::nearest(value, &schema.one_of, at) {
                self.report(wording::fits_no_form(failure), schema);
            }
        } else if holding > 1 {
            self.report(wording::fits_several_forms(at), schema);
        }
    }

    fn rules(&mut self, value: &Value, old: Option<&Value>, node: &Node, at: &Path<'_>) {
        // Rules look at pairs of entries. A server does not run them on a list that is too long either.
        if value
            .as_array()
            .is_some_and(|list| list.len() as u64 > node.most)
        {
            return;
        }
        let seen = Defaulted::new(value, node.schema);
        for placed in &node.rules {
            let holds = match placed.predicate {
                Some(holds) => holds(seen),
                None => self.check_rule(placed.rule, seen, old, at),
            };
            if !holds {
                let mut finding = Finding::of(placed.rule, at.to_string());
                let which = placed.rule.which.map(|which| which(seen));
                if let Some(which) = which.filter(|which| !which.is_empty()) {
                    let message = format!("{}: {}", placed.rule.message, which.join(", "));
                    finding = finding.with_message(message);
                }
                self.report_if(finding, placed.rule.when != When::ALWAYS);
            }
        }
    }

    /// Evaluates a rule that is no plain predicate of the value: a rule on updates, or one that reports its own
    /// findings. Returns whether there is nothing to add to what it reported.
    fn check_rule(
        &mut self,
        rule: &Rule,
        value: Defaulted<'_>,
        old: Option<&Value>,
        at: &Path<'_>,
    ) -> bool {
        match (rule.check, old) {
            (Check::Value(holds), _) => holds(value),
            (Check::Update(holds), Some(old)) => holds(value, value.beside(old)),
            (Check::Update(_), None) | (Check::Set, _) => true,
            (Check::Each(_) | Check::Patterns(_), _) => {
                let findings = &mut *self.findings;
                let of = |at: &Path<'_>, message| {
                    Finding::of(rule, at.to_string()).with_message(message)
                };
                match rule.check {
                    Check::Patterns(check) => check(value, at, self.patterns, &mut |at, error| {
                        let finding = of(at, error.to_string());
                        findings.push(finding.with_help(error.help().to_owned()));
                    }),
                    Check::Each(check) => check(value, at, &mut |at, message| {
                        findings.push(of(at, message));
                    }),
                    _ => {}
                }
                true
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

/// The entry of the old list that an entry of the new one replaces: told by its keys, if it has any.
fn counterpart<'a>(element: &Value, old: &'a Value, schema: &Schema) -> Option<&'a Value> {
    let (Some(ListType::Map(keys)), Some(items)) = (&schema.list_type, &schema.items) else {
        return None;
    };
    let element = Defaulted::new(element, items);
    let is_counterpart = |old: &&Value| {
        let old = Defaulted::new(old, items);
        keys.iter()
            .all(|key| match (element.plain(key), old.plain(key)) {
                (Some(a), Some(b)) => same(a, b),
                (a, b) => a.is_none() && b.is_none(),
            })
    };
    old.as_array()?.iter().find(is_counterpart)
}
