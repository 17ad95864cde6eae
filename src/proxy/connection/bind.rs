//! What is bound at a port of a Gateway, and which of its listeners takes a connection or a request.

use crate::proxy::{
    BindKey, CompiledRule, DataPlaneOptions, Endpoints, ListenerKey, Table, sni_table,
};
use crate::{
    attachment::{
        RouteKind,
        effective::{AttachedRoute, Certificate, EffectiveListener, EffectiveTls, most_specific},
    },
    meta::{Hostname, authority},
    routing::SniTable,
    v1::{GatewayStatusAddress, ProtocolType},
};
use std::sync::{Arc, OnceLock};

/// A listener in force, with its tables. They are compiled when they are first asked for.
#[derive(Debug)]
pub(in crate::proxy) struct BoundListener {
    pub(in crate::proxy) key: Arc<ListenerKey>,
    pub(in crate::proxy) effective: Arc<EffectiveListener>,
    endpoints: Endpoints,
    options: DataPlaneOptions,
    table: OnceLock<Arc<Table>>,
    names: OnceLock<Arc<SniTable<Arc<CompiledRule>>>>,
    connections: OnceLock<Option<Arc<CompiledRule>>>,
}

impl BoundListener {
    pub(in crate::proxy) fn new(
        key: ListenerKey,
        effective: Arc<EffectiveListener>,
        endpoints: &Endpoints,
        options: DataPlaneOptions,
    ) -> Self {
        Self {
            key: Arc::new(key),
            effective,
            endpoints: endpoints.clone(),
            options,
            table: OnceLock::new(),
            names: OnceLock::new(),
            connections: OnceLock::new(),
        }
    }

    /// The listener that takes the place of this one. What was compiled of routes that are the same allocation as before is
    /// kept.
    pub(in crate::proxy) fn followed(&self, effective: Arc<EffectiveListener>) -> Self {
        let table = self.table.get();
        let table = table.and_then(|table| table.followed(&self.effective, &effective));
        let same_names = same(&self.effective.tls_routes, &effective.tls_routes);
        let same_connections =
            same(&self.effective.tcp, &effective.tcp) && same(&self.effective.udp, &effective.udp);
        let names = self.names.get().filter(|_| same_names);
        let connections = self.connections.get().filter(|_| same_connections);
        Self {
            key: self.key.clone(),
            effective,
            endpoints: self.endpoints.clone(),
            options: self.options,
            table: holding(table.map(Arc::new)),
            names: holding(names.cloned()),
            connections: holding(connections.cloned()),
        }
    }

    /// The HTTPRoutes and GRPCRoutes.
    pub(super) fn table(&self) -> &Arc<Table> {
        let make = || {
            let gateway = &self.key.gateway;
            Arc::new(Table::for_listener(
                gateway,
                &self.effective,
                &self.endpoints,
                self.options,
            ))
        };
        self.table.get_or_init(make)
    }

    /// The TLSRoutes.
    pub(super) fn names(&self) -> &SniTable<Arc<CompiledRule>> {
        self.names.get_or_init(|| {
            let routes = self.effective.tls_routes.iter();
            let rank = self.options.routing.hostname_rank();
            Arc::new(sni_table(routes, rank, |route| {
                let endpoints = &self.endpoints;
                Arc::new(CompiledRule::connections(RouteKind::Tls, route, endpoints))
            }))
        })
    }

    /// The kind of route that takes connections, or datagrams, of which no more is known than the port.
    pub(super) fn kind_of_connections(&self) -> RouteKind {
        match self.effective.protocol {
            ProtocolType::Udp => RouteKind::Udp,
            _ => RouteKind::Tcp,
        }
    }

    /// The one route of that kind, since attachment rejects the others.
    pub(super) fn connections(&self) -> Option<&Arc<CompiledRule>> {
        let make = || {
            let kind = self.kind_of_connections();
            let routes = match kind {
                RouteKind::Udp => &self.effective.udp,
                _ => &self.effective.tcp,
            };
            let first = routes.first()?;
            let endpoints = &self.endpoints;
            let rule = CompiledRule::connections(kind, &first.route, endpoints);
            Some(Arc::new(rule))
        };
        self.connections.get_or_init(make).as_ref()
    }

    /// The certificates that it shows, where it terminates TLS.
    pub(in crate::proxy) fn certificates(&self) -> Option<&[Arc<Certificate>]> {
        let tls = self.effective.tls.as_ref();
        tls.map(|tls| &*tls.certificates)
    }

    fn hostname(&self) -> Option<&Hostname> {
        self.effective.hostname.as_ref()
    }
}

/// Whether two lists have the same attachments.
fn same<R>(one: &[AttachedRoute<R>], other: &[AttachedRoute<R>]) -> bool {
    let same = |(one, other): (&AttachedRoute<R>, &AttachedRoute<R>)| one.is_same_as(other);
    one.len() == other.len() && one.iter().zip(other).all(same)
}

/// What is made already, if it is.
fn holding<T>(made: Option<T>) -> OnceLock<T> {
    made.map(OnceLock::from).unwrap_or_default()
}

