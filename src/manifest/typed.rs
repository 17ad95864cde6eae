//! From the JSON of one object to a type that is known.

use super::value::{
    Misfit, Nulls, TextReading, Unread, UnreadField, from_value, from_value_noting,
};
use crate::schema;
use serde_json::Value;

/// One object as a `T`.
pub(super) fn read_as<T>(value: &Value) -> Result<T, Misfit>
where
    T: k8s_openapi::Resource + serde::de::DeserializeOwned,
{
    from_value(value, nulls_of::<T>())
}

/// One object as a type that stands for all of it.
#[cfg(feature = "conformance")]
pub(super) fn read_as_custom<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, Misfit> {
    from_value(value, Nulls::OfCustomResource)
}

/// The fields of an object that a `T` does not have; none where it cannot be read as one.
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
    let fields = [TextReading::Plain, TextReading::Judged]
        .into_iter()
        .find_map(|texts| {
            let unread = Unread::default();
            let read = from_value_noting::<T>(value, nulls, texts, &unread);
            read.is_ok().then(|| unread.into_fields())
        });
    fields.unwrap_or_default()
}

fn nulls_of<T: k8s_openapi::Resource>() -> Nulls {
    if schema::is_own_group(T::API_VERSION) {
        Nulls::OfCustomResource
    } else {
        Nulls::Empty
    }
}
