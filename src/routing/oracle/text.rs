//! The mechanics of the [definition](super): how a request writes what is compared, and whole-text patterns. None of
//! it is shared with the engine.

use std::collections::HashMap;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use http::HeaderName;

use crate::routing::{
    Entry, Match, PathMatch, Pattern, RepeatedHeader, RequestView, RouterOptions, ValueMatch,
};

/// The longest hostname of the domain name system (RFC 1035).
const MAX_HOST: usize = 253;

/// A request, taken apart.
pub(super) struct TakenApart<'a, R> {
    pub(super) request: &'a R,
    /// In normal form.
    pub(super) host: Vec<u8>,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// Names and values, decoded.
    query: Vec<(Vec<u8>, Vec<u8>)>,
    repeated_header: RepeatedHeader,
    pub(super) patterns: &'a Patterns,
}

impl<'a, R: RequestView> TakenApart<'a, R> {
    pub(super) fn new(request: &'a R, options: &RouterOptions, patterns: &'a Patterns) -> Self {
        let path = request.path();
        Self {
            request,
            host: host(request.host()),
            method: request.method(),
            path,
            repeated_header: options.repeated_header(),
            query: request.query().map(form).unwrap_or_default(),
            patterns,
        }
    }
}

impl<R: RequestView> TakenApart<'_, R> {
    /// The values of a header, each of which may be the one that is asked for.
    pub(super) fn values_of(&self, name: &HeaderName) -> Vec<HeaderParts> {
        let lines: Vec<&[u8]> = self.request.header(name).collect();
        match self.repeated_header {
            _ if lines.is_empty() => Vec::new(),
            RepeatedHeader::AnyLine => lines
                .iter()
                .map(|line| HeaderParts::of(name, &[line]))
                .collect(),
            RepeatedHeader::Combined => vec![HeaderParts::of(name, &lines)],
        }
    }
}

/// The value of a header.
pub(super) struct HeaderParts {
    /// What it is compared by.
    pub(super) parts: Vec<Vec<u8>>,
    /// The forms in which a regular expression may find it.
    pub(super) texts: Vec<Vec<u8>>,
}

impl HeaderParts {
    /// RFC 7230, section 3.2.2: the lines are one list, joined by commas; section 7: white space may stand about these, and belongs
    /// to no part. RFC 9113, section 8.2.3: the lines of `Cookie` are joined by a semicolon and a space.
    pub(super) fn of(name: &HeaderName, lines: &[&[u8]]) -> Self {
        if *name == "cookie" {
            let whole = lines.join(&b"; "[..]);
            return Self {
                parts: vec![whole.clone()],
                texts: vec![whole],
            };
        }
        let parts: Vec<Vec<u8>> = lines
            .join(&b","[..])
            .split(|byte| *byte == b',')
            .map(|part| {
                let space = |byte: &u8| b" \t".contains(byte);
                let begin = part
                    .iter()
                    .position(|byte| !space(byte))
                    .unwrap_or(part.len());
                let end = part
                    .iter()
                    .rposition(|byte| !space(byte))
                    .map_or(begin, |at| at + 1);
                part.get(begin..end).unwrap_or_default().to_vec()
            })
            .collect();
        let mut texts = vec![parts.join(&b","[..]), parts.join(&b", "[..])];
        if let [only] = lines {
            texts.push(only.to_vec());
        }
        Self { parts, texts }
    }
}

impl<R> TakenApart<'_, R> {
    /// The value of the first parameter of this name.
    pub(super) fn first_parameter(&self, name: &str) -> Option<&[u8]> {
        let mut named = self
            .query
            .iter()
            .filter(|(sent, _)| sent == name.as_bytes());
        named.next().map(|(_, value)| value.as_slice())
    }
}

/// A host as it is compared: in lower case (names have no case), without the port, and without the dot that ends a
/// fully qualified name. No host is what RFC 3986 does not allow as host and port, what is encoded, what has a port that
/// no connection can have, and what is longer than a name can be.
fn host(sent: &[u8]) -> Vec<u8> {
    static AUTHORITY: OnceLock<Option<Regex>> = OnceLock::new();
    const FORM: &str =
        r"^(?:\[(?<six>[^\]]*)\]|(?<name>[a-z0-9._~!$&'()*+,;=-]+?)\.?)(?::(?<port>[0-9]*))?$";
    let lower = sent.to_ascii_lowercase();
    let compiled = AUTHORITY.get_or_init(|| Regex::new(FORM).ok()).as_ref();
    let Some(parts) = compiled.and_then(|form| form.captures(&lower)) else {
        return Vec::new();
    };
    let text = |part| {
        parts
            .name(part)
            .map(|part| String::from_utf8_lossy(part.as_bytes()))
    };
    let host = match (text("six"), text("name")) {
        (Some(address), _) if address.parse::<std::net::Ipv6Addr>().is_ok() => {
            format!("[{address}]")
        }
        // A lone dot is the root of all names, and no name itself; two dots leave an empty label.
        (None, Some(name)) if !name.ends_with('.') => name.into_owned(),
        _ => return Vec::new(),
    };
    let port = text("port").unwrap_or_default();
    let port = port.trim_start_matches('0');
    let possible =
        text("port").is_none_or(|digits| digits.is_empty()) || port.parse::<u16>().is_ok();
    if !possible || host.len() > MAX_HOST {
        return Vec::new();
    }
    host.into_bytes()
}