/// A listener that demands certificates of its clients and that is not in force. Its hosts are nobody's: a listener that is
/// less specific, and lets everyone in, must not answer for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::proxy) struct Withheld {
    pub(in crate::proxy) key: Arc<ListenerKey>,
    pub(in crate::proxy) hostname: Option<Hostname>,
}

/// A port of a Gateway, bound.
///
/// All listeners of one port speak the same: HTTP in cleartext, TLS (the protocols HTTPS and TLS), TCP or UDP. Others
/// conflict.
#[derive(Debug)]
pub struct Bind {
    pub(in crate::proxy) key: BindKey,
    pub(in crate::proxy) addresses: Vec<GatewayStatusAddress>,
    pub(in crate::proxy) listeners: Vec<Arc<BoundListener>>,
    pub(in crate::proxy) withheld: Vec<Withheld>,
}

/// How a client of a port begins.
pub(super) enum Opening<'b> {
    /// With TLS.
    Tls,
    /// With a request, in cleartext.
    Request,
    /// With anything that goes on to a backend.
    Anything(&'b Arc<BoundListener>),
}

/// To whom a host belongs.
pub(super) enum Owner<'b> {
    Listener(&'b Arc<BoundListener>),
    /// A listener that is not in force, and whose hosts are nobody's.
    Withheld(&'b Arc<ListenerKey>),
    Nobody,
}

impl Bind {
    /// The Gateway, the transport and the port.
    #[must_use]
    pub fn key(&self) -> &BindKey {
        &self.key
    }

    /// The addresses at which the Gateway is reached.
    #[must_use]
    pub fn addresses(&self) -> &[GatewayStatusAddress] {
        &self.addresses
    }

    /// The listeners of the port that are in force.
    pub fn listeners(&self) -> impl Iterator<Item = &Arc<EffectiveListener>> {
        self.listeners.iter().map(|listener| &listener.effective)
    }

    /// Whether a GRPCRoute is attached to one of the listeners.
    pub(super) fn has_grpc_routes(&self) -> bool {
        self.listeners().any(|listener| !listener.grpc.is_empty())
    }

    /// To whom a host belongs: to the listener with the most specific hostname of those that cover it (Gateway
    /// `spec.listeners`, "listener isolation"). `host` has no port.
    pub(super) fn owner(&self, host: Option<&str>) -> Owner<'_> {
        let found = most_specific(self.listeners(), host);
        let covers = |withheld: &&Withheld| match (&withheld.hostname, host) {
            (None, _) => true,
            (Some(hostname), Some(host)) => hostname.matches(host),
            (Some(_), None) => false,
        };
        let specificity = |hostname: Option<&Hostname>| hostname.map(Hostname::specificity);
        let of_found = found.map(|found| specificity(found.hostname.as_ref()));
        let withheld = self.withheld.iter().filter(covers).find(|withheld| {
            // Of two that are equally specific, which conflict, the one that serves nobody goes first.
            of_found.is_none_or(|found| specificity(withheld.hostname.as_ref()) >= found)
        });
        if let Some(withheld) = withheld {
            return Owner::Withheld(&withheld.key);
        }
        let bound = found.and_then(|found| {
            let mut bound = self.listeners.iter();
            bound.find(|bound| Arc::ptr_eq(&bound.effective, found))
        });
        bound.map_or(Owner::Nobody, Owner::Listener)
    }

    /// How a client begins.
    pub(super) fn opening(&self) -> Opening<'_> {
        let first = self.listeners.first();
        match first.map(|first| (first, &first.effective.protocol)) {
            Some((_, ProtocolType::Https | ProtocolType::Tls)) => Opening::Tls,
            Some((_, ProtocolType::Http)) | None => Opening::Request,
            Some((listener, _)) => Opening::Anything(listener),
        }
    }
}

/// The host of what a client names, which may have a port or a dot at its end.
pub(super) fn host_of(named: &str) -> &str {
    let split = authority::split(named.as_bytes()).ok();
    let host = split.and_then(|split| std::str::from_utf8(split.host).ok());
    host.unwrap_or(named)
}

impl BoundListener {
    /// What it demands of TLS with a client, beside the certificates that it shows.
    fn demands(&self) -> Option<impl PartialEq + '_> {
        let tls = self.effective.tls.as_ref();
        tls.map(
            |EffectiveTls {
                 certificates: _,
                 mode,
                 client_validation,
                 options,
             }| { (mode, client_validation, options) },
        )
    }

    /// Whether connections that this listener took can go on at another one: it speaks the same, serves the same hosts, and
    /// demands the same of its clients.
    pub(super) fn goes_on_as(&self, other: &Self) -> bool {
        self.hostname() == other.hostname()
            && self.effective.protocol == other.effective.protocol
            && self.demands() == other.demands()
    }
}

impl Bind {
    /// The listener by which a connection goes on that this one took, in a later configuration. None if it comes to an end.
    pub(in crate::proxy) fn continued<'n>(
        &self,
        listener: &BoundListener,
        next: &'n Self,
    ) -> Option<&'n Arc<BoundListener>> {
        // A connection finds the listener of each of its requests among all those of the port.
        let others = next.withheld != self.withheld;
        let mut same = next
            .listeners
            .iter()
            .filter(|next| next.key == listener.key);
        same.next()
            .filter(|next| !others && listener.goes_on_as(next))
    }
}
