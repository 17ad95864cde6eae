//! What a session persistence asks for, read from the form of any release.

use crate::{
    filters::{self, CompileErrorKind},
    meta::{Duration, DurationError, HeaderName},
    v1::{CookieLifetimeType, SessionPersistence, SessionPersistenceType},
};

/// A session persistence (GEP-1619) as a data plane reads it: the one place that decides whether it can be in force.
///
/// ```
/// use gwapi::{attachment::effective::{SessionSettings, SessionTransport}, v1::SessionPersistence};
///
/// let written: SessionPersistence = serde_json::from_str(r#"{"sessionName": "SID", "absoluteTimeout": "1h"}"#)?;
/// let settings = SessionSettings::read(&written)?;
/// assert!(matches!(settings.transport, SessionTransport::Cookie(cookie) if cookie.name.as_deref() == Some("SID")));
/// assert_eq!(settings.absolute_timeout.map(|timeout| timeout.to_string()).as_deref(), Some("1h"));
///
/// let refused = SessionPersistence { session_name: Some("a b".into()), ..SessionPersistence::default() };
/// assert_eq!(
///     SessionSettings::read(&refused).map_err(|error| error.to_string()),
///     Err("`sessionName`: `a b` cannot be the name of a cookie: expected letters, digits and some of `!#$%&'*+-.^_|~` and the backtick".to_owned()),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionSettings {
    /// Where the token travels (`type`).
    pub transport: SessionTransport,
    /// How long a session lasts, used or not (`absoluteTimeout`).
    pub absolute_timeout: Option<Duration>,
    /// How long a session lasts without a request (`idleTimeout`).
    pub idle_timeout: Option<Duration>,
}

/// Where a session's token travels (`sessionPersistence.type`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionTransport {
    /// In a cookie.
    Cookie(SessionCookie),
    /// In a header, of the response and of later requests.
    Header {
        /// The name of the header; one is made up where none is set.
        name: Option<HeaderName>,
    },
}

/// The cookie of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionCookie {
    /// Its name, a token of RFC 6265; one is made up where none is set.
    pub name: Option<String>,
    /// Whether clients keep it until the absolute timeout (`lifetimeType: Permanent`), or as long as their own session.
    pub permanent: bool,
    /// The path for which clients send it, where one is set (`cookie.path`, since v1.7.0).
    pub path: Option<String>,
}

/// Why a session persistence cannot be in force. Displayed with the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionSettingsError {
    /// A timeout is not a duration (GEP-2257).
    #[error("`{field}`: {error}")]
    Timeout {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        error: DurationError,
    },
    /// The type is none of this library's.
    #[error("session type `{0}` is not known")]
    Type(String),
    /// The lifetime type is none of this library's.
    #[error("lifetime type `{0}` is not known")]
    LifetimeType(String),
    /// A cookie that outlives the client's own session has no end: "required" (`cookieConfig.lifetimeType`).
    #[error("a cookie of lifetime type Permanent needs `absoluteTimeout`")]
    PermanentWithoutEnd,
    /// The name cannot be that of a cookie.
    #[error(
        "`sessionName`: `{0}` cannot be the name of a cookie: expected letters, digits and some of `!#$%&'*+-.^_|~` and the backtick"
    )]
    CookieName(String),
    /// The path cannot be that of a cookie.
    #[error(
        "`cookie.path`: `{0}` cannot be the path of a cookie: expected a path that begins with `/`, of printable ASCII without `;`"
    )]
    CookiePath(String),
    /// The name cannot be that of a header, or is that of a header which a session must not change.
    #[error("`sessionName`: {0}")]
    HeaderName(CompileErrorKind),
    /// The header has a meaning of its own in requests or in responses, so that a token cannot travel in it.
    #[error(
        "`sessionName`: the header `{0}` has a meaning of its own in a request or a response: a token of a session in it would be lost, or taken for something else"
    )]
    HeaderMeaning(String),
}

