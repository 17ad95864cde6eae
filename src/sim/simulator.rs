//! The simulator: a configuration with its compiled tables.

use super::{
    Answer, Request, RequestError,
    asked::{Asked, Place},
    destination::{self, Destination},
    http::AtTable,
    stream::AtConnection,
};
use crate::{
    attachment::effective::{Effective, EffectiveListener, EffectiveService},
    meta::NamespacedName,
    proxy::Table,
    routing,
    v1::ProtocolType,
};
use std::{collections::HashMap, sync::Arc};

/// Answers requests under an effective configuration.
///
/// Tables are compiled when they are first asked for and kept as long as the listener or Service is the
/// same: [`update`](Self::update) drops only those that changed.
#[derive(Debug, Default)]
pub struct Simulator {
    effective: Arc<Effective>,
    options: routing::RouterOptions,
    listeners: HashMap<ListenerKey, (Arc<EffectiveListener>, Arc<Table>)>,
    services: HashMap<ServiceKey, (Arc<EffectiveService>, Arc<Table>)>,
}

/// A Gateway and the name of its listener.
type ListenerKey = (NamespacedName, String);

/// A Service, whether it is a ServiceImport, its port, and the namespace of the client.
type ServiceKey = (NamespacedName, bool, u16, String);

impl Simulator {
    /// A simulator of this configuration, with the choices that the specification leaves open.
    #[must_use]
    pub fn new(effective: Effective, options: routing::RouterOptions) -> Self {
        Self {
            effective: Arc::new(effective),
            options,
            ..Self::default()
        }
    }

    /// Puts another configuration in force.
    pub fn update(&mut self, effective: Effective) {
        self.listeners.retain(|(gateway, _), (listener, _)| {
            effective.gateways.get(gateway).is_some_and(|gateway| {
                gateway
                    .listeners
                    .iter()
                    .any(|present| Arc::ptr_eq(present, listener))
            })
        });
        self.services.retain(|(name, import, ..), (service, _)| {
            let services = if *import {
                &effective.imports
            } else {
                &effective.services
            };
            services
                .get(name)
                .is_some_and(|present| Arc::ptr_eq(present, service))
        });
        self.effective = Arc::new(effective);
    }

    /// The configuration in force.
    #[must_use]
    pub fn effective(&self) -> &Effective {
        &self.effective
    }

    /// The configuration in force, to be kept while tables are compiled.
    pub(super) fn effective_shared(&self) -> Arc<Effective> {
        self.effective.clone()
    }

    /// Answers a request. `draw(n)` returns a number below `n`.
    ///
    /// # Errors
    ///
    /// When the request cannot be tried at all: its URL is none, it has too many headers, or it is not clear which Gateway
    /// is meant.
    pub fn request(
        &mut self,
        request: &Request,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> Result<Answer, RequestError> {
        let effective = self.effective.clone();
        Ok(self.ask(&effective, request)?.answer(draw))
    }

    /// Finds where a request is answered.
    pub(super) fn ask<'e>(
        &mut self,
        effective: &'e Effective,
        request: &'e Request,
    ) -> Result<Asked<'e>, RequestError> {
        request.check_headers()?;
        let mut why = Vec::new();
        let destination = destination::find(effective, request, &mut why)?;
        let place = self.place(request, &destination);
        Ok(Asked {
            effective,
            request,
            destination,
            why,
            place,
        })
    }

    /// What answers at a destination.
    fn place<'e>(&mut self, request: &'e Request, destination: &Destination<'e>) -> Place<'e> {
        match destination {
            Destination::Nobody { .. } => Place::Nowhere,
            Destination::Unserved {
                port,
                has_grpc_routes,
                ..
            } => Place::Table(AtTable::unserved(request, *port, *has_grpc_routes)),
            Destination::Endpoint { endpoint } => {
                Place::Connection(AtConnection::at_endpoint(request, *endpoint))
            }
            Destination::Listener { gateway, listener } => {
                if matches!(listener.protocol, ProtocolType::Http | ProtocolType::Https) {
                    let table = self.listener_table(&gateway.name, listener);
                    Place::Table(AtTable::new(request, listener.port, table))
                } else {
                    let rank = self.options.hostname_rank();
                    Place::Connection(AtConnection::at_listener(request, listener, rank))
                }
            }
            Destination::Service {
                service,
                port,
                client_namespace,
            } => {
                let table = self.service_table(service, *port, client_namespace);
                // Of TLS nobody in a mesh sees the inside (GEP-1294, GEP-1426): a route of requests has no say.
                if request.scheme() == "http" && !table.is_empty() {
                    Place::Table(AtTable::new(request, *port, table))
                } else {
                    let namespace = client_namespace;
                    let sealed = request.scheme() == "https" && !table.is_empty();
                    let asked = AtConnection::at_service(request, service, *port, namespace);
                    Place::Connection(asked.sealed(sealed))
                }
            }
        }
    }

    fn listener_table(
        &mut self,
        gateway: &NamespacedName,
        listener: &Arc<EffectiveListener>,
    ) -> Arc<Table> {
        let (_, table) = self
            .listeners
            .entry((gateway.clone(), listener.name.clone()))
            .or_insert_with(|| {
                let table = Arc::new(Table::for_listener(listener, self.options));
                (listener.clone(), table)
            });
        table.clone()
    }

    fn service_table(
        &mut self,
        service: &Arc<EffectiveService>,
        port: u16,
        client_namespace: &str,
    ) -> Arc<Table> {
        let (_, table) = self
            .services
            .entry((
                service.name.clone(),
                service.import,
                port,
                client_namespace.to_owned(),
            ))
            .or_insert_with(|| {
                let table = Table::for_service(service, port, client_namespace, self.options);
                (service.clone(), Arc::new(table))
            });
        table.clone()
    }
}
