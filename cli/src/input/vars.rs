//! Placeholders such as `${DOMAIN}`, which Flux and envsubst replace before a server sees the text.

use serde_json::Value;
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
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

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Vars {
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Adds `NAME=VALUE` of each line; empty lines and those that begin with `#` say nothing, `export` before a name and quotes around
    /// a value are no part of them.
    pub(super) fn add_file(&mut self, text: &str) -> Result<(), String> {
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (name, value) =
                assignment(line).map_err(|error| format!("line {}: {error}", index + 1))?;
            let quoted = ['"', '\''].iter().find_map(|quote| {
                let inner = value.strip_prefix(*quote)?.strip_suffix(*quote)?;
                Some(inner.to_owned())
            });
            self.0.insert(name, quoted.unwrap_or(value));
        }
        Ok(())
    }

    /// What a placeholder stands for, by what is between its braces; nothing where nobody says.
    fn value<'v>(&'v self, inside: &'v str) -> Option<&'v str> {
        let end = inside
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(inside.len());
        let (name, rest) = inside.split_at_checked(end)?;
        if !is_name(name) {
            return None;
        }
        let given = self.0.get(name).map(String::as_str);
        let default = [":-", ":=", "-", "="]
            .iter()
            .find_map(|sign| rest.strip_prefix(sign));
        match (given, default) {
            (Some(""), Some(default)) if rest.starts_with(':') => Some(default),
            (Some(given), _) if rest.is_empty() || default.is_some() => Some(given),
            (_, default) => default,
        }
    }

    /// The text of a file with values in the places of placeholders; `met` becomes true where one has no value.
    pub(super) fn put_into<'r, R: Read>(
        &'r self,
        from: R,
        met: &'r Cell<bool>,
    ) -> Substituting<'r, R> {
        Substituting {
            vars: self,
            met,
            from,
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
    met: &'r Cell<bool>,
    from: R,
    /// What was read and not looked at yet.
    read: Vec<u8>,
    /// What is to be given, and how much of it was.
    done: Vec<u8>,
    given: usize,
    ended: bool,
}

/// How long a placeholder may be; a longer one is text.
const LONGEST: usize = 4_096;

