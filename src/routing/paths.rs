//! The entries of one hostname, by path.

use std::sync::Arc;

use super::candidates::{Candidates, better};
use super::grpc::GrpcTable;
use super::hashing::{Hashing, Key, Lengths};
use super::matches::{Match, PathMatch, ValueMatch};
use super::options::RegexRank;
use super::patterns::PatternTable;
use super::request::{Prepared, RequestView};
use super::stored::Stored;
use super::trie::Trie;

/// Exact paths and prefixes by hash, regular expressions by the literal text at their ends.
pub(super) struct PathTable<T> {
    /// Exact paths and non-empty prefixes (without a slash at the end) by their text.
    slots: Trie<Slot<T>>,
    exact_lengths: Lengths,
    prefix_lengths: Lengths,
    /// The prefix `/`.
    root: Candidates<T>,
    patterns: Option<Arc<PatternTable<T>>>,
    grpc: Option<Arc<GrpcTable<T>>>,
    len: usize,
}

struct Slot<T> {
    path: Key,
    exact: Candidates<T>,
    prefix: Candidates<T>,
}

/// Where an entry belongs.
enum Place<'e> {
    Exact(std::borrow::Cow<'e, [u8]>),
    Prefix(&'e [u8]),
    Root,
    Pattern,
    Grpc,
}

impl<T> Clone for PathTable<T> {
    fn clone(&self) -> Self {
        Self {
            slots: self.slots.clone(),
            exact_lengths: self.exact_lengths,
            prefix_lengths: self.prefix_lengths,
            root: self.root.clone(),
            patterns: self.patterns.clone(),
            grpc: self.grpc.clone(),
            len: self.len,
        }
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self {
            path: self.path.clone(),
            exact: self.exact.clone(),
            prefix: self.prefix.clone(),
        }
    }
}

impl<T> Default for PathTable<T> {
    fn default() -> Self {
        Self {
            slots: Trie::default(),
            exact_lengths: Lengths::default(),
            prefix_lengths: Lengths::default(),
            root: Candidates::None,
            patterns: None,
            grpc: None,
            len: 0,
        }
    }
}

impl<T> PathTable<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry that takes precedence among those that fit.
    #[inline]
    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
        regex_rank: RegexRank,
    ) -> Option<&'t Stored<T>> {
        let found = self.find_http(request, hashing, regex_rank);
        match &self.grpc {
            None => found,
            Some(grpc) => better(found, grpc.find(request, hashing)),
        }
    }

    #[inline]
    fn find_http<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
        regex_rank: RegexRank,
    ) -> Option<&'t Stored<T>> {
        let path = request.path.as_bytes();
        let has_exact = self.exact_lengths.may_have(path.len());
        let slot = if has_exact || self.prefix_lengths.may_have(path.len()) {
            self.slot(path, hashing)
        } else {
            None
        };
        let exact = || slot.and_then(|slot| slot.exact.find(request, hashing, 0));
        let pattern = || {
            self.patterns
                .as_ref()
                .and_then(|patterns| patterns.find(request, hashing))
        };
        let prefix = || {
            let whole = slot.and_then(|slot| slot.prefix.find(request, hashing, 0));
            whole.or_else(|| self.find_prefix(path, request, hashing))
        };
        match regex_rank {
            RegexRank::First => pattern().or_else(exact).or_else(prefix),
            RegexRank::AfterExact => exact().or_else(pattern).or_else(prefix),
            RegexRank::Last => exact().or_else(prefix).or_else(pattern),
        }
    }

    /// The longest prefix shorter than the path that has an entry which fits.
    #[inline]
    fn find_prefix<'t, R: RequestView>(
        &'t self,
        path: &[u8],
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<&'t Stored<T>> {
        if !self.prefix_lengths.is_empty() {
            let longest = self.prefix_lengths.max().saturating_add(1);
            let mut rest = path.get(..longest).unwrap_or(path);
            while let Some(end) = memchr::memrchr(b'/', rest) {
                rest = path.get(..end).unwrap_or_default();
                if end > 0
                    && self.prefix_lengths.may_have(end)
                    && let Some(slot) = self.slot(rest, hashing)
                    && let Some(found) = slot.prefix.find(request, hashing, 0)
                {
                    return Some(found);
                }
            }
        }
        self.root.find(request, hashing, 0)
    }

    #[inline]
    fn slot(&self, path: &[u8], hashing: &Hashing) -> Option<&Slot<T>> {
        self.slots
            .get(hashing.hash(path), |slot| slot.path.as_bytes() == path)
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.slots.for_each(&mut |slot| {
            slot.exact.for_each(&mut *visit);
            slot.prefix.for_each(&mut *visit);
        });
        self.root.for_each(&mut *visit);
        if let Some(patterns) = &self.patterns {
            patterns.for_each(&mut *visit);
        }
        if let Some(grpc) = &self.grpc {
            grpc.for_each(&mut *visit);
        }
    }

    pub(super) fn insert(&mut self, entry: Arc<Stored<T>>, hashing: &Hashing) {
        self.len += 1;
        match place(&entry.matching) {
            Place::Exact(path) => {
                self.exact_lengths.add(path.len());
                self.edit_slot(&path, hashing, |slot| {
                    slot.exact.insert(entry.clone(), hashing);
                });
            }
            Place::Prefix(path) => {
                self.prefix_lengths.add(path.len());
                self.edit_slot(path, hashing, |slot| {
                    slot.prefix.insert(entry.clone(), hashing);
                });
            }
            Place::Root => self.root.insert(entry, hashing),
            Place::Pattern => {
                Arc::make_mut(self.patterns.get_or_insert_default()).insert(entry, hashing);
            }
            Place::Grpc => Arc::make_mut(self.grpc.get_or_insert_default()).insert(entry, hashing),
        }
    }

    fn edit_slot(&mut self, path: &[u8], hashing: &Hashing, edit: impl FnOnce(&mut Slot<T>)) {
        self.slots.upsert(
            hashing.hash(path),
            |slot| slot.path.as_bytes() == path,
            || Slot {
                path: Key::new(path),
                exact: Candidates::None,
                prefix: Candidates::None,
            },
            edit,
        );
    }

    /// Drops this very entry.
    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        self.len = self.len.saturating_sub(1);
        let (path, exact) = match place(&entry.matching) {
            Place::Exact(path) => (path, true),
            Place::Prefix(path) => (path.into(), false),
            Place::Root => return self.root.remove(entry, hashing),
            Place::Pattern => {
                if let Some(patterns) = &mut self.patterns {
                    Arc::make_mut(patterns).remove(entry, hashing);
                }
                return;
            }
            Place::Grpc => {
                if let Some(grpc) = &mut self.grpc {
                    Arc::make_mut(grpc).remove(entry, hashing);
                }
                return;
            }
        };
        self.slots.edit(
            hashing.hash(&path),
            |slot| slot.path.as_bytes() == &*path,
            |slot| {
                let entries = if exact {
                    &mut slot.exact
                } else {
                    &mut slot.prefix
                };
                entries.remove(entry, hashing);
                !(slot.exact.is_empty() && slot.prefix.is_empty())
            },
        );
    }
}

