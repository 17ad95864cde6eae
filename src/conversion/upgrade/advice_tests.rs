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
        // Beside an object of a later release, too.
        let mut later = object(&format!("{GROUP}/v1"), "ListenerSet", json!({}));
        later["metadata"]["name"] = json!("later");
        let objects = [http_route(api_version, kind), later];
        let report = upgrade(&objects, Release::V1_1_0, Release::V1_4_0, STANDARD);
        for name in ["ListenerSet b/later".to_owned(), format!("{kind} b/a")] {
            let named = |step: &UpgradeStep| step.title.ends_with(&format!(": {name}"));
            assert!(report.steps.iter().any(named), "{name}: {report:#?}");
        }
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
    // What the other channel has in other versions is not said to be nowhere.
    let target = json!({"group": "", "kind": "Service", "name": "a"});
    let policy = object(
        &format!("{GROUP}/v1"),
        "BackendTLSPolicy",
        json!({"targetRefs": [target], "validation": {"hostname": "a.b", "wellKnownCACertificates": "System"}}),
    );
    let report = check(
        [&policy, &set],
        UpgradeOptions::to(Release::V1_1_0, STANDARD),
    );
    let command = "`gwapi convert -f FILE --release v1.1.0 --channel experimental`";
    let of_policy = |f: &&UpgradeFinding| f.object.kind == "BackendTLSPolicy";
    let finding = report.findings.iter().find(of_policy).unwrap();
    let said = format!(
        "upgrade to the experimental channel, which has BackendTLSPolicy in `{GROUP}/v1alpha3`: write the object so with {command}"
    );
    assert!(finding.help.ends_with(&said), "{finding:?}");
    for (part, name) in [
        ("take the experimental channel", "BackendTLSPolicy b/a"),
        ("do without them: it has neither", "ListenerSet b/a"),
    ] {
        let says = |step: &UpgradeStep| step.title.contains(part) && step.title.ends_with(name);
        assert!(report.steps.iter().any(says), "{name}: {report:#?}");
    }
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
            format!(
                "v1.3.0, the newest release before v1.7.0 that has {all} that any release has: {gone}"
            )
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
        "v1.7.0 itself: its experimental channel has {all} that any release has, which does not say what is installed"
    );
    assert_eq!(said(&check([&plain], options)), (Some(new), why));
}

/// What no release known here has may be of the one that is installed, where that is not known.
#[test]
fn beside_crds_of_a_release_that_is_not_known_nothing_is_said_to_be_wrong() {
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let new = gateway(web, json!({"newField": 1}));
    let objects = |label: &str| {
        let mut gateways = crd("Gateway", Release::V1_7_0, STANDARD, &["v1"]);
        gateways["metadata"]["annotations"][crate::crd::BUNDLE_VERSION_ANNOTATION] = label.into();
        let version = object(&format!("{GROUP}/v2"), "HTTPRoute", json!({}));
        let kind = object(&format!("{GROUP}/v1"), "TCPRout", json!({}));
        [gateways, new.clone(), version, kind]
    };
    for label in ["v99.0.0", "v1.6.9", "v1.5.0-rc.1", "v1.7.0-dev", "main"] {
        let report = check(&objects(label), UpgradeOptions::default());
        let why = format!("the CRDs in the input are of {label}, which is not known here");
        assert_eq!((report.from, &report.from_reason), (None, &why));
        for (rule, what) in [
            ("unknown-field", "field"),
            ("version-unknown", "version"),
            ("kind-unknown", "kind"),
        ] {
            let said = format!(
                "no release known here has it; release {label} is installed, which is not known here: see whether its CRDs have the \
                 {what}"
            );
            assert_eq!(only(&report, rule).help, said);
        }
        let is_untrue = |step: &&UpgradeStep| {
            let mut untrue = ["Remove", "remove them", "Write the objects"].into_iter();
            untrue.any(|part| step.title.contains(part))
        };
        assert_eq!(report.steps.iter().find(is_untrue), None);
    }
    // Without them, what to do is said, and no more than is known.
    let report = check([&new], UpgradeOptions::default());
    assert_eq!(
        only(&report, "unknown-field").help,
        "correct its name or remove it: no release known here has it"
    );
    assert!(
        report.from_reason.contains("that any release has"),
        "{}",
        report.from_reason
    );
    in_order(&report, &["Correct the names of the fields"]);
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

fn gateway_with_old_tls() -> Value {
    gateway(
        json!({"name": "web", "port": 80, "protocol": "HTTP"}),
        json!({"backendTLS": {"clientCertificateRef": {"name": "d"}}}),
    )
}

/// "An ordered plan": no step undoes what an earlier one has done.
#[test]
fn what_is_converted_is_what_is_there_after_the_corrections() {
    let header = json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "x  y"}]}});
    let route = object(
        &format!("{GROUP}/v1"),
        "HTTPRoute",
        json!({"parentRefs": [{"name": "gw"}], "rules": [{"filters": [header]}]}),
    );
    let crds =
        ["Gateway", "HTTPRoute"].map(|kind| crd(kind, Release::V1_3_0, EXPERIMENTAL, &["v1"]));
    let to = UpgradeOptions::to(Release::V1_7_0, EXPERIMENTAL);
    let tls = gateway_with_old_tls();
    for report in [
        check([&crds[0], &crds[1], &tls, &route], to),
        check([&tls, &route], to.from(Release::V1_3_0)),
    ] {
        in_order(
            &report,
            &[
                "Back up every object",
                "new CRDs refuse: until then changes to them are refused: HTTPRoute b/a",
                // Gateways alone: nothing else is written back.
                "kubectl get gateways.gateway.networking.k8s.io -A -o yaml > gateway-api-old-forms.yaml\ngwapi convert -f \
                 gateway-api-old-forms.yaml --only-converted --release v1.7.0 --channel experimental > gateway-api-new-forms.yaml",
                "experimental-install.yaml",
                "kubectl apply -f gateway-api-new-forms.yaml",
            ],
        );
        // The backup is read by nobody but people.
        let text = format!("{:?}", report.steps);
        assert_eq!(
            text.matches("gateway-api-objects.yaml").count(),
            1,
            "{text}"
        );
    }
}

