//! Tables and requests by which routing is measured: W1 to W8 of `benches/routing.rs`.

use std::collections::HashMap;

use gwapi::meta::Age;
use gwapi::routing::{
    Entry, HeaderMatch, HostPattern, HttpMatch, PathMatch, Pattern, QueryMatch, Rank, ValueMatch,
    View,
};

pub type Map<V> = HashMap<Box<str>, V, foldhash::fast::RandomState>;
pub type Routes = Vec<(String, Vec<Entry<u32>>)>;

/// A request and the payload that must be found.
pub struct Case {
    pub host: Box<str>,
    pub path: Box<str>,
    pub query: Option<Box<str>>,
    pub header: Option<Box<str>>,
    pub expected: Option<u32>,
}

impl Case {
    pub fn new(host: &str, path: &str, expected: Option<u32>) -> Self {
        Self {
            host: host.into(),
            path: path.into(),
            query: None,
            header: None,
            expected,
        }
    }

    #[inline(always)]
    pub fn with<U>(&self, see: impl FnOnce(&View<'_>) -> U) -> U {
        let header = [(
            "x-tenant",
            self.header.as_deref().unwrap_or_default().as_bytes(),
        )];
        let headers = if self.header.is_some() {
            &header[..]
        } else {
            &[]
        };
        see(&View {
            method: "GET",
            host: self.host.as_bytes(),
            path: &self.path,
            query: self.query.as_deref(),
            headers,
        })
    }
}

pub fn shuffled(mut cases: Vec<Case>) -> Vec<Case> {
    let mut state = 0x9e37_79b9_u64;
    for at in (1..cases.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        cases.swap(at, (state >> 33) as usize % (at + 1));
    }
    // Laid out anew in the order of use: a request that arrives is warm. The old ones must live until all new ones are
    // made, or the allocator reuses their places, which are shuffled.
    cases
        .iter()
        .map(|case| Case {
            host: case.host.clone(),
            path: case.path.clone(),
            query: case.query.clone(),
            header: case.header.clone(),
            expected: case.expected,
        })
        .collect()
}

pub fn matchit_paths<'r>(
    paths: impl Iterator<Item = (&'r str, &'r PathMatch, u32)>,
) -> Map<matchit::Router<u32>> {
    let mut hosts: Map<matchit::Router<u32>> = Map::default();
    for (host, path, payload) in paths {
        let router = hosts.entry(host.into()).or_default();
        match path {
            PathMatch::Exact(path) => router.insert(path.to_string(), payload).unwrap(),
            PathMatch::Prefix(path) => {
                let path = path.trim_end_matches('/');
                router.insert(format!("{path}/{{*rest}}"), payload).unwrap();
            }
            _ => {}
        }
    }
    hosts
}

pub fn matchit_of(routes: &Routes) -> Map<matchit::Router<u32>> {
    let entries = routes.iter().flat_map(|(_, entries)| entries);
    matchit_paths(entries.map(|entry| {
        let HostPattern::Exact(host) = &entry.hostname else {
            panic!("only exact hosts")
        };
        let gwapi::routing::Match::Http(http) = &entry.matching else {
            panic!("only HTTP")
        };
        (&**host, &http.path, entry.payload)
    }))
}

pub fn entry(
    host: &HostPattern,
    matching: HttpMatch,
    route: &str,
    rule: usize,
    payload: usize,
) -> Entry<u32> {
    Entry::new(matching, Rank::new(route, rule as u32, 0), payload as u32).on(host.clone())
}

pub fn host(name: &str) -> HostPattern {
    HostPattern::parse(name).unwrap()
}

pub const HOST: &str = "shop.example.com";

/// N hosts with three rules each.
pub fn w1_table(n: usize) -> (Routes, Vec<Case>) {
    let (mut routes, mut cases) = (Vec::new(), Vec::new());
    for at in 0..n {
        let name = format!("h{at}.example.com");
        let host = host(&name);
        let route = format!("default/route-{at}");
        let rules = [
            (PathMatch::prefix("/api/v1"), "/api/v1/users/7"),
            (PathMatch::exact("/login/now"), "/login/now"),
            (PathMatch::prefix("/"), "/other/page"),
        ];
        let mut entries = Vec::new();
        for (rule, (path, asked)) in rules.into_iter().enumerate() {
            let payload = at * 3 + rule;
            entries.push(entry(&host, HttpMatch::path(path), &route, rule, payload));
            cases.push(Case::new(&name, asked, Some(payload as u32)));
        }
        routes.push((route, entries));
    }
    (routes, cases)
}

