//! Why requests under a rule or for a backend fail.

use crate::{
    attachment::{
        objects::{absent::Absent, object::BACKEND_KINDS},
        unimplemented::is_unimplemented_kind,
    },
    meta::{GroupKind, NamespacedName, ObjectRef, condition::route::reason, unexpected_kind},
    v1alpha2::MAX_ANCESTORS,
};
use std::fmt;

/// Why a rule answers nothing that has no backend.
pub(crate) const NO_BACKEND: &str = "the rule has no backend";
/// Why a rule answers nothing of whose backends none has a share.
pub(crate) const NO_WEIGHT: &str = "all weights of the rule are 0";

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
    /// The object is of an implementation's own kind, and cannot be used (`InvalidKind`).
    Invalid {
        /// What was named.
        reference: ObjectRef,
        /// What is wrong with it, for people.
        why: String,
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
        /// The port.
        port: Option<i32>,
        /// The Service port's `appProtocol` or `protocol`.
        protocol: String,
    },
    /// The backend speaks a protocol that there is over TLS alone, and no BackendTLSPolicy applies that says whom to trust
    /// (`UnsupportedProtocol`; GEP-1911, "Supporting Protocols").
    NoTlsPolicy {
        /// What was named.
        reference: ObjectRef,
        /// The port.
        port: Option<i32>,
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
            | Self::Invalid { .. }
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

/// A port after the name of an object: `:8080`.
struct AtPort(Option<i32>);

impl fmt::Display for AtPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
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
            Self::Invalid { reference, why } => write!(f, "{reference}: {why}"),
            Self::ExternalName { reference } => write!(
                f,
                "{reference} is of type ExternalName, which is no backend"
            ),
            Self::UnsupportedProtocol {
                reference,
                port,
                protocol,
            } => write!(
                f,
                "{reference}{} speaks `{protocol}`, which this route cannot carry",
                AtPort(*port)
            ),
            Self::NoTlsPolicy {
                reference,
                port,
                protocol,
                possible,
            } => {
                let port = AtPort(*port);
                let why = match possible {
                    true => "and no BackendTLSPolicy is for it",
                    false => "and in a mesh no BackendTLSPolicy applies",
                };
                write!(
                    f,
                    "{reference}{port} speaks `{protocol}`, which needs TLS, {why}"
                )
            }
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

/// Why every request under a rule is answered with an error: 500, or `UNAVAILABLE` for gRPC.
///
/// A filter must not be skipped (HTTPRoute `spec.rules[].filters[].type`). So a rule of which anything but the matches is
/// invalid keeps its matches, and its requests do not go on to a wider rule that has no such filter; also where no rule of the
/// route is valid, so that the route is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleProblem {
    /// A filter of the rule is not supported, or leads to nothing (`ResolvedRefs`).
    UnsupportedFilter {
        /// The filter's type as it was written.
        kind: String,
        /// What is wrong with it, for people.
        why: String,
    },
    /// The rule is invalid (`Accepted`, `PartiallyInvalid`).
    Invalid {
        /// The reason that the condition gives.
        reason: &'static str,
        /// What is wrong with it, for people.
        why: String,
    },
}

/// Says that a filter of a rule or a backend cannot be applied.
fn filter_cannot_be_applied(kind: &str, why: &str) -> String {
    format!("the filter `{kind}` cannot be applied: {why}")
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedFilter { kind, why } => {
                f.write_str(&filter_cannot_be_applied(kind, why))
            }
            Self::Invalid { why, .. } => write!(f, "the rule is invalid: {why}"),
        }
    }
}
