//! What `-f` names: files, folders and stdin, read into objects with file, line and column.

mod files;
pub(crate) mod line;
mod place;
mod shown;
mod sift;

use place::Place;
pub(crate) use shown::Shown;
pub(crate) use sift::{Kept, Looked, Problems, Sifted};

use crate::output::{Line, Page, Style, fail, say};
use clap::Args;
use gwapi::manifest::{Limits, Position, RawObject, ReadError, ReadOptions};
use serde::Serialize;
use std::{
    borrow::Cow,
    collections::HashMap,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// How many problems are shown to people, each with its line. What hostile input has beyond is counted.
pub(crate) const MOST_SHOWN: usize = 1_000;

/// Where to read from; every verb that reads takes it.
#[derive(Clone, Debug, Args)]
pub(crate) struct InputArgs {
    /// A manifest to read: a file, a folder (with all *.yaml, *.yml, *.json and *.jsonl below it), or - for
    /// stdin; may be given several times
    #[arg(short = 'f', long = "file", value_name = "PATH", required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = limit, help = help_of_limits())]
    limits: Vec<(String, usize)>,
}

/// One thing to read.
#[derive(Debug)]
struct Origin {
    /// Its number among all.
    index: usize,
    name: String,
    place: Place,
}

/// What the bounds are for, each with its default.
fn help_of_limits() -> String {
    let Limits {
        max_document_bytes,
        max_objects,
        max_depth,
        max_values,
        max_alias_bytes,
        max_errors,
        ..
    } = Limits::default();
    format!(
        "A bound on what reading a file may cost; may be given several times: max-bytes ({}; stdin and pipes are copied, to \
         the folder that TMPDIR names if they are long), max-document-bytes ({max_document_bytes}), max-objects \
         ({max_objects}), max-depth ({max_depth}, and {} at most), max-values ({max_values} in an object, and {} in a list \
         that `convert` reads), max-alias-bytes ({max_alias_bytes}) or max-errors ({max_errors})",
        sift::MAX_BYTES,
        Limits::MOST_DEPTH,
        sift::MAX_VALUES_OF_A_BACKUP,
    )
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

/// `max-depth=256` and the like.
fn limit(text: &str) -> Result<(String, usize), String> {
    let known = || Limits::NAMES.map(|name| name.replace('_', "-")).join(", ");
    let Some((name, limit)) = text.split_once('=') else {
        return Err(format!(
            "expected `NAME=NUMBER`, with one of the names {}",
            known()
        ));
    };
    let name = name.replace('-', "_");
    if !Limits::NAMES.contains(&name.as_str()) {
        return Err(format!("there is no such limit; there are {}", known()));
    }
    let limit = limit
        .parse()
        .map_err(|_| format!("expected a number, found `{limit}`"))?;
    if name == "max_depth" && limit > Limits::MOST_DEPTH {
        return Err(format!("at most {} levels can be read", Limits::MOST_DEPTH));
    }
    Ok((name, limit))
}

impl InputArgs {
    /// What is to be read, in order; links that are not followed are problems.
    fn origins(&self, mut problem: impl FnMut(Problem)) -> Option<Vec<Origin>> {
        let mut origins = Vec::new();
        let mut failed = false;
        let mut stdin_read = false;
        for path in &self.files {
            if path.as_os_str() == "-" {
                if !std::mem::replace(&mut stdin_read, true) {
                    origins.push(("<stdin>".to_owned(), Place::Stdin));
                }
                continue;
            }
            match files::find(path) {
                Ok(found) if found == files::Found::default() => {
                    failed = true;
                    fail(format_args!(
                        "the folder `{}` holds no manifest (*.yaml, *.yml, *.json, *.jsonl)",
                        path.display()
                    ));
                }
                Ok(found) => {
                    let named = |file: PathBuf| (file.display().to_string(), Place::File(file));
                    origins.extend(found.files.into_iter().map(named));
                    for link in &found.outside {
                        problem(Problem::not_followed(
                            link,
                            &format!("the link leads out of the folder `{}`", path.display()),
                        ));
                    }
                    for link in &found.broken {
                        let why = "the link leads to nothing that can be read";
                        problem(Problem::not_followed(link, why));
                    }
                }
                Err((path, error)) => {
                    failed = true;
                    fail(format_args!("cannot read `{}`: {error}", path.display()));
                }
            }
        }
        let origins = origins
            .into_iter()
            .enumerate()
            .map(|(index, (name, place))| Origin { index, name, place });
        (!failed).then(|| origins.collect())
    }

    /// The bounds on what reading may cost.
    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        for (name, limit) in &self.limits {
            limits.set(name, *limit);
        }
        limits
    }

    /// Whether this bound was given.
    fn sets(&self, name: &str) -> bool {
        self.limits.iter().any(|(given, _)| given == name)
    }
}

/// The files that were read.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// The files, in the order of reading.
    pub(crate) sources: Vec<Source>,
    /// How many objects there were.
    pub(crate) objects: usize,
    /// How they were read.
    options: ReadOptions,
    /// The first file of each name.
    by_name: HashMap<String, usize>,
}

/// A file that was read, and can be read again.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name as it was given.
    pub(crate) name: String,
    place: Place,
}

impl Source {
    /// All of it.
    pub(crate) fn text(&self) -> io::Result<Cow<'_, [u8]>> {
        self.place.text()
    }

    /// All of it, from the beginning.
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        self.place.open()
    }
}

impl Input {
    fn add_source(&mut self, name: String, place: Place) -> usize {
        let index = self.sources.len();
        self.by_name.entry(name.clone()).or_insert(index);
        self.sources.push(Source { name, place });
        index
    }

    /// The name of the file with this index.
    pub(crate) fn source(&self, index: usize) -> &str {
        self.sources.get(index).map_or("", |source| &source.name)
    }

    /// The place of a file among those that were read.
    pub(crate) fn order(&self, file: &str) -> usize {
        self.by_name.get(file).copied().unwrap_or_default()
    }

    /// Brings problems into the order of the input.
    pub(crate) fn sort(&self, problems: &mut [Problem]) {
        problems.sort_by_cached_key(|p| (self.by_name.get(&p.file), p.line, p.column));
    }

    /// Prints the problems on stderr, each with its line.
    pub(crate) fn print_problems(&self, problems: &Problems) {
        let (mut shown, mut page) = (Shown::new(self), Page::new(Style::stderr()));
        for problem in problems.kept.iter().take(MOST_SHOWN) {
            shown.show(problem, &mut page);
        }
        let more = problems.all() - problems.kept.len().min(MOST_SHOWN);
        if more > 0 {
            page.line(0, &Line::plain(format_args!("… and {more} more")));
        }
        say(page);
    }
}

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
    fn unreadable(file: &str, error: &ReadError) -> Self {
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
    fn of_duplicates<'e>(file: &'e str, entry: &'e RawObject) -> impl Iterator<Item = Self> + 'e {
        entry.duplicates.iter().map(move |duplicate| Self {
            help: Some("give the key once".to_owned()),
            ..Self::of_entry(
                file,
                entry,
                duplicate.position,
                "manifest/duplicate-key",
                &duplicate.path,
                format!(
                    "the key is given twice, first in line {}; the last value counts",
                    duplicate.first.line
                ),
            )
        })
    }

    /// A link in a folder that is not followed.
    fn not_followed(link: &Path, why: &str) -> Self {
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
