//! Labels and label selectors (Kubernetes; Gateway `allowedRoutes.namespaces.selector`).

use super::is_dns_subdomain;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube_core::Selector;
use thiserror::Error;

/// The longest name of a label, without what stands in front of the `/`, and the longest value.
const LONGEST: usize = 63;

/// Whether a text can be the key of a label: a name of letters, digits, `-`, `_` and `.`, with a DNS name and
/// `/` in front if need be.
#[must_use]
pub fn is_label_key(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    prefix.is_none_or(is_dns_subdomain) && is_name(name)
}

/// Whether a text can be the value of a label: it is empty, or a name of letters, digits, `-`, `_` and `.`.
#[must_use]
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text)
}

fn is_name(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= LONGEST
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Why a label selector cannot be applied: it selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SelectorError {
    field: &'static str,
    key: Option<String>,
    index: Option<usize>,
    message: String,
}

impl SelectorError {
    /// The field that is at fault: `matchLabels` or `matchExpressions`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// The field with its place in it: `matchLabels[team]`, `matchExpressions[0]`.
    #[must_use]
    pub fn place(&self) -> String {
        match (self.index, &self.key) {
            (Some(index), _) => format!("{}[{index}]", self.field),
            (None, Some(key)) => format!("{}[{key}]", self.field),
            (None, None) => self.field.to_owned(),
        }
    }

    /// Which of the `matchLabels`, by its key.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Which of the `matchExpressions`, from 0.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        self.index
    }
}

/// Reads a label selector as an API server does before it looks for objects: the schema of a Gateway lets more
/// pass than can be applied.
///
/// ```
/// use gwapi::meta::parse_selector;
/// use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
///
/// let expression = LabelSelectorRequirement {
///     key: "team".into(),
///     operator: "NotIn".into(),
///     values: None,
/// };
/// let selector = LabelSelector {
///     match_expressions: Some(vec![expression]),
///     ..Default::default()
/// };
/// let error = parse_selector(&selector).unwrap_err();
/// assert_eq!(error.to_string(), "key `team`: `NotIn` needs `values`");
/// ```
///
/// # Errors
///
/// The first label or expression that is not valid: a key or value that no label can have, an operator that
/// is not known, `values` that are missing (`In`, `NotIn`) or too many (`Exists`, `DoesNotExist`).
pub fn parse_selector(selector: &LabelSelector) -> Result<Selector, SelectorError> {
    for (key, value) in selector.match_labels.iter().flatten() {
        let at = |message| SelectorError {
            field: "matchLabels",
            key: Some(key.clone()),
            index: None,
            message,
        };
        match (check_key(key), check_value(value)) {
            (Ok(()), Ok(())) => {}
            (Err(key), Err(value)) => return Err(at(format!("{key}; {value}"))),
            (Err(one), Ok(())) | (Ok(()), Err(one)) => return Err(at(one)),
        }
    }
    for (index, expression) in selector.match_expressions.iter().flatten().enumerate() {
        let at = |message| SelectorError {
            field: "matchExpressions",
            key: None,
            index: Some(index),
            message,
        };
        let key = &expression.key;
        check_key(key).map_err(at)?;
        let operator = expression.operator.as_str();
        let values = expression.values.as_deref().unwrap_or_default();
        match (operator, values) {
            ("In" | "NotIn", []) => {
                return Err(at(format!("key `{key}`: `{operator}` needs `values`")));
            }
            ("Exists" | "DoesNotExist", [_, ..]) => {
                return Err(at(format!("key `{key}`: `{operator}` takes no `values`")));
            }
            ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {}
            _ => {
                return Err(at(format!(
                    "key `{key}`: the operator `{operator}` is not known: expected `In`, `NotIn`, `Exists` or `DoesNotExist`"
                )));
            }
        }
        values
            .iter()
            .try_for_each(|value| check_value(value))
            .map_err(at)?;
    }
    // Whatever else there may be to say, kube-core says it.
    Selector::try_from(selector.clone()).map_err(|error| SelectorError {
        field: "matchExpressions",
        key: None,
        index: None,
        message: error.to_string(),
    })
}

