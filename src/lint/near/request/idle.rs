//! Listeners that would have taken a request, did they serve.

use super::{super::Near, within};
use crate::{
    attachment::Status,
    meta::{Condition, NamespacedName, ObjectReference, condition::listener},
    sim::{Answer, Request, idle_listeners},
};
use std::collections::BTreeMap;

impl Near<'_> {
    /// What the listeners need that would have taken a request.
    pub(super) fn idle(&self, request: &Request, answer: &Answer, help: &mut Vec<String>) {
        if answer.service.is_some() || request.client.is_some() {
            return;
        }
        let effective = &self.resolver.resolution().effective;
        let taken = answer.listener.as_ref().and_then(|taken| {
            let name = taken.gateway.namespaced_name();
            let (name, gateway) = effective.gateways.get_key_value(&name)?;
            let listener = gateway.listeners.iter().find(|l| l.name == taken.name)?;
            Some((name, &**listener))
        });
        // Those that exclude each other have one remedy.
        let mut conflicts: BTreeMap<(&NamespacedName, &str), Vec<String>> = BTreeMap::new();
        for (gateway, idle) in idle_listeners(effective, request, taken) {
            match self.conflict(gateway, &idle.name) {
                Some(reason) => {
                    let names = conflicts.entry((gateway, reason)).or_default();
                    names.push(format!("`{}`", idle.name));
                }
                None => self.listener_needs(gateway, &idle.name, help),
            }
        }
        for ((gateway, reason), names) in conflicts {
            let listeners = match names.as_slice() {
                [one] => format!("listener {one}"),
                names => format!("each of the listeners {}", names.join(", ")),
            };
            let what = match reason {
                listener::reason::HOSTNAME_CONFLICT => "a hostname or a port of its own",
                _ => "a port that no listener of another protocol has",
            };
            help.push(format!("give {listeners} of Gateway {gateway} {what}"));
        }
        help.truncate(super::SHOWN);
    }

    /// The conditions of a listener.
    fn conditions(&self, gateway: &NamespacedName, name: &str) -> &[Condition] {
        let gateway = ObjectReference::gateway_api("Gateway", gateway);
        match self.resolver.resolution().statuses.get(&gateway) {
            Some(Status::Gateway(status)) => {
                let mut listeners = status.listeners.iter();
                let listener = listeners.find(|listener| listener.name == name);
                listener.map_or(&[][..], |listener| &listener.conditions)
            }
            _ => &[],
        }
    }

    /// Why a listener conflicts with others, if it does.
    fn conflict(&self, gateway: &NamespacedName, name: &str) -> Option<&'static str> {
        use listener::reason::{HOSTNAME_CONFLICT, PROTOCOL_CONFLICT};
        let conditions = self.conditions(gateway, name);
        [HOSTNAME_CONFLICT, PROTOCOL_CONFLICT]
            .into_iter()
            .find(|reason| conditions.iter().any(|one| one.reason == *reason))
    }

    /// What a listener that conflicts with no other needs to serve, or its Gateway.
    fn listener_needs(&self, name: &NamespacedName, idle: &str, help: &mut Vec<String>) {
        let gateway = ObjectReference::gateway_api("Gateway", name);
        for condition in self.conditions(name, idle) {
            match condition.reason.as_str() {
                listener::reason::UNSUPPORTED_PROTOCOL => help.push(format!(
                    "give listener `{idle}` of Gateway {name} one of the protocols HTTP, HTTPS, TLS, TCP and UDP"
                )),
                listener::reason::INVALID if condition.type_ == listener::ACCEPTED => help.push(
                    format!("correct `allowedRoutes.namespaces` of listener `{idle}` of Gateway {name}"),
                ),
                _ => {}
            }
        }
        let snapshot = self.resolver.snapshot();
        let Some(written) = snapshot.gateways().get(name) else {
            return;
        };
        let mut listeners = written.spec.listeners.iter();
        let index = listeners.position(|listener| listener.name == idle);
        let field = index.map(|index| format!("spec.listeners[{index}]"));
        let address = self.gateway(&gateway).into_iter();
        let address = address.filter(|(path, _)| *path == "spec.addresses");
        help.extend(address.map(|(_, needed)| format!("{gateway}: {needed}")));
        for problem in self.resolver.reference_problems(&gateway) {
            let of_others = problem.path.starts_with("spec.listeners[")
                && field
                    .as_deref()
                    .is_none_or(|field| !within(&problem.path, field));
            if !of_others {
                let needed = self.help(&gateway, &problem);
                help.extend(needed.or_else(|| self.remedy(&problem)));
            }
        }
        let class = ObjectReference {
            namespace: String::new(),
            ..ObjectReference::gateway_api(
                "GatewayClass",
                &NamespacedName::new("", &written.spec.gateway_class_name),
            )
        };
        if let Some(ignored) = self.index().ignored(&class) {
            help.extend(super::ignored::remedies(ignored));
        }
        for problem in self.resolver.reference_problems(&class) {
            help.push(format!("correct `{}` of {class}", problem.path));
        }
    }
}
