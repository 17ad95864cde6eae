//! Requests of which the host, the path and the headers are seen.

use super::{
    Answer, BackendName, End, EndpointName, Forwarded, Loser, Mirror, Outcome, Protocol, Request,
    Response, RouteMatch, told,
};
use crate::{
    attachment::effective::{BackendEndpoints, EffectiveFilters},
    meta::Authority,
    proxy::{
        BackendProtocol, Connection, Decision, Forward, LocalAnswer, Mirrored, Scheme, Table,
        Target, Why, is_grpc, settle,
    },
    routing::{Explanation, Verdict},
};
use http::{
    HeaderValue, StatusCode, Uri, Version,
    header::{CONNECTION, HOST, UPGRADE},
    request, response,
};
use std::{collections::HashSet, sync::Arc};

/// A request at the table of a listener or of a port of a Service: all that does not depend on a draw.
pub(super) struct AtTable<'r> {
    request: &'r Request,
    connection: Connection,
    table: Arc<Table>,
    parts: request::Parts,
    served: bool,
}

impl<'r> AtTable<'r> {
    /// A request at a listener of protocol HTTP or HTTPS, or at a port of a Service that routes govern.
    pub(super) fn new(request: &'r Request, port: u16, table: Arc<Table>) -> Self {
        let scheme = if request.scheme() == "https" {
            Scheme::Https
        } else {
            Scheme::Http
        };
        Self {
            request,
            connection: Connection { scheme, port },
            table,
            parts: settled(request),
            served: true,
        }
    }

    /// A request in cleartext for a host that no listener of the port serves: no rule is attached for it, which
    /// a gRPC client is told in its own form (GRPCRoute `spec.rules[].matches`).
    pub(super) fn unserved(request: &'r Request, port: u16, has_grpc_routes: bool) -> Self {
        let table = Arc::new(Table::of_nobody(has_grpc_routes));
        Self {
            served: false,
            ..Self::new(request, port, table)
        }
    }

    /// Where the request ends.
    pub(super) fn end(&self, draw: &mut dyn FnMut(u64) -> u64) -> End<'_> {
        let mut parts = self.parts.clone();
        match self.table.decide(&mut parts, self.connection, draw) {
            Decision::Answer(local) => End {
                backend: None,
                status: Some(local.status.as_u16()),
            },
            Decision::Forward(forward) => End {
                backend: Some(forward.backend),
                status: Some(self.respond(&forward).response.status.as_u16()),
            },
        }
    }

    /// What becomes of the request, and why.
    pub(super) fn answer(&self, why: Vec<String>, draw: &mut dyn FnMut(u64) -> u64) -> Answer {
        let mut parts = self.parts.clone();
        let mut answer = Answer {
            why,
            ..Answer::new(Outcome::Answered)
        };
        let explanation = self.table.router().explain(&self.parts);
        match self.table.decide(&mut parts, self.connection, draw) {
            Decision::Answer(local) => self.say_local(&mut answer, local, &explanation),
            Decision::Forward(forward) => {
                self.say_rule(&mut answer, forward.target);
                say_backend(&mut answer, &forward);
                answer.why.extend(self.no_grpc_call(forward.target).map(|lacks| {
                    format!(
                        "the request is not a gRPC call, since {lacks}: a real gRPC server would refuse it; the {} is assumed",
                        self.request.backend.status.as_u16()
                    )
                }));
                say_rewrites(&mut answer, &self.parts, &parts);
                self.forwarded(&mut answer, forward, parts);
            }
        }
        // A request that names no host is compared with nothing.
        if answer.status != Some(400) || answer.route.is_some() {
            say_losers(&mut answer, &explanation);
        }
        let left_out = self.table.problems().iter();
        let left_out =
            left_out.map(|(kind, problem)| format!("left out: {}, {problem}", kind.as_str()));
        answer.why.extend(left_out);
        answer
    }

    /// The answer of the data plane itself.
    fn say_local(
        &self,
        answer: &mut Answer,
        local: LocalAnswer<'_>,
        explanation: &Explanation<'_, Target>,
    ) {
        if let Some(target) = local.target {
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
            "no route is attached to the listener".to_owned()
        } else if explanation.candidates().is_empty() {
            format!(
                "no accepted route at the listener is for {}",
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
            let by_rule = local.target.map(|target| target.rule().filters());
            let by_backend = local.redirecting.map(|backend| &backend.filters);
            say_mirrors(answer, by_rule.into_iter().chain(by_backend));
        }
        answer.mirrors = local.mirrors.into_iter().map(copied).collect();
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

    /// What the client gets for a request that goes to a backend.
    fn respond(&self, forward: &Forward<'_>) -> Responded {
        let (mut response, ()) = http::Response::new(()).into_parts();
        let timeouts = forward.target.rule().timeouts();
        let delay = self.request.backend.delay;
        let passed = |limit: Option<crate::meta::Duration>| {
            limit.filter(|limit| !limit.is_zero() && delay > *limit)
        };
        if let Some(limit) = passed(timeouts.backend_request).or(passed(timeouts.request)) {
            response.status = StatusCode::GATEWAY_TIMEOUT;
            return Responded {
                response,
                in_time: false,
                problem: Some(format!(
                    "the backend takes {delay}, longer than the limit of {limit}"
                )),
            };
        }
        response.status = self.request.backend.status;
        response.headers = self.request.backend.headers.clone();
        let problem = forward.respond(&mut response).err();
        if problem.is_some() {
            response.status = StatusCode::BAD_GATEWAY;
        }
        Responded {
            response,
            in_time: true,
            problem: problem.map(|error| format!("the response cannot be changed: {error}")),
        }
    }

    /// Fills in what goes to the backend, and what comes back.
    fn forwarded(&self, answer: &mut Answer, forward: Forward<'_>, parts: request::Parts) {
        answer.backend = Some(BackendName::of(forward.backend));
        answer.endpoint = Some(EndpointName::of(forward.endpoint));
        answer.forwarded = Some(as_sent(parts, forward.endpoints, forward.protocol));
        let Responded {
            response,
            in_time,
            problem,
        } = self.respond(&forward);
        answer.mirrors = forward.mirrors.into_iter().map(copied).collect();
        answer.why.extend(problem);
        if in_time {
            answer.outcome = Outcome::Forwarded;
        }
        let status = response.status.as_u16();
        answer.status = Some(status);
        answer.response = Some(Response {
            status,
            headers: response.headers,
        });
    }
}

/// What a client gets for a request that goes to a backend.
struct Responded {
    response: response::Parts,
    /// Whether the backend answers within the limits of the rule.
    in_time: bool,
    /// What is wrong, for people.
    problem: Option<String>,
}

/// The host that the client names: in its `Host` header, else in the URL. None where that is not a host.
pub(crate) fn named_host(request: &Request) -> Option<Authority> {
    match request.headers.get(HOST) {
        Some(sent) => Authority::from_bytes(sent.as_bytes()).ok(),
        None => request.authority().ok(),
    }
}

/// For whom a request is, as part of a sentence: the host that it names, or that it names none.
pub(super) fn host_in_words(request: &Request) -> String {
    let sent = request.headers.get(HOST).map(HeaderValue::as_bytes);
    match (named_host(request), sent.unwrap_or_default()) {
        (Some(host), _) => format!("the host `{}`", host.host()),
        (None, []) => "a request that names no host".to_owned(),
        (None, sent) => format!(
            "a request whose host `{}` cannot be read",
            String::from_utf8_lossy(sent)
        ),
    }
}

/// The request as it arrives: a path, or the whole URL in absolute form, and in the `Host` header what the client wrote
/// there, else the URL's host and port. A client that speaks WebSocket asks to be upgraded (RFC 6455, section 4.1).
pub(crate) fn parts(request: &Request) -> request::Parts {
    let path = request
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = request.method.clone();
    parts.version = match request.protocol {
        Protocol::Http2 => Version::HTTP_2,
        Protocol::Http1 | Protocol::WebSocket => Version::HTTP_11,
    };
    parts.uri = match request.absolute_form {
        true => request.uri.clone(),
        false => path.parse().unwrap_or_else(|_| Uri::from_static("/")),
    };
    // There is room for more: the simulator refuses a request whose headers leave none.
    parts.headers = request.headers.clone();
    if request.protocol == Protocol::WebSocket && !parts.headers.contains_key(UPGRADE) {
        let asked = [(CONNECTION, "Upgrade"), (UPGRADE, "websocket")];
        for (name, value) in asked {
            _ = parts
                .headers
                .try_append(name, HeaderValue::from_static(value));
        }
    }
    if !parts.headers.contains_key(HOST)
        && let Some(authority) = request.uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        _ = parts.headers.try_insert(HOST, host);
    }
    parts
}

