//! A set of objects as it is at one moment.

use super::{
    absent::Absent,
    config_maps::{ConfigMaps, ReadAuthorities},
    installed::{EXTENSIONS_GROUP, InstalledCrd},
    object::{ByPlace, CRD_KIND, MULTICLUSTER_GROUP, ServiceImport, SnapshotObject},
    secrets::Secrets,
    stored::StoredVersion,
};
use crate::{
    meta::{GROUP, NamespacedName, ObjectRef},
    v1, v1alpha2,
};
use k8s_openapi::{
    api::{
        core::v1::{ConfigMap, Endpoints, Namespace, Secret, Service},
        discovery::v1::EndpointSlice,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use std::{collections::BTreeSet, sync::Arc};

/// A set of objects by kind, namespace and name; each in one form, whatever version it was written in.
///
/// Built from manifests or fed by watches: [`insert`](Self::insert) puts an object in the place of the
/// one with the same kind, namespace and name, [`remove`](Self::remove) takes one out. The objects stand
/// behind [`Arc`]s, so that a change of one costs nothing for the others. A namespaced object that names
/// no namespace is in `default`.
///
/// ```
/// use gwapi::{attachment::Snapshot, v1::{GatewayClass, GatewayClassSpec}};
///
/// let mut snapshot = Snapshot::default();
/// snapshot.insert(GatewayClass::new("example", GatewayClassSpec::default()));
/// assert_eq!(snapshot.gateway_classes().len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    gateway_classes: ByPlace<v1::GatewayClass>,
    gateways: ByPlace<v1::Gateway>,
    http_routes: ByPlace<v1::HttpRoute>,
    grpc_routes: ByPlace<v1::GrpcRoute>,
    tls_routes: ByPlace<v1::TlsRoute>,
    tcp_routes: ByPlace<v1::TcpRoute>,
    udp_routes: ByPlace<v1::UdpRoute>,
    reference_grants: ByPlace<v1::ReferenceGrant>,
    backend_tls_policies: ByPlace<v1::BackendTlsPolicy>,
    backend_lb_policies: ByPlace<v1alpha2::BackendLbPolicy>,
    services: ByPlace<Service>,
    endpoint_slices: ByPlace<EndpointSlice>,
    endpoints: ByPlace<Endpoints>,
    secrets: Secrets,
    config_maps: ConfigMaps,
    namespaces: ByPlace<Namespace>,
    service_imports: ByPlace<ServiceImport>,
    installed_crds: ByPlace<InstalledCrd>,
    others: BTreeSet<ObjectRef>,
    left_out: BTreeSet<ObjectRef>,
}

/// Does the same with the objects of a kind, whichever it is.
macro_rules! of_kind {
    ($snapshot:ident, $group:expr, $kind:expr, |$objects:ident| $then:expr, else $other:expr) => {
        of_kind!(@ $snapshot, $group, $kind, $objects, $then, $other;
            GROUP, "GatewayClass" => gateway_classes;
            GROUP, "Gateway" => gateways;
            GROUP, "HTTPRoute" => http_routes;
            GROUP, "GRPCRoute" => grpc_routes;
            GROUP, "TLSRoute" => tls_routes;
            GROUP, "TCPRoute" => tcp_routes;
            GROUP, "UDPRoute" => udp_routes;
            GROUP, "ReferenceGrant" => reference_grants;
            GROUP, "BackendTLSPolicy" => backend_tls_policies;
            GROUP, "BackendLBPolicy" => backend_lb_policies;
            "discovery.k8s.io", "EndpointSlice" => endpoint_slices;
            "", "Endpoints" => endpoints;
            "", "Service" => services;
            "", "Secret" => secrets;
            "", "ConfigMap" => config_maps;
            "", "Namespace" => namespaces;
            MULTICLUSTER_GROUP, "ServiceImport" => service_imports;
        )
    };
    (@ $snapshot:ident, $group:expr, $kind:expr, $objects:ident, $then:expr, $other:expr;
        $($of_group:pat, $of_kind:literal => $field:ident;)+) => {
        match ($group, $kind) {
            $(($of_group, $of_kind) => {
                let $objects: &ByPlace<_> = &$snapshot.$field;
                $then
            })+
            _ => $other,
        }
    };
}

macro_rules! accessors {
    ($($(#[doc = $doc:literal])+ $field:ident: $kind:path;)+) => {$(
        $(#[doc = $doc])+
        #[must_use]
        pub fn $field(&self) -> &ByPlace<$kind> {
            &self.$field
        }
    )+};
}

impl Snapshot {
    accessors! {
        /// The GatewayClasses; their namespace is empty.
        gateway_classes: v1::GatewayClass;
        /// The Gateways.
        gateways: v1::Gateway;
        /// The HTTPRoutes.
        http_routes: v1::HttpRoute;
        /// The GRPCRoutes.
        grpc_routes: v1::GrpcRoute;
        /// The TLSRoutes.
        tls_routes: v1::TlsRoute;
        /// The TCPRoutes.
        tcp_routes: v1::TcpRoute;
        /// The UDPRoutes.
        udp_routes: v1::UdpRoute;
        /// The ReferenceGrants.
        reference_grants: v1::ReferenceGrant;
        /// The BackendTLSPolicies.
        backend_tls_policies: v1::BackendTlsPolicy;
        /// The BackendLBPolicies.
        backend_lb_policies: v1alpha2::BackendLbPolicy;
        /// The Services.
        services: Service;
        /// The EndpointSlices.
        endpoint_slices: EndpointSlice;
        /// The Endpoints, which count for Services that have no EndpointSlice.
        endpoints: Endpoints;
        /// The Secrets.
        secrets: Secret;
        /// The ConfigMaps.
        config_maps: ConfigMap;
        /// The Namespaces; their own namespace is empty.
        namespaces: Namespace;
        /// The ServiceImports.
        service_imports: ServiceImport;
        /// The CustomResourceDefinitions; their namespace is empty.
        installed_crds: InstalledCrd;
    }

    /// Puts an object in its place. Returns what it replaces.
    pub fn insert(&mut self, object: impl Into<SnapshotObject>) -> Option<SnapshotObject> {
        let object = object.into();
        let reference = object.reference();
        self.left_out.remove(&reference);
        let place = reference.namespaced_name();
        match object {
            SnapshotObject::GatewayClass(o) => {
                self.gateway_classes.insert(place, o).map(Into::into)
            }
            SnapshotObject::Gateway(o) => self.gateways.insert(place, o).map(Into::into),
            SnapshotObject::HttpRoute(o) => self.http_routes.insert(place, o).map(Into::into),
            SnapshotObject::GrpcRoute(o) => self.grpc_routes.insert(place, o).map(Into::into),
            SnapshotObject::TlsRoute(o) => self.tls_routes.insert(place, o).map(Into::into),
            SnapshotObject::TcpRoute(o) => self.tcp_routes.insert(place, o).map(Into::into),
            SnapshotObject::UdpRoute(o) => self.udp_routes.insert(place, o).map(Into::into),
            SnapshotObject::ReferenceGrant(o) => {
                self.reference_grants.insert(place, o).map(Into::into)
            }
            SnapshotObject::BackendTlsPolicy(o) => {
                self.backend_tls_policies.insert(place, o).map(Into::into)
            }
            SnapshotObject::BackendLbPolicy(o) => {
                self.backend_lb_policies.insert(place, o).map(Into::into)
            }
            SnapshotObject::Service(o) => self.services.insert(place, o).map(Into::into),
            SnapshotObject::EndpointSlice(o) => {
                self.endpoint_slices.insert(place, o).map(Into::into)
            }
            SnapshotObject::Endpoints(o) => self.endpoints.insert(place, o).map(Into::into),
            SnapshotObject::Secret(o) => self.secrets.insert(place, o).map(Into::into),
            SnapshotObject::ConfigMap(o) => self.config_maps.insert(place, o).map(Into::into),
            SnapshotObject::Namespace(o) => self.namespaces.insert(place, o).map(Into::into),
            SnapshotObject::ServiceImport(o) => {
                self.service_imports.insert(place, o).map(Into::into)
            }
            SnapshotObject::InstalledCrd(o) => self.installed_crds.insert(place, o).map(Into::into),
            SnapshotObject::Other(o) => self.others.replace(o).map(SnapshotObject::Other),
        }
    }

    /// Notes that an object was given which is not there, since an API server would refuse it: whoever refers to it
    /// is told so. Does nothing if there is an object by this reference.
    pub fn leave_out(&mut self, reference: ObjectRef) {
        if !self.contains(&reference) {
            self.left_out.insert(reference);
        }
    }

    /// Whether an object was given and is not there ([`leave_out`](Self::leave_out)).
    #[must_use]
    pub fn is_left_out(&self, reference: &ObjectRef) -> bool {
        self.left_out.contains(reference)
    }

    /// Says that an object is not there.
    pub(crate) fn absent<'a>(&self, reference: &'a ObjectRef) -> Absent<'a> {
        Absent::new(reference, self.is_left_out(reference))
    }

    /// The authorities in a ConfigMap; nothing where that is not there.
    pub(super) fn authorities(&self, place: &NamespacedName) -> Option<&ReadAuthorities> {
        self.config_maps.authorities(place)
    }

    /// Takes an object out. Returns what was there.
    pub fn remove(&mut self, reference: &ObjectRef) -> Option<SnapshotObject> {
        self.left_out.remove(reference);
        let place = &reference.namespaced_name();
        match (reference.group.as_str(), reference.kind.as_str()) {
            (GROUP, "GatewayClass") => self.gateway_classes.remove(place).map(Into::into),
            (GROUP, "Gateway") => self.gateways.remove(place).map(Into::into),
            (GROUP, "HTTPRoute") => self.http_routes.remove(place).map(Into::into),
            (GROUP, "GRPCRoute") => self.grpc_routes.remove(place).map(Into::into),
            (GROUP, "TLSRoute") => self.tls_routes.remove(place).map(Into::into),
            (GROUP, "TCPRoute") => self.tcp_routes.remove(place).map(Into::into),
            (GROUP, "UDPRoute") => self.udp_routes.remove(place).map(Into::into),
            (GROUP, "ReferenceGrant") => self.reference_grants.remove(place).map(Into::into),
            (GROUP, "BackendTLSPolicy") => self.backend_tls_policies.remove(place).map(Into::into),
            (GROUP, "BackendLBPolicy") => self.backend_lb_policies.remove(place).map(Into::into),
            ("", "Service") => self.services.remove(place).map(Into::into),
            ("discovery.k8s.io", "EndpointSlice") => {
                self.endpoint_slices.remove(place).map(Into::into)
            }
            ("", "Endpoints") => self.endpoints.remove(place).map(Into::into),
            ("", "Secret") => self.secrets.remove(place).map(Into::into),
            ("", "ConfigMap") => self.config_maps.remove(place).map(Into::into),
            ("", "Namespace") => self.namespaces.remove(place).map(Into::into),
            (MULTICLUSTER_GROUP, "ServiceImport") => {
                self.service_imports.remove(place).map(Into::into)
            }
            (EXTENSIONS_GROUP, CRD_KIND) => self.installed_crds.remove(place).map(Into::into),
            _ => self.others.take(reference).map(SnapshotObject::Other),
        }
    }

    /// Whether an object is there, of any kind.
    #[must_use]
    pub fn contains(&self, reference: &ObjectRef) -> bool {
        let place = &reference.namespaced_name();
        let (group, kind) = (reference.group.as_str(), reference.kind.as_str());
        of_kind!(
            self,
            group,
            kind,
            |objects| objects.contains_key(place),
            else match (group, kind) {
                (EXTENSIONS_GROUP, CRD_KIND) => {
                    self.installed_crds.contains_key(place)
                }
                _ => self.others.contains(reference),
            }
        )
    }

    /// The metadata of an object, if it is there and of a kind of which a snapshot holds more than that.
    pub(in crate::attachment) fn metadata(
        &self,
        group: &str,
        kind: &str,
        place: &NamespacedName,
    ) -> Option<&ObjectMeta> {
        of_kind!(
            self,
            group,
            kind,
            |objects| objects.get(place).map(|object| &object.metadata),
            else None
        )
    }

    /// In which version an object is there, if it is and of a kind of which a snapshot holds more than that.
    pub(in crate::attachment) fn stored(
        &self,
        group: &str,
        kind: &str,
        place: &NamespacedName,
    ) -> Option<StoredVersion<'_>> {
        of_kind!(
            self,
            group,
            kind,
            |objects| objects.get(place).map(|object| StoredVersion::of(&object.metadata)),
            else match (group, kind) {
                (EXTENSIONS_GROUP, CRD_KIND) => {
                    self.installed_crds.get(place).map(|crd| crd.stored())
                }
                _ => None,
            }
        )
    }

    /// The places of the objects of a kind, in order, and in which version each is there. A list, and not an iterator whose type
    /// depends on the kind: whoever walks along it asks for the kind once.
    pub(in crate::attachment) fn stored_of_kind(
        &self,
        group: &str,
        kind: &str,
    ) -> Vec<(&NamespacedName, StoredVersion<'_>)> {
        of_kind!(
            self,
            group,
            kind,
            |objects| {
                let objects = objects.iter();
                objects
                    .map(|(place, object)| (place, StoredVersion::of(&object.metadata)))
                    .collect()
            },
            else match (group, kind) {
                (EXTENSIONS_GROUP, CRD_KIND) => {
                    let crds = self.installed_crds.iter();
                    crds.map(|(place, crd)| (place, crd.stored())).collect()
                }
                _ => Vec::new(),
            }
        )
    }

    /// The objects of a kind that were given and are not there.
    pub(in crate::attachment) fn left_out_of(&self, group: &str, kind: &str) -> Vec<ObjectRef> {
        let left_out = self.left_out.iter();
        let of_kind = left_out.filter(|one| one.group == group && one.kind == kind);
        of_kind.cloned().collect()
    }

    /// The places of the objects of a kind, in order.
    pub(in crate::attachment) fn places(
        &self,
        group: &str,
        kind: &str,
    ) -> impl Iterator<Item = &NamespacedName> {
        let stored = self.stored_of_kind(group, kind).into_iter();
        stored.map(|(place, _)| place)
    }

    /// The references of all objects that can change anything.
    pub(crate) fn references(&self) -> Vec<ObjectRef> {
        let mut references = Vec::new();
        macro_rules! add {
            ($($field:ident: $group:expr, $kind:literal;)+) => {$(
                references.extend(self.$field().keys().map(|place| ObjectRef {
                    group: $group.to_owned(),
                    kind: $kind.to_owned(),
                    namespace: place.namespace.clone(),
                    name: place.name.clone(),
                }));
            )+};
        }
        add! {
            gateway_classes: GROUP, "GatewayClass";
            gateways: GROUP, "Gateway";
            http_routes: GROUP, "HTTPRoute";
            grpc_routes: GROUP, "GRPCRoute";
            tls_routes: GROUP, "TLSRoute";
            tcp_routes: GROUP, "TCPRoute";
            udp_routes: GROUP, "UDPRoute";
            reference_grants: GROUP, "ReferenceGrant";
            backend_tls_policies: GROUP, "BackendTLSPolicy";
            backend_lb_policies: GROUP, "BackendLBPolicy";
            services: "", "Service";
            endpoint_slices: "discovery.k8s.io", "EndpointSlice";
            service_imports: MULTICLUSTER_GROUP, "ServiceImport";
        }
        references
    }

    /// The objects of one kind in one namespace, in order of their names.
    pub(crate) fn in_namespace<'a, T>(
        objects: &'a ByPlace<T>,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a NamespacedName, &'a Arc<T>)> {
        objects
            .range(NamespacedName::new(namespace, "")..)
            .take_while(move |(place, _)| place.is_below(namespace))
            .filter(move |(place, _)| place.namespace == namespace)
    }
}

