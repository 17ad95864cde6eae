//! The definition of routing, written to be checked against the specification by eye. It looks at every
//! entry for every request and shares no matching code with the engine.

use std::collections::HashMap;

use regex::bytes::Regex;

use super::matches::{Entry, HeaderMatch, Match, PathMatch, QueryMatch, ValueMatch};
use super::{HostPattern, Options, Pattern, Precedence, RequestView};

/// A slow, readable [`Router`](super::Router): it answers the same, and is there to show that.
pub struct Oracle<T> {
    options: Options,
    entries: Vec<(Entry<T>, Precedence)>,
    patterns: Patterns,
}

/// The regular expressions of the entries by their text.
type Patterns = HashMap<Box<str>, Regex>;

impl<T> Oracle<T> {
    /// Keeps the entries as they are.
    pub fn new(options: Options, entries: impl IntoIterator<Item = Entry<T>>) -> Self {
        let keyed = entries.into_iter().map(|entry| {
            let key = Precedence::of(&entry, &options);
            (entry, key)
        });
        let entries: Vec<_> = keyed.collect();
        let patterns = entries
            .iter()
            .flat_map(|(entry, _)| patterns_of(&entry.matching));
        let patterns = patterns
            .filter_map(|pattern| Some((pattern.as_str().into(), whole(pattern)?)))
            .collect();
        Self {
            options,
            entries,
            patterns,
        }
    }

    /// The payload of the first entry, in order of precedence, that fits.
    pub fn find<R: RequestView>(&self, request: &R) -> Option<&T> {
        let host = host_of(request.host());
        let patterns = &self.patterns;
        // HTTPRoute `spec.hostnames`: a route is used for requests whose Host it names.
        let mut running: Vec<_> = self
            .entries
            .iter()
            .filter(|(entry, _)| host_fits(&entry.hostname, &host))
            .collect();
        // Our option: without fallback, only the most specific hostname that fits is asked.
        if !self.options.fallback() {
            let rank = |pattern: &HostPattern| match pattern {
                HostPattern::Exact(_) => usize::MAX,
                HostPattern::Wildcard(suffix) => suffix.len() + 1,
                HostPattern::Any => 0,
            };
            let best = running.iter().map(|(entry, _)| rank(&entry.hostname)).max();
            running.retain(|(entry, _)| Some(rank(&entry.hostname)) == best);
        }
        // HTTPRouteMatch and GRPCRouteMatch: all conditions of one match hold; each match is on its own.
        running.retain(|(entry, _)| match &entry.matching {
            Match::Http(http) => {
                path_fits(&http.path, request.path(), patterns)
                    && http.method.as_ref().is_none_or(|method| method.as_str() == request.method())
                    && first_of_each(&http.headers, |a, b| a.name == b.name).all(|h| header_fits(h, request, patterns))
                    && first_of_each(&http.query, |a, b| a.name == b.name).all(|q| query_fits(q, request, patterns))
            }
            Match::Grpc(grpc) => {
                let parts: Vec<&str> = request.path().split('/').collect();
                // The gRPC protocol: the path is "/" service "/" method.
                matches!(parts[..], ["", service, method] if !service.is_empty() && !method.is_empty()
                    && grpc.service.as_ref().is_none_or(|asked| value_fits(asked, service.as_bytes(), patterns))
                    && grpc.method.as_ref().is_none_or(|asked| value_fits(asked, method.as_bytes(), patterns)))
                    && first_of_each(&grpc.headers, |a, b| a.name == b.name).all(|h| header_fits(h, request, patterns))
            }
        });
        // HTTPRouteRule and GRPCRouteRule `matches`: precedence, continuing on ties, is the key's order.
        running.sort_by(|(_, a), (_, b)| a.cmp(b));
        running.first().map(|(entry, _)| &entry.payload)
    }
}

/// `Hostnames`: the port of the Host header is ignored, names have no case (RFC 1123), and the dot at the end of
/// a fully qualified name says nothing. No name has more than 253 bytes (RFC 1035).
fn host_of(sent: &[u8]) -> Vec<u8> {
    let mut host = sent.to_ascii_lowercase();
    if let Some(end) = host
        .iter()
        .position(|byte| *byte == b']')
        .filter(|_| host.starts_with(b"["))
    {
        host.truncate(end + 1);
    } else if !host.starts_with(b"[") {
        let mut parts = host.splitn(2, |byte| *byte == b':');
        let (name, port) = (parts.next().unwrap_or_default().len(), parts.next());
        if port.is_some_and(|port| port.iter().all(u8::is_ascii_digit)) {
            host.truncate(name);
        }
    }
    host.pop_if(|last| *last == b'.');
    if host.len() > 253 { Vec::new() } else { host }
}

