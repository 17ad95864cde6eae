//! Kinds and versions that came with releases after a given one.

use super::{KINDS, KindVersion, find};
use crate::meta::{Channel, Release};

/// A version of a kind that a later release added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaterVersion {
    /// The API group.
    pub group: &'static str,
    /// The kind, such as `ListenerSet`.
    pub kind: &'static str,
    /// The version, such as `v1`.
    pub version: &'static str,
    /// The first release that has it.
    pub since: Release,
}

/// The version that an object names by `apiVersion` and `kind`, if it came with a release after `release`.
///
/// ```
/// use gwapi::{meta::Release, schema};
///
/// let version = "gateway.networking.k8s.io/v1";
/// let later = schema::later(version, "TLSRoute", Release::V1_1_0).unwrap();
/// assert_eq!(later.since, Release::V1_5_0);
/// assert_eq!(schema::later(version, "TLSRoute", Release::V1_6_0), None);
/// assert_eq!(schema::later(version, "HTTPRoute", Release::V1_1_0), None);
/// ```
#[must_use]
pub fn later(api_version: &str, kind: &str, release: Release) -> Option<LaterVersion> {
    of(find(api_version, kind)?).filter(|later| later.since > release)
}

/// The first version of a kind that came with a release after `release`, for references, which name no version; nothing if
/// the release has the kind in another.
#[must_use]
pub fn later_kind(group: &str, kind: &str, release: Release) -> Option<LaterVersion> {
    let versions = KINDS.iter().filter(|k| k.group == group && k.kind == kind);
    versions
        .filter_map(of)
        .min_by_key(|version| version.since)
        .filter(|first| first.since > release)
}

fn of(kind: &'static KindVersion) -> Option<LaterVersion> {
    let when = kind.history.installed;
    let since = Channel::ALL
        .into_iter()
        .filter_map(|channel| when.since(channel));
    Some(LaterVersion {
        group: kind.group,
        kind: kind.kind,
        version: kind.version,
        since: since.min()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::GROUP;

    #[test]
    fn a_kind_is_later_until_the_release_that_brought_it() {
        let since = |kind, release| later_kind(GROUP, kind, release).map(|later| later.since);
        assert_eq!(since("ListenerSet", Release::V1_1_0), Some(Release::V1_5_0));
        assert_eq!(since("ListenerSet", Release::V1_5_0), None);
        assert_eq!(since("TLSRoute", Release::V1_1_0), None);
        assert_eq!(since("HTTPRoute", Release::V1_0_0), None);
        assert_eq!(
            later("gateway.networking.k8s.io", "TLSRoute", Release::V1_1_0),
            None
        );
    }
}
