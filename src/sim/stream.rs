//! Connections of which no more than the port and perhaps the SNI is seen.

use super::{
    Answer, BackendName, EndpointName, ListenerName, Outcome, Request, Response, RouteMatch,
};
use crate::{
    attachment::effective::{
        AttachedRoute, BackendEndpoints, ConnectionRouteRules, EffectiveGateway, EffectiveListener,
        EffectiveService, Endpoint,
    },
    backend::WeightedChoice,
    meta::ObjectReference,
    proxy::{ready_endpoint, sni_table},
    routing::HostnameRank,
    v1::ProtocolType,
};

/// A connection at a listener of protocol TLS, TCP or UDP.
pub(super) fn at_listener(
    request: &Request,
    gateway: &EffectiveGateway,
    listener: &EffectiveListener,
    hostname_rank: HostnameRank,
    why: Vec<String>,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Answer {
    let mut answer = Answer {
        why,
        ..Answer::new(Outcome::Refused)
    };
    answer.listener = Some(ListenerName {
        gateway: ObjectReference::gateway_api("Gateway", &gateway.name),
        name: listener.name.clone(),
    });
    let (kind, route) = match listener.protocol {
        ProtocolType::Tls => {
            let sni = request.sni.clone().unwrap_or_else(|| request.host());
            let table = sni_table(&listener.tls_routes, hostname_rank, |route| route);
            // Where TLS is terminated, a TCPRoute takes what no SNI of a TLSRoute matches.
            match (table.find(Some(&sni)).copied(), first(&listener.tcp)) {
                (None, Some(tcp)) => ("TCPRoute", Some(tcp)),
                (found, _) => ("TLSRoute", found),
            }
        }
        ProtocolType::Udp => ("UDPRoute", first(&listener.udp)),
        _ => ("TCPRoute", first(&listener.tcp)),
    };
    match route {
        Some(route) => through(&mut answer, kind, route, draw),
        None => answer
            .why
            .push(format!("no {kind} at the listener takes the connection")),
    }
    answer
}

/// A connection to a port of a Service under no HTTPRoute or GRPCRoute.
pub(super) fn at_service(
    request: &Request,
    service: &EffectiveService,
    port: u16,
    client_namespace: &str,
    why: Vec<String>,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Answer {
    let mut answer = Answer {
        why,
        ..Answer::new(Outcome::Refused)
    };
    answer.service = Some(service.reference());
    let governing = if request.scheme() == "udp" {
        service
            .udp_routes(port, client_namespace)
            .next()
            .map(|route| ("UDPRoute", route))
    } else {
        let tls = matches!(request.scheme(), "tls" | "https")
            .then(|| service.tls_routes(port, client_namespace).next())
            .flatten();
        tls.map(|route| ("TLSRoute", route)).or_else(|| {
            service
                .tcp_routes(port, client_namespace)
                .next()
                .map(|route| ("TCPRoute", route))
        })
    };
    if let Some((kind, route)) = governing {
        through(&mut answer, kind, route, draw);
        return answer;
    }
    // A request that no route governs goes to the Service itself (GEP-1426).
    let name = service.reference();
    answer.why.push(format!(
        "no route with {name} as its parent governs port {port}: the request goes to the Service itself"
    ));
    let Some(port) = service.port(port) else {
        return answer;
    };
    match &port.target {
        Err(problem) => answer.why.push(problem.to_string()),
        Ok(endpoints) => match ready_endpoint(endpoints, draw) {
            None => answer
                .why
                .push(format!("{name} has no endpoint that is ready")),
            Some(endpoint) => {
                answer.outcome = Outcome::Forwarded;
                answer.backend = Some(BackendName {
                    reference: name,
                    port: Some(port.port),
                });
                answer.endpoint = Some(EndpointName::of(endpoint));
                if matches!(request.scheme(), "http" | "https") {
                    untouched(&mut answer, request, endpoints);
                }
            }
        },
    }
    answer
}

/// A request to the own address of an endpoint.
pub(super) fn at_endpoint(
    request: &Request,
    endpoint: Endpoint<'_>,
    endpoints: &BackendEndpoints,
    mut why: Vec<String>,
) -> Answer {
    why.push(format!(
        "`{}` is the address of an endpoint, which no route governs",
        endpoint.address
    ));
    let mut answer = Answer {
        why,
        ..Answer::new(Outcome::Forwarded)
    };
    answer.endpoint = Some(EndpointName::of(endpoint));
    if matches!(request.scheme(), "http" | "https") {
        untouched(&mut answer, request, endpoints);
    }
    answer
}

/// A request that reaches a Service as it was sent.
fn untouched(answer: &mut Answer, request: &Request, endpoints: &BackendEndpoints) {
    let parts = super::http::parts(request);
    let status = request.backend.status.as_u16();
    answer.forwarded = Some(super::http::as_sent(&request.protocol, parts, endpoints));
    answer.status = Some(status);
    answer.response = Some(Response {
        status,
        headers: request.backend.headers.clone(),
    });
}

/// The one TCPRoute or UDPRoute of a listener: attachment rejects the others.
fn first(routes: &[AttachedRoute<ConnectionRouteRules>]) -> Option<&ConnectionRouteRules> {
    routes.first().map(|attached| &*attached.route)
}

/// Takes a connection through the first rule of a route: such rules have no matches.
fn through(
    answer: &mut Answer,
    kind: &str,
    route: &ConnectionRouteRules,
    draw: &mut dyn FnMut(u64) -> u64,
) {
    let Some(rule) = route.rules.first() else {
        answer
            .why
            .push(format!("{kind} {} has no rule", route.reference));
        return;
    };
    answer.route = Some(RouteMatch {
        route: ObjectReference::gateway_api(kind, &route.reference),
        rule: rule.index,
        match_index: 0,
    });
    answer
        .why
        .push(format!("{kind} {} takes the connection", route.reference));
    let choice = WeightedChoice::new(rule.backends.iter().map(|backend| backend.weight));
    answer.choice = choice.unwrap_or_default();
    let total = answer.choice.total();
    let drawn = (total > 0).then(|| draw(total));
    let chosen = drawn.and_then(|draw| answer.choice.choose(draw));
    let Some(backend) = chosen.and_then(|index| rule.backends.get(index)) else {
        answer
            .why
            .push("the rule has no backend with a weight".to_owned());
        return;
    };
    match &backend.target {
        Err(problem) => answer.why.push(problem.to_string()),
        Ok(endpoints) => match ready_endpoint(endpoints, draw) {
            None => {
                answer.why.push(format!(
                    "{} has no endpoint that is ready",
                    backend.reference
                ));
            }
            Some(endpoint) => {
                answer.outcome = Outcome::Forwarded;
                answer.why.push(format!("it goes to {}", backend.reference));
                answer.backend = Some(BackendName::of(backend));
                answer.endpoint = Some(EndpointName::of(endpoint));
            }
        },
    }
}
