//! Connections of which no more than the port and perhaps the SNI is seen.

use super::{
    Answer, BackendName, End, EndpointName, Outcome, Refusal, Request, Response, RouteMatch, told,
};
use crate::{
    attachment::effective::{
        AttachedRoute, ConnectionRouteRules, EffectiveBackend, EffectiveListener, EffectiveService,
        Endpoint,
    },
    backend::WeightedChoice,
    meta::{ObjectRef, Transport},
    proxy::{ready_endpoint, sni_table},
    routing::HostnameRank,
    v1::ProtocolType,
};

/// A connection or a datagram where it is answered: all that does not depend on a draw.
pub(super) struct AtConnection<'e> {
    request: &'e Request,
    way: Way<'e>,
    /// Whether routes of requests are passed over, since TLS hides the requests.
    sealed: bool,
}

/// Where it goes on to.
enum Way<'e> {
    /// Through the first rule of a route: such rules have no matches.
    Route {
        kind: &'static str,
        route: &'e ConnectionRouteRules,
        choice: WeightedChoice,
    },
    /// No route of the kind takes it; and whether any is attached.
    NoRoute { kind: &'static str, any: bool },
    /// To the Service itself, under no route.
    Service {
        service: &'e EffectiveService,
        port: u16,
    },
    /// To an endpoint by its own address.
    Endpoint { endpoint: Endpoint<'e> },
}

impl<'e> AtConnection<'e> {
    /// A connection at a listener of protocol TLS, TCP or UDP.
    pub(super) fn at_listener(
        request: &'e Request,
        listener: &'e EffectiveListener,
        hostname_rank: HostnameRank,
    ) -> Self {
        let found = match listener.protocol {
            ProtocolType::Tls => {
                let sni = request.sni.clone().unwrap_or_else(|| request.host());
                let table = sni_table(&listener.tls_routes, hostname_rank, |route| route);
                // Where TLS is terminated, a TCPRoute takes what no SNI of a TLSRoute fits.
                let by_name = table.find(Some(&sni)).copied();
                by_name
                    .map(|route| ("TLSRoute", route))
                    .or_else(|| Some(("TCPRoute", first(&listener.tcp)?)))
                    .ok_or("TLSRoute")
            }
            ProtocolType::Udp => first(&listener.udp)
                .map(|route| ("UDPRoute", route))
                .ok_or("UDPRoute"),
            _ => first(&listener.tcp)
                .map(|route| ("TCPRoute", route))
                .ok_or("TCPRoute"),
        };
        let way = match found {
            Ok((kind, route)) => through(kind, route),
            Err(kind) => Way::NoRoute {
                kind,
                any: kind == "TLSRoute" && !listener.tls_routes.is_empty(),
            },
        };
        Self {
            request,
            way,
            sealed: false,
        }
    }

    /// As this, where routes of requests are passed over, since TLS hides the requests.
    pub(super) fn sealed(self, sealed: bool) -> Self {
        Self { sealed, ..self }
    }

    /// A connection to a port of a Service under no HTTPRoute or GRPCRoute. In a mesh the hostnames of TLSRoutes mean
    /// nothing (GEP-1294, "`hostnames` field"), so that attachment leaves one route of each kind.
    pub(super) fn at_service(
        request: &'e Request,
        service: &'e EffectiveService,
        port: u16,
        client_namespace: &str,
    ) -> Self {
        let governing = if request.scheme() == "udp" {
            let route = service.udp_routes(port, client_namespace).next();
            route.map(|route| ("UDPRoute", route))
        } else {
            let tls = matches!(request.scheme(), "tls" | "https")
                .then(|| service.tls_routes(port, client_namespace).next())
                .flatten();
            tls.map(|route| ("TLSRoute", route)).or_else(|| {
                let route = service.tcp_routes(port, client_namespace).next();
                route.map(|route| ("TCPRoute", route))
            })
        };
        let way = match governing {
            Some((kind, route)) => through(kind, route),
            // A request that no route governs goes to the Service itself (GEP-1426).
            None => Way::Service { service, port },
        };
        Self {
            request,
            way,
            sealed: false,
        }
    }

    /// A request to the own address of an endpoint.
    pub(super) fn at_endpoint(request: &'e Request, endpoint: Endpoint<'e>) -> Self {
        Self {
            request,
            way: Way::Endpoint { endpoint },
            sealed: false,
        }
    }

    /// Where the connection ends.
    pub(super) fn end(&self, draw: &mut dyn FnMut(u64) -> u64) -> End<'_> {
        let Way::Route { route, choice, .. } = &self.way else {
            return End::default();
        };
        let backend = chosen(route, choice, draw);
        let ready = backend.filter(|backend| {
            let endpoints = backend.target.as_ref();
            endpoints.is_ok_and(|endpoints| {
                ready_endpoint(endpoints, draw).is_ok_and(|endpoint| endpoint.is_some())
            })
        });
        End {
            backend: ready,
            status: None,
        }
    }

    /// Whether every draw ends in one way.
    pub(super) fn is_certain(&self) -> bool {
        !matches!(self.way, Way::Route { .. })
    }

    /// What becomes of the connection, and why.
    pub(super) fn answer(&self, why: Vec<String>, draw: &mut dyn FnMut(u64) -> u64) -> Answer {
        let refusal = match self.request.scheme() {
            "udp" => Refusal::Dropped,
            _ => Refusal::Closed,
        };
        let mut answer = Answer::refused(refusal, why);
        match &self.way {
            Way::NoRoute { kind, any } => answer.why.push(match any {
                true => format!("no {kind} at the listener takes the {}", self.thing()),
                false => format!("no {kind} is attached to the listener"),
            }),
            Way::Route {
                kind,
                route,
                choice,
            } => self.through(&mut answer, (kind, route, choice), draw),
            Way::Service { service, port } => self.itself(&mut answer, service, *port, draw),
            Way::Endpoint { endpoint } => {
                answer.why.push(format!(
                    "`{}` is the address of an endpoint, which no route governs",
                    endpoint.address
                ));
                answer.endpoint = Some(EndpointName::of(*endpoint));
                self.reached(&mut answer);
            }
        }
        answer
    }

    /// What the client sends.
    fn thing(&self) -> &'static str {
        match self.request.scheme() {
            "udp" => "datagram",
            _ => "connection",
        }
    }

    /// A connection that goes through a route.
    fn through(
        &self,
        answer: &mut Answer,
        (kind, route, choice): (&str, &ConnectionRouteRules, &WeightedChoice),
        draw: &mut dyn FnMut(u64) -> u64,
    ) {
        let Some(rule) = route.rules.first() else {
            answer
                .why
                .push(format!("{kind} {} has no rule", route.reference));
            return;
        };
        answer.route = Some(RouteMatch {
            route: ObjectRef::gateway_api(kind, &route.reference),
            rule: rule.index,
            rule_name: rule.label().name.map(str::to_owned),
            match_index: 0,
        });
        // Such a route has one rule that counts: its place says nothing, its name may.
        let named = rule.label().name.map(|_| format!(", {}", rule.label()));
        answer.why.push(format!(
            "{kind} {}{} takes the {}",
            route.reference,
            named.unwrap_or_default(),
            self.thing()
        ));
        answer.choice = choice.clone();
        let Some(backend) = chosen(route, choice, draw) else {
            answer
                .why
                .push("the rule has no backend with a weight".to_owned());
            return;
        };
        match &backend.target {
            Err(problem) => answer.why.push(problem.to_string()),
            Ok(endpoints) => match ready_endpoint(endpoints, draw) {
                Err(error) => answer.why.push(error.to_string()),
                Ok(None) => {
                    answer.why.push(format!(
                        "{} has no endpoint that is ready",
                        backend.reference
                    ));
                }
                Ok(Some(endpoint)) => {
                    answer.outcome = Outcome::Forwarded;
                    answer.refusal = None;
                    answer
                        .why
                        .push(told::backend(backend, rule.backends.len(), choice));
                    answer.why.extend(told::tls(endpoints));
                    answer.backend = Some(BackendName::of(backend));
                    answer.endpoint = Some(EndpointName::of(endpoint));
                }
            },
        }
    }

    /// A connection to a Service that no route governs.
    fn itself(
        &self,
        answer: &mut Answer,
        service: &EffectiveService,
        port: u16,
        draw: &mut dyn FnMut(u64) -> u64,
    ) {
        let name = service.reference();
        let kinds = match self.request.scheme() {
            "udp" => "UDPRoute",
            "tcp" => "TCPRoute",
            "tls" => "TLSRoute or TCPRoute",
            _ if self.sealed => "TLSRoute or TCPRoute",
            _ => "route",
        };
        answer.why.push(format!(
            "no {kinds} with {name} as its parent governs port {port}: the {} goes to the Service itself",
            match self.request.scheme() {
                "http" | "https" => "request",
                _ => self.thing(),
            }
        ));
        if self.sealed {
            answer.why.push(
                "the client speaks TLS, which nobody in a mesh ends: no HTTPRoute or GRPCRoute sees its requests"
                    .to_owned(),
            );
        }
        let transport = match self.request.scheme() {
            "udp" => Transport::Udp,
            _ => Transport::Tcp,
        };
        let Some(port) = service.port_for(transport, port) else {
            return;
        };
        match &port.target {
            Err(problem) => answer.why.push(problem.to_string()),
            Ok(endpoints) => match ready_endpoint(endpoints, draw) {
                Err(error) => answer.why.push(error.to_string()),
                Ok(None) => answer
                    .why
                    .push(format!("{name} has no endpoint that is ready")),
                Ok(Some(endpoint)) => {
                    answer.backend = Some(BackendName {
                        reference: name,
                        port: Some(port.port),
                    });
                    answer.endpoint = Some(EndpointName::of(endpoint));
                    self.reached(answer);
                }
            },
        }
    }

    /// A request that reaches a backend as it was sent.
    fn reached(&self, answer: &mut Answer) {
        let request = self.request;
        answer.outcome = Outcome::Forwarded;
        answer.refusal = None;
        if !matches!(request.scheme(), "http" | "https") {
            return;
        }
        let status = request.backend.status.as_u16();
        answer.forwarded = Some(super::http::passed_on(request));
        answer.status = Some(status);
        answer.response = Some(Response {
            status,
            headers: request.backend.headers.clone(),
        });
    }
}

/// The one TCPRoute or UDPRoute of a listener: attachment rejects the others.
fn first(routes: &[AttachedRoute<ConnectionRouteRules>]) -> Option<&ConnectionRouteRules> {
    routes.first().map(|attached| &*attached.route)
}

/// The way through the first rule of a route.
fn through<'e>(kind: &'static str, route: &'e ConnectionRouteRules) -> Way<'e> {
    let backends = route.rules.first().map_or(&[][..], |rule| &rule.backends);
    let choice = WeightedChoice::new(backends.iter().map(|backend| backend.weight));
    Way::Route {
        kind,
        route,
        choice: choice.unwrap_or_default(),
    }
}

/// The backend of the first rule that a draw over the sum of the weights falls on.
fn chosen<'e>(
    route: &'e ConnectionRouteRules,
    choice: &WeightedChoice,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Option<&'e EffectiveBackend> {
    let total = choice.total();
    let index = (total > 0).then(|| choice.choose(draw(total))).flatten()?;
    route.rules.first()?.backends.get(index)
}
