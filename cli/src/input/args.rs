//! The arguments that say what is read, and the bounds on what that may cost.

use super::{
    cluster,
    files::{self, Found},
    kustomize::{self, Kustomized, Layout},
    open::Placeholders,
    place::Place,
    problem::{Problem, Settings},
    vars::Vars,
};
use crate::output::fail;
use clap::Args;
use gwapi::manifest::{Limits, ReadOptions};
use std::{collections::HashMap, fs, path::PathBuf};

/// How long a file may be of which no more than an object is kept at a time: more than in [`Limits`](gwapi::manifest::Limits),
/// whose default is for a text in memory. What can be read once only is copied, so that this is what a copy may take.
const MAX_BYTES: usize = 1 << 30;

/// How many values a list may hold that is read as a whole: a backup of a cluster is one.
const MAX_VALUES_OF_A_BACKUP: usize = 5_000_000;

/// Where to read from; every verb that reads takes it.
#[derive(Clone, Debug, Args)]
pub(crate) struct InputArgs {
    #[command(flatten)]
    from: FromArgs,
    /// Files and folders that are not read: a glob as in .gitignore, relative to the folder that is named; may be given several
    /// times
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// The namespace of objects that name none, where no kustomization.yaml gives them one, as `kubectl -n`; those that name
    /// another one, which kubectl would refuse, keep theirs
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The namespace of all objects, whichever they name: the targetNamespace of Flux
    #[arg(long, value_name = "NAMESPACE", conflicts_with = "namespace")]
    target_namespace: Option<String>,
    /// The value of a placeholder `${NAME}`, as Flux puts it in, which also knows `${NAME:-default}`, `${NAME,,}` and the like;
    /// may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = super::vars::assignment)]
    vars: Vec<(String, String)>,
    /// A file with values of placeholders, NAME=VALUE on each line, as a shell reads it: quotes around a value and ` # …` behind it
    /// are no part of it; may be given several times
    #[arg(long = "vars", value_name = "FILE")]
    var_files: Vec<PathBuf>,
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = limit, help = help_of_limits())]
    limits: Vec<(String, usize)>,
    /// Which rules count otherwise, which `validate` says.
    #[arg(skip)]
    pub(crate) settings: Settings,
    /// What becomes of placeholders without value, which the verb says.
    #[arg(skip)]
    pub(crate) placeholders: Placeholders,
    /// How many findings, problems and remarks of each kind are shown as text, each with its line. Those beyond are counted, but of
    /// one object no more than 1000 errors and 1000 warnings
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    pub(crate) max_shown: usize,
}

/// What is read: plain arguments and `-f` mean the same.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = true)]
struct FromArgs {
    /// What to read: a file, a folder, or - for stdin. Of a folder, all *.yaml, *.yml, *.json and *.jsonl below it are read, but
    /// for what .gitignore names and hidden folders; what is no Kubernetes object is passed over and counted
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A file or folder to read, as a plain argument; may be given several times
    #[arg(short = 'f', long = "file", value_name = "PATH")]
    files: Vec<PathBuf>,
    /// Read the objects of a cluster: those that kubectl gets with this context, of the Gateway API and of the kinds that it refers to
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// One thing to read.
#[derive(Debug)]
pub(super) struct Origin {
    /// Its number among all.
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) place: Place,
    /// What its surroundings say of its objects.
    pub(super) layout: Layout,
}

/// All that is to be read.
#[derive(Debug, Default)]
pub(super) struct Origins {
    pub(super) all: Vec<Origin>,
    /// What kustomizations say.
    pub(super) kustomized: Kustomized,
    /// Whether something that was named cannot be read: that has been said on stderr.
    pub(super) failed: bool,
}

