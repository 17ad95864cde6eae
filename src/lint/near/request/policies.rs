//! Policies for the backend that a request reaches.

use super::{
    super::{MOST_NAMED, Near},
    Around, SHOWN, within,
};
use crate::{
    attachment::{PolicyTarget, RouteId, RouteKind, admit::Ignored},
    meta::{GROUP, ObjectRef},
    schema::nearest_name,
    sim::{Answer, BackendName},
    v1::TlsModeType,
};

/// The kinds that a policy can have as its target.
const BACKEND_KINDS: [&str; 2] = ["Service", "ServiceImport"];

impl Near<'_> {
    /// The policies that name the backend and do not apply to this request, and those that seem to mean it.
    pub(super) fn policies(&self, answer: &Answer, backend: &BackendName, around: &mut Around) {
        let mut found = Vec::new();
        for (policy, targets) in &self.resolver.resolution().policies {
            for (index, target) in targets.iter().enumerate() {
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
                    found.push(format!(
                        "{policy} names {} and is not applied: it is for connections that the Gateway opens to a backend itself, not \
                         for {traffic}",
                        backend.reference
                    ));
                } else if !target.accepted {
                    found.push(format!(
                        "{policy} names {} and is not applied: {}",
                        backend.reference, target.why
                    ));
                }
            }
        }
        found.extend(self.policies_ignored(&backend.reference));
        around.why.extend(found.into_iter().take(SHOWN));
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

    /// What to do about the target of a policy that seems to be meant for a backend.
    fn correct_target(&self, policy: &ObjectRef, index: usize, around: &mut Around) {
        around.amiss = true;
        let at = format!("spec.targetRefs[{index}]");
        let problems = self.problems(policy).into_iter();
        let of_target = problems.filter(|(problem, _)| within(&problem.path, &at));
        let help = of_target.filter_map(|(_, help)| Some(format!("{policy}: {}", help?)));
        around.help.extend(help);
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

/// That a policy for a backend has no effect.
fn policy_left_out(policy: &Ignored, backend: &ObjectRef) -> String {
    let policy = &policy.object;
    format!("{policy} names {backend}, but is left out and has no effect")
}
