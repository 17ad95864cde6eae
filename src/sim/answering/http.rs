//! Requests of which the host, the path and the headers are seen.

use super::{
    end::DrawEnd,
    sent::{as_sent, copied},
};
use crate::{
    attachment::effective::{EffectiveBackendTls, EffectiveFilters},
    filters::tokens,
    proxy::{
        AfterFailure, Attempt, Attempted, Begun, DataPlaneOptions, Draws, Exchange, Failure,
        HttpSession, Issued, Issuing, JudgedRequest, LocalAnswer, Mirrored, Table, Target, Why,
        is_grpc, switch,
    },
    routing::{Explanation, Verdict},
    sim::{
        Answer, AnswerTimeouts, AnswerTls, BackendBehaviour, BackendName, Backends, EndpointName,
        Loser, Outcome, Request, Response, RouteMatch, SimulatedStep, Visit,
        backends::visited,
        head::{host_in_words, settled},
        moment::Moment,
        session::{self, Said},
        told,
    },
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{HOST, UPGRADE},
    request,
};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// A request at a listener or at a port of a Service: all that does not depend on a draw.
pub(in crate::sim) struct AtTable<'r> {
    request: &'r Request,
    session: HttpSession,
    moment: &'r Moment,
    table: Arc<Table>,
    parts: request::Parts,
    served: bool,
}

impl<'r> AtTable<'r> {
    /// A request over a connection of HTTP.
    pub(in crate::sim) fn new(
        request: &'r Request,
        session: HttpSession,
        moment: &'r Moment,
    ) -> Self {
        let parts = settled(request);
        // A request whose host is none is answered with 400, whatever the tables say.
        let host = JudgedRequest::new(&parts)
            .ok()
            .and_then(|judged| judged.host());
        let nobody = || Arc::new(Table::of_no_parent(DataPlaneOptions::default()));
        let (table, served) = match session.find(host) {
            Ok((_, table)) => (table.clone(), true),
            Err(Some(_)) => (nobody(), true),
            Err(None) => (nobody(), false),
        };
        Self {
            request,
            session,
            moment,
            table,
            parts,
            served,
        }
    }

    /// What becomes of the request in one draw.
    fn attempt(&self, draw: &mut dyn FnMut(u64) -> u64, backends: &mut dyn Backends) -> First {
        let received = self
            .session
            .begin(self.parts.clone(), self.moment.recalling());
        match received.begun {
            Begun::Answer(answer) => {
                backends.saw(&answered(&answer));
                First::Answer(None, answer)
            }
            Begun::Exchange(mut exchange) => {
                backends.saw(&SimulatedStep::Rule {
                    rule: exchange.target().rule(),
                    match_index: Some(exchange.target().match_index()),
                });
                match exchange.attempt(&mut Draws(draw), Duration::ZERO) {
                    Attempted::Attempt(attempt) => First::Attempt(exchange, attempt),
                    Attempted::Answer(answer) => {
                        backends.saw(&answered(&answer));
                        First::Answer(Some(exchange), answer)
                    }
                }
            }
        }
    }

    /// Where the request ends. No text is made of it, unless an attempt comes to nothing.
    pub(in crate::sim) fn end(
        &self,
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
    ) -> DrawEnd {
        match self.attempt(draw, backends) {
            First::Attempt(mut exchange, mut attempt) => {
                let run = (&mut exchange, &mut attempt);
                let responded = self.reach(run, draw, backends, &mut |_| {});
                DrawEnd {
                    status: Some(responded.status),
                    headers: responded.headers,
                    backend: Some(attempt.backend),
                }
            }
            First::Answer(_, local) => {
                self.copies(local.mirrors, backends, &mut |_| {});
                DrawEnd {
                    backend: None,
                    status: Some(local.status),
                    headers: local.headers,
                }
            }
        }
    }

