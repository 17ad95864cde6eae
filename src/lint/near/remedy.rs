//! What would be right where nothing nearly fits.

use super::{Kind, MOST_NAMED, Near, all_of, general::known_release, rules::session_remedy};
use crate::{
    attachment::{ParametersKind, ReferenceProblem, effective::SessionSettings},
    meta::{CORE_PARAMETERS, ObjectRef},
    rules::set::HAS_PARENT,
    v1::{MAX_ANCESTORS, ParametersReference},
};

impl Near<'_> {
    /// What would be right in place of a reference that fails and to which nothing comes near.
    pub(super) fn needed(&self, object: &ObjectRef, problem: &ReferenceProblem) -> Option<String> {
        let to = problem.to.as_ref();
        match problem.kind {
            Kind::ParametersNotFound | Kind::ParametersUnusable => self.parameters(object, problem),
            Kind::ReleaseUnknown => Some(known_release()),
            Kind::NoParent => Some(HAS_PARENT.help.to_owned()),
            Kind::ListenerInvalid => self.invalid_listener(object, problem),
            Kind::ParentNotFound => Some(format!(
                "add {} to the input, or name another parent in `{}`",
                to?, problem.path
            )),
            Kind::ListenerNotFound => self.other_part(object, problem),
            Kind::TargetNotFound => Some(format!("create {}, or name another target", to?)),
            Kind::BackendUnusable => match &problem.policy {
                Some(policy) => Some(self.policy_at_fault(policy, problem)),
                None => self.remedy(object, problem),
            },
            Kind::AuthorityNotFound | Kind::AuthorityUnusable if object.kind != "Gateway" => {
                let remedy = self.remedy(object, problem)?;
                Some(format!("{remedy}, or remove {object}"))
            }
            _ => self.remedy(object, problem),
        }
    }

    /// What a policy needs for which nothing is sent to a backend: it is invalid, or its status has no room for a Gateway.
    fn policy_at_fault(&self, policy: &ObjectRef, problem: &ReferenceProblem) -> String {
        self.why_invalid(policy).unwrap_or_else(|| {
            format!(
                "refer to the backend at no more than {MAX_ANCESTORS} Gateways, all of which {policy} can name in its status, or name \
                 another backend in `{}`",
                problem.path
            )
        })
    }

    /// What a policy needs that is invalid by what it says itself, and not for an object to which it refers.
    pub(super) fn invalid_policy_itself(&self, policy: &ObjectRef) -> Option<String> {
        let problems = self.resolver.reference_problems(policy);
        let mut paths = problems.iter().map(|problem| problem.path.as_str());
        if paths.any(|path| path.starts_with("spec.validation")) {
            return None;
        }
        self.invalid_policy(policy).into_iter().next()
    }

    /// What a policy needs that is invalid whatever its targets are, in one sentence.
    pub(in crate::lint) fn why_invalid(&self, policy: &ObjectRef) -> Option<String> {
        let needs = self.invalid_policy(policy);
        all_of(&needs)
    }

    /// What a policy needs that is invalid whatever its targets are; nothing of one that is valid.
    pub(super) fn invalid_policy(&self, policy: &ObjectRef) -> Vec<String> {
        let Some(wrong) = self.resolver.why_policy_invalid(policy) else {
            return Vec::new();
        };
        let problems = self.resolver.reference_problems(policy).into_iter();
        let of_authorities = problems.filter(|one| one.path.starts_with("spec.validation"));
        let needs: Vec<String> = of_authorities
            .filter_map(|problem| {
                let near = self.help(policy, &problem);
                near.or_else(|| self.needed(policy, &problem))
            })
            .take(MOST_NAMED)
            .collect();
        if !needs.is_empty() {
            return needs;
        }
        vec![match policy.kind.as_str() {
            "BackendTLSPolicy" => format!(
                "give `spec.validation` of {policy} either `wellKnownCACertificates: System` or `caCertificateRefs`, or remove {policy}"
            ),
            _ => self
                .session_of_policy(policy)
                .unwrap_or_else(|| format!("correct {policy}: {wrong}")),
        }]
    }

    /// What to write in the session persistence of a BackendLBPolicy that cannot be in force.
    fn session_of_policy(&self, policy: &ObjectRef) -> Option<String> {
        let policies = self.resolver.snapshot().backend_lb_policies();
        let written = policies.get(&policy.namespaced_name())?;
        let session = written.spec.session_persistence.as_ref()?;
        let error = SessionSettings::read(session).err()?;
        let (field, remedy) = (error.field(session), session_remedy(&error));
        Some(format!("`spec.sessionPersistence.{field}`: {remedy}"))
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
        let kind = ParametersKind::of(&to.group, &to.kind);
        let path = &problem.path;
        if kind == Some(ParametersKind::Core) && to.namespace.is_empty() {
            return Some(format!(
                "add the namespace of {} `{}` as `{path}.namespace`",
                to.kind, to.name
            ));
        }
        if kind.is_none() {
            let misplaced = CORE_PARAMETERS.contains(&to.kind.as_str());
            return Some(match misplaced {
                true => format!("write `group: \"\"` in `{path}`"),
                false => format!(
                    "name a ConfigMap, a Secret, or an object of the implementation's own kind in `{path}`"
                ),
            });
        }
        (!snapshot.contains(&to))
            .then(|| format!("create {to}, or name another object in `{path}`"))
    }
}
