//! A request that a rule takes, from there to the response that the client gets.

use super::{
    Backend, Choose, ChosenEndpoint, LocalAnswer, Table, Target, Why, answer::Asker, choose,
    grpc::is_grpc, host, protocol::BackendProtocol,
};
use crate::{
    attachment::{
        RouteKind,
        effective::{EffectiveBackendTls, EffectiveFilters},
    },
    backend::{DrawError, EndpointIndex},
    filters::{ApplyError, RedirectContext, Step, strip_hop_by_hop},
};
use http::{
    HeaderMap, HeaderValue, StatusCode, Version,
    header::{HOST, LOCATION},
    request, response,
};
use std::{fmt, sync::Arc, time::Duration};

/// The scheme in which a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Cleartext.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The text as in a URL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What is known of the connection over which a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    /// The scheme.
    pub scheme: Scheme,
    /// The port of the listener, or of the Service.
    pub port: u16,
}

/// What becomes of a request when it has been read.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a request that a rule takes costs no allocation of its own"
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
/// what the client gets of the response. Where the attempt comes to nothing, [`failed`](Self::failed) says what next.
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
    changed: Option<request::Parts>,
    progress: Progress,
    /// The backend of the present attempt.
    backend: Option<Arc<Backend>>,
    /// The endpoints of that backend to which attempts were made.
    tried: Vec<EndpointIndex>,
}

/// How far an exchange has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing was done to the request.
    Matched,
    /// It has passed the filters of the rule, and mirrors have their copies.
    Filtered,
}

/// One attempt to have a request answered by an endpoint.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The backend.
    pub backend: Arc<Backend>,
    /// The endpoint.
    pub endpoint: ChosenEndpoint,
    /// What is spoken to the endpoint.
    pub protocol: BackendProtocol,
    /// The protocols to which the client asks to switch its connection, such as `websocket`, for the `Upgrade` header of the
    /// request to the endpoint, which `Connection` has to name (RFC 9110, section 7.8). The request itself has neither
    /// header any more.
    pub upgrade: Option<HeaderValue>,
    /// How long the endpoint may take for its whole response; no limit without one (HTTPRoute
    /// `spec.rules[].timeouts`).
    pub limit: Option<Duration>,
    /// Copies of the request. Mirrors that lead nowhere are left out: they concern nobody else (HTTPRoute
    /// `requestMirror`). Only the first attempt has any.
    pub mirrors: Vec<Mirrored>,
}

impl Attempt {
    /// TLS to the endpoint, if a BackendTLSPolicy asks for it.
    #[must_use]
    pub fn tls(&self) -> Option<&Arc<EffectiveBackendTls>> {
        self.endpoint.backend().tls.as_ref()
    }
}

/// A copy of a request that goes to an endpoint of another backend, whose answer is thrown away.
#[derive(Clone, Debug)]
pub struct Mirrored {
    /// The backend.
    pub backend: Arc<Backend>,
    /// The endpoint, one however many the backend has.
    pub endpoint: ChosenEndpoint,
    /// What is spoken to the endpoint.
    pub protocol: BackendProtocol,
    /// The request as it is at the place of the mirror among the filters of its level. Filters of a backend change what is
    /// forwarded to that backend alone (HTTPRoute `spec.rules[].backendRefs[].filters`), so a mirror of the rule does not
    /// see them.
    pub request: request::Parts,
}

/// Why an attempt came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The endpoint cannot be connected to. Nothing of the request was sent.
    Connect,
    /// TLS to the endpoint does not come about: it cannot prove who it is, or wants something of the data plane that that
    /// does not have. Nothing of the request was sent.
    Tls,
    /// The connection ended before the response began.
    Reset,
    /// What the endpoint sent is no response.
    Malformed,
    /// The [limit](Attempt::limit) of the attempt is over.
    Timeout,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "cannot be connected to",
            Self::Tls => "cannot be reached over TLS",
            Self::Reset => "ended the connection before it sent a response",
            Self::Malformed => "sent something that is not a response",
            Self::Timeout => "took too long",
        })
    }
}

