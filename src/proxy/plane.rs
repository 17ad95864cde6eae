//! The whole data plane of a configuration.

use super::{
    Accepted, Bind, BindKey, DataPlaneOptions, Endpoints, HttpSession, ListenerKey, MeshPort,
    ServiceKey,
    connection::{
        bind::{BoundListener, Withheld},
        mesh::MeshService,
    },
    routes::endpoints::changes,
};
use crate::{
    attachment::effective::{Effective, EffectiveGateway, EffectiveListener, IdleListener},
    meta::{NamespacedName, Transport},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// The whole data plane of a configuration, without its I/O: from a connection to the answer that the client gets.
///
/// Cheap to clone, and immutable but for endpoints: a new configuration makes the [next](Self::next) one, while connections and
/// exchanges of the old one end as they began.
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
    binds: BTreeMap<BindKey, Arc<Bind>>,
    /// Made when they are asked for.
    services: Mutex<HashMap<ServiceKey, Arc<MeshService>>>,
}

/// What a new configuration changes for who drives a data plane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diff {
    /// Ports to bind.
    pub bind: Vec<BindKey>,
    /// Ports to give up.
    pub unbind: Vec<BindKey>,
    /// Listeners that show clients other certificates than before.
    pub certificates: Vec<ListenerKey>,
    /// Listeners that are gone, or that speak otherwise, serve other hosts, or demand other certificates of clients than
    /// before. Connections that they have taken come to an end once their requests have.
    pub drain: Vec<ListenerKey>,
    /// Services and ServiceImports that are gone: connections to their endpoints are of no more use.
    pub services: Vec<ServiceKey>,
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
        let mut binds = BTreeMap::new();
        for gateway in effective.gateways.values() {
            let bindings = Bindings {
                gateway,
                idle: effective.idle.get(&gateway.name),
                endpoints: &endpoints,
                options,
                before,
            };
            bindings.bind(&mut binds);
        }
        Self {
            inner: Arc::new(Inner {
                services: Mutex::new(kept(&effective, before)),
                effective,
                options,
                endpoints,
                binds,
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
        let inner = &self.inner;
        let effective = inner.effective.service(&key.name, key.import)?;
        let mut made = inner
            .services
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let service = made.entry(key.clone()).or_insert_with(|| {
            let (endpoints, options) = (&inner.endpoints, inner.options);
            Arc::new(MeshService::new(effective.clone(), endpoints, options))
        });
        MeshPort::new(service.clone(), transport, port, client_namespace)
    }

    /// A connection that was made in an earlier configuration, in this one: its requests are judged by the routes of today.
    ///
    /// None where it comes to an end, once its requests have: in cleartext if the port is given up, or is no longer for HTTP;
    /// over TLS if its listener is gone, speaks otherwise, serves other hosts, or demands other certificates of clients. What
    /// a client in a mesh asks is found by [`service`](Self::service) each time.
    #[must_use]
    pub fn continued(&self, session: &HttpSession) -> Option<HttpSession> {
        let next = self.bind(session.bind()?.key())?;
        session.at(next)
    }

    /// The data plane of another configuration, and what that changes.
    ///
    /// What is compiled follows from what has changed; the rest is one step through Gateways and Services. Listeners, routes and
    /// Services that are the same allocation as before keep what was compiled of them, so that a
    /// [`Resolver`](crate::attachment::Resolver) should have made both configurations.
    /// Endpoints are replaced in place, for this data plane, too: whoever chooses one next, in whichever of the two, chooses
    /// among those of today.
    #[must_use]
    pub fn next(&self, effective: impl Into<Arc<Effective>>) -> (Self, Diff) {
        let next = Self::made(effective.into(), self.inner.options, Some(&self.inner));
        let diff = difference(&self.inner, &next.inner);
        (next, diff)
    }
}

/// The Services that are the same as before, but perhaps for their endpoints, with their tables.
fn kept(effective: &Effective, before: Option<&Inner>) -> HashMap<ServiceKey, Arc<MeshService>> {
    let Some(before) = before else {
        return HashMap::new();
    };
    let made = before
        .services
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let kept = made.iter().filter_map(|(key, service)| {
        let present = effective.service(&key.name, key.import)?;
        let same = Arc::ptr_eq(present, &service.effective);
        let kept = match same {
            true => service.clone(),
            false => Arc::new(service.followed(present)?),
        };
        Some((key.clone(), kept))
    });
    kept.collect()
}

/// What it takes to bind the ports of a Gateway.
struct Bindings<'b> {
    gateway: &'b Arc<EffectiveGateway>,
    idle: Option<&'b Arc<[IdleListener]>>,
    endpoints: &'b Endpoints,
    options: DataPlaneOptions,
    before: Option<&'b Inner>,
}

