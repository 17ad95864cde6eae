//! Policies for backends: BackendTLSPolicy (GEP-1897) and BackendLBPolicy (GEP-1619).
//!
//! A BackendTLSPolicy is for connections that a Gateway opens by itself: for HTTPRoutes, GRPCRoutes and
//! TCPRoutes, and for TLSRoutes whose TLS the Gateway terminates (GEP-1897, "How a client behaves"). It is not for
//! TLS that is passed through, where the client already speaks TLS with the backend, nor for UDP, nor for a
//! mesh, which the GEP leaves to implementations. A BackendLBPolicy is for HTTP and gRPC, whoever sends it.

pub(in crate::attachment) mod references;
pub(in crate::attachment) mod winners;

use crate::{
    attachment::{
        Options, Snapshot,
        condition_body::{ConditionBody, Problem, join},
        effective::TrustedAuthorities,
        objects::{certificates, object},
        values::check_session,
    },
    certificate::CaBundles,
    meta::{
        Age, GROUP, NamespacedName, ObjectRef, PolicyReferences, Seniority,
        condition::policy::reason,
    },
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

impl PolicyKind {
    /// The name of the kind.
    pub(in crate::attachment) fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "BackendTLSPolicy",
            Self::Lb => "BackendLBPolicy",
        }
    }
}

/// A policy: its kind and its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::attachment) struct PolicyId {
    pub(in crate::attachment) kind: PolicyKind,
    pub(in crate::attachment) name: NamespacedName,
}

impl PolicyId {
    /// The policy that a reference names; nothing if its kind is none.
    pub(in crate::attachment) fn of(reference: &ObjectRef) -> Option<Self> {
        let kinds = [PolicyKind::Tls, PolicyKind::Lb].into_iter();
        let mut kinds = kinds.filter(|kind| kind.as_str() == reference.kind);
        let kind = kinds.next().filter(|_| reference.group == GROUP)?;
        let name = reference.namespaced_name();
        Some(Self { kind, name })
    }

    pub(in crate::attachment) fn reference(&self) -> ObjectRef {
        ObjectRef::gateway_api(self.kind.as_str(), &self.name)
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
pub(in crate::attachment) struct TargetRef {
    pub(in crate::attachment) reference: ObjectRef,
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

    pub(in crate::attachment) fn metadata(self) -> &'a ObjectMeta {
        match self {
            Self::Tls(policy) => &policy.metadata,
            Self::Lb(policy) => &policy.metadata,
        }
    }

    pub(in crate::attachment) fn status(self) -> Option<&'a PolicyStatus> {
        match self {
            Self::Tls(policy) => policy.status.as_ref(),
            Self::Lb(policy) => policy.status.as_ref(),
        }
    }

    pub(in crate::attachment) fn targets(self) -> Vec<TargetRef> {
        let namespace = object::namespace(self.metadata());
        let target = |group: &str, kind: &str, name: &str, section: Option<&String>| TargetRef {
            reference: ObjectRef {
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
    pub(in crate::attachment) fn seniority(self) -> Seniority {
        Seniority::new(Age::of(self.metadata()), object::place(self.metadata()))
    }

    /// What is wrong with the policy, whatever its targets are.
    pub(in crate::attachment) fn check(self, snapshot: &Snapshot, options: &Options) -> Checked {
        match self {
            Self::Tls(policy) => {
                let trusted = authorities(policy, snapshot, options);
                Checked {
                    valid: trusted.authorities.map(|_| ()),
                    resolved: trusted.resolved,
                }
            }
            Self::Lb(policy) => {
                let session = policy.spec.session_persistence.as_ref();
                let valid = session.map_or(Ok(()), check_session);
                Checked {
                    valid: valid.map_err(|text| (reason::INVALID, text)),
                    resolved: None,
                }
            }
        }
    }
}

/// What is to be said of a policy whatever its targets are.
pub(in crate::attachment) struct Checked {
    /// Whether it is valid.
    pub(in crate::attachment) valid: Result<(), Problem>,
    /// The condition `ResolvedRefs`, where the release has it.
    pub(in crate::attachment) resolved: Option<ConditionBody>,
}

/// Whom a BackendTLSPolicy trusts.
struct Trusted {
    /// Those of its authorities that can be used, or why the policy is not valid.
    authorities: Result<TrustedAuthorities, Problem>,
    /// The condition `ResolvedRefs`, where the release has it.
    resolved: Option<ConditionBody>,
}

/// Finds out whom a BackendTLSPolicy trusts.
///
/// What becomes of a policy with a bad reference is for the release to say ([`PolicyReferences`]).
fn authorities(policy: &BackendTlsPolicy, snapshot: &Snapshot, options: &Options) -> Trusted {
    let says_resolved = options.behaviour.policy_references == PolicyReferences::ResolvedRefs;
    let validation = &policy.spec.validation;
    let well_known = validation
        .well_known_ca_certificates
        .as_ref()
        .filter(|text| !text.as_str().is_empty());
    let invalid = |text: &str| Err((reason::INVALID, text.to_owned()));
    let mut problems: Vec<Problem> = Vec::new();
    let authorities = match (validation.ca_certificate_refs.as_slice(), well_known) {
        ([], None) => invalid("it names neither `caCertificateRefs` nor `wellKnownCACertificates`"),
        ([], Some(WellKnownCaCertificatesType::System)) => Ok(TrustedAuthorities::System),
        ([], Some(other)) => invalid(&format!("`wellKnownCACertificates` `{other}` is not known")),
        (_, Some(_)) => invalid("it names both `caCertificateRefs` and `wellKnownCACertificates`"),
        (references, None) => {
            let namespace = object::namespace(&policy.metadata);
            let mut found = Vec::new();
            for reference in references {
                let reference = reference.resolve(namespace);
                match certificates::authorities(snapshot, &reference, options.now) {
                    Ok(authorities) => found.push(authorities.shared_pem()),
                    Err(text) if certificates::is_config_map(&reference) => {
                        problems.push((reason::INVALID_CA_CERTIFICATE_REF, text));
                    }
                    Err(text) => problems.push((reason::INVALID_KIND, text)),
                }
            }
            match problems.first() {
                Some((_, text)) if !says_resolved => invalid(text),
                Some(_) if found.is_empty() => {
                    Err((reason::NO_VALID_CA_CERTIFICATE, texts(&problems)))
                }
                _ => Ok(TrustedAuthorities::Certificates(CaBundles::new(found))),
            }
        }
    };
    let resolved = says_resolved.then(|| match problems.first() {
        None => ConditionBody::new(true, reason::RESOLVED_REFS, "all references are resolved"),
        Some((first, _)) => ConditionBody::new(false, first, texts(&problems)),
    });
    Trusted {
        authorities,
        resolved,
    }
}

fn texts(problems: &[Problem]) -> String {
    let texts: Vec<String> = problems.iter().map(|(_, text)| text.clone()).collect();
    join(&texts)
}
