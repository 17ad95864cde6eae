//! What a route and its parents are looked at with.

use crate::{
    attachment::{
        Options, Snapshot,
        backend::{BackendKey, BackendState},
        gateway::GatewayState,
        map::Map,
        objects::{grants::Grants, route_id::RouteId},
    },
    meta::{Hostname, NamespacedName, ObjectRef, PatternStore},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// Everything that a route is looked at with.
#[derive(Clone, Copy)]
pub(in crate::attachment) struct World<'a> {
    pub(in crate::attachment) options: &'a Options,
    pub(in crate::attachment) snapshot: &'a Snapshot,
    pub(in crate::attachment) grants: &'a Grants,
    pub(in crate::attachment) gateways: &'a BTreeMap<NamespacedName, GatewayState>,
    pub(in crate::attachment) backends: &'a Map<BackendKey, BackendState>,
    pub(in crate::attachment) patterns: &'a PatternStore,
    /// By Gateway, the policies that have no room for it.
    pub(in crate::attachment) without_room: &'a Map<NamespacedName, BTreeSet<ObjectRef>>,
}

/// What of a route its parents look at.
pub(super) struct View<'a> {
    pub(super) id: &'a RouteId,
    pub(super) hostnames: &'a [Hostname],
    /// Whether the route names hostnames at all, readable or not.
    pub(super) named_hostnames: bool,
    pub(super) labels: Cow<'a, BTreeMap<String, String>>,
    /// Whether the route's namespace is there, so that its labels are known.
    pub(super) namespace_exists: bool,
    /// Whether one that is only named counts as there.
    pub(super) assumes_namespaces: bool,
    pub(super) snapshot: &'a Snapshot,
}

impl View<'_> {
    /// Says that the namespace of the route does not exist, if so, and what that means for its labels.
    pub(super) fn missing_namespace(&self) -> Option<String> {
        if self.namespace_exists {
            return None;
        }
        let reference = ObjectRef {
            group: String::new(),
            kind: "Namespace".to_owned(),
            namespace: String::new(),
            name: self.id.name.namespace.clone(),
        };
        // In a set of manifests a Namespace that is only named counts as there.
        Some(
            if self.assumes_namespaces && !self.snapshot.is_left_out(&reference) {
                format!(
                    "{reference} is not given, so that its labels are not known: it counts as having none of these"
                )
            } else {
                let absent = self.snapshot.absent(&reference);
                format!("{absent} and counts as having none of these labels")
            },
        )
    }
}