    /// What becomes of the request, and why.
    pub(in crate::sim) fn answer(
        &self,
        why: Vec<String>,
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
    ) -> Answer {
        let mut answer = Answer {
            why,
            ..Answer::new(Outcome::Answered)
        };
        let explanation = self.table.router().explain(&self.parts);
        match self.attempt(draw, backends) {
            First::Answer(exchange, local) => {
                self.say_local(&mut answer, local, &explanation, backends);
                let recalled = exchange.as_ref().map(session::recalled);
                answer.why.extend(recalled.unwrap_or_default());
            }
            First::Attempt(exchange, attempt) => {
                self.say_rule(&mut answer, exchange.target());
                say_backend(&mut answer, &exchange, &attempt);
                answer.why.extend(self.no_grpc_call(exchange.target()).map(|lacks| {
                    let refused = format!(
                        "the request is not a gRPC call, since {lacks}: a real gRPC server would refuse it"
                    );
                    match backends.is_assumed(attempt.backend.reference()) {
                        true => format!("{refused}; the {} is assumed", self.request.backend.status.as_u16()),
                        false => refused,
                    }
                }));
                say_rewrites(&mut answer, &self.parts, exchange.head());
                self.forwarded(&mut answer, exchange, attempt, draw, backends);
            }
        }
        // A request that names no host, belongs to another listener, or asks for a tunnel is compared with nothing.
        if !matches!(answer.status, Some(400 | 421 | 501)) || answer.route.is_some() {
            say_losers(&mut answer, &explanation);
        }
        let left_out = self.table.problems();
        let left_out =
            left_out.map(|(kind, problem)| format!("left out: {}, {problem}", kind.as_str()));
        answer.why.extend(left_out);
        answer
    }

    /// The answer of the data plane itself.
    fn say_local(
        &self,
        answer: &mut Answer,
        local: LocalAnswer,
        explanation: &Explanation<'_, Target>,
        backends: &mut dyn Backends,
    ) {
        if let Some(target) = &local.target {
            self.say_rule(answer, target);
            answer.why.extend(self.no_grpc_call(target).map(|lacks| {
                format!(
                    "the request is not a gRPC call, since {lacks}: a GRPCRoute goes by path and headers and takes it all the same"
                )
            }));
        }
        let status = local.status.as_u16();
        let reason = if local.why != Why::NoRule {
            local.why.to_string()
        } else if !self.served {
            "no listener serves the host".to_owned()
        } else if self.table.is_empty() {
            "the listener has no accepted route".to_owned()
        } else if explanation.candidates().is_empty() {
            format!(
                "the listener has no accepted route for {}",
                host_in_words(self.request)
            )
        } else {
            local.why.to_string()
        };
        answer.why.push(match local.grpc {
            Some(grpc) => format!(
                "answered with {status} and gRPC status {} ({}): {reason}",
                grpc.code(),
                grpc.name()
            ),
            None => format!("answered with {status}: {reason}"),
        });
        if let Why::Redirect { .. } = local.why {
            answer.outcome = Outcome::Redirected;
            let by_rule = local.target.as_ref().map(|target| target.rule().filters());
            let by_backend = local.redirecting.as_ref().map(|backend| backend.filters());
            say_mirrors(answer, by_rule.into_iter().chain(by_backend));
        }
        self.copies(local.mirrors, backends, &mut |seen| seen.say(answer));
        answer.status = Some(status);
        answer.response = Some(Response {
            status,
            headers: local.headers,
        });
    }

    fn say_rule(&self, answer: &mut Answer, target: &Target) {
        let rule = target.rule();
        answer.why.push(format!(
            "{}, {}, match {} takes the request",
            rule.route(),
            rule.label(),
            target.match_index()
        ));
        answer.route = Some(RouteMatch::of(target));
        answer.choice = rule.choice().clone();
    }

