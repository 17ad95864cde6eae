//! From the status that an object has and the one that it ought to have to the one to write.
//!
//! Several controllers write to one status: routes and policies have an entry for each, and all have
//! conditions of types that are not ours. What is not ours stays as it is. `lastTransitionTime` moves only
//! where the status of a condition changes.

mod limits;

pub(super) use limits::keep_within;

use super::{RouteKind, Snapshot, Status};
use crate::{
    meta::{GROUP, ObjectRef, condition},
    v1::{GatewayClassStatus, GatewayStatus, ListenerStatus, RouteStatus},
    v1alpha2::PolicyStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use limits::{conditions, entries, keep_class, keep_gateway};

/// The next status of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Next<S> {
    /// The whole status, the entries of other controllers included.
    pub status: S,
    /// Whether it differs from the present one, so that it has to be written.
    pub write: bool,
    /// How many of our entries are not in the status, since those of other controllers leave no room: a route has
    /// at most 32 parents in its status, a policy 16 ancestors.
    pub omitted: usize,
}

/// Merges the wanted status into the present one. `own` says which controller names are ours; entries of
/// other controllers, and conditions of types that are not wanted, stay. The result is within the limits of the
/// API (a status that is not would be refused whole): what others wrote goes first.
///
/// A present status of another kind than the wanted one counts as none.
#[must_use]
pub fn next(
    present: Option<&Status>,
    wanted: &Status,
    own: impl Fn(&str) -> bool,
    now: &Time,
) -> Next<Status> {
    let mut omitted = 0;
    let status = match (wanted, present) {
        (Status::GatewayClass(wanted), present) => Status::GatewayClass(gateway_class(
            match present {
                Some(Status::GatewayClass(present)) => Some(present),
                _ => None,
            },
            wanted,
            now,
        )),
        (Status::Gateway(wanted), present) => Status::Gateway(gateway(
            match present {
                Some(Status::Gateway(present)) => Some(present),
                _ => None,
            },
            wanted,
            now,
        )),
        (Status::Route(wanted), present) => {
            let present = match present {
                Some(Status::Route(present)) => Some(present),
                _ => None,
            };
            let (status, without_room) = parents(present, wanted, own, now);
            omitted = without_room;
            Status::Route(status)
        }
        (Status::Policy(wanted), present) => {
            let present = match present {
                Some(Status::Policy(present)) => Some(present),
                _ => None,
            };
            let (status, without_room) = ancestors(present, wanted, own, now);
            omitted = without_room;
            Status::Policy(status)
        }
    };
    let empty = match &status {
        Status::Route(status) => status.parents.is_empty(),
        Status::Policy(status) => status.ancestors.is_empty(),
        _ => false,
    };
    let write = match present {
        Some(present) => *present != status,
        None => !empty,
    };
    Next {
        status,
        write,
        omitted,
    }
}

/// The status that an object of a snapshot has, if it has one.
#[must_use]
pub fn present(snapshot: &Snapshot, reference: &ObjectRef) -> Option<Status> {
    let place = &reference.namespaced_name();
    if reference.group != GROUP {
        return None;
    }
    let route = |status: Option<RouteStatus>| status.map(Status::Route);
    match reference.kind.as_str() {
        "GatewayClass" => {
            let status = snapshot.gateway_classes().get(place)?.status.clone();
            status.map(Status::GatewayClass)
        }
        "Gateway" => {
            let status = snapshot.gateways().get(place)?.status.clone();
            status.map(Status::Gateway)
        }
        "BackendTLSPolicy" => {
            let status = snapshot.backend_tls_policies().get(place)?.status.clone();
            status.map(Status::Policy)
        }
        "BackendLBPolicy" => {
            let status = snapshot.backend_lb_policies().get(place)?.status.clone();
            status.map(Status::Policy)
        }
        kind => match RouteKind::from_kind(kind)? {
            RouteKind::Http => route(snapshot.http_routes().get(place)?.status.clone()),
            RouteKind::Grpc => route(snapshot.grpc_routes().get(place)?.status.clone()),
            RouteKind::Tls => route(snapshot.tls_routes().get(place)?.status.clone()),
            RouteKind::Tcp => route(snapshot.tcp_routes().get(place)?.status.clone()),
            RouteKind::Udp => route(snapshot.udp_routes().get(place)?.status.clone()),
        },
    }
}

