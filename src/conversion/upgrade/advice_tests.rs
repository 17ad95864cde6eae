//! What there is to do: where an upgrade leads from, what each finding advises, and the steps of the plan.

use super::{
    release_tests::{
        EXPERIMENTAL, EXPERIMENTS, GROUP, STANDARD, crd, gateway, in_order, object, only, upgrade,
        weighty,
    },
    *,
};
use serde_json::json;

/// Kubernetes: "Errors arising from changing the list of required fields will not be ratcheted."
#[test]
fn what_an_api_server_ratchets_is_told_from_what_it_always_refuses() {
    let route = |spec| object(&format!("{GROUP}/v1alpha2"), "TCPRoute", spec);
    // `backendRefs` has to be there since v1.4.0.
    let report = upgrade(
        &[route(json!({"rules": [{}]}))],
        Release::V1_3_0,
        Release::V1_4_0,
        EXPERIMENTAL,
    );
    let finding = only(&report, "tightened");
    assert!(finding.message.contains("(schema/required)"), "{finding:?}");
    assert!(!finding.message.contains("ratchets"), "{finding:?}");
    let rule = gateway(
        json!({"name": "web", "port": 443, "protocol": "TLS"}),
        json!({}),
    );
    let report = upgrade(&[rule], Release::V1_4_1, Release::V1_5_0, STANDARD);
    assert!(only(&report, "tightened").message.contains("ratchets"));
}

fn http_route(api_version: &str, kind: &str) -> Value {
    let spec = json!({"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": "a", "port": 80}]}]});
    object(api_version, kind, spec)
}

/// "An ordered plan": what breaks has a step in it, and the step names the objects.
#[test]
fn the_plan_has_a_step_for_whatever_breaks_or_gets_lost() {
    for (api_version, kind, rule) in [
        (
            "gateway.networking.k8s.io/v1alpha2",
            "HTTPRoute",
            "version-unknown",
        ),
        ("gateway.networking.k8s.io/v1", "HttpRoute", "kind-unknown"),
        ("networking.x-k8s.io/v1alpha1", "HTTPRoute", "group-unknown"),
    ] {
        let report = upgrade(
            &[http_route(api_version, kind)],
            Release::V1_1_0,
            Release::V1_7_0,
            STANDARD,
        );
        assert!(
            weighty(&report).iter().any(|(found, _)| *found == rule),
            "{report:#?}"
        );
        let step = &report.steps[0];
        assert!(step.title.ends_with(&format!(": {kind} b/a")), "{step:?}");
        assert!(
            step.commands.is_empty() && report.steps.len() == 2,
            "{report:#?}"
        );
    }
}

/// Whatever a finding says that `gwapi convert` does, the plan says, too.
#[test]
fn a_note_that_names_the_command_has_a_step_with_it() {
    let set = object(
        &format!("{GROUP}/v1"),
        "HTTPRoute",
        json!({"parentRefs": [{"name": "ls", "kind": "XListenerSet", "group": EXPERIMENTS}], "rules": [{"backendRefs": [{"name": "a", "port": 80}]}]}),
    );
    let report = upgrade(&[set], Release::V1_1_0, Release::V1_7_0, STANDARD);
    let finding = only(&report, "reference-to-replaced-kind");
    assert_eq!(finding.impact, Impact::Note);
    assert!(finding.help.contains("gwapi convert"), "{finding:?}");
    in_order(
        &report,
        &["gwapi convert -f FILE --release v1.7.0 --channel standard"],
    );
}

#[test]
fn which_of_two_kinds_came_later_is_said_as_it_is() {
    let route = |kind, group| {
        let parent = json!({"name": "ls", "kind": kind, "group": group});
        let backend = json!({"backendRefs": [{"name": "s", "port": 80}]});
        object(
            &format!("{GROUP}/v1"),
            "HTTPRoute",
            json!({"parentRefs": [parent], "rules": [backend]}),
        )
    };
    for (route, from, to, said) in [
        (
            route("ListenerSet", GROUP),
            Release::V1_3_0,
            Release::V1_4_0,
            "v1.4.0 has no ListenerSet: it has XListenerSet, which ListenerSet replaces in a later release, and the reference leads",
        ),
        (
            route("XListenerSet", EXPERIMENTS),
            Release::V1_4_0,
            Release::V1_5_0,
            "v1.5.0 has no XListenerSet: ListenerSet has replaced it, and the reference leads",
        ),
    ] {
        let report = upgrade(&[route], from, to, EXPERIMENTAL);
        let message = &only(&report, "reference-to-replaced-kind").message;
        assert!(message.starts_with(said), "{message}");
    }
}

