//! GatewayClasses and Gateways by themselves: acceptance, parameters, conditions.

mod addresses;
pub(super) mod assigned;
pub(in crate::attachment) mod class;
pub(in crate::attachment) mod conflict;
pub(super) mod listener;
pub(super) mod references;
pub(super) mod selector;
pub(super) mod tls;
pub(in crate::attachment) mod validity;
mod version;

pub(super) use class::{ClassState, examine_class};

use super::{
    Options, Snapshot,
    condition_body::{ConditionBody, Problem, join, names},
    effective::{Certificate, IdleListener},
    objects::{certificates::Certificates, grants::Grants, object},
};
use crate::{
    meta::{Age, ConditionStatus, NamespacedName, ObjectRef, condition},
    v1::{self, FrontendValidationModeType, GatewayStatus, ListenerStatus},
    v1alpha2::MAX_ANCESTORS,
};
use addresses::{Addresses, Requested};
use class::parameters_problem;
use condition::{gateway::reason, listener as on_listener};
use listener::ListenerState;
use std::sync::Arc;
use tls::References;

/// A Gateway of one of our classes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GatewayState {
    pub(super) name: NamespacedName,
    pub(super) uid: Option<String>,
    pub(super) class: String,
    pub(super) controller: String,
    pub(super) generation: Option<i64>,
    pub(super) age: Age,
    pub(super) listeners: Vec<ListenerState>,
    pub(super) accepted: ConditionBody,
    /// The condition `ListenersNotValid`, where `Accepted` has another reason and does not say so.
    pub(super) listeners_not_valid: Option<ConditionBody>,
    /// The certificate that it shows to backends, or why it cannot; nothing if it has none.
    client: Option<Result<Arc<Certificate>, Problem>>,
    pub(super) requested: Requested,
    /// Its addresses, once those of all Gateways are assigned.
    pub(super) addresses: Addresses,
    /// The condition `Programmed`, which follows from the addresses.
    programmed: ConditionBody,
}

/// Looks at a Gateway whose class is ours.
pub(super) fn examine(
    gateway: &v1::Gateway,
    class: &ClassState,
    snapshot: &Snapshot,
    grants: &Grants,
    certificates: &Certificates,
    options: &Options,
) -> GatewayState {
    let name = object::place(&gateway.metadata);
    let references = References {
        namespace: &name.namespace,
        snapshot,
        grants,
        certificates,
        now: options.now,
    };
    let mut listeners: Vec<ListenerState> = gateway
        .spec
        .listeners
        .iter()
        .map(|l| {
            let tls = gateway.spec.tls.as_ref();
            let shared = tls.and_then(|tls| tls.client_validation(l.port));
            listener::examine(l, shared, references, options)
        })
        .collect();
    let conflicts = conflict::between_listeners(&gateway.spec.listeners);
    for (listener, conflicted) in listeners.iter_mut().zip(conflicts) {
        listener.conflicted = conflicted;
    }
    let client = gateway.spec.client_certificate_ref();
    let client = client.map(|client| references.certificate(client.resolve(references.namespace)));
    let requested = addresses::examine(&gateway.spec.addresses, options);
    let listeners_valid = valid_listeners(&listeners);
    let accepted = match problem(gateway, class, &requested, snapshot, options) {
        Some(problem) => problem,
        None => listeners_valid.clone(),
    };
    let mut state = GatewayState {
        uid: gateway.metadata.uid.clone(),
        class: gateway.spec.gateway_class_name.clone(),
        controller: class.controller.clone(),
        generation: gateway.metadata.generation,
        age: Age::of(&gateway.metadata),
        listeners,
        listeners_not_valid: (listeners_valid.reason == reason::LISTENERS_NOT_VALID
            && accepted.reason != reason::LISTENERS_NOT_VALID)
            .then(|| ConditionBody::new(true, listeners_valid.reason, listeners_valid.message)),
        programmed: accepted.clone(),
        accepted,
        requested,
        client,
        addresses: Addresses::default(),
        name,
    };
    state.bind(Addresses::default());
    state
}

