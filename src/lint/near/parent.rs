//! Parents that are there, and do not take a route as it stands.

use super::Near;
use crate::{
    attachment::ReferenceProblem,
    meta::{NamespacedName, ObjectRef},
    schema::nearest_name,
    v1::{FromNamespaces, Listener, ParentReference},
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
        let names: Box<dyn Iterator<Item = &str>> = if parent.is_gateway() {
            let listeners = &snapshot.gateways().get(&place)?.spec.listeners;
            Box::new(listeners.iter().map(|listener| listener.name.as_str()))
        } else {
            let spec = snapshot.services().get(&place)?.spec.as_ref()?;
            let ports = spec.ports.iter().flatten();
            Box::new(ports.filter_map(|port| port.name.as_deref()))
        };
        let near = nearest_name(section, self.first_candidates(names))?;
        Some(format!("did you mean `sectionName: {near}`?"))
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
            Some(format!(
                "`{own}` is nearly within `{near}`, which a listener of the Gateway serves"
            ))
        })
    }

    /// What would let a route's namespace through at a listener that does not take routes from it.
    pub(super) fn namespaces(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let parent = self.parent_of(object, problem)?;
        let to = problem.to.as_ref()?;
        if !parent.is_gateway() {
            return None;
        }
        let snapshot = self.resolver.snapshot();
        let gateway = snapshot.gateways().get(&to.namespaced_name())?;
        let asked = |listener: &&Listener| {
            let section = parent.section_name.as_deref().filter(|s| !s.is_empty());
            section.is_none_or(|section| section == listener.name)
                && parent.port.is_none_or(|port| port == listener.port)
        };
        let mut listeners = gateway.spec.listeners.iter().filter(asked);
        let namespace = &object.namespace;
        let by_labels = |listener: &Listener| {
            let allowed = listener.allowed_routes.as_ref();
            let namespaces = allowed.and_then(|allowed| allowed.namespaces.as_ref());
            listener.routes_from() == FromNamespaces::Selector
                && namespaces.is_some_and(|namespaces| namespaces.selector.is_some())
        };
        if listeners.clone().any(by_labels)
            && !snapshot
                .namespaces()
                .contains_key(&NamespacedName::new("", namespace.as_str()))
        {
            return Some(format!(
                "add Namespace `{namespace}` with its labels to the input"
            ));
        }
        let same = listeners.find(|l| l.routes_from() == FromNamespaces::Same);
        let listener = same.filter(|_| to.namespace != *namespace)?;
        Some(format!(
            "to take the route, listener `{}` needs `allowedRoutes.namespaces` with `from: All`, or `from: Selector` and a \
             selector for namespace `{namespace}`",
            listener.name
        ))
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
