//! The CRDs that are installed.

use super::findings::{Impact, UpgradeFindings, replacement, text, with_article};
use crate::{
    conversion::kinds,
    crd::{BUNDLE_VERSION_ANNOTATION as BUNDLE_VERSION, CHANNEL_ANNOTATION as CHANNEL},
    meta::{Channel, Release, kept_name},
    schema::{self, Installation, KindVersion, LaterVersion},
};
use serde_json::Value;

/// The rule of CRDs in which objects may be stored in a version which came with a later release.
pub(super) const LATER_STORED: &str = "later-release-stored";

/// Whether CRDs are of known releases, none of them of one that is said to be installed.
pub(super) fn contradict(crds: &[Crd<'_>], from: Release) -> bool {
    let known = |crd: &Crd<'_>| crd.bundle_version()?.parse::<Release>().ok();
    let mut releases = crds.iter().filter_map(known).peekable();
    releases.peek().is_some() && releases.all(|release| release != from)
}

/// A CRD of the Gateway API as it is installed.
pub(super) struct Crd<'a> {
    pub(super) object: &'a Value,
    /// The kind, such as `HTTPRoute`.
    pub(super) kind: &'a str,
    /// The group: one of the Gateway API's.
    pub(super) group: &'a str,
    /// The name of its objects in URLs, such as `httproutes`. Safe in a command for a shell.
    pub(super) plural: String,
    /// Plural and group, such as `httproutes.gateway.networking.k8s.io`: what kubectl understands.
    pub(super) name: String,
    /// The version in which objects are written now.
    pub(super) storage: Option<&'a str>,
    /// The versions in which objects may be stored.
    pub(super) stored: Vec<&'a str>,
    /// The versions that can be asked for now.
    served: Vec<&'a str>,
    /// Whether the server has said which versions are stored.
    has_status: bool,
    /// Whether nobody gave it: it stands for what the release that is said to be installed has.
    is_assumed: bool,
}

/// A release that has two versions of a kind, the one in which objects are stored and one that the other release has too: over it
/// objects get from one to the other.
pub(super) struct Waypoint {
    pub(super) release: Release,
    /// The version in which it stores objects.
    pub(super) storage: &'static str,
}

/// What the release has of a kind.
pub(super) type Versions = Vec<(&'static KindVersion, &'static Installation)>;

