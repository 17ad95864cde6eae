//! An entry as the engine keeps it.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use super::hashed::hashing::Hashing;
use super::prepared::Prepared;
use crate::meta::Pattern;
use crate::routing::matching::matches::{
    Entry, HeaderMatch, Match, PathMatch, QueryMatch, ValueMatch,
};
use crate::routing::matching::precedence::Precedence;
use crate::routing::options::RouterOptions;
use crate::routing::request::host::HostPattern;
use crate::routing::request::lines::{have_value, line_has_value, line_matches, match_pattern};
use crate::routing::request::query;
use crate::routing::request::view::RequestView;

/// An entry plus its precomputed precedence and the number of conditions that the index cannot answer.
pub(in crate::routing) struct Stored<T> {
    precedence: Precedence,
    /// The number of conditions that the index by hostname and path cannot answer.
    tests: u32,
    pub(in crate::routing) hostname: HostPattern,
    /// The one that the route itself names, if it is another.
    pub(in crate::routing) own_hostname: Option<HostPattern>,
    pub(in crate::routing) matching: Match,
    pub(in crate::routing) payload: T,
}

impl<'a> Open<'a> {
    fn patterns(&self) -> impl Iterator<Item = &'a Pattern> + use<'a> {
        let headers = self.headers.iter().map(|header| &header.value);
        let values = headers.chain(self.query.iter().map(|parameter| &parameter.value));
        let values = values.map(Some).chain(self.call.into_iter().flatten());
        self.path.into_iter().chain(values.filter_map(pattern))
    }
}

/// The conditions of an entry that the index by hostname and path cannot answer.
#[derive(Hash, PartialEq)]
struct Open<'a> {
    path: Option<&'a Pattern>,
    /// Of gRPC, unless the index answers for both: service and method.
    call: Option<[Option<&'a ValueMatch>; 2]>,
    method: Option<&'a str>,
    headers: &'a [HeaderMatch],
    query: &'a [QueryMatch],
}

impl<T> Stored<T> {
    pub(in crate::routing) fn new(entry: Entry<T>, options: &RouterOptions) -> Arc<Self> {
        let precedence = Precedence::of(&entry, options);
        let mut matching = entry.matching;
        match &mut matching {
            Match::Http(http) => {
                keep_first(&mut http.headers, |header| header.name.as_str());
                http.headers
                    .iter_mut()
                    .for_each(HeaderMatch::make_canonical);
                keep_first(&mut http.query, |parameter| &parameter.name);
            }
            Match::Grpc(grpc) => {
                keep_first(&mut grpc.headers, |header| header.name.as_str());
                grpc.headers
                    .iter_mut()
                    .for_each(HeaderMatch::make_canonical);
            }
        }
        let open = open(&matching);
        // Searching must not allocate.
        open.patterns().for_each(Pattern::compile);
        let count = [
            usize::from(open.path.is_some()),
            usize::from(open.call.is_some()),
            usize::from(open.method.is_some()),
            open.headers.len(),
            open.query.len(),
        ];
        let tests = u32::try_from(count.iter().sum::<usize>()).unwrap_or(u32::MAX);
        Arc::new(Self {
            precedence,
            tests,
            hostname: entry.hostname,
            own_hostname: entry.own_hostname,
            matching,
            payload: entry.payload,
        })
    }

    pub(in crate::routing) fn precedence(&self) -> &Precedence {
        &self.precedence
    }

    /// The number of conditions that the index by hostname and path cannot answer.
    pub(in crate::routing) fn tests(&self) -> u32 {
        self.tests
    }

    /// A hash of the open tests: entries in one place with the same tests differ in age and order only.
    pub(in crate::routing) fn identity(&self, hashing: &Hashing) -> u64 {
        match self.tests {
            0 => 0,
            _ => hashing.state().hash_one(open(&self.matching)),
        }
    }

    pub(in crate::routing) fn same_tests(&self, other: &Self) -> bool {
        self.tests == other.tests && open(&self.matching) == open(&other.matching)
    }

    /// The pattern of its path, if it asks for one.
    pub(in crate::routing) fn path_pattern(&self) -> Option<&Pattern> {
        open(&self.matching).path
    }

    pub(in crate::routing) fn method(&self) -> Option<&str> {
        open(&self.matching).method
    }

    pub(in crate::routing) fn headers(&self) -> &[HeaderMatch] {
        open(&self.matching).headers
    }

    pub(in crate::routing) fn query(&self) -> &[QueryMatch] {
        open(&self.matching).query
    }

