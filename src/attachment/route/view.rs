//! What a route and its parents are looked at with.

use super::{allowed::Allowed, parts::RouteParts};
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
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a route is looked at with.
#[derive(Clone, Copy)]
pub(in crate::attachment) struct RouteContext<'a> {
    pub(in crate::attachment) options: &'a Options,
    pub(in crate::attachment) snapshot: &'a Snapshot,
    pub(in crate::attachment) grants: &'a Grants,
    pub(in crate::attachment) gateways: &'a BTreeMap<NamespacedName, GatewayState>,
    pub(in crate::attachment) backends: &'a Map<BackendKey, BackendState>,
    pub(in crate::attachment) patterns: &'a PatternStore,
    /// By Gateway, the policies that have no room for it.
    pub(in crate::attachment) without_room: &'a Map<NamespacedName, BTreeSet<ObjectRef>>,
    /// What selectors of listeners say of namespaces, as of these objects.
    pub(in crate::attachment) allowed: &'a Allowed,
}

/// What of a route its parents look at.
pub(super) struct RouteView<'a> {
    pub(super) id: &'a RouteId,
    pub(super) hostnames: &'a [Hostname],
    /// Whether the route names hostnames at all, readable or not.
    pub(super) named_hostnames: bool,
    pub(super) allowed: &'a Allowed,
    pub(super) snapshot: &'a Snapshot,
}

impl<'a> RouteView<'a> {
    /// `hostnames` are those that can be read.
    pub(super) fn new(
        id: &'a RouteId,
        parts: &RouteParts<'_>,
        hostnames: &'a [Hostname],
        context: RouteContext<'a>,
    ) -> Self {
        Self {
            id,
            hostnames,
            named_hostnames: !parts.hostnames.is_empty(),
            allowed: context.allowed,
            snapshot: context.snapshot,
        }
    }
}
