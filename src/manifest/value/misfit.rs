//! Why a value does not fit, in the words of the API.

use serde::de::{self, Expected, Unexpected};
use serde_json::Value;
use std::{borrow::Cow, fmt};

/// Why a value does not fit, and where. The path is gathered from the inside out.
#[derive(Debug)]
pub(in crate::manifest) struct Misfit(Box<MisfitParts>);

#[derive(Debug)]
struct MisfitParts {
    steps: Vec<ValueStep>,
    message: String,
    /// Whether the message is in the words of a type of another crate.
    is_foreign: bool,
    /// Whether the field asks for base64.
    is_base64: bool,
}

/// A step into a value.
#[derive(Debug)]
pub(super) enum ValueStep {
    Field(String),
    Item(usize),
}

impl Misfit {
    pub(in crate::manifest) fn of(message: String) -> Self {
        Self(Box::new(MisfitParts {
            steps: Vec::new(),
            message,
            is_foreign: false,
            is_base64: false,
        }))
    }

    /// A text that is none of what is expected. What is to be base64 may be secret, and is not shown.
    pub(super) fn text(expected: &dyn Expected, text: &str) -> Self {
        if !is_base64(expected) {
            return <Self as de::Error>::invalid_value(Unexpected::Str(text), expected);
        }
        let mut misfit = Self::of(NOT_BASE64.to_owned());
        misfit.0.is_base64 = true;
        misfit
    }

    /// Whether the message is in the words of a type of another crate.
    pub(super) fn is_foreign(&self) -> bool {
        self.0.is_foreign
    }

    /// Something else than `what` was found.
    pub(in crate::manifest) fn expected(what: &str, found: &Value) -> Self {
        Self::of(format!("expected {what}, found {}", describe(found)))
    }

    /// A member is missing.
    pub(in crate::manifest) fn missing(field: &str) -> Self {
        Self::of("the field is required, and missing".to_owned()).within_field(field)
    }

    /// The same failure, inside this field.
    pub(in crate::manifest) fn within_field(mut self, field: &str) -> Self {
        self.0.steps.push(ValueStep::Field(field.to_owned()));
        self
    }

    pub(super) fn within_item(mut self, index: usize) -> Self {
        self.0.steps.push(ValueStep::Item(index));
        self
    }

    /// The field path and the message.
    pub(in crate::manifest) fn into_parts(self) -> (String, String) {
        let MisfitParts {
            steps,
            mut message,
            is_base64,
            ..
        } = *self.0;
        if let Some(ValueStep::Field(field)) = steps.last().filter(|_| is_base64) {
            // In a Secret, and in a ConfigMap.
            let of_plain_text = match field.as_str() {
                "data" => Some("stringData"),
                "binaryData" => Some("data"),
                _ => None,
            };
            if let Some(plain) = of_plain_text {
                message.push_str(&format!("; plain text belongs in `{plain}`"));
            }
        }
        (path_of(steps.iter().rev()), message)
    }
}

/// The field path of these steps, the outermost first.
pub(super) fn path_of<'s>(steps: impl Iterator<Item = &'s ValueStep>) -> String {
    use fmt::Write as _;
    let mut path = String::new();
    for step in steps {
        // Writing to a string cannot fail.
        let _ = match step {
            ValueStep::Field(field) if path.is_empty() => write!(path, "{field}"),
            ValueStep::Field(field) if field.contains(['.', '[']) => write!(path, "[{field}]"),
            ValueStep::Field(field) => write!(path, ".{field}"),
            ValueStep::Item(index) => write!(path, "[{index}]"),
        };
    }
    path
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
        "Time" | "MicroTime" | "a timestamp string" => "a time such as `2024-05-09T12:00:00Z`",
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

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let mut misfit = Self::of(message.to_string());
        misfit.0.is_foreign = true;
        misfit
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

/// What a type expects, kept.
pub(super) struct Expecting(pub(super) String);

impl Expected for Expecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is said of a text that is to be base64.
const NOT_BASE64: &str = "the text is not base64, padded with `=`, such as `aGVsbG8=` for `hello`";

/// Whether a type of k8s-openapi expects base64.
pub(super) fn is_base64(expected: &dyn Expected) -> bool {
    expected.to_string() == "a base64-encoded string"
}
