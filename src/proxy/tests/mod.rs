//! The answers of the data plane, a test a sentence of the specification.

mod attempts;
mod backends;
mod data_plane;
#[cfg(feature = "tls")]
mod draining;
mod errors;
mod filters;
mod following;
mod message;
mod mirrors;
mod owners;
mod sessions;
mod tables;

use super::*;
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{
            AttachedRoute, BackendAddress, BackendPortKey, BackendProblem, EffectiveBackend,
            EffectiveBackendPort, EffectiveFilters, EffectiveHostname, EffectiveListener,
            EffectiveMirror, EndpointList, GrpcRouteRules, GrpcRule, HttpRouteRules, HttpRule,
            RouteList, RuleProblem, Timeouts,
        },
    },
    backend::DrawError,
    filters::Filters,
    meta::{NamespacedName, ObjectRef, Release, Transport},
    routing,
    v1::{
        Fraction, GrpcHeaderMatch, GrpcRouteMatch, HeaderMatchType, HttpRouteFilter,
        HttpRouteMatch, ProtocolType,
    },
};
use http::{Request, StatusCode, request};
use serde_json::json;
use std::time::Duration;
use std::{cell::Cell, sync::Arc};

fn reference(name: &str) -> ObjectRef {
    ObjectRef {
        group: String::new(),
        kind: "Service".into(),
        namespace: "shop".into(),
        name: name.into(),
    }
}

thread_local! {
    /// The endpoints of all backends of a test.
    static KNOWN: Endpoints = Endpoints::default();
    static PORTS: Cell<u16> = const { Cell::new(1) };
}

/// A port of its own with these endpoints.
fn behind(endpoints: EndpointList) -> BackendPortKey {
    let port = PORTS.get();
    PORTS.set(port + 1);
    let key = BackendPortKey {
        own: None,
        import: false,
        name: NamespacedName::new("shop", "any"),
        transport: Transport::Tcp,
        port,
    };
    KNOWN.with(|known| known.set(key.clone(), endpoints));
    key
}

fn backend(name: &str, weight: u32, ready: &[bool]) -> EffectiveBackend {
    let endpoints = ready
        .iter()
        .enumerate()
        .map(|(index, ready)| BackendAddress::new(format!("10.0.0.{index}"), *ready))
        .collect();
    EffectiveBackend {
        reference: reference(name),
        port: Some(80),
        weight,
        filters: EffectiveFilters::default(),
        target: Ok(Arc::new(EffectiveBackendPort {
            key: behind(EndpointList::at_port(8080, endpoints)),
            app_protocol: None,
            tls: None,
        })),
        session_persistence: None,
    }
}

fn mirror(backend: EffectiveBackend) -> EffectiveMirror {
    EffectiveMirror {
        backend,
        share: Fraction {
            numerator: 100,
            denominator: None,
        },
    }
}

fn missing(name: &str, weight: u32) -> EffectiveBackend {
    let problem = BackendProblem::NotFound {
        reference: reference(name),
        left_out: false,
    };
    EffectiveBackend {
        target: Err(problem),
        ..backend(name, weight, &[])
    }
}

/// Filters as they are written, without the mirrors among them.
fn filters(list: serde_json::Value) -> EffectiveFilters {
    mirroring(list, Vec::new())
}

/// Filters as they are written, with where the mirrors among them lead.
fn mirroring(list: serde_json::Value, mirrors: Vec<EffectiveMirror>) -> EffectiveFilters {
    let list: Vec<HttpRouteFilter> = serde_json::from_value(list).unwrap();
    let compiled = Filters::compile_http(&list).unwrap();
    assert_eq!(compiled.mirrors().len(), mirrors.len());
    EffectiveFilters { compiled, mirrors }
}

/// A mirror as it is written.
fn mirror_filter() -> serde_json::Value {
    json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "any", "port": 80}}})
}

fn none() -> EffectiveFilters {
    EffectiveFilters::default()
}

/// A filter that sets a header of the request, one that sets it in the response.
fn set(name: &str, value: &str) -> [serde_json::Value; 2] {
    let set = json!({"set": [{"name": name, "value": value}]});
    [
        json!({"type": "RequestHeaderModifier", "requestHeaderModifier": set}),
        json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": set}),
    ]
}

