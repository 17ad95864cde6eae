//! From the JSON of one object to its type.

use super::{
    Object, ReadError,
    value::{Failure, from_value},
};
use serde_json::Value;

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
pub fn decode(value: &Value) -> Result<Object, ReadError> {
    let fail = |failure| ReadError::value(value, failure);
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
pub fn decode_as<T>(value: &Value) -> Result<T, ReadError>
where
    T: k8s_openapi::Resource + serde::de::DeserializeOwned,
{
    from_value(value).map_err(|failure| ReadError::value(value, failure))
}
