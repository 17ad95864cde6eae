//! Routes against Services, as their parents in a mesh.

use super::{ParentState, ParentTarget, View, World};
use crate::{
    attachment::{backend::BackendKey, finding::Finding},
    meta::{NamespacedName, SupportedFeature, condition::route::reason},
    v1::ParentReference,
};

impl View<'_> {
    pub(super) fn at_service(
        &self,
        reference: &ParentReference,
        name: NamespacedName,
        world: World<'_>,
    ) -> ParentState {
        let state = |target, accepted| ParentState {
            reference: reference.clone(),
            target,
            controller: Some(world.options.mesh_controller.clone()),
            accepted,
        };
        let refuse =
            |reason, text: String| state(ParentTarget::Nothing, Finding::new(false, reason, text));
        let Some(service) = world.backends.get(&BackendKey::service(name.clone())) else {
            return refuse(
                reason::NO_MATCHING_PARENT,
                format!("Service {name} does not exist"),
            );
        };
        if service.headless || service.external_name {
            return refuse(
                reason::UNSUPPORTED_VALUE,
                format!(
                    "Service {name} has no address of its own by which a mesh knows its traffic"
                ),
            );
        }
        let consumer = name.namespace != self.id.name.namespace;
        if consumer && !world.options.supports(&SupportedFeature::MeshConsumerRoute) {
            return refuse(
                reason::UNSUPPORTED_VALUE,
                format!(
                    "Service {name} is in another namespace: consumer routes are not supported"
                ),
            );
        }
        let section = reference.section_name.as_deref().filter(|s| !s.is_empty());
        let mut ports = service.ports.iter().filter(|port| {
            section.is_none_or(|section| port.name.as_deref() == Some(section))
                && reference
                    .port
                    .is_none_or(|number| i32::from(port.port) == number)
        });
        let port = if section.is_none() && reference.port.is_none() {
            None
        } else {
            match ports.next() {
                Some(port) => Some(port.port),
                None => {
                    let have: Vec<String> =
                        service.ports.iter().map(|p| p.port.to_string()).collect();
                    return refuse(
                        reason::NO_MATCHING_PARENT,
                        format!(
                            "Service {name} has no such port: it has {}",
                            have.join(", ")
                        ),
                    );
                }
            }
        };
        let scope = if consumer {
            format!(
                "requests of clients in namespace `{}`",
                self.id.name.namespace
            )
        } else {
            "requests of all clients".to_owned()
        };
        let at = port.map_or("every port".to_owned(), |port| format!("port {port}"));
        state(
            ParentTarget::Service { name, port },
            Finding::new(true, reason::ACCEPTED, format!("governs {scope} to {at}")),
        )
    }
}
