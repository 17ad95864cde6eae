//! The forms in which reports are found. Upstream reads them with `sigs.k8s.io/yaml` and Go's JSON: the case of names does not
//! matter there, a null is a field that is not there, and a number where a text belongs is that text. Whatever is read so is
//! written as it was.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use std::{collections::BTreeMap, fmt};

/// What else a part of a report says.
///
/// It also remembers how the part was written when it was [read](super::ConformanceReport::of_json): a part that did not change since
/// is written in the very form in which it was read. What is remembered does not count when parts are compared.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OtherFields {
    /// The fields that no known release has, as they were read.
    pub fields: BTreeMap<String, Value>,
    #[serde(skip)]
    written: Option<Box<Value>>,
}

impl OtherFields {
    /// How the part was written, where it was read.
    pub(super) fn written(&self) -> Option<&Value> {
        self.written.as_deref()
    }

    /// Notes how the part was written. Returns its members.
    pub(super) fn note<'v>(&mut self, written: &'v Value) -> Option<&'v Map<String, Value>> {
        self.written = Some(Box::new(written.clone()));
        written.as_object()
    }
}

impl PartialEq for OtherFields {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl fmt::Debug for OtherFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.fmt(f)
    }
}

/// A known field.
struct KnownField {
    name: &'static str,
    form: FieldForm,
    null: NullForm,
}

/// What a known field holds.
enum FieldForm {
    /// Something with a grammar, or numbers: no other value is taken for it.
    Exact,
    /// Free text: a number or a boolean is the text that it is written as.
    Text,
    /// A list of free texts.
    Texts,
    /// An object.
    Part(&'static PartForm),
    /// A list of objects.
    Parts(&'static PartForm),
}

/// What a null stands for.
enum NullForm {
    /// For nothing: the field is needed, and a null is refused.
    Refused,
    /// For a field that is not there.
    Absent,
    /// For an empty list, as Go writes one that was never filled.
    EmptyList,
}

/// A part of a report.
pub(super) struct PartForm {
    fields: &'static [KnownField],
    /// Another name of a field, and the field.
    alias: Option<(&'static str, &'static str)>,
    /// Whether some writers put its fields into a field `status`.
    in_status: bool,
}

const fn part(fields: &'static [KnownField]) -> PartForm {
    PartForm {
        fields,
        alias: None,
        in_status: false,
    }
}

const fn known(name: &'static str, form: FieldForm, null: NullForm) -> KnownField {
    KnownField { name, form, null }
}

pub(super) const REPORT: &PartForm = &PartForm {
    alias: Some((EARLY_PROFILES, PROFILES)),
    ..part(&[
        known("apiVersion", FieldForm::Exact, NullForm::Refused),
        known("date", FieldForm::Exact, NullForm::Refused),
        known("gatewayAPIChannel", FieldForm::Text, NullForm::Absent),
        known("gatewayAPIVersion", FieldForm::Text, NullForm::Refused),
        known(
            "implementation",
            FieldForm::Part(IMPLEMENTATION),
            NullForm::Refused,
        ),
        known("kind", FieldForm::Exact, NullForm::Refused),
        known("mode", FieldForm::Text, NullForm::Absent),
        known(PROFILES, FieldForm::Parts(PROFILE), NullForm::EmptyList),
        known(
            "succeededProvisionalTests",
            FieldForm::Exact,
            NullForm::Absent,
        ),
    ])
};

pub(super) const PROFILES: &str = "profiles";
/// What the first reports call their profiles.
pub(super) const EARLY_PROFILES: &str = "profileReports";

pub(super) const IMPLEMENTATION: &PartForm = &part(&[
    known("contact", FieldForm::Texts, NullForm::EmptyList),
    known("organization", FieldForm::Text, NullForm::Refused),
    known("project", FieldForm::Text, NullForm::Refused),
    known("url", FieldForm::Text, NullForm::Refused),
    known("version", FieldForm::Text, NullForm::Refused),
]);

pub(super) const PROFILE: &PartForm = &part(&[
    known("core", FieldForm::Part(LEVEL), NullForm::Refused),
    known("extended", FieldForm::Part(LEVEL), NullForm::Absent),
    known("name", FieldForm::Text, NullForm::Refused),
    known("summary", FieldForm::Text, NullForm::Absent),
]);

pub(super) const LEVEL: &PartForm = &PartForm {
    in_status: true,
    ..part(&[
        known("failedTests", FieldForm::Exact, NullForm::Absent),
        known(RESULT, FieldForm::Exact, NullForm::Refused),
        known("skippedTests", FieldForm::Exact, NullForm::Absent),
        known("statistics", FieldForm::Part(STATISTICS), NullForm::Refused),
        known("summary", FieldForm::Text, NullForm::Absent),
        known("supportedFeatures", FieldForm::Exact, NullForm::Absent),
        known("unsupportedFeatures", FieldForm::Exact, NullForm::Absent),
    ])
};

const RESULT: &str = "result";
/// Where some writers put what the levels of a profile have in common.
const STATUS: &str = "status";

pub(super) const STATISTICS: &PartForm = &part(&[
    known("Failed", FieldForm::Exact, NullForm::Refused),
    known("Passed", FieldForm::Exact, NullForm::Refused),
    known("Skipped", FieldForm::Exact, NullForm::Refused),
]);

/// A field that stands twice, with names that mean the same: the steps of its path as they are written, from the inside out.
pub(super) struct StandsTwice(Vec<String>);

impl StandsTwice {
    /// The same field, seen from one step further out.
    fn within(mut self, step: String) -> Self {
        self.0.push(step);
        self
    }

    /// The path of the field.
    pub(super) fn path(&self) -> String {
        let steps: Vec<&str> = self.0.iter().rev().map(String::as_str).collect();
        steps.join(".")
    }
}

/// A member of an object, with its name as it is written.
type WrittenMember<'v> = (&'v String, &'v Value);

/// The member that a name means: that name, or else one that differs in case alone.
fn written_member<'v>(members: &'v Map<String, Value>, name: &str) -> Option<WrittenMember<'v>> {
    let mut others = members.iter();
    let known = members.get_key_value(name);
    known.or_else(|| others.find(|(own, _)| own.eq_ignore_ascii_case(name)))
}

