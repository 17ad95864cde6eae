//! JSON and YAML in which every character that is not to be seen, and does something, is written as an escape.

use super::hidden::is_hidden;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};
use std::io::{self, Write};

/// Writes a value as JSON on one line.
pub(crate) fn line<W: Write>(out: W, value: &impl Serialize) -> serde_json::Result<()> {
    write(out, value, CompactFormatter, Wide::Halves)
}

/// Writes a value as indented JSON.
pub(crate) fn pretty<W: Write>(out: W, value: &impl Serialize) -> serde_json::Result<()> {
    write(out, value, PrettyFormatter::new(), Wide::Halves)
}

/// A value as YAML: in the form that people write, or where its texts hold what is not to be seen, in the form of JSON,
/// which YAML reads too and in which all of it can be an escape.
pub(crate) fn yaml(value: &impl Serialize) -> Result<String, String> {
    let text = serde_saphyr::to_string(value).map_err(|error| error.to_string())?;
    if !text.chars().any(|c| c != '\n' && is_hidden(c)) {
        return Ok(text);
    }
    let mut bytes = Vec::new();
    write(&mut bytes, value, PrettyFormatter::new(), Wide::Whole)
        .map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn write<W: Write>(
    out: W,
    value: &impl Serialize,
    layout: impl Formatter,
    wide: Wide,
) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(
        out,
        Escaped { layout, wide },
    ))
}

/// How a character is escaped that four digits cannot name.
#[derive(Clone, Copy)]
enum Wide {
    /// As JSON does, by two halves: `\udb40\udc41`.
    Halves,
    /// As YAML does: `\U000e0041`.
    Whole,
}

/// A layout with escapes.
struct Escaped<F> {
    layout: F,
    wide: Wide,
}

impl<F: Formatter> Formatter for Escaped<F> {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, hidden)) = rest.char_indices().find(|(_, c)| is_hidden(*c)) {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            out.write_all(before.as_bytes())?;
            match self.wide {
                Wide::Whole if u32::from(hidden) > 0xFFFF => {
                    write!(out, "\\U{:08x}", u32::from(hidden))?;
                }
                _ => {
                    for unit in hidden.encode_utf16(&mut [0; 2]) {
                        write!(out, "\\u{unit:04x}")?;
                    }
                }
            }
            rest = from.get(hidden.len_utf8()..).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.layout.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.layout.begin_object_key(out, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_object_key(out)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_object_value(out)
    }
}

/// Passes text on to a terminal, with escapes for what is not to be seen, but for the ends of lines: where manifests are
/// written as they are, and nobody reads them but a person.
pub(crate) struct Visible<W> {
    pub(crate) to: W,
    /// The beginning of a character that is not all there yet.
    begun: Vec<u8>,
}

impl<W: Write> Visible<W> {
    pub(crate) fn new(to: W) -> Self {
        Self {
            to,
            begun: Vec::new(),
        }
    }
}

impl<W: Write> Write for Visible<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let whole = [std::mem::take(&mut self.begun).as_slice(), bytes].concat();
        let mut chunks = whole.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            for character in chunk.valid().chars() {
                if character != '\n' && is_hidden(character) {
                    write!(self.to, "{}", character.escape_default())?;
                } else {
                    write!(self.to, "{character}")?;
                }
            }
            let invalid = chunk.invalid();
            // Less than a character at the end may become one.
            let ends = std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            if chunks.peek().is_none() && ends {
                self.begun = invalid.to_owned();
            } else if !invalid.is_empty() {
                write!(self.to, "{}", char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gwapi::manifest::{self, ReadOptions};
    use serde_json::{Value, json};

    /// Everything that is not to be seen.
    fn hidden() -> String {
        (0..=u32::from(char::MAX))
            .filter_map(char::from_u32)
            .filter(|c| is_hidden(*c))
            .collect()
    }

    #[test]
    fn json_and_yaml_hold_nothing_hidden_and_say_the_same() {
        // A key of YAML may have 1024 characters, as they are written.
        let key: String = hidden().chars().step_by(5).collect();
        let value = json!({key: [hidden(), {"a": hidden(), "b": 1}], "c": "ä\"\\"});
        let (mut one, mut many) = (Vec::new(), Vec::new());
        line(&mut one, &value).unwrap();
        pretty(&mut many, &value).unwrap();
        let yaml = yaml(&value).unwrap();
        for text in [
            std::str::from_utf8(&one).unwrap(),
            std::str::from_utf8(&many).unwrap(),
            &yaml,
        ] {
            assert!(!text.chars().any(|c| c != '\n' && is_hidden(c)), "{text:?}");
        }
        assert!(!one.contains(&b'\n'));
        assert_eq!(serde_json::from_slice::<Value>(&one).unwrap(), value);
        assert_eq!(serde_json::from_slice::<Value>(&many).unwrap(), value);
        let options = ReadOptions::default().with_format(manifest::Format::Yaml);
        let read = manifest::read(yaml.as_bytes(), &options);
        assert_eq!(read.entries[0].value, value);
    }

    #[test]
    fn what_is_not_hidden_is_yaml_as_people_write_it() {
        let value = json!({"a": ["b", "1"], "lines": "c\nd\n"});
        assert_eq!(
            yaml(&value),
            serde_saphyr::to_string(&value).map_err(|e| e.to_string())
        );
    }

    #[test]
    fn a_terminal_gets_lines_of_visible_characters_however_they_are_cut() {
        let text = format!("# ä {}\n\u{1F980}\nkind: \u{202e}A\n", hidden());
        let bytes = [text.as_bytes(), b"\xff\xc3"].concat();
        let mut written = Vec::new();
        for size in [1, 2, 3, 5, bytes.len()] {
            let mut out = Visible::new(Vec::new());
            for part in bytes.chunks(size) {
                out.write_all(part).unwrap();
            }
            written.push(String::from_utf8(out.to).unwrap());
        }
        assert!(
            written.iter().all(|text| *text == written[0]),
            "{written:?}"
        );
        assert!(!written[0].chars().any(|c| c != '\n' && is_hidden(c)));
        assert!(written[0].ends_with("\n\u{1F980}\nkind: \\u{202e}A\n\u{fffd}"));
    }
}