impl SessionSettingsError {
    /// The field that is to blame of the session persistence which was read, in the form in which it is written there.
    #[must_use]
    pub fn field(&self, written: &SessionPersistence) -> &'static str {
        let cookie = written.cookie.as_ref();
        match self {
            Self::Timeout { field, .. } => field,
            Self::Type(_) => "type",
            Self::LifetimeType(_) if cookie.is_some() => "cookie.lifetimeType",
            Self::LifetimeType(_) => "cookieConfig.lifetimeType",
            Self::PermanentWithoutEnd => "absoluteTimeout",
            Self::CookieName(_) if cookie.is_some_and(|cookie| cookie.name.is_some()) => {
                "cookie.name"
            }
            Self::HeaderName(_) | Self::HeaderMeaning(_) if written.header.is_some() => {
                "header.name"
            }
            Self::CookieName(_) | Self::HeaderName(_) | Self::HeaderMeaning(_) => "sessionName",
            Self::CookiePath(_) => "cookie.path",
        }
    }
}

impl SessionSettings {
    /// Reads what is written, in the form of any release.
    ///
    /// # Errors
    ///
    /// The first thing that keeps the session persistence from being in force.
    pub fn read(written: &SessionPersistence) -> Result<Self, SessionSettingsError> {
        let timeout = |field, text: Option<&String>| {
            text.map(|text| text.parse::<Duration>())
                .transpose()
                .map_err(|error| SessionSettingsError::Timeout { field, error })
        };
        let absolute_timeout = timeout("absoluteTimeout", written.absolute_timeout.as_ref())?;
        let idle_timeout = timeout("idleTimeout", written.idle_timeout.as_ref())?;
        let is_header = match written.session_type() {
            SessionPersistenceType::Cookie => false,
            SessionPersistenceType::Header => true,
            SessionPersistenceType::Unknown(kind) => {
                return Err(SessionSettingsError::Type(kind.into()));
            }
        };
        let permanent = match written.cookie_lifetime() {
            CookieLifetimeType::Session => false,
            CookieLifetimeType::Permanent if absolute_timeout.is_none() => {
                return Err(SessionSettingsError::PermanentWithoutEnd);
            }
            CookieLifetimeType::Permanent => true,
            CookieLifetimeType::Unknown(kind) => {
                return Err(SessionSettingsError::LifetimeType(kind.into()));
            }
        };
        let transport = if is_header {
            let name = written.name().map(header_name).transpose()?;
            SessionTransport::Header { name }
        } else {
            let refused = |name: &str| SessionSettingsError::CookieName(name.to_owned());
            SessionTransport::Cookie(SessionCookie {
                name: checked(written.name(), is_token, refused)?,
                permanent,
                path: checked(written.cookie_path(), is_cookie_path, |path| {
                    SessionSettingsError::CookiePath(path.to_owned())
                })?,
            })
        };
        Ok(Self {
            transport,
            absolute_timeout,
            idle_timeout,
        })
    }
}

fn checked(
    text: Option<&str>,
    is_valid: impl Fn(&str) -> bool,
    refused: impl Fn(&str) -> SessionSettingsError,
) -> Result<Option<String>, SessionSettingsError> {
    match text {
        Some(text) if !is_valid(text) => Err(refused(text)),
        text => Ok(text.map(str::to_owned)),
    }
}

/// The headers to which HTTP, cookies or gRPC give a meaning, in requests or in responses, beside those that no filter may
/// [add](crate::filters#what-header-modifiers-cannot-change). The token of a session would take the place of what a backend writes there, and
/// clients would read it as that, or not send it back.
const OF_HTTP: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    "authentication-info",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "from",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "range",
    "referer",
    "retry-after",
    "server",
    "set-cookie",
    "strict-transport-security",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
];

/// Families of such headers, by how their names begin.
const OF_HTTP_BEGIN: &[&str] = &["access-control-", "grpc-", "sec-", "x-forwarded-"];