/// The value of the member that a name means.
pub(super) fn member<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    written_member(members, name).map(|(_, value)| value)
}

/// What of a level stands in its `status`, with the name of that field as it is written.
fn level_status(members: &Map<String, Value>) -> Option<(&String, &Map<String, Value>)> {
    match member(members, RESULT) {
        Some(_) => None,
        None => {
            let (name, status) = written_member(members, STATUS)?;
            Some((name, status.as_object()?))
        }
    }
}

/// The members of a level that stand in its `status`.
pub(super) fn level_members(members: &Map<String, Value>) -> Option<&Map<String, Value>> {
    level_status(members).map(|(_, inner)| inner)
}

/// The path of a field in what was written, from its path in the plain form.
pub(super) fn written_path(written: &Value, form: &'static PartForm, plain: &str) -> String {
    let (name, rest) = plain.split_at(plain.find(['.', '[']).unwrap_or(plain.len()));
    let known = form.fields.iter().find(|field| field.name == name);
    let Some((field, (path, value))) =
        known.and_then(|field| Some((field, place_of(written.as_object()?, field.name, form)?)))
    else {
        return plain.to_owned();
    };
    let in_part = |part: &Value, form: &'static PartForm, rest: &str| match rest.strip_prefix('.') {
        Some(inner) => format!(".{}", written_path(part, form, inner)),
        None => rest.to_owned(),
    };
    let rest = match &field.form {
        FieldForm::Part(form) => in_part(value, form, rest),
        FieldForm::Parts(form) => {
            let item = rest.strip_prefix('[').and_then(|rest| {
                let (index, rest) = rest.split_once(']')?;
                let item = value.get(index.parse::<usize>().ok()?)?;
                Some(format!("[{index}]{}", in_part(item, form, rest)))
            });
            item.unwrap_or_else(|| rest.to_owned())
        }
        FieldForm::Exact | FieldForm::Text | FieldForm::Texts => rest.to_owned(),
    };
    path + &rest
}

