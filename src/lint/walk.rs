//! Where redirects lead a client through the listeners of a Gateway, or in a mesh. What validation says of a route and what is said of a request are
//! both decided here.

use super::budget::{self, Budget};
use crate::{
    attachment::{
        Resolver, RouteId, RouteKind,
        effective::{
            AttachedRoute, Effective, EffectiveGateway, EffectiveListener, HttpRouteRules,
            IdleListener, RouteList,
        },
    },
    meta::{Authority, NamespacedName, ObjectRef, Transport},
    proxy::{Attempted, Begun, Connection, Draws, Endpoints, LocalAnswer, Scheme, Table},
    routing::RouterOptions,
    sim::{Unheard, service_called, unheard},
    v1::ProtocolType,
};
use http::{
    HeaderValue, Method, StatusCode, Uri,
    header::{HOST, LOCATION},
    request,
};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    time::Duration,
};

/// How many redirects are followed, at most, unless another bound is given.
pub(super) const MAX_HOPS: usize = 10;

/// Where redirects lead a client.
pub(super) enum RedirectWay<'a> {
    /// To an answer, or to where nothing is known of it.
    Ends,
    /// Around these places, and back to the first.
    Circle(Vec<RedirectStep>),
    /// From one place to the next, further than it is followed.
    Further(Vec<RedirectStep>),
    /// To a port of a host of the Gateway at which nobody answers.
    Nobody {
        /// The place from which the client is sent there.
        from: Box<RedirectStep>,
        /// Where it is sent.
        to: Box<Url>,
        /// Why nobody answers there.
        why: Unanswered<'a>,
    },
}

/// Why nobody answers where a client is sent.
pub(super) enum Unanswered<'a> {
    /// These listeners would, did they serve. If there are none, nobody listens on the port.
    Idle(Vec<&'a IdleListener>),
    /// This listener takes the client's connection, and nobody there understands it.
    Unheard {
        listener: &'a EffectiveListener,
        why: Unheard,
    },
}

/// A place from which a rule sends a client on.
pub(super) struct RedirectStep {
    /// What the client asks for there.
    pub(super) url: Url,
    /// The listener; empty at a Service.
    pub(super) listener: String,
    /// The route that redirects.
    pub(super) route: RouteId,
    /// The place of the rule in the route.
    pub(super) rule: usize,
}

impl RedirectStep {
    /// Whether it is this rule that sends the client on.
    pub(super) fn is_by(&self, route: &NamespacedName, rule: usize) -> bool {
        self.route.kind == RouteKind::Http && self.route.name == *route && self.rule == rule
    }
}

/// A place to which a client is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: Scheme,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
}

