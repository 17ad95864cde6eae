//! A request that a rule takes, from there to the response that the client gets.

use super::{
    answer::{Asker, LocalAnswer},
    attempt::{Attempt, Mirrored},
    choose::Choose,
    course::{Course, NoAttempt, attempt_limit, limit},
    session::{Issued, Issuing, Recalling, SessionState},
};
use crate::{
    backend::session::{Due, Recall, Served},
    filters::strip_hop_by_hop,
    proxy::{
        Backend, Connection, Failure, JudgedRequest, Scheme, Table, Target, Why, is_grpc, settle,
    },
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, request, response};
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
    course: Course,
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
    /// `CONNECT` is answered with 501, whatever rules match its method: it asks for a tunnel, and what went through it no rule would
    /// see.
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
        let judged = settle(&mut head).and_then(|()| JudgedRequest::new(&head));
        let judged = judged.map_err(|bad| LocalAnswer::of_http(Why::Host(bad)));
        match judged.and_then(|judged| self.matched(&judged, recalling)) {
            Ok(matched) => Begun::Exchange(matched.begin(head, connection)),
            Err(answer) => Begun::Answer(answer),
        }
    }

    /// The rule that takes a request whose host was judged.
    pub(in crate::proxy) fn matched(
        &self,
        request: &JudgedRequest<'_>,
        recalling: Option<Recalling<'_>>,
    ) -> Result<Matched, LocalAnswer> {
        let head = request.head();
        if head.method == Method::CONNECT {
            return Err(LocalAnswer::of_http(Why::Tunnel));
        }
        let asker = Asker {
            calls: is_grpc(&head.headers),
            grpc_routes: self.has_grpc_routes(),
        };
        match self.router().find(request) {
            Some(target) => Ok(Matched {
                session: SessionState::of(target.rule(), head, recalling),
                target: target.clone(),
                asker,
            }),
            None => Err(asker.error(None, Why::NoRule)),
        }
    }
}

/// What is known of a request when a rule has taken it, and nothing was done to it yet.
pub(in crate::proxy) struct Matched {
    target: Target,
    asker: Asker,
    session: Option<SessionState>,
}

impl Matched {
    /// Begins the exchange.
    pub(in crate::proxy) fn begin(
        self,
        mut head: request::Parts,
        connection: Connection,
    ) -> Exchange {
        // RFC 9110, section 7.8: an upgrade that HTTP/1.0 asks for is ignored. HTTP/2 has none (RFC 9113, section 8.6).
        let upgrade = strip_hop_by_hop(&mut head.headers)
            .filter(|_| matches!(head.version, Version::HTTP_11));
        Exchange {
            target: self.target,
            course: Course::new(self.asker, connection, upgrade, head, self.session),
        }
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
        self.course.connection
    }

    /// The request as it is forwarded in the present attempt.
    #[must_use]
    pub fn head(&self) -> &request::Parts {
        self.course.head()
    }

    /// Takes the request as it is forwarded in the present attempt, to send it without a copy. There is no further attempt
    /// then.
    #[must_use]
    pub fn into_head(self) -> request::Parts {
        self.course.into_head()
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
        self.course.taken = true;
        self.course.take_copies()
    }

    /// As [`into_head`](Self::into_head), for an exchange that has yet to see the response.
    pub(super) fn take_head(&mut self) -> request::Parts {
        self.course.take_head()
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
        let Self { target, course } = self;
        match course.attempt(target, chooser, elapsed) {
            Ok(attempt) => Attempted::Attempt(attempt),
            Err(NoAttempt::Redirect { to, backend }) => {
                let redirected = course.redirected(target, to, backend.as_ref());
                Attempted::Answer(redirected.unwrap_or_else(|why| self.error(backend, why.into())))
            }
            Err(NoAttempt::Error { failed, why }) => Attempted::Answer(self.error(failed, why)),
        }
    }

    /// Says that an attempt came to nothing, and asks what next. `elapsed` is the time since the exchange began.
    ///
    /// There is no further attempt once [`outgoing`](Self::outgoing) has taken the request; [`give_up`](Self::give_up) is for
    /// that case, and has the answer alone.
    #[must_use]
    pub fn failed(&mut self, attempt: &Attempt, why: Failure, elapsed: Duration) -> AfterFailure {
        let Self { target, course } = self;
        course.tried.push(attempt.endpoint.index());
        course.among = Some(attempt.endpoint.set().clone());
        let unsent = !course.taken && why.is_before_sending();
        let others = attempt.endpoint.set().remaining(&course.tried);
        let in_time = attempt_limit(target.rule(), elapsed).is_ok();
        if attempt.by_session {
            course.lost = Some(Box::new(why.clone()));
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
    /// A response that switches protocols is one, too, if it switches to what the request asked for (RFC 9110, section 7.8). Other
    /// responses of the class 1xx are no answer (RFC 9110, section 15.2): whoever drives the exchange waits for what
    /// follows them. The answers of the data plane itself carry no token.
    ///
    /// # Errors
    ///
    /// The answer of the data plane where the response would have more headers than there can be; and 502 where it is an interim
    /// one, or switches to a protocol that the request did not ask for.
    pub fn respond(
        &self,
        attempt: &Attempt,
        response: &mut response::Parts,
        issuing: Option<Issuing<'_>>,
    ) -> Result<Responded, Box<LocalAnswer>> {
        let protocol = strip_hop_by_hop(&mut response.headers);
        let switched = match response.status {
            StatusCode::SWITCHING_PROTOCOLS => protocol.filter(|to| attempt.asks_for(to)),
            _ => None,
        };
        if response.status.is_informational() && switched.is_none() {
            let failure = Failure::NoAnswer(response.status);
            return Err(Box::new(self.give_up(attempt, failure, Duration::ZERO)));
        }
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
        self.course.session.as_ref()
    }

    /// Whether the response to an attempt is to carry a token, and why. [`respond`](Self::respond) writes it.
    #[must_use]
    pub fn due(&self, attempt: &Attempt) -> Option<Due> {
        let (recall, served) = self.served(attempt)?;
        self.target.rule().sessions()?.due(recall, &served)
    }

    /// Where the request went, for sessions.
    fn served(&self, attempt: &Attempt) -> Option<(&Recall, Served)> {
        let recall = self.course.session.as_ref()?.recall()?;
        let served = Served {
            backend: attempt.backend_index,
            endpoint: attempt.endpoint.key()?,
            match_index: self.target.match_index(),
            secure: self.course.connection.scheme == Scheme::Https,
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

    fn error(&self, failed: Option<Arc<Backend>>, why: Why) -> LocalAnswer {
        LocalAnswer {
            failed,
            ..self.course.asker.error(Some(&self.target), why)
        }
    }
}
