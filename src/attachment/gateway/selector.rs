//! Selectors of namespaces (RouteNamespaces `selector`).

use kube_core::{Expression, Selector, SelectorExt};
use std::collections::{BTreeMap, BTreeSet};

/// A selector of namespaces, and what people are told of it. It may be as large as an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RouteSelector {
    selector: Selector,
    /// The labels that it looks at.
    keys: BTreeSet<String>,
    /// How it is written, its beginning if that is long.
    shown: String,
}

impl RouteSelector {
    pub(super) fn new(selector: Selector) -> Self {
        Self {
            keys: selector.clone().into_iter().map(key).collect(),
            shown: shortened(shown(&selector)),
            selector,
        }
    }

    /// How it is written, for people.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether it selects a namespace with these labels.
    pub(crate) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.selector.matches(labels)
    }

    /// How it is written: two that are written alike select the same.
    pub(crate) fn text(&self) -> String {
        self.selector.to_string()
    }

    /// Whether it looks at a label.
    pub(crate) fn looks_at(&self, label: &str) -> bool {
        self.keys.contains(label)
    }

    /// Whether what it asks of one label selects a namespace with these labels.
    pub(in crate::attachment) fn matches_in(
        &self,
        label: &str,
        labels: &BTreeMap<String, String>,
    ) -> bool {
        let asked = self.selector.clone().into_iter();
        asked
            .filter(|expression| key(expression.clone()) == label)
            .all(|expression| expression.matches(labels))
    }

    /// Which labels a namespace has of those that the selector asks for, for people.
    pub(in crate::attachment) fn describe_labels(
        &self,
        labels: &BTreeMap<String, String>,
    ) -> String {
        let found = self.keys.iter().filter_map(|key| labels.get_key_value(key));
        let found = found.map(|(key, value)| format!("{key}={}", shown_value(value)));
        let found: Vec<String> = found.collect();
        if found.is_empty() {
            "which has none of these labels".to_owned()
        } else {
            format!("which is labelled `{}`", shortened(found.join(",")))
        }
    }
}

/// A selector as `kubectl` writes it, with values that can be seen.
fn shown(selector: &Selector) -> String {
    let one = |expression: Expression| {
        let listed = |values: &BTreeSet<String>| {
            let values: Vec<&str> = values.iter().map(|value| shown_value(value)).collect();
            values.join(",")
        };
        match &expression {
            Expression::In(key, values) => format!("{key} in ({})", listed(values)),
            Expression::NotIn(key, values) => format!("{key} notin ({})", listed(values)),
            Expression::Equal(key, value) => format!("{key}={}", shown_value(value)),
            Expression::NotEqual(key, value) => format!("{key}!={}", shown_value(value)),
            Expression::Exists(_) | Expression::DoesNotExist(_) => expression.to_string(),
        }
    };
    let shown: Vec<String> = selector.clone().into_iter().map(one).collect();
    shown.join(",")
}

/// The value of a label; one that is empty would not be seen.
fn shown_value(value: &str) -> &str {
    match value {
        "" => "\"\"",
        value => value,
    }
}

/// The beginning of a text that would be too long in a message.
fn shortened(mut text: String) -> String {
    const LONGEST: usize = 512;
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The label that an expression looks at.
fn key(expression: Expression) -> String {
    match expression {
        Expression::In(key, _)
        | Expression::NotIn(key, _)
        | Expression::Equal(key, _)
        | Expression::NotEqual(key, _)
        | Expression::Exists(key)
        | Expression::DoesNotExist(key) => key,
    }
}
