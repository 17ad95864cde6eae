//! Backends with their references followed.

use super::{EffectiveFilters, EndpointList, route::filter_cannot_be_applied};
use crate::{
    attachment::{
        objects::{absent::Absent, object::BACKEND_KINDS},
        unimplemented::is_unimplemented_kind,
    },
    meta::{GroupKind, NamespacedName, ObjectRef, condition::route::reason, unexpected_kind},
    v1::{SessionPersistence, SubjectAltName},
    v1alpha2::MAX_ANCESTORS,
};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// A backend of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectiveBackend {
    /// The object that is named.
    pub reference: ObjectRef,
    /// The port of that object; `None` where none was named.
    pub port: Option<u16>,
    /// The share of requests, in proportion to the sum of the rule's backends.
    pub weight: u32,
    /// Filters for the requests to this backend alone, applied after the rule's own.
    pub filters: EffectiveFilters,
    /// Where requests really go. Where the reference is not valid, its share of requests is answered
    /// with 500 (HTTPRoute `spec.rules[].backendRefs`), or refused below HTTP.
    pub target: Result<Arc<BackendEndpoints>, BackendProblem>,
    /// The session persistence that applies: the rule's own, else that of a BackendLBPolicy (GEP-1619).
    pub session_persistence: Option<SessionPersistence>,
}

impl EffectiveBackend {
    /// Why requests to this backend fail, if they do.
    #[must_use]
    pub fn problem(&self) -> Option<&BackendProblem> {
        self.target.as_ref().err()
    }
}

/// One port of a backend and the endpoints behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct BackendEndpoints {
    /// The endpoints, ready or not.
    pub endpoints: EndpointList,
    /// The protocol that the backend speaks, from the Service port's `appProtocol` (GEP-1911), as in
    /// `kubernetes.io/h2c`.
    pub app_protocol: Option<String>,
    /// TLS to the backend, from a BackendTLSPolicy (GEP-1897).
    pub tls: Option<Arc<EffectiveBackendTls>>,
}

/// TLS from the data plane to a backend (BackendTLSPolicy).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveBackendTls {
    /// The policy.
    pub policy: ObjectRef,
    /// The SNI to send, and the name that the certificate must bear unless there are
    /// [`subject_alt_names`](Self::subject_alt_names).
    pub hostname: String,
    /// Names of which the certificate must bear one, instead of the hostname. Empty where the policy names none
    /// (BackendTLSPolicy `spec.validation.subjectAltNames`).
    pub subject_alt_names: Vec<SubjectAltName>,
    /// What implementations define beyond the API (BackendTLSPolicy `spec.options`).
    pub options: BTreeMap<String, String>,
    /// Whom to trust.
    pub authorities: TrustedAuthorities,
}

/// The authorities to which a backend's certificate must lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedAuthorities {
    /// Those that the data plane's operating system trusts.
    System,
    /// These certificates: the `ca.crt` of each reference, PEM.
    Certificates(Vec<String>),
}

/// Why a backend gets no traffic, or a mirror no copies. Shown as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendProblem {
    /// The object does not exist (`BackendNotFound`).
    NotFound {
        /// What was named.
        reference: ObjectRef,
        /// Whether the object was given, but is left out, since an API server would refuse it.
        left_out: bool,
    },
    /// The object has no such port, or no port was named (`BackendNotFound`).
    PortNotFound {
        /// What was named.
        reference: ObjectRef,
        /// The port that was named.
        port: Option<i32>,
    },
    /// The object is in another namespace and no ReferenceGrant there allows the reference
    /// (`RefNotPermitted`).
    RefNotPermitted {
        /// The kind of the referring route.
        from: GroupKind,
        /// The namespace of the referring route.
        from_namespace: String,
        /// What was named.
        reference: ObjectRef,
    },
    /// The kind is unknown or not supported (`InvalidKind`).
    InvalidKind {
        /// What was named.
        reference: ObjectRef,
    },
    /// The Service is a mere alias of a DNS name outside of the cluster, which must not be a backend
    /// (`InvalidKind`).
    ExternalName {
        /// What was named.
        reference: ObjectRef,
    },
    /// The backend speaks a protocol that is not supported for this kind of route
    /// (`UnsupportedProtocol`).
    UnsupportedProtocol {
        /// What was named.
        reference: ObjectRef,
        /// The Service port's `appProtocol` or `protocol`.
        protocol: String,
    },
    /// The backend speaks a protocol that there is over TLS alone, and no BackendTLSPolicy applies that says whom to trust
    /// (`UnsupportedProtocol`; GEP-1911, "Supporting Protocols").
    NoTlsPolicy {
        /// What was named.
        reference: ObjectRef,
        /// The Service port's `appProtocol`.
        protocol: String,
        /// Whether a BackendTLSPolicy could apply: not in a mesh.
        possible: bool,
    },
    /// A filter of the backend is not supported, or leads to nothing.
    UnsupportedFilter {
        /// The filter's type as it was written.
        kind: String,
        /// What is wrong with it, for people.
        why: String,
    },
    /// A BackendTLSPolicy requires TLS, which cannot be set up; cleartext would be no substitute.
    InvalidTlsPolicy {
        /// The policy.
        policy: ObjectRef,
        /// What is wrong with it, for people.
        why: String,
    },
    /// A policy of the backend has as many ancestors as its status can hold and the route's Gateway is none
    /// of them, so that no route there can refer to the backend ([`POLICY_FULL`]; PolicyStatus `ancestors`).
    PolicyFull {
        /// What was named.
        reference: ObjectRef,
        /// The policy.
        policy: ObjectRef,
        /// The Gateway for which there is no room.
        gateway: NamespacedName,
    },
}

