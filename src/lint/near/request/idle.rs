//! Listeners that would have taken a request, did they serve.

use super::{
    super::{Near, listener::Lack},
    Around, NotInForce, within,
};
use crate::{
    attachment::{Family, Status, class_reference, effective::IdleListener},
    meta::{
        Condition, NamespacedName, ObjectRef,
        condition::{self, listener},
    },
    sim::{Answer, Request, found_elsewhere, idle_listeners, not_serving},
    v1::Listener,
};
use std::collections::{BTreeMap, BTreeSet};

impl Near<'_> {
    /// What the listeners need that would have taken a request, and their Gateways.
    pub(super) fn idle(&self, request: &Request, answer: &Answer, around: &mut Around) {
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
        self.idle_need(idle_listeners(effective, request, taken), around);
    }

    /// The listeners of other Gateways that would answer for the port and the host, too, and do not serve: a client that names no
    /// Gateway may mean them.
    pub(super) fn idle_elsewhere(&self, request: &Request, answer: &Answer, around: &mut Around) {
        let Some(taken) = &answer.listener else {
            return;
        };
        if request.gateway.is_some() || request.client.is_some() {
            return;
        }
        let effective = &self.resolver.resolution().effective;
        let found = found_elsewhere(effective, request, &taken.gateway.namespaced_name());
        if found.is_empty() {
            return;
        }
        for (gateway, idle) in found.iter().take(super::SHOWN) {
            let why = not_serving(gateway, idle);
            around.why.push(format!(
                "the port and the host are those of another Gateway as well, but {why}"
            ));
            around.not_in_force.push(NotInForce {
                object: ObjectRef::gateway_api("Gateway", gateway),
                why,
            });
        }
        around.amiss = true;
        let mut needed = Around::default();
        let gateways: BTreeSet<_> = found.iter().map(|(gateway, _)| *gateway).collect();
        self.idle_need(found, &mut needed);
        if needed.help.is_empty() {
            let names: Vec<String> = gateways.iter().map(ToString::to_string).collect();
            let named = names.get(..super::SHOWN).unwrap_or(&names).join(", ");
            needed.help.push(format!(
                "correct what the conditions of Gateway {named} name: `gwapi status` shows them"
            ));
        }
        around.why.append(&mut needed.why);
        around.help.append(&mut needed.help);
    }

    /// What these listeners need that are not serving, and their Gateways.
    fn idle_need(&self, idle: Vec<(&NamespacedName, &IdleListener)>, around: &mut Around) {
        // Those that exclude each other have one remedy.
        let mut conflicts: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        let mut gateways = BTreeSet::new();
        // What a listener needs besides that it conflicts with others.
        let mut needed = Vec::new();
        for (gateway, idle) in idle {
            if let Some(reason) = self.conflict(gateway, &idle.name) {
                let names = conflicts.entry((gateway, reason, idle.port)).or_default();
                names.push(&idle.name);
                gateways.insert(gateway);
            }
            self.listener_needs(gateway, &idle.name, &mut needed);
        }
        for ((gateway, reason, port), names) in conflicts {
            let by_protocol = reason == listener::reason::PROTOCOL_CONFLICT;
            let moved = port.filter(|_| by_protocol);
            let moved = moved.and_then(|port| self.move_others(gateway, port, &names));
            let what = match reason {
                listener::reason::HOSTNAME_CONFLICT => "a hostname or a port",
                _ => "a port",
            };
            let each = || match names.as_slice() {
                [one] => format!("give listener `{one}` of Gateway {gateway} {what} of its own"),
                names => format!(
                    "give each of the listeners {} of Gateway {gateway} {what} of its own",
                    quoted(names.iter().copied())
                ),
            };
            around.help.push(moved.unwrap_or_else(each));
        }
        around.help.append(&mut needed);
        for gateway in gateways {
            self.not_accepted(gateway, &mut around.why);
        }
        around.help.truncate(super::SHOWN);
    }

    /// Which listeners of a port have to be moved so that those of these names are there alone, where others are.
    fn move_others(&self, gateway: &NamespacedName, port: u16, names: &[&str]) -> Option<String> {
        let written = self.resolver.snapshot().gateways().get(gateway)?;
        let listeners = || written.spec.listeners.iter();
        let own = listeners().find(|l| names.contains(&l.name.as_str()))?;
        let own = Family::of(&own.protocol);
        let excluded = |l: &&Listener| {
            let other = Family::of(&l.protocol);
            own != other && own.excludes(other) && !names.contains(&l.name.as_str())
        };
        let others: Vec<String> = listeners()
            .filter(|l| l.port == i32::from(port))
            .filter(excluded)
            .take(super::SHOWN)
            .map(|l| format!("`{}` ({})", l.name, l.protocol))
            .collect();
        let several = match others.len() {
            0 => return None,
            1 => "",
            _ => "s",
        };
        let others = others.join(", ");
        Some(format!(
            "move listener{several} {others} of Gateway {gateway} to a port other than {port}"
        ))
    }

    /// That a Gateway is not accepted, besides what is wrong with its listeners.
    fn not_accepted(&self, name: &NamespacedName, why: &mut Vec<String>) {
        use condition::gateway::{ACCEPTED, reason};
        let gateway = ObjectRef::gateway_api("Gateway", name);
        let Some(Status::Gateway(status)) = self.resolver.resolution().statuses.get(&gateway)
        else {
            return;
        };
        let accepted = status.conditions.iter().find(|one| one.type_ == ACCEPTED);
        let Some(accepted) = accepted.filter(|one| one.status == "False") else {
            return;
        };
        if accepted.reason == reason::LISTENERS_NOT_VALID {
            return;
        }
        why.push(format!(
            "{gateway}: {ACCEPTED} False ({}): {}",
            accepted.reason, accepted.message
        ));
    }

    /// The conditions of a listener.
    fn conditions(&self, gateway: &NamespacedName, name: &str) -> &[Condition] {
        let gateway = ObjectRef::gateway_api("Gateway", gateway);
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

    /// What a listener needs to serve, or its Gateway, beside what keeps it apart from those with which it conflicts.
    pub(super) fn listener_needs(&self, name: &NamespacedName, idle: &str, help: &mut Vec<String>) {
        let gateway = ObjectRef::gateway_api("Gateway", name);
        let snapshot = self.resolver.snapshot();
        let Some(written) = snapshot.gateways().get(name) else {
            return;
        };
        let mut listeners = written.spec.listeners.iter();
        if let Some(listener) = listeners.find(|listener| listener.name == idle) {
            let whom = format!("listener `{idle}` of Gateway {name}");
            let lacks = Lack::all(listener, self.conditions(name, idle));
            help.extend(lacks.iter().map(|lack| lack.needed(&whom)));
        }
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
                help.extend(needed.or_else(|| self.remedy(&gateway, &problem)));
            }
        }
        let class = class_reference(&written.spec.gateway_class_name);
        if let Some(ignored) = self.index().ignored(&class) {
            help.push(super::ignored::correct(ignored));
        }
        for problem in self.resolver.reference_problems(&class) {
            let needed = self.help(&class, &problem);
            let needed = needed.or_else(|| self.needed(&class, &problem));
            help.extend(needed.map(|needed| format!("{class}: {needed}")));
        }
    }
}

/// Names in backticks.
fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
