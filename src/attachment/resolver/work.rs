//! How much work an update takes. Results do not show that, so it is counted.

use super::{
    Resolver,
    depends::LOOKED_AT,
    due::WRITES_LOOKED_AT,
    update::{GATEWAYS_EXAMINED, routes::ROUTES_EXAMINED},
};
use crate::{
    attachment::{Options, SnapshotObject, Status, objects::BUNDLES_READ},
    manifest,
    v1::{Gateway, HttpRoute},
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

fn resolver_of(objects: &[Value]) -> Resolver {
    let mut resolver = Resolver::new(Options::for_manifests());
    for object in objects {
        resolver.insert(SnapshotObject::from(manifest::decode(object).unwrap()));
    }
    resolver
}

/// What concerns all policies for a target, all routes of a namespace or all classes is marked once an update, and not
/// once an object that comes.
#[test]
fn objects_that_come_one_by_one_mark_what_they_have_in_common_once() {
    let (mut looks, many) = (Vec::new(), 40);
    for times in [1, 2, 4] {
        let policies = (0..many * times).map(|n| {
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
                "metadata": {"name": format!("p{n}")},
                "spec": {
                    "targetRefs": [{"group": "", "kind": "Service", "name": "s"}],
                    "validation": {"hostname": "s.test", "wellKnownCACertificates": "System"},
                },
            })
        });
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}});
        let objects: Vec<_> = [service].into_iter().chain(policies).collect();
        LOOKED_AT.take();
        let mut resolver = resolver_of(&objects);
        assert_eq!(LOOKED_AT.take(), 0, "nothing before the update");
        resolver.update();
        looks.push(LOOKED_AT.take());
    }
    assert!(looks[0] >= many);
    assert_eq!((looks[1], looks[2]), (2 * looks[0], 4 * looks[0]));
}

/// The same for the labels of a Namespace, and for the CRDs that say which release is installed.
#[test]
fn what_concerns_many_is_marked_at_the_update() {
    let class = |n: usize| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": format!("c{n}")},
            "spec": {"controllerName": "example.com/c"},
        })
    };
    let route = |n: usize| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": format!("r{n}"), "namespace": "a"},
            "spec": {"parentRefs": [{"name": "g"}]},
        })
    };
    let mut objects: Vec<_> = (0..20).map(class).chain((0..20).map(route)).collect();
    let mut resolver = resolver_of(&objects);
    resolver.update();
    for _ in 0..3 {
        objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}));
        objects.push(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "httproutes.gateway.networking.k8s.io"},
            "spec": {"group": "gateway.networking.k8s.io", "names": {"kind": "HTTPRoute", "plural": "httproutes"}, "scope": "Namespaced", "versions": []},
        }));
    }
    for object in &objects[40..] {
        resolver.insert(SnapshotObject::from(manifest::decode(object).unwrap()));
    }
    assert_eq!(
        (resolver.dirty.routes.len(), resolver.dirty.classes.len()),
        (0, 0)
    );
    assert_eq!(resolver.dirty.namespaces.len(), 1);
    assert!(resolver.dirty.every_class);
}

/// A ConfigMap is read once, whoever refers to it and whatever is wrong with it, and again when it has changed.
#[test]
fn a_bundle_is_read_once_however_many_policies_and_gateways_name_it() {
    let bundle = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca"}, "data": {"ca.crt": "none"}});
    let reference = json!({"group": "", "kind": "ConfigMap", "name": "ca"});
    for many in [5, 50] {
        let policies = (0..many).map(|n| {
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1alpha3", "kind": "BackendTLSPolicy",
                "metadata": {"name": format!("p{n}")},
                "spec": {
                    "targetRefs": [{"group": "", "kind": "Service", "name": "s"}],
                    "validation": {"hostname": "s.test", "caCertificateRefs": [reference]},
                },
            })
        });
        let references = vec![&reference; 8];
        let gateways = (0..many).map(|n| {
            let listener = json!({
                "name": "l", "port": 443, "protocol": "HTTPS",
                "tls": {"options": {"a.test/b": "c"}, "frontendValidation": {"caCertificateRefs": references}},
            });
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": format!("g{n}")},
                "spec": {"gatewayClassName": "c", "listeners": [listener]},
            })
        });
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}});
        let objects = [service, bundle.clone()].into_iter();
        let objects: Vec<_> = objects.chain(policies).chain(gateways).collect();
        BUNDLES_READ.take();
        let mut resolver = resolver_of(&objects);
        resolver.update();
        let again = manifest::decode(&objects[1]).unwrap();
        assert_eq!(BUNDLES_READ.take(), 1);
        resolver.insert(SnapshotObject::from(again));
        resolver.update();
        assert_eq!(BUNDLES_READ.take(), 1, "given again");
        resolver.set_now(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
        resolver.update();
        assert_eq!(BUNDLES_READ.take(), 0, "another time");
    }
}

