//! Values on one line, as JSON writes them or as people write YAML.

use serde_json::Value;

/// How the texts around are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    None,
    Single,
    Double,
}

impl Quotes {
    /// Those of a token.
    pub(super) fn of(token: &str) -> Self {
        match token.bytes().next() {
            Some(b'"') => Self::Double,
            Some(b'\'') => Self::Single,
            _ => Self::None,
        }
    }
}

/// A scalar, in these quotes where that is possible.
pub(super) fn scalar(value: &Value, quotes: Quotes) -> String {
    match value {
        Value::String(text) => match quotes {
            Quotes::None if is_plain(text) => text.clone(),
            Quotes::Single if !text.chars().any(char::is_control) => {
                format!("'{}'", text.replace('\'', "''"))
            }
            _ => value.to_string(),
        },
        _ => value.to_string(),
    }
}

/// A value of any kind.
pub(super) fn value(value: &Value, quotes: Quotes) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| self::value(item, quotes)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(name, member)| {
                    let name = scalar(&name.as_str().into(), quotes);
                    format!("{name}: {}", self::value(member, quotes))
                })
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        _ => scalar(value, quotes),
    }
}

/// Whether a text is sure to be a text without quotes.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-' | '_'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}
