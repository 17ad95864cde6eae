//! Placeholders that have no value: how they go through YAML, and what of an object nobody can know for them.

use serde_json::Value;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    ops::Bound,
};

/// What stands in the place of a placeholder while YAML is read: the number of its text in a [`Table`], between characters that have
/// no meaning of their own. Unlike `${…}`, it can be read in braces, too.
const BEGIN: char = '\u{F8F0}';
const END: char = '\u{F8F1}';
/// Makes it as long as the placeholder is, so that columns stay true.
const FILL: char = '\u{F8F2}';

/// The placeholders of a file that have no value.
#[derive(Debug, Default)]
pub(super) struct Table {
    found: RefCell<Vec<Placeholder>>,
    numbers: RefCell<HashMap<String, usize>>,
}

/// A placeholder as it is written, and the variable whose value it needs.
#[derive(Clone, Debug)]
struct Placeholder {
    text: String,
    name: String,
}

/// What becomes of placeholders that have no value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Placeholders {
    /// Objects that depend on one are not looked at, and named.
    #[default]
    Refused,
    /// A name stands in the place of each, so that all else can be judged.
    StoodFor,
    /// Each stays as it is written in the field that has it, and all else counts.
    Shown,
    /// They stay text, and `--var` has no meaning.
    Kept,
}

impl Table {
    /// What goes through YAML in the place of a placeholder.
    pub(super) fn mark(&self, text: &str, name: &str) -> String {
        let mut numbers = self.numbers.borrow_mut();
        let number = match numbers.get(text) {
            Some(number) => *number,
            None => {
                let mut found = self.found.borrow_mut();
                let number = found.len();
                found.push(Placeholder {
                    text: text.to_owned(),
                    name: name.to_owned(),
                });
                numbers.insert(text.to_owned(), number);
                number
            }
        };
        let mut mark = format!("{BEGIN}{number}{END}");
        let missing = text.chars().count().saturating_sub(mark.chars().count());
        mark.extend(std::iter::repeat_n(FILL, missing));
        mark
    }

    fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// The variables that stand for whole lines of a text, and the first of these lines, from 0.
    pub(super) fn whole_lines(&self, text: &[u8]) -> Option<(usize, BTreeSet<String>)> {
        let (numbers, found) = (self.numbers.borrow(), self.found.borrow());
        let (mut first, mut names) = (None, BTreeSet::new());
        for (line, text) in text.split(|byte| *byte == b'\n').enumerate() {
            let text = str::from_utf8(text.trim_ascii()).unwrap_or_default();
            if let Some(placeholder) = numbers.get(text).and_then(|number| found.get(*number)) {
                first.get_or_insert(line);
                names.insert(placeholder.name.clone());
            }
        }
        Some((first?, names))
    }

    /// A text with what `put` makes of them in the places of placeholders; nothing where it has none.
    fn replaced(&self, text: &str, mut put: impl FnMut(&Placeholder) -> String) -> Option<String> {
        if !text.contains(BEGIN) {
            return None;
        }
        let found = self.found.borrow();
        let mut done = String::new();
        let mut rest = text;
        let mut is_any = false;
        while let Some((before, from)) = rest.split_once(BEGIN) {
            done.push_str(before);
            let (number, after) = from.split_once(END).unwrap_or((from, ""));
            let number = number.parse::<usize>().ok();
            match number.and_then(|number| found.get(number)) {
                Some(placeholder) => {
                    is_any = true;
                    done.push_str(&put(placeholder));
                    rest = after.trim_start_matches(FILL);
                }
                None => {
                    done.push(BEGIN);
                    rest = from;
                }
            }
        }
        done.push_str(rest);
        is_any.then_some(done)
    }

    /// A text as it is written in the file.
    pub(super) fn written(&self, text: &str) -> String {
        let as_written = self.replaced(text, |placeholder| placeholder.text.clone());
        as_written.unwrap_or_else(|| text.to_owned())
    }
}

/// What nobody knows of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hole {
    /// The variables that it needs; none where it is encrypted.
    names: BTreeSet<String>,
    /// Whether the name of the field is not known, and not only what it holds.
    is_key: bool,
}

