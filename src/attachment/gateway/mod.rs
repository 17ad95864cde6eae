//! GatewayClasses and Gateways by themselves: acceptance, parameters, conditions.

mod addresses;
pub(super) mod assigned;
mod conflict;
pub(super) mod listener;
mod pem;

use super::{
    Options, Snapshot,
    effective::IdleListener,
    finding::{Finding, join},
    objects::{grants::Grants, object},
};
use crate::{
    meta::{
        Age, Channel, ConditionStatus, NamespacedName, ObjectReference, SupportedFeature, condition,
    },
    v1::{self, GatewayStatus, GatewayStatusAddress, ListenerStatus},
    v1alpha2::MAX_ANCESTORS,
};
use addresses::Requested;
use condition::{gateway::reason, gateway_class, listener as on_listener};
use listener::ListenerState;

/// A GatewayClass that is ours.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ClassState {
    pub(super) controller: String,
    pub(super) accepted: Finding,
    pub(super) generation: Option<i64>,
}

/// Looks at a GatewayClass; nothing if it is not ours.
pub(super) fn examine_class(
    class: &v1::GatewayClass,
    snapshot: &Snapshot,
    options: &Options,
) -> Option<ClassState> {
    let controller = &class.spec.controller_name;
    if !options.controllers.include(controller) {
        return None;
    }
    let parameters = class
        .spec
        .parameters_ref
        .as_ref()
        .map(|reference| ObjectReference {
            group: reference.group.clone(),
            kind: reference.kind.clone(),
            namespace: reference.namespace.clone().unwrap_or_default(),
            name: reference.name.clone(),
        });
    let accepted = match parameters.and_then(|p| parameters_problem(&p, snapshot, options)) {
        Some(problem) => Finding::new(false, gateway_class::reason::INVALID_PARAMETERS, problem),
        None => Finding::new(
            true,
            gateway_class::reason::ACCEPTED,
            format!("controller `{controller}` has taken the class"),
        ),
    };
    Some(ClassState {
        controller: controller.clone(),
        accepted,
        generation: class.metadata.generation,
    })
}

/// What is wrong with a `parametersRef`. What objects of an implementation's own kinds should hold is not
/// known here, so only their existence counts.
fn parameters_problem(
    reference: &ObjectReference,
    snapshot: &Snapshot,
    options: &Options,
) -> Option<String> {
    let own_kind = !matches!(
        (reference.group.as_str(), reference.kind.as_str()),
        ("", "ConfigMap" | "Secret" | "Service")
    );
    if snapshot.contains(reference) || (own_kind && options.assume.parameters) {
        return None;
    }
    Some(format!(
        "`parametersRef` leads to nothing: {reference} does not exist"
    ))
}

impl ClassState {
    /// The class of a Gateway that names one which is not there, where options assume it.
    pub(super) fn assumed(name: &str, options: &Options) -> Self {
        Self {
            controller: options.mesh_controller.clone(),
            accepted: Finding::new(
                true,
                gateway_class::reason::ACCEPTED,
                format!("GatewayClass {name} is taken for granted"),
            ),
            generation: None,
        }
    }

    /// The status that the class ought to have.
    pub(super) fn status(&self, options: &Options) -> v1::GatewayClassStatus {
        let mut conditions = vec![
            self.accepted
                .condition(gateway_class::ACCEPTED, self.generation),
        ];
        let mut supported_features = Vec::new();
        if options.channel == Channel::Experimental {
            // Whether or not the class is accepted: one that was written before must not fall behind.
            conditions.push(
                Finding::new(
                    true,
                    gateway_class::reason::SUPPORTED_VERSION,
                    "release v1.1.0 of the Gateway API is supported",
                )
                .condition(gateway_class::SUPPORTED_VERSION, self.generation),
            );
        }
        if options.channel == Channel::Experimental && self.accepted.holds() {
            supported_features = SupportedFeature::KNOWN
                .iter()
                .map(|name| SupportedFeature::from(*name))
                .filter(|feature| options.supports(feature))
                .collect();
            supported_features.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        }
        v1::GatewayClassStatus {
            conditions,
            supported_features,
        }
    }
}

/// A Gateway of one of our classes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GatewayState {
    pub(super) name: NamespacedName,
    pub(super) class: String,
    pub(super) controller: String,
    pub(super) generation: Option<i64>,
    pub(super) age: Age,
    pub(super) listeners: Vec<ListenerState>,
    pub(super) accepted: Finding,
    pub(super) requested: Requested,
}

