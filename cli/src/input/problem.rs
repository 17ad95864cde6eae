//! What there is to complain of in what was read.

use super::entry::Entry;
use gwapi::manifest::{Position, RawObject, ReadError};
use serde::Serialize;
use std::{borrow::Cow, collections::BTreeSet, path::Path};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// An API server would refuse it.
    Error,
    /// It is accepted, and likely not what is meant.
    Warning,
}

/// Something to complain of in a manifest; in JSON an element of what `validate` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// The file as it was given.
    pub(crate) file: String,
    /// The line, from 1; 0 where no line is to blame.
    pub(crate) line: usize,
    /// The column in characters, from 1; 0 where no line is to blame.
    pub(crate) column: usize,
    /// The object.
    pub(crate) object: Named,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// The id of the rule.
    pub(crate) rule: String,
    /// The field path.
    pub(crate) path: String,
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right, where there is more to say.
    pub(crate) help: Option<String>,
    /// The file from which the object was rendered, if the input says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<String>,
    /// The first line of the object; 0 where there is none.
    #[serde(skip)]
    pub(crate) begins: usize,
    /// The kind of the object that is missing, where the set merely leaves it out.
    #[serde(skip)]
    pub(crate) left_out: Option<String>,
}

/// What a user writes to mean a rule: its id, or `schema/*` for all of its group.
pub(super) fn written_forms(rule: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let groups = rule.match_indices('/').filter_map(|(at, _)| {
        let group = rule.get(..=at)?;
        Some(Cow::Owned(format!("{group}*")))
    });
    std::iter::once(Cow::Borrowed(rule)).chain(groups)
}

/// Whether a rule is meant by what a user writes.
pub(crate) fn is_rule(written: &str, rule: &str) -> bool {
    written_forms(rule).any(|form| form == written)
}

/// What an object calls itself, as far as it says; empty where it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Named {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Named {
    /// The names of an entry. One that is longer than any may be is cut: an object may have many problems.
    pub(crate) fn of(entry: &RawObject) -> Self {
        let kept = |text: &str| text.chars().take(1_024).collect();
        Self {
            api_version: kept(entry.api_version()),
            kind: kept(entry.kind()),
            namespace: kept(entry.namespace()),
            name: kept(entry.name()),
        }
    }
}

impl std::fmt::Display for Named {
    /// `HTTPRoute shop/cart`; nothing where the object says nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.kind)?;
        if !self.kind.is_empty() && !self.name.is_empty() {
            f.write_str(" ")?;
        }
        match (self.namespace.as_str(), self.name.as_str()) {
            (_, "") => Ok(()),
            ("", name) => f.write_str(name),
            (namespace, name) => write!(f, "{namespace}/{name}"),
        }
    }
}

impl Problem {
    /// An object or a document that could not be read.
    pub(super) fn unreadable(file: &str, error: &ReadError) -> Self {
        Self {
            file: file.to_owned(),
            line: error.line(),
            column: error.column(),
            object: Named {
                api_version: error.api_version().to_owned(),
                kind: error.kind().to_owned(),
                namespace: error.namespace().to_owned(),
                name: error.name().to_owned(),
            },
            severity: Severity::Error,
            rule: "manifest/unreadable".to_owned(),
            path: error.path().to_owned(),
            message: named_as_option(error),
            help: error
                .limit_name()
                .map(|name| format!("`--limit {}=…` allows more", name.replace('_', "-"))),
            origin: None,
            begins: 0,
            left_out: None,
        }
    }

