//! `path` of a redirect or a rewrite (HTTPPathModifier).

use super::{ApplyError, ApplyErrorKind, CompileError, error::unrecognized};
use crate::v1::HttpPathModifier;
use std::fmt::Write;

/// What becomes of a path, compiled.
///
/// Replacements get a leading `/` where they lack one, and what cannot stand in a path (`?`, `#`, spaces,
/// anything but ASCII) is percent-encoded, so that a path modifier never makes a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathModifier {
    /// The whole path becomes this one; never empty.
    ReplaceFullPath(String),
    /// The matched prefix becomes this one: empty, or with a leading and without a trailing `/`.
    ReplacePrefixMatch(String),
}

impl PathModifier {
    /// Compiles a path modifier.
    ///
    /// # Errors
    ///
    /// A type that is not known, or a member that does not fit it. The error's path is empty.
    pub fn compile(modifier: &HttpPathModifier) -> Result<Self, CompileError> {
        match modifier {
            HttpPathModifier::ReplaceFullPath(path) => Ok(Self::ReplaceFullPath(absolute(path))),
            HttpPathModifier::ReplacePrefixMatch(prefix) => {
                let mut prefix = absolute(prefix);
                if prefix.ends_with('/') {
                    prefix.pop();
                }
                Ok(Self::ReplacePrefixMatch(prefix))
            }
            HttpPathModifier::Unrecognized(_) => {
                Err(unrecognized(modifier.type_name(), HttpPathModifier::TYPES))
            }
        }
    }

    /// The new path for a request path.
    ///
    /// `matched_prefix` is the value of the `PathPrefix` match that the request matched, with or without a trailing
    /// `/`; `None` where the path matched in another way.
    ///
    /// # Errors
    ///
    /// The prefix is to be replaced, and there is none or the path does not start with it: the
    /// specification allows the modifier with `PathPrefix` matches only.
    pub fn modify(&self, path: &str, matched_prefix: Option<&str>) -> Result<String, ApplyError> {
        Ok(self.parts(path, matched_prefix)?.concat())
    }

    /// The new path, as [`modify`](Self::modify) puts it together: no percent-encoding is divided between the two parts.
    pub(super) fn parts<'p>(
        &'p self,
        path: &'p str,
        matched_prefix: Option<&str>,
    ) -> Result<[&'p str; 2], ApplyError> {
        match self {
            Self::ReplaceFullPath(new) => Ok([new, ""]),
            Self::ReplacePrefixMatch(new) => {
                let rest = matched_prefix
                    .map(|prefix| prefix.strip_suffix('/').unwrap_or(prefix))
                    .and_then(|prefix| path.strip_prefix(prefix))
                    .filter(|rest| rest.is_empty() || rest.starts_with('/'))
                    .ok_or(ApplyErrorKind::NoPrefix)?;
                Ok(match new.is_empty() && rest.is_empty() {
                    true => ["/", ""],
                    false => [new, rest],
                })
            }
        }
    }
}

/// Whether a byte can stand in a path as it is (RFC 3986, section 3.3).
fn stands_in_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte)
}

/// The text as an absolute path.
fn absolute(text: &str) -> String {
    let mut path = String::with_capacity(text.len() + 1);
    if !text.starts_with('/') {
        path.push('/');
    }
    encode(&mut path, text, stands_in_path);
    path
}

/// What of the text of a path modifier is sent otherwise than it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SentOtherwise {
    /// A `/` is put before it.
    pub(crate) slash: bool,
    /// The characters that are percent-encoded, each once, and what is sent for them.
    pub(crate) encoded: Vec<(char, String)>,
}

impl SentOtherwise {
    /// What is sent otherwise of this text. That an empty one stands for `/`, or for nothing before what follows a prefix, is what the
    /// API means by it.
    pub(crate) fn of(text: &str) -> Self {
        let mut encoded: Vec<(char, String)> = Vec::new();
        for (at, character) in text.char_indices() {
            if encoded.iter().any(|(known, _)| *known == character) {
                continue;
            }
            let end = at + character.len_utf8();
            let mut sent = String::new();
            let (one, rest) = (text.get(at..end), text.get(end..));
            let rest = rest.unwrap_or_default().as_bytes();
            for byte in one.unwrap_or_default().bytes() {
                push_encoded(&mut sent, byte, rest, stands_in_path);
            }
            if one != Some(sent.as_str()) {
                encoded.push((character, sent));
            }
        }
        Self {
            slash: !text.is_empty() && !text.starts_with('/'),
            encoded,
        }
    }
}

/// Appends the text, with all bytes percent-encoded that are neither `allowed` nor part of an encoding.
pub(super) fn encode(out: &mut String, text: &str, allowed: fn(u8) -> bool) {
    let mut rest = text.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        push_encoded(out, byte, rest.as_slice(), allowed);
    }
}