/// Looks at a Gateway whose class is ours.
pub(super) fn examine(
    gateway: &v1::Gateway,
    class: &ClassState,
    snapshot: &Snapshot,
    grants: &Grants,
    options: &Options,
) -> GatewayState {
    let name = object::place(&gateway.metadata);
    let mut listeners: Vec<ListenerState> = gateway
        .spec
        .listeners
        .iter()
        .map(|l| listener::examine(l, &name.namespace, snapshot, grants, options))
        .collect();
    conflict::between_listeners(&mut listeners);
    let requested = addresses::examine(&gateway.spec.addresses, options);
    let accepted = accept(gateway, class, &listeners, &requested, snapshot, options);
    GatewayState {
        class: gateway.spec.gateway_class_name.clone(),
        controller: class.controller.clone(),
        generation: gateway.metadata.generation,
        age: Age::of(&gateway.metadata),
        listeners,
        accepted,
        requested,
        name,
    }
}

/// The condition `Accepted` of a Gateway.
fn accept(
    gateway: &v1::Gateway,
    class: &ClassState,
    listeners: &[ListenerState],
    requested: &Requested,
    snapshot: &Snapshot,
    options: &Options,
) -> Finding {
    if !class.accepted.holds() {
        return Finding::new(
            ConditionStatus::Undetermined,
            reason::PENDING,
            format!(
                "GatewayClass {} is not accepted: {}",
                gateway.spec.gateway_class_name, class.accepted.message
            ),
        );
    }
    if let Requested::Unsupported(problem) = requested {
        return Finding::new(false, reason::UNSUPPORTED_ADDRESS, problem.clone());
    }
    let parameters = gateway
        .spec
        .infrastructure
        .as_ref()
        .and_then(|infrastructure| infrastructure.parameters_ref.as_ref())
        .map(|reference| ObjectReference {
            group: reference.group.clone(),
            kind: reference.kind.clone(),
            namespace: object::namespace(&gateway.metadata).to_owned(),
            name: reference.name.clone(),
        });
    if let Some(problem) = parameters.and_then(|p| parameters_problem(&p, snapshot, options)) {
        return Finding::new(false, reason::INVALID_PARAMETERS, problem);
    }
    let bad: Vec<String> = listeners
        .iter()
        .filter(|l| !l.in_force())
        .map(|l| format!("listener `{}`: {}", l.name, why_not_in_force(l)))
        .collect();
    let good: Vec<&str> = listeners
        .iter()
        .filter(|l| l.in_force())
        .map(|l| l.name.as_str())
        .collect();
    if bad.is_empty() && !good.is_empty() {
        return Finding::new(true, reason::ACCEPTED, "every listener is valid");
    }
    if good.is_empty() {
        let message = format!("no listener is valid: {}", join(&bad));
        return Finding::new(false, reason::LISTENERS_NOT_VALID, message);
    }
    let message = format!("{}; in force: `{}`", join(&bad), good.join("`, `"));
    Finding::new(true, reason::LISTENERS_NOT_VALID, message)
}

/// What stands in the way of a listener: the first of its conditions, and its type.
fn obstacle(listener: &ListenerState) -> (&'static str, &Finding) {
    if listener.conflicted.holds() {
        (on_listener::CONFLICTED, &listener.conflicted)
    } else if !listener.accepted.holds() {
        (on_listener::ACCEPTED, &listener.accepted)
    } else {
        (on_listener::RESOLVED_REFS, &listener.resolved)
    }
}

/// Why a listener takes no traffic.
pub(super) fn why_not_in_force(listener: &ListenerState) -> &str {
    &obstacle(listener).1.message
}

impl GatewayState {
    /// The addresses at which the Gateway is reached: those that it asks for, else the one assigned.
    pub(super) fn addresses(
        &self,
        assigned: Option<&GatewayStatusAddress>,
    ) -> Vec<GatewayStatusAddress> {
        match &self.requested {
            Requested::None => assigned.cloned().into_iter().collect(),
            Requested::Static { usable, .. } => usable.clone(),
            Requested::Unsupported(_) => Vec::new(),
        }
    }

