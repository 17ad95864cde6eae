//! What releases of the API decide differently for the same objects.

use super::{Channel, Release, When, when};

#[cfg(test)]
mod tests;

/// What a release of the API says of things that releases decide differently.
///
/// Each field is an option by name, and [`of`](Self::of) gives what a release says. Nothing else in the crate compares
/// releases; whoever knows better for a data plane sets the field.
///
/// ```
/// use gwapi::meta::{AttachedRoutes, Behaviour, Release};
///
/// assert_eq!(Behaviour::of(Release::V1_4_1).attached_routes, AttachedRoutes::Selected);
/// assert_eq!(Behaviour::of(Release::V1_5_0).attached_routes, AttachedRoutes::Accepted);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Behaviour {
    /// Which routes a listener counts (Gateway `status.listeners[].attachedRoutes`).
    pub attached_routes: AttachedRoutes,
    /// What the status of a BackendTLSPolicy says of its references (BackendTLSPolicy
    /// `spec.validation.caCertificateRefs`).
    pub policy_references: PolicyReferences,
    /// For which path clients send the cookie of a session where no path is set (GEP-1619, "Path").
    pub session_cookie_path: SessionCookiePath,
    /// What is answered where the backend of an HTTPRoute has no endpoint that is ready (HTTPRoute
    /// `spec.rules[].backendRefs`).
    pub no_endpoints: NoEndpoints,
}

/// Which routes a listener counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttachedRoutes {
    /// Those that name the listener and that its `allowedRoutes` allow, whatever becomes of them. Up to v1.4.
    Selected,
    /// Of those, the ones with the condition `Accepted` True. Since v1.5.0.
    Accepted,
}

/// How a GatewayClass lists features (GatewayClass `status.supportedFeatures`): the definition that is installed says so, or else that of
/// the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SupportedFeatures {
    /// A list of texts. Up to v1.1.
    Texts,
    /// A list of objects with `name`. Since v1.2.0.
    Objects,
}

/// What the status of a BackendTLSPolicy says of its references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyReferences {
    /// The policy is not accepted (`Invalid`) if a reference is bad. Up to v1.3.
    Invalid,
    /// The condition `ResolvedRefs` names those that are bad (`InvalidCACertificateRef`, `InvalidKind`); the policy is
    /// not accepted (`NoValidCACertificate`) if none is left. Since v1.4.0.
    ResolvedRefs,
}

/// For which path clients send the cookie of a session where no path is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionCookiePath {
    /// The path that the match of the rule asks for; none for the policy of a backend. Up to v1.6.
    Matched,
    /// `/`, and so every path. Since v1.7.0.
    Root,
}

/// What is answered where the backend of an HTTPRoute has no endpoint that is ready.
///
/// Under a GRPCRoute that is `UNAVAILABLE` in every release, and connections are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoEndpoints {
    /// 500, as for any backend that is not valid (GEP-1364, "Partial validity and Conditions"). Up to v1.1.
    InternalServerError,
    /// 503, for the same share of requests. Since v1.2.0.
    ServiceUnavailable,
}

impl NoEndpoints {
    /// The status code.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InternalServerError => 500,
            Self::ServiceUnavailable => 503,
        }
    }
}

impl Behaviour {
    /// What a release says.
    #[must_use]
    pub fn of(release: Release) -> Self {
        let says = |when: When| when.contains(release, Channel::Experimental);
        Self {
            attached_routes: if says(when!("1.5")) {
                AttachedRoutes::Accepted
            } else {
                AttachedRoutes::Selected
            },
            policy_references: if says(when!("1.4")) {
                PolicyReferences::ResolvedRefs
            } else {
                PolicyReferences::Invalid
            },
            session_cookie_path: if says(when!("1.7")) {
                SessionCookiePath::Root
            } else {
                SessionCookiePath::Matched
            },
            no_endpoints: if says(when!("1.2")) {
                NoEndpoints::ServiceUnavailable
            } else {
                NoEndpoints::InternalServerError
            },
        }
    }
}
