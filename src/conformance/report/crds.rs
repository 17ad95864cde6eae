//! The release and channel of a report: those of the CRDs that were used.

use crate::{
    attachment::InstalledCrd,
    meta::{Channel, Release},
};
use std::fmt;

/// The release and channel of CRDs: [`installed_release`] reads them off the CRDs, and nothing else makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledRelease {
    release: String,
    channel: String,
}

impl InstalledRelease {
    /// The release, as the CRDs name it: `v1.1.0`.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The channel, as the CRDs name it: `standard`.
    #[must_use]
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// Refuses all but these.
    pub(in crate::conformance) fn check(
        &self,
        release: Release,
        channel: Channel,
    ) -> Result<(), InstalledError> {
        let asked = Self {
            release: release.to_string(),
            channel: channel.to_string(),
        };
        match asked == *self {
            true => Ok(()),
            false => Err(InstalledError::Other {
                asked: asked.to_string(),
                installed: self.to_string(),
            }),
        }
    }
}

impl fmt::Display for InstalledRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.release, self.channel)
    }
}

/// Why CRDs do not say of which release and channel a report is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstalledError {
    /// None of them is of the Gateway API.
    #[error("no CustomResourceDefinition of the Gateway API is there")]
    None,
    /// One of them names no release, or no channel.
    #[error("`{name}` does not name its release and channel in its annotations")]
    Unnamed {
        /// Its name.
        name: String,
    },
    /// They are of several releases or channels.
    #[error("the CustomResourceDefinitions are of several releases or channels: {one} and {other}")]
    Mixed {
        /// The first release and channel.
        one: String,
        /// Another one.
        other: String,
    },
    /// They are of another release or channel than what was asked.
    #[error("the CustomResourceDefinitions are of {installed}, and what was asked is of {asked}")]
    Other {
        /// The release and channel of the scenarios.
        asked: String,
        /// The release and channel of the CRDs.
        installed: String,
    },
}

/// The release and channel of which all CRDs of the Gateway API are. Others do not count.
///
/// ```
/// use gwapi::{conformance::installed_release, crd, meta::{Channel, Release}};
///
/// let crds = crd::definitions(Release::V1_1_0, Channel::Standard).into_iter().map(Into::into);
/// let installed = installed_release(crds)?;
/// assert_eq!((installed.release(), installed.channel()), ("v1.1.0", "standard"));
/// # Ok::<(), gwapi::conformance::InstalledError>(())
/// ```
///
/// # Errors
///
/// There are none, one names no release or channel, or they differ.
pub fn installed_release(
    crds: impl IntoIterator<Item = InstalledCrd>,
) -> Result<InstalledRelease, InstalledError> {
    let mut found: Option<InstalledRelease> = None;
    for crd in crds.into_iter().filter(InstalledCrd::is_gateway_api) {
        let (Some(release), Some(channel)) = (crd.bundle_version, crd.channel) else {
            return Err(InstalledError::Unnamed { name: crd.name });
        };
        let own = InstalledRelease { release, channel };
        match &found {
            None => found = Some(own),
            Some(first) if *first == own => {}
            Some(first) => {
                return Err(InstalledError::Mixed {
                    one: first.to_string(),
                    other: own.to_string(),
                });
            }
        }
    }
    found.ok_or(InstalledError::None)
}