    /// Whether the request passes the open tests.
    #[inline]
    pub(in crate::routing) fn fits<R: RequestView>(&self, request: &Prepared<'_, R>) -> bool {
        #[cfg(test)]
        super::work::note(|work| work.entries += 1);
        self.tests == 0 || self.failure(request).is_none()
    }

    /// The first open test that the request does not pass.
    pub(in crate::routing) fn failure<R: RequestView>(
        &self,
        request: &Prepared<'_, R>,
    ) -> Option<Mismatch<'_>> {
        let open = open(&self.matching);
        if open
            .path
            .is_some_and(|pattern| !pattern.is_match(request.path.as_bytes()))
        {
            return Some(Mismatch::Path);
        }
        if open.call.is_some()
            && let Match::Grpc(grpc) = &self.matching
            && !grpc.is_called(request.path)
        {
            return Some(Mismatch::Path);
        }
        if open.method.is_some_and(|method| method != request.method) {
            return Some(Mismatch::Method);
        }
        if let Some(header) = open
            .headers
            .iter()
            .find(|header| !header_fits(header, request))
        {
            return Some(Mismatch::Header(header));
        }
        let parameter = open
            .query
            .iter()
            .find(|parameter| !parameter_fits(parameter, request))?;
        Some(Mismatch::Query(parameter))
    }
}

/// Why an entry does not match a request.
#[derive(Clone, Copy)]
pub(in crate::routing) enum Mismatch<'a> {
    Path,
    Method,
    Header(&'a HeaderMatch),
    Query(&'a QueryMatch),
}

#[inline]
fn open(matching: &Match) -> Open<'_> {
    match matching {
        Match::Http(http) => Open {
            path: match &http.path {
                PathMatch::RegularExpression(pattern) => Some(pattern),
                _ => None,
            },
            call: None,
            method: http.method.as_ref().map(http::Method::as_str),
            headers: &http.headers,
            query: &http.query,
        },
        Match::Grpc(grpc) => Open {
            path: None,
            call: [&grpc.service, &grpc.method]
                .into_iter()
                .any(|part| pattern(part.as_ref()).is_some())
                .then_some([grpc.service.as_ref(), grpc.method.as_ref()]),
            method: None,
            headers: &grpc.headers,
            query: &[],
        },
    }
}

fn pattern(value: Option<&ValueMatch>) -> Option<&Pattern> {
    match value {
        Some(ValueMatch::RegularExpression(pattern)) => Some(pattern),
        _ => None,
    }
}

fn header_fits<R: RequestView>(header: &HeaderMatch, request: &Prepared<'_, R>) -> bool {
    let mut lines = request.request.header(&header.name);
    let Some(line) = lines.next() else {
        return false;
    };
    if lines.next().is_some() {
        return lines_fit(header, request);
    }
    line_fits(header, line)
}

#[inline]
fn line_fits(header: &HeaderMatch, line: &[u8]) -> bool {
    match &header.value {
        ValueMatch::Exact(value) => {
            let value = value.as_bytes();
            // The canonical form is the shortest one.
            line == value
                || line.len() > value.len() && line_has_value(line, header.name.as_str(), value)
        }
        ValueMatch::RegularExpression(pattern) => line_matches(line, header.name.as_str(), pattern),
    }
}

/// As [`header_fits`], for a header of several lines.
#[inline(never)]
fn lines_fit<R: RequestView>(header: &HeaderMatch, request: &Prepared<'_, R>) -> bool {
    let (request, repeated) = (request.request, request.repeated_header);
    let name = header.name.as_str();
    let lines = || request.header(&header.name);
    match &header.value {
        ValueMatch::Exact(value) => have_value(lines(), name, value.as_bytes(), repeated),
        ValueMatch::RegularExpression(pattern) => match_pattern(lines, name, pattern, repeated),
    }
}

fn parameter_fits<R: RequestView>(parameter: &QueryMatch, request: &Prepared<'_, R>) -> bool {
    let Some(raw) = request.parameter(&parameter.name) else {
        return false;
    };
    match &parameter.value {
        ValueMatch::Exact(value) => raw.equals(value.as_bytes()),
        ValueMatch::RegularExpression(pattern) if raw.plain => pattern.is_match(raw.value),
        ValueMatch::RegularExpression(pattern) => {
            pattern.is_match_bytes(query::DecodedBytes::new(raw.value))
        }
    }
}

/// Keeps the first of each name (the API ignores the others) and sorts by name.
fn keep_first<M>(list: &mut Vec<M>, name: impl Fn(&M) -> &str) {
    list.sort_by(|a, b| name(a).cmp(name(b)));
    list.dedup_by(|later, first| name(later) == name(first));
    list.shrink_to_fit();
}
