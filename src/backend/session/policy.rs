//! A session persistence, compiled for a rule.

use super::path;
use crate::{
    attachment::effective::{CookiePrefix, SessionCookie, SessionSettings, SessionTransport},
    meta::{Duration, SessionCookiePath},
};
use http::{
    HeaderName,
    header::{COOKIE, SET_COOKIE},
};
use std::sync::Arc;

/// How the sessions of a rule are kept (GEP-1619): the rule's own `sessionPersistence`, or that of a backend's
/// BackendLBPolicy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    origin: SessionOrigin,
    pub(super) carrier: TokenCarrier,
    absolute_timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
}

/// Where a session persistence is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionOrigin {
    /// In the rule (`spec.rules[].sessionPersistence`). It "MUST override" that of a backend.
    Rule,
    /// In the policy of a backend: a BackendLBPolicy, or an XBackendTrafficPolicy.
    Policy,
}

/// What a token travels in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenCarrier {
    Cookie {
        name: Box<str>,
        permanent: bool,
        path: CookiePath,
    },
    Header(HeaderName),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CookiePath {
    /// The client takes the folder of the request's path (RFC 6265, section 5.1.4).
    Unset,
    /// The same for every match.
    Always(Box<str>),
    /// The path of each match of the rule, in their order.
    Matched(Arc<[String]>),
}

impl SessionPolicy {
    /// `matched` are the cookie paths of the rule's matches; `generated` makes a name where none is set.
    pub(super) fn new(
        settings: SessionSettings,
        origin: SessionOrigin,
        default_path: SessionCookiePath,
        matched: &Arc<[String]>,
        generated: impl FnOnce() -> String,
    ) -> Self {
        let SessionSettings {
            transport,
            absolute_timeout,
            idle_timeout,
        } = settings;
        let carrier = match transport {
            SessionTransport::Header { name } => {
                let name = name.map_or_else(generated, |name| name.as_str().to_owned());
                // Settings have names of headers only, and a made-up name is one.
                let unused = HeaderName::from_static("gwapi-session");
                TokenCarrier::Header(name.parse().unwrap_or(unused))
            }
            SessionTransport::Cookie(SessionCookie {
                name,
                permanent,
                path,
            }) => {
                let name = name.unwrap_or_else(generated);
                // Clients take such a cookie only with this path (RFC 6265bis, "The `__Host-` Prefix").
                let wants_root = CookiePrefix::of(&name) == Some(CookiePrefix::Host);
                let path = match (path, default_path, origin) {
                    _ if wants_root => CookiePath::Always(path::ROOT.into()),
                    (Some(path), _, _) => CookiePath::Always(path.into()),
                    (None, SessionCookiePath::Root, _) => CookiePath::Always(path::ROOT.into()),
                    (None, SessionCookiePath::Matched, SessionOrigin::Rule) => {
                        CookiePath::Matched(matched.clone())
                    }
                    // "the `Path` attribute MUST be left unset. This is because multiple routes can target a single
                    // service."
                    (None, SessionCookiePath::Matched, SessionOrigin::Policy) => CookiePath::Unset,
                };
                TokenCarrier::Cookie {
                    name: name.into(),
                    permanent,
                    path,
                }
            }
        };
        Self {
            origin,
            carrier,
            absolute_timeout,
            idle_timeout,
        }
    }

    /// Where it is written.
    #[must_use]
    pub fn origin(&self) -> SessionOrigin {
        self.origin
    }

    /// The name of the cookie or the header (`sessionName`), made up where none is set.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.carrier {
            TokenCarrier::Cookie { name, .. } => name,
            TokenCarrier::Header(name) => name.as_str(),
        }
    }

    /// Whether the token travels in a cookie, and not in a header of its own (`type`).
    #[must_use]
    pub fn is_cookie(&self) -> bool {
        matches!(self.carrier, TokenCarrier::Cookie { .. })
    }

    /// Whether clients keep the cookie until the absolute timeout (`cookieConfig.lifetimeType: Permanent`).
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self.carrier, TokenCarrier::Cookie { permanent, .. } if permanent)
    }

    /// The path for which clients send the cookie where this match of the rule led to the backend.
    #[must_use]
    pub fn cookie_path(&self, match_index: usize) -> Option<&str> {
        let TokenCarrier::Cookie { path, .. } = &self.carrier else {
            return None;
        };
        match path {
            CookiePath::Unset => None,
            CookiePath::Always(path) => Some(path),
            CookiePath::Matched(paths) => paths.get(match_index).map(String::as_str),
        }
    }

    /// How long a session lasts, used or not (`absoluteTimeout`).
    #[must_use]
    pub fn absolute_timeout(&self) -> Option<Duration> {
        self.absolute_timeout
    }

    /// How long a session lasts without a request (`idleTimeout`).
    #[must_use]
    pub fn idle_timeout(&self) -> Option<Duration> {
        self.idle_timeout
    }

    /// The header of a request in which the token comes: `Cookie`, or that of the session.
    #[must_use]
    pub fn request_header(&self) -> &HeaderName {
        match &self.carrier {
            TokenCarrier::Cookie { .. } => &COOKIE,
            TokenCarrier::Header(name) => name,
        }
    }

    /// The header of a response in which the token is given to the client: `Set-Cookie`, or that of the session.
    #[must_use]
    pub fn response_header(&self) -> &HeaderName {
        match &self.carrier {
            TokenCarrier::Cookie { .. } => &SET_COOKIE,
            TokenCarrier::Header(name) => name,
        }
    }

    /// Whether tokens of another policy come in the same place.
    pub(super) fn shares_carrier(&self, other: &Self) -> bool {
        self.is_cookie() == other.is_cookie() && self.name() == other.name()
    }

    /// Whether a session could last for a request: an absolute timeout of `0s` has elapsed at once.
    pub(super) fn lasts(&self) -> bool {
        !self.absolute_timeout.is_some_and(Duration::is_zero)
    }
}
