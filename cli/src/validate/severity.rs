//! Which findings count, and how much.

use crate::input::Settings;
use clap::{Args, ValueEnum};
use gwapi::{
    rules::{self, RuleSummary},
    schema::nearest_name,
};

/// Which findings count; `validate` takes it.
#[derive(Clone, Debug, Args)]
pub(crate) struct SeverityArgs {
    /// What makes the exit code 1: an error; a warning as well, and a bound that kept some from being looked for; or nothing
    /// that is found. 2 stays
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t)]
    fail_on: FailOn,
    /// The same as --fail-on warning: for a set that is whole
    #[arg(long, conflicts_with = "fail_on")]
    deny_warnings: bool,
    /// A rule whose findings are left out and only counted: an id, or all of a group as in 'metadata/*'; may be given several times.
    /// `gwapi rules` lists them. At an object or a line, a comment does the same: `# gwapi: allow RULE, because …`
    #[arg(long, value_name = "RULE", value_parser = rule)]
    allow: Vec<String>,
    /// A rule whose findings are errors; may be given several times
    #[arg(long, value_name = "RULE", value_parser = rule)]
    deny: Vec<String>,
}

/// What makes the exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Errors.
    #[default]
    Error,
    /// Warnings, too.
    Warning,
    /// Nothing that is found.
    Never,
}

impl SeverityArgs {
    pub(super) fn fail_on(&self) -> FailOn {
        match self.deny_warnings {
            true => FailOn::Warning,
            false => self.fail_on,
        }
    }

    pub(super) fn settings(&self) -> Settings {
        Settings {
            allow: self.allow.clone(),
            deny: self.deny.clone(),
        }
    }
}

/// The id of a rule, or a group of them; what follows its group is enough where no other rule has it.
pub(crate) fn id_or_end(text: &str) -> Result<String, String> {
    let ends = format!("/{text}");
    let known = rules::known();
    let fit = known.iter().filter(|rule| rule.id.ends_with(&ends));
    let fit: Vec<String> = fit.map(|rule| format!("`{}`", rule.id)).collect();
    match fit.as_slice() {
        [] => named(text, &known),
        [only] => Ok(only.trim_matches('`').to_owned()),
        several => Err(format!("several rules end so: {}", several.join(", "))),
    }
}

/// The rules that `validate` can find broken.
fn judged() -> Vec<RuleSummary> {
    let mut known = rules::known();
    known.retain(|rule| is_judged(rule.id));
    known
}

/// Whether `validate` can find a rule broken: others are those of `convert` and `upgrade-check`.
pub(crate) fn is_judged(id: &str) -> bool {
    !["conversion/", "upgrade/"]
        .iter()
        .any(|group| id.starts_with(group))
}

/// The id of a rule that `validate` knows, or a group of them.
pub(crate) fn rule(text: &str) -> Result<String, String> {
    named(text, &judged())
}

fn named(text: &str, known: &[RuleSummary]) -> Result<String, String> {
    let mut ids = known.iter().map(|rule| rule.id);
    if ids.any(|id| crate::input::is_rule(text, id)) {
        return Ok(text.to_owned());
    }
    let same = |id: &&str| id.eq_ignore_ascii_case(text) || id.ends_with(&format!("/{text}"));
    let near = || nearest_name(text, known.iter().map(|rule| rule.id));
    match known.iter().map(|rule| rule.id).find(same).or_else(near) {
        Some(near) => Err(format!("there is no such rule; did you mean `{near}`?")),
        None => Err("there is no such rule; `gwapi rules` lists them".to_owned()),
    }
}

/// Whether some rule that is meant is one of those that warn: they need other objects to be found, or may.
pub(super) fn is_warning(text: &str) -> bool {
    let known = judged();
    let mut meant = known
        .iter()
        .filter(|rule| crate::input::is_rule(text, rule.id));
    meant.any(|rule| rule.severity == rules::Severity::Warning)
}
