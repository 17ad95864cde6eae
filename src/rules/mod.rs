//! The table of cross-field rules: what no single field can say for itself.
//!
//! One row a rule ([`Rule`]): a stable id, the places of the schema on which it sits, its CEL expression
//! and message for the CRDs, a native predicate with the same verdict, and what would be right. A rule
//! without a CEL form is semantic: no API server can check it, and it warns.
//!
//! The CEL expressions keep within a server's cost limits: each looks at lists that the schema bounds.
//! A server judges them although a text is too short or a number too small, so `''` and `0` count as
//! absent wherever that makes a difference.

mod applicable;
mod experiment;
mod filter;
mod gateway;
mod go_duration;
mod listener;
mod policy;
mod reference;
mod route;
mod selector;
mod semantic;
mod session;
pub mod set;
mod value;

use crate::{
    meta::{Channel, PatternLimits, Release, When},
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
    Patterns(fn(Defaulted<'_>, &Path<'_>, &PatternLimits, &mut Reporter<'_>)),
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
    const BASE: Self = Self {
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
    const SEMANTIC: Self = Self {
        severity: Severity::Warning,
        ..Self::BASE
    };

    /// Whether a release and channel have the rule.
    #[must_use]
    pub fn is_in(&self, release: Release, channel: Channel) -> bool {
        self.when.contains(release, channel)
    }
}

/// Every rule, with a CEL form and without.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [
        reference::RULES,
        route::RULES,
        filter::RULES,
        gateway::RULES,
        listener::RULES,
        session::RULES,
        policy::RULES,
        experiment::RULES,
        selector::RULES,
        semantic::RULES,
        applicable::RULES,
        set::RULES,
    ]
    .into_iter()
    .flatten()
}

/// The rules of a release and channel that sit on one of the places that a schema node has.
pub fn on(
    places: &[String],
    release: Release,
    channel: Channel,
) -> impl Iterator<Item = &'static Rule> {
    all().filter(move |rule| {
        rule.is_in(release, channel)
            && places
                .iter()
                .any(|place| rule.places.contains(&place.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_every_rule_says_what_is_wrong_and_what_is_right() {
        let mut ids = BTreeSet::new();
        for rule in all() {
            assert!(ids.insert(rule.id), "{} twice", rule.id);
            assert!(
                !rule.message.is_empty() && !rule.help.is_empty(),
                "{}",
                rule.id
            );
            assert!(!rule.message.ends_with('.'), "{}", rule.id);
        }
    }

    /// A union is a text `type` with allowed values, beside an optional field for each.
    #[test]
    fn each_member_of_a_union_is_refused_without_its_type_and_its_type_without_it() {
        use crate::{
            meta::{Channel, Release},
            schema::Defaulted,
        };
        use serde_json::json;

        let mut looked_at = BTreeSet::new();
        let (newest, channel) = (Release::newest(), Channel::Experimental);
        for (kind, installation) in schema::installed(newest, channel) {
            installation.schema().visit(&mut |node, places| {
                let Some(values) = node.properties.get("type").map(|it| &it.enumeration) else {
                    return;
                };
                for value in values.iter().filter_map(serde_json::Value::as_str) {
                    let is_it = |name: &&String| name.eq_ignore_ascii_case(value);
                    let Some(member) = node.properties.keys().find(is_it) else {
                        continue;
                    };
                    looked_at.insert(format!("{}.{member}", node.type_name().unwrap_or_default()));
                    let refuses = |object: serde_json::Value| {
                        on(places, newest, channel)
                            .into_iter()
                            .any(|rule| match rule.check {
                                Check::Value(holds) => !holds(Defaulted::new(&object, node)),
                                _ => false,
                            })
                    };
                    let other = values.iter().find(|other| other.as_str() != Some(value));
                    if let Some(other) = other {
                        let alone = json!({"type": value});
                        let under_another = json!({"type": other, member: {}});
                        let at = format!("{} {places:?}: {member}", kind.kind);
                        assert!(refuses(under_another), "{at} is taken under another type");
                        assert!(refuses(alone), "{at} may be absent");
                    }
                }
            });
        }
        assert!(looked_at.len() > 15, "{looked_at:?}");
    }

    #[test]
    fn every_place_exists_in_some_schema() {
        let mut places = BTreeSet::new();
        for kind in schema::KINDS {
            for installation in kind.installations() {
                installation
                    .schema()
                    .visit(&mut |_, at| places.extend(at.iter().cloned()));
            }
        }
        for rule in all() {
            for place in rule.places {
                assert!(places.contains(*place), "{} sits on {place}", rule.id);
            }
        }
    }
}
