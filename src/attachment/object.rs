//! The kinds of objects that a snapshot holds, and how they are read.

use crate::{
    meta::{GroupVersionKind, NamespacedName, ObjectReference},
    v1, v1alpha2, v1alpha3, v1beta1,
};
use k8s_openapi::{
    api::{
        core::v1::{ConfigMap, Endpoints, Namespace, Secret, Service},
        discovery::v1::EndpointSlice,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The API group of the Multi-Cluster Services API.
pub const MULTICLUSTER_GROUP: &str = "multicluster.x-k8s.io";

/// A Service of other clusters (Multi-Cluster Services API), as far as a backend needs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceImport {
    /// The standard object metadata.
    pub metadata: ObjectMeta,
    /// What is imported.
    #[serde(default)]
    pub spec: ServiceImportSpec,
}

/// What a ServiceImport imports (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceImportSpec {
    /// The ports.
    #[serde(default)]
    pub ports: Vec<ServiceImportPort>,
}

/// A port of a ServiceImport.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceImportPort {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its number.
    pub port: i32,
    /// `TCP` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The application protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
}

/// An object of a [`Snapshot`](super::Snapshot), in the one form that stands for all its versions.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "each variant is the kind of its name, in the version that its type says"
)]
pub enum Object {
    GatewayClass(Arc<v1::GatewayClass>),
    Gateway(Arc<v1::Gateway>),
    HttpRoute(Arc<v1::HttpRoute>),
    GrpcRoute(Arc<v1::GrpcRoute>),
    TlsRoute(Arc<v1alpha2::TlsRoute>),
    TcpRoute(Arc<v1alpha2::TcpRoute>),
    UdpRoute(Arc<v1alpha2::UdpRoute>),
    ReferenceGrant(Arc<v1beta1::ReferenceGrant>),
    BackendTlsPolicy(Arc<v1alpha3::BackendTlsPolicy>),
    BackendLbPolicy(Arc<v1alpha2::BackendLbPolicy>),
    Service(Arc<Service>),
    EndpointSlice(Arc<EndpointSlice>),
    Endpoints(Arc<Endpoints>),
    Secret(Arc<Secret>),
    ConfigMap(Arc<ConfigMap>),
    Namespace(Arc<Namespace>),
    ServiceImport(Arc<ServiceImport>),
    /// Any other object: only that it is there counts, for `parametersRef`.
    Other(ObjectReference),
}

/// Why an object could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{reference} cannot be read: {source}")]
pub struct ObjectError {
    reference: String,
    source: serde_json::Error,
}

impl ObjectError {
    /// Kind, namespace and name, as far as they could be read.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

macro_rules! from_objects {
    ($($kind:path => $variant:ident),+ $(,)?) => {$(
        impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$variant(Arc::new(object))
            }
        }

        impl From<Arc<$kind>> for Object {
            fn from(object: Arc<$kind>) -> Self {
                Self::$variant(object)
            }
        }
    )+};
}

from_objects! {
    v1::GatewayClass => GatewayClass,
    v1::Gateway => Gateway,
    v1::HttpRoute => HttpRoute,
    v1::GrpcRoute => GrpcRoute,
    v1alpha2::TlsRoute => TlsRoute,
    v1alpha2::TcpRoute => TcpRoute,
    v1alpha2::UdpRoute => UdpRoute,
    v1beta1::ReferenceGrant => ReferenceGrant,
    v1alpha3::BackendTlsPolicy => BackendTlsPolicy,
    v1alpha2::BackendLbPolicy => BackendLbPolicy,
    Service => Service,
    EndpointSlice => EndpointSlice,
    Endpoints => Endpoints,
    Secret => Secret,
    ConfigMap => ConfigMap,
    Namespace => Namespace,
    ServiceImport => ServiceImport,
}

impl From<v1beta1::GatewayClass> for Object {
    fn from(old: v1beta1::GatewayClass) -> Self {
        v1::GatewayClass {
            metadata: old.metadata,
            spec: old.spec,
            status: old.status,
        }
        .into()
    }
}

