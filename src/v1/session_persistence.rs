//! Session persistence (GEP-1619).

use crate::meta::{constraint, open_enum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks that the requests of one client session go to the same endpoint (HTTPRoute and GRPCRoute
/// `spec.rules[].sessionPersistence`, BackendLBPolicy `spec.sessionPersistence`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionPersistence {
    /// After this time the session ends, used or not; a GEP-2257 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>")]
    pub absolute_timeout: Option<String>,
    /// More about the cookie, for sessions of type `Cookie`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie_config: Option<CookieConfig>,
    /// After this time without a request the session ends; a GEP-2257 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::Duration>")]
    pub idle_timeout: Option<String>,
    /// The name of the session's token: that of the cookie or the header. One is made up unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<constraint::SessionName>")]
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

    /// How long the client keeps the cookie: as long as its own session by default.
    #[must_use]
    pub fn cookie_lifetime(&self) -> CookieLifetimeType {
        self.cookie_config
            .as_ref()
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
