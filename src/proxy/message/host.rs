//! The host that a request asks for, judged before anything else is done with the request.

use crate::{
    meta::{AuthorityError, authority},
    routing::RequestView,
};
use http::{HeaderMap, HeaderName, HeaderValue, Version, header::HOST, request};

/// Why a request names no host as HTTP demands. Such a request is answered with 400: RFC 9112, section 3.2, asks for that
/// where a request has several `Host` headers, one whose value is invalid, or, in HTTP/1.1, none. To guess which of two
/// hosts is meant, or to pass on what the backend may read in another way, would let a client reach what a rule or a
/// listener keeps from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadHost {
    /// HTTP/1.1 without one, unless the target names the host (`GET http://a.example/`): RFC 9112 asks for the header there, too, but
    /// nobody can take such a request for one to another host, and a [`http::Request`] that is made in a program has mostly none.
    #[error("the request has no `Host` header, and HTTP/1.1 demands one")]
    Missing,
    /// So many `Host` headers.
    #[error("the request has {0} `Host` headers, and may have one")]
    Repeated(usize),
    /// Something that is not a host.
    #[error(transparent)]
    Invalid(AuthorityError),
}

/// Makes the host that a request asks for one: the authority of the target overrides the `Host` header ("the proxy MUST
/// ignore the received Host header field (if any) and instead replace it with the host information of the request-target", RFC
/// 9112, section 3.2.2). `:authority` of HTTP/2 is such an authority (RFC 9113, section 8.3.1). A `Host` header is judged before
/// it is replaced.
///
/// Nothing is allocated unless something is wrong, or a `Host` header is replaced.
pub(crate) fn settle(request: &mut request::Parts) -> Result<(), BadHost> {
    let Some(authority) = request.uri.authority() else {
        return Ok(());
    };
    let Some(sent) = host_header(&request.headers)?.map(HeaderValue::as_bytes) else {
        return Ok(());
    };
    if sent == authority.as_str().as_bytes() {
        return Ok(());
    }
    if !sent.is_empty() {
        name(sent)?;
    }
    name(authority.as_str().as_bytes())?;
    // What was found to be an authority is a value.
    if let Ok(host) = HeaderValue::from_str(authority.as_str())
        && let Some(sent) = request.headers.get_mut(HOST)
    {
        *sent = host;
    }
    Ok(())
}

/// A request whose host was judged, as matches see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JudgedRequest<'r> {
    head: &'r request::Parts,
    host: &'r [u8],
}

impl<'r> JudgedRequest<'r> {
    /// Judges the host of a request that was [settled](settle). A `Host` header without a value names no host, which is
    /// allowed: such a request matches what names no hostname.
    ///
    /// Nothing is allocated unless something is wrong.
    pub(crate) fn new(head: &'r request::Parts) -> Result<Self, BadHost> {
        let in_header = host_header(&head.headers)?.map(HeaderValue::as_bytes);
        let host = match (head.uri.authority(), in_header) {
            (Some(authority), _) => name(authority.as_str().as_bytes())?,
            (None, Some([])) => &[],
            (None, Some(sent)) => name(sent)?,
            (None, None) if head.version == Version::HTTP_11 => return Err(BadHost::Missing),
            (None, None) => &[],
        };
        Ok(Self { head, host })
    }

    /// The request.
    pub(crate) fn head(&self) -> &'r request::Parts {
        self.head
    }

    /// The host without a port and without a dot at its end, in the case in which it was sent. None where the request names
    /// none.
    pub(crate) fn host(&self) -> Option<&'r [u8]> {
        Some(self.host).filter(|host| !host.is_empty())
    }
}

/// The host is read once; all else is as it was sent.
impl RequestView for JudgedRequest<'_> {
    #[inline]
    fn method(&self) -> &str {
        self.head.method()
    }

    #[inline]
    fn host(&self) -> &[u8] {
        self.host
    }

    #[inline]
    fn path(&self) -> &str {
        self.head.path()
    }

    #[inline]
    fn query(&self) -> Option<&str> {
        self.head.query()
    }

    #[inline]
    fn header<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.head.header(name)
    }

    #[inline]
    fn header_names(&self) -> impl Iterator<Item = &str> {
        self.head.header_names()
    }

    #[inline]
    fn header_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.head.header_named(name)
    }
}

/// The one `Host` header, where there is one.
fn host_header(headers: &HeaderMap) -> Result<Option<&HeaderValue>, BadHost> {
    let mut sent = headers.get_all(HOST).iter();
    let first = sent.next();
    match sent.count() {
        0 => Ok(first),
        more => Err(BadHost::Repeated(more + 1)),
    }
}

