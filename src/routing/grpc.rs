//! The gRPC entries of one hostname that are more than one exact path.

use std::sync::Arc;

use super::candidates::{Candidates, better};
use super::hashing::{Hashing, Key};
use super::matches::{Match, ValueMatch};
use super::request::{Prepared, RequestView};
use super::stored::Stored;
use super::trie::Trie;

/// By exact service; without one by exact method; without either one by one. What an entry asks for
/// besides (a pattern for the other part) is an open test.
pub(super) struct GrpcTable<T> {
    services: Trie<(Key, Candidates<T>)>,
    methods: Trie<(Key, Candidates<T>)>,
    rest: Candidates<T>,
}

impl<T> Clone for GrpcTable<T> {
    fn clone(&self) -> Self {
        Self {
            services: self.services.clone(),
            methods: self.methods.clone(),
            rest: self.rest.clone(),
        }
    }
}

impl<T> Default for GrpcTable<T> {
    fn default() -> Self {
        Self {
            services: Trie::default(),
            methods: Trie::default(),
            rest: Candidates::None,
        }
    }
}

enum Place<'e> {
    Service(&'e [u8]),
    Method(&'e [u8]),
    Rest,
    /// Asks for a name with a slash, or for an empty one, which no gRPC path has.
    Nowhere,
}

impl<T> GrpcTable<T> {
    pub(super) fn find<'t, R: RequestView>(
        &'t self,
        request: &Prepared<'_, R>,
        hashing: &Hashing,
    ) -> Option<&'t Stored<T>> {
        let (service, method) = request.grpc()?;
        let named = |map: &'t Trie<(Key, Candidates<T>)>, name: &str| {
            let name = name.as_bytes();
            map.get(hashing.hash(name), |(key, _)| key.as_bytes() == name)
                .and_then(|(_, entries)| entries.find(request, hashing, 0))
        };
        let found = better(named(&self.services, service), named(&self.methods, method));
        better(found, self.rest.find(request, hashing, 0))
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.services
            .for_each(&mut |(_, entries)| entries.for_each(&mut *visit));
        self.methods
            .for_each(&mut |(_, entries)| entries.for_each(&mut *visit));
        self.rest.for_each(visit);
    }

    pub(super) fn insert(&mut self, entry: Arc<Stored<T>>, hashing: &Hashing) {
        let (map, name) = match place(&entry.matching) {
            Place::Service(name) => (&mut self.services, name),
            Place::Method(name) => (&mut self.methods, name),
            Place::Rest => return self.rest.insert(entry, hashing),
            Place::Nowhere => return,
        };
        map.upsert(
            hashing.hash(name),
            |(key, _)| key.as_bytes() == name,
            || (Key::new(name), Candidates::None),
            |(_, entries)| entries.insert(entry.clone(), hashing),
        );
    }

    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let (map, name) = match place(&entry.matching) {
            Place::Service(name) => (&mut self.services, name),
            Place::Method(name) => (&mut self.methods, name),
            Place::Rest => return self.rest.remove(entry, hashing),
            Place::Nowhere => return,
        };
        map.edit(
            hashing.hash(name),
            |(key, _)| key.as_bytes() == name,
            |(_, entries)| {
                entries.remove(entry, hashing);
                !entries.is_empty()
            },
        );
    }
}

fn place(matching: &Match) -> Place<'_> {
    let Match::Grpc(grpc) = matching else {
        return Place::Nowhere;
    };
    let unfit = |value: &Option<ValueMatch>| matches!(value, Some(ValueMatch::Exact(name)) if name.is_empty() || name.contains('/'));
    if unfit(&grpc.service) || unfit(&grpc.method) {
        return Place::Nowhere;
    }
    match (&grpc.service, &grpc.method) {
        (Some(ValueMatch::Exact(service)), _) => Place::Service(service.as_bytes()),
        (_, Some(ValueMatch::Exact(method))) => Place::Method(method.as_bytes()),
        _ => Place::Rest,
    }
}
