//! Semantic rules on label selectors (`allowedRoutes.namespaces`).

use super::{Check, Reporter, Rule};
use crate::{
    meta::parse_selector,
    schema::{Defaulted, Path},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Deserialize;

/// What to write where namespaces are to be selected and there is no selector.
pub(crate) const ADD_SELECTOR: &str = "write a `selector`, or `from: Same` or `from: All`";

/// What to write for a selector that is none.
pub(crate) const CORRECT_SELECTOR: &str = "write `selector` as for any Kubernetes label selector: `values` for `In` and `NotIn`, none for \
     `Exists` and `DoesNotExist`, keys and values as labels have them";

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "RouteNamespaces/selector-needed",
        places: &["RouteNamespaces"],
        message: "`from` is `Selector`, and there is no `selector`: the listener can take no route",
        help: ADD_SELECTOR,
        check: Check::Each(|namespaces, at, report| {
            if namespaces.text("from") == Some("Selector") && !namespaces.has("selector") {
                report(
                    at,
                    "`from` is `Selector`, and there is no `selector`: the listener can take no route"
                        .to_owned(),
                );
            }
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "RouteNamespaces/selector-valid",
        places: &["RouteNamespaces"],
        message: "the selector selects no namespace: the listener is rejected",
        help: CORRECT_SELECTOR,
        check: Check::Each(selector_valid),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "RouteNamespaces/selector-used",
        places: &["RouteNamespaces"],
        message: "the selector is ignored",
        help: "set `from` to Selector, or remove `selector`",
        check: Check::Each(|namespaces, at, report| {
            let from = namespaces.text("from").unwrap_or_default();
            if from != "Selector" && namespaces.has("selector") {
                report(
                    &at.field("selector"),
                    format!("the selector is ignored, since `from` is `{from}`"),
                );
            }
        }),
        ..Rule::SEMANTIC
    },
];

fn selector_valid(namespaces: Defaulted<'_>, at: &Path<'_>, report: &mut Reporter<'_>) {
    if namespaces.text("from") != Some("Selector") {
        return;
    }
    let Some(value) = namespaces.get("selector") else {
        return;
    };
    // What is no selector at all is an error of the schema.
    let Ok(selector) = LabelSelector::deserialize(value.value()) else {
        return;
    };
    if let Err(error) = parse_selector(&selector) {
        let at = at.field("selector");
        let list = at.field(error.field());
        let message = format!("the listener can take no route: {error}");
        match (error.key(), error.index()) {
            (Some(key), _) => report(&list.key(key), message),
            (None, Some(index)) => report(&list.index(index), message),
            (None, None) => report(&list, message),
        }
    }
}
