//! `gwapi validate`: every finding on every object, as an API server of a channel would judge.

use crate::{
    input::{Input, InputArgs, MOST_SHOWN, Problem, Severity},
    output::{Exit, Format, OutputArgs, Style, count, print, print_json},
};
use clap::Args;
use gwapi::{
    lint::judge_set,
    meta::Channel,
    rules,
    validation::{self, Finding},
};
use std::fmt::Write as _;

/// How many findings are enough. Only hostile input has more.
const MOST_FINDINGS: usize = 1_000_000;

/// Judge objects as an API server of a channel would on creation, and warn of what it cannot see
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
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &ValidateArgs) -> Exit {
    let Some(mut input) = args.input.read() else {
        return Exit::Failed;
    };
    let mut options = validation::ValidationOptions::new(args.channel);
    options.with_status = args.with_status;
    let objects: Vec<_> = input.entries.iter().map(|l| &l.entry.value).collect();
    let mut problems = std::mem::take(&mut input.problems);
    for (located, report) in input.entries.iter().zip(judge_set(&objects, &options)) {
        let file = input.source(located);
        for finding in report.findings() {
            problems.push(problem(file, located, finding));
        }
        if problems.len() > MOST_FINDINGS {
            eprintln!("more than {MOST_FINDINGS} findings: the objects after these are not judged");
            break;
        }
    }
    input.sort(&mut problems);

    let errors = problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .count();
    let printed = match args.output.format {
        Format::Json => print_json(&problems),
        Format::Text => print(&text(&input, &problems, errors)),
    };
    if printed == Exit::Failed || errors == 0 {
        printed
    } else {
        Exit::Findings
    }
}

fn problem(file: &str, located: &crate::input::Located, finding: &Finding) -> Problem {
    let entry = &located.entry;
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
fn text(input: &Input, problems: &[Problem], errors: usize) -> String {
    let style = Style::stdout();
    let mut text = String::new();
    // Writing to a string cannot fail.
    for problem in problems.iter().take(MOST_SHOWN) {
        let _ = writeln!(text, "{}\n", input.show(problem, style));
    }
    if problems.len() > MOST_SHOWN {
        let more = problems.len() - MOST_SHOWN;
        let _ = writeln!(text, "… and {more} more, which `-o json` names\n");
    }
    let warnings = problems.len() - errors;
    let objects = count(input.entries.len(), "object");
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
