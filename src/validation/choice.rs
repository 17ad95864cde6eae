//! Which release objects are meant for, where nobody says it.

use super::{
    report,
    values::{self, ValueRefusal},
};
use crate::{
    crd::BUNDLE_VERSION_ANNOTATION,
    meta::{Channel, Release, When},
    rules::Rule,
    schema::{self, Path, Schema},
};
use serde_json::Value;
use std::fmt;

/// A release, and why it was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// What an older release takes and later ones refuse for what they ask of it, and since when they do; nothing if there is
    /// no such thing. It keeps no release from being chosen.
    pub refused: Option<(Release, String)>,
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

    /// What keeps newer releases from having all: `: BackendLBPolicy shop/sticky is gone since v1.3.0`.
    pub(crate) fn gone_in_words(&self) -> String {
        match &self.gone {
            Some((since, what)) => format!(": {what} is gone since {since}"),
            None => String::new(),
        }
    }

    /// What keeps every release up to one from having all.
    pub(crate) fn unmet_in_words(&self, most: Release) -> String {
        match (&self.gone, &self.came) {
            (_, Some((came, new))) if *came > most => format!(", since {new} came with {came}"),
            (Some((gone, old)), Some((came, new))) => {
                format!(", since {old} is gone since {gone}, and {new} came with {came}")
            }
            _ => String::new(),
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
        if let Some(refused) = other.refused {
            self.refused_since(refused);
        }
    }

    fn refused_since(&mut self, new: (Release, String)) {
        let known = self.refused.take();
        self.refused = known.into_iter().chain([new]).min();
    }
}

/// What a release is asked for; what no release has at all is left out.
pub(crate) const ALL_OF_INPUT: &str = "every kind, version, field and value of the input";

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
    /// `v1.3.0, the newest release that has every kind, version, field and value of the input that any release has: BackendLBPolicy
    /// shop/sticky is gone since v1.4.0`.
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
            ChoiceReason::HasAll => {
                write!(
                    f,
                    "{release}, the newest release that has {ALL_OF_INPUT} that any release has"
                )?;
                f.write_str(&self.narrowed.gone_in_words())?;
                match self
                    .narrowed
                    .refused
                    .as_ref()
                    .filter(|(since, _)| *since <= release)
                {
                    Some((since, what)) => write!(
                        f,
                        "; {what} is refused since {since}, which is no reason to take an older one"
                    ),
                    None => Ok(()),
                }
            }
            ChoiceReason::Newest => write!(
                f,
                "{release}, the newest release: no release has {ALL_OF_INPUT}"
            )
            .and_then(|()| f.write_str(&self.narrowed.unmet_in_words(release))),
        }
    }
}

/// Chooses the release for which objects are meant: that of the CRDs among them; else the newest that has all that they
/// use in the channel; else the newest. What no release has in the channel does not count, nor does `status`, which a server
/// drops on creation.
///
/// A value counts as what the releases have, too: one that older releases refuse, whatever they refuse it for (an enumeration, a
/// pattern, a limit, a field that had to be there, a rule), came with the first one that takes it. The other way round it does
/// not: what a newer release refuses for a limit or a rule that is new there is to be reported, which an older release in its
/// place would hide. A Gateway that breaks a rule of v1.1.0 is not meant for v1.0.0 for that.
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
    /// Those of them that refuse something which a later one takes: a bit for each of [`Release::ALL`].
    refusing: u64,
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
            refusing: 0,
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
        self.refusing |= other.refusing;
        self.installed = self.installed.take().max(other.installed);
        self.narrowed.append(other.narrowed);
    }

    /// Whether a release has all that the objects so far use in the channel.
    #[must_use]
    pub fn fit(&self, release: Release) -> bool {
        self.when.contains(release, self.channel) && self.refusing & bit(release) == 0
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
        match newest_first.find(|release| self.fit(*release)) {
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
            rules: values::rules_by_release(kind),
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

    /// Notes what some of the releases that have it take and others refuse.
    fn refused(&mut self, refusal: &ValueRefusal, there: When, what: impl Fn() -> String) {
        let channel = self.channel;
        let (mut taken_since, mut refused_since) = (None, None);
        let newest_first = Release::ALL.iter().rev().copied();
        for release in newest_first.filter(|release| there.contains(*release, channel)) {
            match (refusal.takes(release, channel), taken_since) {
                (true, _) => taken_since = Some(release),
                (false, None) => refused_since = Some(release),
                (false, Some(since)) => {
                    self.refusing |= bit(release);
                    let came = self.narrowed.came.as_ref();
                    if came.is_none_or(|(last, _)| since >= *last) {
                        self.narrowed.came_at((since, what()));
                    }
                }
            }
        }
        if let (Some(since), Some(_)) = (refused_since, taken_since) {
            self.narrowed.refused_since((since, what()));
        }
    }

    /// Looks at a value of a field that is there when `when` says.
    fn value(
        &mut self,
        value: &Value,
        schema: &'static Schema,
        when: When,
        (of, at): (Of<'_>, &Path<'_>),
    ) {
        if let Some(refusal) = ValueRefusal::of(value, schema, of.rules) {
            // What a later release asks of another form of the same is not asked of this one.
            let there = when.and(values::when_all(value, schema, self.channel));
            self.refused(&refusal, there, || match refusal.missing() {
                Some(field) => format!("`{}` left out in {}", at.field(field), of.name()),
                None if value.is_object() || value.is_array() => {
                    format!("what is in `{at}` of {}", of.name())
                }
                None => format!(
                    "the value {} of `{at}` of {}",
                    report::shown(value),
                    of.name()
                ),
            });
        }
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let Some(property) = schema.properties.get(name) else {
                        if let Some(values) = schema.additional_properties.as_deref() {
                            self.value(value, values, when, (of, &at.key(name)));
                        }
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

/// The bit of a release.
fn bit(release: Release) -> u64 {
    let before = Release::ALL.iter().take_while(|known| **known < release);
    1 << (before.count() % 64)
}

/// An object that is looked at.
#[derive(Clone, Copy)]
struct Of<'v> {
    object: &'v Value,
    kind: &'static str,
    rules: &'static [Vec<&'static Rule>],
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
mod tests;
