//! Redirects that lead clients in circles.

use super::{
    FindingsByObject, LintOptions,
    budget::{self, Budget},
    near::LEAVE_TO_LOAD_BALANCER,
    sample,
};
use crate::{
    attachment::{
        Resolver, RouteId, RouteKind,
        effective::{
            AttachedRoute, EffectiveGateway, EffectiveListener, HttpRouteRules, HttpRule, RouteList,
        },
    },
    meta::{Authority, NamespacedName, Transport},
    proxy::{Attempted, Begun, Connection, Draws, Endpoints, Scheme, Table, http_entries},
    routing::Match,
    rules::{Rule, set as rules},
    v1::ProtocolType,
};
use http::{
    HeaderValue, Uri,
    header::{HOST, LOCATION},
    request,
};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// Looks for redirects that come back to themselves through the listeners of the same Gateway. A request is made up
/// for each match of a rule that redirects, and followed. Returns how many ways were not followed to their end.
pub(super) fn check(
    resolver: &Resolver,
    options: &LintOptions,
    budget: &Budget,
    found: &mut FindingsByObject,
) -> usize {
    let (mut said, mut cut_short) = (HashSet::new(), 0);
    let effective = &resolver.resolution().effective;
    let listeners = effective
        .gateways
        .values()
        .flat_map(|gateway| &gateway.listeners);
    let idle = effective.idle.values().flat_map(|idle| idle.iter());
    let ports: HashSet<u16> = listeners
        .map(|listener| listener.port)
        .chain(idle.filter_map(|listener| listener.port))
        .collect();
    for gateway in effective.gateways.values() {
        let mut walk = Walk {
            gateway,
            options,
            budget,
            tables: HashMap::new(),
            ports: &ports,
        };
        for listener in gateway.listeners.iter().filter(|l| scheme(l).is_some()) {
            for attached in routes(listener) {
                if !attached
                    .route
                    .rules
                    .iter()
                    .any(|rule| redirect(rule).is_some())
                {
                    continue;
                }
                if !budget.take(budget::of_http(&attached.route, attached.hostnames.len())) {
                    continue;
                }
                let (entries, _) = http_entries(&attached.route, &attached.hostnames, |rule| {
                    let index = redirect(rule).is_some().then_some(rule.index);
                    move |_, _: &_| index
                });
                for entry in &entries {
                    let rules_of_route = &attached.route.rules;
                    let rule = entry.payload.and_then(|index| {
                        // They stand in the order of their indexes.
                        let at = rules_of_route.binary_search_by_key(&index, |rule| rule.index);
                        rules_of_route.get(at.ok()?)
                    });
                    let (Some(rule), Match::Http(matching)) = (rule, &entry.matching) else {
                        continue;
                    };
                    let id = RouteId::new(RouteKind::Http, attached.route.reference.clone());
                    if said.contains(&(id.clone(), rule.index)) {
                        continue;
                    }
                    let hostname = entry.hostname.to_string().parse().ok();
                    let host = sample::host(hostname.as_ref());
                    let Some(request) = sample::request(matching, &host) else {
                        continue;
                    };
                    let (wrong, message, help) =
                        match walk.follow(listener, &attached.route, rule, request) {
                            RedirectWay::Wrong(wrong, message, help) => (wrong, message, help),
                            RedirectWay::Ends => continue,
                            RedirectWay::TooLong => {
                                cut_short += 1;
                                continue;
                            }
                        };
                    let filter = redirect(rule).unwrap_or_default();
                    let path = format!(
                        "spec.rules[{}].filters[{filter}].requestRedirect",
                        rule.index
                    );
                    let id_of_route = id.reference();
                    match help {
                        Some(help) => {
                            found.push_with_help(&id_of_route, wrong, path, message, help);
                        }
                        None => found.push(&id_of_route, wrong, path, message),
                    }
                    said.insert((id, rule.index));
                }
            }
        }
    }
    cut_short
}

/// What to do about a redirect that leads to the rule itself, at the listener where it stands.
const OTHER_URL: &str = "let the redirect lead to a URL that the rule does not match";

/// Whether these are all at one port, with one scheme.
fn at_one_place(way: &[(Url, bool)]) -> bool {
    let mut places = way.iter().map(|(url, _)| (url.scheme, url.port));
    let first = places.next();
    places.all(|place| Some(place) == first)
}

/// The place of the filter that redirects, where there is one that changes something: of one that changes
/// nothing the rule for single objects speaks.
fn redirect(rule: &HttpRule) -> Option<usize> {
    let filters = &rule.filters.compiled;
    let redirect = filters.redirect()?;
    filters
        .redirect_index()
        .filter(|_| redirect.leads_elsewhere())
}

fn scheme(listener: &EffectiveListener) -> Option<Scheme> {
    match listener.protocol {
        ProtocolType::Http => Some(Scheme::Http),
        ProtocolType::Https => Some(Scheme::Https),
        _ => None,
    }
}

/// Where redirects lead a client.
enum RedirectWay {
    /// To an answer, or to where nothing is known of it.
    Ends,
    /// In a circle, or to nobody; and what would be right.
    Wrong(&'static Rule, String, Option<String>),
    /// Further than it is followed.
    TooLong,
}

/// The way of one client through the listeners of a Gateway.
struct Walk<'a> {
    gateway: &'a EffectiveGateway,
    options: &'a LintOptions,
    budget: &'a Budget,
    /// The tables of listeners that clients are sent to; nothing for one that is too large to be looked at.
    tables: HashMap<&'a str, Option<ReachedListener<'a>>>,
    /// The ports at which any Gateway of the set listens, or would.
    ports: &'a HashSet<u16>,
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
        options: &LintOptions,
    ) -> Self {
        let with_hosts = routes(listener).iter().filter(|attached| {
            let mut hostnames = attached.hostnames.iter();
            hostnames.any(|hostname| hostname.hostname.is_some())
        });
        Self {
            // Redirects need no endpoints.
            table: Table::for_listener(gateway, listener, &Endpoints::default(), options.routing),
            with_hosts: with_hosts
                .map(|attached| &attached.route.reference)
                .collect(),
        }
    }
}