    /// The listeners that take no traffic.
    pub(super) fn idle(&self) -> Vec<IdleListener> {
        let idle = |listener: &ListenerState| {
            let (of, (kind, finding)) = if !listener.in_force() {
                ("", obstacle(listener))
            } else if !self.accepted.holds() {
                (
                    "its Gateway: ",
                    (condition::gateway::ACCEPTED, &self.accepted),
                )
            } else {
                return None;
            };
            Some(IdleListener {
                name: listener.name.clone(),
                port: listener.port,
                protocol: listener.protocol.clone(),
                hostname: listener.hostname.clone(),
                why: format!(
                    "{of}{kind} {} ({}): {}",
                    finding.status.as_str(),
                    finding.reason,
                    finding.message
                ),
            })
        };
        self.listeners.iter().filter_map(idle).collect()
    }

    /// The condition `Programmed` of the Gateway.
    fn programmed(&self, assigned: Option<&GatewayStatusAddress>) -> Finding {
        if !self.accepted.holds() {
            return Finding::new(
                if self.accepted.status == ConditionStatus::False {
                    ConditionStatus::False
                } else {
                    ConditionStatus::Undetermined
                },
                if self.accepted.status == ConditionStatus::False {
                    reason::INVALID
                } else {
                    reason::PENDING
                },
                self.accepted.message.clone(),
            );
        }
        match &self.requested {
            Requested::Static { unusable, .. } if !unusable.is_empty() => {
                Finding::new(false, reason::ADDRESS_NOT_USABLE, join(unusable))
            }
            Requested::None if assigned.is_none() => Finding::new(
                false,
                reason::ADDRESS_NOT_ASSIGNED,
                "every address of the pool is taken",
            ),
            _ => Finding::new(true, reason::PROGRAMMED, "the configuration is in force"),
        }
    }

    /// The status that the Gateway ought to have; `attached` counts routes, a number for each listener;
    /// `without_room` are the policies that cannot name it as their ancestor.
    pub(super) fn status<'a>(
        &self,
        assigned: Option<&GatewayStatusAddress>,
        attached: &[u32],
        without_room: impl Iterator<Item = &'a ObjectReference>,
    ) -> GatewayStatus {
        let generation = self.generation;
        let mut programmed = self.programmed(assigned);
        let policies: Vec<String> = without_room.map(ToString::to_string).collect();
        if !policies.is_empty() {
            programmed.message.push_str(&format!(
                "; no route can refer to the targets of policies that have no room for this Gateway among {MAX_ANCESTORS} ancestors: {}",
                join(&policies)
            ));
        }
        GatewayStatus {
            addresses: if self.accepted.status == ConditionStatus::Undetermined {
                Vec::new()
            } else {
                self.addresses(assigned)
            },
            conditions: vec![
                self.accepted
                    .condition(condition::gateway::ACCEPTED, generation),
                programmed.condition(condition::gateway::PROGRAMMED, generation),
            ],
            listeners: self
                .listeners
                .iter()
                .enumerate()
                .map(|(index, listener)| {
                    let count = attached.get(index).copied().unwrap_or_default();
                    self.listener_status(listener, count)
                })
                .collect(),
        }
    }

    fn listener_status(&self, listener: &ListenerState, attached: u32) -> ListenerStatus {
        let generation = self.generation;
        let accepted = if listener.conflicted.holds() {
            Finding {
                status: ConditionStatus::False,
                ..listener.conflicted.clone()
            }
        } else {
            listener.accepted.clone()
        };
        let programmed = if !listener.in_force() {
            Finding::new(
                false,
                on_listener::reason::INVALID,
                why_not_in_force(listener),
            )
        } else if self.accepted.holds() {
            Finding::new(
                true,
                on_listener::reason::PROGRAMMED,
                "the configuration is in force",
            )
        } else {
            Finding::new(
                false,
                on_listener::reason::PENDING,
                format!("the Gateway is not accepted: {}", self.accepted.message),
            )
        };
        ListenerStatus {
            name: listener.name.clone(),
            supported_kinds: listener.supported_kinds.clone(),
            attached_routes: i32::try_from(attached).unwrap_or(i32::MAX),
            conditions: vec![
                accepted.condition(on_listener::ACCEPTED, generation),
                listener
                    .conflicted
                    .condition(on_listener::CONFLICTED, generation),
                listener
                    .resolved
                    .condition(on_listener::RESOLVED_REFS, generation),
                programmed.condition(on_listener::PROGRAMMED, generation),
            ],
        }
    }
}