/// One host with N rules on paths of their own, `rules` a route, half Exact and half PathPrefix.
pub fn w2_table_of(n: usize, rules: usize) -> (Routes, Vec<Case>) {
    let host = host(HOST);
    let (mut routes, mut cases): (Routes, _) = (Vec::new(), Vec::new());
    for at in 0..n {
        let path = format!("/team{}/service-{at}", at / 256);
        if at % rules == 0 {
            routes.push((format!("default/route-{}", at / rules), Vec::new()));
        }
        let (route, entries) = routes.last_mut().expect("begun above");
        let (path, asked) = if at % 2 == 0 {
            (PathMatch::exact(&path), path)
        } else {
            (PathMatch::prefix(&path), format!("{path}/items/42"))
        };
        entries.push(entry(&host, HttpMatch::path(path), route, at % rules, at));
        cases.push(Case::new(HOST, &asked, Some(at as u32)));
    }
    (routes, cases)
}

pub fn w2_table(n: usize) -> (Routes, Vec<Case>) {
    w2_table_of(n, 16)
}

/// One host and path with N rules told apart by the value of a header or of a query parameter.
pub fn w34_table(n: usize, query: bool) -> (Routes, Vec<Case>) {
    let host = host(HOST);
    let (mut routes, mut cases) = (Vec::new(), Vec::new());
    for at in 0..n {
        let value = format!("tenant-{at}");
        let mut matching = HttpMatch::path(PathMatch::prefix("/api"));
        let mut case = Case::new(HOST, "/api/users", Some(at as u32));
        if query {
            matching.query.push(QueryMatch {
                name: "tenant".into(),
                value: ValueMatch::exact(&value),
            });
            case.query = Some(format!("page=2&tenant={value}").into());
        } else {
            let name = http::HeaderName::from_static("x-tenant");
            matching.headers.push(HeaderMatch {
                name,
                value: ValueMatch::exact(&value),
            });
            case.header = Some(value.into());
        }
        let route = format!("default/route-{at}");
        let entries = vec![entry(&host, matching, &route, 0, at)];
        routes.push((route, entries));
        cases.push(case);
    }
    (routes, cases)
}

