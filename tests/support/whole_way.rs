//! What must hold of any manifests and requests: shared by the fuzz target `whole_way` and the test that replays its corpus.
#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "shared by tests and a fuzz target"
)]

use gwapi::{
    attachment::{self, Options, Snapshot},
    manifest::{self, Limits, ReadOptions},
    routing::RouterOptions,
    sim::{Request, Simulator},
};

/// Reads manifests up to a line of `===`, and a URL a line after it; resolves the objects, and sends each request. Returns
/// how many requests were answered.
///
/// - Every status and every answer can be written as JSON.
/// - Objects that come in another order mean the same.
/// - The same request gets the same answer again.
pub(crate) fn check(bytes: &[u8]) -> usize {
    let (manifests, requests) = halves(bytes);
    let mut limits = Limits::default();
    limits.max_values = 20_000;
    limits.max_objects = 500;
    let read = manifest::read(manifests, &ReadOptions::default().with_limits(limits));
    let (objects, _) = read.decode();
    let mut forward = Snapshot::default();
    let mut names = std::collections::HashSet::new();
    let mut distinct = true;
    for decoded in &objects {
        let object = attachment::SnapshotObject::from(decoded.object.clone());
        distinct &= names.insert(object.reference());
        forward.insert(object);
    }
    let options = Options::for_manifests();
    let resolution = attachment::resolve(&forward, &options);
    for status in resolution.statuses.values() {
        serde_json::to_value(status).expect("a status is JSON");
    }
    // Of two objects with one name the last counts.
    if distinct {
        let mut backward = Snapshot::default();
        for decoded in objects.into_iter().rev() {
            backward.insert(attachment::SnapshotObject::from(decoded.object));
        }
        let again = attachment::resolve(&backward, &options);
        assert!(
            again.statuses == resolution.statuses,
            "the order of objects matters"
        );
        assert!(
            again.effective == resolution.effective,
            "the order of objects matters"
        );
    }

    let mut simulator = Simulator::new(resolution.effective, RouterOptions::default());
    let mut answered = 0;
    for line in String::from_utf8_lossy(requests).lines().take(20) {
        let Ok(request) = Request::get(line.trim()) else {
            continue;
        };
        let mut ask = || {
            let answer = simulator.request(&request, &mut |below| below.saturating_sub(1));
            answer.map(|answer| serde_json::to_value(answer).expect("an answer is JSON"))
        };
        match (ask(), ask()) {
            (Ok(one), Ok(two)) => {
                assert_eq!(one, two, "the same request has the same answer");
                let status = one.get("status").and_then(serde_json::Value::as_u64);
                assert!(
                    status.is_none_or(|status| (100..1_000).contains(&status)),
                    "{one}"
                );
                answered += 1;
            }
            (one, two) => assert_eq!(one.is_err(), two.is_err()),
        }
    }
    answered
}

/// What stands before the first line of `===`, and what stands after it.
fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    const LINE: &[u8] = b"\n===\n";
    match bytes.windows(LINE.len()).position(|window| window == LINE) {
        Some(at) => {
            let (before, after) = bytes.split_at(at);
            (before, after.get(LINE.len()..).unwrap_or_default())
        }
        None => (bytes, &[]),
    }
}
