//! Vocabulary that every version of the API shares.
//!
//! Wire types hold text exactly as a client sent it, so that reading and writing an object changes
//! nothing. The types here are what that text *means*: a [`Hostname`] that can be matched and
//! intersected, a [`Duration`] with checked bounds, a [`HeaderName`] that compares without regard to
//! case. Parse where the meaning is needed; keep the text where it is stored.

pub mod condition;
pub mod constraint;
mod duration;
pub mod feature;
mod header_name;
mod host;
mod label;
mod open_enum;
#[cfg(feature = "pattern")]
pub(crate) mod pattern;
mod port;
mod reference;
mod release;
pub mod resource;
mod seniority;
mod union;
pub(crate) mod wire;

pub use condition::{Condition, ConditionSet, ConditionStatus, Conditions};
pub use duration::{Duration, DurationError};
pub use feature::FeatureName;
pub use header_name::{HeaderName, HeaderNameError};
pub use host::{
    Authority, AuthorityError, AuthorityErrorKind, Hostname, HostnameError, HostnameRank,
    Specificity,
};
pub use label::{SelectorError, is_label_key, is_label_value, parse_selector};
#[cfg(feature = "pattern")]
pub(crate) use pattern::TakenTexts;
#[cfg(feature = "pattern")]
pub use pattern::{
    Pattern, PatternError, PatternLimits, PatternProblem, PatternStore, RoutePatterns, TableBudget,
    TableFull,
};
pub use port::{PortNumber, SectionName, SectionNameError, Transport, is_port_number};
pub use reference::{GroupKind, GroupVersionKind, NamespacedName, NamespacedNameError, ObjectRef};
pub use release::{
    AttachedRoutes, Behaviour, Channel, ChannelError, InWords, NoEndpoints, PolicyReferences,
    Release, ReleaseError, SessionCookiePath, SupportedFeatures, When, WhenError,
};
pub use resource::Kind;
pub use seniority::{Age, Seniority};

pub(crate) use host::{authority, is_below, is_dns_subdomain, is_narrower};
pub(crate) use open_enum::open_enum;
pub(crate) use reference::{kept_name, unexpected_kind};
pub(crate) use release::{mark_values, was, when};
pub(crate) use resource::resource;
pub(crate) use union::union;

/// The API group of every Gateway API kind.
pub const GROUP: &str = "gateway.networking.k8s.io";

/// The kinds of the core group to which references of the Gateway API lead.
pub(crate) const CORE_TARGETS: [&str; 3] = ["ConfigMap", "Secret", "Service"];

/// Those of them that may hold the parameters of a GatewayClass or Gateway (`parametersRef`).
pub(crate) const CORE_PARAMETERS: [&str; 2] = ["ConfigMap", "Secret"];

/// The API group of the kinds that are experiments, whose names begin with `X`.
pub const EXPERIMENTS_GROUP: &str = "gateway.networking.x-k8s.io";

/// The API group of ServiceImports (Multi-Cluster Services API, GEP-1748).
pub const MULTICLUSTER_GROUP: &str = "multicluster.x-k8s.io";