/// Whether a header has a meaning of its own, which a token in its place would take away.
fn has_own_meaning(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    OF_HTTP.contains(&&*name) || OF_HTTP_BEGIN.iter().any(|begin| name.starts_with(begin))
}

/// What clients ask of a cookie because of how its name begins, in whichever case (RFC 6265bis, "Cookie Name Prefixes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookiePrefix {
    /// `__Secure-`: it is `Secure`.
    Secure,
    /// `__Host-`: it is `Secure`, has the path `/`, and names no domain.
    Host,
}

impl CookiePrefix {
    pub(crate) fn of(name: &str) -> Option<Self> {
        let begins = |prefix: &str| {
            let begin = name.get(..prefix.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
        };
        match () {
            () if begins("__Host-") => Some(Self::Host),
            () if begins("__Secure-") => Some(Self::Secure),
            () => None,
        }
    }
}

/// The name of a header that a data plane can read in requests and write in responses, as filters are allowed to.
fn header_name(text: &str) -> Result<HeaderName, SessionSettingsError> {
    filters::check_new_header(text).map_err(SessionSettingsError::HeaderName)?;
    if has_own_meaning(text) {
        return Err(SessionSettingsError::HeaderMeaning(text.to_owned()));
    }
    let refused = |_| CompileErrorKind::HeaderName(text.to_owned());
    text.parse()
        .map_err(refused)
        .map_err(SessionSettingsError::HeaderName)
}

/// Whether a text is a token of RFC 9110: what RFC 6265, section 4.1.1 asks of the name of a cookie.
fn is_token(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token)
}

/// Whether a text can be the `Path` of a cookie (RFC 6265, section 4.1.1), and begins with `/`, without which clients pass
/// over it (section 5.2.4).
fn is_cookie_path(text: &str) -> bool {
    text.starts_with('/') && text.bytes().all(is_path_byte)
}

