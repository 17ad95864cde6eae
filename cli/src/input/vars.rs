//! Placeholders such as `${DOMAIN}`, which Flux and envsubst replace before a server sees the text.

use super::{
    expression::{self, Meant, is_name},
    open::Table,
};
use std::{
    collections::BTreeMap,
    io::{self, Read},
};

/// The values of placeholders.
#[derive(Clone, Debug, Default)]
pub(super) struct Vars(BTreeMap<String, String>);

/// `NAME=VALUE`.
pub(crate) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if is_name(name) => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!(
            "expected NAME=VALUE with a name of letters, digits and `_`, not `{text}`"
        )),
    }
}

/// The value of a line as a shell reads it: what stands between quotes, or what stands before a blank and a `#`.
fn value(written: &str) -> Result<&str, String> {
    let quote = ['"', '\'']
        .into_iter()
        .find(|quote| written.starts_with(*quote));
    if let Some(quote) = quote
        && let Some(inner) = written.strip_prefix(quote)
        && let Some(end) = closing(inner, quote)
        && let Some((inside, behind)) = inner.split_at_checked(end)
    {
        let behind = behind.strip_prefix(quote).unwrap_or(behind);
        let more = behind.trim_start();
        let is_comment = more.starts_with('#') && more.len() < behind.len();
        return match more.is_empty() || is_comment {
            true => Ok(inside),
            false => Err(
                "behind the closing quote of a value only a comment may stand: a blank, and `#`"
                    .to_owned(),
            ),
        };
    }
    let mut signs = written.match_indices('#');
    let comment = signs.find_map(|(at, _)| {
        let before = written.get(..at)?;
        before.ends_with([' ', '\t']).then_some(before)
    });
    Ok(comment.map_or(written, str::trim_end))
}

/// Where the quote stands that ends a text; within double quotes, one behind a `\` does not, unless it is the last.
fn closing(inner: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in inner.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if c == quote {
            return Some(at);
        } else {
            is_escaped = quote == '"' && c == '\\';
        }
    }
    inner.strip_suffix(quote).map(str::len)
}

impl Vars {
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Adds `NAME=VALUE` of each line; empty lines and those that begin with `#` say nothing, `export` before a name, quotes around
    /// a value and a comment behind it are no part of them, nor is a byte order mark.
    pub(super) fn add_file(&mut self, text: &str) -> Result<(), String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            let in_line = |error: String| format!("line {}: {error}", index + 1);
            let (name, written) = assignment(line).map_err(in_line)?;
            let value = value(&written).map_err(in_line)?;
            self.0.insert(name, value.to_owned());
        }
        Ok(())
    }

    /// The text of a file with values in the places of placeholders, and with their mark in `open` in the places of those that have
    /// none.
    pub(super) fn put_into<'r, R: Read>(&'r self, from: R, open: &'r Table) -> Substituting<'r, R> {
        Substituting {
            vars: self,
            open,
            from,
            ahead: Vec::new(),
            is_literal: None,
            read: Vec::new(),
            done: Vec::new(),
            given: 0,
            ended: false,
        }
    }
}

/// A text in which placeholders are replaced while it is read.
pub(super) struct Substituting<'r, R> {
    vars: &'r Vars,
    open: &'r Table,
    from: R,
    /// What was read of documents of which it is not known yet whether they stay as they are.
    ahead: Vec<u8>,
    /// Whether the present document stays as it is.
    is_literal: Option<bool>,
    /// What was read and not looked at yet.
    read: Vec<u8>,
    /// What is to be given, and how much of it was.
    done: Vec<u8>,
    given: usize,
    ended: bool,
}

/// How long a placeholder may be; a longer one is text.
const LONGEST: usize = 4_096;

/// How far a document is looked through for the label or annotation by which it stays as it is.
const LOOKAHEAD: usize = 1 << 20;

/// How a document begins behind another one.
const NEXT: &[u8] = b"\n---";

/// The label or annotation with which Flux leaves the placeholders of an object as they are, if its value is `disabled`.
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Whether the placeholders of a document stay as they are, since it says so.
fn is_left_alone(document: &[u8]) -> bool {
    memchr::memmem::find_iter(document, SUBSTITUTE).any(|at| {
        let (before, from) = document.split_at_checked(at).unwrap_or_default();
        let line = before.rsplit(|byte| *byte == b'\n').next();
        let is_comment = line.is_some_and(|line| line.contains(&b'#'));
        let quotes = |byte: &u8| [b'"', b'\'', b' ', b'\t'].contains(byte);
        let after = from.get(SUBSTITUTE.len()..).unwrap_or_default();
        let mut rest = after.iter().skip_while(|byte| quotes(byte));
        let value = rest.next() == Some(&b':');
        let value = value.then(|| rest.skip_while(|byte| quotes(byte)).take(8));
        !is_comment && value.is_some_and(|value| value.eq(b"disabled"))
    })
}

