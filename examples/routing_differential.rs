//! Compares the routing engine with its oracle on as many requests as one likes:
//! `cargo run --release --example routing_differential -- 10000000 [first seed]`.
//!
//! A difference is printed as a case for `tests/fixtures/routing-regressions.json`, and the exit code is 1.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test harness"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::allow_attributes,
    reason = "the support module is shared"
)]

#[path = "../tests/support/routing/mod.rs"]
mod cases;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let Ok(wanted) = arguments.next().unwrap_or(Ok(100_000)) else {
        eprintln!("usage: routing_differential [REQUESTS [SEED]]");
        return ExitCode::from(2);
    };
    let first = arguments.next().and_then(Result::ok).unwrap_or(1 << 32);
    let (seed, requests) = (AtomicU64::new(first), AtomicU64::new(0));
    let differs = AtomicBool::new(false);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while requests.load(Ordering::Relaxed) < wanted && !differs.load(Ordering::Relaxed)
                {
                    let seed = seed.fetch_add(1, Ordering::Relaxed);
                    match cases::check(&mut cases::Random(seed), 200) {
                        Ok(done) => _ = requests.fetch_add(done as u64, Ordering::Relaxed),
                        Err(problem) => {
                            differs.store(true, Ordering::Relaxed);
                            println!("seed {seed}: {problem}");
                        }
                    }
                }
            });
        }
    });
    let (requests, sets) = (requests.into_inner(), seed.into_inner() - first);
    let differs = differs.into_inner();
    println!(
        "{requests} requests on {sets} route sets, {} differences",
        u8::from(differs)
    );
    ExitCode::from(u8::from(differs))
}
