//! The whole data plane of a configuration.

use super::{
    Accepted, Bind, BindKey, DataPlaneOptions, Endpoints, HttpSession, ListenerKey, MeshPort,
    ServiceKey,
    connection::{
        bind::{Binds, BoundListener, Withheld},
        in_force::{BindPlace, PortsInForce},
        mesh::{MeshInForce, MeshPlane, service_key},
    },
    routes::endpoints::port_keys,
};
use crate::{
    attachment::effective::{
        BackendPortKey, Effective, EffectiveGateway, EffectiveListener, IdleListener, SharedMap,
    },
    meta::{NamespacedName, Transport},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

/// The whole data plane of a configuration, without its I/O: from a connection to the answer that the client gets.
///
/// Cheap to clone, and immutable but for endpoints: a new configuration makes the [next](Self::next) one. Exchanges of the old
/// one end as they began. Its connections go by the new one from then on, and those that do not
/// [go on](Self::continued) in it begin no exchange any more.
///
/// ```text
/// DataPlane::accept ──▶ Hello::client_hello ──▶ TlsSettings::authenticated ──▶ HttpSession, Stream
///                  │                       └──▶ Stream (passthrough), refused
///                  └──▶ HttpSession (cleartext), Stream (TCP, UDP)
/// HttpSession::begin ──▶ Exchange::attempt ──▶ Exchange::respond
///                   │                     └──▶ Exchange::failed ──▶ again, or LocalAnswer
///                   └──▶ LocalAnswer (400, 404, 421)
/// ```
#[derive(Clone, Debug, Default)]
pub struct DataPlane {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    effective: Arc<Effective>,
    options: DataPlaneOptions,
    /// Of this data plane and of all that it follows on, or that follow on it.
    endpoints: Endpoints,
    binds: Binds,
    /// Of this data plane and of all that it follows on, or that follow on it, too.
    in_force: Arc<PortsInForce<Bind>>,
    /// Of this data plane and of all that it follows on, or that follow on it, too.
    mesh_in_force: Arc<MeshInForce>,
    mesh: Arc<MeshPlane>,
}

/// What a new configuration changes for who drives a data plane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diff {
    /// Ports to bind.
    pub bind: Vec<BindKey>,
    /// Ports to give up.
    pub unbind: Vec<BindKey>,
    /// Ports to listen on at other [addresses](Bind::addresses) than before. Addresses that
    /// [others report](EffectiveGateway::addresses_reported) are no reason.
    pub rebind: Vec<BindKey>,
    /// Listeners that show clients other certificates than before.
    pub certificates: Vec<ListenerKey>,
    /// Listeners that are gone, or that speak otherwise, serve other hosts, or demand other certificates of clients than
    /// before. Connections that they have taken come to an end once their requests have. Connections in a mesh have no listener:
    /// which of them come to an end is for [`DataPlane::continued`] to say.
    pub drain: Vec<ListenerKey>,
    /// Services and ServiceImports that are gone: connections to their endpoints are of no more use.
    pub services: Vec<ServiceKey>,
    /// Ports that are gone of Services and ServiceImports that are still there.
    pub backends: Vec<BackendPortKey>,
}

impl Diff {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl DataPlane {
    /// The data plane of a configuration.
    #[must_use]
    pub fn new(effective: impl Into<Arc<Effective>>, options: impl Into<DataPlaneOptions>) -> Self {
        Self::made(effective.into(), options.into(), None)
    }

    fn made(effective: Arc<Effective>, options: DataPlaneOptions, before: Option<&Inner>) -> Self {
        let endpoints = before.map(|before| before.endpoints.clone());
        let endpoints = endpoints.unwrap_or_default();
        endpoints.follow(&effective, before.map(|before| &*before.effective));
        let in_force = before.map(|before| before.in_force.clone());
        let in_force = in_force.unwrap_or_default();
        let nothing = Effective::default();
        let old = before.map_or(&nothing, |before| &*before.effective);
        let mut binds = before.map_or_else(SharedMap::default, |before| before.binds.clone());
        for name in moved(&effective, old) {
            let gone = ports_of(&binds, name).map(|(key, _)| key.clone());
            for key in gone.collect::<Vec<_>>() {
                binds.remove(&key);
            }
            let Some(gateway) = effective.gateways.get(name) else {
                continue;
            };
            let bindings = Bindings {
                gateway,
                idle: effective.idle.get(name),
                endpoints: &endpoints,
                in_force: &in_force,
                options,
                before,
            };
            bindings.bind(&mut binds);
        }
        in_force.replace(&binds);
        let mesh_in_force = before.map(|before| before.mesh_in_force.clone());
        let mesh_in_force = mesh_in_force.unwrap_or_default();
        let before = before.map(|before| &*before.mesh);
        let mesh = MeshPlane::in_force(&effective, &endpoints, options, &mesh_in_force, before);
        Self {
            inner: Arc::new(Inner {
                effective,
                options,
                endpoints,
                binds,
                in_force,
                mesh_in_force,
                mesh,
            }),
        }
    }

