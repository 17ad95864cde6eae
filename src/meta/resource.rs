//! What makes a type a Kubernetes resource.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::{fmt, marker::PhantomData};

/// A kind of the Gateway API in one version.
///
/// Implemented by every resource of the crate next to `k8s_openapi::Resource`, from which
/// `kube_core::Resource` follows: `kube::Api<HttpRoute>` works as it is.
pub trait Kind:
    k8s_openapi::Resource
    + k8s_openapi::Metadata<Ty = k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta>
    + serde::Serialize
    + serde::de::DeserializeOwned
    + schemars::JsonSchema
    + Clone
    + fmt::Debug
    + Default
    + PartialEq
    + Send
    + Sync
    + 'static
{
    /// Whether objects of this kind live in a namespace; the others are cluster-wide.
    const NAMESPACED: bool;
    /// Whether objects of this kind have a status.
    const HAS_STATUS: bool;

    /// Whether somebody has asked to delete the object (`metadata.deletionTimestamp`), and finalizers keep it. It counts
    /// until it is gone, so that traffic does not depend on how long that takes; who holds a finalizer cleans up now.
    fn is_being_deleted(&self) -> bool {
        self.metadata().deletion_timestamp.is_some()
    }
}

/// Accepts exactly the text that the kind `K` has in one of its type fields.
pub(crate) struct TypeField<K, const API_VERSION: bool>(PhantomData<K>);

impl<'de, K: k8s_openapi::Resource, const API_VERSION: bool> Deserialize<'de>
    for TypeField<K, API_VERSION>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Exactly(&'static str);

        impl Visitor<'_> for Exactly {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "`{}`", self.0)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
                if text == self.0 {
                    Ok(())
                } else {
                    Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
                }
            }
        }

        let expected = if API_VERSION { K::API_VERSION } else { K::KIND };
        deserializer
            .deserialize_str(Exactly(expected))
            .map(|()| Self(PhantomData))
    }
}

