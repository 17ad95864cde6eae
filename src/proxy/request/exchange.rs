//! A request that a rule takes, from there to the response that the client gets.

use super::{
    answer::{Asker, LocalAnswer},
    attempt::{Attempt, Mirrored},
    choose::{Choose, ChosenEndpoint},
    filtering::{Level, RedirectTo},
    protocol::EndpointProtocol,
    session::{Issued, Issuing, Recalling, SessionState},
};
use crate::{
    attachment::RouteKind,
    backend::{
        EndpointIndex, EndpointSet,
        session::{Due, Recall, Served},
    },
    filters::strip_hop_by_hop,
    proxy::{
        Backend, CompiledRule, Connection, Failure, Scheme, Table, Target, Why, is_grpc, settle,
    },
};
use http::{HeaderMap, HeaderValue, StatusCode, Version, header::LOCATION, request, response};
use std::{sync::Arc, time::Duration};

/// What becomes of a request when it has been read.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are exchanges, and a box would be an allocation for each request"
)]
pub enum Begun {
    /// A rule takes it.
    Exchange(Exchange),
    /// The data plane answers.
    Answer(LocalAnswer),
}

/// What becomes of a request that a rule takes.
#[derive(Debug)]
pub enum Attempted {
    /// It goes to an endpoint of a backend.
    Attempt(Attempt),
    /// The data plane answers.
    Answer(LocalAnswer),
}

/// A request that a rule takes.
///
/// [`attempt`](Self::attempt) says where it goes, [`head`](Self::head) what is sent there, and [`respond`](Self::respond)
/// what the client gets of the response. Where the attempt comes to nothing, [`failed`](Self::failed) says what next, and
/// [`give_up`](Self::give_up) what the client gets where no other attempt can follow.
///
/// It holds no lock and borrows nothing, so that it lives on over a change of the configuration: it ends as it began.
#[derive(Debug)]
pub struct Exchange {
    target: Target,
    asker: Asker,
    connection: Connection,
    upgrade: Option<HeaderValue>,
    head: request::Parts,
    /// The head as the filters of the backend changed it, where that has any.
    changed: Option<Box<request::Parts>>,
    /// Whether the head was taken to be sent: there is none for another attempt.
    taken: bool,
    progress: Progress,
    session: Option<SessionState>,
    /// How the attempt at the endpoint of the session came to nothing.
    lost: Option<Box<Failure>>,
    /// The backend of the present attempt, by its place in the rule.
    backend: Option<usize>,
    /// The endpoints of that backend to which attempts were made.
    tried: Vec<EndpointIndex>,
    /// Those among which they are, even if the endpoints have moved since.
    among: Option<Arc<EndpointSet>>,
    /// Copies for the mirrors of the rule, until the request is sent.
    by_rule: Vec<Mirrored>,
    /// Copies for the mirrors of the backend of the present attempt, likewise.
    by_backend: Vec<Mirrored>,
}

/// How far an exchange has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing was done to the request.
    Matched,
    /// It has passed the filters of the rule, and copies were made for its mirrors.
    OfRule,
    /// It has passed those of the backend, too.
    OfBackend,
}

/// What is to be known of a response beside itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Responded {
    /// With status 101 the endpoint switches to this protocol. The response of the data plane to the client then says so in
    /// its turn, in `Upgrade`.
    pub switched: Option<HeaderValue>,
    /// The token of the client's session, where one was due.
    pub issued: Option<Issued>,
}

/// What follows on an attempt that came to nothing.
#[derive(Debug)]
pub enum AfterFailure {
    /// Another [attempt](Exchange::attempt) can be made: nothing of the request was sent, nor was it
    /// [taken](Exchange::outgoing) to be sent, and the backend has endpoints that were not tried, or the endpoint was that of
    /// a session, so that a backend can be chosen anew.
    Again,
    /// The data plane answers.
    Answer(LocalAnswer),
}

impl Begun {
    /// The exchange, or the answer as an error, for whoever passes answers on with `?`.
    ///
    /// # Errors
    ///
    /// The answer of the data plane.
    pub fn into_result(self) -> Result<Exchange, Box<LocalAnswer>> {
        match self {
            Self::Exchange(exchange) => Ok(exchange),
            Self::Answer(answer) => Err(Box::new(answer)),
        }
    }
}

impl Attempted {
    /// The attempt, or the answer as an error, for whoever passes answers on with `?`.
    ///
    /// # Errors
    ///
    /// The answer of the data plane.
    pub fn into_result(self) -> Result<Attempt, Box<LocalAnswer>> {
        match self {
            Self::Attempt(attempt) => Ok(attempt),
            Self::Answer(answer) => Err(Box::new(answer)),
        }
    }
}

