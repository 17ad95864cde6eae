//! `gwapi validate`: every finding on every object, as an API server of a channel would judge.

mod apart;
mod around;
mod refused;
mod report;
pub(crate) mod severity;
mod together;
mod worlds;

use crate::{
    given::{LookingArgs, NearArgs, choices::RankArgs, present::PresentArgs, say_met},
    input::{
        Entry, Input, InputArgs, Looked, Placeholders, Problem, Problems, Shown, Sifted, beyond,
        reopened,
    },
    output::{Exit, Line, Page, Style, Tone, count, fail, print, print_json, say},
    release::{self, Choosing, ReleaseArgs},
    resolving::PatternArgs,
};
use apart::Identity;
use around::{Around, in_one_line};
use clap::{Args, ValueEnum};
use gwapi::{
    lint::Member,
    meta::Channel,
    rules,
    validation::{Uses, ValidationOptions},
};
use k8s_openapi::jiff::Timestamp;
use refused::Refused;
use severity::{FailOn, SeverityArgs};
use std::sync::{Mutex, PoisonError};
use together::{Taking, Together, problem};

/// Judge objects as an API server would on creation, and warn of what it cannot see
///
/// Errors are what `kubectl apply` would be refused for, unknown fields included. Warnings are about what a server
/// takes, and what most likely does not work as it is meant: references to objects that do not exist, rules that no
/// request reaches, redirects in circles. The exit code is 1 for errors, and 0 for warnings alone, which may be about what is
/// elsewhere; --fail-on says otherwise.
///
/// A folder of a GitOps repository can be given as it is: what is no Kubernetes object is passed over and counted, kustomization.yaml
/// gives objects their namespace, patches are no objects, and what the set leaves out is one line for each kind. Of an object that is
/// given alone nothing is said to be missing: what is around it is not known.
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
    #[command(flatten)]
    severity: SeverityArgs,
    #[command(flatten)]
    present: PresentArgs,
    /// Say nothing but findings
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Name what was passed over, and everything that the set leaves out
    #[arg(short, long)]
    verbose: bool,
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
    rank: RankArgs,
    /// The form of the answer
    #[arg(
        short = 'o',
        long = "format",
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    format: ReportFormat,
}

/// The forms that findings are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// Text for people.
    #[default]
    Text,
    /// JSON for programs: a list of findings.
    Json,
    /// Annotations of a GitHub workflow.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, which most CI systems show.
    Junit,
}