impl<'a> Crd<'a> {
    /// Reads a CRD of the Gateway API's group; nothing for any other object.
    pub(super) fn read(object: &'a Value) -> Option<Self> {
        let is_crd = text(object, "/kind") == "CustomResourceDefinition"
            && text(object, "/apiVersion").starts_with("apiextensions.k8s.io/");
        let group = text(object, "/spec/group");
        if !is_crd || !schema::is_own(group) {
            return None;
        }
        let versions = list(object, "/spec/versions");
        let named = |flag: &'static str| {
            versions
                .iter()
                .filter(move |v| v.get(flag).and_then(Value::as_bool) == Some(true))
                .map(|v| text(v, "/name"))
        };
        let storage = named("storage").next();
        let stored: Vec<_> = list(object, "/status/storedVersions")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let has_status = !stored.is_empty();
        let kind = text(object, "/spec/names/kind");
        let plural = plural(kind, text(object, "/spec/names/plural"));
        Some(Self {
            object,
            kind,
            name: format!("{plural}.{group}"),
            group,
            plural,
            storage,
            stored: if has_status {
                stored
            } else {
                storage.into_iter().collect()
            },
            served: named("served").collect(),
            has_status,
            is_assumed: false,
        })
    }

    /// Reads a CRD that nobody gave.
    pub(super) fn read_assumed(object: &'a Value) -> Option<Self> {
        Some(Self {
            is_assumed: true,
            ..Self::read(object)?
        })
    }

    fn annotation(&self, name: &str) -> Option<&'a str> {
        self.object
            .get("metadata")
            .and_then(|metadata| metadata.get("annotations"))
            .and_then(|annotations| annotations.get(name))
            .and_then(Value::as_str)
    }

    /// The release that is installed, as the CRD says.
    pub(super) fn bundle_version(&self) -> Option<&'a str> {
        self.annotation(BUNDLE_VERSION)
    }

    /// The same, where it is not known here.
    pub(super) fn unknown_release(&self) -> Option<&'a str> {
        self.bundle_version()
            .filter(|release| release.parse::<Release>().is_err())
    }

    /// Says so where the CRD is of another release than the one that is said to be installed.
    pub(super) fn check_release(&self, from: Release, found: &mut UpgradeFindings) {
        let release = self
            .bundle_version()
            .and_then(|it| it.parse::<Release>().ok());
        if let Some(release) = release.filter(|release| *release != from) {
            found.add(
                Impact::Note,
                "from-contradicted",
                self.object,
                format!("metadata.annotations[{BUNDLE_VERSION}]"),
                format!(
                    "the CRD is of {release}, and the upgrade is said to lead from {from}: {} is judged as {release} has it",
                    self.kind
                ),
                "name the release that is installed, or give the CRDs as the server has them",
            );
        }
    }

    /// The later release that added a version of the kind, if one did.
    fn later(&self, version: &str, release: Release) -> Option<LaterVersion> {
        schema::later(&format!("{}/{version}", self.group), self.kind, release)
    }

    /// Whether it is one of the experimental channel, as the CRD says.
    pub(super) fn is_experimental(&self) -> bool {
        self.annotation(CHANNEL) == Some(Channel::Experimental.as_str())
    }

    /// Whether it is one of the standard channel, as the CRD says.
    pub(super) fn is_standard(&self) -> bool {
        self.annotation(CHANNEL) == Some(Channel::Standard.as_str())
    }

    /// Whether a version can be asked for now.
    pub(super) fn serves(&self, version: &str) -> bool {
        self.served.contains(&version)
    }

    /// The CRD by way of which objects get from a stored version to one that the release has: the newest of the experimental
    /// channel that serves the stored one and stores another that the release has.
    pub(super) fn waypoint(&self, stored: &str, found: &UpgradeFindings) -> Option<Waypoint> {
        let target = self.target(found);
        let releases = Release::ALL.iter().rev().copied();
        releases
            .filter(|release| *release <= found.release && Some(*release) >= found.from)
            .find_map(|release| {
                let there: Versions =
                    schema::versions_of(self.kind, release, Channel::Experimental).collect();
                let serves = there
                    .iter()
                    .any(|(version, there)| version.version == stored && there.served);
                let storage = stored_in(&there);
                let goes_on = storage != stored
                    && target.iter().any(|(version, _)| version.version == storage);
                (serves && goes_on).then_some(Waypoint { release, storage })
            })
    }

    /// What the release and channel have of the kind.
    pub(super) fn target(&self, found: &UpgradeFindings) -> Versions {
        schema::versions_of(self.kind, found.release, found.channel).collect()
    }

    pub(super) fn check(&self, found: &mut UpgradeFindings) {
        let release = found.release;
        let channel = found.channel;
        if let Some(installed) = self.bundle_version()
            && is_newer(installed, release)
        {
            found.add(
                Impact::Breaks,
                "newer-release",
                self.object,
                format!("metadata.annotations[{BUNDLE_VERSION}]"),
                match Release::ALL.iter().any(|known| known.as_str() == installed) {
                    true => format!("release {installed} is installed, which is newer than {release}: upgrades lead forward only"),
                    false => format!("release {} is installed, which is newer than {release}, and is not known here: upgrades lead forward only", kept_name(installed)),
                },
                "stay with the newer release",
            );
        } else if let Some(installed) = self.unknown_release() {
            found.add(
                Impact::Note,
                "release-unknown",
                self.object,
                format!("metadata.annotations[{BUNDLE_VERSION}]"),
                format!(
                    "release {} is installed, which is not known here: what it has beside {release} is not judged",
                    kept_name(installed)
                ),
                "compare its CRDs with those of the release by hand",
            );
        }
        let target = self.target(found);
        if target.is_empty() {
            self.check_absent(found);
            return;
        }
        if channel == Channel::Standard && self.is_experimental() {
            found.add(
                Impact::Note,
                "from-experimental",
                self.object,
                format!("metadata.annotations[{CHANNEL}]"),
                "the experimental channel is installed: objects lose the fields that the standard channel does not have",
                "see the findings about objects; without any, nothing is lost",
            );
        }
        if !self.has_status {
            let (message, verb) = match self.is_assumed {
                true => (
                    "the CRD is not among the input: objects are assumed to be stored in the version in which the release that is \
                     installed stores them",
                    "add",
                ),
                false => (
                    "the CRD does not say in which versions objects are stored: its present storage version is assumed",
                    "check",
                ),
            };
            let help = format!(
                "{verb} the CRD as the server has it: `kubectl get crd {} -o yaml`",
                self.name
            );
            found.add(
                Impact::Note,
                "stored-versions-unknown",
                self.object,
                "status.storedVersions",
                message,
                help,
            );
        }
        for &stored in &self.stored {
            self.check_stored(stored, &target, found);
        }
        for &served in &self.served {
            if let Some(later) = self.later(served, release)
                && !self.stored.contains(&served)
            {
                found.add(
                    Impact::Breaks,
                    "later-release-served",
                    self.object,
                    "spec.versions",
                    format!(
                        "`{served}` of {} came with release {}, which is later than {release}: clients that ask for it would fail",
                        self.kind, later.since
                    ),
                    "stay with the release that is installed",
                );
                continue;
            }
            let still = target
                .iter()
                .find(|(version, _)| version.version == served)
                .is_some_and(|(_, installation)| installation.served);
            if !still && !self.stored.contains(&served) {
                found.add(
                    Impact::Note,
                    "version-not-served",
                    self.object,
                    "spec.versions",
                    format!("`{served}` of {} will not be served any more: clients that ask for it fail", self.kind),
                    format!("make sure that controllers and manifests use `{}`", stored_in(&target)),
                );
            }
        }
    }

    fn check_stored(&self, stored: &str, target: &Versions, found: &mut UpgradeFindings) {
        let kind = self.kind;
        let path = "status.storedVersions";
        let (release, channel) = (found.release, found.channel);
        let wanted = stored_in(target);
        if let Some(later) = self.later(stored, release) {
            found.add(
                Impact::Blocks,
                LATER_STORED,
                self.object,
                path,
                format!(
                    "objects may be stored in `{stored}`, which came with release {}, later than {release}: the API server refuses the new CRD",
                    later.since
                ),
                "stay with the release that is installed",
            );
            return;
        }
        match target.iter().find(|(version, _)| version.version == stored) {
            None => {
                let help = if self.storage.is_some_and(|storage| {
                    target.iter().any(|(version, _)| version.version == storage)
                }) {
                    format!("write each {kind} anew and take `{stored}` off `{path}` before the upgrade")
                } else if let Some(waypoint) = self.waypoint(stored, found) {
                    format!(
                        "go by way of the experimental channel's CRD of {}, which has `{stored}` and `{}`",
                        waypoint.release, waypoint.storage
                    )
                } else {
                    format!(
                        "back up and convert each {kind} to `{wanted}`, delete the CRD, upgrade, and create them again"
                    )
                };
                found.add(
                    Impact::Blocks,
                    "stored-version-removed",
                    self.object,
                    path,
                    format!("objects may be stored in `{stored}`, which {release} does not have: the API server refuses the new CRD"),
                    help,
                );
            }
            Some((_, installation)) if !installation.served => found.add(
                Impact::Breaks,
                "stored-version-not-served",
                self.object,
                path,
                format!(
                    "objects may be stored in `{stored}`, which the {channel} channel of {release} has and does not serve: \
                     controllers and clients that use it find no {kind} any more, while they can be read as `{wanted}`"
                ),
                format!(
                    "go by way of the experimental channel's CRD of {release}, which serves both; take that of the \
                     {channel} channel when every controller uses `{wanted}`"
                ),
            ),
            Some((_, installation)) if !installation.stored => found.add(
                Impact::Note,
                "stored-version-old",
                self.object,
                path,
                format!("objects may be stored in `{stored}`; {release} stores `{wanted}` and still serves `{stored}`"),
                format!("write each {kind} anew after the upgrade, before a later release leaves `{stored}` out"),
            ),
            Some(_) => {}
        }
    }

    /// A kind that the release does not have in this channel.
    fn check_absent(&self, found: &mut UpgradeFindings) {
        let (release, channel) = (found.release, found.channel);
        let known = kinds::versions(self.kind).next().is_some();
        let versions = self.stored.iter().chain(&self.served);
        let later = versions
            .filter_map(|version| self.later(version, release))
            .next();
        let stays = "its CRD stays as it is now";
        let replaced = schema::counterpart(self.kind)
            .filter(|kind| schema::versions_of(kind, release, channel).next().is_some());
        let experimental = schema::versions_of(self.kind, release, Channel::Experimental).next();
        let (message, help) = if let Some(later) = later {
            (
                format!(
                    "{} in `{}` came with release {}, which is later than {release}: {stays}",
                    self.kind, later.version, later.since
                ),
                "keep the CRD as long as the kind is used".to_owned(),
            )
        } else if let Some(kind) = replaced {
            (
                format!(
                    "{release} has no {}: {}, and {stays}",
                    self.kind,
                    replacement(self.kind, kind)
                ),
                format!(
                    "delete the CRD when each {} is {}",
                    self.kind,
                    with_article(kind)
                ),
            )
        } else if experimental.is_some() {
            (
                format!(
                    "the {channel} channel of {release} has no {}: {stays}",
                    self.kind
                ),
                "upgrade to the experimental channel, or delete the CRD if the kind is not used"
                    .to_owned(),
            )
        } else if known {
            (
                format!("release {release} has no {}: {stays}", self.kind),
                "delete the CRD if the kind is not used".to_owned(),
            )
        } else {
            (
                format!("release {release} has no {}: {stays}", self.kind),
                "check whether the kind is still used".to_owned(),
            )
        };
        found.add(
            Impact::Note,
            "kind-not-in-channel",
            self.object,
            "",
            message,
            help,
        );
    }
}

