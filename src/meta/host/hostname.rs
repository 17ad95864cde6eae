//! Hostnames of listeners and routes: exact or with a leading wildcard label.

use std::{fmt, str::FromStr};

/// The longest hostname, in characters.
const MAX_LENGTH: usize = 253;

/// A hostname as listeners and routes name it: a DNS name, or `*.` followed by one.
///
/// Kept in lower case. A wildcard stands for one label *or more*: `*.example.com` covers
/// `a.example.com` and `a.b.example.com`, not `example.com` (Gateway API `Hostname`).
///
/// ```
/// use gwapi::meta::Hostname;
///
/// let listener: Hostname = "*.example.com".parse()?;
/// let route: Hostname = "shop.example.com".parse()?;
/// assert!(listener.matches("Shop.Example.com"));
/// assert_eq!(listener.intersection(&route), Some(&route));
/// # Ok::<(), gwapi::meta::HostnameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hostname(String);

impl Hostname {
    /// The text, in lower case, with its wildcard if it has one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the first label is a wildcard.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with("*.")
    }

    /// What every covered host ends with, dot included: `.example.com` for `*.example.com`.
    #[must_use]
    pub fn wildcard_suffix(&self) -> Option<&str> {
        self.0.strip_prefix('*')
    }

    /// How specific it is.
    #[must_use]
    pub fn specificity(&self) -> Specificity {
        match self.0.strip_prefix("*.") {
            Some(name) => Specificity::wildcard(name),
            None => Specificity::exact(&self.0),
        }
    }

    /// Whether a host of a request is covered. The host comes without port; case does not matter.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        match self.0.strip_prefix("*.") {
            None => host.eq_ignore_ascii_case(&self.0),
            Some(name) => is_below(host, name),
        }
    }

    /// Whether every host that `other` covers is covered by this one.
    #[must_use]
    pub fn covers(&self, other: &Hostname) -> bool {
        match (self.0.strip_prefix("*."), other.0.strip_prefix("*.")) {
            (Some(mine), Some(theirs)) => mine == theirs || is_below(theirs, mine),
            (Some(_), None) => self.matches(&other.0),
            (None, _) => self == other,
        }
    }

    /// The hosts that both cover: always the narrower of the two, or nothing.
    ///
    /// This is how the hostname of a listener and one of an attached route combine
    /// (HTTPRoute `spec.hostnames`).
    #[must_use]
    pub fn intersection<'a>(&'a self, other: &'a Hostname) -> Option<&'a Hostname> {
        if self.covers(other) {
            Some(other)
        } else if other.covers(self) {
            Some(self)
        } else {
            None
        }
    }
}

/// How specific a hostname is: an exact one more than any wildcard, then one with more characters. The greater is the
/// more specific, and `None`, no hostname at all, is less specific than each.
///
/// Which listener of a port takes a request, and which route comes first, is decided by this (Gateway `spec.listeners`,
/// HTTPRoute `spec.hostnames`).
///
/// ```
/// use gwapi::meta::Hostname;
/// let of = |text: &str| text.parse::<Hostname>().map(|hostname| hostname.specificity());
/// assert!(of("a.io")? > of("*.example.com")?);
/// assert!(of("*.example.com")? > of("*.com")?);
/// assert!(Some(of("*.com")?) > None);
/// # Ok::<(), gwapi::meta::HostnameError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Specificity {
    exact: bool,
    characters: u32,
}

impl Specificity {
    /// That of an exact name.
    pub(crate) fn exact(name: &str) -> Self {
        Self {
            exact: true,
            characters: characters(name),
        }
    }

    /// That of `*.` and this name.
    pub(crate) fn wildcard(name: &str) -> Self {
        Self {
            exact: false,
            characters: characters(name).saturating_add(2),
        }
    }

    /// Whether it is that of an exact name.
    pub(crate) fn is_exact(self) -> bool {
        self.exact
    }

    /// The characters of the hostname, those of its wildcard included.
    pub(crate) fn characters(self) -> u32 {
        self.characters
    }
}

