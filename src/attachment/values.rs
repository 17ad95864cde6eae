//! Values that rules and policies both hold, and that may be such as cannot be put in force.

use super::effective::SessionSettings;
use crate::{meta::Duration, v1::SessionPersistence};

/// Reads a duration (GEP-2257); the error names the field.
pub(super) fn read_duration(
    field: &str,
    text: Option<&String>,
) -> Result<Option<Duration>, String> {
    text.map(|text| text.parse::<Duration>())
        .transpose()
        .map_err(|error| format!("`{field}`: {error}"))
}

/// Checks a session persistence (GEP-1619); the error names the field.
pub(super) fn check_session(session: &SessionPersistence) -> Result<(), String> {
    let settings = SessionSettings::read(session);
    settings.map(drop).map_err(|error| {
        let (field, text) = (error.field(session), error.to_string());
        // Some texts begin with the field, in one of its forms.
        let mut begins = [field, "sessionName"].into_iter();
        let said = begins.find_map(|field| text.strip_prefix(&format!("`{field}`: ")));
        format!("sessionPersistence.{field}: {}", said.unwrap_or(&text))
    })
}
