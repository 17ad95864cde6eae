//! Policies for backends: BackendTLSPolicy (GEP-1897) and BackendLBPolicy (GEP-1619).

pub(in crate::attachment) mod acceptance;
pub(in crate::attachment) mod ancestors;

use super::key::BackendKey;
use crate::{
    attachment::{
        Snapshot,
        effective::{BackendTls, TrustedAuthorities},
        gateway::listener,
        objects::object,
        values::check_session,
    },
    meta::{Age, NamespacedName, ObjectReference, Seniority},
    v1::SessionPersistence,
    v1alpha2::{BackendLbPolicy, PolicyStatus, WellKnownCaCertificatesType},
    v1alpha3::BackendTlsPolicy,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::{collections::BTreeSet, sync::Arc};

/// A kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::attachment) enum PolicyKind {
    Tls,
    Lb,
}

/// A policy: its kind and its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::attachment) struct PolicyId {
    pub(in crate::attachment) kind: PolicyKind,
    pub(in crate::attachment) name: NamespacedName,
}

impl PolicyId {
    pub(in crate::attachment) fn reference(&self) -> ObjectReference {
        let kind = match self.kind {
            PolicyKind::Tls => "BackendTLSPolicy",
            PolicyKind::Lb => "BackendLBPolicy",
        };
        ObjectReference::gateway_api(kind, &self.name)
    }
}

/// Every policy that is there.
pub(in crate::attachment) fn all(snapshot: &Snapshot) -> impl Iterator<Item = PolicyId> {
    let of = |kind: PolicyKind| {
        move |name: &NamespacedName| PolicyId {
            kind,
            name: name.clone(),
        }
    };
    let tls = snapshot
        .backend_tls_policies()
        .keys()
        .map(of(PolicyKind::Tls));
    tls.chain(
        snapshot
            .backend_lb_policies()
            .keys()
            .map(of(PolicyKind::Lb)),
    )
}

/// One target of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::attachment) struct Target {
    pub(in crate::attachment) reference: ObjectReference,
    pub(in crate::attachment) section: Option<String>,
}

/// What the two kinds of policies have in common.
#[derive(Clone, Copy)]
pub(in crate::attachment) enum Policy<'a> {
    Tls(&'a BackendTlsPolicy),
    Lb(&'a BackendLbPolicy),
}

impl<'a> Policy<'a> {
    pub(in crate::attachment) fn get(snapshot: &'a Snapshot, id: &PolicyId) -> Option<Self> {
        match id.kind {
            PolicyKind::Tls => snapshot
                .backend_tls_policies()
                .get(&id.name)
                .map(|policy| Self::Tls(policy)),
            PolicyKind::Lb => snapshot
                .backend_lb_policies()
                .get(&id.name)
                .map(|policy| Self::Lb(policy)),
        }
    }

    fn metadata(self) -> &'a ObjectMeta {
        match self {
            Self::Tls(policy) => &policy.metadata,
            Self::Lb(policy) => &policy.metadata,
        }
    }

    fn status(self) -> Option<&'a PolicyStatus> {
        match self {
            Self::Tls(policy) => policy.status.as_ref(),
            Self::Lb(policy) => policy.status.as_ref(),
        }
    }

    pub(in crate::attachment) fn targets(self) -> Vec<Target> {
        let namespace = object::namespace(self.metadata());
        let target = |group: &str, kind: &str, name: &str, section: Option<&String>| Target {
            reference: ObjectReference {
                group: group.to_owned(),
                kind: kind.to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            },
            section: section.filter(|s| !s.is_empty()).cloned(),
        };
        match self {
            Self::Tls(policy) => policy
                .spec
                .target_refs
                .iter()
                .map(|t| target(&t.group, &t.kind, &t.name, t.section_name.as_ref()))
                .collect(),
            Self::Lb(policy) => policy
                .spec
                .target_refs
                .iter()
                .map(|t| target(&t.group, &t.kind, &t.name, None))
                .collect(),
        }
    }

    /// The place of the policy among others for the same target.
    fn seniority(self) -> Seniority {
        Seniority::new(Age::of(self.metadata()), object::place(self.metadata()))
    }

    /// What is wrong with the policy, whatever its targets are.
    fn check(self, snapshot: &Snapshot) -> Result<Checked, String> {
        match self {
            Self::Tls(policy) => authorities(policy, snapshot).map(|_| Checked::Tls),
            Self::Lb(policy) => {
                let session = policy.spec.session_persistence.clone();
                if let Some(session) = &session {
                    check_session(session)?;
                }
                Ok(Checked::Lb(session))
            }
        }
    }
}

enum Checked {
    Tls,
    Lb(Option<SessionPersistence>),
}

