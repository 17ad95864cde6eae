//! What can be wrong with a filter, when it is compiled and when it is applied.

use crate::meta::AuthorityError;

/// A filter that cannot be applied.
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

    /// The same error, seen from the list of filters in which this one stands.
    pub(super) fn within_filter(self, index: usize) -> Self {
        self.within(&format!("filters[{index}]"))
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

    /// Whether an API server refuses an object for this, by the schema or a rule of its CRD. Of other errors nobody learns before
    /// the route has a status.
    #[must_use]
    pub fn is_refused_by_api_server(&self) -> bool {
        use CompileErrorKind as Kind;
        match self.kind {
            // The names of `set` and `add` have a pattern in the schema, those of `remove` have none.
            Kind::HeaderName(_) => !self.path.ends_with(']'),
            Kind::HeaderValue(_)
            | Kind::NotImplemented(_)
            | Kind::ConnectionHeader(_)
            | Kind::FramingHeader(_)
            | Kind::HostOnce(_)
            | Kind::HostValue(_)
            | Kind::Address(_)
            | Kind::HostTwice
            | Kind::RedirectAfterRewrite
            | Kind::PrefixAfterRewrite
            | Kind::PathAfterRewrite
            | Kind::HostAfterRewrite => false,
            _ => true,
        }
    }
}

/// Why a filter cannot be applied.
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
    /// The header describes one connection: the proxy itself writes it for each of its connections.
    #[error(
        "`{0}` describes a single connection, and the proxy writes it itself: it can be removed, but not set or added"
    )]
    ConnectionHeader(String),
    /// The header states the length of the message.
    #[error("`{0}` states the length of the message, and the proxy writes it itself")]
    FramingHeader(String),
    /// `Host` is to be added or removed.
    #[error("a request has exactly one `{0}` header: it can be set, but not added or removed")]
    HostOnce(String),
    /// `Host` is to be set to something that is not a host.
    #[error("{0}")]
    HostValue(AuthorityError),
    /// The text is no scheme that a redirect can have.
    #[error("`{0}` is not a scheme of a redirect: expected `http` or `https`")]
    Scheme(String),
    /// The text is no hostname without wildcard.
    #[error("`{0}` is not a hostname: expected a DNS name without wildcard")]
    Hostname(String),
    /// The text is an IP address, where the specification allows hostnames alone (`PreciseHostname`).
    #[error("`{0}` is an IP address: expected a DNS name")]
    Address(String),
    /// The number is no port.
    #[error("`{0}` is not a port: expected 1 to 65535")]
    Port(i32),
    /// The number is no status code that a redirect can have.
    #[error("`{0}` is not a status code of a redirect: expected 301, 302, 303, 307 or 308")]
    StatusCode(i32),
    /// The type of the filter or of the path modifier is not known.
    #[error("`{0}` is not a known type")]
    UnknownType(String),
    /// The type is known, and what it asks for is not implemented.
    #[error("the filter `{0}` is not implemented")]
    NotImplemented(&'static str),
    /// The type is known, and the member of its name is missing, or has another beside it.
    #[error("`{0}` must have the field that belongs to it, and no field of another type")]
    Member(String),
    /// A type that may stand once in a list stands there again.
    #[error("a second `{0}` filter: a list may have one of this type")]
    Repeated(&'static str),
    /// RequestRedirect and URLRewrite stand in one list.
    #[error("`RequestRedirect` and `URLRewrite` cannot be combined")]
    RedirectAndRewrite,
    /// One list changes the host in two ways.
    #[error(
        "`urlRewrite.hostname` and a `requestHeaderModifier` that sets `Host` cannot be combined"
    )]
    HostTwice,
    /// A backend redirects what the rule has rewritten.
    #[error(
        "a backend's `RequestRedirect` cannot be combined with a change of host or path by the rule's filters"
    )]
    RedirectAfterRewrite,
    /// A backend replaces the prefix of a path that the rule has changed.
    #[error(
        "`replacePrefixMatch` of a backend cannot be combined with a change of the path by the rule's filters: the prefix that matched is gone"
    )]
    PrefixAfterRewrite,
    /// A backend replaces a path that the rule has changed.
    #[error(
        "`replaceFullPath` of a backend cannot be combined with a change of the path by the rule's filters, which it would undo"
    )]
    PathAfterRewrite,
    /// A backend changes the host that the rule has changed.
    #[error(
        "a backend's change of the host cannot be combined with one by the rule's filters, which it would undo"
    )]
    HostAfterRewrite,
    /// A prefix is to be replaced under a rule that does not match by prefix alone.
    #[error("`replacePrefixMatch` needs a rule with exactly one match, of type `PathPrefix`")]
    NoPrefixMatch,
}

impl CompileErrorKind {
    /// Whether filters exclude each other, each being right by itself: the reason `IncompatibleFilters` of a status.
    #[must_use]
    pub fn is_combination(&self) -> bool {
        matches!(
            self,
            Self::Repeated(_)
                | Self::RedirectAndRewrite
                | Self::HostTwice
                | Self::RedirectAfterRewrite
                | Self::PrefixAfterRewrite
                | Self::PathAfterRewrite
                | Self::HostAfterRewrite
        )
    }
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
    #[error("the path does not begin with a matched prefix that could be replaced")]
    NoPrefix,
    /// What the client asked for is not a host, so no location can be made from it.
    #[error("{0}")]
    Host(AuthorityError),
    /// The message has as many headers as it can hold.
    #[error("the message has too many headers")]
    TooManyHeaders,
    /// The new target is too long.
    #[error("`{}` is not a request target", .0.escape_debug())]
    Target(String),
}

/// A union whose type is not known here, or whose member does not fit its type.
pub(super) fn unrecognized(kind: &str, known: &[&str]) -> CompileError {
    let text = kind.to_owned();
    let why = if known.contains(&kind) {
        CompileErrorKind::Member(text)
    } else {
        CompileErrorKind::UnknownType(text)
    };
    CompileError::new("type", why)
}

/// A filter of a type that is not implemented.
pub(super) fn not_implemented(kind: &'static str) -> CompileError {
    CompileError::new("type", CompileErrorKind::NotImplemented(kind))
}
