//! Version `v1beta1`: [`GatewayClass`], [`Gateway`] and [`HttpRoute`] as in `v1`, and [`ReferenceGrant`].
//!
//! What the version merely repeats is the same type as in [`v1`](crate::v1).

mod reference_grant;
mod repeated;

pub use crate::v1::*;
pub use reference_grant::{
    ReferenceGrant, ReferenceGrantFrom, ReferenceGrantList, ReferenceGrantSpec, ReferenceGrantTo,
};
pub use repeated::{
    Gateway, GatewayClass, GatewayClassList, GatewayList, HttpRoute, HttpRouteList,
};
