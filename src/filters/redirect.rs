//! `requestRedirect`: an answer that sends the client elsewhere.

use super::{
    ApplyError, ApplyErrorKind, CompileError, CompileErrorKind, PathModifier, path_modifier::encode,
};
use crate::{
    meta::{Authority, Hostname, authority},
    v1::{HttpRequestRedirectFilter, RedirectScheme},
};
use http::{HeaderValue, StatusCode, header, response};
use std::{fmt::Write as _, net::IpAddr};

/// A redirect, compiled (HTTPRequestRedirectFilter).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    scheme: Option<&'static str>,
    hostname: Option<String>,
    path: Option<PathModifier>,
    port: Option<u16>,
    status: StatusCode,
}

/// The request that is redirected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedirectContext<'a> {
    /// The scheme that the client used: `http` or `https`, which is what the listener's protocol says.
    pub scheme: &'a str,
    /// What the client asked for, from `Host` or `:authority`: an [`Authority`], whose port is ignored.
    pub host: &'a str,
    /// The port of the Gateway's listener, or of the Service for mesh.
    pub port: u16,
    /// The path as it was sent.
    pub path: &'a str,
    /// The query as it was sent, without its `?`.
    pub query: Option<&'a str>,
    /// The value of the `PathPrefix` match that the request matched; `None` where it matched in another way.
    pub matched_prefix: Option<&'a str>,
}

impl Redirect {
    /// Compiles a redirect.
    ///
    /// # Errors
    ///
    /// A scheme, hostname, port, status code or type of path modifier that the specification does not
    /// allow; routes with such values are not accepted (`UnsupportedValue`).
    pub fn compile(filter: &HttpRequestRedirectFilter) -> Result<Self, CompileError> {
        let error = CompileError::new;
        Ok(Self {
            scheme: match &filter.scheme {
                None => None,
                Some(RedirectScheme::Http) => Some("http"),
                Some(RedirectScheme::Https) => Some("https"),
                Some(RedirectScheme::Unknown(text)) => {
                    return Err(error("scheme", CompileErrorKind::Scheme(text.to_string())));
                }
            },
            hostname: filter.hostname.as_deref().map(precise).transpose()?,
            path: filter
                .path
                .as_ref()
                .map(PathModifier::compile)
                .transpose()
                .map_err(|e| e.within("path"))?,
            port: filter
                .port
                .map(|port| {
                    u16::try_from(port)
                        .ok()
                        .filter(|&port| port != 0)
                        .ok_or_else(|| error("port", CompileErrorKind::Port(port)))
                })
                .transpose()?,
            status: match filter.status_code() {
                301 => StatusCode::MOVED_PERMANENTLY,
                302 => StatusCode::FOUND,
                303 => StatusCode::SEE_OTHER,
                307 => StatusCode::TEMPORARY_REDIRECT,
                308 => StatusCode::PERMANENT_REDIRECT,
                other => return Err(error("statusCode", CompileErrorKind::StatusCode(other))),
            },
        })
    }

    /// The status code of the answer, and its `Location`: absolute, the request's query kept.
    ///
    /// The port, unless the filter names one, is the well-known port of the filter's scheme, or the
    /// listener's if the filter names no scheme either. The well-known port of the location's scheme is
    /// left out.
    ///
    /// # Errors
    ///
    /// The filter replaces a prefix and none was matched; the filter names no host, and what the client asked for is
    /// none.
    pub fn location(
        &self,
        request: &RedirectContext<'_>,
    ) -> Result<(StatusCode, HeaderValue), ApplyError> {
        let scheme = self.scheme.unwrap_or(request.scheme);
        let host = match &self.hostname {
            Some(host) => host,
            None => asked(request.host)?,
        };
        let port = self
            .port
            .or_else(|| self.scheme.and_then(well_known_port))
            .unwrap_or(request.port);

        let path = match &self.path {
            Some(modifier) => modifier.parts(request.path, request.matched_prefix)?,
            // The target of `OPTIONS *` has no path.
            None if !request.path.starts_with('/') => ["/", ""],
            None => [request.path, ""],
        };
        let query = request.query.map_or(0, str::len);
        let length: usize = path.iter().map(|part| part.len()).sum();
        let mut location = String::with_capacity(scheme.len() + host.len() + length + query + ROOM);
        location.extend([scheme, "://", host]);
        if self.hostname.is_none() {
            location.make_ascii_lowercase();
        }
        if well_known_port(scheme) != Some(port) {
            // Writing to a text cannot fail.
            _ = write!(location, ":{port}");
        }
        for part in path {
            encode(&mut location, part, visible);
        }
        if let Some(query) = request.query {
            location.push('?');
            encode(&mut location, query, visible);
        }
        let location = HeaderValue::try_from(location)
            .map_err(|_| ApplyErrorKind::Target(request.path.to_owned()))?;
        Ok((self.status, location))
    }

