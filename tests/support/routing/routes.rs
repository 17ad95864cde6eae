//! Route sets out of a stream of choices.

use std::sync::{Arc, LazyLock};

use gwapi::{
    meta::Age,
    routing::{
        Entry, GrpcMatch, HeaderMatch, HostPattern, HostnameRank, HttpMatch, Match, PathMatch,
        Pattern, QueryMatch, Rank, RegexRank, RepeatedHeader, RouterOptions, ValueMatch,
    },
};

use super::crowd::Crowd;
use super::{Choices, Route};

pub const HOSTS: &[&str] = &[
    "example.com",
    "a.example.com",
    "b.a.example.com",
    "x.y.a.example.com",
    "other.org",
    "com",
    "10.0.0.1",
    "[::1]",
    "localhost",
];
const WILDCARDS: &[&str] = &[
    "*.example.com",
    "*.a.example.com",
    "*.com",
    "*.y.a.example.com",
    "*.org",
];
pub const ELEMENTS: &[&str] = &[
    "a",
    "b",
    "ab",
    "A",
    "1",
    "12",
    "pkg.Svc",
    "Get",
    "%61",
    "a%2Fb",
    ".",
    "..",
    "",
    "a-b~c",
    "an-element-that-is-longer-than-what-is-kept-in-place-0123456789",
];
pub const METHODS: &[&str] = &["GET", "POST", "PUT", "CONNECT", "OPTIONS", "get"];
pub const HEADERS: &[&str] = &["x-a", "x-b", "version", "X-A", "cookie"];
pub const PARAMS: &[&str] = &["a", "b", "A", "long name", "é", "a=b"];
pub const VALUES: &[&str] = &[
    "1",
    "2",
    "v1",
    "v2",
    "a b",
    "a+b",
    "50%",
    "é",
    "%41",
    "",
    "v1,v2",
    "v1 ,\tv2",
    " v1",
    "v1,,v2",
    "1, 2, v1",
    "v1; 2",
    "a value that is longer than one block of the hash, which has sixty-four bytes, or two",
];

/// Patterns with texts that fit them, nearly all.
static PATTERNS: LazyLock<Vec<(Pattern, Vec<&'static str>)>> = LazyLock::new(|| {
    [
        ("/a/[0-9]+", vec!["/a/1", "/a/12", "/a/12/"]),
        ("/a/.*", vec!["/a/", "/a/b", "/a/b/c"]),
        ("/a/b", vec!["/a/b"]),
        ("/[a-z]+/b", vec!["/a/b", "/ab/b"]),
        ("/a/[^/]+/b", vec!["/a/1/b", "/a/12/b"]),
        (".*/b/1", vec!["/b/1", "/a/b/1"]),
        ("/(a|ab)(/1)?", vec!["/a", "/ab", "/ab/1"]),
        ("(?i)/AB", vec!["/ab", "/aB"]),
        (".*", vec!["", "*", "/", "/x y"]),
        ("/?", vec!["", "/"]),
        ("v[12]", vec!["v1", "v2"]),
        ("v1|v1x", vec!["v1", "v1x"]),
        ("v1(, ?v[12])*", vec!["v1", "v1,v2", "v1, v2, v1"]),
        (r"\w+( \w+)*", vec!["a b", "é", "v1"]),
        ("pkg\\.[A-Z].*", vec!["pkg.Svc"]),
        ("(Get|Put)", vec!["Get", "Put"]),
        ("(?x) a \\ b # remark", vec!["a b"]),
        (r"\w{1,30}(a|b)*c[ab]{13}", vec!["xcaaaaaaaaaaaaa"]),
        (r".*\bb\b.*", vec!["/a/b/c"]),
    ]
    .into_iter()
    .map(|(pattern, fits)| (Pattern::new(pattern).unwrap(), fits))
    .collect()
});

pub fn pattern(c: &mut impl Choices) -> Pattern {
    PATTERNS[c.below(PATTERNS.len())].0.clone()
}

pub fn text_for(pattern: &Pattern, c: &mut impl Choices) -> String {
    let found = PATTERNS.iter().find(|(other, _)| other == pattern);
    found.map_or_else(|| "/".to_owned(), |(_, fits)| c.of(fits).to_owned())
}

fn host(c: &mut impl Choices) -> HostPattern {
    match c.below(5) {
        0 => HostPattern::Any,
        1 | 2 => HostPattern::parse(c.of(WILDCARDS)).unwrap(),
        _ => HostPattern::parse(c.of(HOSTS)).unwrap(),
    }
}

/// A hostname of which this one is a part.
fn wider(host: &HostPattern, c: &mut impl Choices) -> Option<HostPattern> {
    let (HostPattern::Exact(name) | HostPattern::Wildcard(name)) = host else {
        return None;
    };
    let dots: Vec<usize> = name.match_indices('.').map(|(at, _)| at).collect();
    match c.below(dots.len() + 1) {
        0 => Some(HostPattern::Any),
        n => HostPattern::parse(&format!("*{}", &name[dots[n - 1]..])).ok(),
    }
}

pub fn path(c: &mut impl Choices) -> String {
    let mut path = String::new();
    for _ in 0..c.below(5) {
        path.push('/');
        // Mostly few different elements, so that paths meet.
        let few = if c.one_in(4) { ELEMENTS.len() } else { 4 };
        path.push_str(ELEMENTS[c.below(few)]);
    }
    if path.is_empty() || c.one_in(6) {
        path.push('/');
    }
    path
}

