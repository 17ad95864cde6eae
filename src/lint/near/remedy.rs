//! What would be right where nothing nearly fits.

use super::{Kind, MOST_NAMED, Near};
use crate::{
    attachment::{ReferenceProblem, RouteId, RouteKind, Status},
    lint::reach::further_rule,
    meta::{GROUP, Hostname, ObjectRef, condition},
    v1::{Listener, ParametersReference, ProtocolType, TlsModeType},
};
use std::collections::BTreeMap;

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
                _ => (rule, format!("correct `spec.rules[{rule}]`")),
            })
            .collect()
    }

    /// What to correct in listeners that are not valid by themselves.
    pub(super) fn invalid_listeners(&self, object: &ObjectRef) -> Vec<String> {
        let statuses = &self.resolver.resolution().statuses;
        let gateways = self.resolver.snapshot().gateways();
        let (Some(Status::Gateway(status)), Some(gateway)) = (
            statuses.get(object),
            gateways.get(&object.namespaced_name()),
        ) else {
            return Vec::new();
        };
        let mut by_field: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        // The listeners of the status are those of the spec, in the same order.
        for (listener, said) in gateway.spec.listeners.iter().zip(&status.listeners) {
            let invalid = said.conditions.iter().any(|one| {
                one.type_ == condition::listener::ACCEPTED
                    && one.reason == condition::listener::reason::INVALID
            });
            if invalid {
                let names = by_field.entry(invalid_field(listener)).or_default();
                names.push(format!("`{}`", listener.name));
            }
        }
        let say = |(field, mut names): (&str, Vec<String>)| {
            names.truncate(MOST_NAMED);
            let listeners = match names.len() {
                1 => "listener",
                _ => "listeners",
            };
            format!("correct `{field}` of {listeners} {}", names.join(", "))
        };
        by_field.into_iter().map(say).collect()
    }
}

/// The field of a listener because of which it is not valid by itself.
pub(super) fn invalid_field(listener: &Listener) -> &'static str {
    let needs_tls = matches!(listener.protocol, ProtocolType::Https | ProtocolType::Tls);
    let mode = listener.tls.as_ref().map(|tls| tls.mode.as_ref());
    let wrong_mode = match mode {
        None => true,
        Some(Some(TlsModeType::Passthrough)) => listener.protocol == ProtocolType::Https,
        Some(Some(TlsModeType::Unknown(_))) => true,
        Some(_) => false,
    };
    let hostname = listener.hostname.as_deref().filter(|host| !host.is_empty());
    if needs_tls && wrong_mode {
        "tls"
    } else if hostname.is_some_and(|hostname| hostname.parse::<Hostname>().is_err()) {
        "hostname"
    } else {
        "allowedRoutes.namespaces"
    }
}