    /// Whether what the client asks for next can differ from what it asked for: by its location, or, after 303, by its method.
    #[must_use]
    pub fn leads_elsewhere(&self) -> bool {
        self.status == StatusCode::SEE_OTHER
            || self.scheme.is_some()
            || self.hostname.is_some()
            || self.path.is_some()
            || self.port.is_some()
    }

    /// The scheme of the location; that of the request unless set.
    #[must_use]
    pub fn scheme(&self) -> Option<&'static str> {
        self.scheme
    }

    /// The host of the location; that of the request unless set.
    #[must_use]
    pub fn hostname(&self) -> Option<&str> {
        self.hostname.as_deref()
    }

    /// What becomes of the path; the request's unless set.
    #[must_use]
    pub fn path(&self) -> Option<&PathModifier> {
        self.path.as_ref()
    }

    /// The port of the location, where the filter names one; see [`location`](Self::location).
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The status code of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The whole answer: status code and `Location`, no body.
    ///
    /// # Errors
    ///
    /// As [`location`](Self::location).
    pub fn respond(&self, request: &RedirectContext<'_>) -> Result<response::Parts, ApplyError> {
        let (status, location) = self.location(request)?;
        let (mut parts, ()) = http::Response::new(()).into_parts();
        parts.status = status;
        parts.headers.insert(header::LOCATION, location);
        Ok(parts)
    }
}

/// The host that a client asked for, without its port, as it was sent.
fn asked(host: &str) -> Result<&str, ApplyErrorKind> {
    let split = authority::split(host.as_bytes()).ok();
    match split.and_then(|split| std::str::from_utf8(split.host).ok()) {
        Some(host) => Ok(host),
        // The same judge, which says why.
        None => Err(match host.parse::<Authority>() {
            Err(error) => ApplyErrorKind::Host(error),
            Ok(_) => ApplyErrorKind::Target(host.to_owned()),
        }),
    }
}

/// A hostname that a filter may put in place of the request's (PreciseHostname).
pub(super) fn precise(text: &str) -> Result<String, CompileError> {
    let kind = match text.parse::<Hostname>() {
        Ok(_) if !text.starts_with('*') => return Ok(text.to_owned()),
        _ if text.parse::<IpAddr>().is_ok() => CompileErrorKind::Address(text.to_owned()),
        _ => CompileErrorKind::Hostname(text.to_owned()),
    };
    Err(CompileError::new("hostname", kind))
}

/// For `://`, `:`, a port and `?`.
const ROOM: usize = 16;

const fn visible(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'<' | b'>' | b'#' | b'%')
}

