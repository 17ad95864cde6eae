//! Connections of which no more than the port and perhaps the SNI is seen.

use super::{end::DrawEnd, http::passed_on};
use crate::{
    attachment::effective::Endpoint,
    proxy::{Choose, CompiledRule, Connected, Draws, Failure, Stream, Way, Why},
    sim::{
        Answer, AnswerTls, BackendName, Backends, EndpointName, EndpointTls, Outcome, Refusal,
        Request, Response, RouteMatch, moment::Moment, told,
    },
};
use std::sync::Arc;

/// A connection or a datagram where it is answered: all that does not depend on a draw.
pub(in crate::sim) struct AtConnection<'e> {
    request: &'e Request,
    moment: &'e Moment,
    to: To<'e>,
    /// Whether routes of requests are passed over, since TLS hides the requests.
    sealed: bool,
}

/// Where it goes on to.
enum To<'e> {
    /// Where the data plane leads it.
    Stream(Stream),
    /// To an endpoint by its own address.
    Endpoint(Endpoint<'e>),
}

impl<'e> AtConnection<'e> {
    /// A connection at a listener, or at a port of a Service.
    pub(in crate::sim) fn new(request: &'e Request, stream: Stream, moment: &'e Moment) -> Self {
        Self {
            request,
            moment,
            to: To::Stream(stream),
            sealed: false,
        }
    }

    /// As this, where routes of requests are passed over, since TLS hides the requests.
    pub(in crate::sim) fn sealed(self, sealed: bool) -> Self {
        Self { sealed, ..self }
    }

    /// A request to the own address of an endpoint.
    pub(in crate::sim) fn at_endpoint(
        request: &'e Request,
        endpoint: Endpoint<'e>,
        moment: &'e Moment,
    ) -> Self {
        Self {
            request,
            moment,
            to: To::Endpoint(endpoint),
            sealed: false,
        }
    }

    /// Where the connection ends.
    pub(in crate::sim) fn end(
        &self,
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
    ) -> DrawEnd {
        let To::Stream(stream) = &self.to else {
            return DrawEnd::default();
        };
        let connected = stream.connect(&mut Draws(draw)).ok();
        let reached = connected.filter(|connected| {
            let tls = backends.tls(&connected.backend, &connected.endpoint);
            self.handshake(connected, &tls).is_ok()
        });
        DrawEnd {
            backend: reached.map(|connected| connected.backend),
            ..DrawEnd::default()
        }
    }

    /// Whether every draw ends in one way.
    pub(in crate::sim) fn is_certain(&self) -> bool {
        match &self.to {
            To::Stream(stream) => stream.rule().is_none(),
            To::Endpoint(_) => true,
        }
    }

    /// Whether the endpoint gets the connection: where the data plane begins with TLS, it has to prove who it is. Returns whether
    /// anything was verified.
    fn handshake(&self, connected: &Connected, tls: &EndpointTls) -> Result<bool, Failure> {
        match connected.tls() {
            Some(asked) => tls.handshake(asked, self.moment),
            None => Ok(false),
        }
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
                        "no {} at the listener takes the {}",
                        kind.as_str(),
                        self.thing()
                    ),
                    false => format!("no {} is attached to the listener", kind.as_str()),
                }),
                Way::Route(rule) => self.through(&mut answer, (stream, rule), draws, backends),
                Way::Service(_) => self.itself(&mut answer, stream, draws),
            },
            To::Endpoint(endpoint) => {
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
        match stream.connect(draws) {
            Err(Why::NoBackend | Why::NoWeight) => answer
                .why
                .push("the rule has no backend with a weight".to_owned()),
            Err(why) => answer.why.push(why.to_string()),
            Ok(connected) => {
                let backend = connected.backend.effective();
                let drawn = told::backend(backend, rule.backends().len(), rule.choice());
                answer.why.push(drawn);
                answer.why.extend(told::tls(connected.endpoint.port()));
                answer.backend = Some(BackendName::of(backend));
                answer.endpoint = EndpointName::chosen(&connected.endpoint);
                let tls = backends.tls(&connected.backend, &connected.endpoint);
                let met = self.handshake(&connected, &tls);
                let verified = matches!(met, Ok(true));
                answer.backend_tls = connected.tls().map(|tls| AnswerTls::of(tls, verified));
                match met {
                    Ok(_) => {
                        answer.outcome = Outcome::Forwarded;
                        answer.refusal = None;
                    }
                    Err(failure) => {
                        let said = told::failure(&connected.backend, &connected.endpoint, &failure);
                        answer.why.push(said);
                    }
                }
            }
        }
    }

    /// A connection to a Service that no route governs.
    fn itself(&self, answer: &mut Answer, stream: &Stream, draws: &mut dyn Choose) {
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
                answer.endpoint = EndpointName::chosen(&connected.endpoint);
                self.reached(answer);
            }
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
        answer.forwarded = Some(passed_on(request));
        answer.status = Some(status);
        answer.response = Some(Response {
            status,
            headers: request.backend.headers.clone(),
        });
    }
}
