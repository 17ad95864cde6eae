//! Objects that are not there under the name by which they are referred to.

use super::{Kind, Near};
use crate::{
    attachment::Snapshot,
    meta::{GROUP, NamespacedName, ObjectRef},
    schema::nearest_name,
};

impl Near<'_> {
    /// What may be meant by a reference to an object that is not there.
    pub(super) fn missing(&self, from: &ObjectRef, to: &ObjectRef, kind: Kind) -> Option<String> {
        self.left_out(to)
            .or_else(|| self.elsewhere(from, to, kind))
            .or_else(|| self.misspelt(to))
            .or_else(|| {
                let snapshot = self.resolver.snapshot();
                let own = to.namespace == from.namespace && names_no_namespace(snapshot, from);
                if own {
                    return Some(format!("{from} names no namespace, so that it is read as being in `default`: give it its namespace"));
                }
                self.only_gateway(to)
            })
    }

    /// The one Gateway of a namespace, where another one is asked for.
    fn only_gateway(&self, to: &ObjectRef) -> Option<String> {
        if to.group != GROUP || to.kind != "Gateway" {
            return None;
        }
        let gateways = self.resolver.snapshot().gateways();
        let mut there = Snapshot::in_namespace(gateways, &to.namespace);
        let (place, _) = there.next()?;
        there.next().is_none().then(|| {
            format!(
                "did you mean Gateway `{}`, the only one in namespace `{}`?",
                place.name, to.namespace
            )
        })
    }

    /// The object that was given, and is left out.
    pub(super) fn left_out(&self, to: &ObjectRef) -> Option<String> {
        let ignored = self.index().ignored(to)?;
        let (object, message) = (&ignored.object, &ignored.message);
        Some(format!(
            "correct {object} first, which is left out: {message}"
        ))
    }

    /// An object of the same name in another namespace.
    fn elsewhere(&self, from: &ObjectRef, to: &ObjectRef, kind: Kind) -> Option<String> {
        let places = self.index().places(&to.kind, &to.name);
        let place = places
            .iter()
            .find(|place| place.namespace != to.namespace)?;
        let (kind_name, name) = (&to.kind, &to.name);
        let namespace = &place.namespace;
        let there = ObjectRef {
            namespace: namespace.clone(),
            ..to.clone()
        };
        if names_no_namespace(self.resolver.snapshot(), &there) {
            return Some(format!(
                "there is a {kind_name} `{name}` that names no namespace, so that it is read as being in `default`: \
                 give it `namespace: {}`",
                to.namespace
            ));
        }
        Some(match kind {
            Kind::TargetNotFound => {
                format!("{kind_name} `{name}` is in namespace `{namespace}`: move the policy there")
            }
            Kind::AuthorityNotFound if from.kind != "Gateway" => format!(
                "there is a {kind_name} `{name}` in namespace `{namespace}`, and a policy refers to objects of its own namespace"
            ),
            _ => {
                let write = format!(
                    "there is a {kind_name} `{name}` in namespace `{namespace}`: write `namespace: {namespace}` in the reference"
                );
                let more = match kind {
                    Kind::ParentNotFound => self.let_in(from, &there),
                    _ => self.grant_needed(from, &there),
                };
                match more {
                    Some(more) => format!("{write}; and {more}"),
                    None => write,
                }
            }
        })
    }

    /// An object of the same kind and namespace whose name is nearly the same.
    pub(super) fn misspelt(&self, to: &ObjectRef) -> Option<String> {
        let snapshot = self.resolver.snapshot();
        macro_rules! near {
            ($objects:ident) => {{
                let places = Snapshot::in_namespace(snapshot.$objects(), &to.namespace);
                let places = places.map(|(place, _)| place);
                let places = self.first_candidates(places);
                near_name(&to.name, places.take_while(|_| self.may_look()))
            }};
        }
        let near = match (to.group.as_str(), to.kind.as_str()) {
            (GROUP, "Gateway") => near!(gateways),
            (GROUP, "GatewayClass") => near!(gateway_classes),
            ("", "Service") => near!(services),
            ("", "Secret") => near!(secrets),
            ("", "ConfigMap") => near!(config_maps),
            _ => None,
        }?;
        Some(format!("did you mean {} `{near}`?", to.kind))
    }
}

/// The name of these that a misspelt one most likely means. Of names of one or two letters, all are near.
fn near_name<'n>(name: &str, places: impl Iterator<Item = &'n NamespacedName>) -> Option<&'n str> {
    let names = places
        .map(|place| place.name.as_str())
        .filter(|known| known.len() > 2);
    (name.len() > 2)
        .then(|| nearest_name(name, names))
        .flatten()
}

/// Whether an object of the Gateway API, or a Service, says nothing of its namespace.
pub(super) fn names_no_namespace(snapshot: &Snapshot, object: &ObjectRef) -> bool {
    if object.namespace != "default" {
        return false;
    }
    let place = &object.namespaced_name();
    macro_rules! unnamed {
        ($objects:ident) => {
            snapshot.$objects().get(place).is_some_and(|object| {
                object
                    .metadata
                    .namespace
                    .as_deref()
                    .is_none_or(str::is_empty)
            })
        };
    }
    match object.kind.as_str() {
        "Gateway" => unnamed!(gateways),
        "HTTPRoute" => unnamed!(http_routes),
        "GRPCRoute" => unnamed!(grpc_routes),
        "TLSRoute" => unnamed!(tls_routes),
        "TCPRoute" => unnamed!(tcp_routes),
        "UDPRoute" => unnamed!(udp_routes),
        "BackendTLSPolicy" => unnamed!(backend_tls_policies),
        "BackendLBPolicy" => unnamed!(backend_lb_policies),
        "Service" => unnamed!(services),
        "Secret" => unnamed!(secrets),
        "ConfigMap" => unnamed!(config_maps),
        _ => false,
    }
}