/// Why a Gateway is not accepted, whatever its listeners are: the condition `Accepted`.
fn problem(
    gateway: &v1::Gateway,
    class: &ClassState,
    requested: &Requested,
    snapshot: &Snapshot,
    options: &Options,
) -> Option<ConditionBody> {
    if !class.accepted.holds() {
        return Some(ConditionBody::new(
            ConditionStatus::Undetermined,
            reason::PENDING,
            format!(
                "GatewayClass {} is not accepted: {}",
                gateway.spec.gateway_class_name, class.accepted.message
            ),
        ));
    }
    if let Requested::Unsupported(problem) = requested {
        return Some(ConditionBody::new(
            false,
            reason::UNSUPPORTED_ADDRESS,
            problem.clone(),
        ));
    }
    let parameters = gateway
        .spec
        .parameters_ref()
        .map(|reference| reference.resolve(object::namespace(&gateway.metadata)));
    let problem = parameters.and_then(|p| parameters_problem(&p, snapshot, options))?;
    Some(ConditionBody::new(
        false,
        reason::INVALID_PARAMETERS,
        problem,
    ))
}

/// The condition `Accepted` of a Gateway as far as it follows from its listeners: it needs one that is valid,
/// and names those that are not (Gateway `spec.listeners`).
fn valid_listeners(listeners: &[ListenerState]) -> ConditionBody {
    let bad: Vec<&ListenerState> = listeners.iter().filter(|l| !l.in_force()).collect();
    let good = || listeners.iter().filter(|l| l.in_force());
    if listeners.is_empty() {
        return ConditionBody::new(
            false,
            reason::LISTENERS_NOT_VALID,
            "the Gateway has no listener: expected at least one in `spec.listeners`",
        );
    }
    if bad.is_empty() {
        return ConditionBody::new(true, reason::ACCEPTED, "every listener is valid");
    }
    let mut texts = Vec::new();
    let conflicted = || bad.iter().filter(|l| l.conflicted.holds());
    if conflicted().next().is_some() {
        let names = names(conflicted().map(|l| &*l.name));
        texts.push(format!("listeners conflict and are rejected: {names}"));
    }
    let others: Vec<String> = bad
        .iter()
        .filter(|l| !l.conflicted.holds())
        .map(|l| format!("listener `{}`: {}", l.name, why_not_in_force(l)))
        .collect();
    if !others.is_empty() {
        texts.push(join(&others));
    }
    let texts = texts.join("; ");
    if good().next().is_none() {
        let message = format!("no listener is serving: {texts}");
        return ConditionBody::new(false, reason::LISTENERS_NOT_VALID, message);
    }
    let message = format!("{texts}; serving: {}", names(good().map(|l| &*l.name)));
    ConditionBody::new(true, reason::LISTENERS_NOT_VALID, message)
}

/// What keeps a listener from taking traffic: its conditions, and their types.
fn obstacles(listener: &ListenerState) -> impl Iterator<Item = (&'static str, &ConditionBody)> {
    let accepted =
        (!listener.accepted.holds()).then_some((on_listener::ACCEPTED, &listener.accepted));
    let conflicted =
        (listener.conflicted.holds()).then_some((on_listener::CONFLICTED, &listener.conflicted));
    let unresolved = (accepted.is_none() && !listener.usable)
        .then_some((on_listener::RESOLVED_REFS, &listener.resolved));
    accepted.into_iter().chain(conflicted).chain(unresolved)
}

/// Why a listener takes no traffic.
pub(super) fn why_not_in_force(listener: &ListenerState) -> String {
    let texts: Vec<&str> = obstacles(listener)
        .map(|(_, finding)| finding.message.as_str())
        .collect();
    texts.join("; ")
}

impl GatewayState {
    /// Gives the Gateway its addresses.
    pub(super) fn bind(&mut self, addresses: Addresses) {
        self.addresses = addresses;
        self.programmed = self.programmed();
    }

    /// Whether the Gateway as a whole takes traffic: it is accepted and has every address that it asks for
    /// (Gateway condition `Programmed`).
    pub(super) fn serves(&self) -> bool {
        self.programmed.holds()
    }

    /// Why it cannot have an address that it asks for.
    pub(super) fn address_problem(&self) -> Option<&str> {
        let about = [reason::UNSUPPORTED_ADDRESS, reason::ADDRESS_NOT_USABLE];
        let findings = [&self.accepted, &self.programmed].into_iter();
        let mut findings = findings.filter(|finding| about.contains(&finding.reason));
        findings.next().map(|finding| finding.message.as_str())
    }

    /// What keeps the Gateway as a whole from taking traffic: a condition and its type.
    pub(super) fn obstacle(&self) -> Option<(&'static str, &ConditionBody)> {
        if !self.accepted.holds() {
            return Some((condition::gateway::ACCEPTED, &self.accepted));
        }
        (!self.programmed.holds()).then_some((condition::gateway::PROGRAMMED, &self.programmed))
    }