    /// What a request which a GRPCRoute takes lacks to be a gRPC call, if it is none. Methods and services match as if they
    /// were paths (GEP-1016, "Matcher Types"), and nothing tells a gateway to look for more; what is asked of a call is
    /// gRPC's own ("gRPC over HTTP2", Requests).
    fn no_grpc_call(&self, target: &Target) -> Option<&'static str> {
        if target.rule().route().kind != crate::attachment::RouteKind::Grpc {
            return None;
        }
        let post = self.parts.method == http::Method::POST;
        let content = is_grpc(&self.parts.headers);
        match (post, content) {
            (true, true) => None,
            (false, true) => Some("its method is not POST"),
            (true, false) => Some("it has no `content-type: application/grpc`"),
            (false, false) => {
                Some("its method is not POST and it has no `content-type: application/grpc`")
            }
        }
    }

    /// Fills in what goes to the backend, and what comes back. Where an endpoint fails, another attempt may follow.
    fn forwarded(
        &self,
        answer: &mut Answer,
        mut exchange: Exchange,
        mut attempt: Attempt,
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
    ) {
        // What is answered without a backend waits for nobody.
        answer.timeouts = AnswerTimeouts::of(exchange.target().rule().timeouts());
        let run = (&mut exchange, &mut attempt);
        let responded = self.reach(run, draw, backends, &mut |seen| seen.say(answer));
        let ClientResponse {
            sent,
            status,
            headers,
            in_time,
            issued,
            problem,
        } = responded;
        answer.backend = Some(BackendName::of(attempt.backend.effective()));
        answer.endpoint = EndpointName::chosen(&attempt.endpoint);
        let Said {
            answer: session,
            why,
        } = session::said(&exchange, &attempt, issued);
        answer.session = session;
        answer.why.extend(why);
        answer.forwarded = sent.then(|| {
            let head = exchange.into_head();
            as_sent(head, attempt.endpoint.port(), attempt.protocol)
        });
        answer.why.extend(problem);
        if in_time {
            answer.outcome = Outcome::Forwarded;
        }
        let status = status.as_u16();
        answer.status = Some(status);
        answer.response = Some(Response { status, headers });
    }

    /// Takes a request to endpoints, attempt by attempt, until there is something that the client gets.
    fn reach(
        &self,
        (exchange, attempt): (&mut Exchange, &mut Attempt),
        draw: &mut dyn FnMut(u64) -> u64,
        backends: &mut dyn Backends,
        watch: &mut dyn FnMut(SeenAttempt<'_>),
    ) -> ClientResponse {
        loop {
            let (visited, failed) = {
                let visit = Visit::of_attempt(attempt, exchange.head());
                backends.saw(&SimulatedStep::Chosen(&visit));
                let visited = visited(&visit, backends, self.moment);
                watch(SeenAttempt::Tls(visit.tls, visited.verified));
                let failed = visited.reply.as_ref().err();
                let failed = failed.map(|failure| told::failure(&visit, failure));
                (visited, failed.unwrap_or_default())
            };
            let sent = visited.is_sent();
            if sent {
                self.copies(exchange.copies(), backends, watch);
            }
            match visited.reply {
                Ok(behaviour) => {
                    return self.respond_with_token(exchange, attempt, behaviour, backends);
                }
                Err(failure) => {
                    let elapsed = match failure {
                        Failure::Timeout => attempt.limit.unwrap_or_default(),
                        _ => Duration::ZERO,
                    };
                    match exchange.failed(attempt, failure, elapsed) {
                        AfterFailure::Answer(local) => {
                            backends.saw(&answered(&local));
                            return ClientResponse {
                                sent,
                                ..ClientResponse::by_itself(local, failed)
                            };
                        }
                        AfterFailure::Again => watch(SeenAttempt::Again(failed)),
                    }
                }
            }
            let before = attempt.backend_index;
            match exchange.attempt(&mut Draws(draw), Duration::ZERO) {
                Attempted::Attempt(next) => *attempt = next,
                // There is another attempt only where nothing was sent.
                Attempted::Answer(local) => {
                    backends.saw(&answered(&local));
                    let why = local.why.to_string();
                    return ClientResponse::by_itself(local, why);
                }
            }
            if attempt.backend_index != before {
                watch(SeenAttempt::Elsewhere(exchange, attempt));
            }
        }
    }

    /// What the client gets for a request that goes to a backend, with the token of its session.
    fn respond_with_token(
        &self,
        exchange: &Exchange,
        attempt: &Attempt,
        behaviour: BackendBehaviour,
        backends: &mut dyn Backends,
    ) -> ClientResponse {
        let Some((keys, nonce)) = self.moment.issuing() else {
            return respond(exchange, attempt, behaviour, None, backends);
        };
        let nonce = &mut || nonce;
        let issuing = Issuing { keys, nonce };
        respond(exchange, attempt, behaviour, Some(issuing), backends)
    }

    /// Takes copies of a request to mirrors.
    fn copies(
        &self,
        copies: Vec<Mirrored>,
        backends: &mut dyn Backends,
        watch: &mut dyn FnMut(SeenAttempt<'_>),
    ) {
        for copy in copies {
            let visited = visited(&Visit::of_copy(&copy), backends, self.moment);
            watch(match visited.reply {
                Err(failure) if !visited.read || failure.is_before_sending() => {
                    SeenAttempt::NoCopy(told::failure(&Visit::of_copy(&copy), &failure))
                }
                // What a mirror answers, or that it does not, concerns nobody.
                Ok(_) | Err(_) => SeenAttempt::Copy(Box::new(copy)),
            });
        }
    }
}

/// That the data plane answers by itself.
fn answered(local: &LocalAnswer) -> SimulatedStep<'_> {
    SimulatedStep::Answered {
        status: local.status,
        why: &local.why,
    }
}

