//! `gwapi upgrade-check`: what an upgrade of the CRDs would do to what is installed.

use crate::{
    input::{Input, InputArgs, Located, MOST_SHOWN, Named},
    output::{Exit, Format, OutputArgs, Style, count, print, print_json, visible},
};
use clap::Args;
use gwapi::{
    conversion::upgrade::{self, Impact, UpgradeFinding, UpgradeReport},
    meta::Channel,
};
use serde::Serialize;
use std::{collections::HashMap, fmt::Write};

/// Say what an upgrade to release v1.1.0 would block, break and lose, and what to do
///
/// Reads the CRDs and the objects that are installed, as `kubectl get crd -o yaml` and
/// `kubectl get gateways,httproutes,… -A -o yaml` give them. Exit 1 where something stands in the way.
#[derive(Debug, Args)]
pub(crate) struct UpgradeCheckArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The channel to upgrade to: `standard` or `experimental`
    #[arg(long, default_value_t)]
    channel: Channel,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &UpgradeCheckArgs) -> Exit {
    let Some(input) = args.input.read() else {
        return Exit::Failed;
    };
    input.print_problems();
    let report = upgrade::check(
        input.entries.iter().map(|located| &located.entry.value),
        args.channel,
    );
    let printed = match args.output.format {
        Format::Text => print(&text(&report, &input, Style::stdout())),
        Format::Json => print_json(&Answer::of(&report, &input)),
    };
    let found = if is_clean(&report, &input) {
        Exit::Clean
    } else {
        Exit::Findings
    };
    printed.max(found)
}

/// Whether nothing stands in the way, as far as can be said: what could not be read may.
fn is_clean(report: &UpgradeReport, input: &Input) -> bool {
    report.is_clean() && input.problems.is_empty()
}

/// The report in JSON.
#[derive(Serialize)]
struct Answer<'a> {
    release: &'static str,
    channel: &'static str,
    clean: bool,
    /// How many problems of the input were said on stderr.
    problems: usize,
    findings: Vec<AnswerFinding<'a>>,
    steps: Vec<AnswerStep<'a>>,
}

#[derive(Serialize)]
struct AnswerFinding<'a> {
    impact: &'static str,
    rule: &'static str,
    file: &'a str,
    line: usize,
    column: usize,
    object: Named,
    path: &'a str,
    message: &'a str,
    help: &'a str,
}

#[derive(Serialize)]
struct AnswerStep<'a> {
    title: &'a str,
    commands: &'a [String],
}

impl<'a> Answer<'a> {
    fn of(report: &'a UpgradeReport, input: &'a Input) -> Self {
        let places = Places::new(input);
        let finding = |finding: &'a UpgradeFinding| {
            let (file, line, column) = places.of(finding);
            AnswerFinding {
                impact: finding.impact.as_str(),
                rule: finding.rule,
                file,
                line,
                column,
                object: named(finding),
                path: &finding.path,
                message: &finding.message,
                help: &finding.help,
            }
        };
        Self {
            release: report.release.as_str(),
            channel: report.channel.as_str(),
            clean: is_clean(report, input),
            problems: input.problems.len(),
            findings: report.findings.iter().map(finding).collect(),
            steps: report
                .steps
                .iter()
                .map(|step| AnswerStep {
                    title: &step.title,
                    commands: &step.commands,
                })
                .collect(),
        }
    }
}

fn named(finding: &UpgradeFinding) -> Named {
    Named {
        api_version: finding.api_version.clone(),
        kind: finding.object.kind.clone(),
        namespace: finding.object.namespace.clone(),
        name: finding.object.name.clone(),
    }
}

/// The entries by what they call themselves; the first of each.
struct Places<'a> {
    input: &'a Input,
    entries: HashMap<Named, &'a Located>,
}

impl<'a> Places<'a> {
    fn new(input: &'a Input) -> Self {
        let mut entries = HashMap::new();
        for located in &input.entries {
            entries.entry(Named::of(&located.entry)).or_insert(located);
        }
        Self { input, entries }
    }

    /// File, line and column of what a finding is about.
    fn of(&self, finding: &UpgradeFinding) -> (&'a str, usize, usize) {
        self.entries
            .get(&named(finding))
            .map_or(("", 0, 0), |located| {
                let position = located.entry.position(&finding.path);
                (self.input.source(located), position.line, position.column)
            })
    }
}

/// The report for people.
fn text(report: &UpgradeReport, input: &Input, style: Style) -> String {
    let mut text = String::new();
    let places = Places::new(input);
    // Writing to a string cannot fail.
    for finding in report.findings.iter().take(MOST_SHOWN) {
        let (file, line, column) = places.of(finding);
        let word = match finding.impact {
            Impact::Blocks | Impact::Breaks => style.bad(finding.impact).to_string(),
            Impact::Loses => style.warn(finding.impact).to_string(),
            _ => style.faint(finding.impact).to_string(),
        };
        let _ = write!(
            text,
            "{word}: {}:{line}:{column}: {}",
            visible(file),
            style.strong(&finding.object)
        );
        if !finding.path.is_empty() {
            let _ = write!(text, ": {}", visible(&finding.path));
        }
        let _ = writeln!(
            text,
            ": {} [{}]\n  help: {}",
            visible(&finding.message),
            finding.rule,
            visible(&finding.help)
        );
    }
    if report.findings.len() > MOST_SHOWN {
        let more = report.findings.len() - MOST_SHOWN;
        let _ = writeln!(text, "… and {more} more, which `-o json` names");
    }
    let (release, channel) = (report.release, report.channel);
    let unread = input.problems.len();
    let verdict = if report.is_clean() && unread > 0 {
        style
            .bad(format!(
                "Not all of the input could be read ({}): of the rest, nothing stands in the way of {release}, {channel} \
                 channel.",
                count(unread, "problem")
            ))
            .to_string()
    } else if report.is_clean() {
        style
            .good(format!(
                "Nothing stands in the way of {release}, {channel} channel."
            ))
            .to_string()
    } else {
        let count = |impact| {
            report
                .findings
                .iter()
                .filter(|f| f.impact == impact)
                .count()
        };
        style
            .bad(format!(
                "Not ready for {release}, {channel} channel: {} blocking, {} breaking, {} losing a field.",
                count(Impact::Blocks),
                count(Impact::Breaks),
                count(Impact::Loses)
            ))
            .to_string()
    };
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{verdict}\n\nWhat to do, in this order:");
    for (index, step) in report.steps.iter().enumerate() {
        let _ = writeln!(text, "{:>3}. {}", index + 1, visible(&step.title));
        for command in &step.commands {
            let _ = writeln!(text, "       {}", style.strong(command));
        }
    }
    text
}
