//! Connections of which no more than the port and perhaps the SNI is seen.

use super::{end::DrawEnd, sent::passed_on};
use crate::{
    attachment::effective::Endpoint,
    meta::ObjectRef,
    proxy::{Choose, CompiledRule, Connected, Draws, Failure, Stream, Way, Why},
    sim::{
        Answer, AnswerTls, BackendName, Backends, EndpointName, Outcome, Refusal, Request,
        Response, RouteMatch, SimulatedStep, Visit, VisitTraffic,
        backends::{Visited, visited},
        moment::Moment,
        told,
    },
};
use http::request;
use std::sync::Arc;

/// A connection or a datagram where it is answered: all that does not depend on a draw.
pub(in crate::sim) struct AtConnection<'e> {
    request: &'e Request,
    moment: &'e Moment,
    to: To<'e>,
    /// The request, where it is one.
    head: Option<request::Parts>,
    /// Whether routes of requests are passed over, since TLS hides the requests.
    sealed: bool,
    /// Whether the TLS of the client ends at the listener.
    tls_ends: bool,
}

/// Where it goes on to.
enum To<'e> {
    /// Where the data plane leads it.
    Stream(Stream),
    /// To an endpoint by its own address, and the Service that has it.
    Endpoint(ObjectRef, Endpoint<'e>),
}

impl<'e> AtConnection<'e> {
    /// A connection at a listener, or at a port of a Service.
    pub(in crate::sim) fn new(request: &'e Request, stream: Stream, moment: &'e Moment) -> Self {
        Self::to(request, To::Stream(stream), moment)
    }

    fn to(request: &'e Request, to: To<'e>, moment: &'e Moment) -> Self {
        let is_http = matches!(request.scheme(), "http" | "https");
        Self {
            request,
            moment,
            to,
            head: is_http.then(|| request.head()),
            sealed: false,
            tls_ends: false,
        }
    }

    /// As this, where the TLS of the client ends at the listener.
    pub(in crate::sim) fn tls_ends(self, tls_ends: bool) -> Self {
        Self { tls_ends, ..self }
    }

    /// As this, where routes of requests are passed over, since TLS hides the requests.
    pub(in crate::sim) fn sealed(self, sealed: bool) -> Self {
        Self { sealed, ..self }
    }

    /// A request to the own address of an endpoint of a backend.
    pub(in crate::sim) fn at_endpoint(
        request: &'e Request,
        (backend, endpoint): (ObjectRef, Endpoint<'e>),
        moment: &'e Moment,
    ) -> Self {
        Self::to(request, To::Endpoint(backend, endpoint), moment)
    }

    /// Where the connection ends.
    pub(in crate::sim) fn end(
        &self,
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
    ) -> DrawEnd {
        let answered = |visited: Visited| Some(visited.reply.ok()?).filter(|_| self.is_http());
        match &self.to {
            To::Endpoint(backend, endpoint) => {
                let visit = Visit::at_address(backend, *endpoint, self.traffic());
                let answered = answered(visited(&visit, backends, self.moment));
                answered.map_or_else(DrawEnd::default, |behaviour| DrawEnd {
                    backend: None,
                    status: Some(behaviour.status),
                    headers: behaviour.headers,
                })
            }
            To::Stream(stream) => {
                let draws = &mut Draws(draw);
                let Ok(connected) = stream.connect(draws) else {
                    return DrawEnd::default();
                };
                let first = (stream, connected);
                let (connected, visited) = self.carried(first, draws, backends, &mut |_| {});
                if visited.reply.is_err() {
                    return DrawEnd::default();
                }
                let response = answered(visited);
                DrawEnd {
                    backend: Some(connected.backend),
                    status: response.as_ref().map(|response| response.status),
                    headers: response
                        .map(|response| response.headers)
                        .unwrap_or_default(),
                }
            }
        }
    }

    /// Whether every draw ends in one way.
    pub(in crate::sim) fn is_certain(&self) -> bool {
        match &self.to {
            To::Stream(stream) => stream.rule().is_none(),
            To::Endpoint(..) => true,
        }
    }

    /// Whether HTTP is spoken.
    fn is_http(&self) -> bool {
        self.head.is_some()
    }

    /// What comes to an endpoint. The data plane sees nothing of a request in it, and the endpoint does.
    fn traffic(&self) -> VisitTraffic<'_> {
        match (&self.head, self.request.scheme()) {
            (Some(head), "https") if !self.tls_ends => VisitTraffic::Sealed(head),
            (Some(head), _) => VisitTraffic::Request(head),
            (None, "udp") => VisitTraffic::Datagram,
            (None, _) => VisitTraffic::Connection,
        }
    }

    /// Takes the connection to its endpoint, over TLS where the data plane begins with that.
    fn visit(&self, connected: &Connected, backends: &mut dyn Backends) -> Visited {
        let visit = Visit::of_stream(connected, self.traffic());
        backends.saw(&SimulatedStep::Chosen(&visit));
        visited(&visit, backends, self.moment)
    }

