use super::*;
use ChoiceReason::{HasAll, Installed, Nearest, Newest};
use serde_json::json;

fn object(api_version: &str, kind: &str, spec: &Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec})
}

fn chosen(objects: &[Value], channel: Channel) -> (Release, ChoiceReason) {
    let choice = choose_release(objects, channel);
    (choice.release, choice.reason)
}

fn newest() -> Release {
    *Release::ALL.last().unwrap()
}

#[test]
fn the_newest_release_that_has_all_is_chosen() {
    const V1: &str = "gateway.networking.k8s.io/v1";
    let plain = object(V1, "HTTPRoute", &json!({"rules": [{"matches": []}]}));
    let ended = object(V1, "Gateway", &json!({"backendTLS": {}}));
    let fresh = object(V1, "HTTPRoute", &json!({"useDefaultGateways": "All"}));
    let idle = object(
        V1,
        "HTTPRoute",
        &json!({"rules": [{"sessionPersistence": {"idleTimeout": "1s"}}]}),
    );
    let misspelt = object(V1, "HTTPRoute", &json!({"rulez": []}));
    let experimental = Channel::Experimental;
    assert_eq!(chosen(&[], experimental), (newest(), HasAll));
    assert_eq!(
        chosen(&[plain.clone(), misspelt], experimental),
        (newest(), HasAll)
    );
    assert_eq!(
        chosen(&[plain.clone(), idle.clone()], experimental),
        (Release::V1_5_1, HasAll)
    );
    // The standard channel never had it.
    assert_eq!(
        chosen(&[plain.clone(), idle], Channel::Standard),
        (newest(), HasAll)
    );
    assert_eq!(
        chosen(&[ended.clone(), plain.clone()], experimental),
        (Release::V1_3_0, HasAll)
    );
    assert_eq!(chosen(&[ended, fresh], experimental), (newest(), Newest));
    let grant = object(
        "gateway.networking.k8s.io/v1alpha2",
        "ReferenceGrant",
        &json!({}),
    );
    assert_eq!(
        chosen(&[plain, grant], experimental),
        (Release::V1_1_1, HasAll)
    );
}

#[test]
fn the_release_of_the_crds_comes_first() {
    let crd = |version: &str| {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"annotations": {BUNDLE_VERSION_ANNOTATION: version}},
            "spec": {"group": "gateway.networking.k8s.io"},
        })
    };
    let idle = object(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        &json!({"rules": [{"sessionPersistence": {"idleTimeout": "1s"}}]}),
    );
    let (none, near) = (None, |version: &str| Some(version.to_owned()));
    for (version, release, other) in [
        ("v1.2.1", Release::V1_2_1, none),
        ("v1.6.9", Release::V1_6_3, near("v1.6.9")),
        ("v1.5.0-dev", Release::V1_5_1, near("v1.5.0-dev")),
        ("v99.0.0", newest(), near("v99.0.0")),
        ("v0.8.1", Release::V1_0_0, near("v0.8.1")),
    ] {
        let reason = other.map_or(Installed, Nearest);
        let (found, why) = chosen(&[idle.clone(), crd(version)], Channel::Experimental);
        assert_eq!((found, why), (release, reason), "{version}");
    }
    // Of several, the newest; one that says nothing counts for nothing.
    let several = [crd("v1.2.1"), crd("v1.4.0"), crd("v1.3.0"), crd("main")];
    assert_eq!(
        chosen(&several, Channel::Standard),
        (Release::V1_4_0, Installed)
    );
    let foreign = json!({
        "kind": "CustomResourceDefinition", "spec": {"group": "example.com"},
        "metadata": {"annotations": {BUNDLE_VERSION_ANNOTATION: "v1.2.1"}},
    });
    for object in [crd("main"), crd("v1"), crd("v1.2.x"), foreign] {
        assert_eq!(chosen(&[object], Channel::Standard), (newest(), HasAll));
    }
}

#[test]
fn a_status_counts_where_it_is_judged() {
    let mut gateway = object("gateway.networking.k8s.io/v1", "Gateway", &json!({}));
    gateway["status"] = json!({"attachedListenerSets": 1});
    let mut old = object(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        &json!({"backendTLS": {}}),
    );
    old["status"] = json!({});
    let choice = |with_status| {
        let mut uses = Uses::new(Channel::Experimental).with_status(with_status);
        uses.add(&gateway);
        uses.add(&old);
        uses.choice().reason
    };
    assert_eq!(choice(false), HasAll);
    assert_eq!(choice(true), Newest);
}

