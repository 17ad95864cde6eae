//! Reports: read and written as they were, refused by field, checked, and derived from tests.

use gwapi::{
    conformance::{
        Ask, ConformanceReport, CountedTest, Kit, Observed, Profile, ProfileReport, ReportResult,
        Setup, SimulatorSubject, SubjectError, TestSubject, TestVerdict,
    },
    meta::{Channel, FeatureName, Release},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A report as suites of v1.1.0 write them.
fn written() -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha1",
        "kind": "ConformanceReport",
        "date": "2024-05-09T02:49:52+02:00",
        "gatewayAPIVersion": "v1.1.0",
        "gatewayAPIChannel": "experimental",
        "mode": "default",
        "implementation": {"organization": "example", "project": "proxy", "url": "https://proxy.example/",
            "version": "1.22", "contact": ["@proxy/maintainers"]},
        "profiles": [
            {"name": "GATEWAY-HTTP", "summary": "Core tests partially succeeded with 1 test skips. Extended tests failed with 1 test failures.",
             "core": {"result": "partial", "statistics": {"Failed": 0, "Passed": 32, "Skipped": 1},
                "skippedTests": ["HTTPRouteHTTPSListener"]},
             "extended": {"result": "failure", "statistics": {"Failed": 1, "Passed": 2, "Skipped": 0},
                "failedTests": ["HTTPRouteRedirectPath"],
                "supportedFeatures": ["HTTPRouteMethodMatching", "HTTPRoutePathRedirect"],
                "unsupportedFeatures": ["HTTPRouteRequestMirror"]}},
            {"name": "GATEWAY-TLS", "summary": "Core tests succeeded.",
             "core": {"result": "success", "statistics": {"Failed": 0, "Passed": 11, "Skipped": 0}}}
        ]
    })
}

/// The first reports: no channel, no mode, summaries elsewhere, other names of profiles.
fn early() -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1alpha1",
        "kind": "ConformanceReport",
        "date": "2023-07-24T14:26:14-07:00",
        "gatewayAPIVersion": "4c436290f2bfeaeaf0b1a367449e16de3e0addc4",
        "implementation": {"organization": "example", "project": "proxy", "url": "proxy.example", "version": "",
            "contact": ["@proxy/maintainers"]},
        "profiles": [{"name": "HTTP", "core": {"result": "success", "summary": "",
            "statistics": {"Failed": 0, "Passed": 28, "Skipped": 0}}}]
    })
}

#[test]
fn reports_of_all_times_are_written_as_they_were_read() {
    let mut provisional = written();
    provisional["apiVersion"] = "gateway.networking.k8s.io/v1".into();
    provisional["gatewayAPIVersion"] = "v1.4.0".into();
    provisional["succeededProvisionalTests"] = json!(["HTTPRouteNamedRule"]);
    let mut later = written();
    later["environment"] = json!({"nodes": 3});
    later["profiles"][0]["core"]["flaky"] = json!(["HTTPRouteWeight"]);
    later["profiles"][0]["core"]["result"] = "mostly".into();
    for report in [written(), early(), provisional, later] {
        let read = ConformanceReport::of_json(&report).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), report);
    }
}