/// Whether the `Path` of a cookie can have a byte.
pub(crate) fn is_path_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b';'
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(written: Value) -> Result<SessionSettings, SessionSettingsError> {
        SessionSettings::read(&serde_json::from_value(written).unwrap())
    }

    fn cookie(written: Value) -> SessionCookie {
        match read(written).unwrap().transport {
            SessionTransport::Cookie(cookie) => cookie,
            SessionTransport::Header { .. } => panic!("a header"),
        }
    }

    #[test]
    fn the_forms_of_all_releases_are_read() {
        let before = json!({"sessionName": "S", "cookieConfig": {"lifetimeType": "Permanent"}, "absoluteTimeout": "1h"});
        let since =
            json!({"cookie": {"name": "S", "lifetimeType": "Permanent"}, "absoluteTimeout": "1h"});
        assert_eq!(read(before), read(since));
        let with_path = cookie(json!({"cookie": {"path": "/a b"}}));
        assert_eq!(with_path.path.as_deref(), Some("/a b"));
        assert_eq!(cookie(json!({})), SessionCookie::default());
        let header = |written| read(written).unwrap().transport;
        let name = |name: &str| SessionTransport::Header {
            name: Some(name.parse().unwrap()),
        };
        assert_eq!(
            header(json!({"type": "Header", "sessionName": "X-S"})),
            name("x-s")
        );
        assert_eq!(
            header(json!({"type": "Header", "header": {"name": "X-S"}})),
            name("x-s")
        );
        let none = SessionTransport::Header { name: None };
        assert_eq!(header(json!({"type": "Header"})), none);
    }

    /// The field is named as it is written: v1.7.0 moved some.
    #[test]
    fn what_cannot_be_in_force_has_its_field() {
        for (written, field) in [
            (json!({"absoluteTimeout": "1d"}), "absoluteTimeout"),
            (json!({"idleTimeout": ""}), "idleTimeout"),
            (json!({"type": "Url"}), "type"),
            (
                json!({"cookieConfig": {"lifetimeType": "Long"}}),
                "cookieConfig.lifetimeType",
            ),
            (
                json!({"cookie": {"lifetimeType": "Long"}}),
                "cookie.lifetimeType",
            ),
            (
                json!({"cookie": {"lifetimeType": "Permanent"}}),
                "absoluteTimeout",
            ),
            (json!({"cookie": {"name": "a b"}}), "cookie.name"),
            (json!({"cookie": {"path": "a"}}), "cookie.path"),
            (json!({"sessionName": "a b"}), "sessionName"),
            (
                json!({"type": "Header", "sessionName": "Host"}),
                "sessionName",
            ),
            (
                json!({"type": "Header", "header": {"name": "Host"}}),
                "header.name",
            ),
        ] {
            let session: SessionPersistence = serde_json::from_value(written.clone()).unwrap();
            let error = SessionSettings::read(&session).unwrap_err();
            assert_eq!(error.field(&session), field, "{written}");
        }
    }

    #[test]
    fn what_cannot_be_in_force_is_refused_by_name() {
        let long_ago = json!({"absoluteTimeout": "1d"});
        assert!(matches!(
            read(long_ago),
            Err(SessionSettingsError::Timeout {
                field: "absoluteTimeout",
                ..
            })
        ));
        let idle = json!({"idleTimeout": ""});
        assert!(matches!(
            read(idle),
            Err(SessionSettingsError::Timeout {
                field: "idleTimeout",
                ..
            })
        ));
        for (written, error) in [
            (
                json!({"type": "Url"}),
                SessionSettingsError::Type("Url".into()),
            ),
            (
                json!({"cookieConfig": {"lifetimeType": "Long"}}),
                SessionSettingsError::LifetimeType("Long".into()),
            ),
            (
                json!({"cookieConfig": {"lifetimeType": "Permanent"}}),
                SessionSettingsError::PermanentWithoutEnd,
            ),
        ] {
            assert_eq!(read(written.clone()), Err(error), "{written}");
        }
        for name in ["", "a b", "a;b", "a=b", "a,b", "ä", "a\r\nb"] {
            let error = Err(SessionSettingsError::CookieName(name.into()));
            assert_eq!(read(json!({"sessionName": name})), error, "{name:?}");
            let header = read(json!({"sessionName": name, "type": "Header"}));
            assert!(
                matches!(header, Err(SessionSettingsError::HeaderName(_))),
                "{name:?}"
            );
        }
        for path in ["", "a", "/a;Secure", "/ä", "/a\r\n"] {
            let error = Err(SessionSettingsError::CookiePath(path.into()));
            assert_eq!(read(json!({"cookie": {"path": path}})), error, "{path:?}");
        }
        for name in [
            "Cookie",
            "Set-Cookie",
            "Authorization",
            "Location",
            "Date",
            "grpc-status",
            "Grpc-Message",
            "Content-Type",
            "X-Forwarded-For",
            "Sec-Fetch-Site",
        ] {
            let error = Err(SessionSettingsError::HeaderMeaning(name.into()));
            let header = read(json!({"sessionName": name, "type": "Header"}));
            assert_eq!(header, error, "{name}");
            assert!(read(json!({"sessionName": name})).is_ok(), "{name}");
        }
        for name in ["X-Session", "Session", "dates", "cookies"] {
            let header = read(json!({"sessionName": name, "type": "Header"}));
            assert!(header.is_ok(), "{name}");
        }
        // What a filter cannot add to a request, a client cannot send for a session.
        for name in ["Host", "Content-Length", "Connection", "Transfer-Encoding"] {
            let header = read(json!({"sessionName": name, "type": "Header"}));
            assert!(
                matches!(header, Err(SessionSettingsError::HeaderName(_))),
                "{name}"
            );
            assert!(read(json!({"sessionName": name})).is_ok(), "{name}");
        }
    }
}