fn attached<R>(route: R) -> AttachedRoute<R> {
    AttachedRoute {
        route: Arc::new(route),
        hostnames: Arc::new([EffectiveHostname::default()]),
    }
}

fn route(filters: EffectiveFilters, backends: Vec<EffectiveBackend>) -> HttpRouteRules {
    let rule = HttpRule {
        matches: vec![HttpRouteMatch {
            path: Some(crate::v1::HttpPathMatch {
                value: Some("/cart".into()),
                ..Default::default()
            }),
            ..Default::default()
        }],
        filters,
        backends,
        ..Default::default()
    };
    HttpRouteRules {
        reference: NamespacedName::new("shop", "cart"),
        rules: vec![rule],
        ..Default::default()
    }
}

fn table(filters: EffectiveFilters, backends: Vec<EffectiveBackend>) -> Table {
    table_of(route(filters, backends))
}

/// A listener with these routes.
fn listener(http: RouteList<AttachedRoute<HttpRouteRules>>) -> EffectiveListener {
    EffectiveListener {
        name: "http".into(),
        port: 80,
        protocol: ProtocolType::Http,
        hostname: None,
        yields_to: Vec::new(),
        tls: None,
        http,
        grpc: RouteList::default(),
        tls_routes: RouteList::default(),
        tcp: RouteList::default(),
        udp: RouteList::default(),
    }
}

fn table_of(route: HttpRouteRules) -> Table {
    table_under(route, DataPlaneOptions::default())
}

fn table_under(route: HttpRouteRules, options: DataPlaneOptions) -> Table {
    Table::for_listener(
        &NamespacedName::new("shop", "edge"),
        &listener([attached(route)].into_iter().collect()),
        &KNOWN.with(Clone::clone),
        options,
    )
}

const CONNECTION: Connection = Connection {
    scheme: Scheme::Http,
    port: 80,
};

/// What becomes of a request in one attempt.
enum Decision {
    Forward(Box<Forward>),
    Answer(Box<LocalAnswer>),
}

struct Forward {
    exchange: Exchange,
    attempt: Attempt,
    copies: Vec<Mirrored>,
}

impl Forward {
    fn mirrors(&self) -> impl Iterator<Item = (&str, &request::Parts)> {
        copies(&self.copies)
    }
}

fn copies(mirrors: &[Mirrored]) -> impl Iterator<Item = (&str, &request::Parts)> {
    let mirrors = mirrors.iter();
    mirrors.map(|copy| (copy.backend.reference().name.as_str(), &copy.request))
}

/// Takes a request through an exchange. It is then as it is forwarded.
fn decide(table: &Table, parts: &mut request::Parts, draw: &mut dyn FnMut(u64) -> u64) -> Decision {
    let mut exchange = match table.begin(parts.clone(), CONNECTION, None) {
        Begun::Answer(answer) => return Decision::Answer(Box::new(answer)),
        Begun::Exchange(exchange) => exchange,
    };
    match exchange.attempt(&mut Draws(draw), Duration::ZERO) {
        Attempted::Answer(answer) => Decision::Answer(Box::new(answer)),
        Attempted::Attempt(attempt) => {
            *parts = exchange.head().clone();
            let copies = exchange.copies();
            Decision::Forward(Box::new(Forward {
                exchange,
                attempt,
                copies,
            }))
        }
    }
}

fn ask(path: &str) -> request::Parts {
    Request::get(path)
        .header("host", "shop.example")
        .body(())
        .unwrap()
        .into_parts()
        .0
}

/// The status that each draw over the weights leads to; 200 stands for a backend.
fn statuses(table: &Table, total: u64) -> Vec<u16> {
    (0..total)
        .map(|number| {
            let mut number = Some(number);
            let mut parts = ask("/cart");
            match decide(table, &mut parts, &mut |_| number.take().unwrap_or(0)) {
                Decision::Forward(_) => 200,
                Decision::Answer(answer) => answer.status.as_u16(),
            }
        })
        .collect()
}
