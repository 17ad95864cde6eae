//! Runs every case of `tests/fixtures/routing/*.yaml` on the oracle, the engine and the simulator.
//!
//! A file holds objects (`resources`) and `cases`: a request, what is expected of it, and the sentence of the
//! specification that says so. What a case does not speak of is not looked at, but for mirrors: without
//! `mirrors` there must be none.

use crate::case::{Case, Expect, File, Lines};
use gwapi::{
    attachment::{self, Snapshot, effective::Effective},
    manifest,
    meta::{Channel, NamespacedName, ObjectRef, Release},
    proxy::{DataPlaneOptions, grpc_entries, http_entries},
    routing::{Entry, Oracle, Router, RouterOptions, View},
    sim::{Answer, BackendName, Outcome, Request, RouteMatch, Simulator},
    v1::ProtocolType,
    validation,
};
use http::{HeaderMap, header::HOST};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::Path,
    sync::Arc,
};

#[test]
fn every_case_ends_alike_on_the_oracle_the_engine_and_the_simulator() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/routing");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut tally = Tally::default();
    for path in &paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(
            path.extension().and_then(|e| e.to_str()),
            Some("yaml"),
            "{name}"
        );
        let text = fs::read_to_string(path).unwrap();
        let file: File = match serde_saphyr::from_str(&text) {
            Ok(file) => file,
            Err(error) => {
                tally.failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        tally.files += 1;
        run(&name, &file, &mut tally);
    }
    println!(
        "{} files, {} cases: {} on the simulator, {} of these on the oracle and the engine; {} skipped",
        tally.files, tally.cases, tally.simulated, tally.matched, tally.skipped
    );
    assert!(
        tally.failures.is_empty(),
        "{} failures\n{}",
        tally.failures.len(),
        tally.failures.join("\n")
    );
    assert!(tally.cases > 0 && tally.matched > 0, "nothing was run");
}

/// `tests/fixtures/routing-upstream.md` names a fixture for each upstream test, which has a case for each of its
/// requests.
#[test]
fn every_upstream_scenario_has_its_cases() {
    let table = include_str!("../fixtures/routing-upstream.md");
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| httproute-") || line.starts_with("| grpcroute-"));
    let mut wanted = BTreeMap::<&str, usize>::new();
    for row in rows {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, _, requests, fixture, _] = cells[..] else {
            panic!("{row}");
        };
        *wanted.entry(fixture).or_default() += requests.parse::<usize>().unwrap();
    }
    assert!(wanted.len() > 25, "{wanted:?}");
    for (fixture, requests) in wanted {
        let path = format!(
            "{}/tests/fixtures/routing/{fixture}.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let file: File = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let cases = file.cases.len();
        assert!(cases >= requests, "{fixture}: {cases} cases of {requests}");
    }
}

#[test]
fn an_unknown_field_of_a_case_is_an_error() {
    let file = |field: &str| {
        let text = format!(
            "resources: []\ncases:\n- name: a\n  because: b\n  request: {{url: \"http://a/\"}}\n  expect: {{outcome: refused, status: null, route: null{field}}}\n"
        );
        serde_saphyr::from_str::<File>(&text)
    };
    assert!(file("").is_ok());
    assert!(file(", backends: x").is_err());
}

#[test]
fn a_skip_needs_a_reason() {
    let skipped = |reason: &str| {
        let text = format!(
            "resources: []\ncases:\n- name: a\n  because: b\n  skip: {reason:?}\n  request: {{url: \"http://a/\"}}\n  expect: {{outcome: refused, status: null, route: null}}\n"
        );
        let mut tally = Tally::default();
        run("file", &serde_saphyr::from_str(&text).unwrap(), &mut tally);
        (tally.skipped, tally.failures.len())
    };
    assert_eq!(skipped("not ours to decide"), (1, 0));
    assert_eq!(skipped(" "), (1, 1));
}

#[derive(Default)]
struct Tally {
    files: usize,
    cases: usize,
    simulated: usize,
    matched: usize,
    skipped: usize,
    failures: Vec<String>,
}