    /// Keys that an object gives twice.
    pub(super) fn of_duplicates<'e>(
        file: &'e str,
        entry: &'e Entry,
    ) -> impl Iterator<Item = Self> + 'e {
        // Of other kinds, only a server that validates strictly refuses them.
        let counts = entry.is_of_gateway_api();
        entry.duplicates.iter().map(move |duplicate| Self {
            severity: match counts {
                true => Severity::Error,
                false => Severity::Warning,
            },
            help: Some("give the key once".to_owned()),
            ..Self::of_entry(
                file,
                entry,
                duplicate.position,
                "manifest/duplicate-key",
                &duplicate.path,
                format!(
                    "the key is given twice, first in line {}",
                    duplicate.first.line
                ),
            )
        })
    }

    /// A link in a folder that is not followed.
    pub(super) fn not_followed(link: &Path, why: &str) -> Self {
        Self {
            file: link.display().to_string(),
            line: 0,
            column: 0,
            object: Named::default(),
            severity: Severity::Error,
            rule: "input/link".to_owned(),
            path: String::new(),
            message: format!("{why}; it is not read"),
            help: Some("remove the link, or name the file itself".to_owned()),
            origin: None,
            begins: 0,
            left_out: None,
        }
    }

    /// An error in an object that was read.
    pub(crate) fn of_entry(
        file: &str,
        entry: &RawObject,
        position: Position,
        rule: &str,
        path: &str,
        message: String,
    ) -> Self {
        Self {
            file: file.to_owned(),
            line: position.line,
            column: position.column,
            object: Named::of(entry),
            severity: Severity::Error,
            rule: rule.to_owned(),
            path: path.to_owned(),
            message,
            help: None,
            origin: origin(entry),
            begins: entry.place.position.line,
            left_out: None,
        }
    }

    /// A template that is no YAML yet.
    pub(super) fn of_template(file: &str, place: (usize, usize)) -> Self {
        let message = "the file is a Helm template, and no manifest yet".to_owned();
        let help = "render it first, as in `helm template CHART | gwapi validate -`";
        Self::of_file(
            file,
            place,
            Severity::Error,
            "input/helm-template",
            (message, help),
        )
    }

    /// Placeholders that have no value.
    pub(super) fn of_placeholders(
        file: &str,
        place: (usize, usize),
        names: &BTreeSet<String>,
        withheld: usize,
    ) -> Self {
        let message = format!(
            "{}: fields with such placeholders are not judged",
            without_value(names)
        );
        let message = match withheld {
            0 => message,
            1 => {
                message
                    + "; one object has such a field that is no text, and is not judged beside others"
            }
            n => format!(
                "{message}; {n} objects have such fields that are no text, and are not judged beside others"
            ),
        };
        let (severity, rule) = (Severity::Warning, "input/placeholder");
        Self::of_file(file, place, severity, rule, (message, GIVE_VALUES))
    }

    /// A kustomization whose namespace is a placeholder that has no value.
    pub(super) fn of_open_namespace(
        file: &str,
        place: (usize, usize),
        names: &BTreeSet<String>,
    ) -> Self {
        let message = format!(
            "{}: in which namespace the objects of the kustomization are is not known",
            without_value(names)
        );
        let (severity, rule) = (Severity::Warning, "input/placeholder");
        Self::of_file(file, place, severity, rule, (message, GIVE_VALUES))
    }

    /// Documents in which placeholders without value stand for whole lines, so that nobody can read them.
    pub(super) fn of_open_lines(
        file: &str,
        place: (usize, usize),
        names: &BTreeSet<String>,
        severity: Severity,
    ) -> Self {
        let message = format!(
            "{}: a document with such a line is not judged",
            without_value(names)
        );
        Self::of_file(
            file,
            place,
            severity,
            "input/placeholder",
            (message, GIVE_VALUES),
        )
    }

    /// A resource of a kustomization that is not there.
    pub(super) fn of_absent_resource(file: &str, place: (usize, usize), resource: &str) -> Self {
        let message = format!(
            "there is no file or folder `{resource}` beside the kustomization: Kustomize builds nothing of it"
        );
        let help = "correct the path, or remove it; where something makes it later, allow the rule";
        let (severity, rule) = (Severity::Warning, "input/absent-resource");
        Self::of_file(file, place, severity, rule, (message, help))
    }

    /// An object that cannot be looked at, since variables have no value.
    pub(super) fn of_open_object(file: &str, entry: &Entry, names: &BTreeSet<String>) -> Self {
        let first = names.first().map_or("NAME", String::as_str);
        Self {
            help: Some(format!(
                "give a value: `--var {first}=VALUE`, or `--vars FILE`"
            )),
            ..Self::of_entry(
                file,
                entry,
                entry.place.position,
                "input/placeholder",
                "",
                without_value(names),
            )
        }
    }

    /// A comment that allows what is no rule.
    pub(crate) fn of_unknown_rule(file: &str, line: usize, rule: &str, why: &str) -> Self {
        let message = format!("the comment allows `{rule}`: {why}");
        let help = "write `# gwapi: allow RULE, because …`; `gwapi rules` lists the rules";
        Self::of_comment(file, line, message, help)
    }

    /// A comment that allows a rule where nothing breaks it.
    pub(crate) fn of_unused(file: &str, line: usize, rule: &str) -> Self {
        let message = format!("nothing here breaks the rule `{rule}`, which the comment allows");
        let help = "remove it; a comment counts for the object that it stands above, or for its line or the next one";
        Self::of_comment(file, line, message, help)
    }

    fn of_comment(file: &str, line: usize, message: String, help: &'static str) -> Self {
        let (place, rule) = ((line, 1), "input/unused-allow");
        Self::of_file(file, place, Severity::Warning, rule, (message, help))
    }

    /// A problem of a file as a whole, or of a line of it.
    pub(crate) fn of_file(
        file: &str,
        (line, column): (usize, usize),
        severity: Severity,
        rule: &str,
        (message, help): (String, &str),
    ) -> Self {
        Self {
            file: file.to_owned(),
            line,
            column,
            object: Named::default(),
            severity,
            rule: rule.to_owned(),
            path: String::new(),
            message,
            help: Some(help.to_owned()),
            origin: None,
            begins: 0,
            left_out: None,
        }
    }
}

