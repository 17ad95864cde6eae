//! Redirects that lead to nobody, or in a circle.

use super::{super::Near, Around};
use crate::lint::near::LEAVE_TO_LOAD_BALANCER;
use crate::sim::{Answer, Outcome, Refusal, Request, Simulator, redirected};
use std::{collections::BTreeSet, fmt};

/// How many redirects are followed, at most.
const MOST_FOLLOWED: usize = 8;

impl Near<'_> {
    /// What a redirect to the same host needs so that the client gets an answer there.
    pub(super) fn redirects(&self, request: &Request, answer: &Answer, around: &mut Around) {
        let Some(mut next) = redirected(request, answer) else {
            return;
        };
        let effective = self.resolver.resolution().effective.clone();
        let mut simulator = Simulator::new(effective, self.routing);
        let mut asked = BTreeSet::from([request.uri.to_string()]);
        for _ in 0..MOST_FOLLOWED {
            let url = next.uri.to_string();
            if !asked.insert(url.clone()) {
                around.amiss = true;
                self.loops(answer, &next, &mut simulator, around);
                return;
            }
            let Ok(then) = simulator.request(&next, &mut |_| 0) else {
                return;
            };
            match redirected(&next, &then) {
                Some(after) => next = after,
                None => {
                    needs_listener(answer, &next, &then, around);
                    return;
                }
            }
        }
        around.why.push(format!(
            "the client is redirected more than {MOST_FOLLOWED} times: where that leads is not looked at"
        ));
    }

    /// What ends a loop that comes to a request again.
    fn loops(
        &self,
        answer: &Answer,
        again: &Request,
        simulator: &mut Simulator,
        around: &mut Around,
    ) {
        around.why.push(format!(
            "the redirect is a loop: the client is led to {} again and again",
            again.uri
        ));
        let Ok(then) = simulator.request(again, &mut |_| 0) else {
            return;
        };
        let (Some(first), Some(route)) = (&answer.listener, &then.route) else {
            return;
        };
        let same_route = answer.route.as_ref().map(|first| &first.route) == Some(&route.route);
        around.help.push(match &then.listener {
            Some(listener) if same_route && listener.name != first.name => {
                only_at(&route.route, &first.name)
            }
            _ => format!(
                "let the `RequestRedirect` of {} of {} lead to a URL that the rule does not match",
                route
                    .rule_label()
                    .after(&format!("`spec.rules[{}]`", route.rule)),
                route.route
            ),
        });
    }
}

/// How a route that redirects stays away from the listener to which it leads.
fn only_at(route: &impl fmt::Display, listener: &str) -> String {
    format!("attach {route} to listener `{listener}` only, by `sectionName`")
}

/// Which listener a client needs that is led to a port without one.
fn needs_listener(answer: &Answer, next: &Request, then: &Answer, around: &mut Around) {
    let protocol = match next.scheme() {
        "http" => "HTTP",
        "https" => "HTTPS",
        _ => return,
    };
    let nobody = then.outcome == Outcome::Refused && then.refusal == Some(Refusal::NoListener);
    if let (true, Some(gateway), Ok(port)) = (nobody, &then.gateway, next.destination_port()) {
        let listener =
            format!("add a listener with `protocol: {protocol}` on port {port} to {gateway}");
        around.amiss = true;
        let help = &mut around.help;
        help.push(match (&answer.route, &answer.listener) {
            // At the new listener the same redirect would lead to itself.
            (Some(taken), Some(at)) => {
                format!("{listener}, and {}", only_at(&taken.route, &at.name))
            }
            _ => listener,
        });
        if protocol == "HTTPS" {
            help.push(LEAVE_TO_LOAD_BALANCER.to_owned());
        }
    }
}
