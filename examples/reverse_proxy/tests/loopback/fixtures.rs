//! The fixtures of the simulator (`tests/fixtures/routing`) over sockets: the proxy and the simulator get each of their requests,
//! and what they answer and send to backends and mirrors is compared field by field.

#[path = "../../../../tests/routing/case.rs"]
#[expect(
    dead_code,
    reason = "what is expected of a case is what the simulator says"
)]
mod case;

use crate::{
    backends,
    certificates::{Authority, Identity},
    clients::{Client, Tls},
    ways::{is_tls, number, served, server_name, socket},
    world::{Backends, World, script},
};
use case::{Case, File};
use gwapi::{
    attachment::{Options, Snapshot, effective::Effective, resolve},
    manifest,
    routing::RouterOptions,
    sim::{Answer, Outcome, Protocol, Refusal, Request, Simulator},
    v1::TlsModeType,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};
use tokio::time::timeout;

/// What sockets cannot carry: the file, why, and how many of its cases.
const CANNOT: &[(&str, &str, usize)] = &[
    ("app-protocols.yaml", NO_KEY, 4),
    ("hosts.yaml", NOT_WRITTEN, 1),
    ("mesh-basic.yaml", NOBODY, 1),
    ("mesh-frontend.yaml", NOBODY, 1),
    ("mesh-tls-and-transports.yaml", NO_DIFFERENCE, 1),
    ("streams.yaml", BY_OPTIONS, 2),
    ("timeouts.yaml", NO_PATIENCE, 1),
];

/// The certificates of a listener are what its `options` say, and they are the business of an implementation.
const BY_OPTIONS: &str = "the listener has no certificate";
/// A policy names authorities of which nobody has the key.
const NO_KEY: &str = "the backend would need a certificate of an authority whose key nobody has";
const NO_PATIENCE: &str = "the backend takes longer than a test";
const NOBODY: &str = "nobody has the address, so that there is nothing to connect to";
const NO_PROTOCOL: &str = "a port for TCP takes whatever is sent, and knows no protocol";
const NO_DIFFERENCE: &str =
    "endpoints here speak HTTP, and HTTP at a port that HTTPRoutes govern is theirs";
const NOT_WRITTEN: &str = "a client of HTTP does not write such a request";

#[tokio::test]
async fn the_fixtures_of_the_simulator_end_alike_over_sockets() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/routing");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let servers = Authority::new("servers");
    let mut tally = Tally::default();
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let file: File = serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        run(name, &file, &servers, &mut tally).await;
    }
    let Tally {
        compared,
        left_out,
        differences,
    } = tally;
    println!("{} files, {compared} requests compared", paths.len());
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n\n")
    );
    let mut cannot = BTreeMap::new();
    for (file, why, count) in CANNOT {
        cannot.insert(((*file).to_owned(), *why), *count);
    }
    assert_eq!(left_out, cannot);
    assert!(compared > 500, "{compared}");
}

