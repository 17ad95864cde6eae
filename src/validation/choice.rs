//! Which release objects are meant for, where nobody says it.

use crate::{
    crd::BUNDLE_VERSION_ANNOTATION,
    meta::{Channel, Release, When},
    schema::{self, Path, Schema},
};
use serde_json::Value;
use std::fmt;

/// A release, and why it was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseChoice {
    /// The release.
    pub release: Release,
    /// Why it was chosen.
    pub reason: ChoiceReason,
    /// What among the objects keeps a newer release from having all of them, and an older one; nothing where CRDs decided.
    pub narrowed: Narrowed,
}

/// What narrows the releases that have all that objects use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Narrowed {
    /// What is gone first, and since when; nothing if nothing is gone.
    pub gone: Option<(Release, String)>,
    /// What came last, and since when; nothing if all was there from the first release on.
    pub came: Option<(Release, String)>,
}

impl Narrowed {
    /// Notes something that is there for these releases of a channel. Which object was seen first plays no part.
    fn add(&mut self, when: When, channel: Channel, what: impl Fn() -> String) {
        if let Some(release) = when.gone_since(channel)
            && self
                .gone
                .as_ref()
                .is_none_or(|(first, _)| release <= *first)
        {
            self.gone_at((release, what()));
        }
        if let Some(release) = when.since(channel)
            && Some(&release) != Release::ALL.first()
            && self.came.as_ref().is_none_or(|(last, _)| release >= *last)
        {
            self.came_at((release, what()));
        }
    }

    fn gone_at(&mut self, new: (Release, String)) {
        let known = self.gone.take();
        self.gone = known.into_iter().chain([new]).min();
    }

    fn came_at(&mut self, (release, what): (Release, String)) {
        self.came = match self.came.take() {
            Some((last, other)) if last > release || last == release && other <= what => {
                Some((last, other))
            }
            _ => Some((release, what)),
        };
    }

    fn append(&mut self, other: Self) {
        if let Some(gone) = other.gone {
            self.gone_at(gone);
        }
        if let Some(came) = other.came {
            self.came_at(came);
        }
    }
}

/// Why a release was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChoiceReason {
    /// CRDs of the release are among the objects.
    Installed,
    /// CRDs of a release that the crate does not know are among the objects, with this bundle version. Of the releases that it
    /// knows, this one is nearest: the newest patch of the same minor release, or else the newest or the oldest of all.
    Nearest(String),
    /// It is the newest that has every kind, version, field and value that the objects use.
    HasAll,
    /// It is the newest: no release has all that the objects use.
    Newest,
}

impl fmt::Display for ReleaseChoice {
    /// `v1.3.0, the newest release that has every kind, version, field and value of the input: BackendLBPolicy shop/sticky is
    /// gone since v1.4.0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let release = self.release;
        match &self.reason {
            ChoiceReason::Installed => write!(f, "{release}, whose CRDs are in the input"),
            ChoiceReason::Nearest(bundle) => write!(
                f,
                "{release}, the nearest known release to {bundle}, whose CRDs are in the input"
            ),
            ChoiceReason::HasAll if Some(&release) == Release::ALL.last() => {
                write!(f, "{release}, the newest release")
            }
            ChoiceReason::HasAll => write!(
                f,
                "{release}, the newest release that has every kind, version, field and value of the input"
            )
            .and_then(|()| match &self.narrowed.gone {
                Some((since, what)) => write!(f, ": {what} is gone since {since}"),
                None => Ok(()),
            }),
            ChoiceReason::Newest => write!(
                f,
                "{release}, the newest release: none has every kind, version, field and value of the input"
            )
            .and_then(|()| match (&self.narrowed.gone, &self.narrowed.came) {
                (Some((gone, old)), Some((came, new))) => {
                    write!(f, ", since {old} is gone since {gone}, and {new} came with {came}")
                }
                _ => Ok(()),
            }),
        }
    }
}

/// Chooses the release for which objects are meant: that of the CRDs among them; else the newest that has all that they
/// use in the channel; else the newest. What no release has in the channel does not count, nor does `status`, which a server
/// drops on creation.
///
/// That an object is *valid* in the release is not asked: one that a newer release refuses for a tightened limit is to be
/// reported, which an older release in its place would hide.
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
    let mut uses = Uses::new(channel);
    for object in objects {
        uses.add(object);
    }
    uses.choice()
}