impl<R: Read> Substituting<'_, R> {
    /// Looks at what is ahead as far as it is known to which document it belongs, and whether that stays as it is.
    fn look_ahead(&mut self) {
        let ahead = std::mem::take(&mut self.ahead);
        let mut rest = ahead.as_slice();
        loop {
            let end = memchr::memmem::find(rest, NEXT).map(|at| at + 1);
            let is_known = end.is_some() || self.ended || rest.len() >= LOOKAHEAD;
            let is_literal = match self.is_literal {
                Some(is_literal) => is_literal,
                None if is_known => {
                    is_left_alone(rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest))
                }
                None => break,
            };
            // The last bytes may be the beginning of what separates documents.
            let certain = match self.ended {
                true => rest.len(),
                false => rest.len().saturating_sub(NEXT.len() - 1),
            };
            let (part, after) = rest
                .split_at_checked(end.unwrap_or(certain))
                .unwrap_or((rest, &[]));
            if is_literal {
                self.done.append(&mut self.read);
                self.done.extend_from_slice(part);
            } else {
                self.read.extend_from_slice(part);
                self.look();
            }
            rest = after;
            if end.is_none() {
                self.is_literal = Some(is_literal);
                break;
            }
            self.is_literal = None;
        }
        self.ahead.extend_from_slice(rest);
    }

    /// Looks at what was read up to where more is needed to tell.
    fn look(&mut self) {
        let mut rest = self.read.as_slice();
        while let Some(at) = memchr::memchr(b'$', rest) {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            self.done.extend_from_slice(before);
            rest = from;
            // `$${NAME}` is the text `${NAME}`.
            let is_escaped = rest.starts_with(b"$${");
            if !rest.starts_with(b"${") && !is_escaped {
                if rest.len() < 3 && !self.ended {
                    break;
                }
                self.done.push(b'$');
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let begin = usize::from(is_escaped);
            let from = rest.get(begin..).unwrap_or_default();
            let length = expression::length(from.get(..LONGEST).unwrap_or(from));
            match length {
                None if rest.len() < LONGEST && !self.ended && !rest.contains(&b'\n') => break,
                Some(length) if length < LONGEST => {
                    let (whole, after) =
                        rest.split_at_checked(begin + length).unwrap_or((rest, &[]));
                    let whole = whole.get(begin..).unwrap_or_default();
                    put(&mut self.done, whole, is_escaped, (self.vars, self.open));
                    rest = after;
                }
                _ => {
                    self.done.extend_from_slice(b"${");
                    rest = rest.get(begin + 2..).unwrap_or_default();
                }
            }
        }
        if !rest.starts_with(b"$") {
            self.done.extend_from_slice(rest);
            rest = &[];
        }
        let left = rest.len();
        let used = self.read.len() - left;
        self.read.drain(..used);
    }
}

/// Adds what stands for a placeholder; an escaped one is text.
fn put(done: &mut Vec<u8>, whole: &[u8], is_escaped: bool, (vars, open): (&Vars, &Table)) {
    let text = std::str::from_utf8(whole).ok().filter(|_| !is_escaped);
    let inside = text.and_then(|text| text.strip_prefix("${")?.strip_suffix('}'));
    let meant = inside.map(|inside| expression::meant(inside, &vars.0));
    match (text, meant) {
        (_, Some(Meant::Value(value))) => done.extend_from_slice(value.as_bytes()),
        (Some(text), Some(Meant::Open(name))) => {
            done.extend_from_slice(open.mark(text, &name).as_bytes());
        }
        _ => done.extend_from_slice(whole),
    }
}