/// Whom a BackendTLSPolicy trusts.
fn authorities(
    policy: &BackendTlsPolicy,
    snapshot: &Snapshot,
) -> Result<TrustedAuthorities, String> {
    let validation = &policy.spec.validation;
    let well_known = validation
        .well_known_ca_certificates
        .as_ref()
        .filter(|text| !text.as_str().is_empty());
    match (validation.ca_certificate_refs.as_slice(), well_known) {
        ([], None) => {
            Err("it names neither `caCertificateRefs` nor `wellKnownCACertificates`".to_owned())
        }
        ([], Some(WellKnownCaCertificatesType::System)) => Ok(TrustedAuthorities::System),
        ([], Some(other)) => Err(format!("`wellKnownCACertificates` `{other}` is not known")),
        (_, Some(_)) => {
            Err("it names both `caCertificateRefs` and `wellKnownCACertificates`".to_owned())
        }
        (references, None) => {
            let namespace = object::namespace(&policy.metadata);
            let certificates: Result<Vec<String>, String> = references
                .iter()
                .map(|reference| listener::authority(snapshot, &reference.resolve(namespace)))
                .collect();
            certificates.map(TrustedAuthorities::Certificates)
        }
    }
}

/// The policies that hold for one backend.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::attachment) struct BackendPolicies {
    /// A BackendTLSPolicy for each section, or for all of the backend.
    tls: Vec<SectionTls>,
    /// The BackendLBPolicy, and the sessions that it asks for, if any.
    lb: Option<(ObjectReference, Option<SessionPersistence>)>,
}

/// The section that a BackendTLSPolicy is for, the policy, and what it asks for or why that cannot be had.
type SectionTls = (
    Option<String>,
    ObjectReference,
    Result<Arc<BackendTls>, String>,
);

impl BackendPolicies {
    /// The BackendTLSPolicy for a port: the one that names it, else the one for all of the backend.
    pub(in crate::attachment) fn tls_for(
        &self,
        port: Option<&str>,
    ) -> Option<(ObjectReference, Result<Arc<BackendTls>, String>)> {
        let of = |section: Option<&str>| {
            self.tls
                .iter()
                .find(|(s, _, _)| s.as_deref() == section)
                .map(|(_, policy, tls)| (policy.clone(), tls.clone()))
        };
        port.and_then(|name| of(Some(name))).or_else(|| of(None))
    }

    /// The sessions of a BackendLBPolicy.
    pub(in crate::attachment) fn session_persistence(&self) -> Option<&SessionPersistence> {
        self.lb.as_ref().and_then(|(_, session)| session.as_ref())
    }

    /// The policies of both kinds that hold for a port.
    pub(in crate::attachment) fn of_port(
        &self,
        port: Option<&str>,
    ) -> impl Iterator<Item = ObjectReference> {
        let tls = self.tls_for(port).map(|(policy, _)| policy);
        let lb = self.lb.as_ref().map(|(policy, _)| policy.clone());
        tls.into_iter().chain(lb)
    }

    /// The policy of a kind that holds for a section, or for all of the backend.
    fn holder(&self, kind: PolicyKind, section: Option<&str>) -> Option<&ObjectReference> {
        match kind {
            PolicyKind::Tls => self
                .tls
                .iter()
                .find(|(s, _, _)| s.as_deref() == section)
                .map(|(_, policy, _)| policy),
            PolicyKind::Lb => self.lb.as_ref().map(|(policy, _)| policy),
        }
    }
}

/// The winners among the policies for one backend: the oldest, then the first by name.
pub(in crate::attachment) fn for_backend(
    key: &BackendKey,
    policies: &BTreeSet<PolicyId>,
    snapshot: &Snapshot,
) -> BackendPolicies {
    let mut found = BackendPolicies::default();
    let mut ranked: Vec<(PolicyId, Policy<'_>)> = policies
        .iter()
        .filter_map(|id| Some((id.clone(), Policy::get(snapshot, id)?)))
        .collect();
    ranked.sort_by_key(|(_, policy)| policy.seniority());
    let reference = key.reference();
    for (id, policy) in ranked {
        for target in policy.targets() {
            if target.reference != reference {
                continue;
            }
            match policy {
                Policy::Tls(tls) if found.tls.iter().all(|(s, _, _)| *s != target.section) => {
                    let checked = authorities(tls, snapshot).map(|authorities| {
                        Arc::new(BackendTls {
                            policy: id.reference(),
                            hostname: tls.spec.validation.hostname.clone(),
                            authorities,
                        })
                    });
                    found.tls.push((target.section, id.reference(), checked));
                }
                Policy::Lb(_) if found.lb.is_none() => {
                    let session = match policy.check(snapshot) {
                        Ok(Checked::Lb(session)) => session,
                        _ => None,
                    };
                    found.lb = Some((id.reference(), session));
                }
                _ => {}
            }
        }
    }
    found
}
