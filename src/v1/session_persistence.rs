//! Session persistence (GEP-1619).

use crate::meta::{constraint, open_enum, when};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks that the requests of one client session go to the same endpoint (HTTPRoute and GRPCRoute
/// `spec.rules[].sessionPersistence`; `spec.sessionPersistence` of BackendLBPolicy, XBackendTrafficPolicy and XBackend).
///
/// What is special to a cookie or a header has other fields since v1.7.0 than before. The accessors read both forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionPersistence {
    /// After this time the session ends, used or not; a GEP-2257 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>")]
    pub absolute_timeout: Option<String>,
    /// The cookie, for sessions of type `Cookie`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.7")))]
    pub cookie: Option<CookieConfig>,
    /// The cookie, for sessions of type `Cookie`, in the form before v1.7.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.1..1.6"), "x-gwapi-instead" = "cookie"))]
    pub cookie_config: Option<CookieConfig>,
    /// The header, for sessions of type `Header`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-gwapi-when" = when!("E1.7")))]
    pub header: Option<HeaderConfig>,
    /// After this time without a request the session ends; a GEP-2257 duration. Releases from v1.6.0 on do not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>", extend("x-gwapi-when" = when!("E1.1..1.5")))]
    pub idle_timeout: Option<String>,
    /// The name of the session's token, that of the cookie or the header, in the form before v1.7.0. One is made up
    /// unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<constraint::SessionName>",
        extend(
            "x-gwapi-when" = when!("E1.1..1.6"),
            "x-gwapi-instead" = "cookie.name or header.name",
        )
    )]
    pub session_name: Option<String>,
    /// Where the token travels; in a cookie unless set.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Cookie"))]
    pub r#type: Option<SessionPersistenceType>,
}

impl SessionPersistence {
    /// Where the token travels: in a cookie by default.
    #[must_use]
    pub fn session_type(&self) -> SessionPersistenceType {
        self.r#type
            .clone()
            .unwrap_or(SessionPersistenceType::Cookie)
    }

    /// The name of the token, that of the cookie or the header; nothing where one is to be made up.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let newest = match self.session_type() {
            SessionPersistenceType::Header => self.header.as_ref().map(|header| &header.name),
            _ => self.cookie.as_ref().and_then(|cookie| cookie.name.as_ref()),
        };
        newest.or(self.session_name.as_ref()).map(String::as_str)
    }

    /// The path for which the client sends the cookie, where one is set.
    #[must_use]
    pub fn cookie_path(&self) -> Option<&str> {
        self.cookie.as_ref()?.path.as_deref()
    }

    /// How long the client keeps the cookie: as long as its own session by default.
    #[must_use]
    pub fn cookie_lifetime(&self) -> CookieLifetimeType {
        self.cookie
            .as_ref()
            .or(self.cookie_config.as_ref())
            .and_then(|config| config.lifetime_type.clone())
            .unwrap_or(CookieLifetimeType::Session)
    }
}

open_enum! {
    /// Where a session's token travels.
    pub enum SessionPersistenceType, schema = closed {
        /// In a cookie.
        Cookie = "Cookie",
        /// In a header.
        Header = "Header",
    }
}

/// Attributes of a session's cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CookieConfig {
    /// How long the client keeps the cookie; `Session` unless set. `Permanent` needs `absoluteTimeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Session"))]
    pub lifetime_type: Option<CookieLifetimeType>,
    /// The name of the cookie; one is made up unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::CookieName>", extend("x-gwapi-when" = when!("E1.7")))]
    pub name: Option<String>,
    /// The path for which the client sends the cookie; `/`, and so all paths, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<constraint::Path>",
        extend("default" = "/", "x-gwapi-when" = when!("E1.7"))
    )]
    pub path: Option<String>,
}

/// The header of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeaderConfig {
    /// The name of the header.
    #[schemars(with = "constraint::HeaderName")]
    pub name: String,
}

open_enum! {
    /// How long a client keeps a session's cookie.
    pub enum CookieLifetimeType, schema = closed {
        /// Until `absoluteTimeout`, beyond the client's own session.
        Permanent = "Permanent",
        /// As long as the client's own session, a browser's window for example.
        Session = "Session",
    }
}
