//! Parents that are there, and do not take a route as it stands.

use super::{Near, conflict::parent_index};
use crate::{
    attachment::ReferenceProblem,
    meta::{NamespacedName, ObjectRef},
    schema::nearest_name,
    v1::{FromNamespaces, ParentReference},
};

impl Near<'_> {
    /// The parentRef that a problem is about.
    fn parent_of(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<&ParentReference> {
        self.attachment(object, problem)
            .map(|attachment| &attachment.parent)
    }

    /// The listener whose name is nearly that which a route asks for, or the port name of a Service.
    pub(super) fn section(&self, object: &ObjectRef, problem: &ReferenceProblem) -> Option<String> {
        let parent = self.parent_of(object, problem)?;
        let section = parent.section_name.as_deref()?;
        let place = problem.to.as_ref()?.namespaced_name();
        let snapshot = self.resolver.snapshot();
        let names = || -> Option<Box<dyn Iterator<Item = &str>>> {
            if parent.is_gateway() {
                let listeners = &snapshot.gateways().get(&place)?.spec.listeners;
                return Some(Box::new(
                    listeners.iter().map(|listener| listener.name.as_str()),
                ));
            }
            let spec = snapshot.services().get(&place)?.spec.as_ref()?;
            let ports = spec.ports.iter().flatten();
            Some(Box::new(ports.filter_map(|port| port.name.as_deref())))
        };
        if names()?.any(|name| name == section) {
            return self.port_of_section(parent, &place);
        }
        let near = nearest_name(section, self.first_candidates(names()?))?;
        Some(format!("did you mean `sectionName: {near}`?"))
    }

    /// What to write where a parent has a part of this name, with another port.
    fn port_of_section(&self, parent: &ParentReference, place: &NamespacedName) -> Option<String> {
        let section = parent.section_name.as_deref()?;
        let snapshot = self.resolver.snapshot();
        let port = if parent.is_gateway() {
            let mut listeners = snapshot.gateways().get(place)?.spec.listeners.iter();
            listeners.find(|listener| listener.name == section)?.port
        } else {
            let spec = snapshot.services().get(place)?.spec.as_ref()?;
            let mut ports = spec.ports.iter().flatten();
            ports
                .find(|port| port.name.as_deref() == Some(section))?
                .port
        };
        Some(format!(
            "`{section}` has port {port}: remove `port` from the parentRef, or write `port: {port}`"
        ))
    }

    /// The hostname of a listener, or of the route, that is nearly the other one.
    pub(super) fn hostname(&self, object: &ObjectRef, to: &ObjectRef) -> Option<String> {
        let snapshot = self.resolver.snapshot();
        let gateway = snapshot.gateways().get(&to.namespaced_name())?;
        let served: Vec<&str> = gateway
            .spec
            .listeners
            .iter()
            .filter_map(|listener| listener.hostname.as_deref())
            .collect();
        let place = &object.namespaced_name();
        let own: &[String] = match object.kind.as_str() {
            "HTTPRoute" => &snapshot.http_routes().get(place)?.spec.hostnames,
            "GRPCRoute" => &snapshot.grpc_routes().get(place)?.spec.as_ref()?.hostnames,
            "TLSRoute" => &snapshot.tls_routes().get(place)?.spec.hostnames,
            _ => return None,
        };
        own.iter().find_map(|own| {
            let near = served.iter().find(|served| is_near_host(own, served))?;
            Some(near_host(own, near, "a listener of the Gateway"))
        })
    }

    /// What would let a route's namespace through at a listener that would accept it otherwise.
    pub(super) fn namespaces(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let to = problem.to.as_ref()?;
        let (id, index) = parent_index(object, problem)?;
        let snapshot = self.resolver.snapshot();
        let gateway = snapshot.gateways().get(&to.namespaced_name())?;
        let name = self.resolver.refusing_namespace(&id, index).next()?;
        let mut listeners = gateway.spec.listeners.iter();
        let listener = listeners.find(|listener| listener.name == name)?;
        let namespace = &object.namespace;
        if listener.routes_from() != FromNamespaces::Selector {
            return Some(format!(
                "to take the route, listener `{name}` needs `allowedRoutes.namespaces` with `from: All`, or `from: Selector` and a \
                 selector for namespace `{namespace}`"
            ));
        }
        let is_given = snapshot
            .namespaces()
            .contains_key(&NamespacedName::new("", namespace.as_str()));
        Some(match is_given {
            true => format!(
                "give Namespace `{namespace}` the labels that listener `{name}` asks for, or widen its `allowedRoutes.namespaces`"
            ),
            false => format!("add Namespace `{namespace}` with its labels to the input"),
        })
    }
}

/// What is most likely meant by a hostname that nearly lies within another one.
pub(in crate::lint) fn near_host(own: &str, near: &str, whose: &str) -> String {
    match near.starts_with("*.") {
        true => format!("`{own}` is nearly within `{near}`, which {whose} serves"),
        false => format!("did you mean `{near}`, which {whose} serves, in place of `{own}`?"),
    }
}

/// Whether a hostname would lie within another one but for a letter or two.
pub(in crate::lint) fn is_near_host(own: &str, served: &str) -> bool {
    let (own, served) = (own.to_ascii_lowercase(), served.to_ascii_lowercase());
    let compared = match served.strip_prefix("*.") {
        Some(suffix) => {
            let labels = suffix.split('.').count();
            let own_labels: Vec<&str> = own.split('.').collect();
            let from = own_labels
                .len()
                .checked_sub(labels)
                .filter(|from| *from > 0);
            let Some(tail) = from.and_then(|from| own_labels.get(from..)) else {
                return false;
            };
            (tail.join("."), suffix.to_owned())
        }
        None => (own, served),
    };
    let (one, other) = compared;
    one.len() <= 253
        && other.len() <= 253
        && one != other
        && strsim::osa_distance(&one, &other) <= 2
}