/// Declares a resource: its struct with `metadata`, `spec` and `status`, and all that makes it a
/// resource for serde, schemars, k8s-openapi and kube (with its `HasSpec` and, where there is a status, `HasStatus`).
///
/// `spec: optional T` where the API lets a client leave `spec` out, `spec: optional, required "1.4" T` where it does so
/// no longer since v1.4.0. `experiment` stands before the name of kinds of the group of experiments.
macro_rules! resource {
    (
        $(#[doc = $doc:literal])+
        $scope:ident $name:ident = $kind:literal, $list:ident = $list_kind:literal, $plural:literal, $version:literal;
        spec: optional $(, required $required:literal)? $spec:ty $(; status: $status:ty)?
    ) => {
        $crate::meta::resource!(@all [$($doc),+] $scope $name $kind $list $list_kind $plural
            ["gateway.networking.k8s.io"] $version
            [Option<$spec>] [Option::is_none] [] [$($required)?] [$spec] $([$status])?);
    };
    (
        $(#[doc = $doc:literal])+
        $scope:ident $name:ident = $kind:literal, $list:ident = $list_kind:literal, $plural:literal, $version:literal;
        spec: $spec:ty $(; status: $status:ty)?
    ) => {
        $crate::meta::resource!(@all [$($doc),+] $scope $name $kind $list $list_kind $plural
            ["gateway.networking.k8s.io"] $version
            [$spec] [|_| false] ["spec"] [] [$spec] $([$status])?);
    };
    (
        $(#[doc = $doc:literal])+
        $scope:ident experiment $name:ident = $kind:literal, $list:ident = $list_kind:literal, $plural:literal, $version:literal;
        spec: $spec:ty $(; status: $status:ty)?
    ) => {
        $crate::meta::resource!(@all [$($doc),+] $scope $name $kind $list $list_kind $plural
            ["gateway.networking.x-k8s.io"] $version
            [$spec] [|_| false] ["spec"] [] [$spec] $([$status])?);
    };
    (@scope Namespaced) => { k8s_openapi::NamespaceResourceScope };
    (@scope Cluster) => { k8s_openapi::ClusterResourceScope };
    (@namespaced Namespaced) => { true };
    (@namespaced Cluster) => { false };
    (@spec $schema:expr) => { $schema };
    (@spec $schema:expr, $required_when:literal) => {{
        let mut schema: schemars::Schema = $schema;
        schema.insert("x-gwapi-required".to_owned(), $crate::meta::when!($required_when).to_string().into());
        schema
    }};
    (@is_empty) => { true };
    (@is_empty [$status:ty]) => { false };
    (@all [$($doc:literal),+] $scope:ident $name:ident $kind:literal $list:ident $list_kind:literal $plural:literal
        [$group:literal] $version:literal
        [$spec:ty] [$spec_absent:expr] [$($required:literal)?] [$($required_when:literal)?] [$spec_schema:ty] $([$status:ty])?
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            /// Name, namespace, labels and the rest of the standard object metadata.
            pub metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
            /// The desired state, written by the object's owner.
            pub spec: $spec,
            $(
                /// The observed state, written by controllers.
                pub status: Option<$status>,
            )?
        }

        #[doc = concat!("A list of [`", stringify!($name), "`] as the API server returns it.")]
        pub type $list = k8s_openapi::List<$name>;

        impl $name {
            #[doc = concat!("A new `", $kind, "` with this name and `spec`, and nothing else.")]
            #[must_use]
            pub fn new(name: impl Into<String>, spec: $spec_schema) -> Self {
                Self {
                    metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
                        name: Some(name.into()),
                        ..Default::default()
                    },
                    spec: spec.into(),
                    $( status: None::<$status>, )?
                }
            }
        }

        impl k8s_openapi::Resource for $name {
            const API_VERSION: &'static str = concat!($group, "/", $version);
            const GROUP: &'static str = $group;
            const KIND: &'static str = $kind;
            const VERSION: &'static str = $version;
            const URL_PATH_SEGMENT: &'static str = $plural;
            type Scope = $crate::meta::resource!(@scope $scope);
        }

        impl k8s_openapi::ListableResource for $name {
            const LIST_KIND: &'static str = $list_kind;
        }

        impl k8s_openapi::Metadata for $name {
            type Ty = k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

            fn metadata(&self) -> &Self::Ty {
                &self.metadata
            }

            fn metadata_mut(&mut self) -> &mut Self::Ty {
                &mut self.metadata
            }
        }

        impl kube_core::object::HasSpec for $name {
            type Spec = $spec;

            fn spec(&self) -> &$spec {
                &self.spec
            }

            fn spec_mut(&mut self) -> &mut $spec {
                &mut self.spec
            }
        }

        $(
            impl kube_core::object::HasStatus for $name {
                type Status = $status;

                fn status(&self) -> Option<&$status> {
                    self.status.as_ref()
                }

                fn status_mut(&mut self) -> &mut Option<$status> {
                    &mut self.status
                }
            }
        )?

        impl $crate::meta::Kind for $name {
            const NAMESPACED: bool = $crate::meta::resource!(@namespaced $scope);
            const HAS_STATUS: bool = !$crate::meta::resource!(@is_empty $([$status])?);
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct;
                let absent: fn(&$spec) -> bool = $spec_absent;
                let mut object = serializer.serialize_struct($kind, 5)?;
                object.serialize_field("apiVersion", <Self as k8s_openapi::Resource>::API_VERSION)?;
                object.serialize_field("kind", $kind)?;
                object.serialize_field("metadata", &self.metadata)?;
                if absent(&self.spec) {
                    object.skip_field("spec")?;
                } else {
                    object.serialize_field("spec", &self.spec)?;
                }
                $(
                    let status: &Option<$status> = &self.status;
                    match status {
                        Some(status) => object.serialize_field("status", status)?,
                        None => object.skip_field("status")?,
                    }
                )?
                object.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                #[serde(rename_all = "camelCase")]
                struct Object {
                    // Members of a typed list may lack the type fields; a wrong one is an error.
                    #[serde(default, rename = "apiVersion")]
                    _api_version: Option<$crate::meta::resource::TypeField<$name, true>>,
                    #[serde(default, rename = "kind")]
                    _kind: Option<$crate::meta::resource::TypeField<$name, false>>,
                    metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
                    spec: $spec,
                    $(status: Option<$status>,)?
                }
                let object = Object::deserialize(deserializer)?;
                Ok(Self {
                    metadata: object.metadata,
                    spec: object.spec,
                    $(status: { let status: Option<$status> = object.status; status },)?
                })
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $kind.into()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                concat!($group, "/", $version, "/", $kind).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut schema = schemars::json_schema!({
                    "type": "object",
                    "description": concat!($($doc, "\n"),+).trim(),
                    "properties": {
                        "apiVersion": {
                            "type": "string",
                            "description": "The API group and version in which this object is written.",
                        },
                        "kind": {
                            "type": "string",
                            "description": "The kind of this object.",
                        },
                        "metadata": { "type": "object" },
                        "spec": $crate::meta::resource!(
                            @spec generator.subschema_for::<$spec_schema>() $(, $required_when)?
                        ),
                        $( "status": generator.subschema_for::<$status>(), )?
                    },
                });
                let required: &[&str] = &[$($required)?];
                if !required.is_empty() {
                    schema.insert("required".to_owned(), required.into());
                }
                schema
            }
        }
    };
}

pub(crate) use resource;