    /// The configuration.
    #[must_use]
    pub fn effective(&self) -> &Arc<Effective> {
        &self.inner.effective
    }

    /// The ports to listen on.
    pub fn binds(&self) -> impl Iterator<Item = &Arc<Bind>> {
        self.inner.binds.values()
    }

    /// A port of a Gateway, if it is one to listen on.
    #[must_use]
    pub fn bind(&self, key: &BindKey) -> Option<&Arc<Bind>> {
        self.inner.binds.get(key)
    }

    /// Takes a connection, or a datagram, of a client. None if nobody listens there.
    #[must_use]
    pub fn accept(&self, key: &BindKey) -> Option<Accepted> {
        self.bind(key).map(Bind::accept)
    }

    /// A port of a Service or ServiceImport, as clients of a namespace see it. None if there is no such Service, or if it has
    /// no such port.
    #[must_use]
    pub fn service(
        &self,
        key: &ServiceKey,
        transport: Transport,
        port: u16,
        client_namespace: &str,
    ) -> Option<MeshPort> {
        self.inner.mesh.port(key, transport, port, client_namespace)
    }

    /// A connection that was made in an earlier configuration, in this one. It is for the driver to end those for which there is
    /// none; [`HttpSession::begin`] asks by itself.
    ///
    /// None where it comes to an end, once its requests have: in cleartext if the port is given up, or is no longer for HTTP;
    /// over TLS if its listener is gone, speaks otherwise, serves other hosts, or demands other certificates of clients; in a
    /// mesh if the Service has no such port any more, or no HTTPRoute or GRPCRoute governs it.
    #[must_use]
    pub fn continued(&self, session: &HttpSession) -> Option<HttpSession> {
        if let Some(port) = session.mesh_port() {
            return port.at(&self.inner.mesh)?.requests();
        }
        let next = self.bind(session.bind()?.key())?;
        session.at(next)
    }

    /// The data plane of another configuration, and what that changes.
    ///
    /// This costs what has changed, and not what there is: two configurations that a
    /// [`Resolver`](crate::attachment::Resolver) has made one after the other share what is the same in both, which is passed
    /// over. Listeners, routes and Services that are the same allocation as before keep what was compiled of them. Nobody has to
    /// say what has changed, so that nobody can say it wrongly.
    /// Endpoints are replaced in place, for this data plane, too: whoever chooses one next, in whichever of the two, chooses
    /// among those of today.
    ///
    /// The data plane that is made last is the one in force. Every connection of an earlier one, whoever holds it, and however
    /// far its handshake has come, is [judged](HttpSession::begin) by the one in force from then on. A listener that begins to
    /// demand certificates of its clients thus serves nobody who has not shown one, even where the driver ends connections
    /// late, or not at all.
    #[must_use]
    pub fn next(&self, effective: impl Into<Arc<Effective>>) -> (Self, Diff) {
        let next = Self::made(effective.into(), self.inner.options, Some(&self.inner));
        let diff = difference(&self.inner, &next.inner);
        (next, diff)
    }
}

/// What it takes to bind the ports of a Gateway.
struct Bindings<'b> {
    gateway: &'b Arc<EffectiveGateway>,
    idle: Option<&'b Arc<[IdleListener]>>,
    endpoints: &'b Endpoints,
    in_force: &'b Arc<PortsInForce<Bind>>,
    options: DataPlaneOptions,
    before: Option<&'b Inner>,
}

