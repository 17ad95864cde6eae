//! What `-f` names: files, folders and stdin, read into objects with file, line and column.

mod files;
mod sift;

pub(crate) use sift::{Looked, Problems};

use crate::output::{Style, fail, is_hidden, visible};
use clap::Args;
use gwapi::manifest::{self, Limits, Position, RawObject, ReadError, ReadOptions};
use serde::Serialize;
use std::{
    borrow::Cow,
    cell::{OnceCell, RefCell},
    collections::HashMap,
    fmt::Write as _,
    fs,
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
    /// A bound on what reading a file may cost: max-bytes, max-document-bytes, max-objects, max-depth, max-values,
    /// max-alias-bytes or max-errors; may be given several times
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = limit)]
    limits: Vec<(String, usize)>,
}

/// One thing to read.
#[derive(Debug)]
struct Origin {
    /// Its place among all.
    index: usize,
    name: String,
    /// The file; nothing for stdin.
    path: Option<PathBuf>,
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
    Ok((name, limit))
}

impl InputArgs {
    /// Reads everything. What cannot be read, or decoded, is a problem and hides nothing else.
    ///
    /// Nothing comes back where a file could not be read at all: that has been said on stderr, and the verb
    /// ends with [`Exit::Failed`](crate::output::Exit::Failed).
    pub(crate) fn read(&self) -> Option<Input> {
        let mut input = Input::default();
        let limits = self.limits();
        let mut failed = false;
        for origin in self.origins(&mut input)? {
            failed |= !match &origin.path {
                None => input.add(origin.name, limits, io::stdin().lock()),
                Some(path) => match fs::File::open(path) {
                    Ok(file) => input.add(origin.name, limits, file),
                    Err(error) => {
                        fail(format_args!("cannot read `{}`: {error}", origin.name));
                        false
                    }
                },
            };
        }
        (!failed).then_some(input)
    }

