//! Whatever conversion to the release refuses is a finding, with a step of the plan.

use super::{
    release_tests::{
        EXPERIMENTAL, EXPERIMENTS, GROUP, STANDARD, crd, gateway, in_order, object, only, upgrade,
        weighty,
    },
    *,
};
use crate::conversion::{ConversionProblem, ConversionRemark, convert_to_release};
use serde_json::json;

/// An object, the releases from and to which an upgrade leads, and what conversion names: the paths.
type Refused<'a> = (Value, Release, Release, &'a [&'a str]);

fn listener_set(listener: Value) -> Value {
    let spec = json!({"parentRef": {"name": "g"}, "listeners": [listener]});
    object(&format!("{EXPERIMENTS}/v1alpha1"), "XListenerSet", spec)
}

fn load_balancing(session: Value) -> Value {
    let target = json!({"group": "", "kind": "Service", "name": "a"});
    let spec = json!({"targetRefs": [target], "sessionPersistence": session});
    object(&format!("{GROUP}/v1alpha2"), "BackendLBPolicy", spec)
}

fn https(name: &str, port: u16, tls: Value) -> Value {
    let mut tls = tls;
    tls["certificateRefs"] = json!([{"name": "c"}]);
    json!({"name": name, "port": port, "protocol": "HTTPS", "hostname": format!("{name}.example"), "tls": tls})
}

fn authorities() -> Value {
    json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]})
}

/// What conversion names of an object: the paths.
fn refused(object: &Value, to: Release) -> Vec<String> {
    match convert_to_release(object, to, EXPERIMENTAL) {
        Ok(new) => {
            let refused = new.remarks.iter().filter(|remark| remark.is_refused());
            refused
                .map(ConversionRemark::path)
                .map(str::to_owned)
                .collect()
        }
        Err(error) => {
            let problems = error.problems().iter();
            problems
                .map(ConversionProblem::path)
                .map(str::to_owned)
                .collect()
        }
    }
}

#[test]
fn whatever_conversion_refuses_is_a_finding_with_a_step() {
    let plain = json!({"name": "z", "protocol": "HTTP"});
    let zero = json!({"name": "z", "protocol": "HTTP", "port": 0});
    let one = https("a", 443, json!({"frontendValidation": authorities()}));
    let differs = gateway(
        one.clone(),
        json!({"listeners": [one, https("b", 443, json!({}))]}),
    );
    let passthrough = json!({"name": "p", "port": 444, "protocol": "TLS", "hostname": "p.example", "tls": {
        "mode": "Passthrough", "frontendValidation": authorities(),
    }});
    let empty = https("a", 443, json!({"frontendValidation": {}}));
    let mut with_mode = authorities();
    with_mode["mode"] = "AllowInsecureFallback".into();
    let with_mode = https("a", 443, json!({"frontendValidation": with_mode}));
    let mut retries = load_balancing(json!({"sessionName": "x"}));
    retries["spec"]["retryConstraint"] = json!({"budget": {"percent": 20}});
    let cases: &[Refused<'_>] = &[
        (
            gateway(with_mode, json!({})),
            Release::V1_3_0,
            Release::V1_5_0,
            &["spec.listeners[0].tls.frontendValidation.mode"],
        ),
        (
            retries,
            Release::V1_2_1,
            Release::V1_4_0,
            &["spec.retryConstraint"],
        ),
        (
            listener_set(plain),
            Release::V1_4_1,
            Release::V1_5_0,
            &["spec.listeners[0].port"],
        ),
        (
            listener_set(zero),
            Release::V1_4_1,
            Release::V1_5_0,
            &["spec.listeners[0].port"],
        ),
        (
            load_balancing(json!({"type": "Header", "sessionName": "x y"})),
            Release::V1_2_1,
            Release::V1_7_0,
            &["spec.sessionPersistence.header.name"],
        ),
        (
            gateway(empty, json!({})),
            Release::V1_3_0,
            Release::V1_5_0,
            &["spec.tls.frontend.perPort[0].tls.validation.caCertificateRefs"],
        ),
        (
            differs,
            Release::V1_3_0,
            Release::V1_5_0,
            &["spec.listeners[0].tls.frontendValidation"],
        ),
        (
            gateway(passthrough, json!({})),
            Release::V1_3_0,
            Release::V1_5_0,
            &["spec.listeners[0].tls.frontendValidation"],
        ),
    ];
    for (object, from, to, paths) in cases {
        assert_eq!(refused(object, *to), *paths, "{object}");
        let report = upgrade(std::slice::from_ref(object), *from, *to, EXPERIMENTAL);
        let kind = object["kind"].as_str().unwrap();
        for path in *paths {
            let found = report.findings.iter().find(|f| f.path == *path);
            let found = found.unwrap_or_else(|| panic!("{path}: {report:#?}"));
            assert_ne!(found.impact, Impact::Note, "{found:?}");
            let is_named = |step: &UpgradeStep| {
                step.title.starts_with("Correct") && step.title.contains(&format!("{kind} b/a"))
            };
            assert!(report.steps.iter().any(is_named), "{:#?}", report.steps);
        }
        let claims = |f: &&UpgradeFinding| f.object.kind == kind && f.help.contains(" does");
        assert_eq!(report.findings.iter().find(claims), None, "{object}");
    }
}