fn well_known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::HttpPathModifier;

    fn redirect(filter: &HttpRequestRedirectFilter) -> Redirect {
        Redirect::compile(filter).unwrap()
    }

    fn on(scheme: &'static str, port: u16) -> RedirectContext<'static> {
        RedirectContext {
            scheme,
            port,
            host: "shop.example.com",
            path: "/a",
            ..Default::default()
        }
    }

    fn location(filter: &HttpRequestRedirectFilter, request: &RedirectContext<'_>) -> String {
        let (_, location) = redirect(filter).location(request).unwrap();
        location.to_str().unwrap().to_owned()
    }

    /// Listener's scheme and port, the filter's scheme and port, the location's scheme and authority.
    type Row = (
        (&'static str, u16),
        Option<RedirectScheme>,
        Option<i32>,
        &'static str,
    );

    fn check(rows: &[Row]) {
        for ((listener, listener_port), scheme, port, expected) in rows {
            let filter = HttpRequestRedirectFilter {
                scheme: scheme.clone(),
                port: *port,
                ..Default::default()
            };
            assert_eq!(
                location(&filter, &on(listener, *listener_port)),
                format!("{expected}/a"),
                "{listener}:{listener_port} {filter:?}"
            );
        }
    }

    #[test]
    fn without_a_port_a_scheme_means_its_well_known_port() {
        use RedirectScheme::{Http, Https};
        check(&[
            (("http", 80), Some(Https), None, "https://shop.example.com"),
            (
                ("http", 8080),
                Some(Https),
                None,
                "https://shop.example.com",
            ),
            (("http", 8080), Some(Http), None, "http://shop.example.com"),
            (("https", 443), Some(Http), None, "http://shop.example.com"),
            (
                ("https", 8443),
                Some(Https),
                None,
                "https://shop.example.com",
            ),
        ]);
    }

    #[test]
    fn without_scheme_and_port_the_redirect_port_is_the_listeners() {
        check(&[
            (("http", 80), None, None, "http://shop.example.com"),
            (("http", 8080), None, None, "http://shop.example.com:8080"),
            (("https", 443), None, None, "https://shop.example.com"),
            (("https", 8443), None, None, "https://shop.example.com:8443"),
            (("http", 443), None, None, "http://shop.example.com:443"),
            (("https", 80), None, None, "https://shop.example.com:80"),
        ]);
    }

    #[test]
    fn port_80_of_http_and_port_443_of_https_are_not_added() {
        use RedirectScheme::{Http, Https};
        check(&[
            (("http", 80), None, Some(80), "http://shop.example.com"),
            (
                ("http", 80),
                None,
                Some(8080),
                "http://shop.example.com:8080",
            ),
            (("http", 80), None, Some(443), "http://shop.example.com:443"),
            (("http", 8080), None, Some(80), "http://shop.example.com"),
            (
                ("http", 80),
                Some(Https),
                Some(443),
                "https://shop.example.com",
            ),
            (
                ("http", 80),
                Some(Https),
                Some(8443),
                "https://shop.example.com:8443",
            ),
            (
                ("http", 80),
                Some(Https),
                Some(80),
                "https://shop.example.com:80",
            ),
            (("https", 443), None, Some(443), "https://shop.example.com"),
            (
                ("https", 443),
                None,
                Some(8443),
                "https://shop.example.com:8443",
            ),
            (
                ("https", 443),
                Some(Http),
                Some(80),
                "http://shop.example.com",
            ),
            (
                ("https", 443),
                Some(Http),
                Some(8080),
                "http://shop.example.com:8080",
            ),
        ]);
    }

    #[test]
    fn without_a_hostname_that_of_the_request_is_used() {
        let keep = HttpRequestRedirectFilter::default();
        for (host, expected) in [
            ("shop.example.com", "http://shop.example.com/a"),
            ("shop.example.com:9999", "http://shop.example.com/a"),
            ("10.0.0.1:80", "http://10.0.0.1/a"),
            ("[::1]:8080", "http://[::1]/a"),
            ("[2001:db8::1]", "http://[2001:db8::1]/a"),
            ("Shop.Example.com.", "http://shop.example.com/a"),
        ] {
            let request = RedirectContext {
                host,
                ..on("http", 80)
            };
            assert_eq!(location(&keep, &request), expected);
        }
        let other = HttpRequestRedirectFilter {
            hostname: Some("example.org".into()),
            ..Default::default()
        };
        let request = RedirectContext {
            host: "no host!",
            ..on("http", 80)
        };
        assert_eq!(location(&other, &request), "http://example.org/a");
    }

    #[test]
    fn a_host_that_is_none_makes_no_location() {
        let keep = redirect(&HttpRequestRedirectFilter::default());
        for host in [
            "",
            "a b",
            "evil/?",
            "user@evil",
            "[::1",
            "[::1]x",
            "a:b",
            "[x]:1",
            "é",
            ":80",
            "a:65536",
        ] {
            let request = RedirectContext {
                host,
                ..on("http", 80)
            };
            let error = keep.location(&request).unwrap_err();
            let ApplyErrorKind::Host(why) = error.kind() else {
                panic!("{error}")
            };
            assert_eq!(why.text(), host);
            assert_eq!(error.status(), 400);
        }
    }

    #[test]
    fn the_modified_path_makes_the_location_and_the_query_is_kept() {
        let path = |path| HttpRequestRedirectFilter {
            path: Some(path),
            ..Default::default()
        };
        let prefix = path(HttpPathModifier::ReplacePrefixMatch("/new".into()));
        let full = path(HttpPathModifier::ReplaceFullPath("/new".into()));
        let request = RedirectContext {
            path: "/old/lemon",
            query: Some("a=1&b=%20"),
            matched_prefix: Some("/old"),
            ..on("http", 80)
        };
        assert_eq!(
            location(&prefix, &request),
            "http://shop.example.com/new/lemon?a=1&b=%20"
        );
        assert_eq!(
            location(&full, &request),
            "http://shop.example.com/new?a=1&b=%20"
        );
        let exact = RedirectContext {
            matched_prefix: None,
            ..request
        };
        let error = redirect(&prefix).location(&exact).unwrap_err();
        assert_eq!(*error.kind(), ApplyErrorKind::NoPrefix);
    }

    #[test]
    fn without_a_path_that_of_the_request_is_used_as_it_is() {
        let keep = HttpRequestRedirectFilter::default();
        for (path, query, expected) in [
            ("/", None, "/"),
            ("//evil.example/..", None, "//evil.example/.."),
            ("/%2f%E2", Some(""), "/%2f%E2?"),
            ("/a b\r\nx: y", Some("\u{e9}"), "/a%20b%0D%0Ax:%20y?%C3%A9"),
            ("*", None, "/"),
        ] {
            let request = RedirectContext {
                path,
                query,
                ..on("http", 80)
            };
            assert_eq!(
                location(&keep, &request),
                format!("http://shop.example.com{expected}")
            );
        }
    }

    #[test]
    fn the_status_code_is_the_one_that_is_set_and_302_without() {
        let codes =
            [301, 302, 303, 307, 308].map(|code| (Some(code), u16::try_from(code).unwrap()));
        for (code, expected) in codes.into_iter().chain([(None, 302)]) {
            let filter = HttpRequestRedirectFilter {
                status_code: code,
                ..Default::default()
            };
            let parts = redirect(&filter).respond(&on("http", 80)).unwrap();
            assert_eq!(parts.status, expected);
            assert_eq!(parts.headers["location"], "http://shop.example.com/a");
        }
    }

    #[test]
    fn values_that_the_specification_does_not_allow_are_refused() {
        for (json, message) in [
            (
                r#"{"scheme":"ftp"}"#,
                "scheme: `ftp` is not a scheme of a redirect",
            ),
            (
                r#"{"hostname":"*.a.b"}"#,
                "hostname: `*.a.b` is not a hostname: expected a DNS name without wildcard",
            ),
            (r#"{"hostname":"a/b"}"#, "hostname: `a/b` is not a hostname"),
            (
                r#"{"hostname":"1.2.3.4"}"#,
                "hostname: `1.2.3.4` is an IP address: expected a DNS name",
            ),
            (r#"{"port":0}"#, "port: `0` is not a port"),
            (r#"{"port":65536}"#, "port: `65536` is not a port"),
            (
                r#"{"statusCode":300}"#,
                "statusCode: `300` is not a status code of a redirect",
            ),
            (
                r#"{"path":{"type":"X"}}"#,
                "path.type: `X` is not a known type",
            ),
        ] {
            let filter: HttpRequestRedirectFilter = serde_json::from_str(json).unwrap();
            let error = Redirect::compile(&filter).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