impl<R: Read> Read for Substituting<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        const CHUNK: u64 = 64 << 10;
        while self.given == self.done.len() {
            self.done.clear();
            self.given = 0;
            if self.ended {
                return Ok(0);
            }
            let read = self
                .from
                .by_ref()
                .take(CHUNK)
                .read_to_end(&mut self.ahead)?;
            self.ended = read == 0;
            self.look_ahead();
        }
        let ready = self.done.get(self.given..).unwrap_or_default();
        let length = ready.len().min(room.len());
        if let (Some(room), Some(ready)) = (room.get_mut(..length), ready.get(..length)) {
            room.copy_from_slice(ready);
        }
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(room.len()).min(self.0.len());
            let (given, rest) = self.0.split_at(length);
            room[..length].copy_from_slice(given);
            self.0 = rest;
            Ok(length)
        }
    }

    #[test]
    fn a_line_is_read_as_a_shell_reads_it() {
        for (line, wanted) in [
            ("A=x # c", "x"),
            ("A=x#c", "x#c"),
            ("A=#c", "#c"),
            ("A= # c", ""),
            ("A=a b\t# c", "a b"),
            ("A=\"a b\" # c \"d\"", "a b"),
            ("A='a # b'", "a # b"),
            ("A=\"a # b\"", "a # b"),
            ("A=\"a \\\" # b\"", "a \\\" # b"),
            ("A=\"C:\\\"", "C:\\"),
            ("A='it", "'it"),
            ("\u{feff}A=x", "x"),
            ("\u{feff}# c\r\nA=x\r\n", "x"),
        ] {
            let mut vars = Vars::default();
            vars.add_file(line).unwrap();
            assert_eq!(vars.0.get("A").map(String::as_str), Some(wanted), "{line}");
        }
        for line in ["A=\"a\"b", "A='a' 'b'", "A=\"a\"# c"] {
            let error = Vars::default().add_file(line).unwrap_err();
            assert!(
                error.starts_with("line 1: behind the closing quote"),
                "{error}"
            );
        }
    }

    #[test]
    fn values_stand_in_the_places_of_placeholders_however_the_text_is_read() {
        let mut vars = Vars::default();
        vars.add_file("# so\nexport A='1'\n\nB=two words\nEMPTY=\n")
            .unwrap();
        assert!(vars.add_file("A 1").unwrap_err().starts_with("line 1: "));
        for (text, wanted) in [
            ("a: ${A}b${B}", "a: 1btwo words"),
            ("${EMPTY:-x}|${EMPTY-x}|${EMPTY}", "x||"),
            ("${NONE:=x}|${NONE-y}|${A:-z}", "x|y|1"),
            ("$${A} $A $ $$ ${", "${A} $A $ $$ ${"),
            ("$${NOT}, ${A", "${NOT}, ${A"),
            ("${A\n}${A}", "${A\n}1"),
            ("${{ github.ref }}", "${{ github.ref }}"),
            ("${B^^} ${NONE:-${A}}}", "TWO WORDS 1}"),
        ] {
            for step in [1, 2, 3, 1_000] {
                let open = Table::default();
                let mut read = String::new();
                let mut from = vars.put_into(Drops(text.as_bytes(), step), &open);
                from.read_to_string(&mut read).unwrap();
                assert_eq!(open.written(&read), wanted, "{text}");
            }
        }
        // A document that says so stays as it is, and those around it do not.
        for disabled in [
            "kustomize.toolkit.fluxcd.io/substitute: disabled",
            "{\"kustomize.toolkit.fluxcd.io/substitute\" : \"disabled\"}",
        ] {
            let text =
                format!("a: ${{A}}\n---\nb: ${{A}} $${{B}}\n{disabled}\n--- # $\nc: ${{A}}\n");
            let wanted = text.replace("a: ${A}", "a: 1").replace("c: ${A}", "c: 1");
            let others = [
                text.replace("disabled", "enabled"),
                text.replace(disabled, &format!("# {disabled}")),
            ];
            for step in [1, 3, 1_000] {
                let open = Table::default();
                let put = |text: &str| {
                    let mut read = String::new();
                    let mut from = vars.put_into(Drops(text.as_bytes(), step), &open);
                    from.read_to_string(&mut read).unwrap();
                    read
                };
                assert_eq!(put(&text), wanted, "{step}");
                for other in &others {
                    let wanted = other.replace("$${B}", "${B}").replace("${A}", "1");
                    assert_eq!(put(other), wanted, "{step}");
                }
            }
        }
        // One without value goes through YAML as a mark, in braces, too, and what is escaped does not.
        let open = Table::default();
        let mut read = String::new();
        let text = "{a: ${NONE,,}, b: $${NONE}}";
        vars.put_into(text.as_bytes(), &open)
            .read_to_string(&mut read)
            .unwrap();
        assert_eq!(read.matches("${").count(), 1, "{read}");
        assert_eq!(open.written(&read), "{a: ${NONE,,}, b: ${NONE}}");
    }
}
