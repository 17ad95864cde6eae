//! Objects from one version of their kind to another, and nothing lost on the way.
//!
//! Three doors to the same conversion: typed objects (`From` and `TryFrom` between the structs), JSON
//! ([`convert_value`]), and a webhook's [`ConversionReview`](review()). On them [`Migration`], which brings
//! a backup to the versions that a release stores, ready to be applied again, and [`upgrade`], which says
//! what an upgrade of the CRDs would do to what is installed.
//!
//! # What converts into what
//!
//! | kind | versions | what can be lost |
//! | --- | --- | --- |
//! | GatewayClass, Gateway, HTTPRoute | `v1beta1` ⇄ `v1` | nothing: the versions are the same but for their name |
//! | GRPCRoute | `v1alpha2` ⇄ `v1` | nothing |
//! | ReferenceGrant | `v1alpha2` ⇄ `v1beta1` ⇄ `v1` | nothing |
//! | TLSRoute | `v1alpha2` ⇄ `v1alpha3` ⇄ `v1` | nothing: a route of `v1alpha2` with several rules or without hostnames is an error |
//! | TCPRoute, UDPRoute | `v1alpha2` ⇄ `v1` | nothing: several rules are an error |
//! | BackendTLSPolicy | `v1alpha2` (release v1.0.0) ⇄ `v1alpha3` ⇄ `v1` | see below |
//! | XListenerSet ⇄ ListenerSet, BackendLBPolicy ⇄ XBackendTrafficPolicy | by release | nothing: `retryConstraint` has no way back |
//!
//! Fields, too, have changed their form from release to release within one version: [`convert_to_release`] knows of each
//! kind the version and the form that a release has.
//!
//! BackendTLSPolicy changed its form with v1.1.0:
//!
//! | `v1alpha2` | `v1alpha3` | carried |
//! | --- | --- | --- |
//! | `spec.targetRef` | `spec.targetRefs` | a list of one. Back: only a list of exactly one can be carried |
//! | `spec.targetRef.namespace` | none | the policy's own namespace is what holds without it, so naming it is no loss; another namespace cannot be carried |
//! | `spec.targetRef.{group,kind,name,sectionName}` | `spec.targetRefs[0].…` | always |
//! | `spec.tls.caCertRefs` | `spec.validation.caCertificateRefs` | always |
//! | `spec.tls.wellKnownCACerts` | `spec.validation.wellKnownCACertificates` | always |
//! | `spec.tls.hostname` | `spec.validation.hostname` | always |
//! | none | `spec.options`, `spec.validation.subjectAltNames` | back: never |
//! | `metadata`, `status` | the same | always |
//!
//! What cannot be carried is an error that names the object and each field; no door drops a field. In JSON,
//! members that a version does not know are carried where they stand, unless the other version gives their
//! name a meaning, which is an error too. (Typed objects have lost unknown members when they were read.)
//!
//! # Laws
//!
//! There and back again is the identity for all that can be carried, at each door; the doors agree; every
//! loss is an error. Property tests hold them. The one normal form: an explicit `targetRef.namespace` that
//! names the policy's own namespace comes back absent.

mod backend_tls_policy;
mod error;
mod kinds;
mod migrate;
mod moves;
mod policy_forms;
mod release;
mod repeated;
mod review;
mod same_name;
mod stream_route;
pub mod upgrade;
mod value;

pub use error::{ConversionError, ConversionProblem, ConversionProblemKind};
pub use kinds::{preferred_version, versions};
pub use migrate::{Migrated, Migration, SERVER_METADATA};
pub use moves::FieldMove;
pub use release::{ConversionRemark, ReleaseConversion, convert_to_release};
pub use review::review;
pub use same_name::{ConvertedName, ConvertedNames};
pub use value::convert_value;

#[cfg(test)]
mod laws;
