//! One object of any kind.

use super::value::Shown;
use crate::{
    meta::{GroupVersionKind, NamespacedName},
    v1, v1alpha2, v1alpha3, v1beta1, x_v1alpha1,
};
use k8s_openapi::{
    Resource as _,
    api::{core::v1 as core, discovery::v1 as discovery},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::fmt;

macro_rules! objects {
    ($( $(#[doc = $doc:literal])+ $variant:ident($type:ty), )+) => {
        /// An object: a resource of the Gateway API in the version in which it was written, a core kind that
        /// attachment and routing look at, or anything else as plain JSON. `Debug` shows no more of a Secret than
        /// which it is.
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Object {
            $( $(#[doc = $doc])+ $variant(Box<$type>), )+
            /// An object of a kind, or of a version, that this crate does not know.
            Other(Box<Value>),
        }

        impl fmt::Debug for Object {
            #[expect(unreachable_patterns, reason = "a Secret is among the kinds as well")]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Secret(secret) => f
                        .debug_struct("Secret")
                        .field("namespace", &secret.metadata.namespace)
                        .field("name", &secret.metadata.name)
                        .finish_non_exhaustive(),
                    $( Self::$variant(object) => f
                        .debug_tuple(stringify!($variant))
                        .field(object)
                        .finish(), )+
                    Self::Other(value) => f.debug_tuple("Other").field(&Shown(value)).finish(),
                }
            }
        }

        impl Object {
            /// The kinds that have a variant, as `(apiVersion, kind)`.
            pub const KNOWN: &'static [(&'static str, &'static str)] = &[
                $( (<$type>::API_VERSION, <$type>::KIND), )+
            ];

            pub(super) fn decode_known(
                api_version: &str,
                kind: &str,
                value: &Value,
            ) -> Result<Self, super::value::Misfit> {
                $( if api_version == <$type>::API_VERSION && kind == <$type>::KIND {
                    return super::typed::read_as::<$type>(value).map(|object| Self::$variant(Box::new(object)));
                } )+
                Ok(Self::Other(Box::new(value.clone())))
            }

            /// The fields of an object of a known kind that its type does not have.
            pub(super) fn unread(api_version: &str, kind: &str, value: &Value) -> Vec<super::UnreadField> {
                $( if api_version == <$type>::API_VERSION && kind == <$type>::KIND {
                    return super::typed::unread_of::<$type>(value);
                } )+
                Vec::new()
            }

            /// The standard metadata; nothing for an object of an unknown kind.
            #[must_use]
            pub fn metadata(&self) -> Option<&ObjectMeta> {
                match self {
                    $( Self::$variant(object) => Some(&object.metadata), )+
                    Self::Other(_) => None,
                }
            }

            /// The standard metadata, to change; nothing for an object of an unknown kind.
            pub fn metadata_mut(&mut self) -> Option<&mut ObjectMeta> {
                match self {
                    $( Self::$variant(object) => Some(&mut object.metadata), )+
                    Self::Other(_) => None,
                }
            }

            /// `apiVersion`, as in `gateway.networking.k8s.io/v1`; empty where an unknown object has none.
            #[must_use]
            pub fn api_version(&self) -> &str {
                match self {
                    $( Self::$variant(_) => <$type>::API_VERSION, )+
                    Self::Other(value) => text(value, "/apiVersion"),
                }
            }

            /// `kind`, as in `HTTPRoute`; empty where an unknown object has none.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self {
                    $( Self::$variant(_) => <$type>::KIND, )+
                    Self::Other(value) => text(value, "/kind"),
                }
            }
        }

        impl Serialize for Object {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant(object) => object.serialize(serializer), )+
                    Self::Other(value) => value.serialize(serializer),
                }
            }
        }

        $(
            impl From<$type> for Object {
                fn from(object: $type) -> Self {
                    Self::$variant(Box::new(object))
                }
            }
        )+
    };
}