    /// The same as a clause, for whoever is concerned.
    pub(super) fn describe_obstacle(&self) -> Option<String> {
        let (kind, finding) = self.obstacle()?;
        let state = if kind == condition::gateway::ACCEPTED {
            "accepted"
        } else {
            "programmed"
        };
        Some(format!("the Gateway is not {state}: {}", finding.message))
    }

    /// Whether routes stand at this Gateway as they do at the other, whatever the addresses of the two are, and whether or not it is
    /// the same object.
    pub(super) fn is_same_to_routes(&self, other: &Self) -> bool {
        let same_otherwise = Self {
            uid: other.uid.clone(),
            addresses: other.addresses.clone(),
            ..self.clone()
        };
        same_otherwise == *other
    }

    /// The listeners that take no traffic.
    pub(super) fn idle(&self) -> Vec<IdleListener> {
        let say = |(kind, finding): (&str, &ConditionBody)| {
            let status = finding.status.as_str();
            format!("{kind} {status} ({}): {}", finding.reason, finding.message)
        };
        let idle = |listener: &ListenerState| {
            let why: Vec<String> = if !listener.in_force() {
                obstacles(listener).map(say).collect()
            } else {
                vec![format!("its Gateway: {}", say(self.obstacle()?))]
            };
            Some(IdleListener {
                name: listener.name.to_string(),
                port: listener.port,
                protocol: listener.protocol.clone(),
                hostname: listener.hostname.clone(),
                asks_clients: listener
                    .tls
                    .as_ref()
                    .is_some_and(|tls| tls.client_validation.is_some()),
                why: why.join("; "),
            })
        };
        self.listeners.iter().filter_map(idle).collect()
    }

    /// The certificate that the Gateway shows to backends, if it has one that can be used.
    pub(super) fn client_certificate(&self) -> Option<Arc<Certificate>> {
        self.client.as_ref()?.as_ref().ok().cloned()
    }

    /// Says which listeners let clients in that have no valid certificate, if any do.
    fn insecure(&self) -> Option<ConditionBody> {
        let lets_in = |listener: &&ListenerState| {
            let validation = listener.tls.as_ref()?.client_validation.as_ref()?;
            (validation.mode == FrontendValidationModeType::AllowInsecureFallback).then_some(())
        };
        let mut listeners = self
            .listeners
            .iter()
            .filter(|l| lets_in(l).is_some())
            .peekable();
        listeners.peek()?;
        let names = names(listeners.map(|listener| &*listener.name));
        let text = format!(
            "`mode` is AllowInsecureFallback: clients without a valid certificate are let in by {names}"
        );
        Some(ConditionBody::new(
            true,
            reason::CONFIGURATION_CHANGED,
            text,
        ))
    }