impl Bindings<'_> {
    fn bind(&self, binds: &mut BTreeMap<BindKey, Arc<Bind>>) {
        if self.is_same() {
            // Ports are in order of their Gateways.
            let first = bind_key(&self.gateway.name, (Transport::Tcp, 0));
            let from = self
                .before
                .iter()
                .flat_map(|before| before.binds.range(&first..));
            let own = from.take_while(|(key, _)| key.gateway == self.gateway.name);
            binds.extend(own.map(|(key, bind)| (key.clone(), bind.clone())));
            return;
        }
        let mut ports: BTreeMap<(Transport, u16), Vec<Arc<BoundListener>>> = BTreeMap::new();
        for listener in &self.gateway.listeners {
            let port = (listener.protocol.transport(), listener.port);
            let bound = self.listener(port, listener);
            ports.entry(port).or_default().push(bound);
        }
        for (port, listeners) in ports {
            let idle = self.idle.map(|idle| &**idle).unwrap_or_default().iter();
            let withheld = idle.filter(|idle| {
                let there = idle.port == Some(port.1) && idle.protocol.transport() == port.0;
                idle.asks_clients && there
            });
            let withheld = withheld.map(|idle| Withheld {
                key: Arc::new(self.key(&idle.name)),
                hostname: idle.hostname.clone(),
            });
            let key = bind_key(&self.gateway.name, port);
            let made = Bind {
                key: key.clone(),
                addresses: self.gateway.addresses.clone(),
                listeners,
                withheld: withheld.collect(),
            };
            binds.insert(key, Arc::new(made));
        }
    }

    /// Whether the Gateway is as before.
    fn is_same(&self) -> bool {
        let name = &self.gateway.name;
        self.before.is_some_and(|before| {
            let gateway = before.effective.gateways.get(name);
            let idle = before.effective.idle.get(name);
            let same_idle = match (idle, self.idle) {
                (Some(before), Some(idle)) => Arc::ptr_eq(before, idle),
                (before, idle) => before.is_none() && idle.is_none(),
            };
            gateway.is_some_and(|gateway| Arc::ptr_eq(gateway, self.gateway)) && same_idle
        })
    }

    fn listener(
        &self,
        port: (Transport, u16),
        listener: &Arc<EffectiveListener>,
    ) -> Arc<BoundListener> {
        let before = self
            .before
            .and_then(|before| before.binds.get(&bind_key(&self.gateway.name, port)))
            .and_then(|bind| {
                let mut bound = bind.listeners.iter();
                bound.find(|bound| bound.key.name == listener.name)
            });
        match before {
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
    for key in after.binds.keys() {
        if !before.binds.contains_key(key) {
            diff.bind.push(key.clone());
        }
    }
    for (key, old) in &before.binds {
        let Some(new) = after.binds.get(key) else {
            diff.unbind.push(key.clone());
            let gone = old.listeners.iter().map(|listener| (*listener.key).clone());
            diff.drain.extend(gone);
            continue;
        };
        if Arc::ptr_eq(old, new) {
            continue;
        }
        for listener in &old.listeners {
            let same = new.listeners.iter().find(|new| new.key == listener.key);
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
        let (_, gone) = changes(after, before);
        diff.services
            .extend(gone.into_iter().map(|service| ServiceKey {
                name: service.name.clone(),
                import: service.import,
            }));
    }
    diff
}
