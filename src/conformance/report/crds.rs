//! The release and channel of a report: those of the CRDs that were used.

use crate::attachment::InstalledCrd;

/// Why CRDs do not say of which release and channel they are.
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
}

/// The release and channel of which all CRDs of the Gateway API are. Others do not count.
///
/// ```
/// use gwapi::{conformance::installed_release, crd, meta::{Channel, Release}};
///
/// let crds = crd::definitions(Release::V1_1_0, Channel::Standard).into_iter().map(Into::into);
/// assert_eq!(installed_release(crds), Ok(("v1.1.0".to_owned(), "standard".to_owned())));
/// ```
///
/// # Errors
///
/// There are none, one names no release or channel, or they differ.
pub fn installed_release(
    crds: impl IntoIterator<Item = InstalledCrd>,
) -> Result<(String, String), InstalledError> {
    let mut found: Option<(String, String)> = None;
    for crd in crds.into_iter().filter(InstalledCrd::is_gateway_api) {
        let (Some(release), Some(channel)) = (crd.bundle_version, crd.channel) else {
            return Err(InstalledError::Unnamed { name: crd.name });
        };
        let own = (release, channel);
        match &found {
            None => found = Some(own),
            Some(first) if *first == own => {}
            Some((release, channel)) => {
                return Err(InstalledError::Mixed {
                    one: format!("{release} {channel}"),
                    other: format!("{} {}", own.0, own.1),
                });
            }
        }
    }
    found.ok_or(InstalledError::None)
}
