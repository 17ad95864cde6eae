//! The CustomResourceDefinitions of the Gateway API that are installed, as far as their release goes.

use crate::{crd::BUNDLE_VERSION_ANNOTATION, meta};
use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::Deserialize;

/// The API group of CustomResourceDefinitions.
pub(in crate::attachment) const EXTENSIONS_GROUP: &str = "apiextensions.k8s.io";

/// The groups of the Gateway API, the experimental one included.
const GROUPS: [&str; 2] = [meta::GROUP, "gateway.networking.x-k8s.io"];

/// A CustomResourceDefinition, without its schemas: which kind of which group it defines, and of which release
/// it is. A [`Snapshot`](super::snapshot::Snapshot) holds no more of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstalledCrd {
    /// Its name, as in `gateways.gateway.networking.k8s.io`.
    pub name: String,
    /// The group of the kind (`spec.group`).
    pub group: String,
    /// The release that the annotation `gateway.networking.k8s.io/bundle-version` names.
    pub bundle_version: Option<String>,
}

impl InstalledCrd {
    /// Whether the kind is one of the Gateway API.
    #[must_use]
    pub fn is_gateway_api(&self) -> bool {
        GROUPS.contains(&self.group.as_str())
    }

    /// Reads the JSON form of a CustomResourceDefinition; nothing if it cannot be one.
    pub(super) fn read(value: &serde_json::Value) -> Option<Self> {
        #[derive(Deserialize)]
        struct Definition {
            metadata: ObjectMeta,
            spec: Spec,
        }
        #[derive(Deserialize)]
        struct Spec {
            group: String,
        }
        let Definition { metadata, spec } = Definition::deserialize(value).ok()?;
        Some(Self::of(metadata, spec.group))
    }

    fn of(metadata: ObjectMeta, group: String) -> Self {
        Self {
            name: metadata.name.unwrap_or_default(),
            group,
            bundle_version: metadata
                .annotations
                .and_then(|mut annotations| annotations.remove(BUNDLE_VERSION_ANNOTATION)),
        }
    }
}

impl From<CustomResourceDefinition> for InstalledCrd {
    fn from(definition: CustomResourceDefinition) -> Self {
        Self::of(definition.metadata, definition.spec.group)
    }
}
