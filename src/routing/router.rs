//! The compiled table.

use std::fmt;
use std::sync::Arc;

use super::index::by_path::paths::PathTable;
use super::index::hashed::hashing::Hashing;
use super::index::hashed::key::HashedKey;
use super::index::hashed::lengths::Lengths;
use super::index::hashed::table::{HashTable, Keyed};
use super::index::hit::{Hit, better};
use super::index::parameters::LongQuery;
use super::index::prepared::Prepared;
use super::index::stored::Stored;
use super::matching::matches::{Entry, Match};
use super::matching::precedence::{HostRank, Precedence};
use super::options::{HostnameRank, RouterOptions};
use super::request::host::{HostName, HostPattern};
use super::request::view::RequestView;

/// A compiled routing table: from a request to the payload of the entry that takes precedence.
///
/// [`find`](Self::find) cannot fail and does not allocate, and its cost does not grow with the number of
/// hostnames, of paths, or of entries on one path that an exact header, query parameter or method tells apart. There are
/// two exceptions. Oversized regular expressions may allocate and take longer, see [`Pattern`](super::Pattern). And where
/// entries ask for many query parameters, a query with more than 1 024 parameters is indexed on the heap, once in a look-up,
/// so that the time stays in proportion to its length.
///
/// Payloads are cloned into the table when it is made or changed, so keep them small: an index, an [`Arc`].
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
    options: RouterOptions,
    hashing: Hashing,
    exact: HashTable<NamedHost<T>>,
    wildcard: HashTable<NamedHost<T>>,
    wildcard_lengths: Lengths,
    any: Option<Arc<HostEntries<T>>>,
    routes: HashTable<Route<T>>,
    len: usize,
    /// The number of entries whose route names another hostname than the one they answer to, or none. If 0, the
    /// first hostname that has an entry for the request decides.
    narrowed_entries: usize,
    /// The number of entries that ask for a query parameter.
    query_entries: usize,
    /// The sum of both.
    particular_entries: usize,
}

/// A hostname with its entries. A wildcard's name is what follows `*.`.
struct NamedHost<T> {
    name: HashedKey,
    host: Arc<HostEntries<T>>,
}

/// The entries of one hostname, by the hostname that ranks.
struct HostEntries<T> {
    first: Tier<T>,
    /// Further ones, in order of precedence.
    others: Vec<Tier<T>>,
}

struct Tier<T> {
    rank: HostRank,
    paths: PathTable<T>,
}

struct Route<T> {
    key: HashedKey,
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
            narrowed_entries: self.narrowed_entries,
            query_entries: self.query_entries,
            particular_entries: self.particular_entries,
        }
    }
}

impl<T> Clone for NamedHost<T> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            host: self.host.clone(),
        }
    }
}

impl<T: Clone> Clone for HostEntries<T> {
    fn clone(&self) -> Self {
        Self {
            first: self.first.clone(),
            others: self.others.clone(),
        }
    }
}

impl<T: Clone> Clone for Tier<T> {
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

impl<T> Keyed for NamedHost<T> {
    fn hash(&self, hashing: &Hashing) -> u64 {
        hashing.hash_value(self.name.as_bytes())
    }
}

impl<T> Keyed for Route<T> {
    fn hash(&self, hashing: &Hashing) -> u64 {
        hashing.hash(self.key.as_bytes())
    }
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self::new(RouterOptions::default())
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
#[non_exhaustive]
pub struct Found<'t, T> {
    /// The payload of the entry.
    pub payload: &'t T,
    /// The hostname that the entry answers to.
    pub hostname: &'t HostPattern,
    /// The hostname that the route itself names, if it is another; [`HostPattern::Any`] for a route that names none.
    pub own_hostname: Option<&'t HostPattern>,
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

impl<'t, T> From<Hit<'t, T>> for Found<'t, T> {
    fn from(hit: Hit<'t, T>) -> Self {
        Self {
            payload: hit.payload,
            hostname: &hit.entry.hostname,
            own_hostname: hit.entry.own_hostname.as_ref(),
            matching: &hit.entry.matching,
            precedence: hit.entry.precedence(),
        }
    }
}

impl<T> Router<T> {
    /// An empty table.
    pub fn new(options: RouterOptions) -> Self {
        Self {
            options,
            hashing: Hashing::default(),
            exact: HashTable::default(),
            wildcard: HashTable::default(),
            wildcard_lengths: Lengths::default(),
            any: None,
            routes: HashTable::default(),
            len: 0,
            narrowed_entries: 0,
            query_entries: 0,
            particular_entries: 0,
        }
    }

