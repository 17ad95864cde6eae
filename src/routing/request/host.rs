//! Hostnames: what an entry answers to, and the host that a request names.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::meta::{
    Specificity,
    authority::{self, AuthorityErrorKind, MAX_HOST},
};

/// The hostnames that an entry answers to: `hostnames` of a route after its intersection with the
/// listener's hostname.
///
/// A wildcard `*.example.com` stands for one or more labels: it matches `a.example.com` and
/// `a.b.example.com`, not `example.com`. Comparison ignores ASCII case. A name is kept in the form that
/// [`parse`](Self::parse) gives it: in lower case, without a dot at the end. Another answers to no request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum HostPattern {
    /// Every host, also a request without any.
    #[default]
    Any,
    /// One host.
    Exact(Arc<str>),
    /// Every host below this suffix, which is kept without the leading `*.`.
    Wildcard(Arc<str>),
}

impl HostPattern {
    /// Reads `example.com` or `*.example.com`.
    ///
    /// More is accepted than the API's `Hostname` type allows (addresses, underscores, a trailing dot,
    /// which is dropped), since a table may be built for other sources of rules.
    ///
    /// # Errors
    /// When the text is not a host that a request can ask for (see [`Authority`](crate::meta::Authority)), when it names
    /// a port, ends with two dots, or has a `*` other than as its whole first label.
    pub fn parse(text: &str) -> Result<Self, HostPatternError> {
        let error = |problem| HostPatternError {
            text: text.to_owned(),
            problem,
        };
        let (wildcard, name) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if name.contains('*') {
            return Err(error(HostProblem::Wildcard));
        }
        let literal = name.starts_with('[') && name.ends_with(']');
        if name.contains(':') && !literal {
            return Err(error(HostProblem::Character));
        }
        let host = authority::split(name.as_bytes()).map_err(|kind| {
            error(match kind {
                AuthorityErrorKind::Empty | AuthorityErrorKind::Dots => HostProblem::Empty,
                AuthorityErrorKind::TooLong => HostProblem::TooLong,
                _ => HostProblem::Character,
            })
        })?;
        // What was accepted is ASCII.
        let name = Arc::from(String::from_utf8_lossy(host.host).to_ascii_lowercase());
        Ok(if wildcard {
            Self::Wildcard(name)
        } else {
            Self::Exact(name)
        })
    }

    /// How specific it is; `None` for every host.
    pub(in crate::routing) fn specificity(&self) -> Option<Specificity> {
        match self {
            Self::Exact(name) => Some(Specificity::exact(name)),
            Self::Wildcard(suffix) => Some(Specificity::wildcard(suffix)),
            Self::Any => None,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exact(name) => f.write_str(name),
            Self::Wildcard(suffix) => write!(f, "*.{suffix}"),
        }
    }
}