/// `Hostname`: `*.example.com` is a suffix match of one or more labels, and does not fit `example.com`.
fn host_fits(pattern: &HostPattern, host: &[u8]) -> bool {
    match pattern {
        HostPattern::Any => true,
        HostPattern::Exact(name) => name.as_bytes() == host,
        HostPattern::Wildcard(suffix) => {
            let dotted = format!(".{suffix}");
            host.ends_with(dotted.as_bytes()) && host.len() > dotted.len()
        }
    }
}

/// `PathMatchType`: Exact is the very text; PathPrefix goes element by element and ignores a slash at the end; a
/// prefix of `/` fits every request.
fn path_fits(asked: &PathMatch, path: &str, patterns: &Patterns) -> bool {
    match asked {
        PathMatch::Any => true,
        PathMatch::Exact(exact) => path == &**exact,
        PathMatch::RegularExpression(pattern) => pattern_fits(pattern, path.as_bytes(), patterns),
        PathMatch::Prefix(prefix) if matches!(&**prefix, "" | "/") => true,
        PathMatch::Prefix(prefix) => {
            let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
            let mut elements = path.split('/');
            prefix
                .split('/')
                .all(|element| elements.next() == Some(element))
        }
    }
}

/// `HTTPHeaderMatch`: names have no case; of a repeated header any field line will do (our choice).
fn header_fits<R: RequestView>(asked: &HeaderMatch, request: &R, patterns: &Patterns) -> bool {
    request
        .header(&asked.name)
        .any(|line| value_fits(&asked.value, line, patterns))
}

/// `HTTPQueryParamMatch`: the name is compared exactly; of a repeated parameter the first counts (as recommended).
fn query_fits<R: RequestView>(asked: &QueryMatch, request: &R, patterns: &Patterns) -> bool {
    let pairs = request
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty());
    let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let found = pairs.find(|(name, _)| form_decode(name) == asked.name.as_bytes());
    found.is_some_and(|(_, value)| value_fits(&asked.value, &form_decode(value), patterns))
}

/// `HeaderMatchType`, `QueryParamMatchType`, `GRPCMethodMatchType`: the same, or fits as a whole.
fn value_fits(asked: &ValueMatch, value: &[u8], patterns: &Patterns) -> bool {
    match asked {
        ValueMatch::Exact(text) => text.as_bytes() == value,
        ValueMatch::RegularExpression(pattern) => pattern_fits(pattern, value, patterns),
    }
}

fn pattern_fits(pattern: &Pattern, text: &[u8], patterns: &Patterns) -> bool {
    patterns
        .get(pattern.as_str())
        .is_some_and(|regex| regex.is_match(text))
}

/// The dialect is ours to choose: the `regex` crate's, anchored at both ends. (A remark at the end of a verbose
/// pattern needs its line to end.)
fn whole(pattern: &Pattern) -> Option<Regex> {
    let source = pattern.as_str();
    let whole = Regex::new(&format!(r"\A(?:{source})\z"));
    whole
        .or_else(|_| Regex::new(&format!("\\A(?:{source}\n)\\z")))
        .ok()
}

/// Every regular expression in a match.
fn patterns_of(matching: &Match) -> Vec<&Pattern> {
    let (path, values) = match matching {
        Match::Http(http) => {
            let headers = http.headers.iter().map(|header| &header.value);
            let query = http.query.iter().map(|parameter| &parameter.value);
            (Some(&http.path), headers.chain(query).collect::<Vec<_>>())
        }
        Match::Grpc(grpc) => {
            let headers = grpc.headers.iter().map(|header| &header.value);
            (
                None,
                headers.chain(&grpc.service).chain(&grpc.method).collect(),
            )
        }
    };
    let mut patterns = Vec::new();
    if let Some(PathMatch::RegularExpression(pattern)) = path {
        patterns.push(pattern);
    }
    patterns.extend(values.into_iter().filter_map(|value| match value {
        ValueMatch::RegularExpression(pattern) => Some(pattern),
        ValueMatch::Exact(_) => None,
    }));
    patterns
}

/// Of entries with equivalent names only the first is considered.
fn first_of_each<M>(list: &[M], same: impl Fn(&M, &M) -> bool) -> impl Iterator<Item = &M> {
    let earlier = move |at: usize, item: &M| list.iter().take(at).any(|other| same(other, item));
    list.iter()
        .enumerate()
        .filter(move |(at, item)| !earlier(*at, item))
        .map(|(_, item)| item)
}

/// `application/x-www-form-urlencoded`: `+` is a space, `%` and two digits a byte, another `%` itself.
fn form_decode(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after
            .get(..2)
            .filter(|two| two.iter().all(u8::is_ascii_hexdigit));
        let code = digits
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        (rest, _) = match (first, code) {
            (b'%', Some(byte)) => (after.get(2..).unwrap_or_default(), out.push(byte)),
            (b'+', _) => (after, out.push(b' ')),
            _ => (after, out.push(*first)),
        };
    }
    out
}
