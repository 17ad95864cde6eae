//! From release to release: forms that change, limits, kinds, statuses, the admission policy, and the order of what to do.

use super::*;
use crate::crd::{SAFE_UPGRADES, definitions};
use serde_json::json;

pub(super) const GROUP: &str = "gateway.networking.k8s.io";
pub(super) const EXPERIMENTS: &str = "gateway.networking.x-k8s.io";

pub(super) fn upgrade(
    installed: &[Value],
    from: Release,
    to: Release,
    channel: Channel,
) -> UpgradeReport {
    check(installed, UpgradeOptions::to(to, channel).from(from))
}

/// The CRD of a kind as a release and channel install it, with the versions in which objects are stored.
pub(super) fn crd(kind: &str, release: Release, channel: Channel, stored: &[&str]) -> Value {
    let all = definitions(release, channel);
    let crd = all.iter().find(|crd| crd.spec.names.kind == kind).unwrap();
    let mut crd = serde_json::to_value(crd).unwrap();
    crd["status"]["storedVersions"] = json!(stored);
    crd
}

pub(super) fn object(api_version: &str, kind: &str, spec: Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "b"}, "spec": spec})
}

pub(super) fn gateway(listener: Value, more: Value) -> Value {
    let mut spec = json!({"gatewayClassName": "c", "listeners": [listener]});
    for (name, value) in more.as_object().unwrap() {
        spec[name] = value.clone();
    }
    object(&format!("{GROUP}/v1"), "Gateway", spec)
}

/// All findings that are no notes, as rule and path.
pub(super) fn weighty(report: &UpgradeReport) -> Vec<(&str, &str)> {
    let weighs = |f: &&UpgradeFinding| f.impact != Impact::Note;
    let findings = report.findings.iter().filter(weighs);
    findings.map(|f| (f.rule, f.path.as_str())).collect()
}

pub(super) fn only<'r>(report: &'r UpgradeReport, rule: &str) -> &'r UpgradeFinding {
    let found: Vec<_> = report.findings.iter().filter(|f| f.rule == rule).collect();
    assert_eq!(found.len(), 1, "{rule}: {:#?}", report.findings);
    found[0]
}

/// Asserts that what holds these parts is done in this order.
pub(super) fn in_order(report: &UpgradeReport, parts: &[&str]) {
    let steps: Vec<String> = report
        .steps
        .iter()
        .map(|step| format!("{}\n{}", step.title, step.commands.join("\n")))
        .collect();
    let mut from = 0;
    for part in parts {
        let at = steps.iter().skip(from).position(|step| step.contains(part));
        from += at.unwrap_or_else(|| panic!("{part} after {from} in {steps:#?}"));
    }
}

pub(super) const EXPERIMENTAL: Channel = Channel::Experimental;
pub(super) const STANDARD: Channel = Channel::Standard;

#[test]
fn a_setting_that_has_another_form_is_named_once_with_the_command_that_writes_it() {
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let route = |spec| object(&format!("{GROUP}/v1"), "HTTPRoute", spec);
    let form = "form-changed";
    for (object, from, to, rule, path) in [
        (
            gateway(
                web,
                json!({"backendTLS": {"clientCertificateRef": {"name": "d"}}}),
            ),
            Release::V1_3_0,
            Release::V1_4_0,
            form,
            "spec.backendTLS",
        ),
        (
            gateway(
                json!({"name": "web", "port": 443, "protocol": "HTTPS", "tls": {
                    "certificateRefs": [{"name": "d"}],
                    "frontendValidation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "e"}]},
                }}),
                json!({}),
            ),
            Release::V1_1_0,
            Release::V1_7_0,
            form,
            "spec.listeners[0].tls.frontendValidation",
        ),
        (
            route(
                json!({"rules": [{"sessionPersistence": {"cookieConfig": {"lifetimeType": "Session"}}}]}),
            ),
            Release::V1_6_3,
            Release::V1_7_0,
            form,
            "spec.rules[0].sessionPersistence.cookieConfig",
        ),
        (
            route(
                json!({"parentRefs": [{"group": EXPERIMENTS, "kind": "XListenerSet", "name": "a"}]}),
            ),
            Release::V1_4_1,
            Release::V1_5_0,
            "reference-to-replaced-kind",
            "spec.parentRefs[0].kind",
        ),
    ] {
        let report = upgrade(&[object], from, to, EXPERIMENTAL);
        assert_eq!(weighty(&report), [(rule, path)], "{report:#?}");
        let help = &only(&report, rule).help;
        let command = format!("`gwapi convert -f FILE --release {to} --channel experimental` does");
        assert!(help.ends_with(&command), "{help}");
        // What only refers to another kind waits for that.
        in_order(
            &report,
            match rule == form {
                true => &[
                    "Convert the objects to the forms",
                    "Install the experimental channel",
                    "Apply the objects in their new forms",
                ],
                false => &[
                    "Install the experimental channel",
                    "Apply the objects that refer to what has another kind",
                    "gateway-api-new-references.yaml",
                ],
            },
        );
        // From the release itself there is nothing to do.
        assert_eq!(report.from, Some(from));
    }
}

