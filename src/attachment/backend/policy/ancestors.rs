//! For which Gateways the status of a policy speaks, and for which it has no room (PolicyStatus `ancestors`).

use super::{Policy, PolicyId};
use crate::{
    attachment::{
        Snapshot,
        finding::{Finding, join},
        gateway::GatewayState,
        objects::object::gateway_reference,
    },
    meta::{NamespacedName, ObjectReference, Seniority, condition},
    v1::ParentReference,
    v1alpha2::{MAX_ANCESTORS, PolicyAncestorStatus, PolicyStatus},
};
use std::collections::{BTreeMap, BTreeSet};

/// The Gateways through which the effect of a policy is felt.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::attachment) struct Ancestors {
    /// Those for which the status speaks, and their controllers.
    held: BTreeMap<NamespacedName, String>,
    /// Those for which it has no room. There the policy cannot be implemented.
    pub(in crate::attachment) without_room: BTreeSet<NamespacedName>,
    /// How many entries can be ours: the status holds [`MAX_ANCESTORS`], those of other controllers included.
    room: usize,
}

impl Ancestors {
    /// Shares out the room of a policy's status. Gateways that have an entry keep it; then come older
    /// Gateways, then the first by name. `own` says which controller names are ours.
    pub(in crate::attachment) fn of<'a>(
        id: &PolicyId,
        snapshot: &Snapshot,
        gateways: impl Iterator<Item = &'a GatewayState>,
        own: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let policy = Policy::get(snapshot, id)?;
        let present = policy.status().map(|status| status.ancestors.as_slice());
        let (ours, others): (Vec<_>, Vec<_>) = present
            .unwrap_or_default()
            .iter()
            .partition(|entry| own(&entry.controller_name));
        let present: BTreeSet<(ObjectReference, &str)> = ours
            .iter()
            .map(|entry| {
                let ancestor = entry.ancestor_ref.resolve(&id.name.namespace);
                (ancestor, entry.controller_name.as_str())
            })
            .collect();
        let mut waiting: Vec<&GatewayState> = gateways.collect();
        waiting.sort_by_cached_key(|gateway| {
            let entry = (
                gateway_reference(&gateway.name),
                gateway.controller.as_str(),
            );
            (
                !present.contains(&entry),
                Seniority::new(gateway.age, gateway.name.clone()),
            )
        });
        let room = MAX_ANCESTORS.saturating_sub(others.len());
        let without_room = waiting.iter().skip(room);
        Some(Self {
            without_room: without_room.map(|gateway| gateway.name.clone()).collect(),
            held: waiting
                .iter()
                .take(room)
                .map(|gateway| (gateway.name.clone(), gateway.controller.clone()))
                .collect(),
            room,
        })
    }
}

/// The status that a policy ought to have: an entry for each Gateway through which its effect is felt. A
/// policy that holds for nothing and has a problem says so at its target.
pub(in crate::attachment) fn status(
    id: &PolicyId,
    snapshot: &Snapshot,
    mut finding: Finding,
    ancestors: &Ancestors,
    controller: &str,
) -> PolicyStatus {
    let Some(policy) = Policy::get(snapshot, id) else {
        return PolicyStatus::default();
    };
    if finding.holds() && !ancestors.without_room.is_empty() {
        let names: Vec<String> = ancestors
            .without_room
            .iter()
            .map(|name| format!("Gateway {name}"))
            .collect();
        finding.message = format!(
            "{} for the Gateways named here; there is no room for more than {MAX_ANCESTORS} ancestors, so that no route can refer to the target at: {}",
            finding.message,
            join(&names)
        );
    }
    let generation = policy.metadata().generation;
    let entry = |reference: ObjectReference, controller: &str| PolicyAncestorStatus {
        ancestor_ref: ParentReference {
            group: Some(reference.group),
            kind: Some(reference.kind),
            namespace: Some(reference.namespace),
            name: reference.name,
            ..Default::default()
        },
        controller_name: controller.to_owned(),
        conditions: vec![finding.condition(condition::policy::ACCEPTED, generation)],
    };
    let mut entries: Vec<PolicyAncestorStatus> = ancestors
        .held
        .iter()
        .map(|(gateway, controller)| entry(gateway_reference(gateway), controller))
        .collect();
    if entries.is_empty() && !finding.holds() {
        let targets: BTreeSet<ObjectReference> =
            policy.targets().into_iter().map(|t| t.reference).collect();
        let targets = targets.into_iter().take(ancestors.room);
        entries = targets.map(|target| entry(target, controller)).collect();
    }
    PolicyStatus { ancestors: entries }
}
