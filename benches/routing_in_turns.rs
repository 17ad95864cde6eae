//! How the routing engine compares with its floor and with `matchit`, asked in turns.
//!
//! `cargo bench --bench routing_in_turns` (a part: `cargo bench --bench routing_in_turns -- w3`). The speed of a shared
//! machine changes by half from one moment to the next, so a ratio of two times counts only if both were taken at
//! once: here each round asks every contestant the same number of requests, and what is printed is the median
//! of the rounds' ratios beside the fastest times. Last comes the memory of the table, entries and
//! payloads (of four bytes) in it. `benches/routing.rs` says what the workloads and contestants are.
//! Each answer is asserted.
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
    dead_code,
    clippy::allow_attributes,
    reason = "the workloads are shared"
)]

mod workloads;

use std::hint::black_box;
use std::time::Instant;

use gwapi::routing::{Router, RouterOptions};
use workloads::*;

const SIZES: [usize; 5] = [10, 100, 1000, 10_000, 100_000];
/// Requests of a turn: short enough that a machine keeps its speed during a round.
const TURN: usize = 4096;

type Table = fn(usize) -> (Routes, Vec<Case>);

fn main() {
    let part = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let workloads: [(&str, Table, Table); 4] = [
        ("w1_hosts", w1_table, w1_table),
        ("w2_paths", w2_table, w2_table),
        ("w3_header", |n| w34_table(n, false), w2_table),
        ("w4_query", |n| w34_table(n, true), w2_table),
    ];
    println!(
        "workload         N   floor ns  router ns  matchit ns   router/floor  router/matchit  bytes a rule"
    );
    for (name, table, floor) in workloads {
        if part
            .as_ref()
            .is_none_or(|part| name.contains(part.as_str()))
        {
            for n in SIZES {
                compare(name, n, table, floor);
            }
        }
    }
}

fn compare(name: &str, n: usize, table: Table, floor: Table) {
    let (routes, cases) = table(n);
    let floor_cases = floor(n).1;
    let by_value = cases
        .iter()
        .any(|case| case.header.is_some() || case.query.is_some());
    // Searching a list of N takes as long as N requests.
    let matchit_turn = if by_value {
        (TURN * 4 / n).clamp(16, TURN)
    } else {
        TURN
    };
    let floor = floor_of(&floor_cases);
    let (paths, lists) = match by_value {
        true => (Map::default(), matchit_lists_of(&cases)),
        false => (matchit_of(&routes), Map::default()),
    };
    let rules: usize = routes.iter().map(|(_, entries)| entries.len()).sum();
    let mut router = Router::default();
    let memory = allocation_counter::measure(|| {
        router = Router::from_routes(RouterOptions::default(), table(n).0);
    });
    let memory = memory.bytes_current / i64::try_from(rules).unwrap();
    let (cases, floor_cases) = (shuffled(cases), shuffled(floor_cases));
    let (mut at, mut floor_at, mut matchit_at) = (0, 0, 0);
    let rounds = 200.max(2 * n / TURN);
    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..rounds {
        times[0].push(turn(&floor_cases, &mut floor_at, TURN, |case| {
            ask_floor(&floor, case)
        }));
        times[1].push(turn(&cases, &mut at, TURN, |case| {
            case.with(|view| router.find(view).copied())
        }));
        times[2].push(match by_value {
            true => turn(&cases, &mut matchit_at, matchit_turn, |case| {
                pick_from_list(lists.get(&*case.host)?.at(&case.path).ok()?.value, case)
            }),
            false => turn(&cases, &mut matchit_at, matchit_turn, |case| {
                Some(*paths.get(&*case.host)?.at(&case.path).ok()?.value)
            }),
        });
    }
    let [floor, router, matchit] = &times;
    println!(
        "{name:9} {n:>8} {:>10.1} {:>10.1} {:>11.1} {:>14.2} {:>15.2} {memory:>13}",
        fastest(floor),
        fastest(router),
        fastest(matchit),
        median_ratio(router, floor),
        median_ratio(router, matchit),
    );
}

/// Nanoseconds a request.
#[inline(always)]
fn turn(
    cases: &[Case],
    at: &mut usize,
    requests: usize,
    find: impl Fn(&Case) -> Option<u32>,
) -> f64 {
    let begin = Instant::now();
    for _ in 0..requests {
        let case = &cases[*at];
        *at = if *at + 1 == cases.len() { 0 } else { *at + 1 };
        assert_eq!(find(black_box(case)), case.expected);
    }
    begin.elapsed().as_secs_f64() * 1e9 / requests as f64
}

fn fastest(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median_ratio(of: &[f64], to: &[f64]) -> f64 {
    let mut ratios: Vec<f64> = of.iter().zip(to).map(|(of, to)| of / to).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}
