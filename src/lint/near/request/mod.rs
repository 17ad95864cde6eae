//! What stands around the answer to a request: routes that lost, rules and objects that are left out, policies, and
//! what would be right where the request went astray.

mod connections;
mod elsewhere;
mod endpoints;
mod idle;
mod ignored;
mod paths;
mod policies;
mod redirects;
mod rejected;
mod routes;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_listeners;
#[cfg(test)]
mod tests_of_redirects;
mod unserved;

use super::Near;
use crate::{
    attachment::{RouteId, RouteKind},
    lint::sessions,
    meta::{Authority, ObjectRef},
    rules::set as rules,
    sim::{Answer, BackendName, Outcome, Refusal, Request},
};

/// How many of a kind are named to people.
const SHOWN: usize = 8;

/// What there is to say of an answer that the data plane itself does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Around {
    /// What else concerns the request, as sentences.
    pub why: Vec<String>,
    /// What would be right, as sentences. Of several causes only the first that stops the request has some: the others
    /// matter when it is gone. Empty where the request went to a backend. Of an object that is left out it says no more than that:
    /// what is wrong with it is for the one who lists what is left out.
    pub help: Vec<String>,
    /// Whether something is wrong although the request was answered as a rule asks for: its redirect leads in a circle or to
    /// nobody, its session is one that a data plane may not be able to keep, its client is shown a certificate for other hosts, a condition of the
    /// route says that something is wrong with it, what would have taken the request is not in force, or another Gateway for the port and the host is not. There is help then.
    pub amiss: bool,
    /// What was given, is not in force, and would have taken the request in the place of the route that did, or of the Gateway.
    pub not_in_force: Vec<NotInForce>,
}

/// A route, a rule of one, or a listener of a Gateway that is not in force although the object is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotInForce {
    /// The route or the Gateway.
    pub object: ObjectRef,
    /// Why, in a sentence.
    pub why: String,
}

