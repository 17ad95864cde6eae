//! What was read: objects with their places.

use super::{
    Duplicate, Object, Place, Position, Positions, ReadError, decode, decode_as, error::Identity,
    value::Shown,
};
use crate::{
    meta::{Channel, Release},
    schema,
};
use serde_json::Value;
use std::fmt;

/// All objects of a stream, and all that could not be read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Manifest {
    /// The objects in their order, lists taken apart.
    pub entries: Vec<RawObject>,
    /// What could not be read, in its order.
    pub errors: Vec<ReadError>,
}

impl Manifest {
    /// Decodes each object. The errors are those of reading and of decoding, in the order of the stream.
    #[must_use]
    pub fn decode(self) -> (Vec<Decoded>, Vec<ReadError>) {
        let mut errors = self.errors;
        let mut objects = Vec::with_capacity(self.entries.len());
        for entry in self.entries {
            match entry.decode() {
                Ok(object) => objects.push(Decoded { object, entry }),
                Err(error) => errors.push(error),
            }
        }
        errors.sort_by_key(|error| (error.place().is_none(), error.position()));
        (objects, errors)
    }
}

/// A decoded object with the entry from which it came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decoded {
    /// The typed object.
    pub object: Object,
    /// Its JSON and its place.
    pub entry: RawObject,
}

/// One object of a stream, not yet decoded. `Debug` shows no more of a Secret than which it is.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawObject {
    /// The object as JSON. An item of a typed list has the `apiVersion` and `kind` that the list implies.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
    /// Where its fields stand.
    pub positions: Positions,
    /// Keys that were given twice. The last value counts.
    pub duplicates: Vec<Duplicate>,
}

impl fmt::Debug for RawObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            value,
            place,
            positions,
            duplicates,
        } = self;
        f.debug_struct("RawObject")
            .field("value", &Shown(value))
            .field("place", place)
            .field("positions", positions)
            .field("duplicates", duplicates)
            .finish()
    }
}

impl RawObject {
    fn text(&self, pointer: &str) -> &str {
        self.value
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// `apiVersion`; empty where it is not a text.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    /// `kind`; empty where it is not a text.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// `metadata.namespace`; empty where it is not a text.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    /// `metadata.name`; empty where it is not a text.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Where a field stands, or the nearest field around it: the place to show for a finding.
    #[must_use]
    pub fn position(&self, path: &str) -> Position {
        self.positions.nearest(path)
    }

    /// Decodes the object into the type of its `apiVersion` and `kind`, as [`decode`] does.
    ///
    /// # Errors
    ///
    /// Those of [`decode`], with the place in the stream.
    pub fn decode(&self) -> Result<Object, ReadError> {
        decode(&self.value).map_err(|error| self.locate(error))
    }

    /// Decodes the object as a `T`, as [`decode_as`] does.
    ///
    /// # Errors
    ///
    /// Those of [`decode_as`], with the place in the stream.
    pub fn decode_as<T>(&self) -> Result<T, ReadError>
    where
        T: k8s_openapi::Resource + serde::de::DeserializeOwned,
    {
        decode_as(&self.value).map_err(|error| self.locate(error))
    }

    /// Decodes an object of a kind that is none of a cluster's.
    #[cfg(feature = "conformance")]
    pub(crate) fn decode_custom<T: serde::de::DeserializeOwned>(&self) -> Result<T, ReadError> {
        super::decode_custom(&self.value).map_err(|error| self.locate(error))
    }

    /// Reads strictly, as an API server does for `kubectl apply`: names every field that the channel's schema
    /// does not have, with the nearest known name, and every key that was given twice.
    ///
    /// Fields of kinds other than those of the Gateway API are not judged.
    #[must_use]
    pub fn strict(&self, channel: Channel) -> Vec<ReadError> {
        let identity = Identity::of(&self.value);
        let error = |position, path: &str, message| {
            ReadError::object(
                self.place,
                position,
                identity.clone(),
                path.to_owned(),
                message,
            )
        };
        let unknown = schema::unknown_fields(&self.value, channel)
            .into_iter()
            .map(|field| {
                let path = field.path();
                let position = self
                    .positions
                    .key(path)
                    .unwrap_or_else(|| self.positions.nearest(path));
                let mut message = format!("unknown field `{}`", field.name());
                if field.is_experimental() {
                    message.push_str(", which the experimental channel has");
                } else if let Some(when) = field.when() {
                    message = format!("{message}, which is there {}", when.in_words());
                } else if let Some(others) = field.others_in_words() {
                    message = format!("{message}, which is there {others}");
                } else if let Some(nearest) = field.nearest() {
                    message = format!("{message}, did you mean `{nearest}`");
                } else if let Some((homes, _)) = field.homes_in_words((Release::default(), channel))
                {
                    message = format!("{message}: {homes}");
                }
                error(position, path, message)
            });
        let twice = self.duplicates.iter().map(|duplicate| {
            let message = format!(
                "the key is given twice, first at {}; the last value counts",
                duplicate.first
            );
            error(duplicate.position, &duplicate.path, message)
        });
        let mut errors: Vec<_> = unknown.chain(twice).collect();
        errors.sort_by_key(ReadError::position);
        errors
    }

    fn locate(&self, error: ReadError) -> ReadError {
        let position = self.positions.nearest(error.path());
        error.at(self.place, position)
    }
}
