//! A feature that an implementation says it supports, as a status names it.

use crate::meta::{FeatureName, was, when};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};
use std::{borrow::Cow, fmt};

/// A feature in the `status.supportedFeatures` of a GatewayClass or a mesh.
///
/// Releases before v1.2.0 write its name as a text, later ones an object with `name`. Both are read, and written back as
/// they were.
///
/// ```
/// use gwapi::{meta::FeatureName, v1::SupportedFeature};
///
/// let both: Vec<SupportedFeature> = serde_json::from_str(r#"["HTTPRoute",{"name":"HTTPRoute"}]"#)?;
/// assert!(both.iter().all(|feature| *feature.name() == FeatureName::HttpRoute));
/// assert_eq!(serde_json::to_string(&both)?, r#"["HTTPRoute",{"name":"HTTPRoute"}]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SupportedFeature {
    /// An object with the name, as since v1.2.0.
    Object(FeatureName),
    /// The name as a text, as before v1.2.0.
    Text(FeatureName),
}

impl SupportedFeature {
    /// Every feature that some known release names, as since v1.2.0, in ascending order of their names: what a controller
    /// writes from which it takes those that it lacks.
    ///
    /// A function and no constant: the form depends on the release, which before v1.2.0 was the [text](Self::Text), and a resolver
    /// writes the one that the installed definitions have. The names alone are a constant, [`FeatureName::ALL`].
    ///
    /// ```
    /// use gwapi::{meta::FeatureName, v1::SupportedFeature};
    ///
    /// let ours: Vec<SupportedFeature> = SupportedFeature::all()
    ///     .filter(|feature| *feature.name() != FeatureName::Mesh)
    ///     .collect();
    /// assert_eq!(ours.len(), FeatureName::ALL.len() - 1);
    /// ```
    pub fn all() -> impl Iterator<Item = Self> {
        let mut names = FeatureName::ALL.to_vec();
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        names.into_iter().map(Self::Object)
    }

    /// The name of the feature.
    #[must_use]
    pub fn name(&self) -> &FeatureName {
        match self {
            Self::Object(name) | Self::Text(name) => name,
        }
    }
}

impl From<FeatureName> for SupportedFeature {
    fn from(name: FeatureName) -> Self {
        Self::Object(name)
    }
}

impl Serialize for SupportedFeature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(name) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("name", name)?;
                map.end()
            }
            Self::Text(name) => name.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SupportedFeature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = SupportedFeature;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or an object with `name`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<SupportedFeature, E> {
                Ok(SupportedFeature::Text(text.into()))
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<SupportedFeature, A::Error> {
                let mut name = None;
                while let Some(key) = map.next_key::<Cow<'_, str>>()? {
                    match (key.as_ref(), &name) {
                        ("name", None) => name = Some(map.next_value()?),
                        ("name", Some(_)) => return Err(A::Error::duplicate_field("name")),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                name.map(SupportedFeature::Object)
                    .ok_or_else(|| A::Error::missing_field("name"))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for SupportedFeature {
    fn schema_name() -> Cow<'static, str> {
        "SupportedFeature".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "A feature, by its name.",
            "required": ["name"],
            "properties": {
                "name": {
                    "type": "string",
                    "description": "The name of the feature.",
                    "x-gwapi-when": when!("E1.2 S1.4"),
                },
            },
            "x-gwapi-was": was! {
                "..1.1": { "type": "string", "properties": null, "required": null },
                "..1.0": { "enum": FIRST },
            },
        })
    }
}

/// The features that release v1.0.0 has names for.
const FIRST: &[&str] = &[
    "Gateway",
    "GatewayPort8080",
    "GatewayStaticAddresses",
    "HTTPRoute",
    "HTTPRouteDestinationPortMatching",
    "HTTPRouteHostRewrite",
    "HTTPRouteMethodMatching",
    "HTTPRoutePathRedirect",
    "HTTPRoutePathRewrite",
    "HTTPRoutePortRedirect",
    "HTTPRouteQueryParamMatching",
    "HTTPRouteRequestMirror",
    "HTTPRouteRequestMultipleMirrors",
    "HTTPRouteResponseHeaderModification",
    "HTTPRouteSchemeRedirect",
    "Mesh",
    "ReferenceGrant",
    "TLSRoute",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// "In ascending alphabetical order by the Name key" (GatewayClass `status.supportedFeatures`).
    #[test]
    fn all_features_are_there_once_in_order() {
        let all: Vec<SupportedFeature> = SupportedFeature::all().collect();
        let names: Vec<&str> = all.iter().map(|feature| feature.name().as_str()).collect();
        assert!(names.is_sorted_by(|one, other| one < other), "{names:?}");
        let mut known = FeatureName::KNOWN.to_vec();
        known.sort_unstable();
        assert_eq!(names, known);
        assert!(all.iter().all(|feature| feature.name().is_known()));
        assert!(
            all.iter()
                .all(|feature| matches!(feature, SupportedFeature::Object(_)))
        );
    }
}
