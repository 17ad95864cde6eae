//! A request while it is looked up.

use super::parameters::{self, LongQuery, Parameter};
use crate::routing::options::{RepeatedHeader, RouterOptions};
use crate::routing::request::query::{self, Raw};
use crate::routing::request::view::RequestView;

/// The parts of a request, each read once.
pub(in crate::routing) struct Prepared<'a, R> {
    pub(in crate::routing) request: &'a R,
    pub(in crate::routing) path: &'a str,
    pub(in crate::routing) method: &'a str,
    pub(in crate::routing) query: Option<&'a str>,
    pub(in crate::routing) repeated_header: RepeatedHeader,
    /// The query, if it is long and some entry of the table asks for a parameter.
    pub(in crate::routing) long_query: Option<&'a LongQuery<'a>>,
}

impl<'a, R: RequestView> Prepared<'a, R> {
    #[inline]
    pub(in crate::routing) fn new(request: &'a R, options: &RouterOptions) -> Self {
        Self {
            request,
            path: request.path(),
            method: request.method(),
            query: request.query(),
            repeated_header: options.repeated_header(),
            long_query: None,
        }
    }

    /// The same request with its query, which is long.
    pub(in crate::routing) fn with_long_query<'b>(
        &self,
        long_query: &'b LongQuery<'b>,
    ) -> Prepared<'b, R>
    where
        'a: 'b,
    {
        Prepared {
            request: self.request,
            path: self.path,
            method: self.method,
            query: self.query,
            repeated_header: self.repeated_header,
            long_query: Some(long_query),
        }
    }

    /// The raw value of the first query parameter of this name.
    #[inline]
    pub(in crate::routing) fn parameter(&self, name: &str) -> Option<Raw<'a>> {
        match self.long_query {
            Some(long) => long.first(name),
            None => {
                #[cfg(test)]
                super::work::note(|work| work.searches += 1);
                query::first(self.query?.as_bytes(), name)
            }
        }
    }

    /// Whether no parameter before this one has its name.
    pub(in crate::routing) fn is_first(&self, parameter: &Parameter<'a>) -> bool {
        match self.long_query {
            Some(long) => long.is_first(parameter),
            None => {
                let query = self.query.unwrap_or_default();
                parameters::is_first(query.as_bytes(), parameter)
            }
        }
    }
}