/// N routes on one path, each with a header or a query parameter of its own, and its name for each payload.
pub fn w8_table(n: usize, query: bool) -> (Routes, Vec<(String, u32)>) {
    let host = host(HOST);
    let (mut routes, mut cases) = (Vec::new(), Vec::new());
    for at in 0..n {
        let name = format!("x-tenant-{at}");
        let mut matching = HttpMatch::path(PathMatch::prefix("/api"));
        let value = ValueMatch::exact("1");
        if query {
            let name = name.as_str().into();
            matching.query.push(QueryMatch { name, value });
        } else {
            let name = name.parse().unwrap();
            matching.headers.push(HeaderMatch { name, value });
        }
        let route = format!("default/route-{at}");
        let entries = vec![entry(&host, matching, &route, 0, at)];
        routes.push((route, entries));
        cases.push((name, at as u32));
    }
    // In an order without a pattern, as `shuffled`.
    let place = |at: u32| (u64::from(at).wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 32;
    cases.sort_by_key(|(_, at)| place(*at));
    let cases = cases.iter().map(|(name, at)| (name.clone(), *at)).collect();
    (routes, cases)
}

/// N regular expressions, half with distinct first elements, half with distinct last ones.
pub fn w5_table(n: usize) -> (Routes, Vec<Case>) {
    regex_table(n, |at| match at % 2 {
        0 => (
            format!("/svc-{at}/[0-9]+/items"),
            format!("/svc-{at}/42/items"),
        ),
        _ => (
            format!("/api/v[0-9]+/svc-{at}"),
            format!("/api/v1/svc-{at}"),
        ),
    })
}

/// N regular expressions with what tells them apart in the middle: no index helps.
pub fn w5_middle_table(n: usize) -> (Routes, Vec<Case>) {
    regex_table(n, |at| {
        (
            format!("/api/[0-9]+/svc-{at}/.*"),
            format!("/api/1/svc-{at}/items"),
        )
    })
}

pub fn regex_table(n: usize, of: impl Fn(usize) -> (String, String)) -> (Routes, Vec<Case>) {
    let host = host(HOST);
    let (mut routes, mut cases) = (Vec::new(), Vec::new());
    for at in 0..n {
        let (pattern, path) = of(at);
        let matching = HttpMatch::path(PathMatch::RegularExpression(
            Pattern::new(&pattern).unwrap(),
        ));
        let route = format!("default/route-{at}");
        let entries = vec![entry(&host, matching, &route, 0, at)];
        routes.push((route, entries));
        cases.push(Case::new(HOST, &path, Some(at as u32)));
    }
    (routes, cases)
}

/// The table of W2 asked for what it does not have: other hosts, paths beside and above its own.
pub fn w6_table(n: usize) -> (Routes, Vec<Case>) {
    let (routes, _) = w2_table(n);
    let cases = (0..n).map(|at| match at % 3 {
        0 => Case::new(
            &format!("h{at}.example.com"),
            &format!("/team0/service-{at}"),
            None,
        ),
        1 => Case::new(
            HOST,
            &format!("/team{}/service-{at}x/items", at / 256),
            None,
        ),
        _ => Case::new(HOST, &format!("/other{at}/a/b/c"), None),
    });
    (routes, cases.collect())
}

/// N routes that ask for the same and differ in age.
pub fn w7_table(n: usize) -> (Routes, Vec<Case>) {
    let host = host(HOST);
    let mut routes = Vec::new();
    for at in 0..n {
        let route = format!("default/route-{at}");
        let mut entry = entry(
            &host,
            HttpMatch::path(PathMatch::prefix("/api")),
            &route,
            0,
            at,
        );
        entry.rank.age = Age::at_second((at ^ 5) as i64);
        routes.push((route, vec![entry]));
    }
    let oldest = if n > 5 { 5 } else { 0 };
    let cases = (0..n.min(1000)).map(|at| Case::new(HOST, &format!("/api/{at}"), Some(oldest)));
    (routes, cases.collect())
}

/// The least that any router could do: a hash of the host, then one of the full path.
pub fn floor_of(cases: &[Case]) -> Map<Map<u32>> {
    let mut hosts: Map<Map<u32>> = Map::default();
    for case in cases {
        if let Some(payload) = case.expected {
            let paths = hosts.entry(case.host.clone()).or_default();
            paths.insert(case.path.clone(), payload);
        }
    }
    hosts
}

#[inline(always)]
pub fn ask_floor(floor: &Map<Map<u32>>, case: &Case) -> Option<u32> {
    floor.get(&*case.host)?.get(&*case.path).copied()
}

/// What matchit cannot tell apart: values of a header or query parameter, with their payloads.
pub type List = Vec<(Box<str>, u32)>;

/// One path whose value is the list of what matchit cannot tell apart.
pub fn matchit_lists_of(cases: &[Case]) -> Map<matchit::Router<List>> {
    let value = |case: &Case| {
        case.header
            .clone()
            .or_else(|| Some(case.query.as_deref()?.rsplit('=').next()?.into()))
    };
    let list: List = cases
        .iter()
        .filter_map(|case| Some((value(case)?, case.expected?)))
        .collect();
    let mut router = matchit::Router::new();
    router.insert("/api/{*rest}", list).unwrap();
    let mut hosts: Map<_> = Map::default();
    hosts.insert(HOST.into(), router);
    hosts
}

/// The first of the list that has the value of the request.
pub fn pick_from_list(list: &List, case: &Case) -> Option<u32> {
    let asked = match (&case.header, &case.query) {
        (Some(header), _) => &**header,
        (None, Some(query)) => query
            .split('&')
            .find_map(|pair| pair.strip_prefix("tenant="))?,
        (None, None) => return None,
    };
    list.iter()
        .find(|(value, _)| **value == *asked)
        .map(|(_, payload)| *payload)
}