/// What objects ask of a release, gathered object by object: [`choose_release`] for objects that are not kept.
///
/// ```
/// use gwapi::{meta::{Channel, Release}, validation::Uses};
/// use serde_json::json;
///
/// let mut uses = Uses::new(Channel::Experimental);
/// assert_eq!(uses.choice().release, *Release::ALL.last().unwrap());
/// uses.add(&json!({"apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendLBPolicy"}));
/// assert_eq!(uses.choice().release, Release::V1_2_1);
/// assert!(uses.fit(Release::V1_1_0) && !uses.fit(Release::V1_0_0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uses {
    channel: Channel,
    with_status: bool,
    /// The releases that have all that was looked at. In each channel everything is there for one interval, and so is all
    /// together.
    when: When,
    installed: Option<Bundle>,
    narrowed: Narrowed,
}

/// The bundle version of CRDs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bundle {
    release: Release,
    /// The version as it is written, where it is of no known release.
    other: Option<String>,
}

impl Uses {
    /// Nothing that was looked at yet, of objects for a server with the CRDs of a channel.
    #[must_use]
    pub fn new(channel: Channel) -> Self {
        Self {
            channel,
            with_status: false,
            when: When::ALWAYS,
            installed: None,
            narrowed: Narrowed::default(),
        }
    }

    /// Looks at `status` too, as where a controller writes it.
    #[must_use]
    pub fn with_status(mut self, with_status: bool) -> Self {
        self.with_status = with_status;
        self
    }

    /// Looks at one more object.
    pub fn add(&mut self, object: &Value) {
        if let Some(bundle) = bundle(object) {
            self.installed = self.installed.take().max(Some(bundle));
        } else {
            self.look_at(object);
        }
    }

    /// Adds what was gathered elsewhere, for the same channel.
    pub fn append(&mut self, other: Self) {
        self.when = self.when.and(other.when);
        self.installed = self.installed.take().max(other.installed);
        self.narrowed.append(other.narrowed);
    }

    /// Whether a release has all that the objects so far use in the channel.
    #[must_use]
    pub fn fit(&self, release: Release) -> bool {
        self.when.contains(release, self.channel)
    }

    /// The release for which the objects so far are meant.
    #[must_use]
    pub fn choice(&self) -> ReleaseChoice {
        if let Some(Bundle { release, other }) = &self.installed {
            return ReleaseChoice {
                release: *release,
                reason: match other {
                    None => ChoiceReason::Installed,
                    Some(bundle) => ChoiceReason::Nearest(bundle.clone()),
                },
                narrowed: Narrowed::default(),
            };
        }
        let mut newest_first = Release::ALL.iter().rev().copied();
        match newest_first.find(|release| self.when.contains(*release, self.channel)) {
            Some(release) => ReleaseChoice {
                release,
                reason: ChoiceReason::HasAll,
                narrowed: self.narrowed.clone(),
            },
            None => ReleaseChoice {
                release: Release::newest(),
                reason: ChoiceReason::Newest,
                narrowed: self.narrowed.clone(),
            },
        }
    }

    fn look_at(&mut self, object: &Value) {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        let Some(kind) = schema::find(text("apiVersion"), text("kind")) else {
            return;
        };
        let served = kind.history.when_served();
        let of = Of {
            object,
            kind: kind.kind,
        };
        let version = || format!("{} in `{}`", of.name(), kind.api_version);
        if !self.demand(served, version) {
            return;
        }
        let parts = if self.with_status {
            ["spec", "status"].as_slice()
        } else {
            ["spec"].as_slice()
        };
        for part in parts {
            if let Some(value) = object.get(part)
                && let Some(schema) = kind.every().properties.get(*part)
            {
                self.value(value, schema, served, (of, &Path::ROOT.field(part)));
            }
        }
    }

    /// Says whether the channel has it at all. What it never has is no reason to prefer a release.
    fn demand(&mut self, when: When, what: impl Fn() -> String) -> bool {
        let is_there = !when.is_never(self.channel);
        if is_there {
            self.when = self.when.and(when);
            self.narrowed.add(when, self.channel, what);
        }
        is_there
    }