    /// The options that the table was made with.
    pub fn options(&self) -> &RouterOptions {
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

    /// The payload of the entry that takes precedence among those that match, or `None` if no entry matches: then the
    /// API demands the status 404.
    #[inline]
    pub fn find<R: RequestView>(&self, request: &R) -> Option<&T> {
        self.lookup(request).map(|hit| hit.payload)
    }

    /// As [`find`](Self::find), with what is known of the entry.
    pub fn find_match<R: RequestView>(&self, request: &R) -> Option<Found<'_, T>> {
        self.lookup(request).map(Found::from)
    }

    #[inline(always)]
    pub(super) fn lookup<R: RequestView>(&self, request: &R) -> Option<Hit<'_, T>> {
        let prepared = Prepared::new(request, &self.options);
        // One test for what most tables do not have.
        if self.particular_entries > 0 {
            if let Some(query) = prepared.query
                && query.len() >= LongQuery::LEAST
                && self.query_entries > 0
            {
                return self.lookup_by_long_query(query, prepared);
            }
            if self.narrowed_entries > 0 {
                return self.lookup_narrowed(&prepared);
            }
        }
        self.lookup_by_pattern(&prepared)
    }

    #[inline(never)]
    fn lookup_by_long_query<R: RequestView>(
        &self,
        query: &str,
        prepared: Prepared<'_, R>,
    ) -> Option<Hit<'_, T>> {
        let query = LongQuery::new(query, &self.hashing);
        let prepared = prepared.with_long_query(&query);
        if self.narrowed_entries > 0 {
            return self.lookup_narrowed(&prepared);
        }
        self.lookup_by_pattern(&prepared)
    }

    /// Where the most specific pattern that has an entry for the request decides.
    #[inline(always)]
    fn lookup_by_pattern<R: RequestView>(&self, prepared: &Prepared<'_, R>) -> Option<Hit<'_, T>> {
        if self.exact.is_empty() && self.wildcard.is_empty() {
            return self.any.as_ref()?.find(prepared, self);
        }
        let sent = prepared.request.host();
        // Names are kept in their normal form, which is the one that most clients send.
        if let Some(host) = self.exact_host(sent) {
            let paths = &host.first.paths;
            let found = paths.find(prepared, &self.hashing, &self.options);
            if found.is_some() || !self.options.fallback() {
                return found;
            }
            return self.lookup_less_specific(sent, prepared);
        }
        self.lookup_normalized(sent, prepared)
    }

    /// For a host that is not, in the form in which it was sent, one of the exact hostnames.
    #[inline(never)]
    fn lookup_normalized<R: RequestView>(
        &self,
        sent: &[u8],
        request: &Prepared<'_, R>,
    ) -> Option<Hit<'_, T>> {
        let name = HostName::new(sent);
        let name = name.as_bytes();
        if name != sent
            && let Some(host) = self.exact_host(name)
        {
            let found = host.find(request, self);
            if found.is_some() || !self.options.fallback() {
                return found;
            }
        }
        self.lookup_less_specific(name, request)
    }

    /// The hostnames that routes name may rank an entry of a wide pattern before one of a narrow pattern.
    #[inline(never)]
    fn lookup_narrowed<R: RequestView>(&self, request: &Prepared<'_, R>) -> Option<Hit<'_, T>> {
        if self.exact.is_empty() && self.wildcard.is_empty() {
            return self.any.as_ref()?.find(request, self);
        }
        let name = HostName::new(request.request.host());
        let mut best: Option<Hit<'_, T>> = None;
        for host in self.hosts(name.as_bytes()) {
            let ranks_before =
                |found: Hit<'_, T>| found.entry.precedence().host_rank() < host.first.rank;
            if !best.is_some_and(ranks_before) {
                best = better(best, host.find(request, self));
            }
            if !self.options.fallback() {
                break;
            }
        }
        best
    }

    #[inline(never)]
    fn lookup_less_specific<R: RequestView>(
        &self,
        name: &[u8],
        request: &Prepared<'_, R>,
    ) -> Option<Hit<'_, T>> {
        for host in self.wildcard_hosts(name) {
            let found = host.find(request, self);
            if found.is_some() || !self.options.fallback() {
                return found;
            }
        }
        self.any.as_ref()?.find(request, self)
    }

    #[inline(always)]
    fn exact_host(&self, name: &[u8]) -> Option<&HostEntries<T>> {
        let named = match self.exact.lone() {
            Some(lone) => Some(lone).filter(|lone| lone.name.is(name)),
            None => self.exact.get(
                || self.hashing.hash_value(name),
                |named| named.name.is(name),
            ),
        };
        Some(&named?.host)
    }

    /// The wildcards that match the name, the longest first.
    fn wildcard_hosts<'t>(&'t self, name: &[u8]) -> impl Iterator<Item = &'t HostEntries<T>> {
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
            let hash = || self.hashing.hash_value(suffix);
            Some(&*self.wildcard.get(hash, |named| named.name.is(suffix))?.host)
        })
    }

    /// Every hostname of the table that matches the request's, the most specific first.
    fn hosts<'t>(&'t self, name: &[u8]) -> impl Iterator<Item = &'t HostEntries<T>> {
        self.exact_host(name)
            .into_iter()
            .chain(self.wildcard_hosts(name))
            .chain(self.any.as_deref())
    }

    /// Every entry whose hostname matches this host.
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

