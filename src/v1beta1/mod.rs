//! Version `v1beta1`: [`GatewayClass`], [`Gateway`], [`HttpRoute`] and [`ReferenceGrant`], all as in `v1`.
//!
//! What the version merely repeats is the same type as in [`v1`](crate::v1).

mod repeated;

pub use crate::v1::*;
pub use repeated::{
    Gateway, GatewayClass, GatewayClassList, GatewayList, HttpRoute, HttpRouteList, ReferenceGrant,
    ReferenceGrantList,
};
