//! `gwapi validate`: every finding on every object, as an API server of a channel would judge.

use crate::{
    given::{LookingArgs, NearArgs, say_met},
    input::{
        Input, InputArgs, Kept, Looked, Named, Problem, Problems, Severity, Shown, Sifted, beyond,
    },
    output::{Exit, Format, Line, OutputArgs, Page, Style, Tone, count, print, print_json, say},
    release::{self, Choosing, ReleaseArgs},
    resolving::PatternArgs,
};
use clap::Args;
use gwapi::{
    lint::{LintOptions, Member, judge_together, near::Met},
    manifest::RawObject,
    meta::Channel,
    rules,
    validation::{Finding, Report, Uses, ValidationOptions},
};
use k8s_openapi::jiff::Timestamp;
use std::collections::BTreeMap;

/// Judge objects as an API server would on creation, and warn of what it cannot see
///
/// Errors are what `kubectl apply` would be refused for, unknown fields included. Warnings are about what a server
/// takes, and what most likely does not work as it is meant: references to objects that do not exist, rules that no
/// request reaches, redirects in circles. The exit code is 1 for errors, and 0 for warnings alone, which may be about what is
/// elsewhere; with --deny-warnings it is 1 for them, too.
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The release channel whose definitions the server has: `standard` or `experimental`
    #[arg(long, default_value_t)]
    channel: Channel,
    #[command(flatten)]
    release: ReleaseArgs,
    /// Judge `status` too, as when a controller writes it
    #[arg(long)]
    with_status: bool,
    /// Exit with 1 for warnings, too, and where a bound kept some of them from being looked for: for a set that is whole
    #[arg(long)]
    deny_warnings: bool,
    /// How many findings are kept, and named with `-o json`; all are counted, but of one object no more than 1000 errors and
    /// 1000 warnings
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    max_findings: usize,
    #[command(flatten)]
    near: NearArgs,
    #[command(flatten)]
    looking: LookingArgs,
    #[command(flatten)]
    patterns: PatternArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &ValidateArgs) -> Exit {
    let now = Timestamp::now();
    let options = |release| {
        let mut options = ValidationOptions::of(release, args.channel);
        options.with_status = args.with_status;
        options.now = Some(now);
        options.patterns = args.patterns.limits();
        options
    };
    let most = args.max_findings;
    // Each object is judged by itself at once, and then all that it means to others is kept.
    let looker = |release| {
        let options = options(release);
        move |file: &str, entry: RawObject| {
            let (member, report) = Member::judge(&entry.value, &options);
            // What is foreign is counted by what is kept of all others, which is little where they mean nothing to anybody.
            let keep = (!member.is_foreign())
                .then(|| Some(Box::new(member)).filter(|member| member.takes_part()));
            let findings = report.findings().iter();
            let problems = findings.map(|finding| problem(file, Some(&entry), finding));
            Looked {
                keep,
                problems: problems.collect(),
            }
        }
    };
    let uses = Uses::new(args.channel).with_status(args.with_status);
    let choosing = Choosing::new(args.release, uses);
    let Some((sifted, chosen)) = release::sift(&args.input, &choosing, most, looker) else {
        return Exit::Failed;
    };
    let options = options(chosen.release);
    let foreign = sifted.input.objects.saturating_sub(sifted.kept.len());
    let Sifted {
        input,
        kept,
        mut problems,
    } = sifted;
    let mut looking = args.looking.options();
    looking.near = args.near.limits();
    let met = judge_rest(&input, kept, (&options, looking), &mut |problem| {
        problems.push(problem, most);
    });
    input.sort(&mut problems.kept);

    let printed = match args.output.format {
        Format::Json => {
            if !chosen.is_named() {
                let mut page = Page::new(Style::stderr());
                page.line(0, &chosen.judged_by(args.channel, problems.errors > 0));
                say(page);
            }
            print_json(&problems.kept)
        }
        Format::Text => {
            let mut page = text(&input, &problems, foreign);
            page.line(0, &chosen.judged_by(args.channel, problems.errors > 0));
            print(page)
        }
    };
    say_met(&met);
    if problems.more() > 0 {
        let mut page = Page::new(Style::stderr());
        page.line(
            0,
            &Line::plain(format_args!(
                "{} findings, of which {most} are named: `--max-findings` allows more",
                problems.all()
            )),
        );
        say(page);
    }
    let may_miss = met.iter().any(|met| !met.concerns_hints());
    let denied = args.deny_warnings && (problems.warnings > 0 || may_miss);
    if printed == Exit::Failed || problems.errors == 0 && !denied {
        printed
    } else {
        Exit::Findings
    }
}

