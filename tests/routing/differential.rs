//! The engine equals the oracle.

use gwapi::meta::Age;
use gwapi::routing::{
    Entry, GrpcMatch, HeaderMatch, HostPattern, HostnameRank, HttpMatch, Match, PathMatch, Pattern,
    QueryMatch, Rank, RegexRank, RepeatedHeader, Router, RouterOptions, ValueMatch,
};
use serde_json::Value;

use crate::support::routing::{self as cases, Bytes, Random, Request, Route};

/// For every route set, every request and every sequence of changes, the engine finds what the oracle finds; an
/// older copy keeps answering as it did; `explain` agrees with both. The long run is
/// `cargo run --release --example routing_differential -- 10000000`.
#[test]
fn the_engine_finds_what_the_oracle_finds() {
    const THREADS: u64 = 4;
    let run = |first: u64| {
        let mut requests = 0;
        for seed in (first..).step_by(THREADS as usize) {
            match cases::check(&mut Random(seed), 150) {
                Ok(done) => requests += done,
                Err(problem) => panic!("seed {seed}: {problem}"),
            }
            if requests >= 100_000 / THREADS as usize {
                break;
            }
        }
    };
    std::thread::scope(|scope| {
        for first in 0..THREADS {
            scope.spawn(move || run(first));
        }
    });
}

/// Whatever bytes a fuzzer found worth keeping stay worth a look. The same function as in
/// `fuzz/fuzz_targets/route_match.rs`.
#[test]
fn the_corpus_of_the_fuzz_targets_passes() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/fuzz-corpus/route_match"
    );
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        cases::check(&mut Bytes(&std::fs::read(&file).unwrap()), 4)
            .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        files += 1;
    }
    assert!(files > 0, "{folder} is empty");
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/fuzz-corpus/route_build"
    );
    for file in std::fs::read_dir(folder).unwrap() {
        cases::build::check(&std::fs::read(file.unwrap().path()).unwrap());
    }
}

#[test]
fn what_once_went_wrong_stays_right() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/routing-regressions.json")).unwrap();
    assert!(!cases.is_empty());
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let (options, routes, request) = from_json(case);
        let router = Router::from_routes(options, routes.clone());
        let oracle = cases::oracle(options, &routes);
        cases::agree(&router, &oracle, &request).unwrap_or_else(|e| panic!("{name}: {e}"));
        let found = request.with(|view| {
            router.find_match(view).map(|found| {
                format!(
                    "{}/{}/{}",
                    found.precedence.route(),
                    found.precedence.rule(),
                    found.precedence.index()
                )
            })
        });
        assert_eq!(found.as_deref(), case["expected"].as_str(), "{name}");
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value[key].as_str()
}

fn value(value: &Value) -> Option<ValueMatch> {
    let text = text(value, "value")?;
    Some(match self::text(value, "type") {
        Some("RegularExpression") => ValueMatch::RegularExpression(Pattern::new(text).unwrap()),
        _ => ValueMatch::exact(text),
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn headers(value: &Value) -> Vec<HeaderMatch> {
    let header = |header: &Value| HeaderMatch {
        name: header["name"].as_str().unwrap().parse().unwrap(),
        value: self::value(header).unwrap(),
    };
    list(value).iter().map(header).collect()
}

fn matching(asked: &Value) -> Match {
    if asked["grpc"].is_object() {
        return Match::Grpc(GrpcMatch {
            service: value(&asked["grpc"]["service"]),
            method: value(&asked["grpc"]["method"]),
            headers: headers(&asked["headers"]),
        });
    }
    let path = text(&asked["path"], "value").unwrap_or_default();
    Match::Http(HttpMatch {
        path: match text(&asked["path"], "type") {
            None => PathMatch::Any,
            Some("Exact") => PathMatch::exact(path),
            Some("PathPrefix") => PathMatch::prefix(path),
            Some(_) => PathMatch::RegularExpression(Pattern::new(path).unwrap()),
        },
        method: text(asked, "method").map(|method| method.parse().unwrap()),
        headers: headers(&asked["headers"]),
        query: list(&asked["query"])
            .iter()
            .map(|query| QueryMatch {
                name: text(query, "name").unwrap().into(),
                value: value(query).unwrap(),
            })
            .collect(),
    })
}

fn host(text: &str) -> HostPattern {
    if text == "*" {
        HostPattern::Any
    } else {
        HostPattern::parse(text).unwrap()
    }
}

fn from_json(case: &Value) -> (RouterOptions, Vec<Route>, Request) {
    let mut options = RouterOptions::default();
    match text(&case["options"], "regexRank") {
        Some("First") => options = options.with_regex_rank(RegexRank::First),
        Some("Last") => options = options.with_regex_rank(RegexRank::Last),
        _ => {}
    }
    if text(&case["options"], "hostnameRank") == Some("Effective") {
        options = options.with_hostname_rank(HostnameRank::Effective);
    }
    if text(&case["options"], "repeatedHeader") == Some("AnyLine") {
        options = options.with_repeated_header(RepeatedHeader::AnyLine);
    }
    options = options.with_fallback(case["options"]["fallback"].as_bool().unwrap_or(true));
    let routes = list(&case["routes"]).iter().enumerate().map(|(at, route)| {
        let name = text(route, "name").unwrap();
        let entries = list(&route["entries"]).iter().map(|entry| {
            let number = |key: &str| entry[key].as_u64().unwrap_or(0) as u32;
            let mut rank = Rank::new(name, number("rule"), number("match"));
            let second = entry["created"].as_i64();
            rank.age = second.map_or(Age::UNKNOWN, Age::at_second);
            let payload = (at, number("rule"), number("match"));
            let mut entry_ = Entry::new(matching(&entry["matches"]), rank, payload)
                .on(host(text(entry, "hostname").unwrap_or("*")));
            entry_.own_hostname = text(entry, "own").map(host);
            entry_
        });
        (name.into(), entries.collect())
    });
    let asked = &case["request"];
    let request = Request {
        method: text(asked, "method").unwrap_or("GET").to_owned(),
        host: text(asked, "host").unwrap_or_default().to_owned(),
        path: text(asked, "path").unwrap_or("/").to_owned(),
        query: text(asked, "query").map(str::to_owned),
        headers: list(&asked["headers"])
            .iter()
            .map(|pair| {
                (
                    pair[0].as_str().unwrap().to_owned(),
                    pair[1].as_str().unwrap().as_bytes().to_vec(),
                )
            })
            .collect(),
    };
    (options, routes.collect(), request)
}
