//! What a request must match: plain data, filled in by whoever has rules.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderName, Method};

use super::rank::Rank;
use crate::meta::Pattern;
use crate::routing::request::{call, host::HostPattern, lines::canonical_text};

/// One row of a routing table: a hostname, a match, its rank among equals, and what is found.
///
/// A route of several hostnames and matches becomes one entry for each pair.
#[derive(Debug, Clone)]
pub struct Entry<T> {
    /// The hostnames that this entry answers to.
    pub hostname: HostPattern,
    /// The hostname that the route itself names, if it differs from [`hostname`](Self::hostname) because
    /// a listener's hostname narrowed it; [`HostPattern::Any`] for a route that names none and takes the listener's.
    /// It counts for precedence under [`HostnameRank::Own`](crate::routing::HostnameRank::Own).
    pub own_hostname: Option<HostPattern>,
    /// What else a request must match.
    pub matching: Match,
    /// Its rank among entries whose matches are equally specific.
    pub rank: Rank,
    /// What [`Router::find`](crate::routing::Router::find) returns.
    pub payload: T,
}

impl<T> Entry<T> {
    /// An entry for every host.
    pub fn new(matching: impl Into<Match>, rank: Rank, payload: T) -> Self {
        Self {
            hostname: HostPattern::Any,
            own_hostname: None,
            matching: matching.into(),
            rank,
            payload,
        }
    }

    /// The same entry for another hostname.
    #[must_use]
    pub fn on(mut self, hostname: HostPattern) -> Self {
        self.hostname = hostname;
        self
    }

    /// The same entry of a route that names a wider hostname than the one the entry answers to, or none
    /// ([`HostPattern::Any`]).
    #[must_use]
    pub fn named(mut self, own: HostPattern) -> Self {
        self.own_hostname = Some(own);
        self
    }
}

/// A match of either route kind. Both live in one table, as HTTPRoutes and GRPCRoutes share listeners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// HTTPRoute `spec.rules[].matches[]`.
    Http(HttpMatch),
    /// GRPCRoute `spec.rules[].matches[]`.
    Grpc(GrpcMatch),
}

impl Match {
    /// The regular expressions of all its parts.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        let (path, call, headers, query) = match self {
            Self::Http(http) => (
                http.path.pattern(),
                [None; 2],
                &http.headers,
                &http.query[..],
            ),
            Self::Grpc(grpc) => {
                let call = [&grpc.service, &grpc.method].map(Option::as_ref);
                (None, call, &grpc.headers, &[][..])
            }
        };
        let headers = headers.iter().map(|header| &header.value);
        let values = headers.chain(query.iter().map(|parameter| &parameter.value));
        let values = values.chain(call.into_iter().flatten());
        path.into_iter()
            .chain(values.filter_map(ValueMatch::pattern))
    }
}

impl From<HttpMatch> for Match {
    fn from(value: HttpMatch) -> Self {
        Self::Http(value)
    }
}

impl From<GrpcMatch> for Match {
    fn from(value: GrpcMatch) -> Self {
        Self::Grpc(value)
    }
}

/// HTTPRoute `spec.rules[].matches[]`: a request matches if all of its parts match. The default matches every request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpMatch {
    /// The path of the request, without its query.
    pub path: PathMatch,
    /// The method, if only one will do.
    pub method: Option<Method>,
    /// Headers. Of several with one name only the first counts, as the API says.
    pub headers: Vec<HeaderMatch>,
    /// Query parameters. Of several with one name only the first counts, as the API says.
    pub query: Vec<QueryMatch>,
}

impl HttpMatch {
    /// A match on the path alone.
    pub fn path(path: PathMatch) -> Self {
        Self {
            path,
            ..Self::default()
        }
    }
}

/// `HTTPPathMatch`. Paths are compared as they are sent, case-sensitively; see
/// [`normalize_path`](crate::routing::normalize_path).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PathMatch {
    /// Every path, and also what is not a path: the `*` of OPTIONS and the empty target of CONNECT. The same as the
    /// prefix `/`.
    #[default]
    Any,
    /// This path and no other.
    Exact(Box<str>),
    /// This path and all below it, element by element: `/abc` matches `/abc`, `/abc/` and `/abc/d`, not
    /// `/abcd`. One slash at the end is ignored.
    Prefix(Box<str>),
    /// Paths that match as a whole.
    RegularExpression(Pattern),
}

impl PathMatch {
    /// An exact path.
    pub fn exact(path: &str) -> Self {
        Self::Exact(path.into())
    }

