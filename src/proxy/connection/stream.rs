//! Connections and datagrams that go on to a backend as they are.

use super::bind::BoundListener;
use crate::{
    attachment::{RouteKind, effective::EffectiveBackendTls},
    proxy::{Backend, Choose, ChosenEndpoint, CompiledRule, ListenerKey, Why},
};
use std::sync::Arc;

/// A connection or a datagram of which no more is looked at than the port and perhaps the server name.
#[derive(Clone, Debug)]
pub struct Stream {
    listener: Option<Arc<ListenerKey>>,
    way: Way,
}

/// Where it goes.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// Through the first rule of a route: such rules have no matches.
    Route(Arc<CompiledRule>),
    /// No route of the kind takes it; and whether any is attached.
    NoRoute { kind: RouteKind, any: bool },
    /// To a Service itself, which no route governs (GEP-1426).
    Service(Arc<Backend>),
}

/// Where a connection goes.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The backend.
    pub backend: Arc<Backend>,
    /// The endpoint.
    pub endpoint: ChosenEndpoint,
}

impl Connected {
    /// TLS to the endpoint, if a BackendTLSPolicy asks for it.
    #[must_use]
    pub fn tls(&self) -> Option<&Arc<EffectiveBackendTls>> {
        self.endpoint.port().tls.as_ref()
    }
}

impl Stream {
    pub(super) fn in_mesh(way: Way) -> Self {
        Self {
            listener: None,
            way,
        }
    }

    fn of(listener: &BoundListener, way: Way) -> Self {
        Self {
            listener: Some(listener.key.clone()),
            way,
        }
    }

    /// The listener; none in a mesh.
    #[must_use]
    pub fn listener(&self) -> Option<&Arc<ListenerKey>> {
        self.listener.as_ref()
    }

    /// At a listener of protocol TCP or UDP.
    pub(super) fn of_connections(listener: &BoundListener) -> Self {
        let way = match listener.connections() {
            Some(rule) => Way::Route(rule.clone()),
            None => Way::NoRoute {
                kind: listener.kind_of_connections(),
                any: false,
            },
        };
        Self::of(listener, way)
    }

    /// At a listener of protocol TLS: the TLSRoute of the server name, and where TLS ends there, a TCPRoute for what no
    /// TLSRoute takes.
    pub(super) fn by_server_name(listener: &BoundListener, server_name: Option<&str>) -> Self {
        let by_name = listener.names().find(server_name);
        let way = match by_name.or_else(|| listener.connections()) {
            Some(rule) => Way::Route(rule.clone()),
            None => Way::NoRoute {
                kind: RouteKind::Tls,
                any: !listener.effective.tls_routes.is_empty(),
            },
        };
        Self::of(listener, way)
    }

    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    /// The rule of the route that takes it, if one does.
    #[must_use]
    pub fn rule(&self) -> Option<&Arc<CompiledRule>> {
        match &self.way {
            Way::Route(rule) => Some(rule),
            Way::NoRoute { .. } | Way::Service(_) => None,
        }
    }

    /// Chooses where it goes.
    ///
    /// # Errors
    ///
    /// Why it goes nowhere: the connection is closed, or the datagram dropped.
    pub fn connect(&self, chooser: &mut dyn Choose) -> Result<Connected, Why> {
        let backend = match &self.way {
            Way::NoRoute { .. } => return Err(Why::NoRule),
            Way::Service(backend) => backend,
            Way::Route(rule) => {
                let index = rule.choose(chooser, &[])?;
                rule.backends().get(index).ok_or(Why::NoBackend)?
            }
        };
        let reached = backend.reached().map_err(Why::Backend)?;
        let endpoint = ChosenEndpoint::among(reached, &[], chooser)?
            .ok_or_else(|| Why::NoEndpoint(backend.reference().clone()))?;
        Ok(Connected {
            backend: backend.clone(),
            endpoint,
        })
    }
}
