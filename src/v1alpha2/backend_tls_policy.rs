//! BackendTLSPolicy as release v1.0.0 had it; `v1alpha3` has replaced it.

use crate::{
    meta::{constraint, resource},
    v1::{LocalObjectReference, PolicyStatus, WellKnownCaCertificatesType},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

resource! {
    /// Configures TLS from the Gateway to a backend, in the form of release v1.0.0.
    Namespaced BackendTlsPolicy = "BackendTLSPolicy", BackendTlsPolicyList = "BackendTLSPolicyList", "backendtlspolicies", "v1alpha2";
    spec: BackendTlsPolicySpec;
    status: PolicyStatus
}

/// What a BackendTLSPolicy asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "BackendTlsPolicySpecV1Alpha2")]
pub struct BackendTlsPolicySpec {
    /// The one backend for which the policy is.
    pub target_ref: PolicyTargetReferenceWithSectionName,
    /// How the backend's certificate is checked.
    pub tls: BackendTlsPolicyConfig,
}

/// Names the object, or one section of it, for which a policy is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyTargetReferenceWithSectionName {
    /// The API group; empty for the core group.
    #[schemars(with = "constraint::Group")]
    pub group: String,
    /// The kind.
    #[schemars(with = "constraint::KindName")]
    pub kind: String,
    /// The name.
    #[schemars(with = "constraint::ObjectName")]
    pub name: String,
    /// The namespace; the policy's own unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Namespace>")]
    pub namespace: Option<String>,
    /// The section: a Service's port name; all of the object unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::SectionName>")]
    pub section_name: Option<String>,
}

/// How a backend's certificate is checked (`spec.tls`): by references or by well-known authorities,
/// never by both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendTlsPolicyConfig {
    /// Objects with the certificates of the authorities that are trusted.
    #[serde(
        rename = "caCertRefs",
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 8))]
    pub ca_cert_refs: Vec<LocalObjectReference>,
    /// The SNI to send, and the name that the certificate must bear.
    #[schemars(with = "constraint::PreciseHostname")]
    pub hostname: String,
    /// Authorities that the system knows.
    #[serde(rename = "wellKnownCACerts", skip_serializing_if = "Option::is_none")]
    pub well_known_ca_certs: Option<WellKnownCaCertificatesType>,
}
