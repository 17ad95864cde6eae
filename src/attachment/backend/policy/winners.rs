//! Which policies apply to a backend, of those that name it as their target.

use super::{Policy, PolicyId, PolicyKind, authorities};
use crate::{
    attachment::{Options, Snapshot, backend::key::BackendKey, effective::EffectiveBackendTls},
    meta::ObjectRef,
    v1::SessionPersistence,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The policies that apply to one backend.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::attachment) struct BackendPolicies {
    /// The BackendTLSPolicy for all of the backend.
    tls: Option<WonTls>,
    /// Those for a section, by its name.
    tls_by_section: BTreeMap<String, WonTls>,
    /// The BackendLBPolicy, and the sessions that it asks for, if any.
    lb: Option<(ObjectRef, Option<SessionPersistence>)>,
}

/// A BackendTLSPolicy, and the TLS that it requires or why that cannot be set up.
type WonTls = (ObjectRef, Result<Arc<EffectiveBackendTls>, String>);

impl BackendPolicies {
    fn tls_of(&self, section: Option<&str>) -> Option<&WonTls> {
        match section {
            None => self.tls.as_ref(),
            Some(section) => self.tls_by_section.get(section),
        }
    }

    /// The BackendTLSPolicy for a port: the one that names it, else the one for all of the backend.
    pub(in crate::attachment) fn tls_for(
        &self,
        port: Option<&str>,
    ) -> Option<(&ObjectRef, Result<Arc<EffectiveBackendTls>, String>)> {
        port.and_then(|name| self.tls_of(Some(name)))
            .or_else(|| self.tls_of(None))
            .map(|(policy, tls)| (policy, tls.clone()))
    }

    /// The BackendTLSPolicy that names this port, so that the one for all of the backend does not apply to it.
    pub(in crate::attachment) fn own_tls(&self, port: &str) -> Option<&ObjectRef> {
        self.tls_of(Some(port)).map(|(policy, _)| policy)
    }

    /// The BackendLBPolicy, and the sessions that it asks for.
    pub(in crate::attachment) fn sessions(
        &self,
    ) -> Option<(&ObjectRef, Option<&SessionPersistence>)> {
        let (policy, session) = self.lb.as_ref()?;
        Some((policy, session.as_ref()))
    }

    /// The policy of a kind that applies to a section, or to all of the backend.
    pub(in crate::attachment) fn winner(
        &self,
        kind: PolicyKind,
        section: Option<&str>,
    ) -> Option<&ObjectRef> {
        match kind {
            PolicyKind::Tls => self.tls_of(section).map(|(policy, _)| policy),
            PolicyKind::Lb => self.lb.as_ref().map(|(policy, _)| policy),
        }
    }
}

/// The winners among the policies for one backend, for each section by itself: the oldest of those that are
/// valid, then the first by name. One that is not valid wins only where there is no other.
pub(in crate::attachment) fn for_backend(
    key: &BackendKey,
    policies: &BTreeSet<PolicyId>,
    snapshot: &Snapshot,
    options: &Options,
) -> BackendPolicies {
    let mut found = BackendPolicies::default();
    let mut ranked: Vec<_> = policies
        .iter()
        .filter_map(|id| {
            let policy = Policy::get(snapshot, id)?;
            let invalid = policy.check(snapshot, options).valid.is_err();
            Some((invalid, policy.seniority(), id, policy))
        })
        .collect();
    ranked.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    let reference = key.reference();
    for (invalid, _, id, policy) in ranked {
        let own = policy.targets().into_iter();
        for target in own.filter(|target| target.reference == reference) {
            match policy {
                Policy::Tls(tls) if found.tls_of(target.section.as_deref()).is_none() => {
                    let trusted = authorities(tls, snapshot, options).authorities;
                    let checked = trusted.map(|authorities| {
                        Arc::new(EffectiveBackendTls {
                            policy: id.reference(),
                            hostname: tls.spec.validation.hostname.clone(),
                            subject_alt_names: tls.spec.validation.subject_alt_names.clone(),
                            options: tls.spec.options.clone().unwrap_or_default(),
                            authorities,
                        })
                    });
                    let checked = checked.map_err(|(_, text)| text);
                    let won = (id.reference(), checked);
                    match target.section {
                        None => found.tls = Some(won),
                        Some(section) => _ = found.tls_by_section.insert(section, won),
                    }
                }
                Policy::Lb(lb) if found.lb.is_none() => {
                    let session = lb.spec.session_persistence.clone();
                    found.lb = Some((id.reference(), session.filter(|_| !invalid)));
                }
                _ => {}
            }
        }
    }
    found
}