/// The reason that the condition `ResolvedRefs` gives for [`BackendProblem::PolicyFull`]; the specification
/// names none.
pub const POLICY_FULL: &str = "PolicyAncestorsFull";

impl BackendProblem {
    /// The reason that the route's condition `ResolvedRefs` gives, one of
    /// [`condition::route::reason`](crate::meta::condition::route::reason) or [`POLICY_FULL`].
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound { .. } | Self::PortNotFound { .. } => reason::BACKEND_NOT_FOUND,
            Self::RefNotPermitted { .. } => reason::REF_NOT_PERMITTED,
            Self::InvalidKind { .. }
            | Self::ExternalName { .. }
            | Self::UnsupportedFilter { .. } => reason::INVALID_KIND,
            Self::UnsupportedProtocol { .. }
            | Self::NoTlsPolicy { .. }
            | Self::InvalidTlsPolicy { .. } => reason::UNSUPPORTED_PROTOCOL,
            Self::PolicyFull { .. } => POLICY_FULL,
        }
    }

    /// Whether the backend is there for the route, and only a policy keeps traffic from it.
    pub(in crate::attachment) fn is_of_policy(&self) -> bool {
        matches!(
            self,
            Self::PolicyFull { .. } | Self::InvalidTlsPolicy { .. }
        )
    }
}

impl fmt::Display for BackendProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound {
                reference,
                left_out,
            } => Absent::new(reference, *left_out).fmt(f),
            Self::PortNotFound {
                reference,
                port: Some(port),
            } => write!(f, "{reference} has no port {port}"),
            Self::PortNotFound {
                reference,
                port: None,
            } => write!(f, "no port of {reference} is named"),
            Self::RefNotPermitted {
                from,
                from_namespace,
                reference,
            } => write!(
                f,
                "no ReferenceGrant in namespace `{}` allows {}s of namespace `{from_namespace}` to refer to {reference}",
                reference.namespace, from.kind,
            ),
            Self::InvalidKind { reference } => {
                let not = if is_unimplemented_kind(&reference.group_kind()) {
                    "is not implemented as a backend"
                } else {
                    "cannot be a backend"
                };
                f.write_str(&unexpected_kind(reference, not, BACKEND_KINDS))
            }
            Self::ExternalName { reference } => write!(
                f,
                "{reference} is of type ExternalName, which is no backend"
            ),
            Self::UnsupportedProtocol {
                reference,
                protocol,
            } => write!(
                f,
                "{reference} speaks `{protocol}`, which this route cannot carry"
            ),
            Self::NoTlsPolicy {
                reference,
                protocol,
                possible: true,
            } => write!(
                f,
                "{reference} speaks `{protocol}`, which needs TLS, and no BackendTLSPolicy is for it"
            ),
            Self::NoTlsPolicy {
                reference,
                protocol,
                possible: false,
            } => write!(
                f,
                "{reference} speaks `{protocol}`, which needs TLS, and in a mesh no BackendTLSPolicy applies"
            ),
            Self::UnsupportedFilter { kind, why } => {
                f.write_str(&filter_cannot_be_applied(kind, why))
            }
            Self::InvalidTlsPolicy { policy, why } => {
                write!(
                    f,
                    "{policy} requires TLS but is invalid, so that nothing is sent: {why}"
                )
            }
            Self::PolicyFull {
                reference,
                policy,
                gateway,
            } => write!(
                f,
                "no route of Gateway {gateway} can refer to {reference}: its {policy} has no room for this Gateway among {MAX_ANCESTORS} ancestors"
            ),
        }
    }
}
