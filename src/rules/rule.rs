//! One rule: where it sits, what it asks for, and what is said where it is broken.

use crate::{
    meta::{Channel, PatternError, PatternLimits, Release, When},
    schema::{Defaulted, Path},
};
use std::fmt;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Accepted, and most likely not what was meant.
    Warning,
    /// An API server refuses the object.
    Error,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a semantic rule has to say of one place: where, and what in particular.
pub type Reporter<'r> = dyn FnMut(&Path<'_>, String) + 'r;

/// What a semantic rule has to say of a regular expression: where it stands, and what is wrong with it. The help is that of the error.
pub type PatternReporter<'r> = dyn FnMut(&Path<'_>, &PatternError) + 'r;

/// The native form of a rule.
///
/// Predicates see values with the defaults applied. What has the wrong type or lacks a required
/// field is reported by the schema: a predicate lets it pass.
#[derive(Clone, Copy)]
pub enum Check {
    /// Whether a value obeys the rule.
    Value(fn(Defaulted<'_>) -> bool),
    /// Whether a value (first) that replaces another (second) obeys the rule, on updates only.
    Update(fn(Defaulted<'_>, Defaulted<'_>) -> bool),
    /// Needs other objects beside the one that is judged: [`lint`](crate::lint) knows how.
    Set,
    /// Reports each place below a value that breaks the rule.
    Each(fn(Defaulted<'_>, &Path<'_>, &mut Reporter<'_>)),
    /// As [`Each`](Self::Each), of regular expressions within these limits.
    Patterns(fn(Defaulted<'_>, &Path<'_>, &PatternLimits, &mut PatternReporter<'_>)),
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value(_) => "Value",
            Self::Update(_) => "Update",
            Self::Set => "Set",
            Self::Each(_) => "Each",
            Self::Patterns(_) => "Patterns",
        })
    }
}

/// One cross-field rule.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rule {
    /// The stable id: `HTTPRouteRule/redirect-without-backends`.
    pub id: &'static str,
    /// The nodes of the schema on which the rule sits: a type, or a field as `Type.field`.
    pub places: &'static [&'static str],
    /// The releases and channels that have the rule.
    pub when: When,
    /// How much a violation weighs.
    pub severity: Severity,
    /// The expression for the CRD; semantic rules have none.
    pub cel: Option<&'static str>,
    /// What is wrong, in one sentence.
    pub message: &'static str,
    /// What would be right.
    pub help: &'static str,
    /// The native form.
    pub check: Check,
    /// The parts of a value that violate the rule, named for people, where its path does not tell.
    pub which: Option<Which>,
}

/// Names the parts of a value that violate a rule.
pub type Which = fn(Defaulted<'_>) -> Vec<String>;

impl Rule {
    /// What most rules have in common: in all releases and channels, an error.
    pub(super) const BASE: Self = Self {
        id: "",
        places: &[],
        when: When::ALWAYS,
        severity: Severity::Error,
        cel: None,
        message: "",
        help: "",
        check: Check::Value(|_| true),
        which: None,
    };

    /// What semantic rules have in common: they warn.
    pub(super) const SEMANTIC: Self = Self {
        severity: Severity::Warning,
        ..Self::BASE
    };

    /// Whether a release and channel have the rule.
    #[must_use]
    pub fn is_in(&self, release: Release, channel: Channel) -> bool {
        self.when.contains(release, channel)
    }
}
