//! `gwapi conformance`: reports of the simulator.

use crate::support::gwapi;
use gwapi::conformance::ConformanceReport;
use serde_json::Value;

fn said(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = gwapi(&[&["conformance"], arguments].concat(), "");
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn the_simulator_passes_and_the_report_adds_up() {
    let (code, stdout, stderr) = said(&["-o", "json"]);
    assert_eq!(code, Some(0), "{stderr}");
    let value: Value = serde_json::from_str(&stdout).unwrap();
    let report = ConformanceReport::of_json(&value).unwrap();
    assert_eq!(report.problems(), []);
    assert_eq!(report.gateway_api_version, "v1.1.0");
    assert_eq!(report.gateway_api_channel.as_deref(), Some("experimental"));
    let names: Vec<&str> = report
        .profiles
        .iter()
        .map(|profile| &*profile.name)
        .collect();
    let all = [
        "GATEWAY-GRPC",
        "GATEWAY-HTTP",
        "GATEWAY-TLS",
        "MESH-GRPC",
        "MESH-HTTP",
    ];
    assert_eq!(names, all);
    assert!(stderr.contains("of no profile"), "{stderr}");
    assert!(
        stderr.contains(
            "the same again: gwapi conformance --release v1.1.0 --channel experimental -o json\n"
        ),
        "{stderr}"
    );
    let (_, _, stderr) = said(&[
        "--only",
        "udp-reaches-its-backend,redirect-path",
        "-o",
        "yaml",
    ]);
    let again = " --only udp-reaches-its-backend,redirect-path -o yaml\n";
    assert!(stderr.ends_with(again), "{stderr}");
}

#[test]
fn what_is_not_claimed_is_left_out_and_named() {
    let (code, stdout, stderr) = said(&[
        "--profile",
        "GATEWAY-HTTP",
        "--features",
        "HTTPRouteMethodMatching",
        "-o",
        "json",
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    let value: Value = serde_json::from_str(&stdout).unwrap();
    let extended = &value["profiles"][0]["extended"];
    assert_eq!(
        extended["supportedFeatures"],
        serde_json::json!(["HTTPRouteMethodMatching"])
    );
    assert_eq!(
        extended["unsupportedFeatures"].as_array().unwrap().len(),
        16
    );
    assert!(
        stderr.contains("redirect-path is left out: HTTPRoutePathRedirect is not claimed"),
        "{stderr}"
    );
    assert_eq!(value["profiles"].as_array().unwrap().len(), 1);
}

#[test]
fn text_says_how_it_went_and_how_to_do_it_again() {
    let (code, stdout, _) = said(&["--only", "prefix-goes-by-elements,redirect-path"]);
    assert_eq!(code, Some(0));
    assert!(
        stdout.starts_with("2 scenarios of v1.1.0, experimental channel: 2 passed, 0 failed\n"),
        "{stdout}"
    );
    assert!(
        stdout.contains("GATEWAY-HTTP: Core tests partially succeeded with "),
        "{stdout}"
    );
    assert!(!stdout.contains(" succeeded."), "{stdout}");
    assert!(
        stdout.contains("\nGATEWAY-TLS is left out: none of its tests was run\n"),
        "{stdout}"
    );
    assert!(
        stdout.ends_with("--only prefix-goes-by-elements,redirect-path\n"),
        "{stdout}"
    );
}

/// No profile of which nothing was asked reads as success, and one that is named is an error.
#[test]
fn what_was_not_asked_is_no_success() {
    let (code, stdout, stderr) = said(&["--only", "prefix-goes-by-elements", "-o", "json"]);
    assert_eq!(code, Some(0), "{stderr}");
    let value: Value = serde_json::from_str(&stdout).unwrap();
    let report = ConformanceReport::of_json(&value).unwrap();
    assert_eq!(report.problems(), []);
    assert_eq!(report.profiles.len(), 1);
    assert_eq!(value["profiles"][0]["core"]["result"], "partial");
    assert!(
        stderr.contains("MESH-HTTP is left out: none of its tests was run"),
        "{stderr}"
    );
    for (arguments, expected) in [
        (
            ["--channel", "standard", "--profile", "GATEWAY-TLS"],
            "GATEWAY-TLS is left out: no test asks for `TLSRoute`",
        ),
        (
            ["--release", "v1.7.0", "--profile", "GATEWAY-TCP"],
            "GATEWAY-TCP is left out: no test asks for `TCPRoute`",
        ),
    ] {
        let (code, stdout, stderr) = said(&arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stdout.contains(expected), "{arguments:?}: {stdout}");
    }
    // Where nothing at all is left to run, whether for a profile or for a feature that is not claimed.
    for (arguments, expected) in [
        (
            ["--profile", "MESH-HTTP", "--only", "route-is-accepted"],
            "no scenario is left to run\n",
        ),
        (
            [
                "--features",
                "HTTPRouteMethodMatching",
                "--only",
                "redirect-path",
            ],
            "each needs a feature that is not claimed (HTTPRoutePathRedirect)\n",
        ),
    ] {
        let (code, stdout, stderr) = said(&arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.ends_with(expected), "{arguments:?}: {stderr}");
    }
    // The others are reported all the same.
    let two = [
        "--channel",
        "standard",
        "--profile",
        "GATEWAY-HTTP",
        "--profile",
        "GATEWAY-TLS",
    ];
    let (code, stdout, _) = said(&two);
    assert_eq!(code, Some(2));
    assert!(stdout.contains("GATEWAY-TLS is left out"), "{stdout}");
    assert!(
        stdout.lines().any(|line| line.starts_with("GATEWAY-HTTP")),
        "{stdout}"
    );
    let (code, stdout, stderr) = said(&["--only", "udp-reaches-its-backend", "-o", "yaml"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("no profile is left to report"), "{stderr}");
    let (code, stdout, stderr) = said(&["--channel", "standard", "-o", "json"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(!stdout.contains("GATEWAY-TLS"), "{stdout}");
    assert!(stderr.contains("GATEWAY-TLS is left out"), "{stderr}");
}

#[test]
fn a_profile_that_is_named_twice_is_reported_once() {
    let twice = [
        "--profile",
        "MESH-HTTP",
        "--profile",
        "MESH-HTTP",
        "-o",
        "json",
    ];
    let (code, stdout, stderr) = said(&twice);
    assert_eq!(code, Some(0), "{stderr}");
    let value: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(value["profiles"].as_array().unwrap().len(), 1);
    assert_eq!(stderr.matches("--profile").count(), 1, "{stderr}");
}

#[test]
fn names_that_are_none_are_refused_with_the_nearest() {
    for (arguments, expected) in [
        (
            ["--features", "HTTPRouteMethodMatchings"],
            "did you mean `HTTPRouteMethodMatching`?",
        ),
        (
            ["--only", "prefix-goes-by-element"],
            "did you mean `prefix-goes-by-elements`?",
        ),
        (["--profile", "HTTPS"], "is not a conformance profile"),
        (
            ["--profile", "GATEWAY-TCP"],
            "v1.1.0 has no profile GATEWAY-TCP",
        ),
        (["--release", "v1.1"], "is not a known release"),
    ] {
        let (code, _, stderr) = said(&arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_feature_that_the_release_or_the_simulator_has_not_cannot_be_claimed() {
    let (code, _, stderr) = said(&["--features", "HTTPRouteCORS"]);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("v1.1.0 has no feature `HTTPRouteCORS`"),
        "{stderr}"
    );
    let timeouts = "HTTPRouteRequestTimeout";
    let (code, _, stderr) = said(&["--channel", "standard", "--features", timeouts]);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains(
            "nothing asks for `HTTPRouteRequestTimeout`: the standard channel of v1.1.0 lacks what it needs"
        ),
        "{stderr}"
    );
    let (code, _, stderr) = said(&["--release", "v1.6.3", "--features", "HTTPRouteCORS"]);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("the simulator does not have the feature `HTTPRouteCORS`"),
        "{stderr}"
    );
}

/// What `--features` cannot mean is said: nothing is claimed in silence, or left unclaimed.
#[test]
fn claims_that_say_nothing_are_told() {
    for (arguments, expected) in [
        (
            vec!["--features", ""],
            "no feature is named: `none` claims core alone",
        ),
        (
            vec!["--features", "none,HTTPRouteMethodMatching"],
            "`none` cannot be combined with features",
        ),
        (
            vec![
                "--profile",
                "GATEWAY-GRPC",
                "--profile",
                "GATEWAY-TLS",
                "--features",
                "HTTPRouteMethodMatching",
            ],
            "none of these profiles has the feature `HTTPRouteMethodMatching`: GATEWAY-GRPC, GATEWAY-TLS",
        ),
        (
            vec!["--profile", "GATEWAY-HTTP", "--features", "Mesh"],
            "none of these profiles has the feature `Mesh`: GATEWAY-HTTP",
        ),
    ] {
        let (code, stdout, stderr) = said(&arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
    let core = ["--only", "prefix-goes-by-elements", "--features", "Gateway"];
    let (code, stdout, stderr) = said(&core);
    assert_eq!(code, Some(0), "{stderr}");
    let expected = "\n`Gateway` is core: it is claimed in any case\n";
    assert!(stdout.contains(expected), "{stdout}");
}

#[test]
fn none_claims_core_alone() {
    let (code, stdout, stderr) = said(&[
        "--profile",
        "GATEWAY-HTTP",
        "--features",
        "none",
        "-o",
        "json",
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    let value: Value = serde_json::from_str(&stdout).unwrap();
    let profile = &value["profiles"][0];
    assert_eq!(profile["core"]["result"], "success");
    assert_eq!(profile["extended"], Value::Null);
    assert!(stderr.contains(" --features none"), "{stderr}");
}

/// What is claimed and no scenario asks is no feature of a report.
#[test]
fn what_no_scenario_asks_is_not_reported() {
    let (code, stdout, stderr) = said(&[
        "--release",
        "v1.2.1",
        "--profile",
        "MESH-HTTP",
        "-o",
        "json",
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    let value: Value = serde_json::from_str(&stdout).unwrap();
    let extended = &value["profiles"][0]["extended"];
    for list in ["supportedFeatures", "unsupportedFeatures"] {
        let names = extended[list].as_array().into_iter().flatten();
        let mut names = names.map(|name| name.as_str().unwrap());
        assert!(
            names.all(|name| name != "HTTPRouteBackendProtocolH2C"),
            "{list}"
        );
    }
    let expected = "MESH-HTTP: no scenario asks for HTTPRouteBackendProtocolH2C, \
                    HTTPRouteBackendProtocolWebSocket, HTTPRouteDestinationPortMatching, \
                    which the report does not name\n";
    assert!(stderr.contains(expected), "{stderr}");
    let (_, _, stderr) = said(&["-o", "json"]);
    assert!(!stderr.contains("no scenario asks for"), "{stderr}");
}

/// What later releases call by names of their own is claimed, and asked, by these.
#[test]
fn a_feature_of_a_later_release_is_claimed_by_its_name() {
    let of = [
        "--release",
        "v1.6.3",
        "--profile",
        "MESH-HTTP",
        "-o",
        "json",
    ];
    let (code, stdout, stderr) = said(&of);
    assert_eq!(code, Some(0), "{stderr}");
    let value: Value = serde_json::from_str(&stdout).unwrap();
    let extended = &value["profiles"][0]["extended"];
    let supported = [
        "MeshClusterIPMatching",
        "MeshHTTPRouteBackendRequestHeaderModification",
        "MeshHTTPRouteQueryParamMatching",
        "MeshHTTPRouteRedirectPath",
        "MeshHTTPRouteRedirectPort",
        "MeshHTTPRouteRewritePath",
        "MeshHTTPRouteSchemeRedirect",
    ];
    assert_eq!(extended["supportedFeatures"], serde_json::json!(supported));
    assert_eq!(extended["unsupportedFeatures"], Value::Null);
    assert_eq!(extended["result"], "success");
    let unasked = "MESH-HTTP: no scenario asks for MeshConsumerRoute, MeshHTTPRouteNamedRouteRule, \
                   which the report does not name\n";
    assert!(stderr.contains(unasked), "{stderr}");
    let one = [
        &of[..],
        &["--features", "MeshHTTPRouteRewritePath"],
        &["--only", "mesh-rewrite-path,mesh-redirect-path"],
    ];
    let (code, stdout, stderr) = said(&one.concat());
    assert_eq!(code, Some(0), "{stderr}");
    let value: Value = serde_json::from_str(&stdout).unwrap();
    let extended = &value["profiles"][0]["extended"];
    assert_eq!(extended["statistics"]["Passed"], 1);
    assert_eq!(
        extended["supportedFeatures"],
        serde_json::json!(supported[5..6])
    );
    assert!(
        stderr.contains("mesh-redirect-path is left out: MeshHTTPRouteRedirectPath is not claimed"),
        "{stderr}"
    );
}

#[test]
fn a_later_release_has_its_own_profiles_and_features() {
    let (code, stdout, stderr) = said(&[
        "--release",
        "v1.6.3",
        "--profile",
        "GATEWAY-HTTP",
        "-o",
        "json",
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    let value: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(value["gatewayAPIVersion"], "v1.6.3");
    let unsupported = value["profiles"][0]["extended"]["unsupportedFeatures"]
        .as_array()
        .unwrap();
    assert!(
        unsupported.contains(&"HTTPRouteCORS".into()),
        "{unsupported:?}"
    );
}
