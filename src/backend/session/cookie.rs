//! Cookies: RFC 6265.

use super::token::{Attributes, SentToken};
use cookie::{
    Cookie, ParseError, SameSite,
    time::{Duration, OffsetDateTime},
};

/// Reads and writes cookies.
pub(super) struct Cookies;

impl Cookies {
    /// Calls `each` with what a line of the header has for a name, until it gives something. Bytes that are no text are those of
    /// other cookies, and in nobody's way.
    pub(super) fn find<T>(
        &self,
        line: &[u8],
        name: &str,
        mut each: impl FnMut(SentToken<'_>) -> Option<T>,
    ) -> Option<T> {
        for part in line.split(|byte| *byte == b';') {
            let part = part.trim_ascii();
            if !part.starts_with(name.as_bytes()) {
                continue;
            }
            let Ok(text) = std::str::from_utf8(part) else {
                continue;
            };
            let found = match Cookie::parse(text) {
                Ok(cookie) if cookie.name() == name => {
                    each(SentToken::Value(cookie.value_trimmed()))
                }
                Err(ParseError::MissingPair) if text == name => each(SentToken::Malformed),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The value of a `Set-Cookie` header.
    pub(super) fn write(&self, name: &str, value: &str, attributes: &Attributes<'_>) -> String {
        let mut cookie = Cookie::new(name, value);
        if let Some(path) = attributes.path {
            cookie.set_path(path);
        }
        cookie.set_http_only(attributes.http_only);
        cookie.set_same_site(match attributes.same_site {
            super::SameSite::Strict => SameSite::Strict,
            super::SameSite::Lax => SameSite::Lax,
            super::SameSite::None => SameSite::None,
        });
        cookie.set_secure(attributes.secure);
        if let Some((millis, until)) = attributes.lasts {
            // Upwards: `Max-Age=0` would delete the cookie at once, and the token says to the millisecond when it ends.
            let seconds = |millis: u64| i64::try_from(millis.div_ceil(1_000)).unwrap_or(i64::MAX);
            cookie.set_max_age(Duration::seconds(seconds(millis)));
            // Later than the year 9999 cannot be written; `Max-Age` takes precedence anyway.
            if let Ok(until) = OffsetDateTime::from_unix_timestamp(seconds(until)) {
                cookie.set_expires(until);
            }
        }
        cookie.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(line: &[u8], name: &str) -> Vec<String> {
        let mut all = Vec::new();
        let none: Option<()> = Cookies.find(line, name, |sent| {
            all.push(format!("{sent:?}"));
            None
        });
        assert_eq!(none, None);
        all
    }

    #[test]
    fn a_cookie_is_found_among_others_whatever_they_are() {
        let value = |text: &str| format!("Value({text:?})");
        for (line, values) in [
            (&b"SID=a"[..], vec![value("a")]),
            (b"x=1; SID=a; y", vec![value("a")]),
            (
                b"SID=a;SID=b ; SID = c",
                vec![value("a"), value("b"), value("c")],
            ),
            (b"SID=\"a\"", vec![value("a")]),
            (b"SID=a=b", vec![value("a=b")]),
            (b"SID=", vec![value("")]),
            (b"SID", vec!["Malformed".to_owned()]),
            (b"sid=a; SIDE=b; xSID=c; =d; ;;", vec![]),
            (b"\xff\xfe=\x80; SID=a", vec![value("a")]),
            (b"SID=\xff", vec![]),
            (b"", vec![]),
        ] {
            assert_eq!(sent(line, "SID"), values, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn attributes_are_written_as_they_were_asked_for() {
        let mut attributes = Attributes {
            path: Some("/a"),
            secure: true,
            http_only: true,
            same_site: crate::backend::session::SameSite::Strict,
            lasts: None,
        };
        assert_eq!(
            Cookies.write("SID", "v", &attributes),
            "SID=v; HttpOnly; SameSite=Strict; Secure; Path=/a"
        );
        attributes.path = None;
        attributes.secure = false;
        attributes.http_only = false;
        attributes.same_site = crate::backend::session::SameSite::Lax;
        attributes.lasts = Some((3_600_000, 1_000_000_000_000));
        let expected = "SID=v; SameSite=Lax; Max-Age=3600; Expires=Sun, 09 Sep 2001 01:46:40 GMT";
        assert_eq!(Cookies.write("SID", "v", &attributes), expected);
        // Less than a second is not "delete it", and no time is too late.
        attributes.lasts = Some((1, u64::MAX));
        assert_eq!(
            Cookies.write("SID", "v", &attributes),
            "SID=v; SameSite=Lax; Max-Age=1"
        );
    }
}
