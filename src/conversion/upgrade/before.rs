//! What is installed before the upgrade, and what that says of an object: only what differs afterwards is the upgrade's doing.

use super::{
    crd::Crd,
    findings::{ReleaseChannel, UpgradeFindings, text},
};
use crate::{
    conversion::moves::is_within,
    meta::{Channel, Release, When, kept_name},
    schema::{self, KindVersion},
    validation::{self, Finding, ValidationOptions},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What the CRDs in the input say of what is installed, by kind. One of a release that is not known says nothing.
pub(super) fn installed(crds: &[Crd<'_>]) -> BTreeMap<String, ReleaseChannel> {
    let place = |crd: &Crd<'_>| {
        let release = crd.bundle_version()?.parse().ok()?;
        let channel = match crd.is_experimental() {
            true => Channel::Experimental,
            false => Channel::Standard,
        };
        Some((crd.kind.to_owned(), (release, channel)))
    };
    crds.iter().filter_map(place).collect()
}

/// What the CRDs in the input say of what is installed, by kind, where they are of a release that is not known here.
pub(super) fn unknown(crds: &[Crd<'_>]) -> BTreeMap<String, String> {
    let unknown = |crd: &Crd<'_>| Some((crd.kind.to_owned(), kept_name(crd.unknown_release()?)));
    crds.iter().filter_map(unknown).collect()
}

/// The CRDs of the release from which an upgrade leads, for kinds that objects are of and whose CRDs are not there.
pub(super) fn assumed(
    (from, to): (Release, Channel),
    objects: &[&Value],
    crds: &[Crd<'_>],
) -> Vec<Value> {
    let known: BTreeSet<&str> = crds.iter().map(|crd| crd.kind).collect();
    let mut wanted: BTreeMap<&str, Channel> = BTreeMap::new();
    for object in objects {
        let kind = text(object, "/kind");
        let is_ours = schema::find(text(object, "/apiVersion"), kind).is_some();
        if is_ours
            && !known.contains(kind)
            && let Some(channel) = channel_before(object, from, to)
        {
            // What only the experimental channel has is of that one, with all of its kind.
            let of = wanted.entry(kind).or_insert(channel);
            *of = (*of).max(channel);
        }
    }
    let mut assumed = Vec::new();
    for channel in Channel::ALL {
        if !wanted.values().any(|of| *of == channel) {
            continue;
        }
        for crd in crate::crd::definitions(from, channel) {
            if wanted.get(crd.spec.names.kind.as_str()) == Some(&channel) {
                assumed.extend(serde_json::to_value(&crd).ok());
            }
        }
    }
    assumed
}

/// The channel of a release in which an object is taken to be installed: the one that takes it as it is, or else serves its
/// version, or else has its kind; the one to which the upgrade leads before the other. Nothing if neither has the kind.
fn channel_before(object: &Value, from: Release, to: Channel) -> Option<Channel> {
    let other = Channel::ALL.into_iter().find(|it| *it != to);
    let both = || std::iter::once(to).chain(other);
    let mut serving = None;
    for channel in both() {
        match said(object, (from, channel)) {
            Some(errors) if errors.is_empty() => return Some(channel),
            Some(_) => serving = serving.or(Some(channel)),
            None => {}
        }
    }
    let has_kind = |channel: &Channel| {
        let mut versions = schema::versions_of(text(object, "/kind"), from, *channel);
        versions.next().is_some()
    };
    serving.or_else(|| both().find(has_kind))
}

/// What is installed of the kind of an object: as its CRD says. Without one, the release that is known, in the channel in which
/// the object is taken to be installed. Nothing where nothing is known of it.
pub(super) fn bundle(object: &Value, found: &UpgradeFindings) -> Option<ReleaseChannel> {
    if let Some(place) = found.installed.get(text(object, "/kind")) {
        return Some(*place);
    }
    // Of the release itself, unless it is known to be installed, whatever is said would be said of what is not there yet.
    let from = found
        .from
        .filter(|from| found.is_asked || *from != found.release)?;
    let channel = channel_before(object, from, found.channel);
    Some((from, channel.unwrap_or(found.channel)))
}

/// What was there of a kind before the upgrade.
pub(super) enum KindBefore {
    /// Its CRD, which stays: it is in the input or taken to be installed, or the release and channel that are installed have the kind.
    There,
    /// Nothing: neither is its CRD in the input, nor has the release that is installed the kind. Where, for people.
    Lacking(String),
    /// Nobody knows.
    Unknown,
}

/// What was there of a kind that an object is of or names: as the CRDs in the input say, or else the release that is known, in
/// the channel in which the object is taken to be installed.
pub(super) fn kind(kind: &str, object: &Value, found: &UpgradeFindings) -> KindBefore {
    if found.crds.contains(kind) {
        return KindBefore::There;
    }
    let mut places: BTreeSet<ReleaseChannel> = found.installed.values().copied().collect();
    if places.is_empty() {
        places.extend(bundle(object, found));
    }
    let mut all = places.iter();
    let has = |(release, channel): &ReleaseChannel| {
        let mut versions = schema::versions_of(kind, *release, *channel);
        versions.next().is_some()
    };
    match (places.is_empty(), all.any(has)) {
        (true, _) => KindBefore::Unknown,
        (false, true) => KindBefore::There,
        (false, false) => {
            let places = places.iter();
            let words =
                places.map(|(release, channel)| format!("the {channel} channel of {release}"));
            KindBefore::Lacking(words.collect::<Vec<_>>().join(" and "))
        }
    }
}

/// Whether a release and channel serve the version in which an object is written.
pub(super) fn serves(version: &'static KindVersion, (release, channel): ReleaseChannel) -> bool {
    version
        .installation(release, channel)
        .is_some_and(|installation| installation.served)
}

/// The errors that a release and channel have for an object, fields that they do not have among them, but not where else
/// something is allowed; the status aside. Nothing if they do not serve its version.
pub(super) fn said(object: &Value, place: ReleaseChannel) -> Option<Vec<Finding>> {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    errors(&object, place, false)
}

/// The same of the whole object, its status judged or not.
fn errors(
    object: &Value,
    (release, channel): ReleaseChannel,
    with_status: bool,
) -> Option<Vec<Finding>> {
    let version = schema::find(text(object, "/apiVersion"), text(object, "/kind"))?;
    if !serves(version, (release, channel)) {
        return None;
    }
    let options = ValidationOptions {
        with_status,
        ..ValidationOptions::of(release, channel)
    };
    let report = validation::validate_value_here(object, &options);
    Some(report.errors().cloned().collect())
}

/// Which releases take an object as it is written, for people: ``as it is written, in `v1alpha3`, the object is allowed since
/// v1.1.0``. Nothing if none does.
pub(super) fn allowed_as_written(object: &Value) -> Option<String> {
    let version = schema::find(text(object, "/apiVersion"), text(object, "/kind"))?;
    let bundles: BTreeSet<_> = version
        .installations()
        .iter()
        .filter(|it| it.served)
        .map(|it| (it.release.crds(), it.channel))
        .filter(|place| said(object, *place).is_some_and(|errors| errors.is_empty()))
        .collect();
    let when = When::of(|release, channel| bundles.contains(&(release.crds(), channel)));
    (!when.is_nowhere()).then(|| {
        format!(
            "as it is written, in `{}` of {}, the object is allowed {}",
            version.version,
            version.kind,
            when.in_words()
        )
    })
}

/// What a release and channel make of an object, judged once however many of its fields are asked for.
#[derive(Debug)]
pub(super) struct VerdictBefore {
    /// Whether they serve the version of the object.
    served: bool,
    /// The paths of all errors.
    errors: HashSet<String>,
    /// The paths of the fields that they do not have.
    unknown: HashSet<String>,
    /// The paths of errors that the upgrade takes away.
    gone: Vec<String>,
}

impl VerdictBefore {
    /// What is said of an object before an upgrade; and what of it no longer is afterwards.
    pub(super) fn of(object: &Value, place: ReleaseChannel, after: ReleaseChannel) -> Self {
        #[cfg(test)]
        JUDGED.add(1);
        let mut verdict = Self::from(said(object, place));
        if !verdict.errors.is_empty() {
            let after = said(object, after);
            let after = after.iter().flatten().map(Finding::path);
            let after: HashSet<&str> = after.collect();
            let gone = verdict.errors.iter();
            let gone = gone.filter(|path| !after.contains(path.as_str()));
            verdict.gone = gone.cloned().collect();
        }
        verdict
    }

    /// The same with the status, as when a controller writes it.
    pub(super) fn of_status(object: &Value, place: ReleaseChannel) -> Self {
        Self::from(errors(object, place, true))
    }

    fn from(errors: Option<Vec<Finding>>) -> Self {
        let all = errors.iter().flatten();
        let unknown = all.filter(|error| error.rule() == "schema/unknown-field");
        Self {
            served: errors.is_some(),
            unknown: unknown.map(|error| error.path().to_owned()).collect(),
            gone: Vec::new(),
            errors: errors
                .iter()
                .flatten()
                .map(|error| error.path().to_owned())
                .collect(),
        }
    }

    /// Whether they serve the version of the object.
    pub(super) fn serves(&self) -> bool {
        self.served
    }

    /// Whether they take the whole object.
    pub(super) fn is_valid(&self) -> bool {
        self.served && self.errors.is_empty()
    }

    /// Whether they serve the version of the object, and have the field at a path and nothing against what is there.
    pub(super) fn takes(&self, path: &str) -> bool {
        !self.errors.contains(path) && self.has(path)
    }

    /// Whether they serve the version of the object and have the field at a path, whatever they make of what is there.
    pub(super) fn has(&self, path: &str) -> bool {
        // A field may be in one that is not there.
        let ends = path.char_indices().filter(|(_, c)| matches!(c, '.' | '['));
        let mut above = ends.filter_map(|(end, _)| path.get(..end));
        self.served
            && !self.unknown.contains(path)
            && !above.any(|above| self.unknown.contains(above))
    }

    /// The same, and nothing against what is below that the release after the upgrade says of the whole in other words: that a
    /// value is missing, say, of which the other one has a rule at the list.
    pub(super) fn accepts(&self, path: &str) -> bool {
        self.takes(path) && !self.gone.iter().any(|gone| is_within(gone, path))
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How often an object is judged for what a release made of its fields.
    pub(super) JUDGED
);
