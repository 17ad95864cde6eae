//! The course of a request under the rule that took it: filters, backend and endpoint, attempt by attempt.

use super::{
    answer::{Asker, LocalAnswer},
    attempt::{Attempt, Mirrored},
    choose::{Choose, ChosenEndpoint},
    filtering::{Level, RedirectTo},
    protocol::EndpointProtocol,
    session::SessionState,
};
use crate::{
    attachment::{RouteKind, effective::EffectiveFilters},
    backend::{EndpointIndex, EndpointSet},
    filters::ApplyError,
    proxy::{Backend, CompiledRule, Connection, Failure, Target, Why},
};
use http::{HeaderMap, HeaderValue, header::LOCATION, request};
use std::{sync::Arc, time::Duration};

/// How far a request has come under the rule that took it. The rule is an argument, so that it is borrowed and no request counts
/// it twice.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) asker: Asker,
    pub(super) connection: Connection,
    upgrade: Option<HeaderValue>,
    head: request::Parts,
    /// The head as the filters of the backend changed it, where that has any.
    changed: Option<Box<request::Parts>>,
    /// Whether the head was taken to be sent: there is none for another attempt.
    pub(super) taken: bool,
    progress: Progress,
    pub(super) session: Option<SessionState>,
    /// How the attempt at the endpoint of the session came to nothing.
    pub(super) lost: Option<Box<Failure>>,
    /// The backend of the present attempt, by its place in the rule.
    backend: Option<usize>,
    /// The endpoints of that backend to which attempts were made.
    pub(super) tried: Vec<EndpointIndex>,
    /// Those among which they are, even if the endpoints have moved since.
    pub(super) among: Option<Arc<EndpointSet>>,
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

/// Why the data plane answers by itself.
pub(super) enum NoAttempt {
    /// A filter redirects: of the rule, or of this backend.
    Redirect {
        to: RedirectTo,
        backend: Option<Arc<Backend>>,
    },
    /// There is no endpoint to go to; the backend whose share of requests fails, where that is why.
    Error {
        failed: Option<Arc<Backend>>,
        why: Why,
    },
}

impl From<Why> for NoAttempt {
    fn from(why: Why) -> Self {
        Self::Error { failed: None, why }
    }
}

impl Course {
    /// That of a request to which nothing was done.
    pub(super) fn new(
        asker: Asker,
        connection: Connection,
        upgrade: Option<HeaderValue>,
        head: request::Parts,
        session: Option<SessionState>,
    ) -> Self {
        Self {
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
        }
    }

    pub(super) fn head(&self) -> &request::Parts {
        self.changed.as_deref().unwrap_or(&self.head)
    }

    pub(super) fn into_head(self) -> request::Parts {
        self.changed.map_or(self.head, |changed| *changed)
    }

    pub(super) fn take_head(&mut self) -> request::Parts {
        self.taken = true;
        let empty = || http::Request::new(()).into_parts().0;
        let head = std::mem::replace(&mut self.head, empty());
        self.changed.take().map_or(head, |changed| *changed)
    }

    pub(super) fn take_copies(&mut self) -> Vec<Mirrored> {
        let mut copies = std::mem::take(&mut self.by_rule);
        copies.append(&mut self.by_backend);
        copies
    }

    /// The next attempt.
    pub(super) fn attempt(
        &mut self,
        target: &Target,
        chooser: &mut dyn Choose,
        elapsed: Duration,
    ) -> Result<Attempt, NoAttempt> {
        let rule = target.rule();
        if let Some(problem) = rule.problem() {
            return Err(problem.clone().into());
        }
        if rule.filters().compiled.redirect().is_some()
            && let Some(to) = self.pass_rule(target, chooser)?
        {
            return Err(NoAttempt::Redirect { to, backend: None });
        }
        let (index, of_session) = self.chosen(rule, chooser)?;
        let backend = rule.backends().get(index).ok_or(Why::NoBackend)?;
        self.goes_to(index);
        self.through(target, (index, backend, of_session), chooser, elapsed)
            .map_err(|no_attempt| match no_attempt {
                NoAttempt::Error { failed: None, why } => NoAttempt::Error {
                    failed: Some(backend.clone()),
                    why,
                },
                other => other,
            })
    }