#[test]
fn what_is_gathered_in_parts_is_gathered() {
    let ended = object(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        &json!({"backendTLS": {}}),
    );
    let older = object(
        "gateway.networking.k8s.io/v1alpha2",
        "BackendLBPolicy",
        &json!({}),
    );
    let all = |parts: &[&[&Value]]| {
        let mut all = Uses::new(Channel::Experimental);
        for part in parts {
            let mut uses = Uses::new(Channel::Experimental);
            part.iter().for_each(|object| uses.add(object));
            all.append(uses);
        }
        all
    };
    let together = all(&[&[&ended, &older]]);
    assert_eq!(together.choice().release, Release::V1_2_1);
    assert_eq!(all(&[&[&ended], &[&older]]), together);
    assert_eq!(all(&[&[&older], &[], &[&ended]]), together);
}

/// Whoever is judged by an older release learns what of the input keeps it there.
#[test]
fn what_keeps_a_newer_release_from_having_all_is_named() {
    const V1: &str = "gateway.networking.k8s.io/v1";
    let old = |name: &str| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendLBPolicy",
            "metadata": {"name": name, "namespace": "shop"}, "spec": {},
        })
    };
    let ended = json!({
        "apiVersion": V1, "kind": "Gateway", "metadata": {"name": "g"}, "spec": {"backendTLS": {}},
    });
    let fresh = object(V1, "HTTPRoute", &json!({"useDefaultGateways": "All"}));
    let said = |objects: &[&Value]| {
        choose_release(objects.iter().copied(), Channel::Experimental).to_string()
    };
    let has_all = "the newest release that has every kind, version, field and value of the input that any release has: ";
    let lb = "BackendLBPolicy shop/a in `gateway.networking.k8s.io/v1alpha2` is gone since v1.3.0";
    let (a, b) = (old("a"), old("b"));
    for objects in [[&a, &b, &ended], [&ended, &b, &a]] {
        assert_eq!(said(&objects), format!("v1.2.1, {has_all}{lb}"));
    }
    assert_eq!(
        said(&[&ended]),
        format!("v1.3.0, {has_all}`spec.backendTLS` of Gateway g is gone since v1.4.0")
    );
    let both = said(&[&ended, &fresh]);
    let wanted = "of the input, since `spec.backendTLS` of Gateway g is gone since v1.4.0, and `spec.useDefaultGateways` of \
                  HTTPRoute a came with v1.4.0";
    assert!(both.ends_with(wanted), "{both}");
    let newest = said(&[&fresh]);
    assert!(newest.ends_with(", the newest release"), "{newest}");
}

