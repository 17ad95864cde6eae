//! What the library makes of inputs.

use super::{Row, row};
use crate::{inputs, measure::in_process, router};
use gwapi::{
    attachment::{self, Options, Resolution, Resolver, Snapshot, SnapshotObject},
    lint::{self, LintOptions},
    manifest::{self, ReadOptions},
    routing::RouterOptions,
    sim::{Request, Simulator},
    validation::{ValidationOptions, validate_value},
};
use serde_json::json;
use std::time::Duration;

/// What the library makes of it.
pub(super) fn library() -> Vec<Row> {
    vec![
        row("a route of regular expressions", (1, 200), |n| {
            in_process(inputs::regular_expressions(n), resolve_and_ask)
        }),
        row("ports and endpoints of a Service", (1, 100), |n| {
            in_process(inputs::ports_and_endpoints(n), |text| {
                drop(resolve(text));
            })
        }),
        row("listeners in conflict", (1, 100), |n| {
            in_process(inputs::conflicting_listeners(n), |text| {
                for status in resolve(text).statuses.values() {
                    let _ = serde_json::to_vec(status).unwrap();
                }
            })
        }),
        row("JSON, an object a line", (10, 2), |n| {
            let count = n * 200_000;
            in_process("{\"kind\":\"A\"}\n".repeat(count), move |text| {
                stream(text, count);
            })
        }),
        row("YAML, an object a line", (10, 2), |n| {
            let count = n * 50_000;
            in_process("---\nkind: A\n".repeat(count), move |text| {
                stream(text, count);
            })
        }),
        row("YAML, documents of nothing", (10, 2), |n| {
            in_process("---\n \n".repeat(n * 200_000), |text| stream(text, 0))
        }),
        row("JSON, one List", (10, 200), |n| {
            let count = n * 20_000;
            in_process(inputs::list(count, true), move |text| stream(text, count))
        }),
        row("YAML, one List", (10, 200), |n| {
            let count = n * 10_000;
            in_process(inputs::list(count, false), move |text| stream(text, count))
        }),
        row("YAML, one List in one line", (10, 200), |n| {
            let count = n * 10_000;
            in_process(inputs::list_in_one_line(count, false), move |text| {
                stream(text, count);
            })
        }),
        row(
            "JSON after a comment, one List in one line",
            (10, 200),
            |n| {
                let count = n * 10_000;
                in_process(inputs::list_in_one_line(count, true), move |text| {
                    stream(text, count);
                })
            },
        ),
        row("JSON, lines without end", (10, 200), |n| {
            in_process("{\"a\": [\n".repeat(n * 100_000), |text| stream(text, 0))
        }),
        row("routes at many listeners", (20, 500), |n| {
            in_process(inputs::routes_at_many_listeners(n), lint_all)
        }),
        row("redirects to other hosts", (10, 200), |n| {
            in_process(inputs::redirects_to_other_hosts(n), lint_all)
        }),
        row("hosts of another listener", (10, 200), |n| {
            in_process(inputs::hosts_of_another_listener(n), lint_all)
        }),
        row("policies and Gateways", (10, 200), |n| {
            in_process(inputs::policies_and_gateways(n), lint_all)
        }),
        row("policies of many routes", (10, 200), |n| {
            in_process(inputs::policies_of_many_routes(n), lint_all)
        }),
        row("labels of a selector", (10, 200), |n| {
            in_process(inputs::labels_of_a_selector(n), lint_all)
        }),
        row("ports of the mesh", (10, 200), |n| {
            in_process(inputs::ports_of_the_mesh(n), lint_all)
        }),
        row("connections of the mesh", (10, 200), |n| {
            in_process(inputs::connections_of_the_mesh(n), lint_all)
        }),
        row("grants", (10, 200), |n| {
            in_process(inputs::grants(n), lint_all)
        }),
        row(
            "router: a header name an entry",
            (1, 200),
            router::header_names,
        ),
        row(
            "router: header names beside values",
            (1, 200),
            router::names_beside_values,
        ),
        row(
            "router: a parameter name an entry",
            (1, 200),
            router::parameter_names,
        ),
        row("router: prefixes of slashes", (1, 200), router::slashes),
        row(
            "router: prefixes of all lengths",
            (1, 200),
            router::nested_prefixes,
        )
        .with_largest(Duration::from_micros(100)),
        row(
            "router: patterns of slashes",
            (1, 200),
            router::slash_patterns,
        ),
        row("router: a long query", (1, 200), router::long_query),
        row(
            "router: a long query that the table knows",
            (1, 200),
            router::known_query,
        ),
        row(
            "router: lines and commas of a header",
            (1, 200),
            router::header_lines,
        ),
        row("router: cookies", (1, 200), router::cookies),
    ]
}

/// Reads and judges, and keeps nothing.
fn stream(text: &str, objects: usize) {
    let options = ValidationOptions::default();
    let (mut count, mut findings) = (0, 0);
    for entry in manifest::stream(text.as_bytes(), &ReadOptions::default()).flatten() {
        count += 1;
        findings += validate_value(&entry.value, &options).findings().len();
    }
    std::hint::black_box(findings);
    assert_eq!(count, objects);
}

/// Resolves the objects, and looks for what is wrong although each is valid.
fn lint_all(text: &str) {
    let mut resolver = Resolver::new(Options::for_manifests());
    for entry in manifest::stream(text.as_bytes(), &ReadOptions::default()).flatten() {
        resolver.insert(SnapshotObject::from(entry.decode().unwrap()));
    }
    resolver.update();
    let reports = lint::lint(&resolver, &LintOptions::default()).reports;
    std::hint::black_box(reports);
}

fn resolve(text: &str) -> Resolution {
    let mut snapshot = Snapshot::default();
    for entry in manifest::stream(text.as_bytes(), &ReadOptions::default()).flatten() {
        snapshot.insert(SnapshotObject::from(entry.decode().unwrap()));
    }
    attachment::resolve(&snapshot, &Options::for_manifests())
}

fn resolve_and_ask(text: &str) {
    let effective = resolve(text).effective;
    let mut simulator = Simulator::new(effective, RouterOptions::default());
    let request = Request::get("http://a.example.com/aaa").unwrap();
    let answer = simulator.request(&request, &mut |_| 0).unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    assert_ne!(answer["outcome"], json!("forwarded"));
}
