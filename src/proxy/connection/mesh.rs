//! Services as clients of a mesh ask them (GEP-1426).

use crate::proxy::{
    Backend, CompiledRule, DataPlaneOptions, Endpoints, HttpSession, Stream, Table, Way,
};
use crate::{
    attachment::{
        RouteKind,
        effective::{
            ClientScope, EffectiveBackend, EffectiveFilters, EffectiveService,
            EffectiveServicePort, ServiceRoute,
        },
    },
    meta::Transport,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A port, and the namespace of the client where that has routes of its own.
type PortView = (u16, Option<String>);

/// Where connections go, by what they speak.
type Ways = HashMap<(Transport, Inside, PortView), Way>;

/// A Service, with the tables of its ports. They are compiled when they are first asked for.
#[derive(Debug)]
pub(in crate::proxy) struct MeshService {
    pub(in crate::proxy) effective: Arc<EffectiveService>,
    endpoints: Endpoints,
    options: DataPlaneOptions,
    tables: Arc<Mutex<HashMap<PortView, Arc<Table>>>>,
    ways: Arc<Mutex<Ways>>,
}

/// What a client speaks over its connection, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Inside {
    Tls,
    Other,
}

/// A port of a Service, as clients of a namespace see it.
#[derive(Clone, Debug)]
pub struct MeshPort {
    service: Arc<MeshService>,
    transport: Transport,
    port: u16,
    client_namespace: String,
}

impl MeshService {
    pub(in crate::proxy) fn new(
        effective: Arc<EffectiveService>,
        endpoints: &Endpoints,
        options: DataPlaneOptions,
    ) -> Self {
        Self {
            effective,
            endpoints: endpoints.clone(),
            options,
            tables: Arc::default(),
            ways: Arc::default(),
        }
    }

    /// The Service in a later configuration, with the tables of this one, if its endpoints are all that has changed.
    pub(in crate::proxy) fn followed(&self, effective: &Arc<EffectiveService>) -> Option<Self> {
        is_same_but_endpoints(&self.effective, effective).then(|| Self {
            effective: effective.clone(),
            endpoints: self.endpoints.clone(),
            options: self.options,
            tables: self.tables.clone(),
            ways: self.ways.clone(),
        })
    }

    /// How a namespace sees a port.
    fn view(&self, port: u16, client_namespace: &str) -> PortView {
        let service = &self.effective;
        let own = is_seen_apart(&service.http, client_namespace)
            || is_seen_apart(&service.grpc, client_namespace)
            || is_seen_apart(&service.tls_routes, client_namespace)
            || is_seen_apart(&service.tcp, client_namespace)
            || is_seen_apart(&service.udp, client_namespace);
        (port, own.then(|| client_namespace.to_owned()))
    }

    fn table(&self, port: u16, client_namespace: &str) -> Arc<Table> {
        let service = &self.effective;
        let view = self.view(port, client_namespace);
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let table = tables.entry(view).or_insert_with(|| {
            Arc::new(Table::for_service(
                service,
                port,
                client_namespace,
                &self.endpoints,
                self.options,
            ))
        });
        table.clone()
    }
}

/// Whether two differ in their endpoints at most. Of routes only those count as the same that are the same allocation.
fn is_same_but_endpoints(one: &EffectiveService, other: &EffectiveService) -> bool {
    fn same<R>(one: &[ServiceRoute<R>], other: &[ServiceRoute<R>]) -> bool {
        let same = |(one, other): (&ServiceRoute<R>, &ServiceRoute<R>)| {
            Arc::ptr_eq(&one.route, &other.route)
                && (one.port, &one.clients) == (other.port, &other.clients)
        };
        one.len() == other.len() && one.iter().zip(other).all(same)
    }
    let same_port = |(one, other): (&EffectiveServicePort, &EffectiveServicePort)| {
        (one.port, &one.protocol, &one.target) == (other.port, &other.protocol, &other.target)
    };
    one.ports.len() == other.ports.len()
        && one.ports.iter().zip(&other.ports).all(same_port)
        && same(&one.http, &other.http)
        && same(&one.grpc, &other.grpc)
        && same(&one.tls_routes, &other.tls_routes)
        && same(&one.tcp, &other.tcp)
        && same(&one.udp, &other.udp)
}