#[derive(Default)]
struct Tally {
    compared: usize,
    left_out: BTreeMap<(String, &'static str), usize>,
    differences: Vec<String>,
}

async fn run(name: &str, file: &File, servers: &Authority, tally: &mut Tally) {
    let requests: Vec<(&Case, Request)> = file
        .cases
        .iter()
        .filter(|case| case.skip.is_none())
        .map(|case| (case, case.request.build(file.gateway.as_deref()).unwrap()))
        .collect();
    let names: BTreeSet<&str> = requests
        .iter()
        .filter_map(|(_, asked)| server_name(asked))
        .collect();
    let identity = servers.server(&names.into_iter().collect::<Vec<_>>());
    let effective = resolved(file, &identity);

    // Where the simulator goes, there is a backend.
    let mut simulator = Simulator::new(effective.clone(), RouterOptions::default());
    let mut endpoints = BTreeSet::new();
    for (_, asked) in &requests {
        let said = simulator.request(asked, &mut |below| 5 % below).unwrap();
        let mirrors = said.mirrors.iter().map(|mirror| &mirror.endpoint);
        let reached = said.endpoint.iter().chain(mirrors);
        endpoints.extend(reached.map(|one| format!("{}:{}", one.address, one.port)));
    }
    let (script, got) = script();
    let mut found = Backends::new();
    let tls = backends::server(&identity);
    for endpoint in endpoints {
        let endpoint: &'static str = endpoint.leak();
        let address = backends::any(endpoint, script.clone(), tls.clone()).await;
        found.insert(endpoint, address);
    }
    let mut world = World::new(effective.clone(), found, (script, got)).await;
    for (case, asked) in &requests {
        let said = world.simulated(asked);
        if let Some(why) = cannot(asked, &said, &effective) {
            *tally.left_out.entry((name.to_owned(), why)).or_insert(0) += 1;
            continue;
        }
        tally.compared += 1;
        let compared = timeout(
            Duration::from_secs(20),
            compare(&mut world, asked, &said, servers),
        );
        let compared = compared
            .await
            .unwrap_or_else(|_| Err("it takes too long".to_owned()));
        if let Err(difference) = compared {
            tally
                .differences
                .push(format!("{name}: {}: {difference}", case.name));
            // What came late is not taken for what the next request sends.
            tokio::time::sleep(Duration::from_millis(100)).await;
            while !world.is_quiet() {}
        }
    }
}

/// What the objects of a file amount to, with certificates in Secrets that clients here trust.
fn resolved(file: &File, identity: &Identity) -> Effective {
    let mut snapshot = Snapshot::default();
    for resource in &file.resources {
        let mut resource = resource.clone();
        if resource["kind"] == "Secret" {
            let own = identity.secret("any");
            resource.as_object_mut().unwrap().remove("data");
            resource["stringData"] = own["stringData"].clone();
        }
        snapshot.insert(manifest::decode(&resource).unwrap());
    }
    resolve(&snapshot, &Options::for_manifests()).effective
}

/// Why sockets cannot carry a request, if they cannot.
fn cannot(asked: &Request, said: &Answer, effective: &Effective) -> Option<&'static str> {
    if said.gateway.is_none() && said.service.is_none() {
        return Some(NOBODY);
    }
    if said.backend_tls.is_some() {
        return Some(NO_KEY);
    }
    if Duration::from(asked.backend.delay) > Duration::from_secs(5) {
        return Some(NO_PATIENCE);
    }
    if said.refusal == Some(Refusal::OtherProtocol) {
        return Some(NO_PROTOCOL);
    }
    let listener = said.listener.as_ref().and_then(|named| {
        let gateway = effective.gateways.get(&named.gateway.namespaced_name())?;
        gateway.listeners.iter().find(|one| one.name == named.name)
    });
    let without = listener
        .and_then(|listener| listener.tls.as_ref())
        .is_some_and(|tls| tls.mode != TlsModeType::Passthrough && tls.certificates.is_empty());
    if is_tls(asked) && without {
        return Some(BY_OPTIONS);
    }
    let head = asked.head();
    let host = head.headers.get("host");
    if asked.protocol == Protocol::Http2
        && host.is_some_and(|host| http::uri::Authority::try_from(host.as_bytes()).is_err())
    {
        return Some(NOT_WRITTEN);
    }
    let by_requests = said.service.as_ref().is_some_and(|service| {
        let service =
            effective.service(&service.namespaced_name(), service.kind == "ServiceImport");
        let client = asked.client.as_ref().map_or("", |client| &client.namespace);
        service.is_some_and(|service| service.http_routes(number(asked), client).next().is_some())
    });
    if by_requests && asked.uri.scheme_str() == Some("tcp") {
        return Some(NO_DIFFERENCE);
    }
    None
}

async fn compare(
    world: &mut World,
    asked: &Request,
    said: &Answer,
    servers: &Authority,
) -> Result<(), String> {
    let context = format!("{asked:?}\n{said:#?}");
    let Some(address) = socket(&mut world.proxy, asked, said).await else {
        return match said.refusal {
            Some(Refusal::NoListener) => Ok(()),
            _ => Err(format!("no port is bound\n{context}")),
        };
    };
    if said.refusal == Some(Refusal::NoListener) && said.gateway.is_some() {
        return Err(format!("a port is bound\n{context}"));
    }
    let tls = Tls {
        trusts: servers.pem(),
        identity: None,
    };
    let by = match asked.uri.scheme_str() {
        Some("udp" | "tcp" | "tls") => served(address, asked, &tls).await,
        // TLS passes through.
        Some("https") if said.outcome == Outcome::Forwarded && said.response.is_none() => {
            served(address, asked, &tls).await
        }
        _ => {
            let connected = Client::connect(asked, address, Some(&tls)).await;
            let Some(mut client) = connected else {
                return refused(said, &context);
            };
            if said.outcome == Outcome::Refused {
                return match client.send(asked, "").await {
                    None => Ok(()),
                    Some(response) => Err(format!("{response:?}\n{context}")),
                };
            }
            return world.compared(&mut client, asked, "").await.map(drop);
        }
    };
    // Backends say that they got a request in what goes through a stream.
    while !world.is_quiet() {}
    match (by, &said.endpoint) {
        (None, _) => refused(said, &context),
        (Some(by), Some(endpoint)) if by == world.name(endpoint) => Ok(()),
        (Some(by), _) => Err(format!("{by} is reached\n{context}")),
    }
}

fn refused(said: &Answer, context: &str) -> Result<(), String> {
    match said.outcome {
        Outcome::Refused => Ok(()),
        _ => Err(format!("refused\n{context}")),
    }
}
