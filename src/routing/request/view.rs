//! The parts of a request that routing looks at, borrowed from wherever they are.

use http::header::{AsHeaderName, HOST};
use http::{HeaderMap, HeaderName, Uri};

use crate::same::same;

/// A request as routing sees it. Implemented for [`http::Request`], [`http::request::Parts`] and, for those
/// who keep a request in another form, [`View`], and
/// [`WithHeaders`](crate::routing::WithHeaders) where its headers are in a map of their own.
///
/// A look-up asks for host, path, method and query once, for the lines of a header for each entry or index that asks for
/// it, and for the names of all headers for each index by name. Its time is in proportion to the length of the request if
/// [`header`](Self::header) finds the lines of a name without going through the others, as [`HeaderMap`] does.
pub trait RequestView {
    /// The method, in the case in which it was sent.
    fn method(&self) -> &str;
    /// The host as it was sent, perhaps with a port or a trailing dot, in any case: the authority of an
    /// absolute-form target or `:authority`, else the `Host` header; empty if there is none.
    fn host(&self) -> &[u8];
    /// The path without the query, as it was sent; `*` and the empty text are possible.
    fn path(&self) -> &str;
    /// The query without its question mark, as it was sent.
    fn query(&self) -> Option<&str>;
    /// The values of all field lines of a header.
    fn header<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]>;
    /// The names of all headers for which [`header`](Self::header) gives a line, in any case. A name with several lines
    /// may be given once or more often; once costs less.
    fn header_names(&self) -> impl Iterator<Item = &str>;
    /// As [`header`](Self::header), for a name of [`header_names`](Self::header_names).
    fn header_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]>;
}

/// The authority decides over the `Host` header (RFC 9112, section 3.2.2).
#[inline]
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> &'a [u8] {
    match uri.authority() {
        Some(authority) => authority.as_str().as_bytes(),
        None => headers.get(HOST).map_or(&[], |value| value.as_bytes()),
    }
}

/// The field lines of a name. An authority without a `Host` header counts as one: HTTP/2 sends nothing else (RFC 9113,
/// section 8.3.1).
#[inline]
fn lines<'a>(
    uri: &'a Uri,
    headers: &'a HeaderMap,
    name: impl AsHeaderName,
    is_host: bool,
) -> impl Iterator<Item = &'a [u8]> {
    let mut sent = headers.get_all(name).into_iter().peekable();
    let authority = match sent.peek() {
        None if is_host => uri.authority(),
        _ => None,
    };
    sent.map(http::HeaderValue::as_bytes)
        .chain(authority.map(|authority| authority.as_str().as_bytes()))
}

/// The names of the field lines. An authority without a `Host` header counts as one.
#[inline]
fn names<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
    let authority = uri.authority().filter(|_| !headers.contains_key(HOST));
    let names = headers.keys().map(HeaderName::as_str);
    names.chain(authority.map(|_| "host"))
}

impl<B> RequestView for http::Request<B> {
    #[inline]
    fn method(&self) -> &str {
        self.method().as_str()
    }

    #[inline]
    fn host(&self) -> &[u8] {
        host(self.uri(), self.headers())
    }

    #[inline]
    fn path(&self) -> &str {
        self.uri().path()
    }

    #[inline]
    fn query(&self) -> Option<&str> {
        self.uri().query()
    }

    #[inline]
    fn header<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        lines(self.uri(), self.headers(), name, *name == HOST)
    }

    #[inline]
    fn header_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let is_host = name.eq_ignore_ascii_case("host");
        lines(self.uri(), self.headers(), name, is_host)
    }

    #[inline]
    fn header_names(&self) -> impl Iterator<Item = &str> {
        names(self.uri(), self.headers())
    }
}

impl RequestView for http::request::Parts {
    #[inline]
    fn method(&self) -> &str {
        self.method.as_str()
    }

    #[inline]
    fn host(&self) -> &[u8] {
        host(&self.uri, &self.headers)
    }

    #[inline]
    fn path(&self) -> &str {
        self.uri.path()
    }

    #[inline]
    fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    #[inline]
    fn header<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        lines(&self.uri, &self.headers, name, *name == HOST)
    }

    #[inline]
    fn header_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let is_host = name.eq_ignore_ascii_case("host");
        lines(&self.uri, &self.headers, name, is_host)
    }

    #[inline]
    fn header_names(&self) -> impl Iterator<Item = &str> {
        names(&self.uri, &self.headers)
    }
}

