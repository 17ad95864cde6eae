//! TLSRoute: the payload by the name that a client asks for when TLS begins.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::matching::precedence::HostRank;
use super::matching::rank::Rank;
use super::options::HostnameRank;
use super::request::host::{HostName, HostPattern};

/// Payloads by SNI (TLSRoute `spec.hostnames`): the route that names the most specific hostname first (exact before
/// wildcard before none, then more characters; see [`HostnameRank`]), then the older route, then the first by
/// `namespace/name`, then the earlier rule.
///
/// A client that sends no SNI, or one that nothing names, reaches only entries for every name.
#[derive(Debug, Clone)]
pub struct SniTable<T> {
    hostname_rank: HostnameRank,
    exact: BTreeMap<Arc<str>, RankedRoute<T>>,
    wildcard: BTreeMap<Arc<str>, RankedRoute<T>>,
    any: Option<RankedRoute<T>>,
}

/// The entry of a hostname that ranks first.
#[derive(Debug, Clone)]
struct RankedRoute<T> {
    place: (HostRank, Rank),
    payload: T,
}

impl<T> Default for SniTable<T> {
    fn default() -> Self {
        Self::new(HostnameRank::default())
    }
}

impl<T> SniTable<T> {
    /// An empty table, and which hostname of an entry ranks in it.
    pub fn new(hostname_rank: HostnameRank) -> Self {
        Self {
            hostname_rank,
            exact: BTreeMap::new(),
            wildcard: BTreeMap::new(),
            any: None,
        }
    }

    /// Adds a hostname that a route names. Of entries for one hostname the one that ranks first stays.
    pub fn insert(&mut self, hostname: HostPattern, rank: Rank, payload: T) {
        let own = hostname.clone();
        self.insert_named(hostname, &own, rank, payload);
    }

    /// Adds what a listener's hostname leaves of `own`, the hostname that the route itself names;
    /// [`HostPattern::Any`] for a route that names none.
    pub fn insert_named(
        &mut self,
        hostname: HostPattern,
        own: &HostPattern,
        rank: Rank,
        payload: T,
    ) {
        let place = (HostRank::of(&hostname, Some(own), self.hostname_rank), rank);
        let new = RankedRoute { place, payload };
        let before = |other: &RankedRoute<T>| new.place < other.place;
        let (map, name) = match hostname {
            HostPattern::Any => {
                if self.any.as_ref().is_none_or(before) {
                    self.any = Some(new);
                }
                return;
            }
            HostPattern::Exact(name) => (&mut self.exact, name),
            HostPattern::Wildcard(suffix) => (&mut self.wildcard, suffix),
        };
        if map.get(&name).is_none_or(before) {
            map.insert(name, new);
        }
    }

    /// The payload for a server name, in any case; for a client that sent none, `None`.
    pub fn find(&self, server_name: Option<&str>) -> Option<&T> {
        let name = HostName::new(server_name.unwrap_or_default().as_bytes());
        let name = std::str::from_utf8(name.as_bytes()).unwrap_or_default();
        // A wildcard stands for at least one character.
        let suffixes = name.match_indices('.').filter(|(dot, _)| *dot > 0);
        let wildcards = suffixes.filter_map(|(dot, _)| self.wildcard.get(name.get(dot + 1..)?));
        let found = self.exact.get(name).into_iter();
        let found = found.chain(wildcards).chain(&self.any);
        let first = found.min_by(|a, b| a.place.cmp(&b.place))?;
        Some(&first.payload)
    }
}

impl<T> FromIterator<(HostPattern, Rank, T)> for SniTable<T> {
    fn from_iter<I: IntoIterator<Item = (HostPattern, Rank, T)>>(entries: I) -> Self {
        let mut table = Self::default();
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

    #[test]
    fn the_route_that_names_the_more_specific_hostname_ranks_first_also_where_a_listener_narrows_both()
     {
        let host = |text: &str| HostPattern::parse(text).unwrap();
        let old = Rank::new("a/old", 0, 0).created(SystemTime::UNIX_EPOCH);
        let rows = [
            (
                "a.example.com",
                host("a.example.com"),
                Rank::new("z/exact", 0, 0),
                "exact",
            ),
            (
                "a.example.com",
                host("*.com"),
                Rank::new("b/wide", 0, 0),
                "wide",
            ),
            ("a.example.com", HostPattern::Any, old.clone(), "none"),
            (
                "b.example.com",
                host("*.com"),
                Rank::new("b/wide", 0, 0),
                "wide",
            ),
            ("b.example.com", HostPattern::Any, old.clone(), "none"),
            ("c.example.com", HostPattern::Any, old, "none"),
            (
                "*.example.com",
                host("*.com"),
                Rank::new("b/wide", 0, 0),
                "wide",
            ),
        ];
        let table = |hostname_rank| {
            let mut table = SniTable::new(hostname_rank);
            for (hostname, own, rank, payload) in rows.clone() {
                table.insert_named(host(hostname), &own, rank, payload);
            }
            ["a", "b", "c"].map(|label| {
                let name = format!("{label}.example.com");
                table.find(Some(&name)).copied().unwrap()
            })
        };
        assert_eq!(table(HostnameRank::Own), ["exact", "wide", "wide"]);
        assert_eq!(table(HostnameRank::Effective), ["none", "none", "none"]);
    }
}
