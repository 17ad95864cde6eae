//! Which entry wins when several match: one key, its fields in the order of the specification.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::meta::Age;

use super::matches::{Entry, Match, PathMatch, ValueMatch};
use crate::routing::options::{HostnameRank, RegexRank, RouterOptions};
use crate::routing::request::host::HostPattern;

/// The place of an entry in the order of precedence. The smaller key wins.
///
/// The fields compare in this order, which is that of HTTPRoute `spec.hostnames` and
/// `spec.rules[].matches` and of GRPCRoute `spec.rules[].matches`:
///
/// 1. the hostname that the route itself names (see [`HostnameRank`]): exact before wildcard before none, then more
///    characters;
/// 2. the path: Exact, RegularExpression (see [`RegexRank`]), PathPrefix, then more characters (one slash
///    at the end of a prefix does not count). For gRPC: a service given exactly, by pattern, not at all, then
///    more characters;
/// 3. the method: given before not given. For gRPC: exactly, by pattern, not at all, then more
///    characters;
/// 4. more headers;
/// 5. more query parameters;
/// 6. the older route;
/// 7. the route that comes first by `namespace/name`;
/// 8. the earlier rule, then the earlier match in it.
///
/// Each match has a key of its own: a rule has no rank. The API keeps HTTPRoutes and GRPCRoutes with
/// intersecting hostnames off the same listener; where both are in a table all the same, a service ranks
/// like a path and a gRPC match without a service comes last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Precedence {
    host: HostRank,
    path_kind: u8,
    path_length: Reverse<u32>,
    method_kind: u8,
    method_length: Reverse<u32>,
    headers: Reverse<u32>,
    query: Reverse<u32>,
    age: Age,
    route: Arc<str>,
    rule: u32,
    index: u32,
}

impl Precedence {
    /// The key of an entry under the given options.
    pub fn of<T>(entry: &Entry<T>, options: &RouterOptions) -> Self {
        let own = entry.own_hostname.as_ref();
        let host = HostRank::of(&entry.hostname, own, options.hostname_rank());
        let (path, method, headers, query) = match &entry.matching {
            Match::Http(http) => (
                path_rank(&http.path, options.regex_rank()),
                (if http.method.is_some() { EXACT } else { ABSENT }, 0),
                distinct(http.headers.iter().map(|header| &header.name)),
                distinct(http.query.iter().map(|parameter| &parameter.name)),
            ),
            Match::Grpc(grpc) => {
                let (kind, length) = value_rank(grpc.service.as_ref());
                let kind = match kind {
                    EXACT => kinds(options.regex_rank()).0,
                    PATTERN => kinds(options.regex_rank()).1,
                    _ => SERVICELESS,
                };
                (
                    (kind, length),
                    value_rank(grpc.method.as_ref()),
                    distinct(grpc.headers.iter().map(|header| &header.name)),
                    0,
                )
            }
        };
        Self {
            host,
            path_kind: path.0,
            path_length: Reverse(path.1),
            method_kind: method.0,
            method_length: Reverse(method.1),
            headers: Reverse(headers),
            query: Reverse(query),
            age: entry.rank.age,
            route: entry.rank.route.clone(),
            rule: entry.rank.rule,
            index: entry.rank.index,
        }
    }

    /// The age of the route.
    pub fn age(&self) -> Age {
        self.age
    }

    /// The route as `namespace/name`.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// The index of the rule in its route.
    pub fn rule(&self) -> u32 {
        self.rule
    }

    /// The index of the match in its rule.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The first criterion on which this key and another differ; `None` if they are equal.
    pub fn criterion(&self, other: &Self) -> Option<Criterion> {
        let checks = [
            (self.host.cmp(&other.host), Criterion::Hostname),
            (self.path_kind.cmp(&other.path_kind), Criterion::PathKind),
            (
                self.path_length.cmp(&other.path_length),
                Criterion::PathLength,
            ),
            (self.method_kind.cmp(&other.method_kind), Criterion::Method),
            (
                self.method_length.cmp(&other.method_length),
                Criterion::MethodLength,
            ),
            (self.headers.cmp(&other.headers), Criterion::Headers),
            (self.query.cmp(&other.query), Criterion::QueryParams),
            (self.age.cmp(&other.age), Criterion::Age),
            (self.route.cmp(&other.route), Criterion::Name),
            (self.rule.cmp(&other.rule), Criterion::Rule),
            (self.index.cmp(&other.index), Criterion::Match),
        ];
        checks
            .into_iter()
            .find(|(order, _)| *order != Ordering::Equal)
            .map(|(_, criterion)| criterion)
    }

