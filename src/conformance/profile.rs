//! The conformance profiles of each release (GEP-1709).

use super::feature::{Feature, FeatureGroup};
use crate::meta::{Channel, FeatureName, Release, When, when};
use std::{fmt, str::FromStr};

/// A group of features that an implementation can be conformant with: what it must have (core), and what it may have (extended).
///
/// ```
/// use gwapi::{conformance::Profile, meta::{FeatureName, Release}};
///
/// let http: Profile = "GATEWAY-HTTP".parse()?;
/// let core = [FeatureName::Gateway, FeatureName::HttpRoute, FeatureName::ReferenceGrant];
/// assert_eq!(http.core(Release::V1_1_0), core);
/// assert_eq!(http.extended(Release::V1_1_0).len(), 17);
/// # Ok::<(), gwapi::conformance::ProfileError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Profile(&'static ProfileRow);

/// What is known of a profile.
struct ProfileRow {
    name: &'static str,
    when: When,
    core: &'static [FeatureName],
    /// The groups whose features are extended ones, with the releases in which they are.
    extended: &'static [(FeatureGroup, When)],
}

const ALWAYS: When = when!("..");

/// What the suites say (`conformance/utils/suite/profiles.go`).
const PROFILES: &[ProfileRow] = &[
    ProfileRow {
        name: "GATEWAY-GRPC",
        when: when!("1.1"),
        core: &[
            FeatureName::GrpcRoute,
            FeatureName::Gateway,
            FeatureName::ReferenceGrant,
        ],
        extended: &[
            (FeatureGroup::Gateway, ALWAYS),
            (FeatureGroup::BackendTls, when!("1.7")),
        ],
    },
    ProfileRow {
        name: "GATEWAY-HTTP",
        when: when!("1.1"),
        core: HTTP,
        extended: &[
            (FeatureGroup::Gateway, ALWAYS),
            (FeatureGroup::HttpRoute, ALWAYS),
            (FeatureGroup::BackendTls, when!("1.4.1")),
        ],
    },
    ProfileRow {
        name: "GATEWAY-TCP",
        when: when!("1.6"),
        core: &[FeatureName::Gateway, FeatureName::ReferenceGrant],
        extended: &[
            (FeatureGroup::Gateway, ALWAYS),
            (FeatureGroup::TcpRoute, ALWAYS),
        ],
    },
    ProfileRow {
        name: "GATEWAY-TLS",
        when: when!("1.1"),
        core: TLS,
        extended: &[
            (FeatureGroup::Gateway, ALWAYS),
            (FeatureGroup::TlsRoute, ALWAYS),
            (FeatureGroup::BackendTls, when!("1.7")),
        ],
    },
    ProfileRow {
        name: "GATEWAY-UDP",
        when: when!("1.6"),
        core: &[
            FeatureName::Gateway,
            FeatureName::ReferenceGrant,
            FeatureName::UdpRoute,
        ],
        extended: &[
            (FeatureGroup::Gateway, ALWAYS),
            (FeatureGroup::UdpRoute, ALWAYS),
        ],
    },
    ProfileRow {
        name: "HTTP",
        when: when!("..1.0"),
        core: HTTP,
        extended: &[(FeatureGroup::HttpRoute, ALWAYS)],
    },
    ProfileRow {
        name: "MESH",
        when: when!("..1.0"),
        core: &[FeatureName::Mesh],
        extended: &[],
    },
    ProfileRow {
        name: "MESH-GRPC",
        when: when!("1.1"),
        core: &[FeatureName::GrpcRoute, FeatureName::Mesh],
        extended: &[(FeatureGroup::Mesh, ALWAYS)],
    },
    ProfileRow {
        name: "MESH-HTTP",
        when: when!("1.1"),
        core: &[FeatureName::HttpRoute, FeatureName::Mesh],
        extended: &[
            (FeatureGroup::HttpRoute, when!("..1.3")),
            (FeatureGroup::Mesh, ALWAYS),
        ],
    },
    ProfileRow {
        name: "TLS",
        when: when!("..1.0"),
        core: TLS,
        extended: &[],
    },
];

const HTTP: &[FeatureName] = &[
    FeatureName::Gateway,
    FeatureName::HttpRoute,
    FeatureName::ReferenceGrant,
];

const TLS: &[FeatureName] = &[
    FeatureName::Gateway,
    FeatureName::ReferenceGrant,
    FeatureName::TlsRoute,
];

/// TCPRoute, which is core to a profile and has no name among those that the crate acts on.
const TCP_ROUTE: &str = "TCPRoute";

impl Profile {
    /// The profiles of a release, by their names.
    pub fn of_release(release: Release) -> impl Iterator<Item = Self> {
        let rows = PROFILES.iter();
        rows.filter(move |row| row.when.contains(release, Channel::Experimental))
            .map(Self)
    }

    /// Its name, as reports write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// The releases that have it.
    #[must_use]
    pub const fn when(self) -> When {
        self.0.when
    }

    /// The features that an implementation must support, in ascending order of their names.
    #[must_use]
    pub fn core(self, release: Release) -> Vec<FeatureName> {
        let mut core = self.0.core.to_vec();
        if self.0.name == "GATEWAY-TCP" {
            core.push(TCP_ROUTE.into());
        }
        core.retain(|name| {
            let feature = Feature::find(name.as_str());
            feature.is_some_and(|feature| feature.is_in(release, Channel::Experimental))
        });
        core.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        core
    }

    /// The features that an implementation may support, in ascending order of their names; those of the experimental channel
    /// are among them.
    #[must_use]
    pub fn extended(self, release: Release) -> Vec<FeatureName> {
        let groups = self.0.extended.iter();
        let groups: Vec<FeatureGroup> = groups
            .filter(|(_, when)| when.contains(release, Channel::Experimental))
            .map(|(group, _)| *group)
            .collect();
        let features = Feature::ALL.iter();
        features
            .filter(|feature| groups.iter().any(|group| feature.is_of(*group, release)))
            .map(FeatureName::from)
            .collect()
    }

    /// How a test of these features counts in the profile: not at all where it needs a feature that is none of the profile's.
    #[must_use]
    pub fn level(self, release: Release, features: &[FeatureName]) -> Option<SupportLevel> {
        let (core, extended) = (self.core(release), self.extended(release));
        let mut level = SupportLevel::Core;
        for feature in features {
            if core.contains(feature) {
                continue;
            }
            if !extended.contains(feature) {
                return None;
            }
            level = SupportLevel::Extended;
        }
        Some(level)
    }
}

/// How much a feature is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SupportLevel {
    /// Every implementation of the profile must have it.
    Core,
    /// An implementation may have it.
    Extended,
}

/// A text that names no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a conformance profile: expected one of {}", names())]
pub struct ProfileError {
    text: String,
}

fn names() -> String {
    let names: Vec<&str> = PROFILES.iter().map(|row| row.name).collect();
    names.join(", ")
}

impl FromStr for Profile {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let row = PROFILES.iter().find(|row| row.name == text);
        row.map(Self).ok_or_else(|| ProfileError {
            text: text.to_owned(),
        })
    }
}

impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Profile {}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name)
    }
}
