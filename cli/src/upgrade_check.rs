//! `gwapi upgrade-check`: what an upgrade of the CRDs would do to what is installed.

use crate::{
    input::{Entry, InputArgs, Kept, Looked, Named, Sifted, beyond},
    output::{
        Exit, Format, Line, OutputArgs, Page, Style, Tone, count, fail, print, print_json, say,
    },
};
use clap::Args;
use gwapi::{
    conversion::upgrade::{self, Impact, UpgradeFinding, UpgradeOptions, UpgradeReport},
    manifest::RawObject,
    meta::{Channel, Release},
};
use serde::Serialize;
use std::collections::HashMap;

/// Say what an upgrade from one release to another would block, break and lose, and what to do
///
/// Reads the CRDs and the objects that are installed, as `kubectl get crd -o yaml` and
/// `kubectl get gateways,httproutes,… -A -o yaml` give them. Exit 1 where something stands in the way.
#[derive(Debug, Args)]
pub(crate) struct UpgradeCheckArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The release that is installed, such as `v1.1.0`: kinds whose CRDs are not in the input are taken to be installed as it
    /// does. Unless given, it is that of the CRDs in the input; else the newest before `--to` that has all that the input uses
    #[arg(long, value_name = "RELEASE")]
    from: Option<Release>,
    /// The release to upgrade to; the newest unless given
    #[arg(long, value_name = "RELEASE", default_value_t = UpgradeOptions::default().to)]
    to: Release,
    /// The channel to upgrade to: `standard` or `experimental`
    #[arg(long, default_value_t)]
    channel: Channel,
    /// How many findings are kept; of those that come after, the first of each rule is, and the others are counted
    #[arg(long, value_name = "NUMBER", default_value_t = UpgradeOptions::default().max_findings)]
    max_findings: usize,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &UpgradeCheckArgs) -> Exit {
    if let Some(from) = args.from.filter(|from| *from > args.to) {
        return fail(format_args!(
            "`--from {from}` is later than `--to {}`: an upgrade leads forward, give a later `--to`",
            args.to
        ));
    }
    let looker = || {
        |_: &str, entry: Entry| Looked {
            keep: upgrade::concerns(&entry.value).then(|| entry.into_object()),
            problems: Vec::new(),
            is_withheld: false,
        }
    };
    let Some(read) = args.input.sift(args.input.max_shown, looker) else {
        return Exit::Failed;
    };
    read.input.print_problems(&read.problems);
    let mut options = UpgradeOptions::to(args.to, args.channel);
    options.from = args.from;
    options.max_findings = args.max_findings;
    let report = upgrade::check(read.kept.iter().map(|kept| &kept.what.value), options);
    let printed = match args.output.format {
        Format::Text => print(text(&report, &read, Style::stdout())),
        Format::Json => print_json(&Answer::of(&report, &read)),
    };
    if report.left_out > 0 {
        let mut page = Page::new(Style::stderr());
        let more = count(report.left_out, "finding");
        let line = format!("{more} beyond the limit are not kept; `--max-findings` allows more");
        page.line(0, &Line::plain(line));
        say(page);
    }
    let found = if is_clean(&report, &read) {
        Exit::Clean
    } else {
        Exit::Findings
    };
    read.input.exit(printed.max(found))
}

/// Whether nothing stands in the way, as far as can be said: what could not be read may.
fn is_clean(report: &UpgradeReport, read: &Sifted<RawObject>) -> bool {
    report.is_clean() && unread(read) == 0
}

/// How much of the input could not be read; what was named and could not be read at all counts as one.
fn unread(read: &Sifted<RawObject>) -> usize {
    read.problems.all() + usize::from(read.input.failed)
}

/// The report in JSON.
#[derive(Serialize)]
struct Answer<'a> {
    /// The release from which the upgrade leads; null where none is known.
    from: Option<&'static str>,
    /// Why it is that one, or why none is known.
    from_reason: &'a str,
    release: &'static str,
    channel: &'static str,
    clean: bool,
    /// Whether something that was named could not be read.
    incomplete: bool,
    /// How many problems of the input were said on stderr.
    problems: usize,
    /// How many findings were not kept.
    left_out: usize,
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
    /// The file from which the object was rendered, if the input says.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
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
    fn of(report: &'a UpgradeReport, read: &'a Sifted<RawObject>) -> Self {
        let places = Places::new(read);
        let finding = |finding: &'a UpgradeFinding| {
            let FoundAt {
                file,
                line,
                column,
                origin,
            } = places.of(finding);
            AnswerFinding {
                impact: finding.impact.as_str(),
                rule: finding.rule,
                file,
                line,
                column,
                origin,
                object: named(finding),
                path: &finding.path,
                message: &finding.message,
                help: &finding.help,
            }
        };
        Self {
            from: report.from.map(Release::as_str),
            from_reason: &report.from_reason,
            release: report.release.as_str(),
            channel: report.channel.as_str(),
            clean: is_clean(report, read),
            incomplete: read.input.failed,
            problems: unread(read),
            left_out: report.left_out,
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
    read: &'a Sifted<RawObject>,
    entries: HashMap<Named, &'a Kept<RawObject>>,
}

