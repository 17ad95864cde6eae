//! Filters that an API server accepts and that cannot be applied, and lists of rules that are empty: they warn.
//!
//! Whether a filter can be applied is decided by [`RuleFilters`], as it is for the status of a route and the data plane.

use super::{Check, Reporter, Rule};
use crate::{
    filters::{CompileError, CompileErrorKind, RuleFilters},
    schema::{Defaulted, Path, field},
    v1::{
        GrpcBackendRef, GrpcRouteRule, HttpBackendRef, HttpRouteFilter, HttpRouteMatch,
        HttpRouteRule, LocalObjectReference,
    },
};
use serde::Deserialize;
use serde_json::Value;

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
            judge(rule, at, report, |rule| {
                RuleFilters::compile_http(&http_rule(rule)?).err()
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
            judge(rule, at, report, |rule| {
                RuleFilters::compile_grpc(&grpc_rule(rule)?).err()
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
fn judge(
    rule: Defaulted<'_>,
    at: &Path<'_>,
    report: &mut Reporter<'_>,
    errors: fn(&Value) -> Option<Vec<CompileError>>,
) {
    if !has_filters(rule.value()) && !has_backend_filters(rule.value()) {
        return;
    }
    // What cannot be read has errors of the schema.
    for error in errors(rule.value()).into_iter().flatten() {
        // What is not implemented here may be elsewhere.
        let is_faulty = !matches!(error.kind(), CompileErrorKind::NotImplemented(_));
        if is_faulty && !error.is_refused_by_api_server() {
            let message = error.kind().to_string();
            descend(at, error.path(), &mut |at| report(at, message.clone()));
        }
    }
}

/// Whether a rule or backend has filters that something can be wrong with here.
fn has_filters(holder: &Value) -> bool {
    let mut filters = elements(holder, "filters").into_iter().flatten();
    filters.any(changes_messages)
}

/// Whether a backend of a rule has such filters.
fn has_backend_filters(rule: &Value) -> bool {
    let mut backends = elements(rule, "backendRefs").into_iter().flatten();
    backends.any(has_filters)
}

/// What filters depend on in a rule of an HTTPRoute. The rest is not read: this is asked of every rule with a filter.
fn http_rule(rule: &Value) -> Option<HttpRouteRule> {
    let one_match = |one: &Value| {
        Some(HttpRouteMatch {
            path: match one.get("path") {
                Some(path) => Option::deserialize(path).ok()?,
                None => None,
            },
            ..HttpRouteMatch::default()
        })
    };
    let matches = match elements(rule, "matches").map(Vec::as_slice) {
        // Where there are several, no path matters, nor how many there are.
        Some([_, _, ..]) => vec![HttpRouteMatch::default(); 2],
        _ => list(rule, "matches", one_match)?,
    };
    let filter = |filter: &Value| match changes_messages(filter) {
        true => read(filter),
        false => Some(HttpRouteFilter::ExtensionRef(
            LocalObjectReference::default(),
        )),
    };
    let backend = |backend: &Value| {
        Some(HttpBackendRef {
            filters: list(backend, "filters", filter)?,
            ..HttpBackendRef::default()
        })
    };
    let backend_refs = match has_backend_filters(rule) {
        true => list(rule, "backendRefs", backend)?,
        false => Vec::new(),
    };
    Some(HttpRouteRule {
        backend_refs,
        filters: list(rule, "filters", filter)?,
        matches,
        ..HttpRouteRule::default()
    })
}

/// Whether a filter changes requests, answers or where a client goes. Others stand in nobody's way: what can be wrong with them
/// the schema says, and they keep only their place in the list.
fn changes_messages(filter: &Value) -> bool {
    let kind = filter.get("type").and_then(Value::as_str);
    let others = ["RequestMirror", "ExtensionRef", "CORS", "ExternalAuth"];
    !kind.is_some_and(|kind| others.contains(&kind))
}

/// What filters depend on in a rule of a GRPCRoute.
fn grpc_rule(rule: &Value) -> Option<GrpcRouteRule> {
    let backend = |backend: &Value| {
        Some(GrpcBackendRef {
            filters: list(backend, "filters", read)?,
            ..GrpcBackendRef::default()
        })
    };
    Some(GrpcRouteRule {
        backend_refs: list(rule, "backendRefs", backend)?,
        filters: list(rule, "filters", read)?,
        ..GrpcRouteRule::default()
    })
}

/// A field that is a list.
fn elements<'v>(holder: &'v Value, name: &str) -> Option<&'v Vec<Value>> {
    field(holder.as_object()?, name)?.as_array()
}

/// The elements of a list; none where there is no list. Nothing if one of them cannot be read.
fn list<T>(holder: &Value, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match holder.get(name) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(list) => list.as_array()?.iter().map(read).collect(),
    }
}

fn read<T: for<'de> Deserialize<'de>>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
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
