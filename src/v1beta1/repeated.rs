//! Kinds that `v1` took over unchanged.

use crate::{
    meta::resource,
    v1::{
        GatewayClassSpec, GatewayClassStatus, GatewaySpec, GatewayStatus, HttpRouteSpec,
        ReferenceGrantSpec, RouteStatus,
    },
};

resource! {
    /// A class of Gateways that users can ask for, and the controller that makes them.
    Cluster GatewayClass = "GatewayClass", GatewayClassList = "GatewayClassList", "gatewayclasses", "v1beta1";
    spec: GatewayClassSpec;
    status: GatewayClassStatus
}

resource! {
    /// A point where traffic is taken in and handed to Services: listeners bound to addresses.
    Namespaced Gateway = "Gateway", GatewayList = "GatewayList", "gateways", "v1beta1";
    spec: GatewaySpec;
    status: GatewayStatus
}

resource! {
    /// Routes HTTP requests: by host, path, headers, query and method to weighted backends, with filters.
    Namespaced HttpRoute = "HTTPRoute", HttpRouteList = "HTTPRouteList", "httproutes", "v1beta1";
    spec: HttpRouteSpec;
    status: RouteStatus
}

resource! {
    /// Allows objects of other namespaces to refer to objects of this one. Without a grant such a
    /// reference is not allowed.
    Namespaced ReferenceGrant = "ReferenceGrant", ReferenceGrantList = "ReferenceGrantList", "referencegrants", "v1beta1";
    spec: optional, required "1.6" ReferenceGrantSpec
}
