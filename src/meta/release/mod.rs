//! Releases of the Gateway API: which there are, which of them have something, and what behaves otherwise in which.

mod behaviour;
mod list;
mod when;

pub use behaviour::{
    AttachedRoutes, Behaviour, NoEndpoints, PolicyReferences, SessionCookiePath, SupportedFeatures,
};
pub use list::{Channel, ChannelError, Release, ReleaseError};
pub use when::{InWords, When, WhenError};

pub(crate) use when::{mark_values, was, when};