/// Where a field of a part stands, and its value.
fn place_of<'v>(
    members: &'v Map<String, Value>,
    name: &str,
    form: &PartForm,
) -> Option<(String, &'v Value)> {
    let alias = form.alias.filter(|(_, meant)| *meant == name);
    let mut names = [Some(name), alias.map(|(alias, _)| alias)]
        .into_iter()
        .flatten();
    if let Some((name, value)) = names.find_map(|name| written_member(members, name)) {
        return Some((name.clone(), value));
    }
    let (status, inner) = level_status(members).filter(|_| form.in_status)?;
    let (name, value) = written_member(inner, name)?;
    Some((format!("{status}.{name}"), value))
}

/// The form in which the suite writes a part. What is no object stays as it is: reading refuses it.
pub(super) fn plain_part(value: &Value, form: &'static PartForm) -> Result<Value, StandsTwice> {
    let Some(members) = value.as_object() else {
        return Ok(value.clone());
    };
    let mut plain = Map::new();
    let inner = level_status(members).filter(|_| form.in_status);
    for (name, value) in members {
        if inner.is_some() && name.eq_ignore_ascii_case(STATUS) {
            continue;
        }
        put(&mut plain, name, value, form)?;
    }
    if let Some((status, inner)) = inner {
        for (name, value) in inner {
            let put = put(&mut plain, name, value, form);
            put.map_err(|error| error.within(status.clone()))?;
        }
    }
    Ok(Value::Object(plain))
}

/// Puts a member into the plain form of its part.
fn put(
    plain: &mut Map<String, Value>,
    name: &str,
    value: &Value,
    form: &'static PartForm,
) -> Result<(), StandsTwice> {
    let meant = match form.alias {
        Some((alias, meant)) if name.eq_ignore_ascii_case(alias) => meant,
        _ => name,
    };
    let mut of_name = form.fields.iter();
    let Some(field) = of_name.find(|field| field.name.eq_ignore_ascii_case(meant)) else {
        plain.insert(name.to_owned(), value.clone());
        return Ok(());
    };
    let value = match (&field.form, value) {
        (_, Value::Null) => match field.null {
            NullForm::Refused => Value::Null,
            NullForm::Absent => return Ok(()),
            NullForm::EmptyList => Value::Array(Vec::new()),
        },
        (FieldForm::Text, value) => text_of(value),
        (FieldForm::Texts, Value::Array(texts)) => texts.iter().map(text_of).collect(),
        (FieldForm::Part(form), value) => {
            plain_part(value, form).map_err(|error| error.within(name.to_owned()))?
        }
        (FieldForm::Parts(form), Value::Array(parts)) => {
            let mut list = Vec::new();
            for (index, part) in parts.iter().enumerate() {
                let part = plain_part(part, form);
                list.push(part.map_err(|error| error.within(format!("{name}[{index}]")))?);
            }
            Value::Array(list)
        }
        (_, value) => value.clone(),
    };
    match plain.insert(field.name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(StandsTwice(vec![name.to_owned()])),
    }
}

/// The text that a value is where a text belongs.
fn text_of(value: &Value) -> Value {
    match value {
        Value::Number(number) => number_text(number).into(),
        Value::Bool(value) => value.to_string().into(),
        _ => value.clone(),
    }
}

/// A number as upstream's reader of YAML writes one where a text belongs: a float with the digits that tell one of 32 bits from others,
/// and with an exponent from 1e6 on and below 1e-4.
fn number_text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "upstream's reader rounds in the same way"
    )]
    let float = float as f32;
    let text = format!("{float:e}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    if exponent
        .parse()
        .is_ok_and(|exponent: i32| (-4..6).contains(&exponent))
    {
        return float.to_string();
    }
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}
