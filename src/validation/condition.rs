//! Conditions inside `oneOf`, `anyOf` and `not`, and the forms of texts.

use crate::schema::{Defaulted, Path, Schema};
use serde_json::Value;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Something that a condition demands and a value lacks: where, and what.
pub(super) struct Unmet {
    pub(super) path: String,
    pub(super) demand: String,
}

/// What the value lacks of the condition; nothing if it holds.
pub(super) fn failures(value: Defaulted<'_>, condition: &Schema, at: &Path<'_>) -> Vec<Unmet> {
    let mut failed = Vec::new();
    let mut fail = |at: &Path<'_>, demand: String| {
        failed.push(Unmet {
            path: at.to_string(),
            demand,
        });
    };
    if !condition.enumeration.is_empty() && !condition.enumeration.contains(value.value()) {
        fail(at, format!("be {}", choices(&condition.enumeration)));
    }
    if let Some(format) = &condition.format
        && !value
            .value()
            .as_str()
            .is_some_and(|text| has_format(text, format))
    {
        fail(at, format!("be an address of the form {format}"));
    }
    if !condition.any_of.is_empty()
        && !condition
            .any_of
            .iter()
            .any(|one| failures(value, one, at).is_empty())
    {
        let demands: Vec<_> = condition
            .any_of
            .iter()
            .flat_map(|one| failures(value, one, at))
            .map(|failure| failure.demand)
            .collect();
        fail(at, demands.join(" or "));
    }
    if let Some(not) = &condition.not
        && failures(value, not, at).is_empty()
    {
        fail(at, format!("not be {}", choices(&not.enumeration)));
    }
    for (name, property) in &condition.properties {
        if let Some(field) = value.get(name) {
            failed.extend(failures(field, property, &at.field(name)));
        }
    }
    failed
}

/// Of the conditions of a `oneOf` of which none holds, what the nearest one lacks.
pub(super) fn nearest(value: Defaulted<'_>, one_of: &[Schema], at: &Path<'_>) -> Vec<Unmet> {
    one_of
        .iter()
        .map(|condition| failures(value, condition, at))
        .min_by_key(Vec::len)
        .unwrap_or_default()
}

/// Whether a text has a form.
pub(super) fn has_format(text: &str, format: &str) -> bool {
    match format {
        // A server takes an address of one family written in the form of the other for both.
        "ipv4" => is_ip(text) && text.contains('.'),
        "ipv6" => is_ip(text) && text.contains(':'),
        "date-time" => is_date_time(text),
        _ => true,
    }
}

fn is_ip(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok()
}

/// Whether a text is a date and time of RFC 3339.
pub(super) fn is_date_time(text: &str) -> bool {
    fn number(text: Option<&str>, low: u32, high: u32) -> bool {
        text.is_some_and(|text| {
            text.bytes().all(|b| b.is_ascii_digit())
                && text.parse().is_ok_and(|n: u32| (low..=high).contains(&n))
        })
    }
    let byte = |index: usize| text.as_bytes().get(index).copied();
    let date = number(text.get(0..4), 0, 9999)
        && byte(4) == Some(b'-')
        && number(text.get(5..7), 1, 12)
        && byte(7) == Some(b'-')
        && day_exists(text)
        && matches!(byte(10), Some(b'T' | b't'));
    let time = number(text.get(11..13), 0, 23)
        && byte(13) == Some(b':')
        && number(text.get(14..16), 0, 59)
        && byte(16) == Some(b':')
        && number(text.get(17..19), 0, 59);
    let Some(mut rest) = text.get(19..).filter(|_| date && time) else {
        return false;
    };
    if let Some(fraction) = rest.strip_prefix('.') {
        let end = fraction
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(fraction.len());
        if end == 0 {
            return false;
        }
        rest = fraction.get(end..).unwrap_or_default();
    }
    matches!(rest, "Z" | "z")
        || rest.starts_with(['+', '-'])
            && rest.len() == 6
            && number(rest.get(1..3), 0, 23)
            && rest.get(3..4) == Some(":")
            && number(rest.get(4..6), 0, 59)
}

fn day_exists(text: &str) -> bool {
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let (Some(year), Some(month), Some(day)) = (part(0..4), part(5..7), part(8..10)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=days).contains(&day) && !text.get(8..10).is_some_and(|d| d.starts_with(['+', '-']))
}

/// A list of allowed values in a sentence.
pub(super) fn choices(values: &[Value]) -> String {
    let shown: Vec<_> = values.iter().map(super::report::shown).collect();
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_rfc_3339() {
        for good in [
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59.123456789+01:00",
            "2024-01-31t00:00:00z",
        ] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "",
            "2024-01-01",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00Zx",
            "2024-01-+1T00:00:00Z",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }

    #[test]
    fn addresses_are_read_as_a_server_reads_them() {
        for (text, v4, v6) in [
            ("1.2.3.4", true, false),
            ("::1", false, true),
            ("::ffff:1.2.3.4", true, true),
            ("01.2.3.4", false, false),
            ("1.2.3", false, false),
            ("fe80::1%eth0", false, false),
        ] {
            assert_eq!(has_format(text, "ipv4"), v4, "{text}");
            assert_eq!(has_format(text, "ipv6"), v6, "{text}");
        }
    }
}
