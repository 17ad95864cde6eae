//! What can be wrong with a filter, when it is compiled and when it is applied.

/// A filter that cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {kind}")]
pub struct CompileError {
    path: String,
    kind: CompileErrorKind,
}

impl CompileError {
    pub(super) fn new(path: impl Into<String>, kind: CompileErrorKind) -> Self {
        Self {
            path: path.into(),
            kind,
        }
    }

    /// The same error, seen from one level further out.
    pub(super) fn within(mut self, parent: &str) -> Self {
        self.path = if self.path.is_empty() {
            parent.to_owned()
        } else {
            format!("{parent}.{}", self.path)
        };
        self
    }

    /// The field at fault, from what was compiled down: `filters[0].requestHeaderModifier.set[1].value`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> &CompileErrorKind {
        &self.kind
    }
}

/// Why a filter cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileErrorKind {
    /// The text is no header name.
    #[error(
        "`{0}` is not a header name: expected 1 to 256 letters, digits or any of !#$%&'*+-.^_`|~"
    )]
    HeaderName(String),
    /// The text cannot be the value of a header.
    #[error("`{}` is not a header value: control characters are not allowed", .0.escape_debug())]
    HeaderValue(String),
    /// The header describes the connection or the framing of the message.
    #[error("`{0}` belongs to the connection and cannot be changed by a filter")]
    ConnectionHeader(String),
    /// The header is the request's host.
    #[error("`{0}` cannot be changed by a header filter: use `urlRewrite.hostname`")]
    Host(String),
    /// The text is no scheme that a redirect can have.
    #[error("`{0}` is not a scheme of a redirect: expected `http` or `https`")]
    Scheme(String),
    /// The text is no hostname without wildcard.
    #[error("`{0}` is not a hostname without wildcard")]
    Hostname(String),
    /// The number is no port.
    #[error("`{0}` is not a port: expected 1 to 65535")]
    Port(i32),
    /// The number is no status code that a redirect can have.
    #[error("`{0}` is not a status code of a redirect: expected 301 or 302")]
    StatusCode(i32),
    /// The type of the filter or of the path modifier is not known, or its member does not fit.
    #[error("`{0}` is not a known type with its member")]
    Unrecognized(String),
    /// A type that may stand once in a list stands there again.
    #[error("a filter of type `{0}` cannot be repeated")]
    Repeated(&'static str),
    /// RequestRedirect and URLRewrite stand in one list.
    #[error("`RequestRedirect` and `URLRewrite` cannot be combined")]
    RedirectAndRewrite,
}

/// A filter that does not fit the message at hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ApplyError {
    kind: ApplyErrorKind,
}

impl ApplyError {
    /// What does not fit.
    #[must_use]
    pub fn kind(&self) -> &ApplyErrorKind {
        &self.kind
    }

    /// The status code to answer with: 400 where the request is at fault, 431 for too many headers, else
    /// 500.
    #[must_use]
    pub fn status(&self) -> http::StatusCode {
        match self.kind {
            ApplyErrorKind::Host(_) => http::StatusCode::BAD_REQUEST,
            ApplyErrorKind::TooManyHeaders => http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            ApplyErrorKind::NoPrefix | ApplyErrorKind::Target(_) => {
                http::StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
}

impl From<ApplyErrorKind> for ApplyError {
    fn from(kind: ApplyErrorKind) -> Self {
        Self { kind }
    }
}

/// Why a filter does not fit the message at hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyErrorKind {
    /// The prefix of a path is to be replaced, and no prefix was matched.
    #[error("no path prefix was matched that could be replaced")]
    NoPrefix,
    /// The host that the client asked for is none, so no location can be made from it.
    #[error("`{}` is not a host", .0.escape_debug())]
    Host(String),
    /// The message has as many headers as it can hold.
    #[error("the message has too many headers")]
    TooManyHeaders,
    /// The new target is too long.
    #[error("`{}` is not a request target", .0.escape_debug())]
    Target(String),
}
