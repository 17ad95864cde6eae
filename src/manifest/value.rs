//! Deserialising from a JSON value with the field path of what fails.
//!
//! `serde_json` reads a `Value` too, but its errors know no path and speak of Rust types. Here each
//! step into a member or an item that fails adds itself to the path, so that success costs nothing.

use serde::{
    de::{
        self, Deserialize, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess,
        SeqAccess, Unexpected, Visitor,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, map};
use std::{borrow::Cow, fmt, slice};

/// Reads a `T` from a value.
pub(super) fn from_value<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, Failure> {
    T::deserialize(Source(value))
}

/// Why a value does not fit, and where. The path is gathered from the inside out.
#[derive(Debug)]
pub(super) struct Failure(Box<(Vec<Step>, String)>);

#[derive(Debug)]
enum Step {
    Field(String),
    Item(usize),
}

impl Failure {
    fn of(message: String) -> Self {
        Self(Box::new((Vec::new(), message)))
    }

    /// Something else than `what` was found.
    pub(super) fn expected(what: &str, found: &Value) -> Self {
        Self::of(format!("expected {what}, found {}", describe(found)))
    }

    /// A member is missing.
    pub(super) fn missing(field: &str) -> Self {
        Self::of("the field is required, and missing".to_owned()).within_field(field)
    }

    /// The same failure, inside this field.
    pub(super) fn within_field(mut self, field: &str) -> Self {
        self.0.0.push(Step::Field(field.to_owned()));
        self
    }

    fn within_item(mut self, index: usize) -> Self {
        self.0.0.push(Step::Item(index));
        self
    }

    /// The field path and the message.
    pub(super) fn into_parts(self) -> (String, String) {
        use fmt::Write as _;
        let (steps, message) = *self.0;
        let mut path = String::new();
        for step in steps.iter().rev() {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Field(field) if path.is_empty() => write!(path, "{field}"),
                Step::Field(field) if field.contains(['.', '[']) => write!(path, "[{field}]"),
                Step::Field(field) => write!(path, ".{field}"),
                Step::Item(index) => write!(path, "[{index}]"),
            };
        }
        (path, message)
    }
}

/// How a value is called in a message.
fn describe(value: &Value) -> Cow<'static, str> {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => format!("the boolean `{value}`").into(),
        Value::Number(number) => format!("the number `{number}`").into(),
        Value::String(text) => describe_text(text).into(),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}

fn describe_text(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("the text `{}…`", text.get(..end).unwrap_or_default()),
        None => format!("the text `{text}`"),
    }
}

fn describe_unexpected(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("the boolean `{value}`"),
        Unexpected::Unsigned(number) => format!("the number `{number}`"),
        Unexpected::Signed(number) => format!("the number `{number}`"),
        Unexpected::Float(number) => format!("the number `{number}`"),
        Unexpected::Str(text) => describe_text(text),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        other => other.to_string(),
    }
}

/// What was expected, in the words of the API rather than of Rust.
fn describe_expected(expected: &dyn Expected, found: &Unexpected<'_>) -> String {
    let text = expected.to_string();
    let number = matches!(found, Unexpected::Unsigned(_) | Unexpected::Signed(_));
    let plain = match text.as_str() {
        "i32" if number => "an integer of 32 bits",
        "i64" if number => "an integer of 64 bits",
        "u16" | "u32" | "u64" if number => "an integer that is not negative",
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "isize" | "usize" => {
            "an integer"
        }
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        "Time" | "MicroTime" => "a time such as `2024-05-09T12:00:00Z`",
        "IntOrString" | "int or string" => "an integer or a string",
        "Quantity" => "a quantity such as `500m`",
        "unit" => "null",
        // What is left are the structs of this crate and of k8s-openapi, which name themselves.
        other if other.starts_with("struct ") => "an object",
        other
            if other.starts_with(|c: char| c.is_ascii_uppercase())
                && other.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            "an object"
        }
        other => other,
    };
    plain.to_owned()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.1)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::of(format!(
            "expected {}, found {}",
            describe_expected(expected, &found),
            describe_unexpected(&found)
        ))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::missing(field)
    }
}

/// A value to read from.
#[derive(Clone, Copy)]
struct Source<'de>(&'de Value);

impl<'de> Deserializer<'de> for Source<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => {
                if let Some(number) = number.as_u64() {
                    visitor.visit_u64(number)
                } else if let Some(number) = number.as_i64() {
                    visitor.visit_i64(number)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.iter(),
                index: 0,
            }),
            Value::Object(members) => visitor.visit_map(Members::of(members)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.0 {
            // serde would take a list for the fields in their order.
            Value::Object(members) => visitor.visit_map(Members::of(members)),
            other => Err(Failure::expected("an object", other)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            other => Err(Failure::expected("a string", other)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier
    }
}

struct Items<'de> {
    items: slice::Iter<'de, Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Source(item))
            .map(Some)
            .map_err(|failure| failure.within_item(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Members<'de> {
    members: map::Iter<'de>,
    current: Option<(&'de str, &'de Value)>,
}

impl<'de> Members<'de> {
    fn of(members: &'de Map<String, Value>) -> Self {
        Self {
            members: members.iter(),
            current: None,
        }
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        let Some((key, value)) = self.members.next() else {
            return Ok(None);
        };
        self.current = Some((key, value));
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key))
            .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Failure> {
        let Some((key, value)) = self.current.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        seed.deserialize(Source(value))
            .map_err(|failure| failure.within_field(key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}