    /// What becomes of the connection, and why.
    pub(in crate::sim) fn answer(
        &self,
        why: Vec<String>,
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
    ) -> Answer {
        let refusal = match self.request.scheme() {
            "udp" => Refusal::Dropped,
            _ => Refusal::Closed,
        };
        let mut answer = Answer::refused(refusal, why);
        let draws = &mut Draws(draw);
        match &self.to {
            To::Stream(stream) => match stream.way() {
                Way::NoRoute { kind, any } => answer.why.push(match any {
                    true => format!(
                        "no accepted {} of the listener takes the {}",
                        kind.as_str(),
                        self.thing()
                    ),
                    false => format!("the listener has no accepted {}", kind.as_str()),
                }),
                Way::NotTls(route) => answer.why.push(format!(
                    "{route} governs the port and takes connections over TLS alone: this one is without TLS, and is closed"
                )),
                Way::Route(rule) => self.through(&mut answer, (stream, rule), draws, backends),
                Way::Service(_) => self.itself(&mut answer, stream, draws, backends),
            },
            To::Endpoint(backend, endpoint) => {
                answer.why.push(format!(
                    "`{}` is the address of an endpoint, which no route governs",
                    endpoint.address
                ));
                answer.endpoint = Some(EndpointName::of(*endpoint));
                let visit = Visit::at_address(backend, *endpoint, self.traffic());
                backends.saw(&SimulatedStep::Chosen(&visit));
                let visited = visited(&visit, backends, self.moment);
                self.reached(&mut answer, &visit, visited);
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
        (stream, rule): (&Stream, &Arc<CompiledRule>),
        draws: &mut dyn Choose,
        backends: &mut dyn Backends,
    ) {
        answer.route = Some(RouteMatch {
            route: rule.route().reference(),
            rule: rule.index(),
            rule_name: rule.label().name.map(str::to_owned),
            match_index: 0,
        });
        // Such a route has one rule that counts: its place says nothing, its name may.
        let named = rule.label().name.map(|_| format!(", {}", rule.label()));
        answer.why.push(format!(
            "{}{} takes the {}",
            rule.route(),
            named.unwrap_or_default(),
            self.thing()
        ));
        answer.choice = rule.choice().clone();
        backends.saw(&SimulatedStep::Rule {
            rule,
            match_index: None,
        });
        match stream.connect(draws) {
            Err(why) => answer.why.push(why.to_string()),
            Ok(connected) => {
                let backend = connected.backend.effective();
                let drawn = told::backend(backend, rule.backends().len(), rule.choice());
                answer.why.push(drawn);
                answer.why.extend(told::tls(connected.endpoint.port()));
                answer.backend = Some(BackendName::of(backend));
                self.arrives(answer, (stream, connected), draws, backends);
            }
        }
    }

    /// A connection to a Service that no route governs.
    fn itself(
        &self,
        answer: &mut Answer,
        stream: &Stream,
        draws: &mut dyn Choose,
        backends: &mut dyn Backends,
    ) {
        let Way::Service(service) = stream.way() else {
            return;
        };
        let name = service.reference();
        let port = service.effective().port.unwrap_or_default();
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
        match stream.connect(draws) {
            Err(why) => answer.why.push(why.to_string()),
            Ok(connected) => {
                answer.backend = Some(BackendName::of(connected.backend.effective()));
                answer.why.extend(told::tls(connected.endpoint.port()));
                self.arrives(answer, (stream, connected), draws, backends);
            }
        }
    }

    /// Takes the connection to its endpoint, and says what comes of it.
    fn arrives(
        &self,
        answer: &mut Answer,
        first: (&Stream, Connected),
        draws: &mut dyn Choose,
        backends: &mut dyn Backends,
    ) {
        let why = &mut answer.why;
        let (connected, visited) =
            self.carried(first, draws, backends, &mut |again| why.push(again));
        answer.endpoint = EndpointName::chosen(&connected.endpoint);
        let tls = connected.tls();
        answer.backend_tls = tls.map(|tls| AnswerTls::of(tls, visited.verified));
        let visit = Visit::of_stream(&connected, self.traffic());
        self.reached(answer, &visit, visited);
    }

    /// Takes the connection to an endpoint, and to another one of the backend where that cannot be connected to. A datagram is lost
    /// then: nobody hears of it.
    fn carried(
        &self,
        (stream, mut connected): (&Stream, Connected),
        draws: &mut dyn Choose,
        backends: &mut dyn Backends,
        watch: &mut dyn FnMut(String),
    ) -> (Connected, Visited) {
        let mut failed = Vec::new();
        loop {
            let visited = self.visit(&connected, backends);
            let fails = matches!(visited.reply, Err(Failure::Connect));
            if !fails || self.request.scheme() == "udp" {
                return (connected, visited);
            }
            failed.push(connected.clone());
            let next = match stream.connect_elsewhere(&failed, draws) {
                Ok(next) => next,
                Err(why) => {
                    if !matches!(why, Why::NoEndpoint(_)) {
                        watch(why.to_string());
                    }
                    return (connected, visited);
                }
            };
            let visit = Visit::of_stream(&connected, self.traffic());
            let why = told::failure(&visit, &Failure::Connect);
            watch(format!("{why}: another attempt is made"));
            connected = next;
        }
    }

    /// What comes of a request, a connection or a datagram that is passed on as it was sent.
    fn reached(&self, answer: &mut Answer, visit: &Visit<'_>, visited: Visited) {
        let sent = visited.is_sent();
        if sent && self.is_http() {
            let sealed = matches!(visit.traffic, VisitTraffic::Sealed(_));
            answer.forwarded = Some(passed_on(self.request, sealed || visit.tls.is_some()));
        }
        let behaviour = match visited.reply {
            Ok(behaviour) => behaviour,
            Err(failure) => {
                answer.why.push(told::failure(visit, &failure));
                return;
            }
        };
        answer.outcome = Outcome::Forwarded;
        answer.refusal = None;
        if self.is_http() {
            let status = behaviour.status.as_u16();
            answer.status = Some(status);
            answer.response = Some(Response {
                status,
                headers: behaviour.headers,
            });
        }
    }
}