/// The version that the release stores.
pub(super) fn stored_in(target: &Versions) -> &'static str {
    target
        .iter()
        .find(|(_, installation)| installation.stored)
        .map(|(version, _)| version.version)
        .unwrap_or_default()
}

/// The plural of a kind: the one that releases give it. That of another kind is the CRD's own, without whatever no
/// plural has and a shell might obey.
fn plural(kind: &str, own: &str) -> String {
    let known = schema::KINDS.iter().find(|known| known.kind == kind);
    known.map_or_else(|| plain(own), |known| known.plural.to_owned())
}

/// The letters, digits and dashes of a text, in lower case.
pub(super) fn plain(text: &str) -> String {
    let kept = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-');
    kept.map(|c| c.to_ascii_lowercase()).take(253).collect()
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// Whether a bundle version is newer than a release, pre-releases of it not counted.
fn is_newer(installed: &str, release: Release) -> bool {
    let numbers = |text: &str| -> Option<Vec<u32>> {
        let text = text.strip_prefix('v')?;
        let text = text.split_once(['-', '+']).map_or(text, |(core, _)| core);
        text.split('.').map(|n| n.parse().ok()).collect()
    };
    match (numbers(installed), numbers(release.as_str())) {
        (Some(installed), Some(release)) => installed > release,
        _ => false,
    }
}
