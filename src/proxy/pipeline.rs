//! The request pipeline.

use super::{Backend, Table, Target, host};
use crate::{
    attachment::{
        RouteKind,
        effective::{BackendEndpoints, EffectiveBackend, EffectiveFilters, Endpoint},
    },
    filters::{ApplyError, RedirectContext},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, HOST, LOCATION},
    request, response,
};
use std::sync::Arc;

/// The scheme in which a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug)]
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
    Forward(Box<Forward<'t>>),
    /// The data plane answers, and no backend is asked.
    Answer(LocalAnswer<'t>),
}

/// An answer of the data plane itself: a redirect or an error.
#[derive(Debug)]
pub struct LocalAnswer<'t> {
    /// The rule and match; none where no rule matched.
    pub target: Option<&'t Target>,
    /// The backend whose share of requests fails, where that is why.
    pub failed: Option<&'t EffectiveBackend>,
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// Why, as a sentence for people.
    pub why: String,
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
    /// The endpoint, one however many the backend has.
    pub endpoint: Endpoint<'t>,
    /// The request as the filters of the mirror's level left it. Filters of a backend change what is forwarded
    /// to that backend alone (HTTPRoute `spec.rules[].backendRefs[].filters`), so a mirror of the rule does not see
    /// them.
    pub request: request::Parts,
}

impl<'t> Forward<'t> {
    /// The filters that the request passed: the rule's, then the backend's.
    #[must_use]
    pub fn filters(&self) -> [&'t EffectiveFilters; 2] {
        [self.target.rule().filters(), self.own_filters]
    }

    /// Applies the response filters, those of the backend before those of the rule.
    ///
    /// # Errors
    ///
    /// When the response then has more headers than there can be.
    pub fn respond(&self, response: &mut response::Parts) -> Result<(), ApplyError> {
        self.own_filters
            .compiled
            .apply_response(&mut response.headers)?;
        self.target
            .rule()
            .filters()
            .compiled
            .apply_response(&mut response.headers)
    }
}

impl Table {
    /// Decides what becomes of a request, and changes it as the filters ask.
    ///
    /// A request with several `Host` headers or an invalid one is answered with 400, and so is one of HTTP/1.1 that names
    /// no host (RFC 9112, section 3.2).
    ///
    /// `draw(n)` returns a number below `n`, with even chances for an exact split; it is asked for the
    /// backend (`n` the sum of weights), the endpoint, and the endpoint of each mirror.
    pub fn decide<'t>(
        &'t self,
        request: &mut request::Parts,
        connection: Connection,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Decision<'t> {
        if let Err(why) = host::check(request) {
            // In this form for everyone: HTTP itself asks for it, before it matters what is spoken over HTTP.
            return Decision::Answer(LocalAnswer {
                target: None,
                failed: None,
                status: StatusCode::BAD_REQUEST,
                headers: HeaderMap::new(),
                why: why.to_string(),
            });
        }
        let Some(target) = self.router().find(request) else {
            return local(
                None,
                request,
                StatusCode::NOT_FOUND,
                "no rule matches the request".into(),
            );
        };
        self.follow(target, request, connection, draw)
    }

    /// Takes a request through the rule of a target that was found for it.
    pub fn follow<'t>(
        &'t self,
        target: &'t Target,
        request: &mut request::Parts,
        connection: Connection,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Decision<'t> {
        let rule = target.rule();
        let refuse =
            |request: &request::Parts, status, why| local(Some(target), request, status, why);
        if let Some(problem) = rule.problem() {
            return refuse(
                request,
                StatusCode::INTERNAL_SERVER_ERROR,
                problem.to_owned(),
            );
        }
        let filters = rule.filters();
        if let Some(answer) = redirect(target, filters, None, request, connection) {
            return answer;
        }

        let Some(backend) = choose(target, draw) else {
            let why = if rule.backends().is_empty() {
                "the rule has no backend"
            } else {
                "all weights of the rule are 0"
            };
            return refuse(request, StatusCode::INTERNAL_SERVER_ERROR, why.into());
        };
        let effective = backend.effective();
        let fail = |request: &request::Parts, status, why| {
            let mut answer = local(Some(target), request, status, why);
            if let Decision::Answer(answer) = &mut answer {
                answer.failed = Some(effective);
            }
            answer
        };
        let endpoints = match &effective.target {
            Ok(endpoints) => endpoints,
            Err(problem) => {
                return fail(
                    request,
                    StatusCode::INTERNAL_SERVER_ERROR,
                    problem.to_string(),
                );
            }
        };
        if let Err(error) = filters.compiled.apply_request(request, target.prefix()) {
            return fail(request, error.status(), error.to_string());
        }
        if let Some(answer) = redirect(
            target,
            backend.filters(),
            Some(filters),
            request,
            connection,
        ) {
            return answer;
        }
        let Some(endpoint) = ready_endpoint(endpoints, draw) else {
            let why = format!("{} has no endpoint that is ready", effective.reference);
            return fail(request, StatusCode::SERVICE_UNAVAILABLE, why);
        };
        let mut mirrors = mirrored(filters, request, draw);
        if let Err(error) = backend
            .filters()
            .compiled
            .apply_request(request, target.prefix())
        {
            return fail(request, error.status(), error.to_string());
        }
        mirrors.extend(mirrored(backend.filters(), request, draw));
        Decision::Forward(Box::new(Forward {
            target,
            backend: effective,
            endpoints,
            endpoint,
            mirrors,
            own_filters: backend.filters(),
        }))
    }
}

