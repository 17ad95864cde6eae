//! What is said of releases: what another one has or allows.

use super::*;

#[test]
fn what_another_release_or_channel_has_is_named_with_where_it_is() {
    const V1: &str = "gateway.networking.k8s.io/v1";
    const ALPHA2: &str = "gateway.networking.k8s.io/v1alpha2";
    const X: &str = "gateway.networking.x-k8s.io/v1alpha1";
    let help = |api_version: &str, kind: &str, spec: &Value, release, channel| {
        let object = json!({
            "apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "b"}, "spec": spec,
        });
        let report = validate_value(&object, &ValidationOptions::of(release, channel));
        let first = report.errors().next().unwrap();
        format!("{}: {}", first.rule(), first.help().unwrap())
    };
    let gateway = json!({
        "gatewayClassName": "c", "listeners": [{"name": "a", "port": 1, "protocol": "HTTP"}], "backendTLS": {},
    });
    let mut misspelt = gateway.clone();
    misspelt["backendTls"] = misspelt["backendTLS"].take();
    misspelt.as_object_mut().unwrap().remove("backendTLS");
    let cors = json!({"rules": [{"filters": [{"type": "CORS", "cors": {}}]}]});
    for (api_version, kind, spec, release, channel, expected) in [
        (
            X,
            "XListenerSet",
            json!({}),
            Release::V1_1_0,
            Channel::Experimental,
            "kind/not-served: it is there from v1.3.0 to v1.4.1 in the experimental channel; \
             ListenerSet has replaced it: it is there since v1.5.0",
        ),
        (
            X,
            "XListenerSet",
            json!({}),
            Release::V1_5_0,
            Channel::Experimental,
            "kind/not-served: gone since v1.5.0: it was there from v1.3.0 to v1.4.1 in the experimental channel; \
             use ListenerSet of `gateway.networking.k8s.io/v1`",
        ),
        (
            ALPHA2,
            "BackendLBPolicy",
            json!({}),
            Release::V1_4_0,
            Channel::Standard,
            "kind/not-served: gone since v1.3.0: it was there from v1.1.0 to v1.2.1 in the experimental channel; \
             XBackendTrafficPolicy has replaced it: it is in the experimental channel",
        ),
        (
            V1,
            "XListenerSet",
            json!({}),
            Release::V1_1_0,
            Channel::Experimental,
            "kind/not-served: `gateway.networking.x-k8s.io/v1alpha1`: it is there from v1.3.0 to v1.4.1 in the experimental \
             channel; ListenerSet has replaced it: it is there since v1.5.0",
        ),
        (
            ALPHA2,
            "ReferenceGrant",
            json!({}),
            Release::V1_1_0,
            Channel::Standard,
            "version/not-served: write `apiVersion: gateway.networking.k8s.io/v1beta1` \
             (`gateway.networking.k8s.io/v1alpha2`: it is in the experimental channel, and gone from the standard one since v1.1.0)",
        ),
        (
            ALPHA2,
            "BackendTLSPolicy",
            json!({}),
            Release::V1_1_0,
            Channel::Standard,
            "kind/not-served: `v1`: it is there since v1.4.0; `v1alpha2`: gone since v1.1.0: it was there only in v1.0.0 in the \
             experimental channel; `v1alpha3`: it is in the experimental channel",
        ),
        (
            ALPHA2,
            "TLSRoute",
            json!({}),
            Release::V1_4_0,
            Channel::Standard,
            "kind/not-served: `v1`: it is there since v1.5.0; `v1alpha2`: it is in the experimental channel; \
             `v1alpha3`: it is in the experimental channel",
        ),
        (
            "networking.k8s.io/v1",
            "XMesh",
            json!({}),
            Release::V1_1_0,
            Channel::Experimental,
            "group/not-known: write `apiVersion: gateway.networking.x-k8s.io/VERSION`, in a release and channel with the kind \
             (`v1alpha1`: it is there since v1.4.0 in the experimental channel)",
        ),
        (
            ALPHA2,
            "BackendLBPolicy",
            json!({"retryConstraint": {}}),
            Release::V1_1_0,
            Channel::Experimental,
            "schema/unknown-field: it is there in XBackendTrafficPolicy since v1.3.0 in the experimental channel",
        ),
        (
            ALPHA2,
            "GRPCRoute",
            json!({"rules": [{"name": "a"}]}),
            Release::V1_1_0,
            Channel::Experimental,
            "schema/unknown-field: it is there in `v1` since v1.2.0 in the experimental channel, v1.4.0 in the standard channel",
        ),
        (
            ALPHA2,
            "GRPCRoute",
            json!({"rules": [{"sessionPersistence": {}}]}),
            Release::V1_0_0,
            Channel::Experimental,
            "schema/unknown-field: it is there from v1.1.0 to v1.1.1 in the experimental channel; \
             in `v1` since v1.1.0 in the experimental channel",
        ),
        (
            V1,
            "ListenerSet",
            json!({}),
            Release::V1_1_0,
            Channel::Standard,
            "kind/not-served: it is there since v1.5.0",
        ),
        (
            V1,
            "Gateway",
            gateway,
            Release::V1_4_0,
            Channel::Experimental,
            "schema/unknown-field: gone since v1.4.0: use `spec.tls.backend`",
        ),
        (
            V1,
            "Gateway",
            misspelt,
            Release::V1_4_0,
            Channel::Experimental,
            "schema/unknown-field: did you mean `backendTLS`? (gone since v1.4.0: use `spec.tls.backend`)",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"rules": [{"retry": {}}]}),
            Release::V1_2_0,
            Channel::Standard,
            "schema/unknown-field: it is in the experimental channel, and since v1.7.0 in the standard one",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"rules": [{"name": "a"}]}),
            Release::V1_1_0,
            Channel::Standard,
            "schema/unknown-field: it is there since v1.2.0 in the experimental channel, v1.4.0 in the standard channel",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"rules": [{"nothing": 1}]}),
            Release::V1_7_0,
            Channel::Standard,
            "schema/unknown-field: correct its name or remove it: no release known here has it",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"timeouts": {"request": "1s"}}),
            Release::V1_7_0,
            Channel::Standard,
            "schema/unknown-field: `timeouts` belongs to `spec.rules[]`",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"timeouts": {"request": "1s"}}),
            Release::V1_1_0,
            Channel::Standard,
            "schema/unknown-field: `timeouts` belongs to `spec.rules[]` (it is in the experimental channel, and since v1.2.0 in the standard one)",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"backendRefs": [{"name": "a"}]}),
            Release::V1_7_0,
            Channel::Standard,
            "schema/unknown-field: `backendRefs` belongs to `spec.rules[]`",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"rules": [{"hostname": "a.example"}]}),
            Release::V1_7_0,
            Channel::Standard,
            "schema/unknown-field: did you mean `hostnames`? It belongs to `spec`",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"rules": [{"hostnames": ["a.example"]}]}),
            Release::V1_7_0,
            Channel::Standard,
            "schema/unknown-field: `hostnames` belongs to `spec`",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"rules": [{"backendRefs": [{"name": "a", "sessionPersistence": {}}]}]}),
            Release::V1_1_0,
            Channel::Standard,
            "schema/unknown-field: `sessionPersistence` belongs to `spec.rules[]` (it is in the experimental channel)",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"labels": {"a": "b"}}),
            Release::V1_7_0,
            Channel::Standard,
            "schema/unknown-field: `labels` belongs to `metadata`",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"headers": "a"}),
            Release::V1_7_0,
            Channel::Standard,
            "schema/unknown-field: correct its name or remove it: no release known here has it",
        ),
        (
            V1,
            "HTTPRoute",
            json!({"port": 80}),
            Release::V1_7_0,
            Channel::Standard,
            "schema/unknown-field: `port` belongs to `spec.parentRefs[]`, `spec.rules[].backendRefs[]`, `spec.rules[].filters[].requestRedirect` or 3 other parts",
        ),
    ] {
        let found = help(api_version, kind, &spec, release, channel);
        assert_eq!(found, expected, "{kind} {release} {channel}");
    }
    let value = json!({
        "apiVersion": V1, "kind": "HTTPRoute", "metadata": {"name": "a", "namespace": "b"}, "spec": cors,
    });
    let report = validate_value(
        &value,
        &ValidationOptions::of(Release::V1_1_0, Channel::Standard),
    );
    let helps: Vec<_> = report
        .errors()
        .filter(|f| f.rule() == "schema/enum")
        .collect();
    assert!(
        helps[0].help().unwrap().ends_with(
            "; what is written is allowed since v1.3.0 in the experimental channel, v1.5.0 in the standard channel"
        ),
        "{helps:?}"
    );
}

