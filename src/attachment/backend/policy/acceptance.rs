//! What the status of a policy says of it, whatever its ancestors are.

use super::{Policy, PolicyId, Target};
use crate::{
    attachment::{
        Snapshot,
        backend::{key::BackendKey, service::BackendState},
        finding::{Finding, join},
    },
    meta::condition::policy::reason,
};
use std::collections::HashMap;

/// What a policy's status has to say, before it is known for which ancestors.
pub(in crate::attachment) fn accept(
    id: &PolicyId,
    snapshot: &Snapshot,
    backends: &HashMap<BackendKey, BackendState>,
) -> Option<Finding> {
    let policy = Policy::get(snapshot, id)?;
    let mut problems: Vec<(&'static str, String)> = Vec::new();
    if let Err(problem) = policy.check(snapshot) {
        problems.push((reason::INVALID, problem));
    }
    for target in policy.targets() {
        problems.extend(target_problem(id, &target, snapshot, backends));
    }
    Some(match problems.first() {
        None => Finding::new(true, reason::ACCEPTED, "the policy is in force"),
        Some((reason, _)) => {
            let texts: Vec<String> = problems.iter().map(|(_, text)| text.clone()).collect();
            Finding::new(false, reason, join(&texts))
        }
    })
}

/// Why a policy has no effect on one of its targets, with the reason; nothing if it has.
pub(in crate::attachment) fn target_problem(
    id: &PolicyId,
    target: &Target,
    snapshot: &Snapshot,
    backends: &HashMap<BackendKey, BackendState>,
) -> Option<(&'static str, String)> {
    let reference = &target.reference;
    let Some(key) = BackendKey::of(reference) else {
        let text = format!(
            "a {} cannot be the target: expected a Service",
            reference.group_kind()
        );
        return Some((reason::INVALID, text));
    };
    let ports: Option<Vec<Option<&str>>> = if key.import {
        snapshot.service_imports().get(&key.name).map(|import| {
            import
                .spec
                .ports
                .iter()
                .map(|p| p.name.as_deref())
                .collect()
        })
    } else {
        snapshot.services().get(&key.name).map(|service| {
            service
                .spec
                .iter()
                .flat_map(|spec| spec.ports.iter().flatten())
                .map(|port| port.name.as_deref())
                .collect()
        })
    };
    let Some(ports) = ports else {
        return Some((
            reason::TARGET_NOT_FOUND,
            format!("{reference} does not exist"),
        ));
    };
    let missing_section = target
        .section
        .as_deref()
        .filter(|section| !ports.contains(&Some(section)));
    if let Some(section) = missing_section {
        let text = format!("{reference} has no port named `{section}`");
        return Some((reason::TARGET_NOT_FOUND, text));
    }
    let policies = &backends.get(&key)?.policies;
    let holder = policies.holder(id.kind, target.section.as_deref())?;
    (*holder != id.reference()).then(|| {
        let text = format!("{holder} is older and holds {reference}");
        (reason::CONFLICTED, text)
    })
}
