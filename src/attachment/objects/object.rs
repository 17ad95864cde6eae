//! The kinds of objects that a snapshot holds, and how they are read.

use super::installed::{EXTENSIONS_GROUP, InstalledCrd};
pub use crate::meta::MULTICLUSTER_GROUP;
use crate::{
    manifest,
    meta::{GROUP, NamespacedName, ObjectRef},
    v1, v1alpha2, v1alpha3, v1beta1,
};
use k8s_openapi::{
    api::{
        core::v1::{ConfigMap, Endpoints, Namespace, Secret, Service},
        discovery::v1::EndpointSlice,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// Objects of one kind by their place.
pub type ByPlace<T> = BTreeMap<NamespacedName, Arc<T>>;

/// The kind of CustomResourceDefinitions.
pub(in crate::attachment) const CRD_KIND: &str = "CustomResourceDefinition";

/// The groups and kinds of backends.
pub(crate) const BACKEND_KINDS: &[(&str, &str)] =
    &[("", "Service"), (MULTICLUSTER_GROUP, "ServiceImport")];

/// A Service of other clusters (Multi-Cluster Services API), as far as a backend needs it: to be read and watched
/// (`kube::Api<ServiceImport>`), in the version that the first release of that API has. It is not to be written, since it
/// lacks fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceImport {
    /// The standard object metadata.
    pub metadata: ObjectMeta,
    /// What is imported.
    #[serde(default)]
    pub spec: ServiceImportSpec,
}

impl k8s_openapi::Resource for ServiceImport {
    const API_VERSION: &'static str = "multicluster.x-k8s.io/v1alpha1";
    const GROUP: &'static str = MULTICLUSTER_GROUP;
    const KIND: &'static str = "ServiceImport";
    const VERSION: &'static str = "v1alpha1";
    const URL_PATH_SEGMENT: &'static str = "serviceimports";
    type Scope = k8s_openapi::NamespaceResourceScope;
}

impl k8s_openapi::ListableResource for ServiceImport {
    const LIST_KIND: &'static str = "ServiceImportList";
}

impl k8s_openapi::Metadata for ServiceImport {
    type Ty = ObjectMeta;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// What a ServiceImport imports (`spec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceImportSpec {
    /// The addresses of the import in the cluster set; none where it is headless.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ips: Vec<String>,
    /// The ports.
    #[serde(default)]
    pub ports: Vec<ServiceImportPort>,
    /// `ClusterSetIP`, or `Headless` where each endpoint is reached by its own address.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
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

/// An object of a [`Snapshot`](crate::attachment::Snapshot), in the one form that stands for all its versions. `Debug` shows
/// no more of a Secret than its name.
#[derive(Clone)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "each variant is the kind of its name, in the version that its type says"
)]
pub enum SnapshotObject {
    GatewayClass(Arc<v1::GatewayClass>),
    Gateway(Arc<v1::Gateway>),
    HttpRoute(Arc<v1::HttpRoute>),
    GrpcRoute(Arc<v1::GrpcRoute>),
    TlsRoute(Arc<v1::TlsRoute>),
    TcpRoute(Arc<v1::TcpRoute>),
    UdpRoute(Arc<v1::UdpRoute>),
    ReferenceGrant(Arc<v1::ReferenceGrant>),
    BackendTlsPolicy(Arc<v1::BackendTlsPolicy>),
    BackendLbPolicy(Arc<v1alpha2::BackendLbPolicy>),
    Service(Arc<Service>),
    EndpointSlice(Arc<EndpointSlice>),
    Endpoints(Arc<Endpoints>),
    Secret(Arc<Secret>),
    ConfigMap(Arc<ConfigMap>),
    Namespace(Arc<Namespace>),
    ServiceImport(Arc<ServiceImport>),
    /// A CustomResourceDefinition, without its schemas.
    InstalledCrd(Arc<InstalledCrd>),
    /// Any other object: only that it is there counts, for `parametersRef`.
    Other(ObjectRef),
}