    /// A prefix of whole elements.
    pub fn prefix(path: &str) -> Self {
        Self::Prefix(path.into())
    }
}

/// `HTTPHeaderMatch` and `GRPCHeaderMatch`. For a header that a request repeats, see
/// [`RepeatedHeader`](crate::routing::RepeatedHeader).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeaderMatch {
    /// The name, in any case.
    pub name: HeaderName,
    /// The value.
    pub value: ValueMatch,
}

impl HeaderMatch {
    /// A match with the value in the form in which it is compared: `a, b` is `a,b`, which is the same value.
    #[must_use]
    pub fn new(name: HeaderName, value: ValueMatch) -> Self {
        let mut this = Self { name, value };
        this.make_canonical();
        this
    }

    /// See [`new`](Self::new).
    pub(in crate::routing) fn make_canonical(&mut self) {
        if let ValueMatch::Exact(value) = &mut self.value
            && let Cow::Owned(form) = canonical_text(self.name.as_str(), value)
        {
            *value = form.into();
        }
    }
}

/// `HTTPQueryParamMatch`. Names and values are compared after decoding as forms are (`+` is a space). Of a
/// parameter that a request repeats, the first counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QueryMatch {
    /// The name, decoded, case-sensitive.
    pub name: Arc<str>,
    /// The value, decoded.
    pub value: ValueMatch,
}

/// How a value is compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ValueMatch {
    /// `Exact`: byte by byte.
    Exact(Box<str>),
    /// `RegularExpression`: matches the whole value.
    RegularExpression(Pattern),
}

impl PathMatch {
    /// The regular expression, if it is one.
    pub(crate) fn pattern(&self) -> Option<&Pattern> {
        match self {
            Self::RegularExpression(pattern) => Some(pattern),
            _ => None,
        }
    }
}

impl ValueMatch {
    /// The regular expression, if it is one.
    pub(crate) fn pattern(&self) -> Option<&Pattern> {
        match self {
            Self::RegularExpression(pattern) => Some(pattern),
            Self::Exact(_) => None,
        }
    }

    /// This value and no other.
    pub fn exact(value: &str) -> Self {
        Self::Exact(value.into())
    }

    /// The one value, if only one will do.
    pub(in crate::routing) fn as_exact(&self) -> Option<&str> {
        match self {
            Self::Exact(value) => Some(value),
            Self::RegularExpression(_) => None,
        }
    }

    /// Whether it matches the name of a service or method, which is not empty and has no slash.
    fn is_name(&self, name: &str) -> bool {
        match self {
            Self::Exact(wanted) => **wanted == *name && is_name(name),
            Self::RegularExpression(pattern) => pattern.is_match(name.as_bytes()),
        }
    }
}

/// Whether a text can be the name of a service or method.
pub(in crate::routing) fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains('/')
}

/// GRPCRoute `spec.rules[].matches[]`: a request matches if all of its parts match. The default matches every request.
///
/// A match on service and method acts as if it were one on the path (GEP-1016):
///
/// | service | method | paths, if both are exact names | if both are regular expressions |
/// | --- | --- | --- | --- |
/// | given | given | `/service/method` | `/service/method` |
/// | given | not | all that begin with `/service/` | `/service/` and at least one character |
/// | not | given | `/`, at least one character, `/method` | the same |
/// | not | not | every path | every path |
///
/// Where the service is given, it is matched with what stands between the first two slashes, and the method with all
/// that follows; where it is not, the method is matched with what follows the last slash. An exact name that is empty or
/// has a slash matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GrpcMatch {
    /// The full name of the service, if only some will do.
    pub service: Option<ValueMatch>,
    /// The method, if only some will do.
    pub method: Option<ValueMatch>,
    /// Headers (metadata). Of several with one name only the first counts, as the API says.
    pub headers: Vec<HeaderMatch>,
}

impl GrpcMatch {
    /// Whether a path is one of those that service and method ask for.
    pub(in crate::routing) fn is_called(&self, path: &str) -> bool {
        match (&self.service, &self.method) {
            (None, None) => true,
            (None, Some(method)) => call::method(path).is_some_and(|name| method.is_name(name)),
            (Some(service), method) => call::service(path).is_some_and(|(name, rest)| {
                let rest_fits = match method {
                    Some(method) => method.is_name(rest),
                    None => service.as_exact().is_some() || !rest.is_empty(),
                };
                rest_fits && service.is_name(name)
            }),
        }
    }
}
