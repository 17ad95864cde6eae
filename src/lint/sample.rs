//! A request that a match takes, made up from the match.

use crate::{
    meta::{Hostname, pattern::automaton},
    routing::{HttpMatch, PathMatch, Pattern, ValueMatch},
};
use http::{HeaderValue, Method, Uri, header::HOST, request};
use regex_syntax::hir::{Class, Hir, HirKind};

/// The longest text that is made up.
const LONGEST: usize = 2_048;

/// A text that the pattern takes, of characters that can stand in a URL; nothing where none is found.
pub(super) fn text(pattern: &Pattern) -> Option<String> {
    let hir = automaton::parse(pattern.as_str()).ok()?;
    let mut text = String::new();
    append(&hir, &mut text)?;
    pattern.is_match(text.as_bytes()).then_some(text)
}

/// Characters that can stand in a URL, the likely ones first.
fn likely() -> impl Iterator<Item = char> {
    let letters = ('a'..='z').chain('0'..='9').chain('A'..='Z');
    letters.chain('!'..='~')
}

fn append(hir: &Hir, text: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let has = |c: &char| {
                class
                    .ranges()
                    .iter()
                    .any(|r| r.start() <= *c && *c <= r.end())
            };
            text.push(likely().find(has)?);
        }
        HirKind::Class(Class::Bytes(class)) => {
            let has = |c: &u8| {
                class
                    .ranges()
                    .iter()
                    .any(|r| (r.start()..=r.end()).contains(c))
            };
            text.push(
                likely()
                    .filter_map(|c| u8::try_from(c).ok())
                    .find(has)?
                    .into(),
            );
        }
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min {
                append(&repetition.sub, text)?;
            }
        }
        HirKind::Capture(capture) => append(&capture.sub, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| append(part, text))?,
        HirKind::Alternation(parts) => {
            let mut tried = parts.iter().find_map(|part| {
                let mut tried = text.clone();
                append(part, &mut tried).map(|()| tried)
            })?;
            std::mem::swap(text, &mut tried);
        }
    }
    (text.len() <= LONGEST).then_some(())
}

fn value(matching: &ValueMatch) -> Option<String> {
    match matching {
        ValueMatch::Exact(exact) => Some(exact.to_string()),
        ValueMatch::RegularExpression(pattern) => text(pattern),
    }
}

/// The host that is made up where any will do. Nobody has it (RFC 6761, section 6.4), and no text shows it.
pub(super) const ANY_HOST: &str = "any-host.invalid";

/// A host that a hostname covers.
pub(super) fn host(hostname: Option<&Hostname>) -> String {
    match hostname {
        None => ANY_HOST.to_owned(),
        Some(name) => match name.wildcard_suffix() {
            Some(suffix) => format!("www{suffix}"),
            None => name.as_str().to_owned(),
        },
    }
}

/// A request to this host that the match takes; nothing where none is found.
pub(super) fn request(matching: &HttpMatch, host: &str) -> Option<request::Parts> {
    let mut target = match &matching.path {
        PathMatch::Any => "/".to_owned(),
        PathMatch::Exact(path) | PathMatch::Prefix(path) => path.to_string(),
        PathMatch::RegularExpression(pattern) => text(pattern)?,
    };
    for (index, parameter) in matching.query.iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        push_encoded(&mut target, &parameter.name);
        target.push('=');
        push_encoded(&mut target, &value(&parameter.value)?);
    }
    let uri: Uri = target.parse().ok()?;
    if uri.authority().is_some() {
        return None;
    }
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = matching.method.clone().unwrap_or(Method::GET);
    parts.uri = uri;
    for header in &matching.headers {
        let value = HeaderValue::from_str(&value(&header.value)?).ok()?;
        parts.headers.try_insert(header.name.clone(), value).ok()?;
    }
    let host = HeaderValue::from_str(host).ok()?;
    parts.headers.try_insert(HOST, host).ok()?;
    Some(parts)
}

fn push_encoded(target: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            target.push(char::from(byte));
        } else {
            target.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Entry, HeaderMatch, Matcher, Oracle, QueryMatch, Rank};

    #[test]
    fn what_is_made_up_fits() {
        let pattern = |source: &str| Pattern::new(source).unwrap();
        for source in [
            "/a",
            "/[0-9]{3}",
            "^/(x|y)+/.*$",
            "/a?b*",
            "(?i)/Item/[^a-z0-9]",
            "[é-ü]|/b",
            ".{3}",
            // As the engine reads it: a byte that need not be a letter of UTF-8.
            "/(?-u:.)b",
            "/(?-u:[^a])",
        ] {
            let made = text(&pattern(source)).unwrap();
            assert!(
                pattern(source).is_match(made.as_bytes()),
                "{source}: {made}"
            );
        }
        for source in ["a\\bb", "[\\x00-\\x1f]", "(a{1000}){1000}x"] {
            let made = Pattern::new(source).ok().and_then(|pattern| text(&pattern));
            assert_eq!(made, None, "{source}");
        }
        let matching = HttpMatch {
            path: PathMatch::RegularExpression(pattern("/v[0-9]/.+")),
            method: Some(Method::PUT),
            headers: vec![HeaderMatch {
                name: "x".parse().unwrap(),
                value: ValueMatch::exact("a b"),
            }],
            query: vec![
                QueryMatch {
                    name: "q r".into(),
                    value: ValueMatch::exact("ä&=+"),
                },
                QueryMatch {
                    name: "s".into(),
                    value: ValueMatch::RegularExpression(pattern("[0-9]+")),
                },
            ],
        };
        let made = request(&matching, "a.b").unwrap();
        let entry = Entry::new(matching, Rank::new("a/b", 0, 0), ());
        let oracle = Oracle::new(crate::routing::RouterOptions::default(), [entry]);
        assert!(Matcher::find(&oracle, &made).is_some(), "{made:?}");
    }
}
