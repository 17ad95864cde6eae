//! From the JSON of one object to its type.

use super::{
    Object, ReadError,
    value::{Failure, Nulls, Unread, UnreadField, from_value, from_value_noting},
};
use crate::schema;
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
    read_as(value).map_err(|failure| ReadError::value(value, failure))
}

/// The fields of an object that [`decode`] passes over, since the type of its kind does not have them: their paths
/// in the order of the object, at most a thousand. None for an object that cannot be decoded, or whose kind the
/// crate does not know: that is kept whole.
///
/// For kinds of the Gateway API, [`schema::unknown_fields`] says more: the nearest name, and the channel that has
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

pub(super) fn read_as<T>(value: &Value) -> Result<T, Failure>
where
    T: k8s_openapi::Resource + serde::de::DeserializeOwned,
{
    from_value(value, nulls_of::<T>())
}

pub(super) fn unread_of<T>(value: &Value) -> Vec<UnreadField>
where
    T: k8s_openapi::Resource + serde::de::DeserializeOwned,
{
    unread_as::<T>(value, nulls_of::<T>())
}

/// The fields of a custom resource that a type which stands for all of it does not have.
pub(crate) fn unread_of_custom<T: serde::de::DeserializeOwned>(value: &Value) -> Vec<UnreadField> {
    unread_as::<T>(value, Nulls::OfCustomResource)
}

fn unread_as<T: serde::de::DeserializeOwned>(value: &Value, nulls: Nulls) -> Vec<UnreadField> {
    let unread = Unread::default();
    match from_value_noting::<T>(value, nulls, &unread) {
        Ok(_) => unread.into_fields(),
        Err(_) => Vec::new(),
    }
}

fn nulls_of<T: k8s_openapi::Resource>() -> Nulls {
    if schema::is_own_group(T::API_VERSION) {
        Nulls::OfCustomResource
    } else {
        Nulls::Empty
    }
}
