//! The entries of one hostname, by path.

use std::sync::Arc;

use super::grpc::GrpcTable;
use super::patterns::PatternTable;
use crate::routing::index::by_condition::candidates::Candidates;
use crate::routing::index::by_condition::depth::Depth;
use crate::routing::index::by_condition::entries::{Change, Entries};
use crate::routing::index::hashed::hashing::{HashProgress, Hashing};
use crate::routing::index::hashed::texts::TextMap;
use crate::routing::index::hit::{Hit, better};
use crate::routing::index::prepared::Prepared;
use crate::routing::index::stored::Stored;
use crate::routing::matching::matches::{Match, PathMatch, ValueMatch, is_name};
use crate::routing::options::{RegexRank, RouterOptions};
use crate::routing::request::view::RequestView;
use crate::same::same;

/// Exact paths and prefixes by hash, regular expressions by the literal text at their ends.
pub(in crate::routing) struct PathTable<T> {
    exact: TextMap<Candidates<T>>,
    /// Non-empty prefixes, without a slash at the end.
    prefixes: TextMap<Candidates<T>>,
    /// The prefix `/`.
    root: Candidates<T>,
    patterns: Option<Arc<PatternTable<T>>>,
    grpc: Option<Arc<GrpcTable<T>>>,
    len: usize,
}

/// Where an entry belongs.
enum PathPlace<'e> {
    Exact(std::borrow::Cow<'e, [u8]>),
    Prefix(&'e [u8]),
    Root,
    Pattern,
    Grpc,
}

impl<T: Clone> Clone for PathTable<T> {
    fn clone(&self) -> Self {
        Self {
            exact: self.exact.clone(),
            prefixes: self.prefixes.clone(),
            root: self.root.clone(),
            patterns: self.patterns.clone(),
            grpc: self.grpc.clone(),
            len: self.len,
        }
    }
}

impl<T> Default for PathTable<T> {
    fn default() -> Self {
        Self {
            exact: TextMap::default(),
            prefixes: TextMap::default(),
            root: Candidates::None,
            patterns: None,
            grpc: None,
            len: 0,
        }
    }
}

impl<T> PathTable<T> {
    pub(in crate::routing) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry that takes precedence among those that match.
    #[inline(always)]
    pub(in crate::routing) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
        options: &RouterOptions,
    ) -> Option<Hit<'t, T>> {
        if self.patterns.is_some() || self.grpc.is_some() {
            return self.find_among_all(request, hashing, options.regex_rank());
        }
        match self.find_exact(request, hashing) {
            None => self.find_prefix(request, hashing),
            found => found,
        }
    }

    /// As [`find`](Self::find), where there are other entries than those with exact paths and prefixes.
    #[inline(never)]
    fn find_among_all<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
        regex_rank: RegexRank,
    ) -> Option<Hit<'t, T>> {
        let exact = || self.find_exact(request, hashing);
        let prefix = || self.find_prefix(request, hashing);
        let found = match &self.patterns {
            None => exact().or_else(prefix),
            Some(patterns) => {
                let pattern = || patterns.find(request, hashing);
                match regex_rank {
                    RegexRank::First => pattern().or_else(exact).or_else(prefix),
                    RegexRank::AfterExact => exact().or_else(pattern).or_else(prefix),
                    RegexRank::Last => exact().or_else(prefix).or_else(pattern),
                }
            }
        };
        match &self.grpc {
            None => found,
            Some(grpc) => better(found, grpc.find(request, hashing)),
        }
    }

    #[inline(always)]
    fn find_exact<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let entries = self.exact.get(request.path.as_bytes(), hashing)?;
        entries.find(request, hashing)
    }

    #[inline(always)]
    fn find_prefix<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let path = request.path.as_bytes();
        if let Some((prefix, entries)) = self.prefixes.lone() {
            if is_below(path, prefix)
                && let Some(found) = entries.find(request, hashing)
            {
                return Some(found);
            }
            return self.root.find(request, hashing);
        }
        self.find_longest(path, request, hashing)
    }

    /// Among several prefixes, the longest first.
    #[inline(never)]
    fn find_longest<'t, R: RequestView>(
        &'t self,
        path: &[u8],
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let lengths = self.prefixes.lengths();
        if lengths.may_be_long(path) {
            return self.find_among_long(path, request, hashing);
        }
        for len in lengths.short_longest_first(path) {
            if let Some(front) = path.get(..len)
                && let Some(entries) = self.prefixes.at(front, hashing)
                && let Some(found) = entries.find(request, hashing)
            {
                return Some(found);
            }
        }
        self.root.find(request, hashing)
    }

    /// As [`find_longest`](Self::find_longest), where prefixes are so long that each hash goes on from the one before.
    #[inline(never)]
    fn find_among_long<'t, R: RequestView>(
        &'t self,
        path: &[u8],
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<Hit<'t, T>> {
        let mut progress = HashProgress::default();
        for len in self.prefixes.lengths().longest_first(path) {
            if let Some(entries) = self.prefixes.front(path, len, hashing, &mut progress)
                && let Some(found) = entries.find_open(request, hashing)
            {
                return Some(found);
            }
        }
        self.root.find_open(request, hashing)
    }

    pub(in crate::routing) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.exact.for_each_entry(&mut *visit);
        self.prefixes.for_each_entry(&mut *visit);
        self.root.for_each(&mut *visit);
        if let Some(patterns) = &self.patterns {
            patterns.for_each(&mut *visit);
        }
        if let Some(grpc) = &self.grpc {
            grpc.for_each(&mut *visit);
        }
    }
}

