//! The gRPC entries of one hostname that are more than one exact path.

use std::sync::Arc;

use crate::routing::index::by_condition::candidates::Candidates;
use crate::routing::index::by_condition::depth::Depth;
use crate::routing::index::by_condition::entries::{Change, Entries};
use crate::routing::index::hashed::hashing::Hashing;
use crate::routing::index::hashed::texts::TextMap;
use crate::routing::index::hit::{Hit, better};
use crate::routing::index::prepared::Prepared;
use crate::routing::index::stored::Stored;
use crate::routing::matching::matches::{Match, ValueMatch, is_name};
use crate::routing::request::call;
use crate::routing::request::view::RequestView;

/// By exact service; without any service by exact method; the others one by one. What an entry asks for besides (a
/// pattern) is an open test.
pub(super) struct GrpcTable<T> {
    services: TextMap<Candidates<T>>,
    methods: TextMap<Candidates<T>>,
    rest: Candidates<T>,
}

impl<T: Clone> Clone for GrpcTable<T> {
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
            services: TextMap::default(),
            methods: TextMap::default(),
            rest: Candidates::None,
        }
    }
}

enum CallPlace<'e> {
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
    ) -> Option<Hit<'t, T>> {
        let mut found = self.rest.find(request, hashing);
        if let Some((service, _)) = call::service(request.path)
            && let Some(entries) = self.services.get(service.as_bytes(), hashing)
        {
            found = better(found, entries.find(request, hashing));
        }
        if let Some(method) = call::method(request.path)
            && let Some(entries) = self.methods.get(method.as_bytes(), hashing)
        {
            found = better(found, entries.find(request, hashing));
        }
        found
    }

    pub(super) fn for_each<'t>(&'t self, visit: &mut dyn FnMut(&'t Arc<Stored<T>>)) {
        self.services.for_each_entry(&mut *visit);
        self.methods.for_each_entry(&mut *visit);
        self.rest.for_each(visit);
    }
}

impl<T: Clone> GrpcTable<T> {
    pub(super) fn insert(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        let depth = Depth::default();
        match place(&entry.matching) {
            CallPlace::Service(name) => self.services.insert(name, entry, hashing, depth),
            CallPlace::Method(name) => self.methods.insert(name, entry, hashing, depth),
            CallPlace::Rest => self.rest.insert(entry, hashing, depth),
            CallPlace::Nowhere => {}
        }
    }

    pub(super) fn remove(&mut self, entry: &Arc<Stored<T>>, hashing: &Hashing) {
        match place(&entry.matching) {
            CallPlace::Service(name) => self.services.remove(name, entry, hashing),
            CallPlace::Method(name) => self.methods.remove(name, entry, hashing),
            CallPlace::Rest => self.rest.remove(entry, hashing),
            CallPlace::Nowhere => {}
        }
    }
}

fn place(matching: &Match) -> CallPlace<'_> {
    let Match::Grpc(grpc) = matching else {
        return CallPlace::Nowhere;
    };
    let unfit = |value: &Option<ValueMatch>| {
        let name = value.as_ref().and_then(ValueMatch::as_exact);
        name.is_some_and(|name| !is_name(name))
    };
    if unfit(&grpc.service) || unfit(&grpc.method) {
        return CallPlace::Nowhere;
    }
    match (&grpc.service, &grpc.method) {
        (Some(ValueMatch::Exact(service)), _) => CallPlace::Service(service.as_bytes()),
        (None, Some(ValueMatch::Exact(method))) => CallPlace::Method(method.as_bytes()),
        _ => CallPlace::Rest,
    }
}
