//! Why a request is answered as it is.

use std::fmt;
use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::index::hit::Hit;
use super::index::prepared::Prepared;
use super::index::stored::{Mismatch, Stored};
use super::matching::matches::{GrpcMatch, Match, PathMatch, ValueMatch};
use super::matching::precedence::Criterion;
use super::options::RepeatedHeader;
use super::request::host::HostPattern;
use super::request::view::RequestView;
use super::router::{Found, Router};

/// Every entry whose hostname matches the request, in order of precedence, and what became of it. (Entries that no
/// request can match, such as one for a gRPC service with a slash, are not among them.)
///
/// The text form has a line for each; the serialised form is
/// `{"winner": {…} or null, "candidates": [{"hostname", "ownHostname", "route", "rule", "match", "verdict",
/// "criterion", "reason"}]}`, where `ownHostname` is the hostname that the route itself names if it is another (`*` for
/// a route that names none), else null, `verdict` is `won`, `lost` or `failed`, `criterion` the [`Criterion`] of one
/// that lost, else null, and `reason` a sentence.
#[derive(Debug)]
pub struct Explanation<'t, T> {
    candidates: Vec<Candidate<'t, T>>,
}

/// One entry and what became of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Candidate<'t, T> {
    /// The entry.
    pub entry: Found<'t, T>,
    /// What became of it.
    pub verdict: Verdict,
    /// The value of the header that does not match, where several lines of it are one value.
    combined: Option<String>,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It answers the request.
    Won,
    /// It matches, but the winner ranks before it, on this criterion. `None` if both have the same key, which
    /// only entries of the same route, rule and match index have.
    Lost(Option<Criterion>),
    /// It does not match.
    Failed(Reason),
}

/// The part of a request that does not match an entry: the first one, in the order path, method, headers, query
/// parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The path, or the gRPC service or method.
    Path,
    /// The method.
    Method,
    /// The header of this name.
    Header(Box<str>),
    /// The query parameter of this name.
    Query(Box<str>),
}

impl<T> Router<T> {
    /// What [`find`](Self::find) returns for a request, and what became of every other entry whose hostname matches.
    /// Time and memory are in proportion to the number of those entries: do not call it for every request.
    pub fn explain<R: RequestView>(&self, request: &R) -> Explanation<'_, T> {
        let prepared = Prepared::new(request, self.options());
        let winner = self.lookup(request);
        let mut candidates = Vec::new();
        self.for_each_of_host(request.host(), &mut |entry| {
            let verdict = match winner {
                Some(winner) if Arc::ptr_eq(winner.entry, entry) => Verdict::Won,
                _ => match (failure(entry, &prepared), winner) {
                    (None, Some(winner)) => {
                        Verdict::Lost(winner.entry.precedence().criterion(entry.precedence()))
                    }
                    (None, None) => Verdict::Lost(None),
                    (Some(reason), _) => Verdict::Failed(reason),
                },
            };
            let combined = match &verdict {
                Verdict::Failed(Reason::Header(name)) => self.combined(request, name),
                _ => None,
            };
            candidates.push(Candidate {
                entry: Found::from(Hit::from(entry)),
                verdict,
                combined,
            });
        });
        candidates.sort_by(|a, b| a.entry.precedence.cmp(b.entry.precedence));
        Explanation { candidates }
    }

    /// The value that several lines of a header have together; nothing where there is one line, or each counts by itself.
    fn combined<R: RequestView>(&self, request: &R, name: &str) -> Option<String> {
        if self.options().repeated_header() != RepeatedHeader::Combined {
            return None;
        }
        let lines = request.header_named(name).map(String::from_utf8_lossy);
        let lines: Vec<_> = lines.collect();
        let between = match name {
            "cookie" => "; ",
            _ => ", ",
        };
        (lines.len() > 1).then(|| lines.join(between))
    }
}

impl<'t, T> Explanation<'t, T> {
    /// The entry that answers the request.
    pub fn winner(&self) -> Option<Found<'t, T>> {
        self.candidates
            .iter()
            .find(|candidate| candidate.verdict == Verdict::Won)
            .map(|winner| winner.entry)
    }

    /// Every entry whose hostname matches, in order of precedence.
    pub fn candidates(&self) -> &[Candidate<'t, T>] {
        &self.candidates
    }

    /// Those among the [`candidates`](Self::candidates) whose path matches.
    pub fn in_the_running(&self) -> impl Iterator<Item = &Candidate<'t, T>> {
        self.candidates
            .iter()
            .filter(|candidate| candidate.verdict != Verdict::Failed(Reason::Path))
    }
}

impl<T> Candidate<'_, T> {
    /// What became of the entry, as a sentence without a subject.
    pub fn reason(&self) -> String {
        match &self.verdict {
            Verdict::Won => "wins".to_owned(),
            Verdict::Lost(Some(criterion)) => format!("matches, but {criterion}"),
            Verdict::Lost(None) => "matches, but ranks the same as the winner".to_owned(),
            Verdict::Failed(reason) => {
                let wanted = wanted(self.entry.matching, reason);
                match &self.combined {
                    Some(value) => format!(
                        "does not match: {wanted}, and the lines of the request are one value, `{value}`"
                    ),
                    None => format!("does not match: {wanted}"),
                }
            }
        }
    }
}

