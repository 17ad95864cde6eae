//! What a route needs to be accepted at a listener that could take it, or at a port of a Service.

use super::{
    MOST_NAMED, Near, all_of, and_also,
    conflict::{apart, parent_index},
    is_near_host, near_host,
};
use crate::{
    attachment::{
        Attachment, NAME_LABEL, Obstacles, ReferenceProblem, ReferenceProblemKind as Kind, RouteId,
        RouteKind,
    },
    meta::{NamespacedName, ObjectRef},
    schema::nearest_name,
    v1::{FromNamespaces, Gateway, Listener, ListenerTlsConfig, ParentReference},
};

/// A listener of a Gateway, or a port of a Service, that carries the kind of a route.
struct TakingPart<'p> {
    /// A port of a Service may have none.
    name: Option<&'p str>,
    port: i32,
    /// What it takes for the route to be accepted there; nothing if it would be as it stands.
    needs: Option<String>,
}

impl Near<'_> {
    /// The route and the place of the parentRef that a problem is about: what is said of hostnames has the field of the route.
    fn parent_at(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<(RouteId, usize)> {
        if problem.kind != Kind::NoCommonHostname {
            return parent_index(object, problem);
        }
        let kind = RouteKind::from_kind(&object.kind)?;
        let id = RouteId::new(kind, object.namespaced_name());
        let mut attachments = self.resolver.resolution().attachments.get(&id)?.iter();
        let is_meant = |one: &Attachment| {
            let to = one.parent.resolve(&object.namespace);
            one.why == problem.why && problem.to.as_ref() == Some(&to)
        };
        let index = attachments.position(is_meant)?;
        Some((id, index))
    }

    /// What would let a route through at the listener that comes nearest to taking it, of those that a parentRef selects.
    pub(super) fn let_through(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let to = problem.to.as_ref()?;
        let (id, index) = self.parent_at(object, problem)?;
        let gateways = self.resolver.snapshot().gateways();
        let gateway_name = to.namespaced_name();
        let gateway = gateways.get(&gateway_name)?;
        let found = self.first_listeners(self.resolver.obstacles(&id, index));
        let found = found.filter_map(|(name, found)| Some((listener_of(gateway, name)?, found)));
        let (listener, found) = self.nearest(&id, found)?;
        Some(self.what_to_change(&id, &gateway_name, listener, found))
    }

    /// The listener that comes nearest to taking a route: with the least in the way, and then the one that is most likely meant.
    fn nearest<'l>(
        &self,
        id: &RouteId,
        listeners: impl Iterator<Item = (&'l Listener, Obstacles)>,
    ) -> Option<(&'l Listener, Obstacles)> {
        let own = self.hostnames(id);
        listeners.min_by_key(|(listener, found)| {
            let host = listener.hostname.as_deref();
            let is_near = || {
                let mut own = own.iter();
                host.is_some_and(|host| own.any(|own| is_near_host(own, host)))
            };
            let unlike = match (found.hostname, host.is_some()) {
                // The route names a host of this listener alone.
                (false, true) => 0,
                (true, _) if is_near() => 1,
                (false, false) => 2,
                (true, _) => 3,
            };
            (found.count(), unlike)
        })
    }

    /// What to change so that a listener takes a route: everything that is in the way.
    fn what_to_change(
        &self,
        id: &RouteId,
        gateway: &NamespacedName,
        listener: &Listener,
        found: Obstacles,
    ) -> String {
        let mut changes = Vec::new();
        if found.kind {
            changes.push(format!(
                "add `kind: {}` to the `allowedRoutes.kinds` of {}",
                id.kind,
                self.listener_at(id, gateway, listener)
            ));
        }
        if found.namespace {
            changes.push(self.open_to_namespace(id, gateway, listener));
        }
        if found.hostname {
            changes.push(self.share_a_host(id, gateway, listener));
        }
        all_of(&changes).unwrap_or_default()
    }

    /// A listener as a sentence names it that is about a route: with its Gateway where the route names several parents, of which
    /// each may have a listener of this name.
    fn listener_at(&self, id: &RouteId, gateway: &NamespacedName, listener: &Listener) -> String {
        let attachments = self.resolver.resolution().attachments.get(id);
        let mut parents = attachments
            .into_iter()
            .flatten()
            .map(|attachment| attachment.parent.resolve(&id.name.namespace));
        let first = parents.next();
        let is_one = parents.all(|parent| Some(parent) == first);
        match is_one {
            true => format!("listener `{}`", listener.name),
            false => format!("listener `{}` of Gateway {gateway}", listener.name),
        }
    }

    /// What lets the namespace of a route through at a listener.
    fn open_to_namespace(
        &self,
        id: &RouteId,
        gateway: &NamespacedName,
        listener: &Listener,
    ) -> String {
        let (name, namespace) = (&listener.name, &id.name.namespace);
        let whom = self.listener_at(id, gateway, listener);
        if listener.routes_from() != FromNamespaces::Selector {
            return format!(
                "to take the route, {whom} needs `allowedRoutes.namespaces` with `from: All`, or `from: Selector` and a \
                 selector for namespace `{namespace}`"
            );
        }
        if self
            .resolver
            .asks_for_another_name(gateway, name, namespace)
        {
            return format!(
                "let the selector of {whom} take namespace `{namespace}`, too, or write `from: All` there: it asks for \
                 `{NAME_LABEL}`, which is the name of a namespace and cannot be given to another one"
            );
        }
        let namespaces = self.resolver.snapshot().namespaces();
        match namespaces.contains_key(&NamespacedName::new("", namespace.as_str())) {
            true => format!(
                "give Namespace `{namespace}` the labels that {whom} asks for, or widen its `allowedRoutes.namespaces`"
            ),
            false => {
                let missing = ObjectRef {
                    group: String::new(),
                    kind: "Namespace".to_owned(),
                    namespace: String::new(),
                    name: namespace.clone(),
                };
                self.index().left_out(&missing).unwrap_or_else(|| {
                    format!("add Namespace `{namespace}` with its labels to the input")
                })
            }
        }
    }

    /// What gives a route a host that a listener serves.
    fn share_a_host(&self, id: &RouteId, gateway: &NamespacedName, listener: &Listener) -> String {
        let whom = self.listener_at(id, gateway, listener);
        let own = self.hostnames(id);
        let Some(served) = listener.hostname.as_deref().filter(|host| !host.is_empty()) else {
            return format!(
                "write DNS names in `spec.hostnames`, or leave the field out for every host of {whom}"
            );
        };
        let near = own.iter().find(|own| is_near_host(own, served));
        match near {
            Some(near) => near_host(near, served, &whom),
            None => format!(
                "give the route a hostname within `{served}`, which {whom} serves, or give the listener one that the route \
                 names"
            ),
        }
    }

    /// What it takes for a route to be at a listener of a Gateway, too: that its parentRefs select it, and that nothing keeps it
    /// out. `what` is the route, as the sentence calls it.
    pub(in crate::lint) fn to_have(
        &self,
        id: &RouteId,
        gateway: &NamespacedName,
        listener: &str,
        what: &str,
    ) -> String {
        let reference = ObjectRef::gateway_api("Gateway", gateway);
        let attachments = self.resolver.resolution().attachments.get(id);
        let here = attachments
            .into_iter()
            .flatten()
            .filter(|one| one.parent.resolve(&id.name.namespace) == reference)
            .flat_map(|one| &one.listeners)
            .find(|at| *at.name == *listener);
        let mut fits = self
            .resolver
            .fits(id, &reference, Some(listener))
            .into_iter();
        let written = self.resolver.snapshot().gateways().get(gateway);
        let needs = fits.find_map(|(name, found)| {
            let written = listener_of(written?, &name)?;
            Some(self.what_to_change(id, gateway, written, found?))
        });
        let attach = || format!("attach {what} to listener `{listener}`, too");
        match (here, needs) {
            (None, None) => attach(),
            (None, Some(needs)) => and_also(&attach(), &needs),
            (Some(_), Some(needs)) => needs,
            (Some(at), None) => apart(id, std::iter::once(&at.standing)).unwrap_or_else(attach),
        }
    }

    /// The listeners of a Gateway, or the ports of a Service, that carry the kind of a route, each with what else it takes.
    fn parts(&self, id: &RouteId, to: &ObjectRef) -> Vec<TakingPart<'_>> {
        let place = to.namespaced_name();
        let snapshot = self.resolver.snapshot();
        if to.kind != "Gateway" {
            let ports = self.ports(to).into_iter();
            return ports
                .filter(|(.., protocol)| carries_transport(id.kind, *protocol))
                .map(|(name, port, _)| TakingPart {
                    name,
                    port,
                    needs: None,
                })
                .collect();
        }
        let Some(gateway) = snapshot.gateways().get(&place) else {
            return Vec::new();
        };
        let fits = self.resolver.fits(id, to, None);
        let listeners = self.first_candidates(gateway.spec.listeners.iter());
        listeners
            .filter(|listener| carries(id.kind, listener))
            .map(|listener| {
                let mut fits = fits.iter();
                let fit = fits.find(|(name, _)| **name == *listener.name);
                TakingPart {
                    name: Some(&listener.name),
                    port: listener.port,
                    needs: match fit {
                        Some((_, None)) => None,
                        Some((_, Some(found))) => {
                            Some(self.what_to_change(id, &place, listener, *found))
                        }
                        None => Some(correct_first(&listener.name, to)),
                    },
                }
            })
            .collect()
    }

    /// What to write where a parent has no part of this name and port, but one of nearly that name, or of that name with another
    /// port.
    pub(super) fn section(&self, object: &ObjectRef, problem: &ReferenceProblem) -> Option<String> {
        let (id, index) = parent_index(object, problem)?;
        let to = problem.to.as_ref()?;
        let attachments = self.resolver.resolution().attachments.get(&id)?;
        let parent = &attachments.get(index)?.parent;
        let section = parent.section_name.as_deref();
        let section = section.filter(|section| !section.is_empty())?;
        let parts = self.parts(&id, to);
        let names = parts.iter().filter_map(|part| part.name);
        let near = nearest_name(section, names)?;
        let of_name = || parts.iter().filter(|part| part.name == Some(near));
        let asked = |part: &&TakingPart<'_>| parent.port == Some(part.port);
        let part = of_name().find(asked).or_else(|| of_name().next())?;
        let change = part.instead_of(section, parent)?;
        Some(part.and_needs(change))
    }

    /// Which of the parts that a parent has to name, where the one that is named is not there or does not carry the route.
    pub(super) fn other_part(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let (id, index) = parent_index(object, problem)?;
        let to = problem.to.as_ref()?;
        let attachments = self.resolver.resolution().attachments.get(&id)?;
        let parent = &attachments.get(index)?.parent;
        Some(one_of(
            &self.parts(&id, to),
            &id,
            (to, parent),
            &problem.path,
        ))
    }

    /// What lets a route in at a Gateway that it does not name yet, where no listener takes it as it stands.
    pub(super) fn let_in(&self, route: &ObjectRef, to: &ObjectRef) -> Option<String> {
        let kind = RouteKind::from_kind(&route.kind)?;
        let id = RouteId::new(kind, route.namespaced_name());
        let gateway_name = to.namespaced_name();
        let gateway = self.resolver.snapshot().gateways().get(&gateway_name)?;
        let fits = self.resolver.fits(&id, to, None);
        if fits.iter().any(|(_, found)| found.is_none()) {
            return None;
        }
        let fits = fits
            .iter()
            .filter_map(|(name, found)| Some((listener_of(gateway, name)?, (*found)?)));
        let (listener, found) = self.nearest(&id, fits)?;
        Some(self.what_to_change(&id, &gateway_name, listener, found))
    }

    /// What a route needs that no listener which a parentRef selects could take: one of another protocol, or that one of them
    /// is corrected first, which is rejected itself.
    pub(super) fn other_listener(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let (id, index) = self.parent_at(object, problem)?;
        let to = problem.to.as_ref()?;
        let attachments = self.resolver.resolution().attachments.get(&id)?;
        let attachment = attachments.get(index)?;
        let gateways = self.resolver.snapshot().gateways();
        let gateway = gateways.get(&to.namespaced_name())?;
        if attachment.listeners.is_empty() && attachment.parent.port.is_some() {
            return Some(format!("remove `port` from `{}`", problem.path));
        }
        let selected = self.first_listeners(attachment.listeners.iter());
        let mut selected = selected.filter_map(|at| listener_of(gateway, &at.name));
        if let Some(listener) = selected.find(|listener| carries(id.kind, listener)) {
            return Some(correct_first(&listener.name, to));
        }
        let parts = self.parts(&id, to);
        let taking = parts.iter().find(|part| part.needs.is_none());
        let part = taking.or_else(|| parts.first());
        let parent = &attachment.parent;
        let (path, kind) = (&problem.path, id.kind);
        Some(match part.and_then(|part| Some((part, part.name?))) {
            Some((part, name)) => {
                let port = match parent.port {
                    Some(port) if port != part.port => format!(" with `port: {}`", part.port),
                    _ => String::new(),
                };
                part.and_needs(format!(
                    "name listener `{name}` in `{path}`{port}, which can take {kind}s"
                ))
            }
            None => {
                let add = none_carries(kind, to, path);
                match parent.section_name.is_some() || parent.port.is_some() {
                    true => format!("{add}; and name that one in `{path}`"),
                    false => add,
                }
            }
        })
    }
}

