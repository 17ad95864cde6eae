//! What cannot be read.

use super::{Place, Position, options::Over, position::Syntax, value::Misfit};
use crate::meta::kept_name;
use std::{error::Error, fmt};

/// An object, or a document, that could not be read. The rest of the stream was.
///
/// An object that was decoded by itself ([`decode`](super::decode)) has no place: then this says which object,
/// which field, and what would be right.
///
/// Says which object (as far as it is known), where in the stream, which field and what would be right:
/// `document 3, line 12, column 9: HTTPRoute shop/cart: spec.rules[0].matches: expected a list, found an object`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(Box<ErrorParts>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ErrorParts {
    place: Option<Place>,
    position: Option<Position>,
    identity: Identity,
    path: String,
    message: String,
    limit: Option<&'static str>,
    is_no_object: bool,
}

/// What an object calls itself, as far as it can be read. Empty where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Identity {
    /// Reads `apiVersion`, `kind`, `metadata.namespace` and `metadata.name`, whatever else is broken. One that
    /// is longer than any may be is cut.
    pub(super) fn of(value: &serde_json::Value) -> Self {
        let text = |pointer: &str| {
            value
                .pointer(pointer)
                .and_then(serde_json::Value::as_str)
                .map(kept_name)
                .unwrap_or_default()
        };
        Self {
            api_version: text("/apiVersion"),
            kind: text("/kind"),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
        }
    }
}

impl fmt::Display for Identity {
    /// `HTTPRoute shop/cart`; nothing where the object says nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind.is_empty() {
            "object"
        } else {
            &self.kind
        };
        match (self.namespace.as_str(), self.name.as_str()) {
            ("", "") => f.write_str(kind),
            ("", name) => write!(f, "{kind} {name}"),
            (namespace, "") => write!(f, "{kind} {namespace}/<no name>"),
            (namespace, name) => write!(f, "{kind} {namespace}/{name}"),
        }
    }
}

impl ReadError {
    /// An error of the stream as a whole.
    pub(super) fn stream(message: String) -> Self {
        Self(Box::new(ErrorParts {
            message,
            ..ErrorParts::default()
        }))
    }

    /// What a bound of the stream as a whole leaves unread.
    pub(super) fn limit(over: Over) -> Self {
        Self(Box::new(ErrorParts {
            limit: Some(over.limit),
            message: over.message,
            ..ErrorParts::default()
        }))
    }

    /// An error in a document, or in an item of a list, that could not be parsed.
    pub(super) fn syntax(place: Place, error: Syntax) -> Self {
        Self(Box::new(ErrorParts {
            place: Some(place),
            position: Some(error.position),
            message: error.message,
            limit: error.limit,
            ..ErrorParts::default()
        }))
    }

    /// An error in an object that may have come from anywhere.
    pub(super) fn value(value: &serde_json::Value, failure: Misfit) -> Self {
        let (path, message) = failure.into_parts();
        Self(Box::new(ErrorParts {
            identity: Identity::of(value),
            path,
            message,
            ..ErrorParts::default()
        }))
    }

    /// The same error of an object that stands here, its field there.
    pub(super) fn at(mut self, place: Place, position: Position) -> Self {
        self.0.place = Some(place);
        self.0.position = Some(position);
        self
    }

    /// An error in an object that was parsed.
    pub(super) fn object(
        place: Place,
        position: Position,
        identity: Identity,
        path: String,
        message: String,
    ) -> Self {
        Self(Box::new(ErrorParts {
            place: Some(place),
            position: Some(position),
            identity,
            path,
            message,
            ..ErrorParts::default()
        }))
    }

    /// A document, or an item of a list, that was parsed and is no object.
    pub(super) fn no_object(place: Place, message: String) -> Self {
        Self(Box::new(ErrorParts {
            place: Some(place),
            position: Some(place.position),
            message,
            is_no_object: true,
            ..ErrorParts::default()
        }))
    }

    /// Where the object or document stands; nothing for an error of the stream as a whole, or of an object
    /// that comes from no stream.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    /// Where the error is: at the field or character in question. Nothing where [`Self::place`] is nothing.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// The line of the error, from 1; 0 where [`Self::position`] is nothing.
    #[must_use]
    pub fn line(&self) -> usize {
        self.0.position.unwrap_or_default().line
    }

    /// The column of the error in characters, from 1; 0 where [`Self::position`] is nothing.
    #[must_use]
    pub fn column(&self) -> usize {
        self.0.position.unwrap_or_default().column
    }

    /// The object's `apiVersion`; empty where it is not known.
    #[must_use]
    pub fn api_version(&self) -> &str {
        &self.0.identity.api_version
    }

    /// The object's `kind`; empty where it is not known.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.0.identity.kind
    }

    /// The object's namespace; empty where it is not known.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.0.identity.namespace
    }

    /// The object's name; empty where it is not known.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.identity.name
    }

    /// The field path, as in `spec.rules[0].matches[0].path.value`; empty for the object as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The bound that was met, if that is the error: the name of a field of [`Limits`](super::Limits), such as
    /// `max_depth`. Who sets a higher one can read what this error leaves unread.
    #[must_use]
    pub fn limit_name(&self) -> Option<&'static str> {
        self.0.limit
    }

    /// Whether a document, or an item of a list, was parsed and is no object: a list, a text, a number. Nothing is wrong with it but
    /// that.
    #[must_use]
    pub fn is_no_object(&self) -> bool {
        self.0.is_no_object
    }

    /// What is wrong and what would be right, without place and object.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &self.0;
        if let Some(mut place) = parts.place {
            place.position = parts.position.unwrap_or(place.position);
            write!(f, "{place}: ")?;
        }
        if parts.identity != Identity::default() {
            write!(f, "{}: ", parts.identity)?;
        }
        if !parts.path.is_empty() {
            write!(f, "{}: ", parts.path)?;
        }
        f.write_str(&parts.message)
    }
}

impl Error for ReadError {}
