//! What was found out about a route: its rules, and how it stands at each parent by itself.

use super::rules::Built;
use crate::{
    attachment::{
        backend::BackendKey, condition_body::ConditionBody, effective::EffectiveHostname,
    },
    meta::{Age, NamespacedName},
    v1::ParentReference,
};
use std::{collections::BTreeMap, sync::Arc};

/// A route and what was found out about it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct RouteState {
    pub(in crate::attachment) generation: Option<i64>,
    pub(in crate::attachment) age: Age,
    /// With Gateways as parents.
    pub(in crate::attachment) built: Built,
    /// With Services as parents, where that makes a difference.
    pub(in crate::attachment) mesh: Option<Built>,
    /// At listeners that pass TLS through, where that makes a difference.
    pub(in crate::attachment) passthrough: Option<Built>,
    /// With Gateways as parents for which a policy of a backend has no room.
    pub(in crate::attachment) without_room: BTreeMap<NamespacedName, Built>,
    pub(in crate::attachment) parents: Vec<ParentState>,
}

/// A route at one of its parents.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct ParentState {
    pub(in crate::attachment) reference: ParentReference,
    pub(in crate::attachment) target: ParentTarget,
    /// The controller under whose name the status is written; nothing for parents that are not ours.
    pub(in crate::attachment) controller: Option<String>,
    pub(in crate::attachment) accepted: ConditionBody,
    /// The parent rejects the route for its rules alone, and these answer their requests with an error.
    pub(in crate::attachment) fails: bool,
}

impl ParentState {
    /// Whether requests come to the rules of the route here, as far as other routes do not exclude it.
    pub(in crate::attachment) fn has_place(&self) -> bool {
        self.accepted.holds() || self.fails
    }
}

/// What a parentRef leads to.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) enum ParentTarget {
    Gateway {
        name: NamespacedName,
        /// The listeners that the parentRef selects by name and port.
        listeners: Vec<AtOne>,
        /// Why other listeners do not accept the route, for people.
        refused: String,
    },
    Service {
        key: BackendKey,
        /// The port that is meant; all of them without one.
        port: Option<u16>,
    },
    /// Not ours, or not there.
    Nothing,
}

impl RouteState {
    /// The rules at a listener of a Gateway, which passes TLS through or does not.
    pub(in crate::attachment) fn at_listener(
        &self,
        gateway: &NamespacedName,
        passes_through: bool,
    ) -> &Built {
        match &self.passthrough {
            Some(built) if passes_through => built,
            _ => self.without_room.get(gateway).unwrap_or(&self.built),
        }
    }

    /// The rules at Services.
    pub(in crate::attachment) fn at_services(&self) -> &Built {
        self.mesh.as_ref().unwrap_or(&self.built)
    }

    /// Whether what the rules do with requests is the same, wherever the route is attached.
    pub(in crate::attachment) fn has_same_rules(&self, other: &Self) -> bool {
        let rules = |built: &Option<Built>| built.as_ref().map(|built| built.rules.clone());
        let of_full = |state: &Self| state.without_room.clone().into_values();
        self.built.rules == other.built.rules
            && rules(&self.mesh) == rules(&other.mesh)
            && rules(&self.passthrough) == rules(&other.passthrough)
            && self.without_room.keys().eq(other.without_room.keys())
            && of_full(self)
                .map(|built| built.rules)
                .eq(of_full(other).map(|built| built.rules))
    }

    /// Whether Gateways reject the route for its rules alone: it keeps its place at their listeners, and takes none from others.
    pub(in crate::attachment) fn fails(&self) -> bool {
        self.built.fails()
    }

