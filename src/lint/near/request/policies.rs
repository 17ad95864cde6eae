//! Policies for the backend that a request reaches.

use super::{
    super::{MOST_LOOKED_AT, Near},
    SHOWN,
};
use crate::{
    attachment::SnapshotObject,
    meta::ObjectReference,
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
                        "{policy} names {} and is not applied: it is for connections that a Gateway opens by itself, not \
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
    fn not_originated(&self, answer: &Answer, policy: &ObjectReference) -> Option<&'static str> {
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
    fn policies_ignored(&self, backend: &ObjectReference) -> Vec<String> {
        let mut found = Vec::new();
        for ignored in self.ignored.iter().take(MOST_LOOKED_AT) {
            let targets: Vec<(&str, &str, &str)> = match &ignored.meant {
                Some(SnapshotObject::BackendTlsPolicy(policy)) => {
                    let targets = policy.spec.target_refs.iter();
                    targets
                        .map(|t| (t.group.as_str(), t.kind.as_str(), t.name.as_str()))
                        .collect()
                }
                Some(SnapshotObject::BackendLbPolicy(policy)) => {
                    let targets = policy.spec.target_refs.iter();
                    targets
                        .map(|t| (t.group.as_str(), t.kind.as_str(), t.name.as_str()))
                        .collect()
                }
                _ => continue,
            };
            let (group, kind, name) = (&*backend.group, &*backend.kind, &*backend.name);
            if ignored.object.namespace == backend.namespace
                && targets.contains(&(group, kind, name))
            {
                found.push(format!(
                    "{} names {backend}, but is left out, see below",
                    ignored.object
                ));
            }
        }
        found
    }
}
