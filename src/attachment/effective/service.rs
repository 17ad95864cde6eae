//! Services with the mesh routes that govern requests to them (GEP-1426).

use super::{
    BackendProblem, ConnectionRouteRules, EffectiveBackendPort, EndpointList, GrpcRouteRules,
    HttpRouteRules, InSeniority, RouteList, RouteRules,
};
use crate::{
    attachment::MULTICLUSTER_GROUP,
    meta::{NamespacedName, ObjectRef, Seniority, Transport},
};
use std::{net::IpAddr, sync::Arc};

/// A Service or ServiceImport, and the routes that have it as their parent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EffectiveService {
    /// Its namespace and name.
    pub name: NamespacedName,
    /// Whether it is a ServiceImport, a Service of the whole cluster set (GEP-1748).
    pub import: bool,
    /// The addresses at which clients of the mesh reach it; none where it is headless.
    pub cluster_ips: Vec<IpAddr>,
    /// Its ports, in the order of the spec, each with the endpoints that requests reach where no route
    /// governs them.
    pub ports: Vec<EffectiveServicePort>,
    /// The HTTPRoutes, oldest first, then by `namespace/name`.
    pub http: RouteList<ServiceRoute<HttpRouteRules>>,
    /// The GRPCRoutes, in the same order.
    pub grpc: RouteList<ServiceRoute<GrpcRouteRules>>,
    /// The TLSRoutes, in the same order.
    pub tls_routes: RouteList<ServiceRoute<ConnectionRouteRules>>,
    /// The TCPRoutes, in the same order.
    pub tcp: RouteList<ServiceRoute<ConnectionRouteRules>>,
    /// The UDPRoutes, in the same order.
    pub udp: RouteList<ServiceRoute<ConnectionRouteRules>>,
}

impl EffectiveService {
    /// The HTTPRoutes that govern requests to a port from a client's namespace. Routes of the client's own
    /// namespace (consumer routes) take the place of those of the Service's (GEP-1426).
    pub fn http_routes<'a>(
        &'a self,
        port: u16,
        client_namespace: &str,
    ) -> impl Iterator<Item = &'a Arc<HttpRouteRules>> {
        let own = self.has_own(port, client_namespace);
        seen_by(&self.http, port, client_namespace, own)
    }

    /// The GRPCRoutes that govern calls to a port from a client's namespace, as with
    /// [`http_routes`](Self::http_routes).
    pub fn grpc_routes<'a>(
        &'a self,
        port: u16,
        client_namespace: &str,
    ) -> impl Iterator<Item = &'a Arc<GrpcRouteRules>> {
        let own = self.has_own(port, client_namespace);
        seen_by(&self.grpc, port, client_namespace, own)
    }

    /// The TLSRoutes that govern connections to a port from a client's namespace, as with
    /// [`http_routes`](Self::http_routes).
    pub fn tls_routes<'a>(
        &'a self,
        port: u16,
        client_namespace: &str,
    ) -> impl Iterator<Item = &'a Arc<ConnectionRouteRules>> {
        let own = self.has_own(port, client_namespace);
        seen_by(&self.tls_routes, port, client_namespace, own)
    }

    /// The TCPRoutes that govern connections to a port from a client's namespace, as with
    /// [`http_routes`](Self::http_routes).
    pub fn tcp_routes<'a>(
        &'a self,
        port: u16,
        client_namespace: &str,
    ) -> impl Iterator<Item = &'a Arc<ConnectionRouteRules>> {
        let own = self.has_own(port, client_namespace);
        seen_by(&self.tcp, port, client_namespace, own)
    }

    /// The UDPRoutes that govern datagrams to a port from a client's namespace, as with
    /// [`http_routes`](Self::http_routes).
    pub fn udp_routes<'a>(
        &'a self,
        port: u16,
        client_namespace: &str,
    ) -> impl Iterator<Item = &'a Arc<ConnectionRouteRules>> {
        let own = self
            .udp
            .iter()
            .any(|route| route.is_of(port, client_namespace));
        seen_by(&self.udp, port, client_namespace, own)
    }

    /// Whether clients of a namespace have routes of their own for what goes over TCP to a port.
    fn has_own(&self, port: u16, client_namespace: &str) -> bool {
        fn any<R>(routes: &RouteList<ServiceRoute<R>>, port: u16, namespace: &str) -> bool {
            routes.iter().any(|route| route.is_of(port, namespace))
        }
        any(&self.http, port, client_namespace)
            || any(&self.grpc, port, client_namespace)
            || any(&self.tls_routes, port, client_namespace)
            || any(&self.tcp, port, client_namespace)
    }

    /// The object itself.
    #[must_use]
    pub fn reference(&self) -> ObjectRef {
        let (group, kind) = if self.import {
            (MULTICLUSTER_GROUP, "ServiceImport")
        } else {
            ("", "Service")
        };
        ObjectRef {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: self.name.namespace.clone(),
            name: self.name.name.clone(),
        }
    }

    /// The port with this number.
    #[must_use]
    pub fn port(&self, port: u16) -> Option<&EffectiveServicePort> {
        self.ports.iter().find(|p| p.port == port)
    }

    /// The port with this number that takes this transport: TCP and UDP may share a number.
    #[must_use]
    pub fn port_for(&self, transport: Transport, port: u16) -> Option<&EffectiveServicePort> {
        let mut of_number = self.ports.iter().filter(|p| p.port == port);
        of_number.find(|p| p.transport() == Some(transport))
    }
}

/// The routes that a client of this namespace is under at this port: consumer routes where it has any, of whatever
/// kind, else producer routes.
fn seen_by<'a, R>(
    routes: &'a RouteList<ServiceRoute<R>>,
    port: u16,
    client_namespace: &str,
    has_own: bool,
) -> impl Iterator<Item = &'a Arc<R>> {
    let client_namespace = client_namespace.to_owned();
    routes
        .iter()
        .filter(move |route| route.is_for(port))
        .filter(move |route| match &route.clients {
            ClientScope::Namespace(namespace) => *namespace == client_namespace,
            ClientScope::Everyone => !has_own,
        })
        .map(|route| &route.route)
}

impl<R: RouteRules> InSeniority for ServiceRoute<R> {
    fn seniority(&self) -> Seniority<&NamespacedName> {
        self.route.seniority()
    }
}

impl<R> ServiceRoute<R> {
    pub(crate) fn is_for(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }

    fn is_of(&self, port: u16, client_namespace: &str) -> bool {
        self.is_for(port)
            && matches!(&self.clients, ClientScope::Namespace(own) if own == client_namespace)
    }
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EffectiveServicePort {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its number.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// Where requests go that no route governs, or why they go nowhere.
    pub target: Result<Arc<EffectiveBackendPort>, BackendProblem>,
    /// The endpoints behind it, ready or not.
    pub endpoints: Arc<EndpointList>,
}

impl EffectiveServicePort {
    /// What carries its traffic. None for what no route can carry.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        match self.protocol.as_str() {
            "TCP" => Some(Transport::Tcp),
            "UDP" => Some(Transport::Udp),
            _ => None,
        }
    }
}

/// A route with a Service as its parent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServiceRoute<R> {
    /// The route's rules, shared between all its parents.
    pub route: Arc<R>,
    /// The port that the parentRef names; every port without one.
    pub port: Option<u16>,
    /// Whose requests the route governs.
    pub clients: ClientScope,
}

/// Whose requests a mesh route governs (GEP-1426).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClientScope {
    /// Those of every client: a producer route, in the namespace of the Service.
    Everyone,
    /// Those of clients in this namespace, the route's own: a consumer route.
    Namespace(String),
}
