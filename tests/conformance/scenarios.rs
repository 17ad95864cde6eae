//! The scenarios themselves: each is well formed, what they cover, and who passes them.

use crate::{faults, found, plain, slow};
use gwapi::{
    conformance::{
        Ended, Feature, Kit, MatcherSubject, Observed, Profile, Scenario, SimulatorSubject,
        SupportLevel, TestSubject, catalogue,
    },
    meta::{Channel, FeatureName, Release},
    validation::{ValidationOptions, validate_value},
};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_reference_passes() {
    let results = Kit::default().run(&mut SimulatorSubject::default());
    assert!(results.is_clean(), "{results}");
    assert_eq!(results.passed(), catalogue().len(), "{results}");
}

#[test]
fn a_plain_matcher_passes_what_a_matcher_is_asked() {
    let mut matcher = MatcherSubject::new(plain::Plain::new(plain::Fault::None));
    let results = Kit::default().run(&mut matcher);
    assert!(results.is_clean(), "{results}");
    assert!(results.passed() >= 45, "{results}");
    let mut calls = MatcherSubject::new(plain::Calls::new(plain::RIGHT));
    let results = Kit::default().run(&mut calls);
    assert!(results.is_clean(), "{results}");
    assert!(results.passed() >= 13, "{results}");
}

#[test]
fn the_oracle_with_a_slow_data_plane_passes() {
    let results = Kit::default().run(&mut slow::Slow::default());
    assert!(results.is_clean(), "{results}");
    assert!(results.passed() >= 127, "{results}");
}

/// The names of the scenarios that fail, in order.
fn failed(kit: &Kit, subject: &mut dyn TestSubject) -> BTreeSet<String> {
    let results = kit.run(subject);
    let failed = results.failed();
    failed
        .map(|result| result.scenario.name().to_owned())
        .collect()
}

/// The name of a fault, what is asked of the subject that has it, the subject, and the scenarios that find it.
type PlantedFault = (String, Kit, Box<dyn TestSubject>, &'static [&'static str]);

