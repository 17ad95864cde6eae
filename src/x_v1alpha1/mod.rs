//! Kinds that are experiments, in the group `gateway.networking.x-k8s.io`, version `v1alpha1`: [`XBackend`],
//! [`XBackendTrafficPolicy`], [`XListenerSet`], [`XMesh`] and [`XTelemetryPolicy`].
//!
//! A later release may drop such a kind, or change its form, without a version in between. What they share with other kinds is
//! the same type as in [`v1`](crate::v1).

mod backend;
mod backend_traffic_policy;
mod listener_set;
mod mesh;
mod telemetry_policy;

pub use backend::{
    BackendAncestorStatus, BackendParentStatus, BackendPort, BackendProtocol, BackendSpec,
    BackendStatus, BackendTls, BackendTlsMode, BackendType, EndpointSelectorBackend,
    ExternalHostnameBackend, XBackend, XBackendList,
};
pub use backend_traffic_policy::{
    BackendTrafficPolicySpec, BudgetDetails, RequestRate, RetryConstraint, XBackendTrafficPolicy,
    XBackendTrafficPolicyList,
};
pub use listener_set::{XListenerSet, XListenerSetList};
pub use mesh::{MeshSpec, MeshStatus, XMesh, XMeshList};
pub use telemetry_policy::{
    Attribute, AttributeSourceType, ParentBasedSampling, ParentBasedSamplingMode,
    TelemetryPolicySpec, TelemetryPolicyStatus, TracingConfig, TracingMode, TracingProvider,
    XTelemetryPolicy, XTelemetryPolicyList,
};