impl From<v1beta1::Gateway> for Object {
    fn from(old: v1beta1::Gateway) -> Self {
        v1::Gateway {
            metadata: old.metadata,
            spec: old.spec,
            status: old.status,
        }
        .into()
    }
}

impl From<v1beta1::HttpRoute> for Object {
    fn from(old: v1beta1::HttpRoute) -> Self {
        v1::HttpRoute {
            metadata: old.metadata,
            spec: old.spec,
            status: old.status,
        }
        .into()
    }
}

impl From<v1alpha2::GrpcRoute> for Object {
    fn from(old: v1alpha2::GrpcRoute) -> Self {
        v1::GrpcRoute {
            metadata: old.metadata,
            spec: old.spec,
            status: old.status,
        }
        .into()
    }
}

impl From<v1alpha2::ReferenceGrant> for Object {
    fn from(old: v1alpha2::ReferenceGrant) -> Self {
        v1beta1::ReferenceGrant {
            metadata: old.metadata,
            spec: old.spec,
        }
        .into()
    }
}

impl From<v1alpha2::BackendTlsPolicy> for Object {
    /// The v1.0.0 form can name a target in another namespace, which v1.1.0 does not allow: such a target
    /// is read under a kind that no object has, so that the policy does not attach to the wrong Service.
    fn from(old: v1alpha2::BackendTlsPolicy) -> Self {
        let target = old.spec.target_ref;
        let own = old.metadata.namespace.as_deref().unwrap_or_default();
        let elsewhere = target.namespace.as_deref().is_some_and(|n| n != own);
        v1alpha3::BackendTlsPolicy {
            metadata: old.metadata,
            spec: v1alpha3::BackendTlsPolicySpec {
                target_refs: vec![v1alpha2::LocalPolicyTargetReferenceWithSectionName {
                    group: target.group,
                    kind: if elsewhere {
                        format!("{} of another namespace", target.kind)
                    } else {
                        target.kind
                    },
                    name: target.name,
                    section_name: target.section_name,
                }],
                validation: v1alpha3::BackendTlsPolicyValidation {
                    ca_certificate_refs: old.spec.tls.ca_cert_refs,
                    well_known_ca_certificates: old.spec.tls.well_known_ca_certs,
                    hostname: old.spec.tls.hostname,
                },
            },
            status: old.status,
        }
        .into()
    }
}

