//! From the status that an object has and the one that it ought to have to the one to write.
//!
//! Several controllers write to one status: routes and policies have an entry for each, and all have
//! conditions of types that are not ours. What is not ours stays as it is. `lastTransitionTime` moves only
//! where the status of a condition changes.

mod addresses;
mod event;
mod limits;
mod omitted;
mod turned;
mod write;

pub use event::StatusEvent;
pub(super) use limits::keep_within;
pub use limits::{MAX_CONDITIONS, MAX_PARENTS};
pub use omitted::{Omitted, StatusPart};
pub use write::StatusWrite;
pub(super) use write::{Written, api_resource, version_of};

use super::{RouteKind, Snapshot, Status};
use crate::{
    meta::{Condition, GROUP, ObjectRef, condition},
    v1::{GatewayClassStatus, GatewayStatus, ListenerStatus, RouteStatus},
    v1alpha2::PolicyStatus,
};
use addresses::writable;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use limits::{conditions, entries, keep_class, keep_gateway};

/// The conditions of a Gateway that go where they are not wanted: those that are ours to write, and what they were called before.
/// `Ready` is not among them, which an implementation may set by other means.
const OF_GATEWAY: &[&str] = &[
    condition::gateway::ACCEPTED,
    condition::gateway::PROGRAMMED,
    condition::gateway::RESOLVED_REFS,
    condition::gateway::LISTENERS_NOT_VALID,
    condition::gateway::INSECURE_FRONTEND_VALIDATION_MODE,
    condition::gateway::SCHEDULED,
];

/// The same of a listener.
const OF_LISTENER: &[&str] = &[
    condition::listener::ACCEPTED,
    condition::listener::CONFLICTED,
    condition::listener::RESOLVED_REFS,
    condition::listener::PROGRAMMED,
    condition::listener::DETACHED,
];

/// The next status of an object.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Next<S> {
    /// The whole status, the entries of other controllers included.
    pub status: S,
    /// Whether it differs from the present one, so that it has to be written.
    pub write: bool,
    /// What of the wanted status is not in it, since the entries and conditions of other controllers leave no room: a list has at
    /// most 8 conditions, a route 32 parents in its status, a policy 16 ancestors, a Gateway 16 addresses. And addresses that no
    /// server takes.
    pub omitted: Vec<Omitted>,
}

/// Merges the wanted status into the present one. `own` says which controller names are ours; entries of
/// other controllers, and conditions of types that are not ours, stay. The result is within the limits of the
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
    let (status, omitted) = match (wanted, present) {
        (Status::GatewayClass(wanted), present) => {
            let present = match present {
                Some(Status::GatewayClass(present)) => Some(present),
                _ => None,
            };
            let (status, omitted) = of_class(present, wanted, now);
            (Status::GatewayClass(status), omitted)
        }
        (Status::Gateway(wanted), present) => {
            let present = match present {
                Some(Status::Gateway(present)) => Some(present),
                _ => None,
            };
            let (status, omitted) = of_gateway(present, wanted, now);
            (Status::Gateway(status), omitted)
        }
        (Status::Route(wanted), present) => {
            let present = match present {
                Some(Status::Route(present)) => Some(present),
                _ => None,
            };
            let (status, omitted) = parents(present, wanted, own, now);
            (Status::Route(status), omitted)
        }
        (Status::Policy(wanted), present) => {
            let present = match present {
                Some(Status::Policy(present)) => Some(present),
                _ => None,
            };
            let (status, omitted) = ancestors(present, wanted, own, now);
            (Status::Policy(status), omitted)
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
    of_class(present, wanted, now).0
}

/// As [`gateway_class`], with what has no room.
fn of_class(
    present: Option<&GatewayClassStatus>,
    wanted: &GatewayClassStatus,
    now: &Time,
) -> (GatewayClassStatus, Vec<Omitted>) {
    let old = present.map(|p| p.conditions.as_slice()).unwrap_or_default();
    let mut omitted = Vec::new();
    let ours = condition::gateway_class::TYPES;
    let of_object = conditions(old, &wanted.conditions, ours, now);
    let mut next = GatewayClassStatus {
        conditions: noted(of_object, StatusPart::Object, &mut omitted),
        supported_features: wanted.supported_features.clone(),
    };
    keep_class(&mut next);
    (next, omitted)
}

/// The conditions of a part; those that have no room are noted.
fn noted(
    (next, types): (Vec<Condition>, Vec<String>),
    at: StatusPart,
    omitted: &mut Vec<Omitted>,
) -> Vec<Condition> {
    if !types.is_empty() {
        omitted.push(Omitted::Conditions { at, types });
    }
    next
}

/// The next status of a Gateway. There is one controller for it.
#[must_use]
pub fn gateway(
    present: Option<&GatewayStatus>,
    wanted: &GatewayStatus,
    now: &Time,
) -> GatewayStatus {
    of_gateway(present, wanted, now).0
}

/// As [`gateway`], with what has no room.
fn of_gateway(
    present: Option<&GatewayStatus>,
    wanted: &GatewayStatus,
    now: &Time,
) -> (GatewayStatus, Vec<Omitted>) {
    let old = present.map(|p| p.conditions.as_slice()).unwrap_or_default();
    let mut omitted = Vec::new();
    let of_object = conditions(old, &wanted.conditions, OF_GATEWAY, now);
    let of_object = noted(of_object, StatusPart::Object, &mut omitted);
    let mut listener = |wanted: &ListenerStatus| {
        let old = present
            .and_then(|p| p.listeners.iter().find(|l| l.name == wanted.name))
            .map(|l| l.conditions.as_slice())
            .unwrap_or_default();
        let conditions = conditions(old, &wanted.conditions, OF_LISTENER, now);
        let at = StatusPart::Listener(wanted.name.clone());
        ListenerStatus {
            conditions: noted(conditions, at, &mut omitted),
            ..wanted.clone()
        }
    };
    let listeners = wanted.listeners.iter().map(&mut listener).collect();
    let (addresses, refused) = writable(&wanted.addresses);
    omitted.extend(refused.into_iter().map(Omitted::Address));
    let mut next = GatewayStatus {
        addresses,
        attached_listener_sets: wanted.attached_listener_sets,
        conditions: of_object,
        listeners,
    };
    keep_gateway(&mut next);
    (next, omitted)
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

/// As [`route`], with what has no room.
fn parents(
    present: Option<&RouteStatus>,
    wanted: &RouteStatus,
    own: impl Fn(&str) -> bool,
    now: &Time,
) -> (RouteStatus, Vec<Omitted>) {
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

/// As [`policy`], with what has no room.
fn ancestors(
    present: Option<&PolicyStatus>,
    wanted: &PolicyStatus,
    own: impl Fn(&str) -> bool,
    now: &Time,
) -> (PolicyStatus, Vec<Omitted>) {
    let present = present.map(|p| p.ancestors.as_slice()).unwrap_or_default();
    let ours = condition::policy::TYPES;
    let (ancestors, omitted) = entries(present, &wanted.ancestors, own, ours, now);
    (PolicyStatus { ancestors }, omitted)
}
