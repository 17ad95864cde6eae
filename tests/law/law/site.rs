//! Where a route may be attached.

use gwapi::{
    attachment::effective::{EffectiveGateway, EffectiveListener, EffectiveService},
    v1::ParentReference,
};

/// Where a request is to be answered.
#[derive(Clone, Copy)]
pub(super) enum Site<'a> {
    Listener(&'a EffectiveGateway, &'a EffectiveListener),
    /// A ServiceImport is one, too.
    Service(&'a EffectiveService),
}

impl Site<'_> {
    pub(super) fn is(self, parent: &ParentReference, namespace: &str) -> bool {
        let place = parent.resolve(namespace).namespaced_name();
        match self {
            Self::Listener(gateway, listener) => {
                parent.is_gateway()
                    && place == gateway.name
                    && parent
                        .section_name
                        .as_ref()
                        .is_none_or(|name| *name == listener.name)
                    && parent
                        .port
                        .is_none_or(|port| port == i32::from(listener.port))
            }
            Self::Service(service) => {
                let is_import = parent.kind.as_deref() == Some("ServiceImport");
                let is_of_kind = match service.import {
                    true => is_import,
                    false => parent.is_service(),
                };
                is_of_kind && place == service.name
            }
        }
    }

    pub(super) fn shown(self) -> String {
        match self {
            Self::Listener(gateway, listener) => {
                format!("listener `{}` of Gateway `{}`", listener.name, gateway.name)
            }
            Self::Service(service) => format!("Service `{}`", service.name),
        }
    }
}