impl<O: Into<SnapshotObject>> Extend<O> for Snapshot {
    fn extend<I: IntoIterator<Item = O>>(&mut self, objects: I) {
        for object in objects {
            self.insert(object);
        }
    }
}

impl<O: Into<SnapshotObject>> FromIterator<O> for Snapshot {
    fn from_iter<I: IntoIterator<Item = O>>(objects: I) -> Self {
        let mut snapshot = Self::default();
        snapshot.extend(objects);
        snapshot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::{ByteString, apimachinery::pkg::apis::meta::v1::ObjectMeta};

    #[test]
    fn a_secret_is_not_shown_for_debugging() {
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some("tls".into()),
                ..Default::default()
            },
            data: Some([("key".to_owned(), ByteString(b"hidden".to_vec()))].into()),
            string_data: Some([("other".to_owned(), "hidden".to_owned())].into()),
            ..Default::default()
        };
        let object = SnapshotObject::from(secret.clone());
        let mut snapshot = Snapshot::default();
        snapshot.insert(secret.clone());
        let manifest = crate::manifest::Object::Secret(Box::new(secret));
        for text in [
            format!("{object:?}"),
            format!("{snapshot:?}"),
            format!("{manifest:?}"),
        ] {
            assert!(text.contains("tls"), "{text}");
            assert!(!text.contains("hidden") && !text.contains("104"), "{text}");
        }
    }
}
