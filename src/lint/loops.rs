//! Redirects that lead clients in circles.

use super::{
    FindingsByObject, LintOptions,
    budget::{self, Budget},
    reach::EVERY_HOST,
    sample,
    walk::{self, RedirectStep, RedirectWay, Unanswered, Url, Walk},
};
use crate::{
    attachment::{
        Resolver, RouteId, RouteKind,
        effective::{
            ClientScope, Effective, EffectiveFilters, EffectiveHostname, EffectiveService,
            HttpRouteRules, HttpRule,
        },
    },
    meta::NamespacedName,
    proxy::{Scheme, http_entries},
    routing::Match,
    rules::{Rule, set as rules},
    sim::Unheard,
};
use http::header::HOST;
use std::collections::HashSet;

/// Looks for redirects that come back to themselves through the listeners of the same Gateway, or in a mesh. A request is made up
/// for each match of a rule that redirects, and followed. Returns how many ways were not followed to their end.
pub(super) fn check(
    resolver: &Resolver,
    options: &LintOptions,
    budget: &Budget,
    found: &mut FindingsByObject,
) -> usize {
    let mut loops = Loops {
        resolver,
        options,
        budget,
        found,
        said: HashSet::new(),
        cut_short: 0,
    };
    let effective = &resolver.resolution().effective;
    let ports = walk::ports(effective);
    for gateway in effective.gateways.values() {
        let mut walk = Walk::new(
            (effective, gateway),
            &ports,
            options.routing,
            budget,
            options.max_hops,
        );
        // Most redirects lead from cleartext to TLS, and what is to be done is at the listener where a client asks first.
        let listeners = gateway.listeners.iter();
        let mut listeners: Vec<_> = listeners
            .filter_map(|listener| Some((walk::scheme(&listener.protocol)?, listener)))
            .collect();
        listeners.sort_by_key(|(scheme, _)| *scheme != Scheme::Http);
        for (scheme, listener) in listeners {
            let begin = |host: &str, path: String| Url {
                scheme,
                host: host.to_owned(),
                port: listener.port,
                path,
            };
            for attached in walk::routes(listener) {
                let route = (&*attached.route, &*attached.hostnames);
                let parent = (&gateway.name, &*listener.name);
                loops.route(&mut walk, parent, route, &begin);
            }
        }
    }
    let services = effective.services.values();
    for service in services.chain(effective.imports.values()) {
        loops.service(effective, service);
    }
    loops.cut_short
}

/// The search for redirects without end.
struct Loops<'o> {
    resolver: &'o Resolver,
    options: &'o LintOptions,
    budget: &'o Budget,
    found: &'o mut FindingsByObject,
    /// The rules of which something was said.
    said: HashSet<(RouteId, usize)>,
    /// How many ways were not followed to their end.
    cut_short: usize,
}