/// What follows on an attempt that came to nothing.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "what is rare may be large, and answers are made to be moved"
)]
pub enum AfterFailure {
    /// Another [attempt](Exchange::attempt) can be made: nothing of the request was sent, and the backend has endpoints
    /// that were not tried.
    Again,
    /// The data plane answers.
    Answer(LocalAnswer),
}

impl Table {
    /// Begins an exchange: finds the rule that takes a request.
    ///
    /// A request with several `Host` headers or an invalid one is answered with 400, and so is one of HTTP/1.1 that names
    /// no host (RFC 9112, section 3.2). The authority of the target overrides `Host` (RFC 9112, section 3.2.2), for matches
    /// and for what is forwarded. The headers of the connection (RFC 9110, section 7.6.1) are there for matches, and are gone
    /// before the first filter. Allocates nothing for a request that a rule takes, unless a `Host` header is replaced.
    #[must_use]
    pub fn begin(&self, mut head: request::Parts, connection: Connection) -> Begun {
        match host::settle(&mut head) {
            Ok(()) => self.begin_settled(head, connection),
            Err(bad) => Begun::Answer(LocalAnswer::of_http(Why::Host(bad))),
        }
    }

    /// As [`begin`](Self::begin), for a request whose host has been judged.
    pub(super) fn begin_settled(&self, mut head: request::Parts, connection: Connection) -> Begun {
        let asker = Asker {
            calls: is_grpc(&head.headers),
            grpc_routes: self.has_grpc_routes(),
        };
        let Some(target) = self.router().find(&head) else {
            return Begun::Answer(asker.error(None, Why::NoRule));
        };
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
            progress: Progress::Matched,
            backend: None,
            tried: Vec::new(),
        })
    }
}

/// What the filters of one level make of a request.
#[derive(Default)]
struct Passed {
    mirrors: Vec<Mirrored>,
    /// The status and the location, where one of them redirects.
    redirect: Option<(StatusCode, HeaderValue)>,
}

impl Exchange {
    /// The rule and match.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The request as it is forwarded in the present attempt.
    #[must_use]
    pub fn head(&self) -> &request::Parts {
        self.changed.as_ref().unwrap_or(&self.head)
    }

    /// Takes the request as it is forwarded in the present attempt, to send it without a copy. There is no further attempt
    /// then.
    #[must_use]
    pub fn into_head(self) -> request::Parts {
        self.changed.unwrap_or(self.head)
    }

    /// As [`into_head`](Self::into_head), for an exchange that has yet to see the response.
    pub(super) fn take_head(&mut self) -> request::Parts {
        let empty = || http::Request::new(()).into_parts().0;
        let head = std::mem::replace(&mut self.head, empty());
        self.changed.take().unwrap_or(head)
    }

    /// How long the whole exchange may take; no limit without one (HTTPRoute `spec.rules[].timeouts.request`).
    #[must_use]
    pub fn limit(&self) -> Option<Duration> {
        limit(self.target.rule().timeouts().request)
    }

