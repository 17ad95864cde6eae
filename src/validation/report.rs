//! What validation has to say.

use super::types::{self, type_of};
use crate::{
    manifest::ReadError,
    meta::{Channel, Release, When},
    rules::{Rule, Severity},
    schema::{self, KindVersion, OfEntries, UnknownField},
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

    /// Adds to what would be right.
    pub(super) fn add_help(&mut self, more: &str) {
        match &mut self.help {
            Some(help) => {
                help.push_str("; ");
                help.push_str(more);
            }
            None => self.help = Some(more.to_owned()),
        }
    }

    /// The same of another field.
    pub(crate) fn at(self, path: String) -> Self {
        Self { path, ..self }
    }

    /// A field of a kind without a schema here, such as a Secret, that cannot be decoded.
    pub(crate) fn unreadable(error: &ReadError) -> Self {
        let (path, message) = (error.path().to_owned(), error.message().to_owned());
        let help = types::readable(&message);
        let finding = Self::error("manifest/unreadable", path, message);
        match help {
            Some(help) => finding.with_help(help),
            None => finding,
        }
    }

    /// An object that leaves its name to the server, which `kubectl apply` does not take.
    pub(crate) fn nameless(message: String) -> Self {
        Self::error("metadata/name", "metadata.name".to_owned(), message)
    }

    /// A field that the release and channel do not have.
    pub(crate) fn unknown_field(
        unknown: &UnknownField,
        (release, channel): (Release, Channel),
    ) -> Self {
        let name = unknown.name();
        let mut finding = Self::error(
            "schema/unknown-field",
            unknown.path().to_owned(),
            format!("{release} ({channel} channel) has no field `{name}` here"),
        );
        let others = unknown.others_in_words();
        // Where a field is, and what has replaced it.
        let with_replacement = |when| {
            let own = elsewhere(when, unknown.instead(), (release, channel));
            match unknown.replaced_elsewhere() {
                Some((new, when)) => {
                    let there = elsewhere(when, None, (release, channel));
                    format!("{own}; `{new}` has replaced it: {there}")
                }
                None => own,
            }
        };
        finding = finding.with_help(match (unknown.when(), others, unknown.nearest()) {
            (Some(when), others, _) => {
                let has_ended = |when: When| !when.lasts_to(Release::newest());
                let mut places = unknown.others().iter();
                let lasts = places.clone().any(|other| !has_ended(other.when));
                // Another version may have brought the field to a channel that never had it in this one.
                let adds = places.any(|other| {
                    let is_new = |channel| {
                        when.since(channel).is_none() && other.when.since(channel).is_some()
                    };
                    Channel::ALL.into_iter().any(is_new)
                });
                let is_replaced =
                    unknown.instead().is_some() || unknown.replaced_elsewhere().is_some();
                let own = with_replacement(when);
                match others {
                    Some(others) if !is_replaced && (adds || has_ended(when) && lasts) => {
                        format!("{own}; {others}")
                    }
                    _ => own,
                }
            }
            (None, Some(others), _) => format!("it is there {others}"),
            (None, None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None, None) => match unknown.near_elsewhere() {
                Some((near, when)) => {
                    format!("did you mean `{near}`? ({})", with_replacement(when))
                }
                None => match unknown.homes_in_words((release, channel)) {
                    Some((homes, None)) => homes,
                    Some((homes, Some(when))) => {
                        let there = elsewhere(when, None, (release, channel));
                        format!("{homes} ({there})")
                    }
                    None => match unknown.in_place_of_list() {
                        Some(OfEntries::Known) => {
                            "a list belongs here: move the field into one of its entries".to_owned()
                        }
                        Some(OfEntries::Unknown) => {
                            "a list belongs here, and its entries have no such field".to_owned()
                        }
                        None => {
                            "correct its name or remove it: no release known here has it".to_owned()
                        }
                    },
                },
            },
        });
        if let Some((path, when)) = unknown.in_parent() {
            let parent =
                format!("`{path}` of the parent Gateway, in the entry of the listener's port");
            finding.add_help(&match when.contains(release, channel) {
                true => format!("use {parent}"),
                false => {
                    let there = elsewhere(when, None, (release, channel));
                    format!("{parent}, has replaced it: {there}")
                }
            });
        }
        finding
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
    let gone = when.gone_since(channel).filter(|gone| *gone <= release);
    if channel != other && when.contains(release, other) {
        const HERE: &str = "it is in the experimental channel";
        return match (when.since(channel), gone) {
            (Some(since), None) => format!("{HERE}, and since {since} in the {channel} one"),
            (Some(_), Some(gone)) => {
                format!("{HERE}, and gone from the {channel} one since {gone}")
            }
            (None, _) => match when.gone_since(other) {
                Some(gone) => format!("{HERE}, and gone from it since {gone}"),
                None => HERE.to_owned(),
            },
        };
    }
    let ended = [channel, other].map(|channel| when.gone_since(channel));
    let ended = ended.into_iter().flatten().find(|ended| *ended <= release);
    match ended.filter(|_| !when.lasts_to(release)) {
        Some(ended) => match instead {
            Some(instead) => format!("gone since {ended}: {}", use_instead(instead)),
            None => format!("gone since {ended}: it was there {}", when.in_words()),
        },
        None => format!("it is there {}", when.in_words()),
    }
}

/// What replaces a field: ``use `cookie.name` or `header.name` ``.
pub(crate) fn use_instead(instead: &str) -> String {
    format!("use `{}`", instead.replace(" or ", "` or `"))
}

/// Where a kind is that no version of which a release and channel serve: version by version, and with the kind that has replaced
/// it. Of one version alone no name is said if it is that of `asked`, an `apiVersion`. Empty where no release has the kind.
pub(crate) fn kind_elsewhere(kind: &str, asked: Option<&str>, place: (Release, Channel)) -> String {
    let of = |kind: &'static str| schema::KINDS.iter().filter(move |known| known.kind == kind);
    let Some(kind) = schema::KINDS.iter().find(|known| known.kind == kind) else {
        return String::new();
    };
    let kind = kind.kind;
    let group = asked.and_then(|asked| Some(asked.split_once('/')?.0));
    let versions: Vec<_> = of(kind).collect();
    let mut texts: Vec<String> = versions
        .iter()
        .map(|known| {
            let text = elsewhere(known.history.when_served(), None, place);
            let name = match group {
                Some(group) if group != known.group => known.api_version,
                _ => known.version,
            };
            match asked == Some(known.api_version) && versions.len() == 1 {
                true => text,
                false => format!("`{name}`: {text}"),
            }
        })
        .collect();
    if let Some(new) = schema::counterpart(kind) {
        let (release, channel) = place;
        let versions: Vec<_> = of(new).collect();
        let serves = |known: &&&KindVersion| known.history.when_served().contains(release, channel);
        if let Some(known) = versions.iter().find(serves) {
            texts.push(format!("use {new} of `{}`", known.api_version));
        } else if schema::successor(kind) == Some(new) {
            texts.extend(versions.iter().map(|known| {
                let text = elsewhere(known.history.when_served(), None, place);
                format!("{new} has replaced it: {text}")
            }));
        }
    }
    texts.join("; ")
}

/// The rule of lists that are longer than they may be.
pub(super) const TOO_LONG: &str = "schema/max-items";

/// The rule of objects with more findings than a report keeps.
pub(super) const TOO_MANY: &str = "object/too-many-findings";

/// How many errors, and how many warnings, a report keeps of one object. An object that has so many ends
/// with a finding that says so, and the first ones tell enough: hostile input could hold millions.
pub const MOST_FINDINGS: usize = 1_000;

/// Findings as they are made, not more than a report keeps.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    errors: usize,
    warnings: usize,
    /// Those of a place that differs from release to release.
    varied: Vec<usize>,
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

    /// Adds a finding about a place that differs from release to release.
    pub(super) fn push_varied(&mut self, finding: Finding) {
        let index = self.kept.len();
        self.push(finding);
        if self.kept.len() > index {
            self.varied.push(index);
        }
    }

    /// Notes that the place of a finding differs in another version or kind, where that is said of its path.
    pub(super) fn note_varied(&mut self, differs: impl Fn(&str) -> bool) {
        let is_new = |(index, finding): &(usize, &Finding)| {
            self.varied.binary_search(index).is_err()
                && finding.rule().starts_with("schema/")
                && differs(finding.path())
        };
        let new = self.kept.iter().enumerate().filter(is_new);
        let new: Vec<usize> = new.map(|(index, _)| index).collect();
        self.varied.extend(new);
        self.varied.sort_unstable();
    }

    /// Whether there is a finding about a place that differs from release to release.
    pub(super) fn has_varied(&self) -> bool {
        !self.varied.is_empty()
    }

    /// Drops the warnings that ask for a field where one stands that is nearly it and that is named among `unknown`: they would
    /// tell of its effect.
    pub(super) fn drop_effects(&mut self, unknown: &[Finding]) {
        let is_told = |warning: &Finding| {
            let help = warning.help().unwrap_or_default();
            unknown.iter().any(|field| {
                let rest = field.path().strip_prefix(warning.path());
                let name = rest.and_then(|rest| rest.strip_prefix('.'));
                let meant = field.help().and_then(|help| help.split('`').nth(1));
                name.is_some_and(|name| !name.contains(['.', '[']))
                    && meant.is_some_and(|meant| help.contains(&format!("`{meant}`")))
            })
        };
        self.kept
            .retain(|finding| finding.severity == Severity::Error || !is_told(finding));
        self.varied.clear();
    }

    /// The findings that are kept.
    pub(super) fn kept(&self) -> &[Finding] {
        &self.kept
    }

    /// The indexes of the findings about places that differ from release to release, taken out.
    pub(super) fn take_varied(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.varied)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Finding> {
        self.kept.get_mut(index)
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
            ..
        } = findings;
        let message = |what| {
            format!(
                "the object has {MOST_FINDINGS} {what} or more: those beyond {MOST_FINDINGS} are neither named nor counted"
            )
        };
        let help = || "correct these first: no option allows more of one object".to_owned();
        if errors >= MOST_FINDINGS {
            kept.push(Finding::error(TOO_MANY, String::new(), message("errors")).with_help(help()));
        }
        if warnings >= MOST_FINDINGS {
            kept.push(
                Finding::warning(TOO_MANY, String::new(), message("warnings")).with_help(help()),
            );
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

    /// Whether lists of the object may be of any length: one is longer than it may be, or nobody has looked at all of them.
    pub(crate) fn has_lists_without_bound(&self) -> bool {
        let mut errors = self.errors();
        errors.any(|finding| [TOO_LONG, TOO_MANY].contains(&finding.rule()))
    }

    /// Says with the first list that is too long that the object is not looked at among others.
    pub(crate) fn say_lists_hide_others(&mut self) {
        let mut findings = self.findings.iter_mut();
        if let Some(finding) = findings.find(|finding| finding.rule() == TOO_LONG) {
            finding.add_help(
                "how the object goes together with others is looked at when no list is too long",
            );
        }
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

/// Whether a field is in the status, which a server drops from what is applied.
pub(crate) fn is_status(path: &str) -> bool {
    path.strip_prefix("status")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