#[test]
fn what_a_release_refuses_and_another_allows_is_named_with_its_releases() {
    let help = |kind: &str, spec: Value, release, channel, rule: &str| {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": kind,
            "metadata": {"name": "a", "namespace": "b"}, "spec": spec,
        });
        let report = validate_value(&object, &ValidationOptions::of(release, channel));
        let of_rule = report.errors().find(|finding| finding.rule() == rule);
        of_rule.map(|finding| finding.help().unwrap_or_default().to_owned())
    };
    let redirect = |code: u64| {
        let filter = json!({"type": "RequestRedirect", "requestRedirect": {"statusCode": code}});
        json!({"rules": [{"filters": [filter]}]})
    };
    let (standard, experimental) = (Channel::Standard, Channel::Experimental);
    assert_eq!(
        help(
            "HTTPRoute",
            redirect(303),
            Release::V1_4_0,
            standard,
            "schema/enum"
        )
        .as_deref(),
        Some("allowed: `301` or `302`; what is written is allowed since v1.5.0")
    );
    // A field that v1.7.0 does not have is gone from v1.6.0, too, where the rule is another one.
    let session = json!({"type": "Cookie", "sessionName": "x", "idleTimeout": "5s"});
    let of = help(
        "HTTPRoute",
        json!({"rules": [{"sessionPersistence": session}]}),
        Release::V1_7_0,
        experimental,
        "SessionPersistence/cookie-fits-type",
    );
    let of = of.unwrap();
    assert!(
        of.ends_with(
            "; what is written is allowed from v1.1.1 to v1.5.1 in the experimental channel"
        ),
        "{of}"
    );
    // Neither does a kind that it has replaced allow a field that came later.
    let session = json!({"type": "Header", "cookieConfig": {"lifetimeType": "Session"}, "cookie": {"name": "x"}});
    let policy = json!({
        "apiVersion": "gateway.networking.x-k8s.io/v1alpha1", "kind": "XBackendTrafficPolicy",
        "metadata": {"name": "a", "namespace": "b"},
        "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": "s"}], "sessionPersistence": session},
    });
    let options = ValidationOptions::of(Release::V1_5_0, experimental);
    let report = validate_value(&policy, &options);
    let rule = "SessionPersistence/cookie-config-for-cookies";
    let of = report.errors().find(|finding| finding.rule() == rule);
    let of = of.unwrap().help().unwrap_or_default();
    assert!(!of.contains("what is written is allowed"), "{of}");
    // What no release allows.
    assert_eq!(
        help(
            "HTTPRoute",
            redirect(304),
            Release::V1_4_0,
            standard,
            "schema/enum"
        )
        .as_deref(),
        Some("allowed: `301` or `302`")
    );
    let matches: Vec<Value> = (0..9)
        .map(|n| json!({"method": {"method": format!("m{n}")}}))
        .collect();
    let many = json!({"rules": [{"matches": matches, "backendRefs": [{"name": "a", "port": 1}]}]});
    assert_eq!(
        help(
            "GRPCRoute",
            many,
            Release::V1_2_0,
            standard,
            "schema/max-items"
        )
        .as_deref(),
        Some("keep 8 entries, or split the object; what is written is allowed since v1.3.0")
    );
    let cors = json!({"type": "CORS", "cors": {"allowCredentials": false}});
    let cors = json!({"rules": [{"filters": [cors]}]});
    assert_eq!(
        help(
            "HTTPRoute",
            cors,
            Release::V1_3_0,
            experimental,
            "schema/enum"
        )
        .as_deref(),
        Some(
            "allowed: `true`; what is written is allowed since v1.4.0 in the experimental channel, v1.5.0 in the standard channel"
        )
    );
    let policy = json!({
        "targetRefs": [{"group": "", "kind": "Service", "name": "a"}],
        "validation": {"hostname": "a.b", "wellKnownCACertificates": "example.com/x"},
    });
    let of = help(
        "BackendTLSPolicy",
        policy,
        Release::V1_4_0,
        standard,
        "schema/enum",
    )
    .unwrap();
    assert!(
        of.ends_with("; what is written is allowed since v1.5.0"),
        "{of}"
    );
    // A rule of one release. v1.3.0 refuses an address without value although its schema does not demand one.
    let gateway = json!({
        "gatewayClassName": "c", "listeners": [{"name": "a", "port": 1, "protocol": "HTTP"}],
        "addresses": [{"type": "IPAddress"}],
    });
    let of = help(
        "Gateway",
        gateway,
        Release::V1_2_0,
        standard,
        "schema/required",
    )
    .unwrap();
    assert!(
        of.ends_with("; what is written is allowed since v1.4.0"),
        "{of}"
    );
}

