//! Rules for session persistence.

use super::{Check, Rule};
use crate::{meta::when, schema::Defaulted};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "SessionPersistence/permanent-needs-absolute-timeout",
        places: &["SessionPersistence"],
        when: when!("E1.1.0..1.1.0"),
        // The release refuses a session without `cookieConfig` as well, one by header too, unless it has an absolute timeout.
        cel: Some(
            "has(self.absoluteTimeout) || has(self.cookieConfig) && !(has(self.cookieConfig.lifetimeType) && self.cookieConfig.lifetimeType == 'Permanent')",
        ),
        message: "without `absoluteTimeout`, a session needs a `cookieConfig` whose `lifetimeType` is not Permanent, whatever its `type` is",
        help: "set `absoluteTimeout`; in place of it, a session of type Cookie may have `cookieConfig: {lifetimeType: Session}`",
        check: Check::Value(|session| {
            session.has("absoluteTimeout")
                || session
                    .get("cookieConfig")
                    .is_some_and(|cookie| cookie.text("lifetimeType") != Some("Permanent"))
        }),
        ..Rule::BASE
    },
    Rule {
        id: "SessionPersistence/permanent-config-needs-absolute-timeout",
        places: &["SessionPersistence"],
        when: when!("E1.1.1..1.6"),
        cel: Some(
            "has(self.absoluteTimeout) || !has(self.cookieConfig) || !has(self.cookieConfig.lifetimeType) || self.cookieConfig.lifetimeType != 'Permanent'",
        ),
        message: "a session whose cookie is Permanent needs an absolute timeout",
        help: "set `absoluteTimeout`, or `cookieConfig.lifetimeType: Session`",
        check: Check::Value(|session| permanent_ends(session, "cookieConfig")),
        ..Rule::BASE
    },
    Rule {
        id: "SessionPersistence/cookie-config-for-cookies",
        places: &["SessionPersistence"],
        when: when!("E1.5..1.6"),
        cel: Some("!has(self.cookieConfig) || self.type == 'Cookie'"),
        message: "`cookieConfig` is for sessions of type Cookie",
        help: "remove `cookieConfig`, or set `type: Cookie`",
        check: Check::Value(|session| {
            !session.has("cookieConfig") || session.text("type") == Some("Cookie")
        }),
        ..Rule::BASE
    },
    Rule {
        id: "SessionPersistence/permanent-cookie-needs-absolute-timeout",
        places: &["SessionPersistence"],
        when: when!("E1.7"),
        cel: Some(
            "has(self.absoluteTimeout) || !has(self.cookie) || !has(self.cookie.lifetimeType) || self.cookie.lifetimeType != 'Permanent'",
        ),
        message: "a session whose cookie is Permanent needs an absolute timeout",
        help: "set `absoluteTimeout`, or `cookie.lifetimeType: Session`",
        check: Check::Value(|session| permanent_ends(session, "cookie")),
        ..Rule::BASE
    },
    Rule {
        id: "SessionPersistence/cookie-fits-type",
        places: &["SessionPersistence"],
        when: when!("E1.7"),
        cel: Some("has(self.cookie) == (self.type == 'Cookie')"),
        message: "`cookie` must be set if `type` is Cookie, and only then",
        help: "set `cookie`, `{}` for its defaults; `type` is Cookie unless set",
        check: Check::Value(|session| {
            session
                .text("type")
                .is_none_or(|kind| session.has("cookie") == (kind == "Cookie"))
        }),
        ..Rule::BASE
    },
    Rule {
        id: "SessionPersistence/header-fits-type",
        places: &["SessionPersistence"],
        when: when!("E1.7"),
        cel: Some("has(self.header) == (self.type == 'Header')"),
        message: "`header` must be set if `type` is Header, and only then",
        help: "set `header.name` with `type: Header` only",
        check: Check::Value(|session| {
            session
                .text("type")
                .is_none_or(|kind| session.has("header") == (kind == "Header"))
        }),
        ..Rule::BASE
    },
];

/// Whether a session with a cookie that outlives the client's own session ends at some time.
fn permanent_ends(session: Defaulted<'_>, cookie: &'static str) -> bool {
    session.has("absoluteTimeout")
        || session
            .get(cookie)
            .is_none_or(|cookie| cookie.text("lifetimeType") != Some("Permanent"))
}
