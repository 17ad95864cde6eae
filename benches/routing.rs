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
//! - `as_one_set`: the patterns of W5 as one `regex::RegexSet`.
//!
//! Where the speed of a machine changes between one benchmark and the next, `routing_in_turns` compares better.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes,
    reason = "the workloads are shared"
)]

mod workloads;

use std::hint::black_box;

use divan::{AllocProfiler, Bencher};
use gwapi::routing::{HttpMatch, Match, Oracle, PathMatch, Router, RouterOptions, View};
use workloads::*;

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

const SIZES: [usize; 5] = [10, 100, 1000, 10_000, 100_000];
const SMALL: [usize; 2] = [10, 100];

fn main() {
    divan::main();
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
    let router = Router::from_routes(RouterOptions::default(), routes);
    run(bencher, cases, |case| {
        case.with(|view| router.find(view).copied())
    });
}

fn run_oracle(bencher: Bencher<'_, '_>, (routes, cases): (Routes, Vec<Case>)) {
    let oracle = Oracle::new(
        RouterOptions::default(),
        routes.into_iter().flat_map(|(_, entries)| entries),
    );
    run(bencher, cases, |case| {
        case.with(|view| oracle.find(view).copied())
    });
}

fn run_floor(bencher: Bencher<'_, '_>, cases: Vec<Case>) {
    let floor = floor_of(&cases);
    run(bencher, cases, |case| ask_floor(&floor, case));
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

fn matchit_by_value(bencher: Bencher<'_, '_>, cases: Vec<Case>) {
    let hosts = matchit_lists_of(&cases);
    run_matchit(bencher, &hosts, cases, pick_from_list);
}

workload!(w1_hosts, w1_table, |n| w1_table(n).1, matchit: |b, n| matchit_by_path(b, w1_table(n)), 4096,);
workload!(w2_paths, w2_table, |n| w2_table(n).1, matchit: |b, n| matchit_by_path(b, w2_table(n)), 4096,);
// The floor of W3 and W4 is that of a table of N paths (W2): it has no header to look at, and N keys to find.
workload!(w3_header, |n| w34_table(n, false), |n| w2_table(n).1, matchit: |b, n| matchit_by_value(b, w34_table(n, false).1), 16,);
workload!(w4_query, |n| w34_table(n, true), |n| w2_table(n).1, matchit: |b, n| matchit_by_value(b, w34_table(n, true).1), 16,);
workload!(w5_regex, w5_table, |n| w5_table(n).1,);
workload!(w6_miss, w6_table, |n| w6_table(n).1, matchit: |b, n| matchit_by_path(b, w6_table(n)), 4096,);
workload!(w7_ties, w7_table, |n| w7_table(n).1,);

/// Each entry asks for a header of its own. To be held against `w3_header`, where one header has as many values.
#[divan::bench(args = SIZES, sample_size = 4096, sample_count = 60)]
fn w8_header_names(bencher: Bencher<'_, '_>, n: usize) {
    let (routes, cases) = w8_table(n, false);
    let router = Router::from_routes(RouterOptions::default(), routes);
    run_names(bencher, &cases, |name| {
        let headers: [(&str, &[u8]); 1] = [(name, b"1")];
        let view = View {
            host: HOST.as_bytes(),
            path: "/api/users",
            headers: &headers,
            ..View::default()
        };
        router.find(&view).copied()
    });
}

/// The same with query parameters, to be held against `w4_query`.
#[divan::bench(args = SIZES, sample_size = 4096, sample_count = 60)]
fn w8_parameter_names(bencher: Bencher<'_, '_>, n: usize) {
    let (routes, mut cases) = w8_table(n, true);
    for (name, _) in &mut cases {
        *name = format!("page=2&{name}=1");
    }
    let router = Router::from_routes(RouterOptions::default(), routes);
    run_names(bencher, &cases, |query| {
        let view = View {
            host: HOST.as_bytes(),
            path: "/api/users",
            query: Some(query),
            ..View::default()
        };
        router.find(&view).copied()
    });
}

fn run_names(
    bencher: Bencher<'_, '_>,
    cases: &[(String, u32)],
    find: impl Fn(&str) -> Option<u32>,
) {
    let mut at = 0;
    bencher
        .counter(divan::counter::ItemsCount::new(1_u32))
        .bench_local(|| {
            let (name, expected) = &cases[at];
            at = if at + 1 == cases.len() { 0 } else { at + 1 };
            assert_eq!(find(black_box(name)), Some(*expected));
        });
}

/// What tells the patterns apart lies in the middle, where no index helps.
#[divan::bench(args = [10, 100, 1000], sample_size = 16, sample_count = 60)]
fn w5_regex_middle(bencher: Bencher<'_, '_>, n: usize) {
    run_router(bencher, w5_middle_table(n));
}

/// The patterns of W5 as one set, which says of each whether it fits; the first wins.
#[divan::bench(args = [10, 100, 1000], sample_size = 16, sample_count = 60)]
fn w5_regex_as_one_set(bencher: Bencher<'_, '_>, n: usize) {
    run_set(bencher, w5_table(n));
}

#[divan::bench(args = [10, 100, 1000], sample_size = 16, sample_count = 60)]
fn w5_regex_middle_as_one_set(bencher: Bencher<'_, '_>, n: usize) {
    run_set(bencher, w5_middle_table(n));
}

fn run_set(bencher: Bencher<'_, '_>, (routes, cases): (Routes, Vec<Case>)) {
    let entries = routes.iter().flat_map(|(_, entries)| entries);
    let (patterns, payloads): (Vec<_>, Vec<_>) = entries
        .map(|entry| match &entry.matching {
            Match::Http(HttpMatch {
                path: PathMatch::RegularExpression(pattern),
                ..
            }) => (format!("^(?:{pattern})$"), entry.payload),
            _ => panic!("only regular expressions"),
        })
        .unzip();
    let set = regex::RegexSetBuilder::new(patterns)
        .size_limit(1 << 30)
        .build()
        .unwrap();
    run(bencher, cases, |case| {
        let first = set.matches(&case.path).iter().next()?;
        Some(payloads[first])
    });
}

/// What a request in the `http` crate's form costs more: reading the Host header out of the header map.
#[divan::bench(args = SIZES, sample_size = 4096, sample_count = 60)]
fn w2_paths_http_request(bencher: Bencher<'_, '_>, n: usize) {
    let (routes, cases) = w2_table(n);
    let router = Router::from_routes(RouterOptions::default(), routes);
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
            let router = Router::from_routes(RouterOptions::default(), routes);
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
        let mut router = Router::from_routes(RouterOptions::default(), routes.clone());
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