    /// The place of the backend of the next attempt, and the endpoint where that is the session's.
    fn chosen(
        &self,
        rule: &CompiledRule,
        chooser: &mut dyn Choose,
    ) -> Result<(usize, Option<ChosenEndpoint>), Why> {
        if self.backend.is_none()
            && let Some(session) = &self.session
            && let Some((index, endpoint)) = session.place(rule)
        {
            return Ok((index, Some(endpoint)));
        }
        match self.backend.filter(|_| self.lost.is_none()) {
            Some(index) => Ok((index, None)),
            None => Ok((rule.choose(chooser, self.backend.as_slice())?, None)),
        }
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
        target: &Target,
        (index, backend, of_session): (usize, &Arc<Backend>, Option<ChosenEndpoint>),
        chooser: &mut dyn Choose,
        elapsed: Duration,
    ) -> Result<Attempt, NoAttempt> {
        let by_session = of_session.is_some();
        let (port, endpoints) = backend
            .port()
            .map_err(|problem| Why::Backend(problem.clone()))?;
        if backend.filters().compiled.redirect().is_some() {
            self.pass_rule(target, chooser)?;
            if let Some(to) = self.pass_backend(target, backend, chooser)? {
                let backend = Some(backend.clone());
                return Err(NoAttempt::Redirect { to, backend });
            }
        }
        let endpoint = match of_session {
            Some(endpoint) => endpoint,
            None => {
                let set = self.among.take().unwrap_or_else(|| endpoints.set());
                ChosenEndpoint::among((port, set), &self.tried, chooser)
                    .map_err(Why::from)?
                    .ok_or_else(|| self.no_endpoint(backend))?
            }
        };
        // What failed before was the session's, and this attempt is not.
        self.lost = None;
        let limit = attempt_limit(target.rule(), elapsed)?;
        self.pass_rule(target, chooser)?;
        self.pass_backend(target, backend, chooser)?;
        let upgrade = self.upgrade.as_ref().filter(|_| {
            let levels = [target.rule().filters(), backend.filters()];
            levels.iter().all(|level| level.compiled.passes_upgrade())
        });
        let protocol = EndpointProtocol::of(port, self.calls(target), upgrade);
        Ok(Attempt {
            upgrade: upgrade.filter(|_| protocol.switches()).cloned(),
            backend: backend.clone(),
            backend_index: index,
            endpoint,
            by_session,
            protocol,
            limit,
        })
    }

    /// That no endpoint of a backend is left to try.
    fn no_endpoint(&self, backend: &Backend) -> Why {
        let backend = backend.reference().clone();
        match self.lost.as_deref().cloned() {
            Some(failure) => Why::Failed { failure, backend },
            None => Why::NoEndpoint(backend),
        }
    }

    /// Whether what is forwarded is gRPC: the route may tell (HTTPRoute and GRPCRoute `backendRefs[]`), and so does the
    /// request as it came.
    fn calls(&self, target: &Target) -> bool {
        self.asker.calls || target.rule().route().kind == RouteKind::Grpc
    }

    /// Takes the request through the filters of the rule, unless it has passed them.
    fn pass_rule(
        &mut self,
        target: &Target,
        chooser: &mut dyn Choose,
    ) -> Result<Option<RedirectTo>, Why> {
        if self.progress != Progress::Matched {
            return Ok(None);
        }
        self.progress = Progress::OfRule;
        let rule = target.rule();
        let Some(level) = self.level(target, rule.filters(), rule.mirrors()) else {
            return Ok(None);
        };
        let passed = level.pass(&mut self.head, chooser)?;
        self.by_rule = passed.mirrors;
        Ok(passed.redirect)
    }

    /// Takes a copy of the request through the filters of a backend, if it has any and the request has not passed them.
    fn pass_backend(
        &mut self,
        target: &Target,
        backend: &Backend,
        chooser: &mut dyn Choose,
    ) -> Result<Option<RedirectTo>, Why> {
        if self.progress == Progress::OfBackend {
            return Ok(None);
        }
        self.progress = Progress::OfBackend;
        let Some(level) = self.level(target, backend.filters(), backend.mirrors()) else {
            return Ok(None);
        };
        let mut head = Box::new(self.head.clone());
        let passed = level.pass(&mut head, chooser)?;
        self.changed = Some(head);
        self.by_backend = passed.mirrors;
        Ok(passed.redirect)
    }

    /// The filters of a level; none where nothing is done there.
    fn level<'l>(
        &self,
        target: &'l Target,
        filters: &'l EffectiveFilters,
        mirrors: &'l [Arc<Backend>],
    ) -> Option<Level<'l>> {
        let does_something = !filters.compiled.steps().is_empty();
        does_something.then(|| Level {
            filters,
            mirrors,
            prefix: target.prefix(),
            connection: self.connection,
            calls: self.calls(target),
        })
    }

    /// The answer to a request that is redirected. It is the response that the client gets, so response filters change it:
    /// those of the redirect's own level, and after them those of the rule around a backend.
    pub(super) fn redirected(
        &mut self,
        target: &Target,
        (status, location): RedirectTo,
        backend: Option<&Arc<Backend>>,
    ) -> Result<LocalAnswer, ApplyError> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location.clone());
        let own = backend.map(|backend| backend.filters());
        for filters in own.into_iter().chain([target.rule().filters()]) {
            filters.compiled.apply_response(&mut headers)?;
        }
        Ok(LocalAnswer {
            target: Some(target.clone()),
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
}

/// How long the next attempt may take: no longer than the rule allows an attempt, nor than what is left for the exchange.
pub(super) fn attempt_limit(
    rule: &CompiledRule,
    elapsed: Duration,
) -> Result<Option<Duration>, Why> {
    let timeouts = rule.timeouts();
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

/// A limit that is one: zero and absent both mean none (GEP-1742).
pub(super) fn limit(written: Option<crate::meta::Duration>) -> Option<Duration> {
    let limit: Duration = written?.into();
    Some(limit).filter(|limit| !limit.is_zero())
}
