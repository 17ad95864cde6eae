//! The scenarios themselves: each is well formed, what they cover, and who passes them.

use crate::{faults, found, plain, slow};
use gwapi::{
    conformance::{
        Feature, Kit, MatcherSubject, Profile, Scenario, SimulatorSubject, SupportLevel,
        TestSubject, catalogue,
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
    assert!(results.passed() > 30, "{results}");
}

#[test]
fn the_oracle_with_a_slow_data_plane_passes() {
    let results = Kit::default().run(&mut slow::Slow::default());
    assert!(results.is_clean(), "{results}");
    assert!(results.passed() > 80, "{results}");
}

/// The names of the scenarios that fail, in order.
fn failed(kit: &Kit, subject: &mut dyn TestSubject) -> BTreeSet<String> {
    let results = kit.run(subject);
    let failed = results.failed();
    failed
        .map(|result| result.scenario.name().to_owned())
        .collect()
}

/// Each fault fails the scenario that names its rule, and no others than those that share the rule.
fn check_faults(
    kit: &Kit,
    faults: impl Iterator<Item = (String, Box<dyn TestSubject>, &'static [&'static str])>,
) -> usize {
    let mut differences = Vec::new();
    let mut count = 0;
    for (name, mut subject, expected) in faults {
        count += 1;
        let found = failed(kit, &mut *subject);
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
        let subject: Box<dyn TestSubject> = Box::new(faults::Faulty::new(fault));
        (name.to_owned(), subject, expected)
    });
    assert!(check_faults(&Kit::default(), faults) >= 50);
}

#[test]
fn the_kit_finds_the_faults_of_matchers() {
    let faults = plain::FAULTS.iter().map(|(fault, expected)| {
        let subject = MatcherSubject::new(plain::Plain::new(*fault));
        let subject: Box<dyn TestSubject> = Box::new(subject);
        (format!("{fault:?}"), subject, *expected)
    });
    assert!(check_faults(&Kit::default(), faults) >= 30);
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
        for feature in scenario.features() {
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

/// Every feature of v1.1.0 has scenarios with a good case, and every one that can be refused has a bad one.
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
        let gateway = profile.name().starts_with("GATEWAY");
        for feature in profile
            .core(release)
            .into_iter()
            .chain(profile.extended(release))
        {
            // In a mesh the filters and matches of HTTPRoutes are those that scenarios with a Gateway ask.
            let own = scenarios
                .iter()
                .any(|scenario| scenario.features().contains(&feature));
            let shared = !gateway && feature.as_str().starts_with("HTTPRoute")
                || feature == FeatureName::GatewayStaticAddresses;
            let anywhere = catalogue()
                .iter()
                .any(|scenario| scenario.features().contains(&feature));
            assert!(own || shared && anywhere, "{profile}: {feature}");
        }
    }
    let of_release = Feature::ALL.iter();
    for feature in of_release.filter(|one| one.is_in(release, Channel::Experimental)) {
        let name = FeatureName::from(feature);
        let scenarios = catalogue().iter();
        let count = scenarios
            .filter(|scenario| scenario.features().contains(&name))
            .count();
        assert!(count > 0, "{name}");
    }
}

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
    let rows = rows.map(|(test, scenarios)| format!("| {test} | {} |\n", scenarios.join(", ")));
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
