//! Routes against Services and ServiceImports, as their parents in a mesh (GEP-1426, GEP-1748).

use super::{
    state::{ParentState, ParentTarget},
    view::{RouteContext, RouteView},
};
use crate::{
    attachment::{
        CONFLICTED, LostPort, PortWinner, RouteKind,
        backend::{BackendKey, BackendState, Carrier, PortState},
        condition_body::{ConditionBody, join},
    },
    meta::{FeatureName, condition::route::reason},
    v1::ParentReference,
};
use std::borrow::Cow;

/// How many ports a message names.
const MOST_NAMED: usize = 8;

impl RouteView<'_> {
    pub(super) fn at_service(
        &self,
        reference: &ParentReference,
        key: BackendKey,
        world: RouteContext<'_>,
    ) -> ParentState {
        let state = |target, accepted| ParentState {
            reference: reference.clone(),
            target,
            controller: Some(world.options.mesh_controller.clone()),
            accepted,
            fails: false,
        };
        let refuse = |reason, text: String| {
            state(
                ParentTarget::Nothing,
                ConditionBody::new(false, reason, text),
            )
        };
        let name = key.reference();
        let Some(service) = world.backends.get(&key) else {
            let absent = world.snapshot.absent(&name).to_string();
            return refuse(reason::NO_MATCHING_PARENT, absent);
        };
        if !service.has_mesh_address() {
            return refuse(
                reason::UNSUPPORTED_VALUE,
                format!("{name} has no address of its own by which a mesh knows its traffic"),
            );
        }
        let consumer = key.name.namespace != self.id.name.namespace;
        if consumer && !world.options.supports(&FeatureName::MeshConsumerRoute) {
            return refuse(
                reason::UNSUPPORTED_VALUE,
                format!("{name} is in another namespace: consumer routes are not supported"),
            );
        }
        if let Some(text) = self.no_transport(reference, service, &name.to_string()) {
            return refuse(reason::NO_MATCHING_PARENT, text);
        }
        let section = reference.section_name.as_deref().filter(|s| !s.is_empty());
        let mut ports = ports_meant(reference, service);
        let port = if section.is_none() && reference.port.is_none() {
            None
        } else {
            match ports.next() {
                Some(port) => Some(port.port),
                None => {
                    let have = ports_that(service, section.is_some());
                    let port = reference.port.map(|port| format!(" {port}"));
                    let named = section.map(|section| format!(" named `{section}`"));
                    return refuse(
                        reason::NO_MATCHING_PARENT,
                        format!(
                            "{name} has no port{}{}: it has {have}",
                            port.unwrap_or_default(),
                            named.unwrap_or_default()
                        ),
                    );
                }
            }
        };
        // Clients are under the routes of their own namespace where it has any; there may be many such namespaces, which come and go.
        let (of, except) = match consumer {
            true => (
                format!("of clients in namespace `{}`", self.id.name.namespace),
                "",
            ),
            false => (
                "of all clients".to_owned(),
                ", except from namespaces with routes of their own",
            ),
        };
        let at = match port {
            Some(port) => format!("port {port}"),
            None => self.every_port(service),
        };
        let governed = match self.id.kind {
            RouteKind::Tls => format!(
                "governs connections over TLS {of} to {at}{except}: those without TLS are closed there"
            ),
            _ => format!("governs requests {of} to {at}{except}"),
        };
        state(
            ParentTarget::Service { key, port },
            ConditionBody::new(true, reason::ACCEPTED, governed),
        )
    }

    /// The ports of a Service that carry what a route of this kind takes, where it asks for all.
    fn every_port(&self, service: &BackendState) -> String {
        let transport = Carrier::of(self.id.kind).transport();
        match service.ports.iter().all(|port| port.protocol == transport) {
            true => "every port".to_owned(),
            false => format!("every port that takes {transport}"),
        }
    }

    /// Why the ports that a parentRef means carry nothing that a route of this kind takes, if they do not.
    fn no_transport(
        &self,
        reference: &ParentReference,
        service: &BackendState,
        name: &str,
    ) -> Option<String> {
        let kind = self.id.kind;
        let transport = Carrier::of(kind).transport();
        let mut meant = ports_meant(reference, service).peekable();
        let first = meant.peek()?.port;
        if meant.any(|port| port.protocol == transport) {
            return None;
        }
        let ports = if names_port(reference) {
            format!("port {first} of {name}")
        } else {
            name.to_owned()
        };
        Some(format!(
            "{ports} does not take {transport}, which {kind}s need"
        ))
    }
}

/// The ports that a Service or ServiceImport has, by their numbers, or as they are named.
fn ports_that(service: &BackendState, by_name: bool) -> String {
    let shown = |port: &PortState| match port.name.as_deref().filter(|_| by_name) {
        Some(name) => format!("`{name}` (port {})", port.port),
        None => format!("`{}`", port.port),
    };
    let have: Vec<String> = service.ports.iter().take(MOST_NAMED).map(shown).collect();
    let more = service.ports.len().saturating_sub(MOST_NAMED);
    match (have.as_slice(), more) {
        ([], _) => "no port".to_owned(),
        (have, 0) => have.join(", "),
        (have, more) => format!("{} and {more} more", have.join(", ")),
    }
}

/// Whether a parentRef names a port of a Service, by name or number.
fn names_port(reference: &ParentReference) -> bool {
    let section = reference.section_name.as_deref();
    section.is_some_and(|section| !section.is_empty()) || reference.port.is_some()
}

/// The ports of a Service or ServiceImport that a parentRef means; all where it names none.
pub(in crate::attachment) fn ports_meant<'s>(
    reference: &'s ParentReference,
    service: &'s BackendState,
) -> impl Iterator<Item = &'s PortState> {
    let section = reference.section_name.as_deref().filter(|s| !s.is_empty());
    service.ports.iter().filter(move |port| {
        section.is_none_or(|section| port.name.as_deref() == Some(section))
            && reference
                .port
                .is_none_or(|number| i32::from(port.port) == number)
    })
}

/// The ports that other routes govern, each with who does.
pub(in crate::attachment) fn lost_ports(lost: &[LostPort]) -> String {
    let texts = lost
        .iter()
        .map(|lost| format!("{}: {}", lost.describe(), lost.to));
    join(&texts.collect::<Vec<_>>())
}

/// Whether other routes govern all of the ports for which a route asks.
pub(in crate::attachment) fn lost_all(lost: &[LostPort], asked: impl FnOnce() -> usize) -> bool {
    lost.iter().any(|lost| lost.port.is_none()) || lost.len() >= asked()
}

/// The condition `Accepted` of a route at a Service of which it asks for `asked` ports, where other routes govern
/// some of them.
pub(in crate::attachment) fn governs<'f>(
    accepted: &'f ConditionBody,
    lost: &[LostPort],
    asked: impl FnOnce() -> usize,
) -> Cow<'f, ConditionBody> {
    if lost.is_empty() {
        return Cow::Borrowed(accepted);
    }
    let texts = lost_ports(lost);
    if lost_all(lost, asked) {
        let full = |lost: &LostPort| matches!(lost.to, PortWinner::TableFull(_));
        let reason = if lost.iter().all(full) {
            reason::UNSUPPORTED_VALUE
        } else {
            CONFLICTED
        };
        let message = format!("rejected at {texts}");
        return Cow::Owned(ConditionBody::new(false, reason, message));
    }
    let message = format!("{}, but not {texts}", accepted.message);
    Cow::Owned(ConditionBody::new(true, accepted.reason, message))
}