#[test]
fn an_object_that_is_stored_in_a_later_version_stays_when_its_own_version_goes() {
    let call = json!({"rules": [{"backendRefs": [{"name": "a", "port": 1}]}]});
    let route = object(&format!("{GROUP}/v1alpha2"), "GRPCRoute", call);
    let removed = |from| {
        let report = upgrade(
            std::slice::from_ref(&route),
            from,
            Release::V1_2_1,
            EXPERIMENTAL,
        );
        only(&report, "version-removed").message.clone()
    };
    let stays = removed(Release::V1_1_0);
    assert!(
        stays.ends_with("what is stored can be read as `v1`"),
        "{stays}"
    );
    let anew = removed(Release::V1_0_0);
    assert!(anew.ends_with("must be created anew as `v1`"), "{anew}");
}

#[test]
fn a_session_that_says_nothing_must_say_that_it_is_a_cookie() {
    let route = object(
        &format!("{GROUP}/v1"),
        "HTTPRoute",
        json!({"rules": [{"sessionPersistence": {"absoluteTimeout": "1h"}}]}),
    );
    let report = upgrade(&[route], Release::V1_6_0, Release::V1_7_0, EXPERIMENTAL);
    assert_eq!(
        weighty(&report),
        [("form-changed", "spec.rules[0].sessionPersistence")]
    );
}

#[test]
fn a_field_that_ended_without_another_form_says_when_and_is_nothing_to_convert() {
    let route = object(
        &format!("{GROUP}/v1"),
        "HTTPRoute",
        json!({"rules": [{"sessionPersistence": {"idleTimeout": "1h", "sessionName": "s"}}]}),
    );
    let report = upgrade(
        std::slice::from_ref(&route),
        Release::V1_5_1,
        Release::V1_6_0,
        EXPERIMENTAL,
    );
    assert_eq!(
        weighty(&report),
        [("field-gone", "spec.rules[0].sessionPersistence.idleTimeout")]
    );
    assert!(
        only(&report, "field-gone")
            .help
            .contains("gone since v1.6.0")
    );
    in_order(
        &report,
        &[
            "Decide on the fields that the release does not have",
            "Install",
        ],
    );
    // A field of a later release is never one to remove.
    let named = object(
        &format!("{GROUP}/v1"),
        "HTTPRoute",
        json!({"rules": [{"name": "first"}]}),
    );
    let report = check([&named], UpgradeOptions::to(Release::V1_1_0, EXPERIMENTAL));
    let help = &only(&report, "later-release-field").help;
    assert!(
        help.contains("since v1.2.0") && !help.contains("remove"),
        "{help}"
    );
    // And no plan leads down.
    assert_eq!(report.steps.len(), 1, "{report:#?}");
    let step = &report.steps[0];
    assert!(
        step.title
            .contains("stay with that release if it is installed")
            && step.title.ends_with(": HTTPRoute b/a"),
        "{step:?}"
    );
    assert!(step.commands.is_empty(), "{step:?}");
}

