//! Whole lists in the place of what was there: what of them is taken, and what is not.

use crate::controller::careful;
use gwapi::{
    attachment::{Resolver, SnapshotObject},
    kube_core::DeserializeGuard,
    meta::{NamespacedName, ObjectRef},
    v1::HttpRoute,
};
use k8s_openapi::{
    api::core::v1::Secret,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// A route as a list of a watch has it. Its hostname tells its versions apart.
fn route(name: &str, version: &str) -> DeserializeGuard<HttpRoute> {
    from(json!({
        "metadata": {
            "name": name, "namespace": "shop", "uid": format!("uid-{name}"), "resourceVersion": version,
            "managedFields": [{ "manager": "any" }],
        },
        "spec": { "parentRefs": [{ "name": "edge" }], "hostnames": [format!("{version}.example.com")], "rules": [{}] },
    }))
}

fn unreadable(name: &str) -> DeserializeGuard<HttpRoute> {
    from(json!({ "metadata": { "name": name, "namespace": "shop" }, "spec": "none" }))
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// The names and hostnames of all routes that are there.
fn there(resolver: &Resolver) -> Vec<String> {
    let routes = resolver.snapshot().http_routes().values();
    routes.map(|route| described(route)).collect()
}

fn described(route: &HttpRoute) -> String {
    let name = route.metadata.name.as_deref().unwrap();
    format!("{name} {}", route.spec.hostnames[0])
}

/// What is given back of a list.
fn given_back(unchanged: &[DeserializeGuard<HttpRoute>]) -> Vec<String> {
    let routes = unchanged.iter().map(|route| route.0.as_ref().unwrap());
    routes
        .map(|route| {
            assert!(
                route.metadata.managed_fields.is_some(),
                "as it was given: {route:?}"
            );
            described(route)
        })
        .collect()
}

/// Of a list what is new, has changed or cannot be read is taken. All else is given back as it came, in whatever order the list is.
#[test]
fn what_is_there_already_is_given_back() {
    let mut resolver = Resolver::new(careful());
    let first = resolver.replace_watched(vec![route("a", "1"), route("b", "1"), route("c", "1")]);
    assert_eq!((first.invalid.len(), first.unchanged.len()), (0, 0));
    let kept: Vec<Arc<HttpRoute>> = resolver
        .snapshot()
        .http_routes()
        .values()
        .cloned()
        .collect();
    for route in &kept {
        assert_eq!(route.metadata.managed_fields, None);
    }
    // The first is the same, one has changed, one cannot be read, and one is new.
    let second = resolver.replace_watched(vec![
        route("a", "1"),
        route("b", "2"),
        unreadable("c"),
        route("d", "1"),
    ]);
    assert_eq!(given_back(&second.unchanged), ["a 1.example.com"]);
    assert_eq!(second.invalid.len(), 1);
    assert_eq!(second.invalid[0].metadata.name.as_deref(), Some("c"));
    assert_eq!(
        there(&resolver),
        ["a 1.example.com", "b 2.example.com", "d 1.example.com"]
    );
    let is_same = |resolver: &Resolver| {
        let routes = resolver.snapshot().http_routes();
        Arc::ptr_eq(&routes[&NamespacedName::new("shop", "a")], &kept[0])
    };
    assert!(is_same(&resolver));
    let left_out = ObjectRef::gateway_api("HTTPRoute", &NamespacedName::new("shop", "c"));
    assert!(resolver.snapshot().is_left_out(&left_out));
    // Out of order, an object is found by its name. Of two of one name the last one counts.
    let third = resolver.replace_watched(vec![
        route("d", "1"),
        route("b", "3"),
        route("a", "1"),
        route("b", "4"),
    ]);
    let mut unchanged = given_back(&third.unchanged);
    unchanged.sort_unstable();
    assert_eq!(unchanged, ["a 1.example.com", "d 1.example.com"]);
    assert_eq!(
        there(&resolver),
        ["a 1.example.com", "b 4.example.com", "d 1.example.com"]
    );
    assert!(is_same(&resolver));
    assert!(!resolver.snapshot().is_left_out(&left_out));
}

/// Of a list that is lent, only what differs is cloned, and what it lacks goes.
#[test]
fn a_list_that_is_lent_is_put_in_place() {
    let list = |versions: [&str; 2]| -> Vec<HttpRoute> {
        let routes = [route("a", versions[0]), route("b", versions[1])];
        routes.map(|route| route.0.unwrap()).into()
    };
    let mut resolver = Resolver::new(careful());
    resolver.replace_listed(&list(["1", "1"]));
    let a = resolver.snapshot().http_routes()[&NamespacedName::new("shop", "a")].clone();
    resolver.replace_listed(&list(["1", "2"]));
    assert_eq!(there(&resolver), ["a 1.example.com", "b 2.example.com"]);
    let routes = resolver.snapshot().http_routes();
    assert!(Arc::ptr_eq(&routes[&NamespacedName::new("shop", "a")], &a));
    resolver.replace_listed(&list(["1", "2"])[1..]);
    assert_eq!(there(&resolver), ["b 2.example.com"]);
}

/// A definition with the `uid` and `resourceVersion` of the one that is there is the same, as with any other kind.
#[test]
fn a_definition_of_the_same_version_is_the_same() {
    let definition = |uid: &str, version: &str, served: &str| -> CustomResourceDefinition {
        from(json!({
            "metadata": { "name": "tlsroutes.gateway.networking.k8s.io", "uid": uid, "resourceVersion": version },
            "spec": {
                "group": "gateway.networking.k8s.io", "names": { "kind": "TLSRoute", "plural": "tlsroutes" },
                "scope": "Namespaced", "versions": [{ "name": served, "served": true, "storage": true }],
            },
        }))
    };
    let mut resolver = Resolver::new(careful());
    let name = NamespacedName::new("", "tlsroutes.gateway.networking.k8s.io");
    for (definition, is_told) in [
        (definition("one", "1", "v1alpha2"), "v1alpha2"),
        (definition("one", "1", "v1"), "v1alpha2"),
        (definition("one", "2", "v1"), "v1"),
        (definition("two", "2", "v1alpha3"), "v1alpha3"),
    ] {
        resolver.replace_all::<CustomResourceDefinition>([definition]);
        assert_eq!(
            resolver.snapshot().installed_crds()[&name].served,
            [is_told]
        );
    }
    // The same as a manifest has it.
    let text = serde_json::to_value(definition("two", "2", "v1")).unwrap();
    let object = gwapi::manifest::decode(&text).unwrap();
    resolver.insert(SnapshotObject::from(object));
    resolver.replace_all::<CustomResourceDefinition>([definition("two", "2", "v1alpha2")]);
    assert_eq!(resolver.snapshot().installed_crds()[&name].served, ["v1"]);
}

/// What is given back of a list of Secrets shows nothing of them.
#[test]
fn what_is_given_back_of_secrets_does_not_show() {
    let secret = || -> DeserializeGuard<Secret> {
        from(json!({
            "metadata": { "name": "cert", "namespace": "shop", "uid": "one", "resourceVersion": "1" },
            "stringData": { "tls.key": "hidden" },
        }))
    };
    let bad: DeserializeGuard<Secret> = from(json!({
        "metadata": { "name": "bad", "namespace": "shop", "annotations": { "last-applied": "hidden" } }, "data": "hidden",
    }));
    let mut resolver = Resolver::new(careful());
    let first = resolver.replace_watched(vec![secret(), bad.clone()]);
    let again = resolver.replace_watched(vec![secret(), bad]);
    assert_eq!((again.unchanged.len(), again.invalid.len()), (1, 1));
    for relisted in [first, again] {
        let shown = format!("{relisted:?}");
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
