//! Redirects that lead to nobody, or in a circle.

use super::{super::Near, Around};
use crate::{
    attachment::{RouteId, RouteKind},
    lint::{
        budget::{Budget, MAX_MATCHES},
        walk::{self, MAX_HOPS, RedirectStep, RedirectWay, Unanswered, Url, Walk},
    },
    meta::ObjectRef,
    proxy::Scheme,
    sim::{Answer, Outcome, Request, named_host},
};
use std::collections::BTreeSet;

impl Near<'_> {
    /// What a redirect needs so that the client gets an answer in the end.
    pub(super) fn redirects(&self, request: &Request, answer: &Answer, around: &mut Around) {
        if answer.outcome != Outcome::Redirected {
            return;
        }
        let effective = &self.resolver.resolution().effective;
        let name = answer.gateway.as_ref().map(ObjectRef::namespaced_name);
        let gateway = name.as_ref().and_then(|name| effective.gateways.get(name));
        let Some(begin) = asked_for(request) else {
            return;
        };
        let (ports, budget) = (walk::ports(effective), Budget::of(MAX_MATCHES));
        let mut walk = match (gateway, &answer.service) {
            (Some(gateway), _) => Walk::new(
                (effective, gateway),
                &ports,
                self.routing,
                &budget,
                MAX_HOPS,
            ),
            (None, Some(service)) => {
                let client = request.client.as_ref();
                let client = client.map_or(&service.namespace, |client| &client.namespace);
                Walk::of_mesh((effective, client), self.routing, &budget, MAX_HOPS)
            }
            (None, None) => return,
        };
        let parent = name.unwrap_or_default();
        match walk.follow(begin, &request.head()) {
            RedirectWay::Ends => {}
            RedirectWay::Circle(circle) => {
                let again = circle.first().map(|step| step.url.to_string());
                around.amiss = true;
                around.why.push(format!(
                    "the redirect is a loop: the client is led to {} again and again",
                    again.unwrap_or_default()
                ));
                self.end_circle(answer, &circle, around);
            }
            RedirectWay::Further(way) => {
                let mut rules = way.iter().map(|step| (&step.route, step.rule));
                let first = rules.next();
                if rules.all(|rule| Some(rule) == first) {
                    let places = way.iter().take(3).map(|step| step.url.to_string());
                    let places: Vec<_> = places.collect();
                    around.amiss = true;
                    around.why.push(format!(
                        "the rule redirects to itself without end: the client is led to {}, and so on",
                        places.join(", ")
                    ));
                    self.end_circle(answer, &way, around);
                } else {
                    around.why.push(format!(
                        "the client is redirected more than {MAX_HOPS} times: where that leads is not looked at"
                    ));
                }
            }
            RedirectWay::Nobody {
                to,
                why: Unanswered::Unheard { listener, why },
                ..
            } => {
                around.amiss = true;
                // The data plane itself says so of the host that was asked for.
                let mut told = answer.why.iter();
                if !told.any(|told| told.starts_with("nobody answers the client")) {
                    around.why.push(format!(
                        "nobody answers the client at {to}: listener `{}` of Gateway {parent} {why}",
                        listener.name
                    ));
                }
                around.help.push(why.help(&listener.name));
            }
            RedirectWay::Nobody {
                from,
                to,
                why: Unanswered::Idle(idle),
            } if idle.is_empty() => {
                around.amiss = true;
                let needed = walk::needed_listener(self.resolver, &parent, &from, &to);
                around.help.extend(needed);
            }
            RedirectWay::Nobody {
                why: Unanswered::Idle(idle),
                ..
            } => {
                around.amiss = true;
                for listener in idle.into_iter().take(super::SHOWN) {
                    around.why.push(format!(
                        "listener `{}` of Gateway {} is not serving: {}",
                        listener.name, parent, listener.why
                    ));
                    self.listener_needs(&parent, &listener.name, &mut around.help);
                }
            }
        }
    }

    /// What ends a circle, or a way without end.
    fn end_circle(&self, answer: &Answer, circle: &[RedirectStep], around: &mut Around) {
        let Some(taken) = &answer.route else {
            return;
        };
        let kind = RouteKind::from_kind(&taken.route.kind);
        let route = kind.map(|kind| RouteId::new(kind, taken.route.namespaced_name()));
        if let (Some(route), Some(first)) = (&route, &answer.listener)
            && let Some(apart) = walk::stay_away(route, &first.name, circle)
        {
            around.help.push(apart);
            return;
        }
        let rules: BTreeSet<(&RouteId, usize)> =
            circle.iter().map(|step| (&step.route, step.rule)).collect();
        let mut named = rules.into_iter().take(super::SHOWN).map(|(route, rule)| {
            let label = self.resolver.snapshot().rule_label(route, rule);
            format!(
                "{} of {route}",
                label.after(&format!("`spec.rules[{rule}]`"))
            )
        });
        let Some(one) = named.next() else { return };
        let others: Vec<String> = named.collect();
        around.help.push(match others.as_slice() {
            [] => format!(
                "let the `RequestRedirect` of {one} lead to a URL that the rule does not match"
            ),
            others => format!(
                "let one of these redirects lead elsewhere: {one}, {}",
                others.join(", ")
            ),
        });
    }
}

/// What a client asks for, if that is a URL.
fn asked_for(request: &Request) -> Option<Url> {
    let path = request.uri.path_and_query();
    Some(Url {
        scheme: match request.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        },
        host: named_host(request)?.host().to_owned(),
        port: request.destination_port().ok()?,
        path: path.map_or("/", |path| path.as_str()).to_owned(),
    })
}
