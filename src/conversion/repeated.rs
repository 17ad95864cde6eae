//! Kinds whose versions differ in nothing but their name, and kinds that another one has replaced.

use super::{ConversionError, ConversionProblem, ConversionProblemKind as Problem};
use crate::{
    meta::{GROUP, ObjectRef},
    v1, v1alpha2, v1alpha3, v1beta1, x_v1alpha1,
};
use k8s_openapi::Resource;

macro_rules! same {
    ($( $old:ty, $new:ty, { $($field:ident),+ }; )+) => {$(
        impl From<$old> for $new {
            /// The same object in the other version. Nothing is lost.
            fn from(object: $old) -> Self {
                Self { $( $field: object.$field ),+ }
            }
        }

        impl From<$new> for $old {
            /// The same object in the other version. Nothing is lost.
            fn from(object: $new) -> Self {
                Self { $( $field: object.$field ),+ }
            }
        }
    )+};
}

same! {
    v1beta1::GatewayClass, v1::GatewayClass, { metadata, spec, status };
    v1beta1::Gateway, v1::Gateway, { metadata, spec, status };
    v1beta1::HttpRoute, v1::HttpRoute, { metadata, spec, status };
    v1alpha2::GrpcRoute, v1::GrpcRoute, { metadata, spec, status };
    v1alpha2::ReferenceGrant, v1beta1::ReferenceGrant, { metadata, spec };
    v1alpha2::ReferenceGrant, v1::ReferenceGrant, { metadata, spec };
    v1beta1::ReferenceGrant, v1::ReferenceGrant, { metadata, spec };
    v1alpha3::TlsRoute, v1::TlsRoute, { metadata, spec, status };
    v1alpha3::BackendTlsPolicy, v1::BackendTlsPolicy, { metadata, spec, status };
    x_v1alpha1::XListenerSet, v1::ListenerSet, { metadata, spec, status };
}

impl From<v1alpha2::BackendLbPolicy> for x_v1alpha1::XBackendTrafficPolicy {
    /// The policy as the kind that has replaced it. Nothing is lost.
    fn from(policy: v1alpha2::BackendLbPolicy) -> Self {
        Self {
            metadata: policy.metadata,
            spec: x_v1alpha1::BackendTrafficPolicySpec {
                session_persistence: policy.spec.session_persistence,
                target_refs: policy.spec.target_refs,
                ..Default::default()
            },
            status: policy.status,
        }
    }
}

impl TryFrom<x_v1alpha1::XBackendTrafficPolicy> for v1alpha2::BackendLbPolicy {
    type Error = ConversionError;

    /// The policy as the kind that was there before.
    ///
    /// # Errors
    ///
    /// The policy limits retries, which the kind before does not know.
    fn try_from(policy: x_v1alpha1::XBackendTrafficPolicy) -> Result<Self, ConversionError> {
        if policy.spec.retry_constraint.is_some() {
            let problem = Problem::NoForm {
                message: format!("{} has no such field", Self::KIND),
                help: format!(
                    "keep the policy as {}, or do without the field",
                    x_v1alpha1::XBackendTrafficPolicy::KIND
                ),
            };
            return Err(ConversionError::new(
                ObjectRef {
                    group: GROUP.to_owned(),
                    kind: Self::KIND.to_owned(),
                    namespace: policy.metadata.namespace.unwrap_or_default(),
                    name: policy.metadata.name.unwrap_or_default(),
                },
                Self::API_VERSION,
                vec![ConversionProblem::new("spec.retryConstraint", problem)],
            ));
        }
        Ok(Self {
            metadata: policy.metadata,
            spec: v1alpha2::BackendLbPolicySpec {
                session_persistence: policy.spec.session_persistence,
                target_refs: policy.spec.target_refs,
            },
            status: policy.status,
        })
    }
}
