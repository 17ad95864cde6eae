//! The table of kinds: which version is installed by which release and channel, and its schema there.

use super::{Schema, read};
use crate::{
    meta::{self, Channel, Kind, Release, When, when},
    v1, v1alpha2, v1alpha3, v1beta1, x_v1alpha1,
};
use k8s_openapi::{ListableResource, Resource};
use std::sync::{LazyLock, OnceLock};

/// One version of one kind.
#[derive(Debug)]
pub struct KindVersion {
    /// The kind, such as `HTTPRoute`.
    pub kind: &'static str,
    /// The kind of a list of them, such as `HTTPRouteList`.
    pub list_kind: &'static str,
    /// The name in URLs, such as `httproutes`.
    pub plural: &'static str,
    /// The API group.
    pub group: &'static str,
    /// The version, such as `v1`.
    pub version: &'static str,
    /// Group and version as objects name them.
    pub api_version: &'static str,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether objects have a status.
    pub has_status: bool,
    /// Since when, and until when, the version is what.
    pub history: History,
    declaration: LazyLock<schemars::Schema>,
    all: OnceLock<Schema>,
    installations: OnceLock<Box<[Installation]>>,
}

/// Since when, and until when, a version of a kind is what.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct History {
    /// The CRD has the version.
    pub installed: When,
    /// A server accepts and returns objects of the version, where it is installed.
    pub served: When,
    /// Objects are stored in the version, where it is installed.
    pub stored: When,
    /// A server warns whoever uses the version, where it is installed.
    pub deprecated: When,
    /// The version to use instead of a deprecated one.
    pub successor: Option<&'static str>,
    /// The CRD says nothing of a status subresource, though objects have a status.
    pub without_status: When,
    /// The CRD says nothing of columns.
    pub without_columns: When,
}

impl History {
    const BASE: Self = Self {
        installed: When::ALWAYS,
        served: When::ALWAYS,
        stored: When::ALWAYS,
        deprecated: When::NEVER,
        successor: None,
        without_status: When::NEVER,
        without_columns: When::NEVER,
    };

    /// The releases that serve the version.
    #[must_use]
    pub fn when_served(&self) -> When {
        self.installed.and(self.served)
    }
}

impl KindVersion {
    /// How the version is installed by a release and channel, if it is.
    #[must_use]
    pub fn installation(
        &'static self,
        release: Release,
        channel: Channel,
    ) -> Option<&'static Installation> {
        let crds = release.crds();
        self.installations()
            .iter()
            .find(|i| i.release == crds && i.channel == channel)
    }

    /// How releases and channels install the version, oldest first: one entry for all releases that share their CRDs.
    #[must_use]
    pub fn installations(&'static self) -> &'static [Installation] {
        self.installations.get_or_init(|| install(self))
    }

    /// How the releases and channels that serve the version install it, the nearest to those given first: the other channel of
    /// the release, then by the number of releases between, the same channel first.
    pub(crate) fn nearest(
        &'static self,
        release: Release,
        channel: Channel,
    ) -> Vec<&'static Installation> {
        let number = |release: Release| Release::ALL.iter().position(|it| *it == release);
        let given = number(release.crds());
        let mut nearest: Vec<_> = self.installations().iter().filter(|it| it.served).collect();
        nearest.sort_by_key(|installation| {
            let between = number(installation.release)
                .zip(given)
                .map(|(its, given)| its.abs_diff(given));
            (between, installation.channel != channel)
        });
        nearest
    }

    /// The widest schema of the version: that of the experimental channel of its last release.
    #[must_use]
    pub fn widest(&'static self) -> Option<&'static Schema> {
        self.installations().last().map(Installation::schema)
    }

    /// The schema with the fields of all releases and channels, each with the releases that have it
    /// ([`Schema::when`]), as they are in the newest.
    #[must_use]
    pub fn every(&'static self) -> &'static Schema {
        self.all
            .get_or_init(|| read::tree(self.declaration(), self.kind, None))
    }

    /// What the types declare of the version.
    pub(super) fn declaration(&self) -> &schemars::Schema {
        &self.declaration
    }
}

/// How a release and channel install a version of a kind.
#[derive(Debug)]
pub struct Installation {
    /// The release: the oldest of those that share their CRDs.
    pub release: Release,
    /// The channel.
    pub channel: Channel,
    /// Whether a server accepts and returns objects of this version.
    pub served: bool,
    /// Whether objects are stored in this version.
    pub stored: bool,
    /// Whether `status` is written through an endpoint of its own, and dropped everywhere else.
    pub status_subresource: bool,
    /// What a server warns of when the version is used, if it does.
    pub deprecation: Option<String>,
    index: usize,
    kind: &'static KindVersion,
    tree: OnceLock<Schema>,
}

impl Installation {
    /// The schema of the version there; built at first use.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        self.tree.get_or_init(|| {
            let place = (self.release, self.channel);
            read::tree(self.kind.declaration(), self.kind.kind, Some(place))
        })
    }

    /// A release, if it is one of those that this stands for; the oldest of these otherwise.
    #[must_use]
    pub fn release_of(&self, release: Release) -> Release {
        if release.crds() == self.release {
            release
        } else {
            self.release
        }
    }

    /// The number of this installation, less than [`most_installations`]: an index for whoever keeps something about each.
    pub(crate) fn index(&self) -> usize {
        self.index
    }
}

