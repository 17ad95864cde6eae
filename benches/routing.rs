//! How fast the routing engine finds, compiles and changes, beside a floor and `matchit` in the same run.
//!
//! `cargo bench --bench routing` (a part: `cargo bench --bench routing -- w2`). Each iteration asserts its outcome.
//! Requests go to every rule of the table in a shuffled order. The allocation columns show that finding allocates
//! nothing and, for `compile`, the memory of a table.
//!
//! - `floor`: one hash of the host, one hash of the full path: the least that any router could do, without
//!   prefixes, predicates, or reading a host as HTTP demands.
//! - `matchit`: a hash of the host, then `matchit` for the path. Where rules differ in a header or query parameter,
//!   which it does not know, its value is the list of them, searched in order.
//! - `oracle`: the definition, at small sizes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark"
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, SystemTime};

use divan::{AllocProfiler, Bencher};
use gwapi::routing::{
    Entry, HeaderMatch, HostPattern, HttpMatch, Options, Oracle, PathMatch, Pattern, QueryMatch,
    Rank, Router, ValueMatch, View,
};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

const SIZES: [usize; 5] = [10, 100, 1000, 10_000, 100_000];
const SMALL: [usize; 2] = [10, 100];

fn main() {
    divan::main();
}

type Map<V> = HashMap<Box<str>, V, foldhash::fast::RandomState>;
type Routes = Vec<(String, Vec<Entry<u32>>)>;

/// A request and the payload that must be found.
struct Case {
    host: Box<str>,
    path: Box<str>,
    query: Option<Box<str>>,
    header: Option<Box<str>>,
    expected: Option<u32>,
}

impl Case {
    fn new(host: &str, path: &str, expected: Option<u32>) -> Self {
        Self {
            host: host.into(),
            path: path.into(),
            query: None,
            header: None,
            expected,
        }
    }