impl Serialize for HostPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a text is no [`HostPattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("hostname `{text}` {problem}")]
pub struct HostPatternError {
    text: String,
    problem: HostProblem,
}

impl HostPatternError {
    /// The text that was refused.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HostProblem {
    Empty,
    TooLong,
    Wildcard,
    Character,
}

impl fmt::Display for HostProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::TooLong => "is longer than 253 bytes",
            Self::Wildcard => "may have a `*` only as its whole first label",
            Self::Character => "has a character that no host has (a port does not belong here)",
        })
    }
}

/// The host of a request in the form in which it is compared: without port and trailing dot, in lower
/// case. Lives on the stack.
///
/// It is the host that [`Authority`](crate::meta::Authority) reads from the same bytes. What is refused there counts as no
/// host here: routing never fails, and answering such a request with 400 is the data plane's part.
pub(in crate::routing) struct HostName<'a> {
    sent: &'a [u8],
    lowered: Option<[u8; MAX_HOST]>,
}

impl<'a> HostName<'a> {
    /// Reads `host`, `host:port`, `[::1]:port`.
    #[inline]
    pub(in crate::routing) fn new(sent: &'a [u8]) -> Self {
        let classes = authority::classify(sent);
        let mut name = if classes & !authority::UPPER == authority::PLAIN {
            sent.strip_suffix(b".").unwrap_or(sent)
        } else {
            without_port(sent)
        };
        // A second dot at the end would leave an empty label.
        if name.len() > MAX_HOST || name.last() == Some(&b'.') {
            name = &[];
        }
        let lowered = (classes & authority::UPPER != 0).then(|| {
            let mut buffer = [0; MAX_HOST];
            for (to, from) in buffer.iter_mut().zip(name) {
                *to = from.to_ascii_lowercase();
            }
            buffer
        });
        Self {
            sent: name,
            lowered,
        }
    }

    #[inline]
    pub(in crate::routing) fn as_bytes(&self) -> &[u8] {
        match &self.lowered {
            None => self.sent,
            Some(buffer) => buffer.get(..self.sent.len()).unwrap_or_default(),
        }
    }
}

/// The host of an authority that has more than letters and digits, such as a port; nothing if it is none.
#[inline(never)]
fn without_port(sent: &[u8]) -> &[u8] {
    authority::split(sent).map_or(&[], |split| split.host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::{Authority, authority::tests::almost_authorities};
    use proptest::prelude::*;

    fn read(host: &str) -> String {
        String::from_utf8(HostName::new(host.as_bytes()).as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_host_is_read_without_case_port_and_trailing_dot() {
        for (sent, expected) in [
            ("example.com", "example.com"),
            ("Example.COM", "example.com"),
            ("example.com:8080", "example.com"),
            ("example.com.:8080", "example.com"),
            ("example.com.", "example.com"),
            ("example.com:", "example.com"),
            ("[2001:DB8::1]:443", "[2001:db8::1]"),
            ("[::1]", "[::1]"),
            ("::1", ""),
            ("a:b", ""),
            ("a:65536", ""),
            ("user@a", ""),
            ("caf\u{e9}", ""),
            ("a b", ""),
            ("10.0.0.1:80", "10.0.0.1"),
            ("", ""),
            (".", ""),
            ("a..", ""),
        ] {
            assert_eq!(read(sent), expected, "{sent}");
        }
        assert_eq!(read(&"a".repeat(254)), "", "no hostname is that long");
    }

    proptest! {
        /// Routing reads the host that [`Authority`] reads, and none from what that refuses.
        #[test]
        fn the_host_is_that_of_the_authority(sent in almost_authorities()) {
            let expected = Authority::from_bytes(&sent);
            let expected = expected.as_ref().map_or("", Authority::host);
            let name = HostName::new(&sent);
            prop_assert_eq!(name.as_bytes(), expected.as_bytes());
        }

        /// A pattern without a wildcard answers to itself: its name is one that a request can ask for.
        #[test]
        fn a_request_can_ask_for_every_pattern(text in almost_authorities()) {
            let text = String::from_utf8_lossy(&text);
            if let Ok(HostPattern::Exact(name)) = HostPattern::parse(&text) {
                let read = HostName::new(name.as_bytes());
                prop_assert_eq!(read.as_bytes(), name.as_bytes());
            }
        }
    }

    #[test]
    fn a_pattern_is_a_name_or_a_wildcard_label_and_a_name() {
        assert_eq!(
            HostPattern::parse("*.Example.com").unwrap(),
            HostPattern::Wildcard("example.com".into())
        );
        assert_eq!(
            HostPattern::parse("a.example.com.").unwrap().to_string(),
            "a.example.com"
        );
        assert_eq!(HostPattern::parse("[::1]").unwrap().to_string(), "[::1]");
        for bad in [
            "",
            "caf\u{e9}",
            "::1",
            "[a]",
            "..",
            "a..",
            "*",
            "*.",
            "*.a..",
            "a.*.com",
            "**.com",
            "a.com:80",
            "a/b",
            "a b",
            "u@h",
            &"a".repeat(254),
        ] {
            assert!(HostPattern::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            HostPattern::parse("a.*.com").unwrap_err().to_string(),
            "hostname `a.*.com` may have a `*` only as its whole first label"
        );
    }
}
