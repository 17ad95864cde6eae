//! What is bound at a port of a Gateway, and which of its listeners takes a connection or a request.

use super::in_force::{BindPlace, PlanePort};
use crate::proxy::{
    BindKey, CompiledRule, DataPlaneOptions, Endpoints, ListenerKey, Table, sni_table,
};
use crate::{
    attachment::{
        RouteKind,
        effective::{
            AttachedRoute, Certificate, EffectiveListener, EffectiveTls, RouteList, RouteRules,
            SharedMap,
        },
    },
    meta::{
        Hostname,
        authority::{self, MAX_HOST},
    },
    routing::SniTable,
    v1::{GatewayStatusAddress, ProtocolType},
};
use foldhash::fast::RandomState;
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

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
fn same<R: RouteRules>(
    one: &RouteList<AttachedRoute<R>>,
    other: &RouteList<AttachedRoute<R>>,
) -> bool {
    other
        .changes(one, AttachedRoute::is_same_as)
        .next()
        .is_none()
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
    pub(super) place: BindPlace<Self>,
    owners: Owners,
    /// The places of the listeners, in the order of their names.
    by_name: Vec<usize>,
}

/// To whom each host of a port belongs, so that no request takes a look at each listener.
#[derive(Debug, Default)]
struct Owners {
    /// By exact hostname, in lower case.
    exact: HashMap<Box<[u8]>, OwnerPlace, RandomState>,
    /// By what follows `*.`.
    wildcard: HashMap<Box<[u8]>, OwnerPlace, RandomState>,
    /// The hosts that no hostname covers.
    others: Option<OwnerPlace>,
}

/// One of the listeners of a port, or of those that are withheld.
#[derive(Clone, Copy, Debug)]
enum OwnerPlace {
    Listener(usize),
    Withheld(usize),
}

impl Owners {
    /// Of two that have one hostname, which conflict, the one that serves nobody goes first; else the first.
    fn new(listeners: &[Arc<BoundListener>], withheld: &[Withheld]) -> Self {
        let mut owners = Self::default();
        let withheld = withheld.iter().enumerate();
        let withheld = withheld.map(|(at, one)| (one.hostname.as_ref(), OwnerPlace::Withheld(at)));
        let listeners = listeners.iter().enumerate();
        let listeners = listeners.map(|(at, one)| (one.hostname(), OwnerPlace::Listener(at)));
        for (hostname, place) in withheld.chain(listeners) {
            let Some(hostname) = hostname.map(Hostname::as_str) else {
                owners.others.get_or_insert(place);
                continue;
            };
            let (names, name) = match hostname.strip_prefix("*.") {
                Some(name) => (&mut owners.wildcard, name),
                None => (&mut owners.exact, hostname),
            };
            names.entry(name.as_bytes().into()).or_insert(place);
        }
        owners
    }

    /// An exact hostname goes before each wildcard, and of wildcards the longest goes first, as
    /// [`Specificity`](crate::meta::Specificity) has it.
    fn find(&self, host: Option<&[u8]>) -> Option<OwnerPlace> {
        match host {
            Some(host) if !self.is_one() => self.named(host).or(self.others),
            _ => self.others,
        }
    }

    /// Whether all hosts belong to the same one.
    fn is_one(&self) -> bool {
        self.exact.is_empty() && self.wildcard.is_empty()
    }

    fn named(&self, host: &[u8]) -> Option<OwnerPlace> {
        if !host.iter().any(u8::is_ascii_uppercase) {
            return self.exact(host).or_else(|| self.below(host));
        }
        // No hostname has more bytes, and of a longer host only the end can be covered.
        let end = host.get(host.len().saturating_sub(MAX_HOST)..)?;
        let mut lowered = [0; MAX_HOST];
        let lowered = lowered.get_mut(..end.len())?;
        lowered.copy_from_slice(end);
        lowered.make_ascii_lowercase();
        let whole = end.len() == host.len();
        let exact = whole.then(|| self.exact(lowered)).flatten();
        exact.or_else(|| self.below(lowered))
    }

    /// By the hostname that is this host, which is in lower case.
    fn exact(&self, host: &[u8]) -> Option<OwnerPlace> {
        self.exact.get(host).copied()
    }

    /// By the longest wildcard that this host, which is in lower case, is below.
    fn below(&self, host: &[u8]) -> Option<OwnerPlace> {
        if self.wildcard.is_empty() || host.starts_with(b".") {
            return None;
        }
        let mut names = memchr::memchr_iter(b'.', host).filter_map(|dot| host.get(dot + 1..));
        names.find_map(|name| self.wildcard.get(name)).copied()
    }
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
pub(in crate::proxy) enum Owner<'b> {
    Listener(&'b Arc<BoundListener>),
    /// A listener that is not in force, and whose hosts are nobody's.
    Withheld(&'b Arc<ListenerKey>),
    Nobody,
}

/// All ports of a data plane.
pub(in crate::proxy) type Binds = SharedMap<BindKey, Arc<Bind>>;

impl PlanePort for Bind {
    fn key(&self) -> &BindKey {
        &self.key
    }

    fn place(&self) -> &BindPlace<Self> {
        &self.place
    }
}

impl Bind {
    pub(in crate::proxy) fn new(
        key: BindKey,
        addresses: Vec<GatewayStatusAddress>,
        listeners: Vec<Arc<BoundListener>>,
        withheld: Vec<Withheld>,
        place: BindPlace<Self>,
    ) -> Self {
        let mut by_name: Vec<usize> = (0..listeners.len()).collect();
        by_name.sort_by_key(|at| listeners.get(*at).map(|listener| &listener.key.name));
        Self {
            key,
            addresses,
            owners: Owners::new(&listeners, &withheld),
            listeners,
            withheld,
            place,
            by_name,
        }
    }

    /// The listener of this name.
    pub(in crate::proxy) fn named(&self, name: &str) -> Option<&Arc<BoundListener>> {
        let of = |at: &usize| self.listeners.get(*at);
        let found = self
            .by_name
            .binary_search_by(|at| of(at).map(|one| &*one.key.name).cmp(&Some(name)));
        of(self.by_name.get(found.ok()?)?)
    }

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
    pub(in crate::proxy) fn owner(&self, host: Option<&[u8]>) -> Owner<'_> {
        let found = match self.owners.find(host) {
            Some(OwnerPlace::Listener(at)) => self.listeners.get(at).map(Owner::Listener),
            Some(OwnerPlace::Withheld(at)) => {
                let withheld = self.withheld.get(at);
                withheld.map(|withheld| Owner::Withheld(&withheld.key))
            }
            None => None,
        };
        found.unwrap_or(Owner::Nobody)
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
        let same = next.named(&listener.key.name);
        same.filter(|next| {
            !others && (std::ptr::eq(&***next, listener) || listener.goes_on_as(next))
        })
    }
}
