#![doc = include_str!("../README.md")]
#![doc = include_str!("../docs/library.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(feature = "conversion", feature = "lint")),
    allow(
        dead_code,
        unused_imports,
        reason = "what a stage has for later ones alone is unused without them; with all stages the compiler looks"
    )
)]

#[cfg(feature = "attachment")]
pub mod attachment;
#[cfg(feature = "backend")]
pub mod backend;
#[cfg(feature = "certificate")]
pub mod certificate;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "conversion")]
pub mod conversion;
#[cfg(test)]
mod counter;
#[cfg(feature = "crd")]
pub mod crd;
#[cfg(feature = "filters")]
pub mod filters;
#[cfg(feature = "lint")]
pub mod lint;
#[cfg(feature = "manifest")]
pub mod manifest;
pub mod meta;
#[cfg(feature = "proxy")]
pub mod proxy;
#[cfg(feature = "routing")]
pub mod routing;
#[cfg(feature = "rules")]
pub mod rules;
#[cfg(any(feature = "routing", feature = "schema"))]
mod same;
#[cfg(feature = "schema")]
pub mod schema;
#[cfg(feature = "sim")]
pub mod sim;
pub mod v1;
pub mod v1alpha2;
pub mod v1alpha3;
pub mod v1beta1;
#[cfg(feature = "validation")]
pub mod validation;
pub mod x_v1alpha1;

/// The release of k8s-openapi whose types the resources are made of; an application chooses the version of Kubernetes.
pub use k8s_openapi;
/// The release of kube-core whose traits the resources have: it is that of kube with the same major version.
pub use kube_core;