/// Which part of a parent to name in a field, of those that there are.
fn one_of(
    parts: &[TakingPart<'_>],
    id: &RouteId,
    (to, parent): (&ObjectRef, &ParentReference),
    path: &str,
) -> String {
    let value = |part: &TakingPart<'_>| match (path.ends_with(".sectionName"), parent.port) {
        (true, None) => part.name.map(|name| format!("`{name}`")),
        (true, Some(port)) if port == part.port => part.name.map(|name| format!("`{name}`")),
        (true, Some(_)) => part
            .name
            .map(|name| format!("`{name}` with `port: {}`", part.port)),
        (false, _) => Some(format!("`{}`", part.port)),
    };
    let taking = parts.iter().filter(|part| part.needs.is_none());
    let mut values: Vec<String> = taking.filter_map(value).collect();
    values.dedup();
    values.truncate(MOST_NAMED);
    if !values.is_empty() {
        let part = match to.kind.as_str() {
            "Gateway" if path.ends_with(".port") => "the port of a listener",
            "Gateway" => "a listener",
            _ => "a port",
        };
        return format!("name {part} of {to} in `{path}`: {}", values.join(" or "));
    }
    match parts.iter().find_map(|part| Some((part, value(part)?))) {
        Some((part, value)) => part.and_needs(format!("write {value} in `{path}`")),
        None => {
            let at = parent_of(path);
            if let Some(by_number) = by_number(parts, parent, at) {
                return by_number;
            }
            let change = none_carries(id.kind, to, at);
            match to.kind.as_str() {
                "Gateway" => format!("{change}; and name that one in `{at}`"),
                _ => change,
            }
        }
    }
}

