//! Route sets and requests out of a stream of choices, and the laws that every one of them must keep. Shared by
//! the tests, the long differential run and the fuzz targets.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use gwapi::routing::{
    Entry, GrpcMatch, HeaderMatch, HostPattern, HostnameRank, HttpMatch, Match, Options, Oracle,
    PathMatch, Pattern, QueryMatch, Rank, RegexRank, Router, ValueMatch, Verdict, View,
};
use serde_json::{Value, json};

/// Where decisions come from: a generator of random numbers, or the bytes of a fuzzer.
pub trait Choices {
    /// A number below `n`; 0 when there is nothing left to choose from.
    fn below(&mut self, n: usize) -> usize;

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    fn of<'a, V: ?Sized>(&mut self, all: &[&'a V]) -> &'a V {
        all[self.below(all.len())]
    }
}

/// SplitMix64.
pub struct Random(pub u64);

impl Choices for Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// The bytes of a fuzzer, one a choice.
pub struct Bytes<'a>(pub &'a [u8]);

impl Choices for Bytes<'_> {
    fn below(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        usize::from(*first) % n
    }
}

/// The payload says which match was found: route, rule, match.
pub type Payload = (usize, u32, u32);

/// A route: its key and its entries.
pub type Route = (Arc<str>, Vec<Entry<Payload>>);

/// A request with parts of its own.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub host: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Request {
    pub fn with<U>(&self, see: impl FnOnce(&View<'_>) -> U) -> U {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_slice()))
            .collect();
        see(&View {
            method: &self.method,
            host: self.host.as_bytes(),
            path: &self.path,
            query: self.query.as_deref(),
            headers: &headers,
        })
    }

    /// The same request in the `http` crate's form, where that can hold it.
    pub fn http(&self) -> Option<http::Request<()>> {
        let target = match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        };
        let mut builder = http::Request::builder()
            .method(self.method.as_str())
            .uri(target)
            .header("host", &self.host);
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "host") {
            builder = builder.header(name, value.as_slice());
        }
        let request = builder.body(()).ok()?;
        (request.uri().path() == self.path && request.uri().query() == self.query.as_deref())
            .then_some(request)
    }
}