/// The pairs of a query, as forms write them: `&` between pairs, `=` between name and value.
fn form(query: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// `application/x-www-form-urlencoded`: `+` is a space, `%` and two digits a byte, another `%` itself.
fn decode(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let digits = digits.filter(|two| two.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let code = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        let (byte, used) = match (first, code) {
            (b'%', Some(byte)) => (byte, 2),
            (b'+', _) => (b' ', 0),
            _ => (*first, 0),
        };
        out.push(byte);
        rest = after.get(used..).unwrap_or_default();
    }
    out
}

/// Of entries with equivalent names the first.
pub(super) fn first_of_each<'m, M, N: PartialEq>(
    list: &'m [M],
    name: impl Fn(&'m M) -> N,
) -> impl Iterator<Item = &'m M> {
    let mut seen = Vec::new();
    list.iter().filter(move |item| {
        let name = name(item);
        let new = !seen.contains(&name);
        seen.push(name);
        new
    })
}

/// What a match asks for, as far as it counts for precedence.
pub(super) struct Demand<'e> {
    pub(super) path_or_service: DemandedPart<'e>,
    pub(super) method: DemandedPart<'e>,
    pub(super) headers: usize,
    pub(super) query: usize,
}

/// What a match asks of a part of the request: a kind, and the text whose characters count.
pub(super) enum DemandedPart<'e> {
    Exact(&'e str),
    RegularExpression(&'e str),
    Prefix(&'e str),
    Any,
}

impl<'e> Demand<'e> {
    pub(super) fn of(matching: &'e Match) -> Self {
        match matching {
            Match::Http(http) => Self {
                path_or_service: match &http.path {
                    PathMatch::Exact(path) => DemandedPart::Exact(path),
                    PathMatch::RegularExpression(pattern) => {
                        DemandedPart::RegularExpression(pattern.as_str())
                    }
                    PathMatch::Prefix(path) => {
                        DemandedPart::Prefix(path.strip_suffix('/').unwrap_or(path))
                    }
                    PathMatch::Any => DemandedPart::Prefix(""),
                },
                // The characters of an HTTP method do not count.
                method: http
                    .method
                    .as_ref()
                    .map_or(DemandedPart::Any, |_| DemandedPart::Exact("")),
                headers: first_of_each(&http.headers, |header| &header.name).count(),
                query: first_of_each(&http.query, |parameter| &parameter.name).count(),
            },
            Match::Grpc(grpc) => Self {
                path_or_service: grpc.service.as_ref().map_or(DemandedPart::Any, part),
                method: grpc.method.as_ref().map_or(DemandedPart::Any, part),
                headers: first_of_each(&grpc.headers, |header| &header.name).count(),
                query: 0,
            },
        }
    }
}

fn part(value: &ValueMatch) -> DemandedPart<'_> {
    match value {
        ValueMatch::Exact(text) => DemandedPart::Exact(text),
        ValueMatch::RegularExpression(pattern) => DemandedPart::RegularExpression(pattern.as_str()),
    }
}

/// The number of characters.
pub(super) fn chars(text: &str) -> usize {
    text.chars().count()
}

/// Regular expressions by their source, each compiled when it is first asked for.
pub(super) struct Patterns(HashMap<Box<str>, OnceLock<Option<Regex>>>);

impl Patterns {
    /// Those of the entries.
    pub(super) fn of<T>(entries: &[Entry<T>]) -> Self {
        let patterns = entries.iter().flat_map(|entry| patterns(&entry.matching));
        let sources = patterns.map(|pattern| (pattern.as_str().into(), OnceLock::new()));
        Self(sources.collect())
    }

    /// Whether a pattern matches the whole of a text.
    pub(super) fn fit(&self, pattern: &Pattern, text: &[u8]) -> bool {
        let known = self.0.get(pattern.as_str());
        let regex = known.and_then(|once| once.get_or_init(|| whole(pattern)).as_ref());
        regex.is_some_and(|regex| regex.is_match(text))
    }
}

/// The dialect is ours to choose: the `regex` crate's, anchored at both ends. (A remark at the end of a verbose
/// pattern needs its line to end.)
fn whole(pattern: &Pattern) -> Option<Regex> {
    let source = pattern.as_str();
    // As deep as any pattern can be, and one group more.
    let new = |whole: &str| RegexBuilder::new(whole).nest_limit(300).build();
    let whole = new(&format!(r"\A(?:{source})\z"));
    let whole = whole.or_else(|_| new(&format!("\\A(?:{source}\n)\\z")));
    whole.ok()
}

/// Every regular expression in a match.
fn patterns(matching: &Match) -> Vec<&Pattern> {
    let (mut patterns, mut values) = (Vec::new(), Vec::new());
    match matching {
        Match::Http(http) => {
            if let PathMatch::RegularExpression(pattern) = &http.path {
                patterns.push(pattern);
            }
            values.extend(http.headers.iter().map(|header| &header.value));
            values.extend(http.query.iter().map(|parameter| &parameter.value));
        }
        Match::Grpc(grpc) => {
            values.extend(grpc.service.iter().chain(&grpc.method));
            values.extend(grpc.headers.iter().map(|header| &header.value));
        }
    }
    patterns.extend(values.into_iter().filter_map(|value| match value {
        ValueMatch::RegularExpression(pattern) => Some(pattern),
        ValueMatch::Exact(_) => None,
    }));
    patterns
}
