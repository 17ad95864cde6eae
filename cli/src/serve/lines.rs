//! The lines of a conversation, within bounds: how long one may be, how much it may hold, how long a reply may be.
//!
//! Who writes the requests is another program, and what it passes on may come from anyone. A line beyond a bound gets an
//! error that names the bound, costs no more memory than the bound, and the conversation goes on.

use crate::output::escaped;
use clap::Args;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::{
    cell::Cell,
    fmt,
    io::{self, Write},
};

/// The bounds.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Bounds {
    /// The length of the longest line that is read
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    pub(super) max_line: usize,
    /// How many values (objects, lists, texts, numbers) a line may hold
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    pub(super) max_values: usize,
    /// How deep the objects and lists of a line may nest
    #[arg(long, value_name = "COUNT", default_value_t = 120, value_parser = clap::value_parser!(u16).range(1..=MAX_DEPTH))]
    pub(super) max_depth: u16,
    /// The length of the longest reply
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    pub(super) max_reply: usize,
    /// How many elements a reply to `request` has of each list beside the answer: `losers`, `ignored`, `experimental`,
    /// `notImplemented`; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    pub(super) max_remarks: usize,
}

/// How deep objects and lists of a line may nest at most: the stack has an end.
const MAX_DEPTH: i64 = 250;

/// Reads a line as JSON.
///
/// # Errors
///
/// It is not JSON, or holds more values than may be, or nests them deeper.
pub(super) fn parse(line: &[u8], bounds: Bounds) -> Result<Value, serde_json::Error> {
    let left = Cell::new(bounds.max_values);
    let mut reader = serde_json::Deserializer::from_slice(line);
    // `Bounded` counts.
    reader.disable_recursion_limit();
    let value = Bounded {
        left: &left,
        bounds,
        depth: 0,
    }
    .deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads a value, counting.
#[derive(Clone, Copy)]
struct Bounded<'c> {
    left: &'c Cell<usize>,
    bounds: Bounds,
    depth: u16,
}

impl Bounded<'_> {
    fn count<E: Error>(self) -> Result<(), E> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| {
            E::custom(format_args!(
                "it holds more than {} values; `--max-values` allows more",
                self.bounds.max_values
            ))
        })?;
        self.left.set(left);
        Ok(())
    }

    fn inside<E: Error>(self) -> Result<Self, E> {
        if self.depth >= self.bounds.max_depth {
            return Err(E::custom(format_args!(
                "objects and lists nest deeper than {}; `--max-depth` allows up to {MAX_DEPTH}",
                self.bounds.max_depth
            )));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        // JSON writes no other float.
        Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| E::custom("expected a finite number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            object.insert(key, members.next_value_seed(inside)?);
        }
        Ok(Value::Object(object))
    }
}

/// Why a reply was not written as it was meant to be.
pub(super) enum NotSent {
    /// It is longer than the bound. Nothing of it has been written.
    TooLong,
    /// The other side cannot be reached.
    Io(io::Error),
}

/// Writes a reply as one line.
pub(super) fn write(
    output: &mut impl Write,
    reply: &impl serde::Serialize,
    most: usize,
) -> Result<(), NotSent> {
    let mut line = Capped {
        bytes: Vec::new(),
        most,
        full: false,
    };
    if let Err(error) = escaped::line(&mut line, reply) {
        return Err(match line.full {
            true => NotSent::TooLong,
            false => NotSent::Io(error.into()),
        });
    }
    line.bytes.push(b'\n');
    output
        .write_all(&line.bytes)
        .and_then(|()| output.flush())
        .map_err(NotSent::Io)
}

/// A reply of which no more is kept than may be.
struct Capped {
    bytes: Vec<u8>,
    most: usize,
    full: bool,
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            self.full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BOUNDS: Bounds = Bounds {
        max_line: 8,
        max_values: 5,
        max_depth: 120,
        max_reply: 10,
        max_remarks: 1_000,
    };

    #[test]
    fn a_line_holds_so_many_values_and_no_more() {
        assert_eq!(
            parse(b"[1, -2, 1.5, \"\\u0041\"]", BOUNDS).unwrap(),
            json!([1, -2, 1.5, "A"])
        );
        assert_eq!(
            parse(b"{\"a\": {\"b\": [null, true]}}", BOUNDS).unwrap(),
            json!({"a": {"b": [null, true]}})
        );
        let error = parse(b"[1, 2, 3, 4, 5]", BOUNDS).unwrap_err().to_string();
        assert!(error.contains("more than 5 values"), "{error}");
        assert!(parse(b"[] x", BOUNDS).is_err());
    }

    #[test]
    fn a_line_nests_so_deep_and_no_deeper() {
        let bounds = Bounds {
            max_values: 1_000_000,
            ..BOUNDS
        };
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for most in [1, 120, 250] {
            let bounds = Bounds {
                max_depth: most,
                ..bounds
            };
            let most = usize::from(most);
            assert!(parse(nested(most).as_bytes(), bounds).is_ok());
            for depth in [most + 1, 1_000_000] {
                let error = parse(nested(depth).as_bytes(), bounds).unwrap_err();
                let wanted = format!("deeper than {most}; `--max-depth` allows");
                assert!(error.to_string().contains(&wanted), "{error}");
            }
        }
    }

    #[test]
    fn a_reply_beyond_the_bound_is_not_written_in_part() {
        let mut output = Vec::new();
        assert!(write(&mut output, &"12345678", BOUNDS.max_reply).is_ok());
        let sent = write(&mut output, &"123456789", BOUNDS.max_reply);
        assert!(matches!(sent, Err(NotSent::TooLong)));
        assert_eq!(output, b"\"12345678\"\n");
    }
}
