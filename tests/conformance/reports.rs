//! The reports that are committed: upstream's suite and our kit say the same of the simulator.

use gwapi::{
    attachment::InstalledCrd,
    conformance::{
        ConformanceReport, InstalledRelease, Kit, LevelReport, Profile, ReportResult,
        SimulatorSubject, installed_release,
    },
    crd,
    manifest::{self, Format, ReadOptions},
    meta::{Channel, Release},
};
use std::collections::BTreeMap;

/// The suite's own report, written by `conformance/run suite`.
const UPSTREAM: &str = include_str!("../../conformance/reports/v1.1.0-suite.yaml");
/// Ours, written by `gwapi conformance -o yaml`.
const OURS: &str = include_str!("../../conformance/reports/v1.1.0-gwapi.yaml");

fn read(text: &str) -> ConformanceReport {
    let options = ReadOptions::default().with_format(Format::Yaml);
    let manifest = manifest::read(text.as_bytes(), &options);
    assert_eq!(manifest.errors, []);
    let value = &manifest.entries[0].value;
    let report = ConformanceReport::of_json(value).unwrap();
    assert_eq!(serde_json::to_value(&report).unwrap(), *value);
    assert_eq!(report.problems(), []);
    report
}

/// What a level says of the implementation, the number of tests aside.
type Said = (ReportResult, Vec<String>, Vec<String>);

fn said(report: &ConformanceReport) -> BTreeMap<(String, bool), Said> {
    let of = |level: &LevelReport| {
        let features = (
            level.supported_features.clone(),
            level.unsupported_features.clone(),
        );
        (level.result.clone(), features.0, features.1)
    };
    let mut all = BTreeMap::new();
    for profile in &report.profiles {
        all.insert((profile.name.clone(), false), of(&profile.core));
        if let Some(extended) = &profile.extended {
            all.insert((profile.name.clone(), true), of(extended));
        }
    }
    all
}

#[test]
fn upstreams_report_and_ours_say_the_same() {
    let (upstream, ours) = (read(UPSTREAM), read(OURS));
    assert_eq!(upstream.implementation, ours.implementation);
    assert_eq!(upstream.gateway_api_version, ours.gateway_api_version);
    assert_eq!(upstream.gateway_api_channel, ours.gateway_api_channel);
    assert_eq!(upstream.mode, ours.mode);
    let (theirs, ours) = (said(&upstream), said(&ours));
    assert!(theirs.len() >= 8, "{theirs:?}");
    for (level, wanted) in &theirs {
        assert_eq!(ours.get(level), Some(wanted), "{level:?}");
    }
    // The suite of v1.1.0 has no test of a GRPCRoute in a mesh; the kit has.
    let own: Vec<&str> = ours
        .keys()
        .filter(|level| !theirs.contains_key(*level))
        .map(|level| &*level.0)
        .collect();
    assert_eq!(own, ["MESH-GRPC", "MESH-GRPC"]);
}

#[test]
fn our_report_is_what_the_kit_says_now() {
    let kit = Kit::default();
    let results = kit.run(&mut SimulatorSubject::default());
    let crds = crd::definitions(kit.release(), kit.channel());
    let installed = installed_release(crds.into_iter().map(InstalledCrd::from)).unwrap();
    let committed = read(OURS);
    let (profiles, omitted) = results.profiles(Profile::of_release(kit.release()));
    assert_eq!(omitted, []);
    let made = |installed: &InstalledRelease| {
        let (own, date) = (committed.implementation.clone(), committed.date.clone());
        results.report(own, installed, date, profiles.clone())
    };
    assert_eq!(made(&installed).unwrap(), committed);
    // CRDs of another release or channel are not what was asked.
    for (release, channel) in [
        (kit.release(), Channel::Standard),
        (Release::V1_2_0, kit.channel()),
    ] {
        let crds = crd::definitions(release, channel);
        let other = installed_release(crds.into_iter().map(InstalledCrd::from)).unwrap();
        assert_eq!(
            made(&other).unwrap_err().to_string(),
            format!(
                "the CustomResourceDefinitions are of {release} {channel}, and what was asked is of v1.1.0 experimental"
            )
        );
    }
}

/// Of what the channel lacks nothing is asked, and no report says that it is not there.
#[test]
fn a_report_of_the_standard_channel_takes_nothing_from_the_simulator() {
    for (release, profile, feature, is_asked) in [
        (
            Release::V1_6_3,
            "GATEWAY-HTTP",
            "HTTPRouteDestinationPortMatching",
            true,
        ),
        (Release::V1_6_3, "GATEWAY-TLS", "TLSRouteModeMixed", false),
        (
            Release::V1_1_0,
            "GATEWAY-HTTP",
            "HTTPRouteRequestTimeout",
            false,
        ),
    ] {
        let profile: Profile = profile.parse().unwrap();
        let kit = Kit::new(release, Channel::Standard).of_profile(profile);
        let results = kit.run(&mut SimulatorSubject::default());
        let (reports, omitted) = results.profiles([profile]);
        assert_eq!(omitted, []);
        let extended = reports[0].extended.as_ref().unwrap();
        let has = |list: &[String]| list.iter().any(|name| name == feature);
        assert!(!has(&extended.unsupported_features), "{feature}");
        assert_eq!(has(&extended.supported_features), is_asked, "{feature}");
        let mut unasked = results.unasked(profile).into_iter();
        assert_eq!(
            unasked.any(|name| name.as_str() == feature),
            !is_asked,
            "{feature}"
        );
    }
}
