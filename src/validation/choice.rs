//! Which release objects are meant for, where nobody says it.

use crate::{
    crd::BUNDLE_VERSION_ANNOTATION,
    meta::{Channel, Release, When},
    schema::{self, Schema},
};
use serde_json::Value;
use std::fmt;

/// A release, and why it was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseChoice {
    /// The release.
    pub release: Release,
    /// Why it was chosen.
    pub reason: ChoiceReason,
}

/// Why a release was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChoiceReason {
    /// CRDs of the release are among the objects.
    Installed,
    /// It is the newest that has every kind, version, field and value that the objects use.
    HasAll,
    /// It is the newest: no release has all that the objects use.
    Newest,
}

impl fmt::Display for ReleaseChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let release = self.release;
        match self.reason {
            ChoiceReason::Installed => write!(f, "release {release}, whose CRDs are in the input"),
            ChoiceReason::HasAll if Some(&release) == Release::ALL.last() => {
                write!(f, "release {release}, the newest")
            }
            ChoiceReason::HasAll => write!(
                f,
                "release {release}, the newest that has every kind, version and field of the input"
            ),
            ChoiceReason::Newest => write!(
                f,
                "release {release}, the newest: no release has every kind, version and field of the input"
            ),
        }
    }
}

/// Chooses the release for which objects are meant: that of the CRDs among them; else the newest that has all that they
/// use in the channel; else the newest. What no release has in the channel does not count.
///
/// ```
/// use gwapi::{meta::{Channel, Release}, validation};
/// use serde_json::json;
///
/// let old = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
///     "spec": { "gatewayClassName": "c", "listeners": [], "backendTLS": {} },
/// });
/// let choice = validation::choose_release([&old], Channel::Experimental);
/// assert_eq!(choice.release, Release::V1_3_0);
/// ```
#[must_use]
pub fn choose_release<'v>(
    objects: impl IntoIterator<Item = &'v Value>,
    channel: Channel,
) -> ReleaseChoice {
    let newest = Release::ALL.last().copied().unwrap_or_default();
    let mut fitting = Fitting::new(channel);
    let mut installed: Option<Release> = None;
    for object in objects {
        if let Some(release) = bundle_release(object) {
            installed = installed.max(Some(release));
        } else {
            fitting.look_at(object);
        }
    }
    if let Some(release) = installed {
        return ReleaseChoice {
            release,
            reason: ChoiceReason::Installed,
        };
    }
    match fitting.releases.last() {
        Some(release) => ReleaseChoice {
            release: *release,
            reason: ChoiceReason::HasAll,
        },
        None => ReleaseChoice {
            release: newest,
            reason: ChoiceReason::Newest,
        },
    }
}

/// The release of a CRD of the Gateway API, as its annotation says: of a patch that is not known, the newest patch of the
/// same minor release.
fn bundle_release(object: &Value) -> Option<Release> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    if text("/kind") != Some("CustomResourceDefinition") || !schema::is_own(text("/spec/group")?) {
        return None;
    }
    let annotations = object.pointer("/metadata/annotations")?;
    let version = annotations.get(BUNDLE_VERSION_ANNOTATION)?.as_str()?;
    if let Ok(release) = version.parse() {
        return Some(release);
    }
    let minor = |version: &str| -> Option<String> {
        let (minor, _) = version.rsplit_once('.')?;
        Some(minor.to_owned())
    };
    let wanted = minor(version.split('-').next()?)?;
    let all = Release::ALL.iter().rev().copied();
    all.into_iter()
        .find(|release| minor(release.as_str()).as_ref() == Some(&wanted))
}

/// The releases that have all that was looked at, oldest first.
struct Fitting {
    channel: Channel,
    releases: Vec<Release>,
}

impl Fitting {
    fn new(channel: Channel) -> Self {
        Self {
            channel,
            releases: Release::ALL.to_vec(),
        }
    }

