//! Headers in a map of another crate.

use super::view::RequestView;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// The headers of a request, in whichever map they are kept. Implemented for [`HeaderMap`]; who keeps them in a map of another
/// crate, or as they came, implements these two methods for it and asks with [`WithHeaders`].
///
/// Names compare without regard to case.
pub trait HeaderLines {
    /// The values of all field lines of a name, in their order. A look-up that does not go through the other lines keeps routing
    /// fast for requests with many.
    fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]>;
    /// The names of all field lines, in any case. One with several lines may be given once or more often.
    fn names(&self) -> impl Iterator<Item = &str>;
}

impl HeaderLines for HeaderMap {
    #[inline]
    fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.get_all(name).into_iter().map(HeaderValue::as_bytes)
    }

    #[inline]
    fn names(&self) -> impl Iterator<Item = &str> {
        self.keys().map(HeaderName::as_str)
    }
}

/// A request whose headers are in any map: what the [`Router`](crate::routing::Router) finds a match by, and
/// [`RuleSessions`](crate::backend::session::RuleSessions) the session. Nothing is copied.
///
/// An [`Exchange`](crate::proxy::Exchange) changes the head of a request and owns it, so that it takes the one form in which heads
/// are changed, [`http::request::Parts`].
///
/// ```
/// use gwapi::routing::{HeaderLines, RequestView, WithHeaders};
///
/// /// A list, with names as they were sent.
/// struct AsSent(Vec<(String, String)>);
///
/// impl HeaderLines for AsSent {
///     fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
///         let lines = self.0.iter().filter(move |(sent, _)| sent.eq_ignore_ascii_case(name));
///         lines.map(|(_, value)| value.as_bytes())
///     }
///
///     fn names(&self) -> impl Iterator<Item = &str> {
///         self.0.iter().map(|(name, _)| name.as_str())
///     }
/// }
///
/// let headers = AsSent(vec![("X-Env".into(), "canary".into())]);
/// let request = WithHeaders { method: "GET", host: b"shop.example", path: "/", query: None, headers: &headers };
/// assert_eq!(request.header_named("x-env").next(), Some(&b"canary"[..]));
/// assert_eq!(request.header_named("host").next(), Some(&b"shop.example"[..]));
/// ```
pub struct WithHeaders<'a, H: ?Sized> {
    /// See [`RequestView::method`].
    pub method: &'a str,
    /// See [`RequestView::host`]. It counts as a `Host` header where there is none among the headers.
    pub host: &'a [u8],
    /// See [`RequestView::path`].
    pub path: &'a str,
    /// See [`RequestView::query`].
    pub query: Option<&'a str>,
    /// The headers.
    pub headers: &'a H,
}

impl<H: ?Sized> Clone for WithHeaders<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: ?Sized> Copy for WithHeaders<'_, H> {}

/// The headers are left out: they may be secret.
impl<H: ?Sized> fmt::Debug for WithHeaders<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = String::from_utf8_lossy(self.host);
        f.debug_struct("WithHeaders")
            .field("method", &self.method)
            .field("host", &host)
            .field("path", &self.path)
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}

impl<H: HeaderLines + ?Sized> RequestView for WithHeaders<'_, H> {
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

    #[inline]
    fn header<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.header_named(name.as_str())
    }

    #[inline]
    fn header_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let mut lines = self.headers.lines(name).peekable();
        let is_host = !self.host.is_empty() && name.eq_ignore_ascii_case("host");
        let host = (is_host && lines.peek().is_none()).then_some(self.host);
        lines.chain(host)
    }

    #[inline]
    fn header_names(&self) -> impl Iterator<Item = &str> {
        let host = !self.host.is_empty() && self.headers.lines("host").next().is_none();
        self.headers.names().chain(host.then_some("host"))
    }
}
