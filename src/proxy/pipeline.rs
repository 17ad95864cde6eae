//! The way of a request through the rule that takes it.

use super::{
    Backend, DrawError, LocalAnswer, Table, Target, Why, answer::Asker, draw, grpc::is_grpc, host,
    protocol::BackendProtocol,
};
use crate::{
    attachment::{
        RouteKind,
        effective::{BackendEndpoints, EffectiveBackend, EffectiveFilters, Endpoint},
    },
    filters::{ApplyError, RedirectContext, Step, strip_hop_by_hop},
};
use http::{
    HeaderMap, HeaderValue, StatusCode, Version,
    header::{HOST, LOCATION},
    request, response,
};
use std::sync::Arc;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The scheme.
    pub scheme: Scheme,
    /// The port of the listener, or of the Service.
    pub port: u16,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Decision<'t> {
    /// It goes to an endpoint of a backend.
    Forward(Forward<'t>),
    /// The data plane answers, and no backend is asked.
    Answer(LocalAnswer<'t>),
}

/// A request that goes to an endpoint. The request itself has been changed by the filters.
#[derive(Debug)]
pub struct Forward<'t> {
    /// The rule and match.
    pub target: &'t Target,
    /// The backend.
    pub backend: &'t EffectiveBackend,
    /// The backend's port and all its endpoints.
    pub endpoints: &'t Arc<BackendEndpoints>,
    /// The endpoint.
    pub endpoint: Endpoint<'t>,
    /// What is spoken to the endpoint.
    pub protocol: BackendProtocol,
    /// The protocols to which the client asks to switch its connection, such as `websocket`, for the `Upgrade` header of the
    /// request to the endpoint, which `Connection` has to name (RFC 9110, section 7.8). The request itself has neither
    /// header any more.
    pub upgrade: Option<HeaderValue>,
    /// Copies of the request. Mirrors that lead nowhere are left out: they concern nobody else (HTTPRoute
    /// `requestMirror`).
    pub mirrors: Vec<Mirrored<'t>>,
    own_filters: &'t EffectiveFilters,
}

/// A copy of a request that goes to an endpoint of another backend, whose answer is thrown away.
#[derive(Debug)]
pub struct Mirrored<'t> {
    /// The backend.
    pub backend: &'t EffectiveBackend,
    /// The backend's port and all its endpoints.
    pub endpoints: &'t Arc<BackendEndpoints>,
    /// The endpoint, one however many the backend has.
    pub endpoint: Endpoint<'t>,
    /// What is spoken to the endpoint.
    pub protocol: BackendProtocol,
    /// The request as it is at the place of the mirror among the filters of its level. Filters of a backend change what is
    /// forwarded to that backend alone (HTTPRoute `spec.rules[].backendRefs[].filters`), so a mirror of the rule does not
    /// see them.
    pub request: request::Parts,
}

impl<'t> Forward<'t> {
    /// The filters that the request passed: the rule's, then the backend's.
    #[must_use]
    pub fn filters(&self) -> [&'t EffectiveFilters; 2] {
        [self.target.rule().filters(), self.own_filters]
    }

    /// Takes the headers of the connection off the response of the endpoint (RFC 9110, section 7.6.1), and applies the
    /// response filters, those of the backend before those of the rule.
    ///
    /// With status 101 the endpoint switches protocols. The response of the data plane to the client then says so in its
    /// turn: `Upgrade` has the protocol that this returns.
    ///
    /// # Errors
    ///
    /// When the response then has more headers than there can be.
    pub fn respond(
        &self,
        response: &mut response::Parts,
    ) -> Result<Option<HeaderValue>, ApplyError> {
        let switched = strip_hop_by_hop(&mut response.headers)
            .filter(|_| response.status == StatusCode::SWITCHING_PROTOCOLS);
        for filters in [self.own_filters, self.target.rule().filters()] {
            filters.compiled.apply_response(&mut response.headers)?;
        }
        Ok(switched)
    }
}