impl<'a> Places<'a> {
    fn new(read: &'a Sifted<RawObject>) -> Self {
        let mut entries = HashMap::new();
        for kept in &read.kept {
            entries.entry(Named::of(&kept.what)).or_insert(kept);
        }
        Self { read, entries }
    }

    /// Where what a finding is about stands.
    fn of(&self, finding: &UpgradeFinding) -> FoundAt<'a> {
        let Some(kept) = self.entries.get(&named(finding)) else {
            return FoundAt::default();
        };
        let position = kept.what.position(&finding.path);
        let source = self.read.input.sources.get(kept.source);
        FoundAt {
            file: self.read.input.source(kept.source),
            line: position.line,
            column: position.column,
            origin: source.and_then(|source| source.origin(position.line, Some(&kept.what))),
        }
    }
}

/// A place in the input; no file where the input has no such object.
#[derive(Default)]
struct FoundAt<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    /// The file from which the object was rendered, if the input says.
    origin: Option<String>,
}

/// The report for people.
fn text(report: &UpgradeReport, read: &Sifted<RawObject>, style: Style) -> Page {
    let mut page = Page::new(style);
    let places = Places::new(read);
    for finding in report.findings.iter().take(read.input.max_shown) {
        let FoundAt {
            file,
            line: number,
            column,
            origin,
        } = places.of(finding);
        let tone = match finding.impact {
            Impact::Blocks | Impact::Breaks => Tone::Bad,
            Impact::Loses => Tone::Warn,
            _ => Tone::Faint,
        };
        let mut line = Line::of(tone, finding.impact).and(": ");
        if !file.is_empty() {
            line = line.and(file).and(format_args!(":{number}:{column}: "));
        }
        line = line.with(Tone::Strong, &finding.object);
        if !finding.path.is_empty() {
            line = line.and(": ").and(&finding.path);
        }
        let line = line.and(": ").and(&finding.message);
        page.line(0, &line.and(format_args!(" [upgrade/{}]", finding.rule)));
        if let Some(origin) = &origin {
            page.line(2, &Line::plain("rendered from ").and(origin));
        }
        page.line(2, &Line::plain("help: ").and(&finding.help));
    }
    if report.findings.len() > read.input.max_shown {
        let more = report.findings.len() - read.input.max_shown;
        page.line(0, &Line::plain(beyond(more, ", which `-o json` names")));
    }
    page.gap();
    page.line(0, &verdict(report, unread(read)));
    page.line(0, &judged_from(report));
    page.gap();
    page.line(0, &Line::plain("What to do, in this order:"));
    for (index, step) in report.steps.iter().enumerate() {
        let number = format!("{:>3}. ", index + 1);
        page.line(0, &Line::plain(number).and(&step.title));
        for command in &step.commands {
            page.line(7, &Line::of(Tone::Strong, command));
        }
    }
    page
}

/// From which release the upgrade leads, and why it is that one.
fn judged_from(report: &UpgradeReport) -> Line {
    let why = &report.from_reason;
    match report.from {
        Some(_) => Line::plain("Judged as an upgrade from ").and(why).and("."),
        None => Line::plain("Judged without a release from which the upgrade leads: ")
            .and(why)
            .and("; `--from` names the one that is installed."),
    }
}

/// Whether the upgrade can go ahead.
fn verdict(report: &UpgradeReport, unread: usize) -> Line {
    let (release, channel) = (report.release, report.channel);
    match (report.is_clean(), unread) {
        (true, 1..) => Line::of(
            Tone::Bad,
            format_args!(
                "Not all of the input could be read ({}): of the rest, nothing stands in the way of {release}, {channel} \
                 channel.",
                count(unread, "problem")
            ),
        ),
        (true, 0) => Line::of(
            Tone::Good,
            format_args!("Nothing stands in the way of {release}, {channel} channel."),
        ),
        (false, _) => {
            let count = |impact| {
                let findings = report.findings.iter();
                findings.filter(|f| f.impact == impact).count()
            };
            Line::of(
                Tone::Bad,
                format_args!(
                    "Not ready for {release}, {channel} channel: {} blocking, {} breaking, {} losing a field.",
                    count(Impact::Blocks),
                    count(Impact::Breaks),
                    count(Impact::Loses)
                ),
            )
        }
    }
}
