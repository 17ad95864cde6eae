//! Requests that a match would have taken but for a part of it: a path that is nearly the one, or something else than the path.

use super::super::Near;
use crate::{
    meta::Pattern,
    routing::{GrpcMatch, Match, PathMatch, Reason, ValueMatch, Verdict},
    schema::nearest_name,
    sim::{Answer, Request},
};
use http::{Uri, request::Parts};
use std::{borrow::Cow, collections::BTreeSet};

/// How many of a kind are named to people.
const SHOWN: usize = 3;

/// How large the pattern may be by which parts of a path are looked for: no larger than a pattern of a route.
const MOST_BYTES: usize = crate::meta::PatternLimits::PATTERN;

impl Near<'_> {
    /// What of a request would have to be otherwise for a match to take it where it was asked: at a listener, or at a port of a
    /// Service.
    pub(super) fn nearly_matched(
        &self,
        request: &Request,
        answer: &Answer,
        hints: &mut Vec<String>,
    ) {
        let Some((table, _)) = self.table_of(request, answer) else {
            return;
        };
        let parts = request.head();
        let asked = parts.uri.path();
        let takes = |path: &str| {
            with_path(&parts, path).is_some_and(|parts| table.router().find(&parts).is_some())
        };
        let merged = merged(asked);
        if merged != asked && takes(&merged) {
            hints.push(format!(
                "slashes that follow each other are not one in a path: ask `{merged}`"
            ));
            return;
        }
        let explanation = table.router().explain(&parts);
        let mut paths: BTreeSet<String> = BTreeSet::new();
        let mut found: Vec<String> = Vec::new();
        for candidate in self.first_candidates(explanation.candidates().iter()) {
            if found.len() == SHOWN {
                break;
            }
            let target = candidate.entry.payload;
            let place = || {
                let (route, rule) = (target.rule().route(), target.rule().index());
                format!("{route}, rule {rule}, match {}", target.match_index())
            };
            let hint = match (&candidate.verdict, candidate.entry.matching) {
                (Verdict::Failed(Reason::Path), Match::Http(matching)) => {
                    paths.extend(literal(&matching.path).map(str::to_owned));
                    nearly(&matching.path, asked).map(|near| (near.path, near.why))
                }
                (Verdict::Failed(Reason::Path), Match::Grpc(matching)) => {
                    paths.extend(called(matching, asked));
                    nearly_called(matching, asked).map(|near| (near.path, near.why))
                }
                (Verdict::Failed(_), _) => {
                    let reason = candidate.reason();
                    let wanted = reason.strip_prefix("does not match: ").unwrap_or(&reason);
                    let why = format!("takes the path, but {wanted}");
                    Some((None, why))
                }
                (Verdict::Won | Verdict::Lost(_), _) => None,
            };
            if let Some((path, why)) = hint
                && path.as_deref().is_none_or(takes)
            {
                found.push(format!("{} {why}", place()));
            }
        }
        if found.is_empty()
            && let Some(near) = nearest_name(asked, paths.iter().map(String::as_str))
            && takes(near)
        {
            found.push(format!("did you mean the path `{near}`?"));
        }
        hints.append(&mut found);
    }
}

/// A path that a match nearly takes.
struct NearPath {
    /// The path that it would take in its place; nothing where the match is to be changed.
    path: Option<String>,
    /// Why it does not, and what to write.
    why: String,
}

/// What a match of paths asks for that is a text.
fn literal(path: &PathMatch) -> Option<&str> {
    match path {
        PathMatch::Exact(path) | PathMatch::Prefix(path) => Some(path),
        PathMatch::Any | PathMatch::RegularExpression(_) => None,
    }
}

/// Whether a match nearly takes a path.
fn nearly(matching: &PathMatch, asked: &str) -> Option<NearPath> {
    let near = |path: String, why: String| NearPath {
        path: Some(path),
        why,
    };
    match matching {
        PathMatch::Any => None,
        PathMatch::Exact(exact) => {
            let exact: &str = exact;
            if asked.trim_end_matches('/') == exact.trim_end_matches('/') {
                return Some(near(
                    exact.to_owned(),
                    format!(
                        "takes `{exact}` alone, and a `/` at the end counts: ask `{exact}`, or write `type: PathPrefix`"
                    ),
                ));
            }
            if asked.eq_ignore_ascii_case(exact) {
                return Some(near(exact.to_owned(), case(exact)));
            }
            let below = asked.strip_prefix(exact)?;
            below.starts_with('/').then(|| {
                let why = format!(
                    "takes `{exact}` alone and nothing below it: write `type: PathPrefix` if it is meant to"
                );
                near(exact.to_owned(), why)
            })
        }
        PathMatch::Prefix(prefix) => {
            let prefix: &str = prefix;
            let (start, rest) = asked.split_at_checked(prefix.len())?;
            if start == prefix {
                let why = format!(
                    "takes `{prefix}` and what is below it, by whole segments: ask `{prefix}/{}`, or write a `RegularExpression`",
                    rest.trim_start_matches('/')
                );
                let path = format!("{prefix}/{}", rest.trim_start_matches('/'));
                return Some(near(path, why));
            }
            let path = format!("{prefix}{rest}");
            start
                .eq_ignore_ascii_case(prefix)
                .then(|| near(path.clone(), case(&path)))
        }
        PathMatch::RegularExpression(pattern) => {
            let lower = asked.to_ascii_lowercase();
            if pattern.is_match(lower.as_bytes()) {
                return Some(near(lower.clone(), case(&lower)));
            }
            if is_taken_as(&format!("(?i:{pattern})"), asked) {
                let why = format!(
                    "asks for other capitals, which count in paths: write `(?i:{pattern})` if they are not meant to"
                );
                return Some(NearPath { path: None, why });
            }
            of_part(pattern, asked, "path")
        }
    }
}