/// Whether a namespace has routes of its own.
fn is_seen_apart<R>(routes: &[ServiceRoute<R>], namespace: &str) -> bool {
    let mut clients = routes.iter().map(|route| &route.clients);
    clients.any(|clients| matches!(clients, ClientScope::Namespace(own) if own == namespace))
}

impl MeshPort {
    pub(in crate::proxy) fn new(
        service: Arc<MeshService>,
        transport: Transport,
        port: u16,
        client_namespace: &str,
    ) -> Option<Self> {
        service.effective.port_for(transport, port)?;
        Some(Self {
            service,
            transport,
            port,
            client_namespace: client_namespace.to_owned(),
        })
    }

    /// A client that speaks HTTP in cleartext, where HTTPRoutes or GRPCRoutes govern the port. Of TLS nobody in a mesh sees
    /// the inside, so that these routes have no say then (GEP-1294).
    #[must_use]
    pub fn requests(&self) -> Option<HttpSession> {
        if self.transport != Transport::Tcp {
            return None;
        }
        let table = self.service.table(self.port, &self.client_namespace);
        (!table.is_empty()).then(|| HttpSession::mesh(table, self.port))
    }

    /// A client that speaks something else: over TLS a TLSRoute governs it, else a TCPRoute, or a UDPRoute; and where none
    /// does, it goes to the Service itself. In a mesh the hostnames of TLSRoutes mean nothing (GEP-1294, "`hostnames`
    /// field"), so that attachment leaves one route of each kind.
    #[must_use]
    pub fn stream(&self, over_tls: bool) -> Stream {
        let inside = if over_tls { Inside::Tls } else { Inside::Other };
        let view = self.service.view(self.port, &self.client_namespace);
        let mut ways = self
            .service
            .ways
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let way = ways
            .entry((self.transport, inside, view))
            .or_insert_with(|| self.way(inside));
        Stream::in_mesh(way.clone())
    }

    fn way(&self, inside: Inside) -> Way {
        let (service, port) = (&self.service.effective, self.port);
        let namespace = self.client_namespace.as_str();
        let tls = || service.tls_routes(port, namespace).next();
        let tcp = || service.tcp_routes(port, namespace).next();
        let udp = || service.udp_routes(port, namespace).next();
        let by_tls = match (self.transport, inside) {
            (Transport::Tcp, Inside::Tls) => tls(),
            _ => None,
        };
        let found = match (self.transport, by_tls) {
            (Transport::Udp, _) => udp().map(|route| (RouteKind::Udp, route)),
            (Transport::Tcp, Some(route)) => Some((RouteKind::Tls, route)),
            (Transport::Tcp, None) => tcp().map(|route| (RouteKind::Tcp, route)),
        };
        match found {
            Some((kind, route)) => Way::Route(Arc::new(CompiledRule::connections(
                kind,
                route,
                &self.service.endpoints,
            ))),
            None => Way::Service(self.itself()),
        }
    }

    /// The Service as a backend of its own.
    fn itself(&self) -> Arc<Backend> {
        let service = &self.service.effective;
        let port = service.port_for(self.transport, self.port);
        let target = port.map(|EffectiveServicePort { target, .. }| target.clone());
        let backend = EffectiveBackend {
            reference: service.reference(),
            port: Some(self.port),
            weight: 1,
            filters: EffectiveFilters::default(),
            // `new` has seen the port.
            target: target.unwrap_or_else(|| {
                Err(crate::attachment::effective::BackendProblem::PortNotFound {
                    reference: service.reference(),
                    port: Some(i32::from(self.port)),
                })
            }),
            session_persistence: None,
        };
        Backend::shared(&backend, &self.service.endpoints)
    }
}
