//! What cannot be converted, and why.

use super::kinds;
use crate::{
    meta::{Channel, ObjectRef, Release},
    schema::KindVersion,
};
use std::fmt;

/// An object that cannot be converted without a loss, with every field that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionError {
    inner: Box<Inner>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    object: ObjectRef,
    to: String,
    problems: Vec<ConversionProblem>,
}

impl ConversionError {
    pub(super) fn new(
        object: ObjectRef,
        to: impl Into<String>,
        problems: Vec<ConversionProblem>,
    ) -> Self {
        Self {
            inner: Box::new(Inner {
                object,
                to: to.into(),
                problems,
            }),
        }
    }

    /// The same error with one more thing that stands in the way, unless its field is named already.
    pub(super) fn and(mut self, problem: ConversionProblem) -> Self {
        let problems = &mut self.inner.problems;
        if problems.iter().all(|known| known.path != problem.path) {
            problems.push(problem);
        }
        self
    }

    /// The object.
    #[must_use]
    pub fn object(&self) -> &ObjectRef {
        &self.inner.object
    }

    /// The API version that was asked for: group and version.
    #[must_use]
    pub fn to(&self) -> &str {
        &self.inner.to
    }

    /// What stands in the way, at least one thing.
    #[must_use]
    pub fn problems(&self) -> &[ConversionProblem] {
        &self.inner.problems
    }
}

impl fmt::Display for ConversionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            object,
            to,
            problems,
        } = &*self.inner;
        if object.kind.is_empty() {
            write!(f, "cannot convert to `{to}`: ")?;
        } else {
            write!(f, "cannot convert {object} to `{to}`: ")?;
        }
        for (index, problem) in problems.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConversionError {}

/// One reason why an object cannot be converted, and the field that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionProblem {
    path: String,
    kind: ConversionProblemKind,
}

impl ConversionProblem {
    pub(super) fn new(path: impl Into<String>, kind: ConversionProblemKind) -> Self {
        Self {
            path: path.into(),
            kind,
        }
    }

    /// The field, as an API server writes it: `spec.targetRef.namespace`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> &ConversionProblemKind {
        &self.kind
    }
}

impl fmt::Display for ConversionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            self.kind.fmt(f)
        } else {
            write!(f, "{}: {}", self.path, self.kind)
        }
    }
}

impl ConversionProblemKind {
    /// The id of the rule that the field breaks: `other-namespace`.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::OtherNamespace { .. } => "other-namespace",
            Self::UnknownNamespace(_) => "unknown-namespace",
            Self::Targets(_) => "one-target",
            Self::Rules(_) => "one-rule",
            Self::Hostnames => "some-hostname",
            Self::NoForm { .. } => "no-form",
            Self::NoKind { .. } => "no-kind",
            Self::BothForms(_) => "both-forms",
            Self::OneSettingForPort { .. } => "one-setting-for-port",
            Self::NotHttps(_) => "https-only",
            Self::NoListener(_) => "listener-of-port",
            Self::NoSessionName => "session-name",
            Self::CookieOfHeader => "cookie-of-header",
            Self::Collision(_) => "unknown-field",
            Self::Type(_) => "type",
            Self::Unreadable(_) => "unreadable",
            Self::NotAnObject(_) => "not-an-object",
            Self::UnknownKind { .. } => "unknown-kind",
            Self::OtherGroup { .. } => "group-unknown",
            Self::NoSuchVersion { .. } => "no-such-version",
        }
    }
}

