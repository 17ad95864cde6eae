//! Backends that are made up: Services, their endpoints, and the policies for them.

use super::{metadata, metas, names, namespaces, service};
use gwapi::{
    v1::{LocalObjectReference, SessionPersistence},
    v1alpha2::{
        BackendLbPolicy, BackendLbPolicySpec, LocalPolicyTargetReference,
        LocalPolicyTargetReferenceWithSectionName, WellKnownCaCertificatesType,
    },
    v1alpha3::{BackendTlsPolicy, BackendTlsPolicySpec, BackendTlsPolicyValidation},
};
use k8s_openapi::{
    api::{
        core::v1::{Service, ServicePort},
        discovery::v1::{Endpoint, EndpointPort, EndpointSlice},
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use proptest::{prelude::*, sample::select};
use std::collections::BTreeMap;

/// A Service with one port or two, of which one may be for datagrams.
pub(super) fn services() -> impl Strategy<Value = Service> {
    let second = prop::option::of(select(&["TCP", "UDP"][..]));
    (namespaces(), names(), select(&[80, 81][..]), second).prop_map(
        |(namespace, name, port, second)| {
            let mut service = service(namespace, name, port);
            let ports = service.spec.as_mut().and_then(|spec| spec.ports.as_mut());
            if let (Some(ports), Some(protocol)) = (ports, second) {
                ports.push(ServicePort {
                    name: Some("second".to_owned()),
                    port: 81,
                    protocol: Some(protocol.to_owned()),
                    ..Default::default()
                });
            }
            service
        },
    )
}

pub(super) fn slices() -> impl Strategy<Value = EndpointSlice> {
    let labels = select(
        &[
            "kubernetes.io/service-name",
            "multicluster.kubernetes.io/service-name",
        ][..],
    );
    (namespaces(), names(), labels, names(), any::<bool>()).prop_map(
        |(namespace, name, label, of, ready)| EndpointSlice {
            address_type: "IPv4".into(),
            metadata: ObjectMeta {
                labels: Some(BTreeMap::from([(label.to_owned(), of.to_owned())])),
                ..metadata(namespace, name)
            },
            ports: Some(vec![EndpointPort {
                name: Some("main".into()),
                port: Some(8000),
                ..Default::default()
            }]),
            endpoints: vec![Endpoint {
                addresses: vec![format!("10.1.0.{}", name.len())],
                conditions: Some(k8s_openapi::api::discovery::v1::EndpointConditions {
                    ready: Some(ready),
                    ..Default::default()
                }),
                ..Default::default()
            }],
        },
    )
}

/// A policy for a Service that trusts the authorities of the system.
pub(crate) fn tls_policy(namespace: &str, name: &str, target: &str) -> BackendTlsPolicy {
    BackendTlsPolicy {
        metadata: metadata(namespace, name),
        spec: BackendTlsPolicySpec {
            target_refs: vec![LocalPolicyTargetReferenceWithSectionName {
                kind: "Service".into(),
                name: target.into(),
                ..Default::default()
            }],
            validation: BackendTlsPolicyValidation {
                well_known_ca_certificates: Some(WellKnownCaCertificatesType::System),
                hostname: "backend.example".into(),
                ..Default::default()
            },
            ..Default::default()
        },
        ..Default::default()
    }
}

pub(super) fn tls_policies() -> impl Strategy<Value = BackendTlsPolicy> {
    let target = (names(), prop::option::of(select(&["main", "other"][..])));
    let targets = prop::collection::vec(target, 1..3);
    (metas(), targets, 0..4, names()).prop_map(|(metadata, targets, trust, authority)| {
        BackendTlsPolicy {
            metadata,
            spec: BackendTlsPolicySpec {
                target_refs: targets
                    .into_iter()
                    .map(
                        |(name, section)| LocalPolicyTargetReferenceWithSectionName {
                            kind: "Service".into(),
                            name: name.into(),
                            section_name: section.map(str::to_owned),
                            ..Default::default()
                        },
                    )
                    .collect(),
                validation: BackendTlsPolicyValidation {
                    well_known_ca_certificates: (trust < 2)
                        .then_some(WellKnownCaCertificatesType::System),
                    ca_certificate_refs: (trust == 2)
                        .then(|| LocalObjectReference {
                            kind: "ConfigMap".into(),
                            name: authority.into(),
                            ..Default::default()
                        })
                        .into_iter()
                        .collect(),
                    hostname: "backend.example".into(),
                    ..Default::default()
                },
                ..Default::default()
            },
            ..Default::default()
        }
    })
}

pub(super) fn lb_policies() -> impl Strategy<Value = BackendLbPolicy> {
    (metas(), names()).prop_map(|(metadata, target)| BackendLbPolicy {
        spec: BackendLbPolicySpec {
            target_refs: vec![LocalPolicyTargetReference {
                kind: "Service".into(),
                name: target.into(),
                ..Default::default()
            }],
            session_persistence: Some(SessionPersistence {
                session_name: metadata.name.clone(),
                ..Default::default()
            }),
        },
        metadata,
        ..Default::default()
    })
}
