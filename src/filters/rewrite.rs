//! `urlRewrite`: host and path of a request on its way to the backend.

use super::{
    ApplyError, ApplyErrorKind, CompileError, CompileErrorKind, PathModifier, redirect::precise,
};
use crate::v1::HttpUrlRewriteFilter;
use http::{HeaderValue, Uri, header, request, uri};

/// A rewrite, compiled (HTTPURLRewriteFilter).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrite {
    hostname: Option<NewAuthority>,
    path: Option<PathModifier>,
}

/// What takes the place of the host, and of the port, that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewAuthority {
    value: HeaderValue,
    authority: uri::Authority,
}

impl NewAuthority {
    /// From a text that was found to be an authority; nothing if the `http` crate thinks otherwise.
    pub(super) fn new(text: &str) -> Option<Self> {
        Some(Self {
            value: HeaderValue::from_str(text).ok()?,
            authority: uri::Authority::try_from(text).ok()?,
        })
    }

    pub(super) fn as_str(&self) -> &str {
        self.authority.as_str()
    }

    /// Puts it in the `Host` header and in the target, where they are; in the `Host` header, if there is neither.
    pub(super) fn apply(&self, request: &mut request::Parts) -> Result<(), ApplyError> {
        let mut target = request.uri.clone().into_parts();
        let absolute = target.authority.is_some();
        if absolute {
            target.authority = Some(self.authority.clone());
        }
        let target =
            Uri::from_parts(target).map_err(|_| ApplyErrorKind::Target(request.uri.to_string()))?;
        if request.headers.contains_key(header::HOST) || !absolute {
            request
                .headers
                .try_insert(header::HOST, self.value.clone())
                .map_err(|_| ApplyErrorKind::TooManyHeaders)?;
        }
        request.uri = target;
        Ok(())
    }
}

impl Rewrite {
    /// Compiles a rewrite.
    ///
    /// # Errors
    ///
    /// A hostname or a type of path modifier that the specification does not allow.
    pub fn compile(filter: &HttpUrlRewriteFilter) -> Result<Self, CompileError> {
        let authority = |text: &str| {
            let host = precise(text)?;
            NewAuthority::new(&host)
                .ok_or_else(|| CompileError::new("hostname", CompileErrorKind::Hostname(host)))
        };
        Ok(Self {
            hostname: filter.hostname.as_deref().map(authority).transpose()?,
            path: filter
                .path
                .as_ref()
                .map(PathModifier::compile)
                .transpose()
                .map_err(|e| e.within("path"))?,
        })
    }

    /// The host that takes the place of the request's.
    #[must_use]
    pub fn hostname(&self) -> Option<&str> {
        self.hostname.as_ref().map(NewAuthority::as_str)
    }

    /// What becomes of the path.
    #[must_use]
    pub fn path(&self) -> Option<&PathModifier> {
        self.path.as_ref()
    }

