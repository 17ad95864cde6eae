//! What would be right where nothing nearly fits.

use super::{Kind, MOST_NAMED, Near};
use crate::{
    attachment::{ReferenceProblem, RouteId, RouteKind},
    filters,
    lint::reach::further_rule,
    meta::{GROUP, ObjectRef, condition},
    v1::ParametersReference,
};

impl Near<'_> {
    /// What would be right in place of a reference that fails and to which nothing comes near.
    pub(super) fn needed(&self, object: &ObjectRef, problem: &ReferenceProblem) -> Option<String> {
        let to = problem.to.as_ref();
        match problem.kind {
            Kind::ParametersNotFound => self.parameters(object, problem),
            Kind::ParentNotFound => Some(format!(
                "add {} to the input, or correct the reference",
                to?
            )),
            Kind::TargetNotFound => Some(format!("create {}, or name another target", to?)),
            Kind::BackendUnusable => self.invalid_policy(to?),
            Kind::AuthorityNotFound | Kind::AuthorityUnusable if object.kind != "Gateway" => {
                let remedy = self.remedy(problem)?;
                Some(format!("{remedy}, or remove {object}"))
            }
            _ => self.remedy(problem),
        }
    }

    /// What to do about a rule that cannot be applied. One that is only not implemented here has nothing to correct.
    pub(super) fn correct_rule(&self, route: &RouteId, rule: usize) -> String {
        let routes = self.resolver.snapshot().http_routes();
        let written = match route.kind {
            RouteKind::Http => routes.get(&route.name),
            _ => None,
        };
        let rules = written.and_then(|route| route.spec.rules.as_deref());
        let filters = rules.and_then(|rules| rules.get(rule)).map(|rule| {
            let backends = rule.backend_refs.iter().flat_map(|one| &one.filters);
            rule.filters.iter().chain(backends)
        });
        let missing = filters.into_iter().flatten().find_map(filters::missing);
        match missing {
            Some(filter) => format!(
                "nothing is wrong with the filter `{filter}` of `spec.rules[{rule}]`: it is not implemented here; leave it out to see the rest of the rule"
            ),
            None => format!("correct `spec.rules[{rule}]`"),
        }
    }

    /// What a policy needs that is invalid, so that nothing is sent to this backend.
    fn invalid_policy(&self, backend: &ObjectRef) -> Option<String> {
        use condition::policy::reason;
        let policies = &self.resolver.resolution().policies;
        let mut invalid =
            policies
                .iter()
                .take_while(|_| self.may_look())
                .filter(|(policy, targets)| {
                    policy.kind == "BackendTLSPolicy"
                        && targets.iter().any(|target| {
                            target.target == *backend
                                && matches!(
                                    target.reason,
                                    reason::INVALID | reason::NO_VALID_CA_CERTIFICATE
                                )
                        })
                });
        let (policy, _) = invalid.next()?;
        let problems = self.resolver.reference_problems(policy);
        let of_policy = |problem: &ReferenceProblem| {
            let near = self.help(policy, problem);
            near.or_else(|| self.needed(policy, problem))
        };
        problems.iter().find_map(of_policy)
    }

    /// The parameters that a GatewayClass or Gateway needs, if they are missing.
    fn parameters(&self, object: &ObjectRef, problem: &ReferenceProblem) -> Option<String> {
        let snapshot = self.resolver.snapshot();
        let place = &object.namespaced_name();
        let to = if object.kind == "Gateway" {
            let gateway = snapshot.gateways().get(place)?;
            gateway.spec.parameters_ref()?.resolve(&object.namespace)
        } else {
            let class = snapshot.gateway_classes().get(place)?;
            let parameters = class.spec.parameters_ref.as_ref();
            parameters.map(ParametersReference::resolve)?
        };
        let core = to.group.is_empty() && matches!(to.kind.as_str(), "ConfigMap" | "Secret");
        let own_kind = to.group.contains('.') && to.group != GROUP;
        let can_be = own_kind || core && !to.namespace.is_empty();
        (can_be && !snapshot.contains(&to))
            .then(|| format!("create {to}, or correct `{}`", problem.path))
    }

    /// What to do about the rules of a route that take no request; each with its place.
    pub(super) fn dropped_rules(&self, object: &ObjectRef) -> Vec<(usize, String)> {
        let kind = RouteKind::from_kind(&object.kind).filter(|_| object.group == GROUP);
        let Some(kind) = kind else {
            return Vec::new();
        };
        let id = RouteId::new(kind, object.namespaced_name());
        let dropped = self.resolver.left_out(&id);
        if self.resolver.is_invalid(&id) {
            return Vec::new();
        }
        let first = (0..).find(|rule| dropped.iter().all(|(dropped, _)| dropped != rule));
        let rules = dropped.iter().take(MOST_NAMED).map(|(rule, _)| *rule);
        rules
            .map(|rule| match (kind, first) {
                // The rules of these kinds have no matches: the first one takes every connection.
                (RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp, Some(first)) => {
                    (rule, further_rule(rule, first))
                }
                _ => (rule, self.correct_rule(&id, rule)),
            })
            .collect()
    }
}