impl Table {
    /// Decides what becomes of a request, and changes it as the filters ask.
    ///
    /// A request with several `Host` headers or an invalid one is answered with 400, and so is one of HTTP/1.1 that names
    /// no host (RFC 9112, section 3.2). The authority of the target overrides `Host` (RFC 9112, section 3.2.2), for matches
    /// and for what is forwarded. The headers of the connection (RFC 9110, section 7.6.1) are there for matches, and are gone
    /// before the first filter.
    ///
    /// `draw(n)` returns a number below `n`, with even chances for an exact split; it is asked for the
    /// backend (`n` the sum of weights), the endpoint, and the endpoint of each mirror.
    pub fn decide<'t>(
        &'t self,
        request: &mut request::Parts,
        connection: Connection,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Decision<'t> {
        if let Err(bad) = host::settle(request) {
            return Decision::Answer(LocalAnswer::bad_request(Why::Host(bad)));
        }
        let asker = Asker {
            calls: is_grpc(&request.headers),
            grpc_routes: self.has_grpc_routes(),
        };
        let Some(target) = self.router().find(request) else {
            return Decision::Answer(asker.error(None, Why::NoRule));
        };
        let upgrade = strip_hop_by_hop(&mut request.headers)
            .filter(|_| matches!(request.version, Version::HTTP_11));
        let way = Way {
            target,
            asker,
            connection,
        };
        way.follow(request, upgrade, draw)
    }
}

/// A request that a rule takes.
#[derive(Clone, Copy)]
struct Way<'t> {
    target: &'t Target,
    asker: Asker,
    connection: Connection,
}

/// What the filters of one level make of a request.
struct Passed<'t> {
    mirrors: Vec<Mirrored<'t>>,
    /// The status and the location, where one of them redirects.
    redirect: Option<(StatusCode, HeaderValue)>,
}

impl<'t> Way<'t> {
    fn follow(
        self,
        request: &mut request::Parts,
        upgrade: Option<HeaderValue>,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Decision<'t> {
        let rule = self.target.rule();
        let filters = rule.filters();
        if let Some(problem) = rule.problem() {
            return self.error(None, problem.clone());
        }
        if filters.compiled.redirect().is_some() {
            return match self.pass(filters, request, draw) {
                Ok(passed) => self.redirected(passed, &[filters], None),
                Err(why) => self.error(None, why),
            };
        }
        let backend = match self.choose(draw) {
            Ok(backend) => backend,
            Err(why) => return self.error(None, why),
        };
        match self.through(backend, request, upgrade, draw) {
            Ok(decision) => decision,
            Err(why) => self.error(Some(backend), why),
        }
    }

