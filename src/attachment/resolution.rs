//! What comes out of resolving a set of objects.

use super::{Attachment, Effective, RouteId};
use crate::{
    meta::{NamespacedName, ObjectReference},
    v1::{GatewayClassStatus, GatewayStatus, RouteStatus},
    v1alpha2::PolicyStatus,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The status of every object and the configuration in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolution {
    /// What every Gateway and Service does with traffic.
    pub effective: Effective,
    /// The status that each object ought to have, as far as it is ours to write: without the entries of
    /// other controllers, and without times. [`next`](super::next) makes of it what to write.
    pub statuses: BTreeMap<ObjectReference, Status>,
    /// For each route and parentRef, in the order of the spec, whether it is attached and why, listener by listener.
    pub attachments: BTreeMap<RouteId, Vec<Attachment>>,
    /// The policies whose status has no room for more ancestors, and the Gateways for which there is none.
    /// No route of these can refer to the targets of the policy (PolicyStatus `ancestors`).
    pub without_room: BTreeMap<ObjectReference, BTreeSet<NamespacedName>>,
}

/// The status of an object of any kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Status {
    /// Of a GatewayClass.
    GatewayClass(GatewayClassStatus),
    /// Of a Gateway.
    Gateway(GatewayStatus),
    /// Of a route of any kind.
    Route(RouteStatus),
    /// Of a policy of any kind.
    Policy(PolicyStatus),
}

/// What a change has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The objects whose wanted status is another than before, or that have gone.
    pub statuses: BTreeSet<ObjectReference>,
    /// The Gateways whose effective configuration is another than before, or that have gone.
    pub gateways: BTreeSet<NamespacedName>,
    /// The Services whose effective configuration is another than before, or that have gone.
    pub services: BTreeSet<NamespacedName>,
}

impl Changes {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statuses.is_empty() && self.gateways.is_empty() && self.services.is_empty()
    }
}
