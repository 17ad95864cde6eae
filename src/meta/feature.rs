//! Names of the features that an implementation may support.

use super::open_enum;

open_enum! {
    /// A feature of the Gateway API by which implementations say what they support: in GatewayClass
    /// `status.supportedFeatures`, and to the conformance suite.
    pub enum FeatureName, schema = Text {
        /// The Gateway kind with its core behaviour.
        Gateway = "Gateway",
        /// Listeners on port 8080 beside port 80.
        GatewayPort8080 = "GatewayPort8080",
        /// Addresses requested in a Gateway's `spec.addresses`.
        GatewayStaticAddresses = "GatewayStaticAddresses",
        /// A request is answered by the most specific listener alone.
        GatewayHttpListenerIsolation = "GatewayHTTPListenerIsolation",
        /// References across namespaces by ReferenceGrant.
        ReferenceGrant = "ReferenceGrant",
        /// The HTTPRoute kind with its core behaviour.
        HttpRoute = "HTTPRoute",
        /// Header modifiers on single backends of an HTTPRoute.
        HttpRouteBackendRequestHeaderModification = "HTTPRouteBackendRequestHeaderModification",
        /// Matching by query parameter.
        HttpRouteQueryParamMatching = "HTTPRouteQueryParamMatching",
        /// Matching by HTTP method.
        HttpRouteMethodMatching = "HTTPRouteMethodMatching",
        /// Modifying response headers.
        HttpRouteResponseHeaderModification = "HTTPRouteResponseHeaderModification",
        /// Redirects to another port.
        HttpRoutePortRedirect = "HTTPRoutePortRedirect",
        /// Redirects to another scheme.
        HttpRouteSchemeRedirect = "HTTPRouteSchemeRedirect",
        /// Redirects to another path.
        HttpRoutePathRedirect = "HTTPRoutePathRedirect",
        /// Rewriting the host.
        HttpRouteHostRewrite = "HTTPRouteHostRewrite",
        /// Rewriting the path.
        HttpRoutePathRewrite = "HTTPRoutePathRewrite",
        /// Mirroring requests to a second backend.
        HttpRouteRequestMirror = "HTTPRouteRequestMirror",
        /// Mirroring requests to several backends.
        HttpRouteRequestMultipleMirrors = "HTTPRouteRequestMultipleMirrors",
        /// A limit on the time of a whole request.
        HttpRouteRequestTimeout = "HTTPRouteRequestTimeout",
        /// A limit on the time of one attempt at a backend.
        HttpRouteBackendTimeout = "HTTPRouteBackendTimeout",
        /// Attachment by the parentRef's port.
        HttpRouteParentRefPort = "HTTPRouteParentRefPort",
        /// Matching by the port of the destination.
        HttpRouteDestinationPortMatching = "HTTPRouteDestinationPortMatching",
        /// Backends that speak cleartext HTTP/2.
        HttpRouteBackendProtocolH2c = "HTTPRouteBackendProtocolH2C",
        /// Backends that speak WebSocket.
        HttpRouteBackendProtocolWebSocket = "HTTPRouteBackendProtocolWebSocket",
        /// The TLSRoute kind.
        TlsRoute = "TLSRoute",
        /// The UDPRoute kind.
        UdpRoute = "UDPRoute",
        /// Routes with a Service as parent.
        Mesh = "Mesh",
        /// Mesh routing for requests to a Service's cluster IP.
        MeshClusterIpMatching = "MeshClusterIPMatching",
        /// Mesh routes in the namespace of the client.
        MeshConsumerRoute = "MeshConsumerRoute",
        /// The GRPCRoute kind with its core behaviour.
        GrpcRoute = "GRPCRoute",
    }
}