    /// Chooses where the request goes, and changes it as the filters ask. `elapsed` is the time since the exchange began.
    ///
    /// The first attempt chooses a backend, and sends copies to mirrors. Those that follow a [failure](Self::failed) stay at
    /// that backend, and try the endpoints that were not tried.
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
        if self.progress == Progress::Matched && rule.filters().compiled.redirect().is_some() {
            let passed = self.pass_rule(chooser).map_err(|why| (None, why))?;
            let answer = self.redirected(passed, None);
            return Ok(Attempted::Answer(answer.map_err(|why| (None, why))?));
        }
        let backend = match &self.backend {
            Some(backend) => backend.clone(),
            None => rule.choose(chooser).map_err(|why| (None, why))?.clone(),
        };
        self.backend = Some(backend.clone());
        self.through(&backend, chooser, elapsed)
            .map_err(|why| (Some(backend), why))
    }

    /// A request for this backend.
    fn through(
        &mut self,
        backend: &Arc<Backend>,
        chooser: &mut dyn Choose,
        elapsed: Duration,
    ) -> Result<Attempted, Why> {
        let target = self.target.clone();
        let [by_rule, by_backend] = [target.rule().filters(), backend.filters()];
        let endpoints = backend.endpoints().map_err(Why::Backend)?;
        if by_backend.compiled.redirect().is_some() {
            let mut passed = self.pass_rule(chooser)?;
            let own = self.pass_backend(backend, chooser)?;
            passed.mirrors.extend(own.mirrors);
            passed.redirect = own.redirect;
            return Ok(Attempted::Answer(self.redirected(passed, Some(backend))?));
        }
        let endpoint = ChosenEndpoint::among(endpoints, &self.tried, chooser)?
            .ok_or_else(|| Why::NoEndpoint(backend.reference().clone()))?;
        let limit = self.attempt_limit(elapsed)?;
        let mut mirrors = Vec::new();
        if self.progress == Progress::Matched {
            mirrors = self.pass_rule(chooser)?.mirrors;
            mirrors.extend(self.pass_backend(backend, chooser)?.mirrors);
        }
        self.progress = Progress::Filtered;
        let passes_upgrade =
            by_rule.compiled.passes_upgrade() && by_backend.compiled.passes_upgrade();
        let upgrade = self.upgrade.clone().filter(|_| passes_upgrade);
        let protocol = BackendProtocol::of(endpoints.backend(), self.calls(), upgrade.as_ref());
        Ok(Attempted::Attempt(Attempt {
            backend: backend.clone(),
            endpoint,
            protocol,
            upgrade: upgrade.filter(|_| protocol.switches()),
            limit,
            mirrors,
        }))
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
    /// The answer is 502 where the endpoint does not behave, 503 where it cannot be reached, and 504 where it takes too long.
    #[must_use]
    pub fn failed(&mut self, attempt: &Attempt, why: Failure, elapsed: Duration) -> AfterFailure {
        self.tried.push(attempt.endpoint.index());
        let unsent = matches!(why, Failure::Connect | Failure::Tls);
        let others = attempt.endpoint.set().remaining(&self.tried);
        let in_time = self.attempt_limit(elapsed).is_ok();
        if unsent && in_time && others > 0 {
            return AfterFailure::Again;
        }
        let backend = attempt.backend.reference().clone();
        let why = match why {
            Failure::Timeout => Why::Timeout {
                limit: attempt.limit.unwrap_or(elapsed),
            },
            failure => Why::Failed { failure, backend },
        };
        AfterFailure::Answer(self.error(Some(attempt.backend.clone()), why))
    }

    /// Makes of the response of an endpoint the one that the client gets: takes the headers of the connection off (RFC 9110,
    /// section 7.6.1), and applies the response filters, those of the backend before those of the rule.
    ///
    /// With status 101 the endpoint switches protocols. The response of the data plane to the client then says so in its
    /// turn: `Upgrade` has the protocol that this returns.
    ///
    /// # Errors
    ///
    /// When the response then has more headers than there can be.
    pub fn respond(
        &self,
        attempt: &Attempt,
        response: &mut response::Parts,
    ) -> Result<Option<HeaderValue>, ApplyError> {
        let switched = strip_hop_by_hop(&mut response.headers).filter(|_| {
            response.status == StatusCode::SWITCHING_PROTOCOLS && attempt.upgrade.is_some()
        });
        for filters in [attempt.backend.filters(), self.target.rule().filters()] {
            filters.compiled.apply_response(&mut response.headers)?;
        }
        Ok(switched)
    }

    /// Whether what is forwarded is gRPC: the route may tell (HTTPRoute and GRPCRoute `backendRefs[]`), and so does the
    /// request as it came.
    fn calls(&self) -> bool {
        self.asker.calls || self.target.rule().route().kind == RouteKind::Grpc
    }

    /// Takes the request through the filters of the rule.
    fn pass_rule(&mut self, chooser: &mut dyn Choose) -> Result<Passed, Why> {
        let target = self.target.clone();
        let rule = target.rule();
        let calls = self.calls();
        let mut level = Level {
            filters: rule.filters(),
            mirrors: rule.mirrors(),
            prefix: target.prefix(),
            connection: self.connection,
            calls,
        };
        level.pass(&mut self.head, chooser)
    }

    /// Takes a copy of the request through the filters of a backend, if it has any.
    fn pass_backend(&mut self, backend: &Backend, chooser: &mut dyn Choose) -> Result<Passed, Why> {
        if backend.filters().compiled.steps().is_empty() {
            return Ok(Passed::default());
        }
        let mut level = Level {
            filters: backend.filters(),
            mirrors: backend.mirrors(),
            prefix: self.target.prefix(),
            connection: self.connection,
            calls: self.calls(),
        };
        let mut head = self.head.clone();
        let passed = level.pass(&mut head, chooser)?;
        self.changed = Some(head);
        Ok(passed)
    }

    /// The answer to a request that is redirected. It is the response that the client gets, so response filters change it:
    /// those of the redirect's own level, and after them those of the rule around a backend.
    fn redirected(
        &self,
        passed: Passed,
        backend: Option<&Arc<Backend>>,
    ) -> Result<LocalAnswer, Why> {
        let Passed { mirrors, redirect } = passed;
        // Whoever calls this has seen that there is a redirect.
        let (status, location) = redirect.ok_or(Why::NoBackend)?;
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
            mirrors,
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

/// The filters of a rule, or of a backend.
struct Level<'l> {
    filters: &'l EffectiveFilters,
    mirrors: &'l [Arc<Backend>],
    prefix: Option<&'l str>,
    connection: Connection,
    calls: bool,
}

impl Level<'_> {
    /// Takes a request through the filters, in the order of their list.
    fn pass(
        &mut self,
        request: &mut request::Parts,
        chooser: &mut dyn Choose,
    ) -> Result<Passed, Why> {
        let mut passed = Passed::default();
        for step in self.filters.compiled.steps() {
            match *step {
                Step::Mirror(index) => {
                    let copy = self.mirrored(index, request, chooser)?;
                    passed.mirrors.extend(copy);
                }
                Step::Redirect => passed.redirect = self.location(request)?,
                step => self
                    .filters
                    .compiled
                    .apply_step(step, request, self.prefix)?,
            }
        }
        Ok(passed)
    }

    /// Where a redirect among the filters sends the client.
    fn location(
        &self,
        request: &request::Parts,
    ) -> Result<Option<(StatusCode, HeaderValue)>, ApplyError> {
        let in_target = request.uri.authority().map(http::uri::Authority::as_str);
        let in_header = || request.headers.get(HOST)?.to_str().ok();
        self.filters.compiled.location(&RedirectContext {
            scheme: self.connection.scheme.as_str(),
            host: in_target.or_else(in_header).unwrap_or_default(),
            port: self.connection.port,
            path: request.uri.path(),
            query: request.uri.query(),
            matched_prefix: self.prefix,
        })
    }

    /// The copy for a mirror. None where the mirror leads nowhere, or has no share in this request.
    fn mirrored(
        &self,
        index: usize,
        request: &request::Parts,
        chooser: &mut dyn Choose,
    ) -> Result<Option<Mirrored>, DrawError> {
        let (Some(mirror), Some(backend)) =
            (self.filters.mirrors.get(index), self.mirrors.get(index))
        else {
            return Ok(None);
        };
        let endpoint = choose::mirror(mirror, backend, chooser)?;
        Ok(endpoint.map(|endpoint| Mirrored {
            backend: backend.clone(),
            protocol: BackendProtocol::of(endpoint.backend(), self.calls, None),
            endpoint,
            request: request.clone(),
        }))
    }
}