    /// The backend that a draw over the sum of the weights falls on.
    fn choose(self, draw: &mut dyn FnMut(u64) -> u64) -> Result<&'t Backend, Why> {
        let rule = self.target.rule();
        let total = rule.choice().total();
        if total == 0 {
            return Err(match rule.backends().is_empty() {
                true => Why::NoBackend,
                false => Why::NoWeight,
            });
        }
        let index = rule.choice().choose(draw::below(draw, total)?);
        let backend = index.and_then(|index| rule.backends().get(index));
        // What is below the total chooses one.
        backend.ok_or(Why::NoBackend)
    }

    /// A request for this backend.
    fn through(
        self,
        backend: &'t Backend,
        request: &mut request::Parts,
        upgrade: Option<HeaderValue>,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Result<Decision<'t>, Why> {
        let rule = self.target.rule();
        let [by_rule, by_backend] = [rule.filters(), backend.filters()];
        let endpoints = backend.target().map_err(Why::Backend)?;
        if by_backend.compiled.redirect().is_some() {
            let mut passed = self.pass(by_rule, request, draw)?;
            let own = self.pass(by_backend, request, draw)?;
            passed.mirrors.extend(own.mirrors);
            passed.redirect = own.redirect;
            return Ok(self.redirected(passed, &[by_backend, by_rule], Some(backend)));
        }
        let endpoint = ready_endpoint(endpoints, draw)?
            .ok_or_else(|| Why::NoEndpoint(backend.reference().clone()))?;
        let mut mirrors = self.pass(by_rule, request, draw)?.mirrors;
        mirrors.extend(self.pass(by_backend, request, draw)?.mirrors);
        let passes_upgrade =
            by_rule.compiled.passes_upgrade() && by_backend.compiled.passes_upgrade();
        let upgrade = upgrade.filter(|_| passes_upgrade);
        let protocol = BackendProtocol::of(endpoints, self.calls(), upgrade.as_ref());
        Ok(Decision::Forward(Forward {
            target: self.target,
            backend: backend.effective(),
            endpoints,
            endpoint,
            protocol,
            upgrade: upgrade.filter(|_| protocol.switches()),
            mirrors,
            own_filters: by_backend,
        }))
    }

    /// Whether what is forwarded is gRPC: the route may tell (HTTPRoute and GRPCRoute `backendRefs[]`), and so does the
    /// request as it came.
    fn calls(self) -> bool {
        self.asker.calls || self.target.rule().route().kind == RouteKind::Grpc
    }

    /// Takes a request through the filters of one level, in the order of their list.
    fn pass(
        self,
        filters: &'t EffectiveFilters,
        request: &mut request::Parts,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Result<Passed<'t>, Why> {
        let mut passed = Passed {
            mirrors: Vec::new(),
            redirect: None,
        };
        for step in filters.compiled.steps() {
            match *step {
                Step::Mirror(index) => {
                    let copy = self.mirrored(filters, index, request, draw)?;
                    passed.mirrors.extend(copy);
                }
                Step::Redirect => passed.redirect = self.location(filters, request)?,
                step => {
                    filters
                        .compiled
                        .apply_step(step, request, self.target.prefix())?;
                }
            }
        }
        Ok(passed)
    }

    /// Where a redirect among these filters sends the client.
    fn location(
        self,
        filters: &EffectiveFilters,
        request: &request::Parts,
    ) -> Result<Option<(StatusCode, HeaderValue)>, ApplyError> {
        let in_target = request.uri.authority().map(http::uri::Authority::as_str);
        let in_header = || request.headers.get(HOST)?.to_str().ok();
        filters.compiled.location(&RedirectContext {
            scheme: self.connection.scheme.as_str(),
            host: in_target.or_else(in_header).unwrap_or_default(),
            port: self.connection.port,
            path: request.uri.path(),
            query: request.uri.query(),
            matched_prefix: self.target.prefix(),
        })
    }

    /// The answer to a request that is redirected. It is the response that the client gets, so response filters change it:
    /// those of the redirect's own level, and after them those of the rule around a backend.
    fn redirected(
        self,
        passed: Passed<'t>,
        levels: &[&EffectiveFilters],
        backend: Option<&'t Backend>,
    ) -> Decision<'t> {
        let Passed { mirrors, redirect } = passed;
        // Whoever calls this has seen that there is a redirect.
        let Some((status, location)) = redirect else {
            return self.error(None, Why::NoBackend);
        };
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location.clone());
        for filters in levels {
            if let Err(error) = filters.compiled.apply_response(&mut headers) {
                return self.error(None, error.into());
            }
        }
        Decision::Answer(LocalAnswer {
            target: Some(self.target),
            failed: None,
            redirecting: backend.map(Backend::effective),
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

    /// The copy for a mirror. None where the mirror leads nowhere, or has no share in this request.
    fn mirrored(
        self,
        filters: &'t EffectiveFilters,
        index: usize,
        request: &request::Parts,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Result<Option<Mirrored<'t>>, DrawError> {
        let Some(mirror) = filters.mirrors.get(index) else {
            return Ok(None);
        };
        let Ok(endpoints) = &mirror.backend.target else {
            return Ok(None);
        };
        if !draw::takes(mirror, draw)? {
            return Ok(None);
        }
        let endpoint = ready_endpoint(endpoints, draw)?;
        Ok(endpoint.map(|endpoint| Mirrored {
            backend: &mirror.backend,
            endpoints,
            endpoint,
            protocol: BackendProtocol::of(endpoints, self.calls(), None),
            request: request.clone(),
        }))
    }

    fn error(self, failed: Option<&'t Backend>, why: Why) -> Decision<'t> {
        let mut answer = self.asker.error(Some(self.target), why);
        answer.failed = failed.map(Backend::effective);
        Decision::Answer(answer)
    }
}

/// One of the endpoints that take new requests, all with even chances. Nothing is drawn where there is no
/// choice.
///
/// # Errors
///
/// A draw that is not below the number of these endpoints.
pub fn ready_endpoint<'t>(
    backend: &'t BackendEndpoints,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Result<Option<Endpoint<'t>>, DrawError> {
    let mut ready = backend.endpoints.iter().filter(|endpoint| endpoint.ready);
    let count = ready.clone().count();
    Ok(match count {
        0 => None,
        1 => ready.next(),
        _ => {
            let below = u64::try_from(count).unwrap_or(u64::MAX);
            let drawn = draw::below(draw, below)?;
            ready.nth(usize::try_from(drawn).unwrap_or_default())
        }
    })
}