impl Url {
    fn read(text: &str, now: &Self) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            Some(_) => return None,
            None => now.scheme,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Some(match uri.authority() {
            Some(authority) => {
                let authority: Authority = authority.as_str().parse().ok()?;
                Self {
                    scheme,
                    host: authority.host().to_owned(),
                    port: authority.port().unwrap_or(match scheme {
                        Scheme::Http => 80,
                        Scheme::Https => 443,
                    }),
                    path: path.to_owned(),
                }
            }
            None => Self {
                path: path.to_owned(),
                ..now.clone()
            },
        })
    }

    fn authority(&self) -> String {
        match (self.scheme, self.port) {
            (Scheme::Http, 80) | (Scheme::Https, 443) => self.host.clone(),
            _ => format!("{}:{}", self.host, self.port),
        }
    }

    /// The protocol of a listener that answers there.
    pub(super) fn protocol(&self) -> &'static str {
        match self.scheme {
            Scheme::Http => "HTTP",
            Scheme::Https => "HTTPS",
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.as_str();
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// What to do about a redirect to `https` where TLS ends before the Gateway.
const LEAVE_TO_LOAD_BALANCER: &str = "if a load balancer in front of the Gateway ends TLS, let that redirect: the Gateway sees HTTP alone, and \
     would redirect each request again";

/// What it takes that a client gets an answer which is sent to a port of a Gateway without a listener, each in a sentence.
pub(super) fn needed_listener(
    resolver: &Resolver,
    gateway: &NamespacedName,
    from: &RedirectStep,
    to: &Url,
) -> Vec<String> {
    let listener = format!(
        "add a listener with `protocol: {}` on port {} to Gateway {gateway}",
        to.protocol(),
        to.port
    );
    let mut needed = vec![match would_be_at(resolver, &from.route, gateway, to.port) {
        // At the new listener the same redirect would lead to itself.
        true => format!("{listener}, and {}", only_at(&from.route, &from.listener)),
        false => listener,
    }];
    if to.scheme == Scheme::Https {
        needed.push(LEAVE_TO_LOAD_BALANCER.to_owned());
    }
    needed
}

/// Whether a new listener on a port of a Gateway would get a route: a parentRef of it does not say that other listeners are
/// meant.
fn would_be_at(resolver: &Resolver, route: &RouteId, gateway: &NamespacedName, port: u16) -> bool {
    let gateway = ObjectRef::gateway_api("Gateway", gateway);
    let attachments = resolver.resolution().attachments.get(route);
    let mut here = attachments
        .into_iter()
        .flatten()
        .map(|attachment| &attachment.parent)
        .filter(|parent| parent.resolve(&route.name.namespace) == gateway);
    here.any(|parent| {
        let of_port = parent.port.is_none_or(|asked| asked == i32::from(port));
        parent.section_name.is_none() && of_port
    })
}

/// What ends a circle in which a client goes that asks at one listener, where the route which sends it there goes round at other
/// listeners alone: it does not, where it is not attached to them.
pub(super) fn stay_away(route: &RouteId, first: &str, circle: &[RedirectStep]) -> Option<String> {
    let elsewhere = |step: &RedirectStep| step.route == *route && step.listener != first;
    let is_elsewhere = !first.is_empty() && circle.iter().all(elsewhere);
    is_elsewhere.then(|| only_at(route, first))
}

/// How a route that redirects stays away from the listener to which it leads.
fn only_at(route: &RouteId, listener: &str) -> String {
    format!("attach {route} to listener `{listener}` only, by `sectionName`")
}

/// What a listener speaks, if that is HTTP.
pub(super) fn scheme(protocol: &ProtocolType) -> Option<Scheme> {
    match protocol {
        ProtocolType::Http => Some(Scheme::Http),
        ProtocolType::Https => Some(Scheme::Https),
        _ => None,
    }
}

/// The ports at which any Gateway listens, or would.
pub(super) fn ports(effective: &Effective) -> HashSet<u16> {
    let gateways = effective.gateways.values();
    let listeners = gateways.flat_map(|gateway| &gateway.listeners);
    let idle = effective.idle.values().flat_map(|idle| idle.iter());
    listeners
        .map(|listener| listener.port)
        .chain(idle.filter_map(|listener| listener.port))
        .collect()
}

/// The ways of clients through the listeners of a Gateway, or from Service to Service of a mesh.
pub(super) struct Walk<'a> {
    site: WalkSite<'a>,
    routing: RouterOptions,
    budget: &'a Budget,
    /// How many redirects are followed, at most.
    max_hops: usize,
    /// The tables of listeners that clients are sent to, by their names, and of ports of Services; nothing for one that is too large
    /// to be looked at.
    tables: HashMap<String, Option<ReachedTable<'a>>>,
}

/// Where clients ask.
#[derive(Clone, Copy)]
enum WalkSite<'a> {
    Gateway {
        gateway: &'a EffectiveGateway,
        /// Its listeners that take no traffic.
        idle: &'a [IdleListener],
        /// The ports at which any Gateway of the set listens, or would.
        ports: &'a HashSet<u16>,
    },
    /// In a mesh, from this namespace.
    Mesh {
        effective: &'a Effective,
        client: &'a str,
    },
}

/// A listener, or a port of a Service, that clients are sent to.
struct ReachedTable<'a> {
    /// The name of the listener; empty for a Service.
    listener: &'a str,
    table: Table,
    /// The routes that have hosts of their own there. At a Service each has: its host is that of the Service.
    with_hosts: Option<HashSet<&'a NamespacedName>>,
}

impl<'a> ReachedTable<'a> {
    fn of(
        gateway: &NamespacedName,
        listener: &'a EffectiveListener,
        routing: RouterOptions,
    ) -> Self {
        let with_hosts = routes(listener).iter().filter(|attached| {
            let mut hostnames = attached.hostnames.iter();
            hostnames.any(|hostname| hostname.hostname.is_some())
        });
        Self {
            listener: &listener.name,
            // Redirects need no endpoints.
            table: Table::for_listener(gateway, listener, &Endpoints::default(), routing),
            with_hosts: Some(
                with_hosts
                    .map(|attached| &attached.route.reference)
                    .collect(),
            ),
        }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        (effective, gateway): (&'a Effective, &'a EffectiveGateway),
        ports: &'a HashSet<u16>,
        routing: RouterOptions,
        budget: &'a Budget,
        max_hops: usize,
    ) -> Self {
        let idle = effective.idle.get(&gateway.name);
        Self {
            site: WalkSite::Gateway {
                gateway,
                idle: idle.map_or(&[], |idle| &idle[..]),
                ports,
            },
            routing,
            budget,
            max_hops,
            tables: HashMap::new(),
        }
    }

