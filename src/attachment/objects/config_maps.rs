//! ConfigMaps, of which each bundle of certificates is read once.

use super::object::ByPlace;
use crate::{
    certificate::{Authorities, CertificateError},
    meta::NamespacedName,
};
use k8s_openapi::{ByteString, api::core::v1::ConfigMap};
use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, OnceLock},
};

/// ConfigMaps by their place, each with the authorities in it: these are read when they are first asked for, however many
/// objects refer to them.
#[derive(Clone, Debug, Default)]
pub(super) struct ConfigMaps {
    by_place: ByPlace<ConfigMap>,
    authorities: HashMap<NamespacedName, Arc<OnceLock<ReadAuthorities>>>,
}

impl ConfigMaps {
    pub(super) fn insert(
        &mut self,
        place: NamespacedName,
        map: Arc<ConfigMap>,
    ) -> Option<Arc<ConfigMap>> {
        self.authorities.insert(place.clone(), Arc::default());
        self.by_place.insert(place, map)
    }

    pub(super) fn remove(&mut self, place: &NamespacedName) -> Option<Arc<ConfigMap>> {
        self.authorities.remove(place);
        self.by_place.remove(place)
    }

    /// The authorities in a ConfigMap; nothing where that is not there.
    pub(super) fn authorities(&self, place: &NamespacedName) -> Option<&ReadAuthorities> {
        let map = self.by_place.get(place)?;
        let cell = self.authorities.get(place)?;
        Some(cell.get_or_init(|| read(map)))
    }
}

impl Deref for ConfigMaps {
    type Target = ByPlace<ConfigMap>;

    fn deref(&self) -> &Self::Target {
        &self.by_place
    }
}

/// Why a ConfigMap has no authorities.
#[derive(Debug)]
pub(super) enum UnreadBundle {
    Missing,
    Malformed(CertificateError),
}

/// The authorities that a ConfigMap holds.
pub(super) type ReadAuthorities = Result<Arc<Authorities>, UnreadBundle>;

/// Reads the `ca.crt` of a ConfigMap.
fn read(map: &ConfigMap) -> ReadAuthorities {
    #[cfg(test)]
    BUNDLES_READ.add(1);
    let text = config_value(map, "ca.crt").ok_or(UnreadBundle::Missing)?;
    let found = Authorities::read(text).map_err(UnreadBundle::Malformed)?;
    Ok(Arc::new(found))
}

#[cfg(test)]
crate::counter::counter!(
    /// How many bundles of authorities are read.
    pub(in crate::attachment) BUNDLES_READ
);

fn config_value<'a>(map: &'a ConfigMap, key: &str) -> Option<&'a str> {
    let text = map.data.as_ref().and_then(|data| data.get(key));
    text.map(String::as_str).or_else(|| {
        let ByteString(bytes) = map.binary_data.as_ref()?.get(key)?;
        std::str::from_utf8(bytes).ok()
    })
}