/// The host that an authority names.
fn name(authority: &[u8]) -> Result<&[u8], BadHost> {
    let parts = authority::parts(authority).map_err(BadHost::Invalid)?;
    Ok(parts.host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(target: &str, version: Version, hosts: &[&[u8]]) -> Result<(), String> {
        let mut request = http::Request::get(target).version(version);
        for host in hosts {
            request = request.header("host", HeaderValue::from_bytes(host).unwrap());
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        let judged = settle(&mut parts).and_then(|()| JudgedRequest::new(&parts).map(|_| ()));
        judged.map_err(|error| error.to_string())
    }

    /// RFC 9112, section 3.2.2.
    #[test]
    fn the_authority_of_the_target_overrides_the_host_header() {
        for (target, version, sent, settled) in [
            (
                "http://a.example/",
                Version::HTTP_11,
                Some("b.example"),
                Some("a.example"),
            ),
            (
                "http://a.example:8080/x",
                Version::HTTP_11,
                Some("a.example"),
                Some("a.example:8080"),
            ),
            (
                "http://a.example/",
                Version::HTTP_11,
                Some(""),
                Some("a.example"),
            ),
            (
                "https://a.example/",
                Version::HTTP_2,
                Some("b.example"),
                Some("a.example"),
            ),
            ("https://a.example/", Version::HTTP_2, None, None),
            ("/", Version::HTTP_11, Some("b.example"), Some("b.example")),
        ] {
            let mut request = http::Request::get(target).version(version);
            if let Some(sent) = sent {
                request = request.header("host", sent);
            }
            let mut parts = request.body(()).unwrap().into_parts().0;
            settle(&mut parts).unwrap();
            let got = parts.headers.get(HOST).map(|host| host.to_str().unwrap());
            assert_eq!(got, settled, "{target} {sent:?}");
        }
    }

    /// RFC 9112, section 3.2.
    #[test]
    fn a_request_names_one_host_or_is_refused() {
        let one = Version::HTTP_11;
        for (target, version, hosts) in [
            ("/", one, &[&b"a.example"[..]][..]),
            ("/", one, &[b"A.example.:8080"]),
            ("/", one, &[b"[::1]:80"]),
            ("/", one, &[b""]),
            ("/", Version::HTTP_10, &[]),
            ("http://a.example/", one, &[]),
            ("http://a.example/", one, &[b"b.example"]),
            ("https://a.example/", Version::HTTP_2, &[]),
            ("*", one, &[b"a.example"]),
        ] {
            assert_eq!(
                checked(target, version, hosts),
                Ok(()),
                "{target} {hosts:?}"
            );
        }
        for (target, hosts, why) in [
            (
                "/",
                &[][..],
                "the request has no `Host` header, and HTTP/1.1 demands one",
            ),
            (
                "/",
                &[&b"a.example"[..], b"a.example"],
                "the request has 2 `Host` headers, and may have one",
            ),
            (
                "http://a.example/",
                &[b"a.example", b"b.example", b""],
                "the request has 3 `Host` headers, and may have one",
            ),
            (
                "/",
                &[b"a.example:abc"],
                "`a.example:abc` is not a host: the port must be a number from 1 to 65535",
            ),
            (
                "/",
                &[b"a.example:65536"],
                "`a.example:65536` is not a host: the port must be a number from 1 to 65535",
            ),
            (
                "/",
                &[b"user@a.example"],
                "`user@a.example` is not a host: user info (`user@`) is not allowed",
            ),
            (
                "/",
                &[b"a.example, b.example"],
                "`a.example, b.example` is not a host: ` ` is not allowed in a host",
            ),
            (
                "/",
                &["caf\u{e9}.example".as_bytes()],
                "`caf\u{e9}.example` is not a host: a character outside of ASCII is not allowed in a host",
            ),
            (
                "http://a.example/",
                &[b"a b"],
                "`a b` is not a host: ` ` is not allowed in a host",
            ),
            (
                "http://user@a.example/",
                &[],
                "`user@a.example` is not a host: user info (`user@`) is not allowed",
            ),
            (
                "http://a.example:99999/",
                &[b"a.example"],
                "`a.example:99999` is not a host: the port must be a number from 1 to 65535",
            ),
        ] {
            assert_eq!(checked(target, one, hosts), Err(why.to_owned()));
        }
    }
}
