//! What a data plane decides where the specification leaves it open.

use crate::{
    backend::session::SessionOptions,
    meta::{Behaviour, NoEndpoints, Release},
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
    /// What is answered where the backend of an HTTPRoute has no endpoint that is ready.
    pub no_endpoints: NoEndpoints,
}

impl DataPlaneOptions {
    /// As a release wants it.
    #[must_use]
    pub fn for_release(release: Release) -> Self {
        Self::for_behaviour(Behaviour::of(release))
    }

    /// As a release wants it, or whoever changed what a release wants: the one place that reads what [`Behaviour`] says of
    /// traffic. [`attachment::Options::behaviour`](crate::attachment::Options::behaviour) is to be the same.
    #[must_use]
    pub fn for_behaviour(behaviour: Behaviour) -> Self {
        Self {
            routing: RouterOptions::default(),
            sessions: SessionOptions::new(behaviour),
            no_endpoints: behaviour.no_endpoints,
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