fn run(name: &str, file: &File, tally: &mut Tally) {
    let effective = match resolve(file) {
        Ok(effective) => effective,
        Err(problems) => {
            tally
                .failures
                .extend(problems.iter().map(|p| format!("{name}: {p}")));
            return;
        }
    };
    let mut names = BTreeSet::new();
    for case in &file.cases {
        tally.cases += 1;
        let mut fail = |problem: String| {
            tally
                .failures
                .push(format!("{name}: {}: {problem}", case.name));
        };
        if !names.insert(&case.name) {
            fail("two cases of this name".to_owned());
        }
        if case.because.trim().is_empty() {
            fail("it does not say what it follows from".to_owned());
        }
        if let Some(reason) = &case.skip {
            if reason.trim().is_empty() {
                fail("a skip needs a reason".to_owned());
            }
            println!("{name}: {} is skipped: {reason}", case.name);
            tally.skipped += 1;
            continue;
        }
        tally.simulated += 1;
        let release = case.release.as_deref().map(str::parse::<Release>);
        let release = match release.unwrap_or(Ok(Release::default())) {
            Ok(release) => release,
            Err(error) => {
                fail(error.to_string());
                continue;
            }
        };
        let mut simulator =
            Simulator::new(effective.clone(), DataPlaneOptions::for_release(release));
        match check(file, case, &mut simulator) {
            Ok(on_engine) => tally.matched += usize::from(on_engine),
            Err(problem) => fail(problem),
        }
    }
}

