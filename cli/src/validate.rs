//! `gwapi validate`: every finding on every object, as an API server of a channel would judge.

use crate::{
    input::{Input, InputArgs, Looked, MOST_SHOWN, Problem, Problems, Severity},
    output::{Exit, Format, OutputArgs, Style, count, print, print_json},
};
use clap::Args;
use gwapi::{
    lint::judge_set,
    manifest::{Object, RawObject},
    meta::{self, Channel},
    rules,
    validation::{self, Finding},
};
use k8s_openapi::jiff::Timestamp;
use std::fmt::Write as _;

/// Judge objects as an API server would on creation, and warn of what it cannot see
///
/// Errors are what `kubectl apply` would be refused for, unknown fields included. Warnings are about what a server
/// takes, and what most likely does not work as it is meant: references to objects that are not given, rules that no
/// request reaches, redirects in circles. The exit code is 1 for errors, and 0 for warnings alone.
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The release channel whose definitions the server has: `standard` or `experimental`
    #[arg(long, default_value_t)]
    channel: Channel,
    /// Judge `status` too, as when a controller writes it
    #[arg(long)]
    with_status: bool,
    /// How many findings are kept, and named with `-o json`; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    max_findings: usize,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &ValidateArgs) -> Exit {
    let mut options = validation::ValidationOptions::new(args.channel);
    options.with_status = args.with_status;
    options.now = Some(Timestamp::now());
    let most = args.max_findings;
    // What other objects may refer to is judged once all are there; the rest at once, and then forgotten.
    let look = |file: &str, entry: &RawObject| {
        let keep = is_of_set(entry);
        let report = (!keep).then(|| validation::validate_value(&entry.value, &options));
        let findings = report.iter().flat_map(validation::Report::findings);
        let problems = findings.map(|finding| problem(file, entry, finding));
        Looked {
            keep,
            problems: problems.collect(),
        }
    };
    let Some((input, mut problems)) = args.input.sift(most, &look) else {
        return Exit::Failed;
    };
    let objects: Vec<_> = input.entries.iter().map(|l| &l.entry.value).collect();
    for (located, report) in input.entries.iter().zip(judge_set(&objects, &options)) {
        let file = input.source(located);
        for finding in report.findings() {
            problems.push(problem(file, &located.entry, finding), most);
        }
    }
    input.sort(&mut problems.kept);

    let printed = match args.output.format {
        Format::Json => print_json(&problems.kept),
        Format::Text => print(&text(&input, &problems)),
    };
    if problems.more() > 0 {
        eprintln!(
            "{} findings, of which {most} are named: `--max-findings` allows more",
            problems.errors + problems.warnings
        );
    }
    if printed == Exit::Failed || problems.errors == 0 {
        printed
    } else {
        Exit::Findings
    }
}

/// Whether an object has a part in what a set of objects means.
fn is_of_set(entry: &RawObject) -> bool {
    let (api_version, kind) = (entry.api_version(), entry.kind());
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    group == meta::GROUP
        || (group, kind) == ("multicluster.x-k8s.io", "ServiceImport")
        || Object::KNOWN.contains(&(api_version, kind))
}

fn problem(file: &str, entry: &RawObject, finding: &Finding) -> Problem {
    let path = finding.path();
    // Of a field that should not be there, the key is to blame.
    let key = (finding.rule() == "schema/unknown-field").then(|| entry.positions.key(path));
    let position = key.flatten().unwrap_or_else(|| entry.position(path));
    Problem {
        severity: match finding.severity() {
            rules::Severity::Error => Severity::Error,
            rules::Severity::Warning => Severity::Warning,
        },
        help: finding.help().map(str::to_owned),
        ..Problem::of_entry(
            file,
            entry,
            position,
            finding.rule(),
            finding.path(),
            finding.message().to_owned(),
        )
    }
}

/// All findings, each with its line, and how many there are.
fn text(input: &Input, problems: &Problems) -> String {
    let style = Style::stdout();
    let mut text = String::new();
    // Writing to a string cannot fail.
    for problem in problems.kept.iter().take(MOST_SHOWN) {
        let _ = writeln!(text, "{}\n", input.show(problem, style));
    }
    if problems.kept.len() > MOST_SHOWN {
        let more = problems.kept.len() - MOST_SHOWN;
        let _ = writeln!(text, "… and {more} more, which `-o json` names\n");
    }
    let (errors, warnings) = (problems.errors, problems.warnings);
    let objects = count(input.objects, "object");
    let _ = match (errors, warnings) {
        (0, 0) => writeln!(text, "{objects}: {}", style.good("nothing to complain of")),
        _ => writeln!(
            text,
            "{objects}: {}, {}",
            count(errors, "error"),
            count(warnings, "warning")
        ),
    };
    text
}