/// What becomes of a request at first.
enum First {
    /// It goes to an endpoint.
    Attempt(Exchange, Attempt),
    /// The data plane answers, perhaps under a rule.
    Answer(Option<Exchange>, LocalAnswer),
}

/// What happens while a request is taken to endpoints.
enum SeenAttempt<'s> {
    /// A mirror gets this copy.
    Copy(Box<Mirrored>),
    /// A mirror gets no copy, as this says.
    NoCopy(String),
    /// An endpoint took the request or not, over TLS as this asks; and whether it proved who it is.
    Tls(Option<&'s EffectiveBackendTls>, bool),
    /// An attempt came to nothing, as this says, and another one is made.
    Again(String),
    /// That one goes to another backend.
    Elsewhere(&'s Exchange, &'s Attempt),
}

impl SeenAttempt<'_> {
    /// Adds it to an answer.
    fn say(self, answer: &mut Answer) {
        match self {
            Self::Copy(copy) => answer.mirrors.extend(copied(*copy)),
            Self::NoCopy(failed) => answer.why.push(format!("a mirror gets no copy: {failed}")),
            Self::Tls(asked, verified) => {
                answer.backend_tls = asked.map(|asked| AnswerTls::of(asked, verified));
            }
            Self::Again(failed) => {
                answer
                    .why
                    .push(format!("{failed}: another attempt is made"));
            }
            Self::Elsewhere(exchange, attempt) => say_backend(answer, exchange, attempt),
        }
    }
}

/// What the client gets for a request that goes to a backend.
fn respond(
    exchange: &Exchange,
    attempt: &Attempt,
    behaviour: BackendBehaviour,
    issuing: Option<Issuing<'_>>,
    backends: &mut dyn Backends,
) -> ClientResponse {
    let delay = behaviour.delay;
    let timeouts = exchange.target().rule().timeouts();
    let taken = Duration::from(delay);
    if attempt.limit.is_some_and(|limit| taken > limit) {
        let local = exchange.give_up(attempt, Failure::Timeout, taken);
        backends.saw(&answered(&local));
        let passed = |limit: &crate::meta::Duration| !limit.is_zero() && delay > *limit;
        let limits = [timeouts.backend_request, timeouts.request];
        let limit = limits.into_iter().flatten().find(passed);
        return ClientResponse {
            sent: true,
            status: local.status,
            headers: local.headers,
            in_time: false,
            issued: None,
            problem: limit.map(|limit| {
                format!("the backend takes {delay}, longer than the limit of {limit}")
            }),
        };
    }
    let (mut response, ()) = http::Response::new(()).into_parts();
    response.status = behaviour.status;
    response.headers = behaviour.headers;
    switched_as_asked(&mut response, attempt);
    let issued = match exchange.respond(attempt, &mut response, issuing) {
        Ok(responded) => responded.issued,
        Err(local) => {
            backends.saw(&answered(&local));
            let problem = local.why.to_string();
            return ClientResponse {
                sent: true,
                in_time: true,
                ..ClientResponse::by_itself(*local, problem)
            };
        }
    };
    ClientResponse {
        sent: true,
        status: response.status,
        headers: response.headers,
        in_time: true,
        issued,
        problem: None,
    }
}

/// Says on a response with status 101 to which protocol the backend switches, as a server has to (RFC 9110, section 7.8), where
/// the behaviour does not: to the first one that it was asked for.
fn switched_as_asked(response: &mut http::response::Parts, attempt: &Attempt) {
    let said = response.headers.contains_key(UPGRADE);
    let asked = attempt.upgrade.as_ref();
    let asked = asked.filter(|_| response.status == StatusCode::SWITCHING_PROTOCOLS && !said);
    let first = asked.and_then(|asked| tokens(asked.as_bytes()).next());
    let first = first.and_then(|first| HeaderValue::from_bytes(first).ok());
    if let Some(first) = first {
        switch(response, first);
    }
}