impl AfterFailure {
    /// Nothing where another attempt can be made, or the answer as an error, for whoever passes answers on with `?`.
    ///
    /// # Errors
    ///
    /// The answer of the data plane.
    pub fn into_result(self) -> Result<(), Box<LocalAnswer>> {
        match self {
            Self::Again => Ok(()),
            Self::Answer(answer) => Err(Box::new(answer)),
        }
    }
}

impl Table {
    /// Begins an exchange: finds the rule that takes a request.
    ///
    /// A request with several `Host` headers or an invalid one is answered with 400, and so is one of HTTP/1.1 that names
    /// no host (RFC 9112, section 3.2). The authority of the target overrides `Host` (RFC 9112, section 3.2.2), for matches
    /// and for what is forwarded. The headers of the connection (RFC 9110, section 7.6.1) are there for matches, and are gone
    /// before the first filter. Allocates nothing for a request that a rule takes, unless a `Host` header is replaced.
    ///
    /// `recalling` is for rules that keep sessions. Without it their session persistence is not in force, which
    /// [`Exchange::session`] tells.
    #[must_use]
    pub fn begin(
        &self,
        mut head: request::Parts,
        connection: Connection,
        recalling: Option<Recalling<'_>>,
    ) -> Begun {
        match settle(&mut head) {
            Ok(()) => self.begin_settled(head, connection, recalling),
            Err(bad) => Begun::Answer(LocalAnswer::of_http(Why::Host(bad))),
        }
    }

    /// As [`begin`](Self::begin), for a request whose host has been judged.
    pub(in crate::proxy) fn begin_settled(
        &self,
        mut head: request::Parts,
        connection: Connection,
        recalling: Option<Recalling<'_>>,
    ) -> Begun {
        let asker = Asker {
            calls: is_grpc(&head.headers),
            grpc_routes: self.has_grpc_routes(),
        };
        let Some(target) = self.router().find(&head) else {
            return Begun::Answer(asker.error(None, Why::NoRule));
        };
        let session = SessionState::of(target.rule(), &head, recalling);
        // RFC 9110, section 7.8: an upgrade that HTTP/1.0 asks for is ignored. HTTP/2 has none (RFC 9113, section 8.6).
        let upgrade = strip_hop_by_hop(&mut head.headers)
            .filter(|_| matches!(head.version, Version::HTTP_11));
        Begun::Exchange(Exchange {
            target: target.clone(),
            asker,
            connection,
            upgrade,
            head,
            changed: None,
            taken: false,
            progress: Progress::Matched,
            session,
            lost: None,
            backend: None,
            tried: Vec::new(),
            among: None,
            by_rule: Vec::new(),
            by_backend: Vec::new(),
        })
    }
}

impl Exchange {
    /// The rule and match.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The connection over which the request came.
    #[must_use]
    pub fn connection(&self) -> Connection {
        self.connection
    }

    /// The request as it is forwarded in the present attempt.
    #[must_use]
    pub fn head(&self) -> &request::Parts {
        self.changed.as_deref().unwrap_or(&self.head)
    }

    /// Takes the request as it is forwarded in the present attempt, to send it without a copy. There is no further attempt
    /// then.
    #[must_use]
    pub fn into_head(self) -> request::Parts {
        self.changed.map_or(self.head, |changed| *changed)
    }

    /// The copies of the request that go to mirrors, those of the rule before those of the backend, when the request itself is
    /// sent: once the endpoint of the attempt is connected to. There is no further attempt then, as with
    /// [`outgoing`](Self::outgoing), and no second copy. Mirrors that lead nowhere are left out: they concern nobody else
    /// (HTTPRoute `requestMirror`).
    ///
    /// Where no endpoint is connected to, nothing of the request is sent, and no mirror gets a copy: the answer of the data
    /// plane has none. Copies of a request that is [redirected](LocalAnswer::mirrors) come with that answer.
    #[must_use]
    pub fn copies(&mut self) -> Vec<Mirrored> {
        self.taken = true;
        self.take_copies()
    }

    fn take_copies(&mut self) -> Vec<Mirrored> {
        let mut copies = std::mem::take(&mut self.by_rule);
        copies.append(&mut self.by_backend);
        copies
    }

    /// As [`into_head`](Self::into_head), for an exchange that has yet to see the response.
    pub(super) fn take_head(&mut self) -> request::Parts {
        self.taken = true;
        let empty = || http::Request::new(()).into_parts().0;
        let head = std::mem::replace(&mut self.head, empty());
        self.changed.take().map_or(head, |changed| *changed)
    }

