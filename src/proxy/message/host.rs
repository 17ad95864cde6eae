//! The host that a request asks for, judged before anything else is done with the request.

use crate::meta::{Authority, AuthorityError, authority};
use http::{HeaderValue, Version, header::HOST, request};

/// Why a request names no host as HTTP demands. Such a request is answered with 400: RFC 9112, section 3.2, asks for that
/// where a request has several `Host` headers, one whose value is invalid, or, in HTTP/1.1, none. To guess which of two
/// hosts is meant, or to pass on what the backend may read in another way, would let a client reach what a rule or a
/// listener keeps from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadHost {
    /// HTTP/1.1 without one.
    #[error("the request has no `Host` header, and HTTP/1.1 demands one")]
    Missing,
    /// So many `Host` headers.
    #[error("the request has {0} `Host` headers, and may have one")]
    Repeated(usize),
    /// Something that is not a host.
    #[error(transparent)]
    Invalid(AuthorityError),
}

/// Judges the host that a request asks for, and makes it one: the authority of the target overrides the `Host` header ("the
/// proxy MUST ignore the received Host header field (if any) and instead replace it with the host information of the
/// request-target", RFC 9112, section 3.2.2). `:authority` of HTTP/2 is such an authority (RFC 9113, section 8.3.1).
///
/// Nothing is allocated unless something is wrong, or a `Host` header is replaced.
pub(crate) fn settle(request: &mut request::Parts) -> Result<(), BadHost> {
    check(request)?;
    let Some(authority) = request.uri.authority() else {
        return Ok(());
    };
    if let Some(sent) = request.headers.get_mut(HOST)
        && sent.as_bytes() != authority.as_str().as_bytes()
        // What was found to be an authority is a value.
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        *sent = host;
    }
    Ok(())
}

/// Judges the `Host` header and the authority of the target. A `Host` header without a value names no host, which is
/// allowed: such a request matches what names no hostname.
///
/// Nothing is allocated unless something is wrong.
fn check(request: &request::Parts) -> Result<(), BadHost> {
    let mut sent = request.headers.get_all(HOST).iter();
    let first = sent.next();
    let more = sent.count();
    if more > 0 {
        return Err(BadHost::Repeated(more + 1));
    }
    let in_target = request.uri.authority();
    if first.is_none() && in_target.is_none() && request.version == Version::HTTP_11 {
        return Err(BadHost::Missing);
    }
    let in_header = first
        .map(HeaderValue::as_bytes)
        .filter(|value| !value.is_empty());
    let in_target = in_target.map(|authority| authority.as_str().as_bytes());
    for bytes in in_header.into_iter().chain(in_target) {
        if authority::split(bytes).is_err() {
            Authority::from_bytes(bytes).map_err(BadHost::Invalid)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(target: &str, version: Version, hosts: &[&[u8]]) -> Result<(), String> {
        let mut request = http::Request::get(target).version(version);
        for host in hosts {
            request = request.header("host", HeaderValue::from_bytes(host).unwrap());
        }
        let parts = request.body(()).unwrap().into_parts().0;
        check(&parts).map_err(|error| error.to_string())
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
