//! Which routes use which backends, and for what traffic.

use super::BackendKey;
use crate::{
    attachment::{RouteId, map::Map},
    meta::NamespacedName,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a backend is used for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::attachment) struct Use {
    pub(in crate::attachment) sender: Sender,
    pub(in crate::attachment) traffic: Traffic,
    /// The port that the reference names.
    pub(in crate::attachment) port: Option<u16>,
}

/// Whose data plane sends the traffic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::attachment) enum Sender {
    Gateway(NamespacedName),
    Mesh,
}

/// What the data plane knows of the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::attachment) enum Traffic {
    /// HTTP requests, gRPC among them.
    Http,
    /// Bytes: of TCP connections, and of TLS that ends at the Gateway.
    Stream,
    /// TLS between a client and the backend, of which the Gateway sees the first message alone.
    Passthrough,
    /// UDP.
    Datagram,
}

/// The uses of all backends by routes that are accepted, conflicts between routes included.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct BackendUsage {
    /// With the number of routes for each.
    of_backend: Map<BackendKey, BTreeMap<Use, usize>>,
    /// In order, each once.
    of_route: Map<RouteId, Vec<(BackendKey, Use)>>,
}

impl BackendUsage {
    /// Replaces the uses of a route. Returns the backends for which that makes a difference.
    pub(in crate::attachment) fn set(
        &mut self,
        id: &RouteId,
        mut uses: Vec<(BackendKey, Use)>,
    ) -> BTreeSet<BackendKey> {
        uses.sort_unstable();
        uses.dedup();
        let before = self.of_route.remove(id).unwrap_or_default();
        let mut changed = BTreeSet::new();
        if before == uses {
            self.keep(id, uses);
            return changed;
        }
        for (key, gone) in difference(&before, &uses) {
            if let Some(all) = self.of_backend.get_mut(key)
                && let Some(count) = all.get_mut(gone)
            {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    all.remove(gone);
                    changed.insert(key.clone());
                }
                if all.is_empty() {
                    self.of_backend.remove(key);
                }
            }
        }
        for (key, come) in difference(&uses, &before) {
            let all = self.of_backend.entry(key.clone()).or_default();
            let count = all.entry(come.clone()).or_default();
            *count = count.saturating_add(1);
            if *count == 1 {
                changed.insert(key.clone());
            }
        }
        self.keep(id, uses);
        changed
    }

    fn keep(&mut self, id: &RouteId, uses: Vec<(BackendKey, Use)>) {
        if !uses.is_empty() {
            self.of_route.insert(id.clone(), uses);
        }
    }

    /// The uses of a backend, each once.
    pub(in crate::attachment) fn of_backend(&self, key: &BackendKey) -> impl Iterator<Item = &Use> {
        self.of_backend
            .get(key)
            .into_iter()
            .flat_map(BTreeMap::keys)
    }

    /// What a route uses.
    pub(in crate::attachment) fn of_route(
        &self,
        id: &RouteId,
    ) -> impl Iterator<Item = &(BackendKey, Use)> {
        self.of_route.get(id).into_iter().flatten()
    }
}

/// What is in one list and not in the other; both are in order.
fn difference<'u, T: Ord>(of: &'u [T], without: &'u [T]) -> impl Iterator<Item = &'u T> {
    let is_new = |one: &&T| without.binary_search(one).is_err();
    of.iter().filter(is_new)
}
