//! From the JSON of one object to its type.

use super::{
    Object, ReadError,
    typed::read_as,
    value::{Misfit, UnreadField},
};
use serde_json::Value;

/// Decodes one object into the type of its `apiVersion` and `kind`; [`Object::Other`] where the crate has
/// none.
///
/// Tolerant as every client must be: unknown fields are passed over ([`unread_fields`] names them), values and
/// filters of a later release are kept. A null where a text or an object is needed counts as the empty one in core
/// kinds and in `metadata`, as an API server reads it: `annotations: {a: null}` is `annotations: {a: ""}`.
///
/// # Errors
///
/// The value is not an object, does not say its `apiVersion` and `kind`, or has a field of the wrong type
/// or without a member that it needs.
pub fn decode(value: &Value) -> Result<Object, ReadError> {
    let fail = |failure| ReadError::value(value, failure);
    let Value::Object(members) = value else {
        return Err(fail(Misfit::expected("an object", value)));
    };
    let text = |field: &'static str| match members.get(field) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.as_str()),
        Some(Value::String(_) | Value::Null) | None => Err(Misfit::missing(field)),
        Some(other) => Err(Misfit::expected("a string", other).within_field(field)),
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
    read_as(value).map_err(|failure| ReadError::value(value, failure))
}

/// Decodes one object of a kind that is none of a cluster's, such as a report: a null is an error, as in a custom resource.
#[cfg(feature = "conformance")]
pub(crate) fn decode_custom<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, ReadError> {
    super::typed::read_as_custom(value).map_err(|failure| ReadError::value(value, failure))
}

/// An object of such a kind is refused for a field.
#[cfg(feature = "conformance")]
pub(crate) fn refused_field(value: &Value, path: &str, message: &str) -> ReadError {
    let misfit = Misfit::of(message.to_owned()).within_field(path);
    ReadError::value(value, misfit)
}

/// The fields of an object that [`decode`] passes over, since the type of its kind does not have them: their paths
/// in the order of the object, at most a thousand. None for an object that cannot be decoded, or whose kind the
/// crate does not know: that is kept whole.
///
/// For kinds of the Gateway API, [`schema::unknown_fields`](crate::schema::unknown_fields) says more: the nearest name, and the channel that has
/// the field.
#[must_use]
pub fn unread_fields(value: &Value) -> Vec<String> {
    let fields = unread(value).into_iter();
    fields.map(|field| field.path).collect()
}

/// As [`unread_fields`], each with the field that is most likely meant.
pub(crate) fn unread(value: &Value) -> Vec<UnreadField> {
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    Object::unread(text("apiVersion"), text("kind"), value)
}
