//! What a listener lacks that is not valid by itself.

use super::{MOST_NAMED, Near};
use crate::{
    attachment::{ListenerLack, ReferenceProblem, Status},
    meta::{Condition, ObjectRef, condition},
    rules::{ADD_SELECTOR, CORRECT_SELECTOR},
    v1::{Listener, ProtocolType},
};
use std::collections::{BTreeMap, BTreeSet};

/// What a listener lacks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    /// It is not valid by itself.
    Invalid(ListenerLack),
    /// The protocol is not known.
    Protocol,
    /// The port is none.
    Port,
    /// Among the kinds of routes that it names are some that its protocol does not take.
    RouteKinds,
}

impl Lack {
    /// What a listener with these conditions lacks, beside what its references need.
    pub(super) fn all(listener: &Listener, conditions: &[Condition]) -> Vec<Self> {
        use condition::listener::{ACCEPTED, RESOLVED_REFS, reason};
        let lack = |one: &Condition| match (one.type_.as_str(), one.reason.as_str()) {
            (ACCEPTED, reason::INVALID) => ListenerLack::of(listener).map(Self::Invalid),
            (ACCEPTED, reason::UNSUPPORTED_PROTOCOL) => Some(Self::Protocol),
            (ACCEPTED, reason::PORT_UNAVAILABLE) => Some(Self::Port),
            (RESOLVED_REFS, reason::INVALID_ROUTE_KINDS) => Some(Self::RouteKinds),
            _ => None,
        };
        conditions.iter().filter_map(lack).collect()
    }

    /// What to give the listener or listeners that `whom` names.
    pub(super) fn needed(&self, whom: &str) -> String {
        match self {
            Self::Invalid(ListenerLack::HttpsCertificate) => {
                format!("give {whom} a `tls` with `certificateRefs`, or `protocol: HTTP`")
            }
            Self::Invalid(ListenerLack::TlsCertificate) => format!(
                "give {whom} a `tls` with `certificateRefs` or `mode: Passthrough`, or `protocol: TCP`"
            ),
            Self::Invalid(ListenerLack::Termination) => {
                format!("give {whom} `tls.mode: Terminate`, or `protocol: TLS`")
            }
            Self::Invalid(ListenerLack::TlsMode(_)) => {
                format!("give {whom} `tls.mode: Terminate` or `tls.mode: Passthrough`")
            }
            Self::Invalid(ListenerLack::Hostname(why)) => format!(
                "give {whom} a `hostname` that is a DNS name, such as `shop.example.com` or `*.example.com`: {why}"
            ),
            Self::Invalid(ListenerLack::Selector) => {
                format!("in `allowedRoutes.namespaces` of {whom}, {ADD_SELECTOR}")
            }
            Self::Invalid(ListenerLack::SelectorTerms(_)) => {
                format!("in `allowedRoutes.namespaces` of {whom}, {CORRECT_SELECTOR}")
            }
            Self::Invalid(ListenerLack::Namespaces(_)) => format!(
                "give {whom} `from: Same`, `from: All` or `from: Selector` in `allowedRoutes.namespaces`"
            ),
            Self::Protocol => {
                format!("give {whom} one of the protocols HTTP, HTTPS, TLS, TCP and UDP")
            }
            Self::Port => format!("give {whom} a port from 1 to 65535"),
            Self::RouteKinds => format!(
                "remove from `allowedRoutes.kinds` of {whom} the kinds that its protocol cannot carry"
            ),
        }
    }
}

impl Near<'_> {
    /// Whether a field says what a Gateway asks clients of HTTPS listeners for, and it has no such listener: no condition speaks of it.
    pub(super) fn is_of_no_listener(&self, object: &ObjectRef, path: &str) -> bool {
        let gateways = self.resolver.snapshot().gateways();
        let gateway = gateways.get(&object.namespaced_name());
        let Some(gateway) = gateway.filter(|_| path.starts_with("spec.tls.frontend.")) else {
            return false;
        };
        let tls = gateway.spec.tls.as_ref();
        let own = tls.and_then(|tls| tls.frontend.as_ref());
        let own = own.map_or(&[][..], |frontend| &frontend.per_port);
        let listeners = gateway.spec.listeners.iter();
        let mut ports = listeners.filter(|one| one.protocol == ProtocolType::Https);
        let index = path.strip_prefix("spec.tls.frontend.perPort[");
        let index = index.and_then(|rest| rest.split_once(']')?.0.parse::<usize>().ok());
        match index.and_then(|index| own.get(index)) {
            Some(port) => ports.all(|listener| listener.port != port.port),
            None => ports.all(|listener| own.iter().any(|own| own.port == listener.port)),
        }
    }

    /// What a listener needs that is rejected for a field of its own.
    pub(super) fn invalid_listener(
        &self,
        object: &ObjectRef,
        problem: &ReferenceProblem,
    ) -> Option<String> {
        let gateways = self.resolver.snapshot().gateways();
        let gateway = gateways.get(&object.namespaced_name())?;
        let index = problem.path.strip_prefix("spec.listeners[")?;
        let index: usize = index.split_once(']')?.0.parse().ok()?;
        let listener = gateway.spec.listeners.get(index)?;
        let lack = Lack::Invalid(ListenerLack::of(listener)?);
        Some(lack.needed(&format!("listener `{}`", listener.name)))
    }

    /// What the listeners of a Gateway need that are not valid by themselves; those that lack the same have one help.
    pub(super) fn invalid_listeners(&self, object: &ObjectRef) -> Vec<String> {
        let statuses = &self.resolver.resolution().statuses;
        let gateways = self.resolver.snapshot().gateways();
        let (Some(Status::Gateway(status)), Some(gateway)) = (
            statuses.get(object),
            gateways.get(&object.namespaced_name()),
        ) else {
            return Vec::new();
        };
        let mut lacks: BTreeMap<Lack, Vec<usize>> = BTreeMap::new();
        // The listeners of the status are those of the spec, in the same order.
        let listeners = || gateway.spec.listeners.iter();
        for (index, (listener, said)) in listeners().zip(&status.listeners).enumerate() {
            for lack in Lack::all(listener, &said.conditions) {
                lacks.entry(lack).or_default().push(index);
            }
        }
        // What differs may have one remedy.
        let mut remedies: Vec<(String, Lack, BTreeSet<usize>)> = Vec::new();
        for (lack, at) in lacks {
            let remedy = lack.needed("");
            match remedies.iter_mut().find(|(known, ..)| *known == remedy) {
                Some((_, _, known)) => known.extend(at),
                None => remedies.push((remedy, lack, at.into_iter().collect())),
            }
        }
        let say = |(_, lack, at): (String, Lack, BTreeSet<usize>)| {
            let names = at.into_iter().take(MOST_NAMED);
            let names = names.filter_map(|index| listeners().nth(index));
            let names: Vec<String> = names
                .map(|listener| format!("`{}`", listener.name))
                .collect();
            let listeners = match names.len() {
                1 => "listener",
                _ => "listeners",
            };
            lack.needed(&format!("{listeners} {}", names.join(", ")))
        };
        remedies.into_iter().map(say).collect()
    }
}
