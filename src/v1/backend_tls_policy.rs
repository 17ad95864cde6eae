//! BackendTLSPolicy: TLS from the Gateway to a backend (GEP-1897).

use super::{LocalObjectReference, LocalPolicyTargetReferenceWithSectionName, PolicyStatus};
use crate::meta::{constraint, open_enum, resource, was, when};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

resource! {
    /// Configures TLS from the Gateway to backends: which name to ask for, and which authorities to trust.
    Namespaced BackendTlsPolicy = "BackendTLSPolicy", BackendTlsPolicyList = "BackendTLSPolicyList", "backendtlspolicies", "v1";
    spec: BackendTlsPolicySpec;
    status: PolicyStatus
}

/// What a BackendTLSPolicy asks for (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendTlsPolicySpec {
    /// Settings that mean something to the controller, keys prefixed with a domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<BTreeMap<String, constraint::AnnotationValue>>",
        extend("maxProperties" = 16, "x-gwapi-when" = when!("E1.2 S1.4"))
    )]
    pub options: Option<BTreeMap<String, String>>,
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
    #[schemars(
        length(min = 1, max = 8),
        extend("x-gwapi-was" = was! {
            "..1.6": { "minItems": null },
            "S..": { "minItems": null },
        })
    )]
    pub ca_certificate_refs: Vec<LocalObjectReference>,
    /// The SNI to send, and the name that the certificate must bear unless `subjectAltNames` says others.
    #[schemars(with = "constraint::PreciseHostname")]
    pub hostname: String,
    /// The names of which the certificate must bear one; `hostname` then only is the SNI to send.
    #[serde(
        default,
        deserialize_with = "crate::meta::wire::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(length(max = 5), extend("x-gwapi-when" = when!("E1.2 S1.4")))]
    pub subject_alt_names: Vec<SubjectAltName>,
    /// Authorities that the system knows.
    #[serde(
        rename = "wellKnownCACertificates",
        skip_serializing_if = "Option::is_none"
    )]
    pub well_known_ca_certificates: Option<WellKnownCaCertificatesType>,
}

/// A name that a backend's certificate may bear (`spec.validation.subjectAltNames[]`): the member that `type` names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubjectAltName {
    /// A DNS name, for `Hostname`; a wildcard allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Hostname>")]
    pub hostname: Option<String>,
    /// What kind of name it is.
    #[serde(rename = "type")]
    pub r#type: SubjectAltNameType,
    /// A URI, for `URI`: `spiffe://example.org/shop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::AbsoluteUri>")]
    pub uri: Option<String>,
}

open_enum! {
    /// What kind of name a certificate bears.
    pub enum SubjectAltNameType, schema = closed {
        /// A DNS name.
        Hostname = "Hostname",
        /// A URI.
        Uri = "URI",
    }
}

open_enum! {
    /// Authorities that need no reference. Controllers may add values of their own, prefixed with a domain, since v1.5.0.
    pub enum WellKnownCaCertificatesType, schema = WellKnownCaCertificates {
        /// Those that the data plane's operating system trusts.
        System = "System",
    }
}
