//! Where redirects lead a client through the listeners of a Gateway. What validation says of a route and what is said of a request are
//! both decided here.

use super::budget::{self, Budget};
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{
            AttachedRoute, Effective, EffectiveGateway, EffectiveListener, HttpRouteRules,
            IdleListener, RouteList,
        },
    },
    meta::{Authority, NamespacedName, Transport},
    proxy::{Attempted, Begun, Connection, Draws, Endpoints, Scheme, Table},
    routing::RouterOptions,
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
    /// To a port of the same host at which nobody answers.
    Nobody {
        /// The place from which the client is sent there.
        from: RedirectStep,
        /// Where it is sent.
        to: Url,
        /// The listeners that would answer there, did they serve.
        idle: Vec<&'a IdleListener>,
    },
}

/// A place from which a rule sends a client on.
pub(super) struct RedirectStep {
    /// What the client asks for there.
    pub(super) url: Url,
    /// The listener.
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

/// The ways of clients through the listeners of a Gateway.
pub(super) struct Walk<'a> {
    gateway: &'a EffectiveGateway,
    /// Its listeners that take no traffic.
    idle: &'a [IdleListener],
    /// The ports at which any Gateway of the set listens, or would.
    ports: &'a HashSet<u16>,
    routing: RouterOptions,
    budget: &'a Budget,
    /// How many redirects are followed, at most.
    max_hops: usize,
    /// The tables of listeners that clients are sent to; nothing for one that is too large to be looked at.
    tables: HashMap<&'a str, Option<ReachedListener<'a>>>,
}

/// A listener that clients are sent to.
struct ReachedListener<'a> {
    table: Table,
    /// The routes that have hosts of their own there.
    with_hosts: HashSet<&'a NamespacedName>,
}

impl<'a> ReachedListener<'a> {
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
            // Redirects need no endpoints.
            table: Table::for_listener(gateway, listener, &Endpoints::default(), routing),
            with_hosts: with_hosts
                .map(|attached| &attached.route.reference)
                .collect(),
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
            gateway,
            idle: idle.map_or(&[], |idle| &idle[..]),
            ports,
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
            let (step, next, status) = self.sent_on(now, &request, &asked)?;
            // After "See Other" a client asks with GET, whatever it asked with before (RFC 9110, section 15.4.4).
            if status == StatusCode::SEE_OTHER && request.method != Method::HEAD {
                request.method = Method::GET;
            }
            if next.host == step.url.host
                && let Some(idle) = self.nobody(&next)
            {
                return Some(RedirectWay::Nobody {
                    from: step,
                    to: next,
                    idle,
                });
            }
            way.push(step);
            now = next;
        }
        Some(RedirectWay::Further(way))
    }

    /// Whether nobody answers there, with the listeners that would, did they serve. Where another Gateway listens on the port, the host
    /// may lead to that one.
    fn nobody(&self, url: &Url) -> Option<Vec<&'a IdleListener>> {
        let host = Some(url.host.as_str());
        if self
            .gateway
            .listener(Transport::Tcp, url.port, host)
            .is_some()
        {
            return None;
        }
        let would_answer = |idle: &&IdleListener| {
            idle.port == Some(url.port)
                && scheme(&idle.protocol) == Some(url.scheme)
                && idle
                    .hostname
                    .as_ref()
                    .is_none_or(|hostname| hostname.matches(&url.host))
        };
        let idle: Vec<_> = self.idle.iter().filter(would_answer).collect();
        (!idle.is_empty() || !self.ports.contains(&url.port)).then_some(idle)
    }

    /// Where the Gateway sends a client that asks for this, which asked for a host first, and with which status code.
    fn sent_on(
        &mut self,
        url: Url,
        request: &request::Parts,
        asked: &str,
    ) -> Option<(RedirectStep, Url, StatusCode)> {
        let gateway = self.gateway;
        let listener = gateway.listener(Transport::Tcp, url.port, Some(&url.host))?;
        if scheme(&listener.protocol)? != url.scheme {
            return None;
        }
        let (routing, budget) = (self.routing, self.budget);
        let reached = self.tables.entry(&listener.name).or_insert_with(|| {
            let fits = budget.take(budget::at_listener(listener));
            fits.then(|| ReachedListener::of(&gateway.name, listener, routing))
        });
        let ReachedListener { table, with_hosts } = reached.as_ref()?;
        let mut parts = request.clone();
        parts.uri = url.path.parse().ok()?;
        parts
            .headers
            .insert(HOST, HeaderValue::from_str(&url.authority()).ok()?);
        let connection = Connection {
            scheme: url.scheme,
            port: url.port,
        };
        let answer = match table.begin(parts, connection, None) {
            Begun::Answer(answer) => answer,
            Begun::Exchange(mut exchange) => {
                match exchange.attempt(&mut Draws(&mut |_| 0), Duration::ZERO) {
                    Attempted::Answer(answer) => answer,
                    Attempted::Attempt(_) => return None,
                }
            }
        };
        let target = answer.target.as_ref()?;
        if !answer.status.is_redirection() {
            return None;
        }
        let won = target.rule();
        // Whether a host that nothing here names leads back to the Gateway is not known.
        if asked != url.host && !with_hosts.contains(&won.route().name) {
            return None;
        }
        let to = answer.headers.get(LOCATION)?.to_str().ok()?;
        let next = Url::read(to, &url)?;
        let step = RedirectStep {
            url,
            listener: listener.name.clone(),
            route: won.route().clone(),
            rule: won.index(),
        };
        Some((step, next, answer.status))
    }
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
