//! What an implementation knows beyond the API: kinds of its own.

use crate::meta::ObjectRef;
use std::{fmt, sync::Arc};

/// Judges objects of kinds that are an implementation's own. The resolver asks whenever it looks at a reference to such a kind.
///
/// An implementation keeps these objects by itself. When one has come, changed or gone it tells the resolver, so that whoever
/// refers to it is looked at again: by [`Resolver::insert`](super::Resolver::insert) with
/// [`SnapshotObject::Other`](super::SnapshotObject::Other), or [`remove`](super::Resolver::remove).
///
/// A filter that is valid is among the [`extensions`](crate::filters::Filters::extensions) of a rule or backend. The data plane of
/// this crate cannot apply it: whoever embeds it does, before an attempt, and has to, since a filter must not be skipped.
/// A backend that is valid is a target with a [`BackendPortKey`](super::effective::BackendPortKey) that names its kind, under which
/// the implementation keeps the endpoints.
///
/// ```
/// use gwapi::attachment::{Extension, Extensions, ExtensionRole, Options, ExtensionVerdict};
/// use gwapi::meta::ObjectRef;
///
/// #[derive(Debug)]
/// struct RateLimits(Vec<ObjectRef>);
///
/// impl Extension for RateLimits {
///     fn judge(&self, role: ExtensionRole, object: &ObjectRef) -> ExtensionVerdict {
///         match (role, object.kind.as_str()) {
///             (ExtensionRole::Filter, "RateLimit") if self.0.contains(object) => ExtensionVerdict::Valid,
///             (ExtensionRole::Filter, "RateLimit") => ExtensionVerdict::Missing,
///             _ => ExtensionVerdict::Unknown,
///         }
///     }
/// }
///
/// let options = Options {
///     extensions: Extensions::new(RateLimits(Vec::new())),
///     ..Options::new("example.com/controller")
/// };
/// ```
pub trait Extension: fmt::Debug + Send + Sync {
    /// Whether an object can be what a reference to it makes of it. The same answer each time, until the resolver is told that
    /// the object has changed.
    fn judge(&self, role: ExtensionRole, object: &ObjectRef) -> ExtensionVerdict;
}

/// What a reference makes of an object of an implementation's own kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExtensionRole {
    /// A filter of an HTTPRoute or GRPCRoute (`extensionRef`).
    Filter,
    /// A backend of a route, or of a mirror.
    Backend,
    /// The parameters of a GatewayClass or Gateway (`parametersRef`), ConfigMaps and Secrets included.
    Parameters,
}

/// What an implementation says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtensionVerdict {
    /// The kind is not known in this role. Of parameters the resolver then says what it would without an implementation.
    Unknown,
    /// The kind is known, and there is no such object.
    Missing,
    /// The object is there and cannot be used, and why, in a sentence.
    Invalid(String),
    /// The object can be used.
    Valid,
}

/// The [`Extension`] of an implementation, or none. Two are equal if they are the same one.
#[derive(Clone, Debug, Default)]
pub struct Extensions(Option<Arc<dyn Extension>>);

impl Extensions {
    /// What an implementation knows.
    pub fn new(extension: impl Extension + 'static) -> Self {
        Self(Some(Arc::new(extension)))
    }

    /// What there is to say of an object in a role.
    pub(super) fn judge(&self, role: ExtensionRole, object: &ObjectRef) -> ExtensionVerdict {
        match &self.0 {
            Some(extension) => extension.judge(role, object),
            None => ExtensionVerdict::Unknown,
        }
    }
}

impl PartialEq for Extensions {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }
}