/// Appends a byte: percent-encoded, unless it is allowed or begins an encoding with those behind it.
fn push_encoded(out: &mut String, byte: u8, behind: &[u8], allowed: fn(u8) -> bool) {
    let encodes = byte == b'%'
        && matches!(behind, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    if encodes || allowed(byte) {
        out.push(char::from(byte));
    } else {
        // Writing to a text cannot fail.
        let _ = write!(out, "%{byte:02X}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(new: &str) -> PathModifier {
        PathModifier::compile(&HttpPathModifier::ReplacePrefixMatch(new.into())).unwrap()
    }

    fn full(new: &str) -> PathModifier {
        PathModifier::compile(&HttpPathModifier::ReplaceFullPath(new.into())).unwrap()
    }

    #[test]
    fn replace_prefix_match_gives_the_modified_path_of_the_specifications_table() {
        // Request path, prefix match, replacement, modified path.
        for (path, matched, new, modified) in [
            ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
            ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
            ("/foo", "/foo", "/xyz", "/xyz"),
            ("/foo/", "/foo", "/xyz", "/xyz/"),
            ("/foo/bar", "/foo", "", "/bar"),
            ("/foo/", "/foo", "", "/"),
            ("/foo", "/foo", "", "/"),
            ("/foo/", "/foo", "/", "/"),
            ("/foo", "/foo", "/", "/"),
        ] {
            assert_eq!(
                prefix(new).modify(path, Some(matched)).unwrap(),
                modified,
                "{path} {matched} {new}"
            );
        }
    }

    #[test]
    fn a_trailing_slash_of_the_replacement_is_ignored() {
        assert_eq!(
            prefix("/xyz/").modify("/foo", Some("/foo")).unwrap(),
            "/xyz"
        );
        assert_eq!(
            prefix("/xyz/").modify("/foo", Some("/foo/")).unwrap(),
            "/xyz"
        );
    }

    #[test]
    fn the_prefix_of_everything_can_be_replaced() {
        assert_eq!(prefix("/v2").modify("/", Some("/")).unwrap(), "/v2/");
        assert_eq!(prefix("/v2").modify("/a/b", Some("/")).unwrap(), "/v2/a/b");
        assert_eq!(prefix("/").modify("/a//b/", Some("/a")).unwrap(), "//b/");
    }

    #[test]
    fn a_prefix_that_did_not_match_cannot_be_replaced() {
        for (path, matched) in [
            ("/foo", None),
            ("/foobar", Some("/foo")),
            ("/bar", Some("/foo")),
            ("/FOO", Some("/foo")),
        ] {
            let error = prefix("/xyz").modify(path, matched).unwrap_err();
            assert_eq!(*error.kind(), ApplyErrorKind::NoPrefix);
            assert_eq!(error.status(), 500);
        }
    }

    #[test]
    fn replace_full_path_replaces_all_of_it() {
        for (new, modified) in [
            ("/one", "/one"),
            ("/one/", "/one/"),
            ("", "/"),
            ("one", "/one"),
        ] {
            assert_eq!(full(new).modify("/full/two", None).unwrap(), modified);
        }
    }

    #[test]
    fn a_replacement_never_makes_a_query() {
        assert_eq!(
            full("/a?b#c d%2Fé%zz\r\n").modify("/", None).unwrap(),
            "/a%3Fb%23c%20d%2F%C3%A9%25zz%0D%0A"
        );
        // Half an encoding is none: its `%` is a character like another.
        for (new, modified) in [
            ("/a%", "/a%25"),
            ("/a%2", "/a%252"),
            ("/a%2g", "/a%252g"),
            ("/a%g2", "/a%25g2"),
            ("/a%2f", "/a%2f"),
            ("/a%%41", "/a%25%41"),
        ] {
            assert_eq!(full(new).modify("/", None).unwrap(), modified, "{new}");
        }
        assert_eq!(
            prefix("/a?b=").modify("/foo/x", Some("/foo")).unwrap(),
            "/a%3Fb=/x"
        );
    }

    /// What is said to be sent otherwise is what is sent otherwise, and nothing else.
    #[test]
    fn what_is_sent_otherwise_than_written_is_known() {
        for text in [
            "",
            "/",
            "/a",
            "a",
            "a/",
            "/a?b=c#d",
            "x y",
            "/%zz",
            "/%2Fa%",
            "b//c/../d",
            "/ü%C3%BC",
            "/a%%41",
            "/\\1",
        ] {
            let SentOtherwise { slash, encoded } = SentOtherwise::of(text);
            let sent = full(text).modify("/", None).unwrap();
            assert_eq!(
                slash || !encoded.is_empty(),
                sent != text && !text.is_empty(),
                "{text}"
            );
            for (character, code) in &encoded {
                assert!(
                    text.contains(*character) && sent.contains(code),
                    "{text} {code}"
                );
            }
        }
        let found = SentOtherwise::of("a?b?c é");
        let codes: Vec<_> = found
            .encoded
            .iter()
            .map(|(_, code)| code.as_str())
            .collect();
        assert!(found.slash);
        assert_eq!(codes, ["%3F", "%20", "%C3%A9"]);
    }

    #[test]
    fn unknown_types_are_refused() {
        let odd: HttpPathModifier =
            serde_json::from_str(r#"{"type": "ReplaceRegex", "replaceRegex": "x"}"#).unwrap();
        let error = PathModifier::compile(&odd).unwrap_err();
        assert_eq!(
            error.to_string(),
            "type: `ReplaceRegex` is not a known type"
        );
        let empty: HttpPathModifier =
            serde_json::from_str(r#"{"type": "ReplaceFullPath"}"#).unwrap();
        assert_eq!(
            PathModifier::compile(&empty).unwrap_err().to_string(),
            "type: `ReplaceFullPath` must have the field that belongs to it, and no field of another type"
        );
    }
}
