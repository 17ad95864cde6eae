//! Kinds and versions that came with releases after the newest one that the crate implements.
//!
//! Nothing is known of their fields. Their names are here so that an object of a later release is called
//! that, and not a typing error or something that was removed.

use crate::meta::GROUP;

/// The group of kinds that are experiments, whose names begin with `X` (GEP-1731 and later).
pub(crate) const EXPERIMENTS: &str = "gateway.networking.x-k8s.io";

/// A version of a kind that a later release added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaterVersion {
    /// The API group.
    pub group: &'static str,
    /// The kind, such as `ListenerSet`.
    pub kind: &'static str,
    /// The version, such as `v1`.
    pub version: &'static str,
    /// The first release that has it, such as `v1.5.0`.
    pub since: &'static str,
}

macro_rules! later {
    ($( $group:ident $kind:literal $version:literal since $since:literal; )+) => {
        /// Every version of a kind that a later release added, by kind.
        pub const LATER: &[LaterVersion] = &[$(
            LaterVersion { group: $group, kind: $kind, version: $version, since: $since },
        )+];
    };
}

later! {
    GROUP "BackendTLSPolicy" "v1" since "v1.4.0";
    GROUP "ListenerSet" "v1" since "v1.5.0";
    GROUP "ReferenceGrant" "v1" since "v1.5.0";
    GROUP "TCPRoute" "v1" since "v1.6.0";
    GROUP "TLSRoute" "v1" since "v1.5.0";
    GROUP "TLSRoute" "v1alpha3" since "v1.4.0";
    GROUP "UDPRoute" "v1" since "v1.6.0";
    EXPERIMENTS "XBackend" "v1alpha1" since "v1.6.0";
    EXPERIMENTS "XBackendTrafficPolicy" "v1alpha1" since "v1.3.0";
    EXPERIMENTS "XListenerSet" "v1alpha1" since "v1.3.0";
    EXPERIMENTS "XMesh" "v1alpha1" since "v1.4.0";
    EXPERIMENTS "XTelemetryPolicy" "v1alpha1" since "v1.7.0";
}

/// The later release's version that an object names by `apiVersion` and `kind`.
///
/// ```
/// use gwapi::schema;
///
/// let later = schema::later("gateway.networking.k8s.io/v1", "TLSRoute").unwrap();
/// assert_eq!(later.since, "v1.5.0");
/// assert_eq!(schema::later("gateway.networking.k8s.io/v1", "HTTPRoute"), None);
/// ```
#[must_use]
pub fn later(api_version: &str, kind: &str) -> Option<&'static LaterVersion> {
    let (group, version) = api_version.split_once('/')?;
    LATER
        .iter()
        .find(|later| later.group == group && later.kind == kind && later.version == version)
}

/// The first later version of a kind, for references, which name no version.
#[must_use]
pub fn later_kind(group: &str, kind: &str) -> Option<&'static LaterVersion> {
    LATER
        .iter()
        .find(|later| later.group == group && later.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{self, KINDS};

    #[test]
    fn no_version_is_both_later_and_known() {
        for later in LATER {
            let known = |k: &&schema::KindVersion| {
                k.kind == later.kind && later.group == GROUP && k.version == later.version
            };
            assert!(!KINDS.iter().any(|k| known(&k)), "{later:?}");
            assert_eq!(
                super::later(&format!("{}/{}", later.group, later.version), later.kind),
                Some(later)
            );
        }
        assert_eq!(later_kind(GROUP, "ListenerSet").unwrap().since, "v1.5.0");
        assert_eq!(later_kind(GROUP, "HTTPRoute"), None);
        assert_eq!(later("gateway.networking.k8s.io", "TLSRoute"), None);
    }
}
