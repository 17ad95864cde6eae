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
mod known;
mod listener;
mod policy;
mod reference;
mod route;
mod rule;
mod selector;
mod semantic;
mod session;
pub mod set;
mod value;

pub use known::{RuleSummary, find, known};
pub use rule::{Check, PatternReporter, Reporter, Rule, Severity, Which};
pub(crate) use selector::{ADD_SELECTOR, CORRECT_SELECTOR};

use crate::meta::{Channel, Release};

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
        semantic::effect::RULES,
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
