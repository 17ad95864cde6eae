//! The CustomResourceDefinitions of the Gateway API that are installed, as far as their release goes.

use super::stored::StoredVersion;
use crate::{
    crd::{BUNDLE_VERSION_ANNOTATION, CHANNEL_ANNOTATION},
    meta::{self, Channel, Release, SupportedFeatures},
};
use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::{
        CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaPropsOrArray,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::Deserialize;
use serde_json::Value;

/// The API group of CustomResourceDefinitions.
pub(in crate::attachment) const EXTENSIONS_GROUP: &str = "apiextensions.k8s.io";

/// The groups of the Gateway API, the experimental one included.
const GROUPS: [&str; 2] = [meta::GROUP, "gateway.networking.x-k8s.io"];

/// The name of the definition of GatewayClasses.
pub(in crate::attachment) const CLASSES: &str = "gatewayclasses.gateway.networking.k8s.io";

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
    /// Of the definition of GatewayClasses, what its schema says of `status.supportedFeatures`.
    pub features: FeaturesForm,
    /// The `uid` of the object, where a server has said it.
    pub uid: Option<String>,
    /// The `resourceVersion` of the object, where a server has said it: with the same one a list brings nothing new.
    pub resource_version: Option<String>,
}

/// How a definition of GatewayClasses has `status.supportedFeatures`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeaturesForm {
    /// That is not known: no schema is there, or it has another form. What the release has counts then.
    #[default]
    Unknown,
    /// There is no such field.
    Absent,
    /// A list of these.
    Listed(SupportedFeatures),
}

impl FeaturesForm {
    /// By the elements of the list, as a schema has them: their type.
    fn of_type(name: Option<&str>) -> Self {
        match name {
            Some("string") => Self::Listed(SupportedFeatures::Texts),
            Some("object") => Self::Listed(SupportedFeatures::Objects),
            _ => Self::Unknown,
        }
    }

    /// By a version of the JSON form of a definition.
    fn of_value(version: &Value) -> Self {
        let schema = version.pointer("/schema/openAPIV3Schema");
        let Some(fields) = schema.and_then(|schema| schema.get("properties")) else {
            return Self::Unknown;
        };
        match fields.pointer("/status/properties/supportedFeatures") {
            None => Self::Absent,
            Some(list) => Self::of_type(list.pointer("/items/type").and_then(Value::as_str)),
        }
    }

    /// The same by a version of a definition.
    fn of_version(version: &CustomResourceDefinitionVersion) -> Self {
        let schema = version.schema.as_ref();
        let schema = schema.and_then(|schema| schema.open_api_v3_schema.as_ref());
        let Some(fields) = schema.and_then(|schema| schema.properties.as_ref()) else {
            return Self::Unknown;
        };
        let status = fields.get("status");
        let status = status.and_then(|status| status.properties.as_ref());
        match status.and_then(|status| status.get("supportedFeatures")) {
            None => Self::Absent,
            Some(list) => Self::of_type(match &list.items {
                Some(JSONSchemaPropsOrArray::Schema(items)) => items.type_.as_deref(),
                _ => None,
            }),
        }
    }
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

    /// In which version it is there.
    pub(super) fn stored(&self) -> StoredVersion<'_> {
        StoredVersion {
            uid: self.uid.as_deref(),
            resource_version: self.resource_version.as_deref(),
        }
    }

    /// Reads the JSON form of a CustomResourceDefinition; nothing if it cannot be one.
    pub(super) fn read(value: &Value) -> Option<Self> {
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
        let first = spec.versions.iter().position(|version| version.served);
        let versions = value.pointer("/spec/versions");
        let first = versions.zip(first).and_then(|(all, first)| all.get(first));
        let features = || first.map_or_else(FeaturesForm::default, FeaturesForm::of_value);
        let served = spec.versions.iter().filter(|version| version.served);
        let served = served.map(|version| version.name.clone()).collect();
        Some(Self::of(metadata, spec.group, served, features))
    }

    fn of(
        metadata: ObjectMeta,
        group: String,
        served: Vec<String>,
        features: impl FnOnce() -> FeaturesForm,
    ) -> Self {
        let mut annotations = metadata.annotations.unwrap_or_default();
        let name = metadata.name.unwrap_or_default();
        let of_classes = name == CLASSES;
        Self {
            features: of_classes.then(features).unwrap_or_default(),
            name,
            group,
            bundle_version: annotations.remove(BUNDLE_VERSION_ANNOTATION),
            channel: annotations.remove(CHANNEL_ANNOTATION),
            served,
            uid: metadata.uid,
            resource_version: metadata.resource_version,
        }
    }
}

/// The release that a bundle version names; for a patch that is not known the newest known one of the same minor release,
/// since patches have the same kinds and fields. Nothing for any other text.
pub(in crate::attachment) fn release_of(bundle_version: &str) -> Option<Release> {
    let found = minor_of(bundle_version)?;
    let exact = bundle_version.parse().ok();
    exact.or_else(|| {
        let newest_first = Release::ALL.iter().rev();
        let of_minor = newest_first.filter(|known| minor_of(known.as_str()) == Some(found));
        of_minor.copied().next()
    })
}

/// The release as which definitions of a bundle version are taken: the one that it names ([`release_of`]), for one before a release that
/// release, and for a later one than any that is known the newest. Nothing for an earlier one, or for any other text.
fn release_like(bundle_version: &str) -> Option<Release> {
    let version = bundle_version.split(['-', '+']).next().unwrap_or_default();
    release_of(version).or_else(|| {
        let newest = Release::newest();
        (minor_of(version)? > minor_of(newest.as_str())?).then_some(newest)
    })
}

/// The major and minor number of a version such as `v1.2.3`.
fn minor_of(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.strip_prefix('v')?.splitn(3, '.');
    let (major, minor) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next()?.parse::<u32>().ok()?;
    Some((major, minor))
}

/// The release and channel that decide which form a status has, as far as the CRDs name ones that are known or later: those of
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
        version.and_then(release_like),
        channel.and_then(|channel| channel.parse().ok()),
    )
}

impl From<CustomResourceDefinition> for InstalledCrd {
    fn from(definition: CustomResourceDefinition) -> Self {
        let spec = definition.spec;
        let versions = || spec.versions.iter().filter(|version| version.served);
        let features = || versions().next().map(FeaturesForm::of_version);
        let served = versions().map(|version| version.name.clone()).collect();
        Self::of(definition.metadata, spec.group, served, || {
            features().unwrap_or_default()
        })
    }
}