fn place(matching: &Match) -> Place<'_> {
    match matching {
        Match::Http(http) => match &http.path {
            PathMatch::Any => Place::Root,
            PathMatch::Exact(path) => Place::Exact(path.as_bytes().into()),
            PathMatch::Prefix(path) => match path.strip_suffix('/').unwrap_or(path) {
                "" => Place::Root,
                path => Place::Prefix(path.as_bytes()),
            },
            PathMatch::RegularExpression(_) => Place::Pattern,
        },
        Match::Grpc(grpc) => match (&grpc.service, &grpc.method) {
            // A service or method with a slash fits no gRPC path; it must not become one here.
            (Some(ValueMatch::Exact(service)), Some(ValueMatch::Exact(method)))
                if [service, method]
                    .iter()
                    .all(|part| !part.is_empty() && !part.contains('/')) =>
            {
                Place::Exact(format!("/{service}/{method}").into_bytes().into())
            }
            _ => Place::Grpc,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_of_a_prefix_is_ignored() {
        let of = |path: &str| match place(
            &super::super::HttpMatch::path(PathMatch::prefix(path)).into(),
        ) {
            Place::Prefix(path) => String::from_utf8(path.to_vec()).unwrap(),
            Place::Root => "root".to_owned(),
            _ => panic!("{path} is no prefix"),
        };
        assert_eq!(of("/abc/"), "/abc");
        assert_eq!(of("/"), "root");
        assert_eq!(of("//"), "/");
    }
}
