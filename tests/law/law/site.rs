//! Where a route may be attached.

use gwapi::{
    attachment::effective::{EffectiveGateway, EffectiveListener},
    meta::NamespacedName,
    v1::ParentReference,
};

/// Where a request is to be answered.
#[derive(Clone, Copy)]
pub(super) enum Site<'a> {
    Listener(&'a EffectiveGateway, &'a EffectiveListener),
    Service(&'a NamespacedName),
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
            Self::Service(name) => parent.is_service() && place == *name,
        }
    }

    pub(super) fn shown(self) -> String {
        match self {
            Self::Listener(gateway, listener) => {
                format!("listener `{}` of Gateway `{}`", listener.name, gateway.name)
            }
            Self::Service(name) => format!("Service `{name}`"),
        }
    }
}