#[test]
fn a_limit_that_tightens_is_told_from_what_was_refused_before() {
    let listener = json!({"name": "web", "port": 443, "protocol": "TLS"});
    let tls = || gateway(listener.clone(), json!({}));
    let report = upgrade(&[tls()], Release::V1_4_1, Release::V1_5_0, STANDARD);
    let finding = only(&report, "tightened");
    assert_eq!(finding.impact, Impact::Breaks);
    assert!(
        finding
            .message
            .contains("refuses every change to the object, which v1.4.1 accepts; an API server that ratchets validation (by default since Kubernetes 1.30) lets it pass"),
        "{finding:?}"
    );
    in_order(
        &report,
        &[
            "Correct the objects that the release before accepts",
            "Install",
        ],
    );
    let mut bad = tls();
    bad["spec"]["listeners"][0]["port"] = json!(0);
    bad["spec"]["listeners"][0]["protocol"] = "HTTP".into();
    let report = upgrade(&[bad], Release::V1_4_1, Release::V1_5_0, STANDARD);
    // The upgrade changes nothing for it.
    assert_eq!(weighty(&report), []);
    let finding = only(&report, "invalid");
    assert_eq!(finding.path, "spec.listeners[0].port");
    assert!(
        finding.message.contains(", as v1.4.1 does; an API server"),
        "{finding:?}"
    );
}