impl Object {
    /// Reads an object of any kind and version from its JSON form.
    ///
    /// # Errors
    ///
    /// Fails where the object does not have the form of its kind. A kind that a snapshot has no use for is
    /// no error and becomes [`Object::Other`].
    pub fn from_json(value: Value) -> Result<Self, ObjectError> {
        let text = |pointer: &str| {
            value
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let gvk = GroupVersionKind::from_api_version(&text("/apiVersion"), &text("/kind"));
        let reference = ObjectReference {
            group: gvk.group.clone(),
            kind: gvk.kind.clone(),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
        };
        fn read<T: serde::de::DeserializeOwned + Into<Object>>(
            value: Value,
        ) -> Result<Object, serde_json::Error> {
            serde_json::from_value::<T>(value).map(Into::into)
        }
        let described = reference.to_string();
        let object = match (gvk.group.as_str(), gvk.version.as_str(), gvk.kind.as_str()) {
            (crate::meta::GROUP, version, kind) => match (version, kind) {
                ("v1", "GatewayClass") => read::<v1::GatewayClass>(value),
                ("v1", "Gateway") => read::<v1::Gateway>(value),
                ("v1", "HTTPRoute") => read::<v1::HttpRoute>(value),
                ("v1", "GRPCRoute") => read::<v1::GrpcRoute>(value),
                ("v1beta1", "GatewayClass") => read::<v1beta1::GatewayClass>(value),
                ("v1beta1", "Gateway") => read::<v1beta1::Gateway>(value),
                ("v1beta1", "HTTPRoute") => read::<v1beta1::HttpRoute>(value),
                ("v1beta1", "ReferenceGrant") => read::<v1beta1::ReferenceGrant>(value),
                ("v1alpha2", "GRPCRoute") => read::<v1alpha2::GrpcRoute>(value),
                ("v1alpha2", "ReferenceGrant") => read::<v1alpha2::ReferenceGrant>(value),
                ("v1alpha2", "TLSRoute") => read::<v1alpha2::TlsRoute>(value),
                ("v1alpha2", "TCPRoute") => read::<v1alpha2::TcpRoute>(value),
                ("v1alpha2", "UDPRoute") => read::<v1alpha2::UdpRoute>(value),
                ("v1alpha2", "BackendLBPolicy") => read::<v1alpha2::BackendLbPolicy>(value),
                ("v1alpha2", "BackendTLSPolicy") => read::<v1alpha2::BackendTlsPolicy>(value),
                ("v1alpha3", "BackendTLSPolicy") => read::<v1alpha3::BackendTlsPolicy>(value),
                _ => Ok(Self::Other(reference)),
            },
            ("", "v1", "Service") => read::<Service>(value),
            ("", "v1", "Endpoints") => read::<Endpoints>(value),
            ("", "v1", "Secret") => read::<Secret>(value),
            ("", "v1", "ConfigMap") => read::<ConfigMap>(value),
            ("", "v1", "Namespace") => read::<Namespace>(value),
            ("discovery.k8s.io", "v1", "EndpointSlice") => read::<EndpointSlice>(value),
            (MULTICLUSTER_GROUP, _, "ServiceImport") => read::<ServiceImport>(value),
            _ => Ok(Self::Other(reference)),
        };
        object.map_err(|source| ObjectError {
            reference: described,
            source,
        })
    }

    /// Group, kind, namespace and name.
    #[must_use]
    pub fn reference(&self) -> ObjectReference {
        let (group, kind, metadata) = match self {
            Self::GatewayClass(o) => (crate::meta::GROUP, "GatewayClass", &o.metadata),
            Self::Gateway(o) => (crate::meta::GROUP, "Gateway", &o.metadata),
            Self::HttpRoute(o) => (crate::meta::GROUP, "HTTPRoute", &o.metadata),
            Self::GrpcRoute(o) => (crate::meta::GROUP, "GRPCRoute", &o.metadata),
            Self::TlsRoute(o) => (crate::meta::GROUP, "TLSRoute", &o.metadata),
            Self::TcpRoute(o) => (crate::meta::GROUP, "TCPRoute", &o.metadata),
            Self::UdpRoute(o) => (crate::meta::GROUP, "UDPRoute", &o.metadata),
            Self::ReferenceGrant(o) => (crate::meta::GROUP, "ReferenceGrant", &o.metadata),
            Self::BackendTlsPolicy(o) => (crate::meta::GROUP, "BackendTLSPolicy", &o.metadata),
            Self::BackendLbPolicy(o) => (crate::meta::GROUP, "BackendLBPolicy", &o.metadata),
            Self::Service(o) => ("", "Service", &o.metadata),
            Self::EndpointSlice(o) => ("discovery.k8s.io", "EndpointSlice", &o.metadata),
            Self::Endpoints(o) => ("", "Endpoints", &o.metadata),
            Self::Secret(o) => ("", "Secret", &o.metadata),
            Self::ConfigMap(o) => ("", "ConfigMap", &o.metadata),
            Self::Namespace(o) => ("", "Namespace", &o.metadata),
            Self::ServiceImport(o) => (MULTICLUSTER_GROUP, "ServiceImport", &o.metadata),
            Self::Other(reference) => return reference.clone(),
        };
        let cluster_wide = matches!(self, Self::GatewayClass(_) | Self::Namespace(_));
        ObjectReference {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: if cluster_wide {
                String::new()
            } else {
                namespace(metadata).to_owned()
            },
            name: metadata.name.clone().unwrap_or_default(),
        }
    }
}

/// The namespace of a namespaced object: `default` where it names none, as with `kubectl`.
pub(super) fn namespace(metadata: &ObjectMeta) -> &str {
    metadata
        .namespace
        .as_deref()
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or("default")
}

/// The place of a namespaced object.
pub(super) fn place(metadata: &ObjectMeta) -> NamespacedName {
    NamespacedName::new(
        namespace(metadata),
        metadata.name.clone().unwrap_or_default(),
    )
}