    /// How long the whole exchange may take; no limit without one (HTTPRoute `spec.rules[].timeouts.request`).
    #[must_use]
    pub fn limit(&self) -> Option<Duration> {
        limit(self.target.rule().timeouts().request)
    }

    /// Chooses where the request goes, and changes it as the filters ask. `elapsed` is the time since the exchange began.
    ///
    /// The first attempt goes to the endpoint of the session that the request belongs to, if that still serves; else it
    /// chooses a backend and an endpoint. Those that follow a [failure](Self::failed) stay at that
    /// backend, and try the endpoints that were not tried. Only where the failed endpoint was that of a session, they choose
    /// the backend anew, as for a request without a session.
    #[must_use]
    pub fn attempt(&mut self, chooser: &mut dyn Choose, elapsed: Duration) -> Attempted {
        let tried = self.try_attempt(chooser, elapsed);
        tried.unwrap_or_else(|(failed, why)| Attempted::Answer(self.error(failed, why)))
    }

    fn try_attempt(
        &mut self,
        chooser: &mut dyn Choose,
        elapsed: Duration,
    ) -> Result<Attempted, (Option<Arc<Backend>>, Why)> {
        let target = self.target.clone();
        let rule = target.rule();
        if let Some(problem) = rule.problem() {
            return Err((None, problem.clone()));
        }
        if rule.filters().compiled.redirect().is_some() {
            let redirect = self.pass_rule(chooser).map_err(|why| (None, why))?;
            if let Some(redirect) = redirect {
                let answer = self.redirected(redirect, None);
                return Ok(Attempted::Answer(answer.map_err(|why| (None, why))?));
            }
        }
        let session = self.session.filter(|_| self.backend.is_none());
        let (index, backend, of_session) = match session.and_then(|session| session.place(rule)) {
            Some((index, backend, endpoint)) => (index, backend, Some(endpoint)),
            None => {
                let index = match self.backend.filter(|_| self.lost.is_none()) {
                    Some(index) => index,
                    None => {
                        let tried = self.backend;
                        let chosen = rule.choose(chooser, tried.as_slice());
                        chosen.map_err(|why| (None, why))?
                    }
                };
                let backend = rule.backends().get(index);
                (index, backend.ok_or((None, Why::NoBackend))?, None)
            }
        };
        self.goes_to(index);
        let chosen = (index, backend, of_session);
        self.through(rule, chosen, chooser, elapsed)
            .map_err(|why| (Some(backend.clone()), why))
    }

    /// Notes the backend of the present attempt.
    fn goes_to(&mut self, index: usize) {
        if self.backend.is_some_and(|before| before != index) {
            self.tried.clear();
            self.among = None;
            self.changed = None;
            // The mirrors of a backend get copies of what goes to that backend.
            self.by_backend.clear();
            if self.progress == Progress::OfBackend {
                self.progress = Progress::OfRule;
            }
            self.lost = None;
        }
        self.backend = Some(index);
    }

    /// A request for this backend, at the endpoint of its session or at one that is chosen.
    fn through(
        &mut self,
        rule: &CompiledRule,
        (index, backend, of_session): (usize, &Arc<Backend>, Option<ChosenEndpoint>),
        chooser: &mut dyn Choose,
        elapsed: Duration,
    ) -> Result<Attempted, Why> {
        let [by_rule, by_backend] = [rule.filters(), backend.filters()];
        let (port, present) = backend.reached().map_err(Why::Backend)?;
        if by_backend.compiled.redirect().is_some() {
            self.pass_rule(chooser)?;
            if let Some(redirect) = self.pass_backend(backend, chooser)? {
                let answer = self.redirected(redirect, Some(backend));
                return Ok(Attempted::Answer(answer?));
            }
        }
        let by_session = of_session.is_some();
        let endpoint = match of_session {
            Some(endpoint) => endpoint,
            None => {
                let set = self.among.take().unwrap_or(present);
                ChosenEndpoint::among((port, set), &self.tried, chooser)?
                    .ok_or_else(|| self.no_endpoint(backend))?
            }
        };
        // What failed before was the session's, and this attempt is not.
        self.lost = None;
        let limit = self.attempt_limit(elapsed)?;
        self.pass_rule(chooser)?;
        self.pass_backend(backend, chooser)?;
        let passes_upgrade =
            || by_rule.compiled.passes_upgrade() && by_backend.compiled.passes_upgrade();
        let upgrade = self.upgrade.clone().filter(|_| passes_upgrade());
        let protocol = EndpointProtocol::of(port, self.calls(), upgrade.as_ref());
        Ok(Attempted::Attempt(Attempt {
            backend: backend.clone(),
            backend_index: index,
            endpoint,
            by_session,
            protocol,
            upgrade: upgrade.filter(|_| protocol.switches()),
            limit,
        }))
    }

