//! Secrets, which must not show in a log.

use super::object::ByPlace;
use k8s_openapi::api::core::v1::Secret;
use std::{
    fmt,
    ops::{Deref, DerefMut},
};

/// Secrets by their place. `Debug` shows the places alone.
#[derive(Clone, Default)]
pub(super) struct Secrets(ByPlace<Secret>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Deref for Secrets {
    type Target = ByPlace<Secret>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Secrets {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