/// A value is what some releases have, too, whatever others refuse it for.
#[test]
fn a_value_that_older_releases_refuse_came_with_the_first_that_takes_it() {
    const V1: &str = "gateway.networking.k8s.io/v1";
    let route = |spec| object(V1, "HTTPRoute", &spec);
    let redirect = |code: u16| {
        let filter = json!({"type": "RequestRedirect", "requestRedirect": {"statusCode": code}});
        route(json!({"rules": [{"filters": [filter]}]}))
    };
    let cors = json!({"type": "CORS", "cors": {"allowCredentials": false}});
    let authorities = json!({"hostname": "a.b", "wellKnownCACertificates": "example.com/x"});
    let target = json!({"group": "", "kind": "Service", "name": "a"});
    let matches: Vec<_> = (0..9)
        .map(|n| json!({"path": {"value": format!("/{n}")}}))
        .collect();
    let annotations: serde_json::Map<_, _> =
        (0..9).map(|n| (format!("a{n}"), json!("b"))).collect();
    let gateway = |more: Value| {
        let mut spec = json!({"gatewayClassName": "c", "listeners": [{"name": "a", "port": 1, "protocol": "HTTP"}]});
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        object(V1, "Gateway", &spec)
    };
    // Where the first release is that takes it, and what is said of it.
    for (object, since, what) in [
        (
            redirect(308),
            Release::V1_5_0,
            "the value `308` of `spec.rules[0].filters[0].requestRedirect.statusCode` of HTTPRoute a",
        ),
        (
            route(json!({"rules": [{"filters": [cors]}]})),
            Release::V1_4_0,
            "the value `false` of `spec.rules[0].filters[0].cors.allowCredentials` of HTTPRoute a",
        ),
        (
            object(
                V1,
                "BackendTLSPolicy",
                &json!({"targetRefs": [target], "validation": authorities}),
            ),
            Release::V1_5_0,
            "the value `example.com/x` of `spec.validation.wellKnownCACertificates` of BackendTLSPolicy a",
        ),
        (
            route(json!({"rules": [{"matches": matches}]})),
            Release::V1_2_0,
            "what is in `spec.rules[0].matches` of HTTPRoute a",
        ),
        (
            gateway(json!({"infrastructure": {"annotations": annotations}})),
            Release::V1_6_0,
            "what is in `spec.infrastructure.annotations` of Gateway a",
        ),
        (
            gateway(json!({"addresses": [{"type": "IPAddress"}]})),
            Release::V1_4_0,
            "",
        ),
    ] {
        let mut uses = Uses::new(Channel::Experimental);
        uses.add(&object);
        for release in Release::ALL {
            let options = crate::validation::ValidationOptions::of(*release, Channel::Experimental);
            let report = crate::validation::validate_value(&object, &options);
            let errors: Vec<_> = report.errors().collect();
            if uses.fit(*release) {
                assert!(errors.is_empty(), "{release}: {errors:?}");
            } else {
                assert!(!errors.is_empty(), "{release}: {object}");
            }
        }
        assert_eq!(uses.choice().release, newest());
        let (came, said) = uses.choice().narrowed.came.unwrap();
        assert_eq!(came, since, "{said}");
        assert!(said == what || what.is_empty(), "{said}");
    }
    // With what is gone before, no release has all.
    let ended = gateway(json!({"backendTLS": {}}));
    let choice = choose_release([&ended, &redirect(303)], Channel::Experimental);
    assert_eq!((choice.release, &choice.reason), (newest(), &Newest));
    let said = choice.to_string();
    assert!(
        said.ends_with(
            "since `spec.backendTLS` of Gateway a is gone since v1.4.0, and the value `303` of \
             `spec.rules[0].filters[0].requestRedirect.statusCode` of HTTPRoute a came with v1.5.0"
        ),
        "{said}"
    );
    let choice = choose_release([&ended, &redirect(302)], Channel::Experimental);
    assert_eq!((choice.release, choice.reason), (Release::V1_3_0, HasAll));
}

/// What a newer release refuses is a mistake to be reported, and no reason for an older one.
#[test]
fn a_limit_that_tightens_does_not_lead_to_an_older_release_and_is_named_beside_it() {
    const V1: &str = "gateway.networking.k8s.io/v1";
    let listener = json!({"name": "a", "port": 443, "protocol": "TLS"});
    let broken = object(
        V1,
        "Gateway",
        &json!({"gatewayClassName": "c", "listeners": [listener]}),
    );
    let choice = choose_release([&broken], Channel::Standard);
    assert_eq!((choice.release, &choice.reason), (newest(), &HasAll));
    assert!(
        choice.to_string().ends_with(", the newest release"),
        "{choice}"
    );
    // An annotation that v1.2.0 and later refuse, beside a field that ends with v1.3.0.
    let old = object(
        V1,
        "Gateway",
        &json!({
            "gatewayClassName": "c", "listeners": [{"name": "a", "port": 1, "protocol": "HTTP"}],
            "backendTLS": {}, "infrastructure": {"annotations": {"http://a/b": "c"}},
        }),
    );
    let choice = choose_release([&old], Channel::Experimental);
    assert_eq!((choice.release, &choice.reason), (Release::V1_3_0, &HasAll));
    let said = choice.to_string();
    assert!(
        said.contains("is gone since v1.4.0; what is in `spec.infrastructure.annotations` of Gateway a is refused since v1.2.0"),
        "{said}"
    );
}

/// A mistake in an older form is none for which an even older release is taken, though the newest has no such rule any more.
#[test]
fn a_rule_of_an_older_form_is_no_reason_for_another_release() {
    let session = json!({
        "sessionName": "s", "type": "Cookie", "cookieConfig": {"lifetimeType": "Permanent"},
    });
    let route = object(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        &json!({"rules": [{"sessionPersistence": session}]}),
    );
    let choice = choose_release([&route], Channel::Experimental);
    assert_eq!(choice.release, Release::V1_6_3, "{choice}");
    let options = crate::validation::ValidationOptions::of(choice.release, Channel::Experimental);
    assert!(!crate::validation::validate_value(&route, &options).is_accepted());
}
