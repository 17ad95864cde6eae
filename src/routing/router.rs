//! The compiled table.

use std::fmt;
use std::sync::Arc;

use super::candidates::better;
use super::hashing::{Hashing, Key, Lengths};
use super::host::{HostName, HostPattern};
use super::matches::{Entry, Match};
use super::options::Options;
use super::paths::PathTable;
use super::precedence::Precedence;
use super::request::{Prepared, RequestView};
use super::stored::Stored;
use super::trie::Trie;

/// A compiled routing table: from a request to the payload of the entry that takes precedence.
///
/// [`find`](Self::find) cannot fail and does not allocate, and its cost does not grow with the number of
/// hostnames, of paths, or of entries on one path that an exact header, query parameter or method tells apart.
/// (Oversized regular expressions are the one exception to both, see [`Pattern`](super::Pattern).)
///
/// A clone costs nothing and shares everything; [`insert`](Self::insert) and [`remove`](Self::remove) on it
/// copy only what the route touches. So readers keep one table while the next is made:
///
/// ```
/// use gwapi::routing::{Entry, HttpMatch, PathMatch, Rank, Router, View};
///
/// let entry = |path, payload| {
///     Entry::new(HttpMatch::path(PathMatch::prefix(path)), Rank::new("default/shop", 0, 0), payload)
/// };
/// let mut router = Router::default();
/// router.insert("default/shop", [entry("/cart", "old")]);
/// let before = router.clone();
/// router.insert("default/shop", [entry("/cart", "new")]);
///
/// let request = View { path: "/cart/items", ..View::default() };
/// assert_eq!(before.find(&request), Some(&"old"));
/// assert_eq!(router.find(&request), Some(&"new"));
/// ```
///
/// Hosts, paths and values of a request are only looked up, never stored, and hashes are seeded at random: a
/// client cannot make look-ups slow by choosing what it sends.
pub struct Router<T> {
    options: Options,
    hashing: Hashing,
    exact: Trie<Host<T>>,
    wildcard: Trie<Host<T>>,
    wildcard_lengths: Lengths,
    any: Option<Arc<Host<T>>>,
    routes: Trie<Route<T>>,
    len: usize,
    /// Entries whose own hostname is not the one they answer to: while there are none, the order of hostnames
    /// is the order of precedence.
    narrowed: usize,
}

/// The entries of one hostname, by the hostname that ranks.
struct Host<T> {
    name: Key,
    first: Tier<T>,
    /// Further ones, in order of precedence.
    others: Vec<Tier<T>>,
}

struct Tier<T> {
    rank: HostRank,
    paths: PathTable<T>,
}

type HostRank = (u8, std::cmp::Reverse<u32>);

struct Route<T> {
    key: Arc<str>,
    entries: Arc<[Arc<Stored<T>>]>,
}

impl<T> Clone for Router<T> {
    fn clone(&self) -> Self {
        Self {
            options: self.options,
            hashing: self.hashing.clone(),
            exact: self.exact.clone(),
            wildcard: self.wildcard.clone(),
            wildcard_lengths: self.wildcard_lengths,
            any: self.any.clone(),
            routes: self.routes.clone(),
            len: self.len,
            narrowed: self.narrowed,
        }
    }
}

impl<T> Clone for Host<T> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            first: self.first.clone(),
            others: self.others.clone(),
        }
    }
}

impl<T> Clone for Tier<T> {
    fn clone(&self) -> Self {
        Self {
            rank: self.rank,
            paths: self.paths.clone(),
        }
    }
}

impl<T> Clone for Route<T> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            entries: self.entries.clone(),
        }
    }
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl<T> fmt::Debug for Router<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("options", &self.options)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

/// What [`Router::find_match`] found: a payload and the entry that it belongs to.
#[derive(Debug)]
pub struct Found<'t, T> {
    /// The payload of the entry.
    pub payload: &'t T,
    /// The hostname that the entry answers to.
    pub hostname: &'t HostPattern,
    /// What the entry asks for, headers and query parameters in order of their names.
    pub matching: &'t Match,
    /// Its place in the order of precedence, with its route, rule and match.
    pub precedence: &'t Precedence,
}

impl<T> Clone for Found<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Found<'_, T> {}

impl<'t, T> From<&'t Stored<T>> for Found<'t, T> {
    fn from(entry: &'t Stored<T>) -> Self {
        Self {
            payload: &entry.payload,
            hostname: &entry.hostname,
            matching: &entry.matching,
            precedence: entry.precedence(),
        }
    }
}