/// A file or stdin, and whether it was named itself.
struct Wanted {
    name: String,
    place: Place,
    real: Option<PathBuf>,
    is_named: bool,
    /// Whether it is what a cluster has stored.
    is_stored: bool,
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
    /// What is to be read, in order, each file once; links that are not followed are problems, and namespaces of kustomizations that
    /// need a value. Without `vars`, objects stay as they are written.
    pub(super) fn origins(&self, vars: Option<&Vars>, mut problem: impl FnMut(Problem)) -> Origins {
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut seen: HashMap<PathBuf, usize> = HashMap::new();
        let mut failed = false;
        for path in self.from.files.iter().chain(&self.from.paths) {
            let is_stdin = path.as_os_str() == "-";
            let found = match is_stdin {
                true => Found::stdin(),
                false => files::find(path, &self.exclude),
            };
            for (path, why) in &found.failed {
                failed = true;
                fail(format_args!("cannot read `{}`: {why}", path.display()));
            }
            if found.is_empty() {
                failed = true;
                fail(format_args!(
                    "the folder `{}` holds no manifest (*.yaml, *.yml, *.json, *.jsonl), but for what .gitignore and --exclude \
                     name and hidden folders",
                    path.display()
                ));
            }
            for file in found.files {
                if let Some(index) = file.real.as_ref().and_then(|real| seen.get(real)) {
                    if let Some(wanted) = wanted.get_mut(*index) {
                        wanted.is_named |= file.is_named;
                    }
                    continue;
                }
                if let Some(real) = &file.real {
                    seen.insert(real.clone(), wanted.len());
                }
                wanted.push(Wanted {
                    name: match is_stdin {
                        true => "<stdin>".to_owned(),
                        false => file.path.display().to_string(),
                    },
                    place: match is_stdin {
                        true => Place::Stdin,
                        false => Place::File(file.path),
                    },
                    real: file.real.filter(|_| !is_stdin),
                    is_named: file.is_named,
                    is_stored: false,
                });
            }
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
        if let Some(context) = &self.from.context {
            match cluster::read(context) {
                Ok((text, errors)) => {
                    for error in errors {
                        failed = true;
                        fail(error);
                    }
                    wanted.push(Wanted {
                        name: format!("<context {context}>"),
                        place: Place::Kept(text.into()),
                        real: None,
                        is_named: true,
                        is_stored: true,
                    });
                }
                Err(error) => {
                    failed = true;
                    fail(format_args!(
                        "cannot read the cluster of `{context}`: {error}"
                    ));
                }
            }
        }
        let real = wanted.iter().filter_map(|file| file.real.as_deref());
        let kustomized = Kustomized::of(real, vars.unwrap_or(&Vars::default()));
        let counts = vars.is_some() && self.target_namespace.is_none();
        for (file, open) in kustomized.open.iter().filter(|_| counts) {
            let mut named = wanted.iter();
            let named = named.find(|one| one.real.as_ref() == Some(file));
            let name = named.map_or_else(|| file.display().to_string(), |one| one.name.clone());
            let place = (open.at.line, open.at.column);
            problem(Problem::of_open_namespace(&name, place, &open.names));
        }
        for (file, absent) in kustomized.absent.iter().filter(|_| vars.is_some()) {
            let mut named = wanted.iter();
            let Some(named) = named.find(|one| one.real.as_ref() == Some(file)) else {
                continue;
            };
            for (at, resource) in absent {
                problem(Problem::of_absent_resource(
                    &named.name,
                    (at.line, at.column),
                    resource,
                ));
            }
        }
        let all = wanted.into_iter().enumerate();
        let all = all.map(|(index, wanted)| {
            let real = wanted.real.as_deref();
            let mut layout = real.map_or_else(Layout::default, |real| kustomized.layout(real));
            layout.is_named = wanted.is_named;
            layout.is_stored = wanted.is_stored;
            layout.is_chart = real.is_some_and(kustomize::is_of_chart);
            Origin {
                index,
                name: wanted.name,
                place: wanted.place,
                layout,
            }
        });
        Origins {
            all: all.collect(),
            kustomized,
            failed,
        }
    }

    /// What is read, and the URL: of the plain arguments the last that has a scheme, or the last of all.
    pub(crate) fn with_url(mut self) -> (Self, String) {
        let paths = &mut self.from.paths;
        let is_url = |path: &PathBuf| path.to_string_lossy().contains("://");
        let at = paths.iter().rposition(is_url);
        let at = at.or_else(|| paths.len().checked_sub(1));
        let url = at.map(|at| paths.remove(at).to_string_lossy().into_owned());
        (self, url.unwrap_or_default())
    }

    /// Whether nothing is named to read.
    pub(crate) fn is_empty(&self) -> bool {
        let FromArgs {
            paths,
            files,
            context,
        } = &self.from;
        paths.is_empty() && files.is_empty() && context.is_none()
    }

    /// The namespace of objects that name none, if it was given.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The namespace of all objects, if it was given.
    pub(super) fn target_namespace(&self) -> Option<&str> {
        self.target_namespace.as_deref()
    }

    /// Whether values of placeholders are given.
    pub(crate) fn has_vars(&self) -> bool {
        !self.vars.is_empty() || !self.var_files.is_empty()
    }

    /// The values of placeholders. What cannot be read is said on stderr.
    pub(super) fn vars(&self) -> Option<Vars> {
        let mut vars = Vars::default();
        for path in &self.var_files {
            let read = fs::read_to_string(path).map_err(|error| error.to_string());
            if let Err(error) = read.and_then(|text| vars.add_file(&text)) {
                fail(format_args!("cannot read `{}`: {error}", path.display()));
                return None;
            }
        }
        for (name, value) in &self.vars {
            vars.add(name, value);
        }
        Some(vars)
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
