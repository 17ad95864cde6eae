//! The features that the conformance suite of each release names.

use crate::meta::{Channel, FeatureName, Release, When, when};

/// A group of features, as the suite has them: what profiles are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FeatureGroup {
    Gateway,
    HttpRoute,
    TlsRoute,
    TcpRoute,
    UdpRoute,
    BackendTls,
    Mesh,
}

/// A feature that the suite of some release names.
///
/// The table has those of every release that the crate knows; [`FeatureName`] has names for those that it acts on.
///
/// ```
/// use gwapi::{conformance::Feature, meta::{Channel, Release}};
///
/// let cors = Feature::find("HTTPRouteCORS").ok_or("no such feature")?;
/// assert!(!cors.is_in(Release::V1_3_0, Channel::Experimental));
/// assert!(cors.is_in(Release::V1_4_0, Channel::Experimental));
/// assert!(cors.is_in(Release::V1_5_0, Channel::Standard));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug)]
pub struct Feature {
    name: &'static str,
    when: When,
    groups: &'static [(FeatureGroup, When)],
}

impl Feature {
    /// All features, in ascending order of their names.
    pub const ALL: &'static [Self] = FEATURES;

    /// The feature of a name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        let place = FEATURES.binary_search_by(|feature| feature.name.cmp(name));
        place.ok().and_then(|place| FEATURES.get(place))
    }

    /// Its name, as the suite and reports write it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The releases whose suite names it, by the channel in which it is.
    #[must_use]
    pub const fn when(&self) -> When {
        self.when
    }

    /// Whether the suite of a release names it, and the channel has what it needs.
    #[must_use]
    pub const fn is_in(&self, release: Release, channel: Channel) -> bool {
        self.when.contains(release, channel)
    }

    /// Whether it is of a group in a release.
    pub(super) fn is_of(&self, group: FeatureGroup, release: Release) -> bool {
        let of = self.groups.iter().find(|(of, _)| *of == group);
        self.is_in(release, Channel::Experimental)
            && of.is_some_and(|(_, when)| when.contains(release, Channel::Experimental))
    }
}

impl From<&Feature> for FeatureName {
    fn from(feature: &Feature) -> Self {
        feature.name.into()
    }
}

/// The rows of the table: the name, the releases by channel, and the groups of which the feature is, with the releases in which
/// it is where that is not always.
macro_rules! features {
    ($( $name:literal $when:literal $([ $( $group:ident $($since:literal)? ),+ ])?; )+) => {
        &[ $( Feature {
            name: $name,
            when: when!($when),
            groups: &[ $( $( (FeatureGroup::$group, features!(@when $($since)?)) ),+ )? ],
        }, )+ ]
    };
    (@when) => { when!("..") };
    (@when $since:literal) => { when!($since) };
}