#[test]
fn that_the_command_converts_an_object_is_said_where_it_does() {
    let route = |rules: usize| {
        let rule = json!({"backendRefs": [{"name": "a", "port": 80}]});
        object(
            &format!("{GROUP}/v1alpha2"),
            "TCPRoute",
            json!({"rules": vec![rule; rules]}),
        )
    };
    for channel in [STANDARD, EXPERIMENTAL] {
        for (rules, does) in [(1, true), (2, false)] {
            let report = upgrade(&[route(rules)], Release::V1_5_1, Release::V1_7_0, channel);
            let of_version = |f: &&UpgradeFinding| f.path == "apiVersion";
            let found = report.findings.iter().find(of_version).unwrap();
            assert_eq!(found.help.contains(" does"), does, "{found:?}");
            assert!(found.help.contains("gwapi convert"), "{found:?}");
            // What is in the way is named.
            let named = report.findings.iter().any(|f| f.path == "spec.rules");
            assert_eq!(named, !does, "{report:#?}");
        }
    }
}

fn policy(version: &str, spec: Value) -> Value {
    object(&format!("{GROUP}/{version}"), "BackendTLSPolicy", spec)
}

#[test]
fn the_releases_that_take_an_object_in_its_own_version_are_named() {
    let target = json!({"group": "", "kind": "Service", "name": "a"});
    let first = policy(
        "v1alpha2",
        json!({"targetRef": target, "tls": {"hostname": "a.example", "caCertRefs": [], "wellKnownCACerts": "System"}}),
    );
    let second = policy(
        "v1alpha3",
        json!({"targetRefs": [target], "validation": {
            "hostname": "a.example", "caCertificateRefs": [], "wellKnownCACertificates": "System",
        }}),
    );
    for (object, from, words) in [
        (
            first,
            Release::V1_0_0,
            "in `v1alpha2` of BackendTLSPolicy, the object is allowed only in v1.0.0",
        ),
        (
            second,
            Release::V1_4_0,
            "in `v1alpha3` of BackendTLSPolicy, the object is allowed from v1.",
        ),
    ] {
        let report = upgrade(&[object], from, Release::V1_7_0, EXPERIMENTAL);
        let path = "spec.validation.caCertificateRefs";
        let found = report.findings.iter().find(|f| f.path == path).unwrap();
        assert!(found.help.contains(words), "{found:?}");
    }
}

