//! What hostile input costs: size, time and peak memory of each kind at one, two and four times the size.
//!
//! `cargo bench --bench hostile` (rows with a word in their name: `cargo bench --bench hostile -- serve`). A row grows
//! linearly where each doubling takes at most 2.3 times as much; rows that do not are marked, and the run then fails.
//! Memory is what the row itself allocates at most. Rows that end in `(command)` run `gwapi` from the same target folder
//! (`cargo build --release -p gwapi-cli` before) and show the most that its process ever held; they are left out where
//! it is not there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark"
)]

use gwapi::{
    attachment::{self, Options, Resolution, Snapshot, SnapshotObject},
    manifest::{self, ReadOptions},
    routing::{
        Entry, HeaderMatch, HostPattern, HttpMatch, Match, PathMatch, QueryMatch, Rank, Router,
        RouterOptions, ValueMatch, View,
    },
    sim::{Request, Simulator},
    validation::{ValidationOptions, validate_value},
};
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    fs,
    io::{Read, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How much more a doubling may take and be called linear.
const LINEAR: f64 = 2.3;

/// What one size of a row cost.
struct Cost {
    size: usize,
    time: Duration,
    peak: u64,
}

/// A row: its name, and the cost at so many times its size; nothing where it cannot be run here.
type Row = (&'static str, fn(usize) -> Option<Cost>);

const ROWS: &[Row] = &[
    ("route of regular expressions", |n| {
        in_process(regular_expressions(n), resolve_and_ask)
    }),
    ("ports and endpoints of a Service", |n| {
        in_process(ports_and_endpoints(n), |text| {
            drop(resolve(text));
        })
    }),
    ("listeners in conflict", |n| {
        in_process(conflicting_listeners(n), |text| {
            for status in resolve(text).statuses.values() {
                let _ = serde_json::to_vec(status).unwrap();
            }
        })
    }),
    ("JSON, an object a line", |n| {
        in_process("{\"kind\":\"A\"}\n".repeat(n * 200_000), stream)
    }),
    ("YAML, an object a line", |n| {
        in_process("---\nkind: A\n".repeat(n * 50_000), stream)
    }),
    ("YAML, documents of nothing", |n| {
        in_process("---\n \n".repeat(n * 200_000), stream)
    }),
    ("JSON, one List", |n| {
        in_process(list(n * 20_000, true), stream)
    }),
    ("YAML, one List", |n| {
        in_process(list(n * 10_000, false), stream)
    }),
    ("JSON, lines without end", |n| {
        in_process("{\"a\": [\n".repeat(n * 100_000), stream)
    }),
    ("router, a header name an entry", header_names),
    ("router, prefixes of slashes", slashes),
    ("router, a long query", long_query),
    ("validate, an object a line (command)", |n| {
        command(
            &["validate", "-f", "-"],
            "{\"kind\":\"A\"}\n".repeat(n * 400_000).into(),
        )
    }),
    ("validate, many files (command)", many_files),
    ("serve, a line without end (command)", |n| {
        command(&["serve", "--stdio"], vec![b'['; n << 25])
    }),
    ("serve, a line of values (command)", |n| {
        let line = format!("{{\"op\": [{}0]}}\n", "[],".repeat(n * 200_000));
        command(&["serve", "--stdio"], line.into())
    }),
];

fn main() -> ExitCode {
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let mut all_linear = true;
    println!("{:<42} {:>12} {:>12} {:>12}", "", "size", "time", "peak");
    for (name, run) in ROWS {
        if wanted
            .as_ref()
            .is_some_and(|wanted| !name.contains(wanted.as_str()))
        {
            continue;
        }
        let costs: Vec<Cost> = [1, 2, 4].into_iter().filter_map(run).collect();
        if costs.len() < 3 {
            println!("{name:<42} left out: the command is not built here");
            continue;
        }
        for cost in &costs {
            println!(
                "{name:<42} {:>9} kB {:>9.1} ms {:>9} kB",
                cost.size / 1_000,
                cost.time.as_secs_f64() * 1e3,
                cost.peak / 1_000
            );
        }
        let linear = costs.windows(2).all(|pair| {
            let slower = pair[1].time.as_secs_f64() / pair[0].time.as_secs_f64();
            let larger = pair[1].peak as f64 / pair[0].peak.max(1) as f64;
            // What takes next to nothing tells nothing.
            (slower <= LINEAR || pair[1].time < Duration::from_millis(2))
                && (larger <= LINEAR || pair[1].peak < 1_000_000)
        });
        if !linear {
            println!("{name:<42} grows faster than linearly");
            all_linear = false;
        }
    }
    if all_linear {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Times what is done with a text, and counts what that allocates.
fn in_process(text: String, work: impl Fn(&str)) -> Option<Cost> {
    let mut time = Duration::ZERO;
    let counted = allocation_counter::measure(|| {
        let start = Instant::now();
        work(&text);
        time = start.elapsed();
    });
    Some(Cost {
        size: text.len(),
        time,
        peak: counted.bytes_max,
    })
}

/// Reads and judges, and keeps nothing.
fn stream(text: &str) {
    let options = ValidationOptions::default();
    let mut count = 0_usize;
    for entry in manifest::stream(text.as_bytes(), &ReadOptions::default()).flatten() {
        count += validate_value(&entry.value, &options).findings().len();
    }
    std::hint::black_box(count);
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
    simulator.request(&request, &mut |_| 0).unwrap();
}

fn lines(objects: impl IntoIterator<Item = Value>) -> String {
    objects.into_iter().fold(String::new(), |mut text, object| {
        writeln!(text, "{object}").unwrap();
        text
    })
}

fn gateway_api(kind: &str, name: &str, spec: Value) -> Value {
    let api_version = "gateway.networking.k8s.io/v1";
    json!({
        "apiVersion": api_version, "kind": kind, "spec": spec,
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": "2024-05-09T12:00:00Z"},
    })
}

/// A valid route with as many patterns as one may have: 16 rules of 8 matches at four times the size, each with 33.
fn regular_expressions(times: usize) -> String {
    let mut number = 0;
    let mut pattern = |separator: &str| {
        number += 1;
        format!("{separator}\\w{{1,30}}x{number}")
    };
    let rules: Vec<Value> = (0..4 * times)
        .map(|_| {
            let matches: Vec<Value> = (0..8)
                .map(|_| {
                    let mut named = |kind: &str| -> Vec<Value> {
                        (0..16)
                            .map(|n| json!({"type": "RegularExpression", "name": format!("{kind}{n}"), "value": pattern("")}))
                            .collect()
                    };
                    let (headers, query) = (named("h"), named("q"));
                    json!({
                        "path": {"type": "RegularExpression", "value": pattern("/")},
                        "headers": headers, "queryParams": query,
                    })
                })
                .collect();
            json!({"matches": matches})
        })
        .collect();
    let listener = json!({"name": "http", "port": 80, "protocol": "HTTP"});
    lines([
        gateway_api(
            "Gateway",
            "g",
            json!({"gatewayClassName": "c", "listeners": [listener]}),
        ),
        gateway_api(
            "HTTPRoute",
            "r",
            json!({"parentRefs": [{"name": "g"}], "rules": rules}),
        ),
    ])
}

/// As many ports as endpoints.
fn ports_and_endpoints(times: usize) -> String {
    let count = times * 250;
    let meta = json!({"name": "s", "labels": {"kubernetes.io/service-name": "s"}});
    let ports = |named: &str| -> Vec<Value> {
        let port = |n: usize| json!({"name": format!("p{n}"), named: n});
        (1..=count).map(port).collect()
    };
    let endpoints: Vec<Value> = (0..count)
        .map(|n| json!({"addresses": [format!("10.0.{}.{}", n / 250, n % 250)]}))
        .collect();
    lines([
        json!({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": ports("port")}}),
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "metadata": meta,
            "ports": ports("port"), "endpoints": endpoints,
        }),
    ])
}

/// Listeners that all want the same port and host.
fn conflicting_listeners(times: usize) -> String {
    let listeners: Vec<Value> = (0..times * 500)
        .map(|n| json!({"name": format!("l{n}"), "port": 80, "protocol": "HTTP", "hostname": "a.example.com"}))
        .collect();
    lines([gateway_api(
        "Gateway",
        "g",
        json!({"gatewayClassName": "c", "listeners": listeners}),
    )])
}

/// A list with so many items.
fn list(count: usize, as_json: bool) -> String {
    if as_json {
        let item =
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"app":"a"}}}"#;
        let items = vec![item; count].join(",\n");
        return format!("{{\"apiVersion\":\"v1\",\"items\":[{items}],\"kind\":\"List\"}}\n");
    }
    let item = "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    labels: {app: a}\n";
    format!("apiVersion: v1\nitems:\n{}kind: List\n", item.repeat(count))
}

/// Many look-ups of one request in a table of these matches.
fn look_up(
    matches: Vec<HttpMatch>,
    path: &str,
    query: Option<&str>,
    headers: &[(&str, &[u8])],
    size: usize,
) -> Option<Cost> {
    const TIMES: u32 = 200;
    let entries = matches.into_iter().zip(0_u32..).map(|(matching, at)| {
        let rank = Rank::new("default/r", at, 0);
        Entry::new(Match::Http(matching), rank, at).on(HostPattern::parse("a.example.com").unwrap())
    });
    let router = Router::from_routes(
        RouterOptions::default(),
        [("default/r".to_owned(), entries.collect::<Vec<_>>())],
    );
    let view = View {
        method: "GET",
        host: b"a.example.com",
        path,
        query,
        headers,
    };
    let start = Instant::now();
    for _ in 0..TIMES {
        std::hint::black_box(router.find(std::hint::black_box(&view)));
    }
    Some(Cost {
        size,
        time: start.elapsed(),
        peak: 0,
    })
}

fn header_names(times: usize) -> Option<Cost> {
    let count = times * 10_000;
    let matches = (0..count).map(|n| HttpMatch {
        headers: vec![HeaderMatch {
            name: format!("x-{n}").parse().unwrap(),
            value: ValueMatch::Exact("1".into()),
        }],
        ..HttpMatch::path(PathMatch::prefix("/"))
    });
    look_up(
        matches.collect(),
        "/",
        None,
        &[("x-7", b"1"), ("x-none", b"1")],
        count * 10,
    )
}

fn slashes(times: usize) -> Option<Cost> {
    let length = times * 512;
    let matches = (0..64).map(|n| {
        let prefix = format!("{}{n}", "/".repeat(length - 3));
        HttpMatch::path(PathMatch::prefix(&prefix))
    });
    look_up(matches.collect(), &"/".repeat(length), None, &[], length)
}

fn long_query(times: usize) -> Option<Cost> {
    let matches = (0..128).map(|n| {
        let query = (0..16).map(|q| QueryMatch {
            name: format!("q{q}").into(),
            value: ValueMatch::Exact(format!("{n}").into()),
        });
        HttpMatch {
            query: query.collect(),
            ..HttpMatch::path(PathMatch::prefix("/"))
        }
    });
    let query = "a=1&".repeat(times * 600);
    look_up(matches.collect(), "/", Some(&query), &[], query.len())
}

/// The command that was built with this bench.
fn binary() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    let path = here.parent()?.parent()?.join("gwapi");
    path.exists().then_some(path)
}

