//! Filters that an API server accepts and that cannot be applied, and lists of rules that are empty: they warn.
//!
//! Whether a filter can be applied is decided by [`RuleFilters`], as it is for the status of a route and the data plane.

use super::{Check, Reporter, Rule};
use crate::{
    filters::{CompileError, CompileErrorKind, RuleFilters},
    schema::{Defaulted, Path},
    v1::{GrpcRouteRule, HttpRouteRule},
};
use serde::Deserialize;

const CANNOT_BE_APPLIED: &str =
    "a filter cannot be applied: the rule answers its requests with an error";
const CHANGE_THE_FILTER: &str = "change or remove the filter; a filter is never skipped";

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "HTTPRouteRule/filters-can-be-applied",
        places: &["HttpRouteRule"],
        message: CANNOT_BE_APPLIED,
        help: CHANGE_THE_FILTER,
        check: Check::Each(|rule, at, report| {
            judge(rule, at, report, |rule: &HttpRouteRule| {
                RuleFilters::compile_http(rule)
            });
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "GRPCRouteRule/filters-can-be-applied",
        places: &["GrpcRouteRule"],
        message: CANNOT_BE_APPLIED,
        help: CHANGE_THE_FILTER,
        check: Check::Each(|rule, at, report| {
            judge(rule, at, report, |rule: &GrpcRouteRule| {
                RuleFilters::compile_grpc(rule)
            });
        }),
        ..Rule::SEMANTIC
    },
    Rule {
        id: "Route/has-rules",
        places: &["HttpRouteSpec", "GrpcRouteSpec"],
        message: "the route has no rules: no request matches it",
        help: "add a rule; an HTTPRoute whose `rules` are left out, and not empty, has one that matches every request",
        check: Check::Value(|spec| !spec.list("rules").is_empty()),
        ..Rule::SEMANTIC
    },
];

/// Reports each filter of a rule that cannot be applied, unless an API server refuses it anyway.
fn judge<R: for<'de> Deserialize<'de>>(
    rule: Defaulted<'_>,
    at: &Path<'_>,
    report: &mut Reporter<'_>,
    compile: fn(&R) -> Result<RuleFilters, Vec<CompileError>>,
) {
    let has_filters = |value: Defaulted<'_>| !value.list("filters").is_empty();
    if !has_filters(rule) && !rule.list("backendRefs").iter().any(has_filters) {
        return;
    }
    // What cannot be read has errors of the schema.
    let Ok(rule) = R::deserialize(rule.value()) else {
        return;
    };
    for error in compile(&rule).err().into_iter().flatten() {
        // What is not implemented here may be elsewhere.
        let is_faulty = !matches!(error.kind(), CompileErrorKind::NotImplemented(_));
        if is_faulty && !error.kind().is_refused_by_api_server() {
            let message = error.kind().to_string();
            descend(at, error.path(), &mut |at| report(at, message.clone()));
        }
    }
}

/// Calls `visit` with the place that a text such as `filters[0].type` names below another.
fn descend(at: &Path<'_>, below: &str, visit: &mut dyn FnMut(&Path<'_>)) {
    let below = below.strip_prefix('.').unwrap_or(below);
    if below.is_empty() {
        return visit(at);
    }
    if let Some((index, rest)) = below.strip_prefix('[').and_then(|b| b.split_once(']'))
        && let Ok(index) = index.parse()
    {
        return descend(&at.index(index), rest, visit);
    }
    let end = below.find(['.', '[']).filter(|end| *end > 0);
    let (name, rest) = below.split_at(end.unwrap_or(below.len()));
    descend(&at.field(name), rest, visit);
}
