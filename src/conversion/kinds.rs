//! Which kinds have which versions.

use crate::{
    meta::{Channel, Release},
    schema::{self, Installation, KINDS, KindVersion},
};
use kube_core::Version;

/// The versions of a kind of the Gateway API that the crate knows, as API versions (group and version).
///
/// Empty for kinds of which it knows nothing.
pub fn versions(kind: &str) -> impl Iterator<Item = &'static str> {
    KINDS
        .iter()
        .filter(move |k| k.kind == kind)
        .map(|k| k.api_version)
}

/// The API version in which release v1.1.0 stores a kind: where a migration leads unless told otherwise.
#[must_use]
pub fn preferred_version(kind: &str) -> Option<&'static str> {
    schema::versions_of(kind, Release::V1_1_0, Channel::Experimental)
        .find(|(_, installation)| installation.stored)
        .map(|(version, _)| version.api_version)
}

/// The version in which objects of a kind belong in a release and channel: the one that is stored there, unless the
/// object's own is served, is not deprecated, and comes after it by the order of versions. Where the release does not have the kind, the same of
/// the kind in its place.
pub(super) fn in_release(
    of: &'static KindVersion,
    release: Release,
    channel: Channel,
) -> Option<&'static KindVersion> {
    let stored = |kind: &str| {
        schema::versions_of(kind, release, channel)
            .find(|(_, installation)| installation.stored)
            .map(|(version, _)| version)
    };
    let Some(preferred) = stored(of.kind) else {
        return stored(schema::counterpart(of.kind)?);
    };
    let sound =
        |installation: &Installation| installation.served && installation.deprecation.is_none();
    let priority = |version: &KindVersion| Version::parse(version.version).priority();
    let is_newer = priority(of) > priority(preferred);
    let own = of.installation(release, channel).is_some_and(sound);
    Some(if own && is_newer { of } else { preferred })
}

/// The version of a kind that these type fields name, and whether they name a list of it.
pub(super) fn find(api_version: &str, kind: &str) -> Option<(&'static KindVersion, bool)> {
    KINDS
        .iter()
        .filter(|k| k.api_version == api_version)
        .find_map(|k| {
            if k.kind == kind {
                Some((k, false))
            } else {
                (k.list_kind == kind).then_some((k, true))
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_has_one_version_in_which_objects_of_a_kind_belong() {
        let version = |api_version: &str, kind: &str, release, channel| {
            in_release(find(api_version, kind).unwrap().0, release, channel)
                .map(|to| format!("{}/{}", to.version, to.kind))
        };
        let (standard, experimental) = (Channel::Standard, Channel::Experimental);
        let group = |version: &str| format!("gateway.networking.k8s.io/{version}");
        for (of, kind, release, channel, to) in [
            (
                "v1beta1",
                "HTTPRoute",
                Release::V1_0_0,
                standard,
                Some("v1beta1/HTTPRoute"),
            ),
            (
                "v1",
                "HTTPRoute",
                Release::V1_0_0,
                standard,
                Some("v1/HTTPRoute"),
            ),
            (
                "v1beta1",
                "HTTPRoute",
                Release::V1_7_0,
                standard,
                Some("v1/HTTPRoute"),
            ),
            (
                "v1beta1",
                "ReferenceGrant",
                Release::V1_7_0,
                standard,
                Some("v1beta1/ReferenceGrant"),
            ),
            (
                "v1",
                "ReferenceGrant",
                Release::V1_7_0,
                standard,
                Some("v1/ReferenceGrant"),
            ),
            (
                "v1",
                "ReferenceGrant",
                Release::V1_4_0,
                standard,
                Some("v1beta1/ReferenceGrant"),
            ),
            (
                "v1alpha2",
                "ReferenceGrant",
                Release::V1_7_0,
                standard,
                Some("v1beta1/ReferenceGrant"),
            ),
            (
                "v1alpha2",
                "TLSRoute",
                Release::V1_4_0,
                experimental,
                Some("v1alpha3/TLSRoute"),
            ),
            (
                "v1alpha2",
                "TLSRoute",
                Release::V1_7_0,
                experimental,
                Some("v1/TLSRoute"),
            ),
            (
                "v1",
                "TLSRoute",
                Release::V1_1_0,
                experimental,
                Some("v1alpha2/TLSRoute"),
            ),
            ("v1", "TLSRoute", Release::V1_1_0, standard, None),
            (
                "v1",
                "ListenerSet",
                Release::V1_4_0,
                experimental,
                Some("v1alpha1/XListenerSet"),
            ),
            ("v1", "ListenerSet", Release::V1_4_0, standard, None),
            (
                "v1alpha2",
                "BackendLBPolicy",
                Release::V1_3_0,
                experimental,
                Some("v1alpha1/XBackendTrafficPolicy"),
            ),
            (
                "v1alpha2",
                "BackendLBPolicy",
                Release::V1_0_0,
                experimental,
                None,
            ),
        ] {
            let found = version(&group(of), kind, release, channel);
            assert_eq!(found.as_deref(), to, "{of} {kind} {release} {channel}");
        }
    }

    #[test]
    fn each_kind_leads_to_the_version_that_the_release_stores() {
        for (kind, version) in [
            ("GatewayClass", "v1"),
            ("Gateway", "v1"),
            ("HTTPRoute", "v1"),
            ("GRPCRoute", "v1"),
            ("ReferenceGrant", "v1beta1"),
            ("BackendTLSPolicy", "v1alpha3"),
            ("BackendLBPolicy", "v1alpha2"),
            ("TCPRoute", "v1alpha2"),
            ("TLSRoute", "v1alpha2"),
            ("UDPRoute", "v1alpha2"),
        ] {
            let preferred = preferred_version(kind).unwrap();
            assert_eq!(preferred, format!("gateway.networking.k8s.io/{version}"));
            assert!(versions(kind).any(|v| v == preferred));
        }
        assert_eq!(preferred_version("Service"), None);
    }
}