/// Whether a prefix is the path or whole elements at its front.
#[inline(always)]
fn is_below(path: &[u8], prefix: &[u8]) -> bool {
    match path.split_at_checked(prefix.len()) {
        Some((front, [] | [b'/', ..])) => same(front, prefix),
        _ => false,
    }
}

impl<T: Clone> PathTable<T> {
    pub(in crate::routing) fn insert(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        self.len += 1;
        let depth = Depth::default();
        match place(&entry.matching) {
            PathPlace::Exact(path) => self.exact.insert(&path, entry, hashing, depth),
            PathPlace::Prefix(path) => self.prefixes.insert(path, entry, hashing, depth),
            PathPlace::Root => self.root.insert(entry, hashing, depth),
            PathPlace::Pattern => {
                Arc::make_mut(self.patterns.get_or_insert_default()).insert(entry, hashing);
            }
            PathPlace::Grpc => {
                Arc::make_mut(self.grpc.get_or_insert_default()).insert(entry, hashing);
            }
        }
    }

    /// Removes an entry, which is told from equal ones by its address.
    pub(in crate::routing) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        self.len = self.len.saturating_sub(1);
        match place(&entry.matching) {
            PathPlace::Exact(path) => self.exact.remove(&path, entry, hashing),
            PathPlace::Prefix(path) => self.prefixes.remove(path, entry, hashing),
            PathPlace::Root => self.root.remove(entry, hashing),
            PathPlace::Pattern => {
                if let Some(patterns) = &mut self.patterns {
                    Arc::make_mut(patterns).remove(entry, hashing);
                }
            }
            PathPlace::Grpc => {
                if let Some(grpc) = &mut self.grpc {
                    Arc::make_mut(grpc).remove(entry, hashing);
                }
            }
        }
    }
}

fn place(matching: &Match) -> PathPlace<'_> {
    match matching {
        Match::Http(http) => match &http.path {
            PathMatch::Any => PathPlace::Root,
            PathMatch::Exact(path) => PathPlace::Exact(path.as_bytes().into()),
            PathMatch::Prefix(path) => match path.strip_suffix('/').unwrap_or(path) {
                "" => PathPlace::Root,
                path => PathPlace::Prefix(path.as_bytes()),
            },
            PathMatch::RegularExpression(_) => PathPlace::Pattern,
        },
        Match::Grpc(grpc) => match (&grpc.service, &grpc.method) {
            // What cannot be a name matches nothing; it must not become a path here.
            (Some(ValueMatch::Exact(service)), Some(ValueMatch::Exact(method)))
                if is_name(service) && is_name(method) =>
            {
                PathPlace::Exact(format!("/{service}/{method}").into_bytes().into())
            }
            _ => PathPlace::Grpc,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_of_a_prefix_is_ignored() {
        let of = |path: &str| match place(
            &crate::routing::HttpMatch::path(PathMatch::prefix(path)).into(),
        ) {
            PathPlace::Prefix(path) => String::from_utf8(path.to_vec()).unwrap(),
            PathPlace::Root => "root".to_owned(),
            _ => panic!("{path} is no prefix"),
        };
        assert_eq!(of("/abc/"), "/abc");
        assert_eq!(of("/"), "root");
        assert_eq!(of("//"), "/");
    }
}
