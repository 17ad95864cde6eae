//! EndpointSlices and Endpoints that no backend has, with the one for which they are most likely meant, and names of ports that are
//! otherwise in a Service than in its EndpointSlices.

use crate::{
    attachment::{
        Resolver, Snapshot,
        effective::{EffectiveBackend, EndpointList},
        import_of, service_of,
    },
    meta::{MULTICLUSTER_GROUP, NamespacedName, ObjectRef},
    schema::nearest_own_name,
};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

const OF_SERVICE: &str = "kubernetes.io/service-name";
const OF_IMPORT: &str = "multicluster.kubernetes.io/service-name";

/// How many names of ports a help names.
const MOST_NAMED: usize = 8;

/// An EndpointSlice, or Endpoints, of a backend that is not there.
#[derive(Clone, Debug)]
pub(super) struct LostEndpoints {
    pub(super) object: ObjectRef,
    /// The field that ought to name the backend.
    pub(super) path: String,
    /// Why no backend has them.
    pub(super) why: String,
    /// The backend that is most likely meant, and what to write.
    pub(super) meant: Option<(ObjectRef, String)>,
}

/// All endpoints that no backend has, in order. They have no status that could say it. `may_look` says whether one more backend may
/// be looked at for a name that is nearly the same.
pub(super) fn endpoints(snapshot: &Snapshot, may_look: &dyn Fn() -> bool) -> Vec<LostEndpoints> {
    let backends = EndpointOwners {
        snapshot,
        places: OnceCell::new(),
        may_look,
    };
    let slices = snapshot.endpoint_slices().iter();
    let slices = slices.filter_map(|(place, slice)| backends.of_slice(place, slice));
    let endpoints = snapshot.endpoints().keys();
    let endpoints = endpoints.filter_map(|place| {
        let object = core("Endpoints", place);
        backends.of(object, "metadata.name".to_owned(), core("Service", place))
    });
    slices.chain(endpoints).collect()
}

/// What endpoints can be of.
struct EndpointOwners<'s> {
    snapshot: &'s Snapshot,
    /// The places of Services by their names.
    places: OnceCell<BTreeMap<&'s str, &'s NamespacedName>>,
    may_look: &'s dyn Fn() -> bool,
}

impl EndpointOwners<'_> {
    fn of_slice(&self, place: &NamespacedName, slice: &EndpointSlice) -> Option<LostEndpoints> {
        let object = ObjectRef {
            group: "discovery.k8s.io".to_owned(),
            ..core("EndpointSlice", place)
        };
        let (label, owner) = match (service_of(slice), import_of(slice)) {
            (Some(service), _) => (OF_SERVICE, core("Service", &service)),
            (None, Some(import)) => (
                OF_IMPORT,
                ObjectRef {
                    group: MULTICLUSTER_GROUP.to_owned(),
                    ..core("ServiceImport", &import)
                },
            ),
            (None, None) => {
                let meant = self.by_own_name(place).map(|service| {
                    let help = format!("add the label `{OF_SERVICE}: {}`", service.name);
                    (service, help)
                });
                return Some(LostEndpoints {
                    object,
                    path: "metadata.labels".to_owned(),
                    why: format!(
                        "no label `{OF_SERVICE}` says whose endpoints these are: no Service has them"
                    ),
                    meant,
                });
            }
        };
        self.of(object, format!("metadata.labels[{label}]"), owner)
    }

    /// Endpoints of this owner; nothing if it is there.
    fn of(&self, object: ObjectRef, path: String, owner: ObjectRef) -> Option<LostEndpoints> {
        if self.snapshot.contains(&owner) {
            return None;
        }
        let absent = self.snapshot.absent(&owner).of_set();
        let meant = self.misspelt(&owner).or_else(|| self.elsewhere(&owner));
        let help = |meant: ObjectRef| {
            let (kind, name) = (&meant.kind, &meant.name);
            let help = match meant.namespace == owner.namespace {
                true => format!("did you mean {kind} `{name}`?"),
                false => format!(
                    "{kind} `{name}` is in namespace `{}`: move the {} there",
                    meant.namespace, object.kind
                ),
            };
            (meant, help)
        };
        Some(LostEndpoints {
            meant: meant.map(help),
            why: format!("{absent}: nobody has the endpoints"),
            object,
            path,
        })
    }

    /// The Service of the same namespace whose name is nearly the same.
    fn misspelt(&self, owner: &ObjectRef) -> Option<ObjectRef> {
        let near = match owner.kind.as_str() {
            "Service" => {
                let places = Snapshot::in_namespace(self.snapshot.services(), &owner.namespace);
                self.nearest(&owner.name, places.map(|(place, _)| place))
            }
            _ => {
                let imports = self.snapshot.service_imports();
                let places = Snapshot::in_namespace(imports, &owner.namespace);
                self.nearest(&owner.name, places.map(|(place, _)| place))
            }
        }?;
        Some(ObjectRef {
            name: near.to_owned(),
            ..owner.clone()
        })
    }

    fn nearest<'n>(
        &self,
        name: &str,
        places: impl Iterator<Item = &'n NamespacedName>,
    ) -> Option<&'n str> {
        let names = places.map(|place| place.name.as_str());
        nearest_own_name(name, names.take_while(|_| (self.may_look)()))
    }

    /// A Service of the same name in another namespace.
    fn elsewhere(&self, owner: &ObjectRef) -> Option<ObjectRef> {
        let places = self.places.get_or_init(|| {
            let services = self.snapshot.services().keys();
            services.map(|place| (place.name.as_str(), place)).collect()
        });
        let is_service = owner.kind == "Service";
        let place = places.get(owner.name.as_str()).filter(|_| is_service)?;
        Some(core("Service", place))
    }

    /// The Service after which an EndpointSlice is called: controllers write `cart-x7zp2` for `cart`.
    fn by_own_name(&self, slice: &NamespacedName) -> Option<ObjectRef> {
        let ends = slice.name.match_indices('-').map(|(end, _)| end);
        let mut ends: Vec<usize> = ends.chain([slice.name.len()]).collect();
        ends.reverse();
        let names = ends.into_iter().filter_map(|end| slice.name.get(..end));
        names
            .map(|name| NamespacedName::new(slice.namespace.as_str(), name))
            .find(|place| self.snapshot.services().contains_key(place))
            .map(|place| core("Service", &place))
    }
}