    fn look_at(&mut self, object: &Value) {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        let Some(kind) = schema::find(text("apiVersion"), text("kind")) else {
            return;
        };
        let served = kind.history.when_served();
        if !self.demand(served) {
            return;
        }
        if let Some(spec) = object.get("spec")
            && let Some(schema) = kind.every().properties.get("spec")
        {
            self.value(spec, schema, served);
        }
    }

    /// Says whether the channel has it at all. What it never has is no reason to prefer a release.
    fn demand(&mut self, when: When) -> bool {
        let channel = self.channel;
        if when.since(channel).is_none() {
            return false;
        }
        self.releases
            .retain(|release| when.contains(*release, channel));
        true
    }

    fn value(&mut self, value: &Value, schema: &Schema, when: When) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let Some(property) = schema.properties.get(name) else {
                        continue;
                    };
                    let when = when.and(property.when());
                    if value.is_null() || property.when() != When::ALWAYS && !self.demand(when) {
                        continue;
                    }
                    self.value(value, property, when);
                }
            }
            Value::Array(elements) => {
                if let Some(items) = &schema.items {
                    for element in elements {
                        self.value(element, items, when);
                    }
                }
            }
            Value::String(text) => {
                if let Some(allowed) = schema.when_allowed(text) {
                    self.demand(when.and(allowed));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ChoiceReason::{HasAll, Installed, Newest};
    use serde_json::json;

    fn object(api_version: &str, kind: &str, spec: &Value) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec})
    }

    fn chosen(objects: &[Value], channel: Channel) -> (Release, ChoiceReason) {
        let choice = choose_release(objects, channel);
        (choice.release, choice.reason)
    }

    #[test]
    fn the_newest_release_that_has_all_is_chosen() {
        const V1: &str = "gateway.networking.k8s.io/v1";
        let plain = object(V1, "HTTPRoute", &json!({"rules": [{"matches": []}]}));
        let ended = object(V1, "Gateway", &json!({"backendTLS": {}}));
        let fresh = object(V1, "HTTPRoute", &json!({"useDefaultGateways": "All"}));
        let idle = object(
            V1,
            "HTTPRoute",
            &json!({"rules": [{"sessionPersistence": {"idleTimeout": "1s"}}]}),
        );
        let misspelt = object(V1, "HTTPRoute", &json!({"rulez": []}));
        let experimental = Channel::Experimental;
        assert_eq!(chosen(&[], experimental), (Release::V1_7_0, HasAll));
        assert_eq!(
            chosen(&[plain.clone(), misspelt], experimental),
            (Release::V1_7_0, HasAll)
        );
        assert_eq!(
            chosen(&[plain.clone(), idle.clone()], experimental),
            (Release::V1_5_1, HasAll)
        );
        // The standard channel never had it.
        assert_eq!(
            chosen(&[plain.clone(), idle], Channel::Standard),
            (Release::V1_7_0, HasAll)
        );
        assert_eq!(
            chosen(&[ended.clone(), plain.clone()], experimental),
            (Release::V1_3_0, HasAll)
        );
        assert_eq!(
            chosen(&[ended, fresh], experimental),
            (Release::V1_7_0, Newest)
        );
        let grant = object(
            "gateway.networking.k8s.io/v1alpha2",
            "ReferenceGrant",
            &json!({}),
        );
        assert_eq!(
            chosen(&[plain, grant], experimental),
            (Release::V1_1_1, HasAll)
        );
    }

    #[test]
    fn the_release_of_the_crds_comes_first() {
        let crd = |version: &str| {
            json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"annotations": {BUNDLE_VERSION_ANNOTATION: version}},
                "spec": {"group": "gateway.networking.k8s.io"},
            })
        };
        for (version, release) in [
            ("v1.2.1", Release::V1_2_1),
            ("v1.6.9", Release::V1_6_3),
            ("v1.5.0-dev", Release::V1_5_1),
        ] {
            let (chosen, reason) = chosen(&[crd(version)], Channel::Standard);
            assert_eq!((chosen, reason), (release, Installed), "{version}");
        }
        assert_eq!(
            chosen(&[crd("v99.0.0")], Channel::Standard),
            (Release::V1_7_0, HasAll)
        );
    }
}
