//! The parts of a request by which an index tells entries apart.

use http::HeaderName;

use crate::routing::index::stored::Stored;
use crate::routing::matching::matches::{HeaderMatch, QueryMatch, ValueMatch};
use crate::routing::request::query;

/// A part of a request that can tell entries apart.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum RequestPart {
    Method,
    Header(HeaderName),
    Query(query::Name),
}

impl RequestPart {
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

/// A header or query parameter that an entry asks for.
#[derive(Clone, Copy)]
pub(super) enum Named<'e> {
    Header(&'e HeaderMatch),
    Query(&'e QueryMatch),
}

impl<'e> Named<'e> {
    /// Those of an entry.
    pub(super) fn of<T>(entry: &'e Stored<T>) -> impl Iterator<Item = Self> {
        let headers = entry.headers().iter().map(Self::Header);
        headers.chain(entry.query().iter().map(Self::Query))
    }

    /// What the entry asks for there.
    fn asked(self) -> &'e ValueMatch {
        match self {
            Self::Header(header) => &header.value,
            Self::Query(parameter) => &parameter.value,
        }
    }

    /// The value that the entry asks for there, if it is an exact one.
    pub(super) fn value(self) -> Option<&'e [u8]> {
        self.asked().as_exact().map(str::as_bytes)
    }

    pub(super) fn part(self) -> RequestPart {
        match self {
            Self::Header(header) => RequestPart::Header(header.name.clone()),
            Self::Query(parameter) => RequestPart::Query(query::Name::new(parameter.name.clone())),
        }
    }

    pub(super) fn is(self, part: &RequestPart) -> bool {
        match (self, part) {
            (Self::Header(header), RequestPart::Header(name)) => header.name == *name,
            (Self::Query(parameter), RequestPart::Query(name)) => *parameter.name == *name.as_str(),
            _ => false,
        }
    }
}