#[test]
fn crds_say_what_is_installed_whatever_is_said_beside_them() {
    let gateways = crd("Gateway", Release::V1_1_0, STANDARD, &["v1"]);
    let route = object(&format!("{GROUP}/v1"), "HTTPRoute", json!({}));
    let report = |from| {
        let installed = [gateways.clone(), route.clone()];
        upgrade(&installed, from, Release::V1_5_0, STANDARD)
    };
    let is_of_routes = |f: &&UpgradeFinding| f.object.name.starts_with("httproutes");
    let agrees = report(Release::V1_1_0);
    assert_eq!(agrees.from, Some(Release::V1_1_0));
    assert!(
        agrees
            .findings
            .iter()
            .all(|f| f.rule != "from-contradicted")
    );
    assert!(agrees.findings.iter().any(|f| is_of_routes(&f)));
    let contradicts = report(Release::V1_4_0);
    let found = only(&contradicts, "from-contradicted");
    assert_eq!(found.object.name, "gateways.gateway.networking.k8s.io");
    assert!(found.message.contains("of v1.1.0") && found.message.contains("from v1.4.0"));
    assert_eq!(contradicts.from, Some(Release::V1_1_0));
    let why = &contradicts.from_reason;
    assert!(why.ends_with("and not v1.4.0, as was asked"), "{why}");
    // Nothing is said of CRDs that nobody has seen.
    assert_eq!(contradicts.findings.iter().find(is_of_routes), None);
}

#[test]
fn a_plan_without_crds_names_kinds_and_creates_anew_what_must_be() {
    let target = json!({"group": "", "kind": "Service", "name": "a"});
    let tls = json!({"hostname": "a.example", "wellKnownCACerts": "System"});
    let old = policy("v1alpha2", json!({"targetRef": target, "tls": tls}));
    let options = UpgradeOptions::to(Release::V1_7_0, STANDARD);
    let report = check([&old], options);
    let name = "backendtlspolicies.gateway.networking.k8s.io";
    in_order(
        &report,
        &[
            &format!("kubectl get {name} -A -o yaml > backendtlspolicies.yaml"),
            "standard-install.yaml",
            "kubectl apply -f backendtlspolicies-new.yaml",
        ],
    );
    let rule = json!({"backendRefs": [{"name": "a", "port": 80}]});
    let spec = json!({"rules": [rule]});
    let route = object(&format!("{GROUP}/v1alpha2"), "TCPRoute", spec);
    let report = check([&route], options);
    in_order(
        &report,
        &["a version that uses TCPRoute `v1`", "standard-install.yaml"],
    );
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let more = json!({"backendTLS": {"clientCertificateRef": {"name": "d"}}});
    let options = UpgradeOptions::to(Release::V1_4_0, EXPERIMENTAL);
    let set = listener_set(web.clone());
    for (object, to, kind) in [
        (
            gateway(web, more),
            options,
            "gateways.gateway.networking.k8s.io",
        ),
        (
            set,
            UpgradeOptions::to(Release::V1_5_0, EXPERIMENTAL),
            "xlistenersets.gateway.networking.x-k8s.io",
        ),
    ] {
        let report = check([&object], to);
        let backup = format!("kubectl get {kind} -A -o yaml > gateway-api-old-forms.yaml");
        in_order(&report, &[&backup, "experimental-install.yaml"]);
    }
}

fn route_of_set(name: &str, session: Value) -> Value {
    let parent = json!({"group": EXPERIMENTS, "kind": "XListenerSet", "name": "a"});
    let mut rule = json!({"backendRefs": [{"name": "a", "port": 80}]});
    if !session.is_null() {
        rule["sessionPersistence"] = session;
    }
    let spec = json!({"parentRefs": [parent], "rules": [rule]});
    let mut route = object(&format!("{GROUP}/v1"), "HTTPRoute", spec);
    route["metadata"]["name"] = name.into();
    route
}

