//! What there is to complain of in what was read.

use gwapi::manifest::{Position, RawObject, ReadError};
use serde::Serialize;
use std::path::Path;

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
        match (self.namespace.as_str(), self.name.as_str()) {
            ("", "") => Ok(()),
            ("", name) => write!(f, " {name}"),
            (namespace, name) => write!(f, " {namespace}/{name}"),
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
        }
    }

    /// Keys that an object gives twice.
    pub(super) fn of_duplicates<'e>(
        file: &'e str,
        entry: &'e RawObject,
    ) -> impl Iterator<Item = Self> + 'e {
        entry.duplicates.iter().map(move |duplicate| Self {
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
            help: Some("remove the link, or name the file itself with -f".to_owned()),
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
        }
    }
}

/// Problems, as many as are kept, and how many there were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems {
    /// In the order of the input.
    pub(crate) kept: Vec<Problem>,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
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