/// What to write where a parentRef names a port by its name and the ports of the Service that carry the route have none. Nothing where
/// there is no such port.
fn by_number(parts: &[TakingPart<'_>], parent: &ParentReference, at: &str) -> Option<String> {
    if parts.iter().any(|part| parent.port == Some(part.port)) {
        return Some(format!(
            "remove `sectionName` from `{at}`, or give the port a name"
        ));
    }
    let ports = parts.iter().take(MOST_NAMED);
    let ports: Vec<String> = ports.map(|part| format!("`port: {}`", part.port)).collect();
    (!ports.is_empty()).then(|| {
        format!(
            "write {} in place of `sectionName` in `{at}`, or give the port a name",
            ports.join(" or ")
        )
    })
}

impl TakingPart<'_> {
    /// What to write to name this part in the place of one that a parentRef names; nothing if it names this one.
    fn instead_of(&self, section: &str, parent: &ParentReference) -> Option<String> {
        let (name, port) = (self.name?, self.port);
        let same_port = parent.port.is_none_or(|asked| asked == port);
        Some(match (name == section, same_port) {
            (true, true) => return None,
            (true, false) => format!(
                "`{section}` has port {port}: remove `port` from the parentRef, or write `port: {port}`"
            ),
            (false, true) => format!("did you mean `sectionName: {name}`?"),
            (false, false) => {
                format!("did you mean `sectionName: {name}` with `port: {port}`?")
            }
        })
    }

    /// A change of the route, and what else it takes.
    fn and_needs(&self, change: String) -> String {
        match &self.needs {
            Some(needs) => and_also(&change, needs),
            None => change,
        }
    }
}

