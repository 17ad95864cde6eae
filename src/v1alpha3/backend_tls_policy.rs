//! BackendTLSPolicy: TLS from the Gateway to a backend (GEP-1897).

use crate::{
    meta::{constraint, resource},
    v1::LocalObjectReference,
    v1alpha2::{
        LocalPolicyTargetReferenceWithSectionName, PolicyStatus, WellKnownCaCertificatesType,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Configures TLS from the Gateway to backends: which name to ask for, and which authorities to trust.
    Namespaced BackendTlsPolicy = "BackendTLSPolicy", BackendTlsPolicyList = "BackendTLSPolicyList", "backendtlspolicies", "v1alpha3";
    spec: BackendTlsPolicySpec;
    status: PolicyStatus
}

/// What a BackendTLSPolicy asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendTlsPolicySpec {
    /// The backends for which the policy is: Services of its own namespace or ports of them.
    #[schemars(length(min = 1, max = 16))]
    pub target_refs: Vec<LocalPolicyTargetReferenceWithSectionName>,
    /// How the backends' certificates are checked.
    pub validation: BackendTlsPolicyValidation,
}

/// How a backend's certificate is checked (`spec.validation`): by references or by well-known
/// authorities, one of them and never both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendTlsPolicyValidation {
    /// Objects with the certificates of the authorities that are trusted: ConfigMaps with a key `ca.crt`.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 8))]
    pub ca_certificate_refs: Vec<LocalObjectReference>,
    /// The SNI to send, and the name that the certificate must bear.
    #[schemars(with = "constraint::PreciseHostname")]
    pub hostname: String,
    /// Authorities that the system knows.
    #[serde(
        rename = "wellKnownCACertificates",
        skip_serializing_if = "Option::is_none"
    )]
    pub well_known_ca_certificates: Option<WellKnownCaCertificatesType>,
}