objects! {
    /// GatewayClass `v1`.
    GatewayClass(v1::GatewayClass),
    /// Gateway `v1`.
    Gateway(v1::Gateway),
    /// HTTPRoute `v1`.
    HttpRoute(v1::HttpRoute),
    /// GRPCRoute `v1`.
    GrpcRoute(v1::GrpcRoute),
    /// TLSRoute `v1`.
    TlsRoute(v1::TlsRoute),
    /// TCPRoute `v1`.
    TcpRoute(v1::TcpRoute),
    /// UDPRoute `v1`.
    UdpRoute(v1::UdpRoute),
    /// ListenerSet `v1`.
    ListenerSet(v1::ListenerSet),
    /// ReferenceGrant `v1`.
    ReferenceGrant(v1::ReferenceGrant),
    /// BackendTLSPolicy `v1`.
    BackendTlsPolicy(v1::BackendTlsPolicy),
    /// GatewayClass `v1beta1`.
    GatewayClassV1Beta1(v1beta1::GatewayClass),
    /// Gateway `v1beta1`.
    GatewayV1Beta1(v1beta1::Gateway),
    /// HTTPRoute `v1beta1`.
    HttpRouteV1Beta1(v1beta1::HttpRoute),
    /// ReferenceGrant `v1beta1`.
    ReferenceGrantV1Beta1(v1beta1::ReferenceGrant),
    /// GRPCRoute `v1alpha2`.
    GrpcRouteV1Alpha2(v1alpha2::GrpcRoute),
    /// ReferenceGrant `v1alpha2`.
    ReferenceGrantV1Alpha2(v1alpha2::ReferenceGrant),
    /// TCPRoute `v1alpha2`.
    TcpRouteV1Alpha2(v1alpha2::TcpRoute),
    /// TLSRoute `v1alpha2`.
    TlsRouteV1Alpha2(v1alpha2::TlsRoute),
    /// UDPRoute `v1alpha2`.
    UdpRouteV1Alpha2(v1alpha2::UdpRoute),
    /// BackendLBPolicy `v1alpha2`.
    BackendLbPolicy(v1alpha2::BackendLbPolicy),
    /// BackendTLSPolicy `v1alpha2`, as release v1.0.0 had it.
    BackendTlsPolicyV1Alpha2(v1alpha2::BackendTlsPolicy),
    /// BackendTLSPolicy `v1alpha3`.
    BackendTlsPolicyV1Alpha3(v1alpha3::BackendTlsPolicy),
    /// TLSRoute `v1alpha3`.
    TlsRouteV1Alpha3(v1alpha3::TlsRoute),
    /// XBackend `v1alpha1`.
    XBackend(x_v1alpha1::XBackend),
    /// XBackendTrafficPolicy `v1alpha1`.
    XBackendTrafficPolicy(x_v1alpha1::XBackendTrafficPolicy),
    /// XListenerSet `v1alpha1`.
    XListenerSet(x_v1alpha1::XListenerSet),
    /// XMesh `v1alpha1`.
    XMesh(x_v1alpha1::XMesh),
    /// XTelemetryPolicy `v1alpha1`.
    XTelemetryPolicy(x_v1alpha1::XTelemetryPolicy),
    /// Core Service.
    Service(core::Service),
    /// Core Endpoints.
    Endpoints(core::Endpoints),
    /// EndpointSlice `discovery.k8s.io/v1`.
    EndpointSlice(discovery::EndpointSlice),
    /// Core Namespace.
    Namespace(core::Namespace),
    /// Core Secret.
    Secret(core::Secret),
    /// Core ConfigMap.
    ConfigMap(core::ConfigMap),
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

impl Object {
    /// Group, version and kind.
    #[must_use]
    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::from_api_version(self.api_version(), self.kind())
    }

    /// `metadata.name`; empty where it is not set.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Other(value) => text(value, "/metadata/name"),
            known => known
                .metadata()
                .and_then(|meta| meta.name.as_deref())
                .unwrap_or_default(),
        }
    }

    /// `metadata.namespace`; empty where it is not set.
    #[must_use]
    pub fn namespace(&self) -> &str {
        match self {
            Self::Other(value) => text(value, "/metadata/namespace"),
            known => known
                .metadata()
                .and_then(|meta| meta.namespace.as_deref())
                .unwrap_or_default(),
        }
    }

    /// Namespace and name together.
    #[must_use]
    pub fn namespaced_name(&self) -> NamespacedName {
        NamespacedName::new(self.namespace(), self.name())
    }
}