pub(crate) fn run(args: &ValidateArgs) -> Exit {
    let mut from = args.input.clone();
    from.settings = args.severity.settings();
    from.placeholders = Placeholders::StoodFor;
    let around = Mutex::new(Around::new(args.present.nothing()));
    let see = |entry: &Entry, is_withheld: bool| {
        around
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .see(entry, is_withheld);
    };
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
        move |file: &str, entry: Entry| {
            let (member, report) = Member::judge(&entry.value, &options);
            let certain = entry.certain(&report, &options);
            let errors = certain
                .iter()
                .filter(|finding| finding.severity() == rules::Severity::Error);
            let is_withheld = errors.count() < report.errors().count();
            see(&entry, is_withheld);
            // What is foreign is counted by what is kept of all others, which is little where they mean nothing to anybody.
            let keep = (!member.is_foreign()).then(|| {
                member.takes_part().then(|| {
                    let identity = Identity::of(&entry, &member);
                    Box::new(Taking { member, identity })
                })
            });
            let problems = certain
                .iter()
                .map(|finding| problem(file, Some(&entry), finding));
            Looked {
                keep,
                is_withheld,
                problems: problems.collect(),
            }
        }
    };
    let uses = Uses::new(args.channel).with_status(args.with_status);
    let choosing = Choosing::new(args.release, uses);
    let Some((sifted, chosen)) = release::sift(&from, &choosing, most, looker) else {
        return Exit::Failed;
    };
    let options = options(chosen.release);
    let is_lone = sifted.kept.len() < 2;
    let Sifted {
        mut input,
        kept,
        mut problems,
    } = sifted;
    let mut around = around.into_inner().unwrap_or_else(PoisonError::into_inner);
    around.referred.add_generated(&input);
    let present = match args.present.kinds(&around.referred) {
        Ok(present) => present,
        Err(error) => return fail(error),
    };
    let mut looking = args.looking.options();
    looking.near = args.near.limits();
    looking.routing = args.rank.routing();
    let mut found = Vec::new();
    let together = Together::of(&input, kept, &options, &mut around);
    let met = together.judge(
        &input,
        (&options, looking),
        (&around, &present),
        &mut |problem| found.push(problem),
    );
    let refused = Refused::of(&problems);
    for problem in found.into_iter().filter(|one| !refused.tells(one)) {
        input.push(problem, &mut problems, most);
    }
    for (file, line, rule) in input.unused() {
        let unused = match severity::rule(&rule) {
            Err(why) => Problem::of_unknown_rule(&file, line, &rule, &why),
            // Of a lone object no reference is followed, so that nobody knows.
            Ok(_) if is_lone && severity::is_warning(&rule) => continue,
            Ok(_) => Problem::of_unused(&file, line, &rule),
        };
        input.push(unused, &mut problems, most);
    }
    for problem in &mut problems.kept {
        if !around.stand_ins.is_empty() {
            for text in [
                &mut problem.path,
                &mut problem.object.namespace,
                &mut problem.object.name,
            ] {
                *text = reopened(text, &around.stand_ins);
            }
            problem.message = reopened(&problem.message, &around.stand_ins);
            problem.help = problem
                .help
                .as_deref()
                .map(|help| reopened(help, &around.stand_ins));
        }
    }
    input.sort(&mut problems.kept);

    let judged_by = chosen.judged_by(args.channel, problems.errors > 0);
    let in_short = match args.verbose {
        true => problems.kept.clone(),
        false => in_one_line(&problems.kept),
    };
    let mut summary = summary(&input, &problems, args.verbose);
    summary.push(judged_by.clone());
    let lines: Vec<String> = match args.quiet {
        true => Vec::new(),
        false => summary.iter().map(ToString::to_string).collect(),
    };
    let around_all = report::ReportFrame {
        summary: &lines,
        failed: input.failed,
    };
    let printed = match args.format {
        ReportFormat::Json => {
            if !chosen.is_named() && !args.quiet {
                let mut page = Page::new(Style::stderr());
                page.line(0, &judged_by);
                say(page);
            }
            print_json(&problems.kept)
        }
        ReportFormat::Github => report::github(&in_short, &around_all),
        ReportFormat::Sarif => report::sarif(&in_short, &around_all),
        ReportFormat::Junit => {
            let warnings_fail = args.severity.fail_on() == FailOn::Warning;
            report::junit(&in_short, &around_all, warnings_fail)
        }
        ReportFormat::Text => {
            let mut page = text(&input, &in_short);
            if !args.quiet {
                page.gap();
                summary.iter().for_each(|line| page.line(0, line));
            }
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
    let fails = match args.severity.fail_on() {
        FailOn::Never => false,
        FailOn::Error => problems.errors > 0,
        FailOn::Warning => problems.all() > 0 || may_miss,
    };
    let exit = match (input.failed, fails) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Clean,
    };
    printed.max(exit)
}

/// All findings, each with its line.
fn text(input: &Input, problems: &[Problem]) -> Page {
    let (mut shown, mut page) = (Shown::new(input), Page::new(Style::stdout()));
    for problem in problems.iter().take(input.max_shown) {
        page.gap();
        shown.show(problem, &mut page);
    }
    if problems.len() > input.max_shown {
        page.gap();
        let more = problems.len() - input.max_shown;
        page.line(0, &Line::plain(beyond(more, ", which `-o json` names")));
    }
    page
}

/// How many objects and findings there are, and what was passed over.
fn summary(input: &Input, problems: &Problems, verbose: bool) -> Vec<Line> {
    let (errors, warnings) = (problems.errors, problems.warnings);
    let line = Line::plain(count(input.objects, "object"));
    let line = match input.of_gateway_api {
        all if all == input.objects => line,
        some => line.and(format_args!(", {some} of the Gateway API")),
    };
    let line = line.and(": ");
    let line = match (errors, warnings) {
        (0, 0) if input.failed => line.and("nothing to complain of in what could be read"),
        (0, 0) => line.with(Tone::Good, "nothing to complain of"),
        _ => line
            .and(count(errors, "error"))
            .and(", ")
            .and(count(warnings, "warning")),
    };
    let line = match problems.allowed {
        0 => line,
        allowed => line.and(format_args!(", {} allowed", count(allowed, "finding"))),
    };
    let mut lines = vec![line];
    let mut passed = Vec::new();
    let of = input.passed;
    if of.documents > 0 {
        passed.push(count(of.documents, "document"));
    }
    if of.patches > 0 {
        let patches = if of.patches == 1 { "patch" } else { "patches" };
        passed.push(format!("{} {patches} of kustomizations", of.patches));
    }
    if of.templates > 0 {
        let templates = count(of.templates, "Helm template");
        passed.push(format!(
            "{templates} (render them first: `helm template CHART | gwapi validate -`)"
        ));
    }
    if !passed.is_empty() {
        let line = format!("passed over, no Kubernetes objects: {}", passed.join(", "));
        lines.push(Line::of(Tone::Faint, line));
    }
    if verbose {
        for source in input.sources.iter().filter(|source| source.passed > 0) {
            lines.push(Line::plain("  ").and(&source.name));
        }
    }
    lines
}