/// Judges all objects together. What there is to say of one is shown where it stands, for which its file is read again.
/// Returns the bounds that were met.
fn judge_rest(
    input: &Input,
    kept: Vec<Kept<Option<Box<Member>>>>,
    (options, looking): (&ValidationOptions, LintOptions),
    found: &mut dyn FnMut(Problem),
) -> Vec<Met> {
    let members = kept
        .into_iter()
        .filter_map(|kept| Some(((kept.source, kept.ordinal), kept.what?)));
    let (places, members): (Vec<_>, Vec<_>) = members.unzip();
    let members = members.into_iter().map(|member| *member);
    let mut by_file: BTreeMap<usize, BTreeMap<usize, Report>> = BTreeMap::new();
    let judged = judge_together(members, options, looking);
    for (index, report) in judged.reports {
        if let Some((source, ordinal)) = places.get(index) {
            by_file.entry(*source).or_default().insert(*ordinal, report);
        }
    }
    for (source, reports) in by_file {
        let file = input.source(source);
        let gone = input.again(source, reports, |entry, report| {
            for finding in report.findings() {
                found(problem(file, Some(entry), finding));
            }
        });
        for finding in gone.values().flat_map(Report::findings) {
            found(problem(file, None, finding));
        }
    }
    judged.met
}

/// A finding on an object; its place is not known where the object is no longer there.
fn problem(file: &str, entry: Option<&RawObject>, finding: &Finding) -> Problem {
    let path = finding.path();
    // Of a field that should not be there, the key is to blame.
    let is_key = finding.rule() == "schema/unknown-field";
    let position = entry.map(|entry| {
        let key = is_key.then(|| entry.positions.key(path)).flatten();
        key.unwrap_or_else(|| entry.position(path))
    });
    Problem {
        severity: match finding.severity() {
            rules::Severity::Error => Severity::Error,
            rules::Severity::Warning => Severity::Warning,
        },
        help: finding.help().map(str::to_owned),
        file: file.to_owned(),
        line: position.map_or(0, |position| position.line),
        column: position.map_or(0, |position| position.column),
        object: entry.map(Named::of).unwrap_or_default(),
        rule: finding.rule().to_owned(),
        path: path.to_owned(),
        message: finding.message().to_owned(),
    }
}

/// All findings, each with its line, and how many there are; `foreign` objects have no part in the Gateway API.
fn text(input: &Input, problems: &Problems, foreign: usize) -> Page {
    let (mut shown, mut page) = (Shown::new(input), Page::new(Style::stdout()));
    for problem in problems.kept.iter().take(input.max_shown) {
        page.gap();
        shown.show(problem, &mut page);
    }
    page.gap();
    if problems.kept.len() > input.max_shown {
        let more = problems.kept.len() - input.max_shown;
        page.line(0, &Line::plain(beyond(more, ", which `-o json` names")));
        page.gap();
    }
    let (errors, warnings) = (problems.errors, problems.warnings);
    let line = Line::plain(count(input.objects, "object")).and(": ");
    let line = match (errors, warnings) {
        (0, 0) => line.with(Tone::Good, "nothing to complain of"),
        _ => line
            .and(count(errors, "error"))
            .and(", ")
            .and(count(warnings, "warning")),
    };
    page.line(0, &line);
    if foreign > 0 {
        let objects = count(foreign, "object");
        let line = format!("no part of the Gateway API, and passed over: {objects}");
        page.line(0, &Line::of(Tone::Faint, line));
    }
    page
}
