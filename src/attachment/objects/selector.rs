//! Label selectors (`allowedRoutes.namespaces.selector`).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use std::collections::{BTreeMap, BTreeSet};

/// Whether the labels fit the selector: every label of `matchLabels` and every requirement of
/// `matchExpressions`. An empty selector fits everything; a requirement of unknown form fits nothing.
pub(in crate::attachment) fn matches(
    selector: &LabelSelector,
    labels: &BTreeMap<String, String>,
) -> bool {
    let equal = selector
        .match_labels
        .iter()
        .flatten()
        .all(|(key, value)| labels.get(key) == Some(value));
    equal
        && selector
            .match_expressions
            .iter()
            .flatten()
            .all(|requirement| meets(requirement, labels))
}

fn meets(requirement: &LabelSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    let among = |value: &String| requirement.values.iter().flatten().any(|v| v == value);
    match requirement.operator.as_str() {
        "In" => value.is_some_and(among),
        "NotIn" => !value.is_some_and(among),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

/// The labels that the selector looks at, each once, in order.
pub(in crate::attachment) fn keys(selector: &LabelSelector) -> impl Iterator<Item = &String> {
    let labels = selector.match_labels.iter().flat_map(BTreeMap::keys);
    let requirements = selector.match_expressions.iter().flatten();
    let keys: BTreeSet<&String> = labels.chain(requirements.map(|r| &r.key)).collect();
    keys.into_iter()
}

/// The selector as people write it: `team=shop,env in (a, b)`.
pub(in crate::attachment) fn describe(selector: &LabelSelector) -> String {
    let mut parts: Vec<String> = selector
        .match_labels
        .iter()
        .flatten()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    for requirement in selector.match_expressions.iter().flatten() {
        let key = &requirement.key;
        let values = requirement.values.as_deref().unwrap_or_default().join(", ");
        parts.push(match requirement.operator.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.clone(),
            "DoesNotExist" => format!("!{key}"),
            other => format!("{key} {other} ({values})"),
        });
    }
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn expression(key: &str, operator: &str, values: &[&str]) -> LabelSelector {
        LabelSelector {
            match_expressions: Some(vec![LabelSelectorRequirement {
                key: key.into(),
                operator: operator.into(),
                values: Some(values.iter().map(|v| (*v).to_owned()).collect()),
            }]),
            match_labels: None,
        }
    }

    #[test]
    fn every_label_and_every_requirement_must_fit() {
        let shop = labels(&[("team", "shop"), ("env", "test")]);
        let wanted = LabelSelector {
            match_labels: Some(labels(&[("team", "shop")])),
            match_expressions: None,
        };
        assert!(matches(&wanted, &shop));
        assert!(!matches(&wanted, &labels(&[("team", "cart")])));
        assert!(matches(&LabelSelector::default(), &labels(&[])));
        for (selector, fits) in [
            (expression("env", "In", &["test", "live"]), true),
            (expression("env", "In", &["live"]), false),
            (expression("env", "NotIn", &["live"]), true),
            (expression("zone", "NotIn", &["live"]), true),
            (expression("env", "Exists", &[]), true),
            (expression("zone", "Exists", &[]), false),
            (expression("zone", "DoesNotExist", &[]), true),
            (expression("env", "DoesNotExist", &[]), false),
            (expression("env", "Later", &["test"]), false),
        ] {
            assert_eq!(matches(&selector, &shop), fits, "{}", describe(&selector));
        }
    }
}
