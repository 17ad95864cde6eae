//! What validation has to say.

use crate::{
    manifest::ReadError,
    meta::{Channel, Release, When},
    rules::{Rule, Severity},
    schema::UnknownField,
};
use serde_json::Value;
use std::fmt;

/// One thing that is wrong, or most likely not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    rule: &'static str,
    severity: Severity,
    path: String,
    message: String,
    help: Option<String>,
}

impl Finding {
    /// The stable id of the rule: `schema/required`, `HTTPRouteRule/redirect-without-backends`.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// How much it weighs.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The field, as an API server writes it; empty for the object itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What would be right.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    pub(super) fn error(rule: &'static str, path: String, message: String) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            path,
            message,
            help: None,
        }
    }

    pub(super) fn warning(rule: &'static str, path: String, message: String) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(rule, path, message)
        }
    }

    pub(crate) fn of(rule: &Rule, path: String) -> Self {
        Self {
            rule: rule.id,
            severity: rule.severity,
            path,
            message: rule.message.to_owned(),
            help: Some(rule.help.to_owned()),
        }
    }

    pub(crate) fn with_help(self, help: String) -> Self {
        Self {
            help: Some(help),
            ..self
        }
    }

    pub(crate) fn with_message(self, message: String) -> Self {
        Self { message, ..self }
    }

    /// The same of another field.
    pub(crate) fn at(self, path: String) -> Self {
        Self { path, ..self }
    }

    /// A field of a kind without a schema here, such as a Secret, that cannot be decoded.
    pub(crate) fn unreadable(error: &ReadError) -> Self {
        let (path, message) = (error.path().to_owned(), error.message().to_owned());
        Self::error("manifest/unreadable", path, message)
    }

    /// A field that the release and channel do not have.
    pub(crate) fn unknown_field(
        unknown: &UnknownField,
        (release, channel): (Release, Channel),
    ) -> Self {
        let name = unknown.name();
        let finding = Self::error(
            "schema/unknown-field",
            unknown.path().to_owned(),
            format!("{release} ({channel} channel) has no field `{name}` here"),
        );
        finding.with_help(match (unknown.when(), unknown.nearest()) {
            (Some(when), _) => elsewhere(when, unknown.instead(), (release, channel)),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => "remove it: no release has it".to_owned(),
        })
    }

    /// A key that stands twice in one object of a text. Whoever parses the text reports it here, since a
    /// parsed value cannot hold it.
    #[must_use]
    pub fn duplicate_key(path: impl Into<String>) -> Self {
        let path = path.into();
        let key = path.rsplit(['.', ']']).next().unwrap_or_default();
        let message = format!("the key `{key}` stands here twice");
        Self::error("object/duplicate-key", path, message)
            .with_help("remove one of the two: readers do not agree on which one counts".to_owned())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: ", self.severity, self.rule)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Where something is that a release and channel do not have: `it is there since v1.2.0 in the experimental channel,
/// v1.4.0 in the standard channel`, or `gone since v1.4.0: use …`.
pub(crate) fn elsewhere(
    when: When,
    instead: Option<&str>,
    (release, channel): (Release, Channel),
) -> String {
    let other = Channel::Experimental;
    if channel != other && when.contains(release, other) {
        return match when.since(channel) {
            Some(since) => {
                format!("it is in the experimental channel, and since {since} in the {channel} one")
            }
            None => "it is in the experimental channel".to_owned(),
        };
    }
    let ended = [channel, other].map(|channel| when.gone_since(channel));
    let ended = ended.into_iter().flatten().find(|ended| *ended <= release);
    match (ended, instead) {
        (Some(ended), Some(instead)) => format!("gone since {ended}: use `{instead}`"),
        (Some(ended), None) => format!("gone since {ended}: it was there {}", when.in_words()),
        (None, _) => format!("it is there {}", when.in_words()),
    }
}

/// How many errors, and how many warnings, a report keeps of one object. An object that has so many ends
/// with a finding that says so, and the first ones tell enough: hostile input could hold millions.
pub const MOST_FINDINGS: usize = 1_000;

/// Findings as they are made, not more than a report keeps.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    errors: usize,
    warnings: usize,
}

impl Findings {
    pub(crate) fn push(&mut self, finding: Finding) {
        let count = match finding.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if *count < MOST_FINDINGS {
            *count += 1;
            self.kept.push(finding);
        }
    }

    /// Adds what was found elsewhere.
    pub(super) fn append(&mut self, other: Self) {
        for finding in other.kept {
            self.push(finding);
        }
    }

    /// Whether there are so many errors that no more need be looked for.
    pub(super) fn is_full(&self) -> bool {
        self.errors >= MOST_FINDINGS
    }
}

impl From<Findings> for Report {
    fn from(findings: Findings) -> Self {
        let Findings {
            mut kept,
            errors,
            warnings,
        } = findings;
        const RULE: &str = "object/too-many-findings";
        let message = |what| format!("the object has {MOST_FINDINGS} {what}: more are not named");
        let help = || "correct these first".to_owned();
        if errors >= MOST_FINDINGS {
            kept.push(Finding::error(RULE, String::new(), message("errors")).with_help(help()));
        }
        if warnings >= MOST_FINDINGS {
            kept.push(Finding::warning(RULE, String::new(), message("warnings")).with_help(help()));
        }
        Self::from(kept)
    }
}

/// All findings on one object, in the order in which they were made; the first [`MOST_FINDINGS`] of each
/// severity where there are more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// All findings.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings for which an API server refuses the object.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
    }

    /// Whether an API server accepts the object: there may be warnings, and no errors.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.errors().next().is_none()
    }

    /// Whether there is nothing at all to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds a finding that was made elsewhere, such as [`Finding::duplicate_key`].
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The findings, taken out.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

impl From<Vec<Finding>> for Report {
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings }
    }
}

impl Extend<Finding> for Report {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        self.findings.extend(findings);
    }
}

/// The JSON type of a value, in a sentence.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value for a message, cut where it is long.
pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => return type_of(value).to_owned(),
        other => other.to_string(),
    };
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}
