//! The tests of upstream's suite of v1.1.0, and the features that they need.

use gwapi::conformance::{Scenario, catalogue};

/// The `ShortName` of each test, and its `Features`.
const TESTS: &[(&str, &[&str])] = &[
    ("GRPCExactMethodMatching", &["GRPCRoute", "Gateway"]),
    ("GRPCRouteHeaderMatching", &["GRPCRoute", "Gateway"]),
    (
        "GRPCRouteListenerHostnameMatching",
        &["GRPCRoute", "Gateway"],
    ),
    ("GatewayClassObservedGenerationBump", &["Gateway"]),
    (
        "GatewayHTTPListenerIsolation",
        &["Gateway", "GatewayHTTPListenerIsolation", "HTTPRoute"],
    ),
    ("GatewayInvalidRouteKind", &["Gateway"]),
    ("GatewayInvalidTLSConfiguration", &["Gateway"]),
    ("GatewayModifyListeners", &["Gateway"]),
    ("GatewayObservedGenerationBump", &["Gateway"]),
    (
        "GatewaySecretInvalidReferenceGrant",
        &["Gateway", "ReferenceGrant"],
    ),
    (
        "GatewaySecretMissingReferenceGrant",
        &["Gateway", "ReferenceGrant"],
    ),
    (
        "GatewaySecretReferenceGrantAllInNamespace",
        &["Gateway", "ReferenceGrant"],
    ),
    (
        "GatewaySecretReferenceGrantSpecific",
        &["Gateway", "ReferenceGrant"],
    ),
    (
        "GatewayStaticAddresses",
        &["Gateway", "GatewayStaticAddresses"],
    ),
    ("GatewayWithAttachedRoutes", &["Gateway", "HTTPRoute"]),
    (
        "GatewayWithAttachedRoutesWithPort8080",
        &["Gateway", "GatewayPort8080", "HTTPRoute"],
    ),
    (
        "HTTPRouteBackendProtocolH2C",
        &["Gateway", "HTTPRoute", "HTTPRouteBackendProtocolH2C"],
    ),
    (
        "HTTPRouteBackendProtocolWebSocket",
        &["Gateway", "HTTPRoute", "HTTPRouteBackendProtocolWebSocket"],
    ),
    (
        "HTTPRouteBackendRequestHeaderModifier",
        &[
            "Gateway",
            "HTTPRoute",
            "HTTPRouteBackendRequestHeaderModification",
        ],
    ),
    ("HTTPRouteCrossNamespace", &["Gateway", "HTTPRoute"]),
    (
        "HTTPRouteDisallowedKind",
        &["Gateway", "HTTPRoute", "TLSRoute"],
    ),
    ("HTTPRouteExactPathMatching", &["Gateway", "HTTPRoute"]),
    ("HTTPRouteHTTPSListener", &["Gateway", "HTTPRoute"]),
    ("HTTPRouteHeaderMatching", &["Gateway", "HTTPRoute"]),
    ("HTTPRouteHostnameIntersection", &["Gateway", "HTTPRoute"]),
    (
        "HTTPRouteInvalidBackendRefUnknownKind",
        &["Gateway", "HTTPRoute"],
    ),
    (
        "HTTPRouteInvalidCrossNamespaceBackendRef",
        &["Gateway", "HTTPRoute", "ReferenceGrant"],
    ),
    (
        "HTTPRouteInvalidCrossNamespaceParentRef",
        &["Gateway", "HTTPRoute"],
    ),
    (
        "HTTPRouteInvalidNonExistentBackendRef",
        &["Gateway", "HTTPRoute"],
    ),
    (
        "HTTPRouteInvalidParentRefNotMatchingListenerPort",
        &["Gateway", "HTTPRoute", "HTTPRouteDestinationPortMatching"],
    ),
    (
        "HTTPRouteInvalidParentRefNotMatchingSectionName",
        &["Gateway", "HTTPRoute"],
    ),
    (
        "HTTPRouteInvalidParentRefSectionNameNotMatchingPort",
        &["Gateway", "HTTPRoute", "HTTPRouteParentRefPort"],
    ),
    (
        "HTTPRouteInvalidReferenceGrant",
        &["Gateway", "HTTPRoute", "ReferenceGrant"],
    ),
    (
        "HTTPRouteListenerHostnameMatching",
        &["Gateway", "HTTPRoute"],
    ),
    (
        "HTTPRouteListenerPortMatching",
        &["Gateway", "HTTPRoute", "HTTPRouteParentRefPort"],
    ),
    ("HTTPRouteMatching", &["Gateway", "HTTPRoute"]),
    ("HTTPRouteMatchingAcrossRoutes", &["Gateway", "HTTPRoute"]),
    (
        "HTTPRouteMethodMatching",
        &["Gateway", "HTTPRoute", "HTTPRouteMethodMatching"],
    ),
    ("HTTPRouteObservedGenerationBump", &["Gateway", "HTTPRoute"]),
    (
        "HTTPRoutePartiallyInvalidViaInvalidReferenceGrant",
        &["Gateway", "HTTPRoute", "ReferenceGrant"],
    ),
    ("HTTPRoutePathMatchOrder", &["Gateway", "HTTPRoute"]),
    (
        "HTTPRouteQueryParamMatching",
        &["Gateway", "HTTPRoute", "HTTPRouteQueryParamMatching"],
    ),
    ("HTTPRouteRedirectHostAndStatus", &["Gateway", "HTTPRoute"]),
    (
        "HTTPRouteRedirectPath",
        &["Gateway", "HTTPRoute", "HTTPRoutePathRedirect"],
    ),
    (
        "HTTPRouteRedirectPort",
        &["Gateway", "HTTPRoute", "HTTPRoutePortRedirect"],
    ),
    (
        "HTTPRouteRedirectPortAndScheme",
        &[
            "Gateway",
            "GatewayPort8080",
            "HTTPRoute",
            "HTTPRoutePortRedirect",
        ],
    ),
    (
        "HTTPRouteRedirectScheme",
        &["Gateway", "HTTPRoute", "HTTPRouteSchemeRedirect"],
    ),
    (
        "HTTPRouteReferenceGrant",
        &["Gateway", "HTTPRoute", "ReferenceGrant"],
    ),
    ("HTTPRouteRequestHeaderModifier", &["Gateway", "HTTPRoute"]),
    (
        "HTTPRouteRequestMirror",
        &["Gateway", "HTTPRoute", "HTTPRouteRequestMirror"],
    ),
    (
        "HTTPRouteRequestMultipleMirrors",
        &[
            "Gateway",
            "HTTPRoute",
            "HTTPRouteRequestMirror",
            "HTTPRouteRequestMultipleMirrors",
        ],
    ),
    (
        "HTTPRouteResponseHeaderModifier",
        &[
            "Gateway",
            "HTTPRoute",
            "HTTPRouteResponseHeaderModification",
        ],
    ),
    (
        "HTTPRouteRewriteHost",
        &["Gateway", "HTTPRoute", "HTTPRouteHostRewrite"],
    ),
    (
        "HTTPRouteRewritePath",
        &["Gateway", "HTTPRoute", "HTTPRoutePathRewrite"],
    ),
    ("HTTPRouteServiceTypes", &["Gateway", "HTTPRoute"]),
    ("HTTPRouteSimpleSameNamespace", &["Gateway", "HTTPRoute"]),
    (
        "HTTPRouteTimeoutBackendRequest",
        &["Gateway", "HTTPRoute", "HTTPRouteBackendTimeout"],
    ),
    (
        "HTTPRouteTimeoutRequest",
        &["Gateway", "HTTPRoute", "HTTPRouteRequestTimeout"],
    ),
    ("HTTPRouteWeight", &["Gateway", "HTTPRoute"]),
    ("MeshBasic", &["Mesh"]),
    (
        "MeshConsumerRoute",
        &[
            "HTTPRoute",
            "HTTPRouteResponseHeaderModification",
            "Mesh",
            "MeshConsumerRoute",
        ],
    ),
    (
        "MeshFrontend",
        &["HTTPRoute", "HTTPRouteResponseHeaderModification", "Mesh"],
    ),
    (
        "MeshFrontendHostname",
        &[
            "HTTPRoute",
            "HTTPRouteResponseHeaderModification",
            "Mesh",
            "MeshClusterIPMatching",
        ],
    ),
    (
        "MeshPorts",
        &[
            "HTTPRoute",
            "HTTPRouteParentRefPort",
            "HTTPRouteResponseHeaderModification",
            "Mesh",
        ],
    ),
    ("MeshTrafficSplit", &["HTTPRoute", "Mesh"]),
    (
        "TLSRouteInvalidReferenceGrant",
        &["Gateway", "ReferenceGrant", "TLSRoute"],
    ),
    ("TLSRouteSimpleSameNamespace", &["Gateway", "TLSRoute"]),
    ("UDPRoute", &["Gateway", "UDPRoute"]),
];

/// Who claims no more than a test needs is asked for the same by a scenario: one that needs further features would be left out.
#[test]
fn a_scenario_of_each_test_needs_no_further_features() {
    assert_eq!(TESTS.len(), 68);
    for (test, features) in TESTS {
        let of_test = |scenario: &&Scenario| scenario.upstream().iter().any(|own| own == test);
        let mut scenarios = catalogue().iter().filter(of_test);
        let fits = scenarios.any(|scenario| {
            let mut own = scenario.features().iter();
            own.all(|feature| features.contains(&feature.as_str()))
        });
        assert!(fits, "{test}");
    }
}

/// What a scenario calls a test of upstream is one.
#[test]
fn scenarios_name_no_tests_that_are_none() {
    for scenario in catalogue() {
        for test in scenario.upstream() {
            let is_one = TESTS.iter().any(|(name, _)| name == test);
            assert!(is_one, "{}: {test}", scenario.name());
        }
    }
}