    /// Rewrites a request: `Host` and the authority of its target, without a port; the path, with the
    /// query kept.
    ///
    /// The targets `*` (OPTIONS) and `host:port` (CONNECT) have no path, and none is put there.
    /// `matched_prefix` as in [`PathModifier::modify`].
    ///
    /// # Errors
    ///
    /// A prefix is to be replaced and none was matched; the new target is too long; the request can hold
    /// no further header. The request is then as it was.
    pub fn apply(
        &self,
        request: &mut request::Parts,
        matched_prefix: Option<&str>,
    ) -> Result<(), ApplyError> {
        let before = request.uri.clone();
        if let Some(modifier) = &self.path
            && before.path().starts_with('/')
        {
            let mut path = modifier.modify(before.path(), matched_prefix)?;
            if let Some(query) = before.query() {
                path.push('?');
                path.push_str(query);
            }
            let path = uri::PathAndQuery::try_from(path.as_str())
                .map_err(|_| ApplyErrorKind::Target(path))?;
            let mut target = before.clone().into_parts();
            target.path_and_query = Some(path);
            request.uri =
                Uri::from_parts(target).map_err(|_| ApplyErrorKind::Target(before.to_string()))?;
        }
        if let Some(host) = &self.hostname {
            host.apply(request).inspect_err(|_| request.uri = before)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::HttpPathModifier;

    fn rewrite(hostname: Option<&str>, path: Option<HttpPathModifier>) -> Rewrite {
        Rewrite::compile(&HttpUrlRewriteFilter {
            hostname: hostname.map(Into::into),
            path,
        })
        .unwrap()
    }

    fn prefix(new: &str) -> Option<HttpPathModifier> {
        Some(HttpPathModifier::ReplacePrefixMatch(new.into()))
    }

    fn full(new: &str) -> Option<HttpPathModifier> {
        Some(HttpPathModifier::ReplaceFullPath(new.into()))
    }

    fn request(target: &str, host: Option<&str>) -> request::Parts {
        let mut builder = http::Request::builder().uri(target);
        if let Some(host) = host {
            builder = builder.header("host", host);
        }
        builder.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_hostname_replaces_the_host_header_and_the_authority() {
        let rewrite = rewrite(Some("one.example.org"), None);
        let mut h1 = request("/a?b", Some("shop.example.com:8080"));
        rewrite.apply(&mut h1, None).unwrap();
        assert_eq!(h1.headers["host"], "one.example.org");
        assert_eq!(h1.uri, "/a?b");

        let mut h2 = request("https://shop.example.com:8443/a?b", None);
        rewrite.apply(&mut h2, None).unwrap();
        assert!(h2.headers.is_empty());
        assert_eq!(h2.uri, "https://one.example.org/a?b");

        let mut both = request("http://shop.example.com/a", Some("shop.example.com"));
        rewrite.apply(&mut both, None).unwrap();
        assert_eq!(both.headers["host"], "one.example.org");
        assert_eq!(both.uri, "http://one.example.org/a");

        let mut neither = request("/", None);
        rewrite.apply(&mut neither, None).unwrap();
        assert_eq!(neither.headers["host"], "one.example.org");
    }

    #[test]
    fn the_path_is_rewritten_and_the_query_kept() {
        // Target, modifier, prefix that matched, new target.
        for (target, path, matched, expected) in [
            (
                "/prefix/one/two?q=1&q=2",
                prefix("/one"),
                Some("/prefix/one"),
                "/one/two?q=1&q=2",
            ),
            ("/strip/three?", prefix("/"), Some("/strip"), "/three?"),
            ("/strip?a", prefix("/"), Some("/strip"), "/?a"),
            ("/full/one/two", full("/one"), Some("/full/one"), "/one"),
            ("/full/one/two?x", full(""), None, "/?x"),
            (
                "http://a.example/p/x?y",
                prefix("/q"),
                Some("/p"),
                "http://a.example/q/x?y",
            ),
        ] {
            let mut parts = request(target, Some("a.example"));
            rewrite(None, path).apply(&mut parts, matched).unwrap();
            assert_eq!(parts.uri, expected, "{target}");
            assert_eq!(parts.headers["host"], "a.example");
        }
    }

    #[test]
    fn targets_without_a_path_get_none() {
        for target in ["*", "a.example:443"] {
            let mut parts = request(target, None);
            rewrite(None, full("/x")).apply(&mut parts, None).unwrap();
            assert_eq!(parts.uri, target);
        }
    }

    #[test]
    fn a_rewrite_that_fails_leaves_the_request_as_it_was() {
        let rewrite = rewrite(Some("one.example.org"), prefix("/x"));
        let mut parts = request("/foo", Some("a.example"));
        assert_eq!(
            *rewrite.apply(&mut parts, None).unwrap_err().kind(),
            ApplyErrorKind::NoPrefix
        );
        let long = format!("/foo?{}", "q".repeat(65_000));
        let mut long = request(&long, Some("a.example"));
        let long_rewrite = self::rewrite(Some("one.example.org"), full(&"x".repeat(1024)));
        assert!(long_rewrite.apply(&mut long, None).is_err());
        assert_eq!(long.headers["host"], "a.example");
        assert_eq!(parts.uri, "/foo");
        assert_eq!(parts.headers["host"], "a.example");
    }

    #[test]
    fn a_wildcard_is_no_hostname_to_rewrite_to() {
        let filter = HttpUrlRewriteFilter {
            hostname: Some("*.example.org".into()),
            ..Default::default()
        };
        let error = Rewrite::compile(&filter).unwrap_err();
        assert_eq!(error.path(), "hostname");
    }
}