#[test]
fn a_release_that_changes_nothing_judges_as_the_one_before() {
    let session = json!({"rules": [{"sessionPersistence": {"idleTimeout": "1s"}, "rule": 1}]});
    let old = json!({"backendTLS": {}, "listeners": []});
    for (kind, spec) in [
        ("HTTPRoute", session),
        ("Gateway", old),
        ("BackendTLSPolicy", json!({})),
    ] {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": "a", "namespace": "b"}, "spec": spec,
        });
        for channel in Channel::ALL {
            let findings = |release: Release| -> Vec<String> {
                let report = validate_value(&object, &ValidationOptions::of(release, channel));
                let texts = report.findings().iter().map(ToString::to_string);
                texts
                    .map(|text| text.replace(release.as_str(), "…"))
                    .collect()
            };
            assert!(!findings(Release::made_up()).is_empty(), "{kind}");
            assert_eq!(
                findings(Release::made_up()),
                findings(Release::newest()),
                "{kind}"
            );
        }
    }
}

/// Even where no release of the version itself differs.
#[test]
fn a_limit_that_another_version_does_not_have_is_named_with_that_version() {
    let rule = json!({"backendRefs": [{"name": "a", "port": 1}]});
    for (kind, hostnames) in [
        ("TCPRoute", None),
        ("UDPRoute", None),
        ("TLSRoute", Some(["a.example"])),
    ] {
        let mut object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": kind,
            "metadata": {"name": "a", "namespace": "b"}, "spec": {"rules": [rule, rule]},
        });
        if let Some(hostnames) = hostnames {
            object["spec"]["hostnames"] = json!(hostnames);
        }
        let options = ValidationOptions::of(Release::V1_6_0, Channel::Experimental);
        let report = validate_value(&object, &options);
        let errors: Vec<_> = report.errors().collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].rule(), "schema/max-items");
        let help = errors[0].help().unwrap();
        assert!(
            help.contains("what is written is allowed in `v1alpha2` "),
            "{help}"
        );
    }
}