/// Why a field cannot be carried from one version to another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConversionProblemKind {
    /// The target is in another namespace than the policy; the wanted version has targets in the policy's
    /// own namespace only.
    #[error(
        "the target is in namespace `{target}` and the policy in `{own}`: move the policy to `{target}`"
    )]
    OtherNamespace {
        /// The namespace of the target.
        target: String,
        /// The namespace of the policy.
        own: String,
    },
    /// The target's namespace is named, and the object does not say in which namespace it is itself.
    #[error(
        "the target is in namespace `{0}` and the policy names no namespace: set `metadata.namespace`, \
         or remove this field if the policy will be in `{0}`"
    )]
    UnknownNamespace(String),
    /// The wanted version has one target, and there are none or several.
    #[error(
        "there are {0} targets and the wanted version holds exactly one: make it one policy a target"
    )]
    Targets(usize),
    /// The wanted version has one rule, and there are none or several.
    #[error(
        "there are {0} rules and the wanted version holds exactly one: make it one route a rule"
    )]
    Rules(usize),
    /// The wanted version asks for hostnames.
    #[error(
        "there are no hostnames and the wanted version asks for one at least: name those that clients use"
    )]
    Hostnames,
    /// The wanted version or release has nothing that means what the field means.
    #[error("{message}: {help}")]
    NoForm {
        /// What does not have the field.
        message: String,
        /// Where the field is, or what would be right.
        help: String,
    },
    /// The wanted release has neither the kind nor one that has replaced it.
    #[error("the {channel} channel of {release} has no {kind}{}", .help.as_ref().map(|help| format!(": {help}")).unwrap_or_default())]
    NoKind {
        /// The object's kind.
        kind: String,
        /// The wanted release.
        release: Release,
        /// The wanted channel.
        channel: Channel,
        /// Where the kind is, if any release has it.
        help: Option<String>,
    },
    /// The object has the field in its old form and in its new one, and the two differ.
    #[error("the object has `{0}` too, which is the same setting: keep one of the two")]
    BothForms(String),
    /// Listeners of one port check the certificates of clients differently, and the wanted release has one setting for all
    /// HTTPS listeners of a port.
    #[error(
        "the listeners {} of port {port} check client certificates differently, and the wanted release has one setting \
         for all HTTPS listeners of a port: give them the same setting, or ports of their own",
        .listeners.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
    )]
    OneSettingForPort {
        /// The port.
        port: u64,
        /// The names of the first two listeners that differ.
        listeners: [String; 2],
    },
    /// A listener checks the certificates of clients, and its protocol is not HTTPS.
    #[error(
        "the wanted release checks client certificates at HTTPS listeners only, and the protocol of this one is `{0}`: \
         use an HTTPS listener, or do without the field"
    )]
    NotHttps(String),
    /// The certificates of clients are checked at a port that no HTTPS listener has, or by default and there is no such
    /// listener.
    #[error(
        "there is no HTTPS listener{}, and the wanted release has the setting at listeners: add the listener, or \
         do without the setting",
        .0.map(|port| format!(" of port {port}")).unwrap_or_default()
    )]
    NoListener(Option<u64>),
    /// A session whose token travels in a header that has no name.
    #[error(
        "a session of type `Header` must name its header in the wanted release: set `sessionName`"
    )]
    NoSessionName,
    /// The cookie of a session whose token travels in a header.
    #[error("a session of type `Header` has no cookie in the wanted release: do without the field")]
    CookieOfHeader,
    /// A member that the object's version does not know, and to which the wanted version gives a meaning.
    #[error(
        "`{0}` is not a field of the object's version, and would become one of the wanted version: write the object in the \
         wanted version, or do without the field"
    )]
    Collision(String),
    /// A value of the wrong type where the form changes.
    #[error("expected {0}")]
    Type(&'static str),
    /// The field does not fit the object's own version, so that nobody can say what it means.
    #[error("{0}")]
    Unreadable(String),
    /// The value is no object of Kubernetes: `apiVersion` or `kind` is missing or no text.
    #[error("not a Kubernetes object: `{0}` is missing")]
    NotAnObject(&'static str),
    /// The kind, in the version of the object, is not one of the Gateway API.
    #[error(
        "`{kind}` of `{api_version}` is not a kind that can be converted{}",
        in_versions(.versions)
    )]
    UnknownKind {
        /// The object's API version.
        api_version: String,
        /// The object's kind.
        kind: String,
        /// The API versions that the kind has, if it is one of the Gateway API.
        versions: Vec<String>,
    },
    /// The object is in no group of the Gateway API, and seems to be meant for it.
    #[error("{message}: {help}")]
    OtherGroup {
        /// What is wrong with its `apiVersion`.
        message: String,
        /// Which one to write.
        help: String,
    },
    /// The kind does not have the wanted version.
    #[error("{kind} has no such version: expected {}", alternatives(.versions))]
    NoSuchVersion {
        /// The object's kind.
        kind: String,
        /// The API versions that the kind has.
        versions: Vec<String>,
    },
}

impl ConversionProblemKind {
    /// That nobody knows of such a kind; with its versions, where the version alone is unknown.
    pub(super) fn unknown_kind(api_version: &str, kind: &str) -> Self {
        Self::UnknownKind {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            versions: kinds::versions(kind).map(str::to_owned).collect(),
        }
    }

    /// That the wanted version has no such field, which the version of the object has; the object is called `what`.
    pub(super) fn no_such_field(what: &str, from: &KindVersion, to: &KindVersion) -> Self {
        Self::NoForm {
            message: format!("`{}` has no such field", to.version),
            help: format!(
                "keep the {what} in `{}`, or do without the field",
                from.version
            ),
        }
    }
}

fn alternatives(versions: &[String]) -> String {
    let versions: Vec<_> = versions
        .iter()
        .map(|version| format!("`{version}`"))
        .collect();
    versions.join(" or ")
}

/// What to write instead, where there is something.
fn in_versions(versions: &[String]) -> String {
    match versions {
        [] => String::new(),
        versions => format!(": write it in {}", alternatives(versions)),
    }
}
