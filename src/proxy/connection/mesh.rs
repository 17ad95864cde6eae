//! Services as clients of a mesh ask them (GEP-1426).

use crate::proxy::{
    Backend, CompiledRule, DataPlaneOptions, Endpoints, HttpSession, Stream, Table, Way,
    routes::table::MOST_MOVED,
};
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{
            AttachedRoute, BackendProblem, ClientScope, Difference, EffectiveBackend,
            EffectiveBackendPort, EffectiveFilters, EffectiveHostname, EffectiveService,
            EffectiveServicePort, GrpcRouteRules, HttpRouteRules, RouteList, RouteRules,
            ServiceRoute,
        },
    },
    meta::{NamespacedName, Transport},
};
use std::{
    collections::{BTreeSet, HashMap},
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
    /// The namespaces that have routes of their own: to all others it looks the same.
    apart: Arc<BTreeSet<String>>,
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
    target: Result<Arc<EffectiveBackendPort>, Arc<BackendProblem>>,
    client_namespace: String,
}

impl MeshService {
    pub(in crate::proxy) fn new(
        effective: Arc<EffectiveService>,
        endpoints: &Endpoints,
        options: DataPlaneOptions,
    ) -> Self {
        Self {
            apart: Arc::new(seen_apart(&effective)),
            effective,
            endpoints: endpoints.clone(),
            options,
            tables: Arc::default(),
            ways: Arc::default(),
        }
    }

    /// The Service in a later configuration, with what was compiled for this one, if nothing has changed but its endpoints and
    /// HTTPRoutes and GRPCRoutes of its own namespace. Of a table only the routes that have changed are compiled.
    pub(in crate::proxy) fn followed(&self, effective: &Arc<EffectiveService>) -> Option<Self> {
        if !is_same_but_http_and_endpoints(&self.effective, effective) {
            return None;
        }
        let http = MovedRoutes::between(&self.effective.http, &effective.http)?;
        let grpc = MovedRoutes::between(&self.effective.grpc, &effective.grpc)?;
        let tables = match http.is_empty() && grpc.is_empty() {
            true => self.tables.clone(),
            false => Arc::new(Mutex::new(self.moved(&http, &grpc))),
        };
        Some(Self {
            effective: effective.clone(),
            endpoints: self.endpoints.clone(),
            options: self.options,
            apart: self.apart.clone(),
            tables,
            ways: self.ways.clone(),
        })
    }

    /// The tables after some routes have moved. One as a namespace sees it that has routes of its own is made anew.
    fn moved(
        &self,
        http: &MovedRoutes<'_, HttpRouteRules>,
        grpc: &MovedRoutes<'_, GrpcRouteRules>,
    ) -> HashMap<PortView, Arc<Table>> {
        let made = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = made.iter().filter(|((_, own), _)| own.is_none());
        let moved = shared.map(|(view, table)| {
            let mut table = Table::clone(table);
            for (kind, gone) in [
                (RouteKind::Http, http.gone_at(view.0)),
                (RouteKind::Grpc, grpc.gone_at(view.0)),
            ] {
                for name in gone {
                    table.remove(&RouteId::new(kind, name));
                }
            }
            http.new_at(view.0)
                .for_each(|attached| table.insert_http(&attached));
            grpc.new_at(view.0)
                .for_each(|attached| table.insert_grpc(&attached));
            (view.clone(), Arc::new(table))
        });
        moved.collect()
    }