/// Runs the command on an input; the peak is the most that its process held.
fn command(arguments: &[&str], input: Vec<u8>) -> Option<Cost> {
    let size = input.len();
    let mut child = Command::new(binary()?)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let start = Instant::now();
    let (mut stdin, mut stdout) = (child.stdin.take()?, child.stdout.take()?);
    let writing = thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let reading = thread::spawn(move || {
        let mut sink = [0; 1 << 16];
        while stdout.read(&mut sink).is_ok_and(|read| read > 0) {}
    });
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().ok()?.is_none() {
        peak = held(&status).unwrap_or(0).max(peak);
        thread::sleep(Duration::from_millis(2));
    }
    let time = start.elapsed();
    writing.join().ok()?;
    reading.join().ok()?;
    Some(Cost { size, time, peak })
}

/// The most that a process has held so far, in bytes (Linux).
fn held(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn many_files(times: usize) -> Option<Cost> {
    binary()?;
    let folder = std::env::temp_dir().join(format!("gwapi-hostile-{}", std::process::id()));
    let size = write_files(&folder, times * 1_000);
    let cost = command(&["validate", "-f", folder.to_str()?], Vec::new());
    fs::remove_dir_all(&folder).unwrap();
    Some(Cost { size, ..cost? })
}

/// A repository of which a small part concerns the Gateway API.
fn write_files(folder: &Path, count: usize) -> usize {
    fs::create_dir_all(folder).unwrap();
    let mut size = 0;
    for n in 0..count {
        let mut text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}\nspec:\n  template:\n    spec:\n      containers:\n".to_owned();
        for container in 0..60 {
            writeln!(
                text,
                "      - name: c{container}\n        image: registry.example.com/a/b:{n}"
            )
            .unwrap();
        }
        if n % 50 == 0 {
            write!(
                text,
                "---\n{}",
                gateway_api(
                    "HTTPRoute",
                    &format!("r{n}"),
                    json!({"parentRefs": [{"name": "g"}]})
                )
            )
            .unwrap();
        }
        size += text.len();
        fs::write(folder.join(format!("{n}.yaml")), text).expect("a file");
    }
    size
}
