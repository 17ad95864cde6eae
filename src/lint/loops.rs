//! Redirects that lead clients in circles.

use super::{
    FindingsByObject, LintOptions,
    budget::{self, Budget},
    near::LEAVE_TO_LOAD_BALANCER,
    sample,
    walk::{self, RedirectStep, RedirectWay, Url, Walk},
};
use crate::{
    attachment::{Resolver, RouteId, RouteKind, effective::HttpRule},
    meta::NamespacedName,
    proxy::{Scheme, http_entries},
    routing::Match,
    rules::{Rule, set as rules},
};
use http::header::HOST;
use std::collections::HashSet;

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
    let ports = walk::ports(effective);
    for gateway in effective.gateways.values() {
        let mut walk = Walk::new(
            (effective, gateway),
            &ports,
            options.routing,
            budget,
            options.max_hops,
        );
        for listener in &gateway.listeners {
            let Some(scheme) = walk::scheme(&listener.protocol) else {
                continue;
            };
            for attached in walk::routes(listener) {
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
                    let host = request
                        .headers
                        .get(HOST)
                        .and_then(|host| host.to_str().ok());
                    let begin = Url {
                        scheme,
                        host: host.unwrap_or_default().to_owned(),
                        port: listener.port,
                        path: request.uri.to_string(),
                    };
                    let is_own =
                        |step: &RedirectStep| step.is_by(&attached.route.reference, rule.index);
                    let way = walk.follow(begin, &request);
                    let wrong = wrong_way(&way, &gateway.name, is_own);
                    let is_too_long = matches!(way, RedirectWay::Further(_)) && wrong.is_none();
                    cut_short += usize::from(is_too_long);
                    let Some((wrong, message, help)) = wrong else {
                        continue;
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

/// What is wrong with where redirects lead, if a rule has part in it: the rule of lint, what is to be said, and what would be right.
fn wrong_way(
    way: &RedirectWay<'_>,
    gateway: &NamespacedName,
    is_own: impl Fn(&RedirectStep) -> bool,
) -> Option<(&'static Rule, String, Option<String>)> {
    let shown = |steps: &[RedirectStep]| {
        let places = steps.iter().map(|step| format!("`{}`", step.url));
        places.collect::<Vec<_>>().join(", ")
    };
    match way {
        RedirectWay::Ends => None,
        RedirectWay::Circle(circle) => {
            let message = match circle.as_slice() {
                [only] => format!(
                    "a client that asks for `{}` is sent there again, and so on without end",
                    only.url
                ),
                circle => format!("clients are sent in circles: {}, and back", shown(circle)),
            };
            let help = at_one_place(circle).then(|| OTHER_URL.to_owned());
            let own = circle.iter().any(is_own);
            own.then_some((&rules::NO_REDIRECT_LOOP, message, help))
        }
        RedirectWay::Further(way) => {
            let first = way.get(..3).unwrap_or(way);
            let message = format!(
                "the rule redirects to itself without end: {}, and so on",
                shown(first)
            );
            let help = at_one_place(way).then(|| OTHER_URL.to_owned());
            let own = !way.is_empty() && way.iter().all(is_own);
            own.then_some((&rules::NO_REDIRECT_LOOP, message, help))
        }
        RedirectWay::Nobody { from, .. } if !is_own(from) => None,
        RedirectWay::Nobody { to, idle, .. } => {
            let (message, help) = match idle.first() {
                Some(idle) => (
                    format!(
                        "clients are sent to `{to}`, and listener `{}` of Gateway {gateway}, which would answer there, is not serving: {}",
                        idle.name, idle.why
                    ),
                    format!("correct listener `{}` first", idle.name),
                ),
                None => {
                    let listener = format!(
                        "add a listener with `protocol: {}` on port {} to Gateway {gateway}",
                        to.protocol(),
                        to.port
                    );
                    let help = match to.scheme {
                        Scheme::Http => listener,
                        Scheme::Https => format!("{listener}; {LEAVE_TO_LOAD_BALANCER}"),
                    };
                    (
                        format!(
                            "clients are sent to `{to}`, and no Gateway of the set listens on port {}",
                            to.port
                        ),
                        help,
                    )
                }
            };
            Some((&rules::REDIRECT_HEARD, message, Some(help)))
        }
    }
}

/// Whether these are all at one port, with one scheme.
fn at_one_place(way: &[RedirectStep]) -> bool {
    let mut places = way.iter().map(|step| (step.url.scheme, step.url.port));
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
