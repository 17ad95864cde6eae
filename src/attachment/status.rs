//! From the status that an object has and the one that it ought to have to the one to write.
//!
//! Several controllers write to one status: routes and policies have an entry for each, and all have
//! conditions of types that are not ours. What is not ours stays as it is. `lastTransitionTime` moves only
//! where the status of a condition changes.

use super::{Snapshot, Status, objects::route_id::RouteKind};
use crate::{
    meta::{Condition, ConditionSet, GROUP, ObjectReference, condition},
    v1::{GatewayClassStatus, GatewayStatus, ListenerStatus, RouteParentStatus, RouteStatus},
    v1alpha2::{MAX_ANCESTORS, PolicyAncestorStatus, PolicyStatus},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// The next status of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Next<S> {
    /// The whole status, the entries of other controllers included.
    pub status: S,
    /// Whether it differs from the present one, so that it has to be written.
    pub write: bool,
}

/// Merges the wanted status into the present one. `own` says which controller names are ours; entries of
/// other controllers, and conditions of types that are not wanted, stay.
///
/// A present status of another kind than the wanted one counts as none.
#[must_use]
pub fn next(
    present: Option<&Status>,
    wanted: &Status,
    own: impl Fn(&str) -> bool,
    now: &Time,
) -> Next<Status> {
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
        (Status::Route(wanted), present) => Status::Route(route(
            match present {
                Some(Status::Route(present)) => Some(present),
                _ => None,
            },
            wanted,
            own,
            now,
        )),
        (Status::Policy(wanted), present) => Status::Policy(policy(
            match present {
                Some(Status::Policy(present)) => Some(present),
                _ => None,
            },
            wanted,
            own,
            now,
        )),
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
    Next { status, write }
}

/// The status that an object of a snapshot has, if it has one.
#[must_use]
pub fn present(snapshot: &Snapshot, reference: &ObjectReference) -> Option<Status> {
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

/// Sets each wanted condition and leaves those of other types.
fn conditions(present: &[Condition], wanted: &[Condition], now: &Time) -> Vec<Condition> {
    let mut next = present.to_vec();
    for condition in wanted {
        next.set_condition(condition.clone(), now.clone());
    }
    next
}

/// As [`conditions`], but a condition of one of these types that is no longer wanted goes.
fn owned_conditions(
    present: &[Condition],
    wanted: &[Condition],
    types: &[&str],
    now: &Time,
) -> Vec<Condition> {
    let mut next = conditions(present, wanted, now);
    next.retain(|c| !types.contains(&c.type_.as_str()) || wanted.condition_of(&c.type_));
    next
}

trait Has {
    fn condition_of(&self, kind: &str) -> bool;
}

impl Has for [Condition] {
    fn condition_of(&self, kind: &str) -> bool {
        self.iter().any(|c| c.type_ == kind)
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
    GatewayClassStatus {
        conditions: conditions(old, &wanted.conditions, now),
        supported_features: wanted.supported_features.clone(),
    }
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
            conditions: conditions(old, &wanted.conditions, now),
            ..wanted.clone()
        }
    };
    GatewayStatus {
        addresses: wanted.addresses.clone(),
        conditions: conditions(old, &wanted.conditions, now),
        listeners: wanted.listeners.iter().map(listener).collect(),
    }
}

/// The next status of a route: entries of other controllers stay where they are, ours that are no longer
/// wanted go, new ones come last.
#[must_use]
pub fn route(
    present: Option<&RouteStatus>,
    wanted: &RouteStatus,
    own: impl Fn(&str) -> bool,
    now: &Time,
) -> RouteStatus {
    let mut left: Vec<&RouteParentStatus> = wanted.parents.iter().collect();
    let mut parents = Vec::new();
    for entry in present.iter().flat_map(|p| &p.parents) {
        let at = left.iter().position(|w| {
            w.controller_name == entry.controller_name && w.parent_ref == entry.parent_ref
        });
        match at.map(|at| left.remove(at)) {
            Some(wanted) => parents.push(RouteParentStatus {
                conditions: owned_conditions(
                    &entry.conditions,
                    &wanted.conditions,
                    condition::route::TYPES,
                    now,
                ),
                ..wanted.clone()
            }),
            None if own(&entry.controller_name) => {}
            None => parents.push(entry.clone()),
        }
    }
    parents.extend(left.into_iter().map(|wanted| RouteParentStatus {
        conditions: conditions(&[], &wanted.conditions, now),
        ..wanted.clone()
    }));
    RouteStatus { parents }
}

/// The next status of a policy, as with [`route`]; at most [`MAX_ANCESTORS`] entries, where those that are
/// there go before new ones.
#[must_use]
pub fn policy(
    present: Option<&PolicyStatus>,
    wanted: &PolicyStatus,
    own: impl Fn(&str) -> bool,
    now: &Time,
) -> PolicyStatus {
    let mut left: Vec<&PolicyAncestorStatus> = wanted.ancestors.iter().collect();
    let mut ancestors = Vec::new();
    for entry in present.iter().flat_map(|p| &p.ancestors) {
        let at = left.iter().position(|w| {
            w.controller_name == entry.controller_name && w.ancestor_ref == entry.ancestor_ref
        });
        match at.map(|at| left.remove(at)) {
            Some(wanted) => ancestors.push(PolicyAncestorStatus {
                conditions: conditions(&entry.conditions, &wanted.conditions, now),
                ..wanted.clone()
            }),
            None if own(&entry.controller_name) => {}
            None => ancestors.push(entry.clone()),
        }
    }
    let room = MAX_ANCESTORS.saturating_sub(ancestors.len());
    ancestors.extend(
        left.into_iter()
            .take(room)
            .map(|wanted| PolicyAncestorStatus {
                conditions: conditions(&[], &wanted.conditions, now),
                ..wanted.clone()
            }),
    );
    PolicyStatus { ancestors }
}
