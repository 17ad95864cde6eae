//! What kube's clients, stores and watchers ask of a kind.

use gwapi::{
    attachment::ServiceImport,
    k8s_openapi::{List, api::core::v1::Service},
    kube_core::{
        Resource,
        object::{HasSpec, HasStatus},
    },
    meta::{Kind, ObjectRef},
    v1::{Gateway, GatewayStatus, GrpcRoute, HttpRoute, ObjectReference, ReferenceGrant},
};
use serde_json::json;

/// Where an API server has the objects of a kind in a namespace.
fn url<K: Resource<DynamicType = ()>>() -> String {
    K::url_path(&(), Some("shop"))
}

/// MCS API (GEP-1748): a ServiceImport is watched as any other kind.
#[test]
fn service_imports_can_be_listed_and_watched() {
    let path = "/apis/multicluster.x-k8s.io/v1alpha1/namespaces/shop/serviceimports";
    assert_eq!(url::<ServiceImport>(), path);
    let list: List<ServiceImport> = serde_json::from_value(json!({
        "apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImportList", "metadata": {},
        "items": [{
            "apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport",
            "metadata": { "name": "cart", "namespace": "shop", "resourceVersion": "7" },
            "spec": { "type": "ClusterSetIP", "ips": ["10.0.0.1"], "ports": [{ "port": 80 }] },
            "status": { "clusters": [{ "cluster": "far" }] },
        }],
    }))
    .unwrap();
    let import = &list.items[0];
    assert_eq!(import.meta().resource_version.as_deref(), Some("7"));
    assert_eq!(ObjectRef::of(import).to_string(), "ServiceImport shop/cart");
    assert_eq!(import.spec.ports[0].port, 80);
}

/// The status of any kind that has one is read and written by the same code.
#[test]
fn spec_and_status_are_reached_through_the_traits_of_kube() {
    fn forget<K: HasStatus>(object: &mut K) -> bool {
        let was_there = object.status().is_some();
        *object.status_mut() = None;
        was_there
    }
    let mut gateway = Gateway::default();
    gateway.spec_mut().gateway_class_name = "example".to_owned();
    assert_eq!(
        gateway.spec.gateway_class_name,
        HasSpec::spec(&gateway).gateway_class_name
    );
    gateway.status = Some(GatewayStatus::default());
    assert!(forget(&mut gateway) && !forget(&mut gateway));
    assert!(!forget(&mut HttpRoute::default()));
    // The API lets a GRPCRoute leave `spec` out.
    assert!(GrpcRoute::default().spec().is_none());
    const { assert!(!ReferenceGrant::HAS_STATUS) }
}

#[test]
fn a_reference_to_an_object_leads_back_to_it() {
    let mut service = Service::default();
    service.metadata.name = Some("cart".to_owned());
    service.metadata.namespace = Some("shop".to_owned());
    let reference = ObjectReference::of(&service);
    assert_eq!(reference.resolve("elsewhere"), ObjectRef::of(&service));
    // Without a namespace it is the referring object's own.
    service.metadata.namespace = None;
    assert_eq!(ObjectReference::of(&service).namespace, None);
}
