//! Objects that exclude each other: listeners of a port, Gateways of an address, routes, policies.

use super::Near;
use crate::{
    attachment::{Attachment, CONFLICTED, ReferenceProblem, RouteId, RouteKind, Standing, Status},
    meta::{Condition, GROUP, ObjectReference, condition},
};

const SAME_HOSTNAME: &str =
    "for HostnameConflict, give each listener a hostname or port of its own, or keep only one";
const SAME_PORT: &str = "for ProtocolConflict, give each listener a port of its own";
const OTHER_ADDRESS: &str = "ask for another address in `spec.addresses`, or for none";
const SAME_HOSTS: &str =
    "give the two routes different hostnames, or attach each to another listener by `sectionName`";
const SAME_CONNECTIONS: &str =
    "attach the two routes to different listeners by `sectionName`, or remove one of them";
const SAME_SERVICE_PORT: &str =
    "attach the two routes to different ports of the Service by `port`, or remove one of them";
const INVALID_RULE: &str =
    "correct the invalid rule first: a route without any valid rule is rejected";

impl Near<'_> {
    /// What would help a Gateway whose listeners conflict, or which does not get its address; with the field.
    pub(super) fn gateway(&self, object: &ObjectReference) -> Vec<(&'static str, String)> {
        let statuses = &self.resolver.resolution().statuses;
        let Some(Status::Gateway(status)) = statuses.get(object) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let address = condition::gateway::reason::ADDRESS_NOT_USABLE;
        if has(
            &status.conditions,
            condition::gateway::PROGRAMMED,
            "False",
            address,
        ) {
            found.push(("spec.addresses", OTHER_ADDRESS.to_owned()));
        }
        use condition::listener::{CONFLICTED, reason};
        for (reason, help) in [
            (reason::HOSTNAME_CONFLICT, SAME_HOSTNAME),
            (reason::PROTOCOL_CONFLICT, SAME_PORT),
        ] {
            let mut listeners = status.listeners.iter();
            if listeners.any(|l| has(&l.conditions, CONFLICTED, "True", reason)) {
                found.push(("spec.listeners", help.to_owned()));
            }
        }
        found
    }

    /// What would help a route that is rejected for the sake of another one, or for its rules.
    pub(super) fn excluded(
        &self,
        object: &ObjectReference,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        use condition::route::reason;
        let attachment = self.attachment(object, problem)?;
        if !attachment.lost_ports.is_empty() {
            return Some(SAME_SERVICE_PORT.to_owned());
        }
        let mut standings = attachment.listeners.iter().map(|at| &at.standing);
        standings.find_map(|standing| match standing {
            Standing::Conflicted(conflict) => Some(match conflict.winner.kind {
                RouteKind::Tcp | RouteKind::Udp => SAME_CONNECTIONS.to_owned(),
                _ => SAME_HOSTS.to_owned(),
            }),
            Standing::Rejected {
                reason: reason::UNSUPPORTED_VALUE | reason::INCOMPATIBLE_FILTERS,
            } => Some(INVALID_RULE.to_owned()),
            _ => None,
        })
    }

    /// The parent of a route that a problem is about.
    pub(super) fn attachment(
        &self,
        object: &ObjectReference,
        problem: &ReferenceProblem,
    ) -> Option<&Attachment> {
        let index = problem.path.strip_prefix("spec.parentRefs[")?;
        let index: usize = index.split_once(']')?.0.parse().ok()?;
        let kind = RouteKind::from_kind(&object.kind).filter(|_| object.group == GROUP)?;
        let id = RouteId::new(kind, object.namespaced_name());
        self.resolver.resolution().attachments.get(&id)?.get(index)
    }

    /// What would help a policy in the place of which another one applies.
    pub(super) fn other_policy(
        &self,
        object: &ObjectReference,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let targets = self.resolver.resolution().policies.get(object)?;
        let to = problem.to.as_ref()?;
        let mut conflicts = targets.iter().filter(|target| target.reason == CONFLICTED);
        conflicts.any(|target| target.target == *to).then(|| {
            if object.kind == "BackendTLSPolicy" {
                "remove one of the two policies, or let each target another port by `sectionName`"
                    .to_owned()
            } else {
                "remove one of the two policies".to_owned()
            }
        })
    }
}

fn has(conditions: &[Condition], kind: &str, status: &str, reason: &str) -> bool {
    conditions
        .iter()
        .any(|c| (&*c.type_, &*c.status, &*c.reason) == (kind, status, reason))
}