    #[inline(always)]
    fn with<U>(&self, see: impl FnOnce(&View<'_>) -> U) -> U {
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

fn shuffled(mut cases: Vec<Case>) -> Vec<Case> {
    let mut state = 0x9e37_79b9_u64;
    for at in (1..cases.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        cases.swap(at, (state >> 33) as usize % (at + 1));
    }
    // Laid out anew in the order of use: a request that arrives is warm.
    cases
        .into_iter()
        .map(|case| Case {
            host: String::from(&*case.host).into(),
            path: String::from(&*case.path).into(),
            query: case.query.as_deref().map(|text| String::from(text).into()),
            header: case.header.as_deref().map(|text| String::from(text).into()),
            expected: case.expected,
        })
        .collect()
}

/// Times `find` on one case after the other.
fn run(bencher: Bencher<'_, '_>, cases: Vec<Case>, find: impl Fn(&Case) -> Option<u32>) {
    let cases = shuffled(cases);
    let mut at = 0;
    bencher
        .counter(divan::counter::ItemsCount::new(1_u32))
        .bench_local(|| {
            let case = &cases[at];
            at = if at + 1 == cases.len() { 0 } else { at + 1 };
            let found = find(black_box(case));
            assert_eq!(found, case.expected);
        });
}

fn run_router(bencher: Bencher<'_, '_>, (routes, cases): (Routes, Vec<Case>)) {
    let router = Router::from_routes(Options::default(), routes);
    run(bencher, cases, |case| {
        case.with(|view| router.find(view).copied())
    });
}

fn run_oracle(bencher: Bencher<'_, '_>, (routes, cases): (Routes, Vec<Case>)) {
    let oracle = Oracle::new(
        Options::default(),
        routes.into_iter().flat_map(|(_, entries)| entries),
    );
    run(bencher, cases, |case| {
        case.with(|view| oracle.find(view).copied())
    });
}

fn run_floor(bencher: Bencher<'_, '_>, cases: Vec<Case>) {
    let mut hosts: Map<Map<u32>> = Map::default();
    for case in &cases {
        if let Some(payload) = case.expected {
            hosts
                .entry(case.host.clone())
                .or_default()
                .insert(case.path.clone(), payload);
        }
    }
    run(bencher, cases, |case| {
        hosts.get(&*case.host)?.get(&*case.path).copied()
    });
}

fn run_matchit<V>(
    bencher: Bencher<'_, '_>,
    hosts: &Map<matchit::Router<V>>,
    cases: Vec<Case>,
    pick: impl Fn(&V, &Case) -> Option<u32>,
) {
    run(bencher, cases, |case| {
        let found = hosts.get(&*case.host)?.at(&case.path).ok()?;
        pick(found.value, case)
    });
}

fn matchit_paths<'r>(
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

fn matchit_of(routes: &Routes) -> Map<matchit::Router<u32>> {
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

fn entry(
    host: &HostPattern,
    matching: HttpMatch,
    route: &str,
    rule: usize,
    payload: usize,
) -> Entry<u32> {
    Entry::new(matching, Rank::new(route, rule as u32, 0), payload as u32).on(host.clone())
}

fn host(name: &str) -> HostPattern {
    HostPattern::parse(name).unwrap()
}

const HOST: &str = "shop.example.com";

/// N hosts with three rules each.
fn w1_table(n: usize) -> (Routes, Vec<Case>) {
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
fn w2_table_of(n: usize, rules: usize) -> (Routes, Vec<Case>) {
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

fn w2_table(n: usize) -> (Routes, Vec<Case>) {
    w2_table_of(n, 16)
}

/// One host and path with N rules told apart by the value of a header or of a query parameter.
fn w34_table(n: usize, query: bool) -> (Routes, Vec<Case>) {
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

/// N regular expressions, half with distinct first elements, half with distinct last ones.
fn w5_table(n: usize) -> (Routes, Vec<Case>) {
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
fn w5_middle_table(n: usize) -> (Routes, Vec<Case>) {
    regex_table(n, |at| {
        (
            format!("/api/[0-9]+/svc-{at}/.*"),
            format!("/api/1/svc-{at}/items"),
        )
    })
}

fn regex_table(n: usize, of: impl Fn(usize) -> (String, String)) -> (Routes, Vec<Case>) {
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
fn w6_table(n: usize) -> (Routes, Vec<Case>) {
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
fn w7_table(n: usize) -> (Routes, Vec<Case>) {
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
        entry.rank.created = Some(SystemTime::UNIX_EPOCH + Duration::from_secs((at ^ 5) as u64));
        routes.push((route, vec![entry]));
    }
    let oldest = if n > 5 { 5 } else { 0 };
    let cases = (0..n.min(1000)).map(|at| Case::new(HOST, &format!("/api/{at}"), Some(oldest)));
    (routes, cases.collect())
}

/// A sample is a run of requests long enough that neither the clock nor what the samples before left in caches
/// counts. Where the reference searches a list, a sample is shorter.
macro_rules! workload {
    ($name:ident, $table:expr, $floor:expr, $(matchit: $matchit:expr, $sample:expr,)?) => {
        #[divan::bench_group(sample_size = 4096, sample_count = 60)]
        mod $name {
            use super::*;

            #[divan::bench(args = SIZES)]
            fn floor(bencher: Bencher<'_, '_>, n: usize) {
                run_floor(bencher, $floor(n));
            }

            #[divan::bench(args = SIZES)]
            fn router(bencher: Bencher<'_, '_>, n: usize) {
                run_router(bencher, $table(n));
            }

            $(#[divan::bench(args = SIZES, sample_size = $sample)]
            fn matchit(bencher: Bencher<'_, '_>, n: usize) {
                $matchit(bencher, n);
            })?

            #[divan::bench(args = SMALL, sample_size = 256)]
            fn oracle(bencher: Bencher<'_, '_>, n: usize) {
                run_oracle(bencher, $table(n));
            }
        }
    };
}

fn matchit_by_path(bencher: Bencher<'_, '_>, (routes, cases): (Routes, Vec<Case>)) {
    run_matchit(bencher, &matchit_of(&routes), cases, |payload, _| {
        Some(*payload)
    });
}

/// One path whose value is the list of what matchit cannot tell apart.
fn matchit_by_value(bencher: Bencher<'_, '_>, cases: Vec<Case>) {
    let value = |case: &Case| {
        case.header
            .clone()
            .or_else(|| Some(case.query.as_deref()?.rsplit('=').next()?.into()))
    };
    let list: Vec<(Box<str>, u32)> = cases
        .iter()
        .filter_map(|case| Some((value(case)?, case.expected?)))
        .collect();
    let mut router = matchit::Router::new();
    router.insert("/api/{*rest}", list).unwrap();
    let mut hosts: Map<_> = Map::default();
    hosts.insert(HOST.into(), router);
    run_matchit(bencher, &hosts, cases, |list, case| {
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
    });
}

workload!(w1_hosts, w1_table, |n| w1_table(n).1, matchit: |b, n| matchit_by_path(b, w1_table(n)), 4096,);
workload!(w2_paths, w2_table, |n| w2_table(n).1, matchit: |b, n| matchit_by_path(b, w2_table(n)), 4096,);
// The floor of W3 and W4 is that of a table of N paths (W2): it has no header to look at, and N keys to find.
workload!(w3_header, |n| w34_table(n, false), |n| w2_table(n).1, matchit: |b, n| matchit_by_value(b, w34_table(n, false).1), 16,);
workload!(w4_query, |n| w34_table(n, true), |n| w2_table(n).1, matchit: |b, n| matchit_by_value(b, w34_table(n, true).1), 16,);
workload!(w5_regex, w5_table, |n| w5_table(n).1,);
workload!(w6_miss, w6_table, |n| w6_table(n).1, matchit: |b, n| matchit_by_path(b, w6_table(n)), 4096,);
workload!(w7_ties, w7_table, |n| w7_table(n).1,);

#[divan::bench(args = [10, 100, 1000], sample_size = 16, sample_count = 60)]
fn w5_regex_middle(bencher: Bencher<'_, '_>, n: usize) {
    run_router(bencher, w5_middle_table(n));
}

/// What a request in the `http` crate's form costs more: reading the Host header out of the header map.
#[divan::bench(args = SIZES, sample_size = 4096, sample_count = 60)]
fn w2_paths_http_request(bencher: Bencher<'_, '_>, n: usize) {
    let (routes, cases) = w2_table(n);
    let router = Router::from_routes(Options::default(), routes);
    let cases = shuffled(cases);
    let requests: Vec<_> = cases
        .iter()
        .map(|case| {
            (
                http::Request::get(&*case.path)
                    .header("host", &*case.host)
                    .body(())
                    .unwrap(),
                case.expected,
            )
        })
        .collect();
    let mut at = 0;
    bencher.bench_local(|| {
        let (request, expected) = &requests[at];
        at = if at + 1 == requests.len() { 0 } else { at + 1 };
        assert_eq!(router.find(black_box(request)).copied(), *expected);
    });
}

/// Building a table of 100 000 rules out of entries that are there.
#[divan::bench_group(sample_count = 5, sample_size = 1)]
mod compile_100_000 {
    use super::*;

    const N: usize = 100_000;

    fn router(bencher: Bencher<'_, '_>, table: impl Fn() -> Routes) {
        let case_count = table()
            .iter()
            .map(|(_, entries)| entries.len())
            .sum::<usize>();
        bencher.with_inputs(&table).bench_local_values(|routes| {
            let router = Router::from_routes(Options::default(), routes);
            assert_eq!(router.len(), case_count);
            router
        });
    }

    fn matchit(bencher: Bencher<'_, '_>, table: impl Fn() -> Routes) {
        bencher
            .with_inputs(&table)
            .bench_local_values(|routes| matchit_of(&routes));
    }

    #[divan::bench]
    fn w1_router(bencher: Bencher<'_, '_>) {
        router(bencher, || w1_table(N / 3).0);
    }

    #[divan::bench]
    fn w1_matchit(bencher: Bencher<'_, '_>) {
        matchit(bencher, || w1_table(N / 3).0);
    }

    #[divan::bench]
    fn w2_router(bencher: Bencher<'_, '_>) {
        router(bencher, || w2_table(N).0);
    }

    #[divan::bench]
    fn w2_matchit(bencher: Bencher<'_, '_>) {
        matchit(bencher, || w2_table(N).0);
    }

    #[divan::bench]
    fn w2_router_one_rule_a_route(bencher: Bencher<'_, '_>) {
        router(bencher, || w2_table_of(N, 1).0);
    }

    #[divan::bench]
    fn w3_router(bencher: Bencher<'_, '_>) {
        router(bencher, || w34_table(N, false).0);
    }

    #[divan::bench]
    fn w7_router(bencher: Bencher<'_, '_>) {
        router(bencher, || w7_table(N).0);
    }
}

/// Changing one route of a compiled table whose readers keep the old one. The time includes dropping what the
/// change replaced.
#[divan::bench_group(max_time = 1.0, sample_size = 1, sample_count = 2000)]
mod change_one_route {
    use super::*;

    fn change(bencher: Bencher<'_, '_>, routes: Routes) {
        let mut router = Router::from_routes(Options::default(), routes.clone());
        let rules = router.len();
        let mut at = 0;
        bencher
            .with_inputs(|| {
                at = (at + 7919) % routes.len();
                routes[at].clone()
            })
            .bench_local_values(|(key, entries)| {
                let mut next = router.clone();
                assert!(next.insert(key, entries));
                assert_eq!(next.len(), rules);
                router = next;
            });
    }

    #[divan::bench]
    fn w1_of_100_000_routes(bencher: Bencher<'_, '_>) {
        change(bencher, w1_table(100_000).0);
    }

    #[divan::bench]
    fn w2_of_100_000_routes(bencher: Bencher<'_, '_>) {
        change(bencher, w2_table_of(100_000, 1).0);
    }

    #[divan::bench]
    fn w2_of_6_250_routes_with_16_rules(bencher: Bencher<'_, '_>) {
        change(bencher, w2_table(100_000).0);
    }

    #[divan::bench]
    fn w3_of_100_000_routes(bencher: Bencher<'_, '_>) {
        change(bencher, w34_table(100_000, false).0);
    }

    #[divan::bench]
    fn w7_of_100_000_routes(bencher: Bencher<'_, '_>) {
        change(bencher, w7_table(100_000).0);
    }
}
