//! Policies for backends: BackendTLSPolicy (GEP-1897) and BackendLBPolicy (GEP-1619).
//!
//! A BackendTLSPolicy is for connections that a Gateway opens by itself: for HTTPRoutes, GRPCRoutes and
//! TCPRoutes, and for TLSRoutes whose TLS the Gateway terminates (GEP-1897, "How a client behaves"). It is not for
//! TLS that is passed through, where the client already speaks TLS with the backend, nor for UDP, nor for a
//! mesh, which the GEP leaves to implementations. A BackendLBPolicy is for HTTP and gRPC, whoever sends it.

pub(in crate::attachment) mod ancestors;
pub(in crate::attachment) mod references;
pub(in crate::attachment) mod results;
pub(in crate::attachment) mod winners;

use crate::{
    attachment::{
        Options, Snapshot,
        effective::TrustedAuthorities,
        objects::{certificates, object},
        values::check_session,
    },
    meta::{Age, NamespacedName, ObjectReference, Seniority},
    v1::{BackendTlsPolicy, PolicyStatus, WellKnownCaCertificatesType},
    v1alpha2::BackendLbPolicy,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

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
    fn check(self, snapshot: &Snapshot, options: &Options) -> Result<(), String> {
        match self {
            Self::Tls(policy) => authorities(policy, snapshot, options).map(|_| ()),
            Self::Lb(policy) => policy
                .spec
                .session_persistence
                .as_ref()
                .map_or(Ok(()), check_session),
        }
    }
}

/// Whom a BackendTLSPolicy trusts.
fn authorities(
    policy: &BackendTlsPolicy,
    snapshot: &Snapshot,
    options: &Options,
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
            let found: Result<Vec<String>, String> = references
                .iter()
                .map(|reference| {
                    let reference = reference.resolve(namespace);
                    certificates::authorities(snapshot, &reference, options.now)
                        .map(|authorities| authorities.pem().to_owned())
                })
                .collect();
            found.map(TrustedAuthorities::Certificates)
        }
    }
}
