//! `gwapi convert`: a backup in the versions that a release stores, or manifests in the forms of a release.

mod edit;
mod stream;
mod total;

use crate::{
    input::{Entry, InputArgs, Looked, Named, Placeholders, Problem, Severity},
    output::{Exit, escaped, fail},
};
use clap::Args;
use gwapi::{
    conversion::{
        ConversionError, ConversionProblem, ConversionProblemKind, ConversionRemark, Migration,
    },
    manifest::RawObject,
    meta::{self, Channel, ObjectRef, Release},
    schema::KINDS,
};
use std::io::{self, IsTerminal, Write};
use stream::{Format, Output, Said, SameName, Unwritten};
use total::{Total, report};

/// Migrate a backup (`kubectl get -o yaml`) to other versions, ready to be applied again
///
/// Objects of the Gateway API are converted, and what the server had set is taken off them: status, uid,
/// resourceVersion, managedFields and the like. All else passes through as it is, byte for byte: order, layout and
/// comments stay. A document that cannot be edited where it stands, such as one with aliases in what changes, is written
/// anew without the comments inside it, and named. What cannot be carried is an error that names the object and the field;
/// such an object stands in the output as it was.
#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The version to convert to, such as `v1` or `gateway.networking.k8s.io/v1`; kinds without it stay in
    /// theirs. Unless given, each kind goes to the version that release v1.1.0 stores
    #[arg(long, value_name = "API_VERSION", value_parser = api_version)]
    to: Option<String>,
    /// The release to whose forms objects are converted, such as `v1.6.1`: versions, kinds that others have replaced, and
    /// fields that have moved. What the release refuses in a converted object is named
    #[arg(long, conflicts_with = "to")]
    release: Option<Release>,
    /// With `--release`: its channel, `standard` or `experimental`; the experimental one has all that the other has
    #[arg(long, default_value_t = Channel::Experimental, requires = "release")]
    channel: Channel,
    /// Keep what the server has set, `status` included
    #[arg(long)]
    keep_metadata: bool,
    /// Write what is converted and leave out all else: what is in its form already, what cannot be converted (which is an error as
    /// ever), and objects of other groups
    #[arg(long)]
    only_converted: bool,
    /// The form of the manifests
    #[arg(
        short = 'o',
        long = "format",
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    format: Format,
}

/// The API version that a text names, its group left out or not.
fn api_version(text: &str) -> Result<String, String> {
    let whole = if text.contains('/') {
        text.to_owned()
    } else {
        format!("{}/{text}", meta::GROUP)
    };
    if KINDS.iter().any(|kind| kind.api_version == whole) {
        return Ok(whole);
    }
    let mut known: Vec<_> = KINDS
        .iter()
        .map(|kind| {
            kind.api_version
                .strip_prefix(meta::GROUP)
                .map_or(kind.api_version, |version| version.trim_start_matches('/'))
        })
        .collect();
    known.sort_unstable();
    known.dedup();
    Err(format!(
        "no kind of the Gateway API has this version: expected one of {}",
        known.join(", ")
    ))
}

pub(crate) fn run(args: &ConvertArgs) -> Exit {
    if args.input.has_vars() {
        return fail(
            "placeholders stay in what `convert` writes: `--var` and `--vars` have no meaning here",
        );
    }
    // Everything is read once before anything is written, so that errors come first. A file that cannot be read is named on stderr,
    // the others are converted, and the exit code is 2.
    let looker = || {
        |_: &str, _: Entry| Looked::<()> {
            keep: None,
            problems: Vec::new(),
            is_withheld: false,
        }
    };
    let mut from = args.input.clone();
    from.placeholders = Placeholders::Kept;
    let most = args.input.max_shown;
    // They are shown in the order of the input, and not in that in which they are found.
    let most_kept = most.saturating_mul(10);
    let Some(read) = from.sift(most_kept, looker) else {
        return Exit::Failed;
    };
    let (input, mut problems) = (read.input, read.problems);
    let migration = Migration {
        to: args.to.clone(),
        release: args.release.map(|release| (release, args.channel)),
        keep_metadata: args.keep_metadata,
        only_converted: args.only_converted,
    };
    let stdout = io::BufWriter::new(io::stdout().lock());
    // What passes through as it was, byte for byte, may hold anything.
    let writer: Box<dyn Write> = if io::stdout().is_terminal() {
        Box::new(escaped::Visible::new(stdout))
    } else {
        Box::new(stdout)
    };
    let options = args.input.options_of_backups();
    let mut out = Output::new(args.format, options, problems.errors > 0, writer);
    let mut total = Total::new(most);
    let mut printed = Exit::Clean;
    for file in &input.sources {
        let written = file.text().map_err(Unwritten::from).and_then(|text| {
            out.file(
                &file.name,
                &text,
                &migration,
                &mut total,
                &mut |line, said, entry| {
                    let described = match said {
                        Said::Error(error) => describe(&file.name, line, error, entry),
                        Said::Remark(remark) => {
                            vec![describe_remark(&file.name, line, remark, entry)]
                        }
                        Said::SameName(same) => {
                            vec![describe_same_name(&file.name, line, same, entry)]
                        }
                    };
                    for mut problem in described {
                        problem.origin = file.origin(problem.line, entry);
                        problems.push(problem, most_kept);
                    }
                },
            )
        });
        match written {
            Ok(()) => {}
            // A reader that has gone away is no failure.
            Err(Unwritten::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => {
                printed = fail(format_args!("cannot write `{}`: {error}", file.name));
                break;
            }
        }
    }
    if let Err(error) = out.writer.flush()
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        printed = fail(format_args!("cannot write the answer: {error}"));
    }
    input.sort(&mut problems.kept);
    input.print_problems(&problems);
    report(&total);
    let findings = if problems.errors == 0 {
        Exit::Clean
    } else {
        Exit::Findings
    };
    input.exit(printed.max(findings))
}

