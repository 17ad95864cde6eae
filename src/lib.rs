#![doc = include_str!("../README.md")]

pub mod attachment;
pub mod backend;
pub mod certificate;
pub mod conversion;
#[cfg(test)]
mod counter;
pub mod crd;
pub mod filters;
pub mod lint;
pub mod manifest;
pub mod meta;
pub mod proxy;
pub mod routing;
pub mod rules;
mod same;
pub mod schema;
pub mod sim;
pub mod v1;
pub mod v1alpha2;
pub mod v1alpha3;
pub mod v1beta1;
pub mod validation;
pub mod x_v1alpha1;
