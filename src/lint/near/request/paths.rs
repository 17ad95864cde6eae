//! Requests that a match would have taken but for a part of it: a path that is nearly the one, or something else than the path.

use super::super::Near;
use crate::{
    attachment::effective::{EffectiveGateway, EffectiveListener},
    meta::Pattern,
    proxy::{Endpoints, Table},
    routing::{Match, PathMatch, Reason, Verdict},
    schema::nearest_name,
    sim::Request,
};
use http::{Uri, request::Parts};
use std::collections::BTreeSet;

/// How many of a kind are named to people.
const SHOWN: usize = 3;

/// How large the pattern may be by which parts of a path are looked for: no larger than a pattern of a route.
const MOST_BYTES: usize = crate::meta::PatternLimits::PATTERN;

impl Near<'_> {
    /// What of a request would have to be otherwise for a match of the listener to take it.
    pub(super) fn nearly_matched(
        &self,
        request: &Request,
        gateway: &EffectiveGateway,
        listener: &EffectiveListener,
        hints: &mut Vec<String>,
    ) {
        let endpoints = Endpoints::default();
        let table = Table::for_listener(&gateway.name, listener, &endpoints, self.routing);
        let parts = request.head();
        let asked = parts.uri.path();
        let explanation = table.router().explain(&parts);
        let mut paths = BTreeSet::new();
        let mut found: Vec<String> = Vec::new();
        for candidate in self.first_candidates(explanation.candidates().iter()) {
            if found.len() == SHOWN {
                break;
            }
            let Match::Http(matching) = candidate.entry.matching else {
                continue;
            };
            let target = candidate.entry.payload;
            let place = || {
                let (route, rule) = (target.rule().route(), target.rule().index());
                format!("{route}, rule {rule}, match {}", target.match_index())
            };
            let hint = match &candidate.verdict {
                Verdict::Failed(Reason::Path) => {
                    paths.extend(literal(&matching.path));
                    nearly(&matching.path, asked).map(|near| (near.path, near.why))
                }
                Verdict::Failed(_) => {
                    let reason = candidate.reason();
                    let wanted = reason.strip_prefix("does not match: ").unwrap_or(&reason);
                    let why = format!("takes the path, but {wanted}");
                    Some((None, why))
                }
                Verdict::Won | Verdict::Lost(_) => None,
            };
            let is_taken = |path: &Option<String>| {
                path.as_ref().is_none_or(|path| {
                    with_path(&parts, path)
                        .is_some_and(|parts| table.router().find(&parts).is_some())
                })
            };
            if let Some((path, why)) = hint
                && is_taken(&path)
            {
                found.push(format!("{} {why}", place()));
            }
        }
        if found.is_empty()
            && let Some(near) = nearest_name(asked, paths.into_iter())
            && with_path(&parts, near).is_some_and(|parts| table.router().find(&parts).is_some())
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
            let part = format!("(?s:.*)(?:{pattern})(?s:.*)");
            let part = Pattern::with_size_limit(&part, MOST_BYTES).ok()?;
            part.is_match(asked.as_bytes()).then(|| NearPath {
                path: None,
                why: format!(
                    "has to match the whole path, and `{pattern}` matches a part of it: write `.*` where more may stand"
                ),
            })
        }
    }
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