/// Where a kind goes, what refers to it goes first.
#[test]
fn a_kind_that_is_replaced_stays_while_something_refers_to_it_that_is_not_converted() {
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let sets = || {
        let kind = "XListenerSet";
        let crd = crd(kind, Release::V1_4_1, EXPERIMENTAL, &["v1alpha1"]);
        [crd, listener_set(web.clone())]
    };
    let two_rules = json!([{"backendRefs": [{"name": "a", "port": 1}]}, {"backendRefs": [{"name": "b", "port": 1}]}]);
    let parent = json!({"group": EXPERIMENTS, "kind": "XListenerSet", "name": "a"});
    let streams = object(
        &format!("{GROUP}/v1alpha2"),
        "TCPRoute",
        json!({"parentRefs": [parent], "rules": two_rules}),
    );
    // Neither the form of the one nor the version of the other can be converted.
    let formless = route_of_set("bad", json!({"type": "Header"}));
    for (object, name) in [(streams, "TCPRoute b/a"), (formless, "HTTPRoute b/bad")] {
        let mut installed = sets().to_vec();
        installed.push(object);
        let report = upgrade(&installed, Release::V1_4_1, Release::V1_7_0, EXPERIMENTAL);
        let found = only(&report, "reference-to-replaced-kind");
        assert_eq!(found.object.to_string(), name);
        assert_eq!(found.impact, Impact::Loses, "{found:?}");
        assert!(
            report
                .findings
                .iter()
                .all(|f| f.rule != "reference-to-absent-kind")
        );
        in_order(&report, &["Correct", "Keep the CRD of XListenerSet"]);
        let steps = &report.steps;
        let keeps = steps
            .iter()
            .find(|it| it.title.starts_with("Keep"))
            .unwrap();
        assert!(keeps.title.contains(name), "{keeps:?}");
        let all: Vec<_> = steps.iter().flat_map(|step| &step.commands).collect();
        assert!(all.iter().all(|it| !it.contains("delete crd")), "{all:#?}");
    }
    // A set that cannot be converted itself is in the way as well.
    let mut installed = sets().to_vec();
    installed[1] = listener_set(json!({"name": "web", "protocol": "HTTP"}));
    let report = upgrade(&installed, Release::V1_4_1, Release::V1_7_0, EXPERIMENTAL);
    in_order(&report, &["not converted: XListenerSet b/a."]);
}

#[test]
fn what_has_another_kind_is_created_before_anything_refers_to_it_and_deleted_last() {
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let kind = crd("XListenerSet", Release::V1_4_1, EXPERIMENTAL, &["v1alpha1"]);
    let sets = "xlistenersets.gateway.networking.x-k8s.io";
    let routes = "httproutes.gateway.networking.k8s.io";
    let plain = route_of_set("plain", Value::Null);
    let installed = [kind.clone(), listener_set(web.clone()), plain];
    let report = upgrade(&installed, Release::V1_4_1, Release::V1_7_0, EXPERIMENTAL);
    in_order(
        &report,
        &[
            &format!("kubectl get {sets} -A -o yaml > gateway-api-old-forms.yaml"),
            "experimental-install.yaml",
            "kubectl apply -f gateway-api-new-forms.yaml",
            "Bring every controller",
            &format!("kubectl get {routes} -A -o yaml > gateway-api-old-references.yaml"),
            "kubectl apply -f gateway-api-new-references.yaml",
            &format!("kubectl delete crd {sets}"),
        ],
    );
    // That the kind is there follows from its objects, whatever the channel of what refers to them.
    let plain = route_of_set("plain", Value::Null);
    let installed = [listener_set(web.clone()), plain];
    let report = upgrade(&installed, Release::V1_4_1, Release::V1_5_0, STANDARD);
    assert_eq!(
        only(&report, "reference-to-replaced-kind").impact,
        Impact::Loses
    );
    in_order(
        &report,
        &["gateway-api-new-references.yaml", "kubectl delete crd"],
    );
    // A route that loses its form by the upgrade cannot wait, and comes behind the sets.
    let session = route_of_set("session", json!({"sessionName": "s"}));
    let installed = [kind, listener_set(web), session];
    let report = upgrade(&installed, Release::V1_4_1, Release::V1_7_0, EXPERIMENTAL);
    only(&report, "reference-to-replaced-kind");
    in_order(
        &report,
        &[
            &format!("kubectl get {sets},{routes} -A -o yaml > gateway-api-old-forms.yaml"),
            "kubectl apply -f gateway-api-new-forms.yaml",
            "delete crd",
        ],
    );
}