const HOSTS: &[&str] = &[
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
const ELEMENTS: &[&str] = &[
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
const METHODS: &[&str] = &["GET", "POST", "PUT", "CONNECT", "OPTIONS", "get"];
const HEADERS: &[&str] = &["x-a", "x-b", "version", "X-A"];
const PARAMS: &[&str] = &["a", "b", "A", "long name", "é"];
const VALUES: &[&str] = &[
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

fn pattern(c: &mut impl Choices) -> Pattern {
    PATTERNS[c.below(PATTERNS.len())].0.clone()
}

fn text_for(pattern: &Pattern, c: &mut impl Choices) -> String {
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

fn path(c: &mut impl Choices) -> String {
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

fn value(c: &mut impl Choices) -> ValueMatch {
    if c.one_in(5) {
        ValueMatch::RegularExpression(pattern(c))
    } else {
        ValueMatch::exact(c.of(VALUES))
    }
}

fn headers(c: &mut impl Choices) -> Vec<HeaderMatch> {
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
    let created =
        (!c.one_in(4)).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(c.below(3) as u64));
    let mut hosts = Vec::new();
    for _ in 0..=c.below(3) {
        let host = host(c);
        if !hosts.iter().any(|(other, _)| *other == host) {
            hosts.push((host, None));
        }
    }
    if c.one_in(4) {
        let own = self::host(c);
        hosts.truncate(1);
        hosts[0].1 = Some(own);
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
                rank.created = created;
                let mut entry =
                    Entry::new(matching.clone(), rank, (at, rule, index)).on(host.clone());
                entry.own_hostname = own.clone();
                entries.push(entry);
            }
        }
    }
    (key, entries)
}

pub fn options(c: &mut impl Choices) -> Options {
    if !c.one_in(3) {
        return Options::default();
    }
    let regex = [RegexRank::AfterExact, RegexRank::First, RegexRank::Last][c.below(3)];
    let hostname = [HostnameRank::Own, HostnameRank::Effective][c.below(2)];
    Options::default()
        .with_regex_rank(regex)
        .with_hostname_rank(hostname)
        .with_fallback(!c.one_in(3))
}

pub fn routes(c: &mut impl Choices) -> Vec<Route> {
    let count = if c.one_in(6) { 40 } else { 1 + c.below(8) };
    (0..count).map(|at| route(at, c)).collect()
}

/// A text that fits, spelled as a client might.
fn spelled(value: &ValueMatch, c: &mut impl Choices) -> String {
    match value {
        ValueMatch::Exact(text) => text.to_string(),
        ValueMatch::RegularExpression(pattern) => text_for(pattern, c),
    }
}

fn form_encoded(text: &str, c: &mut impl Choices) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' if !c.one_in(3) => out.push('+'),
            b'a'..=b'z' | b'0'..=b'9' | b'A'..=b'Z' if !c.one_in(8) => out.push(char::from(byte)),
            _ if c.one_in(2) => out.push_str(&format!("%{byte:02x}")),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A request that fits an entry of the set, or nearly so.
pub fn request(routes: &[Route], c: &mut impl Choices) -> Request {
    let entries: Vec<&Entry<Payload>> = routes.iter().flat_map(|(_, entries)| entries).collect();
    if entries.is_empty() {
        return Request {
            method: "GET".into(),
            host: String::new(),
            path: "/".into(),
            query: None,
            headers: vec![],
        };
    }
    let entry = entries[c.below(entries.len())];
    let mut host = match &entry.hostname {
        HostPattern::Any => c.of(HOSTS).to_owned(),
        HostPattern::Exact(name) => name.to_string(),
        HostPattern::Wildcard(suffix) => format!("{}.{suffix}", c.of(&["a", "b.a", "z", "x.y"])),
    };
    let (path, method, headers, query) = match &entry.matching {
        Match::Http(http) => {
            let path = match &http.path {
                PathMatch::Any => self::path(c),
                PathMatch::Exact(path) => path.to_string(),
                PathMatch::RegularExpression(pattern) => text_for(pattern, c),
                PathMatch::Prefix(prefix) => match c.below(3) {
                    0 => prefix.to_string(),
                    1 => format!("{}/{}", prefix.trim_end_matches('/'), c.of(ELEMENTS)),
                    _ => format!("{}{}", prefix.trim_end_matches('/'), self::path(c)),
                },
            };
            let method = http
                .method
                .as_ref()
                .map_or(c.of(METHODS), |method| method.as_str());
            (path, method.to_owned(), &http.headers, &http.query[..])
        }
        Match::Grpc(grpc) => {
            let service = grpc
                .service
                .as_ref()
                .map_or("pkg.Svc".to_owned(), |value| spelled(value, c));
            let method = grpc
                .method
                .as_ref()
                .map_or("Get".to_owned(), |value| spelled(value, c));
            (
                format!("/{service}/{method}"),
                "POST".to_owned(),
                &grpc.headers,
                &[][..],
            )
        }
    };
    let mut headers: Vec<(String, Vec<u8>)> = headers
        .iter()
        .map(|header| {
            (
                header.name.to_string(),
                spelled(&header.value, c).into_bytes(),
            )
        })
        .collect();
    let mut pairs: Vec<String> = query
        .iter()
        .map(|query| {
            let name = form_encoded(&query.name, c);
            format!("{name}={}", form_encoded(&spelled(&query.value, c), c))
        })
        .collect();
    let (mut path, mut method) = (path, method);
    let times = [0, 0, 1, 1, 2, 4][c.below(6)];
    for _ in 0..times {
        match c.below(16) {
            0 => host = host.to_ascii_uppercase(),
            1 => host.push_str(c.of(&[":80", ":", ":8080", ":x", "."])),
            2 => {
                host = c
                    .of(&[
                        "",
                        ".example.com",
                        "a..example.com",
                        "[::1]:80",
                        "::1",
                        "EXAMPLE.com.:80",
                        "example.com:1:2",
                    ])
                    .to_owned();
            }
            3 => host = format!("{}{host}", c.of(&["a.", "q.r.", "."])),
            4 => path.push('/'),
            5 => path = format!("{path}{}", self::path(c)),
            6 => {
                path = c
                    .of(&["", "*", "/", "//", "/..", "/a//b", "a/b"])
                    .to_owned();
            }
            7 => path = path.to_ascii_uppercase(),
            8 => {
                let end = path
                    .char_indices()
                    .map(|(at, _)| at)
                    .nth(c.below(path.len().max(1)))
                    .unwrap_or(0);
                path.truncate(end);
            }
            9 => method = c.of(METHODS).to_owned(),
            10 => headers.push((c.of(HEADERS).to_owned(), c.of(VALUES).as_bytes().to_vec())),
            11 => headers.insert(
                0,
                (c.of(HEADERS).to_ascii_uppercase(), b"\xff\xfe".to_vec()),
            ),
            12 => drop(headers.pop()),
            13 => {
                let (name, value) = (form_encoded(c.of(PARAMS), c), form_encoded(c.of(VALUES), c));
                let at = c.below(pairs.len() + 1);
                pairs.insert(at, format!("{name}={value}"));
            }
            14 => pairs.insert(
                0,
                c.of(&[
                    "", "a", "=", "a=%", "a=%4", "b=%zz", "%61=1", "a=1&a=2", "a+b=1", "=1",
                ])
                .to_owned(),
            ),
            _ => drop(pairs.pop()),
        }
    }
    let query = (!pairs.is_empty() || c.one_in(8)).then(|| pairs.join("&"));
    Request {
        method,
        host,
        path,
        query,
        headers,
    }
}

pub fn oracle(options: Options, routes: &[Route]) -> Oracle<Payload> {
    Oracle::new(
        options,
        routes
            .iter()
            .flat_map(|(_, entries)| entries.iter().cloned()),
    )
}

/// Engine and oracle agree on a request, in both forms of it.
pub fn agree(
    router: &Router<Payload>,
    oracle: &Oracle<Payload>,
    request: &Request,
) -> Result<(), String> {
    let expected = request.with(|view| oracle.find(view).copied());
    let found = request.with(|view| router.find(view).copied());
    let http = request.http().map(|request| router.find(&request).copied());
    if found == expected && http.is_none_or(|found| found == expected) {
        return Ok(());
    }
    Err(format!(
        "oracle {expected:?}, engine {found:?}, through http {http:?}"
    ))
}

/// `explain` names the winner that `find` returns, ranks every loser after it, and says of each entry that it fits
/// exactly when the oracle, given this entry alone, says so.
pub fn explains(router: &Router<Payload>, request: &Request) -> Result<(), String> {
    request.with(|view| {
        let explanation = router.explain(view);
        let winner = explanation.winner();
        if winner.map(|found| *found.payload) != router.find(view).copied() {
            return Err("the explanation has another winner".to_owned());
        }
        for candidate in explanation.candidates().iter().take(12) {
            let entry = candidate.entry;
            let rank = Rank::new("", 0, 0);
            let alone = Entry::new(entry.matching.clone(), rank, ()).on(entry.hostname.clone());
            let fits = Oracle::new(Options::default(), [alone])
                .find(view)
                .is_some();
            let said = !matches!(candidate.verdict, Verdict::Failed(_));
            let ranked = winner.is_none_or(|winner| !said || winner.precedence <= entry.precedence);
            if fits != said || !ranked || (fits && winner.is_none()) {
                return Err(format!("wrongly explained: {candidate}"));
            }
        }
        Ok(())
    })
}

/// One route set with some requests, then some changes to it with more requests: engine equals oracle throughout,
/// and a copy taken before the changes still answers as it did. Returns the number of requests.
pub fn check(c: &mut impl Choices, requests: usize) -> Result<usize, String> {
    let options = options(c);
    let mut routes = routes(c);
    let mut router = Router::from_routes(options, routes.clone());
    let mut done = 0;
    for round in 0..3 {
        let oracle = self::oracle(options, &routes);
        let kept = (router.clone(), routes.clone());
        for at in 0..requests {
            let request = request(&routes, c);
            let checked = agree(&router, &oracle, &request);
            let checked = if at % 16 == 0 {
                checked.and_then(|()| explains(&router, &request))
            } else {
                checked
            };
            checked.map_err(|problem| {
                format!("{problem}\n{:#}", to_json(&options, &routes, &request))
            })?;
            done += 1;
        }
        // Change some routes, and look that the table before the change has not moved.
        for _ in 0..=c.below(4) {
            match c.below(3) {
                0 if !routes.is_empty() => {
                    let (key, _) = routes.remove(c.below(routes.len()));
                    if !router.remove(&key) || router.remove(&key) {
                        return Err(format!("`{key}` was not removed once"));
                    }
                }
                1 if !routes.is_empty() => {
                    let at = c.below(routes.len());
                    let number = routes[at].1.first().map_or(900, |entry| entry.payload.0);
                    let (_, entries) = route(number, c);
                    routes[at].1 = entries.clone();
                    router.insert(routes[at].0.clone(), entries);
                }
                _ => {
                    let new = route(100 + round * 10 + routes.len(), c);
                    routes.retain(|(key, _)| *key != new.0);
                    routes.push(new.clone());
                    router.insert(new.0, new.1);
                }
            }
        }
        if router.len()
            != routes
                .iter()
                .map(|(_, entries)| entries.len())
                .sum::<usize>()
        {
            return Err("the number of entries is wrong".to_owned());
        }
        for _ in 0..requests / 16 {
            let request = request(&kept.1, c);
            let before = agree(&kept.0, &oracle, &request);
            before.map_err(|problem| {
                format!(
                    "after a change: {problem}\n{:#}",
                    to_json(&options, &kept.1, &request)
                )
            })?;
        }
    }
    Ok(done)
}

fn value_json(value: &ValueMatch) -> Value {
    match value {
        ValueMatch::Exact(text) => json!({"type": "Exact", "value": text}),
        ValueMatch::RegularExpression(pattern) => {
            json!({"type": "RegularExpression", "value": pattern.as_str()})
        }
    }
}

fn named_json(name: &str, value: &ValueMatch) -> Value {
    let mut out = value_json(value);
    out["name"] = name.into();
    out
}

/// A case in the form of `tests/fixtures/routing-regressions.json`.
pub fn to_json(options: &Options, routes: &[Route], request: &Request) -> Value {
    let entry = |entry: &Entry<Payload>| {
        let matching = match &entry.matching {
            Match::Http(http) => json!({
                "path": match &http.path {
                    PathMatch::Any => Value::Null,
                    PathMatch::Exact(path) => json!({"type": "Exact", "value": path}),
                    PathMatch::Prefix(path) => json!({"type": "PathPrefix", "value": path}),
                    PathMatch::RegularExpression(pattern) => json!({"type": "RegularExpression", "value": pattern.as_str()}),
                },
                "method": http.method.as_ref().map(http::Method::as_str),
                "headers": http.headers.iter().map(|h| named_json(h.name.as_str(), &h.value)).collect::<Vec<_>>(),
                "query": http.query.iter().map(|q| named_json(&q.name, &q.value)).collect::<Vec<_>>(),
            }),
            Match::Grpc(grpc) => json!({
                "grpc": {"service": grpc.service.as_ref().map(value_json), "method": grpc.method.as_ref().map(value_json)},
                "headers": grpc.headers.iter().map(|h| named_json(h.name.as_str(), &h.value)).collect::<Vec<_>>(),
            }),
        };
        json!({
            "hostname": entry.hostname.to_string(),
            "own": entry.own_hostname.as_ref().map(ToString::to_string),
            "created": entry.rank.created.map(|at| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()),
            "rule": entry.rank.rule,
            "match": entry.rank.index,
            "matches": matching,
        })
    };
    json!({
        "options": {
            "regexRank": format!("{:?}", options.regex_rank()),
            "hostnameRank": format!("{:?}", options.hostname_rank()),
            "fallback": options.fallback(),
        },
        "routes": routes.iter().map(|(key, entries)| {
            json!({"name": &**key, "entries": entries.iter().map(entry).collect::<Vec<_>>()})
        }).collect::<Vec<_>>(),
        "request": {
            "method": request.method,
            "host": request.host,
            "path": request.path,
            "query": request.query,
            "headers": request.headers.iter()
                .map(|(name, value)| json!([name, String::from_utf8_lossy(value)])).collect::<Vec<_>>(),
        },
    })
}
