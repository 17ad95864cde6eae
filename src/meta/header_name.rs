//! Names of HTTP headers and query parameters.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// The longest name, in characters.
const MAX_LENGTH: usize = 256;

/// The name of an HTTP header: an RFC 7230 token of at most 256 characters.
///
/// Keeps its spelling; comparison, order and hash ignore case, as HTTP does.
#[derive(Clone, Debug)]
pub struct HeaderName(String);

impl HeaderName {
    /// The name as it was spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for HeaderName {}

impl PartialEq<str> for HeaderName {
    fn eq(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

impl PartialOrd for HeaderName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HeaderName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let lower = |name: &'_ str| {
            name.bytes()
                .map(|b| b.to_ascii_lowercase())
                .collect::<Vec<_>>()
        };
        lower(&self.0).cmp(&lower(&other.0))
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A text that is not a header name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a header name: expected 1 to 256 letters, digits or any of !#$%&'*+-.^_`|~"
)]
pub struct HeaderNameError {
    text: String,
}

impl HeaderNameError {
    /// The refused text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl FromStr for HeaderName {
    type Err = HeaderNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if !text.is_empty() && text.len() <= MAX_LENGTH && text.bytes().all(token) {
            Ok(Self(text.to_owned()))
        } else {
            Err(HeaderNameError {
                text: text.to_owned(),
            })
        }
    }
}

impl TryFrom<&str> for HeaderName {
    type Error = HeaderNameError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeSet, HashSet};

    #[test]
    fn names_are_compared_without_regard_to_case() {
        let names = ["X-Canary", "x-canary", "X-CANARY"].map(|n| n.parse::<HeaderName>().unwrap());
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 1);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 1);
        assert_eq!(names[2].as_str(), "X-CANARY");
    }

    #[test]
    fn only_tokens_are_names() {
        for bad in ["", "a b", "a:b", "ä", ":path"] {
            assert!(bad.parse::<HeaderName>().is_err(), "{bad}");
        }
        assert!("a".repeat(257).parse::<HeaderName>().is_err());
    }
}