impl<T: Clone> Router<T> {
    /// A table of routes, each under a key for later changes (say, kind, namespace and name).
    ///
    /// The entries of one route must differ in hostname, rule or match index; of two that do not, either may be
    /// found.
    pub fn from_routes<K, E>(
        options: RouterOptions,
        routes: impl IntoIterator<Item = (K, E)>,
    ) -> Self
    where
        K: AsRef<str>,
        E: IntoIterator<Item = Entry<T>>,
    {
        let mut router = Self::new(options);
        // All entries first: what look-ups read then lies together in memory, and not between them.
        let routes: Vec<_> = routes
            .into_iter()
            .map(|(key, entries)| (key, router.store(entries)))
            .collect();
        for (key, entries) in routes {
            router.insert_stored(key.as_ref().as_bytes(), entries);
        }
        router
    }

    /// Adds a route, or puts it in the place of one with the same key. True if there was one.
    pub fn insert(
        &mut self,
        key: impl AsRef<str>,
        entries: impl IntoIterator<Item = Entry<T>>,
    ) -> bool {
        let entries = self.store(entries);
        self.insert_stored(key.as_ref().as_bytes(), entries)
    }

    fn store(&self, entries: impl IntoIterator<Item = Entry<T>>) -> Arc<[Arc<Stored<T>>]> {
        let stored = entries.into_iter().map(|mut entry| {
            entry.own_hostname.take_if(|own| *own == entry.hostname);
            Stored::new(entry, &self.options)
        });
        stored.collect()
    }

    fn insert_stored(&mut self, key: &[u8], entries: Arc<[Arc<Stored<T>>]>) -> bool {
        let replaced = self.remove_route(key);
        for entry in &*entries {
            self.add(entry);
        }
        self.routes.upsert(
            self.hashing.hash(key),
            &self.hashing,
            |route| route.key.is(key),
            || Route {
                key: HashedKey::new(key),
                entries: Arc::default(),
            },
            |route| route.entries = entries,
        );
        replaced
    }

