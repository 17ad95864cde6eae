//! Facts of the suites: features and profiles by release, and the release of CRDs.

use gwapi::{
    attachment::InstalledCrd,
    conformance::{
        Feature, InstalledError, Profile, SimulatorSubject, SupportLevel, TestSubject,
        installed_release,
    },
    crd,
    meta::{Channel, FeatureName, Release},
};

#[test]
fn features_stand_in_order_and_are_found() {
    assert!(Feature::ALL.is_sorted_by(|one, other| one.name() < other.name()));
    for feature in Feature::ALL {
        assert!(Feature::find(feature.name()).is_some_and(|found| found.name() == feature.name()));
    }
    assert!(Feature::find("HTTPRoutePathRewrites").is_none());
}

/// The names of one place are those of the other.
#[test]
fn every_feature_that_the_crate_acts_on_is_in_the_table() {
    for name in FeatureName::KNOWN {
        let feature = Feature::find(name).unwrap_or_else(|| panic!("{name}"));
        assert!(
            feature.is_in(Release::V1_1_0, Channel::Experimental),
            "{name}"
        );
    }
    let of_first = Feature::ALL.iter();
    let of_first = of_first.filter(|one| one.is_in(Release::V1_1_0, Channel::Experimental));
    assert_eq!(of_first.count(), FeatureName::KNOWN.len());
}

/// How many features the suite of each release has.
#[test]
fn each_release_has_as_many_features_as_its_suite() {
    let counts = [
        (Release::V1_0_0, 22),
        (Release::V1_1_0, 29),
        (Release::V1_2_1, 30),
        (Release::V1_3_0, 32),
        (Release::V1_4_1, 44),
        (Release::V1_5_1, 54),
        (Release::V1_6_0, 58),
        (Release::V1_6_3, 58),
        (Release::V1_7_0, 64),
    ];
    for (release, count) in counts {
        let features = Feature::ALL.iter();
        let features = features.filter(|one| one.is_in(release, Channel::Experimental));
        assert_eq!(features.count(), count, "{release}");
    }
}

/// What the simulator does not do of what the suites name, and why not.
const NOT_DONE: &[(&str, &str)] = &[
    ("ClusterTrustBundle", "not implemented: the kind"),
    ("GatewayAddressRoutability", "not implemented: the field"),
    (
        "GatewayAddressRoutabilityCluster",
        "not implemented: the field",
    ),
    ("GatewayInfrastructure", "it makes no objects for a Gateway"),
    (
        "GatewayInfrastructurePropagation",
        "it makes no objects for a Gateway",
    ),
    ("GatewayListenerFilters", "not implemented: the field"),
    ("HTTPRouteCORS", "not implemented: the filter"),
    ("HTTPRouteRetry", "not implemented: the field"),
    ("HTTPRouteRetryBackendTimeout", "not implemented: the field"),
    ("HTTPRouteRetryCodes", "not implemented: the field"),
    (
        "HTTPRouteRetryConnectionError",
        "not implemented: the field",
    ),
    ("ListenerSet", "not implemented: the kind"),
];

/// A feature that a release brings is one that the simulator has, or it stands in the list.
#[test]
fn the_simulator_has_every_feature_but_those_that_are_listed() {
    let simulator = SimulatorSubject::default();
    let all = Feature::ALL.iter();
    let lacking = all.filter(|feature| !simulator.supports(&FeatureName::from(*feature)));
    let lacking: Vec<&str> = lacking.map(Feature::name).collect();
    let listed: Vec<&str> = NOT_DONE.iter().map(|(name, _)| *name).collect();
    assert_eq!(lacking, listed);
}

fn extended(profile: &str, release: Release) -> Vec<String> {
    let profile: Profile = profile.parse().unwrap();
    let names = profile.extended(release).into_iter();
    names.map(|name| name.to_string()).collect()
}