    /// That no endpoint of a backend is left to try.
    fn no_endpoint(&self, backend: &Backend) -> Why {
        let backend = backend.reference().clone();
        match self.lost.as_deref().cloned() {
            Some(failure) => Why::Failed { failure, backend },
            None => Why::NoEndpoint(backend),
        }
    }

    /// How long the next attempt may take: no longer than the rule allows an attempt, nor than what is left for the exchange.
    fn attempt_limit(&self, elapsed: Duration) -> Result<Option<Duration>, Why> {
        let timeouts = self.target.rule().timeouts();
        let whole = limit(timeouts.request);
        let left = match whole.map(|whole| (whole, whole.checked_sub(elapsed))) {
            None => None,
            Some((_, Some(left))) if !left.is_zero() => Some(left),
            Some((whole, _)) => return Err(Why::Timeout { limit: whole }),
        };
        let attempt = limit(timeouts.backend_request);
        Ok(match (attempt, left) {
            (Some(attempt), Some(left)) => Some(attempt.min(left)),
            (attempt, left) => attempt.or(left),
        })
    }

    /// Says that an attempt came to nothing, and asks what next. `elapsed` is the time since the exchange began.
    ///
    /// There is no further attempt once [`outgoing`](Self::outgoing) has taken the request; [`give_up`](Self::give_up) is for
    /// that case, and has the answer alone.
    #[must_use]
    pub fn failed(&mut self, attempt: &Attempt, why: Failure, elapsed: Duration) -> AfterFailure {
        self.tried.push(attempt.endpoint.index());
        self.among = Some(attempt.endpoint.set().clone());
        let unsent = !self.taken && why.is_before_sending();
        let others = attempt.endpoint.set().remaining(&self.tried);
        let in_time = self.attempt_limit(elapsed).is_ok();
        if attempt.by_session {
            self.lost = Some(Box::new(why.clone()));
        }
        if unsent && in_time && (others > 0 || attempt.by_session) {
            return AfterFailure::Again;
        }
        AfterFailure::Answer(self.give_up(attempt, why, elapsed))
    }

    /// The answer where an attempt came to nothing and no other is made: the request was taken to be
    /// [sent](Self::outgoing), or whoever drives the exchange makes one attempt alone. `elapsed` is the time since the
    /// exchange began.
    ///
    /// It is 502 where the endpoint does not behave, 503 where it cannot be reached, and 504 where it takes too long.
    #[must_use]
    pub fn give_up(&self, attempt: &Attempt, why: Failure, elapsed: Duration) -> LocalAnswer {
        let backend = attempt.backend.reference().clone();
        let why = match why {
            Failure::Timeout => Why::Timeout {
                limit: attempt.limit.unwrap_or(elapsed),
            },
            failure => Why::Failed { failure, backend },
        };
        self.error(Some(attempt.backend.clone()), why)
    }

    /// Makes of the response of an endpoint the one that the client gets: takes the headers of the connection off (RFC 9110,
    /// section 7.6.1), applies the response filters, those of the backend before those of the rule, and adds the token of the
    /// client's session where one is [due](Self::due). Without `issuing` there is none.
    ///
    /// A response that switches protocols is one, too. The answers of the data plane itself carry no token.
    ///
    /// # Errors
    ///
    /// The answer of the data plane where the response would have more headers than there can be.
    pub fn respond(
        &self,
        attempt: &Attempt,
        response: &mut response::Parts,
        issuing: Option<Issuing<'_>>,
    ) -> Result<Responded, Box<LocalAnswer>> {
        let switched = strip_hop_by_hop(&mut response.headers).filter(|_| {
            response.status == StatusCode::SWITCHING_PROTOCOLS && attempt.upgrade.is_some()
        });
        for filters in [attempt.backend.filters(), self.target.rule().filters()] {
            let applied = filters.compiled.apply_response(&mut response.headers);
            applied.map_err(|error| {
                Box::new(self.error(Some(attempt.backend.clone()), Why::Response(error)))
            })?;
        }
        let issued =
            issuing.and_then(|issuing| self.issue(attempt, &mut response.headers, issuing));
        Ok(Responded { switched, issued })
    }