    fn value(&mut self, value: &Value, schema: &Schema, when: When, (of, at): (Of<'_>, &Path<'_>)) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let Some(property) = schema.properties.get(name) else {
                        continue;
                    };
                    let when = when.and(property.when());
                    let at = at.field(name);
                    let field = || format!("`{at}` of {}", of.name());
                    if value.is_null()
                        || property.when() != When::ALWAYS && !self.demand(when, field)
                    {
                        continue;
                    }
                    self.value(value, property, when, (of, &at));
                }
            }
            Value::Array(elements) => {
                if let Some(items) = &schema.items {
                    for (index, element) in elements.iter().enumerate() {
                        self.value(element, items, when, (of, &at.index(index)));
                    }
                }
            }
            Value::String(text) => {
                if let Some(allowed) = schema.when_allowed(text) {
                    let value = || format!("the value `{text}` of `{at}` of {}", of.name());
                    self.demand(when.and(allowed), value);
                }
            }
            _ => {}
        }
    }
}

/// An object that is looked at.
#[derive(Clone, Copy)]
struct Of<'v> {
    object: &'v Value,
    kind: &'static str,
}

impl Of<'_> {
    /// `HTTPRoute shop/cart`.
    fn name(self) -> String {
        let metadata = self.object.get("metadata");
        let text = |key| metadata.and_then(|metadata| metadata.get(key)?.as_str());
        let name = text("name").unwrap_or_default();
        match text("namespace") {
            Some(namespace) => format!("{} {namespace}/{name}", self.kind),
            None => format!("{} {name}", self.kind),
        }
    }
}

/// The bundle version of a CRD of the Gateway API, as its annotation says.
fn bundle(object: &Value) -> Option<Bundle> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    if text("/kind") != Some("CustomResourceDefinition") || !schema::is_own(text("/spec/group")?) {
        return None;
    }
    let annotations = object.pointer("/metadata/annotations")?;
    let version = annotations.get(BUNDLE_VERSION_ANNOTATION)?.as_str()?;
    if let Ok(release) = version.parse() {
        return Some(Bundle {
            release,
            other: None,
        });
    }
    let wanted = numbers(version)?;
    let newest_first = || Release::ALL.iter().rev().copied();
    let known = |release: Release| numbers(release.as_str());
    let same_minor = newest_first().find(|release| {
        known(*release).is_some_and(|(major, minor, _)| (major, minor) == (wanted.0, wanted.1))
    });
    let before = || newest_first().find(|release| known(*release) < Some(wanted));
    let release = same_minor
        .or_else(before)
        .or_else(|| Release::ALL.first().copied())?;
    Some(Bundle {
        release,
        other: Some(version.to_owned()),
    })
}