/// A CRD that stays takes its objects as before: what is refused is what they become.
#[test]
fn what_the_kind_in_the_place_of_another_refuses_is_no_change_that_is_refused() {
    let spec =
        json!({"parentRef": {"name": "g"}, "listeners": [{"name": "a", "protocol": "HTTP"}]});
    let set = object(&format!("{EXPERIMENTS}/v1alpha1"), "XListenerSet", spec);
    let report = upgrade(&[set], Release::V1_4_1, Release::V1_7_0, EXPERIMENTAL);
    in_order(
        &report,
        &[
            "Correct the objects that the kinds which take their place refuse: until then they cannot be created as such: \
             XListenerSet b/a",
            "gwapi convert",
        ],
    );
    let text = format!("{:?}", report.steps);
    assert!(!text.contains("changes to them are refused"), "{text}");
}

/// `kubectl apply` keeps what it applied in an annotation, which has a limit.
#[test]
fn definitions_that_a_client_cannot_apply_are_applied_by_the_server() {
    let tls = gateway_with_old_tls();
    for (to, channel, by_server) in [
        (Release::V1_3_0, EXPERIMENTAL, false),
        (Release::V1_4_0, EXPERIMENTAL, true),
        (Release::V1_7_0, EXPERIMENTAL, true),
        (Release::V1_7_0, STANDARD, false),
    ] {
        let report = check([&tls], UpgradeOptions::to(to, channel));
        let mut commands = report.steps.iter().flat_map(|step| &step.commands);
        let command = commands.find(|it| it.contains("-install.yaml")).unwrap();
        assert_eq!(command.contains(" --server-side "), by_server, "{command}");
    }
    // One definition, too.
    let routes = crd("TLSRoute", Release::V1_4_1, EXPERIMENTAL, &["v1alpha3"]);
    let report = check([&routes], UpgradeOptions::to(Release::V1_5_0, STANDARD));
    in_order(
        &report,
        &[
            "kubectl apply --server-side -f https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/v1.5.0/config/crd/experimental/",
        ],
    );
}