    /// The ways of a client in a namespace that asks Services.
    pub(super) fn of_mesh(
        (effective, client): (&'a Effective, &'a str),
        routing: RouterOptions,
        budget: &'a Budget,
        max_hops: usize,
    ) -> Self {
        Self {
            site: WalkSite::Mesh { effective, client },
            routing,
            budget,
            max_hops,
            tables: HashMap::new(),
        }
    }

    /// Follows a client that begins by asking for this with such a request.
    pub(super) fn follow(&mut self, begin: Url, request: &request::Parts) -> RedirectWay<'a> {
        let followed = self.follow_to_end(begin, request);
        followed.unwrap_or(RedirectWay::Ends)
    }

    fn follow_to_end(&mut self, begin: Url, request: &request::Parts) -> Option<RedirectWay<'a>> {
        let asked = begin.host.clone();
        let mut way: Vec<RedirectStep> = Vec::new();
        let mut methods: Vec<Method> = Vec::new();
        let mut request = request.clone();
        let mut now = begin;
        while way.len() < self.max_hops {
            let mut places = way.iter().zip(&methods);
            let here = (&now, &request.method);
            if let Some(again) = places.position(|(step, method)| (&step.url, method) == here) {
                return Some(RedirectWay::Circle(way.split_off(again)));
            }
            methods.push(request.method.clone());
            let sent = self.sent_on(now, &request, &asked)?;
            for (to, _) in &sent.to {
                if let Some(why) = self.nobody(&sent.step.url, to) {
                    return Some(RedirectWay::Nobody {
                        from: Box::new(sent.step),
                        to: Box::new(to.clone()),
                        why,
                    });
                }
            }
            // Of several places no client is sent to one alone without end.
            let [(next, status)] = sent.to.as_slice() else {
                return None;
            };
            if !sent.always {
                return None;
            }
            // After "See Other" a client asks with GET, whatever it asked with before (RFC 9110, section 15.4.4).
            if *status == StatusCode::SEE_OTHER && request.method != Method::HEAD {
                request.method = Method::GET;
            }
            way.push(sent.step);
            now = next.clone();
        }
        Some(RedirectWay::Further(way))
    }

    /// Why nobody answers a client that is sent from one place to another, if so. What another host leads to is known only where a
    /// listener of that port names the host. Where another Gateway listens on the port, the host may lead to that one.
    fn nobody(&self, from: &Url, to: &Url) -> Option<Unanswered<'a>> {
        let WalkSite::Gateway {
            gateway,
            idle,
            ports,
        } = self.site
        else {
            return None;
        };
        let host = Some(to.host.as_str());
        let listener = gateway.listener(Transport::Tcp, to.port, host);
        if let Some(listener) = listener {
            let is_own = to.host == from.host || listener.hostname.is_some();
            let why = unheard(listener, to.scheme.as_str(), &to.host).filter(|_| is_own)?;
            return Some(Unanswered::Unheard { listener, why });
        }
        if to.host != from.host {
            return None;
        }
        let would_answer = |idle: &&IdleListener| {
            idle.port == Some(to.port)
                && scheme(&idle.protocol) == Some(to.scheme)
                && idle
                    .hostname
                    .as_ref()
                    .is_none_or(|hostname| hostname.matches(&to.host))
        };
        let idle: Vec<_> = idle.iter().filter(would_answer).collect();
        let nobody = !idle.is_empty() || !ports.contains(&to.port);
        nobody.then_some(Unanswered::Idle(idle))
    }

    /// Where the Gateway sends a client that asks for this, which asked for a host first.
    fn sent_on(&mut self, url: Url, request: &request::Parts, asked: &str) -> Option<SentOn> {
        let reached = self.reached(&url)?;
        let ReachedTable {
            listener,
            table,
            with_hosts,
        } = reached;
        let mut parts = request.clone();
        parts.uri = url.path.parse().ok()?;
        parts
            .headers
            .insert(HOST, HeaderValue::from_str(&url.authority()).ok()?);
        let connection = Connection {
            scheme: url.scheme,
            port: url.port,
        };
        let (answers, always) = redirects(table, &parts, connection);
        let won = answers.first()?.target.as_ref()?.rule();
        // Whether a host that nothing here names leads back to the Gateway is not known.
        if let Some(with_hosts) = with_hosts
            && asked != url.host
            && !with_hosts.contains(&won.route().name)
        {
            return None;
        }
        let mut to: Vec<(Url, StatusCode)> = Vec::new();
        for answer in &answers {
            let location = answer.headers.get(LOCATION)?.to_str().ok()?;
            let next = Url::read(location, &url)?;
            if to.iter().all(|(known, _)| *known != next) {
                to.push((next, answer.status));
            }
        }
        let step = RedirectStep {
            url,
            listener: (*listener).to_owned(),
            route: won.route().clone(),
            rule: won.index(),
        };
        Some(SentOn { step, to, always })
    }
}