    /// What is to be read, in order; links that are not followed join the problems.
    fn origins(&self, input: &mut Input) -> Option<Vec<Origin>> {
        let mut origins = Vec::new();
        let mut failed = false;
        let mut stdin_read = false;
        for path in &self.files {
            if path.as_os_str() == "-" {
                if !std::mem::replace(&mut stdin_read, true) {
                    origins.push(("<stdin>".to_owned(), None));
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
                    let named = |file: PathBuf| (file.display().to_string(), Some(file));
                    origins.extend(found.files.into_iter().map(named));
                    for link in &found.outside {
                        input.problems.push(Problem::not_followed(
                            link,
                            &format!("the link leads out of the folder `{}`", path.display()),
                        ));
                    }
                    for link in &found.broken {
                        let why = "the link leads to nothing that can be read";
                        input.problems.push(Problem::not_followed(link, why));
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
            .map(|(index, (name, path))| Origin { index, name, path });
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

/// All that was read.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// The files, in the order of reading.
    pub(crate) sources: Vec<Source>,
    /// The objects, in the order of reading, not decoded.
    pub(crate) entries: Vec<Located>,
    /// What could not be read, and keys given twice.
    pub(crate) problems: Vec<Problem>,
    /// How many objects there were, kept or not.
    pub(crate) objects: usize,
    /// The file of which a line was shown last, where files are not kept.
    shown: RefCell<Option<(usize, Source)>>,
    /// The first file of each name.
    by_name: HashMap<String, usize>,
}

/// A file that was read, for showing its lines.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name as it was given.
    pub(crate) name: String,
    /// All of it; nothing where it is read again when a line is to be shown.
    pub(crate) text: Vec<u8>,
    /// The file, where it is read again.
    path: Option<PathBuf>,
    /// Where some of the lines begin, with their numbers from 0; found out when a line is first shown.
    marks: OnceCell<Vec<(usize, usize)>>,
}

impl Source {
    fn of(name: String, text: Vec<u8>) -> Self {
        Self {
            name,
            text,
            path: None,
            marks: OnceCell::new(),
        }
    }

    /// A line, from 1; nothing where there is none, or where it is too long to be one that a person wrote.
    fn line(&self, number: usize) -> Option<Cow<'_, str>> {
        const LINES: usize = 256;
        const LONGEST: usize = 64 << 10;
        let marks = self.marks.get_or_init(|| {
            let mut marks = vec![(0, 0)];
            let mut last = (0, 0);
            let ends = self.text.iter().enumerate().filter(|(_, b)| **b == b'\n');
            for (line, (end, _)) in (1..).zip(ends) {
                let begin = end + 1;
                if line - last.0 >= LINES || begin - last.1 > LONGEST {
                    last = (line, begin);
                    marks.push(last);
                }
            }
            marks
        });
        let index = number.checked_sub(1)?;
        let after = marks.partition_point(|(line, _)| *line <= index);
        let (line, begin) = *marks.get(after.checked_sub(1)?)?;
        let from = self.text.get(begin..)?;
        // Lines up to the next mark are short, but for the last of them.
        let most = from.len().min(2 * LONGEST + 1);
        let text = from.get(..most)?.split(|b| *b == b'\n').nth(index - line)?;
        (text.len() <= LONGEST)
            .then(|| String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text)))
    }
}

/// An object with its file.
#[derive(Debug)]
pub(crate) struct Located {
    /// The index of its file in [`Input::sources`].
    pub(crate) source: usize,
    /// Its JSON and its place.
    pub(crate) entry: RawObject,
}

impl Input {
    fn add(&mut self, name: String, limits: Limits, from: impl Read) -> bool {
        let mut text = Vec::new();
        // One byte more than allowed, to see that there is too much: half a file is worth nothing.
        let most = u64::try_from(limits.max_bytes).map_or(u64::MAX, |n| n.saturating_add(1));
        if let Err(error) = from.take(most).read_to_end(&mut text) {
            fail(format_args!("cannot read `{name}`: {error}"));
            return false;
        }
        if text.len() > limits.max_bytes {
            fail(format_args!(
                "cannot read `{name}`: it has more than {} bytes; `--limit max-bytes=…` allows more",
                limits.max_bytes
            ));
            return false;
        }
        let options = ReadOptions::default().with_limits(limits);
        let read = manifest::read(&text, &options);
        let source = self.sources.len();
        for error in &read.errors {
            self.problems.push(Problem::unreadable(&name, error));
        }
        self.objects += read.entries.len();
        for entry in read.entries {
            self.problems.extend(Problem::of_duplicates(&name, &entry));
            self.entries.push(Located { source, entry });
        }
        self.add_source(Source::of(name, text));
        true
    }

    fn add_source(&mut self, source: Source) -> usize {
        let index = self.sources.len();
        self.by_name.entry(source.name.clone()).or_insert(index);
        self.sources.push(source);
        index
    }

