//! Version `v1alpha3`: [`BackendTlsPolicy`].

mod backend_tls_policy;

pub use crate::v1alpha2::{
    LocalPolicyTargetReferenceWithSectionName, PolicyAncestorStatus, PolicyStatus,
    WellKnownCaCertificatesType,
};
pub use backend_tls_policy::{
    BackendTlsPolicy, BackendTlsPolicyList, BackendTlsPolicySpec, BackendTlsPolicyValidation,
};
