//! How the command resolves a set of manifests.

use clap::Args;
use gwapi::{
    attachment::Options,
    meta::{Channel, PatternLimits, Release},
    proxy::DataPlaneOptions,
    routing::RouterOptions,
};
use k8s_openapi::jiff::Timestamp;

/// How large regular expressions may be when they are compiled.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PatternArgs {
    /// How large one regular expression may be when compiled
    #[arg(long, value_name = "BYTES", default_value_t = PatternLimits::PATTERN)]
    max_pattern: usize,
    /// How large all regular expressions of one route may be when compiled
    #[arg(long, value_name = "BYTES", default_value_t = PatternLimits::ROUTE)]
    max_route_patterns: usize,
    /// How large all regular expressions of one listener or Service may be when compiled
    #[arg(long, value_name = "BYTES", default_value_t = PatternLimits::TABLE)]
    max_table_patterns: usize,
}

impl PatternArgs {
    pub(crate) fn limits(self) -> PatternLimits {
        PatternLimits {
            pattern: self.max_pattern,
            route: self.max_route_patterns,
            table: self.max_table_patterns,
        }
    }
}

/// The options for a set of manifests outside of a cluster, for a server with these CRDs. Certificates have to be valid by this machine's
/// clock.
pub(crate) fn options(
    release: Release,
    channel: Channel,
    patterns: PatternArgs,
    routing: RouterOptions,
) -> Options {
    Options {
        channel,
        hostname_rank: routing.hostname_rank(),
        patterns: patterns.limits(),
        now: Some(Timestamp::now()),
        ..Options::for_manifests().with_release(release)
    }
}

/// How a data plane answers requests where the specification leaves it open, or its releases differ.
pub(crate) fn data_plane(release: Release, routing: RouterOptions) -> DataPlaneOptions {
    DataPlaneOptions {
        routing,
        ..DataPlaneOptions::for_release(release)
    }
}