    /// Whether anything but the data plane keeps the Gateway from being programmed: the condition `Programmed` where it
    /// reports that it has done its part.
    fn programmed(&self) -> ConditionBody {
        if !self.accepted.holds() {
            return ConditionBody::new(
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
        let unusable = match &self.requested {
            Requested::Static { unusable, .. } => unusable.as_slice(),
            Requested::None | Requested::Unsupported(_) => &[],
        };
        let taken = &self.addresses.taken;
        let unusable: Vec<String> = unusable.iter().chain(taken).cloned().collect();
        match &self.requested {
            _ if !unusable.is_empty() => {
                ConditionBody::new(false, reason::ADDRESS_NOT_USABLE, join(&unusable))
            }
            Requested::None
                if self.addresses.bound.is_empty() && self.addresses.awaited.is_none() =>
            {
                ConditionBody::new(
                    false,
                    reason::ADDRESS_NOT_ASSIGNED,
                    "every address of the pool is taken",
                )
            }
            _ if !self.addresses.unassigned.is_empty() => {
                let kinds = self.addresses.unassigned.iter();
                let kinds: Vec<String> = kinds.map(|kind| format!("`{kind}`")).collect();
                let text = format!(
                    "no address is free for one that is asked for without a `value`, of type {}",
                    kinds.join(", ")
                );
                ConditionBody::new(false, reason::ADDRESS_NOT_ASSIGNED, text)
            }
            _ => ConditionBody::new(true, reason::PROGRAMMED, "the Gateway takes traffic"),
        }
    }

    /// The condition `Programmed`. `reported` is what the data plane says.
    fn programmed_as(&self, reported: ConditionBody) -> ConditionBody {
        if !self.programmed.holds() {
            return self.programmed.clone();
        }
        match &self.addresses.awaited {
            // Why the data plane cannot take traffic says more than that it has no address, which often follows from it.
            Some(awaited) if reported.status != ConditionStatus::False => {
                ConditionBody::new(false, reason::ADDRESS_NOT_ASSIGNED, awaited.clone())
            }
            _ => reported,
        }
    }

    /// The status that the Gateway ought to have; `attached` counts routes, a number for each listener;
    /// `without_room` are the policies that cannot name it as their ancestor; `reported` is what the data plane says, as
    /// the condition `Programmed`, and `of_listener` what it says of a listener that takes no traffic where the Gateway does.
    pub(super) fn status<'a>(
        &self,
        attached: &[u32],
        without_room: impl Iterator<Item = &'a ObjectRef>,
        reported: ConditionBody,
        of_listener: impl Fn(&str) -> Option<ConditionBody>,
    ) -> GatewayStatus {
        let generation = self.generation;
        let mut programmed = self.programmed_as(reported);
        let of_listeners = programmed.clone();
        let policies: Vec<String> = without_room.map(ToString::to_string).collect();
        if !policies.is_empty() {
            programmed.message.push_str(&format!(
                "; no route can refer to the targets of policies that have no room for this Gateway among {MAX_ANCESTORS} ancestors: {}",
                join(&policies)
            ));
        }
        let mut conditions = vec![
            self.accepted
                .condition(condition::gateway::ACCEPTED, generation),
            programmed.condition(condition::gateway::PROGRAMMED, generation),
        ];
        if let Some(client) = &self.client {
            let resolved = match client {
                Ok(_) => {
                    ConditionBody::new(true, reason::RESOLVED_REFS, "all references are resolved")
                }
                Err((on_listener::reason::REF_NOT_PERMITTED, text)) => {
                    ConditionBody::new(false, reason::REF_NOT_PERMITTED, text.clone())
                }
                Err((_, text)) => {
                    ConditionBody::new(false, reason::INVALID_CLIENT_CERTIFICATE_REF, text.clone())
                }
            };
            conditions.push(resolved.condition(condition::gateway::RESOLVED_REFS, generation));
        }
        if let Some(insecure) = self.insecure() {
            let kind = condition::gateway::INSECURE_FRONTEND_VALIDATION_MODE;
            conditions.push(insecure.condition(kind, generation));
        }
        if let Some(not_valid) = &self.listeners_not_valid {
            conditions
                .push(not_valid.condition(condition::gateway::LISTENERS_NOT_VALID, generation));
        }
        GatewayStatus {
            attached_listener_sets: None,
            addresses: if self.accepted.status == ConditionStatus::Undetermined {
                Vec::new()
            } else {
                self.addresses.bound.clone()
            },
            conditions,
            listeners: self
                .listeners
                .iter()
                .enumerate()
                .map(|(index, listener)| {
                    let count = attached.get(index).copied().unwrap_or_default();
                    let reported = of_listener(&listener.name);
                    self.listener_status(listener, count, &of_listeners, reported)
                })
                .collect(),
        }
    }

    /// The status of a listener; `of_gateway` is the condition `Programmed` of the Gateway, `reported` what keeps the listener from
    /// being so.
    fn listener_status(
        &self,
        listener: &ListenerState,
        attached: u32,
        of_gateway: &ConditionBody,
        reported: Option<ConditionBody>,
    ) -> ListenerStatus {
        let generation = self.generation;
        let accepted = if listener.accepted.holds() && listener.conflicted.holds() {
            ConditionBody {
                status: ConditionStatus::False,
                ..listener.conflicted.clone()
            }
        } else {
            listener.accepted.clone()
        };
        let programmed = if !listener.in_force() {
            ConditionBody::new(
                false,
                on_listener::reason::INVALID,
                why_not_in_force(listener),
            )
        } else if let Some(obstacle) = self.describe_obstacle() {
            ConditionBody::new(false, on_listener::reason::PENDING, obstacle)
        } else if let Some(failed) = reported
            .as_ref()
            .filter(|reported| reported.status == ConditionStatus::False)
        {
            failed.clone()
        } else if !of_gateway.holds() {
            let why = format!("the Gateway is not programmed: {}", of_gateway.message);
            ConditionBody::new(of_gateway.status.clone(), on_listener::reason::PENDING, why)
        } else {
            reported.unwrap_or_else(|| {
                let why = "the listener takes traffic";
                ConditionBody::new(true, on_listener::reason::PROGRAMMED, why)
            })
        };
        ListenerStatus {
            name: listener.name.to_string(),
            supported_kinds: Some(listener.supported_kinds.clone()),
            attached_routes: attached_routes(attached),
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

/// The number of attached routes as a status has it.
pub(super) fn attached_routes(counted: u32) -> i32 {
    i32::try_from(counted).unwrap_or(i32::MAX)
}