/// Which channel is installed decides whether the admission policy refuses the upgrade.
#[test]
fn that_the_installed_channel_is_assumed_is_said_where_it_matters() {
    let route = http_route(&format!("{GROUP}/v1"), "HTTPRoute");
    let rule = "channel-assumed";
    let (from, to) = (Release::V1_5_1, Release::V1_6_1);
    let report = upgrade(std::slice::from_ref(&route), from, to, EXPERIMENTAL);
    let note = only(&report, rule);
    assert_eq!(note.impact, Impact::Note);
    assert!(
        note.message
            .contains("refuses CRDs of the experimental channel in its place"),
        "{note:?}"
    );
    let said = |report: &UpgradeReport| report.findings.iter().any(|f| f.rule == rule);
    assert!(!said(&upgrade(
        std::slice::from_ref(&route),
        from,
        to,
        STANDARD
    )));
    assert!(!said(&upgrade(
        std::slice::from_ref(&route),
        Release::V1_3_0,
        Release::V1_4_1,
        EXPERIMENTAL
    )));
    let known = crd("HTTPRoute", from, EXPERIMENTAL, &["v1"]);
    assert!(!said(&check(
        [&known, &route],
        UpgradeOptions::to(to, EXPERIMENTAL)
    )));
}

/// "No statement about a release that it does not know", and none about objects that `convert` contradicts.
#[test]
fn the_plan_for_objects_of_a_later_release_says_of_each_what_conversion_does() {
    let rules = json!([{"backendRefs": [{"name": "a", "port": 80}]}]);
    let target = json!({"group": "", "kind": "Service", "name": "a"});
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let set = json!({"parentRef": {"name": "gw"}, "listeners": [web]});
    let (v1, experiment) = (format!("{GROUP}/v1"), format!("{EXPERIMENTS}/v1alpha1"));
    let mut objects = [
        object(
            &v1,
            "BackendTLSPolicy",
            json!({"targetRefs": [target], "validation": {"hostname": "a.example", "wellKnownCACertificates": "System"}}),
        ),
        object(
            &v1,
            "TLSRoute",
            json!({"hostnames": ["a.example"], "rules": rules}),
        ),
        object(&v1, "ListenerSet", set.clone()),
        object(&experiment, "XListenerSet", set),
        object(
            &v1,
            "ReferenceGrant",
            json!({"from": [{"group": GROUP, "kind": "HTTPRoute", "namespace": "b"}], "to": [{"group": "", "kind": "Service"}]}),
        ),
    ];
    for (index, object) in objects.iter_mut().enumerate() {
        object["metadata"]["name"] = format!("it-{index}").into();
    }
    let (mut converted, mut left_out) = (0, 0);
    for to in Release::ALL {
        for channel in Channel::ALL {
            let report = check(&objects, UpgradeOptions::to(*to, channel));
            for (index, object) in objects.iter().enumerate() {
                let name = format!("b/it-{index}");
                let is_later = |f: &&UpgradeFinding| {
                    f.rule == "later-release-object" && f.object.to_string().ends_with(&name)
                };
                let mut steps = report.steps.iter().filter(|step| {
                    step.title
                        .starts_with("Some objects are of a later release")
                        && step.title.contains(&name)
                });
                let said = steps.next().map(|step| step.title.as_str());
                assert_eq!(steps.next(), None, "{to} {channel} {object}");
                let is_said = report.findings.iter().any(|f| is_later(&f));
                assert_eq!(said.is_some(), is_said, "{to} {channel} {object}");
                let Some(said) = said else { continue };
                match crate::conversion::convert_to_release(object, *to, channel) {
                    Ok(_) => {
                        converted += 1;
                        assert!(said.contains("`gwapi convert -f FILE --release"), "{said}");
                    }
                    Err(_) => {
                        left_out += 1;
                        let other =
                            crate::conversion::convert_to_release(object, *to, EXPERIMENTAL);
                        let otherwise = match other.is_ok() {
                            true => "Else take the experimental channel",
                            false => "Else do without them",
                        };
                        assert!(said.contains(otherwise), "{otherwise}: {said}");
                    }
                }
            }
            // There is no CRD in the input, so that no command asks for one by its name.
            let commands = report.steps.iter().flat_map(|step| &step.commands);
            let asked: Vec<_> = commands
                .filter(|it| it.starts_with("kubectl get crd"))
                .collect();
            assert!(
                asked
                    .iter()
                    .all(|it| *it == "kubectl get crd -o yaml > gateway-api-crds.yaml"),
                "{asked:?}"
            );
        }
    }
    assert!(converted > 20 && left_out > 20, "{converted} {left_out}");
}
