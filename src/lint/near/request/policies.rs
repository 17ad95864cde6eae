//! Policies for the backend that a request reaches.

use super::{
    super::{MOST_NAMED, Near},
    Around, SHOWN, fails,
    routes::without_name,
    within,
};
use crate::{
    attachment::{PolicyTarget, RouteId, RouteKind, admit::Ignored},
    lint::sessions,
    meta::{GROUP, ObjectRef},
    schema::nearest_name,
    sim::{Answer, BackendName},
    v1::TlsModeType,
};

/// The kinds that a policy can have as its target.
const BACKEND_KINDS: [&str; 2] = ["Service", "ServiceImport"];

impl Near<'_> {
    /// The policies that name a backend which gets the request, or what took it, and do not apply, and those that seem to mean a
    /// backend.
    pub(super) fn policies(&self, answer: &Answer, around: &mut Around) {
        let mirrors = answer.mirrors.iter().map(|mirror| &mirror.backend);
        let mut looked_at: Vec<&BackendName> = Vec::new();
        for backend in answer.backend.iter().chain(mirrors) {
            if !looked_at.contains(&backend) {
                self.policies_for(answer, backend, around);
                looked_at.push(backend);
            }
        }
        // Neither can be the target of a policy.
        let route = answer.route.as_ref().map(|taken| &taken.route);
        let took: Vec<&ObjectRef> = route.into_iter().chain(&answer.gateway).collect();
        let targets = self
            .targets()
            .filter(|(_, _, target)| !target.accepted && took.contains(&&target.target));
        for (policy, index, target) in targets.take(SHOWN) {
            around.why.push(not_applied(policy, target, &target.why));
            self.correct_target(policy, index, around);
        }
    }

    /// The targets of all policies, each with its place.
    fn targets(&self) -> impl Iterator<Item = (&ObjectRef, usize, &PolicyTarget)> {
        let policies = self.resolver.resolution().policies.iter();
        policies.flat_map(|(policy, targets)| {
            let targets = targets.iter().enumerate();
            targets.map(move |(index, target)| (policy, index, target))
        })
    }

    /// The policies that name a backend and do not apply to this request, and those that seem to mean it.
    fn policies_for(&self, answer: &Answer, backend: &BackendName, around: &mut Around) {
        let mut found = Vec::new();
        let overrides = self.overrides(answer);
        for (policy, index, target) in self.targets() {
            if self.nearly_meant(target, backend) {
                if self.not_originated(answer, policy).is_none() {
                    found.push(format!(
                        "{policy} may be meant for {} and is not applied: {}",
                        backend.reference, target.why
                    ));
                    self.correct_target(policy, index, around);
                }
                continue;
            }
            let here = target.target == backend.reference
                && target
                    .section
                    .as_deref()
                    .is_none_or(|section| self.is_port(backend, section));
            if !here {
                continue;
            }
            if let Some(traffic) = self.not_originated(answer, policy) {
                let why = format!(
                    "it is for connections that the Gateway opens to a backend itself, not for {traffic}"
                );
                found.push(not_applied(policy, target, &why));
            } else if !target.accepted {
                found.push(not_applied(policy, target, &target.why));
                // What a rule needs that answers with an error is told of the rule.
                if !fails(answer) {
                    self.correct_target(policy, index, around);
                }
            } else if target.is_unused() {
                found.push(not_applied(policy, target, &target.why));
                let at = format!("spec.targetRefs[{index}]");
                let unused = self.unused_targets(policy).into_iter();
                let help = unused.filter(|(path, _)| *path == at);
                around
                    .help
                    .extend(help.map(|(_, help)| format!("{policy}: {help}")));
                around.amiss = true;
            } else if overrides && policy.kind == "BackendLBPolicy" {
                let is_this = |(other, at, _): &(&ObjectRef, usize, &PolicyTarget)| {
                    *other == policy && *at == index
                };
                // Other rules may leave it to the policy.
                let always = sessions::overridden(self.resolver).iter().any(is_this);
                let why =
                    "the rule has a `sessionPersistence` of its own, which overrides the policy";
                if always {
                    let (message, help) = sessions::overridden_texts(&target.target);
                    found.push(not_applied(policy, target, &message));
                    around.help.push(format!("{policy}: {help}"));
                    around.amiss = true;
                } else {
                    found.push(not_applied(policy, target, why));
                }
            }
        }
        found.extend(self.policies_ignored(&backend.reference));
        around.why.extend(found.into_iter().take(SHOWN));
    }

    /// Whether the rule that took a request has a session of its own, which goes before that of a policy.
    fn overrides(&self, answer: &Answer) -> bool {
        let Some(taken) = &answer.route else {
            return false;
        };
        let Some(kind) = RouteKind::from_kind(&taken.route.kind) else {
            return false;
        };
        let id = RouteId::new(kind, taken.route.namespaced_name());
        let http = self.resolver.http_rules_of(&id).into_iter();
        let http = http.flat_map(|route| &route.rules);
        let http = http.map(|rule| (rule.index, rule.session_persistence.is_some()));
        let grpc = self.resolver.grpc_rules_of(&id).into_iter();
        let grpc = grpc.flat_map(|route| &route.rules);
        let grpc = grpc.map(|rule| (rule.index, rule.session_persistence.is_some()));
        http.chain(grpc)
            .any(|(index, has_own)| index == taken.rule && has_own)
    }

    /// Whether a target is none that there is, and was most likely meant to be this backend or its port.
    fn nearly_meant(&self, target: &PolicyTarget, backend: &BackendName) -> bool {
        let (named, meant) = (&target.target, &backend.reference);
        if target.accepted {
            return false;
        }
        if named == meant {
            // It names a port that is none.
            let section = target.section.as_deref();
            return section.is_some_and(|section| !self.has_port_named(backend, section));
        }
        let only = |name: &str, meant: &str| {
            name.eq_ignore_ascii_case(meant) || nearest_name(name, [meant].into_iter()).is_some()
        };
        if self.resolver.snapshot().contains(named) {
            return false;
        }
        let same_kind = (&named.group, &named.kind) == (&meant.group, &meant.kind);
        match (same_kind, named.namespace == meant.namespace) {
            // Another namespace, or another name.
            (true, false) => named.name == meant.name,
            (true, true) => named.name.len() > 2 && only(&named.name, &meant.name),
            (false, true) => {
                named.name == meant.name
                    && BACKEND_KINDS
                        .iter()
                        .all(|known| *known != named.kind || *known == meant.kind)
                    && only(&named.kind, &meant.kind)
            }
            (false, false) => false,
        }
    }

    /// What to do about the target of a policy to which it does not apply.
    fn correct_target(&self, policy: &ObjectRef, index: usize, around: &mut Around) {
        around.amiss = true;
        let at = format!("spec.targetRefs[{index}]");
        let problems = self.problems(policy).into_iter();
        let of_target = problems.filter(|(problem, _)| within(&problem.path, &at));
        let help: Vec<String> = of_target.filter_map(|(_, help)| help).collect();
        let help = match help.as_slice() {
            // Something else in it is not valid.
            [] => self.why_invalid(policy).into_iter().collect(),
            _ => help,
        };
        let named = help
            .iter()
            .map(|help| format!("{policy}: {}", without_name(help, policy)));
        let known = around.help.len();
        around.help.extend(named);
        if around.help.len() == known {
            let look =
                format!("correct {policy}, or remove it: `gwapi status` shows its conditions");
            around.help.push(look);
        }
    }

    /// Whether any port of a backend has this name.
    fn has_port_named(&self, backend: &BackendName, name: &str) -> bool {
        let place = backend.reference.namespaced_name();
        let services = &self.resolver.resolution().effective.services;
        let ports = services.get(&place).map(|service| &service.ports);
        let mut ports = ports.into_iter().flatten();
        ports.any(|port| port.name.as_deref() == Some(name))
    }

    /// Whether a port of a backend has this name.
    fn is_port(&self, backend: &BackendName, name: &str) -> bool {
        let place = backend.reference.namespaced_name();
        let service = self.resolver.resolution().effective.services.get(&place);
        let port = service.and_then(|service| service.port(backend.port?));
        port.is_some_and(|port| port.name.as_deref() == Some(name))
    }

    /// Why a BackendTLSPolicy does not concern what a request is a part of, if it does not (GEP-1897).
    fn not_originated(&self, answer: &Answer, policy: &ObjectRef) -> Option<&'static str> {
        if policy.kind != "BackendTLSPolicy" {
            return None;
        }
        if answer.service.is_some() {
            return Some("requests inside a mesh");
        }
        let route = answer.route.as_ref()?;
        if route.route.kind == "UDPRoute" {
            return Some("UDP");
        }
        let taken = answer.listener.as_ref()?;
        let gateways = &self.resolver.resolution().effective.gateways;
        let gateway = gateways.get(&taken.gateway.namespaced_name())?;
        let listener = gateway.listeners.iter().find(|l| l.name == taken.name)?;
        let tls = listener.tls.as_ref()?;
        (tls.mode == TlsModeType::Passthrough).then_some("TLS that is passed through")
    }

    /// Policies for a backend that were given and are left out.
    fn policies_ignored(&self, backend: &ObjectRef) -> Vec<String> {
        let policies = self.index().policies(backend).iter();
        self.first_candidates(policies)
            .map(|policy| policy_left_out(policy, backend))
            .collect()
    }
}

