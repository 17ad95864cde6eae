//! Releases of the Gateway API and their channels.

use std::{fmt, str::FromStr};

/// The release channel of a field, a kind or an installation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// What has graduated: stable kinds and fields only.
    #[default]
    Standard,
    /// All of the standard channel, and what may still change.
    Experimental,
}

impl Channel {
    /// Both channels.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Experimental];

    /// The name as the bundle's annotation writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Experimental => "experimental",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a channel: expected `standard` or `experimental`")]
pub struct ChannelError {
    text: String,
}

impl FromStr for Channel {
    type Err = ChannelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.as_str() == text)
            .ok_or_else(|| ChannelError {
                text: text.to_owned(),
            })
    }
}

/// A release of the Gateway API.
///
/// Ordered by age, so that "since" and "until" can be asked of fields and rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Release {
    /// v1.0.0: kept for the BackendTLSPolicy `v1alpha2` that v1.1.0 replaced.
    V1_0,
    /// v1.1.0: the release that this crate implements.
    #[default]
    V1_1,
}

impl Release {
    /// All releases that the crate knows, oldest first.
    pub const ALL: &'static [Self] = &[Self::V1_0, Self::V1_1];

    /// The bundle version as the CRDs' annotation writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "v1.0.0",
            Self::V1_1 => "v1.1.0",
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no release that the crate knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a known release: expected `v1.0.0` or `v1.1.0`")]
pub struct ReleaseError {
    text: String,
}

impl FromStr for Release {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|release| release.as_str() == text)
            .ok_or_else(|| ReleaseError {
                text: text.to_owned(),
            })
    }
}
