//! Kinds that later versions took over unchanged.

use crate::{
    meta::resource,
    v1::{GrpcRouteSpec, ReferenceGrantSpec, RouteStatus},
};

resource! {
    /// Routes gRPC calls: by host, service, method and headers to weighted backends, with filters.
    Namespaced GrpcRoute = "GRPCRoute", GrpcRouteList = "GRPCRouteList", "grpcroutes", "v1alpha2";
    spec: optional GrpcRouteSpec;
    status: RouteStatus
}

resource! {
    /// Allows objects of other namespaces to refer to objects of this one. Without a grant such a
    /// reference is not allowed.
    Namespaced ReferenceGrant = "ReferenceGrant", ReferenceGrantList = "ReferenceGrantList", "referencegrants", "v1alpha2";
    spec: optional ReferenceGrantSpec
}
