//! A route for people: at which listeners it is in force, where it is rejected, and why.

use super::{
    super::words::{at_listener, describe, some},
    lines::Lines,
};
use crate::output::{Line, Tone};
use gwapi::{
    attachment::{
        AtListener, Attachment, Resolver, RouteId, RouteKind, Standing, Status, StatusPart,
        effective::{EffectiveBackend, EffectiveHostname},
    },
    meta::{Condition, NamespacedName, ObjectRef},
    rules::set::HAS_PARENT,
    v1::ParentReference,
};
use std::collections::{BTreeMap, BTreeSet};

/// The field that says where a route is to be attached.
const PARENTS: &str = "spec.parentRefs";

impl Lines<'_> {
    /// A route: what became of it at each of its parents.
    pub(super) fn route<'c>(
        &mut self,
        object: &ObjectRef,
        conditions: impl Fn(&ParentReference) -> &'c [Condition],
    ) {
        self.head(object, Line::default());
        let resolution = self.resolver.resolution();
        let id = RouteKind::from_kind(&object.kind)
            .map(|kind| RouteId::new(kind, object.namespaced_name()));
        let attachments = id.as_ref().and_then(|id| resolution.attachments.get(id));
        let attachments = attachments.map(Vec::as_slice).unwrap_or_default();
        if attachments.is_empty() {
            let line =
                Line::of(Tone::Bad, "no effect").and(format_args!(": {}", HAS_PARENT.message));
            self.fault(2, object, PARENTS, &line);
        }
        // Two parentRefs to one Gateway may have one cause.
        let mut without: BTreeSet<&str> = BTreeSet::new();
        for attachment in attachments {
            let conditions = conditions(&attachment.parent);
            if attachment.attached || !conditions.is_empty() || without.insert(&attachment.why) {
                self.attachment(object, attachment, conditions);
            }
        }
    }

    fn attachment(&mut self, route: &ObjectRef, attachment: &Attachment, conditions: &[Condition]) {
        let parent = describe(&attachment.parent, &route.namespace);
        let part = StatusPart::Entry(attachment.parent.clone());
        if !attachment.attached {
            if conditions.is_empty() {
                // Nobody writes a condition.
                let line = Line::of(Tone::Bad, "no effect").and(": ");
                self.fault(2, route, PARENTS, &line.and(&attachment.why));
            } else {
                let line = Line::of(Tone::Bad, "rejected").and(" by ").and(parent);
                self.page.line(2, &line);
                self.conditions(4, (route, &part), conditions, |c| c.message.clone());
            }
            return;
        }
        let mut in_force = Vec::new();
        let mut idle = Vec::new();
        let mut lost = Vec::new();
        let mut refused = Vec::new();
        for at in &attachment.listeners {
            match &at.standing {
                Standing::InForce { hostnames } => in_force.push((at, hostnames)),
                Standing::Idle { .. } => idle.push(at),
                Standing::Rejected { reason } => refused.push((at, *reason)),
                standing => lost.extend(standing.excluded().map(|why| (at, why))),
            }
        }
        // The listeners are told one by one.
        let gateway = attachment.parent.resolve(&route.namespace);
        let parent = if attachment.listeners.is_empty() {
            parent
        } else {
            gateway.to_string()
        };
        let mut line = Line::of(Tone::Good, "accepted").and(" by ").and(parent);
        if !in_force.is_empty() {
            let at: Vec<String> = in_force
                .iter()
                .map(|(at, hosts)| {
                    let hosts = hosts
                        .iter()
                        .filter(|host| self.is_served((route, &gateway), at, host));
                    at_listener(at, hosts, &route.kind)
                })
                .collect();
            line = line.and(" at ").and(some(&at, "; "));
        } else if attachment.listeners.is_empty() {
            line = line.and(": ").and(&attachment.why);
        } else {
            line = line.and(", but with ").with(Tone::Bad, "no effect");
        }
        let in_mesh = attachment.listeners.is_empty();
        match self
            .closed(route)
            .filter(|_| in_mesh || !in_force.is_empty())
        {
            Some(why) => {
                line = line.and(", but ").with(Tone::Bad, why);
                self.fault(2, route, "spec.rules", &line);
            }
            // Why says which ports of a Service other routes govern.
            None if !attachment.lost_ports.is_empty() => self.fault(2, route, PARENTS, &line),
            None => self.page.line(2, &line),
        }
        if !idle.is_empty() {
            let names: Vec<String> = idle.iter().map(|at| at.name.to_string()).collect();
            let verb = if names.len() == 1 {
                "listener"
            } else {
                "listeners"
            };
            let is = if names.len() == 1 { "is" } else { "are" };
            let line = Line::plain(format_args!(
                "{verb} {} {is} not serving: see {gateway}",
                some(&names, ", ")
            ));
            match in_force.is_empty() {
                true => self.fault(4, route, PARENTS, &line),
                false => self.page.line(4, &line),
            }
        }
        // What is so at several listeners is told once.
        let mut by_cause: Vec<(String, Vec<String>)> = Vec::new();
        for (at, why) in lost {
            let (why, name) = (why.to_string(), at.name.to_string());
            match by_cause.iter_mut().find(|(cause, _)| *cause == why) {
                Some((_, names)) => names.push(name),
                None => by_cause.push((why, vec![name])),
            }
        }
        for (why, names) in by_cause {
            let several = if names.len() == 1 { "" } else { "s" };
            let at = some(&names, ", ");
            let line =
                Line::of(Tone::Bad, "rejected").and(format_args!(" at listener{several} {at}: "));
            self.fault(4, route, PARENTS, &line.and(why));
        }
        let refused: Vec<String> = refused
            .iter()
            .filter(|(at, _)| self.supports(&attachment.parent, route, at))
            .map(|(at, reason)| self.refusal(route, &gateway, at, reason))
            .collect();
        if !refused.is_empty() && in_force.len() + idle.len() > 0 {
            self.page.line(
                4,
                &Line::of(
                    Tone::Faint,
                    format_args!("rejected at: {}", some(&refused, "; ")),
                ),
            );
        }
        self.conditions(4, (route, &part), conditions, |c| c.message.clone());
    }

    /// A listener that does not take a route, and why.
    fn refusal(
        &self,
        route: &ObjectRef,
        gateway: &ObjectRef,
        at: &AtListener,
        reason: &str,
    ) -> String {
        let name = &at.name;
        let why = RouteKind::from_kind(&route.kind).and_then(|kind| {
            let id = RouteId::new(kind, route.namespaced_name());
            let gateway = gateway.namespaced_name();
            self.resolver.why_refused(&id, &gateway, name)
        });
        let Some(why) = why else {
            return format!("{name} ({reason})");
        };
        // The listener is named once.
        let subject = format!("listener `{name}`");
        let rest = why.strip_prefix(&subject).unwrap_or(&why);
        format!("{name} ({})", rest.trim_start_matches([':', ' ']))
    }

    /// That a route of connections passes none of them on, since it has no backend that could be used, if it is so.
    fn closed(&self, route: &ObjectRef) -> Option<&'static str> {
        let kind = RouteKind::from_kind(&route.kind)?;
        let thing = match kind {
            RouteKind::Http | RouteKind::Grpc => return None,
            RouteKind::Tls | RouteKind::Tcp => "every connection is closed",
            RouteKind::Udp => "every datagram is dropped",
        };
        let id = RouteId::new(kind, route.namespaced_name());
        let backends = self.resolver.connection_backends(&id)?;
        let usable = |backend: &EffectiveBackend| backend.weight > 0 && backend.problem().is_none();
        (!backends.iter().any(usable)).then_some(thing)
    }

    /// Whether requests for a hostname of a route reach it at a listener: they do not belong to a more specific listener, and no other
    /// route takes the connections.
    fn is_served(
        &self,
        (route, gateway): (&ObjectRef, &ObjectRef),
        at: &AtListener,
        host: &EffectiveHostname,
    ) -> bool {
        if route.kind == "TLSRoute" {
            let id = RouteId::new(RouteKind::Tls, route.namespaced_name());
            let gateway = gateway.namespaced_name();
            let lost = self.resolver.lost_hostnames(&id, &gateway, &at.name);
            if lost.iter().any(|lost| lost.hostname == host.hostname) {
                return false;
            }
        }
        let gateways = &self.resolver.resolution().effective.gateways;
        let owner = || {
            let gateway = gateways.get(&gateway.namespaced_name())?;
            let mut listeners = gateway.listeners.iter();
            let listener = listeners.find(|listener| *listener.name == *at.name)?;
            gateway.owner(listener, host.hostname.as_ref()?)
        };
        owner().is_none()
    }

    /// Whether a listener takes routes of this kind at all: others are of no interest to it.
    fn supports(&self, parent: &ParentReference, route: &ObjectRef, at: &AtListener) -> bool {
        let gateway = parent.resolve(&route.namespace);
        match self.resolver.resolution().statuses.get(&gateway) {
            Some(Status::Gateway(status)) => status
                .listeners
                .iter()
                .filter(|listener| *listener.name == *at.name)
                .any(|listener| {
                    listener
                        .supported_kinds()
                        .iter()
                        .any(|kind| kind.kind == route.kind)
                }),
            _ => true,
        }
    }
}

/// Routes by Gateway and listener.
pub(super) type ByListener<'r> = BTreeMap<(NamespacedName, &'r str), BTreeSet<&'r RouteId>>;

/// The routes that stand in a certain way at each listener.
pub(super) fn by_listener(
    resolver: &Resolver,
    stands: impl Fn(&Attachment, &Standing) -> bool,
) -> ByListener<'_> {
    let mut found: ByListener<'_> = BTreeMap::new();
    for (route, attachments) in &resolver.resolution().attachments {
        for attachment in attachments.iter().filter(|one| one.parent.is_gateway()) {
            let gateway = attachment.parent.resolve(&route.name.namespace);
            for at in attachment
                .listeners
                .iter()
                .filter(|at| stands(attachment, &at.standing))
            {
                let listener = (gateway.namespaced_name(), &*at.name);
                found.entry(listener).or_default().insert(route);
            }
        }
    }
    found
}
