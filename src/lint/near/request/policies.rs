//! Policies for the backend that a request reaches.

use super::{
    super::{MOST_NAMED, Near},
    SHOWN,
};
use crate::{
    attachment::{RouteId, RouteKind, admit::Ignored},
    meta::{GROUP, ObjectRef},
    sim::{Answer, BackendName},
    v1::TlsModeType,
};

impl Near<'_> {
    /// The policies that name the backend and do not apply to this request.
    pub(super) fn policies(&self, answer: &Answer, backend: &BackendName, why: &mut Vec<String>) {
        let mut found = Vec::new();
        for (policy, targets) in &self.resolver.resolution().policies {
            for target in targets {
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
        why.extend(found.into_iter().take(SHOWN));
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