    /// Drops a route. True if there was one of this key.
    pub fn remove(&mut self, key: &str) -> bool {
        self.remove_route(key.as_bytes())
    }

    fn remove_route(&mut self, key: &[u8]) -> bool {
        let is = |route: &Route<T>| route.key.is(key);
        let Some(route) = self.routes.get(|| self.hashing.hash(key), is) else {
            return false;
        };
        for entry in &*route.entries.clone() {
            self.drop_entry(entry);
        }
        let hash = self.hashing.hash(key);
        self.routes.edit(hash, &self.hashing, is, |_| false);
        true
    }

    fn add(&mut self, entry: &Arc<Stored<T>>) {
        self.len += 1;
        self.narrowed_entries += usize::from(is_narrowed(entry));
        self.query_entries += usize::from(!entry.query().is_empty());
        self.particular_entries = self.narrowed_entries + self.query_entries;
        let new = || {
            Arc::new(HostEntries {
                first: Tier {
                    rank: entry.precedence().host_rank(),
                    paths: PathTable::default(),
                },
                others: Vec::new(),
            })
        };
        let hashing = &self.hashing;
        let (hosts, name) = match &entry.hostname {
            HostPattern::Any => {
                return Arc::make_mut(self.any.get_or_insert_with(new)).add(entry, hashing);
            }
            HostPattern::Exact(name) => (&mut self.exact, name.as_bytes()),
            HostPattern::Wildcard(suffix) => {
                self.wildcard_lengths.add(suffix.len());
                (&mut self.wildcard, suffix.as_bytes())
            }
        };
        if HostName::new(name).as_bytes() != name {
            return; // No request has a host of this form.
        }
        hosts.upsert(
            hashing.hash_value(name),
            hashing,
            |named| named.name.is(name),
            || NamedHost {
                name: HashedKey::new(name),
                host: new(),
            },
            |named| Arc::make_mut(&mut named.host).add(entry, hashing),
        );
    }

    fn drop_entry(&mut self, entry: &Arc<Stored<T>>) {
        self.len = self.len.saturating_sub(1);
        self.narrowed_entries = self
            .narrowed_entries
            .saturating_sub(usize::from(is_narrowed(entry)));
        self.query_entries = self
            .query_entries
            .saturating_sub(usize::from(!entry.query().is_empty()));
        self.particular_entries = self.narrowed_entries + self.query_entries;
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
            hashing.hash_value(name),
            hashing,
            |named| named.name.is(name),
            |named| Arc::make_mut(&mut named.host).remove(entry, hashing),
        );
    }
}

fn is_narrowed<T>(entry: &Stored<T>) -> bool {
    let unnamed = HostRank::of(&entry.hostname, None, HostnameRank::Effective);
    entry.precedence().host_rank() != unnamed
}

impl<T> HostEntries<T> {
    #[inline]
    fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        router: &Router<T>,
    ) -> Option<Hit<'t, T>> {
        let (hashing, options) = (&router.hashing, &router.options);
        let found = self.first.paths.find(request, hashing, options);
        if found.is_some() || self.others.is_empty() {
            return found;
        }
        self.others
            .iter()
            .find_map(|tier| tier.paths.find(request, hashing, options))
    }
}

impl<T: Clone> HostEntries<T> {
    fn add(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let rank = entry.precedence().host_rank();
        if rank == self.first.rank {
            return self.first.paths.insert(entry, hashing);
        }
        let mut tier = Tier {
            rank,
            paths: PathTable::default(),
        };
        if rank < self.first.rank {
            tier.paths.insert(entry, hashing);
            let first = std::mem::replace(&mut self.first, tier);
            self.others.insert(0, first);
            return;
        }
        let at = self.others.partition_point(|other| other.rank < rank);
        match self.others.get_mut(at) {
            Some(other) if other.rank == rank => other.paths.insert(entry, hashing),
            _ => {
                tier.paths.insert(entry, hashing);
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