    pub(in crate::routing) fn host_rank(&self) -> HostRank {
        self.host
    }
}

/// The place of a hostname in the order of precedence: exact before wildcard before none, then more characters. The
/// smaller one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::routing) struct HostRank(u8, Reverse<u32>);

impl HostRank {
    /// The rank of what answers to `hostname` for a route that names `own`, if that is another.
    pub(in crate::routing) fn of(
        hostname: &HostPattern,
        own: Option<&HostPattern>,
        by: HostnameRank,
    ) -> Self {
        let ranked = match by {
            HostnameRank::Own => own.unwrap_or(hostname),
            HostnameRank::Effective => hostname,
        };
        match ranked.specificity() {
            Some(named) => Self(u8::from(!named.is_exact()), Reverse(named.characters())),
            None => Self(2, Reverse(0)),
        }
    }
}

const EXACT: u8 = 0;
const PATTERN: u8 = 1;
const ABSENT: u8 = 2;
const SERVICELESS: u8 = 3;

/// The ranks of Exact, RegularExpression and PathPrefix.
fn kinds(rank: RegexRank) -> (u8, u8, u8) {
    match rank {
        RegexRank::First => (1, 0, 2),
        RegexRank::AfterExact => (0, 1, 2),
        RegexRank::Last => (0, 2, 1),
    }
}

fn path_rank(path: &PathMatch, rank: RegexRank) -> (u8, u32) {
    let (exact, pattern, prefix) = kinds(rank);
    match path {
        PathMatch::Any => (prefix, 0),
        PathMatch::Exact(path) => (exact, chars(path)),
        PathMatch::Prefix(path) => (prefix, chars(path.strip_suffix('/').unwrap_or(path))),
        PathMatch::RegularExpression(source) => (pattern, chars(source.as_str())),
    }
}

fn value_rank(value: Option<&ValueMatch>) -> (u8, u32) {
    match value {
        Some(ValueMatch::Exact(text)) => (EXACT, chars(text)),
        Some(ValueMatch::RegularExpression(source)) => (PATTERN, chars(source.as_str())),
        None => (ABSENT, 0),
    }
}

fn chars(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// How many different names there are: of entries with one name only the first counts.
fn distinct<N: PartialEq>(names: impl Iterator<Item = N> + Clone) -> u32 {
    let first = |(at, name): &(usize, N)| !names.clone().take(*at).any(|earlier| earlier == *name);
    let count = names.clone().enumerate().filter(first).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The criterion by which one of two matching entries wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Criterion {
    /// A route that names an exact hostname before one that names a wildcard, a longer hostname before a shorter,
    /// any before none.
    Hostname,
    /// The kind of the path match, or of a gRPC service.
    PathKind,
    /// The characters of the path match, or of a gRPC service.
    PathLength,
    /// A method before none.
    Method,
    /// The characters of a gRPC method.
    MethodLength,
    /// The number of headers.
    Headers,
    /// The number of query parameters.
    QueryParams,
    /// The age of the route.
    Age,
    /// The order of `namespace/name`.
    Name,
    /// The order of rules in a route.
    Rule,
    /// The order of matches in a rule.
    Match,
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hostname => "the winner's route names a more specific hostname",
            Self::PathKind => "the winner's kind of path match ranks higher",
            Self::PathLength => "the winner's path match has more characters",
            Self::Method => "the winner's method match is more specific",
            Self::MethodLength => "the winner's method has more characters",
            Self::Headers => "the winner matches more headers",
            Self::QueryParams => "the winner matches more query parameters",
            Self::Age => "the winner's route is older",
            Self::Name => "the namespace/name of the winner's route sorts first",
            Self::Rule => "the winner is an earlier rule of the same route",
            Self::Match => "the winner is an earlier match of the same rule",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_hostname_ranks_before_any_wildcard_and_a_longer_one_before_a_shorter() {
        let of = |text: &str| {
            let host = HostPattern::parse(text).unwrap_or_default();
            HostRank::of(&host, None, HostnameRank::Own)
        };
        // An exact name of few characters before a long wildcard.
        let hosts = ["a.b", "*.example.com", "*.long.com", "*.b.c", "*.b", ""];
        for order in hosts.windows(2) {
            assert!(of(order[0]) < of(order[1]), "{order:?}");
        }
        assert_eq!(of("*.b.c"), of("*.B.D"));
    }
}