    /// How a namespace sees a port.
    fn view(&self, port: u16, client_namespace: &str) -> PortView {
        let own = self.apart.contains(client_namespace);
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

/// Whether two differ in their endpoints, HTTPRoutes and GRPCRoutes at most. Of routes only those count as the same that are
/// the same allocation.
fn is_same_but_http_and_endpoints(one: &EffectiveService, other: &EffectiveService) -> bool {
    fn same<R: RouteRules>(
        one: &RouteList<ServiceRoute<R>>,
        other: &RouteList<ServiceRoute<R>>,
    ) -> bool {
        other.changes(one, is_same).next().is_none()
    }
    let same_port = |(one, other): (&EffectiveServicePort, &EffectiveServicePort)| {
        (one.port, &one.protocol, &one.target) == (other.port, &other.protocol, &other.target)
    };
    one.ports.len() == other.ports.len()
        && one.ports.iter().zip(&other.ports).all(same_port)
        && same(&one.tls_routes, &other.tls_routes)
        && same(&one.tcp, &other.tcp)
        && same(&one.udp, &other.udp)
}

fn is_same<R>(one: &ServiceRoute<R>, other: &ServiceRoute<R>) -> bool {
    Arc::ptr_eq(&one.route, &other.route)
        && (one.port, &one.clients) == (other.port, &other.clients)
}

/// The routes of a Service that are gone, and those that are new or otherwise than before.
struct MovedRoutes<'r, R> {
    gone: Vec<&'r ServiceRoute<R>>,
    new: Vec<&'r ServiceRoute<R>>,
}

impl<'r, R: RouteRules> MovedRoutes<'r, R> {
    /// None where so much has changed that new tables cost less, or where it concerns who sees which routes.
    fn between(
        before: &'r RouteList<ServiceRoute<R>>,
        after: &'r RouteList<ServiceRoute<R>>,
    ) -> Option<Self> {
        let most = MOST_MOVED + after.len() / 8;
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for Difference { before, after } in after.changes(before, is_same) {
            gone.extend(before);
            new.extend(after);
            let routes = before.into_iter().chain(after);
            let for_all = |route: &ServiceRoute<R>| route.clients == ClientScope::Everyone;
            if !routes.into_iter().all(for_all) || gone.len().max(new.len()) > most {
                return None;
            }
        }
        Some(Self { gone, new })
    }

    fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty()
    }

    /// Those that were there for a port.
    fn gone_at(&self, port: u16) -> Vec<NamespacedName> {
        let gone = self.gone.iter().filter(|route| route.is_for(port));
        gone.map(|route| route.route.seniority().name.clone())
            .collect()
    }

    /// Those that are there for a port now.
    fn new_at(&self, port: u16) -> impl Iterator<Item = AttachedRoute<R>> {
        let new = self.new.iter().filter(move |route| route.is_for(port));
        new.map(|route| AttachedRoute {
            route: route.route.clone(),
            // Hostnames mean nothing here, as in `Table::for_service`.
            hostnames: Arc::new([EffectiveHostname::default()]),
        })
    }
}

/// The namespaces that have routes of their own to a Service.
fn seen_apart(service: &EffectiveService) -> BTreeSet<String> {
    fn of<R>(routes: &RouteList<ServiceRoute<R>>) -> impl Iterator<Item = &String> {
        routes.iter().filter_map(|route| match &route.clients {
            ClientScope::Namespace(own) => Some(own),
            ClientScope::Everyone => None,
        })
    }
    let all = of(&service.http)
        .chain(of(&service.grpc))
        .chain(of(&service.tls_routes))
        .chain(of(&service.tcp))
        .chain(of(&service.udp));
    let mut namespaces = BTreeSet::new();
    for namespace in all {
        if !namespaces.contains(namespace) {
            namespaces.insert(namespace.clone());
        }
    }
    namespaces
}

impl MeshPort {
    pub(in crate::proxy) fn new(
        service: Arc<MeshService>,
        transport: Transport,
        port: u16,
        client_namespace: &str,
    ) -> Option<Self> {
        let target = service.effective.port_for(transport, port)?.target.clone();
        let target = target.map_err(Arc::new);
        Some(Self {
            service,
            target,
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
    /// does, it goes to the Service itself. Where a TLSRoute governs the port, a client without TLS gets nowhere. In a mesh the hostnames of TLSRoutes mean nothing (GEP-1294, "`hostnames`
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
        match (found, tls()) {
            (None, Some(route)) if self.transport == Transport::Tcp => {
                let route = RouteId::new(RouteKind::Tls, route.reference.clone());
                Way::NotTls(Arc::new(route))
            }
            (Some((kind, route)), _) => Way::Route(Arc::new(CompiledRule::connections(
                kind,
                route,
                &self.service.endpoints,
            ))),
            (None, _) => Way::Service(self.itself()),
        }
    }

    /// The Service as a backend of its own.
    fn itself(&self) -> Arc<Backend> {
        let service = &self.service.effective;
        let backend = EffectiveBackend {
            reference: service.reference(),
            port: Some(self.port),
            weight: 1,
            filters: EffectiveFilters::default(),
            target: self.target.clone().map_err(Arc::unwrap_or_clone),
            session_persistence: None,
        };
        Backend::shared(&backend, &self.service.endpoints)
    }
}