/// Each fault fails the scenario that names its rule, and no others than those that share the rule.
fn check_faults(faults: impl Iterator<Item = PlantedFault>) -> usize {
    let mut differences = Vec::new();
    let mut count = 0;
    for (name, kit, mut subject, expected) in faults {
        count += 1;
        let found = failed(&kit, &mut *subject);
        let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        if found.is_empty() || found != expected {
            differences.push(format!("{name}: {found:?}\n  expected {expected:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    count
}

#[test]
fn the_kit_finds_the_faults_of_data_planes() {
    let faults = found::faults().into_iter().map(|(name, fault, expected)| {
        let kit = Kit::default().only(|scenario| fault.concerns(scenario));
        let subject: Box<dyn TestSubject> = Box::new(faults::Faulty::new(fault));
        (name.to_owned(), kit, subject, expected)
    });
    assert!(check_faults(faults) >= 181);
}

#[test]
fn the_kit_finds_the_faults_of_matchers() {
    let faults = plain::FAULTS.iter().map(|(fault, expected)| {
        let subject = MatcherSubject::new(plain::Plain::new(*fault));
        let subject: Box<dyn TestSubject> = Box::new(subject);
        (format!("{fault:?}"), Kit::default(), subject, *expected)
    });
    assert!(check_faults(faults) >= 54);
    let faults = plain::CALL_FAULTS.iter().map(|(name, matcher, expected)| {
        let subject: Box<dyn TestSubject> = Box::new(MatcherSubject::new(matcher()));
        ((*name).to_owned(), Kit::default(), subject, *expected)
    });
    assert!(check_faults(faults) >= 16);
}

/// Each scenario can fail: some fault fails it.
#[test]
fn every_scenario_is_failed_by_some_fault() {
    let of_planes = found::faults().into_iter().map(|(_, _, expected)| expected);
    let of_matchers = plain::FAULTS.iter().map(|(_, expected)| *expected);
    let of_calls = plain::CALL_FAULTS.iter().map(|(_, _, expected)| *expected);
    let all = of_planes.chain(of_matchers).chain(of_calls);
    let found: BTreeSet<&str> = all.flatten().copied().collect();
    let names = catalogue().iter().map(Scenario::name);
    let unfailed: Vec<&str> = names.filter(|name| !found.contains(name)).collect();
    assert_eq!(unfailed, [""; 0]);
}

/// A request that goes through without a response is a failure, whatever else is expected of it.
#[test]
fn a_request_without_a_response_fails_its_scenario() {
    let mute = faults::Fault::Answered(|ask, seen| {
        let scheme = ask.request.uri.scheme_str();
        if matches!(scheme, Some("http" | "https")) && matches!(seen.ended, Ended::Response(_)) {
            seen.ended = Ended::Passed;
        }
    });
    let found = failed(&Kit::default(), &mut faults::Faulty::new(mute));
    for scenario in catalogue() {
        let asks = scenario.steps().iter().filter_map(|step| step.ask.as_ref());
        let mut asks = asks.filter(|ask| ask.url.starts_with("http"));
        let is_answered = asks.any(|ask| !ask.expect.refused);
        let name = scenario.name();
        assert_eq!(found.contains(name), is_answered, "{name}");
    }
}

/// A proxy may answer a call with a status of HTTP that clients of gRPC understand, and with no other.
#[test]
fn the_status_of_a_call_may_be_one_of_http() {
    fn answered(seen: &mut Observed, statuses: [u16; 2]) {
        let Ended::Response(head) = &mut seen.ended else {
            return;
        };
        let status = match head.headers.remove("grpc-status") {
            Some(status) if status == "12" => statuses[0],
            Some(status) if status == "14" => statuses[1],
            _ => return,
        };
        head.status = http::StatusCode::from_u16(status).unwrap();
    }
    let kit =
        || Kit::default().only(|scenario| scenario.features().contains(&FeatureName::GrpcRoute));
    let understood = faults::Fault::Answered(|_, seen| answered(seen, [404, 503]));
    assert_eq!(
        failed(&kit(), &mut faults::Faulty::new(understood)).len(),
        0
    );
    let other = faults::Fault::Answered(|_, seen| answered(seen, [500, 500]));
    let found = failed(&kit(), &mut faults::Faulty::new(other));
    assert!(found.contains("grpc-error-is-a-status"), "{found:?}");
    assert!(found.contains("grpc-method-is-the-very-text"), "{found:?}");
}

/// Core asks for no more ports than 80 and 443: whoever needs another one names the feature.
#[test]
fn a_scenario_with_another_port_names_the_feature() {
    for scenario in catalogue() {
        let changed = scenario.steps().iter().flat_map(|step| &step.apply);
        let objects = scenario.objects().iter().chain(changed);
        let listeners = objects.filter_map(|object| object["spec"]["listeners"].as_array());
        for listener in listeners.flatten() {
            let feature = match listener["port"].as_u64() {
                Some(80 | 443) => continue,
                Some(8080) => FeatureName::GatewayPort8080,
                _ => FeatureName::UdpRoute,
            };
            let name = scenario.name();
            assert!(scenario.features().contains(&feature), "{name}: {feature}");
        }
    }
}

/// Names are unique, every scenario says what it follows from, its objects are valid, and its features are ones.
#[test]
fn every_scenario_is_well_formed() {
    let mut names = BTreeSet::new();
    let options = ValidationOptions::new(Channel::Experimental);
    for scenario in catalogue() {
        let name = scenario.name();
        assert!(names.insert(name), "{name} stands twice");
        assert!(scenario.is_one(), "{name}");
        assert!(
            !scenario.says().is_empty() && !scenario.at().is_empty(),
            "{name}"
        );
        assert!(
            scenario
                .steps()
                .iter()
                .any(|step| step.ask.is_some() || !step.status.is_empty()),
            "{name}"
        );
        let later = scenario.features_in(Release::newest());
        for feature in scenario.features().iter().chain(later) {
            assert!(
                Feature::find(feature.as_str()).is_some(),
                "{name}: {feature}"
            );
        }
        let changed = scenario.steps().iter().flat_map(|step| &step.apply);
        for object in scenario.objects().iter().chain(changed) {
            let report = validate_value(object, &options);
            let findings: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
            assert!(report.is_accepted(), "{name}: {findings:?}");
        }
    }
}

/// Every feature of v1.1.0 has a good case and a bad one, in each profile that has the feature.
#[test]
fn every_feature_of_every_profile_has_scenarios() {
    let release = Release::V1_1_0;
    for profile in Profile::of_release(release) {
        let of_profile = |scenario: &&Scenario| {
            scenario.beyond().is_none() && profile.level(release, scenario.features()).is_some()
        };
        let scenarios: Vec<&Scenario> = catalogue().iter().filter(of_profile).collect();
        let levels: BTreeSet<SupportLevel> = scenarios
            .iter()
            .filter_map(|scenario| profile.level(release, scenario.features()))
            .collect();
        assert!(levels.contains(&SupportLevel::Core), "{profile}");
        let features = profile.core(release).into_iter();
        for feature in features.chain(profile.extended(release)) {
            let own = || {
                let all = scenarios.iter();
                all.filter(|scenario| scenario.features().contains(&feature))
            };
            assert!(own().any(|one| one.has_good_case()), "{profile}: {feature}");
            assert!(own().any(|one| one.has_bad_case()), "{profile}: {feature}");
        }
    }
    let of_release = Feature::ALL.iter();
    for feature in of_release.filter(|one| one.is_in(release, Channel::Experimental)) {
        let name = FeatureName::from(feature);
        let own = || {
            let scenarios = catalogue().iter();
            scenarios.filter(|scenario| scenario.features().contains(&name))
        };
        assert!(own().any(Scenario::has_good_case), "{name}");
        assert!(own().any(Scenario::has_bad_case), "{name}");
    }
}

/// What is bad is said, or follows from what is expected to be refused.
#[test]
fn good_and_bad_cases_are_told_apart() {
    let read = |step: &str| {
        let text = format!(
            "apiVersion: conformance.gwapi/v1\nkind: Scenario\nmetadata: {{name: a}}\nspec:\n  says: b\n  at: c\n  features: []\n  steps:\n  - {step}\n"
        );
        let scenario = Scenario::read("own.yaml", &text).unwrap().remove(0);
        (scenario.has_good_case(), scenario.has_bad_case())
    };
    for (step, expected) in [
        (
            "ask: {url: 'http://a/', expect: {backend: a/b}}",
            (true, false),
        ),
        (
            "status: [{of: Gateway a/b, conditions: {Accepted: 'not True'}}]",
            (false, true),
        ),
        (
            "{bad: true, ask: {url: 'http://a/', expect: {backend: a/b}}}",
            (false, true),
        ),
        (
            "ask: {url: 'http://a/', expect: {status: 404}}",
            (false, true),
        ),
        (
            "ask: {url: 'http://a/', expect: {status: 301}}",
            (true, false),
        ),
        (
            "ask: {url: 'http://a/', expect: {refused: true}}",
            (false, true),
        ),
        (
            "ask: {url: 'http://a/', expect: {grpcStatus: 12}}",
            (false, true),
        ),
        (
            "ask: {url: 'http://a/', expect: {split: {a/b: 1, '500': 1}}}",
            (false, true),
        ),
        (
            "status: [{of: Gateway a/b, conditions: {Accepted: 'True'}}]",
            (true, false),
        ),
        (
            "status: [{of: Gateway a/b, conditions: {Accepted: 'False Invalid'}}]",
            (false, true),
        ),
        (
            "status: [{of: Gateway a/b, listeners: {c: {conditions: {Accepted: 'False'}}}}]",
            (false, true),
        ),
        (
            "status: [{of: HTTPRoute a/b, parents: {c: {Accepted: absent}}}]",
            (false, true),
        ),
    ] {
        assert_eq!(read(step), expected, "{step}");
    }
}

/// What a test of upstream asks otherwise than the scenarios beside it.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "HTTPRouteTimeoutBackendRequest",
        "the test takes 504 alone, the scenarios 408 as well",
    ),
    (
        "HTTPRouteTimeoutRequest",
        "the test takes 504 alone, the scenarios 408 as well",
    ),
];

/// The table says which scenarios ask what each of upstream's 68 tests asks.
#[test]
fn the_table_of_upstream_tests_is_true() {
    let mut covered: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for scenario in catalogue() {
        for test in scenario.upstream() {
            covered.entry(test).or_default().push(scenario.name());
        }
    }
    assert_eq!(covered.len(), 68);
    let rows = covered.iter();
    let rows = rows.map(|(test, scenarios)| {
        let other = DIFFERENCES.iter().find(|(name, _)| name == test);
        let other = other.map(|(_, other)| format!("; {other}"));
        let other = other.unwrap_or_default();
        format!("| {test} | {}{other} |\n", scenarios.join(", "))
    });
    let rows: String = rows.collect();
    let table = include_str!("../../docs/conformance-scenarios.md");
    let (_, after) = table.split_once("| --- | --- |\n").unwrap();
    let (written, further) = after.split_once("\n## ").unwrap();
    assert_eq!(written, rows);
    let own = catalogue()
        .iter()
        .filter(|scenario| scenario.upstream().is_empty());
    let own: String = own
        .map(|scenario| format!("| {} | {} |\n", scenario.name(), scenario.says()))
        .collect();
    let (_, after) = further.split_once("| --- | --- |\n").unwrap();
    assert_eq!(after, own);
}

/// Every release has scenarios, and the reference passes them by the rules of each.
#[test]
fn the_reference_passes_by_the_rules_of_every_release() {
    for release in [
        Release::V1_0_0,
        Release::V1_2_1,
        Release::V1_4_1,
        Release::newest(),
    ] {
        for channel in Channel::ALL {
            let kit = Kit::new(release, channel);
            assert!(kit.scenarios().len() > 60, "{release} {channel}");
            let results = kit.run(&mut SimulatorSubject::default());
            assert!(results.is_clean(), "{release} {channel}\n{results}");
        }
    }
}

/// No document of a file is lost on its way into the catalogue.
#[test]
fn every_document_is_a_scenario() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/conformance/scenarios");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().to_string_lossy().into_owned();
        if name != "base.yaml" {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let read = Scenario::read(&name, &text).unwrap_or_else(|error| panic!("{error}"));
            count += read.len();
        }
    }
    assert_eq!(count, catalogue().len());
}

#[test]
fn an_unknown_field_of_a_scenario_is_an_error_with_its_line() {
    let text = "apiVersion: conformance.gwapi/v1\nkind: Scenario\nmetadata: {name: a}\nspec:\n  says: b\n  at: c\n  features: []\n  steps:\n  - ask: {url: 'http://a/', expects: {}}\n";
    let error = Scenario::read("own.yaml", text).unwrap_err().to_string();
    assert!(
        error.contains("own.yaml") && error.contains("line 9"),
        "{error}"
    );
}
