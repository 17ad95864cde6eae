//! How fast an HTTPRoute is judged natively, beside `kube-cel` running the rules of our definition on the same route
//! in the same run, and what a file of routes costs: reading it, and judging what was read.
//!
//! `cargo bench --bench validation`. Both judge by v1.1.0 and by the newest release, with a route that uses what that release has. Each iteration asserts its outcome. `kube-cel` has its schema compiled
//! beforehand and runs the cross-field rules only; the native check runs those, the structural ones, those on metadata,
//! and the warnings. The last lines say, for each release, how many times as long kube-cel takes when both are asked in turns; for the
//! newest release the aim is 100 times, and the line says whether it is reached.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]

use divan::Bencher;
use gwapi::{
    crd, lint, manifest,
    meta::{Channel, Release},
    schema,
    v1::HttpRoute,
    validation::{self, Uses, ValidationOptions},
};
use kube_cel::{CompiledSchema, Validator, compile_schema};
use serde_json::{Value, json};
use std::{fmt::Write, time::Instant};

fn main() {
    divan::main();
    if std::env::args().all(|argument| argument != "--test") {
        for release in releases() {
            in_turns(release);
        }
    }
}

/// The release that most objects were written for, and the newest.
fn releases() -> [Release; 2] {
    [Release::V1_1_0, newest()]
}

fn newest() -> Release {
    *Release::ALL.last().unwrap()
}

/// How many times as long as the native check kube-cel is to take for the newest release.
const AIM: f64 = 100.0;

/// The route judged by both in turns, so that neither has the machine at a better moment.
fn in_turns(release: Release) {
    const TURNS: usize = 200;
    const NATIVE: u32 = 100;
    let route = route(release, true);
    let options = ValidationOptions::of(release, Channel::Standard);
    let (compiled, validator) = (compiled(release), Validator::new());
    let mut ratios: Vec<f64> = (0..TURNS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..NATIVE {
                let report = validation::validate_value(divan::black_box(&route), &options);
                assert!(report.is_accepted());
            }
            let native = start.elapsed() / NATIVE;
            let start = Instant::now();
            let verdict = validator.validate_compiled(&compiled, divan::black_box(&route), None);
            assert!(verdict.is_ok());
            start.elapsed().as_secs_f64() / native.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let [low, middle, high] = [10, 50, 90].map(|percent| ratios[TURNS * percent / 100]);
    let aim = match (release == newest(), middle >= AIM) {
        (false, _) => String::new(),
        (true, true) => format!("; the aim of {AIM} times is reached"),
        (true, false) => format!("; the aim of {AIM} times is missed"),
    };
    println!(
        "in turns, {release}: kube-cel takes {middle:.0} times as long (a tenth of the turns below {low:.0}, above {high:.0}){aim}"
    );
}

/// Our definition's schema with its rules, compiled for `kube-cel`.
fn compiled(release: Release) -> CompiledSchema {
    let installation = schema::find("gateway.networking.k8s.io/v1", "HTTPRoute")
        .unwrap()
        .installation(release, Channel::Standard)
        .unwrap();
    compile_schema(&serde_json::to_value(crd::structural_schema(installation)).unwrap())
}

/// A route as they are for a release: three rules, headers, filters, weights; `valid` or with a redirect beside a backend.
fn route(release: Release, valid: bool) -> Value {
    let mut route = old_route(valid);
    if release == newest() {
        // What the standard channel has got since v1.1.0.
        let rule = &mut route["spec"]["rules"][0];
        rule["name"] = json!("cart");
        rule["timeouts"] = json!({ "request": "10s", "backendRequest": "2s" });
        rule["retry"] = json!({ "attempts": 2, "backoff": "100ms", "codes": [502, 503] });
        rule["filters"][1]["requestMirror"]["percent"] = json!(10);
        let filters = rule["filters"].as_array_mut().unwrap();
        filters.push(json!({ "type": "CORS", "cors": {
            "allowOrigins": ["https://shop.example.com"], "allowMethods": ["GET", "POST"], "maxAge": 600,
        } }));
    }
    route
}

fn old_route(valid: bool) -> Value {
    let backends = json!([
        { "name": "cart-v1", "port": 8080, "weight": 90 },
        { "name": "cart-v2", "port": 8080, "weight": 10 },
    ]);
    let mut last = json!({
        "matches": [{ "path": { "type": "PathPrefix", "value": "/old" } }],
        "filters": [{ "type": "RequestRedirect", "requestRedirect": {
            "path": { "type": "ReplacePrefixMatch", "replacePrefixMatch": "/new" }, "statusCode": 301,
        } }],
    });
    if !valid {
        last["backendRefs"] = backends.clone();
    }
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": "cart", "namespace": "shop", "labels": { "app": "cart" } },
        "spec": {
            "parentRefs": [{ "name": "public", "namespace": "infra", "sectionName": "https" }],
            "hostnames": ["shop.example.com", "*.shop.example.com"],
            "rules": [
                {
                    "matches": [
                        { "path": { "type": "PathPrefix", "value": "/cart" }, "method": "GET" },
                        { "path": { "type": "Exact", "value": "/cart/items" },
                          "headers": [{ "name": "x-canary", "value": "yes" }],
                          "queryParams": [{ "name": "page", "value": "1" }] },
                    ],
                    "filters": [
                        { "type": "RequestHeaderModifier", "requestHeaderModifier": {
                            "set": [{ "name": "x-shop", "value": "cart" }], "remove": ["x-debug"],
                        } },
                        { "type": "RequestMirror", "requestMirror": { "backendRef": { "name": "audit", "port": 80 } } },
                    ],
                    "backendRefs": backends,
                },
                { "matches": [{ "path": { "value": "/static" } }], "backendRefs": [{ "name": "files", "port": 80 }] },
                last,
            ],
        },
    })
}