/// The shapes in which reports are found in public, each with a way to read it; the values are ours.
fn found() -> Vec<(&'static str, Value)> {
    let mut lower = written();
    lower["profiles"][0]["core"]["statistics"] = json!({"passed": 32, "skipped": 1, "failed": 0});
    lower["profiles"][1]["extended"] = json!(null);
    lower["profiles"][1]["core"]["failedTests"] = json!([]);
    lower["profiles"][1]["core"]["skippedTests"] = json!(null);
    let level = lower["profiles"][0]["extended"].take();
    lower["profiles"][0]["extended"] = json!({
        "status": {"result": level["result"], "statistics": level["statistics"], "failedTests": level["failedTests"]},
        "supportedFeatures": level["supportedFeatures"], "unsupportedFeatures": level["unsupportedFeatures"]});
    let mut number = early();
    number["implementation"]["version"] = json!(1.20);
    let mut first = early();
    first["profileReports"] = first["profiles"].take();
    first.as_object_mut().unwrap().remove("profiles");
    let mut nobody = written();
    nobody["profiles"] = json!(null);
    nobody["implementation"]["contact"] = json!(null);
    let mut nulls = written();
    nulls["mode"] = json!(null);
    nulls["note"] = json!(null);
    nulls["succeededProvisionalTests"] = json!([]);
    nulls["implementation"]["note"] = json!(null);
    nulls["profiles"][0]["note"] = json!(null);
    nulls["profiles"][0]["core"]["note"] = json!(null);
    nulls["profiles"][0]["core"]["statistics"]["Flaky"] = json!(2);
    nulls["profiles"][0]["core"]["statistics"]["Slow"] = json!(null);
    nulls["profiles"][1]["core"]["failedTests"] = json!(null);
    vec![
        ("lower case, and levels below `status`", lower),
        ("a version that YAML reads as a number", number),
        ("the first name of profiles", first),
        ("Go's empty lists", nobody),
        ("nulls and empty lists", nulls),
    ]
}

#[test]
fn reports_are_read_as_upstream_reads_them_and_written_as_they_were() {
    for (what, report) in found() {
        let read =
            ConformanceReport::of_json(&report).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(serde_json::to_value(&read).unwrap(), report, "{what}");
        let again: ConformanceReport = serde_json::from_value(report.clone()).unwrap();
        assert_eq!(again, read, "{what}");
        // A part that changes is written in the suite's form, and those beside it as they were.
        let mut changed = read.clone();
        changed.date = "2025-01-01T00:00:00Z".to_owned();
        let written = serde_json::to_value(&changed).unwrap();
        assert_eq!(written["date"], "2025-01-01T00:00:00Z", "{what}");
        assert_eq!(
            ConformanceReport::of_json(&written).unwrap(),
            changed,
            "{what}"
        );
        for (index, profile) in read.profiles.iter().enumerate() {
            let own = report
                .get("profiles")
                .or(report.get("profileReports"))
                .unwrap();
            assert_eq!(written["profiles"][index], own[index], "{what}");
            assert!(profile.core.statistics.passed > 0, "{what}");
        }
    }
    let read = |what: &str| {
        let mut all = found().into_iter();
        let (_, report) = all.find(|(own, _)| own.starts_with(what)).unwrap();
        ConformanceReport::of_json(&report).unwrap()
    };
    let lower = read("lower");
    assert_eq!(lower.profiles[0].core.statistics.skipped, 1);
    let extended = lower.profiles[0].extended.as_ref().unwrap();
    assert_eq!(
        (extended.result.clone(), extended.statistics.failed),
        (ReportResult::Failure, 1)
    );
    assert_eq!(extended.supported_features.len(), 2);
    assert_eq!(lower.profiles[1].extended, None);
    assert_eq!(read("a version").implementation.version, "1.2");
    assert_eq!(read("the first").profiles.len(), 1);
    let paths = |report: ConformanceReport| -> Vec<String> {
        report
            .problems()
            .into_iter()
            .map(|problem| problem.path)
            .collect()
    };
    assert_eq!(paths(read("Go's")), ["implementation.contact", "profiles"]);
    let nulls = read("nulls");
    assert_eq!(nulls.profiles[0].core.statistics.other.fields["Flaky"], 2);
    assert_eq!(nulls.implementation.other.fields["note"], Value::Null);
    assert_eq!(paths(nulls), [""; 0]);
}

