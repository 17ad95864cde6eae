//! Connections and datagrams that go on to a backend as they are.

use super::{
    bind::{Bind, BoundListener, Opening, Owner},
    in_force::PlanePort,
};
use crate::{
    attachment::{RouteId, RouteKind, effective::EffectiveBackendTls},
    proxy::{Backend, Choose, ChosenEndpoint, CompiledRule, ListenerKey, Why},
};
use std::sync::Arc;

/// A connection or a datagram of which no more is looked at than the port and perhaps the server name.
#[derive(Clone, Debug)]
pub struct Stream {
    /// None in a mesh.
    taken: Option<TakenAt>,
    way: Way,
}

/// The listener that has taken a stream.
#[derive(Clone, Debug)]
struct TakenAt {
    bind: Arc<Bind>,
    listener: Arc<BoundListener>,
    server_name: Option<String>,
}

impl TakenAt {
    /// Whether the listener would take it in the configuration in force, too, and demands the same of clients.
    fn is_in_force(&self) -> bool {
        let Some(present) = self.bind.present() else {
            return false;
        };
        if Arc::ptr_eq(&present, &self.bind) {
            return true;
        }
        let Some(listener) = self.bind.continued(&self.listener, &present) else {
            return false;
        };
        match present.opening() {
            Opening::Tls => match present.owner(self.server_name.as_deref().map(str::as_bytes)) {
                Owner::Listener(owner) => Arc::ptr_eq(owner, listener),
                Owner::Withheld(_) | Owner::Nobody => false,
            },
            Opening::Request | Opening::Anything(_) => true,
        }
    }
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
    /// Nowhere: this TLSRoute governs the port of a Service, and the client does not speak TLS. A route replaces what happens to
    /// traffic without one (GEP-1294, "Route presence"), and none of its rules is about this.
    NotTls(Arc<RouteId>),
}

/// Where a connection goes.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
        Self { taken: None, way }
    }

    fn of(
        bind: &Arc<Bind>,
        listener: &Arc<BoundListener>,
        server_name: Option<&str>,
        way: Way,
    ) -> Self {
        let taken = TakenAt {
            bind: bind.clone(),
            listener: listener.clone(),
            server_name: server_name.map(str::to_owned),
        };
        Self {
            taken: Some(taken),
            way,
        }
    }

    /// The listener; none in a mesh.
    #[must_use]
    pub fn listener(&self) -> Option<&Arc<ListenerKey>> {
        self.taken.as_ref().map(|taken| &taken.listener.key)
    }

    /// At a listener of protocol TCP or UDP.
    pub(super) fn of_connections(bind: &Arc<Bind>, listener: &Arc<BoundListener>) -> Self {
        let way = match listener.connections() {
            Some(rule) => Way::Route(rule.clone()),
            None => Way::NoRoute {
                kind: listener.kind_of_connections(),
                any: false,
            },
        };
        Self::of(bind, listener, None, way)
    }

    /// At a listener of protocol TLS: the TLSRoute of the server name, and where TLS ends there, a TCPRoute for what no
    /// TLSRoute takes.
    pub(super) fn by_server_name(
        bind: &Arc<Bind>,
        listener: &Arc<BoundListener>,
        server_name: Option<&str>,
    ) -> Self {
        let by_name = listener.names().find(server_name);
        let way = match by_name.or_else(|| listener.connections()) {
            Some(rule) => Way::Route(rule.clone()),
            None => Way::NoRoute {
                kind: RouteKind::Tls,
                any: !listener.effective.tls_routes.is_empty(),
            },
        };
        Self::of(bind, listener, server_name, way)
    }

    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    /// The rule of the route that takes it, if one does.
    #[must_use]
    pub fn rule(&self) -> Option<&Arc<CompiledRule>> {
        match &self.way {
            Way::Route(rule) => Some(rule),
            Way::NoRoute { .. } | Way::Service(_) | Way::NotTls(_) => None,
        }
    }

    /// Chooses where it goes.
    ///
    /// # Errors
    ///
    /// Why it goes nowhere: the connection is closed, or the datagram dropped. One reason is that the listener is gone since the
    /// client connected, or demands something else of its clients.
    pub fn connect(&self, chooser: &mut dyn Choose) -> Result<Connected, Why> {
        if self
            .taken
            .as_ref()
            .is_some_and(|taken| !taken.is_in_force())
        {
            return Err(Why::Drained);
        }
        let backend = match &self.way {
            Way::NoRoute { .. } | Way::NotTls(_) => return Err(Why::NoRule),
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