impl<R: RequestView> RequestView for &R {
    #[inline]
    fn method(&self) -> &str {
        (**self).method()
    }

    #[inline]
    fn host(&self) -> &[u8] {
        (**self).host()
    }

    #[inline]
    fn path(&self) -> &str {
        (**self).path()
    }

    #[inline]
    fn query(&self) -> Option<&str> {
        (**self).query()
    }

    #[inline]
    fn header<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        (**self).header(name)
    }

    #[inline]
    fn header_names(&self) -> impl Iterator<Item = &str> {
        (**self).header_names()
    }

    #[inline]
    fn header_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        (**self).header_named(name)
    }
}

/// A request out of borrowed parts.
///
/// ```
/// use gwapi::routing::{RequestView, View};
/// let view = View { host: b"example.com:8080", path: "/a", ..View::default() };
/// assert_eq!(view.method(), "GET");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// See [`RequestView::method`].
    pub method: &'a str,
    /// See [`RequestView::host`].
    pub host: &'a [u8],
    /// See [`RequestView::path`].
    pub path: &'a str,
    /// See [`RequestView::query`].
    pub query: Option<&'a str>,
    /// Field lines: names in any case, and values. A list is gone through for each header that is asked for: for requests
    /// with very many, [`http::Request`] is the better form.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl Default for View<'_> {
    fn default() -> Self {
        View {
            method: "GET",
            host: b"",
            path: "/",
            query: None,
            headers: &[],
        }
    }
}

impl RequestView for View<'_> {
    #[inline]
    fn method(&self) -> &str {
        self.method
    }

    #[inline]
    fn host(&self) -> &[u8] {
        self.host
    }

    #[inline]
    fn path(&self) -> &str {
        self.path
    }

    #[inline]
    fn query(&self) -> Option<&str> {
        self.query
    }

    #[inline(always)]
    fn header<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.header_named(name.as_str())
    }

    #[inline(always)]
    fn header_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        Lines {
            rest: self.headers.iter(),
            name,
        }
    }

    #[inline]
    fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(name, _)| *name)
    }
}

/// The values of the field lines of this name.
struct Lines<'a> {
    rest: std::slice::Iter<'a, (&'a str, &'a [u8])>,
    name: &'a str,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        for (name, value) in &mut self.rest {
            if is_name(name, self.name) {
                return Some(value);
            }
        }
        None
    }
}

/// Whether a name of a field line is this one. Most come in lower case, which HTTP/2 demands.
#[inline(always)]
fn is_name(sent: &str, name: &str) -> bool {
    sent.len() == name.len()
        && (same(sent.as_bytes(), name.as_bytes()) || is_name_in_other_case(sent, name))
}

#[inline(never)]
fn is_name_in_other_case(sent: &str, name: &str) -> bool {
    sent.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_of_the_target_decides_over_the_host_header() {
        let request =
            http::Request::get("http://a.example.com:80/x").header("host", "b.example.com");
        assert_eq!(
            RequestView::host(&request.body(()).unwrap()),
            b"a.example.com:80"
        );
        let request = http::Request::get("/x")
            .header("host", "b.example.com:80")
            .body(())
            .unwrap();
        assert_eq!(RequestView::host(&request), b"b.example.com:80");
        assert_eq!(
            RequestView::host(&request.into_parts().0),
            b"b.example.com:80"
        );
        let request = http::Request::connect("a.example.com:80").body(()).unwrap();
        assert_eq!(
            (RequestView::host(&request), RequestView::path(&request)),
            (&b"a.example.com:80"[..], "")
        );
        assert_eq!(
            RequestView::host(&http::Request::get("/").body(()).unwrap()),
            b""
        );
    }

    #[test]
    fn an_authority_without_a_host_header_counts_as_one() {
        let lines = |request: &http::Request<()>| {
            let lines = RequestView::header(request, &HOST).map(<[u8]>::to_vec);
            lines.collect::<Vec<_>>()
        };
        let request = http::Request::get("http://a.example.com:80/x");
        assert_eq!(lines(&request.body(()).unwrap()), [b"a.example.com:80"]);
        let request = http::Request::get("http://a.example.com/x").header("host", "b");
        assert_eq!(lines(&request.body(()).unwrap()), [b"b"]);
        let request = http::Request::get("/x").body(()).unwrap();
        assert!(lines(&request).is_empty());
        let other = HeaderName::from_static("x-other");
        assert_eq!(RequestView::header(&request, &other).count(), 0);
    }
}