/// Numbers and booleans where text belongs are the text that Go makes of them.
#[test]
fn numbers_are_the_text_that_go_writes() {
    for (value, text) in [
        (json!(1.20), "1.2"),
        (json!(120), "120"),
        (json!(-3), "-3"),
        (json!(1e21), "1e+21"),
        (json!(1.5e-7), "1.5e-07"),
        (json!(0.0001), "0.0001"),
        (json!(0.000_01), "1e-05"),
        (json!(0.0), "0"),
        (json!(999_999.5), "999999.5"),
        (json!(1e6), "1e+06"),
        (json!(123_456_789.5), "1.2345679e+08"),
        (json!(true), "true"),
    ] {
        let mut report = written();
        report["implementation"]["version"] = value.clone();
        report["implementation"]["contact"] = json!([value, "@proxy"]);
        let read = ConformanceReport::of_json(&report).unwrap();
        assert_eq!(read.implementation.version, text);
        assert_eq!(read.implementation.contact, [text, "@proxy"]);
        assert_eq!(serde_json::to_value(&read).unwrap(), report);
    }
}

/// Both names are in the report: the one that is read last is named.
#[test]
fn a_field_that_stands_twice_is_refused_by_name() {
    let mut in_status = written();
    let mut level = in_status["profiles"][0]["extended"].take();
    level["Statistics"] = level["statistics"].clone();
    in_status["profiles"][0]["Extended"] = json!({"Status": level});
    remove(&mut in_status, "/profiles/0", "extended");
    let twice = "profiles[0].Extended.Status.statistics";
    for (mut report, around, field, path) in [
        (written(), "", "MODE", "mode"),
        (
            written(),
            "/profiles/1/core/statistics",
            "passed",
            "profiles[1].core.statistics.passed",
        ),
        (written(), "", "profileReports", "profiles"),
        (in_status, "", "note", twice),
    ] {
        report.pointer_mut(around).unwrap()[field] = json!(1);
        let error = ConformanceReport::of_json(&report).unwrap_err();
        assert_eq!(error.path(), path, "{error}");
    }
}

fn remove(report: &mut Value, around: &str, field: &str) {
    let around = report.pointer_mut(around).unwrap();
    around.as_object_mut().unwrap().remove(field).unwrap();
}