/// The request as matches see it.
fn settled(request: &Request) -> request::Parts {
    let mut parts = parts(request);
    // A request that names no host as HTTP demands stays as it is, and is answered with 400.
    let _ = settle(&mut parts);
    parts
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

fn say_backend(answer: &mut Answer, forward: &Forward<'_>) {
    let rule = forward.target.rule();
    let drawn = told::backend(forward.backend, rule.backends().len(), rule.choice());
    answer.why.push(drawn);
    answer.why.extend(told::tls(forward.endpoints));
    let session = forward.backend.session_persistence.as_ref();
    answer.why.extend(session.map(told::session));
    say_mirrors(answer, forward.filters());
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

/// What filters make of path and host.
fn say_rewrites(answer: &mut Answer, before: &request::Parts, after: &request::Parts) {
    let (from, to) = (before.uri.path(), after.uri.path());
    if from != to {
        // Other gateways put what a group of the pattern took in the place of such a text.
        answer.why.push(match told::names_group(to) && !told::names_group(from) {
            true => format!(
                "URLRewrite changes the path from `{from}` to the literal text `{to}`: capture groups of the match are not filled in"
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

/// A copy of a request.
fn copied(copy: Mirrored<'_>) -> Mirror {
    Mirror {
        backend: BackendName::of(copy.backend),
        endpoint: EndpointName::of(copy.endpoint),
        forwarded: as_sent(copy.request, copy.endpoints, copy.protocol),
    }
}

/// The request as a backend with these endpoints gets it.
fn as_sent(
    parts: request::Parts,
    backend: &BackendEndpoints,
    protocol: BackendProtocol,
) -> Forwarded {
    let scheme = match backend.tls {
        Some(_) => "https",
        None => "http",
    };
    as_spoken(parts, scheme, protocol.as_str())
}

/// A request that is spoken like this.
fn as_spoken(mut parts: request::Parts, scheme: &'static str, protocol: &'static str) -> Forwarded {
    let host = parts.headers.remove(HOST);
    Forwarded {
        method: parts.method.to_string(),
        scheme,
        host: host
            .map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned())
            .unwrap_or_default(),
        path: parts
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
        protocol,
        headers: parts.headers,
    }
}

/// A request that is passed on as it was sent.
pub(super) fn passed_on(request: &Request) -> Forwarded {
    let over_tls = request.scheme() == "https";
    let (scheme, http2) = match over_tls {
        true => ("https", "h2"),
        false => ("http", "h2c"),
    };
    let protocol = match request.protocol {
        Protocol::Http1 => "http/1.1",
        Protocol::Http2 => http2,
        Protocol::WebSocket => "websocket",
    };
    as_spoken(parts(request), scheme, protocol)
}