/// What to do about placeholders that have no value.
const GIVE_VALUES: &str = "give the values: `--var NAME=VALUE`, or `--vars FILE`";

/// ``${A}`, `${B}` have no value``.
fn without_value(names: &BTreeSet<String>) -> String {
    let shown = names.iter().take(8).map(|name| format!("`${{{name}}}`"));
    let mut shown: Vec<String> = shown.collect();
    if names.len() > shown.len() {
        shown.push(format!("{} more", names.len() - shown.len()));
    }
    let have = if names.len() == 1 { "has" } else { "have" };
    format!("{} {have} no value", shown.join(", "))
}

/// The file from which an object was rendered, by the annotations that Kustomize and kpt write.
pub(crate) fn origin(entry: &RawObject) -> Option<String> {
    let annotations = entry.value.get("metadata")?.get("annotations")?;
    let text = |name: &str| annotations.get(name)?.as_str();
    let of_kustomize = text("config.kubernetes.io/origin").and_then(|origin| {
        let mut lines = origin.lines();
        lines.find_map(|line| line.trim().strip_prefix("path:"))
    });
    let of_functions =
        || text("internal.config.kubernetes.io/path").or_else(|| text("config.kubernetes.io/path"));
    let path = of_kustomize.or_else(of_functions)?.trim();
    let path = path.trim_matches(['"', '\'']);
    Some(path.chars().take(4_096).collect())
}

/// Which rules count otherwise than they do by themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Those whose findings are left out.
    pub(crate) allow: Vec<String>,
    /// Those whose findings are errors.
    pub(crate) deny: Vec<String>,
}

impl Settings {
    /// Gives a problem the severity that it is to have; says whether it counts. An id counts for more than a group.
    pub(super) fn settle(&self, problem: &mut Problem) -> bool {
        let named = |rules: &[String]| {
            let fit = rules.iter().filter(|rule| is_rule(rule, &problem.rule));
            fit.map(String::len).max()
        };
        let (allowed, denied) = (named(&self.allow), named(&self.deny));
        if denied.is_some() && denied >= allowed {
            problem.severity = Severity::Error;
            return true;
        }
        allowed.is_none()
    }
}

/// Problems, as many as are kept, and how many there were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems {
    /// In the order of the input.
    pub(crate) kept: Vec<Problem>,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    /// How many are left out because they are allowed.
    pub(crate) allowed: usize,
}

impl Problems {
    /// Adds one, which is counted, and kept if there is room.
    pub(crate) fn push(&mut self, problem: Problem, most: usize) {
        match problem.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.kept.len() < most {
            self.kept.push(problem);
        }
    }

    pub(super) fn append(&mut self, mut other: Self, most: usize) {
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.allowed += other.allowed;
        other.kept.truncate(most.saturating_sub(self.kept.len()));
        self.kept.append(&mut other.kept);
    }

    /// How many there were.
    pub(crate) fn all(&self) -> usize {
        self.errors + self.warnings
    }

    /// How many are not kept.
    pub(crate) fn more(&self) -> usize {
        self.all() - self.kept.len()
    }
}

/// What an error says, with the limit under the name that the option has for it.
fn named_as_option(error: &ReadError) -> String {
    match error.limit_name() {
        Some(name) => error.message().replace(
            &format!("`{name}`"),
            &format!("`{}`", name.replace('_', "-")),
        ),
        None => error.message().to_owned(),
    }
}