/// The three numbers of a version, what follows a hyphen left out: (1, 5, 0) of `v1.5.0-rc.1`.
fn numbers(version: &str) -> Option<(u32, u32, u32)> {
    if version.len() > 64 {
        return None;
    }
    let mut numbers = version
        .strip_prefix('v')?
        .split('-')
        .next()?
        .split('.')
        .map(|number| number.parse().ok());
    let three = (numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ChoiceReason::{HasAll, Installed, Nearest, Newest};
    use serde_json::json;

    fn object(api_version: &str, kind: &str, spec: &Value) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec})
    }

    fn chosen(objects: &[Value], channel: Channel) -> (Release, ChoiceReason) {
        let choice = choose_release(objects, channel);
        (choice.release, choice.reason)
    }

    fn newest() -> Release {
        *Release::ALL.last().unwrap()
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
        assert_eq!(chosen(&[], experimental), (newest(), HasAll));
        assert_eq!(
            chosen(&[plain.clone(), misspelt], experimental),
            (newest(), HasAll)
        );
        assert_eq!(
            chosen(&[plain.clone(), idle.clone()], experimental),
            (Release::V1_5_1, HasAll)
        );
        // The standard channel never had it.
        assert_eq!(
            chosen(&[plain.clone(), idle], Channel::Standard),
            (newest(), HasAll)
        );
        assert_eq!(
            chosen(&[ended.clone(), plain.clone()], experimental),
            (Release::V1_3_0, HasAll)
        );
        assert_eq!(chosen(&[ended, fresh], experimental), (newest(), Newest));
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
        let idle = object(
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            &json!({"rules": [{"sessionPersistence": {"idleTimeout": "1s"}}]}),
        );
        let (none, near) = (None, |version: &str| Some(version.to_owned()));
        for (version, release, other) in [
            ("v1.2.1", Release::V1_2_1, none),
            ("v1.6.9", Release::V1_6_3, near("v1.6.9")),
            ("v1.5.0-dev", Release::V1_5_1, near("v1.5.0-dev")),
            ("v99.0.0", newest(), near("v99.0.0")),
            ("v0.8.1", Release::V1_0_0, near("v0.8.1")),
        ] {
            let reason = other.map_or(Installed, Nearest);
            let (found, why) = chosen(&[idle.clone(), crd(version)], Channel::Experimental);
            assert_eq!((found, why), (release, reason), "{version}");
        }
        // Of several, the newest; one that says nothing counts for nothing.
        let several = [crd("v1.2.1"), crd("v1.4.0"), crd("v1.3.0"), crd("main")];
        assert_eq!(
            chosen(&several, Channel::Standard),
            (Release::V1_4_0, Installed)
        );
        let foreign = json!({
            "kind": "CustomResourceDefinition", "spec": {"group": "example.com"},
            "metadata": {"annotations": {BUNDLE_VERSION_ANNOTATION: "v1.2.1"}},
        });
        for object in [crd("main"), crd("v1"), crd("v1.2.x"), foreign] {
            assert_eq!(chosen(&[object], Channel::Standard), (newest(), HasAll));
        }
    }

    #[test]
    fn a_status_counts_where_it_is_judged() {
        let mut gateway = object("gateway.networking.k8s.io/v1", "Gateway", &json!({}));
        gateway["status"] = json!({"attachedListenerSets": 1});
        let mut old = object(
            "gateway.networking.k8s.io/v1",
            "Gateway",
            &json!({"backendTLS": {}}),
        );
        old["status"] = json!({});
        let choice = |with_status| {
            let mut uses = Uses::new(Channel::Experimental).with_status(with_status);
            uses.add(&gateway);
            uses.add(&old);
            uses.choice().reason
        };
        assert_eq!(choice(false), HasAll);
        assert_eq!(choice(true), Newest);
    }

    #[test]
    fn what_is_gathered_in_parts_is_gathered() {
        let ended = object(
            "gateway.networking.k8s.io/v1",
            "Gateway",
            &json!({"backendTLS": {}}),
        );
        let older = object(
            "gateway.networking.k8s.io/v1alpha2",
            "BackendLBPolicy",
            &json!({}),
        );
        let all = |parts: &[&[&Value]]| {
            let mut all = Uses::new(Channel::Experimental);
            for part in parts {
                let mut uses = Uses::new(Channel::Experimental);
                part.iter().for_each(|object| uses.add(object));
                all.append(uses);
            }
            all
        };
        let together = all(&[&[&ended, &older]]);
        assert_eq!(together.choice().release, Release::V1_2_1);
        assert_eq!(all(&[&[&ended], &[&older]]), together);
        assert_eq!(all(&[&[&older], &[], &[&ended]]), together);
    }

    /// Whoever is judged by an older release learns what of the input keeps it there.
    #[test]
    fn what_keeps_a_newer_release_from_having_all_is_named() {
        const V1: &str = "gateway.networking.k8s.io/v1";
        let old = |name: &str| {
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendLBPolicy",
                "metadata": {"name": name, "namespace": "shop"}, "spec": {},
            })
        };
        let ended = json!({
            "apiVersion": V1, "kind": "Gateway", "metadata": {"name": "g"}, "spec": {"backendTLS": {}},
        });
        let fresh = object(V1, "HTTPRoute", &json!({"useDefaultGateways": "All"}));
        let said = |objects: &[&Value]| {
            choose_release(objects.iter().copied(), Channel::Experimental).to_string()
        };
        let has_all =
            "the newest release that has every kind, version, field and value of the input: ";
        let lb =
            "BackendLBPolicy shop/a in `gateway.networking.k8s.io/v1alpha2` is gone since v1.3.0";
        let (a, b) = (old("a"), old("b"));
        for objects in [[&a, &b, &ended], [&ended, &b, &a]] {
            assert_eq!(said(&objects), format!("v1.2.1, {has_all}{lb}"));
        }
        assert_eq!(
            said(&[&ended]),
            format!("v1.3.0, {has_all}`spec.backendTLS` of Gateway g is gone since v1.4.0")
        );
        let both = said(&[&ended, &fresh]);
        let wanted = "of the input, since `spec.backendTLS` of Gateway g is gone since v1.4.0, and `spec.useDefaultGateways` of \
                      HTTPRoute a came with v1.4.0";
        assert!(both.ends_with(wanted), "{both}");
        let newest = said(&[&fresh]);
        assert!(newest.ends_with(", the newest release"), "{newest}");
    }
}