/// What is to be done before the upgrade can be done where the release before is installed.
#[test]
fn advice_on_what_cannot_be_converted_is_such_that_the_installed_release_takes_it() {
    let session = |session: Value| {
        let rule =
            json!({"backendRefs": [{"name": "a", "port": 80}], "sessionPersistence": session});
        object(
            &format!("{GROUP}/v1"),
            "HTTPRoute",
            json!({"rules": [rule]}),
        )
    };
    let at = "spec.rules[0].sessionPersistence";
    let idle = session(json!({"sessionName": "s", "idleTimeout": "1h"}));
    for from in [Release::V1_1_0, Release::V1_2_1, Release::V1_5_1] {
        let report = upgrade(
            std::slice::from_ref(&idle),
            from,
            Release::V1_7_0,
            EXPERIMENTAL,
        );
        assert_eq!(
            weighty(&report),
            [
                ("field-gone", &*format!("{at}.idleTimeout")),
                ("form-changed", &format!("{at}.sessionName")),
            ],
            "{report:#?}"
        );
        let help = &only(&report, "form-changed").help;
        assert!(
            help.ends_with("--release v1.7.0 --channel experimental`"),
            "{help}"
        );
        assert!(
            help.starts_with("use `cookie.name` or `header.name`: first correct what the other"),
            "{help}"
        );
        in_order(
            &report,
            &[
                "Decide on the fields",
                "httproutes.gateway.networking.k8s.io -A -o yaml > gateway-api-old-forms.yaml",
            ],
        );
    }
    // The name stands elsewhere before the upgrade than after it.
    let nameless = session(json!({"type": "Header"}));
    let report = upgrade(&[nameless], Release::V1_5_1, Release::V1_7_0, EXPERIMENTAL);
    let found = only(&report, "tightened");
    assert_eq!(found.path, at);
    assert!(found.help.contains("set `sessionName`"), "{found:?}");
}

/// The kinds that the commands of a plan write or delete, and those that its backup has.
fn written_and_copied(report: &UpgradeReport) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut written, mut copied) = (BTreeSet::new(), BTreeSet::new());
    for step in &report.steps {
        let is_backup = step.title.starts_with("Back up");
        for command in &step.commands {
            let mut words = command.split_whitespace().skip_while(|it| *it != "get");
            let (kinds, file) = (words.nth(1).unwrap_or_default(), command.contains(" -o "));
            let kinds = kinds.split(',').map(str::to_owned);
            match (is_backup, command.strip_prefix("kubectl delete crd ")) {
                (true, _) if kinds.clone().all(|it| it == "crd") => {}
                (true, _) => copied.extend(kinds),
                (false, Some(crd)) => drop(written.insert(crd.to_owned())),
                // What is read is written anew.
                (false, None) if file => written.extend(kinds),
                (false, None) => {}
            }
        }
    }
    (written, copied)
}