/// What of an object nobody knows: fields with placeholders that have no value, and those that SOPS has encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Open {
    /// The fields, by their paths as an API server writes them.
    holes: BTreeMap<String, Hole>,
    /// The variables that have no value.
    pub(crate) names: BTreeSet<String>,
    /// Each placeholder by what stands in its place.
    pub(crate) stand_ins: BTreeMap<String, String>,
}

/// How a name begins that stands for a placeholder without value: so that a field with one can be compared with another that has the
/// same, and is of the form that names and hostnames have.
const STAND_IN: &str = "placeholder-";

/// A name that stands for what nobody knows, and for no placeholder: no variable has a name that begins with a digit.
pub(crate) fn numbered(number: usize) -> String {
    format!("{STAND_IN}{number}")
}

/// How long the name of a variable may be that is a part of what stands for its placeholder, and how long that is at most.
const LONGEST_NAME: usize = 40;
const LONGEST: usize = STAND_IN.len() + LONGEST_NAME;

/// How a value begins that SOPS has encrypted.
const ENCRYPTED: &str = "ENC[AES256_GCM,";

fn stand_in(placeholder: &Placeholder) -> String {
    let name = &placeholder.name;
    let name_alone = name.to_ascii_lowercase().replace('_', "-");
    let is_plain = placeholder.text == format!("${{{}}}", name.to_ascii_uppercase());
    // A label ends with a letter or a digit, and is short.
    if is_plain && name_alone.len() <= LONGEST_NAME && !name_alone.ends_with('-') {
        return format!("{STAND_IN}{name_alone}");
    }
    let mut hasher = DefaultHasher::new();
    placeholder.text.hash(&mut hasher);
    format!("{STAND_IN}{:016x}", hasher.finish())
}

impl Open {
    /// Finds what nobody knows of an object. In the places of placeholders stands their text, or with `stands_for` a name; what SOPS
    /// says of what it has encrypted goes.
    pub(super) fn find(object: &mut Value, table: &Table, stands_for: bool) -> Self {
        let mut open = Self::default();
        let is_encrypted = object.get("sops").is_some_and(Value::is_object);
        if is_encrypted && let Some(members) = object.as_object_mut() {
            members.remove("sops");
        }
        if is_encrypted || !table.is_empty() {
            let mut visit = Visit {
                open: &mut open,
                table,
                stands_for,
                is_encrypted,
            };
            visit.value(object, &mut String::new());
        }
        open
    }

    /// Whether nothing is open.
    pub(crate) fn is_empty(&self) -> bool {
        self.holes.is_empty()
    }

    /// The fields of which something is not known, by their paths.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.holes.keys().map(String::as_str)
    }

    /// Whether nobody knows what a field holds.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.holes.contains_key(path)
    }

    /// The variables that fields need for which `counts` is true.
    pub(super) fn names_of(&self, counts: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let holes = self.holes.iter().filter(|(path, _)| counts(path));
        holes
            .flat_map(|(_, hole)| hole.names.iter().cloned())
            .collect()
    }

    /// Whether a finding of this rule at this field follows from what nobody knows.
    pub(crate) fn is_behind(&self, rule: &str, path: &str) -> bool {
        // A field below one whose name is not known is one that nobody knows.
        let parts = path.match_indices(['.', '[']).map(|(end, _)| end);
        let is_key = |end: usize| {
            let whole = path.get(..end).and_then(|whole| self.holes.get(whole));
            whole.is_some_and(|hole| hole.is_key)
        };
        if parts.chain([path.len()]).any(is_key) {
            return true;
        }
        // What is said of keys may be said of what holds them.
        let mut within = self.within(path);
        if rule.starts_with("metadata/")
            && within.any(|(rest, hole)| hole.is_key && rest.starts_with(['.', '[']))
        {
            return true;
        }
        // A field that is not there, or should not be, is so whatever its value is.
        if ["schema/unknown-field", "schema/required"].contains(&rule) {
            return false;
        }
        // The field itself, or a reference by one of its own fields.
        self.within(path).any(|(rest, _)| {
            let own = rest
                .strip_prefix('.')
                .filter(|_| !rule.starts_with("schema/"));
            rest.is_empty() || own.is_some_and(|own| !own.contains(['.', '[']))
        })
    }

    /// The fields whose paths begin with this one, each with the rest of its path; nothing of the object as a whole.
    fn within<'o>(&'o self, path: &'o str) -> impl Iterator<Item = (&'o str, &'o Hole)> {
        let from = (!path.is_empty()).then(|| {
            let from = (Bound::Included(path), Bound::Unbounded);
            self.holes.range::<str, _>(from)
        });
        from.into_iter()
            .flatten()
            .map_while(move |(whole, hole)| Some((whole.strip_prefix(path)?, hole)))
    }

    /// Whether a hostname is a placeholder, so that which hostnames have some in common is not known.
    pub(crate) fn has_hostnames(&self) -> bool {
        self.fields().any(|path| path.contains("hostname"))
    }
}