macro_rules! from_objects {
    ($($kind:path => $variant:ident),+ $(,)?) => {$(
        impl From<$kind> for SnapshotObject {
            fn from(object: $kind) -> Self {
                Self::$variant(Arc::new(object))
            }
        }

        impl From<Arc<$kind>> for SnapshotObject {
            fn from(object: Arc<$kind>) -> Self {
                Self::$variant(object)
            }
        }
    )+

        impl fmt::Debug for SnapshotObject {
            #[expect(unreachable_patterns, reason = "a Secret is among the kinds as well")]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Secret(secret) => f
                        .debug_tuple("Secret")
                        .field(&place(&secret.metadata))
                        .finish_non_exhaustive(),
                    $( Self::$variant(object) => f
                        .debug_tuple(stringify!($variant))
                        .field(object)
                        .finish(), )+
                    Self::Other(reference) => f.debug_tuple("Other").field(reference).finish(),
                }
            }
        }
    };
}

from_objects! {
    v1::GatewayClass => GatewayClass,
    v1::Gateway => Gateway,
    v1::HttpRoute => HttpRoute,
    v1::GrpcRoute => GrpcRoute,
    v1::TlsRoute => TlsRoute,
    v1::TcpRoute => TcpRoute,
    v1::UdpRoute => UdpRoute,
    v1::ReferenceGrant => ReferenceGrant,
    v1::BackendTlsPolicy => BackendTlsPolicy,
    v1alpha2::BackendLbPolicy => BackendLbPolicy,
    Service => Service,
    EndpointSlice => EndpointSlice,
    Endpoints => Endpoints,
    Secret => Secret,
    ConfigMap => ConfigMap,
    Namespace => Namespace,
    ServiceImport => ServiceImport,
    InstalledCrd => InstalledCrd,
}

impl From<CustomResourceDefinition> for SnapshotObject {
    fn from(definition: CustomResourceDefinition) -> Self {
        InstalledCrd::from(definition).into()
    }
}

impl From<Arc<CustomResourceDefinition>> for SnapshotObject {
    fn from(definition: Arc<CustomResourceDefinition>) -> Self {
        Arc::unwrap_or_clone(definition).into()
    }
}

macro_rules! from_older_versions {
    ($($old:path => $new:path),+ $(,)?) => {$(
        impl From<$old> for SnapshotObject {
            fn from(old: $old) -> Self {
                <$new>::from(old).into()
            }
        }

        impl From<Arc<$old>> for SnapshotObject {
            fn from(old: Arc<$old>) -> Self {
                Arc::unwrap_or_clone(old).into()
            }
        }
    )+};
}

from_older_versions! {
    v1beta1::GatewayClass => v1::GatewayClass,
    v1beta1::Gateway => v1::Gateway,
    v1beta1::HttpRoute => v1::HttpRoute,
    v1alpha2::GrpcRoute => v1::GrpcRoute,
    v1beta1::ReferenceGrant => v1::ReferenceGrant,
    v1alpha2::ReferenceGrant => v1::ReferenceGrant,
    v1alpha2::TlsRoute => v1::TlsRoute,
    v1alpha3::TlsRoute => v1::TlsRoute,
    v1alpha2::TcpRoute => v1::TcpRoute,
    v1alpha2::UdpRoute => v1::UdpRoute,
    v1alpha3::BackendTlsPolicy => v1::BackendTlsPolicy,
}