impl Near<'_> {
    /// The policies for the backends of a route that were given and are left out, each with the field that names the
    /// backend.
    pub(in super::super) fn policies_left_out(&self, object: &ObjectRef) -> Vec<(String, String)> {
        let kind = RouteKind::from_kind(&object.kind).filter(|_| object.group == GROUP);
        let Some(kind) = kind else {
            return Vec::new();
        };
        if self.ignored.is_empty() {
            return Vec::new();
        }
        let id = RouteId::new(kind, object.namespaced_name());
        let mut attachments = self.resolver.resolution().attachments.get(&id);
        let mut attachments = attachments.iter_mut().flat_map(|all| all.iter());
        // They are for connections that a Gateway opens by itself.
        if !attachments.any(|at| at.parent.is_gateway() && at.in_force().next().is_some()) {
            return Vec::new();
        }
        let http = self.resolver.http_rules_of(&id).into_iter();
        let http = http.flat_map(|route| route.rules.iter().map(|r| (r.index, &r.backends)));
        let grpc = self.resolver.grpc_rules_of(&id).into_iter();
        let grpc = grpc.flat_map(|route| route.rules.iter().map(|r| (r.index, &r.backends)));
        let mut found = Vec::new();
        for (rule, backends) in http.chain(grpc) {
            for backend in backends {
                let policies = self.index().policies(&backend.reference).iter();
                let policies = policies.take_while(|_| self.may_look());
                found.extend(policies.map(|policy| {
                    let path = format!("spec.rules[{rule}].backendRefs");
                    (path, policy_left_out(policy, &backend.reference))
                }));
            }
        }
        found.truncate(MOST_NAMED);
        found
    }
}