/// Whether a listener carries routes of a kind, by its protocol.
pub(super) fn carries(kind: RouteKind, listener: &Listener) -> bool {
    let mode = listener.tls.as_ref().map(ListenerTlsConfig::mode);
    RouteKind::of_protocol(&listener.protocol, mode.as_ref()).contains(&kind)
}

/// Whether a port of this protocol, which is TCP unless it is named, carries routes of a kind.
pub(super) fn carries_transport(kind: RouteKind, protocol: Option<&str>) -> bool {
    protocol.unwrap_or("TCP") == transport(kind)
}

/// The protocol of the ports that carry routes of a kind.
pub(super) fn transport(kind: RouteKind) -> &'static str {
    match kind {
        RouteKind::Udp => "UDP",
        _ => "TCP",
    }
}

/// What a parent needs that has nothing for routes of a kind; `at` is the reference to it.
pub(super) fn none_carries(kind: RouteKind, to: &ObjectRef, at: &str) -> String {
    if to.kind != "Gateway" {
        let protocol = transport(kind);
        return format!(
            "name a {} in `{at}` that has a port for {protocol}",
            to.kind
        );
    }
    let protocol = match kind {
        RouteKind::Http | RouteKind::Grpc => "HTTP` or `protocol: HTTPS",
        RouteKind::Tls => "TLS",
        RouteKind::Tcp => "TCP` or `protocol: TLS` with `tls.mode: Terminate",
        RouteKind::Udp => "UDP",
    };
    format!("add a listener with `protocol: {protocol}` to {to}: none that it has can take {kind}s")
}

/// What to do first about a listener that is rejected itself.
fn correct_first(listener: &str, gateway: &ObjectRef) -> String {
    format!("correct listener `{listener}` of {gateway} first, which is rejected itself")
}

/// The parentRef that a field is in.
pub(super) fn parent_of(path: &str) -> &str {
    path.find(']')
        .and_then(|end| path.get(..=end))
        .unwrap_or(path)
}

/// The listener of this name.
pub(super) fn listener_of<'g>(gateway: &'g Gateway, name: &str) -> Option<&'g Listener> {
    let mut listeners = gateway.spec.listeners.iter();
    listeners.find(|listener| *listener.name == *name)
}
