//! What would be right where nothing nearly fits.

use super::{Kind, Near, general::known_release};
use crate::{
    attachment::{ParametersKind, ReferenceProblem},
    meta::{CORE_PARAMETERS, ObjectRef, condition},
    v1::ParametersReference,
};

impl Near<'_> {
    /// What would be right in place of a reference that fails and to which nothing comes near.
    pub(super) fn needed(&self, object: &ObjectRef, problem: &ReferenceProblem) -> Option<String> {
        let to = problem.to.as_ref();
        match problem.kind {
            Kind::ParametersNotFound | Kind::ParametersUnusable => self.parameters(object, problem),
            Kind::ReleaseUnknown => Some(known_release()),
            Kind::ListenerInvalid => self.invalid_listener(object, problem),
            Kind::ParentNotFound => Some(format!(
                "add {} to the input, or name another parent in `{}`",
                to?, problem.path
            )),
            Kind::TargetNotFound => Some(format!("create {}, or name another target", to?)),
            Kind::BackendUnusable => self.invalid_policy(to?).or_else(|| self.remedy(problem)),
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
