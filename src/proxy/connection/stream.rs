//! Connections and datagrams that go on to a backend as they are.

use super::{
    bind::{Bind, BoundListener, Opening, Owner},
    in_force::PlanePort,
    mesh::{Inside, MeshPort},
    way::Way,
};
use crate::{
    attachment::{RouteKind, effective::EffectiveBackendTls},
    proxy::{Backend, Choose, ChosenEndpoint, CompiledRule, ListenerKey, Why},
};
use std::{borrow::Cow, sync::Arc};

/// A connection or a datagram of which no more is looked at than the port and perhaps the server name.
#[derive(Clone, Debug)]
pub struct Stream {
    taken: TakenBy,
    way: Way,
}

/// Who has taken a stream.
#[derive(Clone, Debug)]
enum TakenBy {
    /// A listener of a Gateway.
    Listener(TakenAt),
    /// A port of a Service.
    Mesh(MeshPort, Inside),
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

/// How many endpoints of a backend are tried for one connection at most. Each takes a while to fail, and clients do not wait for
/// ever.
pub const MOST_ENDPOINTS: usize = 8;

impl Stream {
    pub(super) fn in_mesh(port: MeshPort, inside: Inside) -> Self {
        let way = port.led(inside);
        Self {
            taken: TakenBy::Mesh(port, inside),
            way,
        }
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
            taken: TakenBy::Listener(taken),
            way,
        }
    }

    /// The listener; none in a mesh.
    #[must_use]
    pub fn listener(&self) -> Option<&Arc<ListenerKey>> {
        match &self.taken {
            TakenBy::Listener(taken) => Some(&taken.listener.key),
            TakenBy::Mesh(..) => None,
        }
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
    /// client connected, or demands something else of its clients; or in a mesh, that the Service has no such port any more.
    pub fn connect(&self, chooser: &mut dyn Choose) -> Result<Connected, Why> {
        let way = self.present()?;
        let backend = match way.as_ref() {
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

    /// The way in the configuration in force; or why there is none.
    fn present(&self) -> Result<Cow<'_, Way>, Why> {
        match &self.taken {
            TakenBy::Listener(taken) if !taken.is_in_force() => Err(Why::Drained),
            TakenBy::Listener(_) => Ok(Cow::Borrowed(&self.way)),
            TakenBy::Mesh(port, inside) => Ok(match port.present().ok_or(Why::Drained)? {
                Cow::Borrowed(_) => Cow::Borrowed(&self.way),
                Cow::Owned(port) => Cow::Owned(port.led(*inside)),
            }),
        }
    }

    /// Chooses another endpoint of the same backend, where none of those that were chosen before could be connected to: nothing was
    /// sent to them. Without any, it chooses as [`connect`](Self::connect) does. After [`MOST_ENDPOINTS`] it gives up.
    ///
    /// # Errors
    ///
    /// Why it goes nowhere; [`Why::NoEndpoint`] if there is no other one, or enough were tried.
    pub fn connect_elsewhere(
        &self,
        failed: &[Connected],
        chooser: &mut dyn Choose,
    ) -> Result<Connected, Why> {
        let Some(last) = failed.last() else {
            return self.connect(chooser);
        };
        self.present()?;
        let set = last.endpoint.set();
        let same = failed.iter().map(|failed| &failed.endpoint);
        let same = same.filter(|failed| Arc::ptr_eq(failed.set(), set));
        let tried: Vec<_> = same.map(ChosenEndpoint::index).collect();
        let none = || Why::NoEndpoint(last.backend.reference().clone());
        if failed.len() >= MOST_ENDPOINTS || set.remaining(&tried) == 0 {
            return Err(none());
        }
        let endpoint = ChosenEndpoint::among((last.endpoint.port(), set.clone()), &tried, chooser)?;
        Ok(Connected {
            backend: last.backend.clone(),
            endpoint: endpoint.ok_or_else(none)?,
        })
    }

    /// Whether it leads to where an earlier one has led: a route names that backend yet, or the Service itself is it, and the
    /// backend has the endpoint. It is for datagrams of a client that has sent some before: they go on as they did, or
    /// [`connect`](Self::connect) chooses anew.
    #[must_use]
    pub fn leads_to(&self, earlier: &Connected) -> bool {
        let same = |backend: &&Arc<Backend>| {
            let port = |backend: &Backend| backend.effective().port;
            backend.reference() == earlier.backend.reference()
                && port(backend) == port(&earlier.backend)
        };
        let Ok(way) = self.present() else {
            return false;
        };
        let backend = match way.as_ref() {
            Way::NoRoute { .. } | Way::NotTls(_) => None,
            Way::Service(backend) => Some(backend).filter(same),
            Way::Route(rule) => rule.backends().iter().find(same),
        };
        let endpoints = backend.and_then(|backend| backend.endpoints().ok());
        let key = earlier.endpoint.key();
        endpoints.zip(key).is_some_and(|(endpoints, key)| {
            endpoints
                .find(key)
                .is_some_and(|index| endpoints.serves(index))
        })
    }
}

impl MeshPort {
    /// A client that does not speak HTTP in cleartext, or does so where no HTTPRoute or GRPCRoute governs the port: over TLS a TLSRoute
    /// governs it, else a TCPRoute, or a UDPRoute; and where none does, it goes to the Service itself. Where a TLSRoute governs the
    /// port, a client without TLS gets nowhere. In a mesh the hostnames of TLSRoutes mean nothing (GEP-1294, "`hostnames` field"), so
    /// that attachment leaves one route of each kind.
    #[must_use]
    pub fn stream(&self, over_tls: bool) -> Stream {
        let inside = if over_tls { Inside::Tls } else { Inside::Other };
        Stream::in_mesh(self.clone(), inside)
    }
}
