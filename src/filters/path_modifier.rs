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

/// The text as an absolute path.
fn absolute(text: &str) -> String {
    let mut path = String::with_capacity(text.len() + 1);
    if !text.starts_with('/') {
        path.push('/');
    }
    encode(&mut path, text, |b| {
        b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&b)
    });
    path
}

/// Appends the text, with all bytes percent-encoded that are neither `allowed` nor part of an encoding.
pub(super) fn encode(out: &mut String, text: &str, allowed: fn(u8) -> bool) {
    let mut rest = text.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        let encoded = byte == b'%'
            && matches!(rest.as_slice(), [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
        if encoded || allowed(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
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
