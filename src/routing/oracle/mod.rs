//! The definition of routing, to be checked against the specification by eye: it looks at every entry for
//! every request, and shares neither matching nor precedence with the engine. Each step names the field
//! whose description it follows. What the specification leaves open is called ours; see [`RouterOptions`].

mod text;

use std::cmp::Reverse;

use super::{
    Entry, GrpcMatch, HeaderMatch, HostPattern, HostnameRank, Match, PathMatch, QueryMatch,
    RegexRank, RequestView, RouterOptions, ValueMatch,
};
use text::{Demand, DemandedPart, HeaderParts, Patterns, TakenApart, chars, first_of_each};

/// A slow, readable [`Router`](super::Router): it answers the same, and is there to show that.
pub struct Oracle<T> {
    options: RouterOptions,
    /// In order of precedence.
    entries: Vec<Entry<T>>,
    patterns: Patterns,
}

impl<T> Oracle<T> {
    /// Puts the entries in order.
    pub fn new(options: RouterOptions, entries: impl IntoIterator<Item = Entry<T>>) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by(|a, b| rank(a, &options).cmp(&rank(b, &options)));
        let patterns = Patterns::of(&entries);
        Self {
            options,
            entries,
            patterns,
        }
    }

    /// The payload of the first entry, in order of precedence, that matches.
    pub fn find<R: RequestView>(&self, request: &R) -> Option<&T> {
        let sent = TakenApart::new(request, &self.options, &self.patterns);
        let names = |entry: &&Entry<T>| host_fits(&entry.hostname, &sent.host);
        let named = || self.entries.iter().filter(names);
        // Ours: if hostnames do not fall back, the most specific one that matches decides alone.
        let rank = |entry: &Entry<T>| host_rank(&entry.hostname);
        let decides = match self.options.fallback() {
            true => None,
            false => named().map(rank).min(),
        };
        let mut asked = named().filter(|entry| decides.is_none() || decides == Some(rank(entry)));
        let found = asked.find(|entry| fits(&entry.matching, &sent));
        found.map(|entry| &entry.payload)
    }
}

/// HTTPRoute, GRPCRoute `hostnames`: selects by the Host header, whose port is ignored. A wildcard label is a
/// suffix match: `*.example.com` matches `a.example.com` and `a.b.example.com`, not `example.com`. A route without
/// hostnames takes every host.
fn host_fits(hostname: &HostPattern, host: &[u8]) -> bool {
    match hostname {
        HostPattern::Exact(name) => name.as_bytes() == host,
        HostPattern::Wildcard(suffix) => {
            let rest = host.strip_suffix(suffix.as_bytes());
            let labels = rest.and_then(|rest| rest.strip_suffix(b"."));
            labels.is_some_and(|labels| !labels.is_empty())
        }
        HostPattern::Any => true,
    }
}

/// HTTPRouteMatch, GRPCRouteMatch: the conditions of a match are ANDed. HTTPRouteRule, GRPCRouteRule `matches`:
/// each match is independent, so each is an entry of its own.
fn fits<R: RequestView>(matching: &Match, sent: &TakenApart<'_, R>) -> bool {
    match matching {
        Match::Http(http) => {
            path_fits(&http.path, sent)
                // HTTPRouteMatch `method`: if given, the request must have it.
                && http.method.as_ref().is_none_or(|method| *method == sent.method)
                && headers_fit(&http.headers, sent)
                && query_fits(&http.query, sent)
        }
        Match::Grpc(grpc) => call_fits(grpc, sent) && headers_fit(&grpc.headers, sent),
    }
}

/// GRPCMethodMatch `service`, `method`, by the tables of GEP-1016: they act as if a path match had been used. Ours: a
/// regular expression is asked of one name. The service ends at the second slash; the method follows it, or where no
/// service is asked for the last one.
fn call_fits<R>(grpc: &GrpcMatch, sent: &TakenApart<'_, R>) -> bool {
    use ValueMatch::Exact;
    let path = sent.path;
    // A name is not empty and has no slash.
    let name = |text: &str| !text.is_empty() && !text.contains('/');
    match (&grpc.service, &grpc.method) {
        // Exact `/service/method`.
        (Some(Exact(service)), Some(Exact(method))) => {
            name(service) && name(method) && *path == format!("/{service}/{method}")
        }
        // Prefix `/service/`.
        (Some(Exact(service)), None) => name(service) && path.starts_with(&format!("/{service}/")),
        // Suffix `/method`, something before it: `/.+/method`.
        (None, Some(method)) => {
            let slash = path
                .rfind('/')
                .filter(|slash| path.starts_with('/') && *slash > 1);
            slash.is_some_and(|slash| {
                call_part_fits(method, path.get(slash + 1..).unwrap_or_default(), sent)
            })
        }
        // `/service/method`, each part a regular expression; `/service/.+`.
        (Some(service), method) => {
            let mut parts = path.splitn(3, '/');
            let parts = [parts.next(), parts.next(), parts.next()];
            let [Some(""), Some(first), Some(rest)] = parts else {
                return false;
            };
            call_part_fits(service, first, sent)
                && match method {
                    Some(method) => call_part_fits(method, rest, sent),
                    None => !rest.is_empty(),
                }
        }
        // Prefix `/`.
        (None, None) => true,
    }
}

