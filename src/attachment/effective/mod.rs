//! What is in force: the configuration that a set of objects amounts to.
//!
//! Every reference is followed, every default applied and everything that is not valid left out or
//! turned into the error that it has to yield, so that a data plane needs nothing else. What is shared
//! stands behind an [`Arc`]: a route that hangs on many listeners is stored once, and after a change the
//! parts that it does not touch are the same allocation as before.

mod app_protocol;
mod backend;
mod chunks;
mod endpoints;
mod gateway;
mod idle;
mod problem;
mod route;
mod routes;
mod service;
mod session;
mod shared_map;

pub use app_protocol::AppProtocol;
pub use backend::{
    BackendPortKey, EffectiveBackend, EffectiveBackendPort, EffectiveBackendTls, EffectiveFilters,
    EffectiveMirror, TrustedAuthorities,
};
pub(crate) use chunks::Difference;
pub(super) use endpoints::shared;
pub use endpoints::{BackendAddress, Endpoint, EndpointIter, EndpointList, EndpointPlace};
pub use gateway::{
    Certificate, ClientValidation, EffectiveGateway, EffectiveListener, EffectiveTls,
};
pub use idle::IdleListener;
pub use problem::{BackendProblem, POLICY_FULL, RuleProblem};
pub(crate) use problem::{NO_BACKEND, NO_WEIGHT};
pub use route::{
    AttachedRoute, ConnectionRouteRules, ConnectionRule, EffectiveHostname, GrpcRouteRules,
    GrpcRule, HttpRouteRules, HttpRule, RouteRules, Timeouts,
};
pub use routes::{InSeniority, RouteIter, RouteList};
pub use service::{ClientScope, EffectiveService, EffectiveServicePort, ServiceRoute};

pub(crate) use session::is_path_byte;
pub use shared_map::{SharedMap, SharedMapIter};

pub(crate) use session::CookiePrefix;
pub use session::{SessionCookie, SessionSettings, SessionSettingsError, SessionTransport};

use crate::meta::NamespacedName;
use std::sync::Arc;

/// The configuration in force: what every Gateway and every Service does with traffic.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Effective {
    /// The Gateways that take traffic, by their place: they are accepted and programmed.
    pub gateways: SharedMap<NamespacedName, Arc<EffectiveGateway>>,
    /// The Services, with the mesh routes that govern requests to them (GEP-1426). A Service without
    /// routes is here as well: requests go to its own endpoints.
    pub services: SharedMap<NamespacedName, Arc<EffectiveService>>,
    /// The ServiceImports, as [`services`](Self::services): a mesh sees requests to them by their addresses in
    /// the cluster set (GEP-1748).
    pub imports: SharedMap<NamespacedName, Arc<EffectiveService>>,
    /// The listeners that take no traffic, by their Gateway.
    pub idle: SharedMap<NamespacedName, Arc<[IdleListener]>>,
}

impl Effective {
    /// The endpoints behind a port of a backend, ready or not. None if there is no such port, or if it is one of an
    /// implementation's own kind.
    #[must_use]
    pub fn endpoints(&self, port: &BackendPortKey) -> Option<&Arc<EndpointList>> {
        if port.own.is_some() {
            return None;
        }
        let service = self.service(&port.name, port.import)?;
        Some(&service.port_for(port.transport, port.port)?.endpoints)
    }

    /// A Service, or with `import` a ServiceImport.
    #[must_use]
    pub fn service(&self, name: &NamespacedName, import: bool) -> Option<&Arc<EffectiveService>> {
        let services = match import {
            true => &self.imports,
            false => &self.services,
        };
        services.get(name)
    }

    /// The Services, or the ServiceImports.
    pub(super) fn services_mut(
        &mut self,
        imports: bool,
    ) -> &mut SharedMap<NamespacedName, Arc<EffectiveService>> {
        if imports {
            &mut self.imports
        } else {
            &mut self.services
        }
    }
}