/// That a policy does not apply to what it names.
fn not_applied(policy: &ObjectRef, target: &PolicyTarget, why: &str) -> String {
    format!("{policy} names {} and is not applied: {why}", target.target)
}

/// That a policy for a backend has no effect.
fn policy_left_out(policy: &Ignored, backend: &ObjectRef) -> String {
    let policy = &policy.object;
    format!("{policy} names {backend}, but is left out and has no effect")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{CART, around, object, route};

    const URL: &str = "http://x.example/";

    fn tls(name: &str, target: &str, authorities: &str) -> String {
        let spec = format!(
            "{{ targetRefs: [{{ {target} }}], validation: {{ hostname: a.test, {authorities} }} }}"
        );
        object("BackendTLSPolicy", name, &spec)
    }

    /// BackendTLSPolicy `targetRefs`: what is named as not applied is to be corrected, whatever the reason.
    /// Without a route it is in force for nobody, also where the request goes to the Service itself.
    #[test]
    fn a_policy_to_whose_target_no_route_refers_is_named() {
        let spec = "{ targetRefs: [{ group: '', kind: Service, name: cart }], sessionPersistence: { sessionName: s, absoluteTimeout: 1h } }";
        let found = around(&object("BackendLBPolicy", "lb", spec), "http://cart.shop/");
        let why = "BackendLBPolicy shop/lb names Service shop/cart and is not applied: no accepted route refers to Service shop/cart";
        assert!(found.why.iter().any(|said| said == why), "{found:#?}");
        let help = "BackendLBPolicy shop/lb: refer to Service shop/cart in a route that a Gateway or a Service accepts, or remove the policy";
        assert_eq!(found.help, [help]);
        assert!(found.amiss);
    }

    #[test]
    fn a_policy_that_is_not_applied_to_what_it_names_is_to_be_corrected() {
        let cart = "group: '', kind: Service, name: cart";
        let system = "wellKnownCACertificates: System";
        let nowhere = "caCertificateRefs: [{ group: '', kind: ConfigMap, name: none }]";
        let good = tls("good", cart, system);
        let group = "group: gateway.networking.k8s.io";
        for (objects, policy, why) in [
            (
                good.clone() + &tls("other", cart, system),
                "other",
                "BackendTLSPolicy shop/good applies to Service shop/cart instead",
            ),
            (
                good.clone() + &tls("bad", cart, nowhere),
                "bad",
                "ConfigMap shop/none does not exist",
            ),
            (
                tls(
                    "of-route",
                    &format!("{group}, kind: HTTPRoute, name: r"),
                    system,
                ),
                "of-route",
                "kind HTTPRoute.gateway.networking.k8s.io cannot be the target",
            ),
            (
                tls(
                    "of-gateway",
                    &format!("{group}, kind: Gateway, name: front"),
                    system,
                ),
                "of-gateway",
                "kind Gateway.gateway.networking.k8s.io cannot be the target",
            ),
        ] {
            let found = around(&(objects + &route("HTTPRoute", "r", "")), URL);
            let begin = format!("BackendTLSPolicy shop/{policy} names ");
            let mut said = found.why.iter().filter(|why| why.starts_with(&begin));
            let said = said.next().unwrap_or_else(|| panic!("{found:#?}"));
            assert!(
                said.contains(&format!(" and is not applied: {why}")),
                "{said}"
            );
            assert!(found.amiss, "{found:#?}");
            let begin = format!("BackendTLSPolicy shop/{policy}: ");
            assert!(
                found.help.iter().any(|help| help.starts_with(&begin)),
                "{found:#?}"
            );
        }
        let found = around(&(good + &route("HTTPRoute", "r", "")), URL);
        assert!(!found.amiss && found.help.is_empty(), "{found:#?}");
    }

    /// GEP-1619: the configuration of a rule goes before that of a policy, which may be for other rules.
    #[test]
    fn a_policy_that_the_rule_overrides_is_named() {
        let policy = object(
            "BackendLBPolicy",
            "p",
            "{ targetRefs: [{ group: '', kind: Service, name: cart }], sessionPersistence: { type: Header, sessionName: S, absoluteTimeout: 1h } }",
        );
        let own = "sessionPersistence: { type: Cookie, sessionName: own, absoluteTimeout: 1h }, backendRefs";
        let rules = CART.replace("backendRefs", own);
        let spec =
            format!("{{ parentRefs: [{{ name: front }}], hostnames: [x.example], {rules} }}");
        let all = policy.clone() + &object("HTTPRoute", "own", &spec);
        let said = |why: &str| {
            format!("BackendLBPolicy shop/p names Service shop/cart and is not applied: {why}")
        };
        let every = said(
            "every rule that refers to Service shop/cart has a `sessionPersistence` of its own, which overrides the policy",
        );
        let found = around(&all, URL);
        assert_eq!(found.why, [every]);
        assert!(found.amiss && !found.help.is_empty(), "{found:#?}");
        let this =
            said("the rule has a `sessionPersistence` of its own, which overrides the policy");
        let found = around(&(all + &route("HTTPRoute", "r", "")), URL);
        assert_eq!(found.why, [this]);
        assert!(!found.amiss, "{found:#?}");
        let found = around(&(policy + &route("HTTPRoute", "r", "")), URL);
        assert!(found.why.is_empty() && !found.amiss, "{found:#?}");
    }
}
