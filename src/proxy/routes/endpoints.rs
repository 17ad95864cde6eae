//! The endpoints of backends, apart from the rules that lead there.

use crate::{
    attachment::effective::{BackendPortKey, Effective, EffectiveService, EndpointList},
    backend::EndpointSet,
};
use arc_swap::ArcSwap;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// The endpoints of the ports of backends: each port once, however many rules lead there.
///
/// Compiled rules hold places in it, in which the endpoints are replaced: when these move, no rule and no table is touched,
/// and whoever chooses next, by whatever table, chooses among the new ones. Clones share their contents.
///
/// [`DataPlane`](crate::proxy::DataPlane) keeps one by itself. Who compiles a [`Table`](crate::proxy::Table) alone fills one by
/// [`set`](Self::set).
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    places: Arc<Mutex<HashMap<BackendPortKey, Arc<EndpointsOfPort>>>>,
}

/// The endpoints of one port, which are replaced in place.
#[derive(Debug)]
pub(in crate::proxy) struct EndpointsOfPort {
    present: ArcSwap<Present>,
}

#[derive(Debug)]
struct Present {
    list: Arc<EndpointList>,
    /// Made when the first request asks for it.
    set: OnceLock<Arc<EndpointSet>>,
}

impl EndpointsOfPort {
    fn new(list: Arc<EndpointList>) -> Self {
        Self {
            present: ArcSwap::from_pointee(Present::new(list)),
        }
    }

    /// The endpoints to choose from. The first call after a change prepares the choice, and allocates; later ones do not.
    pub(in crate::proxy) fn set(&self) -> Arc<EndpointSet> {
        let present = self.present.load();
        let make = || Arc::new(EndpointSet::new(present.list.clone()));
        present.set.get_or_init(make).clone()
    }

    fn replace(&self, list: Arc<EndpointList>) {
        if !Arc::ptr_eq(&self.present.load().list, &list) {
            self.present.store(Arc::new(Present::new(list)));
        }
    }
}

impl Present {
    fn new(list: Arc<EndpointList>) -> Self {
        Self {
            list,
            set: OnceLock::new(),
        }
    }
}

impl Endpoints {
    /// Those of a configuration.
    #[must_use]
    pub fn new(effective: &Effective) -> Self {
        let endpoints = Self::default();
        endpoints.follow(effective, None);
        endpoints
    }

    /// Puts these endpoints behind a port, in place of others that were there.
    pub fn set(&self, port: BackendPortKey, endpoints: impl Into<Arc<EndpointList>>) {
        self.place(&port).replace(endpoints.into());
    }

    /// The endpoints behind a port, prepared to be chosen from; none if it was never heard of.
    #[must_use]
    pub fn get(&self, port: &BackendPortKey) -> Option<Arc<EndpointSet>> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(port).map(|place| place.set())
    }

    /// The place of a port. Until its endpoints are known there are none.
    pub(super) fn place(&self, port: &BackendPortKey) -> Arc<EndpointsOfPort> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(port) {
            return place.clone();
        }
        let place = Arc::new(EndpointsOfPort::new(Arc::default()));
        places.insert(port.clone(), place.clone());
        place
    }

    /// Takes over the endpoints of a configuration, as far as its Services are not those of the one before.
    pub(in crate::proxy) fn follow(&self, effective: &Effective, before: Option<&Effective>) {
        let nothing = Effective::default();
        let before = before.unwrap_or(&nothing);
        for (services, before) in [
            (&effective.services, &before.services),
            (&effective.imports, &before.imports),
        ] {
            for changed in services.changes(before, Arc::ptr_eq) {
                match changed.after {
                    Some(service) => self.take_over(service, changed.before.map(AsRef::as_ref)),
                    None => changed
                        .before
                        .into_iter()
                        .for_each(|gone| self.forget(gone)),
                }
            }
        }
    }

    fn take_over(&self, service: &EffectiveService, before: Option<&EffectiveService>) {
        if let Some(before) = before {
            for (key, _) in ports(before) {
                if service.port_for(key.transport, key.port).is_none() {
                    self.drop_port(&key);
                }
            }
        }
        for (key, list) in ports(service) {
            self.set(key, list.clone());
        }
    }

    fn forget(&self, service: &EffectiveService) {
        for (key, _) in ports(service) {
            self.drop_port(&key);
        }
    }

    /// Whoever still holds the place finds no endpoint there.
    fn drop_port(&self, key: &BackendPortKey) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.remove(key) {
            place.replace(Arc::default());
        }
    }
}

/// The ports of a Service that a rule can lead to, with their endpoints.
fn ports(service: &EffectiveService) -> impl Iterator<Item = (BackendPortKey, &Arc<EndpointList>)> {
    let ports = service.ports.iter();
    ports.filter_map(|port| {
        let transport = port.transport()?;
        let key = BackendPortKey {
            own: None,
            import: service.import,
            name: service.name.clone(),
            transport,
            port: port.port,
        };
        Some((key, &port.endpoints))
    })
}

/// The ports of a Service that a rule can lead to.
pub(in crate::proxy) fn port_keys(
    service: &EffectiveService,
) -> impl Iterator<Item = BackendPortKey> {
    ports(service).map(|(key, _)| key)
}