/// What is due is looked for among what has changed and what waits for its write, however many objects there are.
#[test]
fn only_what_has_changed_or_waits_is_looked_at_for_a_write() {
    let now = Time(Timestamp::UNIX_EPOCH);
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "g"},
        "spec": {"gatewayClassName": "any", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]},
    });
    let route = |n: usize| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": format!("r{n}")},
            "spec": {"parentRefs": [{"name": "g"}]},
        })
    };
    let objects: Vec<_> = (0..50).map(route).chain([gateway]).collect();
    let mut resolver = resolver_of(&objects);
    resolver.update();
    WRITES_LOOKED_AT.take();
    let due = resolver.due(&now);
    assert_eq!((due.len(), WRITES_LOOKED_AT.take()), (51, 51));
    for write in due.iter().skip(1) {
        let Status::Route(status) = &write.status else {
            panic!("the Gateway is first")
        };
        let place = write.reference.namespaced_name();
        let mut route: HttpRoute = (*resolver.snapshot().http_routes()[&place]).clone();
        route.status = Some(status.clone());
        resolver.insert(route);
    }
    resolver.update();
    assert_eq!(resolver.due(&now).len(), 1, "the Gateway waits");
    assert_eq!(WRITES_LOOKED_AT.take(), 51);
    resolver.insert(SnapshotObject::from(manifest::decode(&route(7)).unwrap()));
    resolver.update();
    assert_eq!(resolver.due(&now).len(), 2);
    assert_eq!(WRITES_LOOKED_AT.take(), 2);
}

/// A list of what is there already is no work but to find that out, and an endpoint that moves is none of its routes' business.
#[test]
fn a_relist_and_a_moved_endpoint_resolve_no_route() {
    let metadata = |name: &str| json!({"name": name, "namespace": "shop", "uid": name, "resourceVersion": "1"});
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": metadata("g"),
        "spec": {"gatewayClassName": "any", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]},
    });
    let route = |n: usize| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata(&format!("r{n}")),
            "spec": {"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]},
        })
    };
    let slice = |address: &str| {
        let mut metadata = metadata("s-1");
        metadata["labels"] = json!({"kubernetes.io/service-name": "s"});
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, "addressType": "IPv4",
            "endpoints": [{"addresses": [address]}], "ports": [{"port": 8080}],
        })
    };
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata("s"),
        "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]},
    });
    let routes: Vec<Value> = (0..50).map(route).collect();
    let others = [gateway.clone(), service, slice("10.1.0.1")];
    let objects: Vec<Value> = others.into_iter().chain(routes.clone()).collect();
    let mut resolver = resolver_of(&objects);
    resolver.update();
    let examined = || (GATEWAYS_EXAMINED.take(), ROUTES_EXAMINED.take());
    let (gateways, all) = examined();
    assert!(gateways >= 1 && all >= 50, "{gateways} {all}");
    let listed = routes.iter().map(HttpRoute::deserialize);
    resolver.replace_all::<HttpRoute>(listed.map(Result::unwrap));
    resolver.replace_all::<Gateway>([Gateway::deserialize(&gateway).unwrap()]);
    assert!(resolver.update().is_empty());
    assert_eq!(examined(), (0, 0), "listed again");
    let moved = manifest::decode(&slice("10.1.0.2")).unwrap();
    resolver.insert(SnapshotObject::from(moved));
    let changes = resolver.update();
    assert_eq!(changes.services.len(), 1);
    assert_eq!(examined(), (0, 0), "an endpoint has moved");
}
