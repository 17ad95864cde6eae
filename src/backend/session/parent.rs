//! What a session belongs to.

use crate::{
    attachment::{RouteId, RouteKind},
    backend::fingerprint,
    meta::{NamespacedName, ObjectRef},
};

/// What a route is attached to: a listener of a Gateway, or a port of a Service in a mesh. Sessions of one are worth
/// nothing at another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionParent {
    /// A listener of a Gateway.
    Listener {
        /// The Gateway.
        gateway: NamespacedName,
        /// The name of the listener.
        listener: String,
    },
    /// A port of a Service or ServiceImport.
    Service {
        /// The Service.
        service: ObjectRef,
        /// The number of the port.
        port: u16,
    },
}

/// One rule of a route at one parent, to which tokens are bound: "Route rules referencing the same service MUST NOT share
/// persistent sessions" (GEP-1619, "Edge Case Behavior").
///
/// A rule is known by its place in the route. Where the rules of a route change their places, a session goes on if the rule
/// that is now at its place has its backend; else it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binding {
    /// Every name and number with its length, so that no two rules have the same bytes.
    bytes: Box<[u8]>,
}

impl Binding {
    pub(super) fn new(parent: &SessionParent, route: &RouteId, rule: usize) -> Self {
        let mut bytes = Vec::new();
        let mut add = |part: &[u8]| {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            bytes.extend(length.to_le_bytes());
            bytes.extend(part);
        };
        match parent {
            SessionParent::Listener { gateway, listener } => {
                add(b"listener");
                for text in [&gateway.namespace, &gateway.name, listener] {
                    add(text.as_bytes());
                }
            }
            SessionParent::Service { service, port } => {
                add(b"service");
                let ObjectRef {
                    group,
                    kind,
                    namespace,
                    name,
                } = service;
                for text in [group, kind, namespace, name] {
                    add(text.as_bytes());
                }
                add(&port.to_le_bytes());
            }
        }
        let RouteId { kind, name } = route;
        let kind: RouteKind = *kind;
        for text in [kind.as_str(), &name.namespace, &name.name] {
            add(text.as_bytes());
        }
        add(&u64::try_from(rule).unwrap_or(u64::MAX).to_le_bytes());
        Self {
            bytes: bytes.into(),
        }
    }

    /// What is authenticated with each token.
    #[cfg(feature = "sessions")]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The name of a session that has none: "If `SessionName` is not specified, then a unique cookie name should be
    /// generated" (GEP-1619, "Name"). Every replica makes the same one, and it tells clients nothing. A policy belongs
    /// to a backend, whose key is `of`.
    pub(super) fn generated_name(&self, of: Option<u64>) -> String {
        let of = of.map(u64::to_le_bytes);
        let parts = [&*self.bytes].into_iter();
        let fingerprint = fingerprint::of(parts.chain(of.as_ref().map(|of| &of[..])));
        format!("gwapi-session-{fingerprint:016x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where one name ends and the next begins is part of what a token is bound to.
    #[test]
    fn no_two_rules_are_bound_alike() {
        let listener = |namespace: &str, name: &str, listener: &str| SessionParent::Listener {
            gateway: NamespacedName::new(namespace, name),
            listener: listener.into(),
        };
        let route = |namespace: &str, name: &str| RouteId {
            kind: RouteKind::Http,
            name: NamespacedName::new(namespace, name),
        };
        let bindings = [
            Binding::new(&listener("a", "bc", "d"), &route("e", "f"), 1),
            Binding::new(&listener("ab", "c", "d"), &route("e", "f"), 1),
            Binding::new(&listener("a", "b", "cd"), &route("e", "f"), 1),
            Binding::new(&listener("a", "bc", "de"), &route("", "f"), 1),
            Binding::new(&listener("a", "bc", "d"), &route("ef", ""), 1),
            Binding::new(&listener("a", "bc", "d"), &route("e", "f"), 257),
        ];
        for (place, one) in bindings.iter().enumerate() {
            let same = bindings.iter().filter(|other| *other == one).count();
            assert_eq!(same, 1, "{place}");
        }
    }
}