/// The copies that the filters of one level ask for.
fn mirrored<'t>(
    filters: &'t EffectiveFilters,
    request: &request::Parts,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Vec<Mirrored<'t>> {
    let lead = filters.mirrors.iter().filter_map(|mirror| {
        let target = mirror.backend.target.as_ref().ok()?;
        if !mirror.takes(draw) {
            return None;
        }
        let endpoint = ready_endpoint(target, draw)?;
        Some(Mirrored {
            backend: &mirror.backend,
            endpoint,
            request: request.clone(),
        })
    });
    lead.collect()
}

/// The backend that a draw over the sum of the weights falls on.
fn choose<'t>(target: &'t Target, draw: &mut dyn FnMut(u64) -> u64) -> Option<&'t Backend> {
    let rule = target.rule();
    let total = rule.choice().total();
    let index = (total > 0)
        .then(|| rule.choice().choose(draw(total)))
        .flatten()?;
    rule.backends().get(index)
}

/// One of the endpoints that take new requests, all with even chances. Nothing is drawn where there is no
/// choice.
pub fn ready_endpoint<'t>(
    backend: &'t BackendEndpoints,
    draw: &mut dyn FnMut(u64) -> u64,
) -> Option<Endpoint<'t>> {
    let mut ready = backend.endpoints.iter().filter(|endpoint| endpoint.ready);
    let count = ready.clone().count();
    match count {
        0 => None,
        1 => ready.next(),
        _ => {
            let drawn = draw(u64::try_from(count).ok()?);
            ready.nth(usize::try_from(drawn).ok()?)
        }
    }
}

/// The redirect of one level of filters, if it has one. It is the response that the client gets, so the filters of its own
/// level change it, and after them those of the rule around a backend.
fn redirect<'t>(
    target: &'t Target,
    filters: &'t EffectiveFilters,
    around: Option<&'t EffectiveFilters>,
    request: &request::Parts,
    connection: Connection,
) -> Option<Decision<'t>> {
    let redirect = filters.compiled.redirect()?;
    let authority = request
        .uri
        .authority()
        .map(http::uri::Authority::as_str)
        .or_else(|| {
            request
                .headers
                .get(HOST)
                .and_then(|host| host.to_str().ok())
        })
        .unwrap_or_default();
    let context = RedirectContext {
        scheme: connection.scheme.as_str(),
        host: authority,
        port: connection.port,
        path: request.uri.path(),
        query: request.uri.query(),
        matched_prefix: target.prefix(),
    };
    let answered = redirect.location(&context).and_then(|(status, location)| {
        let why = format!(
            "the {} redirects to {}",
            around.map_or("rule", |_| "filter of the backend"),
            String::from_utf8_lossy(location.as_bytes())
        );
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location);
        for filters in std::iter::once(filters).chain(around) {
            filters.compiled.apply_response(&mut headers)?;
        }
        Ok(LocalAnswer {
            target: Some(target),
            failed: None,
            status,
            headers,
            why,
        })
    });
    Some(match answered {
        Ok(answer) => Decision::Answer(answer),
        Err(error) => local(Some(target), request, error.status(), error.to_string()),
    })
}

/// The media type of gRPC.
const GRPC: &str = "application/grpc";

/// Whether headers are those of a gRPC call or its answer: `Content-Type` is `application/grpc`, in any case, perhaps with
/// a format (`+proto`) or parameters behind it ("gRPC over HTTP2", Requests). gRPC-Web, `application/grpc-web`, is
/// another protocol.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) else {
        return false;
    };
    value
        .split_at_checked(GRPC.len())
        .is_some_and(|(kind, rest)| {
            kind.eq_ignore_ascii_case(GRPC.as_bytes())
                && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
        })
}

/// An error of the data plane's own. A gRPC client gets it in the form that gRPC prescribes: HTTP 200 with
/// the gRPC status `UNIMPLEMENTED` where no rule matches, else `UNAVAILABLE` (GRPCRoute `spec.rules`).
fn local<'t>(
    target: Option<&'t Target>,
    request: &request::Parts,
    status: StatusCode,
    why: String,
) -> Decision<'t> {
    let mut headers = HeaderMap::new();
    let by_grpc = target.is_some_and(|target| target.rule().route().kind == RouteKind::Grpc);
    let status = if by_grpc || is_grpc(&request.headers) {
        let code = if target.is_none() { "12" } else { "14" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
        headers.insert("grpc-status", HeaderValue::from_static(code));
        if let Ok(message) = HeaderValue::from_str(&why) {
            headers.insert("grpc-message", message);
        }
        StatusCode::OK
    } else {
        status
    };
    Decision::Answer(LocalAnswer {
        target,
        failed: None,
        status,
        headers,
        why,
    })
}