#[test]
fn a_kind_that_another_has_replaced_is_converted_and_its_crd_deleted_last() {
    let set = object(
        &format!("{EXPERIMENTS}/v1alpha1"),
        "XListenerSet",
        json!({"parentRef": {"name": "gw"}, "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]}),
    );
    let sets = crd("XListenerSet", Release::V1_4_1, EXPERIMENTAL, &["v1alpha1"]);
    for channel in Channel::ALL {
        let report = check([&sets, &set], UpgradeOptions::to(Release::V1_5_0, channel));
        assert_eq!(report.from, Some(Release::V1_4_1));
        assert_eq!(weighty(&report), [("kind-replaced", "kind")]);
        assert!(
            only(&report, "kind-not-in-channel")
                .message
                .contains("ListenerSet has replaced it")
        );
        in_order(
            &report,
            &[
                "kubectl get xlistenersets.gateway.networking.x-k8s.io",
                "kubectl get xlistenersets.gateway.networking.x-k8s.io -A -o yaml > gateway-api-old-forms.yaml",
                "gwapi convert -f gateway-api-old-forms.yaml --only-converted --release v1.5.0",
                "-install.yaml",
                "kubectl apply -f gateway-api-new-forms.yaml",
                "Bring every controller to a version for v1.5.0",
                "When each XListenerSet has been created as a ListenerSet, everything that referred to an XListenerSet refers to \
                 a ListenerSet, and every controller uses that, delete the CRD of XListenerSet",
                "kubectl delete crd xlistenersets.gateway.networking.x-k8s.io",
            ],
        );
    }
    let policy = object(
        &format!("{GROUP}/v1alpha2"),
        "BackendLBPolicy",
        json!({"targetRefs": [{"group": "", "kind": "Service", "name": "c"}], "sessionPersistence": {"type": "Header"}}),
    );
    let report = upgrade(&[policy], Release::V1_2_1, Release::V1_7_0, EXPERIMENTAL);
    assert_eq!(
        weighty(&report),
        [
            ("kind-replaced", "kind"),
            ("cannot-be-converted", "spec.sessionPersistence")
        ]
    );
    let help = &only(&report, "kind-replaced").help;
    assert!(help.contains("first correct"), "{help}");
    in_order(
        &report,
        &[
            "Correct the objects that cannot be converted",
            "kubectl get backendlbpolicies.gateway.networking.k8s.io -A -o yaml",
            "kubectl apply -f gateway-api-new-forms.yaml",
            "Keep the CRD of BackendLBPolicy, and the objects with it, while these are not converted: BackendLBPolicy b/a.",
        ],
    );
}

#[test]
fn statuses_of_another_form_and_subresources_are_named() {
    let classes = crd("GatewayClass", Release::V1_1_1, EXPERIMENTAL, &["v1"]);
    let report = check(
        [&classes],
        UpgradeOptions::to(Release::V1_2_0, EXPERIMENTAL),
    );
    let finding = only(&report, "status-changed");
    assert_eq!(finding.impact, Impact::Breaks);
    assert!(
        finding.message.starts_with("`status.supportedFeatures[]` of GatewayClass is of the type object in v1.2.0, and was of the type string"),
        "{finding:?}"
    );
    in_order(
        &report,
        &["Install", "Bring every controller to a version for v1.2.0"],
    );
    // The standard channel has the field since v1.4.0, as objects at once.
    let classes = crd("GatewayClass", Release::V1_1_1, STANDARD, &["v1"]);
    assert!(check([&classes], UpgradeOptions::to(Release::V1_4_0, STANDARD)).is_clean());

    let backends = crd("XBackend", Release::V1_6_3, EXPERIMENTAL, &["v1alpha1"]);
    let report = check(
        [&backends],
        UpgradeOptions::to(Release::V1_7_0, EXPERIMENTAL),
    );
    let finding = only(&report, "status-field-gone");
    assert_eq!(
        finding.message,
        "v1.7.0 has no `status.parents` of XBackend: it has `ancestors` there"
    );

    let routes = crd("GRPCRoute", Release::V1_0_0, EXPERIMENTAL, &["v1alpha2"]);
    let report = check([&routes], UpgradeOptions::to(Release::V1_1_0, EXPERIMENTAL));
    assert!(
        only(&report, "status-subresource")
            .message
            .contains("GRPCRoute `v1alpha2`")
    );
    assert!(report.is_clean());
}

#[test]
fn the_admission_policy_of_v1_5_0_is_announced_and_where_it_refuses_deleted_first() {
    let old = crd("HTTPRoute", Release::V1_4_0, STANDARD, &["v1"]);
    let report = check([&old], UpgradeOptions::to(Release::V1_5_0, STANDARD));
    assert_eq!(only(&report, "admission-policy-new").impact, Impact::Note);
    assert!(report.is_clean());
    let newer = crd("HTTPRoute", Release::V1_5_0, STANDARD, &["v1"]);
    let policy = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": SAFE_UPGRADES}});
    assert!(concerns(&policy));
    for installed in [vec![&newer], vec![&newer, &policy], vec![&old, &policy]] {
        let to = UpgradeOptions::to(Release::V1_6_0, STANDARD);
        assert!(check(installed.clone(), to).findings.is_empty());
        let to = UpgradeOptions::to(Release::V1_6_0, EXPERIMENTAL);
        let report = check(installed, to);
        assert_eq!(weighty(&report), [("admission-policy", "")]);
        assert_eq!(report.findings[0].impact, Impact::Blocks);
        in_order(
            &report,
            &[
                &format!("kubectl delete validatingadmissionpolicy {SAFE_UPGRADES}"),
                "experimental-install.yaml",
            ],
        );
    }
    // Experimental CRDs may follow experimental ones.
    let experimental = crd("HTTPRoute", Release::V1_5_0, EXPERIMENTAL, &["v1"]);
    let to = UpgradeOptions::to(Release::V1_6_0, EXPERIMENTAL);
    assert!(check([&experimental, &policy], to).is_clean());
}

#[test]
fn versions_that_were_left_out_long_ago_are_reached_by_way_of_a_release_that_has_both() {
    let routes = crd("GRPCRoute", Release::V1_0_0, EXPERIMENTAL, &["v1alpha2"]);
    for channel in Channel::ALL {
        let report = check([&routes], UpgradeOptions::to(Release::V1_7_0, channel));
        assert_eq!(
            weighty(&report),
            [("stored-version-removed", "status.storedVersions")]
        );
        assert!(
            report.findings[0]
                .help
                .contains("CRD of v1.1.1, which has `v1alpha2` and `v1`"),
            "{report:#?}"
        );
        in_order(
            &report,
            &[
                "gateway-api/v1.1.1/config/crd/experimental/gateway.networking.k8s.io_grpcroutes.yaml",
                "Bring every controller to a version that uses GRPCRoute `v1`",
                "kubectl replace",
                "/v1.7.0/",
            ],
        );
        let text = format!("{:?}", report.steps);
        assert!(!text.contains("delete crd"), "{text}");
    }
    // To the standard channel of v1.5.0 by way of the experimental one, which serves the old version.
    let routes = crd("TLSRoute", Release::V1_4_1, EXPERIMENTAL, &["v1alpha3"]);
    let report = check([&routes], UpgradeOptions::to(Release::V1_5_0, STANDARD));
    only(&report, "stored-version-not-served");
    in_order(
        &report,
        &[
            "gateway-api/v1.5.0/config/crd/experimental/gateway.networking.k8s.io_tlsroutes.yaml",
            "Bring every controller to a version that uses TLSRoute `v1`",
            r#"{"status":{"storedVersions":["v1"]}}"#,
            "standard-install.yaml",
        ],
    );
}

#[test]
fn a_version_that_ends_is_left_by_controllers_before_the_upgrade() {
    let grants = crd("ReferenceGrant", Release::V1_0_0, STANDARD, &["v1beta1"]);
    let report = check([&grants], UpgradeOptions::to(Release::V1_2_0, STANDARD));
    assert!(report.is_clean());
    only(&report, "version-not-served");
    in_order(
        &report,
        &[
            "uses ReferenceGrant `v1beta1`: what they used before",
            "standard-install.yaml",
        ],
    );
}

/// Without CRDs in the input, those of the release that is named are assumed; without a name nothing is.
#[test]
fn the_crds_of_the_release_that_is_named_are_assumed_where_none_are_given() {
    let route = object(&format!("{GROUP}/v1alpha2"), "GRPCRoute", json!({}));
    let report = upgrade(
        std::slice::from_ref(&route),
        Release::V1_0_0,
        Release::V1_1_0,
        STANDARD,
    );
    let finding = only(&report, "stored-version-not-served");
    assert_eq!(finding.object.name, "grpcroutes.gateway.networking.k8s.io");
    let unknown = only(&report, "stored-versions-unknown");
    assert!(
        unknown
            .message
            .starts_with("the CRD is not among the input: "),
        "{unknown:?}"
    );
    // Whatever the version in which the objects are written.
    let newer = object(&format!("{GROUP}/v1"), "GRPCRoute", json!({}));
    let report = upgrade(&[newer], Release::V1_0_0, Release::V1_1_0, STANDARD);
    only(&report, "stored-version-not-served");
    let report = check([&route], UpgradeOptions::to(Release::V1_1_0, STANDARD));
    assert!(
        !report
            .findings
            .iter()
            .any(|f| f.rule == "stored-version-not-served")
    );
    only(&report, "stored-versions-unknown");
    // What is taken for installed is the newest that has all.
    assert_eq!(report.from, Some(Release::V1_1_0));
    let later = check([&route], UpgradeOptions::to(Release::V1_7_0, STANDARD));
    assert_eq!(later.from, Some(Release::V1_1_1));
}

#[test]
fn of_releases_that_are_not_known_nothing_is_said() {
    let mut routes = crd("HTTPRoute", Release::V1_7_0, STANDARD, &["v1"]);
    routes["metadata"]["annotations"][crate::crd::BUNDLE_VERSION_ANNOTATION] = "v9.1.0".into();
    let report = check([&routes], UpgradeOptions::default());
    assert_eq!(report.from, None);
    assert!(only(&report, "newer-release").message.contains("v9.1.0"));
    assert!(report.steps.iter().all(|step| step.commands.is_empty()));
    // A release in between is not known either.
    for between in ["v1.6.9", "v1.2.0-rc1"] {
        routes["metadata"]["annotations"][crate::crd::BUNDLE_VERSION_ANNOTATION] = between.into();
        let report = check([&routes], UpgradeOptions::default());
        assert_eq!(report.from, None);
        let note = only(&report, "release-unknown");
        assert!(
            note.message.starts_with(&format!(
                "release {between} is installed, which is not known here"
            )),
            "{note:?}"
        );
    }
}
