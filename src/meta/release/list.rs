//! Releases of the Gateway API and their channels.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

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

/// A version as one number that orders as versions do.
pub(super) const fn number(major: u8, minor: u8, patch: u8) -> u32 {
    (major as u32) << 16 | (minor as u32) << 8 | patch as u32
}

/// A release of the Gateway API.
///
/// Ordered by age. What is known of releases is one table below; a release that changes nothing is one row of it.
#[derive(Clone, Copy)]
pub struct Release(&'static Row);

/// What is known of one release.
#[derive(Debug)]
struct Row {
    /// The bundle version as the CRDs' annotation writes it.
    name: &'static str,
    number: u32,
    /// The number of the oldest release with the same CRDs: its own where the release changed them.
    crds: u32,
    /// Where the API's reviewers approved the CRDs.
    approval: &'static str,
}

macro_rules! releases {
    ($( $name:ident = ($major:literal, $minor:literal, $patch:literal), approved $approval:literal $(, crds of $crds:ident)?; )+) => {
        impl Release {
            $(
                #[doc = concat!("v", $major, ".", $minor, ".", $patch)]
                pub const $name: Self = Self(&Row {
                    name: concat!("v", $major, ".", $minor, ".", $patch),
                    number: number($major, $minor, $patch),
                    crds: releases!(@crds ($major, $minor, $patch) $($crds)?),
                    approval: concat!("https://github.com/kubernetes-sigs/gateway-api/pull/", $approval),
                });
            )+

            /// All releases that the crate knows, oldest first.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
    (@crds ($major:literal, $minor:literal, $patch:literal)) => { number($major, $minor, $patch) };
    (@crds ($major:literal, $minor:literal, $patch:literal) $crds:ident) => { Self::$crds.0.crds };
}

releases! {
    V1_0_0 = (1, 0, 0), approved 2466;
    V1_1_0 = (1, 1, 0), approved 2997;
    V1_1_1 = (1, 1, 1), approved 2997;
    V1_2_0 = (1, 2, 0), approved 3328;
    V1_2_1 = (1, 2, 1), approved 3328, crds of V1_2_0;
    V1_3_0 = (1, 3, 0), approved 3328;
    V1_4_0 = (1, 4, 0), approved 3328;
    V1_4_1 = (1, 4, 1), approved 3328;
    V1_5_0 = (1, 5, 0), approved 4530;
    V1_5_1 = (1, 5, 1), approved 4530;
    V1_6_0 = (1, 6, 0), approved 4530;
    V1_6_1 = (1, 6, 1), approved 4530, crds of V1_6_0;
    V1_6_2 = (1, 6, 2), approved 4530, crds of V1_6_0;
    V1_6_3 = (1, 6, 3), approved 4530, crds of V1_6_0;
    V1_7_0 = (1, 7, 0), approved 5371;
}

impl Release {
    /// A release that is not there: the patch after the newest one, as it would be if it changed nothing. For tests.
    #[cfg(test)]
    pub(crate) fn made_up() -> Self {
        use std::sync::LazyLock;

        static ROW: LazyLock<Row> = LazyLock::new(|| {
            let newest = Release::newest();
            let (minor, patch) = newest.as_str().rsplit_once('.').unwrap();
            let patch: u32 = patch.parse().unwrap();
            Row {
                name: Box::leak(format!("{minor}.{}", patch + 1).into_boxed_str()),
                number: newest.0.number + 1,
                crds: newest.0.crds,
                approval: newest.0.approval,
            }
        });
        Self(&ROW)
    }

    /// The bundle version as the CRDs' annotation writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0.name
    }

    /// The newest release that the crate knows.
    #[must_use]
    pub fn newest() -> Self {
        Self::ALL.last().copied().unwrap_or_default()
    }

    /// The number by which releases are ordered.
    pub(super) const fn number(self) -> u32 {
        self.0.number
    }

    /// The second number of its version.
    pub(crate) const fn minor(self) -> u32 {
        self.0.number >> 8 & 0xff
    }

    /// The oldest release whose CRDs are those of this one, but for the version in their annotation: releases that
    /// share their CRDs share schemas and all that is made of them.
    #[must_use]
    pub fn crds(self) -> Self {
        let is_it = |release: &Self| release.0.number == self.0.crds;
        Self::ALL.iter().copied().find(is_it).unwrap_or(self)
    }

    /// Where the API's reviewers approved the CRDs: a server asks for it in an annotation of CRDs of groups under
    /// `k8s.io`.
    #[must_use]
    pub const fn approval(self) -> &'static str {
        self.0.approval
    }
}

/// v1.1.0, for whom no release is named.
impl Default for Release {
    fn default() -> Self {
        Self::V1_1_0
    }
}

impl PartialEq for Release {
    fn eq(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }
}

impl Eq for Release {}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Release {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.number.cmp(&other.0.number)
    }
}

impl Hash for Release {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.number.hash(state);
    }
}

impl fmt::Debug for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name)
    }
}

/// A text that names no release that the crate knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a known release: expected one of {}", known())]
pub struct ReleaseError {
    text: String,
}

fn known() -> String {
    let names: Vec<_> = Release::ALL
        .iter()
        .map(|release| release.as_str())
        .collect();
    names.join(", ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_ordered_by_age_and_read_as_they_are_written() {
        assert!(Release::ALL.is_sorted());
        for release in Release::ALL {
            assert_eq!(release.as_str().parse(), Ok(*release));
            assert!(release.crds() <= *release);
            assert_eq!(release.crds().crds(), release.crds());
        }
        assert!("v1.1".parse::<Release>().is_err());
        let distinct: std::collections::BTreeSet<_> =
            Release::ALL.iter().map(|r| r.crds()).collect();
        assert_eq!(distinct.len(), 11);
    }
}