impl Bindings<'_> {
    fn bind(&self, binds: &mut Binds) {
        let mut ports: BTreeMap<(Transport, u16), Vec<&Arc<EffectiveListener>>> = BTreeMap::new();
        for listener in &self.gateway.listeners {
            let port = (listener.protocol.transport(), listener.port);
            ports.entry(port).or_default().push(listener);
        }
        for (port, listeners) in ports {
            let key = bind_key(&self.gateway.name, port);
            let before = self.before.and_then(|before| before.binds.get(&key));
            let listeners = listeners.into_iter();
            let listeners = listeners
                .map(|listener| self.listener(before, listener))
                .collect();
            let idle = self.idle.map(|idle| &**idle).unwrap_or_default().iter();
            let withheld = idle.filter(|idle| {
                let there = idle.port == Some(port.1) && idle.protocol.transport() == port.0;
                idle.asks_clients && there
            });
            let withheld = withheld.map(|idle| Withheld {
                key: Arc::new(self.key(&idle.name)),
                hostname: idle.hostname.clone(),
            });
            let addresses = self.gateway.addresses.clone();
            let place = BindPlace::new(self.in_force);
            let made = Bind::new(key.clone(), addresses, listeners, withheld.collect(), place);
            binds.insert(key, Arc::new(made));
        }
    }

    fn listener(
        &self,
        before: Option<&Arc<Bind>>,
        listener: &Arc<EffectiveListener>,
    ) -> Arc<BoundListener> {
        match before.and_then(|bind| bind.named(&listener.name)) {
            Some(bound) if Arc::ptr_eq(&bound.effective, listener) => bound.clone(),
            Some(bound) => Arc::new(bound.followed(listener.clone())),
            None => {
                let key = self.key(&listener.name);
                let made = BoundListener::new(key, listener.clone(), self.endpoints, self.options);
                Arc::new(made)
            }
        }
    }

    fn key(&self, name: &str) -> ListenerKey {
        ListenerKey {
            gateway: self.gateway.name.clone(),
            name: name.to_owned(),
        }
    }
}

fn bind_key(gateway: &NamespacedName, (transport, port): (Transport, u16)) -> BindKey {
    BindKey {
        gateway: gateway.clone(),
        transport,
        port,
    }
}

fn difference(before: &Inner, after: &Inner) -> Diff {
    let mut diff = Diff::default();
    for changed in after.binds.changes(&before.binds, Arc::ptr_eq) {
        let (old, new) = match (changed.before, changed.after) {
            (Some(old), Some(new)) => (old, new),
            (Some(old), None) => {
                diff.unbind.push(changed.key.clone());
                let gone = old.listeners.iter().map(|listener| (*listener.key).clone());
                diff.drain.extend(gone);
                continue;
            }
            (None, _) => {
                diff.bind.push(changed.key.clone());
                continue;
            }
        };
        let gateways = [before, after].map(|plane| {
            let gateways = &plane.effective.gateways;
            gateways.get(&changed.key.gateway)
        });
        if let [Some(before), Some(after)] = gateways
            && !before.listens_as(after)
        {
            diff.rebind.push(changed.key.clone());
        }
        for listener in &old.listeners {
            let same = new.named(&listener.key.name);
            if old.continued(listener, new).is_none() {
                diff.drain.push((*listener.key).clone());
            }
            if same.is_some_and(|new| new.certificates() != listener.certificates()) {
                diff.certificates.push((*listener.key).clone());
            }
        }
    }
    let (old, new) = (&before.effective, &after.effective);
    for (before, after) in [(&old.services, &new.services), (&old.imports, &new.imports)] {
        for changed in after.changes(before, Arc::ptr_eq) {
            let Some(before) = changed.before else {
                continue;
            };
            let Some(after) = changed.after else {
                diff.services.push(service_key(before));
                continue;
            };
            let left: HashSet<BackendPortKey> = port_keys(after).collect();
            let gone = port_keys(before).filter(|port| !left.contains(port));
            diff.backends.extend(gone);
        }
    }
    diff
}

/// The Gateways that are not as before.
fn moved<'e>(after: &'e Effective, before: &'e Effective) -> BTreeSet<&'e NamespacedName> {
    let gateways = after.gateways.changes(&before.gateways, Arc::ptr_eq);
    let idle = after.idle.changes(&before.idle, Arc::ptr_eq);
    let idle = idle.map(|changed| changed.key);
    gateways.map(|changed| changed.key).chain(idle).collect()
}

/// The ports of a Gateway. Ports are in order of their Gateways.
fn ports_of<'b>(
    binds: &'b Binds,
    gateway: &'b NamespacedName,
) -> impl Iterator<Item = (&'b BindKey, &'b Arc<Bind>)> {
    let first = bind_key(gateway, (Transport::Tcp, 0));
    let ports = binds.starting_at(&first);
    ports.take_while(move |(key, _)| key.gateway == *gateway)
}