impl<T> Router<T> {
    /// An empty table.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            hashing: Hashing::default(),
            exact: Trie::default(),
            wildcard: Trie::default(),
            wildcard_lengths: Lengths::default(),
            any: None,
            routes: Trie::default(),
            len: 0,
            narrowed: 0,
        }
    }

    /// A table of routes, each under a key for later changes (say, kind, namespace and name).
    ///
    /// The entries of one route must differ in hostname, rule or match index; which of two that do not is found
    /// is left open.
    pub fn from_routes<K, E>(options: Options, routes: impl IntoIterator<Item = (K, E)>) -> Self
    where
        K: Into<Arc<str>>,
        E: IntoIterator<Item = Entry<T>>,
    {
        let mut router = Self::new(options);
        for (key, entries) in routes {
            router.insert(key, entries);
        }
        router
    }

    /// The options that the table was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The payload of the entry that takes precedence among those that fit, or `None` if no entry fits, for
    /// which the API demands the status 404.
    #[inline]
    pub fn find<R: RequestView>(&self, request: &R) -> Option<&T> {
        self.lookup(request).map(|entry| &entry.payload)
    }

    /// As [`find`](Self::find), with what is known of the entry.
    pub fn find_match<R: RequestView>(&self, request: &R) -> Option<Found<'_, T>> {
        self.lookup(request).map(Found::from)
    }

    /// Adds a route, or puts it in the place of one with the same key. True if there was one.
    pub fn insert(
        &mut self,
        key: impl Into<Arc<str>>,
        entries: impl IntoIterator<Item = Entry<T>>,
    ) -> bool {
        let key = key.into();
        let replaced = self.remove(&key);
        let entries: Arc<[_]> = entries
            .into_iter()
            .map(|mut entry| {
                entry.own_hostname.take_if(|own| *own == entry.hostname);
                let entry = Stored::new(entry, &self.options, &self.hashing);
                self.add(&entry);
                entry
            })
            .collect();
        self.routes.upsert(
            self.hashing.hash(key.as_bytes()),
            |route| route.key == key,
            || Route {
                key: key.clone(),
                entries: Arc::from([]),
            },
            |route| route.entries = entries,
        );
        replaced
    }

    /// Drops a route. True if there was one of this key.
    pub fn remove(&mut self, key: &str) -> bool {
        let hash = self.hashing.hash(key.as_bytes());
        let Some(route) = self.routes.get(hash, |route| *route.key == *key) else {
            return false;
        };
        for entry in &*route.entries.clone() {
            self.drop_entry(entry);
        }
        self.routes
            .edit(hash, |route| *route.key == *key, |_| false);
        true
    }

    fn add(&mut self, entry: &Arc<Stored<T>>) {
        self.len += 1;
        self.narrowed += usize::from(is_narrowed(entry));
        let new = |name: &[u8]| Host {
            name: Key::new(name),
            first: Tier {
                rank: entry.precedence().host_rank(),
                paths: PathTable::default(),
            },
            others: Vec::new(),
        };
        let hashing = &self.hashing;
        let add = |host: &mut Host<T>| host.add(entry, hashing);
        let (hosts, name) = match &entry.hostname {
            HostPattern::Any => {
                let host = self.any.get_or_insert_with(|| Arc::new(new(b"")));
                return add(Arc::make_mut(host));
            }
            HostPattern::Exact(name) => (&mut self.exact, name.as_bytes()),
            HostPattern::Wildcard(suffix) => {
                self.wildcard_lengths.add(suffix.len());
                (&mut self.wildcard, suffix.as_bytes())
            }
        };
        hosts.upsert(
            hashing.hash(name),
            |host| host.name.as_bytes() == name,
            || new(name),
            add,
        );
    }

    fn drop_entry(&mut self, entry: &Arc<Stored<T>>) {
        self.len = self.len.saturating_sub(1);
        self.narrowed = self
            .narrowed
            .saturating_sub(usize::from(is_narrowed(entry)));
        let hashing = &self.hashing;
        let (hosts, name) = match &entry.hostname {
            HostPattern::Any => {
                self.any
                    .take_if(|host| !Arc::make_mut(host).remove(entry, hashing));
                return;
            }
            HostPattern::Exact(name) => (&mut self.exact, name.as_bytes()),
            HostPattern::Wildcard(suffix) => (&mut self.wildcard, suffix.as_bytes()),
        };
        hosts.edit(
            hashing.hash(name),
            |host| host.name.as_bytes() == name,
            |host| host.remove(entry, hashing),
        );
    }

    #[inline]
    pub(super) fn lookup<R: RequestView>(&self, request: &R) -> Option<&Stored<T>> {
        let prepared = Prepared::new(request);
        if self.exact.is_empty() && self.wildcard.is_empty() {
            return self
                .any
                .as_ref()
                .and_then(|host| host.find(&prepared, self));
        }
        let sent = request.host();
        let name = HostName::new(sent);
        let name = name.as_bytes();
        if self.narrowed == 0 {
            if let Some(host) = self.exact_host(name) {
                let found =
                    host.first
                        .paths
                        .find(&prepared, &self.hashing, self.options.regex_rank());
                if found.is_some() || !self.options.fallback() {
                    return found;
                }
            }
            return self.lookup_less_specific(name, &prepared);
        }
        // Own hostnames may rank an entry of a wide pattern before one of a narrow pattern.
        let mut best = None;
        for host in self.hosts(name) {
            best = better(best, host.find(&prepared, self));
            if !self.options.fallback() {
                break;
            }
        }
        best
    }

    fn lookup_less_specific<R: RequestView>(
        &self,
        name: &[u8],
        request: &Prepared<'_, R>,
    ) -> Option<&Stored<T>> {
        for host in self.wildcard_hosts(name) {
            let found = host.find(request, self);
            if found.is_some() || !self.options.fallback() {
                return found;
            }
        }
        self.any.as_ref().and_then(|host| host.find(request, self))
    }

    #[inline]
    fn exact_host(&self, name: &[u8]) -> Option<&Host<T>> {
        self.exact
            .get(self.hashing.hash(name), |host| host.name.as_bytes() == name)
    }

    /// The wildcards that the name fits, the longest first.
    fn wildcard_hosts<'t>(&'t self, name: &[u8]) -> impl Iterator<Item = &'t Host<T>> {
        let dots = if self.wildcard.is_empty() {
            &[][..]
        } else {
            name
        };
        memchr::memchr_iter(b'.', dots).filter_map(|dot| {
            let suffix = name.get(dot + 1..)?;
            if dot == 0 || !self.wildcard_lengths.may_have(suffix.len()) {
                return None;
            }
            self.wildcard.get(self.hashing.hash(suffix), |host| {
                host.name.as_bytes() == suffix
            })
        })
    }

    /// Every hostname of the table that fits the request's, the most specific first.
    fn hosts<'t>(&'t self, name: &[u8]) -> impl Iterator<Item = &'t Host<T>> {
        self.exact_host(name)
            .into_iter()
            .chain(self.wildcard_hosts(name))
            .chain(self.any.as_deref())
    }

    /// Every entry whose hostname is asked for this host.
    pub(super) fn for_each_of_host<'t>(
        &'t self,
        host: &[u8],
        visit: &mut dyn FnMut(&'t Arc<Stored<T>>),
    ) {
        let name = HostName::new(host);
        let hosts = self.hosts(name.as_bytes());
        let asked = if self.options.fallback() {
            usize::MAX
        } else {
            1
        };
        for host in hosts.take(asked) {
            host.first.paths.for_each(&mut *visit);
            host.others
                .iter()
                .for_each(|tier| tier.paths.for_each(&mut *visit));
        }
    }
}