/// The part that does not match, and what it would have to be.
fn wanted(matching: &Match, reason: &Reason) -> String {
    let value = |value: &ValueMatch| match value {
        ValueMatch::Exact(text) => format!("`{text}`"),
        ValueMatch::RegularExpression(pattern) => format!("a text that matches `{pattern}`"),
    };
    match (reason, matching) {
        (Reason::Path, Match::Http(http)) => match &http.path {
            PathMatch::Any => "any path".to_owned(),
            PathMatch::Exact(path) => format!("the path must be `{path}`"),
            PathMatch::Prefix(path) => format!("the path must be `{path}` or below"),
            PathMatch::RegularExpression(pattern) => format!("the path must match `{pattern}`"),
        },
        (Reason::Path, Match::Grpc(grpc)) => called(grpc),
        (Reason::Method, Match::Http(http)) => {
            format!(
                "the method must be `{}`",
                http.method.as_ref().map_or("", http::Method::as_str)
            )
        }
        (Reason::Method, Match::Grpc(_)) => "the method".to_owned(),
        (Reason::Header(name), _) => {
            let headers = match matching {
                Match::Http(http) => &http.headers,
                Match::Grpc(grpc) => &grpc.headers,
            };
            let asked = headers.iter().find(|header| header.name == **name);
            format!(
                "the header `{name}` must be {}",
                asked.map_or(String::new(), |asked| value(&asked.value))
            )
        }
        (Reason::Query(name), _) => {
            let query = match matching {
                Match::Http(http) => &http.query[..],
                Match::Grpc(_) => &[],
            };
            let asked = query.iter().find(|parameter| *parameter.name == **name);
            let asked = asked.map_or(String::new(), |asked| value(&asked.value));
            format!("the query parameter `{name}` must be {asked}")
        }
    }
}

/// What the path of a gRPC call would have to be.
fn called(grpc: &GrpcMatch) -> String {
    use ValueMatch::{Exact, RegularExpression};
    match (&grpc.service, &grpc.method) {
        (None, None) => "any path".to_owned(),
        (Some(Exact(service)), None) => format!("the path must begin with `/{service}/`"),
        (Some(Exact(service)), Some(Exact(method))) => {
            format!("the path must be `/{service}/{method}`")
        }
        (None, Some(Exact(method))) => {
            format!("the path must be a service followed by `/{method}`")
        }
        (service, method) => {
            let part = |name, wanted: &Option<ValueMatch>| match wanted {
                None => format!("any {name}"),
                Some(Exact(text)) => format!("the {name} `{text}`"),
                Some(RegularExpression(pattern)) => format!("a {name} that matches `{pattern}`"),
            };
            let (service, method) = (part("service", service), part("method", method));
            format!("the path must be `/service/method` with {service} and {method}")
        }
    }
}

/// The first test that the request does not pass, those that the index answers in `find` included.
fn failure<T, R: RequestView>(entry: &Stored<T>, request: &Prepared<'_, R>) -> Option<Reason> {
    let placed = match &entry.matching {
        Match::Http(http) => match &http.path {
            PathMatch::Any | PathMatch::RegularExpression(_) => true,
            PathMatch::Exact(path) => **path == *request.path,
            PathMatch::Prefix(prefix) => {
                let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
                let rest = request.path.strip_prefix(prefix);
                prefix.is_empty()
                    || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        },
        Match::Grpc(grpc) => grpc.is_called(request.path),
    };
    if !placed {
        return Some(Reason::Path);
    }
    entry.failure(request).map(|failure| match failure {
        Mismatch::Path => Reason::Path,
        Mismatch::Method => Reason::Method,
        Mismatch::Header(header) => Reason::Header(header.name.as_str().into()),
        Mismatch::Query(parameter) => Reason::Query((&*parameter.name).into()),
    })
}

impl<T> fmt::Display for Explanation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.winner().is_none() {
            writeln!(f, "no entry matches")?;
        }
        self.candidates
            .iter()
            .try_for_each(|candidate| writeln!(f, "{candidate}"))
    }
}

impl<T> fmt::Display for Candidate<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rank = self.entry.precedence;
        let (route, rule, index) = (rank.route(), rank.rule(), rank.index());
        write!(
            f,
            "{route} rule {rule} match {index} on {}",
            self.entry.hostname
        )?;
        match self.entry.own_hostname {
            None => {}
            Some(HostPattern::Any) => f.write_str(" (the route names no hostname)")?,
            Some(own) => write!(f, " (the route names {own})")?,
        }
        write!(f, ": {}", self.reason())
    }
}

impl<T> Serialize for Explanation<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Explanation", 2)?;
        let winner = self
            .candidates
            .iter()
            .find(|candidate| candidate.verdict == Verdict::Won);
        out.serialize_field("winner", &winner)?;
        out.serialize_field("candidates", &self.candidates)?;
        out.end()
    }
}

impl<T> Serialize for Candidate<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rank = self.entry.precedence;
        let mut out = serializer.serialize_struct("Candidate", 8)?;
        out.serialize_field("hostname", self.entry.hostname)?;
        out.serialize_field("ownHostname", &self.entry.own_hostname)?;
        out.serialize_field("route", rank.route())?;
        out.serialize_field("rule", &rank.rule())?;
        out.serialize_field("match", &rank.index())?;
        let (verdict, criterion) = match self.verdict {
            Verdict::Won => ("won", None),
            Verdict::Lost(criterion) => ("lost", criterion),
            Verdict::Failed(_) => ("failed", None),
        };
        out.serialize_field("verdict", verdict)?;
        out.serialize_field("criterion", &criterion)?;
        out.serialize_field("reason", &self.reason())?;
        out.end()
    }
}
