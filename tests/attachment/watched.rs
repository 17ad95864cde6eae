//! Objects as watches bring them, and writes as requests.

use crate::{
    controller::{SET, careful, resolver},
    world,
};
use gwapi::{
    attachment::{DueWrite, InstalledCrd, Options, Resolver},
    kube_core::DeserializeGuard,
    meta::{GROUP, MULTICLUSTER_GROUP, NamespacedName, ObjectRef},
    v1::{Gateway, GatewayClass, HttpRoute, TlsRoute},
    v1alpha2, v1beta1,
};
use k8s_openapi::{
    Metadata, Resource,
    api::{
        core::v1::{ConfigMap, Namespace, Secret, Service},
        discovery::v1::EndpointSlice,
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
    jiff::Timestamp,
};
use serde_json::{Value, json};

fn now() -> Time {
    Time(Timestamp::UNIX_EPOCH)
}

/// A definition that serves a kind in some versions.
fn crd<K: Resource>(served: &[&str]) -> InstalledCrd {
    InstalledCrd {
        name: format!("{}.{}", K::URL_PATH_SEGMENT, K::GROUP),
        group: K::GROUP.to_owned(),
        served: served.iter().map(|&version| version.to_owned()).collect(),
        ..Default::default()
    }
}

fn watched(resolver: &Resolver) -> Vec<String> {
    let watched = resolver.watched();
    let of_api = watched
        .iter()
        .filter(|kind| kind.group == GROUP || kind.group == MULTICLUSTER_GROUP);
    of_api
        .map(|kind| format!("{} {}", kind.kind, kind.version))
        .collect()
}

/// As a list of a watch has it.
fn guarded<K: serde::de::DeserializeOwned + gwapi::kube_core::Resource>(
    value: Value,
) -> DeserializeGuard<K> {
    serde_json::from_value(value).unwrap()
}

fn route(name: &str, rules: Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": name, "namespace": "shop", "managedFields": [{ "manager": "any" }] },
        "spec": { "parentRefs": [{ "name": "edge" }], "rules": rules },
    })
}

/// What is watched follows from the definitions: each kind once, in the newest version that is served, taken or not. A change of
/// anybody else's definition changes nothing.
#[test]
fn what_is_watched_follows_from_what_is_served() {
    let mut resolver = Resolver::new(careful());
    assert_eq!(watched(&resolver), Vec::<String>::new());
    let mut installed = vec![
        crd::<GatewayClass>(&["v1beta1", "v1"]),
        crd::<Gateway>(&["v1beta1"]),
        crd::<TlsRoute>(&["v1alpha2", "v1alpha3"]),
        crd::<gwapi::v1::TcpRoute>(&["v1alpha2"]),
        crd::<gwapi::attachment::ServiceImport>(&["v1alpha1"]),
    ];
    resolver.set_installed(installed.clone());
    let all = [
        "GatewayClass v1",
        "TCPRoute v1alpha2",
        "TLSRoute v1alpha3",
        "Gateway v1beta1",
        "ServiceImport v1alpha1",
    ];
    assert_eq!(watched(&resolver), all);
    let before = resolver.watched();
    installed.push(InstalledCrd {
        name: "things.example.com".into(),
        group: "example.com".into(),
        served: vec!["v1".into()],
        ..Default::default()
    });
    resolver.set_installed(installed.clone());
    assert_eq!(resolver.watched(), before);
    let mut options = resolver.options().clone();
    options.declined.clear();
    resolver.set_options(options);
    assert_eq!(resolver.watched(), before);
}

/// Nothing is to be resolved before there has been a list of every kind; a kind that comes later is waited for, and one that is served
/// no longer leaves nothing behind.
#[test]
fn lists_are_complete_once_every_kind_has_had_one() {
    let mut resolver = Resolver::new(careful());
    fn list<K>(resolver: &mut Resolver)
    where
        K: Metadata<Ty = ObjectMeta>,
        std::sync::Arc<K>: Into<gwapi::attachment::SnapshotObject>,
    {
        assert!(!resolver.is_listed(), "{} is still to come", K::KIND);
        resolver.replace_all::<K>(Vec::<K>::new());
    }
    list::<Namespace>(&mut resolver);
    list::<Service>(&mut resolver);
    list::<EndpointSlice>(&mut resolver);
    list::<ConfigMap>(&mut resolver);
    list::<Secret>(&mut resolver);
    assert!(!resolver.is_listed(), "what is installed is not known");
    let class = crd::<GatewayClass>(&["v1"]);
    resolver.set_installed([class.clone()]);
    list::<v1beta1::GatewayClass>(&mut resolver);
    assert!(resolver.is_listed());
    let routes = crd::<TlsRoute>(&["v1alpha2"]);
    resolver.set_installed([class.clone(), routes]);
    list::<v1alpha2::TlsRoute>(&mut resolver);
    assert!(resolver.is_listed());
    let options = resolver
        .options()
        .clone()
        .with_release(gwapi::meta::Release::V1_6_1);
    resolver.set_options(options);
    assert!(resolver.is_listed(), "other options forget no list");
    resolver.insert(TlsRoute {
        metadata: world::metadata("shop", "stale"),
        ..Default::default()
    });
    resolver.set_installed([class]);
    assert_eq!(resolver.snapshot().tls_routes().len(), 1);
    resolver.forget_unwatched();
    assert_eq!(resolver.snapshot().tls_routes().len(), 0);
    assert!(resolver.is_listed());
}