/// The objects of a file, which an API server must admit, resolved as those of a set of manifests are.
fn resolve(file: &File) -> Result<Effective, Vec<String>> {
    let admission = validation::ValidationOptions::new(Channel::Experimental);
    let mut snapshot = Snapshot::default();
    let mut problems = Vec::new();
    for resource in &file.resources {
        let report = validation::validate_value(resource, &admission);
        if !report.is_accepted() {
            problems.extend(report.findings().iter().map(|finding| {
                let name = &resource["metadata"]["name"];
                format!("{name}: {}: {}", finding.path(), finding.message())
            }));
        }
        match manifest::decode(resource) {
            Ok(object) => {
                if snapshot.insert(object).is_some() {
                    problems.push(format!("twice: {}", resource["metadata"]));
                }
            }
            Err(error) => problems.push(error.to_string()),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let options = attachment::Options::for_manifests();
    Ok(attachment::resolve(&snapshot, &options).effective)
}

/// Runs one case. Says whether there was a table to ask the oracle and the engine.
fn check(file: &File, case: &Case, simulator: &mut Simulator) -> Result<bool, String> {
    let request = case.request.build(file.gateway.as_deref())?;
    let answer = simulator
        .request(&request, &mut |_| 0)
        .map_err(|e| e.to_string())?;
    let on_engine = matchers(&request, &answer, simulator.effective())?;
    losers(&answer)?;
    compare(&case.expect, &answer)?;
    if let Some(rows) = &case.expect.split {
        let split = simulator
            .split(&request, 1, &mut |_| 0)
            .map_err(|e| e.to_string())?;
        let got: Vec<_> = split
            .split
            .iter()
            .map(|row| {
                (
                    row.backend.as_ref().map(backend),
                    row.status,
                    row.share.clone(),
                )
            })
            .collect();
        let wanted: Vec<_> = rows
            .iter()
            .map(|row| (row.backend.clone(), row.status, row.share.clone()))
            .collect();
        same("split", &got, &wanted)?;
    }
    Ok(on_engine)
}

/// Asks the oracle and the engine with the table of the listener or Service that took the request. Both must
/// name what the simulator names.
fn matchers(request: &Request, answer: &Answer, effective: &Effective) -> Result<bool, String> {
    if answer.status == Some(400) {
        // The host is judged before anything is matched.
        return Ok(false);
    }
    let Some(entries) = entries(request, answer, effective)? else {
        return Ok(false);
    };
    let mut head = request.head();
    if let Some(authority) = head.uri.authority() {
        // It overrides what the client says in its header.
        let authority = authority.as_str().parse().map_err(|e| format!("{e}"))?;
        head.headers.insert(HOST, authority);
    }
    let authority = head.headers.get(HOST).map(|host| host.as_bytes().to_vec());
    let authority = authority.unwrap_or_default();
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let view = View {
        method: request.method.as_str(),
        host: &authority,
        path: request.uri.path(),
        query: request.uri.query(),
        headers: &headers,
    };
    let simulated = answer.route.as_ref().map(place);
    let oracle = Oracle::new(RouterOptions::default(), entries.clone());
    same("oracle", &oracle.find(&view).cloned(), &simulated)?;
    let engine = Router::from_routes(RouterOptions::default(), [("all", entries)]);
    same("engine", &engine.find(&view).cloned(), &simulated)?;
    Ok(true)
}

/// Those that did not win are named once each, and the winner is not among them.
fn losers(answer: &Answer) -> Result<(), String> {
    let mut seen: Vec<Place> = answer.route.iter().map(place).collect();
    for loser in &answer.losers {
        let named = place(&loser.route);
        if seen.contains(&named) {
            return Err(format!("{named:?} did not win, and is named before"));
        }
        seen.push(named);
    }
    Ok(())
}

/// A route with its kind, a rule and a match.
type Place = (String, usize, usize);

fn place(won: &RouteMatch) -> Place {
    let route = format!("{} {}", won.route.kind, slashed(&won.route));
    (route, won.rule, won.match_index)
}

/// The entries of the listener or Service that took the request; none where nobody did, or where no route
/// governs the Service.
fn entries(
    request: &Request,
    answer: &Answer,
    effective: &Effective,
) -> Result<Option<Vec<Entry<Place>>>, String> {
    let mut all = Vec::new();
    let mut problems = Vec::new();
    let every: Arc<[_]> = Arc::new([Default::default()]);
    let (http, grpc): (Vec<_>, Vec<_>) = if let Some(named) = &answer.listener {
        let gateway = &effective
            .gateways
            .get(&named.gateway.namespaced_name())
            .unwrap();
        let listener = gateway
            .listeners
            .iter()
            .find(|listener| listener.name == named.name)
            .expect("the simulator names a listener of the Gateway");
        if !matches!(listener.protocol, ProtocolType::Http | ProtocolType::Https) {
            return Ok(None);
        }
        (
            listener
                .http
                .iter()
                .map(|a| (a.route.clone(), a.hostnames.clone()))
                .collect(),
            listener
                .grpc
                .iter()
                .map(|a| (a.route.clone(), a.hostnames.clone()))
                .collect(),
        )
    } else if let Some(named) = &answer.service {
        let services = match named.kind.as_str() {
            "ServiceImport" => &effective.imports,
            _ => &effective.services,
        };
        let service = services.get(&named.namespaced_name()).unwrap();
        let port = request.port.or(request.uri.port_u16()).unwrap_or(
            if request.uri.scheme_str() == Some("https") {
                443
            } else {
                80
            },
        );
        let client = request
            .client
            .as_ref()
            .map_or(named.namespace.as_str(), |client| &client.namespace);
        (
            service
                .http_routes(port, client)
                .map(|route| (route.clone(), every.clone()))
                .collect(),
            service
                .grpc_routes(port, client)
                .map(|route| (route.clone(), every.clone()))
                .collect(),
        )
    } else {
        return Ok(None);
    };
    let no_routes = http.is_empty() && grpc.is_empty();
    if answer.service.is_some() && (no_routes || request.uri.scheme_str() != Some("http")) {
        // A mesh sees requests in cleartext alone.
        return Ok(None);
    }
    for (route, hostnames) in &http {
        let name = format!("HTTPRoute {}", route.reference);
        let (entries, errors) = http_entries(route, hostnames, |rule| {
            let (name, rule) = (name.clone(), rule.index);
            move |index, _| (name.clone(), rule, index)
        });
        all.extend(entries);
        problems.extend(errors);
    }
    for (route, hostnames) in &grpc {
        let name = format!("GRPCRoute {}", route.reference);
        let (entries, errors) = grpc_entries(route, hostnames, |rule| {
            let (name, rule) = (name.clone(), rule.index);
            move |index, _| (name.clone(), rule, index)
        });
        all.extend(entries);
        problems.extend(errors);
    }
    match problems.first() {
        Some(problem) => Err(problem.to_string()),
        None => Ok(Some(all)),
    }
}

/// Compares an answer with what is said of it.
fn compare(expect: &Expect, answer: &Answer) -> Result<(), String> {
    let outcome = match answer.outcome {
        Outcome::Forwarded => "forwarded",
        Outcome::Redirected => "redirected",
        Outcome::Answered => "answered",
        Outcome::Refused => "refused",
    };
    let why = || format!("\n  {}", answer.why.join("\n  "));
    let told = |result: Result<(), String>| result.map_err(|problem| problem + &why());
    told(same("outcome", &outcome, &expect.outcome.as_str()))?;
    told(same("status", &answer.status, &expect.status))?;
    let route = answer.route.as_ref();
    let named = route.map(|route| match route.route.kind.as_str() {
        "HTTPRoute" => slashed(&route.route),
        kind => format!("{kind} {}", slashed(&route.route)),
    });
    told(same("route", &named, &expect.route))?;
    if let Some(rule) = expect.rule {
        told(same("rule", &route.map(|route| route.rule), &Some(rule)))?;
    }
    if let Some(index) = expect.r#match {
        let got = route.map(|route| route.match_index);
        told(same("match", &got, &Some(index)))?;
    }
    if expect.route.is_some() && (expect.rule.is_none() || expect.r#match.is_none()) {
        return Err("a case that names a route names its rule and match".to_owned());
    }
    if let Some(listener) = &expect.listener {
        let got = answer
            .listener
            .as_ref()
            .map(|named| format!("{}/{}", slashed(&named.gateway), named.name));
        told(same("listener", &got, &Some(listener.clone())))?;
    }
    if let Some(service) = &expect.service {
        let got = answer.service.as_ref().map(slashed);
        told(same("service", &got, &Some(service.clone())))?;
    }
    if let Some(wanted) = &expect.backend {
        told(same(
            "backend",
            &answer.backend.as_ref().map(backend),
            wanted,
        ))?;
    }
    if let Some(wanted) = &expect.endpoint {
        let got = answer
            .endpoint
            .as_ref()
            .map(|endpoint| format!("{}:{}", endpoint.address, endpoint.port));
        told(same("endpoint", &got, &Some(wanted.clone())))?;
    }
    let mirrors: Vec<_> = answer
        .mirrors
        .iter()
        .map(|mirror| backend(&mirror.backend))
        .collect();
    told(same("mirrors", &mirrors, &expect.mirrors))?;
    if let Some(wanted) = &expect.forwarded {
        let got = answer.forwarded.as_ref().ok_or("nothing is forwarded")?;
        let fields = [
            ("method", &got.method, &wanted.method),
            ("scheme", &got.scheme.to_owned(), &wanted.scheme),
            ("host", &got.host, &wanted.host),
            ("path", &got.path, &wanted.path),
            ("protocol", &got.protocol.to_owned(), &wanted.protocol),
        ];
        for (name, got, wanted) in fields {
            if let Some(wanted) = wanted {
                told(same(&format!("forwarded {name}"), got, wanted))?;
            }
        }
        told(headers("forwarded", &got.headers, &wanted.headers))?;
    }
    if let Some(wanted) = &expect.response {
        let got = answer.response.as_ref().ok_or("there is no response")?;
        if let Some(status) = wanted.status {
            told(same("response status", &got.status, &status))?;
        }
        told(headers("response", &got.headers, &wanted.headers))?;
    }
    Ok(())
}

fn headers(
    of: &str,
    got: &HeaderMap,
    wanted: &BTreeMap<String, Option<Lines>>,
) -> Result<(), String> {
    for (name, lines) in wanted {
        let got: Vec<_> = got
            .get_all(name.as_str())
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        let wanted = lines.as_ref().map(Lines::to_vec).unwrap_or_default();
        same(&format!("{of} header `{name}`"), &got, &wanted)?;
    }
    Ok(())
}

fn same<T: PartialEq + fmt::Debug>(what: &str, got: &T, wanted: &T) -> Result<(), String> {
    if got == wanted {
        return Ok(());
    }
    Err(format!("{what}: expected {wanted:?}, got {got:?}"))
}

fn slashed(reference: &ObjectRef) -> String {
    NamespacedName::new(&*reference.namespace, &*reference.name).to_string()
}

/// `namespace/name:port`, and its kind before it where it is no Service.
fn backend(name: &BackendName) -> String {
    let port = name.port.map(|port| format!(":{port}")).unwrap_or_default();
    match name.reference.kind.as_str() {
        "Service" => format!("{}{port}", slashed(&name.reference)),
        kind => format!("{kind} {}{port}", slashed(&name.reference)),
    }
}
