//! For which Gateways the status of a policy speaks, and for which it has no room (PolicyStatus `ancestors`).

use super::results::{TargetResult, at_gateway};
use crate::{
    attachment::{
        Snapshot,
        backend::policy::{Policy, PolicyId},
        condition_body::join,
        gateway::GatewayState,
        objects::object::gateway_reference,
    },
    meta::{NamespacedName, Seniority, condition},
    v1::ParentReference,
    v1alpha2::{MAX_ANCESTORS, PolicyAncestorStatus, PolicyStatus},
};
use std::collections::{BTreeMap, BTreeSet};

/// The Gateways with traffic that a policy is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::attachment) struct Ancestors {
    /// Those for which the status speaks, and their controllers.
    held: BTreeMap<NamespacedName, String>,
    /// Those for which it has no room, with traffic to a target for which the policy goes before others. There it cannot be
    /// implemented.
    pub(in crate::attachment) without_room: BTreeSet<NamespacedName>,
}

impl Ancestors {
    /// Shares out the room of a policy's status. Gateways that have an entry keep it; then come older
    /// Gateways, then the first by name. `own` says which controller names are ours.
    ///
    /// The senders of a target are not gone through one by one unless the policy wins it: hundreds of policies may be for one
    /// target with thousands of Gateways.
    pub(in crate::attachment) fn of(
        id: &PolicyId,
        snapshot: &Snapshot,
        results: &[TargetResult],
        gateways: &BTreeMap<NamespacedName, GatewayState>,
        own: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let policy = Policy::get(snapshot, id)?;
        let present = policy.status().map(|status| status.ancestors.as_slice());
        let (ours, others): (Vec<_>, Vec<_>) = present
            .unwrap_or_default()
            .iter()
            .partition(|entry| own(&entry.controller_name));
        let mut present: BTreeSet<Seniority> = BTreeSet::new();
        for entry in ours {
            let ancestor = entry.ancestor_ref.resolve(&id.name.namespace);
            let name = ancestor.namespaced_name();
            if let Some(gateway) = gateways.get(&name)
                && ancestor == gateway_reference(&name)
                && gateway.controller == entry.controller_name
                && results.iter().any(|r| r.senders.gateways.contains(&name))
            {
                present.insert(Seniority::new(gateway.age, name));
            }
        }
        let room = MAX_ANCESTORS.saturating_sub(others.len());
        // Among the first of each list, as many as there is room for are new.
        let first = results.iter().flat_map(|result| {
            let new = result.senders.by_seniority.iter();
            new.filter(|gateway| !present.contains(gateway)).take(room)
        });
        let first: BTreeSet<&Seniority> = first.collect();
        let held: BTreeMap<NamespacedName, String> = present
            .iter()
            .chain(first)
            .take(room)
            .filter_map(|Seniority { name, .. }| {
                let gateway = gateways.get(name)?;
                Some((name.clone(), gateway.controller.clone()))
            })
            .collect();
        let won = results.iter().filter(|result| result.wins);
        let without_room = won
            .flat_map(|result| result.senders.gateways.iter())
            .filter(|name| gateways.contains_key(*name) && !held.contains_key(*name));
        Some(Self {
            without_room: without_room.cloned().collect(),
            held,
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