impl<'a> Walk<'a> {
    /// The table that answers a client which asks for this.
    fn reached(&mut self, url: &Url) -> Option<&ReachedTable<'a>> {
        let (routing, budget) = (self.routing, self.budget);
        let reached = match self.site {
            WalkSite::Gateway { gateway, .. } => {
                let listener = gateway.listener(Transport::Tcp, url.port, Some(&url.host))?;
                if scheme(&listener.protocol)? != url.scheme {
                    return None;
                }
                let reached = self.tables.entry(listener.name.clone());
                reached.or_insert_with(|| {
                    let fits = budget.take(budget::at_listener(listener));
                    fits.then(|| ReachedTable::of(&gateway.name, listener, routing))
                })
            }
            // A mesh sees no requests in TLS.
            WalkSite::Mesh { .. } if url.scheme == Scheme::Https => return None,
            WalkSite::Mesh { effective, client } => {
                let service = service_called(effective, &url.host, client)?;
                let place = format!("{} {}", service.reference(), url.port);
                self.tables.entry(place).or_insert_with(|| {
                    let fits = budget.take(budget::at_service(service));
                    let nowhere = Endpoints::default();
                    fits.then(|| ReachedTable {
                        listener: "",
                        table: Table::for_service(service, url.port, client, &nowhere, routing),
                        with_hosts: None,
                    })
                })
            }
        };
        reached.as_ref()
    }
}

/// Where a rule sends a client.
struct SentOn {
    step: RedirectStep,
    /// The places: several where filters of backends redirect to different ones.
    to: Vec<(Url, StatusCode)>,
    /// Whether it sends each client on; otherwise some backend takes a share of the requests.
    always: bool,
}

/// The redirects with which a rule answers a request: the one of the rule, or those of its backends. And whether it answers each
/// request so, whatever backend is drawn.
fn redirects(
    table: &Table,
    parts: &request::Parts,
    connection: Connection,
) -> (Vec<LocalAnswer>, bool) {
    let (mut answers, mut always) = (Vec::new(), true);
    let mut draws = vec![0];
    let mut is_first = true;
    while let Some(draw) = draws.pop() {
        let answer = match table.begin(parts.clone(), connection, None) {
            Begun::Answer(answer) => Some(answer),
            Begun::Exchange(mut exchange) => {
                let target = exchange.target().clone();
                let rule = target.rule();
                let mut draw_of_backend = |below: u64| draw.min(below.saturating_sub(1));
                let mut draws_of_backend = Draws(&mut draw_of_backend);
                let tried = exchange.attempt(&mut draws_of_backend, Duration::ZERO);
                // Each of its backends may redirect, or not.
                let of_backends = rule.filters().compiled.redirect().is_none() && {
                    let mut backends = rule.backends().iter();
                    backends.any(|backend| backend.filters().compiled.redirect().is_some())
                };
                if is_first && of_backends {
                    let choice = rule.choice();
                    let others = (0..choice.len()).map(|index| choice.draws(index));
                    let others = others.filter(|draws| !draws.is_empty() && draws.start != 0);
                    draws.extend(others.map(|draws| draws.start).rev());
                }
                match tried {
                    Attempted::Answer(answer) => Some(answer),
                    Attempted::Attempt(_) => None,
                }
            }
        };
        is_first = false;
        match answer.filter(|answer| answer.status.is_redirection()) {
            Some(answer) => answers.push(answer),
            None => always = false,
        }
    }
    (answers, always)
}

/// The HTTPRoutes of a listener.
pub(super) fn routes(listener: &EffectiveListener) -> &RouteList<AttachedRoute<HttpRouteRules>> {
    #[cfg(test)]
    ROUTES.add(listener.http.len());
    &listener.http
}

#[cfg(test)]
crate::counter::counter!(
    /// How many routes of listeners are looked at.
    pub(in crate::lint) ROUTES
);
