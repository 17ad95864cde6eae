//! What a YAML scalar means, by the rules of the tools around an API server (YAML 1.1 in places).

use k8s_openapi::ByteString;
use serde_json::{Number, Value};

/// What a tag says of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tagged {
    /// Nothing: the text decides.
    Nothing,
    /// It is text.
    Text,
    /// It is null.
    Null,
    /// It is a boolean.
    Boolean,
    /// It is an integer.
    Integer,
    /// It is a number.
    Float,
    /// It is base64.
    Binary,
}

/// The value of a scalar.
pub(super) fn resolve(text: &str, tagged: Tagged) -> Result<Value, String> {
    match tagged {
        Tagged::Nothing => plain(text),
        Tagged::Text => Ok(Value::String(text.to_owned())),
        Tagged::Binary => {
            let compact: String = text.split_ascii_whitespace().collect();
            let bytes: ByteString = serde_json::from_value(Value::String(compact))
                .map_err(|_| "the text tagged `!!binary` is not base64".to_owned())?;
            String::from_utf8(bytes.0)
                .map(Value::String)
                .map_err(|_| "the bytes tagged `!!binary` are not UTF-8".to_owned())
        }
        Tagged::Null | Tagged::Boolean | Tagged::Integer | Tagged::Float => {
            let value = plain(text)?;
            let fits = match (&value, tagged) {
                (Value::Null, Tagged::Null)
                | (Value::Bool(_), Tagged::Boolean)
                | (Value::Number(_), Tagged::Float) => true,
                (Value::Number(number), Tagged::Integer) => number.is_i64() || number.is_u64(),
                _ => false,
            };
            if fits {
                Ok(value)
            } else {
                Err(format!("`{text}` is not of the type that its tag says"))
            }
        }
    }
}

/// The value of a scalar without quotes and tag.
fn plain(text: &str) -> Result<Value, String> {
    let Some(first) = text.bytes().next() else {
        return Ok(Value::Null);
    };
    match text {
        "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Ok(Value::Bool(true));
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Ok(Value::Bool(false));
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF"
        | "-.inf" | "-.Inf" | "-.INF" => {
            return Err(format!(
                "`{text}` is a number that JSON cannot hold; text needs quotes"
            ));
        }
        _ => {}
    }
    let number = match first {
        b'0'..=b'9' | b'+' | b'-' => {
            let digits = text.replace('_', "");
            integer(&digits).or_else(|| float(&digits))
        }
        b'.' => float(text),
        _ => None,
    };
    Ok(number.map_or_else(|| Value::String(text.to_owned()), Value::Number))
}

/// An integer in decimal, or with the prefix `0x`, `0o`, `0b` or `0` (octal).
fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let lower = digits.get(..2).unwrap_or_default().to_ascii_lowercase();
    let (radix, digits) = match lower.as_str() {
        "0x" => (16, digits.get(2..)?),
        "0o" => (8, digits.get(2..)?),
        "0b" => (2, digits.get(2..)?),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // A second sign is none of a number.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        0_i64.checked_sub_unsigned(magnitude).map(Number::from)
    } else {
        Some(Number::from(magnitude))
    }
}

/// A decimal number; an integer where it is whole, since JSON makes no difference between `1e3` and `1000`.
fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = unsigned
        .strip_prefix('.')
        .unwrap_or(unsigned)
        .starts_with(|c: char| c.is_ascii_digit());
    let plain = unsigned
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if !begins || !plain {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    /// 2^53: larger floats cannot represent every integer, so they stay floats.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        // In range as just checked; formatting a whole float gives its digits.
        return format!("{number:.0}").parse::<i64>().ok().map(Number::from);
    }
    Number::from_f64(number)
}

/// The text that a key stands for.
pub(super) fn key(value: Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Err("a key is null, expected text"),
        Value::Array(_) => Err("a key is a list, expected text"),
        Value::Object(_) => Err("a key is an object, expected text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plain_scalars_mean_what_the_tools_around_an_api_server_take_them_for() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("Null", json!(null)),
            ("yes", json!(true)),
            ("On", json!(true)),
            ("y", json!(true)),
            ("off", json!(false)),
            ("N", json!(false)),
            ("yEs", json!("yEs")),
            ("80", json!(80)),
            ("-0", json!(0)),
            ("+7", json!(7)),
            ("0644", json!(420)),
            ("0o17", json!(15)),
            ("08", json!(8)),
            ("0x1F", json!(31)),
            ("-0b101", json!(-5)),
            ("1_000", json!(1000)),
            ("1e3", json!(1000)),
            ("1.0", json!(1)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("-.5", json!(-0.5)),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("1e400", json!("1e400")),
            ("1.2.3", json!("1.2.3")),
            ("--1", json!("--1")),
            ("0x", json!("0x")),
            ("0x+1", json!("0x+1")),
            ("-", json!("-")),
            (".", json!(".")),
            ("1 2", json!("1 2")),
            ("12e", json!("12e")),
            ("2024-05-09", json!("2024-05-09")),
            ("2024-05-09T12:00:00Z", json!("2024-05-09T12:00:00Z")),
            ("12:30:45", json!("12:30:45")),
            ("v1", json!("v1")),
            ("é", json!("é")),
        ] {
            assert_eq!(resolve(text, Tagged::Nothing).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn numbers_that_json_cannot_hold_are_errors() {
        assert!(resolve(".inf", Tagged::Nothing).is_err());
        assert!(resolve("-.INF", Tagged::Nothing).is_err());
        assert!(resolve(".nan", Tagged::Nothing).is_err());
        assert_eq!(resolve(".nan", Tagged::Text).unwrap(), json!(".nan"));
    }

    #[test]
    fn a_tag_decides_and_must_fit() {
        assert_eq!(resolve("80", Tagged::Text).unwrap(), json!("80"));
        assert_eq!(resolve("80", Tagged::Integer).unwrap(), json!(80));
        assert_eq!(resolve("80", Tagged::Float).unwrap(), json!(80));
        assert!(resolve("eighty", Tagged::Integer).is_err());
        assert_eq!(
            resolve("aGVs\n bG8=", Tagged::Binary).unwrap(),
            json!("hello")
        );
        assert!(resolve("?", Tagged::Binary).is_err());
    }
}