    /// The listeners of a Gateway to which requests for this route come, as far as other routes do not exclude it; each once,
    /// in force or not; in the order of the Gateway's spec.
    pub(in crate::attachment) fn placed_at(
        &self,
        gateway: &NamespacedName,
    ) -> Vec<(usize, &Arc<[EffectiveHostname]>)> {
        let accepted = self
            .at(gateway)
            .filter(|(parent, _)| parent.has_place())
            .flat_map(|(_, listeners)| listeners);
        let mut accepted: Vec<(usize, &Arc<[EffectiveHostname]>)> = accepted
            .filter_map(|listener| match &listener.fit {
                Fit::Accepted { hostnames, .. } => Some((listener.index, hostnames)),
                Fit::Rejected { .. } => None,
            })
            .collect();
        accepted.sort_by_key(|(index, _)| *index);
        accepted.dedup_by_key(|(index, _)| *index);
        accepted
    }

    /// The listeners of a Gateway that select this route by one of these parents, each once: their `attachedRoutes` counts
    /// it.
    pub(in crate::attachment) fn counted_at(
        &self,
        gateway: &NamespacedName,
        by: impl Fn(&ParentState) -> bool,
    ) -> Vec<usize> {
        let mut listeners: Vec<usize> = self
            .at(gateway)
            .filter(|(parent, _)| by(parent))
            .flat_map(|(_, listeners)| listeners)
            .filter(|listener| !matches!(listener.fit, Fit::Rejected { counted: false, .. }))
            .map(|listener| listener.index)
            .collect();
        listeners.sort_unstable();
        listeners.dedup();
        listeners
    }

    /// The parents that are this Gateway, and its listeners that they select.
    fn at<'a>(
        &'a self,
        gateway: &NamespacedName,
    ) -> impl Iterator<Item = (&'a ParentState, &'a [AtOne])> {
        self.parents
            .iter()
            .filter_map(move |parent| match &parent.target {
                ParentTarget::Gateway {
                    name, listeners, ..
                } if name == gateway => Some((parent, listeners.as_slice())),
                _ => None,
            })
    }

    /// The Services and ServiceImports that are among the parents.
    pub(in crate::attachment) fn services(&self) -> impl Iterator<Item = &BackendKey> {
        self.parents
            .iter()
            .filter_map(|parent| match &parent.target {
                ParentTarget::Service { key, .. } => Some(key),
                _ => None,
            })
    }

    /// The Gateways that are among the parents and ours.
    pub(in crate::attachment) fn gateways(&self) -> impl Iterator<Item = &NamespacedName> {
        self.parents
            .iter()
            .filter_map(|parent| match &parent.target {
                ParentTarget::Gateway { name, .. } => Some(name),
                _ => None,
            })
    }
}

/// A listener that a parentRef selects.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct AtOne {
    /// Its place in the Gateway's spec.
    pub(in crate::attachment) index: usize,
    pub(in crate::attachment) name: Arc<str>,
    pub(in crate::attachment) fit: Fit,
}

/// What a listener and its Gateway say of a route, without regard to other routes.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) enum Fit {
    Rejected {
        reason: &'static str,
        /// Whether it counts for `attachedRoutes` where parentRef and `allowedRoutes` alone decide that (`AttachedRoutes::Selected`).
        counted: bool,
        /// All that keeps the route from a listener which is accepted and whose protocol carries the route.
        obstacles: Option<Obstacles>,
    },
    Accepted {
        hostnames: Arc<[EffectiveHostname]>,
        /// Whether the listener takes traffic.
        in_force: bool,
    },
}

impl Fit {
    /// All that keeps the route from the listener, could that take it.
    pub(in crate::attachment) fn obstacles(&self) -> Option<Obstacles> {
        match self {
            Self::Rejected { obstacles, .. } => *obstacles,
            Self::Accepted { .. } => None,
        }
    }
}

/// What keeps a route from a listener that could take it: each of these that is so has to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Obstacles {
    /// The listener's `allowedRoutes.kinds` leave out the kind of the route.
    pub(crate) kind: bool,
    /// The listener takes no routes from the namespace of the route.
    pub(crate) namespace: bool,
    /// The two have no host in common.
    pub(crate) hostname: bool,
}

impl Obstacles {
    /// How many there are.
    pub(crate) fn count(self) -> usize {
        [self.kind, self.namespace, self.hostname]
            .into_iter()
            .filter(|is_so| *is_so)
            .count()
    }
}
