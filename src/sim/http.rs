//! Requests of which the host, the path and the headers are seen.

use super::{
    Answer, BackendName, EndpointName, Forwarded, ListenerName, Loser, Mirror, Outcome, Protocol,
    Request, Response, RouteMatch,
};
use crate::{
    attachment::effective::{
        BackendEndpoints, EffectiveGateway, EffectiveListener, EffectiveService,
    },
    meta::{Authority, Duration, ObjectReference},
    proxy::{Connection, Decision, Forward, Scheme, Table, Target},
};
use http::{
    HeaderValue, StatusCode, Uri,
    header::{CONTENT_TYPE, HOST},
    request,
};
use std::collections::HashSet;

/// A request at a listener of protocol HTTP or HTTPS.
pub(super) fn at_listener(
    request: &Request,
    gateway: &EffectiveGateway,
    listener: &EffectiveListener,
    table: &Table,
    why: Vec<String>,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Answer {
    let connection = Connection {
        scheme: scheme(request),
        port: listener.port,
    };
    let mut answer = answer(request, connection, table, why, draw);
    answer.listener = Some(ListenerName {
        gateway: ObjectReference::gateway_api("Gateway", &gateway.name),
        name: listener.name.clone(),
    });
    answer
}

/// A request at a port of a Service that routes govern.
pub(super) fn at_service(
    request: &Request,
    service: &EffectiveService,
    port: u16,
    table: &Table,
    why: Vec<String>,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Answer {
    let connection = Connection {
        scheme: scheme(request),
        port,
    };
    let mut answer = answer(request, connection, table, why, draw);
    answer.service = Some(service.reference());
    answer
}

/// A request in cleartext for a host that no listener of the port serves: no rule is attached for it, which
/// a gRPC client is told in its own form (GRPCRoute `spec.rules[].matches`).
pub(super) fn unserved(request: &Request, port: u16, why: Vec<String>) -> Answer {
    let connection = Connection {
        scheme: scheme(request),
        port,
    };
    answer(request, connection, &Table::default(), why, &mut |_| 0)
}

fn scheme(request: &Request) -> Scheme {
    if request.scheme() == "https" {
        Scheme::Https
    } else {
        Scheme::Http
    }
}

/// The host that the client names: in its `Host` header, else in the URL. None where that is not a host.
pub(super) fn named_host(request: &Request) -> Option<Authority> {
    match request.headers.get(HOST) {
        Some(sent) => Authority::from_bytes(sent.as_bytes()).ok(),
        None => request.authority().ok(),
    }
}

/// The request as it arrives: a path, and in the `Host` header what the client wrote there, else the URL's host and port.
pub(crate) fn parts(request: &Request) -> request::Parts {
    let path = request
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = request.method.clone();
    parts.uri = path.parse().unwrap_or_else(|_| Uri::from_static("/"));
    parts.headers = request.headers.clone();
    if !parts.headers.contains_key(HOST)
        && let Some(authority) = request.uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        parts.headers.insert(HOST, host);
    }
    parts
}

fn answer(
    request: &Request,
    connection: Connection,
    table: &Table,
    why: Vec<String>,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Answer {
    let mut parts = parts(request);
    let mut answer = Answer {
        why,
        ..Answer::new(Outcome::Answered)
    };
    answer.losers = losers(table, &parts);

    match table.decide(&mut parts, connection, draw) {
        Decision::Answer(local) => {
            if let Some(target) = local.target {
                say_rule(&mut answer, target);
            }
            answer.why.push(format!(
                "answered with {}: {}",
                local.status.as_u16(),
                local.why
            ));
            if local.status.is_redirection() {
                answer.outcome = Outcome::Redirected;
            }
            answer.status = Some(local.status.as_u16());
            answer.response = Some(Response {
                status: local.status.as_u16(),
                headers: local.headers,
            });
        }
        Decision::Forward(forward) => {
            say_rule(&mut answer, forward.target);
            say_backend(&mut answer, &forward);
            forwarded(&mut answer, request, &forward, parts);
        }
    }
    let losers: Vec<String> = answer
        .losers
        .iter()
        .map(|loser| {
            let RouteMatch {
                route,
                rule,
                match_index,
            } = &loser.route;
            format!(
                "{route}, rule {rule}, match {match_index} did not win: {}",
                loser.criterion
            )
        })
        .collect();
    answer.why.extend(losers);
    let left_out = table.problems().iter();
    let left_out =
        left_out.map(|(kind, problem)| format!("left out: {}, {problem}", kind.as_str()));
    answer.why.extend(left_out);
    answer
}

/// The matches whose hostname was asked and which did not win, in order of precedence. A match of a route of several
/// hostnames is there once, with the most specific of them, and not at all where another of them won.
fn losers(table: &Table, parts: &request::Parts) -> Vec<Loser> {
    let explanation = table.router().explain(parts);
    let place = |target: &'_ Target| (target.rule().index(), target.match_index());
    let mut seen = HashSet::new();
    if let Some(won) = explanation.winner() {
        seen.insert((won.payload.rule().route(), place(won.payload)));
    }
    let mut losers = Vec::new();
    for candidate in explanation.candidates() {
        let target = candidate.entry.payload;
        if seen.insert((target.rule().route(), place(target))) {
            losers.push(Loser {
                route: RouteMatch::of(target),
                criterion: candidate.reason(),
            });
        }
    }
    losers
}

fn say_rule(answer: &mut Answer, target: &Target) {
    let rule = target.rule();
    answer.why.push(format!(
        "rule {}, match {} of {} wins",
        rule.index(),
        target.match_index(),
        rule.route()
    ));
    answer.route = Some(RouteMatch::of(target));
    answer.choice = rule.choice().clone();
}

fn say_backend(answer: &mut Answer, forward: &Forward<'_>) {
    let rule = forward.target.rule();
    let total = rule.choice().total();
    let weight = forward.backend.weight;
    let port = forward
        .backend
        .port
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    answer.why.push(if rule.backends().len() == 1 {
        format!("its one backend is {}{port}", forward.backend.reference)
    } else {
        format!(
            "of its {} backends {}{port} was drawn, with weight {weight} of {total}",
            rule.backends().len(),
            forward.backend.reference
        )
    });
    let [by_rule, by_backend] = forward.filters();
    let mirrors = by_rule.mirrors.iter().chain(&by_backend.mirrors);
    let unready = mirrors.filter_map(|mirror| mirror.problem());
    for problem in unready {
        answer.why.push(format!("a mirror is left out: {problem}"));
    }
}

/// Fills in what goes to the backend, and what comes back.
fn forwarded(answer: &mut Answer, request: &Request, forward: &Forward<'_>, parts: request::Parts) {
    answer.backend = Some(BackendName::of(forward.backend));
    answer.endpoint = Some(EndpointName::of(forward.endpoint));
    answer.mirrors = forward
        .mirrors
        .iter()
        .map(|copy| Mirror {
            backend: BackendName::of(copy.backend),
            endpoint: EndpointName::of(copy.endpoint),
        })
        .collect();
    let upgrades = forward
        .filters()
        .iter()
        .all(|filters| filters.compiled.passes_upgrade());
    let client = match &request.protocol {
        Protocol::WebSocket if !upgrades => &Protocol::Http1,
        protocol => protocol,
    };
    answer.forwarded = Some(as_sent(client, parts, forward.endpoints));

    let timeouts = forward.target.rule().timeouts();
    let delay = request.backend.delay;
    let passed = |limit: Option<Duration>| limit.filter(|limit| !limit.is_zero() && delay > *limit);
    if let Some(limit) = passed(timeouts.backend_request).or(passed(timeouts.request)) {
        let status = StatusCode::GATEWAY_TIMEOUT.as_u16();
        answer.why.push(format!(
            "the backend takes {delay}, longer than the limit of {limit}"
        ));
        answer.status = Some(status);
        answer.response = Some(Response {
            status,
            headers: http::HeaderMap::new(),
        });
        return;
    }
    let (mut response, ()) = http::Response::new(()).into_parts();
    response.status = request.backend.status;
    response.headers = request.backend.headers.clone();
    if let Err(error) = forward.respond(&mut response) {
        answer
            .why
            .push(format!("the response cannot be changed: {error}"));
        response.status = StatusCode::BAD_GATEWAY;
    }
    answer.outcome = Outcome::Forwarded;
    answer.status = Some(response.status.as_u16());
    answer.response = Some(Response {
        status: response.status.as_u16(),
        headers: response.headers,
    });
}

/// The request as a backend with these endpoints gets it from a client that speaks this.
pub(super) fn as_sent(
    client: &Protocol,
    mut parts: request::Parts,
    backend: &BackendEndpoints,
) -> Forwarded {
    let grpc = parts
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    let host = parts.headers.remove(HOST);
    Forwarded {
        method: parts.method.to_string(),
        scheme: if backend.tls.is_some() {
            "https"
        } else {
            "http"
        },
        host: host
            .map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned())
            .unwrap_or_default(),
        path: parts
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
        protocol: spoken(backend, client, grpc),
        headers: parts.headers,
    }
}

/// What is spoken to a backend: what its `appProtocol` asks for (GEP-1911), else what the client speaks
/// as far as it needs it.
fn spoken(backend: &BackendEndpoints, client: &Protocol, grpc: bool) -> &'static str {
    let tls = backend.tls.is_some();
    match (backend.app_protocol.as_deref(), client) {
        (Some("kubernetes.io/h2c"), _) => "h2c",
        (_, Protocol::WebSocket) => "websocket",
        _ if grpc && tls => "h2",
        _ if grpc => "h2c",
        _ => "http/1.1",
    }
}
