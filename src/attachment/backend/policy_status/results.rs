//! What becomes of a policy at each of its targets.

use crate::{
    attachment::{
        Options, PolicyTarget, Snapshot, WonBy,
        backend::{
            BackendKey, BackendState, PortState,
            policy::{Checked, Policy, PolicyId, PolicyKind, Target},
            usage::{Sender, Traffic, Usage, Use},
        },
        finding::{Finding, join},
        map::Map,
        objects::object::BACKEND_KINDS,
        unimplemented::is_unimplemented_kind,
    },
    meta::{NamespacedName, ObjectRef, condition::policy::reason, unexpected_kind},
};
use std::collections::BTreeSet;

/// A policy at one of its targets.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::attachment) struct TargetResult {
    target: Target,
    /// Whether the policy is valid and no other goes before it here.
    finding: Finding,
    /// The condition `ResolvedRefs` of the policy, the same at every target; where the release has it.
    pub(super) resolved: Option<Finding>,
    /// What is wrong here, whether or not the policy is valid.
    problem: Option<String>,
    /// The Gateways with traffic to the target that is of the kind which the policy is for.
    pub(in crate::attachment) gateways: BTreeSet<NamespacedName>,
    /// The same for a mesh.
    mesh: bool,
    /// Why there are neither.
    unused: Option<String>,
    /// There is traffic, and none of it is of that kind.
    only_other_traffic: bool,
}

impl TargetResult {
    /// Why the policy has no effect on the target; nothing if it has, or would have if there were traffic.
    pub(in crate::attachment) fn problem(&self) -> Option<&str> {
        let unused = self.unused.as_deref().filter(|_| self.only_other_traffic);
        self.problem.as_deref().or(unused)
    }
}

/// What results are made from.
#[derive(Clone, Copy)]
pub(in crate::attachment) struct World<'a> {
    pub(in crate::attachment) snapshot: &'a Snapshot,
    pub(in crate::attachment) options: &'a Options,
    pub(in crate::attachment) backends: &'a Map<BackendKey, BackendState>,
    pub(in crate::attachment) usage: &'a Usage,
}

/// A result for each target of a policy, in the order of the spec; nothing if the policy is not there.
pub(in crate::attachment) fn results(id: &PolicyId, world: World<'_>) -> Option<Vec<TargetResult>> {
    let policy = Policy::get(world.snapshot, id)?;
    let Checked { valid, resolved } = policy.check(world.snapshot, world.options);
    let targets = policy.targets().into_iter();
    Some(
        targets
            .map(|target| {
                let key = BackendKey::of(&target.reference);
                let state = key.as_ref().and_then(|key| world.backends.get(key));
                let found = find(id, policy, valid.is_ok(), &target, state, world.snapshot);
                let problem = (!found.holds()).then(|| found.message.clone());
                let finding = match &valid {
                    Err((reason, problem)) => Finding::new(false, reason, problem.clone()),
                    Ok(()) => found,
                };
                let uses = || key.iter().flat_map(|key| world.usage.of_backend(key));
                let mut gateways = BTreeSet::new();
                let mut mesh = false;
                for one in uses().filter(|one| concerns(id.kind, &target, state, one)) {
                    match &one.sender {
                        Sender::Gateway(name) => _ = gateways.insert(name.clone()),
                        Sender::Mesh => mesh = true,
                    }
                }
                let unused = (gateways.is_empty() && !mesh)
                    .then(|| unused(id.kind, &target.reference, uses()));
                TargetResult {
                    target,
                    finding,
                    resolved: resolved.clone(),
                    problem,
                    gateways,
                    mesh,
                    only_other_traffic: unused.is_some() && uses().next().is_some(),
                    unused,
                }
            })
            .collect(),
    )
}

/// Whether a use of a backend is one that a policy for this target is for.
fn concerns(kind: PolicyKind, target: &Target, state: Option<&BackendState>, one: &Use) -> bool {
    let fits = match (kind, one.traffic) {
        (PolicyKind::Lb, traffic) => traffic == Traffic::Http,
        (PolicyKind::Tls, Traffic::Http | Traffic::Stream) => one.sender != Sender::Mesh,
        (PolicyKind::Tls, Traffic::Passthrough) => false,
        // A policy that asks for nothing but UDP is told at the Gateways with that traffic.
        (PolicyKind::Tls, Traffic::Datagram) => {
            one.sender != Sender::Mesh && state.is_some_and(|state| is_udp(target, state))
        }
    };
    // Where there is no such target, whoever names it is concerned.
    let Some(state) = state else { return fits };
    let datagram = one.traffic == Traffic::Datagram;
    let mut used = state
        .ports
        .iter()
        .filter(|port| Some(port.port) == one.port && (port.protocol == "UDP") == datagram);
    let section = target.section.as_deref();
    fits && match section.filter(|section| has_port(state, section)) {
        Some(section) => used.any(|port| port.name.as_deref() == Some(section)),
        None => used.any(|port| {
            section.is_some()
                || kind == PolicyKind::Lb
                || !state.policies.has_own_tls(port.name.as_deref())
        }),
    }
}

fn has_port(state: &BackendState, name: &str) -> bool {
    state
        .ports
        .iter()
        .any(|port| port.name.as_deref() == Some(name))
}