impl From<v1alpha2::BackendTlsPolicy> for SnapshotObject {
    /// The v1.0.0 form can name a target in another namespace, which later releases do not allow: such a target
    /// is read under a kind that no object has, so that the policy does not attach to the wrong Service.
    fn from(old: v1alpha2::BackendTlsPolicy) -> Self {
        let target = old.spec.target_ref;
        let own = old.metadata.namespace.as_deref().unwrap_or_default();
        let elsewhere = target.namespace.as_deref().is_some_and(|n| n != own);
        v1::BackendTlsPolicy {
            metadata: old.metadata,
            spec: v1::BackendTlsPolicySpec {
                target_refs: vec![v1::LocalPolicyTargetReferenceWithSectionName {
                    group: target.group,
                    kind: if elsewhere {
                        format!("{} of another namespace", target.kind)
                    } else {
                        target.kind
                    },
                    name: target.name,
                    section_name: target.section_name,
                }],
                validation: v1::BackendTlsPolicyValidation {
                    ca_certificate_refs: old.spec.tls.ca_cert_refs,
                    well_known_ca_certificates: old.spec.tls.well_known_ca_certs,
                    hostname: old.spec.tls.hostname,
                    ..Default::default()
                },
                ..Default::default()
            },
            status: old.status,
        }
        .into()
    }
}

impl From<Arc<v1alpha2::BackendTlsPolicy>> for SnapshotObject {
    fn from(old: Arc<v1alpha2::BackendTlsPolicy>) -> Self {
        Arc::unwrap_or_clone(old).into()
    }
}

impl From<manifest::Object> for SnapshotObject {
    fn from(object: manifest::Object) -> Self {
        use manifest::Object as M;
        match object {
            M::GatewayClass(o) => (*o).into(),
            M::Gateway(o) => (*o).into(),
            M::HttpRoute(o) => (*o).into(),
            M::GrpcRoute(o) => (*o).into(),
            M::GatewayClassV1Beta1(o) => (*o).into(),
            M::GatewayV1Beta1(o) => (*o).into(),
            M::HttpRouteV1Beta1(o) => (*o).into(),
            M::ReferenceGrant(o) => (*o).into(),
            M::GrpcRouteV1Alpha2(o) => (*o).into(),
            M::ReferenceGrantV1Alpha2(o) => (*o).into(),
            M::TcpRoute(o) => (*o).into(),
            M::TlsRoute(o) => (*o).into(),
            M::UdpRoute(o) => (*o).into(),
            M::BackendLbPolicy(o) => (*o).into(),
            M::BackendTlsPolicyV1Alpha2(o) => (*o).into(),
            M::BackendTlsPolicy(o) => (*o).into(),
            M::BackendTlsPolicyV1Alpha3(o) => (*o).into(),
            M::ReferenceGrantV1Beta1(o) => (*o).into(),
            M::TcpRouteV1Alpha2(o) => (*o).into(),
            M::TlsRouteV1Alpha2(o) => (*o).into(),
            M::TlsRouteV1Alpha3(o) => (*o).into(),
            M::UdpRouteV1Alpha2(o) => (*o).into(),
            M::Service(o) => (*o).into(),
            M::Endpoints(o) => (*o).into(),
            M::EndpointSlice(o) => (*o).into(),
            M::Namespace(o) => (*o).into(),
            M::Secret(o) => (*o).into(),
            M::ConfigMap(o) => (*o).into(),
            M::ListenerSet(_)
            | M::XBackend(_)
            | M::XBackendTrafficPolicy(_)
            | M::XListenerSet(_)
            | M::XMesh(_)
            | M::XTelemetryPolicy(_)
            | M::Other(_) => other(&object),
        }
    }
}

/// An object of a kind that manifests do not know: a ServiceImport, a CustomResourceDefinition, or one that only
/// counts as there.
fn other(object: &manifest::Object) -> SnapshotObject {
    let gvk = object.gvk();
    if let manifest::Object::Other(value) = object
        && gvk.group == EXTENSIONS_GROUP
        && gvk.kind == "CustomResourceDefinition"
        && let Some(installed) = InstalledCrd::read(value)
    {
        return installed.into();
    }
    if let manifest::Object::Other(value) = object
        && gvk.group == MULTICLUSTER_GROUP
        && gvk.kind == "ServiceImport"
        && let Ok(import) = ServiceImport::deserialize(value.as_ref())
    {
        return import.into();
    }
    SnapshotObject::Other(ObjectRef {
        group: gvk.group,
        kind: gvk.kind,
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
    })
}

