//! Services as clients of a mesh ask them (GEP-1426).

use super::way::Way;
use crate::proxy::{
    Backend, CompiledRule, DataPlaneOptions, Endpoints, ServiceKey, Table,
    routes::table::MOST_MOVED,
};
use crate::{
    attachment::{
        RouteId, RouteKind,
        effective::{
            AttachedRoute, BackendProblem, ClientScope, Difference, Effective, EffectiveBackend,
            EffectiveBackendPort, EffectiveFilters, EffectiveHostname, EffectiveService,
            EffectiveServicePort, GrpcRouteRules, HttpRouteRules, RouteList, RouteRules,
            ServiceRoute, SharedMap,
        },
    },
    meta::{NamespacedName, Transport},
};
use arc_swap::ArcSwap;
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// The Services of a data plane, for clients in a mesh.
#[derive(Debug, Default)]
pub(in crate::proxy) struct MeshPlane {
    effective: Arc<Effective>,
    endpoints: Endpoints,
    options: DataPlaneOptions,
    in_force: Weak<MeshInForce>,
    /// Made when they are asked for.
    services: Mutex<SharedMap<ServiceKey, Arc<MeshService>>>,
}

/// The Services of the last data plane of a line, for connections that were made in an earlier one.
#[derive(Debug, Default)]
pub(in crate::proxy) struct MeshInForce {
    plane: ArcSwap<MeshPlane>,
}

impl MeshPlane {
    /// The Services of the next data plane of a line, which is in force from then on.
    pub(in crate::proxy) fn in_force(
        effective: &Arc<Effective>,
        endpoints: &Endpoints,
        options: DataPlaneOptions,
        line: &Arc<MeshInForce>,
        before: Option<&Self>,
    ) -> Arc<Self> {
        let plane = Arc::new(Self {
            effective: effective.clone(),
            endpoints: endpoints.clone(),
            options,
            in_force: Arc::downgrade(line),
            services: Mutex::new(
                before
                    .map(|before| before.kept(effective))
                    .unwrap_or_default(),
            ),
        });
        line.plane.store(plane.clone());
        plane
    }

    /// The Services that are the same in a later configuration, but perhaps for their endpoints, with their tables.
    fn kept(&self, effective: &Effective) -> SharedMap<ServiceKey, Arc<MeshService>> {
        let made = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = made.clone();
        drop(made);
        let old = &self.effective;
        for (after, before) in [
            (&effective.services, &old.services),
            (&effective.imports, &old.imports),
        ] {
            for changed in after.changes(before, Arc::ptr_eq) {
                let Some(key) = changed.before.map(|service| service_key(service)) else {
                    continue;
                };
                let made = kept.get(&key);
                let followed = made.zip(changed.after);
                match followed.and_then(|(made, present)| made.followed(present)) {
                    Some(followed) => _ = kept.insert(key, Arc::new(followed)),
                    None => _ = kept.remove(&key),
                }
            }
        }
        kept
    }

    /// See [`DataPlane::service`](crate::proxy::DataPlane::service).
    pub(in crate::proxy) fn port(
        &self,
        key: &ServiceKey,
        transport: Transport,
        port: u16,
        client_namespace: &str,
    ) -> Option<MeshPort> {
        let effective = self.effective.service(&key.name, key.import)?;
        let mut made = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let service = match made.get(key) {
            Some(service) => service.clone(),
            None => {
                let service = Arc::new(MeshService::new(effective.clone(), self));
                made.insert(key.clone(), service.clone());
                service
            }
        };
        drop(made);
        MeshPort::new(service, transport, port, client_namespace)
    }
}

/// The key of a Service.
pub(in crate::proxy) fn service_key(service: &EffectiveService) -> ServiceKey {
    ServiceKey {
        name: service.name.clone(),
        import: service.import,
    }
}

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
    /// Weak, since what is in force owns the Service.
    in_force: Weak<MeshInForce>,
}

/// What a client speaks over its connection, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Inside {
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
    client_namespace: Arc<str>,
}

impl MeshService {
    fn new(effective: Arc<EffectiveService>, plane: &MeshPlane) -> Self {
        Self {
            in_force: plane.in_force.clone(),
            apart: Arc::new(seen_apart(&effective)),
            effective,
            endpoints: plane.endpoints.clone(),
            options: plane.options,
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
            in_force: self.in_force.clone(),
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
    fn new(
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
            client_namespace: client_namespace.into(),
        })
    }

    /// The same port in the configuration in force. None if that has no such port.
    pub(super) fn present(&self) -> Option<Cow<'_, Self>> {
        // Of a data plane that was dropped nothing has taken the place.
        let Some(in_force) = self.service.in_force.upgrade() else {
            return Some(Cow::Borrowed(self));
        };
        let plane = in_force.plane.load();
        let own = &self.service.effective;
        let service = plane.effective.service(&own.name, own.import)?;
        if Arc::ptr_eq(service, own) {
            return Some(Cow::Borrowed(self));
        }
        self.at(&plane).map(Cow::Owned)
    }

    /// The same port in another configuration.
    pub(in crate::proxy) fn at(&self, plane: &MeshPlane) -> Option<Self> {
        let key = service_key(&self.service.effective);
        plane.port(&key, self.transport, self.port, &self.client_namespace)
    }

    /// Whether it matters what a client speaks over its connection: HTTPRoutes, GRPCRoutes or a TLSRoute govern the port. Where it
    /// does not, all connections are a [`stream`](MeshPort::stream), and nobody has to wait for what the client says first: the
    /// backend may be the one that does.
    #[must_use]
    pub fn depends_on_protocol(&self) -> bool {
        let (service, client) = (&self.service.effective, &*self.client_namespace);
        self.transport == Transport::Tcp
            && (self.table().is_some() || service.tls_routes(self.port, client).next().is_some())
    }

    /// The number of the port.
    pub(super) fn number(&self) -> u16 {
        self.port
    }

    /// The rules for requests, where HTTPRoutes or GRPCRoutes govern the port.
    pub(super) fn table(&self) -> Option<Arc<Table>> {
        if self.transport != Transport::Tcp {
            return None;
        }
        let table = self.service.table(self.port, &self.client_namespace);
        (!table.is_empty()).then_some(table)
    }

    /// Where a client goes that speaks this.
    pub(super) fn led(&self, inside: Inside) -> Way {
        let view = self.service.view(self.port, &self.client_namespace);
        let mut ways = self
            .service
            .ways
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let way = ways
            .entry((self.transport, inside, view))
            .or_insert_with(|| self.way(inside));
        way.clone()
    }

    fn way(&self, inside: Inside) -> Way {
        let (service, port) = (&self.service.effective, self.port);
        let namespace = &*self.client_namespace;
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