/// "Gone since v1.4.0: use …" names what the release and channel have.
#[test]
fn what_has_replaced_a_field_is_named_with_where_it_is_unless_it_is_here() {
    let listener = json!({
        "name": "a", "port": 443, "protocol": "HTTPS",
        "tls": {"certificateRefs": [{"name": "c"}], "frontendValidation": {"caCertificateRefs": []}},
    });
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "a"},
        "spec": {"gatewayClassName": "c", "listeners": [listener], "backendTLS": {}},
    });
    let helps = |release, channel| -> Vec<String> {
        let report = validate_value(&gateway, &ValidationOptions::of(release, channel));
        let unknown = report
            .errors()
            .filter(|f| f.rule() == "schema/unknown-field");
        unknown.map(|f| f.help().unwrap().to_owned()).collect()
    };
    let here = |path: &str| format!("gone since v1.4.0: use `{path}`");
    let elsewhere = |path: &str, first: &str| {
        format!(
            "gone since v1.4.0: it was there from {first} to v1.3.0 in the experimental channel; `{path}` has replaced it: it is in \
             the experimental channel, and since v1.5.0 in the standard one"
        )
    };
    let (backend, frontend) = ("spec.tls.backend", "spec.tls.frontend");
    for (release, channel) in [
        (Release::V1_4_0, Channel::Experimental),
        (Release::V1_5_0, Channel::Standard),
        (Release::V1_7_0, Channel::Standard),
    ] {
        assert_eq!(
            helps(release, channel),
            [here(backend), here(frontend)],
            "{release} {channel}"
        );
    }
    for release in [Release::V1_4_0, Release::V1_4_1] {
        assert_eq!(
            helps(release, Channel::Standard),
            [elsewhere(backend, "v1.2.0"), elsewhere(frontend, "v1.1.0")],
            "{release}"
        );
    }
    // That it ends is said before it has.
    let ends = "it is in the experimental channel, and gone from it since v1.4.0; `spec.tls.backend` has replaced it: it is there \
                since v1.4.0 in the experimental channel, v1.5.0 in the standard channel";
    assert_eq!(helps(Release::V1_3_0, Channel::Standard)[0], ends);
}