/// More than there are installations of all versions of all kinds.
pub(crate) fn most_installations() -> usize {
    KINDS.len() * Release::ALL.len() * Channel::ALL.len()
}

fn install(kind: &'static KindVersion) -> Box<[Installation]> {
    let position = KINDS.iter().take_while(|k| !std::ptr::eq(*k, kind)).count();
    let history = &kind.history;
    let places = Release::ALL
        .iter()
        .flat_map(|release| Channel::ALL.map(|channel| (*release, channel)));
    let installation = |(slot, (release, channel)): (usize, (Release, Channel))| {
        let is = |when: When| when.contains(release, channel);
        (release.crds() == release && is(history.installed)).then(|| Installation {
            release,
            channel,
            served: is(history.served),
            stored: is(history.stored),
            status_subresource: kind.has_status && !is(history.without_status),
            deprecation: history
                .successor
                .filter(|_| is(history.deprecated))
                .map(|successor| deprecation(kind, successor)),
            index: position * Release::ALL.len() * Channel::ALL.len() + slot,
            kind,
            tree: OnceLock::new(),
        })
    };
    places.enumerate().filter_map(installation).collect()
}

/// The warning that servers print, in the words of the CRDs: a client may look for them.
fn deprecation(kind: &KindVersion, successor: &str) -> String {
    format!(
        "The {} version of {} has been deprecated and will be removed in a future release of the API. Please upgrade to {successor}.",
        kind.version, kind.kind
    )
}

macro_rules! kinds {
    ($( $kind:ty { $( $fact:ident $mark:literal ),* $(; use $successor:literal)? } )+) => {
        /// Every version of every kind that a known release installs, in the order in which the CRDs
        /// list them.
        pub static KINDS: &[KindVersion] = &ALL;

        static ALL: [KindVersion; [$( <$kind as Kind>::NAMESPACED ),+].len()] = [$(
            KindVersion {
                kind: <$kind as Resource>::KIND,
                list_kind: <$kind as ListableResource>::LIST_KIND,
                plural: <$kind as Resource>::URL_PATH_SEGMENT,
                group: <$kind as Resource>::GROUP,
                version: <$kind as Resource>::VERSION,
                api_version: <$kind as Resource>::API_VERSION,
                namespaced: <$kind as Kind>::NAMESPACED,
                has_status: <$kind as Kind>::HAS_STATUS,
                history: History {
                    $( $fact: when!($mark), )*
                    $( successor: Some($successor), )?
                    ..History::BASE
                },
                declaration: LazyLock::new(read::declaration::<$kind>),
                all: OnceLock::new(),
                installations: OnceLock::new(),
            },
        )+];
    };
}