/// The problems of an object that could not be converted, with file and line; from the line where the object's document
/// begins, and the object where it stands in that document.
fn describe(
    file: &str,
    first_line: usize,
    error: &ConversionError,
    entry: Option<&RawObject>,
) -> Vec<Problem> {
    let at = place(file, first_line, error.object(), entry);
    let describe = |problem: &ConversionProblem| Problem {
        severity: Severity::Error,
        rule: format!("conversion/{}", problem.kind().rule()),
        message: problem.kind().to_string(),
        help: match problem.kind() {
            // It says what to write.
            ConversionProblemKind::Unreadable(_) | ConversionProblemKind::OtherGroup { .. } => None,
            _ => Some(format!("wanted version: {}", error.to())),
        },
        ..at(problem.path())
    };
    error.problems().iter().map(describe).collect()
}

/// What there is to know of an object that was converted.
fn describe_remark(
    file: &str,
    first_line: usize,
    remark: &ConversionRemark,
    entry: Option<&RawObject>,
) -> Problem {
    Problem {
        severity: match remark.is_error() {
            true => Severity::Error,
            false => Severity::Warning,
        },
        rule: match remark.is_refused() {
            true => remark.rule().to_owned(),
            false => format!("conversion/{}", remark.rule()),
        },
        message: remark.message().to_owned(),
        help: Some(remark.help().to_owned()),
        ..place(file, first_line, remark.object(), entry)(remark.path())
    }
}

/// An object that becomes the same as one before it.
fn describe_same_name(
    file: &str,
    first_line: usize,
    same: &SameName,
    entry: Option<&RawObject>,
) -> Problem {
    let SameName { name, first, place } = same;
    Problem {
        severity: Severity::Error,
        rule: "conversion/same-name".to_owned(),
        message: format!(
            "the object and {first} ({place}) become one object, {}: the one that is applied last replaces the other",
            name.to
        ),
        help: Some(match name.was_another_than(first) {
            true => {
                "give one of the two another name, and what refers to it, or keep only one of them"
                    .to_owned()
            }
            false => "keep the one that is meant".to_owned(),
        }),
        ..self::place(file, first_line, &name.from, entry)("metadata.name")
    }
}

/// A problem of an object at one of its fields, of which nothing but the place is known.
fn place<'a>(
    file: &'a str,
    first_line: usize,
    object: &'a ObjectRef,
    entry: Option<&'a RawObject>,
) -> impl Fn(&str) -> Problem + 'a {
    move |path| {
        let position = entry.map(|entry| entry.position(path));
        Problem {
            file: file.to_owned(),
            line: position.map_or(first_line, |position| first_line - 1 + position.line),
            column: position.map_or(1, |position| position.column),
            object: Named {
                api_version: entry.map_or("", RawObject::api_version).to_owned(),
                kind: object.kind.clone(),
                namespace: object.namespace.clone(),
                name: object.name.clone(),
            },
            severity: Severity::Error,
            rule: String::new(),
            path: path.to_owned(),
            message: String::new(),
            help: None,
            origin: None,
            begins: 0,
            left_out: None,
        }
    }
}

#[cfg(test)]
mod tests;