impl Loops<'_> {
    /// The redirects of a Service's routes, each as the clients see it that it governs.
    fn service(&mut self, effective: &Effective, service: &EffectiveService) {
        for attached in &service.http {
            let client = match &attached.clients {
                ClientScope::Namespace(namespace) => namespace,
                ClientScope::Everyone => &service.name.namespace,
            };
            let mut of_service = service.ports.iter().filter(|port| port.protocol == "TCP");
            let Some(port) = attached.port.or_else(|| Some(of_service.next()?.port)) else {
                continue;
            };
            let routing = self.options.routing;
            let max_hops = self.options.max_hops;
            let mut walk = Walk::of_mesh((effective, client), routing, self.budget, max_hops);
            let name = &service.name;
            let host = match service.import {
                true => format!("{}.{}.svc.clusterset.local", name.name, name.namespace),
                false => format!("{}.{}", name.name, name.namespace),
            };
            let begin = |_: &str, path: String| Url {
                scheme: Scheme::Http,
                host: host.clone(),
                port,
                path,
            };
            let route = (&*attached.route, EVERY_HOST);
            self.route(&mut walk, (name, ""), route, &begin);
        }
    }

    /// The redirects of one route at a listener of its parent, or at a Service, where that is empty; `begin` is what a client asks
    /// for, for a host and a path.
    fn route(
        &mut self,
        walk: &mut Walk<'_>,
        parent: (&NamespacedName, &str),
        (route, hostnames): (&HttpRouteRules, &[EffectiveHostname]),
        begin: &dyn Fn(&str, String) -> Url,
    ) {
        if !route.rules.iter().any(|rule| redirect(rule).is_some()) {
            return;
        }
        if !self.budget.take(budget::of_http(route, hostnames.len())) {
            return;
        }
        let (entries, _) = http_entries(route, hostnames, |rule| {
            let index = redirect(rule).map(|_| rule.index);
            move |_, _: &_| index
        });
        let id = RouteId::new(RouteKind::Http, route.reference.clone());
        for entry in &entries {
            let rule = entry.payload.and_then(|index| {
                // They stand in the order of their indexes.
                let at = route.rules.binary_search_by_key(&index, |rule| rule.index);
                route.rules.get(at.ok()?)
            });
            let (Some(rule), Match::Http(matching)) = (rule, &entry.matching) else {
                continue;
            };
            if self.said.contains(&(id.clone(), rule.index)) {
                continue;
            }
            let hostname = entry.hostname.to_string().parse().ok();
            let host = sample::host(hostname.as_ref());
            let Some(request) = sample::request(matching, &host) else {
                continue;
            };
            let host = request
                .headers
                .get(HOST)
                .and_then(|host| host.to_str().ok());
            let begin = begin(host.unwrap_or_default(), request.uri.to_string());
            let is_own = |step: &RedirectStep| step.is_by(&route.reference, rule.index);
            let way = walk.follow(begin, &request);
            let wrong = wrong_way(&way, (self.resolver, parent), &id, is_own);
            let is_too_long = matches!(way, RedirectWay::Further(_)) && wrong.is_none();
            self.cut_short += usize::from(is_too_long);
            let Some((wrong, message, help)) = wrong else {
                continue;
            };
            let path = redirect(rule).unwrap_or_default();
            let reference = id.reference();
            match help {
                Some(help) => {
                    self.found
                        .push_with_help(&reference, wrong, path, message, help);
                }
                None => self.found.push(&reference, wrong, path, message),
            }
            self.said.insert((id.clone(), rule.index));
        }
    }
}

/// What to do about a redirect that leads to the rule itself, at the listener where it stands.
const OTHER_URL: &str = "let the redirect lead to a URL that the rule does not match";