pub fn value(c: &mut impl Choices) -> ValueMatch {
    if c.one_in(5) {
        ValueMatch::RegularExpression(pattern(c))
    } else {
        ValueMatch::exact(c.of(VALUES))
    }
}

pub fn headers(c: &mut impl Choices) -> Vec<HeaderMatch> {
    let count = c.below(6).saturating_sub(2);
    (0..count)
        .map(|_| HeaderMatch {
            name: c.of(HEADERS).parse().unwrap(),
            value: value(c),
        })
        .collect()
}

fn matching(c: &mut impl Choices) -> Match {
    if c.one_in(6) {
        let part = |c: &mut dyn FnMut(usize) -> usize, names: &[&str]| match c(8) {
            0..3 => None,
            3 => Some(ValueMatch::RegularExpression(
                PATTERNS[c(PATTERNS.len())].0.clone(),
            )),
            _ => Some(ValueMatch::exact(names[c(names.len())])),
        };
        return Match::Grpc(GrpcMatch {
            service: part(&mut |n| c.below(n), &["pkg.Svc", "a", "b", "ab", "a/b", ""]),
            method: part(&mut |n| c.below(n), &["Get", "a", "b", "1"]),
            headers: headers(c),
        });
    }
    let path = match c.below(8) {
        0 => PathMatch::Any,
        1 => PathMatch::RegularExpression(pattern(c)),
        2..5 => PathMatch::exact(&path(c)),
        _ => PathMatch::prefix(&path(c)),
    };
    let query = c.below(6).saturating_sub(3);
    Match::Http(HttpMatch {
        path,
        method: c.one_in(4).then(|| c.of(METHODS).parse().unwrap()),
        headers: headers(c),
        query: (0..query)
            .map(|_| QueryMatch {
                name: c.of(PARAMS).into(),
                value: value(c),
            })
            .collect(),
    })
}

/// A route: one age, a few rules with a few matches, a few hostnames, sometimes narrowed by a listener.
fn route(at: usize, c: &mut impl Choices) -> Route {
    let key: Arc<str> = format!("ns{}/r{at}", at % 2).into();
    let age = (!c.one_in(4)).then(|| Age::at_second(c.below(3) as i64));
    let mut hosts = Vec::new();
    for _ in 0..=c.below(3) {
        let host = host(c);
        if !hosts.iter().any(|(other, _)| *other == host) {
            hosts.push((host, None));
        }
    }
    // What a listener's hostname leaves of a wider one, and now and then what no listener could.
    for (host, own) in &mut hosts {
        *own = match c.below(12) {
            0 | 1 => wider(host, c),
            2 => Some(self::host(c)),
            // A route that names none, at a listener that names one.
            3 | 4 => Some(HostPattern::Any),
            _ => None,
        };
    }
    // Now and then many matches on one path, told apart by little: the work of the indexes below a path.
    let (rules, shared) = if c.one_in(8) {
        (30, Some(matching(c)))
    } else {
        (c.below(4) as u32 + 1, None)
    };
    let mut entries = Vec::new();
    for rule in 0..rules {
        for index in 0..=c.below(2) as u32 {
            let matching = match (&shared, matching(c)) {
                (Some(Match::Http(shared)), Match::Http(own)) => Match::Http(HttpMatch {
                    path: shared.path.clone(),
                    ..own
                }),
                (Some(shared), _) if c.one_in(3) => shared.clone(),
                (_, own) => own,
            };
            for (host, own) in &hosts {
                let mut rank = Rank::new(key.clone(), rule, index);
                rank.age = age.unwrap_or(Age::UNKNOWN);
                let mut entry =
                    Entry::new(matching.clone(), rank, (at, rule, index)).on(host.clone());
                entry.own_hostname = own.clone();
                entries.push(entry);
            }
        }
    }
    (key, entries)
}

pub fn options(c: &mut impl Choices) -> RouterOptions {
    if !c.one_in(3) {
        return RouterOptions::default();
    }
    let regex = [RegexRank::AfterExact, RegexRank::First, RegexRank::Last][c.below(3)];
    let hostname = [HostnameRank::Own, HostnameRank::Effective][c.below(2)];
    RouterOptions::default()
        .with_regex_rank(regex)
        .with_hostname_rank(hostname)
        .with_fallback(!c.one_in(3))
        .with_repeated_header([RepeatedHeader::Combined, RepeatedHeader::AnyLine][c.below(2)])
}

/// What the routes of a set have in common.
pub enum Style {
    /// Nothing: hosts, paths and conditions of all kinds, which meet now and then.
    Mixed,
    /// Many entries in one place.
    Crowd(Crowd),
}

impl Style {
    pub fn new(c: &mut impl Choices) -> Self {
        if c.one_in(4) {
            Self::Crowd(Crowd::new(c))
        } else {
            Self::Mixed
        }
    }

    pub fn route(&self, at: usize, c: &mut impl Choices) -> Route {
        match self {
            Self::Crowd(crowd) if !c.one_in(16) => crowd.route(at, c),
            _ => route(at, c),
        }
    }

    pub fn routes(&self, c: &mut impl Choices) -> Vec<Route> {
        let count = if c.one_in(6) { 40 } else { 1 + c.below(8) };
        (0..count).map(|at| self.route(at, c)).collect()
    }
}