/// "Named with where they do exist": a channel that has a field in another version of the kind alone is one of these places.
#[test]
fn a_channel_that_has_a_field_in_another_version_alone_is_named_with_it() {
    let options = ValidationOptions::of(Release::V1_1_0, Channel::Experimental);
    for (version, kind, spec, help) in [
        (
            "v1alpha3",
            "BackendTLSPolicy",
            json!({"options": {}}),
            "it is there since v1.2.0 in the experimental channel; in `v1` since v1.4.0",
        ),
        (
            "v1alpha2",
            "TCPRoute",
            json!({"rules": [{"name": "a"}]}),
            "it is there since v1.2.0 in the experimental channel; in `v1` since v1.6.0",
        ),
    ] {
        let object = json!({
            "apiVersion": format!("gateway.networking.k8s.io/{version}"), "kind": kind, "metadata": {"name": "a"}, "spec": spec,
        });
        let report = validate_value(&object, &options);
        let unknown = report.errors().find(|f| f.rule() == "schema/unknown-field");
        assert_eq!(unknown.unwrap().help(), Some(help), "{kind}");
    }
}

#[test]
fn of_two_kinds_the_one_that_the_release_has_is_named_whichever_came_later() {
    let help = |api_version: &str, kind: &str, release| {
        let object =
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": {}});
        let report = validate_value(
            &object,
            &ValidationOptions::of(release, Channel::Experimental),
        );
        report.errors().next().unwrap().help().unwrap().to_owned()
    };
    assert_eq!(
        help(
            "gateway.networking.k8s.io/v1",
            "ListenerSet",
            Release::V1_4_0
        ),
        "it is there since v1.5.0; use XListenerSet of `gateway.networking.x-k8s.io/v1alpha1`"
    );
    // A kind that is meant, and that is gone.
    assert_eq!(
        help(
            "gateway.networking.x-k8s.io/v1alpha1",
            "XListenerSets",
            Release::V1_7_0
        ),
        "did you mean `XListenerSet`? (`v1alpha1`: gone since v1.5.0: it was there from v1.3.0 to v1.4.1 in the experimental \
         channel; use ListenerSet of `gateway.networking.k8s.io/v1`)"
    );
}