/// A profile with the numbers of its core and extended features.
type Counted = (&'static str, usize, usize);

/// Facts of the suites: the profiles of each release with the number of their extended features.
#[test]
fn each_release_has_the_profiles_of_its_suite() {
    let facts: &[(Release, &[Counted])] = &[
        (
            Release::V1_0_0,
            &[("HTTP", 3, 12), ("MESH", 1, 0), ("TLS", 3, 0)],
        ),
        (
            Release::V1_1_0,
            &[
                ("GATEWAY-GRPC", 3, 3),
                ("GATEWAY-HTTP", 3, 17),
                ("GATEWAY-TLS", 3, 3),
                ("MESH-GRPC", 2, 2),
                ("MESH-HTTP", 2, 16),
            ],
        ),
        (
            Release::V1_2_1,
            &[
                ("GATEWAY-GRPC", 3, 4),
                ("GATEWAY-HTTP", 3, 21),
                ("GATEWAY-TLS", 3, 4),
                ("MESH-GRPC", 2, 2),
                ("MESH-HTTP", 2, 19),
            ],
        ),
        (
            Release::V1_4_1,
            &[
                ("GATEWAY-GRPC", 3, 5),
                ("GATEWAY-HTTP", 3, 27),
                ("GATEWAY-TLS", 3, 5),
                ("MESH-GRPC", 2, 9),
                ("MESH-HTTP", 2, 9),
            ],
        ),
        (
            Release::V1_7_0,
            &[
                ("GATEWAY-GRPC", 3, 17),
                ("GATEWAY-HTTP", 3, 43),
                ("GATEWAY-TCP", 3, 16),
                ("GATEWAY-TLS", 3, 19),
                ("GATEWAY-UDP", 3, 16),
                ("MESH-GRPC", 2, 9),
                ("MESH-HTTP", 2, 9),
            ],
        ),
    ];
    for (release, profiles) in facts {
        let found: Vec<_> = Profile::of_release(*release)
            .map(|profile| {
                let (core, extended) = (profile.core(*release), profile.extended(*release));
                (profile.name(), core.len(), extended.len())
            })
            .collect();
        assert_eq!(&found, profiles, "{release}");
    }
}

#[test]
fn a_feature_moves_between_profiles_with_the_releases() {
    let has = |profile, release, feature: &str| {
        extended(profile, release)
            .iter()
            .any(|name| name == feature)
    };
    assert!(!has(
        "GATEWAY-HTTP",
        Release::V1_1_0,
        "HTTPRouteBackendProtocolH2C"
    ));
    assert!(has(
        "GATEWAY-HTTP",
        Release::V1_2_0,
        "HTTPRouteBackendProtocolH2C"
    ));
    assert!(has("MESH-HTTP", Release::V1_3_0, "HTTPRouteRequestMirror"));
    assert!(!has("MESH-HTTP", Release::V1_4_0, "HTTPRouteRequestMirror"));
    assert!(!has("GATEWAY-HTTP", Release::V1_4_0, "BackendTLSPolicy"));
    assert!(has("GATEWAY-HTTP", Release::V1_4_1, "BackendTLSPolicy"));
    assert!(!has("GATEWAY-HTTP", Release::V1_7_0, "HTTPRouteRetry"));
}

#[test]
fn a_test_counts_by_the_features_that_it_needs() {
    let http: Profile = "GATEWAY-HTTP".parse().unwrap();
    let level = |features: &[FeatureName]| http.level(Release::V1_1_0, features);
    assert_eq!(
        level(&[FeatureName::Gateway, FeatureName::HttpRoute]),
        Some(SupportLevel::Core)
    );
    assert_eq!(
        level(&[FeatureName::HttpRoute, FeatureName::HttpRouteMethodMatching]),
        Some(SupportLevel::Extended)
    );
    assert_eq!(level(&[FeatureName::Gateway, FeatureName::TlsRoute]), None);
    assert!("gateway-http".parse::<Profile>().is_err());
}

#[test]
fn crds_of_several_releases_or_without_one_are_refused() {
    let of = |release, channel| {
        let all = crd::definitions(release, channel).into_iter();
        all.map(InstalledCrd::from)
    };
    let first = || of(Release::V1_1_0, Channel::Experimental);
    let installed = installed_release(first()).unwrap();
    assert_eq!(
        (installed.release(), installed.channel()),
        ("v1.1.0", "experimental")
    );
    let mixed = installed_release(first().chain(of(Release::V1_2_0, Channel::Experimental)));
    assert!(matches!(mixed, Err(InstalledError::Mixed { .. })));
    let mixed = installed_release(first().chain(of(Release::V1_1_0, Channel::Standard)));
    assert!(matches!(mixed, Err(InstalledError::Mixed { .. })));
    let unnamed = first().map(|crd| InstalledCrd {
        channel: None,
        ..crd
    });
    assert!(matches!(
        installed_release(unnamed),
        Err(InstalledError::Unnamed { .. })
    ));
    assert_eq!(installed_release([]), Err(InstalledError::None));
    let foreign = InstalledCrd {
        group: "example.com".to_owned(),
        ..InstalledCrd::default()
    };
    assert!(installed_release(first().chain([foreign])).is_ok());
}
