//! Parts of an answer put into words.

use super::Visit;
use crate::{
    attachment::effective::{EffectiveBackend, EffectiveBackendPort, EffectiveMirror},
    backend::WeightedChoice,
    certificate::ServerName,
    meta::Age,
    proxy::Failure,
    routing::{Candidate, Criterion, Match, PathMatch, Reason, ValueMatch, Verdict},
};

/// How many of those that lost are named, and how many of those that do not match.
const MOST_TOLD: usize = 8;

/// How near a match came to taking a request: whether it fits, or else what of it does not. The first one came nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    Fits,
    AllButQuery,
    AllButHeaders,
    AllButMethod,
    OtherPath,
}

impl Nearness {
    pub(super) fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Won | Verdict::Lost(_) => Self::Fits,
            Verdict::Failed(Reason::Query(_)) => Self::AllButQuery,
            Verdict::Failed(Reason::Header(_)) => Self::AllButHeaders,
            Verdict::Failed(Reason::Method) => Self::AllButMethod,
            Verdict::Failed(Reason::Path) => Self::OtherPath,
        }
    }
}

/// Sentences about those that did not win: those that match first, then those that came nearest. Beyond so many they are
/// counted; the list of losers has them all.
pub(super) fn nearest_first(mut losers: Vec<(Nearness, String)>) -> Vec<String> {
    losers.sort_by_key(|(nearness, _)| *nearness);
    let fitting = losers.partition_point(|(nearness, _)| *nearness == Nearness::Fits);
    let others = losers.split_off(fitting);
    let mut told = Vec::new();
    for (sentences, what) in [(losers, "match, but rank lower"), (others, "do not match")] {
        let more = sentences.len().saturating_sub(MOST_TOLD);
        told.extend(sentences.into_iter().take(MOST_TOLD).map(|(_, text)| text));
        if more > 0 {
            told.push(format!("and {more} more {what}"));
        }
    }
    told
}

/// Why a match did not win, as a sentence without a subject.
pub(super) fn reason<T>(candidate: &Candidate<'_, T>, winner: Option<&Match>) -> String {
    if let (Verdict::Lost(Some(Criterion::PathKind)), Some(winner)) = (&candidate.verdict, winner)
        && let (Some(won), Some(lost)) = (path_kind(winner), path_kind(candidate.entry.matching))
    {
        return format!(
            "matches, but the winner's path match is of type {won}, which goes before {lost}"
        );
    }
    let reason = candidate.reason();
    match (&candidate.verdict, candidate.entry.precedence.age()) {
        (Verdict::Lost(Some(Criterion::Name)), Age::UNKNOWN) => format!(
            "{reason}; neither has a creationTimestamp, and in a cluster the older one goes first"
        ),
        (Verdict::Lost(Some(Criterion::Age)), Age::UNKNOWN) => {
            "matches, but only the winner's route has a creationTimestamp".to_owned()
        }
        _ => reason,
    }
}

/// The type of a path match, as a manifest has it.
fn path_kind(matching: &Match) -> Option<&'static str> {
    Some(match matching {
        Match::Http(http) => match http.path {
            PathMatch::Any | PathMatch::Prefix(_) => "PathPrefix",
            PathMatch::Exact(_) => "Exact",
            PathMatch::RegularExpression(_) => "RegularExpression",
        },
        Match::Grpc(grpc) => match grpc.service.as_ref()? {
            ValueMatch::Exact(_) => "Exact",
            ValueMatch::RegularExpression(_) => "RegularExpression",
        },
    })
}

/// Which of so many backends was drawn.
pub(super) fn backend(backend: &EffectiveBackend, of: usize, choice: &WeightedChoice) -> String {
    let port = backend.port.map(|port| format!(":{port}"));
    let port = port.unwrap_or_default();
    let name = &backend.reference;
    match of {
        1 => format!("its one backend is {name}{port}"),
        _ => format!(
            "of its {of} backends {name}{port} was drawn, with weight {} of {}",
            backend.weight,
            choice.total()
        ),
    }
}

/// The policy for which a connection to a backend is TLS.
pub(super) fn tls(backend: &EffectiveBackendPort) -> Option<String> {
    let tls = backend.tls.as_ref()?;
    let names: Vec<&str> = tls.names().iter().map(ServerName::as_str).collect();
    let certificate = match tls.subject_alt_names.as_slice() {
        [] => format!("must be for `{}`", tls.hostname),
        _ => format!(
            "must be for `{}`, with `{}` as SNI",
            names.join("` or `"),
            tls.hostname
        ),
    };
    Some(format!(
        "{} applies: the connection to the backend is TLS, and the backend's certificate {certificate}",
        tls.policy
    ))
}

/// That an endpoint of a backend failed.
pub(super) fn failure(visit: &Visit<'_>, failure: &Failure) -> String {
    let address = visit.address().unwrap_or("of nothing");
    format!("endpoint {address} of {} {failure}", visit.backend)
}

/// Which part of the requests a mirror gets, unless it gets all.
pub(super) fn share(mirror: &EffectiveMirror) -> Option<String> {
    let (numerator, denominator) = (mirror.share.numerator, mirror.share.denominator());
    (numerator < denominator).then(|| {
        format!(
            "the mirror {} gets a copy of {numerator} of {denominator} requests",
            mirror.backend.reference
        )
    })
}

/// Whether a text holds what elsewhere stands for a group of a pattern: `$1` or `\1`.
pub(super) fn names_group(text: &str) -> bool {
    text.as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [b'$' | b'\\', digit] if digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_match_come_first_then_those_that_came_nearest_and_many_are_counted() {
        let mut losers = vec![
            (Nearness::OtherPath, "path".to_owned()),
            (Nearness::AllButHeaders, "header".to_owned()),
            (Nearness::Fits, "fits".to_owned()),
            (Nearness::AllButQuery, "query".to_owned()),
            (Nearness::AllButMethod, "method".to_owned()),
        ];
        assert_eq!(
            nearest_first(losers.clone()),
            ["fits", "query", "header", "method", "path"]
        );
        losers.extend((0..20).map(|n| (Nearness::OtherPath, format!("path {n}"))));
        losers.extend((0..20).map(|n| (Nearness::Fits, format!("fits {n}"))));
        let told = nearest_first(losers);
        assert_eq!(told.len(), 2 * (MOST_TOLD + 1));
        assert_eq!(told[MOST_TOLD], "and 13 more match, but rank lower");
        assert_eq!(told[2 * MOST_TOLD + 1], "and 16 more do not match");
    }

    #[test]
    fn what_elsewhere_stands_for_a_group_is_seen() {
        for text in ["/api/$1", "\\2", "a$0b"] {
            assert!(names_group(text), "{text}");
        }
        for text in ["/api/$", "$a", "/1", ""] {
            assert!(!names_group(text), "{text}");
        }
    }
}
