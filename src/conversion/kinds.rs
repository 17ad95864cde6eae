//! Which kinds have which versions.

use crate::{
    meta::{Channel, Release},
    schema::{self, KINDS, KindVersion},
};

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
