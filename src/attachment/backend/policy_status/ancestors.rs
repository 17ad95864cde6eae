//! For which Gateways the status of a policy speaks, and for which it has no room (PolicyStatus `ancestors`).

use super::results::{TargetResult, at_gateway};
use crate::{
    attachment::{
        Snapshot,
        backend::policy::{Policy, PolicyId},
        finding::join,
        gateway::GatewayState,
        objects::object::gateway_reference,
    },
    meta::{NamespacedName, ObjectRef, Seniority, condition},
    v1::ParentReference,
    v1alpha2::{MAX_ANCESTORS, PolicyAncestorStatus, PolicyStatus},
};
use std::collections::{BTreeMap, BTreeSet};

/// The Gateways with traffic that a policy is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::attachment) struct Ancestors {
    /// Those for which the status speaks, and their controllers.
    held: BTreeMap<NamespacedName, String>,
    /// Those for which it has no room. There the policy cannot be implemented.
    pub(in crate::attachment) without_room: BTreeSet<NamespacedName>,
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
        let present: BTreeSet<(ObjectRef, &str)> = ours
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
        })
    }
}

/// The status that a policy ought to have: an entry for each Gateway with traffic that the policy is for, and
/// nothing else. What there is to say beyond that is in [`Resolution::policies`](crate::attachment::Resolution).
pub(in crate::attachment) fn status(
    id: &PolicyId,
    snapshot: &Snapshot,
    results: &[TargetResult],
    ancestors: &Ancestors,
) -> PolicyStatus {
    let Some(policy) = Policy::get(snapshot, id) else {
        return PolicyStatus::default();
    };
    let generation = policy.metadata().generation;
    let without_room: Vec<String> = ancestors
        .without_room
        .iter()
        .map(|name| format!("Gateway {name}"))
        .collect();
    let resolved = results.iter().find_map(|result| result.resolved.as_ref());
    let resolved = resolved.map(|r| r.condition(condition::policy::RESOLVED_REFS, generation));
    let entry = |(gateway, controller): (&NamespacedName, &String)| {
        let mut finding = at_gateway(results, gateway);
        if finding.holds() && !without_room.is_empty() {
            finding.message.push_str(&format!(
                "; there is no room for more than {MAX_ANCESTORS} ancestors, so that no route can refer to the target at: {}",
                join(&without_room)
            ));
        }
        let reference = gateway_reference(gateway);
        PolicyAncestorStatus {
            ancestor_ref: ParentReference {
                group: Some(reference.group),
                kind: Some(reference.kind),
                namespace: Some(reference.namespace),
                name: reference.name,
                ..Default::default()
            },
            controller_name: controller.clone(),
            conditions: [finding.condition(condition::policy::ACCEPTED, generation)]
                .into_iter()
                .chain(resolved.clone())
                .collect(),
        }
    };
    PolicyStatus {
        ancestors: ancestors.held.iter().map(entry).collect(),
    }
}
