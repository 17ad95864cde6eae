//! Kinds that `v1` took over unchanged.

use crate::{
    meta::resource,
    v1::{BackendTlsPolicySpec, PolicyStatus, RouteStatus, TlsRouteSpec},
};

resource! {
    /// Configures TLS from the Gateway to backends: which name to ask for, and which authorities to trust.
    Namespaced BackendTlsPolicy = "BackendTLSPolicy", BackendTlsPolicyList = "BackendTLSPolicyList", "backendtlspolicies", "v1alpha3";
    spec: BackendTlsPolicySpec;
    status: PolicyStatus
}

resource! {
    /// Hands TLS connections to weighted backends by their SNI.
    Namespaced TlsRoute = "TLSRoute", TlsRouteList = "TLSRouteList", "tlsroutes", "v1alpha3";
    spec: TlsRouteSpec;
    status: RouteStatus
}