/// The ports that a target means.
fn ports<'a>(target: &Target, state: &'a BackendState) -> impl Iterator<Item = &'a PortState> {
    let section = target.section.clone();
    let named = move |port: &&PortState| section.is_none() || port.name == section;
    state.ports.iter().filter(named)
}

/// Whether a target means UDP ports alone.
fn is_udp(target: &Target, state: &BackendState) -> bool {
    let mut all = ports(target, state).peekable();
    all.peek().is_some() && all.all(|port| port.protocol == "UDP")
}

/// Whether a policy applies to a target, if it is valid and there is traffic for it.
fn find(
    id: &PolicyId,
    policy: Policy<'_>,
    valid: bool,
    target: &Target,
    state: Option<&BackendState>,
    snapshot: &Snapshot,
) -> Finding {
    let reference = &target.reference;
    let refuse = |reason, text: String| Finding::new(false, reason, text);
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
    let Some(state) = state else {
        let mut text = snapshot.absent(reference).to_string();
        if !snapshot.is_left_out(reference) {
            text.push_str("; the target of a policy is in the policy's own namespace");
        }
        return refuse(reason::TARGET_NOT_FOUND, text);
    };
    let section = target.section.as_deref();
    if let Some(section) = section.filter(|section| !has_port(state, section)) {
        let text = format!("{reference} has no port named `{section}`");
        return refuse(reason::TARGET_NOT_FOUND, text);
    }
    let name = target.describe();
    if id.kind == PolicyKind::Tls && is_udp(target, state) {
        let text = format!("{name} is for UDP: a BackendTLSPolicy is for TCP alone");
        return refuse(reason::INVALID, text);
    }
    match state.policies.winner(id.kind, section) {
        Some(winner) if *winner != id.reference() => {
            let other = PolicyId {
                kind: id.kind,
                name: winner.namespaced_name(),
            };
            // A policy that is not valid does not compete: which is older does not decide.
            let winning = Policy::get(snapshot, &other).filter(|_| valid);
            let winning = winning.map(Policy::seniority);
            let won_by = winning.map(|winning| WonBy::seniority(&winning, &policy.seniority()));
            let criterion = match won_by {
                Some(WonBy::KnownAge) => {
                    "it has a creationTimestamp and this policy has none".to_owned()
                }
                Some(won_by) => won_by.between(&other.name, &id.name).to_string(),
                None => "this policy is not valid".to_owned(),
            };
            let text = format!("{winner} applies to {name} instead: {criterion}");
            refuse(reason::CONFLICTED, text)
        }
        _ => {
            let udp = ports(target, state).any(|port| port.protocol == "UDP");
            let text = if id.kind == PolicyKind::Tls && udp {
                format!("the policy applies to the TCP ports of {name}, not to those for UDP")
            } else {
                format!("the policy applies to {name}")
            };
            Finding::new(true, reason::ACCEPTED, text)
        }
    }
}

/// Why no Gateway and no mesh has traffic that a policy for this target is for.
fn unused<'a>(kind: PolicyKind, target: &ObjectRef, uses: impl Iterator<Item = &'a Use>) -> String {
    let of_other_kinds: BTreeSet<&str> = uses
        .map(|one| match (kind, &one.sender, one.traffic) {
            (_, _, Traffic::Datagram) => "UDP",
            (PolicyKind::Lb, _, Traffic::Stream | Traffic::Passthrough) => {
                "connections that are neither HTTP nor gRPC"
            }
            (PolicyKind::Tls, Sender::Mesh, _) => "mesh traffic",
            (PolicyKind::Tls, _, Traffic::Passthrough) => "TLS that is passed through",
            _ => "traffic to other ports, or to ports with a policy of their own",
        })
        .collect();
    if of_other_kinds.is_empty() {
        return format!("no accepted route refers to {target}");
    }
    let of_other_kinds: Vec<&str> = of_other_kinds.into_iter().collect();
    let kind = match kind {
        PolicyKind::Tls => "BackendTLSPolicy",
        PolicyKind::Lb => "BackendLBPolicy",
    };
    format!(
        "routes send {target} nothing but {}, to which a {kind} does not apply",
        of_other_kinds.join(", ")
    )
}

impl Target {
    fn describe(&self) -> String {
        match &self.section {
            Some(section) => format!("port `{section}` of {}", self.reference),
            None => self.reference.to_string(),
        }
    }
}

/// What a policy's status has to say for one Gateway.
pub(super) fn at_gateway(results: &[TargetResult], gateway: &NamespacedName) -> Finding {
    let concerned = || {
        let here = results.iter().filter(|r| r.gateways.contains(gateway));
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
        None => Finding::new(true, reason::ACCEPTED, applies),
        Some(first) => {
            let mut text = join(&said(false));
            if !applies.is_empty() {
                text = format!("{text}; {applies}");
            }
            Finding::new(false, first.reason, text)
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
                Some(unused) if accepted => unused.clone(),
                _ => result.finding.message.clone(),
            },
            gateways: result.gateways.clone(),
            mesh: result.mesh,
            has_traffic: result.unused.is_none() || result.only_other_traffic,
        }
    };
    results.iter().map(one).collect()
}
