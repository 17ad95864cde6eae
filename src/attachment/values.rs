//! Values that rules and policies both hold, and that may be such as cannot be put in force.

use crate::{
    meta::Duration,
    v1::{CookieLifetimeType, SessionPersistence, SessionPersistenceType},
};

/// Reads a duration (GEP-2257); the error names the field.
pub(super) fn read_duration(
    field: &str,
    text: Option<&String>,
) -> Result<Option<Duration>, String> {
    text.map(|text| text.parse::<Duration>())
        .transpose()
        .map_err(|error| format!("`{field}`: {error}"))
}

/// Checks a session persistence (GEP-1619).
pub(super) fn check_session(session: &SessionPersistence) -> Result<(), String> {
    let absolute = read_duration("absoluteTimeout", session.absolute_timeout.as_ref())?;
    read_duration("idleTimeout", session.idle_timeout.as_ref())?;
    if let SessionPersistenceType::Unknown(kind) = session.session_type() {
        return Err(format!("session type `{kind}` is not known"));
    }
    match session.cookie_lifetime() {
        CookieLifetimeType::Unknown(kind) => Err(format!("lifetime type `{kind}` is not known")),
        CookieLifetimeType::Permanent if absolute.is_none() => {
            Err("a cookie of lifetime type Permanent needs `absoluteTimeout`".to_owned())
        }
        _ => Ok(()),
    }
}