/// A release, and whether the route is valid.
const CASES: [(&str, bool); 4] = [
    ("v1.1.0", true),
    ("v1.1.0", false),
    ("newest", true),
    ("newest", false),
];

fn release(name: &str) -> Release {
    name.parse().unwrap_or_else(|_| newest())
}

#[divan::bench(args = CASES)]
fn native_value(bencher: Bencher, (name, valid): (&str, bool)) {
    let route = route(release(name), valid);
    let options = ValidationOptions::of(release(name), Channel::Standard);
    bencher.bench(|| {
        let report = validation::validate_value(&route, &options);
        assert_eq!(report.is_accepted(), valid);
        report
    });
}

#[divan::bench(args = [true, false])]
fn native_typed(bencher: Bencher, valid: bool) {
    let route: HttpRoute = serde_json::from_value(old_route(valid)).unwrap();
    bencher.bench(|| {
        let report = validation::validate(&route, Channel::Standard);
        assert_eq!(report.is_accepted(), valid);
        report
    });
}

/// What it costs to find out which release a route is meant for.
#[divan::bench]
fn release_of_a_route(bencher: Bencher) {
    let route = route(newest(), true);
    bencher.bench(|| {
        let mut uses = Uses::new(Channel::Standard);
        uses.add(&route);
        let choice = uses.choice();
        assert_eq!(choice.release, newest());
        choice
    });
}

#[divan::bench(args = CASES)]
fn kube_cel(bencher: Bencher, (name, valid): (&str, bool)) {
    let route = route(release(name), valid);
    let compiled = compiled(release(name));
    let validator = Validator::new();
    bencher.bench_local(|| {
        let verdict = validator.validate_compiled(&compiled, &route, None);
        assert_eq!(verdict.is_ok(), valid);
        verdict
    });
}

/// Routes as a YAML stream, each with a name of its own.
fn stream(count: usize) -> String {
    let mut text = String::new();
    for index in 0..count {
        let mut route = old_route(true);
        route["metadata"]["name"] = json!(format!("cart-{index}"));
        writeln!(text, "---").unwrap();
        yaml(&route, 0, &mut text);
    }
    text
}

/// Writes block YAML, as people do.
fn yaml(value: &Value, depth: usize, text: &mut String) {
    let pad = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if field.is_object() || field.is_array() {
                    writeln!(text, "{pad}{name}:").unwrap();
                    yaml(field, depth + 1, text);
                } else {
                    writeln!(text, "{pad}{name}: {field}").unwrap();
                }
            }
        }
        Value::Array(elements) => {
            for element in elements {
                if element.is_object() {
                    writeln!(text, "{pad}-").unwrap();
                    yaml(element, depth + 1, text);
                } else {
                    writeln!(text, "{pad}- {element}").unwrap();
                }
            }
        }
        scalar => writeln!(text, "{pad}{scalar}").unwrap(),
    }
}

const ROUTES: usize = 10_000;

#[divan::bench(sample_count = 5, sample_size = 1)]
fn read_10_000_routes(bencher: Bencher) {
    let text = stream(ROUTES);
    bencher.bench(|| {
        let read = manifest::read(text.as_bytes(), &manifest::ReadOptions::default());
        assert_eq!(read.entries.len(), ROUTES);
        read
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn judge_10_000_routes(bencher: Bencher) {
    let text = stream(ROUTES);
    let read = manifest::read(text.as_bytes(), &manifest::ReadOptions::default());
    let options = ValidationOptions::new(Channel::Standard);
    bencher.bench(|| {
        let values: Vec<_> = read.entries.iter().map(|e| &e.value).collect();
        let reports: Vec<_> = lint::judge_set(&values, &options).collect();
        assert!(reports.iter().all(validation::Report::is_accepted));
        reports
    });
}
