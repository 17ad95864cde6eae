//! TLSRoute: the payload by the name that a client asks for when TLS begins.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::matching::rank::Rank;
use super::request::host::{HostName, HostPattern};

/// Payloads by SNI (TLSRoute `spec.hostnames`): the exact hostname before wildcards, a longer wildcard before a
/// shorter one, those before what names no hostname; then the older route, then the first by
/// `namespace/name`, then the earlier rule.
///
/// A client that sends no SNI, or one that nothing names, reaches only what names no hostname.
#[derive(Debug, Clone)]
pub struct SniTable<T> {
    exact: BTreeMap<Arc<str>, (Rank, T)>,
    wildcard: BTreeMap<Arc<str>, (Rank, T)>,
    any: Option<(Rank, T)>,
}

impl<T> Default for SniTable<T> {
    fn default() -> Self {
        Self {
            exact: BTreeMap::new(),
            wildcard: BTreeMap::new(),
            any: None,
        }
    }
}

impl<T> SniTable<T> {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a hostname of a route. Of entries for one hostname the one that ranks first stays.
    pub fn insert(&mut self, hostname: HostPattern, rank: Rank, payload: T) {
        let (map, name) = match hostname {
            HostPattern::Any => {
                if self.any.as_ref().is_none_or(|(held, _)| rank < *held) {
                    self.any = Some((rank, payload));
                }
                return;
            }
            HostPattern::Exact(name) => (&mut self.exact, name),
            HostPattern::Wildcard(suffix) => (&mut self.wildcard, suffix),
        };
        if map.get(&name).is_none_or(|(held, _)| rank < *held) {
            map.insert(name, (rank, payload));
        }
    }

    /// The payload for a server name, in any case; for a client that sent none, `None`.
    pub fn find(&self, server_name: Option<&str>) -> Option<&T> {
        let name = HostName::new(server_name.unwrap_or_default().as_bytes());
        let name = std::str::from_utf8(name.as_bytes()).unwrap_or_default();
        // The longest suffix first. A wildcard stands for at least one character.
        let mut suffixes = name.match_indices('.').filter(|(dot, _)| *dot > 0);
        let wildcard = || suffixes.find_map(|(dot, _)| self.wildcard.get(name.get(dot + 1..)?));
        self.exact
            .get(name)
            .or_else(wildcard)
            .or(self.any.as_ref())
            .map(|(_, payload)| payload)
    }
}

impl<T> FromIterator<(HostPattern, Rank, T)> for SniTable<T> {
    fn from_iter<I: IntoIterator<Item = (HostPattern, Rank, T)>>(entries: I) -> Self {
        let mut table = Self::new();
        for (hostname, rank, payload) in entries {
            table.insert(hostname, rank, payload);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn the_most_specific_server_name_wins_then_the_older_route() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let rows = [
            ("*.example.com", 5, "wild"),
            ("*.b.example.com", 5, "longer"),
            ("a.b.example.com", 5, "young"),
            ("a.b.example.com", 4, "old"),
            ("", 5, "any"),
        ];
        let table: SniTable<_> = rows
            .into_iter()
            .map(|(name, age, payload)| {
                let host = if name.is_empty() {
                    HostPattern::Any
                } else {
                    HostPattern::parse(name).unwrap()
                };
                (host, Rank::new("default/r", 0, 0).created(at(age)), payload)
            })
            .collect();
        for (name, found) in [
            (Some("A.b.example.com"), "old"),
            (Some("x.b.example.com"), "longer"),
            (Some("y.x.b.example.com"), "longer"),
            (Some("b.example.com."), "wild"),
            (Some("example.com"), "any"),
            (Some(".example.com"), "any"),
            (Some(""), "any"),
            (None, "any"),
        ] {
            assert_eq!(table.find(name), Some(&found), "{name:?}");
        }
    }

    #[test]
    fn without_a_route_for_every_name_an_unknown_name_and_none_find_nothing() {
        let host = HostPattern::parse("*.example.com").unwrap();
        let table: SniTable<_> = [(host, Rank::new("a/r", 0, 0), ())].into_iter().collect();
        for name in [Some("example.com"), Some("a.example.org"), Some(""), None] {
            assert_eq!(table.find(name), None, "{name:?}");
        }
    }

    #[test]
    fn of_routes_of_one_age_the_first_by_name_has_the_server_name_and_in_it_the_first_rule() {
        let host = || HostPattern::parse("a.example.com").unwrap();
        let rows = [
            (host(), Rank::new("a/b", 0, 0), "second route"),
            (host(), Rank::new("a/a", 1, 0), "second rule"),
            (host(), Rank::new("a/a", 0, 0), "first"),
        ];
        let table: SniTable<_> = rows.into_iter().collect();
        assert_eq!(table.find(Some("a.example.com")), Some(&"first"));
    }
}