// Of each version: the releases and channels that install it, and of these those that serve it, store objects in it, and
// so on; all of them where nothing is said.
kinds! {
    v1alpha2::BackendLbPolicy { installed "E1.1..1.2" }
    v1::BackendTlsPolicy { installed "1.4" }
    v1alpha2::BackendTlsPolicy { installed "E..1.0" }
    v1alpha3::BackendTlsPolicy {
        installed "E1.1 S1.4", served "E..", stored "..1.3",
        deprecated "1.4", without_columns "1.4", without_status "1.4.0..1.4.0"; use "v1"
    }
    v1::GatewayClass { stored "1.1" }
    v1beta1::GatewayClass { stored "..1.0" }
    v1::Gateway { stored "1.1" }
    v1beta1::Gateway { stored "..1.0" }
    v1::GrpcRoute { installed "1.1" }
    v1alpha2::GrpcRoute {
        installed "E..1.1 S1.1..1.1", served "E..", stored "..1.0",
        deprecated "1.1", without_columns "1.1.0..1.1.0", without_status "1.1.0..1.1.0"; use "v1"
    }
    v1::HttpRoute { stored "1.1" }
    v1beta1::HttpRoute { stored "..1.0" }
    v1::ListenerSet { installed "1.5" }
    v1::ReferenceGrant { installed "1.5", stored "never" }
    v1alpha2::ReferenceGrant {
        installed "..1.1", served "E.. S..1.0", stored "never", deprecated ".."; use "v1beta1"
    }
    v1beta1::ReferenceGrant {}
    v1::TcpRoute { installed "1.6" }
    v1alpha2::TcpRoute {
        installed "E.. S1.6", served "E..", stored "..1.5", deprecated "1.6"; use "v1"
    }
    v1::TlsRoute { installed "1.5" }
    v1alpha2::TlsRoute {
        installed "E.. S1.5", served "E..", stored "..1.3", deprecated "1.5"; use "v1"
    }
    v1alpha3::TlsRoute {
        installed "E1.4 S1.5", served "E..", stored "..1.4", deprecated "1.5"; use "v1"
    }
    v1::UdpRoute { installed "1.6" }
    v1alpha2::UdpRoute {
        installed "E.. S1.6", served "E..", stored "..1.5", deprecated "1.6"; use "v1"
    }
    x_v1alpha1::XBackend { installed "E1.6" }
    x_v1alpha1::XBackendTrafficPolicy { installed "E1.3" }
    x_v1alpha1::XListenerSet { installed "E1.3..1.4" }
    x_v1alpha1::XMesh { installed "E1.4" }
    x_v1alpha1::XTelemetryPolicy { installed "E1.7" }
}

/// The version of a kind that an object names by `apiVersion` and `kind`.
#[must_use]
pub fn find(api_version: &str, kind: &str) -> Option<&'static KindVersion> {
    KINDS
        .iter()
        .find(|k| k.kind == kind && k.api_version == api_version)
}

/// The versions of a kind of the Gateway API that a release and channel install, served or not.
pub fn versions_of(
    kind: &str,
    release: Release,
    channel: Channel,
) -> impl Iterator<Item = (&'static KindVersion, &'static Installation)> {
    installed(release, channel).filter(move |(k, _)| k.kind == kind)
}

/// Every version of every kind that a release and channel install.
pub fn installed(
    release: Release,
    channel: Channel,
) -> impl Iterator<Item = (&'static KindVersion, &'static Installation)> {
    KINDS
        .iter()
        .filter_map(move |k| Some((k, k.installation(release, channel)?)))
}

/// Kinds of which one has replaced the other: the one before, and the one after. Their objects have the same form.
const REPLACED: &[(&str, &str)] = &[
    ("XListenerSet", "ListenerSet"),
    ("BackendLBPolicy", "XBackendTrafficPolicy"),
];

/// The kind that has replaced a kind.
pub(crate) fn successor(kind: &str) -> Option<&'static str> {
    let (_, after) = REPLACED.iter().find(|(before, _)| *before == kind)?;
    Some(after)
}

