//! The arguments that say what is read, and the bounds on what that may cost.

use super::{files, place::Place, problem::Problem};
use crate::output::fail;
use clap::Args;
use gwapi::manifest::{Limits, ReadOptions};
use std::path::PathBuf;

/// How long a file may be of which no more than an object is kept at a time: more than in [`Limits`](gwapi::manifest::Limits),
/// whose default is for a text in memory. What can be read once only is copied, so that this is what a copy may take.
const MAX_BYTES: usize = 1 << 30;

/// How many values a list may hold that is read as a whole: a backup of a cluster is one.
const MAX_VALUES_OF_A_BACKUP: usize = 5_000_000;

/// Where to read from; every verb that reads takes it.
#[derive(Clone, Debug, Args)]
pub(crate) struct InputArgs {
    /// A manifest to read: a file, a folder (with all *.yaml, *.yml, *.json and *.jsonl below it), or - for
    /// stdin; may be given several times
    #[arg(short = 'f', long = "file", value_name = "PATH", required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = limit, help = help_of_limits())]
    limits: Vec<(String, usize)>,
    /// How many findings, problems and remarks of each kind are shown as text, each with its line. Those beyond are counted, but of
    /// one object no more than 1000 errors and 1000 warnings
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    pub(crate) max_shown: usize,
}

/// One thing to read.
#[derive(Debug)]
pub(super) struct Origin {
    /// Its number among all.
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) place: Place,
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
        MAX_BYTES,
        Limits::MOST_DEPTH,
        MAX_VALUES_OF_A_BACKUP,
    )
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
    pub(super) fn origins(&self, mut problem: impl FnMut(Problem)) -> Option<Vec<Origin>> {
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

    /// How a document of a backup is read, a list of all its objects as a whole.
    pub(crate) fn options_of_backups(&self) -> ReadOptions {
        let mut limits = self.limits();
        if !self.sets("max_values") {
            limits.max_values = MAX_VALUES_OF_A_BACKUP;
        }
        ReadOptions::default().with_limits(limits)
    }

    /// How a file is read of which little is kept.
    pub(super) fn options(&self) -> ReadOptions {
        let mut limits = self.limits();
        if !self.sets("max_bytes") {
            limits.max_bytes = MAX_BYTES;
        }
        ReadOptions::default().with_limits(limits)
    }
}
