//! Objects that exclude each other: listeners of a port, Gateways of an address, routes, policies.

use super::{MOST_NAMED, Near, all_of};
use crate::{
    attachment::{
        Attachment, CONFLICTED, Family, LostPort, PortWinner, ReferenceProblem, RouteConflict,
        RouteId, RouteKind, Standing, Status,
    },
    meta::{Condition, GROUP, ObjectRef, condition},
    v1::{Gateway, GatewayStatus, Listener},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

const OTHER_ADDRESS: &str = "ask for another address in `spec.addresses`, or for none";

impl Near<'_> {
    /// What would help a Gateway whose listeners conflict, or which does not get its address; with the field.
    pub(super) fn gateway(&self, object: &ObjectRef) -> Vec<(&'static str, String)> {
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
        let unsupported = condition::gateway::reason::UNSUPPORTED_ADDRESS;
        if has(
            &status.conditions,
            condition::gateway::ACCEPTED,
            "False",
            unsupported,
        ) {
            let help =
                "ask for addresses of type IPAddress or Hostname in `spec.addresses`, or for none";
            found.push(("spec.addresses", help.to_owned()));
        }
        let gateways = self.resolver.snapshot().gateways();
        if let Some(gateway) = gateways.get(&object.namespaced_name()) {
            let helps = conflicts(gateway, status).into_iter().take(MOST_NAMED);
            found.extend(helps.map(|help| ("spec.listeners", help)));
        }
        found
    }

    /// What would help a route that is rejected for the sake of another one, or for its rules.
    pub(super) fn excluded(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let attachment = self.attachment(object, problem)?;
        let lost: Vec<_> = attachment.lost_ports.iter().collect();
        if let Some(help) = apart_at_ports(object, &lost) {
            return Some(help);
        }
        let standings = attachment.listeners.iter().map(|at| &at.standing);
        apart(object, standings).or_else(|| {
            let (route, parent) = parent_index(object, problem)?;
            let for_rules = self.resolver.is_rejected_for_rules(&route, parent);
            for_rules.then(|| self.every_invalid_rule(&route))?
        })
    }

    /// What to do about the rules of a route that is rejected since none of them is valid, in one sentence.
    pub(super) fn every_invalid_rule(&self, route: &RouteId) -> Option<String> {
        let rules = self.resolver.invalid_rules(route);
        let helps = self.correct_rules(route, rules).into_iter();
        let helps: Vec<String> = helps.map(|(_, help)| help).collect();
        all_of(&helps)
    }

    /// The parent of a route that a problem is about.
    pub(super) fn attachment(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<&Attachment> {
        let (id, index) = parent_index(object, problem)?;
        self.resolver.resolution().attachments.get(&id)?.get(index)
    }

    /// What would help a policy in the place of which another one applies.
    pub(super) fn other_policy(
        &self,
        object: &ObjectRef,
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
    fn named_ports(&self, service: &ObjectRef) -> usize {
        let services = self.resolver.snapshot().services();
        let service = services.get(&service.namespaced_name());
        let spec = service.and_then(|service| service.spec.as_ref());
        let ports = spec
            .into_iter()
            .flat_map(|spec| spec.ports.iter().flatten());
        ports.filter(|port| port.name.is_some()).count()
    }
}

/// The route, and the place of the parentRef, that a problem is about.
pub(super) fn parent_index(
    object: &ObjectRef,
    problem: &ReferenceProblem,
) -> Option<(RouteId, usize)> {
    let index = problem.path.strip_prefix("spec.parentRefs[")?;
    let index: usize = index.split_once(']')?.0.parse().ok()?;
    let kind = RouteKind::from_kind(&object.kind).filter(|_| object.group == GROUP)?;
    Some((RouteId::new(kind, object.namespaced_name()), index))
}

/// What lets a route and those that exclude it at some of these listeners be side by side, all of them: what helps against one leaves
/// the others. Nothing where none does.
pub(super) fn apart<'s>(
    route: impl fmt::Display,
    standings: impl Iterator<Item = &'s Standing>,
) -> Option<String> {
    let mut conflicts: Vec<&RouteConflict> = Vec::new();
    let mut is_full = false;
    for standing in standings {
        match standing {
            Standing::Conflicted(conflict) => conflicts.push(conflict),
            Standing::TableFull(_) => is_full = true,
            _ => {}
        }
    }
    let mut changes: Vec<String> = Vec::new();
    if let Some(first) = conflicts.first() {
        let mut winners: Vec<&RouteId> = Vec::new();
        for winner in conflicts.iter().flat_map(|conflict| conflict.winners()) {
            if winners.len() < MOST_NAMED && !winners.contains(&winner) {
                winners.push(winner);
            }
        }
        changes.push(apart_from(&winners, first));
    }
    if is_full {
        changes.push(format!(
            "use fewer or smaller regular expressions in {route}, or attach it to another listener"
        ));
    }
    all_of(&changes)
}

/// What lets a route and these that exclude it, as in a conflict with the first of them, be side by side.
fn apart_from(winners: &[&RouteId], first: &RouteConflict) -> String {
    let RouteConflict { winner, loser, .. } = first;
    let is_one = winners.len() == 1;
    let or = match (winner.kind, loser.kind) {
        (RouteKind::Tcp | RouteKind::Udp, _) | (_, RouteKind::Tcp) if is_one => {
            "remove one of them"
        }
        (RouteKind::Tcp | RouteKind::Udp, _) | (_, RouteKind::Tcp) => "keep only one of them",
        (RouteKind::Tls, RouteKind::Tls) if is_one => "give them different hostnames",
        (RouteKind::Tls, RouteKind::Tls) => "give it hostnames that none of them has",
        _ if is_one => "give them hostnames that have no host in common",
        _ => "give it hostnames that have no host in common with theirs",
    };
    let names: Vec<String> = winners.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [one] => {
            format!("attach {one} and {loser} to different listeners by `sectionName`, or {or}")
        }
        names => format!(
            "attach {loser} to other listeners than {} by `sectionName`, or {or}",
            names.join(" and ")
        ),
    }
}

