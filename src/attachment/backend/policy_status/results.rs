//! What becomes of a policy at each of its targets.

use super::traffic::{self, BackendPart, Senders, Traffics};
use crate::{
    attachment::{
        PolicyTarget, Snapshot, WonBy,
        backend::{
            BackendKey,
            policy::{Checked, Policy, PolicyId, PolicyKind, TargetRef},
        },
        condition_body::{ConditionBody, join},
        objects::object::BACKEND_KINDS,
        unimplemented::is_unimplemented_kind,
    },
    meta::{NamespacedName, ObjectRef, condition::policy::reason, unexpected_kind},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A policy at one of its targets.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct TargetResult {
    target: TargetRef,
    /// Whether the policy is valid and no other goes before it here.
    finding: ConditionBody,
    /// The condition `ResolvedRefs` of the policy, the same at every target; where the release has it.
    pub(super) resolved: Option<ConditionBody>,
    /// What is wrong here, whether or not the policy is valid.
    problem: Option<String>,
    /// Whether it is the policy for this target, valid or not, before all others.
    pub(super) wins: bool,
    /// Who has traffic to the target that is of the kind which the policy is for.
    pub(super) senders: Arc<Senders>,
    /// Why there is none.
    unused: Option<Arc<str>>,
    /// There is traffic, and none of it is for this policy: it is of other kinds, or to ports with a policy of their own.
    only_other_traffic: bool,
    /// See [`PolicyTarget::yields_to`].
    yields_to: BTreeMap<String, ObjectRef>,
}

impl TargetResult {
    /// Why the policy has no effect on the target; nothing if it has, or would have if there were traffic.
    pub(in crate::attachment) fn problem(&self) -> Option<&str> {
        let unused = self.unused.as_deref().filter(|_| self.only_other_traffic);
        self.problem.as_deref().or(unused)
    }
}

/// A result for each target of a policy, in the order of the spec; nothing if the policy is not there.
pub(in crate::attachment) fn results(
    id: &PolicyId,
    traffics: &mut Traffics<'_>,
) -> Option<Vec<TargetResult>> {
    let world = traffics.world();
    let policy = Policy::get(world.snapshot, id)?;
    let Checked { valid, resolved } = policy.check(world.snapshot, world.options);
    let targets = policy.targets().into_iter();
    Some(
        targets
            .map(|target| {
                let key = BackendKey::of(&target.reference);
                let state = key.as_ref().and_then(|key| world.backends.get(key));
                let section = target.section.as_deref();
                let winner = state.and_then(|state| state.policies.winner(id.kind, section));
                let wins = winner.is_some_and(|winner| *winner == id.reference());
                let parts = traffics.to(id.kind, &target.reference);
                let part = parts.part(section);
                let other = winner.filter(|_| !wins).map(|winner| {
                    let id = PolicyId {
                        kind: id.kind,
                        name: winner.namespaced_name(),
                    };
                    let other = Policy::get(world.snapshot, &id);
                    let checked = other.map(|other| other.check(world.snapshot, world.options));
                    (winner, checked.is_some_and(|checked| checked.valid.is_ok()))
                });
                let found = find(
                    (id, policy, valid.is_ok()),
                    &target,
                    state.map(|_| part),
                    other,
                    world.snapshot,
                );
                let problem = (!found.holds()).then(|| found.message.clone());
                let finding = match &valid {
                    Err((reason, wrong)) => {
                        let all: Vec<String> =
                            [wrong.clone()].into_iter().chain(problem.clone()).collect();
                        ConditionBody::new(false, reason, join(&all))
                    }
                    Ok(()) => found,
                };
                TargetResult {
                    target,
                    finding,
                    resolved: resolved.clone(),
                    problem,
                    wins,
                    senders: part.senders.clone(),
                    only_other_traffic: part.unused.is_some() && part.used,
                    unused: part.unused.clone(),
                    yields_to: part.yields_to.clone(),
                }
            })
            .collect(),
    )
}

/// Whether a policy applies to a target, if it is valid and there is traffic for it. `other` is the policy that goes before it, and
/// whether that is valid.
fn find(
    (id, policy, valid): (&PolicyId, Policy<'_>, bool),
    target: &TargetRef,
    part: Option<&BackendPart>,
    other: Option<(&ObjectRef, bool)>,
    snapshot: &Snapshot,
) -> ConditionBody {
    let reference = &target.reference;
    let refuse = |reason, text: String| ConditionBody::new(false, reason, text);
    if BackendKey::of(reference).is_none() {
        let verb = if is_unimplemented_kind(&reference.group_kind()) {
            "is not implemented as"
        } else {
            "cannot be"
        };
        let not = format!("{verb} the target of a {}", id.reference().kind);
        let text = unexpected_kind(reference, &not, BACKEND_KINDS);
        return refuse(reason::INVALID, text);
    }
    let Some(part) = part else {
        let mut text = snapshot.absent(reference).to_string();
        if !snapshot.is_left_out(reference) {
            text.push_str("; the target of a policy is in the policy's own namespace");
        }
        return refuse(reason::TARGET_NOT_FOUND, text);
    };
    if let (true, Some(section)) = (part.is_absent, &target.section) {
        let text = format!("{reference} has no port named `{section}`");
        return refuse(reason::TARGET_NOT_FOUND, text);
    }
    let name = target.describe();
    if id.kind == PolicyKind::Tls && part.is_udp {
        let text = format!("{name} is for UDP: a BackendTLSPolicy is for TCP alone");
        return refuse(reason::INVALID, text);
    }
    match other {
        Some((winner, winner_valid)) => {
            let other = PolicyId {
                kind: id.kind,
                name: winner.namespaced_name(),
            };
            let winning = Policy::get(snapshot, &other);
            let won_by = winning
                .map(|winning| WonBy::seniority(&winning.seniority(), &policy.seniority()))
                .filter(|_| valid || !winner_valid);
            let criterion = match won_by {
                Some(WonBy::KnownAge) => {
                    "it has a creationTimestamp and this policy has none".to_owned()
                }
                Some(won_by) => won_by.between(&other.name, &id.name).to_string(),
                // A policy that is not valid does not compete with a valid one: which is older does not decide.
                None => format!("{} is not valid", id.reference()),
            };
            let text = match winner_valid {
                true => format!("{winner} applies to {name} instead: {criterion}"),
                // Nothing is sent to the backend, whichever of the two is removed.
                false => {
                    format!("{winner} goes first for {name} and is not valid either: {criterion}")
                }
            };
            refuse(reason::CONFLICTED, text)
        }
        None => {
            let text = if id.kind == PolicyKind::Tls && part.has_udp {
                format!("the policy applies to the TCP ports of {name}, not to those for UDP")
            } else {
                format!("the policy applies to {name}")
            };
            ConditionBody::new(true, reason::ACCEPTED, text)
        }
    }
}

impl TargetRef {
    fn describe(&self) -> String {
        traffic::describe(&self.reference, self.section.as_deref())
    }
}

/// What a policy's status has to say for one Gateway.
pub(super) fn at_gateway(results: &[TargetResult], gateway: &NamespacedName) -> ConditionBody {
    let concerned = || {
        let here = results
            .iter()
            .filter(|r| r.senders.gateways.contains(gateway));
        here.map(|result| &result.finding)
    };
    let said = |accepted: bool| -> Vec<String> {
        let findings = concerned().filter(|finding| finding.holds() == accepted);
        let mut seen = BTreeSet::new();
        findings
            .map(|finding| finding.message.clone())
            .filter(|text| seen.insert(text.clone()))
            .collect()
    };
    let applies = join(&said(true));
    match concerned().find(|finding| !finding.holds()) {
        None => ConditionBody::new(true, reason::ACCEPTED, applies),
        Some(first) => {
            let mut text = join(&said(false));
            if !applies.is_empty() {
                text = format!("{text}; {applies}");
            }
            ConditionBody::new(false, first.reason, text)
        }
    }
}

/// The same for whoever asks what became of a policy.
pub(in crate::attachment) fn describe(results: &[TargetResult]) -> Vec<PolicyTarget> {
    let one = |result: &TargetResult| {
        let accepted = result.finding.holds();
        PolicyTarget {
            target: result.target.reference.clone(),
            section: result.target.section.clone(),
            accepted,
            reason: result.finding.reason,
            why: match &result.unused {
                Some(unused) if accepted => unused.to_string(),
                _ => result.finding.message.clone(),
            },
            gateways: result.senders.gateways.clone(),
            mesh: result.senders.mesh,
            yields_to: result.yields_to.clone(),
            has_traffic: result.unused.is_none() || result.only_other_traffic,
        }
    };
    results.iter().map(one).collect()
}