/// One object that cannot be read hides no other: it is left out, whether it came in a list or by itself.
#[test]
fn what_cannot_be_read_is_left_out() {
    let mut resolver = resolver(&[SET], careful());
    let left_out = |resolver: &Resolver, name: &str| {
        let reference = ObjectRef::gateway_api("HTTPRoute", &NamespacedName::new("shop", name));
        resolver.snapshot().is_left_out(&reference)
    };
    let relisted = resolver.replace_watched::<HttpRoute>(vec![
        guarded(route("good", json!([]))),
        guarded(route("bad", json!("none"))),
    ]);
    assert_eq!(relisted.invalid.len(), 1);
    assert_eq!(relisted.invalid[0].metadata.name.as_deref(), Some("bad"));
    assert!(relisted.unchanged.is_empty());
    let routes = resolver.snapshot().http_routes();
    assert_eq!(routes.len(), 1, "`cart` is not in the list");
    let good = routes.values().next().unwrap();
    assert_eq!(good.metadata.managed_fields, None);
    assert!(left_out(&resolver, "bad"));
    // It can be read now, and the other one cannot.
    assert!(
        resolver
            .insert_watched::<HttpRoute>(guarded(route("bad", json!([]))))
            .is_none()
    );
    let error = resolver.insert_watched::<HttpRoute>(guarded(route("good", json!("none"))));
    assert!(error.is_some());
    assert!(!left_out(&resolver, "bad") && left_out(&resolver, "good"));
    assert_eq!(resolver.snapshot().http_routes().len(), 1);
    let gone = guarded::<HttpRoute>(route("bad", json!([]))).0.unwrap();
    resolver.remove_watched::<HttpRoute>(&gone.metadata);
    assert_eq!(resolver.snapshot().http_routes().len(), 0);
}

/// All that is due is one list of requests, finalizers first; what has been answered is not due again.
#[test]
fn what_is_due_is_a_list_of_requests() {
    let mut resolver = resolver(&[SET], careful());
    for (kind, place) in [
        ("GatewayClass", ("", "ours")),
        ("Gateway", ("shop", "edge")),
    ] {
        let place = NamespacedName::new(place.0, place.1);
        match kind {
            "GatewayClass" => {
                let mut class = resolver.snapshot().gateway_classes()[&place]
                    .as_ref()
                    .clone();
                class.metadata.resource_version = Some("3".into());
                resolver.insert(class);
            }
            _ => {
                let mut gateway = resolver.snapshot().gateways()[&place].as_ref().clone();
                gateway.metadata.resource_version = Some("4".into());
                resolver.insert(gateway);
            }
        }
    }
    resolver.update();
    let due = resolver.due_writes(&now());
    let sent = |write: &DueWrite| {
        let request = write.request().unwrap();
        assert_eq!(request.method(), "PATCH");
        assert_eq!(
            request.headers()["content-type"],
            "application/merge-patch+json"
        );
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let version = body["metadata"]["resourceVersion"]
            .as_str()
            .map(str::to_owned);
        (request.uri().to_string(), version)
    };
    let api = "/apis/gateway.networking.k8s.io/v1";
    let expected = [
        (format!("{api}/gatewayclasses/ours"), Some("3".to_owned())),
        (
            format!("{api}/namespaces/shop/gateways/edge/status"),
            Some("4".to_owned()),
        ),
        (
            format!("{api}/namespaces/shop/httproutes/cart/status"),
            None,
        ),
    ];
    assert_eq!(due.iter().map(sent).collect::<Vec<_>>(), expected);
    let answer = ObjectMeta {
        resource_version: Some("9".into()),
        ..Default::default()
    };
    resolver.note_done(&due[0], &answer);
    resolver.note_done(&due[1], &answer);
    let more = resolver.due_writes(&now());
    assert_eq!(more.iter().map(sent).collect::<Vec<_>>(), expected[2..]);
    // The class comes with its finalizer: then its status is due.
    let place = NamespacedName::new("", "ours");
    let mut class = resolver.snapshot().gateway_classes()[&place]
        .as_ref()
        .clone();
    class.metadata.resource_version = Some("9".into());
    class.metadata.finalizers = Some(vec![gwapi::v1::GATEWAYS_EXIST_FINALIZER.to_owned()]);
    resolver.insert(class);
    resolver.update();
    let more = resolver.due_writes(&now());
    let status = (
        format!("{api}/gatewayclasses/ours/status"),
        Some("9".to_owned()),
    );
    assert!(more.iter().map(sent).any(|one| one == status));
}

/// What people are told: what is wrong, and that all is well; never more than an API server takes, in whatever script.
#[test]
fn events_tell_what_has_turned_within_the_limit_of_the_api() {
    let long = "\u{1F6A7}".repeat(600);
    let refused = gwapi::attachment::DataPlaneReport::Failed {
        reason: "NoResources",
        why: long,
    };
    let pool = Options {
        addresses: gwapi::attachment::AddressPool::Generated,
        ..careful()
    };
    let mut resolver = resolver(&[SET], pool);
    let told = resolver
        .resolution()
        .effective
        .gateways
        .get(&crate::controller::edge())
        .unwrap()
        .clone();
    resolver.set_programmed(&told, refused);
    resolver.update();
    let due = resolver.due(&now());
    let gateway = due
        .iter()
        .find(|write| write.reference.kind == "Gateway")
        .unwrap();
    let events: Vec<_> = gateway.events();
    let short = |note: &str| note.chars().take(24).collect::<String>();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.is_warning, event.reason.as_str(), short(&event.note)))
        .collect();
    assert_eq!(
        told[0],
        (false, "Accepted", "Accepted True: every lis".to_owned())
    );
    assert_eq!((told[1].0, told[1].1), (true, "NoResources"));
    assert!(
        told[2].2.starts_with("listener `web`: Programm"),
        "{told:?}"
    );
    assert_eq!(told.len(), 3);
    let longest = events.iter().map(|event| event.note.len()).max().unwrap();
    assert!(longest <= 1024 && longest > 1000, "{longest}");
}