/// What lets a route and those that govern ports of a Service in its place be side by side: all of them, since each takes a port.
/// Nothing where none does.
pub(super) fn apart_at_ports(route: impl fmt::Display, lost: &[&LostPort]) -> Option<String> {
    if lost.is_empty() {
        return None;
    }
    let full = |lost: &&LostPort| matches!(lost.to, PortWinner::TableFull(_));
    if lost.iter().all(full) {
        return Some(format!(
            "use fewer or smaller regular expressions in {route}"
        ));
    }
    let kinds = lost.iter().filter_map(|lost| match &lost.to {
        PortWinner::Kind { kind, .. } => Some(*kind),
        _ => None,
    });
    let several_kinds = kinds.collect::<BTreeSet<_>>().len() > 1;
    let mut others: Vec<String> = Vec::new();
    for lost in lost {
        let winner = match &lost.to {
            PortWinner::Route { route, .. } => route.to_string(),
            PortWinner::Kind { kind, .. } if several_kinds => {
                format!("the {kind}s of {}", lost.describe())
            }
            PortWinner::Kind { kind, .. } => format!("the {kind}s of the port"),
            PortWinner::TableFull(_) => continue,
        };
        if !others.contains(&winner) {
            others.push(winner);
        }
    }
    others.truncate(MOST_NAMED);
    let or_remove = match others.len() {
        1 => "remove one of them",
        _ => "remove it or them",
    };
    Some(format!(
        "attach {route} and {} to different ports of the Service by `port`, or {or_remove}",
        others.join(" and ")
    ))
}

/// What to change where listeners of a Gateway conflict, for each port or hostname one sentence.
fn conflicts(gateway: &Gateway, status: &GatewayStatus) -> Vec<String> {
    use condition::listener::{CONFLICTED, reason};
    let mut of_ports: BTreeMap<i32, Vec<&Listener>> = BTreeMap::new();
    let mut of_hosts: BTreeMap<_, Vec<&Listener>> = BTreeMap::new();
    // The listeners of the status are those of the spec, in the same order.
    for (listener, said) in gateway.spec.listeners.iter().zip(&status.listeners) {
        let is = |reason| has(&said.conditions, CONFLICTED, "True", reason);
        if is(reason::PROTOCOL_CONFLICT) {
            of_ports.entry(listener.port).or_default().push(listener);
        } else if is(reason::HOSTNAME_CONFLICT) {
            let host = listener.hostname.as_deref().unwrap_or_default();
            let family = Family::of(&listener.protocol);
            let listeners = of_hosts.entry((listener.port, family, host.to_ascii_lowercase()));
            listeners.or_default().push(listener);
        }
    }
    let by_port = of_ports.into_iter().flat_map(|(port, listeners)| {
        that_exclude_each_other(listeners)
            .into_iter()
            .map(move |sides| {
                let sides = sides.into_iter().take(MOST_NAMED);
                let sides: Vec<String> = sides
                    .map(|of| named(&of, |l| format!("`{}` ({})", l.name, l.protocol)))
                    .collect();
                format!("move {} to a port other than {port}", sides.join(" or "))
            })
    });
    let by_host = of_hosts.into_values().map(|listeners| {
        let names = named(&listeners, |l| format!("`{}`", l.name));
        format!("give each of {names} a hostname or port of its own, or keep only one")
    });
    by_port.chain(by_host).collect()
}

/// The listeners of a port that exclude each other, in groups that have nothing to do with one another; each as the sides of
/// which only one can stay.
fn that_exclude_each_other(listeners: Vec<&Listener>) -> Vec<Vec<Vec<&Listener>>> {
    let mut groups: Vec<Vec<(Family, Vec<&Listener>)>> = Vec::new();
    for listener in listeners {
        let own = Family::of(&listener.protocol);
        let meets = |(family, _): &(Family, Vec<&Listener>)| *family == own || family.excludes(own);
        let (met, others): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|group| group.iter().any(meets));
        let mut group: Vec<_> = met.into_iter().flatten().collect();
        let mut sides = group.iter_mut();
        // Some protocols exclude their like, too.
        match sides.find(|(family, _)| *family == own && !own.excludes(own)) {
            Some((_, side)) => side.push(listener),
            None => group.push((own, vec![listener])),
        }
        groups = others;
        groups.push(group);
    }
    let sides = |group: Vec<(Family, _)>| group.into_iter().map(|(_, side)| side).collect();
    groups.into_iter().map(sides).collect()
}

/// The first few listeners, and how many more there are.
fn named(listeners: &[&Listener], name: impl Fn(&Listener) -> String) -> String {
    let shown: Vec<String> = listeners.iter().take(MOST_NAMED).map(|l| name(l)).collect();
    let several = if listeners.len() == 1 { "" } else { "s" };
    let more = match listeners.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("listener{several} {}{more}", shown.join(", "))
}

fn has(conditions: &[Condition], kind: &str, status: &str, reason: &str) -> bool {
    conditions
        .iter()
        .any(|c| (&*c.type_, &*c.status, &*c.reason) == (kind, status, reason))
}
