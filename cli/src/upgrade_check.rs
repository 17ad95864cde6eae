//! `gwapi upgrade-check`: what an upgrade of the CRDs would do to what is installed.

use crate::{
    input::{Input, InputArgs, Located, Named},
    output::{Exit, Format, OutputArgs, Style, print, print_json},
};
use clap::Args;
use gwapi::{
    conversion::upgrade::{self, Impact, UpgradeFinding, UpgradeReport},
    meta::Channel,
};
use serde::Serialize;
use std::fmt::Write;

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
    let found = if report.is_clean() && input.problems.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    };
    printed.max(found)
}

/// The report in JSON.
#[derive(Serialize)]
struct Answer<'a> {
    release: &'static str,
    channel: &'static str,
    clean: bool,
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
        let finding = |finding: &'a UpgradeFinding| {
            let (file, line, column) = place(input, finding);
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
            clean: report.is_clean(),
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

/// File, line and column of what a finding is about.
fn place<'a>(input: &'a Input, finding: &UpgradeFinding) -> (&'a str, usize, usize) {
    let same = |located: &&Located| {
        let entry = &located.entry;
        entry.kind() == finding.object.kind
            && entry.name() == finding.object.name
            && entry.namespace() == finding.object.namespace
            && entry.api_version() == finding.api_version
    };
    input
        .entries
        .iter()
        .find(same)
        .map_or(("", 0, 0), |located| {
            let position = located.entry.position(&finding.path);
            (input.source(located), position.line, position.column)
        })
}

/// The report for people.
fn text(report: &UpgradeReport, input: &Input, style: Style) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for finding in &report.findings {
        let (file, line, column) = place(input, finding);
        let word = match finding.impact {
            Impact::Blocks | Impact::Breaks => style.bad(finding.impact).to_string(),
            Impact::Loses => style.warn(finding.impact).to_string(),
            _ => style.faint(finding.impact).to_string(),
        };
        let _ = write!(
            text,
            "{word}: {file}:{line}:{column}: {}",
            style.strong(&finding.object)
        );
        if !finding.path.is_empty() {
            let _ = write!(text, ": {}", finding.path);
        }
        let _ = writeln!(
            text,
            ": {} [{}]\n  help: {}",
            finding.message, finding.rule, finding.help
        );
    }
    let (release, channel) = (report.release, report.channel);
    let verdict = if report.is_clean() {
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
        let _ = writeln!(text, "{:>3}. {}", index + 1, step.title);
        for command in &step.commands {
            let _ = writeln!(text, "       {}", style.strong(command));
        }
    }
    text
}
