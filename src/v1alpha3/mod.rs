//! Version `v1alpha3`: [`BackendTlsPolicy`] and [`TlsRoute`] before `v1`.
//!
//! What the version merely repeats is the same type as in [`v1`](crate::v1).

mod repeated;

pub use crate::v1::*;
pub use repeated::{BackendTlsPolicy, BackendTlsPolicyList, TlsRoute, TlsRouteList};
