//! What cannot be converted, and why.

use crate::meta::ObjectReference;
use std::fmt;

/// An object that cannot be converted without a loss, with every field that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionError {
    inner: Box<Inner>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    object: ObjectReference,
    to: String,
    problems: Vec<ConversionProblem>,
}

impl ConversionError {
    pub(super) fn new(
        object: ObjectReference,
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
    pub fn object(&self) -> &ObjectReference {
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
            Self::Collision(_) => "unknown-field",
            Self::Type(_) => "type",
            Self::Unreadable(_) => "unreadable",
            Self::NotAnObject(_) => "not-an-object",
            Self::UnknownKind { .. } => "unknown-kind",
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
    /// A member that the object's version does not know, and to which the wanted version gives a meaning.
    #[error(
        "`{0}` is not a field of the object's version, and would become one of the wanted version: remove it"
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
    #[error("`{kind}` of `{api_version}` is not a kind that can be converted")]
    UnknownKind {
        /// The object's API version.
        api_version: String,
        /// The object's kind.
        kind: String,
    },
    /// The kind does not have the wanted version.
    #[error("{kind} has no such version: expected {}", .versions.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(" or "))]
    NoSuchVersion {
        /// The object's kind.
        kind: String,
        /// The API versions that the kind has.
        versions: Vec<String>,
    },
}