impl Near<'_> {
    /// What else concerns a request and its answer, and what would have to be otherwise for the request to be taken as it
    /// is most likely meant.
    #[must_use]
    pub fn request(&self, request: &Request, answer: &Answer) -> Around {
        let mut around = Around::default();
        let forwarded = answer.outcome == Outcome::Forwarded;
        if answer.route.is_some() || forwarded {
            self.rivals(request, answer, &mut around);
            let told = self.told_by_conditions(answer, &mut around);
            self.rejected(request, answer, &mut around);
            self.dropped(request, answer, told, &mut around);
            self.instead(request, answer, &mut around.why);
            self.policies(answer, &mut around);
            if let Some(backend) = &answer.backend {
                self.affinity(answer, backend, &mut around);
            }
            self.rule_fails(answer, &mut around.help);
            self.redirects(request, answer, &mut around);
        } else {
            self.astray(request, answer, &mut around);
        }
        self.idle_elsewhere(request, answer, &mut around);
        self.endpoints(answer, &mut around);
        self.without_rules(request, answer, &mut around.why);
        self.not_over_tls(request, answer, &mut around);
        self.other_certificate(request, answer, &mut around);
        let mut seen = std::collections::BTreeSet::new();
        around.help.retain(|sentence| seen.insert(sentence.clone()));
        around
    }

    /// That the backend of a session is a Service that keeps clients at a pod by their address.
    fn affinity(&self, answer: &Answer, backend: &BackendName, around: &mut Around) {
        let keeps = answer.session.as_ref();
        let keeps = keeps.is_some_and(|session| session.name.is_some());
        if keeps && sessions::has_affinity(self.resolver.snapshot(), &backend.reference) {
            let service = backend.reference.namespaced_name();
            around.why.push(sessions::message(&service));
            around.help.push(rules::ONE_KIND_OF_SESSION.help.to_owned());
            around.amiss = true;
        }
    }

    /// What a client needs that does not speak TLS, where a TLSRoute governs the port of a Service.
    fn not_over_tls(&self, request: &Request, answer: &Answer, around: &mut Around) {
        let Some(service) = answer.service.as_ref() else {
            return;
        };
        let without_tls = matches!(request.scheme(), "http" | "tcp");
        if !without_tls || answer.refusal != Some(Refusal::Closed) || answer.route.is_some() {
            return;
        }
        let effective = &self.resolver.resolution().effective;
        let client = request.client.as_ref();
        let client = client.map_or(&service.namespace, |client| &client.namespace);
        let is_import = service.kind == "ServiceImport";
        let found = effective.service(&service.namespaced_name(), is_import);
        let (Some(found), Ok(port)) = (found, request.destination_port()) else {
            return;
        };
        if let Some(route) = found.tls_routes(port, client).next() {
            let route = RouteId::new(RouteKind::Tls, route.reference.clone());
            around.help = vec![format!(
                "let the client speak TLS, or attach an HTTPRoute or a TCPRoute to the port in place of {route}"
            )];
        }
    }

    /// What the rule that took a request needs, where it answered with an error.
    fn rule_fails(&self, answer: &Answer, help: &mut Vec<String>) {
        let Some(route) = &answer.route else { return };
        if !fails(answer) {
            return;
        }
        let rule = format!("spec.rules[{}]", route.rule);
        let kind = RouteKind::from_kind(&route.route.kind);
        let id = kind.map(|kind| RouteId::new(kind, route.route.namespaced_name()));
        let invalid = id.filter(|id| self.resolver.invalid_rules(id).contains(&route.rule));
        let correct = invalid.iter().flat_map(|id| {
            let correct = self.correct_rules(id, &[route.rule]).into_iter();
            correct.map(|(_, correct)| correct)
        });
        let correct: Vec<String> = correct.collect();
        let hints = self.object(&route.route).into_iter();
        let of_rule = hints.filter(|hint| {
            !hint.alone && within(&hint.path, &rule) && !correct.contains(&hint.message)
        });
        help.extend(of_rule.map(|hint| hint.message));
        let whose = &route.route;
        help.extend(correct.iter().map(|correct| format!("{whose}: {correct}")));
        if help.is_empty() {
            let problems = self.resolver.reference_problems(&route.route).into_iter();
            let of_rule = problems.filter(|problem| within(&problem.path, &rule));
            help.extend(of_rule.filter_map(|problem| self.remedy(&route.route, &problem)));
        }
    }

    /// A request that no route took: the causes from the client's side on, until one says what would be right. What is wrong with a
    /// route does not hide that another one, which is in force, takes the request elsewhere; what is wrong with the listener does.
    fn astray(&self, request: &Request, answer: &Answer, around: &mut Around) {
        type Cause<'n> = fn(&Near<'n>, &Request, &Answer, &mut Around);
        self.idle(request, answer, around);
        let of_listener = !around.help.is_empty();
        let causes: [Cause<'_>; 5] = [
            |near, request, answer, around| near.unattached(request, answer, around),
            |near, request, answer, around| near.without_parent(request, answer, around),
            |near, request, answer, around| near.ignored(request, answer, around),
            |near, request, answer, around| near.dropped(request, answer, false, around),
            |near, request, answer, around| near.for_near_hosts(request, answer, around),
        ];
        for cause in causes {
            let mut found = Around::default();
            cause(self, request, answer, &mut found);
            around.why.append(&mut found.why);
            if around.help.is_empty() {
                around.help = found.help;
            }
        }
        let mut elsewhere = Vec::new();
        if around.help.is_empty() || !of_listener && answer.listener.is_none() {
            self.taken_elsewhere(request, answer, &mut elsewhere);
        } else if !of_listener {
            self.at_other_listeners(request, answer, &mut elsewhere);
        }
        around.help.append(&mut elsewhere);
    }
}

/// Whether the rule that took a request answered with an error.
fn fails(answer: &Answer) -> bool {
    let fails = match answer.status {
        Some(status) => status >= 500,
        None => answer.outcome != Outcome::Forwarded,
    };
    fails || unavailable(answer)
}

/// Whether a gRPC client is told that its call failed.
fn unavailable(answer: &Answer) -> bool {
    let response = answer.response.as_ref();
    response.is_some_and(|response| {
        let code = response.headers.get("grpc-status");
        answer.backend.is_none() && code.is_some_and(|code| code.as_bytes() == b"14")
    })
}

/// Whether a field is this one or lies in it.
fn within(path: &str, field: &str) -> bool {
    let rest = path.strip_prefix(field);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The host by which routes compare: the `Host` header or that of the URL.
fn host_of(request: &Request) -> Option<String> {
    let host = crate::sim::named_host(request);
    host.map(|authority: Authority| authority.host().to_owned())
}
