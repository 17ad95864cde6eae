//! From the JSON of one object to its type.

use super::{
    Object,
    error::Identity,
    value::{Failure, from_value},
};
use serde_json::Value;
use std::{error::Error, fmt};

/// Decodes one object into the type of its `apiVersion` and `kind`; [`Object::Other`] where the crate has
/// none.
///
/// Tolerant as every client must be: unknown fields are passed over, values and filters of a later release
/// are kept.
///
/// # Errors
///
/// The value is not an object, does not say its `apiVersion` and `kind`, or has a field of the wrong type
/// or without a member that it needs.
pub fn decode(value: &Value) -> Result<Object, DecodeError> {
    let fail = |failure| DecodeError::new(value, failure);
    let Value::Object(members) = value else {
        return Err(fail(Failure::expected("an object", value)));
    };
    let text = |field: &'static str| match members.get(field) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.as_str()),
        Some(Value::String(_) | Value::Null) | None => Err(Failure::missing(field)),
        Some(other) => Err(Failure::expected("a string", other).within_field(field)),
    };
    let api_version = text("apiVersion").map_err(fail)?;
    let kind = text("kind").map_err(fail)?;
    Object::decode_known(api_version, kind, value).map_err(fail)
}

/// Decodes one object as a `T`: a kind of this crate, or one of k8s-openapi.
///
/// `apiVersion` and `kind` may be absent, as in the items of a typed list.
///
/// # Errors
///
/// As [`decode`]; and `apiVersion` or `kind` is that of another type.
pub fn decode_as<T>(value: &Value) -> Result<T, DecodeError>
where
    T: k8s_openapi::Resource + serde::de::DeserializeOwned,
{
    from_value(value).map_err(|failure| DecodeError::new(value, failure))
}

/// One object that cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    identity: Identity,
    path: String,
    message: String,
}

impl DecodeError {
    fn new(value: &Value, failure: Failure) -> Self {
        let (path, message) = failure.into_parts();
        Self(Box::new(Parts {
            identity: Identity::of(value),
            path,
            message,
        }))
    }

    pub(super) fn into_parts(self) -> (Identity, String, String) {
        (self.0.identity, self.0.path, self.0.message)
    }

    /// The object's `apiVersion`; empty where it does not say.
    #[must_use]
    pub fn api_version(&self) -> &str {
        &self.0.identity.api_version
    }

    /// The object's `kind`; empty where it does not say.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.0.identity.kind
    }

    /// The object's namespace; empty where it does not say.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.0.identity.namespace
    }

    /// The object's name; empty where it does not say.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.identity.name
    }

    /// The field path, as in `spec.rules[0].matches[0].path.value`; empty for the object as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What is wrong and what would be right, without object and path.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &self.0;
        write!(f, "{}: ", parts.identity)?;
        if !parts.path.is_empty() {
            write!(f, "{}: ", parts.path)?;
        }
        f.write_str(&parts.message)
    }
}

impl Error for DecodeError {}