/// The kind that has replaced a kind, or that it has replaced.
pub(crate) fn counterpart(kind: &str) -> Option<&'static str> {
    successor(kind).or_else(|| {
        let (before, _) = REPLACED.iter().find(|(_, after)| *after == kind)?;
        Some(before)
    })
}

/// The other versions of a kind, and those of the kind that has replaced it or that it has replaced.
pub(crate) fn relatives(of: &'static KindVersion) -> impl Iterator<Item = &'static KindVersion> {
    let counterpart = counterpart(of.kind);
    KINDS.iter().filter(move |known| {
        !std::ptr::eq(*known, of) && (known.kind == of.kind || Some(known.kind) == counterpart)
    })
}

/// Whether an object with this `apiVersion` is of one of the Gateway API's groups.
pub(crate) fn is_own_group(api_version: &str) -> bool {
    api_version
        .split_once('/')
        .is_some_and(|(group, _)| is_own(group))
}

/// Whether a group is one of the Gateway API's.
pub(crate) fn is_own(group: &str) -> bool {
    group == meta::GROUP || group == meta::EXPERIMENTS_GROUP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_installed_kind_stores_exactly_one_version_and_serves_it() {
        for release in Release::ALL {
            for channel in Channel::ALL {
                for (kind, _) in installed(*release, channel) {
                    let stored: Vec<_> = versions_of(kind.kind, *release, channel)
                        .filter(|(_, i)| i.stored)
                        .collect();
                    assert_eq!(stored.len(), 1, "{release} {channel} {}", kind.kind);
                    assert!(stored[0].1.served);
                }
            }
        }
    }

    #[test]
    fn the_channels_install_five_and_ten_kinds() {
        let kinds = |channel| {
            installed(Release::V1_1_0, channel)
                .map(|(k, _)| k.kind)
                .collect::<std::collections::BTreeSet<_>>()
                .len()
        };
        assert_eq!(kinds(Channel::Standard), 5);
        assert_eq!(kinds(Channel::Experimental), 10);
    }

    #[test]
    fn a_kind_that_was_replaced_is_known_as_the_new_one() {
        for (before, after) in REPLACED {
            for kind in [before, after] {
                assert!(KINDS.iter().any(|known| known.kind == *kind), "{kind}");
            }
            assert_eq!(counterpart(before), Some(*after));
            assert_eq!(counterpart(after), Some(*before));
            assert_eq!((successor(before), successor(after)), (Some(*after), None));
        }
        let old = find("gateway.networking.k8s.io/v1alpha2", "BackendLBPolicy").unwrap();
        let kinds: Vec<_> = relatives(old).map(|known| known.kind).collect();
        assert_eq!(kinds, ["XBackendTrafficPolicy"]);
    }

    /// The warning that a server sends names the version to use, so that without one there would be none.
    #[test]
    fn a_version_that_is_deprecated_names_the_one_to_use() {
        for kind in KINDS {
            let History {
                deprecated,
                successor,
                ..
            } = kind.history;
            assert_eq!(deprecated.is_nowhere(), successor.is_none(), "{kind:?}");
        }
    }

    #[test]
    fn each_installation_has_a_number_of_its_own() {
        let all = || KINDS.iter().flat_map(KindVersion::installations);
        let numbers: std::collections::BTreeSet<_> = all().map(Installation::index).collect();
        assert_eq!(numbers.len(), all().count());
        assert!(numbers.last() < Some(&most_installations()));
    }

    #[test]
    fn a_release_that_changes_nothing_has_all_that_the_one_before_has() {
        let made_up = Release::made_up();
        for channel in Channel::ALL {
            let installed = |release| {
                super::installed(release, channel)
                    .map(|(kind, installation)| (kind.api_version, kind.kind, installation.index()))
                    .collect::<Vec<_>>()
            };
            assert!(!installed(made_up).is_empty());
            assert_eq!(installed(made_up), installed(Release::newest()));
        }
    }
}
