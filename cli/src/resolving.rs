//! How the command resolves a set of manifests.

use gwapi::{
    attachment::Options,
    meta::{Channel, Release},
    routing::RouterOptions,
};
use k8s_openapi::jiff::Timestamp;

/// The options for a set of manifests outside of a cluster, for a server with these CRDs. Certificates have to be valid by this machine's
/// clock.
pub(crate) fn options(release: Release, channel: Channel) -> Options {
    Options {
        channel,
        now: Some(Timestamp::now()),
        ..Options::for_manifests().with_release(release)
    }
}

/// How requests are decided where the specification leaves it open, by whatever answers them or looks for what they would
/// have met elsewhere.
pub(crate) fn routing() -> RouterOptions {
    RouterOptions::default()
}