/// The HTTPRoutes of a listener.
fn routes(listener: &EffectiveListener) -> &RouteList<AttachedRoute<HttpRouteRules>> {
    #[cfg(test)]
    ROUTES.add(listener.http.len());
    &listener.http
}

/// A place to which a client is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Url {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
}

impl Url {
    fn read(text: &str, now: &Url) -> Option<Self> {
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

    fn shown(&self) -> String {
        format!(
            "`{}://{}{}`",
            self.scheme.as_str(),
            self.authority(),
            self.path
        )
    }
}

impl<'a> Walk<'a> {
    /// Follows a request that begins with a rule. What is wrong if the rule comes again and again, or if it leads
    /// the client to a port at which nobody listens.
    fn follow(
        &mut self,
        listener: &EffectiveListener,
        route: &HttpRouteRules,
        rule: &HttpRule,
        request: request::Parts,
    ) -> RedirectWay {
        let followed = self.follow_to_end(listener, route, rule, request);
        followed.unwrap_or(RedirectWay::Ends)
    }

    fn follow_to_end(
        &mut self,
        listener: &EffectiveListener,
        route: &HttpRouteRules,
        rule: &HttpRule,
        request: request::Parts,
    ) -> Option<RedirectWay> {
        let begin = Url {
            scheme: scheme(listener)?,
            host: request.headers.get(HOST)?.to_str().ok()?.to_owned(),
            port: listener.port,
            path: request.uri.to_string(),
        };
        // Every place, and whether it was this rule that sent the client on from there.
        let mut way: Vec<(Url, bool)> = Vec::new();
        let mut now = begin;
        while way.len() < self.options.max_hops {
            if let Some(again) = way.iter().position(|(url, _)| *url == now) {
                let circle = way.get(again..).unwrap_or_default();
                let places: Vec<_> = circle.iter().map(|(url, _)| url.shown()).collect();
                let message = match places.as_slice() {
                    [only] => format!(
                        "a client that asks for {only} is sent there again, and so on without end"
                    ),
                    places => format!(
                        "clients are sent in circles: {}, and back",
                        places.join(", ")
                    ),
                };
                let own = circle.iter().any(|(_, own)| *own);
                let help = at_one_place(circle).then(|| OTHER_URL.to_owned());
                return own.then_some(RedirectWay::Wrong(&rules::NO_REDIRECT_LOOP, message, help));
            }
            let (own, next) = self.sent_on(&now, &request, route, rule)?;
            if own && next.host == now.host && !self.ports.contains(&next.port) {
                let message = format!(
                    "clients are sent to {}, and no Gateway of the set listens on port {}",
                    next.shown(),
                    next.port
                );
                let protocol = match next.scheme {
                    Scheme::Http => "HTTP",
                    Scheme::Https => "HTTPS",
                };
                let listener = format!(
                    "add a listener with `protocol: {protocol}` on port {} to Gateway {}",
                    next.port, self.gateway.name
                );
                let help = match next.scheme {
                    Scheme::Http => listener,
                    Scheme::Https => format!("{listener}; {LEAVE_TO_LOAD_BALANCER}"),
                };
                return Some(RedirectWay::Wrong(
                    &rules::REDIRECT_HEARD,
                    message,
                    Some(help),
                ));
            }
            way.push((now, own));
            now = next;
        }
        if way.is_empty() || way.iter().any(|(_, own)| !own) {
            return Some(RedirectWay::TooLong);
        }
        let places: Vec<_> = way.iter().take(3).map(|(url, _)| url.shown()).collect();
        let message = format!(
            "the rule redirects to itself without end: {}, and so on",
            places.join(", ")
        );
        let help = at_one_place(&way).then(|| OTHER_URL.to_owned());
        Some(RedirectWay::Wrong(&rules::NO_REDIRECT_LOOP, message, help))
    }

    /// Where the Gateway sends a client that asks for this, and whether by this rule.
    fn sent_on(
        &mut self,
        url: &Url,
        request: &request::Parts,
        route: &HttpRouteRules,
        rule: &HttpRule,
    ) -> Option<(bool, Url)> {
        let gateway = self.gateway;
        let listener = gateway.listener(Transport::Tcp, url.port, Some(&url.host))?;
        if scheme(listener)? != url.scheme {
            return None;
        }
        let (gateway, options, budget) = (&self.gateway.name, self.options, self.budget);
        let reached = self.tables.entry(&listener.name).or_insert_with(|| {
            let fits = budget.take(budget::at_listener(listener));
            fits.then(|| ReachedListener::of(gateway, listener, options))
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
        let own = won.route().kind == RouteKind::Http
            && won.route().name == route.reference
            && won.index() == rule.index;
        // Whether a host that nothing here names leads back to the Gateway is not known.
        let begin = request
            .headers
            .get(HOST)
            .and_then(|host| host.to_str().ok());
        if begin != Some(&url.host) && !with_hosts.contains(&won.route().name) {
            return None;
        }
        let to = answer.headers.get(LOCATION)?.to_str().ok()?;
        Some((own, Url::read(to, url)?))
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How many routes of listeners are looked at.
    pub(in crate::lint) ROUTES
);