/// The next status of a GatewayClass. There is one controller for it.
#[must_use]
pub fn gateway_class(
    present: Option<&GatewayClassStatus>,
    wanted: &GatewayClassStatus,
    now: &Time,
) -> GatewayClassStatus {
    let old = present.map(|p| p.conditions.as_slice()).unwrap_or_default();
    let mut next = GatewayClassStatus {
        conditions: conditions(old, &wanted.conditions, &[], now),
        supported_features: wanted.supported_features.clone(),
    };
    keep_class(&mut next);
    next
}

/// The next status of a Gateway. There is one controller for it.
#[must_use]
pub fn gateway(
    present: Option<&GatewayStatus>,
    wanted: &GatewayStatus,
    now: &Time,
) -> GatewayStatus {
    let old = present.map(|p| p.conditions.as_slice()).unwrap_or_default();
    let listener = |wanted: &ListenerStatus| {
        let old = present
            .and_then(|p| p.listeners.iter().find(|l| l.name == wanted.name))
            .map(|l| l.conditions.as_slice())
            .unwrap_or_default();
        ListenerStatus {
            conditions: conditions(old, &wanted.conditions, &[], now),
            ..wanted.clone()
        }
    };
    let mut next = GatewayStatus {
        addresses: wanted.addresses.clone(),
        attached_listener_sets: wanted.attached_listener_sets,
        conditions: conditions(
            old,
            &wanted.conditions,
            &[condition::gateway::LISTENERS_NOT_VALID],
            now,
        ),
        listeners: wanted.listeners.iter().map(listener).collect(),
    };
    keep_gateway(&mut next);
    next
}

/// The next status of a route: entries of other controllers stay where they are, ours that are no longer
/// wanted go, new ones come last. A status holds 32 entries: those of other controllers go first, then ours that
/// are there.
#[must_use]
pub fn route(
    present: Option<&RouteStatus>,
    wanted: &RouteStatus,
    own: impl Fn(&str) -> bool,
    now: &Time,
) -> RouteStatus {
    parents(present, wanted, own, now).0
}

/// As [`route`], with the number of entries for which there is no room.
fn parents(
    present: Option<&RouteStatus>,
    wanted: &RouteStatus,
    own: impl Fn(&str) -> bool,
    now: &Time,
) -> (RouteStatus, usize) {
    let present = present.map(|p| p.parents.as_slice()).unwrap_or_default();
    let ours = condition::route::TYPES;
    let (parents, omitted) = entries(present, &wanted.parents, own, ours, now);
    (RouteStatus { parents }, omitted)
}

/// The next status of a policy, as with [`route`]; at most [`MAX_ANCESTORS`] entries, where those that are
/// there go before new ones.
///
/// [`MAX_ANCESTORS`]: crate::v1alpha2::MAX_ANCESTORS
#[must_use]
pub fn policy(
    present: Option<&PolicyStatus>,
    wanted: &PolicyStatus,
    own: impl Fn(&str) -> bool,
    now: &Time,
) -> PolicyStatus {
    ancestors(present, wanted, own, now).0
}

/// As [`policy`], with the number of entries for which there is no room.
fn ancestors(
    present: Option<&PolicyStatus>,
    wanted: &PolicyStatus,
    own: impl Fn(&str) -> bool,
    now: &Time,
) -> (PolicyStatus, usize) {
    let present = present.map(|p| p.ancestors.as_slice()).unwrap_or_default();
    let (ancestors, omitted) = entries(present, &wanted.ancestors, own, &[], now);
    (PolicyStatus { ancestors }, omitted)
}