/// Goes through an object.
struct Visit<'v> {
    open: &'v mut Open,
    table: &'v Table,
    stands_for: bool,
    is_encrypted: bool,
}

impl Visit<'_> {
    fn value(&mut self, value: &mut Value, path: &mut String) {
        let length = path.len();
        match value {
            Value::String(text) => {
                if self.is_encrypted && text.starts_with(ENCRYPTED) {
                    self.hole(path, BTreeSet::new(), false);
                } else if let Some((closed, names)) = self.closed(text) {
                    *text = closed;
                    self.hole(path, names, false);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    path.push_str(&format!("[{index}]"));
                    self.value(item, path);
                    path.truncate(length);
                }
            }
            Value::Object(members) => {
                let mut keys = BTreeMap::new();
                if members.keys().any(|key| key.contains(BEGIN)) {
                    for (key, member) in std::mem::take(members) {
                        let key = match self.closed(&key) {
                            Some((closed, names)) => {
                                keys.insert(closed.clone(), names);
                                closed
                            }
                            None => key,
                        };
                        members.insert(key, member);
                    }
                }
                for (key, member) in members {
                    match (path.is_empty(), key.contains(['.', '['])) {
                        (true, _) => path.push_str(key),
                        (false, true) => path.push_str(&format!("[{key}]")),
                        (false, false) => path.extend([".", key]),
                    }
                    if let Some(names) = keys.remove(key) {
                        self.hole(path, names, true);
                    }
                    self.value(member, path);
                    path.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn hole(&mut self, path: &str, names: BTreeSet<String>, is_key: bool) {
        self.open.names.extend(names.iter().cloned());
        let hole = self.open.holes.entry(path.to_owned()).or_default();
        hole.names.extend(names);
        hole.is_key |= is_key;
    }

    /// A text with what stands for its placeholders, and the variables that these need; nothing where it has none.
    fn closed(&mut self, text: &str) -> Option<(String, BTreeSet<String>)> {
        let mut names = BTreeSet::new();
        let closed = self.table.replaced(text, |placeholder| {
            names.insert(placeholder.name.clone());
            if !self.stands_for {
                return placeholder.text.clone();
            }
            let stand_in = stand_in(placeholder);
            let text = placeholder.text.clone();
            self.open.stand_ins.insert(stand_in.clone(), text);
            stand_in
        })?;
        Some((closed, names))
    }
}

/// A message with placeholders in the places of the names that stand for them.
pub(crate) fn reopened(message: &str, stand_ins: &BTreeMap<String, String>) -> String {
    let mut done = String::new();
    let mut rest = message;
    while let Some(at) = rest.find(STAND_IN) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        done.push_str(before);
        let is_of_name = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-';
        let most = from.chars().take_while(is_of_name).take(LONGEST).count();
        // What follows a name may look like more of it.
        let mut names = (STAND_IN.len()..=most).rev();
        let known = names.find_map(|end| {
            let (name, after) = from.split_at_checked(end)?;
            Some((stand_ins.get(name)?, after))
        });
        match known {
            Some((text, after)) => {
                done.push_str(text);
                rest = after;
            }
            None => {
                done.push_str(STAND_IN);
                rest = from.strip_prefix(STAND_IN).unwrap_or_default();
            }
        }
    }
    done.push_str(rest);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_placeholder_without_value_gets_a_name_and_its_field_is_known() {
        let table = Table::default();
        let marks = [
            ("${MY_DOMAIN}", "MY_DOMAIN"),
            ("${P,,}", "P"),
            ("${K}", "K"),
        ];
        let [domain, p, k] = marks.map(|(text, name)| table.mark(text, name));
        assert_eq!(domain.chars().count(), "${MY_DOMAIN}".len());
        assert_eq!(table.written(&format!("a{k}b{p}")), "a${K}b${P,,}");
        let lines = b"a: ${MY_DOMAIN}\n  ${K}\r\n${P,,}\n${NOT}\n";
        let names = ["K", "P"].map(str::to_owned);
        assert_eq!(table.whole_lines(lines), Some((1, BTreeSet::from(names))));
        assert_eq!(table.whole_lines(b"a: ${K}"), None);
        let written = json!({
            "metadata": {"labels": {k.clone(): "v"}},
            "spec": {"hostnames": [format!("app.{domain}"), "a"], "a.b": {"x": p}, "k": "${{ x }}"},
        });
        let mut object = written.clone();
        let open = Open::find(&mut object, &table, false);
        assert_eq!(object["spec"]["hostnames"][0], "app.${MY_DOMAIN}");
        assert_eq!(object["metadata"]["labels"]["${K}"], "v");
        let of_spec = open.names_of(|path| path.starts_with("spec."));
        assert_eq!(of_spec.into_iter().collect::<Vec<_>>(), ["MY_DOMAIN"]);
        let mut object = written;
        let open = Open::find(&mut object, &table, true);
        assert_eq!(object["spec"]["hostnames"][0], "app.placeholder-my-domain");
        assert_eq!(object["metadata"]["labels"]["placeholder-k"], "v");
        let x = object["spec"]["a.b"]["x"].as_str().unwrap();
        assert_eq!(
            reopened(
                &format!("`{x}`, `app.placeholder-my-domain`"),
                &open.stand_ins
            ),
            "`${P,,}`, `app.${MY_DOMAIN}`"
        );
        assert!(open.is_behind("schema/pattern", "spec.hostnames[0]"));
        assert!(!open.is_behind("schema/pattern", "spec.hostnames"));
        assert!(open.is_behind("X/y", "spec[a.b]") && !open.is_behind("X/y", "spec"));
        assert!(!open.is_behind("schema/unknown-field", "spec.hostnames[0]"));
        assert!(open.is_behind("metadata/labels", "metadata.labels"));
        assert!(open.is_behind("schema/unknown-field", "metadata.labels.placeholder-k"));
        assert!(open.is_behind("schema/pattern", "metadata.labels.placeholder-k.x"));
        assert!(!open.is_behind("metadata/labels", "metadata.label"));
        assert!(open.has_hostnames());
    }

    #[test]
    fn the_longest_name_that_is_known_is_put_back_and_others_stay() {
        let stand_ins =
            ["a", "a-b", "b-"].map(|name| (format!("placeholder-{name}"), format!("${{{name}}}")));
        let stand_ins = BTreeMap::from(stand_ins);
        for (message, wanted) in [
            ("placeholder-a", "${a}"),
            ("placeholder-a-b-c", "${a-b}-c"),
            ("placeholder-b placeholder-c", "placeholder-b placeholder-c"),
            (
                "xplaceholder-aé, placeholder-placeholder-a",
                "x${a}é, placeholder-${a}",
            ),
            ("nothing", "nothing"),
        ] {
            assert_eq!(reopened(message, &stand_ins), wanted);
        }
    }

    #[test]
    fn what_sops_has_encrypted_is_open() {
        let mut object =
            json!({"data": {"a": "ENC[AES256_GCM,data:x]", "b": "YQ=="}, "sops": {"mac": "x"}});
        let open = Open::find(&mut object, &Table::default(), true);
        assert!(object.get("sops").is_none());
        assert!(
            open.is_behind("Secret/base64", "data.a") && !open.is_behind("Secret/base64", "data.b")
        );
        let mut plain = json!({"data": {"a": "ENC[AES256_GCM,data:x]"}});
        assert!(Open::find(&mut plain, &Table::default(), true).is_empty());
    }
}
