//! The parts of a request by which an index tells entries apart.

use http::HeaderName;

use super::stored::Stored;
use crate::routing::matching::matches::ValueMatch;
use crate::routing::request::query;

/// A part of a request that can tell entries apart.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Method,
    Header(HeaderName),
    Query(query::Name),
}

impl Part {
    /// The value that an entry asks for at this part, if it is an exact one.
    pub(super) fn value<'e, T>(&self, entry: &'e Stored<T>) -> Option<&'e [u8]> {
        let value = match self {
            Self::Method => return entry.method().map(str::as_bytes),
            Self::Header(name) => {
                &entry
                    .headers()
                    .iter()
                    .find(|header| header.name == *name)?
                    .value
            }
            Self::Query(name) => {
                &entry
                    .query()
                    .iter()
                    .find(|parameter| *parameter.name == *name.as_str())?
                    .value
            }
        };
        match value {
            ValueMatch::Exact(value) => Some(value.as_bytes()),
            ValueMatch::RegularExpression(_) => None,
        }
    }
}
