//! BackendTLSPolicy between `v1alpha2` (release v1.0.0) and `v1alpha3`, typed.

use super::{
    ConversionError, ConversionProblem, ConversionProblemKind as Problem, convert_value,
    policy_forms::other_namespace,
};
use crate::{
    meta::{GROUP, ObjectRef},
    v1alpha2::{self, LocalPolicyTargetReferenceWithSectionName},
    v1alpha3,
};
use k8s_openapi::{Resource, apimachinery::pkg::apis::meta::v1::ObjectMeta};

impl TryFrom<v1alpha2::BackendTlsPolicy> for v1alpha3::BackendTlsPolicy {
    type Error = ConversionError;

    /// The policy in its new form.
    ///
    /// # Errors
    ///
    /// The target names another namespace than the policy's own.
    fn try_from(policy: v1alpha2::BackendTlsPolicy) -> Result<Self, ConversionError> {
        let target = policy.spec.target_ref;
        if let Some(namespace) = &target.namespace
            && let Some(problem) = other_namespace(namespace, policy.metadata.namespace.as_deref())
        {
            return Err(ConversionError::new(
                reference(&policy.metadata),
                Self::API_VERSION,
                vec![ConversionProblem::new("spec.targetRef.namespace", problem)],
            ));
        }
        Ok(Self {
            metadata: policy.metadata,
            spec: v1alpha3::BackendTlsPolicySpec {
                target_refs: vec![LocalPolicyTargetReferenceWithSectionName {
                    group: target.group,
                    kind: target.kind,
                    name: target.name,
                    section_name: target.section_name,
                }],
                validation: v1alpha3::BackendTlsPolicyValidation {
                    ca_certificate_refs: policy.spec.tls.ca_cert_refs,
                    well_known_ca_certificates: policy.spec.tls.well_known_ca_certs,
                    hostname: policy.spec.tls.hostname,
                    ..Default::default()
                },
                ..Default::default()
            },
            status: policy.status,
        })
    }
}

impl TryFrom<v1alpha3::BackendTlsPolicy> for v1alpha2::BackendTlsPolicy {
    type Error = ConversionError;

    /// The policy in the form of release v1.0.0.
    ///
    /// # Errors
    ///
    /// There is not exactly one target, or the policy has a field that the release does not have.
    fn try_from(mut policy: v1alpha3::BackendTlsPolicy) -> Result<Self, ConversionError> {
        if !(policy.spec.options.is_none() && policy.spec.validation.subject_alt_names.is_empty()) {
            // What the old form lacks is told by the schemas, which the JSON is compared with.
            let json = serde_json::to_value(&policy).map_err(|error| {
                let problem = Problem::Unreadable(error.to_string());
                ConversionError::new(
                    reference(&policy.metadata),
                    Self::API_VERSION,
                    vec![ConversionProblem::new("", problem)],
                )
            })?;
            convert_value(&json, Self::API_VERSION)?;
        }
        let (Some(target), true) = (
            policy.spec.target_refs.pop(),
            policy.spec.target_refs.is_empty(),
        ) else {
            // One was taken off, unless there was none.
            let taken = usize::from(!policy.spec.target_refs.is_empty());
            return Err(ConversionError::new(
                reference(&policy.metadata),
                Self::API_VERSION,
                vec![ConversionProblem::new(
                    "spec.targetRefs",
                    Problem::Targets(policy.spec.target_refs.len() + taken),
                )],
            ));
        };
        Ok(Self {
            metadata: policy.metadata,
            spec: v1alpha2::BackendTlsPolicySpec {
                target_ref: v1alpha2::PolicyTargetReferenceWithSectionName {
                    group: target.group,
                    kind: target.kind,
                    name: target.name,
                    namespace: None,
                    section_name: target.section_name,
                },
                tls: v1alpha2::BackendTlsPolicyConfig {
                    ca_cert_refs: policy.spec.validation.ca_certificate_refs,
                    well_known_ca_certs: policy.spec.validation.well_known_ca_certificates,
                    hostname: policy.spec.validation.hostname,
                },
            },
            status: policy.status,
        })
    }
}

fn reference(metadata: &ObjectMeta) -> ObjectRef {
    ObjectRef {
        group: GROUP.to_owned(),
        kind: v1alpha3::BackendTlsPolicy::KIND.to_owned(),
        namespace: metadata.namespace.clone().unwrap_or_default(),
        name: metadata.name.clone().unwrap_or_default(),
    }
}
