//! What was so before the upgrade is not its doing: a note, and nothing to correct.

use super::{
    release_tests::{
        EXPERIMENTAL, EXPERIMENTS, GROUP, STANDARD, crd, gateway, object, only, upgrade, weighty,
    },
    *,
};
use serde_json::json;

/// What both releases say of an object is no matter of the upgrade.
#[test]
fn what_a_version_refuses_before_and_after_the_upgrade_is_a_note() {
    let tcp = json!({"rules": [{"backendRefs": [{"name": "a", "port": 1}]}, {"backendRefs": [{"name": "a", "port": 1}]}]});
    let tls =
        json!({"hostnames": ["10.0.0.1"], "rules": [{"backendRefs": [{"name": "a", "port": 1}]}]});
    let objects = [
        object(&format!("{GROUP}/v1alpha2"), "TCPRoute", tcp),
        object(&format!("{GROUP}/v1alpha2"), "TLSRoute", tls),
    ];
    let report = upgrade(&objects, Release::V1_6_0, Release::V1_6_1, EXPERIMENTAL);
    assert_eq!(weighty(&report), [], "{report:#?}");
    let notes = report
        .findings
        .iter()
        .filter(|f| f.rule == "version-refuses");
    let notes: Vec<_> = notes.map(|f| f.path.as_str()).collect();
    assert_eq!(notes, ["spec.rules", "spec.hostnames"], "{report:#?}");
    // Before v1.6.0 nothing was stored as `v1`, so there it is the upgrade that brings it.
    let report = upgrade(
        &objects[..1],
        Release::V1_4_0,
        Release::V1_6_1,
        EXPERIMENTAL,
    );
    assert_eq!(
        weighty(&report),
        [("cannot-be-converted", "spec.rules")],
        "{report:#?}"
    );
    let report = upgrade(
        &objects[1..],
        Release::V1_4_0,
        Release::V1_6_1,
        EXPERIMENTAL,
    );
    assert_eq!(
        weighty(&report),
        [("tightened", "spec.hostnames")],
        "{report:#?}"
    );
}

/// What one release demands of a value, another one may say of the list with the value.
#[test]
fn what_was_refused_below_in_other_words_is_a_note() {
    let spec = |address: Value| {
        let listener = json!({"name": "l", "port": 80, "protocol": "HTTP"});
        let spec =
            json!({"gatewayClassName": "x", "addresses": [address], "listeners": [listener]});
        object(&format!("{GROUP}/v1"), "Gateway", spec)
    };
    for (address, impact) in [
        (json!({"type": "IPAddress"}), Impact::Note),
        (
            json!({"type": "IPAddress", "value": "192.0.2.1"}),
            Impact::Breaks,
        ),
    ] {
        let report = upgrade(&[spec(address)], Release::V1_2_1, Release::V1_3_0, STANDARD);
        let found = report
            .findings
            .iter()
            .filter(|it| it.path == "spec.addresses");
        let found: Vec<_> = found.map(|it| (it.impact, it.message.as_str())).collect();
        match impact {
            Impact::Note => {
                assert_eq!(found.len(), 1, "{report:#?}");
                assert_eq!(found[0].0, Impact::Note);
                assert!(found[0].1.contains("as v1.2.1 does"), "{found:?}");
            }
            _ => assert!(found.is_empty(), "{found:?}"),
        }
    }
}

#[test]
fn a_reference_to_a_kind_that_was_gone_before_is_a_note() {
    let grant = json!({
        "from": [{"group": EXPERIMENTS, "kind": "XListenerSet", "namespace": "b"}],
        "to": [{"group": "", "kind": "Secret"}],
    });
    let grant = object(&format!("{GROUP}/v1"), "ReferenceGrant", grant);
    let report = upgrade(&[grant], Release::V1_6_0, Release::V1_6_1, EXPERIMENTAL);
    assert_eq!(weighty(&report), [], "{report:#?}");
    assert_eq!(
        only(&report, "reference-to-replaced-kind").path,
        "spec.from[0].kind"
    );
}