fn check_key(key: &str) -> Result<(), String> {
    if is_label_key(key) {
        return Ok(());
    }
    Err(format!(
        "`{key}` cannot be the key of a label: expected at most {LONGEST} letters, digits, `-`, `_` and `.`, with a DNS name and `/` in front if need be"
    ))
}

fn check_value(value: &str) -> Result<(), String> {
    if is_label_value(value) {
        return Ok(());
    }
    Err(format!(
        "`{value}` cannot be the value of a label: expected at most {LONGEST} letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;
    use kube_core::SelectorExt;
    use std::collections::BTreeMap;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn expression(key: &str, operator: &str, values: Option<&[&str]>) -> LabelSelector {
        let values = values.map(|values| values.iter().map(|v| (*v).to_owned()).collect());
        LabelSelector {
            match_expressions: Some(vec![LabelSelectorRequirement {
                key: key.into(),
                operator: operator.into(),
                values,
            }]),
            match_labels: None,
        }
    }

    #[test]
    fn a_selector_matches_where_every_label_and_every_expression_does() {
        let shop = labels(&[("team", "shop"), ("env", "test")]);
        let both = LabelSelector {
            match_labels: Some(labels(&[("team", "shop"), ("env", "live")])),
            match_expressions: None,
        };
        for (selector, wanted) in [
            (LabelSelector::default(), true),
            (both, false),
            (expression("env", "In", Some(&["test", "live"])), true),
            (expression("env", "In", Some(&["live"])), false),
            (expression("env", "NotIn", Some(&["live"])), true),
            (expression("zone", "NotIn", Some(&["live"])), true),
            (expression("env", "Exists", None), true),
            (expression("zone", "Exists", Some(&[])), false),
            (expression("zone", "DoesNotExist", None), true),
            (expression("env", "DoesNotExist", None), false),
        ] {
            let read = parse_selector(&selector).unwrap();
            assert_eq!(read.matches(&shop), wanted, "{read}");
        }
    }

    #[test]
    fn a_selector_that_no_server_would_apply_is_an_error() {
        let label = |key: &str, value: &str| LabelSelector {
            match_labels: Some(labels(&[(key, value)])),
            match_expressions: None,
        };
        let long = "a".repeat(64);
        for (selector, text) in [
            (expression("team", "NotIn", None), "`NotIn` needs `values`"),
            (expression("team", "In", Some(&[])), "`In` needs `values`"),
            (
                expression("team", "Exists", Some(&["a"])),
                "`Exists` takes no `values`",
            ),
            (
                expression("team", "DoesNotExist", Some(&["a"])),
                "`DoesNotExist` takes no `values`",
            ),
            (
                expression("team", "Equals", Some(&["a"])),
                "the operator `Equals` is not known",
            ),
            (expression("", "Exists", None), "`` cannot be the key"),
            (
                expression("team", "In", Some(&["a", "b "])),
                "`b ` cannot be the value",
            ),
            (label("a b c!", "x"), "`a b c!` cannot be the key"),
            (label("A.com/team", "x"), "`A.com/team` cannot be the key"),
            (label("/team", "x"), "`/team` cannot be the key"),
            (label("team", "x y"), "`x y` cannot be the value"),
            (label("team", &long), "cannot be the value"),
            (label(&long, ""), "cannot be the key"),
        ] {
            let error = parse_selector(&selector).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
            let place = match error.field() {
                "matchLabels" => error.key().is_some(),
                _ => error.index() == Some(0),
            };
            assert!(place, "{error:?}");
        }
        for good in ["", "a", "A-1_b.c", &long[1..]] {
            assert!(is_label_value(good), "{good}");
        }
        for bad in ["-a", "a-", "a b", "ä", "a/b"] {
            assert!(!is_label_value(bad), "{bad}");
        }
        assert!(is_label_key("kubernetes.io/metadata.name"));
    }
}
