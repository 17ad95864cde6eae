//! Statuses of which a release demands more than the one before, and references to what was or was not there before.

use super::{
    release_tests::{
        EXPERIMENTAL, EXPERIMENTS, GROUP, STANDARD, crd, in_order, object, only, upgrade, weighty,
    },
    *,
};
use serde_json::json;

fn route(status: Value) -> Value {
    let spec = json!({"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]});
    let mut route = object(&format!("{GROUP}/v1"), "HTTPRoute", spec);
    route["status"] = status;
    route
}

/// A status as a controller writes it, with or without the conditions that v1.4.0 demands.
fn parents(conditions: bool) -> Value {
    let mut parent = json!({"parentRef": {"name": "g"}, "controllerName": "a.b/c"});
    if conditions {
        parent["conditions"] = json!([{
            "type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
            "lastTransitionTime": "2024-01-01T00:00:00Z",
        }]);
    }
    json!({"parents": [parent]})
}

#[test]
fn a_stored_status_that_the_release_refuses_is_named_with_who_has_to_write_it() {
    let routes = crd("HTTPRoute", Release::V1_3_0, STANDARD, &["v1"]);
    let to = |release| UpgradeOptions::to(release, STANDARD);
    let report = check([&routes, &route(parents(false))], to(Release::V1_4_0));
    assert_eq!(
        weighty(&report),
        [("status-refused", "status.parents[0].conditions")],
        "{report:#?}"
    );
    let finding = only(&report, "status-refused");
    assert_eq!(finding.impact, Impact::Breaks);
    assert!(
        finding
            .message
            .contains("refuses each write of a status like this one, which v1.3.0 accepts"),
        "{finding:?}"
    );
    in_order(
        &report,
        &[
            "statuses that the new CRDs refuse, before the upgrade where the installed CRDs take what they write then: until then \
             writes of these statuses are refused: HTTPRoute b/a",
            "Install",
            "Bring every controller to a version for v1.4.0",
        ],
    );
    let note = only(&report, "status-changed");
    assert_eq!(note.impact, Impact::Note);
    assert!(
        note.message
            .starts_with("`status.parents[].conditions` of HTTPRoute has to be there in v1.4.0"),
        "{note:?}"
    );
    // With the conditions there, to a release that does not ask for them, and where both refuse it, nothing breaks.
    let mut odd = parents(true);
    odd["parents"][0]["controllerName"] = "odd".into();
    for (status, release) in [
        (parents(true), Release::V1_4_0),
        (parents(false), Release::V1_3_0),
        (Value::Null, Release::V1_4_0),
        (odd, Release::V1_4_0),
    ] {
        let report = check([&routes, &route(status)], to(release));
        assert_eq!(weighty(&report), [], "{report:#?}");
    }
    // What the release before does not have it has not stored, either.
    let mut class = object(
        &format!("{GROUP}/v1"),
        "GatewayClass",
        json!({"controllerName": "a.b/c"}),
    );
    class["status"] = json!({"supportedFeatures": ["Gateway"]});
    for (from, to, channel, weighs) in [
        (Release::V1_3_0, Release::V1_4_0, STANDARD, false),
        (Release::V1_1_1, Release::V1_2_0, EXPERIMENTAL, true),
    ] {
        let report = upgrade(std::slice::from_ref(&class), from, to, channel);
        let finding = only(&report, "status-refused");
        assert_eq!(finding.impact != Impact::Note, weighs, "{finding:?}");
    }
    // Without CRDs, and in a version that is stored as another one.
    let mut policy = object(
        &format!("{GROUP}/v1alpha3"),
        "BackendTLSPolicy",
        json!({
            "targetRefs": [{"group": "", "kind": "Service", "name": "s"}],
            "validation": {"hostname": "a.b", "wellKnownCACertificates": "System"},
        }),
    );
    policy["status"] =
        json!({"ancestors": [{"ancestorRef": {"name": "g"}, "controllerName": "a.b/c"}]});
    let report = upgrade(&[policy], Release::V1_3_0, Release::V1_4_0, EXPERIMENTAL);
    assert!(
        weighty(&report).contains(&("status-refused", "status.ancestors[0].conditions")),
        "{report:#?}"
    );
}

/// The releases before that are known, newest first.
fn before(release: Release) -> Release {
    let mut newest_first = Release::ALL.iter().rev().copied();
    newest_first.find(|before| *before < release).unwrap()
}

/// Each place at which a status tightens, as the facts about the releases have it.
#[test]
fn whatever_tightens_in_a_status_is_named_at_the_crd() {
    let rows = include_str!("../../../tests/fixtures/releases/tightenings.tsv");
    let mut seen = 0;
    for row in rows.lines() {
        let columns: Vec<_> = row.split('\t').collect();
        let [release, channel, kind, _, path] = columns[..] else {
            continue;
        };
        if !path.starts_with("status") {
            continue;
        }
        let (release, channel): (Release, Channel) =
            (release.parse().unwrap(), channel.parse().unwrap());
        // The values that v1.0.0 lists for this field are allowed in v1.1.0, as all others are.
        let is_loosened = (release, path) == (Release::V1_1_0, "status.supportedFeatures[]");
        seen += 1;
        let from = before(release);
        let stored = schema::versions_of(kind, from, channel)
            .find(|(_, installation)| installation.stored)
            .unwrap();
        let installed = crd(kind, from, channel, &[stored.0.version]);
        let report = check([&installed], UpgradeOptions::to(release, channel));
        let named = |f: &UpgradeFinding| {
            f.rule.starts_with("status-") && f.message.contains(&format!("`{path}"))
        };
        let is_named = report.findings.iter().any(named);
        assert_eq!(is_named, !is_loosened, "{row}: {report:#?}");
    }
    assert!(seen >= 12, "{seen}");
}

fn grant(kind: &str) -> Value {
    let from = |kind: &str| json!({"group": GROUP, "kind": kind, "namespace": "a"});
    let spec =
        json!({"from": [from("HTTPRoute"), from(kind)], "to": [{"group": "", "kind": "Service"}]});
    object(&format!("{GROUP}/v1beta1"), "ReferenceGrant", spec)
}

fn all(release: Release, channel: Channel) -> Vec<Value> {
    let all = crate::crd::definitions(release, channel);
    all.iter()
        .map(|crd| serde_json::to_value(crd).unwrap())
        .collect()
}

/// An upgrade that changes nothing breaks nothing, and a CRD that the release lacks stays where it is.
#[test]
fn a_reference_that_leads_where_it_led_before_is_a_note() {
    let kinds = |kind: &str| {
        let listener = json!({"name": "w", "port": 80, "protocol": "TLS", "allowedRoutes": {"kinds": [{"kind": kind}]}});
        object(
            &format!("{GROUP}/v1"),
            "Gateway",
            json!({"gatewayClassName": "c", "listeners": [listener]}),
        )
    };
    let rule = "reference-to-absent-kind";
    for (installed, to, words) in [
        (
            (Release::V1_2_0, STANDARD),
            Release::V1_2_1,
            "neither has the standard channel of v1.2.0",
        ),
        (
            (Release::V1_2_0, STANDARD),
            Release::V1_3_0,
            "leads to nothing, as before",
        ),
        (
            (Release::V1_2_0, EXPERIMENTAL),
            Release::V1_3_0,
            "its CRD stays as it is now, and the reference leads where it led",
        ),
    ] {
        for object in [grant("TLSRoute"), kinds("TLSRoute")] {
            let mut input = all(installed.0, installed.1);
            input.push(object);
            let report = check(&input, UpgradeOptions::to(to, STANDARD));
            assert_eq!(weighty(&report), [], "{report:#?}");
            let note = only(&report, rule);
            assert!(note.message.contains(words), "{note:?}");
        }
    }
    // The same by the release that is said to be installed.
    for from in [Release::V1_2_0, Release::V1_2_1] {
        let report = upgrade(&[grant("TLSRoute")], from, Release::V1_2_1, STANDARD);
        assert_eq!(weighty(&report), [], "{report:#?}");
        only(&report, rule);
    }
    // Of a kind that has ended, too.
    let set = object(
        &format!("{GROUP}/v1"),
        "HTTPRoute",
        json!({"parentRefs": [{"group": EXPERIMENTS, "kind": "XListenerSet", "name": "a"}]}),
    );
    let mut input = all(Release::V1_4_0, STANDARD);
    input.push(set);
    let report = check(&input, UpgradeOptions::to(Release::V1_5_0, STANDARD));
    assert_eq!(weighty(&report), [], "{report:#?}");
    assert!(
        only(&report, "reference-to-replaced-kind")
            .message
            .ends_with("as in the standard channel of v1.4.0"),
    );
}
