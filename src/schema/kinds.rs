//! The table of kinds: which version is installed by which release and channel, and its schema there.

use super::{Schema, read};
use crate::{
    meta::{self, Channel, Kind, Release},
    v1, v1alpha2, v1alpha3, v1beta1,
};
use k8s_openapi::{ListableResource, Resource};
use std::sync::LazyLock;

/// One version of one kind.
#[derive(Debug)]
pub struct KindVersion {
    /// The kind, such as `HTTPRoute`.
    pub kind: &'static str,
    /// The kind of a list of them, such as `HTTPRouteList`.
    pub list_kind: &'static str,
    /// The name in URLs, such as `httproutes`.
    pub plural: &'static str,
    /// The version, such as `v1`.
    pub version: &'static str,
    /// Group and version as objects name them.
    pub api_version: &'static str,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether `status` is written through an endpoint of its own, and dropped everywhere else.
    pub status_subresource: bool,
    /// What a server warns of when the version is used, for deprecated ones.
    pub deprecation: Option<&'static str>,
    /// The releases and channels that install it.
    pub installations: &'static [Installation],
}

impl KindVersion {
    /// How the version is installed by a release and channel, if it is.
    #[must_use]
    pub fn installation(
        &self,
        release: Release,
        channel: Channel,
    ) -> Option<&'static Installation> {
        self.installations
            .iter()
            .find(|i| i.release == release && i.channel == channel)
    }

    /// The widest schema of the version: that of the experimental channel of its last release.
    #[must_use]
    pub fn widest(&self) -> Option<&'static Schema> {
        self.installations
            .iter()
            .max_by_key(|i| (i.release, i.channel))
            .map(Installation::schema)
    }
}

/// How one release and channel install a version of a kind.
#[derive(Debug)]
pub struct Installation {
    /// The release.
    pub release: Release,
    /// The channel.
    pub channel: Channel,
    /// Whether a server accepts and returns objects of this version.
    pub served: bool,
    /// Whether objects are stored in this version.
    pub stored: bool,
    tree: LazyLock<Schema>,
}

impl Installation {
    /// The schema of the version there; built at first use.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.tree
    }
}

macro_rules! kinds {
    ($(
        $kind:ty, status $status:literal, deprecation $deprecation:expr,
        [$( $release:ident $channel:ident served $served:literal stored $stored:literal ),+];
    )+) => {
        /// Every version of every kind that a known release installs, in the order in which the CRDs
        /// list them.
        pub static KINDS: &[KindVersion] = &[$(
            KindVersion {
                kind: <$kind as Resource>::KIND,
                list_kind: <$kind as ListableResource>::LIST_KIND,
                plural: <$kind as Resource>::URL_PATH_SEGMENT,
                version: <$kind as Resource>::VERSION,
                api_version: <$kind as Resource>::API_VERSION,
                namespaced: <$kind as Kind>::NAMESPACED,
                status_subresource: $status,
                deprecation: $deprecation,
                installations: {
                    const COUNT: usize = [$(Release::$release),+].len();
                    static INSTALLATIONS: [Installation; COUNT] = [$(
                        Installation {
                            release: Release::$release,
                            channel: Channel::$channel,
                            served: $served,
                            stored: $stored,
                            tree: LazyLock::new(|| {
                                read::root::<$kind>(Release::$release, Channel::$channel)
                            }),
                        },
                    )+];
                    &INSTALLATIONS
                },
            },
        )+];
    };
}

kinds! {
    v1alpha2::BackendLbPolicy, status true, deprecation None,
        [V1_1 Experimental served true stored true];
    v1alpha2::BackendTlsPolicy, status true, deprecation None,
        [V1_0 Experimental served true stored true];
    v1alpha3::BackendTlsPolicy, status true, deprecation None,
        [V1_1 Experimental served true stored true];
    v1::GatewayClass, status true, deprecation None,
        [V1_1 Standard served true stored true, V1_1 Experimental served true stored true];
    v1beta1::GatewayClass, status true, deprecation None,
        [V1_1 Standard served true stored false, V1_1 Experimental served true stored false];
    v1::Gateway, status true, deprecation None,
        [V1_1 Standard served true stored true, V1_1 Experimental served true stored true];
    v1beta1::Gateway, status true, deprecation None,
        [V1_1 Standard served true stored false, V1_1 Experimental served true stored false];
    v1::GrpcRoute, status true, deprecation None,
        [V1_1 Standard served true stored true, V1_1 Experimental served true stored true];
    v1alpha2::GrpcRoute, status false,
        deprecation Some("The v1alpha2 version of GRPCRoute has been deprecated and will be removed in a future release of the API. Please upgrade to v1."),
        [V1_1 Standard served false stored false, V1_1 Experimental served true stored false];
    v1::HttpRoute, status true, deprecation None,
        [V1_1 Standard served true stored true, V1_1 Experimental served true stored true];
    v1beta1::HttpRoute, status true, deprecation None,
        [V1_1 Standard served true stored false, V1_1 Experimental served true stored false];
    v1alpha2::ReferenceGrant, status false,
        deprecation Some("The v1alpha2 version of ReferenceGrant has been deprecated and will be removed in a future release of the API. Please upgrade to v1beta1."),
        [V1_1 Standard served false stored false, V1_1 Experimental served true stored false];
    v1beta1::ReferenceGrant, status false, deprecation None,
        [V1_1 Standard served true stored true, V1_1 Experimental served true stored true];
    v1alpha2::TcpRoute, status true, deprecation None,
        [V1_1 Experimental served true stored true];
    v1alpha2::TlsRoute, status true, deprecation None,
        [V1_1 Experimental served true stored true];
    v1alpha2::UdpRoute, status true, deprecation None,
        [V1_1 Experimental served true stored true];
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

/// Whether an object with this `apiVersion` is of the Gateway API's group.
pub(crate) fn is_own_group(api_version: &str) -> bool {
    api_version
        .split_once('/')
        .is_some_and(|(group, _)| group == meta::GROUP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_installed_kind_stores_exactly_one_version_and_serves_it() {
        for channel in Channel::ALL {
            for (kind, _) in installed(Release::V1_1, channel) {
                let stored: Vec<_> = versions_of(kind.kind, Release::V1_1, channel)
                    .filter(|(_, i)| i.stored)
                    .collect();
                assert_eq!(stored.len(), 1, "{}", kind.kind);
                assert!(stored[0].1.served);
            }
        }
    }

    #[test]
    fn the_channels_install_five_and_ten_kinds() {
        let kinds = |channel| {
            installed(Release::V1_1, channel)
                .map(|(k, _)| k.kind)
                .collect::<std::collections::BTreeSet<_>>()
                .len()
        };
        assert_eq!(kinds(Channel::Standard), 5);
        assert_eq!(kinds(Channel::Experimental), 10);
    }
}
