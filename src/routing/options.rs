//! The choices that the specification leaves to an implementation.

pub use crate::meta::HostnameRank;

/// How a [`Router`](super::Router) decides where the specification leaves room.
///
/// There is no option for the following: regular expressions are those of [`Pattern`](super::Pattern); of a query parameter that
/// a request repeats the first counts (as the API recommends); paths are compared as they are sent (see
/// [`normalize_path`](super::normalize_path)).
///
/// ```
/// use gwapi::routing::{RouterOptions, RegexRank};
/// let options = RouterOptions::default().with_regex_rank(RegexRank::Last);
/// assert!(options.fallback());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterOptions {
    regex_rank: RegexRank,
    hostname_rank: HostnameRank,
    fallback: bool,
    repeated_header: RepeatedHeader,
}

impl Default for RouterOptions {
    fn default() -> Self {
        Self {
            regex_rank: RegexRank::default(),
            hostname_rank: HostnameRank::default(),
            fallback: true,
            repeated_header: RepeatedHeader::default(),
        }
    }
}

impl RouterOptions {
    /// Where regular expressions rank among kinds of path match.
    pub fn regex_rank(&self) -> RegexRank {
        self.regex_rank
    }

    /// Sets where regular expressions rank among kinds of path match.
    #[must_use]
    pub fn with_regex_rank(mut self, rank: RegexRank) -> Self {
        self.regex_rank = rank;
        self
    }

    /// Which hostname of an entry counts for precedence.
    pub fn hostname_rank(&self) -> HostnameRank {
        self.hostname_rank
    }

    /// Sets which hostname of an entry counts for precedence.
    #[must_use]
    pub fn with_hostname_rank(mut self, rank: HostnameRank) -> Self {
        self.hostname_rank = rank;
        self
    }

    /// Whether the entries of a less specific hostname are tried when none of a more specific one matches. By default
    /// they are.
    pub fn fallback(&self) -> bool {
        self.fallback
    }

    /// Sets whether the entries of a less specific hostname are tried. If not, the most specific hostname that matches
    /// the request and has any entry decides alone.
    #[must_use]
    pub fn with_fallback(mut self, fallback: bool) -> Self {
        self.fallback = fallback;
        self
    }

    /// What of a header is matched that a request has several lines of.
    pub fn repeated_header(&self) -> RepeatedHeader {
        self.repeated_header
    }

    /// Sets what of a header is matched that a request has several lines of.
    #[must_use]
    pub fn with_repeated_header(mut self, repeated: RepeatedHeader) -> Self {
        self.repeated_header = repeated;
        self
    }
}

/// What of a header is matched that a request has several lines of.
///
/// A value is the list of the parts between its commas, each without the white space around it, be they in one line or in several:
/// two values are equal if their parts are. So a match for `a,b` is one for `a, b`, and takes the line `a,b`, the line `a, b` and,
/// where lines are combined, the lines `a` and `b`. A regular expression is asked for the parts with `,` and with `, ` between
/// them, and for a single line as it was sent. The value of `Cookie` is no list, and is compared as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RepeatedHeader {
    /// All lines as one value, in their order (RFC 7230, section 3.2.2, to which HTTPHeaderMatch `name` refers). Lines of
    /// `Cookie` are joined by `; ` (RFC 9113, section 8.2.3).
    #[default]
    Combined,
    /// Each line by itself: a match applies if it matches any of them.
    AnyLine,
}

/// Where regular expressions rank among kinds of path match: "implementation-specific" in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RegexRank {
    /// Before Exact.
    First,
    /// After Exact and before PathPrefix: an exact path stays exact, and a pattern is not hidden by a
    /// catch-all prefix.
    #[default]
    AfterExact,
    /// After PathPrefix. A gRPC match without a service still comes after one with a pattern.
    Last,
}
