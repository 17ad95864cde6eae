//! The Kubernetes Gateway API as a pure library.

pub mod attachment;
pub mod backend;
pub mod conversion;
pub mod crd;
pub mod filters;
pub mod manifest;
pub mod meta;
pub mod routing;
pub mod rules;
pub mod schema;
pub mod v1;
pub mod v1alpha2;
pub mod v1alpha3;
pub mod v1beta1;
pub mod validation;