fn is_narrowed<T>(entry: &Stored<T>) -> bool {
    let (kind, length) = entry.hostname.specificity();
    entry.precedence().host_rank() != (kind, std::cmp::Reverse(length))
}

impl<T> Host<T> {
    #[inline]
    fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        router: &Router<T>,
    ) -> Option<&'t Stored<T>> {
        let rank = router.options.regex_rank();
        let found = self.first.paths.find(request, &router.hashing, rank);
        if found.is_some() || self.others.is_empty() {
            return found;
        }
        self.others
            .iter()
            .find_map(|tier| tier.paths.find(request, &router.hashing, rank))
    }

    fn add(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let rank = entry.precedence().host_rank();
        if rank == self.first.rank {
            return self.first.paths.insert(entry.clone(), hashing);
        }
        let mut tier = Tier {
            rank,
            paths: PathTable::default(),
        };
        if rank < self.first.rank {
            tier.paths.insert(entry.clone(), hashing);
            let first = std::mem::replace(&mut self.first, tier);
            self.others.insert(0, first);
            return;
        }
        let at = self.others.partition_point(|other| other.rank < rank);
        match self.others.get_mut(at) {
            Some(other) if other.rank == rank => other.paths.insert(entry.clone(), hashing),
            _ => {
                tier.paths.insert(entry.clone(), hashing);
                self.others.insert(at, tier);
            }
        }
    }

    /// Drops an entry; false if none is left.
    fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) -> bool {
        let rank = entry.precedence().host_rank();
        if rank == self.first.rank {
            self.first.paths.remove(entry, hashing);
            if !self.first.paths.is_empty() {
                return true;
            }
            if self.others.is_empty() {
                return false;
            }
            self.first = self.others.remove(0);
            return true;
        }
        if let Some(at) = self.others.iter().position(|tier| tier.rank == rank)
            && let Some(tier) = self.others.get_mut(at)
        {
            tier.paths.remove(entry, hashing);
            if tier.paths.is_empty() {
                self.others.remove(at);
            }
        }
        true
    }
}
