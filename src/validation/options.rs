//! How objects are judged.

use crate::meta::{Channel, PatternLimits, Release};
use k8s_openapi::jiff::Timestamp;

/// How objects are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValidationOptions {
    /// The channel whose CRDs the server has.
    pub channel: Channel,
    /// The release whose CRDs the server has.
    pub release: Release,
    /// Whether `status` is judged, as when a controller writes it. A server drops it on creation.
    pub with_status: bool,
    /// The time at which the certificates of a set have to be valid ([`lint`](crate::lint)); not judged without.
    pub now: Option<Timestamp>,
    /// How large the regular expressions of routes may be: one that exceeds a limit is warned of.
    pub patterns: PatternLimits,
}

impl ValidationOptions {
    /// As on creation, by the CRDs of v1.1.0.
    #[must_use]
    pub fn new(channel: Channel) -> Self {
        Self {
            channel,
            ..Self::default()
        }
    }

    /// As on creation, by the CRDs of a release.
    #[must_use]
    pub fn of(release: Release, channel: Channel) -> Self {
        Self {
            channel,
            release,
            ..Self::default()
        }
    }
}
