//! What a data plane decides where the specification leaves it open.

use crate::{
    backend::session::SessionOptions,
    meta::{Behaviour, Release},
    routing::RouterOptions,
};

/// What a data plane decides where the specification, or its releases, leave it open.
///
/// The default is that of the default release; [`RouterOptions`] alone become these with its sessions.
#[derive(Clone, Copy, Debug)]
pub struct DataPlaneOptions {
    /// How requests are matched.
    pub routing: RouterOptions,
    /// How sessions are kept.
    pub sessions: SessionOptions,
}

impl DataPlaneOptions {
    /// As a release wants it.
    #[must_use]
    pub fn for_release(release: Release) -> Self {
        Self {
            routing: RouterOptions::default(),
            sessions: SessionOptions::new(Behaviour::of(release)),
        }
    }
}

impl Default for DataPlaneOptions {
    fn default() -> Self {
        Self::for_release(Release::default())
    }
}

impl From<RouterOptions> for DataPlaneOptions {
    fn from(routing: RouterOptions) -> Self {
        Self {
            routing,
            ..Self::default()
        }
    }
}