/// What is wrong with where redirects lead, if a rule of a route has part in it: the rule of lint, what is to be said, and what would be
/// right. The client asks first at a listener of a Gateway.
fn wrong_way(
    way: &RedirectWay<'_>,
    (resolver, (gateway, first)): (&Resolver, (&NamespacedName, &str)),
    route: &RouteId,
    is_own: impl Fn(&RedirectStep) -> bool,
) -> Option<(&'static Rule, String, Option<String>)> {
    let shown = |steps: &[RedirectStep]| {
        let places = steps
            .iter()
            .map(|step| format!("`{}`", of_any_host(&step.url)));
        places.collect::<Vec<_>>().join(", ")
    };
    match way {
        RedirectWay::Ends => None,
        RedirectWay::Circle(circle) => {
            let message = match circle.as_slice() {
                [only] => format!(
                    "a client that asks for `{}` is sent there again, and so on without end",
                    of_any_host(&only.url)
                ),
                circle => format!("clients are sent in circles: {}, and back", shown(circle)),
            };
            let other_url = || at_one_place(circle).then(|| OTHER_URL.to_owned());
            let help = walk::stay_away(route, first, circle).or_else(other_url);
            let own = circle.iter().any(is_own);
            own.then_some((&rules::NO_REDIRECT_LOOP, message, help))
        }
        RedirectWay::Further(way) => {
            let begin = way.get(..3).unwrap_or(way);
            let message = format!(
                "the rule redirects to itself without end: {}, and so on",
                shown(begin)
            );
            let other_url = || at_one_place(way).then(|| OTHER_URL.to_owned());
            let help = walk::stay_away(route, first, way).or_else(other_url);
            let own = !way.is_empty() && way.iter().all(is_own);
            own.then_some((&rules::NO_REDIRECT_LOOP, message, help))
        }
        RedirectWay::Nobody { from, .. } if !is_own(from) => None,
        RedirectWay::Nobody { from, to, why } => {
            let place = sent_to(to);
            let idle = match why {
                Unanswered::Idle(idle) => idle.first(),
                Unanswered::Unheard { listener, why } => {
                    let name = &listener.name;
                    let why = match why {
                        Unheard::NoRoute(kind, host) if *host == sample::ANY_HOST => {
                            Unheard::NoRoute(kind, "*".to_owned())
                        }
                        why => why.clone(),
                    };
                    let message = format!(
                        "clients are sent to {place}, and nobody answers there: listener `{name}` of Gateway {gateway} {why}"
                    );
                    let help = Some(why.help(name));
                    return Some((&rules::REDIRECT_HEARD, message, help));
                }
            };
            let (message, help) = match idle {
                Some(idle) => (
                    format!(
                        "clients are sent to {place}, and listener `{}` of Gateway {gateway}, which would answer there, is not serving: {}",
                        idle.name, idle.why
                    ),
                    format!("correct listener `{}` first", idle.name),
                ),
                None => (
                    format!(
                        "clients are sent to {place}, and no Gateway of the set listens on port {}",
                        to.port
                    ),
                    walk::needed_listener(resolver, gateway, from, to).join("; "),
                ),
            };
            Some((&rules::REDIRECT_HEARD, message, Some(help)))
        }
    }
}

/// A URL, with `*` in the place of a host that is made up.
fn of_any_host(url: &Url) -> Url {
    let host = match url.host.as_str() {
        sample::ANY_HOST => "*",
        host => host,
    };
    Url {
        host: host.to_owned(),
        ..url.clone()
    }
}

/// Where clients are sent, as part of a sentence. A host that is made up stands for the one that they asked for.
fn sent_to(url: &Url) -> String {
    if url.host != sample::ANY_HOST {
        return format!("`{url}`");
    }
    let scheme = url.scheme.as_str();
    match (url.scheme, url.port) {
        (Scheme::Http, 80) | (Scheme::Https, 443) => {
            format!("`{scheme}` on the host that they asked for")
        }
        (_, port) => format!("`{scheme}` on port {port} of the host that they asked for"),
    }
}

/// Whether these are all at one port, with one scheme.
fn at_one_place(way: &[RedirectStep]) -> bool {
    let mut places = way.iter().map(|step| (step.url.scheme, step.url.port));
    let first = places.next();
    places.all(|place| Some(place) == first)
}

/// The path of the filter that redirects, the first if several backends have one, where there is one that changes something: of one
/// that changes nothing the rule for single objects speaks.
fn redirect(rule: &HttpRule) -> Option<String> {
    let at = |filters: &EffectiveFilters, place: &str| {
        let filters = &filters.compiled;
        let redirect = filters.redirect()?;
        let index = filters
            .redirect_index()
            .filter(|_| redirect.leads_elsewhere())?;
        Some(format!(
            "spec.rules[{}]{place}.filters[{index}].requestRedirect",
            rule.index
        ))
    };
    if rule.filters.compiled.redirect().is_some() {
        return at(&rule.filters, "");
    }
    let backends = rule.backends.iter().enumerate();
    let mut drawn = backends.filter(|(_, backend)| backend.weight > 0);
    drawn.find_map(|(index, backend)| at(&backend.filters, &format!(".backendRefs[{index}]")))
}