fn call_part_fits<R>(asked: &ValueMatch, sent_name: &str, sent: &TakenApart<'_, R>) -> bool {
    let is_name = !sent_name.is_empty() && !sent_name.contains('/');
    value_fits(asked, sent_name.as_bytes(), sent)
        && (is_name || matches!(asked, ValueMatch::RegularExpression(_)))
}

/// PathMatchType: Exact is exactly the path, with its case. PathPrefix compares element by element, as `/` splits
/// them, and ignores a slash at the end of the prefix. HTTPRouteRule `matches`: the prefix `/` matches every request.
fn path_fits<R>(asked: &PathMatch, sent: &TakenApart<'_, R>) -> bool {
    match asked {
        PathMatch::Exact(exact) => **exact == *sent.path,
        PathMatch::Prefix(prefix) => {
            let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
            let (mut asked, mut sent) = (prefix.split('/'), sent.path.split('/'));
            prefix.is_empty() || asked.all(|element| sent.next() == Some(element))
        }
        PathMatch::RegularExpression(pattern) => sent.patterns.fit(pattern, sent.path.as_bytes()),
        PathMatch::Any => true,
    }
}

/// `headers`: a request must match all. HTTPHeaderMatch, GRPCHeaderMatch `name`: without regard to case; of entries
/// with equivalent names only the first is considered. RFC 7230, section 3.2.2, to which HTTPHeaderMatch refers: the
/// lines of a repeated header are one value, which is one list. Ours, if so chosen: any line will do.
fn headers_fit<R: RequestView>(asked: &[HeaderMatch], sent: &TakenApart<'_, R>) -> bool {
    first_of_each(asked, |header| &header.name).all(|header| {
        let values = sent.values_of(&header.name);
        values.iter().any(|value| match &header.value {
            ValueMatch::Exact(exact) => {
                value.parts == HeaderParts::of(&header.name, &[exact.as_bytes()]).parts
            }
            ValueMatch::RegularExpression(pattern) => value
                .texts
                .iter()
                .any(|text| sent.patterns.fit(pattern, text)),
        })
    })
}

/// `queryParams`: a request must match all. HTTPQueryParamMatch `name`: the very text; of entries with equivalent
/// names only the first is considered; of a repeated parameter the first value is matched, as is recommended.
fn query_fits<R>(asked: &[QueryMatch], sent: &TakenApart<'_, R>) -> bool {
    first_of_each(asked, |parameter| &parameter.name).all(|parameter| {
        let first = sent.first_parameter(&parameter.name);
        first.is_some_and(|value| value_fits(&parameter.value, value, sent))
    })
}

/// QueryParamMatchType, GRPCMethodMatchType. Ours: a regular expression matches the whole value.
fn value_fits<R>(asked: &ValueMatch, value: &[u8], sent: &TakenApart<'_, R>) -> bool {
    match asked {
        ValueMatch::Exact(exact) => exact.as_bytes() == value,
        ValueMatch::RegularExpression(pattern) => sent.patterns.fit(pattern, value),
    }
}

/// Precedence: the smaller comes first. HTTPRouteRule, GRPCRouteRule `matches`: these criteria in this order, going
/// on where two are the same, across all rules of all routes. Each match ranks for itself.
fn rank<'e, T>(entry: &'e Entry<T>, options: &RouterOptions) -> impl Ord + use<'e, T> {
    let hostname = match (options.hostname_rank(), &entry.own_hostname) {
        (HostnameRank::Own, Some(own)) => own,
        _ => &entry.hostname,
    };
    let asked = Demand::of(&entry.matching);
    let rank = &entry.rank;
    (
        host_rank(hostname),
        // An Exact path, then the prefix with most characters. gRPC: most characters in the service.
        part_rank(asked.path_or_service, options.regex_rank()),
        // A method. gRPC: most characters in the method.
        part_rank(asked.method, RegexRank::AfterExact),
        // Most headers; most query parameters.
        (Reverse(asked.headers), Reverse(asked.query)),
        // The oldest route by its creation timestamp. Ours: one of unknown age is youngest.
        rank.age,
        // The route that comes first in alphabetical order by `namespace/name`.
        &rank.route,
        // The first rule in list order. Ours: in it the first match.
        (rank.rule, rank.index),
    )
}

/// HTTPRoute `hostnames`, GRPCRouteRule `matches`: most characters in a matching hostname without wildcard, then
/// most characters in a matching hostname.
fn host_rank(hostname: &HostPattern) -> impl Ord + use<> {
    let (exact, any) = match hostname {
        HostPattern::Exact(name) => (chars(name), chars(name)),
        HostPattern::Wildcard(suffix) => (0, chars("*.") + chars(suffix)),
        HostPattern::Any => (0, 0),
    };
    (Reverse(exact), Reverse(any))
}

/// HTTPRouteRule `matches`: where regular expressions stand is implementation-specific.
fn part_rank(part: DemandedPart<'_>, regex_rank: RegexRank) -> impl Ord + use<> {
    match (part, regex_rank) {
        (DemandedPart::RegularExpression(source), RegexRank::First) => (0, Reverse(chars(source))),
        (DemandedPart::Exact(text), _) => (1, Reverse(chars(text))),
        (DemandedPart::RegularExpression(source), RegexRank::AfterExact) => {
            (2, Reverse(chars(source)))
        }
        (DemandedPart::Prefix(prefix), _) => (3, Reverse(chars(prefix))),
        (DemandedPart::RegularExpression(source), RegexRank::Last) => (4, Reverse(chars(source))),
        (DemandedPart::Any, _) => (5, Reverse(0)),
    }
}
