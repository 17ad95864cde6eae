//! `gwapi rules`: every rule that a finding can name.

use crate::{
    output::{Exit, Format, Line, OutputArgs, Page, Style, Tone, fail, print, print_json},
    validate::severity::{id_or_end, is_judged},
};
use clap::Args;
use gwapi::{
    meta::When,
    rules::{self, RuleSummary, Severity},
};
use serde::Serialize;

/// List the rules that findings name, or say what one of them means
///
/// With an id, the rule is shown with what would be right, since which release there is it, and an example of what breaks it.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// The id of a rule, what follows its group, or a group as in 'schema/*'
    #[arg(value_parser = id_or_end)]
    id: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// A rule as JSON.
#[derive(Serialize)]
struct Described {
    id: &'static str,
    severity: &'static str,
    meaning: &'static str,
    help: Option<&'static str>,
    since: String,
    example: &'static str,
}

impl Described {
    fn of(rule: &RuleSummary) -> Self {
        Self {
            id: rule.id,
            severity: rule.severity.as_str(),
            meaning: rule.meaning,
            help: Some(rule.help).filter(|help| !help.is_empty()),
            since: since(rule.releases()),
            example: rule.example,
        }
    }
}

/// Since when there is a rule: `in all releases`, or `since v1.2.0 in the experimental channel, …`.
fn since(when: When) -> String {
    match when == When::ALWAYS {
        true => "in all releases".to_owned(),
        false => when.in_words().to_string(),
    }
}

pub(crate) fn run(args: &RulesArgs) -> Exit {
    let known = rules::known();
    let wanted = |rule: &&RuleSummary| {
        let mut id = args.id.iter();
        id.all(|id| crate::input::is_rule(id, rule.id))
    };
    let rules: Vec<&RuleSummary> = known.iter().filter(wanted).collect();
    if rules.is_empty() {
        return fail("there is no such rule");
    }
    if args.output.format == Format::Json {
        return print_json(
            &rules
                .iter()
                .map(|rule| Described::of(rule))
                .collect::<Vec<_>>(),
        );
    }
    let mut page = Page::new(Style::stdout());
    let is_alone = rules.len() == 1;
    let width = rules
        .iter()
        .map(|rule| rule.id.len())
        .max()
        .unwrap_or_default();
    for rule in &rules {
        let tone = match rule.severity {
            Severity::Error => Tone::Bad,
            Severity::Warning => Tone::Warn,
        };
        if is_alone {
            show(rule, tone, &mut page);
            continue;
        }
        let line = Line::plain(format_args!("{:width$}  ", rule.id));
        let severity = format!("{:7}", rule.severity.as_str());
        page.line(0, &line.with(tone, severity).and("  ").and(rule.meaning));
    }
    print(page)
}

fn show(rule: &RuleSummary, tone: Tone, page: &mut Page) {
    let described = Described::of(rule);
    page.line(
        0,
        &Line::of(Tone::Strong, rule.id).and(": ").and(rule.meaning),
    );
    page.line(2, &Line::plain("severity  ").with(tone, described.severity));
    page.line(2, &Line::plain("since     ").and(&described.since));
    if let Some(help) = described.help {
        page.line(2, &Line::plain("help      ").and(help));
    }
    page.line(2, &Line::plain("example   ").and(rule.example));
    if !is_judged(rule.id) {
        return;
    }
    page.line(
        2,
        &Line::plain(format_args!(
            "allow     `--allow {id}`, or a comment: `# gwapi: allow {id}, because …`",
            id = rule.id
        )),
    );
}