/// What a client gets for a request that goes to a backend.
struct ClientResponse {
    /// Whether anything of the request was sent to an endpoint.
    sent: bool,
    status: StatusCode,
    headers: HeaderMap,
    /// Whether the backend answers within the limits of the rule.
    in_time: bool,
    /// The token of the client's session.
    issued: Option<Issued>,
    /// What is wrong, for people.
    problem: Option<String>,
}

impl ClientResponse {
    /// An answer of the data plane itself, to a request that was not sent.
    fn by_itself(local: LocalAnswer, why: String) -> Self {
        Self {
            sent: false,
            status: local.status,
            headers: local.headers,
            in_time: false,
            issued: None,
            problem: Some(why),
        }
    }
}

/// Names the matches whose hostname was asked and which did not win, in order of precedence. A match of a route of several
/// hostnames is there once, with the most specific of them, and not at all where another of them won.
fn say_losers(answer: &mut Answer, explanation: &Explanation<'_, Target>) {
    let place = |target: &'_ Target| (target.rule().index(), target.match_index());
    let mut seen = HashSet::new();
    let winner = explanation.winner();
    if let Some(won) = winner {
        seen.insert((won.payload.rule().route(), place(won.payload)));
    }
    let mut losers: Vec<(told::Nearness, String)> = Vec::new();
    for candidate in explanation.candidates() {
        let target = candidate.entry.payload;
        if !seen.insert((target.rule().route(), place(target))) {
            continue;
        }
        let loser = Loser {
            route: RouteMatch::of(target),
            criterion: told::reason(candidate, winner.map(|winner| winner.matching)),
            matches: matches!(candidate.verdict, Verdict::Won | Verdict::Lost(_)),
        };
        let lost = &loser.route;
        let sentence = format!(
            "{}, {}, match {} {}",
            lost.route,
            lost.rule_label(),
            lost.match_index,
            loser.criterion
        );
        losers.push((told::Nearness::of(&candidate.verdict), sentence));
        answer.losers.push(loser);
    }
    answer.why.extend(told::nearest_first(losers));
}

fn say_backend(answer: &mut Answer, exchange: &Exchange, attempt: &Attempt) {
    let rule = exchange.target().rule();
    let backend = attempt.backend.effective();
    if !attempt.by_session {
        let drawn = told::backend(backend, rule.backends().len(), rule.choice());
        answer.why.push(drawn);
    }
    answer.why.extend(told::tls(attempt.endpoint.port()));
    say_mirrors(answer, [rule.filters(), attempt.backend.filters()]);
}

/// What mirrors of these levels get no copy, or not of every request.
fn say_mirrors<'f>(answer: &mut Answer, levels: impl IntoIterator<Item = &'f EffectiveFilters>) {
    for mirror in levels.into_iter().flat_map(|level| &level.mirrors) {
        answer.why.extend(match mirror.backend.problem() {
            Some(problem) => Some(format!("a mirror is left out: {problem}")),
            None => told::share(mirror),
        });
    }
}

/// The end of what [`Answer::why`] says of a path with what looks like a capture group.
pub const GROUPS_NOT_FILLED_IN: &str = "capture groups of the match are not filled in";

/// What filters make of path and host.
fn say_rewrites(answer: &mut Answer, before: &request::Parts, after: &request::Parts) {
    let (from, to) = (before.uri.path(), after.uri.path());
    if from != to {
        // Other gateways put what a group of the pattern took in the place of such a text.
        answer.why.push(match told::names_group(to) && !told::names_group(from) {
            true => format!(
                "URLRewrite changes the path from `{from}` to the literal text `{to}`: {GROUPS_NOT_FILLED_IN}"
            ),
            false => format!("URLRewrite changes the path from `{from}` to `{to}`"),
        });
    }
    let host = |parts: &request::Parts| {
        let host = parts.headers.get(HOST).map(HeaderValue::as_bytes);
        String::from_utf8_lossy(host.unwrap_or_default()).into_owned()
    };
    let (from, to) = (host(before), host(after));
    if from != to {
        answer
            .why
            .push(format!("a filter changes the host from `{from}` to `{to}`"));
    }
}
