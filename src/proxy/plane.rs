//! The whole data plane of a configuration.

use super::{
    Accepted, Bind, BindKey, DataPlaneOptions, HttpSession, ListenerKey, MeshPort, ServiceKey,
    bind::{BoundListener, Withheld},
    mesh::MeshService,
};
use crate::{
    attachment::effective::{Effective, EffectiveGateway, IdleListener},
    meta::{NamespacedName, Transport},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// The whole data plane of a configuration, without its I/O: from a connection to the answer that the client gets.
///
/// Cheap to clone, and never changed: a new configuration makes the [next](Self::next) one, while connections and exchanges
/// of the old one end as they began.
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
        let mut binds = BTreeMap::new();
        for gateway in effective.gateways.values() {
            let idle = effective.idle.get(&gateway.name);
            let idle = idle.map(|idle| &**idle).unwrap_or_default();
            bind(gateway, idle, options, before, &mut binds);
        }
        Self {
            inner: Arc::new(Inner {
                services: Mutex::new(kept(&effective, before)),
                effective,
                options,
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
        let services = match key.import {
            true => &inner.effective.imports,
            false => &inner.effective.services,
        };
        let effective = services.get(&key.name)?;
        let mut made = inner
            .services
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let service = made
            .entry(key.clone())
            .or_insert_with(|| Arc::new(MeshService::new(effective.clone(), inner.options)));
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

    /// The data plane of another configuration, and what that changes. Tables of listeners and Services that are the same
    /// allocation as before are kept.
    #[must_use]
    pub fn next(&self, effective: impl Into<Arc<Effective>>) -> (Self, Diff) {
        let next = Self::made(effective.into(), self.inner.options, Some(&self.inner));
        let diff = difference(&self.inner, &next.inner);
        (next, diff)
    }
}

/// The Services that are the same as before, with their tables.
fn kept(effective: &Effective, before: Option<&Inner>) -> HashMap<ServiceKey, Arc<MeshService>> {
    let Some(before) = before else {
        return HashMap::new();
    };
    let made = before
        .services
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let same = made.iter().filter(|(key, service)| {
        let services = match key.import {
            true => &effective.imports,
            false => &effective.services,
        };
        services
            .get(&key.name)
            .is_some_and(|present| Arc::ptr_eq(present, &service.effective))
    });
    same.map(|(key, service)| (key.clone(), service.clone()))
        .collect()
}

/// Binds the ports of a Gateway.
fn bind(
    gateway: &EffectiveGateway,
    idle: &[IdleListener],
    options: DataPlaneOptions,
    before: Option<&Inner>,
    binds: &mut BTreeMap<BindKey, Arc<Bind>>,
) {
    let key_of = |name: &str| ListenerKey {
        gateway: gateway.name.clone(),
        name: name.to_owned(),
    };
    let mut ports: BTreeMap<(Transport, u16), Vec<Arc<BoundListener>>> = BTreeMap::new();
    for listener in &gateway.listeners {
        let port = (listener.protocol.transport(), listener.port);
        let same = before
            .and_then(|before| before.binds.get(&bind_key(&gateway.name, port)))
            .and_then(|bind| {
                let mut bound = bind.listeners.iter();
                bound.find(|bound| Arc::ptr_eq(&bound.effective, listener))
            });
        let bound = same.cloned().unwrap_or_else(|| {
            let key = key_of(&listener.name);
            Arc::new(BoundListener::new(key, listener.clone(), options))
        });
        ports.entry(port).or_default().push(bound);
    }
    for (port, listeners) in ports {
        let withheld = idle.iter().filter(|idle| {
            idle.asks_clients && idle.port == Some(port.1) && idle.protocol.transport() == port.0
        });
        let withheld = withheld.map(|idle| Withheld {
            key: Arc::new(key_of(&idle.name)),
            hostname: idle.hostname.clone(),
        });
        let key = bind_key(&gateway.name, port);
        let made = Bind {
            key: key.clone(),
            addresses: gateway.addresses.clone(),
            listeners,
            withheld: withheld.collect(),
        };
        binds.insert(key, Arc::new(made));
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
        for listener in &old.listeners {
            let same = new.listeners.iter().find(|new| new.key == listener.key);
            if old.continued(listener, new).is_none() {
                diff.drain.push((*listener.key).clone());
            }
            let certificates = |listener: &BoundListener| {
                let tls = listener.effective.tls.as_ref();
                tls.map(|tls| tls.certificates.clone())
            };
            if same.is_some_and(|new| certificates(new) != certificates(listener)) {
                diff.certificates.push((*listener.key).clone());
            }
        }
    }
    let keys = |effective: &Effective| -> BTreeSet<ServiceKey> {
        let key = |import| {
            move |name: &NamespacedName| ServiceKey {
                name: name.clone(),
                import,
            }
        };
        let services = effective.services.keys().map(key(false));
        services
            .chain(effective.imports.keys().map(key(true)))
            .collect()
    };
    let (old, new) = (keys(&before.effective), keys(&after.effective));
    diff.services = old.difference(&new).cloned().collect();
    diff
}