/// With the CRDs in the input and without them: before and after are asked the same.
#[test]
fn what_the_installed_release_and_channel_refuse_or_lack_as_well_is_a_note() {
    let backends = json!([{"name": "a", "port": 1}]);
    let route = |rule: Value| {
        let mut rule = rule;
        rule["backendRefs"] = backends.clone();
        object(
            &format!("{GROUP}/v1"),
            "HTTPRoute",
            json!({"rules": [rule]}),
        )
    };
    let header = json!({"matches": [{"headers": [{"name": "a", "value": "x  y"}]}]});
    let auth = json!({"filters": [{"type": "ExternalAuth", "externalAuth": {"protocol": "GRPC", "backendRef": {"name": "a", "port": 1}}}]});
    let mirror = json!({"filters": [{"type": "RequestMirror", "requestMirror": {
        "backendRef": {"name": "a", "port": 1}, "percent": 1, "fraction": {"numerator": 1}}}]});
    let nine: serde_json::Map<String, Value> =
        (0..9).map(|i| (format!("a{i}"), json!("b"))).collect();
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let mut named = route(json!({"name": "first"}));
    let default_gateways = {
        let mut route = route(json!({}));
        route["spec"]["useDefaultGateways"] = json!("All");
        route
    };
    named["spec"]["rules"][0]["name"] = json!("first");
    let backend = object(
        &format!("{EXPERIMENTS}/v1alpha1"),
        "XBackend",
        json!({"type": "ExternalHostname", "endpointSelector": {}}),
    );
    let infrastructure = json!({"infrastructure": {"annotations": nine}});
    for (object, from, to, channel, rule) in [
        (
            route(header),
            Release::V1_6_1,
            Release::V1_6_3,
            EXPERIMENTAL,
            "invalid",
        ),
        (
            route(auth),
            Release::V1_6_1,
            Release::V1_6_3,
            STANDARD,
            "unknown-before",
        ),
        (
            gateway(web, infrastructure),
            Release::V1_1_0,
            Release::V1_1_1,
            EXPERIMENTAL,
            "invalid",
        ),
        (
            route(mirror),
            Release::V1_2_0,
            Release::V1_2_1,
            EXPERIMENTAL,
            "invalid",
        ),
        (
            default_gateways.clone(),
            Release::V1_1_0,
            Release::V1_2_1,
            EXPERIMENTAL,
            "unknown-before",
        ),
        (
            default_gateways,
            Release::V1_6_1,
            Release::V1_6_3,
            STANDARD,
            "unknown-before",
        ),
        (
            named,
            Release::V1_1_0,
            Release::V1_2_1,
            STANDARD,
            "unknown-before",
        ),
        (
            backend,
            Release::V1_6_1,
            Release::V1_6_3,
            EXPERIMENTAL,
            "unknown-before",
        ),
    ] {
        let kind = object["kind"].as_str().unwrap();
        let installed = crd(
            kind,
            from,
            channel,
            &[object["apiVersion"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()],
        );
        let report = check([&installed, &object], UpgradeOptions::to(to, channel));
        assert_eq!(weighty(&report), [], "{kind} {from} {to}: {report:#?}");
        assert!(
            report.findings.iter().any(|f| f.rule == rule),
            "{rule}: {report:#?}"
        );
        assert!(
            !report
                .steps
                .iter()
                .any(|step| step.title.contains("Decide") || step.title.contains("Correct")),
            "{report:#?}"
        );
    }
    // Where no CRD tells the channel, it is the one that takes the object.
    let auth = json!({"filters": [{"type": "ExternalAuth", "externalAuth": {"protocol": "GRPC", "grpc": {}, "backendRef": {"name": "a", "port": 1}}}]});
    let report = upgrade(&[route(auth)], Release::V1_6_1, Release::V1_6_3, STANDARD);
    assert!(
        weighty(&report).contains(&(
            "experimental-field",
            "spec.rules[0].filters[0].externalAuth"
        )),
        "{report:#?}"
    );
}

#[test]
fn a_version_or_kind_that_was_gone_before_is_a_note() {
    let validation = json!({"hostname": "a.b", "wellKnownCACerts": "System"});
    let target = json!({"group": "", "kind": "Service", "name": "a"});
    let policy = object(
        &format!("{GROUP}/v1alpha2"),
        "BackendTLSPolicy",
        json!({"targetRef": target, "tls": validation}),
    );
    let set = object(
        &format!("{EXPERIMENTS}/v1alpha1"),
        "XListenerSet",
        json!({"parentRef": {"name": "gw"}, "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]}),
    );
    for (object, rule) in [(policy, "version-removed"), (set, "kind-replaced")] {
        let report = upgrade(
            std::slice::from_ref(&object),
            Release::V1_6_1,
            Release::V1_6_3,
            EXPERIMENTAL,
        );
        assert_eq!(only(&report, rule).impact, Impact::Note, "{report:#?}");
        assert_eq!(weighty(&report), [], "{report:#?}");
        let report = upgrade(&[object], Release::V1_0_0, Release::V1_6_3, EXPERIMENTAL);
        assert!(
            report.findings.iter().any(|f| f.rule == rule),
            "{report:#?}"
        );
    }
}

/// What a release refuses at a field is no word for that it does not have the field.
#[test]
fn a_field_that_is_refused_before_the_upgrade_is_not_said_to_be_unknown() {
    let backend = |port: Value| {
        object(
            &format!("{EXPERIMENTS}/v1alpha1"),
            "XBackend",
            json!({"type": "ExternalHostname", "port": port, "externalHostname": {"hostname": "a.example"}}),
        )
    };
    for (port, path, said) in [
        (
            json!({"number": 80, "name": "http"}),
            "spec.port.name",
            "v1.7.0 does not have the field, and the experimental channel of v1.6.1 refuses what is there",
        ),
        (
            json!({"number": 80, "nothing": 1}),
            "spec.port.nothing",
            "v1.7.0 does not have the field, and neither does the experimental channel of v1.6.1",
        ),
    ] {
        let report = upgrade(
            &[backend(port)],
            Release::V1_6_1,
            Release::V1_7_0,
            EXPERIMENTAL,
        );
        let finding = only(&report, "unknown-before");
        assert_eq!(
            (finding.path.as_str(), finding.message.as_str()),
            (path, said)
        );
    }
}