/// Who may not go on learns what there is to do: the command where it can do it, or else to stay.
#[test]
fn an_object_of_a_later_release_is_written_by_the_command_where_that_can() {
    let listener = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let set = object(
        &format!("{GROUP}/v1"),
        "ListenerSet",
        json!({"parentRef": {"name": "gw"}, "listeners": [listener]}),
    );
    let help = |object: &Value, to| {
        let report = check([object], UpgradeOptions::to(to, EXPERIMENTAL));
        only(&report, "later-release-object").help.clone()
    };
    let said = help(&set, Release::V1_4_1);
    assert!(
        said.contains("as XListenerSet of `gateway.networking.x-k8s.io/v1alpha1`: `gwapi convert -f FILE --release v1.4.1"),
        "{said}"
    );
    let said = help(&set, Release::V1_1_0);
    assert!(said.ends_with("or do without the object"), "{said}");
    let grant = object(
        &format!("{GROUP}/v1"),
        "ReferenceGrant",
        json!({
            "from": [{"group": GROUP, "kind": "HTTPRoute", "namespace": "c"}],
            "to": [{"group": "", "kind": "Service"}],
        }),
    );
    let said = help(&grant, Release::V1_4_1);
    assert!(said.contains("in `v1beta1`: `gwapi convert"), "{said}");
    let target = json!({"group": "", "kind": "Service", "name": "a"});
    let policy = object(
        &format!("{GROUP}/v1"),
        "BackendTLSPolicy",
        json!({
            "targetRefs": [target, target],
            "validation": {"hostname": "a.b", "wellKnownCACertificates": "System"},
        }),
    );
    let said = help(&policy, Release::V1_0_0);
    assert!(
        said.contains(
            "cannot become `v1alpha2` without a loss (spec.targetRefs: there are 2 targets"
        ),
        "{said}"
    );
}

/// "No statement about a release that it does not know": which one it takes, and why.
#[test]
fn the_release_from_which_an_upgrade_leads_is_named_with_the_reason() {
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let tls = gateway(
        web,
        json!({"backendTLS": {"clientCertificateRef": {"name": "c"}}}),
    );
    let (old, new) = (Release::V1_3_0, Release::V1_7_0);
    let options = UpgradeOptions::to(new, STANDARD);
    let said = |report: &UpgradeReport| (report.from, report.from_reason.clone());
    let all = "every kind, version, field and value of the input";
    let gone = "`spec.backendTLS` of Gateway b/a is gone since v1.4.0";
    assert_eq!(
        said(&check([&tls], options)),
        (
            Some(old),
            format!("v1.3.0, the newest release before v1.7.0 that has {all}: {gone}")
        )
    );
    assert_eq!(
        said(&check([&tls], options.from(old))),
        (Some(old), "v1.3.0, as was asked".to_owned())
    );
    let set = object(&format!("{GROUP}/v1"), "ListenerSet", json!({}));
    let came = "ListenerSet b/a in `gateway.networking.k8s.io/v1` came with v1.5.0";
    assert_eq!(
        said(&check([&tls, &set], options)),
        (
            None,
            format!("no release up to v1.7.0 has {all}, since {gone}, and {came}")
        )
    );
    assert_eq!(
        said(&check(
            [&set],
            UpgradeOptions::to(Release::V1_4_0, STANDARD)
        )),
        (
            None,
            format!("no release up to v1.4.0 has {all}, since {came}")
        )
    );
    let crds = crd("Gateway", Release::V1_4_0, STANDARD, &["v1"]);
    assert_eq!(
        said(&check([&tls, &crds], options)),
        (
            Some(Release::V1_4_0),
            "v1.4.0, whose CRDs are in the input".to_owned()
        )
    );
    let mut unknown = crds;
    unknown["metadata"]["annotations"]["gateway.networking.k8s.io/bundle-version"] =
        "v9.0.0".into();
    let why = "the CRDs in the input are of v9.0.0, which is not known here".to_owned();
    assert_eq!(said(&check([&unknown], options)), (None, why));
    let plain = http_route(&format!("{GROUP}/v1"), "HTTPRoute");
    let why = format!(
        "v1.7.0 itself: its experimental channel has {all}, which does not say what is installed"
    );
    assert_eq!(said(&check([&plain], options)), (Some(new), why));
}

#[test]
fn a_reference_to_a_kind_that_the_release_does_not_have_is_named() {
    let target = json!({"group": EXPERIMENTS, "kind": "XBackend", "name": "a"});
    let policy = object(
        &format!("{GROUP}/v1"),
        "BackendTLSPolicy",
        json!({
            "targetRefs": [target],
            "validation": {"hostname": "a.b", "wellKnownCACertificates": "System"},
        }),
    );
    let to = UpgradeOptions::to(Release::V1_7_0, STANDARD);
    let report = check([&policy], to);
    let finding = only(&report, "reference-to-absent-kind");
    // Nothing is known of what is installed.
    assert_eq!(finding.impact, Impact::Loses);
    assert_eq!(finding.path, "spec.targetRefs[0].kind");
    assert!(
        finding.help.contains("it is in the experimental channel"),
        "{finding:?}"
    );
    in_order(&report, &["Decide on the references to kinds", "Install"]);
    let known = check([&policy], to.from(Release::V1_6_1));
    let finding = only(&known, "reference-to-absent-kind");
    assert_eq!(finding.impact, Impact::Note, "{finding:?}");
}

/// A server goes on taking an object in the version in which it is written, whatever it is stored in.
#[test]
fn what_has_no_form_in_the_stored_version_is_said_to_be_taken_in_its_own() {
    let route = object(
        &format!("{GROUP}/v1alpha2"),
        "TLSRoute",
        json!({"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": "a", "port": 80}]}]}),
    );
    let report = upgrade(&[route], Release::V1_1_0, Release::V1_4_0, EXPERIMENTAL);
    let finding = only(&report, "cannot-be-converted");
    assert!(finding.message.contains("`v1alpha3`"), "{finding:?}");
    assert!(
        finding.message.ends_with("and `v1alpha2` still takes it"),
        "{finding:?}"
    );
}
