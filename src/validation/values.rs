//! Places of an object of which some releases take what stands there, and others refuse it.

use super::{plan::Node, report::Findings, structure};
use crate::{
    meta::{Channel, PatternLimits, Release, When},
    rules::{self, Check, Rule, Severity},
    schema::{Defaulted, KINDS, KindVersion, Path, Schema, Was},
};
use serde_json::Value;
use std::sync::{LazyLock, OnceLock};

/// What some releases refuse in one place, asked of a node of [`KindVersion::every`]: what its schema asks of the value itself, which
/// fields there have to be, and which rules there are.
pub(super) struct ValueRefusal {
    /// Of what the schema of each release asks whether the value is that.
    forms: Option<(&'static Was, Vec<bool>)>,
    /// The fields that are missing, the releases that demand them, and those that have them.
    missing: Vec<(&'static str, When, When)>,
    rules: Vec<&'static Rule>,
}

impl ValueRefusal {
    /// Asks of a value, with the rules of its kind ([`rules_by_release`]). Nothing where no release refuses it for what another one
    /// does not ask.
    pub(super) fn of(
        value: &Value,
        schema: &'static Schema,
        rules: &[Vec<&'static Rule>],
    ) -> Option<Self> {
        let forms = schema.was().map(|was| {
            let taken: Vec<bool> = was.forms().map(|form| is_taken(value, form)).collect();
            (was, taken)
        });
        let is_set = |name: &str| value.get(name).is_some_and(|value| !value.is_null());
        let demanded = schema.demanded().iter().filter(|_| value.is_object());
        let missing = demanded
            .filter(|(name, _)| !is_set(name))
            .map(|(name, when)| {
                let there = schema.properties.get(name);
                let there = there.map_or(When::NEVER, Schema::when);
                (name.as_str(), *when, there)
            });
        let breaks = |rule: &&&Rule| match rule.check {
            Check::Value(holds) => !holds(Defaulted::new(value, schema)),
            _ => false,
        };
        // Rules look at pairs of entries: of a list that is too long they are not asked, as a server does not ask them either.
        let is_too_long = |list: &Vec<Value>| {
            schema
                .max_items
                .is_some_and(|most| list.len() as u64 > most)
        };
        let rules = match value.as_array().is_some_and(is_too_long) {
            true => None,
            false => rules.get(schema.id()),
        };
        let rules = rules.into_iter().flatten();
        let found = Self {
            forms: forms.filter(|(_, taken)| taken.contains(&false)),
            missing: missing.collect(),
            rules: rules.filter(breaks).copied().collect(),
        };
        let refused = found.forms.is_some() || !found.missing.is_empty() || !found.rules.is_empty();
        refused.then_some(found)
    }

    /// Whether a release and channel take the value.
    pub(super) fn takes(&self, release: Release, channel: Channel) -> bool {
        let is_in = |when: When| when.contains(release, channel);
        let form = self.forms.as_ref().and_then(|(was, taken)| {
            let form = was.index((release, channel))?;
            taken.get(form).copied()
        });
        let mut missing = self.missing.iter();
        form.unwrap_or(true)
            && !missing.any(|(_, demanded, there)| is_in(*demanded) && is_in(*there))
            && !self.rules.iter().any(|rule| rule.is_in(release, channel))
    }

    /// The field that is missing, where nothing else is refused.
    pub(super) fn missing(&self) -> Option<&'static str> {
        match self.missing.as_slice() {
            [(name, ..)] if self.forms.is_none() && self.rules.is_empty() => Some(name),
            _ => None,
        }
    }
}

/// The releases that have all fields and values which are in a value, those aside that a channel never has.
pub(super) fn when_all(value: &Value, schema: &Schema, channel: Channel) -> When {
    let there = |when: When| match when.is_never(channel) {
        true => When::ALWAYS,
        false => when,
    };
    match value {
        Value::Object(fields) => {
            fields.iter().fold(When::ALWAYS, |when, (name, value)| {
                match schema.properties.get(name) {
                    Some(field) if !value.is_null() => when
                        .and(there(field.when()))
                        .and(when_all(value, field, channel)),
                    _ => when,
                }
            })
        }
        Value::Array(elements) => match &schema.items {
            Some(items) => elements.iter().fold(When::ALWAYS, |when, element| {
                when.and(when_all(element, items, channel))
            }),
            None => When::ALWAYS,
        },
        Value::String(text) => schema.when_allowed(text).map_or(When::ALWAYS, there),
        _ => When::ALWAYS,
    }
}

/// Whether a value is what a node asks for, whatever is in it.
fn is_taken(value: &Value, form: &'static Schema) -> bool {
    let mut findings = Findings::default();
    let limits = PatternLimits::default();
    let node = Node::without_rules(form);
    // Which fields are there is not asked of the node alone.
    let _ = structure::check(value, None, &node, &Path::ROOT, &limits, &mut findings);
    findings.kept().is_empty()
}

/// The rules that only some releases have, by the number of the node on which they sit in the tree of all releases.
pub(super) fn rules_by_release(kind: &'static KindVersion) -> &'static [Vec<&'static Rule>] {
    static MADE: LazyLock<Vec<OnceLock<Vec<Vec<&'static Rule>>>>> =
        LazyLock::new(|| KINDS.iter().map(|_| OnceLock::new()).collect());
    let position = KINDS.iter().position(|known| std::ptr::eq(known, kind));
    let Some(made) = position.and_then(|position| MADE.get(position)) else {
        return &[];
    };
    made.get_or_init(|| {
        let differ = |rule: &&Rule| rule.when != When::ALWAYS && rule.severity == Severity::Error;
        let differing: Vec<&Rule> = rules::all().filter(differ).collect();
        let mut by_node = Vec::new();
        kind.every().visit(&mut |node, places| {
            if by_node.len() <= node.id() {
                by_node.resize(node.id() + 1, Vec::new());
            }
            let is_on = |rule: &&&Rule| {
                places
                    .iter()
                    .any(|place| rule.places.contains(&place.as_str()))
            };
            if let Some(rules) = by_node.get_mut(node.id()) {
                rules.extend(differing.iter().filter(is_on).copied());
            }
        });
        by_node
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_that_compare_pairs_are_not_asked_of_a_list_that_is_too_long() {
        let kind = KINDS
            .iter()
            .find(|known| (known.kind, known.version) == ("HTTPRoute", "v1"));
        let kind = kind.unwrap();
        let schema = &kind.every().properties["spec"].properties["parentRefs"];
        let rules = rules_by_release(kind);
        let refused = |many: usize| {
            let parents: Vec<Value> = (0..many).map(|_| json!({"name": "g"})).collect();
            let refusal = ValueRefusal::of(&parents.into(), schema, rules);
            refusal.map_or(0, |refusal| refusal.rules.len())
        };
        assert!(refused(2) > 0, "two of one name");
        assert!(refused(32) > 0);
        assert_eq!(refused(33), 0);
    }
}