/// What the suites say (`pkg/features`). Releases before v1.2.0 give a feature no channel: it is then in those that have the kind
/// or the field that it is about. So are features of later releases that need no more than the standard channel has, though the
/// suite calls them experimental: the port of a parent, and listeners of both modes of TLS.
const FEATURES: &[Feature] = features! {
    "BackendTLSPolicy" "1.4" [BackendTls];
    "BackendTLSPolicySANValidation" "E1.4 S1.4.1" [BackendTls];
    "ClusterTrustBundle" "E1.7" [Gateway, BackendTls];
    "GRPCRoute" "1.1";
    "GRPCRouteNamedRouteRule" "1.4";
    "GRPCRouteRequestHeaderModifier" "1.7";
    "Gateway" "..";
    "GatewayAddressEmpty" "1.3" [Gateway];
    "GatewayAddressRoutability" "E1.7" [Gateway];
    "GatewayAddressRoutabilityCluster" "E1.7" [Gateway];
    "GatewayBackendClientCertificate" "1.5" [Gateway];
    "GatewayFrontendClientCertificateValidation" "1.5" [Gateway];
    "GatewayFrontendClientCertificateValidationInsecureFallback" "1.5" [Gateway];
    "GatewayHTTPListenerIsolation" "1.1" [Gateway];
    "GatewayHTTPSListenerDetectMisdirectedRequests" "1.5" [Gateway];
    "GatewayInfrastructure" "1.6.3" [Gateway];
    "GatewayInfrastructurePropagation" "E1.2..1.6.2 S1.3..1.6.2" [Gateway];
    "GatewayListenerFilters" "E1.7" [Gateway];
    "GatewayPort8080" ".." [Gateway];
    "GatewayRouteHostnameIntersectionPrecedence" "1.7" [Gateway];
    "GatewayStaticAddresses" ".." [Gateway];
    "HTTPRoute" "..";
    "HTTPRoute303RedirectStatusCode" "1.5" [HttpRoute];
    "HTTPRoute307RedirectStatusCode" "1.5" [HttpRoute];
    "HTTPRoute308RedirectStatusCode" "1.5" [HttpRoute];
    "HTTPRouteBackendProtocolH2C" ".." [HttpRoute "1.2"];
    "HTTPRouteBackendProtocolWebSocket" ".." [HttpRoute "1.2"];
    "HTTPRouteBackendRequestHeaderModification" "1.1" [HttpRoute];
    "HTTPRouteBackendTimeout" "E.. S1.2" [HttpRoute];
    "HTTPRouteBackendURLRewrite" "1.7" [HttpRoute];
    "HTTPRouteCORS" "E1.4 S1.5" [HttpRoute];
    "HTTPRouteDestinationPortMatching" "E.. S1.1" [HttpRoute "1.2"];
    "HTTPRouteHostRewrite" ".." [HttpRoute];
    "HTTPRouteMethodMatching" ".." [HttpRoute];
    "HTTPRouteNamedRouteRule" "1.4" [HttpRoute];
    "HTTPRouteParentRefPort" "1.1" [HttpRoute];
    "HTTPRoutePathRedirect" ".." [HttpRoute];
    "HTTPRoutePathRewrite" ".." [HttpRoute];
    "HTTPRoutePortRedirect" ".." [HttpRoute];
    "HTTPRouteQueryParamMatching" ".." [HttpRoute];
    "HTTPRouteRequestMirror" ".." [HttpRoute];
    "HTTPRouteRequestMultipleMirrors" ".." [HttpRoute];
    "HTTPRouteRequestPercentageMirror" "1.3" [HttpRoute];
    "HTTPRouteRequestTimeout" "E.. S1.2" [HttpRoute];
    "HTTPRouteResponseHeaderModification" ".." [HttpRoute];
    "HTTPRouteRetry" "E1.6..1.6.3" [HttpRoute];
    "HTTPRouteRetryBackendTimeout" "E1.6..1.6.3" [HttpRoute];
    "HTTPRouteRetryCodes" "1.7" [HttpRoute];
    "HTTPRouteRetryConnectionError" "E1.6 S1.7" [HttpRoute];
    "HTTPRouteSchemeRedirect" ".." [HttpRoute];
    "ListenerSet" "1.5" [Gateway];
    "Mesh" "..";
    "MeshClusterIPMatching" "1.1" [Mesh];
    "MeshConsumerRoute" "1.1" [Mesh];
    "MeshHTTPRouteBackendRequestHeaderModification" "1.4" [Mesh];
    "MeshHTTPRouteNamedRouteRule" "1.4" [Mesh];
    "MeshHTTPRouteQueryParamMatching" "1.4" [Mesh];
    "MeshHTTPRouteRedirectPath" "1.4" [Mesh];
    "MeshHTTPRouteRedirectPort" "1.4" [Mesh];
    "MeshHTTPRouteRewritePath" "1.4" [Mesh];
    "MeshHTTPRouteSchemeRedirect" "1.4" [Mesh];
    "ReferenceGrant" "..";
    "TCPRoute" "1.6" [TcpRoute];
    "TLSRoute" "E.. S1.5";
    "TLSRouteModeMixed" "1.5" [TlsRoute];
    "TLSRouteModeTerminate" "1.5" [TlsRoute];
    "UDPRoute" "E1.1 S1.6" [UdpRoute];
};
