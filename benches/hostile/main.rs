//! What hostile input costs: size, time and peak memory of each kind at one, two and four times the size.
//!
//! `cargo bench --bench hostile` (rows with a word in their name: `cargo bench --bench hostile -- serve`, and at eight times
//! all sizes: `cargo bench --bench hostile -- serve 8`, to tell caches from squares). A row grows
//! linearly where each doubling takes at most 2.3 times as much; rows that do not, and rows that take more than their bound
//! at four times the size, are marked, and the run then ends with exit code 1. Where the API lets nothing be larger than four
//! times the size, that bound alone counts. Each row asserts what comes of its input, too.
//! Before all rows the bench checks itself: it has to mark what grows with the square, however short it is.
//!
//! Time is that of the processor. Memory is what the row itself allocates at most; rows that begin with the name of a verb
//! run `gwapi` from the same target folder (`cargo build --release -p gwapi-cli` before) and show the most that its process
//! ever held. They are left out where it is not there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark"
)]

mod inputs;
mod measure;
mod router;
mod rows;

use measure::{Cost, MEASURED, least};
use std::{process::ExitCode, time::Duration};

/// How much more a doubling may take and be called linear.
const LINEAR: f64 = 2.3;

/// What takes less memory tells nothing: the command itself takes so much.
const LITTLE_MEMORY: u64 = 16 << 20;

fn main() -> ExitCode {
    let mut asked = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"));
    let (wanted, larger) = (asked.next(), asked.next());
    let larger: usize = larger.map_or(1, |text| text.parse().expect("a number"));
    check_itself();
    let mut good = true;
    println!("{:<60} {:>12} {:>14} {:>12}", "", "size", "time", "peak");
    for row in rows::rows() {
        let name = &row.name;
        if wanted
            .as_ref()
            .is_some_and(|wanted| !name.contains(wanted.as_str()))
        {
            continue;
        }
        let mut costs: Vec<Cost> = Vec::new();
        let mut wrong = None;
        // Others may use the machine, too: of up to three runs the best counts.
        for _ in 0..3 {
            let sizes = [1, 2, 4].map(|n| n * larger);
            let again: Vec<Cost> = sizes.into_iter().filter_map(&row.run).collect();
            if again.len() < 3 {
                break;
            }
            costs = match costs.is_empty() {
                true => again,
                false => costs.iter().zip(again).map(|(a, b)| best(*a, b)).collect(),
            };
            wrong = what_is_wrong(&costs, row.most, row.largest);
            if wrong.is_none() || costs.iter().any(|cost| !cost.expected) {
                break;
            }
        }
        if costs.is_empty() {
            println!("{name:<60} left out: the command is not built here");
            continue;
        }
        for cost in &costs {
            println!(
                "{name:<60} {:>9} kB {:>11.4} ms {:>9} kB",
                cost.size / 1_000,
                cost.time.as_secs_f64() * 1e3,
                cost.peak / 1_000
            );
        }
        if let Some(wrong) = wrong {
            println!("{name:<60} {wrong}");
            good = false;
        }
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Measures work of microseconds that grows with its size, and with the square of it: the bench has to tell them apart.
fn check_itself() {
    fn sum(upto: usize) -> usize {
        (0..upto).fold(0, |sum, n| std::hint::black_box(sum ^ n))
    }
    fn square(size: usize) -> usize {
        (0..size).fold(0, |all, _| std::hint::black_box(all ^ sum(size)))
    }
    let costs = |work: fn(usize) -> usize| -> Vec<Cost> {
        let of_size = |n: usize| {
            let size = 200 * n;
            let (time, measured) = least(|| {
                std::hint::black_box(work(std::hint::black_box(size)));
            });
            Cost {
                size,
                time,
                measured,
                peak: 0,
                expected: true,
            }
        };
        [1, 2, 4].map(of_size).to_vec()
    };
    let marked = |work| (0..3).all(|_| what_is_wrong(&costs(work), (1, 1), None).is_some());
    assert!(marked(square), "what grows with the square is not marked");
    assert!(!marked(sum), "what grows linearly is marked");
}

fn best(a: Cost, b: Cost) -> Cost {
    Cost {
        size: a.size,
        time: a.time.min(b.time),
        measured: a.measured.max(b.measured),
        peak: a.peak.min(b.peak),
        expected: a.expected && b.expected,
    }
}

fn what_is_wrong(
    costs: &[Cost],
    (seconds, megabytes): (u64, u64),
    largest: Option<Duration>,
) -> Option<String> {
    let linear = costs.windows(2).all(|pair| {
        let slower = pair[1].time.as_secs_f64() / pair[0].time.as_secs_f64();
        let larger = pair[1].peak as f64 / pair[0].peak.max(1) as f64;
        (slower <= LINEAR || pair[1].measured < MEASURED)
            && (larger <= LINEAR || pair[1].peak <= LITTLE_MEMORY)
    });
    let last = costs.last()?;
    if costs.iter().any(|cost| !cost.expected) {
        return Some("DOES NOT END as expected".to_owned());
    }
    if let Some(largest) = largest {
        return (last.time > largest).then(|| format!("TAKES MORE than {largest:?}"));
    }
    if !linear {
        return Some("GROWS FASTER than linearly".to_owned());
    }
    let within = last.time <= Duration::from_secs(seconds) && last.peak <= megabytes * 1_000_000;
    (!within).then(|| format!("TAKES MORE than {seconds} s and {megabytes} MB"))
}