#[test]
fn the_backup_has_every_kind_that_a_later_step_writes_or_deletes() {
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let sets = crd("XListenerSet", Release::V1_4_1, EXPERIMENTAL, &["v1alpha1"]);
    let gateway = gateway(
        web.clone(),
        json!({"backendTLS": {"clientCertificateRef": {"name": "d"}}}),
    );
    let set = listener_set(web);
    let route = route_of_set("r", json!({"sessionName": "s"}));
    let from = json!([{"group": EXPERIMENTS, "kind": "XListenerSet", "namespace": "b"}]);
    let grant = object(
        &format!("{GROUP}/v1beta1"),
        "ReferenceGrant",
        json!({"from": from, "to": [{"group": "", "kind": "Secret"}]}),
    );
    let objects = [gateway, set, route, grant];
    let with_crd: Vec<_> = std::iter::once(sets)
        .chain(objects.iter().cloned())
        .collect();
    for installed in [&objects[..], &with_crd] {
        for from in [None, Some(Release::V1_3_0), Some(Release::V1_4_1)] {
            let to = UpgradeOptions::to(Release::V1_7_0, EXPERIMENTAL);
            let options = UpgradeOptions { from, ..to };
            let report = check(installed, options);
            let (written, copied) = written_and_copied(&report);
            assert!(
                written.is_subset(&copied),
                "{from:?} {written:?} {copied:?}"
            );
            let routes = "httproutes.gateway.networking.k8s.io";
            assert!(written.contains(routes), "{from:?} {:#?}", report.steps);
        }
    }
    // The server that has none of a kind refuses to give any.
    let options = UpgradeOptions::to(Release::V1_7_0, EXPERIMENTAL).from(Release::V1_5_1);
    let (_, copied) = written_and_copied(&check(&objects, options));
    assert!(
        copied.iter().all(|it| !it.starts_with("xlistenersets")),
        "{copied:?}"
    );
}

#[test]
fn objects_that_become_one_are_named_and_the_kind_that_is_replaced_stays() {
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    let kind = crd("XListenerSet", Release::V1_4_1, EXPERIMENTAL, &["v1alpha1"]);
    let old = listener_set(web);
    let mut new = old.clone();
    new["apiVersion"] = format!("{GROUP}/v1").into();
    new["kind"] = "ListenerSet".into();
    for installed in [
        [kind.clone(), old.clone(), new.clone()],
        [kind.clone(), new.clone(), old.clone()],
    ] {
        let report = check(
            &installed,
            UpgradeOptions::to(Release::V1_5_0, EXPERIMENTAL),
        );
        let found = only(&report, "same-name");
        assert_eq!(found.impact, Impact::Breaks);
        let said = format!("{} {} {}", found.object, found.message, found.help);
        assert!(
            said.contains("XListenerSet b/a of `gateway.networking.x-k8s.io/v1alpha1`")
                || said.contains("ListenerSet b/a of `gateway.networking.k8s.io/v1`"),
            "{said}"
        );
        assert!(
            found.help.starts_with("give XListenerSet b/a another name"),
            "{said}"
        );
        in_order(
            &report,
            &[
                "Give other names",
                "Convert the objects",
                "Keep the CRD of XListenerSet",
            ],
        );
    }
    // Of another namespace it is another object.
    new["metadata"]["namespace"] = "c".into();
    let report = check(
        [&kind, &old, &new],
        UpgradeOptions::to(Release::V1_5_0, EXPERIMENTAL),
    );
    assert!(report.findings.iter().all(|f| f.rule != "same-name"));
    // Two versions of a kind were one object before.
    let target = json!({"group": "", "kind": "Service", "name": "a"});
    let validation = json!({"hostname": "a.example", "wellKnownCACertificates": "System"});
    let spec = json!({"targetRefs": [target], "validation": validation});
    let both = [policy("v1alpha3", spec.clone()), policy("v1", spec)];
    let report = check(&both, UpgradeOptions::to(Release::V1_7_0, STANDARD));
    let found = only(&report, "same-name");
    assert_eq!(found.impact, Impact::Note);
    assert!(
        found
            .message
            .contains("BackendTLSPolicy b/a of `gateway.networking.k8s.io/v1alpha3`"),
        "{found:?}"
    );
}