fn core(kind: &str, place: &NamespacedName) -> ObjectRef {
    ObjectRef {
        group: String::new(),
        kind: kind.to_owned(),
        namespace: place.namespace.clone(),
        name: place.name.clone(),
    }
}

/// The names of the ports in the EndpointSlices of each Service.
pub(super) type PortNames<'s> = BTreeMap<NamespacedName, BTreeSet<&'s str>>;

/// The name that the port ought to have in the EndpointSlices, and those that are there.
pub(super) fn other_names(
    resolver: &Resolver,
    backend: &EffectiveBackend,
    endpoints: &EndpointList,
    names: &PortNames<'_>,
) -> Option<String> {
    if !endpoints.is_empty() || backend.reference.kind != "Service" {
        return None;
    }
    let place = backend.reference.namespaced_name();
    let there = names.get(&place)?;
    let service = resolver.snapshot().services().get(&place)?;
    let mut ports = service.spec.as_ref()?.ports.iter().flatten();
    let port = ports.find(|port| u16::try_from(port.port).ok() == backend.port)?;
    let name = port.name.as_deref().unwrap_or_default();
    if there.contains(name) || there.is_empty() {
        return None;
    }
    let shown: Vec<String> = there
        .iter()
        .take(MOST_NAMED)
        .map(|name| quoted(name))
        .collect();
    Some(format!(
        "the ports in the EndpointSlices of {} are named {}: name this one {}, as the Service does",
        backend.reference,
        shown.join(", "),
        quoted(name)
    ))
}

/// What to name the port of a backend without endpoints, where its EndpointSlices name theirs otherwise.
pub(super) fn other_port_names(resolver: &Resolver, backend: &EffectiveBackend) -> Option<String> {
    let target = backend.target.as_ref().ok()?;
    let endpoints = resolver.resolution().effective.endpoints(&target.key)?;
    other_names(resolver, backend, endpoints, &port_names(resolver))
}

fn quoted(name: &str) -> String {
    match name {
        "" => "\"\"".to_owned(),
        name => format!("`{name}`"),
    }
}

/// The names of the ports in the EndpointSlices of all Services.
pub(super) fn port_names(resolver: &Resolver) -> PortNames<'_> {
    let mut names = PortNames::new();
    for slice in resolver.snapshot().endpoint_slices().values() {
        let Some(service) = service_of(slice) else {
            continue;
        };
        let of_service = names.entry(service).or_default();
        let ports = slice.ports.iter().flatten();
        of_service.extend(ports.map(|port| port.name.as_deref().unwrap_or_default()));
    }
    names
}
