//! Objects that exclude each other: listeners of a port, Gateways of an address, routes, policies.

use super::Near;
use crate::{
    attachment::{
        Attachment, CONFLICTED, PortWinner, ReferenceProblem, RouteConflict, RouteId, RouteKind,
        Standing, Status,
    },
    meta::{Condition, GROUP, ObjectReference, condition},
};

const SAME_HOSTNAME: &str =
    "for HostnameConflict, give each listener a hostname or port of its own, or keep only one";
const SAME_PORT: &str = "for ProtocolConflict, give each listener a port of its own";
const OTHER_ADDRESS: &str = "ask for another address in `spec.addresses`, or for none";
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
        if let Some(lost) = attachment.lost_ports.first() {
            let routes = match &lost.to {
                PortWinner::Route { route, .. } => format!("{object} and {route}"),
                PortWinner::Kind(kind) => format!("{object} and the {kind}s of the port"),
                PortWinner::TableFull(_) => {
                    return Some(format!(
                        "use fewer or smaller regular expressions in {object}"
                    ));
                }
            };
            return Some(format!(
                "attach {routes} to different ports of the Service by `port`, or remove one of them"
            ));
        }
        let mut standings = attachment.listeners.iter().map(|at| &at.standing);
        standings.find_map(|standing| match standing {
            Standing::Conflicted(conflict) => {
                let RouteConflict { winner, loser, .. } = &**conflict;
                let apart =
                    format!("attach {winner} and {loser} to different listeners by `sectionName`");
                Some(match (winner.kind, loser.kind) {
                    (RouteKind::Tcp | RouteKind::Udp, _) | (_, RouteKind::Tcp) => {
                        format!("{apart}, or remove one of them")
                    }
                    _ => format!("{apart}, or give them different hostnames"),
                })
            }
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
            let mut help = if targets.len() > 1 {
                let (kind, name) = (&to.kind, &to.name);
                format!(
                    "remove {kind} `{name}` from the `targetRefs` of `{}`",
                    object.name
                )
            } else {
                "remove one of the two policies".to_owned()
            };
            if object.kind == "BackendTLSPolicy" && self.named_ports(to) > 1 {
                help.push_str(", or let each policy target another port by `sectionName`");
            }
            help
        })
    }

    /// How many ports of a Service have a name.
    fn named_ports(&self, service: &ObjectReference) -> usize {
        let services = self.resolver.snapshot().services();
        let service = services.get(&service.namespaced_name());
        let spec = service.and_then(|service| service.spec.as_ref());
        let ports = spec
            .into_iter()
            .flat_map(|spec| spec.ports.iter().flatten());
        ports.filter(|port| port.name.is_some()).count()
    }
}

fn has(conditions: &[Condition], kind: &str, status: &str, reason: &str) -> bool {
    conditions
        .iter()
        .any(|c| (&*c.type_, &*c.status, &*c.reason) == (kind, status, reason))
}