impl<R: Read> Substituting<'_, R> {
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
            let begin = if is_escaped { 1 } else { 0 };
            let end = rest.iter().position(|byte| matches!(byte, b'}' | b'\n'));
            match end {
                None if rest.len() < LONGEST && !self.ended => break,
                Some(end) if rest.get(end) == Some(&b'}') && end < LONGEST => {
                    let whole = rest.get(begin..=end).unwrap_or_default();
                    let inside = rest.get(begin + 2..end).unwrap_or_default();
                    let value = std::str::from_utf8(inside)
                        .ok()
                        .and_then(|inside| self.vars.value(inside));
                    match value.filter(|_| !is_escaped) {
                        Some(value) => self.done.extend_from_slice(value.as_bytes()),
                        None => {
                            self.met.set(self.met.get() || !is_escaped);
                            self.done.extend_from_slice(whole);
                        }
                    }
                    rest = rest.get(end + 1..).unwrap_or_default();
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

impl<R: Read> Read for Substituting<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        const CHUNK: u64 = 64 << 10;
        while self.given == self.done.len() {
            self.done.clear();
            self.given = 0;
            if self.ended {
                return Ok(0);
            }
            let read = self.from.by_ref().take(CHUNK).read_to_end(&mut self.read)?;
            self.ended = read == 0;
            self.look();
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

/// The placeholders of an object that have no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Open {
    /// The fields that hold one, as an API server writes their paths.
    pub(crate) paths: Vec<String>,
    /// Their names.
    pub(crate) names: BTreeSet<String>,
}

/// How a name begins that stands for a placeholder without value: so that a field with one can be compared with another that has the
/// same, and is of the form that names and hostnames have.
const STAND_IN: &str = "placeholder-";

impl Open {
    /// Finds the placeholders in an object, and puts a name in the place of each.
    pub(super) fn close(object: &mut Value) -> Self {
        let mut open = Self::default();
        open.visit(object, &mut String::new());
        open
    }

    fn visit(&mut self, value: &mut Value, path: &mut String) {
        let length = path.len();
        match value {
            Value::String(text) if text.contains("${") => self.put_name(text, path),
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    path.push_str(&format!("[{index}]"));
                    self.visit(item, path);
                    path.truncate(length);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    match (path.is_empty(), key.contains(['.', '['])) {
                        (true, _) => path.push_str(key),
                        (false, true) => path.push_str(&format!("[{key}]")),
                        (false, false) => path.extend([".", key]),
                    }
                    self.visit(member, path);
                    path.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn put_name(&mut self, text: &mut String, path: &str) {
        let mut closed = String::new();
        let mut rest = text.as_str();
        let mut found = false;
        while let Some((before, from)) = rest.split_once("${") {
            closed.push_str(before);
            let Some((inside, after)) = from.split_once('}') else {
                closed.push_str("${");
                rest = from;
                continue;
            };
            let name: String = inside
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            if is_name(&name) {
                found = true;
                closed.push_str(STAND_IN);
                closed.push_str(&name.to_ascii_lowercase().replace('_', "-"));
                self.names.insert(name);
            } else {
                closed.extend(["${", inside, "}"]);
            }
            rest = after;
        }
        if found {
            closed.push_str(rest);
            *text = closed;
            self.paths.push(path.to_owned());
        }
    }

    /// Whether a finding of this rule at this field follows from a placeholder, so that nothing is known.
    pub(crate) fn is_behind(&self, rule: &str, path: &str) -> bool {
        // A field that is not there, or should not be, is so whatever its value is.
        if ["schema/unknown-field", "schema/required"].contains(&rule) {
            return false;
        }
        let is_part = |open: &String| {
            let Some(rest) = open.strip_prefix(path) else {
                return false;
            };
            // The field itself, or a reference by one of its own fields.
            let own = rest
                .strip_prefix('.')
                .filter(|_| !rule.starts_with("schema/"));
            rest.is_empty() || own.is_some_and(|own| !own.contains(['.', '[']))
        };
        !path.is_empty() && self.paths.iter().any(is_part)
    }

    /// Whether a hostname is a placeholder, so that which hostnames have some in common is not known.
    pub(crate) fn has_hostnames(&self) -> bool {
        self.paths.iter().any(|path| path.contains("hostname"))
    }
}

/// A message with placeholders in the places of the names that stand for them.
pub(crate) fn reopened(message: &str, names: &BTreeSet<String>) -> String {
    let mut names: Vec<_> = names.iter().collect();
    // A name that begins with another one comes before it.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.iter().fold(message.to_owned(), |message, name| {
        let stand_in = format!("{STAND_IN}{}", name.to_ascii_lowercase().replace('_', "-"));
        message.replace(&stand_in, &format!("${{{name}}}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
    fn values_stand_in_the_places_of_placeholders_however_the_text_is_read() {
        let mut vars = Vars::default();
        vars.add_file("# so\nexport A='1'\n\nB=two words\nEMPTY=\n")
            .unwrap();
        assert!(vars.add_file("A 1").unwrap_err().starts_with("line 1: "));
        for (text, wanted, met) in [
            ("a: ${A}b${B}", "a: 1btwo words", false),
            ("${EMPTY:-x}|${EMPTY-x}|${EMPTY}", "x||", false),
            ("${NONE:=x}|${NONE-y}|${A:-z}", "x|y|1", false),
            ("$${A} $A $ $$ ${", "${A} $A $ $$ ${", false),
            ("${NONE}, ${A", "${NONE}, ${A", true),
            ("${A\n}${A}", "${A\n}1", false),
            ("${{ github.ref }}", "${{ github.ref }}", true),
        ] {
            for step in [1, 2, 3, 1_000] {
                let is_met = Cell::new(false);
                let mut read = String::new();
                let mut from = vars.put_into(Drops(text.as_bytes(), step), &is_met);
                from.read_to_string(&mut read).unwrap();
                assert_eq!((read.as_str(), is_met.get()), (wanted, met), "{text}");
            }
        }
    }

    #[test]
    fn a_placeholder_without_value_gets_a_name_and_its_field_is_known() {
        let mut object = json!({"spec": {"hostnames": ["app.${MY_DOMAIN}", "a"], "a.b": {"x": "${P:x}"}, "k": "${{ x }}"}});
        let open = Open::close(&mut object);
        assert_eq!(
            object,
            json!({"spec": {"hostnames": ["app.placeholder-my-domain", "a"], "a.b": {"x": "placeholder-p"}, "k": "${{ x }}"}})
        );
        assert_eq!(open.paths, ["spec[a.b].x", "spec.hostnames[0]"]);
        assert_eq!(
            reopened("`app.placeholder-my-domain`", &open.names),
            "`app.${MY_DOMAIN}`"
        );
        assert!(open.is_behind("schema/pattern", "spec.hostnames[0]"));
        assert!(!open.is_behind("schema/pattern", "spec.hostnames"));
        assert!(open.is_behind("X/y", "spec[a.b]") && !open.is_behind("X/y", "spec"));
        assert!(!open.is_behind("schema/unknown-field", "spec.hostnames[0]"));
        assert!(open.has_hostnames());
    }
}