#[test]
fn a_malformed_report_is_refused_with_the_field_named() {
    let cases = [
        (
            "/apiVersion",
            json!("gateway.networking.k8s.io/v2"),
            "apiVersion",
        ),
        ("/kind", json!("Report"), "kind"),
        ("/date", json!(20240509), "date"),
        ("/profiles", json!({}), "profiles"),
        (
            "/profiles/1/core/statistics/Passed",
            json!("11"),
            "profiles[1].core.statistics.Passed",
        ),
        (
            "/profiles/0/core/statistics/Failed",
            json!(-1),
            "profiles[0].core.statistics.Failed",
        ),
        (
            "/profiles/0/extended/supportedFeatures/1",
            json!(7),
            "profiles[0].extended.supportedFeatures[1]",
        ),
        (
            "/implementation/contact",
            json!("@proxy"),
            "implementation.contact",
        ),
        (
            "/profiles/0/core/result",
            json!(null),
            "profiles[0].core.result",
        ),
    ];
    for (pointer, value, path) in cases {
        let mut report = written();
        *report.pointer_mut(pointer).unwrap() = value;
        let error = ConformanceReport::of_json(&report).unwrap_err();
        assert_eq!(error.path(), path, "{error}");
    }
    let missing = [
        ("", "gatewayAPIVersion"),
        ("", "implementation"),
        ("/implementation", "project"),
        ("/profiles/0", "core"),
        ("/profiles/0/core", "statistics"),
    ];
    for (around, field) in missing {
        let mut report = written();
        remove(&mut report, around, field);
        let error = ConformanceReport::of_json(&report).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}

/// Whatever the names are under which fields are found, an error has them as they are written.
#[test]
fn a_field_is_named_as_it_is_written() {
    let read = |what: &str| {
        let mut all = found().into_iter();
        let (_, report) = all.find(|(own, _)| own.starts_with(what)).unwrap();
        report
    };
    let status = "/profiles/0/extended/status";
    let cases = [
        ("the first", "/profileReports", json!({}), "profileReports"),
        (
            "the first",
            "/profileReports/0/core/result",
            json!(7),
            "profileReports[0].core.result",
        ),
        (
            "lower",
            "/profiles/0/core/statistics/passed",
            json!("x"),
            "profiles[0].core.statistics.passed",
        ),
        (
            "lower",
            &format!("{status}/result"),
            json!(7),
            "profiles[0].extended.status.result",
        ),
        (
            "lower",
            &format!("{status}/statistics"),
            json!([]),
            "profiles[0].extended.status.statistics",
        ),
        (
            "lower",
            &format!("{status}/failedTests/0"),
            json!(1),
            "profiles[0].extended.status.failedTests[0]",
        ),
        (
            "lower",
            "/profiles/0/extended/supportedFeatures/1",
            json!(null),
            "profiles[0].extended.supportedFeatures[1]",
        ),
    ];
    for (what, pointer, value, path) in cases {
        let mut report = read(what);
        *report.pointer_mut(pointer).unwrap() = value;
        let error = ConformanceReport::of_json(&report).unwrap_err();
        assert_eq!(error.path(), path, "{error}");
        assert!(error.to_string().contains(path), "{error}");
        let error = serde_json::from_value::<ConformanceReport>(report).unwrap_err();
        assert!(error.to_string().contains(path), "{error}");
    }
    let mut shouting = written();
    for (around, name, other) in [
        ("", "apiVersion", "APIVERSION"),
        ("", "implementation", "Implementation"),
        ("/Implementation", "contact", "Contact"),
        ("", "profiles", "Profiles"),
        ("/Profiles/1", "core", "Core"),
    ] {
        let around = shouting.pointer_mut(around).unwrap();
        let value = around[name].take();
        let around = around.as_object_mut().unwrap();
        around.remove(name);
        around.insert(other.to_owned(), value);
    }
    assert!(ConformanceReport::of_json(&shouting).is_ok());
    for (pointer, path) in [
        ("/APIVERSION", "APIVERSION"),
        ("/Implementation/Contact/0", "Implementation.Contact[0]"),
        (
            "/Profiles/1/Core/statistics/Failed",
            "Profiles[1].Core.statistics.Failed",
        ),
        ("/Profiles/1/Core", "Profiles[1].Core"),
        ("/Profiles/0", "Profiles[0]"),
    ] {
        let mut report = shouting.clone();
        *report.pointer_mut(pointer).unwrap() = json!([]);
        let error = ConformanceReport::of_json(&report).unwrap_err();
        assert_eq!(error.path(), path, "{error}");
    }
}

#[test]
fn what_does_not_add_up_is_named() {
    let paths = |report: &Value| -> Vec<String> {
        let read = ConformanceReport::of_json(report).unwrap();
        read.problems()
            .into_iter()
            .map(|problem| problem.path)
            .collect()
    };
    assert_eq!(paths(&written()), [""; 0]);
    assert_eq!(
        paths(&early()),
        [
            "gatewayAPIVersion",
            "implementation.version",
            "implementation.url"
        ]
    );
    let cases = [
        ("/date", json!("yesterday"), "date"),
        ("/gatewayAPIChannel", json!("stable"), "gatewayAPIChannel"),
        (
            "/implementation/contact",
            json!([]),
            "implementation.contact",
        ),
        (
            "/implementation/url",
            json!("https://"),
            "implementation.url",
        ),
        ("/profiles/1/name", json!("GATEWAY-TCP"), "profiles[1].name"),
        (
            "/profiles/1/name",
            json!("GATEWAY-HTTP"),
            "profiles[1].name",
        ),
        (
            "/profiles/1/core/result",
            json!("failure"),
            "profiles[1].core.result",
        ),
        (
            "/profiles/1/summary",
            json!("All is well."),
            "profiles[1].summary",
        ),
        (
            "/profiles/0/core/skippedTests",
            json!([]),
            "profiles[0].core.statistics.Skipped",
        ),
        (
            "/profiles/0/extended/failedTests",
            json!(["a", "b"]),
            "profiles[0].extended.statistics.Failed",
        ),
        (
            "/profiles/0/extended/unsupportedFeatures",
            json!(["HTTPRoutePathRedirect"]),
            "profiles[0].extended.unsupportedFeatures[0]",
        ),
        (
            "/profiles/0/extended/supportedFeatures",
            json!(["HTTPRouteCORS"]),
            "profiles[0].extended.supportedFeatures[0]",
        ),
        ("/profiles", json!([]), "profiles"),
        ("/profiles", json!(null), "profiles"),
        (
            "/profiles/1/core/statistics/Passed",
            json!(0),
            "profiles[1].core.statistics",
        ),
        (
            "/profiles/1/core/statistics/Passed",
            json!(0),
            "profiles[1].core.result",
        ),
    ];
    for (pointer, value, path) in cases {
        let mut report = written();
        *report.pointer_mut(pointer).unwrap() = value;
        let found = paths(&report);
        assert!(found.contains(&path.to_owned()), "{path}: {found:?}");
    }
}

fn test(name: &str, features: &[FeatureName], verdict: TestVerdict) -> CountedTest {
    CountedTest {
        name: name.to_owned(),
        features: features.to_vec(),
        verdict,
    }
}

#[test]
fn results_counts_and_summaries_follow_from_the_tests() {
    let http: Profile = "GATEWAY-HTTP".parse().unwrap();
    let core = [FeatureName::Gateway, FeatureName::HttpRoute];
    let grants = [FeatureName::HttpRoute, FeatureName::ReferenceGrant];
    let method = [FeatureName::HttpRoute, FeatureName::HttpRouteMethodMatching];
    let mirror = [FeatureName::HttpRoute, FeatureName::HttpRouteRequestMirror];
    let tests = [
        test("one", &core, TestVerdict::Passed),
        test("grant", &grants, TestVerdict::Passed),
        test("two", &core, TestVerdict::Skipped),
        test("three", &method, TestVerdict::Failed),
        test("four", &method, TestVerdict::Passed),
        test("five", &mirror, TestVerdict::NotSupported),
        test(
            "not of the profile",
            &[FeatureName::TlsRoute],
            TestVerdict::Failed,
        ),
    ];
    let supported = BTreeSet::from([FeatureName::HttpRouteMethodMatching]);
    let report = ProfileReport::of(http, Release::V1_1_0, &tests, &supported).unwrap();
    assert_eq!(report.core.result, ReportResult::Partial);
    assert_eq!(report.core.skipped_tests, ["two"]);
    assert_eq!(
        (
            report.core.statistics.passed,
            report.core.statistics.skipped
        ),
        (2, 1)
    );
    let extended = report.extended.as_ref().unwrap();
    assert_eq!(extended.result, ReportResult::Failure);
    assert_eq!(extended.failed_tests, ["three"]);
    assert_eq!(extended.supported_features, ["HTTPRouteMethodMatching"]);
    assert_eq!(extended.unsupported_features.len(), 16);
    assert_eq!(
        report.summary.as_deref(),
        Some(
            "Core tests partially succeeded with 1 test skips. Extended tests failed with 1 test failures."
        )
    );
    let report = ProfileReport::of(http, Release::V1_1_0, &tests[..2], &supported).unwrap();
    assert_eq!(report.summary.as_deref(), Some("Core tests succeeded."));
    assert_eq!(report.extended, None);
}

/// Core succeeds only where each core feature was asked for, and nothing of it was left out.
#[test]
fn a_profile_of_which_nothing_was_asked_does_not_read_as_success() {
    let http: Profile = "GATEWAY-HTTP".parse().unwrap();
    let core = [FeatureName::Gateway, FeatureName::HttpRoute];
    let grants = [FeatureName::HttpRoute, FeatureName::ReferenceGrant];
    let of = |tests: &[CountedTest]| {
        ProfileReport::of(http, Release::V1_1_0, tests, &BTreeSet::new())
            .map(|report| report.summary.unwrap())
            .map_err(|why| why.to_string())
    };
    let said = |text: &str| Err(text.to_owned());
    let missing = "GATEWAY-HTTP is left out: no test asks for `Gateway`, which is core to it";
    assert_eq!(of(&[]), said(missing));
    let missing =
        "GATEWAY-HTTP is left out: no test asks for `ReferenceGrant`, which is core to it";
    assert_eq!(
        of(&[test("one", &core, TestVerdict::Passed)]),
        said(missing)
    );
    for unrun in [TestVerdict::Skipped, TestVerdict::NotSupported] {
        assert_eq!(
            of(&[test("one", &core, unrun), test("two", &grants, unrun)]),
            said("GATEWAY-HTTP is left out: none of its tests was run")
        );
        assert_eq!(
            of(&[
                test("one", &core, TestVerdict::Passed),
                test("two", &grants, unrun)
            ]),
            Ok("Core tests partially succeeded with 1 test skips.".to_owned())
        );
    }
}

/// What a foreign subject does not support of the core of a profile is no success either, and neither is what a kit leaves out.
#[test]
fn results_without_core_features_do_not_read_as_success() {
    struct Without(SimulatorSubject, FeatureName);
    impl TestSubject for Without {
        fn name(&self) -> String {
            self.0.name()
        }
        fn supports(&self, feature: &FeatureName) -> bool {
            *feature != self.1 && self.0.supports(feature)
        }
        fn draws_as_told(&self) -> bool {
            true
        }
        fn configure(&mut self, setup: &Setup) -> Result<(), SubjectError> {
            self.0.configure(setup)
        }
        fn send(&mut self, ask: &Ask) -> Result<Observed, SubjectError> {
            self.0.send(ask)
        }
        fn statuses(&mut self) -> Vec<Value> {
            self.0.statuses()
        }
    }
    let http: Profile = "GATEWAY-HTTP".parse().unwrap();
    let mesh: Profile = "MESH-HTTP".parse().unwrap();
    let few = || {
        Kit::default().only(|scenario| {
            scenario.name().starts_with("route-") || scenario.name().starts_with("gateway-")
        })
    };
    let mut subject = Without(SimulatorSubject::default(), FeatureName::HttpRoute);
    let (reports, omitted) = few().run(&mut subject).profiles([http, mesh, http]);
    let results: Vec<_> = reports.iter().map(|one| &one.core.result).collect();
    assert_eq!(results, [&ReportResult::Partial]);
    assert!(reports[0].core.statistics.passed > 0);
    assert_eq!(omitted.len(), 1);
    assert_eq!(
        omitted[0].to_string(),
        "MESH-HTTP is left out: none of its tests was run"
    );
    let mut subject = SimulatorSubject::default();
    let one = Kit::default().only(|scenario| scenario.name() == "prefix-goes-by-elements");
    let (reports, omitted) = one
        .run(&mut subject)
        .profiles(Profile::of_release(Release::V1_1_0));
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].core.statistics.passed, 1);
    assert_eq!(reports[0].core.result, ReportResult::Partial);
    assert_eq!(omitted.len(), 4);
    // The standard channel has no TLSRoute, and no scenario asks for a TCPRoute.
    for (release, channel, profile, feature) in [
        (
            Release::V1_1_0,
            Channel::Standard,
            "GATEWAY-TLS",
            "TLSRoute",
        ),
        (
            Release::V1_7_0,
            Channel::Experimental,
            "GATEWAY-TCP",
            "TCPRoute",
        ),
    ] {
        let profile: Profile = profile.parse().unwrap();
        let kit = Kit::new(release, channel)
            .only(|scenario| scenario.name() == "gateway-says-its-generation");
        let (reports, omitted) = kit.run(&mut subject).profiles([profile]);
        assert_eq!(reports, []);
        assert!(omitted[0].to_string().contains(feature), "{omitted:?}");
    }
}