/// Whether a match on service and method nearly takes a path.
fn nearly_called(matching: &GrpcMatch, asked: &str) -> Option<NearPath> {
    let near = |path: String, why: String| {
        let path = Some(path);
        Some(NearPath { path, why })
    };
    if let Some(path) = called(matching, asked) {
        if asked.trim_end_matches('/') == path.trim_end_matches('/') {
            let why = format!("takes `{path}`, and a `/` at the end counts: ask `{path}`");
            return near(path, why);
        }
        if asked.eq_ignore_ascii_case(&path) {
            let why = case(&path);
            return near(path, why);
        }
        if let Some(below) = asked.strip_prefix(&path)
            && below.starts_with('/')
        {
            let why = format!("takes `{path}` alone and nothing below it: ask `{path}`");
            return near(path, why);
        }
    }
    let (service, method) = parts_of(asked);
    let parts = [
        ("service", &matching.service, service),
        ("method", &matching.method, method),
    ];
    parts.into_iter().find_map(|(what, wanted, asked)| {
        let pattern = wanted.as_ref().and_then(ValueMatch::pattern)?;
        (!pattern.is_match(asked.as_bytes())).then(|| of_part(pattern, asked, what))?
    })
}

/// The service and the method for which a path asks.
fn parts_of(asked: &str) -> (&str, &str) {
    let asked = asked.strip_prefix('/').unwrap_or(asked);
    let (service, method) = asked.split_once('/').unwrap_or((asked, ""));
    (service, method.trim_end_matches('/'))
}

/// The path of a call that asks for the names which a match gives, and for the same otherwise.
fn called(matching: &GrpcMatch, asked: &str) -> Option<String> {
    let (service, method) = parts_of(asked);
    let is_named = |wanted: &Option<ValueMatch>| matches!(wanted, Some(ValueMatch::Exact(_)));
    if !is_named(&matching.service) && !is_named(&matching.method) {
        return None;
    }
    let [service, method] =
        [(&matching.service, service), (&matching.method, method)].map(|(wanted, asked)| {
            match wanted {
                Some(ValueMatch::Exact(name)) => &**name,
                Some(ValueMatch::RegularExpression(_)) | None => asked,
            }
        });
    Some(format!("/{service}/{method}"))
}

/// Whether a text as a whole matches an expression that is no larger than one of a route.
fn is_taken_as(expression: &str, text: &str) -> bool {
    Pattern::with_size_limit(expression, MOST_BYTES)
        .is_ok_and(|pattern| pattern.is_match(text.as_bytes()))
}

/// That an expression matches a part of what is asked.
fn of_part(pattern: &Pattern, asked: &str, what: &str) -> Option<NearPath> {
    is_taken_as(&format!("(?s:.*)(?:{pattern})(?s:.*)"), asked).then(|| {
        // What is written behind a choice belongs to the last text of it alone.
        let brackets = match pattern.branches().len() {
            ..2 => String::new(),
            _ => format!(", outside brackets around the choice: `({pattern})`"),
        };
        NearPath {
            path: None,
            why: format!(
                "has to match the whole {what}, and `{pattern}` matches a part of it: write `.*` where more may stand{brackets}"
            ),
        }
    })
}

/// A path in which slashes that follow each other are one.
fn merged(path: &str) -> Cow<'_, str> {
    if !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    Cow::Owned(merged)
}

fn case(path: &str) -> String {
    format!("asks for other capitals, which count in paths: ask `{path}`")
}

/// The request for another path.
fn with_path(parts: &Parts, path: &str) -> Option<Parts> {
    let query = parts.uri.query().map(|query| format!("?{query}"));
    let mut uri = parts.uri.clone().into_parts();
    uri.path_and_query = Some(
        format!("{path}{}", query.unwrap_or_default())
            .parse()
            .ok()?,
    );
    let mut parts = parts.clone();
    parts.uri = Uri::from_parts(uri).ok()?;
    Some(parts)
}