    /// What session persistence means for the request (HTTPRoute and GRPCRoute `spec.rules[].sessionPersistence`,
    /// BackendLBPolicy). Nothing if the rule keeps no sessions.
    #[must_use]
    pub fn session(&self) -> Option<&SessionState> {
        self.session.as_ref()
    }

    /// Whether the response to an attempt is to carry a token, and why. [`respond`](Self::respond) writes it.
    #[must_use]
    pub fn due(&self, attempt: &Attempt) -> Option<Due> {
        let (recall, served) = self.served(attempt)?;
        self.target.rule().sessions()?.due(recall, &served)
    }

    /// Where the request went, for sessions.
    fn served(&self, attempt: &Attempt) -> Option<(&Recall, Served)> {
        let recall = self.session.as_ref()?.recall()?;
        let served = Served {
            backend: attempt.backend_index,
            endpoint: attempt.endpoint.key()?,
            match_index: self.target.match_index(),
            secure: self.connection.scheme == Scheme::Https,
        };
        Some((recall, served))
    }

    /// Writes the token that is due into the headers of a response.
    fn issue(
        &self,
        attempt: &Attempt,
        headers: &mut HeaderMap,
        issuing: Issuing<'_>,
    ) -> Option<Issued> {
        let sessions = self.target.rule().sessions()?;
        let (recall, served) = self.served(attempt)?;
        sessions.due(recall, &served)?;
        let nonce = (issuing.nonce)();
        let header = sessions.issue(recall, &served, issuing.keys, nonce)?;
        Some(Issued {
            due: header.due(),
            applied: header.apply(headers),
        })
    }

    /// Whether what is forwarded is gRPC: the route may tell (HTTPRoute and GRPCRoute `backendRefs[]`), and so does the
    /// request as it came.
    fn calls(&self) -> bool {
        self.asker.calls || self.target.rule().route().kind == RouteKind::Grpc
    }

    /// Takes the request through the filters of the rule, unless it has passed them.
    fn pass_rule(&mut self, chooser: &mut dyn Choose) -> Result<Option<RedirectTo>, Why> {
        if self.progress != Progress::Matched {
            return Ok(None);
        }
        self.progress = Progress::OfRule;
        let rule = self.target.rule();
        let level = Level {
            filters: rule.filters(),
            mirrors: rule.mirrors(),
            prefix: self.target.prefix(),
            connection: self.connection,
            calls: self.calls(),
        };
        let passed = level.pass(&mut self.head, chooser)?;
        self.by_rule = passed.mirrors;
        Ok(passed.redirect)
    }

    /// Takes a copy of the request through the filters of a backend, if it has any and the request has not passed them.
    fn pass_backend(
        &mut self,
        backend: &Backend,
        chooser: &mut dyn Choose,
    ) -> Result<Option<RedirectTo>, Why> {
        let passed = self.progress == Progress::OfBackend;
        self.progress = Progress::OfBackend;
        if passed || backend.filters().compiled.steps().is_empty() {
            return Ok(None);
        }
        let level = Level {
            filters: backend.filters(),
            mirrors: backend.mirrors(),
            prefix: self.target.prefix(),
            connection: self.connection,
            calls: self.calls(),
        };
        let mut head = Box::new(self.head.clone());
        let passed = level.pass(&mut head, chooser)?;
        self.changed = Some(head);
        self.by_backend = passed.mirrors;
        Ok(passed.redirect)
    }

    /// The answer to a request that is redirected. It is the response that the client gets, so response filters change it:
    /// those of the redirect's own level, and after them those of the rule around a backend.
    fn redirected(
        &mut self,
        (status, location): RedirectTo,
        backend: Option<&Arc<Backend>>,
    ) -> Result<LocalAnswer, Why> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location.clone());
        let own = backend.map(|backend| backend.filters());
        for filters in own.into_iter().chain([self.target.rule().filters()]) {
            filters.compiled.apply_response(&mut headers)?;
        }
        Ok(LocalAnswer {
            target: Some(self.target.clone()),
            failed: None,
            redirecting: backend.cloned(),
            status,
            grpc: None,
            headers,
            mirrors: self.take_copies(),
            why: Why::Redirect {
                of_backend: backend.is_some(),
                location,
            },
        })
    }

    fn error(&self, failed: Option<Arc<Backend>>, why: Why) -> LocalAnswer {
        LocalAnswer {
            failed,
            ..self.asker.error(Some(&self.target), why)
        }
    }
}

/// A limit that is one: zero and absent both mean none (GEP-1742).
fn limit(written: Option<crate::meta::Duration>) -> Option<Duration> {
    let limit: Duration = written?.into();
    Some(limit).filter(|limit| !limit.is_zero())
}
