//! The CustomResourceDefinitions of the Gateway API that are installed, as far as their release goes.

use crate::{
    crd::{BUNDLE_VERSION_ANNOTATION, CHANNEL_ANNOTATION},
    meta::{self, Channel, Release},
};
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
    /// The channel that the annotation `gateway.networking.k8s.io/channel` names.
    pub channel: Option<String>,
    /// The versions of the kind that are served, in the order of the definition. None if that is not known.
    pub served: Vec<String>,
}

impl InstalledCrd {
    /// Whether the kind is one of the Gateway API.
    #[must_use]
    pub fn is_gateway_api(&self) -> bool {
        GROUPS.contains(&self.group.as_str())
    }

    /// Whether a version of the kind is served.
    #[must_use]
    pub fn serves(&self, version: &str) -> bool {
        self.served.iter().any(|served| served == version)
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
            #[serde(default)]
            versions: Vec<Version>,
        }
        #[derive(Deserialize)]
        struct Version {
            #[serde(default)]
            name: String,
            #[serde(default)]
            served: bool,
        }
        let Definition { metadata, spec } = Definition::deserialize(value).ok()?;
        let served = spec.versions.into_iter().filter(|version| version.served);
        let served = served.map(|version| version.name).collect();
        Some(Self::of(metadata, spec.group, served))
    }

    fn of(metadata: ObjectMeta, group: String, served: Vec<String>) -> Self {
        let mut annotations = metadata.annotations.unwrap_or_default();
        Self {
            name: metadata.name.unwrap_or_default(),
            group,
            bundle_version: annotations.remove(BUNDLE_VERSION_ANNOTATION),
            channel: annotations.remove(CHANNEL_ANNOTATION),
            served,
        }
    }
}

/// The release that a bundle version names; for a patch that is not known the newest known one of the same minor release,
/// since patches have the same kinds and fields. Nothing for any other text.
pub(in crate::attachment) fn release_of(bundle_version: &str) -> Option<Release> {
    let minor = |version: &str| -> Option<(u32, u32)> {
        let mut parts = version.strip_prefix('v')?.splitn(3, '.');
        let (major, minor) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next()?.parse::<u32>().ok()?;
        Some((major, minor))
    };
    let found = minor(bundle_version)?;
    let exact = bundle_version.parse().ok();
    exact.or_else(|| {
        let newest_first = Release::ALL.iter().rev();
        let of_minor = newest_first.filter(|known| minor(known.as_str()) == Some(found));
        of_minor.copied().next()
    })
}

/// The release and channel that decide which form a status has, as far as the CRDs name ones that are known: those of
/// GatewayClasses, else of Gateways, else of the first kind of the API by name.
pub(in crate::attachment) fn in_use<'a>(
    crds: impl Iterator<Item = &'a InstalledCrd>,
) -> (Option<Release>, Option<Channel>) {
    let rank = |crd: &InstalledCrd| match crd.name.split('.').next() {
        Some("gatewayclasses") => 0,
        Some("gateways") => 1,
        _ => 2,
    };
    let of_api = crds.filter(|crd| crd.group == meta::GROUP);
    let decides = of_api.min_by_key(|crd| (rank(crd), crd.name.as_str()));
    let version = decides.and_then(|crd| crd.bundle_version.as_deref());
    let channel = decides.and_then(|crd| crd.channel.as_deref());
    (
        version.and_then(release_of),
        channel.and_then(|channel| channel.parse().ok()),
    )
}

impl From<CustomResourceDefinition> for InstalledCrd {
    fn from(definition: CustomResourceDefinition) -> Self {
        let served = definition.spec.versions.into_iter();
        let served = served.filter(|version| version.served);
        let served = served.map(|version| version.name).collect();
        Self::of(definition.metadata, definition.spec.group, served)
    }
}