fn characters(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// Whether a host is what a wildcard before this name stands for: one label or more, a dot, and the name. Case does not
/// matter.
pub(crate) fn is_below(host: &str, name: &str) -> bool {
    let (host, name) = (host.as_bytes(), name.as_bytes());
    let labels = host.len().checked_sub(name.len());
    let parts = labels.and_then(|labels| host.split_at_checked(labels));
    parts.is_some_and(|(labels, end)| {
        labels.len() > 1
            && labels.ends_with(b".")
            && !labels.starts_with(b".")
            && end.eq_ignore_ascii_case(name)
    })
}

/// Whether the hosts of one hostname are some of those of the other, and not all. No hostname stands for all hosts.
pub(crate) fn is_narrower(one: Option<&Hostname>, other: Option<&Hostname>) -> bool {
    match (one, other) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(one), Some(other)) => one != other && other.covers(one),
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Hostname {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// A text that is not a hostname.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a hostname: {problem}")]
#[non_exhaustive]
pub struct HostnameError {
    text: String,
    problem: &'static str,
}

impl HostnameError {
    /// The refused text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl FromStr for Hostname {
    type Err = HostnameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |problem| {
            Err(HostnameError {
                text: text.to_owned(),
                problem,
            })
        };
        if text.is_empty() {
            return refuse("it is empty");
        }
        if text.len() > MAX_LENGTH {
            return refuse("it has more than 253 characters");
        }
        if text.parse::<std::net::IpAddr>().is_ok() {
            return refuse("it is an IP address");
        }
        let lower = text.to_ascii_lowercase();
        let name = lower.strip_prefix("*.").unwrap_or(&lower);
        if name.contains('*') {
            return refuse("a wildcard may only be the whole first label, as in `*.example.com`");
        }
        if !is_dns_subdomain(name) {
            return refuse("expected labels of letters, digits and inner `-`, separated by `.`");
        }
        Ok(Self(lower))
    }
}

impl TryFrom<&str> for Hostname {
    type Error = HostnameError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Whether the text is a DNS subdomain as Kubernetes writes names: dot-separated labels of lower-case
/// letters, digits and inner hyphens, at most 253 characters.
pub(crate) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= MAX_LENGTH
        && text.split('.').all(|label| {
            let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            !label.is_empty()
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Which hostname of a route counts for its precedence at a listener: a choice that routing and attachment make alike
/// ([`RouterOptions`](crate::routing::RouterOptions), [`Options`](crate::attachment::Options)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HostnameRank {
    /// That of the route itself, before a listener narrowed it: at a listener of `a.example.com`, a route that names
    /// `a.example.com` comes before one that names `*.example.com`, and that one before a route that names none.
    #[default]
    Own,
    /// What the listener's hostname leaves of it. At a listener of `a.example.com`, all routes that answer to it tie
    /// here, and the next criterion decides.
    Effective,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Hostname {
        text.parse().unwrap()
    }

    #[test]
    fn a_wildcard_covers_one_label_or_more_and_never_none() {
        let wildcard = name("*.example.com");
        assert!(wildcard.matches("a.example.com"));
        assert!(wildcard.matches("a.b.EXAMPLE.com"));
        assert!(!wildcard.matches("example.com"));
        assert!(!wildcard.matches(".example.com"));
        assert!(!wildcard.matches("badexample.com"));
    }

    #[test]
    fn hostnames_compare_without_regard_to_case() {
        assert!(name("Example.COM").matches("eXample.com"));
        assert_eq!(name("Example.COM").as_str(), "example.com");
    }

    #[test]
    fn the_intersection_is_the_narrower_of_the_two() {
        for (a, b, both) in [
            ("*.example.com", "a.example.com", Some("a.example.com")),
            ("*.example.com", "*.a.example.com", Some("*.a.example.com")),
            ("*.example.com", "example.com", None),
            ("*.example.com", "*.other.com", None),
            ("a.com", "a.com", Some("a.com")),
            ("a.com", "b.com", None),
            ("*.com", "*.example.com", Some("*.example.com")),
        ] {
            assert_eq!(name(a).intersection(&name(b)).map(Hostname::as_str), both);
            assert_eq!(name(b).intersection(&name(a)).map(Hostname::as_str), both);
        }
    }

    #[test]
    fn ip_addresses_and_inner_wildcards_are_refused() {
        for bad in [
            "", "1.2.3.4", "::1", "*", "a.*.com", "*a.com", "a..b", "-a.com", "a_b.com",
        ] {
            assert!(bad.parse::<Hostname>().is_err(), "{bad}");
        }
        assert!("a".repeat(254).parse::<Hostname>().is_err());
    }

    fn hostnames() -> impl Strategy<Value = String> {
        ("(\\*\\.)?", prop::collection::vec("[ab]{1,2}", 1..4))
            .prop_map(|(star, labels)| format!("{star}{}", labels.join(".")))
    }

    proptest! {
        /// A host is in the intersection exactly if both sides cover it.
        #[test]
        fn the_intersection_covers_what_both_cover(a in hostnames(), b in hostnames(), host in "[ab]{1,2}(\\.[ab]{1,2}){0,4}") {
            let (a, b) = (name(&a), name(&b));
            let both = a.intersection(&b).is_some_and(|i| i.matches(&host));
            prop_assert_eq!(both, a.matches(&host) && b.matches(&host));
        }
    }
}