    /// The file with this index.
    pub(crate) fn source(&self, located: &Located) -> &str {
        self.sources
            .get(located.source)
            .map_or("", |source| &source.name)
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
    pub(crate) fn print_problems(&self) {
        let style = Style::stderr();
        for problem in self.problems.iter().take(MOST_SHOWN) {
            eprintln!("{}", self.show(problem, style));
        }
        if self.problems.len() > MOST_SHOWN {
            eprintln!("… and {} more", self.problems.len() - MOST_SHOWN);
        }
    }

    /// A problem for people: file, line and column, object and field, and the line itself.
    pub(crate) fn show(&self, problem: &Problem, style: Style) -> String {
        let mut text = String::new();
        let severity = match problem.severity {
            Severity::Error => style.bad("error").to_string(),
            Severity::Warning => style.warn("warning").to_string(),
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "{severity}: {}", visible(&problem.file));
        if problem.line > 0 {
            let _ = write!(text, ":{}:{}", problem.line, problem.column);
        }
        let object = problem.object.to_string();
        if !object.is_empty() {
            let _ = write!(text, ": {}", style.strong(object));
        }
        if !problem.path.is_empty() {
            let _ = write!(text, ": {}", visible(&problem.path));
        }
        let _ = write!(text, ": {} [{}]", visible(&problem.message), problem.rule);
        if let Some(line) = self.line(&problem.file, problem.line) {
            let number = problem.line.to_string();
            let gutter = " ".repeat(number.len());
            let bar = style.faint("|").to_string();
            let (shown, caret) = excerpt(&line, problem.column);
            let _ = write!(
                text,
                "\n {gutter} {bar}\n {number} {bar} {shown}\n {gutter} {bar} {}{}",
                " ".repeat(caret),
                style.bad("^")
            );
        }
        if let Some(help) = &problem.help {
            let _ = write!(text, "\n  help: {}", visible(help));
        }
        text
    }

    fn line(&self, file: &str, line: usize) -> Option<String> {
        let index = *self.by_name.get(file)?;
        let source = self.sources.get(index)?;
        let Some(path) = &source.path else {
            return source.line(line).map(Cow::into_owned);
        };
        // Findings come file by file, so that each is read again once.
        let mut shown = self.shown.borrow_mut();
        if shown.as_ref().is_none_or(|(last, _)| *last != index) {
            let text = fs::read(path).unwrap_or_default();
            *shown = Some((index, Source::of(source.name.clone(), text)));
        }
        let (_, source) = shown.as_ref()?;
        source.line(line).map(Cow::into_owned)
    }
}

/// The part of a line around a column, at most 120 characters of it, and where the column then is. Control
/// characters, which could play tricks on a terminal, become spaces.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    const WIDTH: usize = 120;
    let column = column.saturating_sub(1);
    let from = column.saturating_sub(WIDTH * 2 / 3);
    let mut shown: String = line
        .chars()
        .skip(from)
        .take(WIDTH)
        .map(|c| if is_hidden(c) { ' ' } else { c })
        .collect();
    if from > 0 {
        shown.insert_str(0, "… ");
    }
    if line.chars().nth(from + WIDTH).is_some() {
        shown.push_str(" …");
    }
    (shown, column - from + if from > 0 { 2 } else { 0 })
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
            message: error.message().to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_shown_around_the_column() {
        let line = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let (shown, caret) = excerpt(&line, 501);
        assert_eq!(shown.chars().nth(caret), Some('X'));
        assert!(shown.chars().count() < 130);
        assert_eq!(excerpt("a\u{1b}b", 3), ("a b".to_owned(), 2));
    }

    #[test]
    fn a_problem_is_shown_with_its_line() {
        let mut input = Input::default();
        let text = "kind: Tea\nmetadata: {name: a, name: b}\n";
        assert!(input.add("tea.yaml".to_owned(), Limits::default(), text.as_bytes()));
        let problem = &input.problems[0];
        let shown = input.show(problem, Style::plain());
        assert_eq!(
            shown,
            "error: tea.yaml:2:21: Tea b: metadata.name: the key is given twice, first in line 2; \
             the last value counts [manifest/duplicate-key]\n   |\n 2 | metadata: {name: a, name: b}\n   \
             |                     ^\n  help: give the key once"
        );
    }

    #[test]
    fn every_line_is_found_and_a_line_of_megabytes_is_not_shown() {
        let line = |n: usize| format!("# {n} {}", "x".repeat(n % 7 * 500));
        let text = (1..=1_000).fold(String::new(), |text, n| text + &line(n) + "\r\n") + "# end";
        let mut input = Input::default();
        assert!(input.add("a".to_owned(), Limits::default(), text.as_bytes()));
        for number in 1..=1_000 {
            assert_eq!(input.line("a", number).unwrap(), line(number));
        }
        assert_eq!(input.line("a", 1_001).unwrap(), "# end");
        assert_eq!(input.line("a", 1_002), None);
        assert_eq!(input.line("a", 0), None);
        let long = format!("# {}", "x".repeat(2 << 20));
        assert!(input.add("b".to_owned(), Limits::default(), long.as_bytes()));
        assert_eq!(input.line("b", 1), None);
    }
}
