//! Hostile input is refused within bounds, and what is accepted can be decoded.

use crate::support;
use gwapi::{
    meta::Channel,
    validation::{self, ValidationOptions},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// The corpus of the fuzz target `validate_value`.
#[test]
fn the_corpus_of_the_fuzz_target_is_judged() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for folder in [
        "tests/fixtures/fuzz-corpus/validate_value",
        "tests/fixtures/validation",
    ] {
        for file in fs::read_dir(root.join(folder)).unwrap() {
            count += support::hostile::judge(&fs::read(file.unwrap().path()).unwrap());
        }
    }
    assert!(count > 100);
}

#[test]
fn generated_objects_keep_the_laws() {
    for channel in Channel::ALL {
        for index in 0..300 {
            let object = support::object(3, index, channel);
            assert_eq!(support::hostile::judge(object.to_string().as_bytes()), 1);
        }
    }
}

fn within(limit: Duration, bytes: &[u8]) -> usize {
    let start = Instant::now();
    let count = support::hostile::judge(bytes);
    assert!(start.elapsed() < limit, "{:?}", start.elapsed());
    count
}

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn deep_and_wide_objects_are_judged_within_bounds() {
    let route = |spec: Value| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": "a"}, "spec": spec,
        })
    };
    // Deeper than the reader's limit: refused by it.
    let deep = format!(
        "{{\"apiVersion\": {}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(within(LIMIT, deep.as_bytes()), 0);
    // As deep as the reader takes, in a field that nobody knows.
    let mut nested = json!(1);
    for _ in 0..100 {
        nested = json!([nested]);
    }
    let report = validation::validate_value(
        &route(json!({"unheard": nested})),
        &ValidationOptions::default(),
    );
    assert_eq!(report.errors().count(), 1);
    // Far more entries than allowed, in lists that are compared pair by pair.
    let parents: Vec<_> = (0..2_000)
        .map(|n| json!({"name": format!("gw-{n}")}))
        .collect();
    let headers: Vec<_> = (0..2_000)
        .map(|n| json!({"name": format!("h{n}"), "value": "x"}))
        .collect();
    let wide =
        route(json!({"parentRefs": parents, "rules": [{"matches": [{"headers": headers}]}]}));
    assert_eq!(within(LIMIT, wide.to_string().as_bytes()), 1);
    // A text of a megabyte where a path is expected.
    let long = route(json!({"rules": [{"matches": [{"path": {"value": "/a".repeat(500_000)}}]}]}));
    assert_eq!(within(LIMIT, long.to_string().as_bytes()), 1);
    let long = route(json!({"rules": [{"matches": [{"path": {
        "type": "RegularExpression", "value": "(a*)*".repeat(200_000),
    }}]}]}));
    assert_eq!(within(LIMIT, long.to_string().as_bytes()), 1);
}

#[test]
fn a_long_list_is_refused_without_comparing_all_its_pairs() {
    let listeners: Vec<_> = (0..20_000)
        .map(|n| json!({"name": format!("l{n}"), "port": 80, "protocol": "HTTP", "hostname": format!("h{n}.b")}))
        .collect();
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "a"}, "spec": {"gatewayClassName": "c", "listeners": listeners},
    });
    let start = Instant::now();
    let report = validation::validate_value(&gateway, &ValidationOptions::default());
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
    assert!(report.errors().any(|f| f.rule() == "schema/max-items"));
}

/// A character takes four bytes at most, so that whatever is longer is too long for every field.
#[test]
fn a_regular_expression_that_is_longer_than_any_field_takes_is_not_read() {
    let is_read = |length: usize| {
        let path = json!({"type": "RegularExpression", "value": "(".repeat(length)});
        let route = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": "a"}, "spec": {"rules": [{"matches": [{"path": path}]}]},
        });
        let report = validation::validate_value(&route, &ValidationOptions::default());
        assert!(report.errors().any(|f| f.rule() == "schema/max-length"));
        let mut findings = report.findings().iter();
        findings.any(|f| f.rule() == "RegularExpression/compiles")
    };
    assert!(is_read(4 * 4096));
    assert!(!is_read(4 * 4096 + 1));
}
