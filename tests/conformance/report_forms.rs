//! Reports: read and written as they were, refused by field, checked, and derived from tests.

use gwapi::{
    conformance::{
        ConformanceReport, CountedTest, Profile, ProfileReport, ReportResult, TestVerdict,
    },
    meta::{FeatureName, Release},
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
        let around = report.pointer_mut(around).unwrap().as_object_mut().unwrap();
        around.remove(field).unwrap();
        let error = ConformanceReport::of_json(&report).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
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
    let method = [FeatureName::HttpRoute, FeatureName::HttpRouteMethodMatching];
    let mirror = [FeatureName::HttpRoute, FeatureName::HttpRouteRequestMirror];
    let tests = [
        test("one", &core, TestVerdict::Passed),
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
    let report = ProfileReport::of(http, Release::V1_1_0, &tests, &supported);
    assert_eq!(report.core.result, ReportResult::Partial);
    assert_eq!(report.core.skipped_tests, ["two"]);
    assert_eq!(
        (
            report.core.statistics.passed,
            report.core.statistics.skipped
        ),
        (1, 1)
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
    let report = ProfileReport::of(http, Release::V1_1_0, &tests[..1], &supported);
    assert_eq!(report.summary.as_deref(), Some("Core tests succeeded."));
    assert_eq!(report.extended, None);
}