impl SnapshotObject {
    /// Group, kind, namespace and name.
    #[must_use]
    pub fn reference(&self) -> ObjectRef {
        let (group, kind, metadata) = match self {
            Self::GatewayClass(o) => (GROUP, "GatewayClass", &o.metadata),
            Self::Gateway(o) => (GROUP, "Gateway", &o.metadata),
            Self::HttpRoute(o) => (GROUP, "HTTPRoute", &o.metadata),
            Self::GrpcRoute(o) => (GROUP, "GRPCRoute", &o.metadata),
            Self::TlsRoute(o) => (GROUP, "TLSRoute", &o.metadata),
            Self::TcpRoute(o) => (GROUP, "TCPRoute", &o.metadata),
            Self::UdpRoute(o) => (GROUP, "UDPRoute", &o.metadata),
            Self::ReferenceGrant(o) => (GROUP, "ReferenceGrant", &o.metadata),
            Self::BackendTlsPolicy(o) => (GROUP, "BackendTLSPolicy", &o.metadata),
            Self::BackendLbPolicy(o) => (GROUP, "BackendLBPolicy", &o.metadata),
            Self::Service(o) => ("", "Service", &o.metadata),
            Self::EndpointSlice(o) => ("discovery.k8s.io", "EndpointSlice", &o.metadata),
            Self::Endpoints(o) => ("", "Endpoints", &o.metadata),
            Self::Secret(o) => ("", "Secret", &o.metadata),
            Self::ConfigMap(o) => ("", "ConfigMap", &o.metadata),
            Self::Namespace(o) => ("", "Namespace", &o.metadata),
            Self::ServiceImport(o) => (MULTICLUSTER_GROUP, "ServiceImport", &o.metadata),
            Self::InstalledCrd(o) => {
                return ObjectRef {
                    group: EXTENSIONS_GROUP.to_owned(),
                    kind: "CustomResourceDefinition".to_owned(),
                    namespace: String::new(),
                    name: o.name.clone(),
                };
            }
            Self::Other(reference) => return reference.clone(),
        };
        ObjectRef::at(group, kind, &place_of(group, kind, metadata))
    }
}

/// The place of an object of a kind, which may be one of the whole cluster.
pub(in crate::attachment) fn place_of(
    group: &str,
    kind: &str,
    metadata: &ObjectMeta,
) -> NamespacedName {
    let (namespace, name) = place_texts(is_cluster_wide(group, kind), metadata);
    NamespacedName::new(namespace, name)
}

/// Whether the objects of a kind have no namespace.
pub(in crate::attachment) fn is_cluster_wide(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        (GROUP, "GatewayClass") | ("", "Namespace") | (EXTENSIONS_GROUP, CRD_KIND)
    )
}

/// The place of an object, as the texts of namespace and name.
pub(in crate::attachment) fn place_texts(
    is_cluster_wide: bool,
    metadata: &ObjectMeta,
) -> (&str, &str) {
    let namespace = match is_cluster_wide {
        true => "",
        false => namespace(metadata),
    };
    (namespace, metadata.name.as_deref().unwrap_or_default())
}

/// The namespace of a namespaced object: `default` where it names none, as with `kubectl`.
pub(in crate::attachment) fn namespace(metadata: &ObjectMeta) -> &str {
    metadata
        .namespace
        .as_deref()
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or("default")
}

/// The place of a namespaced object.
pub(in crate::attachment) fn place(metadata: &ObjectMeta) -> NamespacedName {
    NamespacedName::new(
        namespace(metadata),
        metadata.name.clone().unwrap_or_default(),
    )
}

/// The reference to a GatewayClass.
pub(crate) fn class_reference(name: &str) -> ObjectRef {
    ObjectRef::gateway_api("GatewayClass", &NamespacedName::new("", name))
}

/// The reference to a Gateway.
pub(in crate::attachment) fn gateway_reference(name: &NamespacedName) -> ObjectRef {
    ObjectRef::gateway_api("Gateway", name)
}
